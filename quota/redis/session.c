#include "quota/redis/session.h"

#include "quota/redis/script.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* How often to look whether a name was found. */
#define LOOKUP_POLL_NS (5 * MILLISECOND)

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* -- Success and failure -- */

/* After each change of the breaker: tells the owner of the store. */
static void tell(struct session *session)
{
    const struct redis_events *events = &session->events;
    bool is_up = session->breaker.state == BREAKER_CLOSED;

    session->store->is_up = is_up;
    if (is_up && session->told != SESSION_TOLD_UP) {
        session->told = SESSION_TOLD_UP;
        events->up(events->context, session->server);
    } else if (!is_up && session->told != SESSION_TOLD_DOWN) {
        session->told = SESSION_TOLD_DOWN;
        events->down(events->context, session->server, session->fault);
    }
}

static void succeed(struct session *session)
{
    breaker_succeed(&session->breaker);
    tell(session);
}

/* Redis is away, or as good as that; the connection may still be good. */
static void trip(struct session *session, const char *what, const char *why,
                 int64_t now_ns)
{
    breaker_trip(&session->breaker, now_ns);
    snprintf(session->fault, sizeof(session->fault), "%s%s", what, why);
    tell(session);
}

/* One operation failed. */
static void fail(struct session *session, const char *why, int64_t now_ns)
{
    breaker_fail(&session->breaker, now_ns);
    snprintf(session->fault, sizeof(session->fault), "%s", why);
    tell(session);
}

static void answer_outage(struct session *session,
                          const struct operation *operation)
{
    session->store->stats.outages++;
    operation_fail(operation);
    operation_done(operation);
}

/* Whether these happened is not known, so they are not repeated. The breaker
 * is open: none of their owners can add another. */
static void abandon_all(struct session *session)
{
    struct operation operation;

    while (pending_take_first(&session->pending, &operation))
        if (operation_has_owner(&operation))
            answer_outage(session, &operation);
}

/* Gives the connection up, if there is one, with all that is under way. */
static void lose(struct session *session, const char *what, const char *why,
                 int64_t now_ns)
{
    connection_close(&session->connection);
    session->is_loading = false;
    trip(session, what, why, now_ns);
    abandon_all(session);
}

/* -- Sending -- */

static bool send_operation(struct session *session,
                           const struct operation *operation)
{
    if (pending_is_full(&session->pending) ||
        !operation_put(operation, &session->connection.outbox,
                       &session->target))
        return false;
    pending_add(&session->pending, operation);
    return true;
}

bool session_start(struct session *session, struct operation *operation,
                   int64_t now_ns)
{
    operation->deadline_ns =
        sooner(operation->deadline_ns, now_ns + session->deadline_ns);
    session->store->stats.operations++;
    if (session->breaker.state == BREAKER_CLOSED &&
        operation->deadline_ns > now_ns && send_operation(session, operation))
        return true;
    session->store->stats.outages++;
    operation_fail(operation);
    return false;
}

/* Redis does not know the script, so the operation did not run and may go out
 * again, after the script. */
static bool send_again(struct session *session, struct operation operation)
{
    const struct operation load = { .kind = OPERATION_LOAD };

    if (operation.is_repeated)
        return false;
    if (!session->is_loading && !send_operation(session, &load))
        return false;
    session->is_loading = true;
    operation.is_repeated = true;
    return send_operation(session, &operation);
}

/* -- Replies -- */

/* What is wrong with a reply that is no answer. */
static const char *fault_of(const struct reply *reply)
{
    return reply->kind == REPLY_ERROR ? reply->error : "malformed reply";
}

static void finish_owned(struct session *session,
                         const struct operation *operation,
                         const struct reply *reply, int64_t now_ns)
{
    if (operation_read(operation, reply)) {
        succeed(session);
        operation_done(operation);
    } else if (!script_is_missing(reply) || !send_again(session, *operation)) {
        if (reply->kind == REPLY_ERROR)
            fail(session, reply->error, now_ns);
        else
            lose(session, "", fault_of(reply), now_ns);
        answer_outage(session, operation);
    }
}

static void finish_probe(struct session *session,
                         const struct operation *operation,
                         const struct reply *reply, int64_t now_ns)
{
    /* A connection that only yields errors is given up: it may lead to what is
     * a replica by now, while the address leads elsewhere. */
    if (!operation_read(operation, reply))
        lose(session, "", fault_of(reply), now_ns);
    else if (now_ns - session->probe_sent_ns > session->deadline_ns)
        trip(session, "", "slower than the deadline", now_ns);
    else
        succeed(session);
}

static void finish(struct session *session, const struct operation *operation,
                   const struct reply *reply, int64_t now_ns)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
    case OPERATION_RELEASE:
    case OPERATION_HOLDERS:
        finish_owned(session, operation, reply, now_ns);
        break;
    case OPERATION_PROBE:
        finish_probe(session, operation, reply, now_ns);
        break;
    case OPERATION_SELECT:
        if (!operation_read(operation, reply))
            lose(session, "cannot select the database: ", fault_of(reply),
                 now_ns);
        break;
    case OPERATION_LOAD:
        session->is_loading = false;
        break;
    case OPERATION_EXPIRED:
        if (reply->kind == REPLY_OTHER)
            lose(session, "", "malformed reply", now_ns);
        break;
    }
}

/* Each reply is that to the first operation that was sent. */
static void finish_all(struct session *session, int64_t now_ns)
{
    struct connection *connection = &session->connection;

    while (connection->fd >= 0) {
        enum reply_result result = reply_next(&connection->reader);
        struct operation operation;

        if (result == REPLY_NONE)
            return;
        if (result == REPLY_READY &&
            pending_take_first(&session->pending, &operation))
            finish(session, &operation, &connection->reader.reply, now_ns);
        else
            lose(session, "", "malformed reply", now_ns);
    }
}

static void receive(struct session *session, int64_t now_ns)
{
    bool is_drained = false;

    while (session->connection.fd >= 0 && !is_drained) {
        const char *fault =
            connection_receive(&session->connection, &is_drained);

        if (fault)
            lose(session, "", fault, now_ns);
        else
            finish_all(session, now_ns);
    }
}

/* -- Probes -- */

static void send_probe(struct session *session, int64_t now_ns)
{
    const struct operation probe = { .kind = OPERATION_PROBE };

    session->probe_sent_ns = now_ns;
    if (!send_operation(session, &probe))
        lose(session, "", "no room for a probe", now_ns);
}

static void greet(struct session *session, int64_t now_ns)
{
    const struct operation select = { .kind = OPERATION_SELECT };

    session->store->stats.reconnects++;
    if (session->target.database != 0)
        send_operation(session, &select);
    send_probe(session, now_ns);
}

static void connect_to_next(struct session *session, int64_t now_ns)
{
    const struct sockaddr *sockaddr;
    socklen_t len;
    const char *fault;

    session->lookup_at_ns = INT64_MAX;
    switch (address_next(&session->address, &sockaddr, &len)) {
    case ADDRESS_PENDING:
        session->lookup_at_ns = now_ns + LOOKUP_POLL_NS;
        break;
    case ADDRESS_NONE:
        lose(session, "no address: ", session->address.fault, now_ns);
        break;
    case ADDRESS_FOUND:
        fault = connection_open(&session->connection, sockaddr, len);
        if (fault)
            lose(session, "cannot connect: ", fault, now_ns);
        else if (session->connection.is_connected)
            greet(session, now_ns);
        break;
    }
}

static void start_probe(struct session *session, int64_t now_ns)
{
    int64_t patience_ns = SESSION_PATIENCE_NS;

    if (patience_ns < session->deadline_ns)
        patience_ns = session->deadline_ns;
    breaker_probe(&session->breaker);
    session->probe_until_ns = now_ns + patience_ns;
    session->lookup_at_ns = INT64_MAX;
    if (session->connection.fd < 0)
        connect_to_next(session, now_ns);
    else
        send_probe(session, now_ns);
}

/* -- Steps -- */

static void handle_socket(struct session *session, short events, int64_t now_ns)
{
    const char *fault;

    if (session->connection.is_connected) {
        if (events & (POLLIN | POLLHUP | POLLERR))
            receive(session, now_ns);
        return;
    }
    fault = connection_finish(&session->connection);
    if (fault)
        lose(session, "cannot connect: ", fault, now_ns);
    else
        greet(session, now_ns);
}

static void handle_time(struct session *session, int64_t now_ns)
{
    struct operation operation;

    while (pending_take_due(&session->pending, now_ns, &operation)) {
        fail(session, "no answer in time", now_ns);
        answer_outage(session, &operation);
    }
    if (session->breaker.state == BREAKER_HALF_OPEN) {
        if (now_ns >= session->probe_until_ns)
            lose(session, "", "no answer", now_ns);
        else if (now_ns >= session->lookup_at_ns)
            connect_to_next(session, now_ns);
    }
    if (breaker_is_due(&session->breaker, now_ns))
        start_probe(session, now_ns);
}

void session_step(struct session *session, const struct store_wait *ready,
                  int64_t now_ns)
{
    struct connection *connection = &session->connection;
    const char *fault;

    /* Replies first: what has arrived is not late. */
    if (ready && ready->fd_count > 0 && ready->fds[0].revents != 0 &&
        ready->fds[0].fd == connection->fd)
        handle_socket(session, ready->fds[0].revents, now_ns);
    handle_time(session, now_ns);
    if (!connection->is_connected)
        return;
    fault = connection_send(connection);
    if (fault)
        lose(session, "", fault, now_ns);
}

static int64_t next_deadline_ns(const struct session *session)
{
    int64_t deadline_ns = pending_deadline_ns(&session->pending);

    switch (session->breaker.state) {
    case BREAKER_CLOSED:
        break;
    case BREAKER_OPEN:
        return sooner(deadline_ns, session->breaker.probe_at_ns);
    case BREAKER_HALF_OPEN:
        return sooner(deadline_ns,
                      sooner(session->probe_until_ns, session->lookup_at_ns));
    }
    return deadline_ns;
}

void session_wait(const struct session *session, struct store_wait *wait)
{
    const struct connection *connection = &session->connection;

    wait->deadline_ns = next_deadline_ns(session);
    wait->fd_count = connection->fd >= 0;
    wait->fds[0].fd = connection->fd;
    wait->fds[0].events = connection_events(connection);
    wait->fds[0].revents = 0;
}

/* -- Beginning and end -- */

static char *copy_text(struct str text)
{
    char *copy = strndup(text.len > 0 ? text.data : "", text.len);

    if (!copy)
        abort();
    return copy;
}

void session_init(struct session *session, struct store *store,
                  const struct redis_settings *settings,
                  const struct redis_events *events, uint64_t seed)
{
    *session = (struct session){
        .store = store,
        .events = *events,
        .server = copy_text(settings->server),
        .prefix = copy_text(settings->key_prefix),
        .deadline_ns = settings->deadline_ns,
    };
    session->target = (struct operation_target){
        .prefix = str_of(session->prefix),
        .database = settings->database,
    };
    address_init(&session->address, settings->server);
    connection_init(&session->connection);
    pending_init(&session->pending);
    breaker_init(&session->breaker, seed);
}

void session_fini(struct session *session)
{
    breaker_trip(&session->breaker, 0);
    abandon_all(session);
    pending_fini(&session->pending);
    connection_fini(&session->connection);
    address_fini(&session->address);
    free(session->prefix);
    free(session->server);
}
