#include "config/list_settings.h"

#include "config/entry.h"
#include "config/source.h"

/* The path of that name, relative to the file that it is written in. */
static struct str path_of(const struct list_entry *entry, const char *name,
                          struct str path, struct arena *arena)
{
    if (path.len == 0)
        return STR("");
    return source_resolve(mark_place(mark_find(entry->mark, name)).file, path,
                          arena);
}

struct list_settings list_settings_of(const struct list_entry *entry,
                                      struct arena *arena)
{
    return (struct list_settings){
        .name = entry->name,
        .type = entry->type,
        .file = path_of(entry, "file", entry->file, arena),
        .url = entry->url,
        .cache = path_of(entry, "cache", entry->cache, arena),
        .ca_file = path_of(entry, "ca_file", entry->ca_file, arena),
        .header_file = path_of(entry, "header_file", entry->header_file, arena),
        .refresh_ns = entry->refresh_ns,
        .max_age_ns = entry->max_age_ns,
        .timeout_ns = entry->timeout_ns,
        .max_bytes = entry->max_bytes,
    };
}
