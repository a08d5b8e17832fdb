#include "config/validate.h"

#include "config/bundle.h"
#include "config/bundle_lists.h"
#include "config/snapshot.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum soundness {
    FILE_SOUND = 0, /* these are exit statuses */
    FILE_UNSOUND = 1,
    FILE_UNREADABLE = 2,
};

#define USAGE_ERROR 2

static const char usage[] =
    "usage: sluice validate [--json] FILE...\n"
    "\n"
    "Checks configuration files and all that they include, and shows what is\n"
    "wrong and where. Nothing is changed and no server is asked.\n"
    "\n"
    "  --json   one JSON object instead of text\n"
    "  --help   this\n"
    "\n"
    "Exit status: 0 all are sound, 1 one is not, 2 a file cannot be read.\n";

/* What became of one file. */
struct outcome {
    const char *path;
    struct diags diags;
    enum soundness soundness;
    uint32_t quota_count, rule_count; /* of a sound one */
};

static void check_file(struct outcome *outcome, const char *path)
{
    struct snapshot *snapshot = NULL;
    struct bundle bundle;

    *outcome = (struct outcome){ .path = path, .soundness = FILE_UNSOUND };
    diags_init(&outcome->diags);
    outcome->diags.least = DIAG_NOTE;
    if (bundle_read(&bundle, path, &outcome->diags)) {
        bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &outcome->diags);
        snapshot = snapshot_load(&bundle, &outcome->diags);
    } else if (!bundle.files[0].text.data) {
        outcome->soundness = FILE_UNREADABLE;
    }
    if (snapshot) {
        outcome->soundness = FILE_SOUND;
        outcome->quota_count = snapshot->ruleset.quota_count;
        outcome->rule_count = snapshot->ruleset.rule_count;
    }
    snapshot_free(snapshot);
    bundle_fini(&bundle);
}

static void print_count(unsigned count, const char *noun)
{
    printf("%u %s%s", count, noun, count == 1 ? "" : "s");
}

static void print_text(const struct outcome *outcome)
{
    diags_print(&outcome->diags, stdout, isatty(STDOUT_FILENO) == 1);
    printf("%s: ", outcome->path);
    if (outcome->soundness == FILE_SOUND) {
        printf("ok (");
        print_count(outcome->quota_count, "quota");
        printf(", ");
        print_count(outcome->rule_count, "rule");
        if (outcome->diags.warning_count > 0) {
            printf(", ");
            print_count(outcome->diags.warning_count, "warning");
        }
        printf(")\n");
    } else {
        print_count(outcome->diags.error_count, "error");
        printf("\n");
    }
}

/* Files may hold any bytes; JSON only UTF-8. */
static json_t *json_text(struct str text)
{
    json_t *json = json_stringn(text.data, text.len);

    return json ? json : json_string("(not UTF-8)");
}

static json_t *json_diag(const struct diag *diag)
{
    const struct place *place = &diag->place;

    return json_pack("{s:s, s:o, s:i, s:i, s:i, s:o}", "severity",
                     diag_severity_text(diag->severity), "file",
                     json_text(place->file), "line", (int)place->line, "column",
                     (int)place->column, "width", (int)place->width, "message",
                     json_text(diag->message));
}

static json_t *json_outcome(const struct outcome *outcome)
{
    json_t *diags = json_array();

    for (const struct diag *diag = outcome->diags.first; diag;
         diag = diag->next)
        json_array_append_new(diags, json_diag(diag));
    return json_pack("{s:o, s:b, s:i, s:i, s:i, s:i, s:o}", "file",
                     json_text(str_of(outcome->path)), "ok",
                     outcome->soundness == FILE_SOUND, "quotas",
                     (int)outcome->quota_count, "rules",
                     (int)outcome->rule_count, "errors",
                     (int)outcome->diags.error_count, "warnings",
                     (int)outcome->diags.warning_count, "diagnostics", diags);
}

static enum soundness validate_files(char **paths, bool as_json)
{
    enum soundness worst = FILE_SOUND;
    json_t *files = json_array();

    for (; *paths; paths++) {
        struct outcome outcome;

        check_file(&outcome, *paths);
        if (outcome.soundness > worst)
            worst = outcome.soundness;
        if (as_json)
            json_array_append_new(files, json_outcome(&outcome));
        else
            print_text(&outcome);
        diags_fini(&outcome.diags);
    }
    if (as_json) {
        json_t *all =
            json_pack("{s:b, s:O}", "ok", worst == FILE_SOUND, "files", files);

        json_dumpf(all, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(all);
    }
    json_decref(files);
    return worst;
}

int command_validate(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool as_json = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'j') {
            as_json = true;
        } else if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        } else {
            fputs(usage, stderr);
            return USAGE_ERROR;
        }
    }
    if (optind == argc) {
        fputs("sluice validate: no file is named\n\n", stderr);
        fputs(usage, stderr);
        return USAGE_ERROR;
    }
    return (int)validate_files(argv + optind, as_json);
}
