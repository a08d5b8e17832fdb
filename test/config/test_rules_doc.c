/*
 * The examples of docs/rules.md: a configuration between "```conf" and "```",
 * and decisions between "```decision" and "```". A request is a line of JSON,
 * perhaps followed by " at TIME" or " when QUOTA is exhausted"; the lines after
 * it are what is decided, as test/support/decision.h shows it.
 */
#include "test/config/document.h"
#include "test/support/decision.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "policy/expr/timestamp.h"

#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT TEST_DATA "/../../docs/rules.md"

/* "{...} at TIME", "{...} when QUOTA is exhausted" */
static struct request read_request(struct str line)
{
    struct request request = { .attributes = take_until(&line, STR("} ")) };
    struct str word = take_until(&line, STR(" "));
    struct instant instant;

    if (!str_ends_with(request.attributes, STR("}")))
        request.attributes.len++;
    if (str_eq(word, STR("at"))) {
        assert_true(timestamp_parse(line, &instant));
        request.wall_ns = instant.seconds * SECOND;
    } else if (str_eq(word, STR("when"))) {
        request.exhausted = take_until(&line, STR(" is exhausted"));
    } else {
        row_equal_str("request", word, STR(""));
    }
    return request;
}

/* The lines up to the next request. */
static struct str take_decision(struct str *block)
{
    struct str decision = { block->data, 0 };

    while (block->len > 0 && block->data[0] != '{')
        decision.len += take_until(block, STR("\n")).len + 1;
    return decision;
}

/* Returns how many there are. */
static unsigned check_decisions(struct str conf, struct str block)
{
    struct decision decision;
    unsigned count = 0;

    decision_init(&decision, conf);
    for (; block.len > 0; count++) {
        struct str line = take_until(&block, STR("\n"));
        struct request request = read_request(line);
        char why[300];

        snprintf(why, sizeof(why), "%.*s", STR_ARG(line));
        row_equal_str(why, decision_make(&decision, &request),
                      take_decision(&block));
    }
    decision_fini(&decision);
    return count;
}

static void test_examples(void **state)
{
    struct str text = read_document(DOCUMENT), rest = text;
    unsigned count = 0, conf_count = 0;

    (void)state;
    for (;;) {
        struct str conf, kind;

        take_until(&rest, STR("```conf\n"));
        if (rest.len == 0)
            break;
        conf = take_until(&rest, STR("\n```\n"));
        kind = take_until(&rest, STR("\n"));
        row_equal_str("each has decisions", kind, STR("```decision"));
        count += check_decisions(conf, take_until(&rest, STR("```\n")));
        conf_count++;
    }
    assert_true(conf_count >= 10);
    assert_true(count >= 20);
    free((void *)(uintptr_t)text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_examples) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
