#include "config/load.h"

#include "config/address.h"
#include "config/source.h"

/* Who reaches the port can use up every quota, so that must be meant. */
static void check_listen(struct load *load)
{
    const struct server_settings *server = &load->snapshot->server;
    const struct mark *group = mark_find(load->root, "server");
    const struct mark *mark = group ? mark_find(group, "listen") : NULL;

    if (!mark || server->insecure)
        return; /* the default is local */
    if (mark_kind_has_parts(mark->kind))
        mark = mark->first;
    for (uint32_t i = 0; i < server->listen.count; i++, mark = mark->next) {
        struct address address;
        const char *why;

        if (address_parse(server->listen.items[i], &address, &why) &&
            !address_is_local(&address))
            diags_add(load->diags, DIAG_ERROR, mark_place(mark),
                      "others can reach this address, and nothing on it is "
                      "encrypted: if that is meant, set server.insecure = "
                      "true");
    }
}

/* Of the file that the memory store lies in. */
static void load_store_path(struct load *load, const struct mark *mark)
{
    struct store_settings *store = &load->snapshot->store;

    store->path_place = mark_place(mark);
    store->path = source_resolve(store->path_place.file, store->path,
                                 &load->snapshot->arena);
    if (store->kind == STORE_REDIS)
        diags_add(load->diags, DIAG_ERROR, mark_name_place(mark),
                  "`path` is for the kind \"memory\"");
}

static void load_store(struct load *load)
{
    const struct store_settings *store = &load->snapshot->store;
    const struct mark *group = mark_find(load->root, "store");
    const struct mark *path = group ? mark_find(group, "path") : NULL;

    if (store->kind == STORE_REDIS && !mark_find(group, "servers"))
        diags_add(load->diags, DIAG_ERROR, mark_place(group),
                  "the kind \"redis\" needs `servers`");
    if (path && store->path.len > 0)
        load_store_path(load, path);
}

void load_settings(struct load *load)
{
    const struct document *document = load->document;
    struct snapshot *snapshot = load->snapshot;

    snapshot->server = document->server;
    snapshot->store = document->store;
    snapshot->log = document->log;
    snapshot->ruleset.refuse_unknown_quota =
        document->server.refuse_unknown_quota;
    snapshot->ruleset.valid_for_ns = document->server.valid_for_ns;
    snapshot->ruleset.valid_uses = document->server.valid_uses;
    check_listen(load);
    load_store(load);
}
