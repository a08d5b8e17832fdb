/*
 * A snapshot from text, for tests.
 */
#ifndef TEST_CONFIG_LOAD_TEXT_H
#define TEST_CONFIG_LOAD_TEXT_H

#include "test/support/table.h"

#include "config/bundle.h"
#include "config/bundle_lists.h"
#include "config/snapshot.h"

#include <stdio.h>

/* NULL if it has mistakes. */
static inline struct snapshot *try_text(struct str text)
{
    struct snapshot *snapshot;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("test.conf"), text);
    bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
    snapshot = snapshot_load(&bundle, &diags);
    diags_fini(&diags);
    return snapshot;
}

/* Takes the bundle over. Prints mistakes and warnings, and fails the test. */
static inline struct snapshot *load_bundle(struct bundle *bundle,
                                           struct diags *diags)
{
    struct snapshot *snapshot;

    bundle_add_lists(bundle, &(struct list_sources){ 0 }, diags);
    snapshot = snapshot_load(bundle, diags);
    diags_print(diags, stderr, false);
    assert_null(diags->first);
    assert_non_null(snapshot);
    diags_fini(diags);
    return snapshot;
}

/* Of a text without mistakes and warnings. */
static inline struct snapshot *load_text(const char *text)
{
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("test.conf"), str_of(text));
    return load_bundle(&bundle, &diags);
}

/* Of such a file. */
static inline struct snapshot *load_file(const char *path)
{
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_read(&bundle, path, &diags);
    return load_bundle(&bundle, &diags);
}

#endif
