#include "quota/redis/command.h"

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

bool command_put(enum command_kind kind, struct outbox *outbox,
                 const struct command_target *target)
{
    switch (kind) {
    case COMMAND_LOGIN:
        return login_put(target->login, outbox);
    case COMMAND_SELECT:
        return put_select(outbox, target->database);
    case COMMAND_ROLE:
        return put_word(outbox, STR("ROLE"));
    case COMMAND_CLOCK:
        return put_word(outbox, STR("TIME"));
    case COMMAND_PROBE:
        return script_put_probe(outbox, target->prefix, target->probe_key);
    case COMMAND_LOAD:
        return script_put_load(outbox);
    case COMMAND_ASKING:
        return put_word(outbox, STR("ASKING"));
    case COMMAND_CHARGE:
    case COMMAND_HOLDERS:
        break;
    }
    return false;
}

bool command_is_answered(enum command_kind kind, const struct reply *reply)
{
    switch (kind) {
    case COMMAND_PROBE:
        return script_read_probe(reply);
    case COMMAND_ROLE:
        return reply->kind == REPLY_OTHER &&
               str_eq(str_of(reply->texts[0]), STR("master"));
    case COMMAND_LOGIN:
    case COMMAND_SELECT:
    case COMMAND_CLOCK:
    case COMMAND_LOAD:
    case COMMAND_ASKING:
        return reply->kind == REPLY_OTHER;
    case COMMAND_CHARGE:
    case COMMAND_HOLDERS:
        break;
    }
    return false;
}
