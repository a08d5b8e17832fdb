#include "quota/redis/session.h"

#include "quota/redis/fault.h"
#include "quota/redis/script.h"
#include "quota/redis/session_part.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

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

void session_succeed(struct session *session)
{
    breaker_succeed(&session->breaker);
    tell(session);
}

void session_trip(struct session *session, const char *what, const char *why,
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

void session_lose(struct session *session, const char *what, const char *why,
                  int64_t now_ns)
{
    connection_close(&session->connection);
    session->is_loading = session->is_clock_asked = false;
    session_trip(session, what, why, now_ns);
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

bool session_send(struct session *session, enum operation_kind kind)
{
    const struct operation operation = { .kind = kind };

    return send_operation(session, &operation);
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
    if (operation.is_repeated)
        return false;
    if (!session->is_loading && !session_send(session, OPERATION_LOAD))
        return false;
    session->is_loading = true;
    operation.is_repeated = true;
    return send_operation(session, &operation);
}

/* -- Replies -- */

/* One operation failed, and what that says of the others. */
static void take_fault(struct session *session, const struct reply *reply,
                       int64_t now_ns)
{
    char why[SESSION_FAULT_BYTES];

    session_explain(reply, why, sizeof(why));
    if (reply->kind != REPLY_ERROR) {
        session_lose(session, "", why, now_ns);
        return;
    }
    switch (fault_kind_of(reply->error)) {
    case FAULT_OPERATION:
    case FAULT_SCRIPT:
        fail(session, why, now_ns);
        break;
    case FAULT_AWAY:
        session_trip(session, "", why, now_ns);
        break;
    case FAULT_ASTRAY:
        session_lose(session, "", why, now_ns);
        break;
    }
}

static void finish_owned(struct session *session,
                         const struct operation *operation,
                         const struct reply *reply, int64_t now_ns)
{
    if (operation_read(operation, reply)) {
        session_succeed(session);
        operation_done(operation);
    } else if (!script_is_missing(reply) || !send_again(session, *operation)) {
        take_fault(session, reply, now_ns);
        answer_outage(session, operation);
    }
}

static void finish(struct session *session, const struct operation *operation,
                   const struct reply *reply, int64_t now_ns)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
    case OPERATION_RELEASE:
        finish_owned(session, operation, reply, now_ns);
        break;
    case OPERATION_LOGIN:
    case OPERATION_SELECT:
    case OPERATION_ROLE:
    case OPERATION_CLOCK:
    case OPERATION_PROBE:
        session_finish_own(session, operation, reply, now_ns);
        break;
    case OPERATION_LOAD:
        session->is_loading = false;
        break;
    case OPERATION_EXPIRED:
        if (reply->kind == REPLY_OTHER)
            session_lose(session, "", "malformed reply", now_ns);
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
            session_lose(session, "", "malformed reply", now_ns);
    }
}

static void receive(struct session *session, int64_t now_ns)
{
    bool is_drained = false;

    while (session->connection.fd >= 0 && !is_drained) {
        const char *fault =
            connection_receive(&session->connection, &is_drained);

        if (fault)
            session_lose(session, "", fault, now_ns);
        else
            finish_all(session, now_ns);
    }
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
        session_lose(session, "cannot connect: ", fault, now_ns);
    else
        session_greet(session, now_ns);
}

static void handle_time(struct session *session, int64_t now_ns)
{
    struct operation operation;

    while (pending_take_due(&session->pending, now_ns, &operation)) {
        fail(session, "no answer in time", now_ns);
        answer_outage(session, &operation);
    }
    session_pass_time(session, now_ns);
}

void session_step(struct session *session, short revents, int64_t now_ns)
{
    struct connection *connection = &session->connection;
    const char *fault;

    /* Replies first: what has arrived is not late. */
    if (revents != 0 && connection->fd >= 0)
        handle_socket(session, revents, now_ns);
    handle_time(session, now_ns);
    if (!connection->is_connected)
        return;
    fault = connection_send(connection);
    if (fault)
        session_lose(session, "", fault, now_ns);
}

int64_t session_deadline_ns(const struct session *session)
{
    return sooner(pending_deadline_ns(&session->pending),
                  session_own_deadline_ns(session));
}

/* -- Beginning and end -- */

void session_init(struct session *session, struct store *store,
                  const struct redis_settings *settings,
                  const struct redis_events *events, uint64_t seed)
{
    bool is_led = settings->sentinels != NULL;

    *session = (struct session){
        .store = store,
        .events = *events,
        .server =
            str_dup(is_led ? settings->sentinels->master : settings->server),
        .prefix = str_dup(settings->key_prefix),
        .deadline_ns = settings->deadline_ns,
        .is_led = is_led,
    };
    login_init(&session->login, &settings->credentials);
    session->target = (struct operation_target){
        .prefix = str_of(session->prefix),
        .database = settings->database,
        .login = &session->login,
    };
    if (!is_led)
        address_init(&session->address, settings->server);
    connection_init(&session->connection);
    pending_init(&session->pending);
    breaker_init(&session->breaker, seed);
}

void session_set_credentials(struct session *session,
                             const struct redis_credentials *credentials)
{
    login_fini(&session->login);
    login_init(&session->login, credentials);
}

void session_fini(struct session *session)
{
    breaker_trip(&session->breaker, 0);
    abandon_all(session);
    pending_fini(&session->pending);
    connection_fini(&session->connection);
    address_fini(&session->address);
    login_fini(&session->login);
    free(session->prefix);
    free(session->server);
}
