#include "proto/server/master/balance.h"

/* How much load one more connection is expected to bring. */
static uint64_t connection_weight(const struct load *loads, uint32_t count)
{
    uint64_t calls = 0, connections = 0;

    for (uint32_t i = 0; i < count; i++) {
        calls += loads[i].calls;
        connections += loads[i].connections;
    }
    return 1 + calls / (connections ? connections : 1);
}

int32_t balance_pick(const struct load *loads, uint32_t count, uint32_t last)
{
    uint64_t weight = connection_weight(loads, count);
    uint64_t least = UINT64_MAX;
    int32_t best = -1;

    for (uint32_t step = 1; step <= count; step++) {
        uint32_t i = (last + step) % count;
        uint64_t load = loads[i].calls + loads[i].handed * weight;

        if (loads[i].is_available && (best < 0 || load < least)) {
            best = (int32_t)i;
            least = load;
        }
    }
    return best;
}
