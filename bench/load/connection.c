#include "bench/load/connection.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define IN_BYTES ((size_t)256 * 1024)
#define OUT_BYTES ((size_t)128 * 1024)
/* The longest that nghttp2 hands over at a time: a frame and its header. */
#define FRAME_BYTES_MAX ((size_t)16 * 1024 + 256)

/* So large that flow control never holds the server back. */
#define STREAM_WINDOW (1 << 20)
#define CONNECTION_WINDOW (1 << 30)

static struct connection *connection_of(void *user_data)
{
    return user_data;
}

static void end_request(struct connection *connection, struct request *request,
                        enum request_state end)
{
    assert(request->state == REQUEST_IN_FLIGHT);
    request->state = end;
    request->next = connection->ended;
    connection->ended = request;
    connection->in_flight--;
}

/* ---- what nghttp2 tells -------------------------------------------------- */

/* Writes the digits of the id that belong into this piece of the body, which
 * begins at `offset`. */
static void overlay_id(const struct request *request, size_t offset,
                       uint8_t *piece, size_t length)
{
    size_t begin = request->ask.body->id_offset;

    for (size_t i = 0; begin > 0 && i < BODY_ID_BYTES; i++) {
        unsigned shift = 4 * (unsigned)(BODY_ID_BYTES - 1 - i);

        if (begin + i >= offset && begin + i < offset + length)
            piece[begin + i - offset] =
                (uint8_t) "0123456789abcdef"[request->ask.id >> shift & 15];
    }
}

/* NOLINTNEXTLINE(readability-function-size): nghttp2's parameters. */
static ssize_t on_body_wanted(nghttp2_session *session, int32_t stream,
                              uint8_t *out, size_t room, uint32_t *flags,
                              nghttp2_data_source *source, void *user_data)
{
    struct request *request = source->ptr;
    struct str rest = str_skip(request->ask.body->frame, request->sent_bytes);
    size_t length = rest.len < room ? rest.len : room;

    (void)session;
    (void)stream;
    (void)user_data;
    memcpy(out, rest.data, length);
    overlay_id(request, request->sent_bytes, out, length);
    request->sent_bytes += length;
    if (length == rest.len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)length;
}

static int number_of(const uint8_t *text, size_t length)
{
    int number = 0;

    if (length == 0 || length > 3)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

/* One that is too long is none of ours. */
static void keep_lease(struct request *request, struct str value)
{
    if (value.len > sizeof(request->lease))
        return;
    memcpy(request->lease, value.data, value.len);
    request->lease_bytes = value.len;
}

/* NOLINTNEXTLINE(readability-function-size): nghttp2's parameters. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t value_length, uint8_t flags,
                     void *user_data)
{
    struct str key = { (const char *)name, name_length };
    struct request *request =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

    (void)flags;
    (void)user_data;
    if (!request)
        return 0;
    if (str_eq(key, STR(":status")))
        request->http_status = number_of(value, value_length);
    else if (str_eq(key, STR("grpc-status")))
        request->grpc_status = number_of(value, value_length);
    else if (str_eq(key, STR("sluice-lease")))
        keep_lease(request, (struct str){ (const char *)value, value_length });
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
                   const uint8_t *data, size_t length, void *user_data)
{
    struct request *request =
        nghttp2_session_get_stream_user_data(session, stream);
    size_t room;

    (void)flags;
    (void)user_data;
    if (!request)
        return 0;
    room = REPLY_BYTES_MAX - request->reply_bytes;
    if (length > room)
        length = room;
    memcpy(request->reply + request->reply_bytes, data, length);
    request->reply_bytes += length;
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream,
                           uint32_t error, void *user_data)
{
    struct request *request =
        nghttp2_session_get_stream_user_data(session, stream);

    if (request)
        end_request(connection_of(user_data), request,
                    error == NGHTTP2_NO_ERROR ? REQUEST_ANSWERED
                                              : REQUEST_RESET);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame,
                    void *user_data)
{
    struct connection *connection = connection_of(user_data);

    (void)session;
    if (frame->hd.type != NGHTTP2_GOAWAY || connection->is_going)
        return 0;
    connection->is_going = true;
    connection->failures[FAILURE_GOAWAY]++;
    return 0;
}

static nghttp2_session *new_session(struct connection *connection)
{
    static const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
    };
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    bool is_made = nghttp2_session_callbacks_new(&callbacks) == 0;

    assert(is_made);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
                                                           on_stream_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    is_made =
        nghttp2_session_client_new(&session, callbacks, connection) == 0 &&
        nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 2) == 0 &&
        nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                              CONNECTION_WINDOW) == 0;
    assert(is_made);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

/* ---- life ---------------------------------------------------------------- */

void connection_init(struct connection *connection, const struct target *target,
                     uint32_t streams, uint64_t *failures)
{
    *connection = (struct connection){
        .target = target,
        .failures = failures,
        .fd = -1,
        .requests = calloc(streams, sizeof(struct request)),
        .request_count = streams,
        .out = malloc(OUT_BYTES),
    };
    if (!connection->requests || !connection->out)
        abort();
}

void connection_fini(struct connection *connection)
{
    if (connection->fd >= 0)
        connection_close(connection);
    free(connection->requests);
    free(connection->out);
}

static void free_all_requests(struct connection *connection)
{
    connection->free = NULL;
    for (uint32_t i = 0; i < connection->request_count; i++) {
        connection->requests[i].next = connection->free;
        connection->free = &connection->requests[i];
    }
}

bool connection_open(struct connection *connection)
{
    const struct socket_name *address = &connection->target->address;
    const int one = 1;
    int fd = socket(address->any.sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert(connection->fd < 0 && !connection->ended);
    if (fd < 0)
        return false;
    if (address->any.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, &address->any, address->length) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return false;
    }
    connection->fd = fd;
    connection->session = new_session(connection);
    connection->is_dirty = true;
    connection->has_heard = connection->is_going = false;
    connection->out_bytes = connection->out_sent = 0;
    free_all_requests(connection);
    return true;
}

void connection_close(struct connection *connection)
{
    nghttp2_session_del(connection->session);
    close(connection->fd);
    connection->fd = -1;
    connection->is_dirty = false;
    for (uint32_t i = 0; i < connection->request_count; i++)
        if (connection->requests[i].state == REQUEST_IN_FLIGHT)
            end_request(connection, &connection->requests[i], REQUEST_ABORTED);
}

/* ---- work ---------------------------------------------------------------- */

bool connection_is_free(const struct connection *connection)
{
    return connection->fd >= 0 && connection->has_heard &&
           !connection->is_going && connection->free;
}

static struct request *take_slot(struct connection *connection)
{
    struct request *request = connection->free;

    connection->free = request->next;
    request->state = REQUEST_IN_FLIGHT;
    request->sent_bytes = request->reply_bytes = request->lease_bytes = 0;
    request->http_status = request->grpc_status = -1;
    connection->in_flight++;
    return request;
}

/* Neither name nor value is copied; they are indexed after the first time. */
static nghttp2_nv header(const char *name, const char *value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name,
        .namelen = strlen(name),
        .value = (uint8_t *)(uintptr_t)value,
        .valuelen = strlen(value),
        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
    };
}

struct request *connection_send(struct connection *connection,
                                const struct ask *ask)
{
    struct request *request = take_slot(connection);
    const nghttp2_nv headers[] = {
        header(":method", "POST"),
        header(":scheme", "http"),
        header(":path", ask->path),
        header(":authority", connection->target->authority),
        header("te", "trailers"),
        header("content-type", "application/grpc"),
        header("user-agent", "sluice-bench"),
    };
    nghttp2_data_provider provider = {
        .source.ptr = request,
        .read_callback = on_body_wanted,
    };

    request->ask = *ask;
    connection->is_dirty = true;
    request->stream = nghttp2_submit_request(
        connection->session, NULL, headers,
        sizeof(headers) / sizeof(headers[0]), &provider, request);
    if (request->stream < 0) {
        /* The stream numbers are used up. */
        connection->is_going = true;
        end_request(connection, request, REQUEST_ABORTED);
    }
    return request;
}

void connection_cancel(struct connection *connection, struct request *request)
{
    assert(request->state == REQUEST_IN_FLIGHT);
    nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE,
                              request->stream, NGHTTP2_CANCEL);
    connection->is_dirty = true;
}

bool connection_read(struct connection *connection)
{
    static _Thread_local uint8_t in[IN_BYTES];
    ssize_t got;

    do {
        got = recv(connection->fd, in, sizeof(in), 0);
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        connection->has_heard = connection->is_dirty = true;
        if (nghttp2_session_mem_recv(connection->session, in, (size_t)got) < 0)
            return false;
    } while ((size_t)got == sizeof(in));
    return !connection->is_going || connection->in_flight > 0;
}

/* Gathers what nghttp2 wants to write, while there is room. */
static bool gather(struct connection *connection)
{
    while (connection->out_bytes + FRAME_BYTES_MAX <= OUT_BYTES) {
        const uint8_t *piece;
        ssize_t length = nghttp2_session_mem_send(connection->session, &piece);

        if (length <= 0)
            return length == 0;
        assert((size_t)length <= OUT_BYTES - connection->out_bytes);
        memcpy(connection->out + connection->out_bytes, piece, (size_t)length);
        connection->out_bytes += (size_t)length;
    }
    return true;
}

bool connection_flush(struct connection *connection)
{
    connection->is_dirty = false;
    while (gather(connection)) {
        ssize_t sent;

        if (!connection_is_blocked(connection))
            return true;
        sent = send(connection->fd, connection->out + connection->out_sent,
                    connection->out_bytes - connection->out_sent, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        connection->out_sent += (size_t)sent;
        if (!connection_is_blocked(connection))
            connection->out_sent = connection->out_bytes = 0;
    }
    return false;
}

bool connection_is_blocked(const struct connection *connection)
{
    return connection->out_sent < connection->out_bytes;
}

struct request *connection_take_ended(struct connection *connection)
{
    struct request *request = connection->ended;

    if (!request)
        return NULL;
    connection->ended = request->next;
    request->next = connection->free;
    connection->free = request;
    return request;
}

struct str request_message(const struct request *request)
{
    struct str frame =
        first_frame((struct str){ request->reply, request->reply_bytes });

    if (frame.len == 0 || frame.len < request->reply_bytes)
        return (struct str){ 0 };
    return str_skip(frame, FRAME_PREFIX_BYTES);
}
