#include "proto/server/command/ask_command.h"

#include "proto/server/command/holders_text.h"
#include "proto/server/command/http_ask.h"

#include <getopt.h>
#include <stdio.h>

/* ---- the command line -------------------------------------------------- */

static bool has_right_operands(const struct ask_command *command,
                               char **operands)
{
    if (command->operand && !operands[0])
        fprintf(stderr, "sluice %s: which %s?\n\n%s", command->name,
                command->operand, command->help);
    else if (!command->operand && operands[0])
        fprintf(stderr, "sluice %s: what is \"%s\"?\n\n%s", command->name,
                operands[0], command->help);
    else
        return true;
    return false;
}

bool ask_options_read(struct ask_options *options,
                      const struct ask_command *command, int argc, char **argv,
                      int *status)
{
    static const struct option names[] = {
        { "server", required_argument, NULL, 's' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    *status = ASK_FAILED;
    *options = (struct ask_options){ .address = command->address };
    while ((option = getopt_long(argc, argv, "s:h", names, NULL)) != -1)
        switch (option) {
        case 's':
            options->address = optarg;
            break;
        case 'j':
            options->as_json = true;
            break;
        case 'h':
            fputs(command->help, stdout);
            *status = ASK_ANSWERED;
            return false;
        default:
            fputs(command->help, stderr);
            return false;
        }
    options->operands = argv + optind;
    return has_right_operands(command, options->operands);
}

/* ---- asking ------------------------------------------------------------ */

/* The server says why, if it is not only the HTTP status that tells. */
static void print_refusal(const struct ask_command *command,
                          const struct ask_options *options,
                          const struct http_reply *reply)
{
    const char *error =
        json_string_value(json_object_get(reply->body, "error"));

    fprintf(stderr, "sluice %s: ", command->name);
    if (error)
        print_plain(stderr, error);
    else
        fprintf(stderr, "%s: HTTP status %ld", options->address, reply->status);
    fputc('\n', stderr);
}

static void print_answer(const struct ask_command *command,
                         const struct ask_options *options,
                         const json_t *answer)
{
    if (!options->as_json) {
        command->print(answer);
        return;
    }
    json_dumpf(answer, stdout, command->json_flags | JSON_PRESERVE_ORDER);
    putchar('\n');
}

int ask_run(const struct ask_command *command,
            const struct ask_options *options, const json_t *question)
{
    struct http_reply reply;
    bool is_answered;

    if (!http_ask(&reply, options->address, command->path, question)) {
        fprintf(stderr, "sluice %s: %s: %s\n", command->name, options->address,
                reply.error);
        return ASK_FAILED;
    }
    is_answered = reply.status == 200;
    if (is_answered)
        print_answer(command, options, reply.body);
    else
        print_refusal(command, options, &reply);
    json_decref(reply.body);
    return is_answered ? ASK_ANSWERED : ASK_FAILED;
}
