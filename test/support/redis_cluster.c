#include "test/support/redis_cluster.h"

#include "test/support/table.h"

#include "quota/redis/slots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ID_BYTES 41
#define TURNS_MAX 6000

static void ask_ok(struct redis_server *server, const char *command)
{
    const char *reply = redis_server_ask(server, command);

    if (strcmp(reply, "+OK") != 0)
        fail_msg("to %s a node answers %s", command, reply);
}

static void get_id(struct redis_server *server, char id[ID_BYTES])
{
    const char *text = redis_server_read(server, "CLUSTER MYID");

    snprintf(id, ID_BYTES, "%s", text);
}

static uint32_t first_slot(uint32_t owner)
{
    return owner * SLOT_COUNT / REDIS_CLUSTER_OWNERS;
}

static void start_node(struct redis_cluster_servers *cluster, uint32_t index)
{
    struct redis_server *node = &cluster->nodes[index];
    char command[64];

    redis_server_init(node);
    node->bus_port = redis_server_free_port();
    redis_server_start(node);
    snprintf(command, sizeof(command), "CLUSTER SET-CONFIG-EPOCH %" PRIu32,
             index + 1);
    ask_ok(node, command);
    if (index >= REDIS_CLUSTER_OWNERS)
        return;
    snprintf(cluster->addresses[index], sizeof(cluster->addresses[index]),
             "127.0.0.1:%d", node->port);
    snprintf(command, sizeof(command),
             "CLUSTER ADDSLOTSRANGE %" PRIu32 " %" PRIu32, first_slot(index),
             first_slot(index + 1) - 1);
    ask_ok(node, command);
}

static bool knows_all(struct redis_server *node)
{
    const char *text = redis_server_read(node, "CLUSTER INFO");

    return strstr(text, "cluster_state:ok") &&
           strstr(text, "cluster_slots_ok:16384") &&
           strstr(text, "cluster_known_nodes:4");
}

static void wait_for(struct redis_server *node)
{
    const struct timespec pause = { .tv_nsec = 5000000 };

    for (int turns = 0; !knows_all(node); turns++) {
        assert_true(turns < TURNS_MAX);
        nanosleep(&pause, NULL);
    }
}

static void meet(struct redis_server *node, const struct redis_server *other)
{
    char command[64];

    snprintf(command, sizeof(command), "CLUSTER MEET 127.0.0.1 %d %d",
             other->port, other->bus_port);
    ask_ok(node, command);
}

void redis_cluster_init(struct redis_cluster_servers *cluster)
{
    *cluster = (struct redis_cluster_servers){ 0 };
    for (uint32_t i = 0; i < REDIS_CLUSTER_NODES; i++)
        start_node(cluster, i);
    for (uint32_t i = 0; i < REDIS_CLUSTER_NODES; i++)
        for (uint32_t other = 0; other < REDIS_CLUSTER_NODES; other++)
            if (other != i)
                meet(&cluster->nodes[i], &cluster->nodes[other]);
    redis_cluster_mend(cluster);
}

void redis_cluster_mend(struct redis_cluster_servers *cluster)
{
    for (uint32_t i = 0; i < REDIS_CLUSTER_NODES; i++)
        if (cluster->nodes[i].pid == 0)
            redis_server_start(&cluster->nodes[i]);
    for (uint32_t i = 0; i < REDIS_CLUSTER_NODES; i++)
        wait_for(&cluster->nodes[i]);
}

void redis_cluster_fini(struct redis_cluster_servers *cluster)
{
    for (uint32_t i = 0; i < REDIS_CLUSTER_NODES; i++)
        redis_server_fini(&cluster->nodes[i]);
}

void redis_cluster_flush(struct redis_cluster_servers *cluster)
{
    for (uint32_t i = 0; i < REDIS_CLUSTER_NODES; i++)
        if (cluster->nodes[i].pid > 0)
            ask_ok(&cluster->nodes[i], "FLUSHALL");
}

uint32_t redis_cluster_owner(uint16_t slot)
{
    uint32_t owner = 0;

    while (slot >= first_slot(owner + 1))
        owner++;
    return owner;
}

static void set_slot(struct redis_cluster_servers *cluster, uint32_t node,
                     uint16_t slot, const char *state, uint32_t other)
{
    char id[ID_BYTES], command[128];

    get_id(&cluster->nodes[other], id);
    snprintf(command, sizeof(command), "CLUSTER SETSLOT %u %s %s", slot, state,
             id);
    ask_ok(&cluster->nodes[node], command);
}

void redis_cluster_begin_move(struct redis_cluster_servers *cluster,
                              uint16_t slot, uint32_t from, uint32_t to)
{
    set_slot(cluster, to, slot, "IMPORTING", from);
    set_slot(cluster, from, slot, "MIGRATING", to);
}

void redis_cluster_move_keys(struct redis_cluster_servers *cluster,
                             uint16_t slot, uint32_t from, uint32_t to)
{
    char command[512], keys[4096], *rest = keys, *key;

    snprintf(command, sizeof(command), "CLUSTER GETKEYSINSLOT %u 100", slot);
    snprintf(keys, sizeof(keys), "%s",
             redis_server_read(&cluster->nodes[from], command));
    while ((key = strtok_r(rest, "\n", &rest))) {
        const char *reply;

        snprintf(command, sizeof(command), "MIGRATE 127.0.0.1 %d \"%s\" 0 5000",
                 cluster->nodes[to].port, key);
        reply = redis_server_ask(&cluster->nodes[from], command);
        /* A key may have expired meanwhile. */
        if (strcmp(reply, "+OK") != 0 && strcmp(reply, "+NOKEY") != 0)
            fail_msg("to %s a node answers %s", command, reply);
    }
}

void redis_cluster_end_move(struct redis_cluster_servers *cluster,
                            uint16_t slot, uint32_t from, uint32_t to)
{
    set_slot(cluster, to, slot, "NODE", to);
    set_slot(cluster, from, slot, "NODE", to);
}

uint64_t redis_cluster_errors(struct redis_cluster_servers *cluster,
                              uint32_t node, const char *word)
{
    char name[64];
    const char *text =
        redis_server_read(&cluster->nodes[node], "INFO errorstats");
    const char *found;

    snprintf(name, sizeof(name), "errorstat_%s:count=", word);
    found = strstr(text, name);
    return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}
