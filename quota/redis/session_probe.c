#include "quota/redis/clock_offset.h"
#include "quota/redis/fault.h"
#include "quota/redis/script.h"
#include "quota/redis/session_part.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* How long Redis may be silent before the connection is given up. */
static int64_t patience_ns(const struct session *session)
{
    return session->deadline_ns > SESSION_PATIENCE_NS ? session->deadline_ns
                                                      : SESSION_PATIENCE_NS;
}

void session_explain(const struct reply *reply, char *why, size_t size)
{
    const struct fault *fault;

    if (reply->kind != REPLY_ERROR) {
        snprintf(why, size, "malformed reply");
        return;
    }
    fault = fault_find(reply->error);
    snprintf(why, size, "%s%s%s", fault ? fault->meaning : "",
             fault ? ": " : "", reply->error);
}

/* -- Asking -- */

static void send_clock(struct session *session, int64_t now_ns)
{
    if (session->is_clock_asked)
        return;
    /* Without room for it, another time will do. */
    session->is_clock_asked = session_send(session, COMMAND_CLOCK);
    session->clock_sent_ns = now_ns;
}

static void send_probe(struct session *session, int64_t now_ns)
{
    send_clock(session, now_ns);
    session->probe_sent_ns = now_ns;
    if (!session_send(session, COMMAND_PROBE))
        session_lose(session, "", "no room for a probe", now_ns);
}

/* There is room for all of it: nothing else was sent. */
void session_greet(struct session *session, int64_t now_ns)
{
    session->store->stats.reconnects++;
    if (login_is_needed(&session->login))
        session_send(session, COMMAND_LOGIN);
    if (session->target.database != 0)
        session_send(session, COMMAND_SELECT);
    if (session->is_led)
        session_send(session, COMMAND_ROLE);
    send_probe(session, now_ns);
}

static void connect_to_next(struct session *session, int64_t now_ns)
{
    const struct sockaddr *sockaddr;
    socklen_t len;
    const char *fault;

    session->lookup_at_ns = INT64_MAX;
    switch (address_next(&session->address, &sockaddr, &len)) {
    case ADDRESS_PENDING:
        session->lookup_at_ns = now_ns + ADDRESS_POLL_NS;
        break;
    case ADDRESS_NONE:
        session_lose(session, "no address: ", session->address.fault, now_ns);
        break;
    case ADDRESS_FOUND:
        fault = connection_open(&session->connection, sockaddr, len);
        if (fault)
            session_lose(session, "cannot connect: ", fault, now_ns);
        else if (session->connection.is_connected)
            session_greet(session, now_ns);
        break;
    }
}

static void start_probe(struct session *session, int64_t now_ns)
{
    breaker_probe(&session->breaker);
    session->probe_until_ns = now_ns + patience_ns(session);
    session->lookup_at_ns = INT64_MAX;
    if (session->connection.fd >= 0) {
        send_probe(session, now_ns);
    } else if (session->is_led) {
        /* Whoever looks for it has deadlines of his own. */
        session->is_seeking = true;
        session->probe_until_ns = INT64_MAX;
    } else {
        connect_to_next(session, now_ns);
    }
}

/* -- Being led -- */

void session_lead(struct session *session, struct str server, int64_t now_ns)
{
    free(session->server);
    session->server = str_dup(server);
    session->is_seeking = false;
    session->probe_until_ns = now_ns + patience_ns(session);
    address_fini(&session->address);
    address_init(&session->address, str_of(session->server));
    connect_to_next(session, now_ns);
}

void session_mislead(struct session *session, const char *why, int64_t now_ns)
{
    session->is_seeking = false;
    session_lose(session, "cannot find the master: ", why, now_ns);
}

/* -- Answers -- */

static void finish_probe(struct session *session, const struct reply *reply,
                         int64_t now_ns)
{
    char why[SESSION_FAULT_BYTES];

    if (script_read_probe(reply)) {
        if (now_ns - session->probe_sent_ns > session->deadline_ns)
            session_trip(session, "", "slower than the deadline", now_ns);
        else
            session_succeed(session);
        return;
    }
    session_explain(reply, why, sizeof(why));
    /* A connection that only yields errors is given up, for it may lead to
     * what is a replica by now, while the address leads elsewhere; unless the
     * error is one of those that pass. */
    if (reply->kind == REPLY_ERROR &&
        (fault_kind_of(reply->error) == FAULT_AWAY ||
         session_is_misled(session, reply, now_ns)))
        session_trip(session, "", why, now_ns);
    else
        session_lose(session, "", why, now_ns);
}

static void finish_role(struct session *session, const struct reply *reply,
                        int64_t now_ns)
{
    char why[SESSION_FAULT_BYTES];

    session_explain(reply, why, sizeof(why));
    if (str_eq(str_of(reply->texts[0]), STR("slave")))
        session_lose(session, "", "it is a replica, not the master", now_ns);
    else
        session_lose(session, "cannot learn its role: ", why, now_ns);
}

static void finish_clock(struct session *session, const struct reply *reply,
                         int64_t now_ns)
{
    struct store *store = session->store;

    char why[SESSION_FAULT_BYTES];

    session->is_clock_asked = false;
    /* To do without the clock is no fault. But where nobody is logged in, this
     * says so, while longer commands are answered with a protocol error. */
    if (reply->kind == REPLY_INTEGERS ||
        (reply->kind == REPLY_ERROR &&
         fault_kind_of(reply->error) == FAULT_ASTRAY)) {
        session_explain(reply, why, sizeof(why));
        session_lose(session, "", why, now_ns);
        return;
    }
    /* A late answer tells too little of when it was given. */
    if (now_ns - session->clock_sent_ns <= session->deadline_ns &&
        clock_offset_read(reply, session->clock_sent_ns, now_ns,
                          &store->clock_offset_ns))
        store->has_clock = true;
}

static void finish_select(struct session *session, const struct reply *reply,
                          int64_t now_ns)
{
    char why[SESSION_FAULT_BYTES];

    session_explain(reply, why, sizeof(why));
    session_lose(session, "cannot select the database: ", why, now_ns);
}

void session_finish_own(struct session *session, enum command_kind kind,
                        const struct reply *reply, int64_t now_ns)
{
    bool is_good = command_is_answered(kind, reply);

    switch (kind) {
    case COMMAND_LOGIN:
        if (!is_good)
            session_lose(session, "cannot log in: ", login_fault(reply),
                         now_ns);
        break;
    case COMMAND_SELECT:
        if (!is_good)
            finish_select(session, reply, now_ns);
        break;
    case COMMAND_ROLE:
        if (!is_good)
            finish_role(session, reply, now_ns);
        break;
    case COMMAND_CLOCK:
        finish_clock(session, reply, now_ns);
        break;
    case COMMAND_PROBE:
        finish_probe(session, reply, now_ns);
        break;
    case COMMAND_LOAD:
        session->is_loading = false;
        break;
    case COMMAND_ASKING: /* not heard, the operation is redirected again */
    case COMMAND_CHARGE:
    case COMMAND_HOLDERS:
        break;
    }
}

/* -- Time -- */

static int64_t clock_deadline_ns(const struct session *session)
{
    return session->clock_sent_ns +
           (session->is_clock_asked ? patience_ns(session) : SESSION_CLOCK_NS);
}

/* While nothing is wrong. That nobody answers is noticed by this also when no
 * operation comes. */
static void pass_clock_time(struct session *session, int64_t now_ns)
{
    if (now_ns < clock_deadline_ns(session))
        return;
    if (session->is_clock_asked)
        session_trip(session, "", "no answer", now_ns);
    else
        send_clock(session, now_ns);
}

static void pass_probe_time(struct session *session, int64_t now_ns)
{
    if (now_ns >= session->probe_until_ns)
        session_lose(session, "", "no answer", now_ns);
    else if (now_ns >= session->lookup_at_ns)
        connect_to_next(session, now_ns);
}

void session_pass_time(struct session *session, int64_t now_ns)
{
    switch (session->breaker.state) {
    case BREAKER_CLOSED:
        pass_clock_time(session, now_ns);
        break;
    case BREAKER_HALF_OPEN:
        pass_probe_time(session, now_ns);
        break;
    case BREAKER_OPEN:
        break;
    }
    if (breaker_is_due(&session->breaker, now_ns))
        start_probe(session, now_ns);
}

int64_t session_own_deadline_ns(const struct session *session)
{
    switch (session->breaker.state) {
    case BREAKER_CLOSED:
        return clock_deadline_ns(session);
    case BREAKER_OPEN:
        return session->breaker.probe_at_ns;
    case BREAKER_HALF_OPEN:
        break;
    }
    return sooner(session->probe_until_ns, session->lookup_at_ns);
}
