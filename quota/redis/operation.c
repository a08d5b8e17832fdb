#include "quota/redis/operation.h"

#include "quota/redis/script.h"

static bool put_word(struct outbox *outbox, struct str word)
{
    outbox_begin(outbox, 1);
    outbox_put(outbox, word);
    return outbox_end(outbox);
}

static bool put_select(struct outbox *outbox, uint32_t database)
{
    outbox_begin(outbox, 2);
    outbox_put(outbox, STR("SELECT"));
    outbox_put_i64(outbox, database);
    return outbox_end(outbox);
}

bool operation_put(const struct operation *operation, struct outbox *outbox,
                   const struct operation_target *target)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        return script_put_take(outbox, target->prefix, operation->take);
    case OPERATION_RELEASE:
        return script_put_release(outbox, target->prefix, operation->release);
    case OPERATION_LOGIN:
        return login_put(target->login, outbox);
    case OPERATION_SELECT:
        return put_select(outbox, target->database);
    case OPERATION_ROLE:
        return put_word(outbox, STR("ROLE"));
    case OPERATION_CLOCK:
        return put_word(outbox, STR("TIME"));
    case OPERATION_PROBE:
        return script_put_probe(outbox, target->prefix);
    case OPERATION_LOAD:
        return script_put_load(outbox);
    case OPERATION_EXPIRED:
        break;
    }
    return false;
}

bool operation_read(const struct operation *operation,
                    const struct reply *reply)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        return script_read_take(reply, operation->take);
    case OPERATION_RELEASE:
        return script_read_release(reply, operation->release);
    case OPERATION_PROBE:
        return script_read_probe(reply);
    case OPERATION_ROLE:
        return reply->kind == REPLY_OTHER &&
               str_eq(str_of(reply->texts[0]), STR("master"));
    case OPERATION_LOGIN:
    case OPERATION_SELECT:
    case OPERATION_CLOCK:
    case OPERATION_LOAD:
        return reply->kind == REPLY_OTHER;
    case OPERATION_EXPIRED:
        break;
    }
    return true;
}

void operation_fail(const struct operation *operation)
{
    if (operation->kind == OPERATION_TAKE)
        operation->take->status = TAKE_OUTAGE;
    else if (operation->kind == OPERATION_RELEASE)
        operation->release->released = -1;
}

void operation_done(const struct operation *operation)
{
    if (operation->kind == OPERATION_TAKE)
        operation->take->done(operation->take);
    else if (operation->kind == OPERATION_RELEASE)
        operation->release->done(operation->release);
}
