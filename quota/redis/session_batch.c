#include "quota/redis/fault.h"
#include "quota/redis/holders.h"
#include "quota/redis/script.h"
#include "quota/redis/session_part.h"

/* -- Sending -- */

/* What may go out together. False: nothing is left, or there is no room. */
static bool send_command(struct session *session)
{
    const struct operation *operations[SCRIPT_CHECKS_MAX];
    struct pending *pending = &session->pending;
    struct outbox *outbox = &session->connection.outbox;
    struct str prefix = session->target.prefix;
    struct command command = { .kind = COMMAND_CHARGE };
    uint32_t count =
        pending_batch(pending, operations, &command.operation_count);

    if (count == 0 || pending_has_all_commands(pending) ||
        (operations[0]->is_asking && !session_send(session, COMMAND_ASKING)) ||
        pending_has_all_commands(pending))
        return false;
    if (operations[0]->kind == OPERATION_HOLDERS)
        command.kind = COMMAND_HOLDERS;
    if (command.kind == COMMAND_HOLDERS
            ? !holders_put(outbox, prefix, operations[0]->holders)
            : !script_put(outbox, prefix, operations, count))
        return false;
    pending_add_command(pending, command);
    return true;
}

void session_send_operations(struct session *session)
{
    while (send_command(session))
        ;
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
        session_fail(session, why, now_ns);
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

/* Into an empty one. */
static void take_batch(struct session *session, uint32_t operation_count,
                       struct batch *batch)
{
    struct operation operation;

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
            session_fail(session, "a key holds something else", now_ns);
            session_answer_outage(session, operation);
        }
    }
}

/* -- Redirection -- */

bool session_is_misled(struct session *session, const struct reply *reply,
                       int64_t now_ns)
{
    const struct session_guide *guide = session->guide;
    struct redirect redirect;

    if (!guide ||
        (redirect_read(reply, session->server, &redirect) == REDIRECT_NONE &&
         !redirect_is_split(reply)))
        return false;
    if (redirect.kind != REDIRECT_NONE)
        guide->redirect(guide->context, NULL, &redirect, now_ns);
    return true;
}

static bool redirect_one(const struct session *session,
                         struct operation *operation,
                         const struct redirect *redirect, int64_t now_ns)
{
    const struct session_guide *guide = session->guide;

    if (operation->redirect_count == SESSION_REDIRECTS_MAX)
        return false;
    operation->redirect_count++;
    operation->is_asking = redirect->kind == REDIRECT_ASK;
    return guide->redirect(guide->context, operation, redirect, now_ns);
}

/* Of several, which may be on different nodes, each is asked for alone. */
static bool separate_one(struct session *session, struct operation *operation)
{
    if (operation->is_alone)
        return false;
    operation->is_alone = true;
    return session_adopt(session, operation);
}

/* Nothing of it ran, and nothing is wrong with the node. False: the reply says
 * something else. */
static bool redirect_batch(struct session *session, struct batch *batch,
                           const struct reply *reply, int64_t now_ns)
{
    bool is_split = session->guide && redirect_is_split(reply);
    struct redirect redirect;

    if (!session->guide ||
        (!is_split &&
         redirect_read(reply, session->server, &redirect) == REDIRECT_NONE))
        return false;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct operation *operation = &batch->operations[i];

        if (operation->kind == OPERATION_GONE)
            continue;
        if (is_split ? !(batch->count > 1 && separate_one(session, operation))
                     : !redirect_one(session, operation, &redirect, now_ns))
            session_answer_outage(session, operation);
    }
    return true;
}

/* The reply is an error or malformed: whether anything happened is not known,
 * but where the script is missing. */
static void fail_batch(struct session *session, struct batch *batch,
                       const struct reply *reply, int64_t now_ns)
{
    bool is_missing = script_is_missing(reply);

    if (redirect_batch(session, batch, reply, now_ns))
        return;
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
        session_answer_outage(session, operation);
    }
}

/* Fills the answer to what asked for it. False: the reply is none. */
static bool read_holders(const struct batch *batch, const struct reply *reply,
                         enum result results[SCRIPT_CHECKS_MAX])
{
    struct holders unwanted;

    results[0] = RESULT_READ;
    return holders_read(reply, batch->operations[0].kind == OPERATION_HOLDERS
                                   ? batch->operations[0].holders
                                   : &unwanted);
}

void session_finish_operations(struct session *session,
                               const struct command *command,
                               const struct reply *reply, int64_t now_ns)
{
    enum result results[SCRIPT_CHECKS_MAX] = { RESULT_READ };
    struct batch batch = { .count = 0 };

    take_batch(session, command->operation_count, &batch);
    if (command->kind == COMMAND_HOLDERS ? read_holders(&batch, reply, results)
                                         : read_batch(&batch, reply, results))
        answer_batch(session, &batch, results, now_ns);
    else
        fail_batch(session, &batch, reply, now_ns);
}
