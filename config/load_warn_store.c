#include "config/load.h"

#include "quota/local/local.h"

#include <inttypes.h>

/* Leases that have no room are dropped while they are held. */
static void warn_of_max(struct load *load, const struct mark *group,
                        int64_t max)
{
    uint64_t size_bytes = load->snapshot->store.size_bytes;
    uint64_t most = local_leases_per_key(size_bytes);
    const struct mark *mark = group ? mark_find(group, "max") : NULL;

    if (mark && (uint64_t)max > most)
        diags_add(load->diags, DIAG_WARNING, mark_place(mark),
                  "the store has room for %" PRIu64 " leases of one key: if "
                  "more are held, they are not limited; see store.size",
                  most);
}

void load_warn_store(struct load *load)
{
    const struct quota_entry *quotas = load->document->quotas.items;

    if (load->snapshot->store.kind != STORE_MEMORY)
        return;
    for (uint32_t i = 0; i < load->document->quotas.count; i++) {
        const struct quota_entry *quota = &quotas[i];
        const struct override_entry *overrides = quota->overrides.items;

        if (!quota->concurrency)
            continue;
        warn_of_max(load, mark_find(quota->mark, "concurrency"),
                    quota->concurrency->max);
        for (uint32_t n = 0; n < quota->overrides.count; n++)
            warn_of_max(load, overrides[n].mark, overrides[n].max);
    }
}
