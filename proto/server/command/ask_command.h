/*
 * A command that asks a running server one thing by HTTP, and prints what it
 * says, for people or for programs.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_ASK_COMMAND_H
#define PROTO_SERVER_COMMAND_ASK_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit statuses. */
enum {
    ASK_ANSWERED = 0,
    ASK_FAILED = 2,
};

struct ask_command {
    const char *name;
    const char *help;
    const char *operand;                 /* that it needs; NULL: takes none */
    const char *address, *path;          /* address: without --server */
    size_t json_flags;                   /* jansson's, for --json */
    void (*print)(const json_t *answer); /* for people */
};

/* What the command line says. */
struct ask_options {
    const char *address;
    bool as_json;
    char **operands; /* NULL after the last */
};

/* argv[0] is passed over. False if the command ends with that, for --help or a
 * mistake, which is told on stderr; *status is then its exit status. */
bool ask_options_read(struct ask_options *options,
                      const struct ask_command *command, int argc, char **argv,
                      int *status);

/* question: the body of a POST; NULL: a GET. The exit status; failures are told
 * on stderr. */
int ask_run(const struct ask_command *command,
            const struct ask_options *options, const json_t *question);

#endif
