#include "quota/redis/redirect.h"
#include "quota/redis/slots.h"
#include "quota/redis/topology.h"
#include "test/support/table.h"

#include "quota/redis/row.h"
#include "test/support/redis_server.h"

#include <stdio.h>

/* -- Slots -- */

static void sums_are_those_that_were_published(void **state)
{
    static const struct {
        const char *text;
        uint16_t crc;
    } rows[] = {
        { "", 0 },
        { "123456789", 0x31c3 }, /* the check value of CRC-16/XMODEM */
        { "A", 0x58e5 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].text, slot_crc16(str_of(rows[i].text)),
                      rows[i].crc);
}

/* slot: -1: that of `same`. */
static const struct {
    const char *why, *key;
    int64_t slot;
    const char *same;
} keys[] = {
    { "no tag", "123456789", 0x31c3, NULL },
    { "the first key of the specification", "{user1000}.following", -1,
      "{user1000}.followers" },
    { "what is in braces", "{user1000}.following", -1, "user1000" },
    { "not where nothing is", "foo{}{bar}", 8363, NULL },
    { "up to the first end", "foo{{bar}}zap", -1, "{bar" },
    { "the first pair only", "foo{bar}{zap}", -1, "bar" },
    { "an end without a beginning", "foo}bar", -1, "foo}bar" },
    { "no end", "foo{bar", -1, "foo{bar" },
    { "an empty key", "", 0, NULL },
    { "other bytes than ASCII", "\xff\x80{\xfe}", -1, "\xfe" },
    { "ours", "sluice{q:00ff}:took:aa", -1, "sluice{q:00ff}:tokens" },
};

static uint16_t slot_of_text(const char *text)
{
    const struct str whole = str_of(text);

    return slot_of(&whole, 1);
}

static void a_slot_is_that_of_the_tag(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(keys); i++)
        row_equal_i64(keys[i].why, slot_of_text(keys[i].key),
                      keys[i].same ? slot_of_text(keys[i].same) : keys[i].slot);
}

static void parts_are_read_as_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(keys); i++) {
        struct str whole = str_of(keys[i].key);

        for (size_t at = 0; at <= whole.len; at++) {
            const struct str parts[] = { { whole.data, at },
                                         str_skip(whole, at) };

            row_equal_i64(keys[i].why, slot_of(parts, 2),
                          slot_of_text(keys[i].key));
        }
    }
}

/* As a real node says. */
static void redis_says_the_same(void **state)
{
    struct redis_server server;

    (void)state;
    redis_server_init(&server);
    server.bus_port = redis_server_free_port();
    redis_server_start(&server);
    for (size_t i = 0; i < ROWS(keys); i++) {
        char command[128], slot[16];

        snprintf(command, sizeof(command), "CLUSTER KEYSLOT \"%s\"",
                 keys[i].key);
        snprintf(slot, sizeof(slot), ":%u", slot_of_text(keys[i].key));
        row_equal_str(keys[i].why, str_of(redis_server_ask(&server, command)),
                      str_of(slot));
    }
    redis_server_fini(&server);
}

static void a_map_counts_what_everybody_has(void **state)
{
    static struct slots slots;

    (void)state;
    slots_clear(&slots);
    assert_int_equal(slots_count(&slots, SLOTS_NOBODY), SLOT_COUNT);
    slots_set(&slots, 0, SLOT_COUNT - 1, 3);
    slots_set(&slots, 5, 5, 4);
    slots_set(&slots, SLOT_COUNT - 2, SLOT_COUNT - 1, 4);
    assert_int_equal(slots_count(&slots, 3), SLOT_COUNT - 3);
    assert_int_equal(slots_count(&slots, 4), 3);
    assert_int_equal(slots_count(&slots, SLOTS_NOBODY), 0);
}

/* All keys of a row are in the slot that is told for it. */
static void rows_have_one_slot(void **state)
{
    static const struct limit limit = { .algorithm = LIMIT_TOKEN_BUCKET,
                                        .amount = 1,
                                        .period_ns = 1000,
                                        .burst = 1,
                                        .dedup_ns = 1000000 };
    const struct charge charge = { .limit = &limit,
                                   .quota = STR("q:r"),
                                   .key = { { 1, 2, 0xff } },
                                   .amount = 1,
                                   .has_id = true };
    struct row row = row_of_charge(&charge, NULL);
    const struct str state_key =
        STR("p{q:r:0102ff00000000000000000000000000}:tokens");

    (void)state;
    assert_int_equal(row_key_count(&row), 2);
    assert_int_equal(row_slot(charge.quota, &charge.key, STR("p")),
                     slot_of(&state_key, 1));
}

/* -- Redirection -- */

static void a_redirection_names_slot_and_server(void **state)
{
    static const struct {
        const char *why, *error;
        enum redirect_kind kind;
        uint16_t slot;
        const char *server;
    } rows[] = {
        { "moved", "MOVED 3999 127.0.0.1:6381", REDIRECT_MOVED, 3999,
          "127.0.0.1:6381" },
        { "ask", "ASK 16383 node-1.example:6381", REDIRECT_ASK, 16383,
          "node-1.example:6381" },
        { "version 6", "MOVED 0 ::1:6381", REDIRECT_MOVED, 0, "[::1]:6381" },
        { "no host: the same", "ASK 7 :6381", REDIRECT_ASK, 7, "asked:6381" },
        { "more words", "MOVED 1 a:2 b:3", REDIRECT_MOVED, 1, "a:2" },
        { "nobody knows where", "MOVED 1 ?:2", REDIRECT_NONE, 0, "" },
        { "no such slot", "MOVED 16384 a:1", REDIRECT_NONE, 0, "" },
        { "a negative slot", "MOVED -1 a:1", REDIRECT_NONE, 0, "" },
        { "a slot that overflows", "MOVED 4294967297 a:1", REDIRECT_NONE, 0,
          "" },
        { "no slot", "MOVED a:1", REDIRECT_NONE, 0, "" },
        { "no port", "MOVED 1 a", REDIRECT_NONE, 0, "" },
        { "a port that is none", "MOVED 1 a:x", REDIRECT_NONE, 0, "" },
        { "a path", "MOVED 1 unix:/tmp:1", REDIRECT_NONE, 0, "" },
        { "nothing more", "MOVED", REDIRECT_NONE, 0, "" },
        { "nothing", "", REDIRECT_NONE, 0, "" },
        { "another error", "CLUSTERDOWN Hash slot not served", REDIRECT_NONE, 0,
          "" },
        { "more than the word", "MOVEDX 1 a:1", REDIRECT_NONE, 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct reply reply = { .kind = REPLY_ERROR };
        struct redirect redirect;

        snprintf(reply.error, sizeof(reply.error), "%s", rows[i].error);
        row_equal_i64(rows[i].why,
                      redirect_read(&reply, "asked:7000", &redirect),
                      rows[i].kind);
        if (rows[i].kind == REDIRECT_NONE)
            continue;
        row_equal_i64(rows[i].why, redirect.slot, rows[i].slot);
        row_equal_str(rows[i].why, str_of(redirect.server),
                      str_of(rows[i].server));
    }
}

/* -- Topology -- */

#define HOST "$9\r\n127.0.0.1\r\n"
#define NODE(port) "*3\r\n" HOST ":" port "\r\n$2\r\nid\r\n"
#define RANGE(first, last, node) "*3\r\n:" first "\r\n:" last "\r\n" node

static const struct {
    const char *why, *bytes;
    const char *fault; /* NULL: it is an answer */
    uint32_t node_count, unserved;
    const char *last_node;
} topologies[] = {
    { "one", "*1\r\n" RANGE("0", "16383", NODE("7000")), NULL, 1, 0,
      "127.0.0.1:7000" },
    { "two of one, one of another",
      "*3\r\n" RANGE("0", "99", NODE("1")) RANGE("100", "199", NODE("2"))
          RANGE("200", "16383", NODE("1")),
      NULL, 2, 0, "127.0.0.1:2" },
    { "replicas are left out",
      "*1\r\n*4\r\n:0\r\n:16383\r\n" NODE("1") NODE("2"), NULL, 1, 0,
      "127.0.0.1:1" },
    { "a gap", "*1\r\n" RANGE("1", "16383", NODE("1")), NULL, 1, 1,
      "127.0.0.1:1" },
    { "more is told of a node",
      "*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n" HOST ":1\r\n$2\r\nid\r\n"
      "*2\r\n$8\r\nhostname\r\n$1\r\nh\r\n",
      NULL, 1, 0, "127.0.0.1:1" },
    { "a host that it does not know: the same",
      "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$-1\r\n:7\r\n", NULL, 1, 16382,
      "asked:7" },
    { "an empty host", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$0\r\n\r\n:7\r\n", NULL,
      1, 16382, "asked:7" },
    { "no slots", "*0\r\n", "it knows of no node that has slots", 0, 0, NULL },
    { "no cluster", "-ERR This instance has cluster support disabled\r\n",
      "ERR This instance has cluster support disabled", 0, 0, NULL },
    { "may not", "-NOPERM this user\r\n",
      "the user may not do what the store needs", 0, 0, NULL },
    { "a status", "+OK\r\n", "it knows of no node that has slots", 0, 0, NULL },
    { "a slot that is none", "*1\r\n" RANGE("0", "16384", NODE("1")),
      "malformed reply", 0, 0, NULL },
    { "a negative slot", "*1\r\n" RANGE("-1", "5", NODE("1")),
      "malformed reply", 0, 0, NULL },
    { "the wrong way round", "*1\r\n" RANGE("6", "5", NODE("1")),
      "malformed reply", 0, 0, NULL },
    { "no range before the node", "*1\r\n*1\r\n" NODE("1"),
      "it knows of no node that has slots", 0, 0, NULL },
    { "a port that is none", "*1\r\n" RANGE("0", "5", NODE("-1")),
      "malformed reply", 0, 0, NULL },
    { "a path", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$6\r\nunix:/\r\n:7\r\n",
      "malformed reply", 0, 0, NULL },
    { "more masters than there may be",
      "*16\r\n" RANGE("0", "0", NODE("1")) RANGE("1", "1", NODE("2"))
          RANGE("2", "2", NODE("3")) RANGE("3", "3", NODE("4"))
              RANGE("4", "4", NODE("5")) RANGE("5", "5", NODE("6"))
                  RANGE("6", "6", NODE("7")) RANGE("7", "7", NODE("8"))
                      RANGE("8", "8", NODE("9")) RANGE("9", "9", NODE("10"))
                          RANGE("10", "10", NODE("11"))
                              RANGE("11", "11", NODE("12"))
                                  RANGE("12", "12", NODE("13"))
                                      RANGE("13", "13", NODE("14"))
                                          RANGE("14", "14", NODE("15"))
                                              RANGE("15", "15", NODE("16")),
      "it has more than 15 masters with slots", 0, 0, NULL },
};

static const char *read_topology(struct topology *topology, const char *bytes)
{
    struct reply_reader reader;
    const char *fault;

    reply_reader_init(&reader);
    reader.listener = (struct reply_listener){ topology_hear, topology };
    topology_begin(topology, "asked:7000");
    assert_true(reply_feed(&reader, bytes, strlen(bytes)));
    assert_int_equal(reply_next(&reader), REPLY_READY);
    fault = topology_end(topology, &reader.reply);
    if (fault == reader.reply.error) {
        static char copy[sizeof(reader.reply.error)];

        memcpy(copy, fault, sizeof(copy));
        fault = copy;
    }
    reply_reader_fini(&reader);
    return fault;
}

static void a_topology_is_read_or_refused(void **state)
{
    static struct topology topology;

    (void)state;
    for (size_t i = 0; i < ROWS(topologies); i++) {
        const char *why = topologies[i].why;
        const char *fault = read_topology(&topology, topologies[i].bytes);

        row_equal_str(why, str_of(fault ? fault : "-"),
                      str_of(topologies[i].fault ? topologies[i].fault : "-"));
        if (fault)
            continue;
        row_equal_i64(why, topology.node_count, topologies[i].node_count);
        row_equal_i64(why, slots_count(&topology.slots, SLOTS_NOBODY),
                      topologies[i].unserved);
        row_equal_str(why, str_of(topology.nodes[topology.node_count - 1]),
                      str_of(topologies[i].last_node));
    }
}

/* As many ranges as there can be, one of each slot. */
static void a_map_in_pieces_is_read(void **state)
{
    static struct topology topology;
    static char bytes[64 * SLOT_COUNT];
    size_t len = (size_t)snprintf(bytes, sizeof(bytes), "*%d\r\n", SLOT_COUNT);

    (void)state;
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        len += (size_t)snprintf(bytes + len, sizeof(bytes) - len,
                                "*3\r\n:%d\r\n:%d\r\n" NODE("%d"), slot, slot,
                                slot % 2 + 1);
    assert_null(read_topology(&topology, bytes));
    assert_int_equal(topology.node_count, 2);
    assert_int_equal(slots_count(&topology.slots, 0), SLOT_COUNT / 2);
    assert_int_equal(slots_count(&topology.slots, 1), SLOT_COUNT / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_that_were_published),
        cmocka_unit_test(a_slot_is_that_of_the_tag),
        cmocka_unit_test(parts_are_read_as_one),
        cmocka_unit_test(redis_says_the_same),
        cmocka_unit_test(a_map_counts_what_everybody_has),
        cmocka_unit_test(rows_have_one_slot),
        cmocka_unit_test(a_redirection_names_slot_and_server),
        cmocka_unit_test(a_topology_is_read_or_refused),
        cmocka_unit_test(a_map_in_pieces_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
