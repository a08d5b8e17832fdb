/*
 * All workers: starts them, restarts what dies, replaces what hangs or grows
 * without bound, hands out connections, and takes all of them from one
 * configuration to the next.
 *
 * A worker holds the edition that it was started with or that was committed
 * since. While a candidate is voted on, every worker, also one that starts
 * meanwhile, is sent it; so all end with the same, whoever dies when.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_MASTER_FLEET_H
#define PROTO_SERVER_MASTER_FLEET_H

#include "proto/server/loader/edition.h"
#include "proto/server/master/balance.h"
#include "proto/server/master/member.h"
#include "proto/server/shared/loop.h"
#include "proto/server/shared/shared.h"

#include <stdbool.h>
#include <stdint.h>

/* A place in the fleet: kept while the processes that fill it come and go. */
struct berth {
    struct member member;
    struct fleet *fleet;
    struct timer restart;
    int64_t started_ns;
    int64_t restart_delay_ns; /* the last one; 0: none yet */
    bool is_serving;
    uint64_t ready_generation; /* the newest that it has ready */
};

struct fleet {
    /* Set by the owner before fleet_start; all other fields are zero. */
    struct loop *loop;
    struct shared *shared;
    int shared_fd, store_fd; /* from worker_fd_above */
    uint64_t rss_limit_bytes;
    /* Runs after anything happened to a worker. */
    void (*changed)(struct fleet *fleet, int64_t now_ns);

    const struct edition *current;
    const struct edition *candidate; /* NULL: no vote is under way */
    char refusal[256]; /* a worker's, of the candidate; empty: none */
    bool is_draining;
    struct timer sample;
    uint32_t last_picked;
    struct load loads[WORKERS_MAX];
    struct berth berths[WORKERS_MAX]; /* shared->worker_count of them */
};

/* edition: as all that follow, stays the caller's, who keeps it while it is
 * current or candidate. */
void fleet_start(struct fleet *fleet, const struct edition *edition,
                 int64_t now_ns);

/* Whether some worker takes connections now. */
bool fleet_has_room(struct fleet *fleet);

/* Passes a connection on; the caller closes his end. peer: its address, for
 * logs. False with errno if no worker takes it. */
bool fleet_hand(struct fleet *fleet, int connection, const char *peer);

/* Puts an edition to the vote; none is under way. */
void fleet_prepare(struct fleet *fleet, const struct edition *candidate);

enum fleet_vote {
    FLEET_UNDECIDED, /* some have not answered, or are not there */
    FLEET_READY,     /* every worker has it ready */
    FLEET_REFUSED,   /* fleet->refusal says why */
};
enum fleet_vote fleet_vote(const struct fleet *fleet);

/* Ends the vote: the candidate becomes current, or is forgotten. */
void fleet_commit(struct fleet *fleet);
void fleet_discard(struct fleet *fleet);

/* How many workers run, and how many of them take connections. */
uint32_t fleet_running(const struct fleet *fleet);
uint32_t fleet_serving(const struct fleet *fleet);

/* Tells all to finish what is in flight and exit; none is restarted. */
void fleet_drain(struct fleet *fleet);

/* Kills all that run. */
void fleet_kill(struct fleet *fleet);

/* How long to wait before a worker is started again that has lived for
 * `lived_ns`, the last such wait having been `last_ns` (0: none). Pure. */
int64_t restart_delay_ns(int64_t last_ns, int64_t lived_ns);

#endif
