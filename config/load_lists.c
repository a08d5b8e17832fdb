#include "config/load.h"

static void refuse(struct load *load, const struct list_entry *entry,
                   const char *key, const char *why)
{
    const struct mark *mark = mark_find(entry->mark, key);

    diags_add(load->diags, DIAG_ERROR, mark_place(mark ? mark : entry->mark),
              "%s", why);
}

/* ---- url --------------------------------------------------------------- */

/* The part of an http or https url that names the server; empty if it is no
 * such url. */
static struct str authority_of(struct str url)
{
    static const struct str schemes[] = { STR_INIT("http://"),
                                          STR_INIT("https://") };

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = 0;

        if (!str_starts_with(url, schemes[i]))
            continue;
        url = str_skip(url, schemes[i].len);
        while (len < url.len && !memchr("/?#", url.data[len], 3))
            len++;
        return (struct str){ url.data, len };
    }
    return STR("");
}

static bool has_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

/* Over plain http anybody may read a secret, and nobody is certified. */
static void check_secure(struct load *load, const struct list_entry *entry)
{
    static const char *const keys[] = { "ca_file", "header_file" };

    if (str_starts_with(entry->url, STR("https://")))
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (mark_find(entry->mark, keys[i]))
            refuse(load, entry, keys[i], "the url is no https");
}

static void check_url(struct load *load, const struct list_entry *entry)
{
    struct str authority = authority_of(entry->url);

    if (authority.len == 0 || authority.data[0] == ':' || has_blank(entry->url))
        refuse(load, entry, "url",
               "the url must be as http://host/path or https://host/path");
    else if (memchr(authority.data, '@', authority.len))
        refuse(load, entry, "url",
               "the url holds a password, which would be shown in logs");
    check_secure(load, entry);
    if (entry->file.len > 0)
        refuse(load, entry, "file", "a list has either `file` or `url`");
    if (entry->max_age_ns > 0 && entry->max_age_ns < entry->refresh_ns)
        refuse(load, entry,
               mark_find(entry->mark, "max_age") ? "max_age" : "refresh",
               "`max_age` is less than `refresh`: the list would be too old "
               "before it is fetched again");
}

/* What makes sense with a url only. */
static void check_no_url(struct load *load, const struct list_entry *entry)
{
    static const char *const keys[] = { "refresh", "max_age", "timeout",
                                        "cache",   "ca_file", "header_file" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (mark_find(entry->mark, keys[i]))
            refuse(load, entry, keys[i], "the list has no `url` to fetch");
    if (!mark_find(entry->mark, "entries") && !mark_find(entry->mark, "file"))
        refuse(load, entry, "name",
               "a list must have `entries`, `file` or `url`");
}

/* ---- lists ------------------------------------------------------------- */

/* Lists that the bundle does not have, as when nothing but the text of the
 * configuration is at hand, cannot be had. */
static struct roster *open_roster(struct load *load,
                                  const struct list_entry *entry)
{
    const struct bundle_list *list =
        bundle_find_list(&load->snapshot->bundle, entry->name);
    struct roster *roster;

    if (!list || !list->block.data)
        return roster_open_unavailable(entry->type);
    roster = roster_open(list->block);
    if (!roster || roster_type(roster) != entry->type)
        refuse(load, entry, "name", "the compiled list is damaged");
    return roster;
}

static void load_list(struct load *load, const struct list_entry *entry,
                      struct snapshot_list *list)
{
    list->settings = list_settings_of(entry, &load->snapshot->arena);
    if (entry->name.len > 0 &&
        table_put(&load->lists, entry->name, list) != list)
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(entry->mark, "name")),
                  "there is a list `%.*s` already", STR_ARG(entry->name));
    if (entry->url.len > 0)
        check_url(load, entry);
    else
        check_no_url(load, entry);
    list->roster = open_roster(load, entry);
}

void load_lists(struct load *load)
{
    const struct entries *entries = &load->document->lists;
    struct snapshot *snapshot = load->snapshot;
    const struct list_entry *items = entries->items;

    snapshot->lists = arena_calloc(&snapshot->arena, entries->count,
                                   sizeof(snapshot->lists[0]));
    snapshot->list_count = entries->count;
    for (uint32_t i = 0; i < entries->count && !load_is_full(load); i++)
        if (items[i].mark->kind == MARK_GROUP)
            load_list(load, &items[i], &snapshot->lists[i]);
}

const struct roster *load_find_list(const struct load *load, struct str name)
{
    const struct snapshot_list *list = table_find(&load->lists, name);

    return list ? list->roster : NULL;
}
