#include "config/diff.h"

#include "policy/base/table.h"

/* Values longer than this are not repeated in the log. */
#define SHOWN_BYTES 200

static void add_change(struct diff *diff, struct arena *arena,
                       struct change change)
{
    if (diff->count == diff->capacity) {
        uint32_t capacity = 2 * diff->capacity + 16;
        struct change *changes =
            arena_calloc(arena, capacity, sizeof(*changes));

        if (diff->count > 0)
            memcpy(changes, diff->changes, diff->count * sizeof(*changes));
        diff->changes = changes;
        diff->capacity = capacity;
    }
    diff->changes[diff->count++] = change;
}

/* The index behind setting `i` and all its parts. */
static uint32_t next_whole(const struct settings *settings, uint32_t i)
{
    uint32_t depth = settings->items[i].depth;

    do
        i++;
    while (i < settings->count && settings->items[i].depth > depth);
    return i;
}

static void index_settings(struct table *table, const struct settings *settings)
{
    table_init(table);
    for (uint32_t i = 0; i < settings->count; i++)
        table_put(table, settings->items[i].path, &settings->items[i]);
}

/* Settings of `from` that `in` does not have; of a whole only itself. */
static void add_missing(struct diff *diff, const struct settings *from,
                        const struct table *in, const char *what,
                        struct arena *arena)
{
    uint32_t i = 0;

    while (i < from->count) {
        const struct setting *setting = &from->items[i];

        if (table_find(in, setting->path)) {
            i++;
            continue;
        }
        add_change(
            diff, arena,
            (struct change){
                arena_printf(arena, "%.*s: %s", STR_ARG(setting->path), what),
                setting->needs_restart,
            });
        i = next_whole(from, i);
    }
}

static void add_change_of(struct diff *diff, const struct setting *old,
                          const struct setting *new, struct arena *arena)
{
    bool is_short =
        old->value.len <= SHOWN_BYTES && new->value.len <= SHOWN_BYTES;
    struct str text;

    if (str_eq(old->value, new->value))
        return;
    text = is_short
               ? arena_printf(arena, "%.*s: %.*s -> %.*s", STR_ARG(new->path),
                              STR_ARG(old->value), STR_ARG(new->value))
               : arena_printf(arena, "%.*s: changed", STR_ARG(new->path));
    add_change(diff, arena, (struct change){ text, new->needs_restart });
}

/* Rules are asked in their order: it decides which denial comes first. */
static void add_order(struct diff *diff, const struct settings *new,
                      const struct table *olds, struct arena *arena)
{
    static const struct str prefix = STR_INIT("rules.");
    const struct setting *last = NULL;

    for (uint32_t i = 0; i < new->count; i = next_whole(new, i)) {
        const struct setting *before;

        if (!str_starts_with(new->items[i].path, prefix))
            continue;
        before = table_find(olds, new->items[i].path);
        if (before && last && before < last) {
            add_change(diff, arena,
                       (struct change){ STR("rules: order changed"), false });
            return;
        }
        if (before)
            last = before;
    }
}

void diff_settings(struct diff *diff, const struct settings *old,
                   const struct settings *new, struct arena *arena)
{
    struct table olds, news;

    *diff = (struct diff){ 0 };
    index_settings(&olds, old);
    index_settings(&news, new);
    add_missing(diff, old, &news, "removed", arena);
    for (uint32_t i = 0; i < new->count; i++) {
        const struct setting *before = table_find(&olds, new->items[i].path);

        if (before)
            add_change_of(diff, before, &new->items[i], arena);
    }
    add_missing(diff, new, &olds, "added", arena);
    add_order(diff, new, &olds, arena);
    table_fini(&news);
    table_fini(&olds);
}
