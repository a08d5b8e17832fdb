#include "config/explain_command.h"

#include "config/bundle.h"
#include "config/bundle_lists.h"
#include "config/explain_json.h"
#include "config/explain_text.h"
#include "config/json_input.h"
#include "config/request_json.h"
#include "config/snapshot.h"
#include "policy/base/clock.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    EXIT_ALLOWED = 0,
    EXIT_REFUSED = 1,
    EXIT_NO_ANSWER = 2,
};

static const char usage[] =
    "usage: sluice explain [--json] FILE REQUEST\n"
    "\n"
    "Shows what a configuration says to one request, and why: each rule with\n"
    "what it read and what decided, and the quotas that would be asked.\n"
    "Nothing is charged and no server is asked.\n"
    "\n"
    "REQUEST is a JSON object, a file that holds one, or - for standard "
    "input:\n"
    "  {\"request.path\": \"/x\", \"request.headers\": {\"x-version\": "
    "\"1\"}}\n"
    "or, with quotas that the caller names himself, and a time other than "
    "now,\n"
    "  {\"attributes\": {\"request.path\": \"/x\"}, \"quotas\": {\"q\": 1},\n"
    "   \"time\": \"2026-11-24T21:00:00Z\"}\n"
    "\n"
    "  --json   one JSON object instead of text\n"
    "  --help   this text\n"
    "\n"
    "Exit status: 0 the request is allowed, 1 it is refused, 2 the file or "
    "the\n"
    "request is wrong.\n";

static struct snapshot *load(const char *path)
{
    struct snapshot *snapshot = NULL;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    if (bundle_read(&bundle, path, &diags)) {
        bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
        snapshot = snapshot_load(&bundle, &diags);
    }
    if (!snapshot)
        diags_print(&diags, stderr, isatty(STDERR_FILENO) == 1);
    bundle_fini(&bundle);
    diags_fini(&diags);
    return snapshot;
}

static void print(const struct explanation *explanation,
                  const struct snapshot *snapshot, struct arena *arena,
                  bool as_json)
{
    json_t *json = explain_json(explanation, snapshot, arena);

    if (as_json) {
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        explain_text_print(stdout, json);
    }
    json_decref(json);
}

static int explain_request(const struct snapshot *snapshot,
                           struct request_json *request, struct arena *arena,
                           bool as_json)
{
    static const struct explain_options all = { NULL, UINT32_MAX };
    struct explanation explanation;
    struct check check;

    check_run(&check, &snapshot->ruleset, &request->input);
    explain(&explanation, &check, &all, snapshot->vocabulary, arena);
    print(&explanation, snapshot, arena, as_json);
    return check.code == STATUS_OK ? EXIT_ALLOWED : EXIT_REFUSED;
}

static int explain_argument(const struct snapshot *snapshot,
                            const char *argument, bool as_json)
{
    int status = EXIT_NO_ANSWER;
    struct request_json request;
    struct arena arena;
    struct str why;
    json_t *json;

    arena_init(&arena, 0);
    json = json_input_read(argument, &arena, &why);
    if (json && request_json_read(&request, json, snapshot->vocabulary,
                                  clock_wall_ns(), &arena, &why))
        status = explain_request(snapshot, &request, &arena, as_json);
    else
        fprintf(stderr, "sluice explain: %.*s\n", STR_ARG(why));
    json_decref(json);
    arena_fini(&arena);
    return status;
}

int command_explain(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct snapshot *snapshot;
    bool as_json = false;
    int option, status;

    optind = 0;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'j') {
            as_json = true;
        } else if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        } else {
            fputs(usage, stderr);
            return EXIT_NO_ANSWER;
        }
    }
    if (optind + 2 != argc) {
        fputs(usage, stderr);
        return EXIT_NO_ANSWER;
    }
    snapshot = load(argv[optind]);
    if (!snapshot)
        return EXIT_NO_ANSWER;
    status = explain_argument(snapshot, argv[optind + 1], as_json);
    snapshot_free(snapshot);
    return status;
}
