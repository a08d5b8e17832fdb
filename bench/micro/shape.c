#include "bench/micro/shape.h"

#include <inttypes.h>
#include <stdlib.h>

/* No configuration has that many, but rules that match no request. */
#define RULE_OF_NOBODY 1000000

#define RULES_PER_NAMESPACE 10

static void write_host(FILE *out, uint32_t n)
{
    fprintf(out,
            "match = \"destination.service.host =="
            " 'svc-%" PRIu32 ".shop.svc.cluster.local'\";",
            n);
}

static void write_path(FILE *out, uint32_t n)
{
    fprintf(out, "match = \"request.path.startsWith('/api/%" PRIu32 "/')\";",
            n);
}

static void write_header(FILE *out, uint32_t n)
{
    fprintf(out,
            "match = \"request.headers['x-tenant'] | '' =="
            " 'tenant-%" PRIu32 "'\";",
            n);
}

/* Namespaces of a few rules each, and in them all of the other shapes. */
static void write_mixed(FILE *out, uint32_t n)
{
    fprintf(out, "namespace = \"ns-%" PRIu32 "\";", n / RULES_PER_NAMESPACE);
    switch (n % 4) {
    case 0:
        write_host(out, n);
        break;
    case 1:
        write_path(out, n);
        break;
    case 2:
        write_header(out, n);
        break;
    case 3:
        fprintf(out,
                "match = \"source.namespace == 'ns-%" PRIu32
                "' && request.path.startsWith('/api/%" PRIu32 "/')\";",
                n / RULES_PER_NAMESPACE, n);
        break;
    }
}

static void write_unindexable(FILE *out, uint32_t n)
{
    fprintf(out, "match = \"request.path.endsWith('/%" PRIu32 "')\";", n);
}

const struct shape shape_host = {
    "host equality",
    "destination.service.host == 'svc-N.shop.svc.cluster.local'", write_host
};
const struct shape shape_path = { "path prefix",
                                  "request.path.startsWith('/api/N/')",
                                  write_path };
const struct shape shape_header = {
    "header equality", "request.headers['x-tenant'] | '' == 'tenant-N'",
    write_header
};
const struct shape shape_mixed = { "namespace and mixed",
                                   "namespace = \"ns-M\" and one of the others",
                                   write_mixed };
const struct shape shape_unindexable = { "nothing to look up",
                                         "request.path.endsWith('/N')",
                                         write_unindexable };

char *shape_config(const struct shape *shape, uint32_t count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    fputs("rules = (", out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "%s{ name = \"rule-%" PRIu32 "\"; ", i > 0 ? ",\n" : "",
                i);
        shape->write(out, i);
        fputs(" deny = { message = \"not you\"; }; }", out);
    }
    fputs(");", out);
    fclose(out);
    return text;
}

static const char three_matching[] =
    "quotas = ( { name = \"q\"; rate = { amount = 5; };"
    "  dimensions = { user = \"source.user | ''\"; }; } );"
    "rules = ("
    "{ name = \"limit\"; quota = \"q\";"
    "  match = \"context.reporter.kind | 'inbound' == 'inbound'\"; },"
    "{ name = \"who\"; match = \"source.user | '' != ''\";"
    "  request_headers = ( { name = \"x-user\"; value = \"source.user\"; } );"
    "},"
    "{ name = \"short\"; valid_for = \"10s\";"
    "  match = \"request.path.startsWith('/api/')\"; }";

char *shape_twenty(void)
{
    static const struct shape *const shapes[] = { &shape_host, &shape_path,
                                                  &shape_header,
                                                  &shape_unindexable };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    fputs(three_matching, out);
    for (uint32_t i = 0; i < 17; i++) {
        fprintf(out, ", { name = \"other-%" PRIu32 "\"; deny = { }; ", i);
        shapes[i % 4]->write(out, RULE_OF_NOBODY + i);
        fputs(" }", out);
    }
    fputs(");", out);
    fclose(out);
    return text;
}

/* ---- requests ---------------------------------------------------------- */

static void set_text(struct bag *bag, const char *name, struct str text)
{
    uint32_t id = vocabulary_id(bag->vocabulary, str_of(name));

    if (id != ATTR_NONE)
        bag_set(bag, id, (struct value){ VALUE_STRING, .string = text });
}

static void set_headers(struct bag *bag, struct str tenant)
{
    const struct string_pair pairs[] = {
        { STR(":authority"), STR("shop.example.com") },
        { STR(":method"), STR("GET") },
        { STR("accept"), STR("application/json") },
        { STR("user-agent"), STR("Mozilla/5.0 (X11; Linux x86_64)") },
        { STR("x-forwarded-proto"), STR("https") },
        { STR("x-request-id"), STR("2c1b8b94-1c3b-4a2c-a8b7-b4a1d8a2f0e1") },
        { STR("x-tenant"), tenant },
        { STR("x-b3-sampled"), STR("1") },
    };
    uint32_t id = vocabulary_id(bag->vocabulary, STR("request.headers"));
    struct string_map *map = arena_calloc(bag->arena, 1, sizeof(*map));
    struct string_pair *copy = arena_alloc(bag->arena, sizeof(pairs));

    memcpy(copy, pairs, sizeof(pairs));
    map->pairs = copy;
    map->count = sizeof(pairs) / sizeof(pairs[0]);
    if (id != ATTR_NONE)
        bag_set(bag, id, (struct value){ VALUE_STRING_MAP, .map = map });
}

void shape_request(struct bag *bag, uint32_t n, bool is_for_none)
{
    struct arena *arena = bag->arena;
    struct str namespace =
        arena_printf(arena, "ns-%" PRIu32, n / RULES_PER_NAMESPACE);

    set_text(bag, "context.reporter.kind", STR("inbound"));
    set_text(bag, "destination.namespace", namespace);
    set_text(bag, "source.namespace", namespace);
    if (is_for_none)
        n += RULE_OF_NOBODY;
    set_text(bag, "source.user", STR("bob"));
    set_text(bag, "destination.service.host",
             arena_printf(arena, "svc-%" PRIu32 ".shop.svc.cluster.local", n));
    set_text(bag, "request.path",
             arena_printf(arena, "/api/%" PRIu32 "/items/17", n));
    set_headers(bag, arena_printf(arena, "tenant-%" PRIu32, n));
}
