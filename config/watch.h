/*
 * Notices that files of a configuration changed, however that is done: written
 * in place, replaced by a rename as editors do, or by turning a symbolic link
 * as Kubernetes does with a ConfigMap. inotify on the directories says when to
 * look; what counts is whether the files' stamps differ. So a missed event
 * only means that the change is found by the next look, at most
 * WATCH_POLL_NS later. Whoever writes in place has for a while written only a
 * part, and that may be a valid configuration without limits: so the end of the
 * writing is waited for, as long as it is no other file's that a link leads to.
 * Threads: one at a time.
 */
#ifndef CONFIG_WATCH_H
#define CONFIG_WATCH_H

#include "config/bundle.h"

#include <stdbool.h>
#include <stdint.h>

/* A change is reported when nothing more has changed for this long. */
#define WATCH_SETTLE_NS INT64_C(100000000)

/* A writer that has not closed the file is waited for this long at most, since
 * it last wrote. */
#define WATCH_WRITER_NS INT64_C(5000000000)

/* How often the files are looked at without being told to. */
#define WATCH_POLL_NS INT64_C(2000000000)

struct watch;

/* Watches nothing yet. Works by looking alone where inotify is exhausted. */
struct watch *watch_new(void);
void watch_free(struct watch *watch);

/*
 * Watches the files of `bundle` from now on, in place of earlier ones; changed
 * is what differs from how the bundle found it. Copies what it needs. Call it
 * after each bundle_read, also after one that failed.
 */
void watch_files(struct watch *watch, const struct bundle *bundle);

/* Readable when watch_step should be called. -1: there is none. */
int watch_fd(const struct watch *watch);

/* Call watch_step at the latest then. */
int64_t watch_deadline_ns(const struct watch *watch);

/* Looks if it is time to. True once for each change that has settled.
 * now_ns: CLOCK_BOOTTIME. */
bool watch_step(struct watch *watch, int64_t now_ns);

#endif
