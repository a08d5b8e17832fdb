/* A store in a file: what it keeps over restarts, and what it refuses. */
#include "test/quota/local_check.h"
#include "test/quota/random.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "quota/local/mapping.h"
#include "quota/local/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE_BYTES LOCAL_SIZE_MIN_BYTES
#define WALL (INT64_C(1700000000) * SECOND)

static char folder[64], path[96], kept[112];

/* The clocks when nothing else is said. */
static const struct clocks begin = { HOUR, WALL, { "boot" } };

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/sluice-store-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/store", folder);
    snprintf(kept, sizeof(kept), "%s.kept", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(kept);
    return rmdir(folder);
}

/* One run of the program: the descriptor is what the master has. */
struct run {
    int fd;
    struct store *store;
    int64_t now_ns;
    struct store_file_report report;
};

static struct run run_at(const struct clocks *now)
{
    struct run run = { .now_ns = now->boot_ns };

    run.fd = store_file_open(path, SIZE_BYTES, now, &run.report);
    if (run.fd >= 0) {
        local_check(run.fd);
        run.store = local_open(run.fd);
        assert_non_null(run.store);
    }
    return run;
}

static void run_end(struct run *run)
{
    store_free(run->store);
    close(run->fd);
}

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 1,
                                   .period_ns = HOUR,
                                   .burst = 100,
                                   .dedup_ns = HOUR };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 100,
                                    .lease_ns = 2 * HOUR };

static const struct limit window = { .algorithm = LIMIT_FIXED_WINDOW,
                                     .amount = 100,
                                     .period_ns = 2 * HOUR };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 100,
                                      .period_ns = 2 * HOUR,
                                      .bucket_ns = 2 * MINUTE };

static struct quota_grant take(struct run *run, const struct limit *limit,
                               uint64_t key, int64_t amount, const char *id)
{
    struct take take = { .count = 1 };

    take.charges[0] = (struct charge){
        .limit = limit,
        .key = store_hash(run->store,
                          (struct str){ (const char *)&key, sizeof(key) }),
        .amount = amount,
        .has_id = id != NULL,
    };
    if (id)
        take.charges[0].id = store_hash(run->store, str_of(id));
    assert_int_equal(store_take(run->store, &take, run->now_ns), STORE_NOW);
    assert_int_not_equal(take.status, TAKE_OUTAGE);
    return take.grants[0];
}

static int64_t left(struct run *run, const struct limit *limit, uint64_t key)
{
    return take(run, limit, key, 0, NULL).remaining;
}

static void check_opened(const char *why, const struct run *run,
                         enum store_file_state state, const char *detail)
{
    row_equal_str(why, str_of(run->report.detail), str_of(detail));
    row_equal_i64(why, run->report.state, state);
    row_true(why, (run->fd >= 0) == (state < STORE_FILE_LOCKED));
}

/* Some of every kind. */
static void use_all(struct run *run)
{
    /* Six buckets each, so that there are two nodes of older ones. */
    run->now_ns -= 18 * MINUTE;
    for (int i = 0; i < 18; i++) {
        run->now_ns += MINUTE;
        take(run, &rolling, (uint64_t)i % 3, 2, NULL);
    }
    for (uint64_t key = 0; key < 3; key++)
        take(run, &window, key, 5, NULL);
    for (uint64_t key = 0; key < 20; key++) {
        take(run, &rate, key, 10, "id");
        take(run, &slots, key, 3, "id");
        take(run, &slots, key, 4, NULL);
        take(run, &slots, key, -1, "early");
        take(run, &rate, 100 + key, 1, NULL);
    }
    for (uint64_t key = 100; key < 120; key++)
        take(run, &rate, key, -1, NULL);
}

static void usage_outlives_the_program(void **state)
{
    struct run run = run_at(&begin);
    struct stat status;

    (void)state;
    check_opened("first", &run, STORE_FILE_NEW, "");
    use_all(&run);
    run_end(&run);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, SIZE_BYTES);
    assert_true(status.st_blocks * 512 >= (blkcnt_t)SIZE_BYTES);

    run = run_at(&begin);
    check_opened("second", &run, STORE_FILE_RESUMED, "");
    assert_int_equal(left(&run, &rate, 7), 90);
    assert_int_equal(left(&run, &slots, 7), 93);
    assert_int_equal(left(&run, &window, 1), 95);
    assert_int_equal(left(&run, &rolling, 1), 88);
    /* A retry is known; so is a lease, and what was released early. */
    assert_int_equal(take(&run, &rate, 7, 10, "id").granted, 10);
    assert_int_equal(take(&run, &slots, 7, 3, "id").granted, 3);
    assert_int_equal(take(&run, &slots, 7, 3, "early").granted, 0);
    assert_int_equal(left(&run, &rate, 7), 90);
    assert_int_equal(left(&run, &slots, 7), 93);
    assert_int_equal(take(&run, &slots, 7, -3, "id").granted, 3);
    run_end(&run);
}

static void others_may_not_read_it(void **state)
{
    struct run run = run_at(&begin);
    struct stat status;

    (void)state;
    run_end(&run);
    assert_int_equal(chmod(path, 0666), 0);
    run = run_at(&begin);
    check_opened("again", &run, STORE_FILE_RESUMED, "");
    run_end(&run);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* A token an hour, and leases of two hours. */
static void time_goes_on(void **state)
{
    static const struct {
        const char *why;
        struct clocks now;
        int64_t tokens, slots;
    } rows[] = {
        { "at once", { HOUR, WALL, { "boot" } }, 90, 90 },
        { "the same boot", { 2 * HOUR, 0, { "boot" } }, 91, 90 },
        { "the same boot, much later", { 4 * HOUR, 0, { "boot" } }, 93, 100 },
        { "another boot", { SECOND, WALL + HOUR, { "other" } }, 91, 90 },
        { "another boot, much later",
          { SECOND, WALL + 3 * HOUR, { "other" } },
          93,
          100 },
        { "another boot, and the clock was set back",
          { SECOND, WALL - HOUR, { "other" } },
          90,
          90 },
        { "another boot, and there is no clock",
          { SECOND, 0, { "other" } },
          90,
          90 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run = run_at(&begin);

        take(&run, &rate, 1, 10, NULL);
        take(&run, &slots, 1, 10, NULL);
        run_end(&run);
        run = run_at(&rows[i].now);
        check_opened(rows[i].why, &run, STORE_FILE_RESUMED, "");
        row_equal_i64(rows[i].why, left(&run, &rate, 1), rows[i].tokens);
        row_equal_i64(rows[i].why, left(&run, &slots, 1), rows[i].slots);
        /* Wherever it went on from, all comes back in time. */
        run.now_ns += 2 * HOUR;
        row_equal_i64(rows[i].why, left(&run, &slots, 1), 100);
        run_end(&run);
        assert_int_equal(remove(path), 0);
    }
}

/* A worker has it, too; and its memory is as good as a descriptor. */
static void nobody_else_gets_it_while_anybody_has_it(void **state)
{
    struct run run = run_at(&begin), second;
    int worker_fd = dup(run.fd);

    (void)state;
    second = run_at(&begin);
    check_opened("both", &second, STORE_FILE_LOCKED, "another process uses it");
    close(run.fd);
    second = run_at(&begin);
    check_opened("the worker", &second, STORE_FILE_LOCKED,
                 "another process uses it");
    close(worker_fd);
    second = run_at(&begin);
    check_opened("a mapping", &second, STORE_FILE_LOCKED,
                 "another process uses it");
    store_free(run.store);
    second = run_at(&begin);
    check_opened("nobody", &second, STORE_FILE_RESUMED, "");
    run_end(&second);
}

/* Everybody is killed, one of them in the middle of an operation. */
static void what_was_half_done_is_undone(void **state)
{
    struct run run = run_at(&begin);
    pid_t child;

    (void)state;
    use_all(&run);
    child = fork();
    if (child == 0) {
        struct mapping mapping;
        struct shard *shard;

        if (!mapping_open(&mapping, run.fd))
            _exit(1);
        shard = mapping_shard(&mapping, 0);
        shard_lock(shard, LOCAL_WAIT_NS);
        for (uint32_t i = 0; i < 20; i++) {
            struct node *node = shard_node(shard, shard->record_count + 1 + i);

            shard_touch(shard, node);
            memset(node, 0xdb, sizeof(*node));
        }
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    run_end(&run);
    run = run_at(&begin);
    check_opened("after the death", &run, STORE_FILE_RESUMED, "");
    for (uint64_t key = 0; key < 20; key++) {
        assert_int_equal(left(&run, &rate, key), 90);
        assert_int_equal(left(&run, &slots, key), 93);
    }
    /* Nobody was found dead with the lock: it is a new one. */
    assert_int_equal(run.store->stats.recoveries, 0);
    run_end(&run);
}

/* ---- what does not fit ------------------------------------------------- */

static void write_at(size_t offset, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
    close(fd);
}

#define IN_HEADER(member) offsetof(struct header, member)
/* The first shard begins on the second page. */
#define IN_SHARD(member) (4096 + offsetof(struct shard, member))

static void what_is_damaged_begins_afresh(void **state)
{
    static const struct {
        const char *why, *detail;
        size_t offset;
        uint32_t value;
    } rows[] = {
        { "layout", "it is of another version", IN_HEADER(layout), 1 },
        { "size", "its header is damaged", IN_HEADER(size_bytes), 12345 },
        { "shard size", "its header is damaged", IN_HEADER(shard_bytes), 64 },
        { "shards", "its header is damaged", IN_HEADER(shard_count), 1000000 },
        { "secret", "its header is damaged", IN_HEADER(secret), 1 },
        { "checksum", "its header is damaged", IN_HEADER(checksum), 1 },
        { "heads", "shard 0 is damaged: its size is another",
          IN_SHARD(head_count), 7 },
        { "records", "shard 0 is damaged: its size is another",
          IN_SHARD(record_count), 7 },
        { "nodes", "shard 0 is damaged: its size is another",
          IN_SHARD(node_count), UINT32_MAX },
        { "time", "shard 0 is damaged: its time is too late",
          IN_SHARD(seen_ns) + 4, INT32_MAX },
        { "negative time", "shard 0 is damaged: its time is none",
          IN_SHARD(seen_ns) + 4, UINT32_MAX },
        { "undo count", "shard 0 is damaged: its undo log is broken",
          IN_SHARD(undo.count), UNDO_LINES_MAX + 1 },
        { "undo line", "shard 0 is damaged: its undo log is broken",
          IN_SHARD(undo.count), UNDO_LINES_MAX },
        { "fresh", "shard 0 is damaged: the count of its nodes is none",
          IN_SHARD(root.fresh), 0 },
        { "more fresh", "shard 0 is damaged: the count of its nodes is none",
          IN_SHARD(root.fresh), UINT32_MAX },
        { "record", "shard 0 is damaged: its next record is none",
          IN_SHARD(root.record), 0 },
        { "hand", "shard 0 is damaged: its hand is at no node",
          IN_SHARD(root.hand), 1 },
        { "free", "shard 0 is damaged: the chain of free nodes is broken",
          IN_SHARD(root.free), 1 },
        { "nothing free", "shard 0 is damaged: a node is in no chain",
          IN_SHARD(root.free), 0 },
        { "count", "shard 0 is damaged: its nodes are not as many as it counts",
          IN_SHARD(root.counts[NODE_LEASE]), 1 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run = run_at(&begin);

        use_all(&run);
        run_end(&run);
        write_at(rows[i].offset, &rows[i].value, sizeof(rows[i].value));
        run = run_at(&begin);
        check_opened(rows[i].why, &run, STORE_FILE_AFRESH, rows[i].detail);
        row_equal_i64(rows[i].why, left(&run, &rate, 7), 100);
        run_end(&run);
        run = run_at(&begin);
        check_opened(rows[i].why, &run, STORE_FILE_RESUMED, "");
        run_end(&run);
    }
    assert_int_equal(access(kept, F_OK), -1);
}

/* A node of each kind, in the first shard. */
static struct node *find_kind(struct mapping *mapping, enum node_kind kind)
{
    struct shard *shard = mapping_shard(mapping, 0);

    uint32_t first = kind == NODE_RECORD ? 1 : shard->record_count + 1;

    for (uint32_t i = first; i < shard->root.fresh; i++)
        if (shard_node(shard, i)->kind == kind)
            return shard_node(shard, i);
    fail_msg("no node of kind %d", (int)kind);
    return NULL;
}

static void nodes_that_cannot_be_begin_afresh(void **state)
{
#define OF(member)                                                             \
    offsetof(struct node, member), sizeof(((struct node *)0)->member)
    static const struct {
        const char *why;
        enum node_kind kind;
        size_t offset, size;
        int64_t value; /* its low bytes */
    } rows[] = {
        { "of no kind", NODE_BUCKET, OF(kind), NODE_KINDS },
        { "of a negative kind", NODE_BUCKET, OF(kind), -1 },
        { "free, and in a chain", NODE_BUCKET, OF(kind), NODE_FREE },
        { "of another kind", NODE_BUCKET, OF(kind), NODE_GATE },
        { "a record among the others", NODE_BUCKET, OF(kind), NODE_RECORD },
        { "no record among the records", NODE_RECORD, OF(kind), NODE_BUCKET },
        { "a chain to nowhere", NODE_BUCKET, OF(next), UINT32_MAX },
        { "a chain to what was never used", NODE_BUCKET, OF(next), 14000 },
        { "a chain to a free node's successor", NODE_FREE, OF(next), 1 },
        { "used nothing", NODE_BUCKET, OF(bucket.used), 0 },
        { "used too much", NODE_BUCKET, OF(bucket.used), LIMIT_AMOUNT_MAX + 1 },
        { "a negative part", NODE_BUCKET, OF(bucket.part), -1 },
        { "a large part", NODE_BUCKET, OF(bucket.part), INT64_MAX },
        { "a time to come", NODE_BUCKET, OF(bucket.at_ns), WALL + 1 },
        { "a negative time", NODE_BUCKET, OF(bucket.at_ns), -1 },
        { "a window of nothing", NODE_WINDOW, OF(used), 0 },
        { "a window of too much", NODE_WINDOW, OF(used), INT64_MAX },
        { "an empty bucket", NODE_ROLLING, OF(rolling.units), 0 },
        { "a bucket of too much", NODE_ROLLING, OF(rolling.units), UINT32_MAX },
        { "buckets from nowhere", NODE_ROLLING, OF(rolling.oldest),
          UINT32_MAX },
        { "buckets that are none", NODE_ROLLING, OF(rolling.oldest), 1 },
        { "buckets that nobody leads to", NODE_ROLLING, OF(rolling.oldest), 0 },
        { "a bucket that ends too early", NODE_ROLLING, OF(ends_ns), 1 },
        { "buckets of another", NODE_SPAN, OF(span.owner), 1 },
        { "buckets that go nowhere", NODE_SPAN, OF(span.newer), 1 << 30 },
        { "buckets without one", NODE_SPAN, OF(span.units[0]), 0 },
        { "a hole among buckets", NODE_SPAN, OF(span.units[1]), 0 },
        { "buckets of too much", NODE_SPAN, OF(span.units[1]), UINT32_MAX },
        { "buckets in disorder", NODE_SPAN, OF(span.ends_ns[1]), INT64_MAX },
        { "buckets before time", NODE_SPAN, OF(span.ends_ns[0]), -1 },
        { "a gate without leases", NODE_GATE, OF(gate.oldest), 0 },
        { "a gate to nowhere", NODE_GATE, OF(gate.oldest), UINT32_MAX },
        { "a gate to itself", NODE_GATE, OF(gate.oldest), 0x6f },
        { "a wrong end", NODE_GATE, OF(gate.newest), 0 },
        { "a wrong sum", NODE_GATE, OF(gate.held), 8 },
        { "a lease of nothing", NODE_LEASE, OF(lease.units), 0 },
        { "a lease of too much", NODE_LEASE, OF(lease.units), INT64_MAX },
        { "a lease of another", NODE_LEASE, OF(lease.gate), 1 },
        { "a list that ends early", NODE_LEASE, OF(lease.newer), 0 },
        { "a list that goes nowhere", NODE_LEASE, OF(lease.newer), 1 << 30 },
        { "a list that goes back nowhere", NODE_LEASE, OF(lease.older), 5 },
        { "a list in disorder", NODE_LEASE, OF(ends_ns), INT64_MAX },
        { "a record of nothing", NODE_RECORD, OF(granted), 0 },
        { "a record of too much", NODE_RECORD, OF(granted), INT64_MAX },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run = run_at(&begin);
        struct mapping mapping;

        use_all(&run);
        assert_true(mapping_open(&mapping, run.fd));
        memcpy((char *)find_kind(&mapping, rows[i].kind) + rows[i].offset,
               &rows[i].value, rows[i].size);
        mapping_close(&mapping);
        run_end(&run);
        run = run_at(&begin);
        row_equal_i64(rows[i].why, run.report.state, STORE_FILE_AFRESH);
        row_true(rows[i].why,
                 strncmp(run.report.detail, "shard 0 is damaged: ", 20) == 0);
        run_end(&run);
    }
}

/* Killed while it was made, for the first time. */
static void what_is_unfinished_begins_afresh(void **state)
{
    static const uint64_t nothing = 0;
    struct run run = run_at(&begin);

    (void)state;
    run_end(&run);
    write_at(IN_HEADER(magic), &nothing, sizeof(nothing));
    run = run_at(&begin);
    check_opened("no magic", &run, STORE_FILE_AFRESH,
                 "its making was not finished");
    run_end(&run);
}

static void a_node_of_another_chain_begins_afresh(void **state)
{
    struct run run = run_at(&begin);
    struct mapping mapping;

    (void)state;
    use_all(&run);
    assert_true(mapping_open(&mapping, run.fd));
    /* The first bits of a name say which chain it is in. */
    find_kind(&mapping, NODE_BUCKET)->name.bytes[3] ^= 0x80;
    mapping_close(&mapping);
    run_end(&run);
    run = run_at(&begin);
    check_opened("a name", &run, STORE_FILE_AFRESH,
                 "shard 0 is damaged: a node is not found by its name");
    run_end(&run);
}

static void another_size_begins_afresh(void **state)
{
    static const struct {
        const char *why;
        off_t size_bytes;
        enum store_file_state state;
        const char *detail;
    } rows[] = {
        { "smaller", SIZE_BYTES - 4096, STORE_FILE_AFRESH,
          "it has 1044480 bytes, and the store is to have 1048576" },
        { "larger", 2 * SIZE_BYTES, STORE_FILE_AFRESH,
          "it has 2097152 bytes, and the store is to have 1048576" },
        { "hardly anything", 8, STORE_FILE_AFRESH,
          "it has 8 bytes, and the store is to have 1048576" },
        { "nothing", 0, STORE_FILE_NEW, "" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct run run = run_at(&begin);
        struct stat status;

        use_all(&run);
        run_end(&run);
        assert_int_equal(truncate(path, rows[i].size_bytes), 0);
        run = run_at(&begin);
        check_opened(rows[i].why, &run, rows[i].state, rows[i].detail);
        assert_int_equal(fstat(run.fd, &status), 0);
        row_equal_i64(rows[i].why, status.st_size, SIZE_BYTES);
        row_equal_i64(rows[i].why, left(&run, &rate, 7), 100);
        run_end(&run);
    }
}

/* A path that was mistyped is not to cost anybody his data. */
static void what_is_no_store_is_kept(void **state)
{
    static const char letter[] = "Dear Ann, ...";
    struct stat status;
    struct run run;
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    (void)state;
    assert_int_equal(write(fd, letter, sizeof(letter)), sizeof(letter));
    close(fd);
    run = run_at(&begin);
    check_opened("a letter", &run, STORE_FILE_AFRESH,
                 "it was no store; what it was has the suffix .kept");
    run_end(&run);
    assert_int_equal(stat(kept, &status), 0);
    assert_int_equal(status.st_size, sizeof(letter));
    assert_int_equal(status.st_mode & 07777, 0644);

    /* Once. */
    write_at(0, letter, sizeof(letter));
    run = run_at(&begin);
    check_opened("another letter", &run, STORE_FILE_FAILED,
                 "it is no store, and cannot be moved to the same name with "
                 ".kept: File exists");
}

static void what_cannot_be_opened_is_told(void **state)
{
    struct rlimit before, full = { .rlim_cur = SIZE_BYTES / 2 };
    struct run run;

    (void)state;
    snprintf(path, sizeof(path), "%s/none/store", folder);
    run = run_at(&begin);
    check_opened("no folder", &run, STORE_FILE_FAILED,
                 "it cannot be opened: No such file or directory");
    snprintf(path, sizeof(path), "%s", folder);
    run = run_at(&begin);
    check_opened("a folder", &run, STORE_FILE_FAILED,
                 "it cannot be opened: Is a directory");
    snprintf(path, sizeof(path), "%s/store", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    run = run_at(&begin);
    check_opened("a pipe", &run, STORE_FILE_FAILED, "it is no regular file");
    unlink(path);

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    full.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    run = run_at(&begin);
    check_opened("a disk that is full", &run, STORE_FILE_FAILED,
                 "there is no room for it: File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    run = run_at(&begin);
    check_opened("there is room again", &run, STORE_FILE_NEW, "");
    run_end(&run);
}

/* ---- any bytes --------------------------------------------------------- */

/* Operations of all kinds, whatever the store holds. */
static void use_at_random(struct run *run, struct random *random)
{
    for (int i = 0; i < 50; i++) {
        uint64_t key = (uint64_t)random_below(random, 25);
        int64_t amount = random_below(random, 9) - 4;

        run->now_ns += random_below(random, MINUTE);
        take(run, i % 2 == 0 ? &rate : &slots, key, amount,
             i % 3 == 0 ? "id" : NULL);
    }
}

/* As a crash of the machine leaves it, or worse. */
static void spoil(struct random *random)
{
    uint32_t count = 1 + (uint32_t)random_below(random, 4);

    for (uint32_t i = 0; i < count; i++) {
        /* Most of the file was never used. */
        size_t size = i % 2 == 0 ? 128 << 10 : SIZE_BYTES;
        size_t at = (size_t)random_below(random, (int64_t)size / 4);
        uint32_t value = (uint32_t)(random_below(random, 2) == 0
                                        ? random_below(random, 16)
                                        : random_below(random, UINT32_MAX));

        write_at(4 * at, &value, sizeof(value));
    }
}

static void any_bytes_are_refused_or_safe(void **state)
{
    struct random random = random_from(5);
    int counts[STORE_FILE_FAILED + 1] = { 0 };

    (void)state;
    for (int i = 0; i < 1500; i++) {
        struct run run = run_at(&begin);

        if (run.fd < 0) {
            /* Its first bytes are no more those of a store, twice. */
            assert_int_equal(run.report.state, STORE_FILE_FAILED);
            unlink(path);
            continue;
        }
        counts[run.report.state]++;
        use_at_random(&run, &random);
        local_check(run.fd);
        run_end(&run);
        spoil(&random);
    }
    /* Both were seen often enough. */
    assert_true(counts[STORE_FILE_RESUMED] > 200);
    assert_true(counts[STORE_FILE_AFRESH] > 200);
}

#define IN_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(usage_outlives_the_program),
        IN_FOLDER(others_may_not_read_it),
        IN_FOLDER(time_goes_on),
        IN_FOLDER(nobody_else_gets_it_while_anybody_has_it),
        IN_FOLDER(what_was_half_done_is_undone),
        IN_FOLDER(what_is_damaged_begins_afresh),
        IN_FOLDER(nodes_that_cannot_be_begin_afresh),
        IN_FOLDER(a_node_of_another_chain_begins_afresh),
        IN_FOLDER(what_is_unfinished_begins_afresh),
        IN_FOLDER(another_size_begins_afresh),
        IN_FOLDER(what_is_no_store_is_kept),
        IN_FOLDER(what_cannot_be_opened_is_told),
        IN_FOLDER(any_bytes_are_refused_or_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
