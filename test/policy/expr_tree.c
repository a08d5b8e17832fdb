#include "test/policy/expr_tree.h"

#include "policy/expr/function.h"
#include "policy/expr/order.h"

#include <assert.h>
#include <stdlib.h>

enum outcome {
    OUTCOME_VALUE,
    OUTCOME_ABSENT, /* a default may stand in */
    OUTCOME_FAILED,
};

struct tree {
    struct bag *bag;
    struct eval_error *error;
};

/* wants_key: a default follows, so a key that is missing in its map is absent
 * and not "". */
static enum outcome eval(struct tree *tree, const struct ast *ast,
                         bool wants_key, struct value *value);

static enum outcome absent(struct tree *tree, const struct ast *ast,
                           uint32_t id)
{
    *tree->error = (struct eval_error){ .status = EVAL_ABSENT,
                                        .attribute = id,
                                        .offset = ast->span.offset };
    return OUTCOME_ABSENT;
}

static enum outcome failed(struct tree *tree, const struct ast *ast)
{
    *tree->error = (struct eval_error){ .status = EVAL_ERROR,
                                        .attribute = ATTR_NONE,
                                        .offset = ast->span.offset };
    return OUTCOME_FAILED;
}

static enum outcome eval_attribute(struct tree *tree, const struct ast *ast,
                                   struct value *value)
{
    uint32_t id = vocabulary_id(tree->bag->vocabulary, ast->name);
    const struct value *found = bag_get(tree->bag, id);

    if (!found)
        return absent(tree, ast, id);
    *value = *found;
    return OUTCOME_VALUE;
}

/* An argument: no default stands in for what is absent in it. */
static enum outcome eval_argument(struct tree *tree, const struct ast *ast,
                                  struct value *value)
{
    enum outcome outcome = eval(tree, ast, false, value);

    return outcome == OUTCOME_ABSENT ? OUTCOME_FAILED : outcome;
}

/* Which of its two branches a conditional is. */
static enum outcome choose(struct tree *tree, const struct ast *call,
                           const struct ast **chosen)
{
    struct value condition;
    enum outcome outcome = eval_argument(tree, call->parts, &condition);

    if (outcome == OUTCOME_VALUE)
        *chosen =
            condition.boolean ? call->parts->next : call->parts->next->next;
    return outcome;
}

/* Maps of which one key is read ---------------------------------------------
 */

/* Which attribute the map is, or ATTR_NONE for the empty one. That a map is
 * there is not recorded, only which keys of it are read. */
static enum outcome eval_map(struct tree *tree, const struct ast *ast,
                             uint32_t *map)
{
    enum outcome outcome = OUTCOME_ABSENT;
    const struct ast *chosen;

    switch (ast->kind) {
    case AST_ATTRIBUTE:
        *map = vocabulary_id(tree->bag->vocabulary, ast->name);
        if (tree->bag->values[*map].type != VALUE_NONE)
            return OUTCOME_VALUE;
        bag_get(tree->bag, *map);
        return absent(tree, ast, *map);
    case AST_CALL:
        *map = ATTR_NONE;
        if (ast->function->run)
            return OUTCOME_VALUE;
        outcome = choose(tree, ast, &chosen);
        return outcome == OUTCOME_VALUE ? eval_map(tree, chosen, map) : outcome;
    case AST_CHAIN:
        for (const struct ast *part = ast->parts;
             part && outcome == OUTCOME_ABSENT; part = part->next)
            outcome = eval_map(tree, part, map);
        return outcome;
    case AST_LITERAL:
    case AST_INDEX:
        break;
    }
    abort(); /* no map */
}

static enum outcome eval_index(struct tree *tree, const struct ast *ast,
                               bool wants_key, struct value *value)
{
    const struct ast *map_part = ast->parts, *key_part = map_part->next;
    bool is_key_first = ast->height > 1; /* a call in one of them may fail */
    enum outcome outcome = OUTCOME_VALUE;
    struct value key;
    uint32_t map;

    if (is_key_first)
        outcome = eval(tree, key_part, false, &key);
    if (outcome == OUTCOME_VALUE)
        outcome = eval_map(tree, map_part, &map);
    if (outcome == OUTCOME_VALUE && !is_key_first)
        outcome = eval(tree, key_part, false, &key);
    if (outcome != OUTCOME_VALUE)
        return outcome;
    value->string = STR("");
    if (map == ATTR_NONE ||
        bag_get_key(tree->bag, map, key.string, &value->string) == BAG_NO_KEY)
        return wants_key ? OUTCOME_ABSENT : OUTCOME_VALUE;
    return OUTCOME_VALUE;
}

/* Calls ---------------------------------------------------------------------
 */

static enum outcome eval_call(struct tree *tree, const struct ast *call,
                              bool wants_key, struct value *value)
{
    struct value arguments[ARITY_MAX];
    const struct ast *chosen;
    enum outcome outcome;
    size_t count = 0;

    if (!call->function->run) {
        outcome = choose(tree, call, &chosen);
        return outcome == OUTCOME_VALUE ? eval(tree, chosen, wants_key, value)
                                        : outcome;
    }
    for (const struct ast *part = call->parts; part; part = part->next) {
        outcome = eval_argument(tree, part, &arguments[count++]);
        if (outcome != OUTCOME_VALUE)
            return outcome;
    }
    if (call->function->run(arguments, tree->bag->arena, value))
        return failed(tree, call);
    return OUTCOME_VALUE;
}

/* Operators -----------------------------------------------------------------
 */

static enum outcome eval_logic(struct tree *tree, const struct ast *chain,
                               struct value *value)
{
    enum outcome outcome = eval(tree, chain->parts, false, value);

    for (const struct ast *part = chain->parts->next;
         part && outcome == OUTCOME_VALUE; part = part->next) {
        if (value->boolean == (part->joined_by == TOKEN_OR))
            return outcome;
        outcome = eval(tree, part, false, value);
    }
    return outcome;
}

static bool holds(enum token_kind operator, enum order order)
{
    if (operator== TOKEN_EQUAL)
        return order == ORDER_EQUAL;
    if (operator== TOKEN_UNEQUAL)
        return order != ORDER_EQUAL;
    if (operator== TOKEN_LESS)
        return order == ORDER_LESS;
    if (operator== TOKEN_LESS_EQUAL)
        return order == ORDER_LESS || order == ORDER_EQUAL;
    if (operator== TOKEN_GREATER)
        return order == ORDER_GREATER;
    return order == ORDER_GREATER || order == ORDER_EQUAL;
}

static enum outcome eval_comparisons(struct tree *tree, const struct ast *chain,
                                     struct value *value)
{
    enum outcome outcome = eval(tree, chain->parts, false, value);

    for (const struct ast *part = chain->parts->next;
         part && outcome == OUTCOME_VALUE; part = part->next) {
        struct value right;
        enum order order;

        outcome = eval(tree, part, false, &right);
        if (outcome != OUTCOME_VALUE)
            return outcome;
        order = order_of(part->type, value, &right);
        if (order == ORDER_INVALID)
            return failed(tree, part);
        value->boolean = holds(part->joined_by, order);
    }
    return outcome;
}

static struct str join(struct arena *arena, struct str a, struct str b)
{
    char *joined = arena_calloc(arena, 1, a.len + b.len);

    if (a.len > 0)
        memcpy(joined, a.data, a.len);
    if (b.len > 0)
        memcpy(joined + a.len, b.data, b.len);
    return (struct str){ joined, a.len + b.len };
}

static enum outcome add(struct tree *tree, const struct ast *right,
                        struct value *sum, const struct value *addend)
{
    if (right->type == VALUE_DOUBLE)
        sum->number += addend->number;
    else if (right->type == VALUE_STRING)
        sum->string = join(tree->bag->arena, sum->string, addend->string);
    else if (__builtin_add_overflow(sum->int64, addend->int64, &sum->int64))
        return failed(tree, right);
    return OUTCOME_VALUE;
}

/* The first `count` operands of a chain: those before the last one, its
 * operator, the last one. */
static enum outcome eval_sum(struct tree *tree, const struct ast *chain,
                             size_t count, bool wants_key, struct value *value)
{
    const struct ast *last = chain->parts;
    struct value right;
    enum outcome outcome;

    for (size_t i = 1; i < count; i++)
        last = last->next;
    if (count == 1)
        return eval(tree, last, wants_key, value);
    if (last->joined_by == TOKEN_ELSE) {
        outcome = eval_sum(tree, chain, count - 1, true, value);
        return outcome == OUTCOME_ABSENT ? eval(tree, last, wants_key, value)
                                         : outcome;
    }
    outcome = eval_sum(tree, chain, count - 1, false, value);
    if (outcome == OUTCOME_VALUE)
        outcome = eval(tree, last, false, &right);
    return outcome == OUTCOME_VALUE ? add(tree, last, value, &right) : outcome;
}

static enum outcome eval_chain(struct tree *tree, const struct ast *chain,
                               bool wants_key, struct value *value)
{
    size_t count = 0;

    for (const struct ast *part = chain->parts; part; part = part->next)
        count++;
    assert(chain->parts && chain->parts->next);
    switch (token_level(chain->parts->next->joined_by)) {
    case LEVEL_OR:
    case LEVEL_AND:
        return eval_logic(tree, chain, value);
    case LEVEL_COMPARE:
        return eval_comparisons(tree, chain, value);
    case LEVEL_SUM:
        return eval_sum(tree, chain, count, wants_key, value);
    case LEVEL_NONE:
        break;
    }
    abort(); /* a chain has operators */
}

static enum outcome eval(struct tree *tree, const struct ast *ast,
                         bool wants_key, struct value *value)
{
    switch (ast->kind) {
    case AST_LITERAL:
        *value = ast->literal;
        return OUTCOME_VALUE;
    case AST_ATTRIBUTE:
        return eval_attribute(tree, ast, value);
    case AST_INDEX:
        return eval_index(tree, ast, wants_key, value);
    case AST_CALL:
        return eval_call(tree, ast, wants_key, value);
    case AST_CHAIN:
        return eval_chain(tree, ast, wants_key, value);
    }
    abort(); /* there is no other kind */
}

enum eval_status tree_eval(const struct ast *ast, struct bag *bag,
                           struct value *value, struct eval_error *error)
{
    struct tree tree = { bag, error };

    *error = (struct eval_error){ .attribute = ATTR_NONE };
    if (eval(&tree, ast, false, value) != OUTCOME_VALUE)
        return error->status;
    value->type = ast->type;
    return EVAL_OK;
}
