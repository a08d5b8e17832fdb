#include "proto/server/master/banner.h"

#include <inttypes.h>

static void print_store(FILE *out, const struct store_settings *store)
{
    switch (store->kind) {
    case STORE_MEMORY:
        fprintf(out, "memory, %" PRIu64 " MiB", store->size_bytes >> 20);
        if (store->path.len > 0)
            fprintf(out, ", in %.*s", STR_ARG(store->path));
        break;
    case STORE_REDIS:
        fputs("redis", out);
        for (uint32_t i = 0; i < store->servers.count; i++)
            fprintf(out, "%s%.*s", i == 0 ? " at " : ", ",
                    STR_ARG(store->servers.items[i]));
        if (store->is_cluster)
            fputs(" (a cluster)", out);
        if (store->sentinel)
            fprintf(out, " (sentinels of %.*s)",
                    STR_ARG(store->sentinel->master));
        break;
    }
}

static void print_commands(FILE *out, const char *program,
                           const struct facts *facts,
                           const struct ruleset *ruleset)
{
    int first = (int)strcspn(facts->listen, ",");

    fprintf(out,
            "\nTo try:\n  %s check -s %.*s -a destination.service.host=ratings",
            program, first, facts->listen);
    if (ruleset->quota_count > 0)
        fprintf(out, " -q %.*s", STR_ARG(ruleset->quotas[0].name));
    fputc('\n', out);
    if (facts->admin[0])
        fprintf(out, "  curl http://%s/status\n", facts->admin);
    if (facts->config_path)
        fprintf(out, "  $EDITOR %s    # a sound edit takes effect at once\n",
                facts->config_path);
    else
        fprintf(out, "  %s serve -c FILE    # with rules of your own\n",
                program);
}

void banner_print(FILE *out, const char *program, const struct facts *facts,
                  const struct snapshot *snapshot)
{
    fprintf(out, "Sluice %s is ready.\n", SLUICE_VERSION);
    fprintf(out, "  gRPC     %s\n", facts->listen);
    fprintf(out, "  admin    %s%s\n", facts->admin[0] ? "http://" : "none",
            facts->admin);
    fputs("  store    ", out);
    print_store(out, &snapshot->store);
    fprintf(out, "\n  workers  %" PRIu32 "\n", facts->shared->worker_count);
    fprintf(out, "  config   %s\n",
            facts->config_path ? facts->config_path
                               : "the built-in example, on loopback");
    print_commands(out, program, facts, &snapshot->ruleset);
}
