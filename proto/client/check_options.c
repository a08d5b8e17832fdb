#include "proto/client/check_options.h"

#include "config/address.h"
#include "config/quantity.h"
#include "policy/base/clock.h"
#include "proto/wire/words.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

const char check_options_help[] =
    "usage: sluice check [OPTION]...\n"
    "\n"
    "Asks a running server, as a proxy does: may this request pass, and is\n"
    "there quota left?\n"
    "\n"
    "  -s, --server ADDRESS     host:port or unix:/path; default "
    "127.0.0.1:9091\n"
    "  -a, --attribute N=VALUE  an attribute of the request, as\n"
    "                           request.path=/x or request.headers[:path]=/x\n"
    "  -q, --quota Q[=AMOUNT]   a quota to take from; default amount 1.\n"
    "                           0 only looks, -1 gives one back\n"
    "      --best-effort        rather less of the quotas than nothing\n"
    "      --dedup ID           the same for all tries of one request\n"
    "      --count N            ask N times and count the verdicts\n"
    "      --explain            also why, if the server permits it\n"
    "      --release HANDLE     instead of asking, end the leases of HANDLE\n"
    "      --timeout TIME       for each call; default 1s\n"
    "      --json               for programs\n"
    "  -h, --help               this text\n"
    "\n"
    "Exit status: 0 allowed, 1 refused, 2 it could not ask.\n";

/* ---- values of options ------------------------------------------------- */

static bool parse_amount(const char *text, int64_t *amount)
{
    char *end;

    errno = 0;
    *amount = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool is_asked(const struct mixer_request *request, struct str name)
{
    for (uint32_t i = 0; i < request->ask_count; i++)
        if (str_eq(request->asks[i].name, name))
            return true;
    return false;
}

static bool add_quota(struct check_options *options, const char *text,
                      struct arena *arena, struct str *why)
{
    struct mixer_request *request = &options->request;
    const char *equals = strchr(text, '=');
    struct quota_ask ask = { .name = str_of(text), .amount = 1 };

    if (equals)
        ask.name.len = (size_t)(equals - text);
    if (equals && !parse_amount(equals + 1, &ask.amount))
        *why = arena_printf(arena, "the amount \"%s\" is no whole number",
                            equals + 1);
    else if (ask.name.len == 0)
        *why = STR("a quota must be NAME or NAME=AMOUNT");
    else if (is_asked(request, ask.name))
        *why = arena_printf(arena, "the quota %.*s is named twice",
                            STR_ARG(ask.name));
    else if (request->ask_count == QUOTAS_PER_CHECK_MAX)
        *why = arena_printf(arena, "one check may name %d quotas at most",
                            QUOTAS_PER_CHECK_MAX);
    else
        request->asks[request->ask_count++] = ask;
    return why->len == 0;
}

static bool add_attribute(struct check_options *options, const char *text,
                          struct arena *arena, struct str *why)
{
    struct str reason;

    if (attribute_set_add(&options->attributes, str_of(text), &reason))
        return true;
    *why = arena_printf(arena, "the attribute \"%s\": %.*s", text,
                        STR_ARG(reason));
    return false;
}

static bool add_handle(struct check_options *options, const char *text,
                       struct arena *arena, struct str *why)
{
    if (options->handle_count == RELEASE_HANDLES_MAX) {
        *why = arena_printf(arena, "one call may release %d handles at most",
                            RELEASE_HANDLES_MAX);
        return false;
    }
    options->handles[options->handle_count++] = str_of(text);
    return true;
}

static bool set_address(struct check_options *options, const char *text,
                        struct arena *arena, struct str *why)
{
    struct address address;
    const char *reason;

    if (!address_parse(str_of(text), &address, &reason)) {
        *why = arena_printf(arena, "the address \"%s\" %s", text, reason);
        return false;
    }
    options->address = text;
    return true;
}

static bool set_timeout(struct check_options *options, const char *text,
                        struct arena *arena, struct str *why)
{
    int64_t *timeout_ns = &options->timeout_ns;
    const char *reason;

    if (!quantity_parse(str_of(text), QUANTITY_DURATION, timeout_ns, &reason))
        *why = arena_printf(arena, "the timeout \"%s\" %s", text, reason);
    else if (*timeout_ns == 0)
        *why = STR("the timeout must be more than 0");
    return why->len == 0;
}

static bool set_count(struct check_options *options, const char *text,
                      struct arena *arena, struct str *why)
{
    int64_t count;

    if (!parse_amount(text, &count) || count < 1 || count > CHECK_COUNT_MAX) {
        *why = arena_printf(arena, "the count \"%s\" is none of 1 .. %d", text,
                            CHECK_COUNT_MAX);
        return false;
    }
    options->count = (uint32_t)count;
    return true;
}

/* ---- options ----------------------------------------------------------- */

/* Of options that have no letter. */
enum {
    OPTION_BEST_EFFORT = 256,
    OPTION_DEDUP,
    OPTION_COUNT,
    OPTION_EXPLAIN,
    OPTION_RELEASE,
    OPTION_TIMEOUT,
    OPTION_JSON,
};

static const struct option long_options[] = {
    { "server", required_argument, NULL, 's' },
    { "attribute", required_argument, NULL, 'a' },
    { "quota", required_argument, NULL, 'q' },
    { "best-effort", no_argument, NULL, OPTION_BEST_EFFORT },
    { "dedup", required_argument, NULL, OPTION_DEDUP },
    { "count", required_argument, NULL, OPTION_COUNT },
    { "explain", no_argument, NULL, OPTION_EXPLAIN },
    { "release", required_argument, NULL, OPTION_RELEASE },
    { "timeout", required_argument, NULL, OPTION_TIMEOUT },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static bool take_option(struct check_options *options, int option,
                        bool *is_best_effort, struct arena *arena,
                        struct str *why)
{
    switch (option) {
    case 's':
        return set_address(options, optarg, arena, why);
    case 'a':
        return add_attribute(options, optarg, arena, why);
    case 'q':
        return add_quota(options, optarg, arena, why);
    case OPTION_BEST_EFFORT:
        *is_best_effort = true;
        return true;
    case OPTION_DEDUP:
        options->request.deduplication_id = str_of(optarg);
        return true;
    case OPTION_COUNT:
        return set_count(options, optarg, arena, why);
    case OPTION_EXPLAIN:
        options->wants_explanation = true;
        return true;
    case OPTION_RELEASE:
        return add_handle(options, optarg, arena, why);
    case OPTION_TIMEOUT:
        return set_timeout(options, optarg, arena, why);
    case OPTION_JSON:
        options->as_json = true;
        return true;
    case 'h':
        options->wants_help = true;
        return true;
    default:
        return false;
    }
}

/* What getopt refused: the word before the next one. */
static struct str refused(int option, char **argv, struct arena *arena)
{
    return arena_printf(arena,
                        option == ':' ? "the option %s needs a value"
                                      : "there is no option %s",
                        argv[optind - 1]);
}

bool check_options_parse(struct check_options *options, int argc, char **argv,
                         const struct vocabulary *vocabulary,
                         struct arena *arena, struct str *why)
{
    bool is_best_effort = false;
    int option;

    *why = (struct str){ 0 };
    *options = (struct check_options){
        .address = "127.0.0.1:9091",
        .timeout_ns = SECOND,
        .request = { .global_word_count = GLOBAL_WORD_COUNT },
        .count = 1,
    };
    attribute_set_init(&options->attributes, vocabulary, arena);
    optind = 0; /* glibc: from the start */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":s:a:q:h", long_options, NULL)) !=
           -1) {
        if (take_option(options, option, &is_best_effort, arena, why))
            continue;
        if (why->len == 0)
            *why = refused(option, argv, arena);
        return false;
    }
    for (uint32_t i = 0; i < options->request.ask_count; i++)
        options->request.asks[i].is_best_effort = is_best_effort;
    if (optind < argc)
        *why = arena_printf(arena, "what is \"%s\"?", argv[optind]);
    else if (options->handle_count > 0 &&
             (options->request.ask_count > 0 || options->attributes.count > 0))
        *why = STR("--release asks nothing: it goes without -a and -q");
    return why->len == 0;
}
