/*
 * The control socket: HTTP on a unix socket for operators on this machine, who
 * are root or the user that the server runs as. What is asked is answered by
 * the quota desk; a body may have CONTROL_BODY_MAX bytes. libmicrohttpd,
 * without a thread of its own: the owner runs it when it is due. Threads: its
 * owner's.
 */
#ifndef PROTO_SERVER_ADMIN_CONTROL_HTTP_H
#define PROTO_SERVER_ADMIN_CONTROL_HTTP_H

#include "proto/server/admin/quota_desk.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_BODY_MAX ((size_t)16 * 1024)

/* Whether a process of user `peer` may ask a server of user `own`. */
bool control_permits(uid_t peer, uid_t own);

struct control_http;

/* Serves on `listener`; it and the desk stay the caller's, who keeps them
 * until control_http_close. NULL without room. */
struct control_http *control_http_open(int listener, struct quota_desk *desk);

/* NULL is fine. */
void control_http_close(struct control_http *http);

/* Readable when it is to be run. */
int control_http_fd(const struct control_http *http);

/* And when, at the latest, in ms from now; -1: no need. */
int control_http_timeout_ms(struct control_http *http);

/* Does what is due. It waits for the desk, and for nothing else. */
void control_http_run(struct control_http *http);

#endif
