#include "quota/redis/sentinel.h"

#include "quota/redis/fault.h"

#include <stdlib.h>

static bool put_question(void *context, struct outbox *outbox)
{
    const struct sentinel *sentinel = context;

    outbox_begin(outbox, 3);
    outbox_put(outbox, STR("SENTINEL"));
    outbox_put(outbox, STR("get-master-addr-by-name"));
    outbox_put(outbox, str_of(sentinel->master));
    return outbox_end(outbox);
}

const char *sentinel_read(const struct reply *reply,
                          char server[ADDRESS_TEXT_BYTES])
{
    const char *host = reply->texts[0], *port = reply->texts[1];
    const struct fault *fault;

    if (reply->kind == REPLY_ERROR) {
        fault = fault_find(reply->error);
        return fault ? fault->meaning : reply->error;
    }
    if (reply->kind == REPLY_OTHER && !host[0] && !port[0])
        return "it does not know the master";
    if (reply->kind != REPLY_OTHER ||
        !address_join(server, str_of(host), str_of(port)))
        return "malformed reply";
    return NULL;
}

static const char *read_answer(void *context, const struct reply *reply)
{
    struct sentinel *sentinel = context;

    return sentinel_read(reply, sentinel->found);
}

static const struct inquiry_question question = {
    .whom = "sentinel",
    .put = put_question,
    .read = read_answer,
};

void sentinel_init(struct sentinel *sentinel,
                   const struct redis_sentinels *settings)
{
    sentinel->master = str_dup(settings->master);
    sentinel->found[0] = '\0';
    inquiry_init(&sentinel->inquiry, &question, sentinel, settings->servers,
                 settings->count, &settings->credentials);
}

void sentinel_fini(struct sentinel *sentinel)
{
    inquiry_fini(&sentinel->inquiry);
    free(sentinel->master);
}
