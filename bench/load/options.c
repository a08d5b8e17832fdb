#include "bench/load/options.h"

#include "bench/command_line.h"
#include "bench/load/mixer_body.h"
#include "bench/load/runner.h"

#include <limits.h>
#include <stdio.h>

static const char *parse_target(void *into, const char *text)
{
    struct options *options = into;
    const char *why = socket_name_parse(&options->target.address, str_of(text));

    if (why)
        return why;
    options->address = text;
    options->target.authority =
        options->target.address.any.sa_family == AF_UNIX ? "localhost" : text;
    return NULL;
}

static const char *add_process(struct options *options, const char *text,
                               bool with_children)
{
    int64_t pid;
    const char *why;

    if (options->process_count == PIDS_MAX)
        return "is one too many";
    why = command_line_number(text, QUANTITY_COUNT, 1, INT_MAX, &pid);
    if (why)
        return why;
    options->processes[options->process_count++] =
        (struct server_process){ (pid_t)pid, with_children };
    return NULL;
}

static const char *parse_pid(void *into, const char *text)
{
    return add_process(into, text, false);
}

static const char *parse_pid_tree(void *into, const char *text)
{
    return add_process(into, text, true);
}

static const struct command_option table[] = {
    { "target", "ADDRESS", "host:port or unix:/path [127.0.0.1:9091]",
      INTO_PARSED(parse_target) },
    { "method", "PATH", "[" MIXER_CHECK_PATH "]",
      INTO_TEXT(struct options, path) },
    { "connections", "N", "[8]",
      INTO_COUNT(struct options, connections, 1, 10000) },
    { "streams", "N", "requests in flight per connection, at most [64]",
      INTO_COUNT(struct options, streams, 1, 10000) },
    { "rate", "N", "requests a second, open loop [0: closed loop]",
      INTO_COUNT(struct options, rate, 0, RATE_MAX) },
    { "duration", "TIME", "that is measured [5s]",
      INTO_SPAN(struct options, duration_ns, 1, SPAN_MAX_NS) },
    { "warmup", "TIME", "before it [1s]",
      INTO_SPAN(struct options, warmup_ns, 0, SPAN_MAX_NS) },
    { "threads", "N", "[1]", INTO_COUNT(struct options, threads, 1, 64) },
    { "bodies", "KIND", "mixer, or a file of gRPC frames [mixer]",
      INTO_TEXT(struct options, bodies) },
    { "keys", "N", "mixer: distinct users [10000]",
      INTO_COUNT(struct options, keys, 1, 1000000) },
    { "quota", "NAME", "mixer: asks for 1 of this quota",
      INTO_TEXT(struct options, quota) },
    { "ids", NULL, "mixer: every request has a deduplication_id",
      INTO_FLAG(struct options, has_id) },
    { "pid", "PID", "of the server: measures its CPU time; repeatable",
      INTO_PARSED(parse_pid) },
    { "pid-tree", "PID", "the same, with all processes it started",
      INTO_PARSED(parse_pid_tree) },
    { "json", NULL, "prints JSON", INTO_FLAG(struct options, is_json) },
    { .name = NULL },
};

static const struct command_line line = {
    .program = "sluice-bench",
    .usage = "[OPTION]...",
    .purpose = "Makes gRPC requests and measures how fast they are answered.",
    .options = table,
};

bool options_parse(struct options *options, int argc, char **argv)
{
    enum command_line_result result;

    *options = (struct options){
        .path = MIXER_CHECK_PATH,
        .bodies = "mixer",
        .keys = 10000,
        .connections = 8,
        .streams = 64,
        .threads = 1,
        .duration_ns = 5 * SECOND,
        .warmup_ns = 1 * SECOND,
    };
    parse_target(options, "127.0.0.1:9091");
    result = command_line_read(&line, argc, argv, options);
    options->wants_help = result == COMMAND_LINE_HELP;
    if (result != COMMAND_LINE_READ)
        return options->wants_help;
    if (options->threads <= options->connections)
        return true;
    command_line_refuse(&line, "more threads than connections");
    return false;
}

void options_print_help(void)
{
    command_line_print_help(&line);
    printf("\nExit status: 0 all were answered with status OK, 1 some were "
           "not, 2 wrong usage.\n");
}
