/*
 * The lists of a configuration: reads their entries, wherever these are, and
 * compiles them into the bundle. The only place that does. Its secrets
 * (bundle_secrets.h) come along, as the configuration is read for both.
 * Threads: one at a time.
 */
#ifndef CONFIG_BUNDLE_LISTS_H
#define CONFIG_BUNDLE_LISTS_H

#include "config/bundle.h"
#include "config/list_settings.h"
#include "policy/base/diag.h"

#include <stdbool.h>
#include <stdint.h>

/* What urls have given. */
struct list_supply {
    /* Called once, with all lists of the configuration, before the first
     * `text`. NULL: nothing has to be done. */
    void (*prepare)(struct list_supply *supply,
                    const struct list_settings *lists, uint32_t count);
    /* The entries, one a line, all valid; data == NULL: they cannot be had
     * now. The text stays until bundle_add_lists returns. */
    struct str (*text)(struct list_supply *supply,
                       const struct list_settings *list);
};

struct list_sources {
    struct list_supply *supply; /* NULL: no url can be had */
    /* NULL, or an earlier bundle, sealed: what has not changed since is taken
     * from it, and must stay there until this one is sealed. */
    const struct bundle *earlier;
    bool keep_files; /* do not look at files: they are as in `earlier` */
};

/*
 * Adds lists and secrets to a bundle that was read. False, with reasons in
 * `diags`, if a file cannot be read or an entry is bad; the bundle then names
 * what it tried, and those lists cannot be had. Other mistakes of the
 * configuration are found later, when the bundle is loaded.
 */
bool bundle_add_lists(struct bundle *bundle, const struct list_sources *sources,
                      struct diags *diags);

#endif
