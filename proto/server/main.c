/*
 * The program: one table of commands.
 */
#include "config/eval_command.h"
#include "config/explain_command.h"
#include "config/validate.h"
#include "policy/base/nearest.h"
#include "proto/client/check_command.h"
#include "proto/server/command/quota_command.h"
#include "proto/server/command/serve_command.h"
#include "proto/server/command/status_command.h"
#include "proto/server/command/version_command.h"
#include "proto/server/shared/shared.h"
#include "proto/server/worker/process.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *purpose;
} commands[] = {
    { "serve", command_serve, "run the server" },
    { "check", command_check, "ask a running server, as a proxy does" },
    { "validate", command_validate, "check configuration files" },
    { "explain", command_explain, "show why a request is allowed or refused" },
    { "eval", command_eval, "evaluate an expression over attributes" },
    { "status", command_status, "show how a running server is" },
    { "peek", command_peek, "show what is in use of a quota, and by whom" },
    { "reset", command_reset, "give back what is in use of a quota" },
    { "version", command_version, "print versions" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
    fputs("usage: sluice COMMAND [OPTION]...\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].purpose);
    fputs("\n`sluice COMMAND --help` tells more.\n", out);
}

static int refuse(const char *name)
{
    struct nearest nearest;
    struct str meant;

    nearest_init(&nearest, str_of(name));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        nearest_offer(&nearest, str_of(commands[i].name));
    meant = nearest_name(&nearest);
    fprintf(stderr, "sluice: no command \"%s\"", name);
    if (meant.len > 0)
        fprintf(stderr, "; did you mean \"%.*s\"?", STR_ARG(meant));
    fputs("\n\n", stderr);
    print_help(stderr);
    return 2;
}

/* How the master starts its workers; not for people. */
static int run_worker(int argc, char **argv)
{
    unsigned long index = argc == 2 ? strtoul(argv[1], NULL, 10) : WORKERS_MAX;

    if (index >= WORKERS_MAX) {
        fputs("sluice: workers are started by `sluice serve`\n", stderr);
        return 2;
    }
    return process_main((uint32_t)index);
}

/* Asked once, of all that a command has printed: a stream remembers. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fputs("sluice: not all of the output could be written\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "worker") == 0)
        return run_worker(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return finish(EXIT_SUCCESS);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    return refuse(argv[1]);
}
