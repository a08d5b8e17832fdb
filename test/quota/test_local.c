#include "test/quota/conformance.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"

#include <unistd.h>

/* Time that moves by addition. */
static int64_t time_ns;

static struct store *open_new(void *context)
{
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);
    struct store *store = local_open(fd);

    (void)context;
    close(fd);
    time_ns = HOUR;
    return store;
}

static int64_t now(void *context)
{
    (void)context;
    return time_ns;
}

static void advance(void *context, int64_t ns)
{
    (void)context;
    time_ns += ns;
}

int main(void)
{
    static const struct fixture fixture = {
        .open = open_new,
        .now = now,
        .advance = advance,
    };

    return conformance_run("quota/local", &fixture);
}
