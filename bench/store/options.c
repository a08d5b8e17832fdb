#include "bench/store/options.h"

#include "bench/command_line.h"
#include "bench/store/client.h"

#include "policy/base/clock.h"

#include <limits.h>
#include <stdio.h>

#define KEYS_MAX 1000000

static const char *parse_subject(void *into, const char *text)
{
    struct store_options *options = into;

    options->run.subject = subject_find(text);
    return options->run.subject ? NULL : "is none; see --help";
}

static const char *parse_pid(void *into, const char *text)
{
    struct run *run = &((struct store_options *)into)->run;
    int64_t pid;
    const char *why;

    if (run->server_count == RUN_SERVERS_MAX)
        return "is one too many";
    why = command_line_number(text, QUANTITY_COUNT, 1, INT_MAX, &pid);
    if (!why)
        run->server_pids[run->server_count++] = (pid_t)pid;
    return why;
}

static const struct command_option table[] = {
    { "subject", "NAME", "a limit of the store, or a floor; see below",
      INTO_PARSED(parse_subject) },
    { "redis", "ADDRESS",
      "unix:/path or number:port; without it, the memory store",
      INTO_TEXT(struct store_options, run.server) },
    { "cluster", NULL, "that address is of a node of a cluster",
      INTO_FLAG(struct store_options, run.is_cluster) },
    { "redis-pid", "PID", "whose CPU time counts as that of Redis; repeatable",
      INTO_PARSED(parse_pid) },
    { "depth", "N", "operations in flight per process [64]",
      INTO_COUNT(struct store_options, run.depth, 1, CLIENT_DEPTH_MAX) },
    { "processes", "N", "that use the store at the same time [1]",
      INTO_COUNT(struct store_options, run.processes, 1, RUN_PROCESSES_MAX) },
    { "keys", "N", "to choose from [10000]",
      INTO_COUNT(struct store_options, run.keys, 1, KEYS_MAX) },
    { "duration", "TIME", "that is measured [1s]",
      INTO_SPAN(struct store_options, run.duration_ns, 1, HOUR) },
    { "warmup", "TIME", "before it [300ms]",
      INTO_SPAN(struct store_options, run.warmup_ns, 1, HOUR) },
    { "room", NULL,
      "uses each key once; in memory, prints the bytes that takes",
      INTO_FLAG(struct store_options, wants_room) },
    { "one-key", NULL, "with --room: all uses are of one key",
      INTO_FLAG(struct store_options, is_one_key) },
    { .name = NULL },
};

static const struct command_line line = {
    .program = "sluice-stores",
    .usage = "--subject NAME [OPTION]...",
    .purpose = "Measures a store by itself, without gRPC.",
    .options = table,
};

/* Why they do not go together; NULL: they do. */
static const char *contradiction(const struct store_options *options)
{
    const struct run *run = &options->run;

    if (!run->subject)
        return "--subject is missing";
    if (run->subject->is_floor && (!run->server || options->wants_room))
        return "a floor is a use of Redis, and has no room";
    if (run->is_cluster && !run->server)
        return "--cluster is of Redis";
    if (run->is_cluster && (run->subject->is_floor || run->subject->is_filled ||
                            options->wants_room))
        return "only the store knows its way in a cluster: no floors there, "
               "no windows that are filled, no room";
    if (options->is_one_key && run->subject->is_filled)
        return "windows that are filled are of keys of their own";
    return NULL;
}

bool store_options_parse(struct store_options *options, int argc, char **argv)
{
    enum command_line_result result;
    const char *why;

    *options = (struct store_options){
        .run.keys = 10000,
        .run.depth = 64,
        .run.processes = 1,
        .run.warmup_ns = 300 * MILLISECOND,
        .run.duration_ns = 1 * SECOND,
    };
    result = command_line_read(&line, argc, argv, options);
    options->wants_help = result == COMMAND_LINE_HELP;
    if (result != COMMAND_LINE_READ)
        return options->wants_help;
    why = contradiction(options);
    if (why)
        command_line_refuse(&line, why);
    return !why;
}

void store_options_print_help(void)
{
    const struct subject *subject;

    command_line_print_help(&line);
    printf("\nSubjects:");
    for (uint32_t n = 0; (subject = subject_at(n)); n++)
        printf(" %s", subject->name);
    printf("\nExit status: 0 all was granted, 1 something was not, 2 wrong "
           "usage.\n");
}
