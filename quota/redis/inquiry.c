#include "quota/redis/inquiry.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* These return why this server is of no use, or NULL. */

/* -- Asking one -- */

static const char *greet(struct inquiry *inquiry)
{
    struct outbox *outbox = &inquiry->connection.outbox;

    inquiry->awaits_login = login_is_needed(&inquiry->login);
    if (inquiry->awaits_login && !login_put(&inquiry->login, outbox))
        return "no room";
    return inquiry->question->put(inquiry->context, outbox) ? NULL : "no room";
}

static const char *connect_to(struct inquiry *inquiry, int64_t now_ns)
{
    struct address *address = &inquiry->addresses[inquiry->current];
    const struct sockaddr *sockaddr;
    socklen_t len;
    const char *fault;

    inquiry->lookup_at_ns = INT64_MAX;
    switch (address_next(address, &sockaddr, &len)) {
    case ADDRESS_PENDING:
        inquiry->lookup_at_ns = now_ns + ADDRESS_POLL_NS;
        return NULL;
    case ADDRESS_NONE:
        return address->fault;
    case ADDRESS_FOUND:
        break;
    }
    fault = connection_open(&inquiry->connection, sockaddr, len);
    if (fault || !inquiry->connection.is_connected)
        return fault;
    return greet(inquiry);
}

/* -- Its answer -- */

static const char *read_reply(struct inquiry *inquiry,
                              const struct reply *reply)
{
    const char *fault;

    if (inquiry->awaits_login) {
        inquiry->awaits_login = false;
        return login_fault(reply);
    }
    fault = inquiry->question->read(inquiry->context, reply);
    inquiry->is_answered = !fault;
    return fault;
}

static const char *read_replies(struct inquiry *inquiry)
{
    struct reply_reader *reader = &inquiry->connection.reader;
    const char *fault = NULL;

    while (!fault && !inquiry->is_answered) {
        switch (reply_next(reader)) {
        case REPLY_NONE:
            return NULL;
        case REPLY_BROKEN:
            return "malformed reply";
        case REPLY_READY:
            fault = read_reply(inquiry, &reader->reply);
            break;
        }
    }
    return fault;
}

static const char *receive(struct inquiry *inquiry)
{
    bool is_drained = false;
    const char *fault = NULL;

    while (!fault && !inquiry->is_answered && !is_drained) {
        fault = connection_receive(&inquiry->connection, &is_drained);
        if (!fault)
            fault = read_replies(inquiry);
    }
    return fault;
}

/* -- Asking all -- */

/* Leaves the current one and goes on to the next, until one may answer. */
static void give_up(struct inquiry *inquiry, const char *fault, int64_t now_ns)
{
    while (fault) {
        snprintf(inquiry->fault, sizeof(inquiry->fault), "%s %s: %s",
                 inquiry->question->whom, inquiry->servers[inquiry->current],
                 fault);
        connection_close(&inquiry->connection);
        inquiry->current = (inquiry->current + 1) % inquiry->count;
        if (++inquiry->asked_count == inquiry->count) {
            inquiry->is_asking = false;
            return;
        }
        inquiry->until_ns = now_ns + INQUIRY_PATIENCE_NS;
        fault = connect_to(inquiry, now_ns);
    }
}

void inquiry_ask(struct inquiry *inquiry, bool was_good, int64_t now_ns)
{
    assert(!inquiry->is_asking);
    if (!was_good && inquiry->is_answered)
        inquiry->current = (inquiry->current + 1) % inquiry->count;
    inquiry->is_asking = true;
    inquiry->asked_count = 0;
    inquiry->is_answered = false;
    /* The rest is done by the next step, so that an end is told by one. */
    inquiry->until_ns = now_ns + INQUIRY_PATIENCE_NS;
    inquiry->lookup_at_ns = now_ns;
}

static const char *handle_socket(struct inquiry *inquiry, short revents)
{
    const char *fault;

    if (inquiry->connection.is_connected)
        return revents & (POLLIN | POLLHUP | POLLERR) ? receive(inquiry) : NULL;
    fault = connection_finish(&inquiry->connection);
    return fault ? fault : greet(inquiry);
}

static const char *handle(struct inquiry *inquiry, short revents,
                          int64_t now_ns)
{
    const char *fault = NULL;

    if (revents != 0 && inquiry->connection.fd >= 0)
        fault = handle_socket(inquiry, revents);
    if (fault || inquiry->is_answered)
        return fault;
    if (now_ns >= inquiry->until_ns)
        return "no answer";
    if (now_ns >= inquiry->lookup_at_ns)
        fault = connect_to(inquiry, now_ns);
    if (!fault && inquiry->connection.is_connected)
        fault = connection_send(&inquiry->connection);
    return fault;
}

bool inquiry_step(struct inquiry *inquiry, short revents, int64_t now_ns)
{
    if (!inquiry->is_asking)
        return false;
    give_up(inquiry, handle(inquiry, revents, now_ns), now_ns);
    if (inquiry->is_answered) {
        connection_close(&inquiry->connection);
        inquiry->is_asking = false;
    }
    return !inquiry->is_asking;
}

int64_t inquiry_deadline_ns(const struct inquiry *inquiry)
{
    if (!inquiry->is_asking)
        return INT64_MAX;
    return inquiry->lookup_at_ns < inquiry->until_ns ? inquiry->lookup_at_ns
                                                     : inquiry->until_ns;
}

/* -- Beginning and end -- */

static void add(struct inquiry *inquiry, struct str server)
{
    assert(inquiry->count < INQUIRY_SERVERS_MAX);
    inquiry->servers[inquiry->count] = str_dup(server);
    address_init(&inquiry->addresses[inquiry->count], server);
    inquiry->count++;
}

static void remove_last(struct inquiry *inquiry)
{
    inquiry->count--;
    address_fini(&inquiry->addresses[inquiry->count]);
    free(inquiry->servers[inquiry->count]);
}

void inquiry_init(struct inquiry *inquiry,
                  const struct inquiry_question *question, void *context,
                  const struct str *servers, uint32_t count,
                  const struct redis_credentials *credentials)
{
    assert(count >= 1 && count <= REDIS_SERVERS_MAX);
    *inquiry = (struct inquiry){ .question = question,
                                 .context = context,
                                 .given_count = count };
    for (uint32_t i = 0; i < count; i++)
        add(inquiry, servers[i]);
    login_init(&inquiry->login, credentials);
    connection_init(&inquiry->connection);
}

void inquiry_set_credentials(struct inquiry *inquiry,
                             const struct redis_credentials *credentials)
{
    login_fini(&inquiry->login);
    login_init(&inquiry->login, credentials);
}

void inquiry_set_further(struct inquiry *inquiry, const struct str *servers,
                         uint32_t count)
{
    assert(!inquiry->is_asking && count <= STORE_FDS_MAX);
    while (inquiry->count > inquiry->given_count)
        remove_last(inquiry);
    for (uint32_t i = 0; i < count; i++)
        add(inquiry, servers[i]);
    if (inquiry->current >= inquiry->count)
        inquiry->current = 0;
}

void inquiry_fini(struct inquiry *inquiry)
{
    connection_fini(&inquiry->connection);
    login_fini(&inquiry->login);
    while (inquiry->count > 0)
        remove_last(inquiry);
}
