#include "quota/redis/reply.h"

#include <stdlib.h>
#include <string.h>

/*
 * The reader builds objects by these functions. All of them answer with the one
 * struct reply; NULL makes the reader give up.
 */

static struct reply *reply_of(const redisReadTask *task)
{
    struct reply_reader *reader = task->privdata;

    return &reader->reply;
}

/* Whether it is an element of the reply itself. */
static bool is_element(const redisReadTask *task)
{
    return task->parent && !task->parent->parent;
}

static void tell(const redisReadTask *task, struct reply_item item)
{
    struct reply_reader *reader = task->privdata;
    const redisReadTask *at;

    if (!reader->listener.hear)
        return;
    for (at = task; at->parent; at = at->parent)
        item.depth++;
    if (item.depth == 0 || item.depth > REPLY_DEPTH_MAX)
        return;
    at = task;
    for (uint32_t i = item.depth; i > 0; i--, at = at->parent)
        item.path[i - 1] = (uint32_t)at->idx;
    reader->listener.hear(reader->listener.context, &item);
}

static void keep_text(struct reply *reply, int index, const char *text,
                      size_t len)
{
    if (index >= REPLY_TEXTS_MAX || len >= REPLY_TEXT_BYTES ||
        memchr(text, '\0', len))
        return;
    memcpy(reply->texts[index], text, len);
    reply->texts[index][len] = '\0';
}

static void *put_text(const redisReadTask *task, char *text, size_t len)
{
    struct reply *reply = reply_of(task);

    reply->kind = REPLY_OTHER;
    tell(task, (struct reply_item){ .text = { text, len } });
    if (!task->parent && task->type == REDIS_REPLY_ERROR) {
        reply->kind = REPLY_ERROR;
        if (len >= sizeof(reply->error))
            len = sizeof(reply->error) - 1;
        memcpy(reply->error, text, len);
        reply->error[len] = '\0';
    } else if (is_element(task) && task->type != REDIS_REPLY_ERROR) {
        keep_text(reply, task->idx, text, len);
    }
    return reply;
}

static void *put_array(const redisReadTask *task, int element_count)
{
    const struct reply_reader *reader = task->privdata;
    struct reply *reply = reply_of(task);
    int most = reader->listener.hear ? REPLY_ITEMS_MAX : REPLY_INTEGERS_MAX;

    /* Of what is within, little is kept, however much it is. */
    if (task->parent)
        reply->kind = REPLY_OTHER;
    return task->parent || element_count <= most ? reply : NULL;
}

static void *put_integer(const redisReadTask *task, long long value)
{
    struct reply *reply = reply_of(task);

    tell(task, (struct reply_item){ .integer = value });
    /* Nested arrays may hold more. */
    if (reply->count < REPLY_INTEGERS_MAX)
        reply->integers[reply->count++] = value;
    return reply;
}

static void *put_nil(const redisReadTask *task)
{
    struct reply *reply = reply_of(task);

    reply->kind = REPLY_OTHER;
    tell(task, (struct reply_item){ 0 });
    return reply;
}

static void free_nothing(void *reply)
{
    (void)reply;
}

static redisReplyObjectFunctions functions = {
    .createString = put_text,
    .createArray = put_array,
    .createInteger = put_integer,
    .createNil = put_nil,
    .freeObject = free_nothing,
};

void reply_reader_init(struct reply_reader *reader)
{
    *reader = (struct reply_reader){
        .hiredis = redisReaderCreateWithFunctions(&functions),
    };
    if (!reader->hiredis)
        abort();
    reader->hiredis->privdata = reader;
}

void reply_reader_fini(struct reply_reader *reader)
{
    if (reader->hiredis)
        redisReaderFree(reader->hiredis);
    reader->hiredis = NULL;
}

bool reply_feed(struct reply_reader *reader, const char *bytes, size_t len)
{
    return redisReaderFeed(reader->hiredis, bytes, len) == REDIS_OK;
}

enum reply_result reply_next(struct reply_reader *reader)
{
    const redisReader *hiredis = reader->hiredis;
    void *object;

    if (reader->is_complete) {
        reader->reply.kind = REPLY_INTEGERS;
        reader->reply.count = 0;
        for (int i = 0; i < REPLY_TEXTS_MAX; i++)
            reader->reply.texts[i][0] = '\0';
        reader->is_complete = false;
    }
    if (redisReaderGetReply(reader->hiredis, &object) != REDIS_OK)
        return REPLY_BROKEN;
    if (object) {
        reader->is_complete = true;
        return REPLY_READY;
    }
    if (hiredis->len - hiredis->pos > REPLY_BYTES_MAX)
        return REPLY_BROKEN;
    return REPLY_NONE;
}
