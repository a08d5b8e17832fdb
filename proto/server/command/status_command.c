#include "proto/server/command/status_command.h"

#include "proto/server/command/ask_command.h"
#include "proto/server/command/holders_text.h"

#include <stdio.h>

#define DEFAULT_ADDRESS "127.0.0.1:9093"

static const char help[] =
    "usage: sluice status [-s ADDRESS] [--json]\n"
    "\n"
    "Shows how a running server is: workers, store, checks, quotas, the keys\n"
    "that are refused most, and who holds those that are full.\n"
    "\n"
    "  -s, --server ADDRESS  its admin address; default " DEFAULT_ADDRESS "\n"
    "      --json            for programs, as /status has it\n"
    "  -h, --help            this text\n";

static json_t *member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(member(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(member(object, name));

    return value ? value : "?";
}

static void print_workers(const json_t *workers)
{
    const json_t *worker;
    size_t i;

    printf("\n%-8s %8s %-9s %10s %12s %12s %10s\n", "worker", "pid", "state",
           "restarts", "connections", "calls", "memory");
    json_array_foreach(workers, i, worker) printf(
        "%-8zu %8lld %-9s %10lld %12lld %12lld %6lld MiB\n", i,
        number(worker, "pid"), text(worker, "state"),
        number(worker, "restarts"), number(worker, "open_connections"),
        number(worker, "calls_total"), number(worker, "rss_bytes") >> 20);
}

static void print_store(const json_t *store)
{
    const json_t *gate = member(store, "gate");
    const json_t *usage = member(store, "usage");

    printf("store     %s", text(store, "kind"));
    if (usage)
        printf(", %lld MiB, %lld keys, %lld leases",
               number(usage, "size_bytes") >> 20, number(usage, "keys"),
               number(usage, "leases"));
    putchar('\n');
    if (json_is_true(member(gate, "open")))
        printf("          DOWN since %s: %lld answers without it\n",
               text(gate, "since"), number(gate, "answers"));
    else if (number(gate, "episodes") > 0)
        printf("          was down %lld times, last for %lld ms\n",
               number(gate, "episodes"), number(gate, "last_ms"));
}

/* Names down, counters across. */
static void print_counters(const char *title, json_t *things)
{
    json_t *counters, *value;
    const char *name, *counter;
    bool is_first = true;

    json_object_foreach(things, name, counters)
    {
        if (is_first) {
            printf("\n%-24s", title);
            json_object_foreach(counters, counter, value)
                printf(" %14s", counter);
            putchar('\n');
        }
        is_first = false;
        printf("%-24s", name);
        json_object_foreach(counters, counter, value)
            printf(" %14lld", json_integer_value(value));
        putchar('\n');
    }
}

static void print_for_people(const json_t *status)
{
    const json_t *config = member(status, "config");

    printf("sluice    %s, up %lld s%s\n", text(status, "version"),
           number(status, "uptime_seconds"),
           json_is_true(member(status, "draining")) ? ", draining" : "");
    printf("listens   %s\n", text(status, "listen"));
    printf("config    %s, generation %lld since %s\n",
           json_is_null(member(config, "path")) ? "the built-in example"
                                                : text(config, "path"),
           number(config, "generation"), text(config, "since"));
    print_store(member(status, "store"));
    print_workers(member(status, "workers"));
    print_counters("door", member(status, "checks"));
    print_counters("quota", member(status, "quotas"));
    print_counters("rule", member(status, "rules"));
    print_refused(stdout, member(status, "refused"));
}

int command_status(int argc, char **argv)
{
    static const struct ask_command status_command = {
        .name = "status",
        .help = help,
        .address = DEFAULT_ADDRESS,
        .path = "/status",
        .json_flags = JSON_INDENT(2),
        .print = print_for_people,
    };
    struct ask_options options;
    int status;

    if (!ask_options_read(&options, &status_command, argc, argv, &status))
        return status;
    return ask_run(&status_command, &options, NULL);
}
