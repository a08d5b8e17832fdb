/*
 * A configuration as a table writes it, and one decision of it.
 */
#ifndef TEST_CONFIG_DECIDED_H
#define TEST_CONFIG_DECIDED_H

#include "test/config/load_text.h"
#include "test/support/table.h"

#include "config/request_json.h"
#include "policy/base/arena.h"
#include "policy/check/check.h"

#include <jansson.h>
#include <stdlib.h>

#define QUOTAS                                                                 \
    "quotas = ("                                                               \
    " { name = 'calls'; rate = { amount = 9; };"                               \
    "   match = \"request.method | 'GET' != 'OPTIONS'\"; },"                   \
    " { name = 'slots'; concurrency = { max = 9; };"                           \
    "   dimensions = { user = 'source.user'; };"                               \
    "   overrides = ( { when = { user = 'ann'; }; max = 2; } ); } );"

#define LISTS                                                                  \
    "lists = ("                                                                \
    " { name = 'office'; type = 'ip'; entries = [ '10.0.0.0/8' ]; },"          \
    " { name = 'banned'; entries = [ 'bob' ]; },"                              \
    " { name = 'remote'; url = 'http://localhost/x'; } );"

struct decided {
    struct snapshot *snapshot;
    struct arena arena;
    json_t *json;
    struct request_json request;
    struct check check;
    enum check_state state;
};

static inline void decide(struct decided *decided, struct snapshot *snapshot,
                          const char *request)
{
    struct str why;

    *decided = (struct decided){
        .snapshot = snapshot,
        .json = json_loads(request, JSON_REJECT_DUPLICATES, NULL),
    };
    arena_init(&decided->arena, 0);
    row_true(request, decided->json != NULL);
    if (!request_json_read(&decided->request, decided->json,
                           snapshot->vocabulary, 0, &decided->arena, &why))
        row_fail(request, "%.*s", STR_ARG(why));
    decided->state =
        check_run(&decided->check, &snapshot->ruleset, &decided->request.input);
}

static inline void decided_fini(struct decided *decided)
{
    json_decref(decided->json);
    arena_fini(&decided->arena);
}

/* In a table ' stands for ", but not within "...", which are expressions. NULL
 * if it has mistakes. */
static inline struct snapshot *load_row(const char *conf)
{
    struct snapshot *snapshot;
    char *text = strdup(conf);
    bool is_expression = false;

    for (char *c = text; *c; c++)
        if (*c == '"')
            is_expression = !is_expression;
        else if (*c == '\'' && !is_expression)
            *c = '"';
    snapshot = try_text(str_of(text));
    free(text);
    return snapshot;
}

#endif
