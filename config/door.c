#include "config/door.h"

/* Source: Istio 1.0 to 1.7. What its proxies say of themselves; none of their
 * Mixer clients ever sends a negative amount. */
static const struct str of_sidecars[] = {
    STR_INIT("context.reporter.kind"),
    STR_INIT("context.reporter.uid"),
    { NULL, 0 },
};

static const struct silent_callers istio_sidecars = { "Istio 1.x sidecars",
                                                      of_sidecars };

const struct door_facts door_facts[DOOR_COUNT] = {
#define X(name, label, giving_back, silent)                                    \
    [DOOR_##name] = { label, giving_back, silent },
    DOORS(X)
#undef X
};

bool door_is_open(enum door door, const struct server_settings *settings)
{
    switch (door) {
    case DOOR_MIXER:
        return settings->listen.count > 0;
    case DOOR_COUNT:
        break;
    }
    return false;
}
