#include "bench/load/options.h"

#include "bench/load/mixer_body.h"
#include "bench/load/runner.h"
#include "config/quantity.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

/* One row per option: its letter for the program, name, argument (empty:
 * none), help. */
#define OPTIONS(X)                                                             \
    X('t', "target", "ADDRESS", "host:port or unix:/path [127.0.0.1:9091]")    \
    X('m', "method", "PATH", "[" MIXER_CHECK_PATH "]")                         \
    X('c', "connections", "N", "[8]")                                          \
    X('s', "streams", "N", "requests in flight per connection, at most [64]")  \
    X('r', "rate", "N", "requests a second, open loop [0: closed loop]")       \
    X('d', "duration", "TIME", "that is measured [5s]")                        \
    X('w', "warmup", "TIME", "before it [1s]")                                 \
    X('T', "threads", "N", "[1]")                                              \
    X('b', "bodies", "KIND", "mixer, or a file of gRPC frames [mixer]")        \
    X('k', "keys", "N", "mixer: distinct users [10000]")                       \
    X('q', "quota", "NAME", "mixer: asks for 1 of this quota")                 \
    X('i', "ids", "", "mixer: every request has a deduplication_id")           \
    X('p', "pid", "PID", "of the server: measures its CPU time; repeatable")   \
    X('P', "pid-tree", "PID", "the same, with all processes it started")       \
    X('j', "json", "", "prints JSON")                                          \
    X('h', "help", "", "prints this")

static bool refuse(const char *name, const char *text, const char *why)
{
    fprintf(stderr, "sluice-bench: --%s: `%s` %s\n", name, text, why);
    return false;
}

static bool parse_number(const char *name, const char *text,
                         enum quantity quantity, int64_t least, int64_t most,
                         int64_t *number)
{
    const char *why;

    if (!quantity_parse(str_of(text), quantity, number, &why))
        return refuse(name, text, why);
    if (*number < least || *number > most)
        return refuse(name, text, "is out of range");
    return true;
}

static bool parse_count(const char *name, const char *text, int64_t least,
                        int64_t most, uint32_t *count)
{
    int64_t number;

    if (!parse_number(name, text, QUANTITY_COUNT, least, most, &number))
        return false;
    *count = (uint32_t)number;
    return true;
}

static bool parse_span(const char *name, const char *text, int64_t least_ns,
                       int64_t *span_ns)
{
    return parse_number(name, text, QUANTITY_DURATION, least_ns, SPAN_MAX_NS,
                        span_ns);
}

static bool parse_target(struct options *options, const char *name,
                         const char *text)
{
    const char *why = socket_name_parse(&options->target.address, str_of(text));

    if (why)
        return refuse(name, text, why);
    options->address = text;
    options->target.authority =
        options->target.address.any.sa_family == AF_UNIX ? "localhost" : text;
    return true;
}

static bool parse_pid(struct options *options, const char *name,
                      const char *text, bool with_children)
{
    int64_t pid;

    if (options->process_count == PIDS_MAX)
        return refuse(name, text, "is one too many");
    if (!parse_number(name, text, QUANTITY_COUNT, 1, INT_MAX, &pid))
        return false;
    options->processes[options->process_count++] =
        (struct server_process){ (pid_t)pid, with_children };
    return true;
}

static bool parse_option(struct options *options, int letter, const char *name,
                         const char *text)
{
    switch (letter) {
    case 't':
        return parse_target(options, name, text);
    case 'm':
        options->path = text;
        return true;
    case 'c':
        return parse_count(name, text, 1, 10000, &options->connections);
    case 's':
        return parse_count(name, text, 1, 10000, &options->streams);
    case 'r':
        return parse_count(name, text, 0, RATE_MAX, &options->rate);
    case 'd':
        return parse_span(name, text, 1, &options->duration_ns);
    case 'w':
        return parse_span(name, text, 0, &options->warmup_ns);
    case 'T':
        return parse_count(name, text, 1, 64, &options->threads);
    case 'b':
        options->bodies = text;
        return true;
    case 'k':
        return parse_count(name, text, 1, 1000000, &options->keys);
    case 'q':
        options->quota = text;
        return true;
    case 'i':
        options->has_id = true;
        return true;
    case 'p':
    case 'P':
        return parse_pid(options, name, text, letter == 'P');
    case 'j':
        options->is_json = true;
        return true;
    case 'h':
        options->wants_help = true;
        return true;
    default:
        return false;
    }
}

/* rest: the first argument that belongs to no option, or NULL. */
static bool are_consistent(const struct options *options, const char *rest)
{
    if (rest)
        fprintf(stderr, "sluice-bench: `%s` is no option\n", rest);
    else if (options->threads > options->connections)
        fprintf(stderr, "sluice-bench: more threads than connections\n");
    else
        return true;
    return false;
}

bool options_parse(struct options *options, int argc, char **argv)
{
#define X(letter, name, argument, help)                                        \
    { name, sizeof(argument) > 1, NULL, letter },
    static const struct option table[] = { OPTIONS(X){ NULL, 0, NULL, 0 } };
#undef X
    int letter, row = 0;

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
    parse_target(options, "target", "127.0.0.1:9091");
    while ((letter = getopt_long(argc, argv, "h", table, &row)) >= 0)
        if (!parse_option(options, letter, table[row].name, optarg))
            return false;
    return are_consistent(options, argv[optind]);
}

void options_print_help(void)
{
    printf("Usage: sluice-bench [OPTION]...\n"
           "Makes gRPC requests and measures how fast they are answered.\n\n");
#define X(letter, name, argument, help)                                        \
    printf("  --%-12s %-8s %s\n", name, argument, help);
    OPTIONS(X)
#undef X
    printf("\nExit status: 0 all were answered with status OK, 1 some were "
           "not, 2 wrong usage.\n");
}
