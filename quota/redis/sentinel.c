#include "quota/redis/sentinel.h"

#include "quota/redis/fault.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* These return why this sentinel is of no use, or NULL. */

/* -- Asking one -- */

static bool put_question(const struct sentinel *sentinel, struct outbox *outbox)
{
    outbox_begin(outbox, 3);
    outbox_put(outbox, STR("SENTINEL"));
    outbox_put(outbox, STR("get-master-addr-by-name"));
    outbox_put(outbox, str_of(sentinel->master));
    return outbox_end(outbox);
}

static const char *greet(struct sentinel *sentinel)
{
    struct outbox *outbox = &sentinel->connection.outbox;

    sentinel->awaits_login = login_is_needed(&sentinel->login);
    if (sentinel->awaits_login && !login_put(&sentinel->login, outbox))
        return "no room";
    return put_question(sentinel, outbox) ? NULL : "no room";
}

static const char *connect_to(struct sentinel *sentinel, int64_t now_ns)
{
    struct address *address = &sentinel->addresses[sentinel->current];
    const struct sockaddr *sockaddr;
    socklen_t len;
    const char *fault;

    sentinel->lookup_at_ns = INT64_MAX;
    switch (address_next(address, &sockaddr, &len)) {
    case ADDRESS_PENDING:
        sentinel->lookup_at_ns = now_ns + ADDRESS_POLL_NS;
        return NULL;
    case ADDRESS_NONE:
        return address->fault;
    case ADDRESS_FOUND:
        break;
    }
    fault = connection_open(&sentinel->connection, sockaddr, len);
    if (fault || !sentinel->connection.is_connected)
        return fault;
    return greet(sentinel);
}

/* -- Its answer -- */

static bool is_port(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len <= 5 && strspn(text, "0123456789") == len;
}

/* Of a name or a number; nothing that means something to us. */
static bool is_host(const char *text)
{
    return text[0] != '\0' &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:%") == strlen(text);
}

const char *sentinel_read(const struct reply *reply,
                          char server[SENTINEL_SERVER_BYTES])
{
    const char *host = reply->texts[0], *port = reply->texts[1];
    bool is_v6 = strchr(host, ':');
    const struct fault *fault;

    if (reply->kind == REPLY_ERROR) {
        fault = fault_find(reply->error);
        return fault ? fault->meaning : reply->error;
    }
    if (reply->kind == REPLY_OTHER && !host[0] && !port[0])
        return "it does not know the master";
    if (reply->kind != REPLY_OTHER || !is_host(host) || !is_port(port))
        return "malformed reply";
    snprintf(server, SENTINEL_SERVER_BYTES, "%s%s%s:%s", is_v6 ? "[" : "", host,
             is_v6 ? "]" : "", port);
    return NULL;
}

static const char *read_reply(struct sentinel *sentinel,
                              const struct reply *reply)
{
    if (!sentinel->awaits_login)
        return sentinel_read(reply, sentinel->found);
    sentinel->awaits_login = false;
    return login_fault(reply);
}

static const char *read_replies(struct sentinel *sentinel)
{
    struct reply_reader *reader = &sentinel->connection.reader;
    const char *fault = NULL;

    while (!fault && !sentinel->found[0]) {
        switch (reply_next(reader)) {
        case REPLY_NONE:
            return NULL;
        case REPLY_BROKEN:
            return "malformed reply";
        case REPLY_READY:
            fault = read_reply(sentinel, &reader->reply);
            break;
        }
    }
    return fault;
}

static const char *receive(struct sentinel *sentinel)
{
    bool is_drained = false;
    const char *fault = NULL;

    while (!fault && !sentinel->found[0] && !is_drained) {
        fault = connection_receive(&sentinel->connection, &is_drained);
        if (!fault)
            fault = read_replies(sentinel);
    }
    return fault;
}

/* -- Asking all -- */

/* Leaves the current one and goes on to the next, until one may answer. */
static void give_up(struct sentinel *sentinel, const char *fault,
                    int64_t now_ns)
{
    while (fault) {
        snprintf(sentinel->fault, sizeof(sentinel->fault), "sentinel %s: %s",
                 sentinel->servers[sentinel->current], fault);
        connection_close(&sentinel->connection);
        sentinel->current = (sentinel->current + 1) % sentinel->count;
        if (++sentinel->asked_count == sentinel->count) {
            sentinel->is_asking = false;
            return;
        }
        sentinel->until_ns = now_ns + SENTINEL_PATIENCE_NS;
        fault = connect_to(sentinel, now_ns);
    }
}

void sentinel_ask(struct sentinel *sentinel, bool was_good, int64_t now_ns)
{
    assert(!sentinel->is_asking);
    if (!was_good && sentinel->found[0])
        sentinel->current = (sentinel->current + 1) % sentinel->count;
    sentinel->is_asking = true;
    sentinel->asked_count = 0;
    sentinel->found[0] = '\0';
    /* The rest is done by the next step, so that an end is told by one. */
    sentinel->until_ns = now_ns + SENTINEL_PATIENCE_NS;
    sentinel->lookup_at_ns = now_ns;
}

static const char *handle_socket(struct sentinel *sentinel, short revents)
{
    const char *fault;

    if (sentinel->connection.is_connected)
        return revents & (POLLIN | POLLHUP | POLLERR) ? receive(sentinel)
                                                      : NULL;
    fault = connection_finish(&sentinel->connection);
    return fault ? fault : greet(sentinel);
}

static const char *handle(struct sentinel *sentinel, short revents,
                          int64_t now_ns)
{
    const char *fault = NULL;

    if (revents != 0 && sentinel->connection.fd >= 0)
        fault = handle_socket(sentinel, revents);
    if (fault || sentinel->found[0])
        return fault;
    if (now_ns >= sentinel->until_ns)
        return "no answer";
    if (now_ns >= sentinel->lookup_at_ns)
        fault = connect_to(sentinel, now_ns);
    if (!fault && sentinel->connection.is_connected)
        fault = connection_send(&sentinel->connection);
    return fault;
}

bool sentinel_step(struct sentinel *sentinel, short revents, int64_t now_ns)
{
    if (!sentinel->is_asking)
        return false;
    give_up(sentinel, handle(sentinel, revents, now_ns), now_ns);
    if (sentinel->found[0]) {
        connection_close(&sentinel->connection);
        sentinel->is_asking = false;
    }
    return !sentinel->is_asking;
}

int64_t sentinel_deadline_ns(const struct sentinel *sentinel)
{
    if (!sentinel->is_asking)
        return INT64_MAX;
    return sentinel->lookup_at_ns < sentinel->until_ns ? sentinel->lookup_at_ns
                                                       : sentinel->until_ns;
}

/* -- Beginning and end -- */

void sentinel_init(struct sentinel *sentinel,
                   const struct redis_sentinels *settings)
{
    assert(settings->count >= 1 && settings->count <= SENTINELS_MAX);
    *sentinel = (struct sentinel){
        .count = settings->count,
        .master = str_dup(settings->master),
    };
    for (uint32_t i = 0; i < settings->count; i++) {
        sentinel->servers[i] = str_dup(settings->servers[i]);
        address_init(&sentinel->addresses[i], settings->servers[i]);
    }
    login_init(&sentinel->login, &settings->credentials);
    connection_init(&sentinel->connection);
}

void sentinel_set_credentials(struct sentinel *sentinel,
                              const struct redis_credentials *credentials)
{
    login_fini(&sentinel->login);
    login_init(&sentinel->login, credentials);
}

void sentinel_fini(struct sentinel *sentinel)
{
    connection_fini(&sentinel->connection);
    login_fini(&sentinel->login);
    for (uint32_t i = 0; i < sentinel->count; i++) {
        address_fini(&sentinel->addresses[i]);
        free(sentinel->servers[i]);
    }
    free(sentinel->master);
}
