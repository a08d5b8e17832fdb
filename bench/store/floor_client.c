#include "bench/store/client.h"
#include "bench/store/link.h"

#include "policy/base/list.h"
#include "policy/base/str.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct floor_client {
    struct client client;
    const struct floor *floor;
    const struct keys *keys;
    uint64_t random;
    struct connection connection;
    char sha1[REPLY_TEXT_BYTES]; /* of the script */
    uint32_t depth, in_flight;
    /* How many keys each command has that is not answered: a ring. */
    uint32_t counts[CLIENT_DEPTH_MAX];
    uint32_t first, count;
};

static struct floor_client *of_client(struct client *client)
{
    return container_of(client, struct floor_client, client);
}

/* -- Sending -- */

static uint32_t argument_count(const struct floor *floor)
{
    uint32_t count = 0;

    while (count < 2 && floor->arguments[count])
        count++;
    return count;
}

static void put_head(struct floor_client *client, uint32_t key_count)
{
    struct outbox *outbox = &client->connection.outbox;
    const struct floor *floor = client->floor;
    uint32_t head = floor->script ? 3 : 1;

    outbox_begin(outbox, head + key_count + argument_count(floor));
    if (floor->script) {
        outbox_put(outbox, STR("EVALSHA"));
        outbox_put(outbox, str_of(client->sha1));
        outbox_put_i64(outbox, key_count);
    } else {
        outbox_put(outbox, str_of(floor->command));
    }
}

/* A key of each floor is its own: they hold different things. */
static void put_key(struct floor_client *client)
{
    const struct floor *floor = client->floor;
    const struct str parts[] = {
        STR("floor:"),
        floor->script ? (struct str){ client->sha1, 4 } : STR("n"),
        STR(":"),
        keys_any(client->keys, &client->random),
    };

    outbox_put_joined(&client->connection.outbox, parts, 4);
}

static bool put_command(struct floor_client *client, uint32_t key_count)
{
    struct outbox *outbox = &client->connection.outbox;
    const struct floor *floor = client->floor;

    put_head(client, key_count);
    for (uint32_t i = 0; i < key_count; i++)
        put_key(client);
    for (uint32_t i = 0; i < argument_count(floor); i++)
        outbox_put(outbox, str_of(floor->arguments[i]));
    return outbox_end(outbox);
}

static void fill_up(struct floor_client *client)
{
    while (client->in_flight < client->depth) {
        uint32_t missing = client->depth - client->in_flight;
        uint32_t most = client->floor->keys_per_command;
        uint32_t key_count = missing < most ? missing : most;
        uint32_t last = (client->first + client->count) % CLIENT_DEPTH_MAX;

        if (!put_command(client, key_count)) {
            client->client.fault = "no room to send";
            return;
        }
        client->counts[last] = key_count;
        client->count++;
        client->in_flight += key_count;
    }
}

/* -- Replies -- */

static const char *fault_of(const struct floor_client *client,
                            const struct reply *reply)
{
    if (reply->kind == REPLY_ERROR)
        return reply->error;
    if (client->count == 0)
        return "a reply that nobody asked for";
    if (!client->floor->script)
        return NULL;
    if (reply->kind != REPLY_INTEGERS ||
        reply->count != client->counts[client->first])
        return "a malformed reply";
    for (uint32_t i = 0; i < reply->count; i++)
        if (reply->integers[i] < 0)
            return "a refusal";
    return NULL;
}

static void take_reply(struct floor_client *client)
{
    uint32_t key_count = client->counts[client->first];

    client->client.fault = fault_of(client, &client->connection.reader.reply);
    if (client->client.fault)
        return;
    client->first = (client->first + 1) % CLIENT_DEPTH_MAX;
    client->count--;
    client->in_flight -= key_count;
    client->client.done_count += key_count;
}

static void take_replies(struct floor_client *client)
{
    while (!client->client.fault)
        switch (reply_next(&client->connection.reader)) {
        case REPLY_NONE:
            return;
        case REPLY_READY:
            take_reply(client);
            break;
        case REPLY_BROKEN:
            client->client.fault = "a malformed reply";
            break;
        }
}

static void turn(struct client *of, int64_t now_ns)
{
    struct floor_client *client = of_client(of);

    (void)now_ns;
    fill_up(client);
    if (!of->fault)
        of->fault = link_exchange(&client->connection, CLIENT_WAIT_NS);
    if (!of->fault)
        take_replies(client);
}

/* -- Beginning and end -- */

static const char *ask(struct connection *connection, const struct str *words,
                       uint32_t count)
{
    outbox_begin(&connection->outbox, count);
    for (uint32_t i = 0; i < count; i++)
        outbox_put(&connection->outbox, words[i]);
    outbox_end(&connection->outbox);
    return link_ask(connection);
}

/* Redis learns the script, and we what it calls it. */
static const char *load(struct floor_client *client)
{
    struct str script = str_of(client->floor->script);
    const struct str load_words[] = { STR("SCRIPT"), STR("LOAD"), script };
    const struct str sum_words[] = {
        STR("EVAL"),
        STR("return { redis.sha1hex(ARGV[1]) }"),
        STR("0"),
        script,
    };
    struct connection *connection = &client->connection;
    const char *fault = ask(connection, load_words, 3);

    if (!fault)
        fault = ask(connection, sum_words, 4);
    if (!fault)
        snprintf(client->sha1, sizeof(client->sha1), "%s",
                 connection->reader.reply.texts[0]);
    return fault;
}

static void floor_client_free(struct client *of)
{
    struct floor_client *client = of_client(of);

    connection_fini(&client->connection);
    free(client);
}

struct client *floor_client_new(const struct subject *subject,
                                const char *server, const struct keys *keys,
                                uint32_t depth)
{
    struct floor_client *client = calloc(1, sizeof(*client));

    assert(subject->is_floor);
    assert(depth >= 1 && depth <= CLIENT_DEPTH_MAX);
    if (!client)
        abort();
    client->client.turn = turn;
    client->client.free = floor_client_free;
    client->floor = &subject->floor;
    client->keys = keys;
    client->random = (uint64_t)getpid();
    client->depth = depth;
    connection_init(&client->connection);
    client->client.fault = link_open(&client->connection, server);
    if (!client->client.fault && subject->floor.script)
        client->client.fault = load(client);
    return &client->client;
}
