#include "config/snapshot.h"

#include "config/address.h"
#include "config/load.h"
#include "config/locate.h"
#include "config/read.h"
#include "config/source.h"

#include <stdlib.h>

const struct code *load_expression(struct load *load, const struct text *text,
                                   enum value_type type)
{
    struct expr_error error;
    const struct code *code;

    if (!text->text.data)
        return NULL;
    code = code_compile(text->text, type, load->snapshot->vocabulary,
                        &load->snapshot->arena, &error);
    if (!code)
        diags_add(load->diags, DIAG_ERROR,
                  mark_text_place(text->mark, error.offset, error.length), "%s",
                  error.message);
    return code;
}

/* Who reaches the port can use up every quota, so that must be meant. */
static void check_listen(struct load *load, const struct mark *root)
{
    const struct server_settings *server = &load->snapshot->server;
    const struct mark *group = mark_find(root, "server");
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

static void check_store(struct load *load, const struct mark *root)
{
    const struct store_settings *store = &load->snapshot->store;
    const struct mark *group = mark_find(root, "store");

    if (!group)
        return;
    if (store->kind == STORE_REDIS && !mark_find(group, "servers"))
        diags_add(load->diags, DIAG_ERROR, mark_place(group),
                  "the kind \"redis\" needs `servers`");
}

static void load_settings(struct load *load, const struct mark *root)
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
    check_listen(load, root);
    check_store(load, root);
}

/* Reads and compiles the text that `root` was made of. */
static void load_all(struct snapshot *snapshot, const struct mark *root,
                     struct diags *diags)
{
    struct document document;
    struct load load = { .document = &document,
                         .snapshot = snapshot,
                         .diags = diags };
    unsigned errors_before = diags->error_count;

    table_init(&load.quotas);
    read_document(root, &document, &snapshot->settings, &snapshot->arena,
                  diags);
    load_settings(&load, root);
    load_attributes(&load);
    load_quotas(&load);
    load_rules(&load);
    if (diags->error_count == errors_before)
        load_warn(&load);
    table_fini(&load.quotas);
}

static struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (!snapshot)
        abort();
    arena_init(&snapshot->arena, 0);
    snapshot->vocabulary = vocabulary_new();
    return snapshot;
}

struct snapshot *snapshot_load(const struct bundle *bundle, struct diags *diags)
{
    struct snapshot *snapshot = snapshot_new();
    unsigned errors_before = diags->error_count;
    const struct mark *root = NULL;
    struct arena scratch;
    struct source source;

    arena_init(&scratch, 0);
    if (source_expand(&source, bundle, diags))
        root = locate(&source, &scratch, diags);
    if (root)
        load_all(snapshot, root, diags);
    if (diags->error_count != errors_before) {
        snapshot_free(snapshot);
        snapshot = NULL;
    }
    source_fini(&source);
    arena_fini(&scratch);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    vocabulary_free(snapshot->vocabulary);
    arena_fini(&snapshot->arena);
    free(snapshot);
}
