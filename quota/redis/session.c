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
    struct command command;

    while (pending_take_command(&session->pending, &command))
        ;
    while (pending_take_first(&session->pending, &operation))
        if (operation.kind != OPERATION_GONE)
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
    if (session->breaker.state == BREAKER_CLOSED &&
        operation->deadline_ns > now_ns &&
        !pending_is_full(&session->pending)) {
        pending_add(&session->pending, operation);
        return true;
    }
    session->store->stats.outages++;
    operation_fail(operation);
    return false;
}

/* What has been asked for since the last step goes out together. What finds no
 * room waits for it. */
static void send_operations(struct session *session)
{
    const struct operation *operations[SCRIPT_CHECKS_MAX];
    struct pending *pending = &session->pending;
    struct command command = { .kind = COMMAND_CHARGE };
    uint32_t count;

    while ((count = pending_batch(pending, operations,
                                  &command.operation_count)) > 0 &&
           !pending_has_all_commands(pending) &&
           script_put(&session->connection.outbox, session->target.prefix,
                      operations, count))
        pending_add_command(pending, command);
}

/* Redis does not know the script, so nothing ran and may go out again, after
 * the script. */
static bool load_script(struct session *session)
{
    if (!session->is_loading)
        session->is_loading = session_send(session, COMMAND_LOAD);
    return session->is_loading;
}

static bool send_again(struct session *session, struct operation *operation)
{
    if (operation->is_repeated || pending_is_full(&session->pending) ||
        !load_script(session))
        return false;
    operation->is_repeated = true;
    pending_add(&session->pending, operation);
    return true;
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

/* The operations of one command, without those that were never sent. */
struct batch {
    struct operation operations[SCRIPT_CHECKS_MAX];
    uint32_t count, result_count;
};

static void take_batch(struct session *session, uint32_t operation_count,
                       struct batch *batch)
{
    struct operation operation;

    batch->count = batch->result_count = 0;
    for (; operation_count > 0; operation_count--) {
        pending_take_first(&session->pending, &operation);
        if (operation.result_count == 0)
            continue;
        batch->operations[batch->count++] = operation;
        batch->result_count += operation.result_count;
    }
}

/* Fills the answers. False: the reply is none. */
static bool read_batch(const struct batch *batch, const struct reply *reply,
                       enum result results[SCRIPT_CHECKS_MAX])
{
    const int64_t *integers = reply->integers;

    if (reply->kind != REPLY_INTEGERS || reply->count != batch->result_count)
        return false;
    for (uint32_t i = 0; i < batch->count; i++) {
        results[i] = operation_read(&batch->operations[i], integers);
        integers += batch->operations[i].result_count;
        if (results[i] == RESULT_MALFORMED)
            return false;
    }
    return true;
}

static void answer_batch(struct session *session, const struct batch *batch,
                         const enum result results[SCRIPT_CHECKS_MAX],
                         int64_t now_ns)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct operation *operation = &batch->operations[i];

        if (operation->kind == OPERATION_GONE)
            continue;
        if (results[i] == RESULT_READ) {
            session_succeed(session);
            operation_done(operation);
        } else {
            fail(session, "a key holds something else", now_ns);
            answer_outage(session, operation);
        }
    }
}

/* The reply is an error or malformed: whether anything happened is not known,
 * but where the script is missing. */
static void fail_batch(struct session *session, struct batch *batch,
                       const struct reply *reply, int64_t now_ns)
{
    bool is_missing = script_is_missing(reply);

    /* Told once, for it is one reply. Nothing of the batch is pending. */
    if (!is_missing)
        take_fault(session, reply, now_ns);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct operation *operation = &batch->operations[i];

        if (operation->kind == OPERATION_GONE ||
            (is_missing && send_again(session, operation)))
            continue;
        if (is_missing)
            take_fault(session, reply, now_ns);
        answer_outage(session, operation);
    }
}

static void finish_charge(struct session *session, uint32_t operation_count,
                          const struct reply *reply, int64_t now_ns)
{
    enum result results[SCRIPT_CHECKS_MAX];
    struct batch batch;

    take_batch(session, operation_count, &batch);
    if (read_batch(&batch, reply, results))
        answer_batch(session, &batch, results, now_ns);
    else
        fail_batch(session, &batch, reply, now_ns);
}

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
        else if (command.kind == COMMAND_CHARGE)
            finish_charge(session, command.operation_count, reply, now_ns);
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
    send_operations(session);
    fault = connection_send(connection);
    if (fault)
        session_lose(session, "", fault, now_ns);
}

short session_events(const struct session *session)
{
    short events = connection_events(&session->connection);

    return session->pending.unsent_count > 0 ? events | POLLOUT : events;
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
