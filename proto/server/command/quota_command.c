#include "proto/server/command/quota_command.h"

#include "proto/server/command/ask_command.h"
#include "proto/server/command/holders_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_ADDRESS "unix:/run/sluice/control.sock"

#define HELP_OPTIONS                                                           \
    "  -s, --server ADDRESS  its `server.control`; default\n"                  \
    "                        " DEFAULT_ADDRESS "\n"                            \
    "      --json            for programs\n"                                   \
    "  -h, --help            this text\n"                                      \
    "\n"                                                                       \
    "Exit status: 0 answered, 2 it could not ask.\n"

static const char peek_help[] =
    "usage: sluice peek [OPTION]... QUOTA [DIMENSION=VALUE]...\n"
    "\n"
    "Shows what is in use of one key of a quota, and of CONCURRENCY who holds\n"
    "it. Every dimension of the quota needs its value; names compare without\n"
    "case, values as they are.\n"
    "\n" HELP_OPTIONS;

static const char reset_help[] =
    "usage: sluice reset [OPTION]... QUOTA [DIMENSION=VALUE]...\n"
    "\n"
    "Gives back what is in use of one key of a quota, and says how much that\n"
    "was: a rate is as if it had never been used, leases are ended. Who was\n"
    "granted something under a deduplication id and asks again is answered "
    "as\n"
    "before, for as long as the quota's `dedup` says.\n"
    "\n" HELP_OPTIONS;

/* ---- answers ----------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "not known";
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_usage(const json_t *answer)
{
    const json_t *override = json_object_get(answer, "override");

    printf("quota      %s, %s\nkey        ", text_of(answer, "quota"),
           text_of(answer, "algorithm"));
    print_plain(stdout, text_of(answer, "key"));
    printf("\nlimit      %lld", number_of(answer, "limit"));
    if (json_is_integer(override))
        printf(", by override %lld", json_integer_value(override));
    printf("\nused       %lld\nremaining  %lld\n", number_of(answer, "used"),
           number_of(answer, "remaining"));
    if (number_of(answer, "used") > 0)
        printf("unused in  %s\n", text_of(answer, "full_after"));
    if (json_object_get(answer, "holders"))
        print_holders(stdout, answer);
}

static void print_reset(const json_t *answer)
{
    const json_t *used = json_object_get(answer, "used");

    printf("released %lld of %s", number_of(answer, "released"),
           text_of(answer, "quota"));
    if (text_of(answer, "key")[0])
        putchar(' ');
    print_plain(stdout, text_of(answer, "key"));
    if (json_is_integer(used))
        printf("; %lld in use now\n", json_integer_value(used));
    else
        printf("; what is in use now is not known\n");
}

/* ---- asking ------------------------------------------------------------ */

/* NULL, or what is wrong. */
static const char *add_dimension(json_t *dimensions, char *word)
{
    char *equals = strchr(word, '=');

    if (!equals)
        return "must be DIMENSION=VALUE";
    *equals = '\0';
    if (json_object_get(dimensions, word))
        return "is given twice";
    if (json_object_set_new(dimensions, word, json_string(equals + 1)) != 0)
        return "is no UTF-8";
    return NULL;
}

/* False with the reason on stderr. words: the quota, then its dimensions. */
static bool fill_question(const struct ask_command *command, json_t *question,
                          char **words)
{
    json_t *dimensions = json_object();
    const char *why = NULL;

    json_object_set_new(question, "dimensions", dimensions);
    if (json_object_set_new(question, "quota", json_string(*words)) != 0)
        why = "is no UTF-8";
    while (!why && words[1]) {
        words++;
        why = add_dimension(dimensions, *words);
    }
    if (why)
        fprintf(stderr, "sluice %s: \"%s\" %s\n", command->name, *words, why);
    return !why;
}

static int run(const struct ask_command *command, int argc, char **argv)
{
    struct ask_options options;
    json_t *question;
    int status;

    if (!ask_options_read(&options, command, argc, argv, &status))
        return status;
    question = json_object();
    status = ASK_FAILED;
    if (fill_question(command, question, options.operands))
        status = ask_run(command, &options, question);
    json_decref(question);
    return status;
}

int command_peek(int argc, char **argv)
{
    static const struct ask_command peek = {
        .name = "peek",
        .help = peek_help,
        .operand = "quota",
        .address = DEFAULT_ADDRESS,
        .path = "/v1/peek",
        .json_flags = JSON_COMPACT,
        .print = print_usage,
    };

    return run(&peek, argc, argv);
}

int command_reset(int argc, char **argv)
{
    static const struct ask_command reset = {
        .name = "reset",
        .help = reset_help,
        .operand = "quota",
        .address = DEFAULT_ADDRESS,
        .path = "/v1/reset",
        .json_flags = JSON_COMPACT,
        .print = print_reset,
    };

    return run(&reset, argc, argv);
}
