#include "config/load.h"

#include "config/address.h"
#include "config/bundle_secrets.h"
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

/* group: where they are written. */
static void load_credentials(struct load *load, const struct mark *group,
                             struct str secret,
                             struct redis_credentials *credentials)
{
    credentials->password = bundle_find_secret(&load->snapshot->bundle, secret);
    if (credentials->user.len > 0 && !mark_find(group, "password_file"))
        diags_add(load->diags, DIAG_ERROR, mark_place(mark_find(group, "user")),
                  "`user` needs `password_file`");
}

/* Who they are is told by the keys beside them. */
static void check_servers(struct load *load, const struct mark *group)
{
    const struct store_settings *store = &load->snapshot->store;
    const struct mark *servers = mark_find(group, "servers");

    if (!servers)
        diags_add(load->diags, DIAG_ERROR, mark_place(group),
                  "the kind \"redis\" needs `servers`");
    else if (store->servers.count > 1 && !store->sentinel && !store->is_cluster)
        diags_add(
            load->diags, DIAG_ERROR, mark_place(servers),
            "several servers must be sentinels or nodes of a cluster: add "
            "`sentinel = { master = \"NAME\"; }` or `cluster = true`, or "
            "name one");
}

/* What the other settings say against it. */
static void check_cluster(struct load *load, const struct mark *group)
{
    const struct store_settings *store = &load->snapshot->store;
    const struct str prefix = store->key_prefix;

    if (store->sentinel)
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(group, "sentinel")),
                  "a cluster has no sentinels: leave out `sentinel` or "
                  "`cluster`");
    if (store->database != 0)
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(group, "database")),
                  "a cluster has no database but 0");
    if (memchr(prefix.data, '{', prefix.len))
        diags_add(load->diags, DIAG_ERROR,
                  mark_place(mark_find(group, "key_prefix")),
                  "in a cluster the prefix must not have a \"{\": it would put "
                  "all keys on one node");
}

static void check_store(struct load *load)
{
    struct store_settings *store = &load->snapshot->store;
    const struct mark *group = mark_find(load->root, "store");

    if (!group || group->kind != MARK_GROUP)
        return;
    load_credentials(load, group, SECRET_STORE, &store->credentials);
    if (store->sentinel)
        load_credentials(load, mark_find(group, "sentinel"), SECRET_SENTINEL,
                         &store->sentinel->credentials);
    if (store->kind == STORE_REDIS)
        check_servers(load, group);
    if (store->kind == STORE_REDIS && store->is_cluster)
        check_cluster(load, group);
    if (mark_find(group, "path") && store->path.len > 0)
        load_store_path(load, mark_find(group, "path"));
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
    snapshot->ruleset.redact_keys = document->server.redact;
    snapshot->ruleset.valid_for_ns = document->server.valid_for_ns;
    snapshot->ruleset.valid_uses = document->server.valid_uses;
    check_listen(load);
    check_store(load);
}
