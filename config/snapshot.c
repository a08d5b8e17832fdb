#include "config/snapshot.h"

#include "config/load.h"
#include "config/locate.h"
#include "config/read.h"
#include "config/source.h"

#include <stdlib.h>

/* Reads and compiles the text that `root` was made of. */
static void load_all(struct snapshot *snapshot, const struct mark *root,
                     struct diags *diags)
{
    struct document document;
    struct load load = { .root = root,
                         .document = &document,
                         .snapshot = snapshot,
                         .diags = diags };
    unsigned errors_before = diags->error_count;

    table_init(&load.lists);
    table_init(&load.quotas);
    read_document(root, &document, &snapshot->settings, &snapshot->arena,
                  diags);
    load_settings(&load);
    load_attributes(&load);
    load_lists(&load);
    load_quotas(&load);
    load_rules(&load);
    if (diags->error_count == errors_before && diags->least != DIAG_ERROR)
        load_warn(&load);
    table_fini(&load.quotas);
    table_fini(&load.lists);
}

static struct snapshot *snapshot_new(struct bundle *bundle)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (!snapshot)
        abort();
    snapshot->bundle = *bundle;
    *bundle = (struct bundle){ 0 };
    arena_init(&snapshot->arena, 0);
    snapshot->vocabulary = vocabulary_new();
    return snapshot;
}

struct snapshot *snapshot_load(struct bundle *bundle, struct diags *diags)
{
    struct snapshot *snapshot = snapshot_new(bundle);
    const struct mark *root = NULL;
    struct arena scratch;
    struct source source;

    arena_init(&scratch, 0);
    if (source_expand(&source, &snapshot->bundle, diags))
        root = locate(&source, &scratch, diags);
    if (root)
        load_all(snapshot, root, diags);
    if (diags->error_count > 0) {
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
    for (uint32_t i = 0; i < snapshot->list_count; i++)
        roster_free(snapshot->lists[i].roster);
    vocabulary_free(snapshot->vocabulary);
    arena_fini(&snapshot->arena);
    bundle_fini(&snapshot->bundle);
    free(snapshot);
}
