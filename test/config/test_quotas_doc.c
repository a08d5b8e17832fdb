/*
 * The examples of docs/quotas.md: quotas between "```conf" and "```", and what
 * they grant between "```takes" and "```", over a memory store of their own.
 * Each line has three columns, at least two spaces apart:
 *   WHEN  [USER:] ASK [and ASK]... [as ID] [in an outage]  OUTCOME[; OUTCOME]
 *   ASK   (take [up to] N | give back N | look) [of QUOTA]
 * USER is source.user, ID a deduplication id; without QUOTA it is the first
 * one. There is an outcome for each ask.
 */
#include "test/config/document.h"
#include "test/support/decision.h"
#include "test/support/table.h"

#include "config/attributes_json.h"
#include "config/quantity.h"
#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "quota/take.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DOCUMENT TEST_DATA "/../../docs/quotas.md"

static struct str trim(struct str text)
{
    while (str_starts_with(text, STR(" ")))
        text = str_skip(text, 1);
    return text;
}

static struct str take_column(struct str *line)
{
    struct str column = take_until(line, STR("  "));

    *line = trim(*line);
    return column;
}

/* Takes it if the text begins with it. */
static bool take_words(struct str *text, struct str words)
{
    if (!str_starts_with(*text, words))
        return false;
    *text = trim(str_skip(*text, words.len));
    return true;
}

static int64_t take_number(struct str *text)
{
    struct str word = take_until(text, STR(" "));
    char digits[24];

    snprintf(digits, sizeof(digits), "%.*s", STR_ARG(word));
    return strtoll(digits, NULL, 10);
}

/* ---- a line ------------------------------------------------------------ */

struct line {
    int64_t at_ns;
    struct str user, id;
    struct quota_ask asks[QUOTAS_PER_CHECK_MAX];
    uint32_t ask_count;
    bool is_outage;
};

static void read_ask(struct line *line, struct str *action, struct str first)
{
    struct quota_ask *ask = &line->asks[line->ask_count++];

    ask->name = first;
    if (take_words(action, STR("take "))) {
        ask->is_best_effort = take_words(action, STR("up to "));
        ask->amount = take_number(action);
    } else if (take_words(action, STR("give back "))) {
        ask->amount = -take_number(action);
    } else {
        row_true(action->data, take_words(action, STR("look")));
    }
    if (take_words(action, STR("of ")))
        ask->name = take_until(action, STR(" "));
}

static struct line read_line(struct str time, struct str action,
                             struct str first)
{
    struct line line = { .is_outage =
                             str_ends_with(action, STR(" in an outage")) };
    const char *colon = memmem(action.data, action.len, ": ", 2), *why;

    row_true(time.data,
             quantity_parse(time, QUANTITY_DURATION, &line.at_ns, &why));
    if (colon)
        line.user = take_until(&action, STR(": "));
    read_ask(&line, &action, first);
    while (take_words(&action, STR("and ")))
        read_ask(&line, &action, first);
    if (take_words(&action, STR("as ")))
        line.id = take_until(&action, STR(" "));
    take_words(&action, STR("in an outage"));
    row_equal_str("all of it is read", action, STR(""));
    return line;
}

/* ---- what becomes of it ------------------------------------------------ */

struct scene {
    struct decision decision;
    struct store *store;
    int fd;
};

/* The store's part of a Check, when the policy has said what is charged. */
static void take_all(struct scene *scene, const struct line *line)
{
    struct check *check = &scene->decision.check;
    const struct quota_limits *limits = scene->decision.snapshot->limits;
    struct take take = { .status = TAKE_OUTAGE, .deadline_ns = INT64_MAX };

    take_init(&take, scene->store, check->requests, check->request_count,
              limits, line->id);
    if (!line->is_outage)
        store_take(scene->store, &take, HOUR + line->at_ns);
    take_settle(&take, check->requests, limits, NULL);
    check_finish(check, take.grants);
}

static void run_line(struct scene *scene, const struct line *line)
{
    struct decision *decision = &scene->decision;
    const struct snapshot *snapshot = decision->snapshot;
    struct check_input input = { .bag = &decision->bag,
                                 .asks = line->asks,
                                 .ask_count = line->ask_count };
    json_t *attributes = json_object();
    struct str why;

    if (line->user.len > 0)
        json_object_set_new(attributes, "source.user",
                            json_stringn(line->user.data, line->user.len));
    arena_clear(&decision->arena);
    bag_init(&decision->bag, snapshot->vocabulary, &decision->arena);
    /* The bag borrows from the JSON. */
    assert_true(attributes_json_set(&decision->bag, attributes,
                                    UNKNOWN_ARE_MISTAKES, &why));
    if (check_run(&decision->check, &snapshot->ruleset, &input) == CHECK_ASKS)
        take_all(scene, line);
    json_decref(attributes);
}

static void show_duration(FILE *out, const char *before, int64_t ns)
{
    struct arena arena;

    arena_init(&arena, 0);
    fprintf(out, "%s%.*s", before,
            STR_ARG(quantity_format(ns, QUANTITY_DURATION, &arena)));
    arena_fini(&arena);
}

static void show_grant(FILE *out, const struct quota_ask *ask,
                       const struct quota_answer *answer)
{
    const struct quota_grant *grant = &answer->grant;

    if (answer->result == ASK_EXEMPT) {
        fprintf(out, "%" PRId64 " granted, uncharged", grant->granted);
        return;
    }
    if (grant->is_refused)
        fputs("refused", out);
    else if (ask->amount < 0)
        fprintf(out, "%" PRId64 " returned", grant->granted);
    else if (ask->amount > 0)
        fprintf(out, "%" PRId64 " granted", grant->granted);
    if (grant->is_outage) {
        fprintf(out, ", %s", quota_grant_words(grant));
        return;
    }
    fprintf(out, "%s%" PRId64 " left", ask->amount == 0 ? "" : ", ",
            grant->remaining);
    if (grant->is_refused && grant->retry_after_ns >= 0)
        show_duration(out, ", again in ", grant->retry_after_ns);
}

static void check_line(struct scene *scene, struct str text)
{
    const struct ruleset *ruleset = &scene->decision.snapshot->ruleset;
    struct str rest = text, time = take_column(&rest),
               action = take_column(&rest);
    struct line line = read_line(time, action, ruleset->quotas[0].name);
    char *shown = NULL, why[300];
    size_t len = 0;
    FILE *out = open_memstream(&shown, &len);

    run_line(scene, &line);
    for (uint32_t i = 0; i < line.ask_count; i++) {
        fputs(i > 0 ? "; " : "", out);
        show_grant(out, &line.asks[i], &scene->decision.check.answers[i]);
    }
    fclose(out);
    snprintf(why, sizeof(why), "%.*s", STR_ARG(text));
    row_equal_str(why, ((struct str){ shown, len }), rest);
    free(shown);
}

/* Returns how many there are. */
static unsigned check_takes(struct str conf, struct str block)
{
    struct scene scene = { .fd = local_create(LOCAL_SIZE_MIN_BYTES) };
    unsigned count = 0;

    decision_init(&scene.decision, conf);
    scene.store = local_open(scene.fd);
    assert_non_null(scene.store);
    for (; block.len > 0; count++)
        check_line(&scene, take_until(&block, STR("\n")));
    store_free(scene.store);
    close(scene.fd);
    decision_fini(&scene.decision);
    return count;
}

static void test_examples(void **state)
{
    struct str text = read_document(DOCUMENT), rest = text;
    unsigned count = 0, conf_count = 0;

    (void)state;
    for (;; conf_count++) {
        struct str conf, takes = { 0 };

        take_until(&rest, STR("```conf\n"));
        if (rest.len == 0)
            break;
        conf = take_until(&rest, STR("\n```\n"));
        if (take_words(&rest, STR("```takes\n")))
            takes = take_until(&rest, STR("```\n"));
        count += check_takes(conf, takes);
    }
    assert_true(conf_count >= 8);
    assert_true(count >= 30);
    free((void *)(uintptr_t)text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_examples) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
