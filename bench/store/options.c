#include "bench/store/options.h"

#include "bench/store/client.h"

#include "config/quantity.h"
#include "policy/base/clock.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>

/* One row per option: its letter for the program, name, argument (empty:
 * none), help. */
#define OPTIONS(X)                                                             \
    X('s', "subject", "NAME", "a limit of the store, or a floor; see below")   \
    X('r', "redis", "ADDRESS", "unix:/path; without it, the memory store")     \
    X('p', "redis-pid", "PID", "whose CPU time counts as that of Redis")       \
    X('d', "depth", "N", "operations in flight per process [64]")              \
    X('n', "processes", "N", "that use the store at the same time [1]")        \
    X('k', "keys", "N", "to choose from [10000]")                              \
    X('t', "duration", "TIME", "that is measured [1s]")                        \
    X('w', "warmup", "TIME", "before it [300ms]")                              \
    X('R', "room", "",                                                         \
      "uses each key once; in memory, prints the bytes that takes")            \
    X('1', "one-key", "", "with --room: all uses are of one key")              \
    X('h', "help", "", "prints this")

#define KEYS_MAX 1000000

static bool refuse(const char *name, const char *text, const char *why)
{
    fprintf(stderr, "sluice-stores: --%s: `%s` %s\n", name, text, why);
    return false;
}

static bool parse_number(const char *name, const char *text,
                         enum quantity quantity, int64_t most, int64_t *number)
{
    const char *why;

    if (!quantity_parse(str_of(text), quantity, number, &why))
        return refuse(name, text, why);
    if (*number < 1 || *number > most)
        return refuse(name, text, "is out of range");
    return true;
}

static bool parse_count(const char *name, const char *text, int64_t most,
                        uint32_t *count)
{
    int64_t number;

    if (!parse_number(name, text, QUANTITY_COUNT, most, &number))
        return false;
    *count = (uint32_t)number;
    return true;
}

static bool parse_pid(const char *name, const char *text, pid_t *pid)
{
    int64_t number;

    if (!parse_number(name, text, QUANTITY_COUNT, INT_MAX, &number))
        return false;
    *pid = (pid_t)number;
    return true;
}

static bool parse_span(const char *name, const char *text, int64_t *span_ns)
{
    return parse_number(name, text, QUANTITY_DURATION, HOUR, span_ns);
}

static bool parse_option(struct store_options *options, int letter,
                         const char *name, const char *text)
{
    struct run *run = &options->run;

    switch (letter) {
    case 's':
        run->subject = subject_find(text);
        return run->subject || refuse(name, text, "is none; see --help");
    case 'r':
        run->server = text;
        return true;
    case 'p':
        return parse_pid(name, text, &run->server_pid);
    case 'd':
        return parse_count(name, text, CLIENT_DEPTH_MAX, &run->depth);
    case 'n':
        return parse_count(name, text, RUN_PROCESSES_MAX, &run->processes);
    case 'k':
        return parse_count(name, text, KEYS_MAX, &run->keys);
    case 't':
        return parse_span(name, text, &run->duration_ns);
    case 'w':
        return parse_span(name, text, &run->warmup_ns);
    case 'R':
        options->wants_room = true;
        return true;
    case '1':
        options->is_one_key = true;
        return true;
    case 'h':
        options->wants_help = true;
        return true;
    default:
        return false;
    }
}

/* rest: the first argument that belongs to no option, or NULL. */
static bool are_consistent(const struct store_options *options,
                           const char *rest)
{
    const struct run *run = &options->run;
    const char *why = NULL;

    if (options->wants_help)
        return true;
    if (rest)
        why = "there are only options";
    else if (!run->subject)
        why = "--subject is missing";
    else if (run->subject->is_floor && (!run->server || options->wants_room))
        why = "a floor is a use of Redis, and has no room";
    else if (options->is_one_key && run->subject->is_filled)
        why = "windows that are filled are of keys of their own";
    if (why)
        fprintf(stderr, "sluice-stores: %s\n", why);
    return !why;
}

bool store_options_parse(struct store_options *options, int argc, char **argv)
{
#define X(letter, name, argument, help)                                        \
    { name, sizeof(argument) > 1, NULL, letter },
    static const struct option table[] = { OPTIONS(X){ NULL, 0, NULL, 0 } };
#undef X
    int letter, row = 0;

    *options = (struct store_options){
        .run.keys = 10000,
        .run.depth = 64,
        .run.processes = 1,
        .run.warmup_ns = 300 * MILLISECOND,
        .run.duration_ns = 1 * SECOND,
    };
    while ((letter = getopt_long(argc, argv, "h", table, &row)) >= 0)
        if (!parse_option(options, letter, table[row].name, optarg))
            return false;
    return are_consistent(options, argv[optind]);
}

void store_options_print_help(void)
{
    const struct subject *subject;

    printf("Usage: sluice-stores --subject NAME [OPTION]...\n"
           "Measures a store by itself, without gRPC.\n\n");
#define X(letter, name, argument, help)                                        \
    printf("  --%-12s %-8s %s\n", name, argument, help);
    OPTIONS(X)
#undef X
    printf("\nSubjects:");
    for (uint32_t n = 0; (subject = subject_at(n)); n++)
        printf(" %s", subject->name);
    printf("\nExit status: 0 all was granted, 1 something was not, 2 wrong "
           "usage.\n");
}
