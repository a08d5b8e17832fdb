/*
 * What is under way on a connection: the operations, in the order in which they
 * were asked for and by their deadlines; and the commands that were sent, in
 * their order, which is that of the replies. One that carries operations holds
 * the oldest that no command before it holds. Bounded.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_PENDING_H
#define QUOTA_REDIS_PENDING_H

#include "quota/redis/command.h"
#include "quota/redis/operation.h"
#include "quota/redis/script.h"

#include <stdbool.h>
#include <stdint.h>

/* Operations; and commands. */
#define PENDING_MAX 4096

struct pending {
    struct operation *operations; /* a ring of PENDING_MAX */
    uint32_t first, count;
    uint32_t unsent_count;    /* of those, the last ones: in no command yet */
    struct command *commands; /* a ring of PENDING_MAX */
    uint32_t first_command, command_count;
    struct list waiting; /* operations with an owner, the next deadline first */
};

void pending_init(struct pending *pending);
void pending_fini(struct pending *pending);

/* Whether there is no room for another operation, or command. */
bool pending_is_full(const struct pending *pending);
bool pending_has_all_commands(const struct pending *pending);

/* Adds a copy as the last one, unsent, while it is not full; ->link need not
 * be set. */
void pending_add(struct pending *pending, const struct operation *operation);

/* The oldest unsent operations, as many as one command carries, in their order:
 * what one call of the script makes, or one list of holders; returns how many.
 * *span: the unsent ones up to the last of them, with those that are gone. */
uint32_t pending_batch(const struct pending *pending,
                       const struct operation *operations[SCRIPT_CHECKS_MAX],
                       uint32_t *span);

/* A command was sent, while they are not all there are; it holds the first
 * `operation_count` of the unsent operations. */
void pending_add_command(struct pending *pending, struct command command);

/* Takes the first command, without its operations. False: none. */
bool pending_take_command(struct pending *pending, struct command *command);

/* Takes the first operation; of a command that was taken, there are as many as
 * it says. False: none. */
bool pending_take_first(struct pending *pending, struct operation *operation);

/* Takes one whose deadline has come; it leaves an OPERATION_GONE in its place.
 * With a result_count of 0 it was not sent, and never will be. False: none. */
bool pending_take_due(struct pending *pending, int64_t now_ns,
                      struct operation *operation);

/* The next deadline; INT64_MAX: none. */
int64_t pending_deadline_ns(const struct pending *pending);

#endif
