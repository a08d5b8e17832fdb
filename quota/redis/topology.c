#include "quota/redis/topology.h"

#include "quota/redis/fault.h"

#include <stdio.h>

#define TO_TEXT(number) TO_TEXT_(number)
#define TO_TEXT_(number) #number

/* -- Its answer: of each range of slots the first, the last, and the nodes that
 * have it, of which the first is the master: its host, its port, and more. --
 */

void topology_begin(struct topology *topology, const char *server)
{
    slots_clear(&topology->slots);
    topology->node_count = 0;
    topology->server = server;
    topology->fault = NULL;
}

static uint8_t find_node(struct topology *topology, const char *node)
{
    for (uint32_t i = 0; i < topology->node_count; i++)
        if (strcmp(topology->nodes[i], node) == 0)
            return (uint8_t)i;
    if (topology->node_count == TOPOLOGY_NODES_MAX) {
        topology->fault = "it has more than " TO_TEXT(
            TOPOLOGY_NODES_MAX) " masters with slots";
        return SLOTS_NOBODY;
    }
    memcpy(topology->nodes[topology->node_count], node, ADDRESS_TEXT_BYTES);
    return (uint8_t)topology->node_count++;
}

/* All of the range is known with the port. */
static void take_range(struct topology *topology, int64_t port)
{
    struct str host = str_of(topology->host);
    char digits[24], node[ADDRESS_TEXT_BYTES] = "";
    bool is_range = topology->first >= 0 && topology->last < SLOT_COUNT &&
                    topology->first <= topology->last;

    if (host.len == 0)
        host = address_host(str_of(topology->server));
    snprintf(digits, sizeof(digits), "%lld", (long long)port);
    if (!is_range || !address_join(node, host, str_of(digits)))
        topology->fault = "malformed reply";
    else
        slots_set(&topology->slots, (uint32_t)topology->first,
                  (uint32_t)topology->last, find_node(topology, node));
}

static void take_host(struct topology *topology, struct str host)
{
    if (host.len >= sizeof(topology->host))
        topology->fault = "malformed reply";
    else
        snprintf(topology->host, sizeof(topology->host), "%.*s", STR_ARG(host));
}

/* Places within a range. */
enum {
    PLACE_FIRST,
    PLACE_LAST,
    PLACE_MASTER,
};
enum {
    PLACE_HOST,
    PLACE_PORT,
};

void topology_hear(void *context, const struct reply_item *item)
{
    struct topology *topology = context;

    if (item->depth == 2 && item->path[1] == PLACE_FIRST) {
        topology->first = item->integer;
        topology->last = -1;
        topology->host[0] = '\0';
    } else if (item->depth == 2 && item->path[1] == PLACE_LAST) {
        topology->last = item->integer;
    } else if (item->depth == 3 && item->path[1] == PLACE_MASTER) {
        if (item->path[2] == PLACE_HOST && item->text.data)
            take_host(topology, item->text);
        else if (item->path[2] == PLACE_PORT)
            take_range(topology, item->integer);
    }
}

const char *topology_end(struct topology *topology, const struct reply *reply)
{
    const struct fault *fault;

    if (reply->kind == REPLY_ERROR) {
        fault = fault_find(reply->error);
        return fault ? fault->meaning : reply->error;
    }
    if (!topology->fault && topology->node_count == 0)
        return "it knows of no node that has slots";
    return topology->fault;
}

/* -- Asking -- */

static bool put_question(void *context, struct outbox *outbox)
{
    struct topology *topology = context;
    struct inquiry *inquiry = &topology->inquiry;

    topology_begin(topology, inquiry->servers[inquiry->current]);
    inquiry->connection.reader.listener = (struct reply_listener){
        .hear = topology_hear,
        .context = topology,
    };
    outbox_begin(outbox, 2);
    outbox_put(outbox, STR("CLUSTER"));
    outbox_put(outbox, STR("SLOTS"));
    return outbox_end(outbox);
}

static const char *read_answer(void *context, const struct reply *reply)
{
    return topology_end(context, reply);
}

static const struct inquiry_question question = {
    .whom = "node",
    .put = put_question,
    .read = read_answer,
};

void topology_init(struct topology *topology,
                   const struct redis_cluster *settings,
                   const struct redis_credentials *credentials)
{
    inquiry_init(&topology->inquiry, &question, topology, settings->servers,
                 settings->count, credentials);
}

void topology_fini(struct topology *topology)
{
    inquiry_fini(&topology->inquiry);
}
