/*
 * What the files that the session is written in share; nobody else's.
 * Threads: the session's owner's.
 */
#ifndef QUOTA_REDIS_SESSION_PART_H
#define QUOTA_REDIS_SESSION_PART_H

#include "quota/redis/session.h"

#include <stddef.h>

/* -- session.c -- */

/* An operation or a probe succeeded. */
void session_succeed(struct session *session);

/* An operation failed: several in a row mean that Redis is away. */
void session_fail(struct session *session, const char *why, int64_t now_ns);

/* Redis is away, or as good as that; the connection may still be good. The
 * reason is both texts, joined. */
void session_trip(struct session *session, const char *what, const char *why,
                  int64_t now_ns);

/* Gives the connection up, if there is one, with all that is under way. */
void session_lose(struct session *session, const char *what, const char *why,
                  int64_t now_ns);

/* Sends a command of its own. False: no room. */
bool session_send(struct session *session, enum command_kind kind);

/* Nothing holds the operation any more: tells its owner of the outage. */
void session_answer_outage(struct session *session,
                           const struct operation *operation);

/* -- session_batch.c -- */

/* What has been asked for since the last step goes out together. What finds no
 * room waits for it. */
void session_send_operations(struct session *session);

/* A command that carried operations, and was taken, is answered. */
void session_finish_operations(struct session *session,
                               const struct command *command,
                               const struct reply *reply, int64_t now_ns);

/* Whether a probe's reply only says that its key is elsewhere; then the guide
 * is told. */
bool session_is_misled(struct session *session, const struct reply *reply,
                       int64_t now_ns);

/* -- session_probe.c -- */

/* The connection is there: says and asks what comes first. */
void session_greet(struct session *session, int64_t now_ns);

/* A command of its own is answered. */
void session_finish_own(struct session *session, enum command_kind kind,
                        const struct reply *reply, int64_t now_ns);

/* Probes that are due, names that are looked up, answers that do not come. */
void session_pass_time(struct session *session, int64_t now_ns);

/* When session_pass_time has something to do. */
int64_t session_own_deadline_ns(const struct session *session);

/* What is wrong with a reply that is no answer, in words. */
void session_explain(const struct reply *reply, char *why, size_t size);

#endif
