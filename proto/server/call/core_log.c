#include "proto/server/call/core_log.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <grpc/support/log.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Two threads that meet at the turn of a second may let a line more pass. */
static bool may_log(int64_t now_ns)
{
    static _Atomic int64_t second;
    static _Atomic uint32_t count;

    if (atomic_exchange(&second, now_ns / SECOND) != now_ns / SECOND)
        atomic_store(&count, 0);
    return atomic_fetch_add(&count, 1) < CORE_LOG_MAX;
}

static void on_message(gpr_log_func_args *args)
{
    if (!may_log(clock_boot_ns()))
        return;
    switch (args->severity) {
    case GPR_LOG_SEVERITY_ERROR:
        log_warning("grpc", "line=%d message=\"%s\"", args->line,
                    args->message);
        break;
    case GPR_LOG_SEVERITY_INFO:
    case GPR_LOG_SEVERITY_DEBUG:
        log_debug("grpc", "line=%d message=\"%s\"", args->line, args->message);
        break;
    }
}

void core_log_install(void)
{
    gpr_set_log_function(on_message);
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}
