#include "proto/server/doors/services.h"

#include "proto/server/doors/health.h"
#include "proto/server/doors/mixer.h"
#include "proto/server/doors/policy.h"

#include <assert.h>
#include <string.h>

const struct service *const services[] = {
    &service_mixer_check,
    &service_mixer_report,
    &service_policy_release,
    &service_health_check,
};

const uint32_t service_count = sizeof(services) / sizeof(services[0]);

/* "/package.Service/Method" -> "package.Service" */
static struct str service_name(const char *path)
{
    const char *end = strrchr(path, '/');

    assert(path[0] == '/' && end > path);
    return (struct str){ path + 1, (size_t)(end - path) - 1 };
}

bool service_is_known(struct str name)
{
    if (name.len == 0)
        return true;
    for (uint32_t i = 0; i < service_count; i++)
        if (str_eq(service_name(services[i]->path), name))
            return true;
    return false;
}
