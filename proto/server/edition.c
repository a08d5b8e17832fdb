#include "proto/server/edition.h"

#include "proto/server/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct edition *edition_new(struct bundle *bundle, uint64_t generation,
                            struct diags *diags)
{
    struct edition *edition = calloc(1, sizeof(*edition));

    if (!edition)
        abort();
    edition->generation = generation;
    edition->bundle = *bundle;
    edition->sealed = -1;
    edition->snapshot = snapshot_load(&edition->bundle, diags);
    if (!edition->snapshot)
        goto bad;
    edition->snapshot->generation = generation;
    edition->sealed = spawn_fd(bundle_seal(&edition->bundle));
    if (edition->sealed >= 0)
        return edition;
    diags_add(diags, DIAG_ERROR, (struct place){ 0 },
              "the configuration cannot be passed to workers: %s",
              strerror(errno));
bad:
    edition_free(edition);
    return NULL;
}

void edition_free(struct edition *edition)
{
    if (!edition)
        return;
    if (edition->sealed >= 0)
        close(edition->sealed);
    if (edition->snapshot)
        snapshot_free(edition->snapshot);
    bundle_fini(&edition->bundle);
    free(edition);
}
