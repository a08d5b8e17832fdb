#include "quota/redis/session.h"

#include "quota/redis/session_part.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* -- Success and failure -- */

bool session_is_up(const struct session *session)
{
    return session->breaker.state == BREAKER_CLOSED;
}

/* After each change of the breaker: tells the owner of the store. */
static void tell(struct session *session)
{
    const struct redis_events *events = &session->events;
    bool is_up = session_is_up(session);

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

void session_fail(struct session *session, const char *why, int64_t now_ns)
{
    breaker_fail(&session->breaker, now_ns);
    snprintf(session->fault, sizeof(session->fault), "%s", why);
    tell(session);
}

void session_answer_outage(struct session *session,
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
    struct command command;

    while (pending_take_command(&session->pending, &command))
        ;
    while (pending_take_first(&session->pending, &operation))
        if (operation.kind != OPERATION_GONE)
            session_answer_outage(session, &operation);
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

bool session_send(struct session *session, enum command_kind kind)
{
    const struct command command = { .kind = kind };

    if (pending_has_all_commands(&session->pending) ||
        !command_put(kind, &session->connection.outbox, &session->target))
        return false;
    pending_add_command(&session->pending, command);
    return true;
}

bool session_start(struct session *session, struct operation *operation,
                   int64_t now_ns)
{
    operation->deadline_ns =
        sooner(operation->deadline_ns, now_ns + session->deadline_ns);
    operation_count(operation);
    session->store->stats.operations++;
    if (session_is_up(session) && operation->deadline_ns > now_ns &&
        !pending_is_full(&session->pending)) {
        pending_add(&session->pending, operation);
        return true;
    }
    session->store->stats.outages++;
    operation_fail(operation);
    return false;
}

bool session_adopt(struct session *session, const struct operation *operation)
{
    if (!session_is_up(session) || pending_is_full(&session->pending))
        return false;
    pending_add(&session->pending, operation);
    return true;
}

bool session_is_idle(const struct session *session)
{
    return session->pending.count == 0;
}

/* -- Replies -- */

/* Each reply is that to the first command that was sent. */
static void finish_all(struct session *session, int64_t now_ns)
{
    struct connection *connection = &session->connection;

    while (connection->fd >= 0) {
        enum reply_result result = reply_next(&connection->reader);
        const struct reply *reply = &connection->reader.reply;
        struct command command;

        if (result == REPLY_NONE)
            return;
        if (result != REPLY_READY ||
            !pending_take_command(&session->pending, &command))
            session_lose(session, "", "malformed reply", now_ns);
        else if (command.operation_count > 0)
            session_finish_operations(session, &command, reply, now_ns);
        else
            session_finish_own(session, command.kind, reply, now_ns);
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
        /* What was not sent in time says nothing of Redis. */
        if (operation.result_count > 0)
            session_fail(session, "no answer in time", now_ns);
        session_answer_outage(session, &operation);
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
    session_send_operations(session);
    fault = connection_send(connection);
    if (fault)
        session_lose(session, "", fault, now_ns);
}

short session_events(const struct session *session)
{
    if (session->connection.is_connected && session->pending.unsent_count > 0)
        return POLLIN | POLLOUT;
    return connection_events(&session->connection);
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
    session->target = (struct command_target){
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
