/*
 * The doors: the ways in which callers ask. One row each; what depends on which
 * doors there are, labels of metrics or what a file is warned of, follows from
 * the rows.
 * Threads: any, immutable.
 */
#ifndef CONFIG_DOOR_H
#define CONFIG_DOOR_H

#include "config/snapshot.h"
#include "policy/base/str.h"

#include <stdbool.h>

/*
 * X(NAME, label, giving_back, silent): see struct door_facts.
 *   MIXER  istio.mixer.v1.Mixer/Check. A caller gives back by a Check of the
 *          same quota and dimensions with a negative amount, or by
 *          sluice.v1.Policy/Release of the trailer sluice-lease.
 */
#define DOORS(X) X(MIXER, "mixer", GIVING_BACK_BY_CALLER, &istio_sidecars)

enum door {
#define X(name, label, giving_back, silent) DOOR_##name,
    DOORS(X)
#undef X
        DOOR_COUNT
};

/* How a slot of a CONCURRENCY quota that was taken through a door, by a caller
 * that names the quota or by a rule, comes back before its lease ends. */
enum giving_back {
    GIVING_BACK_NEVER,
    GIVING_BACK_BY_CALLER, /* if the caller does something for it */
    GIVING_BACK_AT_END,    /* with the end of the stream that it was taken on */
};

/* Callers that never give back though they could. */
struct silent_callers {
    const char *name;
    const struct str *attributes; /* that nobody else sends through the door;
                                     the last one has no data */
};

struct door_facts {
    const char *label; /* of metrics */
    enum giving_back giving_back;
    const struct silent_callers *silent; /* NULL: none */
};

extern const struct door_facts door_facts[DOOR_COUNT];

/* Whether the settings open it. */
bool door_is_open(enum door door, const struct server_settings *settings);

#endif
