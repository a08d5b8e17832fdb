#include "proto/server/loader/edition.h"

#include "proto/server/shared/worker_fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The bundle as workers get it; with errno and without a bundle if that
 * fails. */
static bool seal(struct edition *edition, const struct bundle *read,
                 struct bundle *sealed)
{
    edition->sealed = worker_fd_above(bundle_seal(read));
    if (edition->sealed >= 0 && bundle_open(sealed, edition->sealed))
        return true;
    bundle_fini(sealed);
    return false;
}

struct edition *edition_new(struct bundle *read, uint64_t generation,
                            struct diags *diags)
{
    struct edition *edition = calloc(1, sizeof(*edition));
    struct bundle sealed = { 0 };

    if (!edition)
        abort();
    edition->generation = generation;
    atomic_init(&edition->use_count, 1);
    if (!seal(edition, read, &sealed))
        diags_add(diags, DIAG_ERROR, (struct place){ 0 },
                  "the configuration cannot be passed to workers: %s",
                  strerror(errno));
    bundle_fini(read);
    if (sealed.file_count > 0)
        edition->snapshot = snapshot_load(&sealed, diags);
    if (!edition->snapshot) {
        edition_unref(edition);
        return NULL;
    }
    edition->snapshot->generation = generation;
    return edition;
}

struct edition *edition_ref(struct edition *edition)
{
    atomic_fetch_add(&edition->use_count, 1);
    return edition;
}

void edition_unref(struct edition *edition)
{
    if (!edition || atomic_fetch_sub(&edition->use_count, 1) > 1)
        return;
    if (edition->sealed >= 0)
        close(edition->sealed);
    snapshot_free(edition->snapshot);
    free(edition);
}
