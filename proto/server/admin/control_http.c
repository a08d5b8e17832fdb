#include "proto/server/admin/control_http.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A few people and scripts. */
#define CONNECTIONS_MAX 8
#define CONNECTION_TIMEOUT_S 10
#define CONNECTION_MEMORY_BYTES ((size_t)8 * 1024)

/* One request while its body arrives. */
struct request {
    size_t len;
    bool is_too_long;
    char body[CONTROL_BODY_MAX];
};

bool control_permits(uid_t peer, uid_t own)
{
    return peer == 0 || peer == own;
}

/* False if it is nobody who may ask, or not known. */
static bool find_peer(struct MHD_Connection *connection, struct desk_peer *peer)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred who;
    socklen_t size = sizeof(who);

    if (!info ||
        getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        return false;
    *peer = (struct desk_peer){ who.uid, who.pid };
    return control_permits(who.uid, geteuid());
}

/* Takes the body of the answer over. */
static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   struct desk_answer answer)
{
    char *text = json_dumps(answer.body, JSON_COMPACT | JSON_PRESERVE_ORDER);
    struct MHD_Response *response;
    enum MHD_Result result;

    json_decref(answer.body);
    if (!text)
        return MHD_NO;
    response = MHD_create_response_from_buffer(strlen(text), text,
                                               MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            "application/json");
    if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                MHD_HTTP_METHOD_POST);
    result = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection,
                              unsigned status, struct str message)
{
    return send_answer(connection, desk_refuse(status, message));
}

static enum MHD_Result begin(struct MHD_Connection *connection,
                             const char *method, void **state)
{
    struct desk_peer peer;

    if (!find_peer(connection, &peer))
        return refuse(connection, MHD_HTTP_FORBIDDEN,
                      STR("only root and the user of the server may ask"));
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      STR("only POST"));
    *state = calloc(1, sizeof(struct request));
    return *state ? MHD_YES : MHD_NO;
}

static void receive(struct request *request, const char *bytes, size_t count)
{
    if (count > sizeof(request->body) - request->len) {
        request->is_too_long = true;
        return;
    }
    memcpy(request->body + request->len, bytes, count);
    request->len += count;
}

static enum MHD_Result answer(struct MHD_Connection *connection,
                              struct quota_desk *desk, const char *path,
                              const struct request *request)
{
    struct desk_peer peer;

    if (request->is_too_long)
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                      STR("the body is too long"));
    if (!find_peer(connection, &peer))
        return MHD_NO;
    return send_answer(
        connection,
        quota_desk_answer(desk, path,
                          (struct str){ request->body, request->len }, peer));
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd's parameters. */
static enum MHD_Result on_request(void *context,
                                  struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    (void)version;
    if (!*state)
        return begin(connection, method, state);
    if (*upload_size > 0) {
        receive(*state, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return answer(connection, context, path, *state);
}

static void on_completed(void *context, struct MHD_Connection *connection,
                         void **state, enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    free(*state);
    *state = NULL;
}

static struct MHD_Daemon *daemon_of(const struct control_http *http)
{
    return (struct MHD_Daemon *)(uintptr_t)http;
}

struct control_http *control_http_open(int listener, struct quota_desk *desk)
{
    return (struct control_http *)MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, desk,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        NULL, MHD_OPTION_END);
}

void control_http_close(struct control_http *http)
{
    if (!http)
        return;
    /* Gives the listener back, which it would close. */
    MHD_quiesce_daemon(daemon_of(http));
    MHD_stop_daemon(daemon_of(http));
}

int control_http_fd(const struct control_http *http)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(daemon_of(http), MHD_DAEMON_INFO_EPOLL_FD);

    return info ? info->epoll_fd : -1;
}

int control_http_timeout_ms(struct control_http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    if (MHD_get_timeout(daemon_of(http), &timeout_ms) != MHD_YES)
        return -1;
    return timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX;
}

void control_http_run(struct control_http *http)
{
    MHD_run(daemon_of(http));
}
