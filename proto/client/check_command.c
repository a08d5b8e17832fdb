#include "proto/client/check_command.h"

#include "proto/client/check_options.h"
#include "proto/client/check_output.h"
#include "proto/client/client.h"

#include <stdio.h>

enum {
    EXIT_ALLOWED = 0,
    EXIT_REFUSED = 1,
    EXIT_NOT_ASKED = 2,
};

static void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static void print_failure(const struct check_options *options,
                          const struct client_result *result)
{
    fprintf(stderr, "sluice check: %s: %s: %.*s\n", options->address,
            status_code_name(result->code), STR_ARG(result->message));
}

static int check_once(struct client *client,
                      const struct check_options *options,
                      const struct client_question *question,
                      struct arena *arena)
{
    struct client_answer answer;
    struct client_result result =
        client_check(client, question, arena, &answer);

    if (result.code != STATUS_OK) {
        print_failure(options, &result);
        return EXIT_NOT_ASKED;
    }
    if (question->wants_explanation && answer.explanation.len == 0)
        fprintf(stderr,
                "sluice check: %s: it explains nothing: `server.explain` is "
                "not true there\n",
                options->address);
    if (options->as_json)
        print_json(check_output_json(&question->request, &answer, arena));
    else
        check_output_print(stdout, &question->request, &answer, arena);
    return check_verdict(&question->request, &answer.response).code == STATUS_OK
               ? EXIT_ALLOWED
               : EXIT_REFUSED;
}

/* Asks once more and counts how it went; returns the exit status of that. */
static int count_check(struct client *client,
                       const struct client_question *question,
                       struct check_tally *tally)
{
    struct client_answer answer;
    struct client_result result;
    enum status_code code;
    struct arena arena;

    arena_init(&arena, 0);
    result = client_check(client, question, &arena, &answer);
    if (result.code != STATUS_OK) {
        tally->failures[result.code]++;
        arena_fini(&arena);
        return EXIT_NOT_ASKED;
    }
    code = check_verdict(&question->request, &answer.response).code;
    tally->verdicts[code]++;
    if (answer.lease.len > 0)
        json_array_append_new(
            tally->leases, json_stringn(answer.lease.data, answer.lease.len));
    arena_fini(&arena);
    return code == STATUS_OK ? EXIT_ALLOWED : EXIT_REFUSED;
}

static int check_often(struct client *client,
                       const struct check_options *options,
                       const struct client_question *question)
{
    struct check_tally tally = { .leases = json_array() };
    int worst = EXIT_ALLOWED;

    for (uint32_t i = 0; i < options->count; i++) {
        int status = count_check(client, question, &tally);

        if (worst < status)
            worst = status;
    }
    if (options->as_json)
        print_json(check_tally_json(&tally));
    else
        check_tally_print(stdout, &tally);
    json_decref(tally.leases);
    return worst;
}

static int release(struct client *client, const struct check_options *options,
                   struct arena *arena)
{
    int64_t released = 0;
    struct client_result result = client_release(
        client, options->handles, options->handle_count, arena, &released);

    if (result.code != STATUS_OK) {
        print_failure(options, &result);
        return EXIT_NOT_ASKED;
    }
    if (options->as_json)
        print_json(json_pack("{sI}", "released", (json_int_t)released));
    else
        printf("released %lld\n", (long long)released);
    return EXIT_ALLOWED;
}

static int run(const struct check_options *options, struct arena *arena)
{
    const struct client_options where = {
        .address = options->address,
        .timeout_ns = options->timeout_ns,
    };
    const struct client_question question = {
        .attributes = options->attributes.items,
        .attribute_count = options->attributes.count,
        .request = options->request,
        .wants_explanation = options->wants_explanation,
    };
    struct client *client;
    int status;

    client_silence_library();
    client = client_new(&where);
    if (options->handle_count > 0)
        status = release(client, options, arena);
    else if (options->count > 1)
        status = check_often(client, options, &question);
    else
        status = check_once(client, options, &question, arena);
    client_free(client);
    return status;
}

int command_check(int argc, char **argv)
{
    struct vocabulary *vocabulary = vocabulary_new();
    struct check_options options;
    struct arena arena;
    int status = EXIT_NOT_ASKED;
    struct str why;

    arena_init(&arena, 0);
    if (!check_options_parse(&options, argc, argv, vocabulary, &arena, &why)) {
        fprintf(stderr, "sluice check: %.*s\n", STR_ARG(why));
    } else if (options.wants_help) {
        fputs(check_options_help, stdout);
        status = EXIT_ALLOWED;
    } else {
        status = run(&options, &arena);
    }
    arena_fini(&arena);
    vocabulary_free(vocabulary);
    return status;
}
