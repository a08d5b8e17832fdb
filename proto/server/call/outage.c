#include "proto/server/call/outage.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <inttypes.h>

void outage_init(struct outage *outage, struct gate *gate, uint32_t index)
{
    *outage = (struct outage){
        .gate = gate,
        .index = index,
        .is_open = atomic_load(&gate->mask) >> index & 1,
    };
}

static void begin(struct outage *outage, const char *server, const char *detail)
{
    if (outage->is_open)
        return;
    outage->is_open = true;
    if (gate_open(outage->gate, outage->index))
        log_warning("store_outage", "server=%s detail=\"%s\"", server, detail);
}

void outage_missed(struct outage *outage, int64_t now_ns)
{
    outage->missed_ns = now_ns;
    begin(outage, "-", "an operation was not answered in time");
}

void outage_down(struct outage *outage, const char *server, const char *detail,
                 int64_t now_ns)
{
    outage->missed_ns = now_ns;
    begin(outage, server, detail);
}

void outage_turn(struct outage *outage, bool is_up, int64_t now_ns)
{
    struct gate *gate = outage->gate;

    if (!outage->is_open || !is_up ||
        now_ns - outage->missed_ns < OUTAGE_QUIET_NS)
        return;
    outage->is_open = false;
    if (gate_shut(gate, outage->index))
        log_info("store_back", "after_ms=%" PRId64 " answers=%" PRIu64,
                 atomic_load(&gate->lasted_ns) / MILLISECOND,
                 atomic_load(&gate->answers));
}

void outage_count(struct outage *outage)
{
    atomic_fetch_add_explicit(&outage->gate->answers, 1, memory_order_relaxed);
}
