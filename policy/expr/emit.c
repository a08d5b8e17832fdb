#include "policy/expr/emit.h"

#include "policy/expr/order.h"

#include <assert.h>

struct emitter {
    struct vocabulary *vocabulary;
    struct arena *scratch;
    struct instruction *instructions;
    uint32_t count, capacity;
    struct value *constants;
    uint32_t constant_count, constant_capacity;
    const struct regex **regexes;
    uint32_t regex_count, regex_capacity;
};

/*
 * What surrounds the node that is emitted.
 * absent: a list of the instructions whose target is where to go on if
 * something is absent, linked through that field until the place is known.
 */
struct context {
    unsigned r; /* the value belongs into this register */
    uint32_t *absent;
    bool has_default; /* stands left of a `|`: a missing key is absent */
    bool is_indexed;  /* a map of which only one key is read */
};

static void emit_node(struct emitter *emitter, const struct ast *ast,
                      struct context context);

/* An array in the scratch arena with room for one more element. */
static void *with_room(struct emitter *emitter, void *array, uint32_t count,
                       uint32_t *capacity, size_t size)
{
    void *larger;

    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 16 : 2 * *capacity;
    larger = arena_calloc(emitter->scratch, *capacity, size);
    if (count > 0)
        memcpy(larger, array, count * size);
    return larger;
}

/* Appends an instruction and returns its index. */
static uint32_t append(struct emitter *emitter, enum opcode opcode,
                       const struct ast *ast, unsigned r, uint32_t n)
{
    assert(r < REGISTERS_MAX);
    emitter->instructions =
        with_room(emitter, emitter->instructions, emitter->count,
                  &emitter->capacity, sizeof(emitter->instructions[0]));
    emitter->instructions[emitter->count] = (struct instruction){
        .opcode = (uint8_t)opcode,
        .type = (uint8_t)ast->type,
        .r = (uint16_t)r,
        .n = n,
        .target = NOWHERE,
        .offset = ast->span.offset,
    };
    return emitter->count++;
}

/* Appends one that may go elsewhere, and puts it on the list of those. */
static void append_jump(struct emitter *emitter, enum opcode opcode,
                        const struct ast *ast, unsigned r, uint32_t n,
                        uint32_t *list)
{
    uint32_t i = append(emitter, opcode, ast, r, n);

    emitter->instructions[i].target = *list;
    *list = i;
}

/* Those on the list go on at `target`. The list is empty afterwards. */
static void resolve(struct emitter *emitter, uint32_t *list, uint32_t target)
{
    while (*list != NOWHERE) {
        struct instruction *instruction = &emitter->instructions[*list];

        *list = instruction->target;
        instruction->target = target;
    }
}

static void emit_literal(struct emitter *emitter, const struct ast *ast,
                         unsigned r)
{
    emitter->constants =
        with_room(emitter, emitter->constants, emitter->constant_count,
                  &emitter->constant_capacity, sizeof(emitter->constants[0]));
    emitter->constants[emitter->constant_count] = ast->literal;
    append(emitter, OP_CONSTANT, ast, r, emitter->constant_count++);
}

static void emit_attribute(struct emitter *emitter, const struct ast *ast,
                           struct context context)
{
    append_jump(emitter, context.is_indexed ? OP_LOAD_MAP : OP_LOAD, ast,
                context.r, vocabulary_use(emitter->vocabulary, ast->name),
                context.absent);
}

/*
 * The map comes first: of one that is absent no key is read. But that a map is
 * there is recorded only with a key of it, and calls may fail. So where there
 * are any, in the key or in what stands for a map, the key comes first: whether
 * one fails then never depends on what is not recorded.
 */
static void emit_index(struct emitter *emitter, const struct ast *ast,
                       struct context context)
{
    const struct ast *map = ast->parts, *key = map->next;
    uint32_t map_at = ast->height > 1 ? 1 : 0;
    struct context inner = { .absent = context.absent };

    for (unsigned at = 0; at < 2; at++) {
        inner.r = context.r + at;
        inner.is_indexed = at == map_at;
        emit_node(emitter, at == map_at ? map : key, inner);
    }
    if (context.has_default)
        append_jump(emitter, OP_INDEX_ELSE, ast, context.r, map_at,
                    context.absent);
    else
        append(emitter, OP_INDEX, ast, context.r, map_at);
}

/* Arguments must be present, whatever default stands behind the call. */
static void emit_argument(struct emitter *emitter, const struct ast *argument,
                          unsigned r)
{
    uint32_t absent = NOWHERE;

    emit_node(emitter, argument, (struct context){ .r = r, .absent = &absent });
    resolve(emitter, &absent, NOWHERE);
}

/* The value that is chosen stands in the place of the call. */
static void emit_conditional(struct emitter *emitter, const struct ast *call,
                             struct context context)
{
    const struct ast *condition = call->parts;
    const struct ast *then = condition->next, *otherwise = then->next;
    uint32_t is_false = NOWHERE, is_done = NOWHERE;

    emit_argument(emitter, condition, context.r);
    append_jump(emitter, OP_SKIP_IF_FALSE, condition, context.r, 0, &is_false);
    emit_node(emitter, then, context);
    append_jump(emitter, OP_SKIP, then, context.r, 0, &is_done);
    resolve(emitter, &is_false, emitter->count);
    emit_node(emitter, otherwise, context);
    resolve(emitter, &is_done, emitter->count);
}

/* The pattern is known: the text is the one argument. */
static void emit_search(struct emitter *emitter, const struct ast *call,
                        unsigned r)
{
    uint32_t n;

    emitter->regexes =
        with_room(emitter, emitter->regexes, emitter->regex_count,
                  &emitter->regex_capacity, sizeof(emitter->regexes[0]));
    emitter->regexes[emitter->regex_count] = call->regex;
    n = emitter->regex_count++;
    emit_argument(emitter, call->parts->next, r);
    append(emitter, OP_SEARCH, call, r, n);
}

static void emit_call(struct emitter *emitter, const struct ast *call,
                      struct context context)
{
    unsigned r = context.r;

    if (!call->function->run) {
        emit_conditional(emitter, call, context);
        return;
    }
    if (call->regex) {
        emit_search(emitter, call, r);
        return;
    }
    /* The one function that makes a map makes an empty one. */
    if (context.is_indexed) {
        append(emitter, OP_EMPTY_MAP, call, context.r, 0);
        return;
    }
    for (const struct ast *part = call->parts; part; part = part->next)
        emit_argument(emitter, part, r++);
    append(emitter, OP_CALL, call, context.r,
           (uint32_t)(call->function - functions));
}

/* a || b || c: the first one that is true, or the last, is the value. */
static void emit_logic(struct emitter *emitter, const struct ast *chain,
                       struct context context)
{
    uint32_t decided = NOWHERE;

    context.has_default = false;
    for (const struct ast *part = chain->parts; part; part = part->next) {
        if (part != chain->parts)
            append_jump(emitter,
                        part->joined_by == TOKEN_OR ? OP_SKIP_IF_TRUE
                                                    : OP_SKIP_IF_FALSE,
                        part, context.r, 0, &decided);
        emit_node(emitter, part, context);
    }
    resolve(emitter, &decided, emitter->count);
}

/* The orders for which a comparison holds. */
static const uint32_t orders[] = {
    [TOKEN_EQUAL] = ORDER_EQUAL,
    [TOKEN_UNEQUAL] = ORDER_LESS | ORDER_GREATER | ORDER_NONE,
    [TOKEN_LESS] = ORDER_LESS,
    [TOKEN_LESS_EQUAL] = ORDER_LESS | ORDER_EQUAL,
    [TOKEN_GREATER] = ORDER_GREATER,
    [TOKEN_GREATER_EQUAL] = ORDER_GREATER | ORDER_EQUAL,
};

static void emit_comparisons(struct emitter *emitter, const struct ast *chain,
                             struct context context)
{
    context.has_default = false;
    emit_node(emitter, chain->parts, context);
    context.r++;
    for (const struct ast *right = chain->parts->next; right;
         right = right->next) {
        emit_node(emitter, right, context);
        append(emitter, OP_COMPARE, right, context.r - 1,
               orders[right->joined_by]);
    }
}

/* Strings are collected first and copied once at the end, else a long sum
 * would copy its beginning again and again. */
static void emit_addition(struct emitter *emitter, const struct ast *right,
                          unsigned r)
{
    if (right->type == VALUE_STRING)
        append(emitter, OP_PIECE_NEXT, right, r, 0);
    else
        append(emitter,
               right->type == VALUE_INT64 ? OP_ADD_INT64 : OP_ADD_DOUBLE, right,
               r, 0);
}

/* What emit_sum must know of all its operands beforehand. */
struct sum {
    const struct ast *last_else; /* the last operand of a `|`, or NULL */
    bool is_text;                /* pieces of text are collected */
};

static struct sum look_at_sum(const struct ast *chain)
{
    struct sum sum = { 0 };

    for (const struct ast *part = chain->parts; part; part = part->next) {
        if (part->joined_by == TOKEN_ELSE)
            sum.last_else = part;
        if (part->joined_by == TOKEN_ADD && part->type == VALUE_STRING)
            sum.is_text = true;
    }
    return sum;
}

/*
 * a + b | c + d, which is ((a + b) | c) + d. If something is absent in a or b,
 * c is next; if it is absent in c or d, the context decides. Once a + b is
 * there, c is skipped.
 */
static void emit_sum(struct emitter *emitter, const struct ast *chain,
                     struct context context)
{
    struct sum sum = look_at_sum(chain);
    uint32_t absent = NOWHERE, present = NOWHERE;
    bool is_before_last_else = sum.last_else != NULL;

    for (const struct ast *part = chain->parts; part; part = part->next) {
        bool is_added = part->joined_by == TOKEN_ADD;
        bool is_else_next = part->next && part->next->joined_by == TOKEN_ELSE;
        struct context inner = context;

        if (part->joined_by == TOKEN_ELSE) {
            append_jump(emitter, OP_SKIP, part, context.r, 0, &present);
            resolve(emitter, &absent, emitter->count);
        } else {
            resolve(emitter, &present, emitter->count);
        }
        if (part == sum.last_else)
            is_before_last_else = false;
        if (is_before_last_else)
            inner.absent = &absent;
        inner.r = is_added ? context.r + 1 : context.r;
        inner.has_default =
            !is_added && (part->next ? is_else_next : context.has_default);
        emit_node(emitter, part, inner);
        if (is_added)
            emit_addition(emitter, part, context.r);
        else if (sum.is_text)
            append(emitter, OP_PIECE_FIRST, part, context.r, 0);
    }
    resolve(emitter, &present, emitter->count);
    if (sum.is_text)
        append(emitter, OP_JOIN, chain, context.r, 0);
}

static void emit_chain(struct emitter *emitter, const struct ast *chain,
                       struct context context)
{
    switch (token_level(chain->parts->next->joined_by)) {
    case LEVEL_OR:
    case LEVEL_AND:
        emit_logic(emitter, chain, context);
        return;
    case LEVEL_COMPARE:
        emit_comparisons(emitter, chain, context);
        return;
    case LEVEL_SUM:
        emit_sum(emitter, chain, context);
        return;
    case LEVEL_NONE:
        assert(false); /* a chain has operators */
    }
}

static void emit_node(struct emitter *emitter, const struct ast *ast,
                      struct context context)
{
    switch (ast->kind) {
    case AST_LITERAL:
        emit_literal(emitter, ast, context.r);
        return;
    case AST_ATTRIBUTE:
        emit_attribute(emitter, ast, context);
        return;
    case AST_INDEX:
        emit_index(emitter, ast, context);
        return;
    case AST_CALL:
        emit_call(emitter, ast, context);
        return;
    case AST_CHAIN:
        emit_chain(emitter, ast, context);
        return;
    }
}

static const void *keep(struct arena *arena, const void *array, size_t size)
{
    void *copy = arena_alloc(arena, size);

    if (size > 0)
        memcpy(copy, array, size);
    return copy;
}

void emit(const struct ast *ast, struct vocabulary *vocabulary,
          struct arena *scratch, struct arena *arena, struct code *code)
{
    struct emitter emitter = { .vocabulary = vocabulary, .scratch = scratch };
    uint32_t absent = NOWHERE;

    emit_node(&emitter, ast, (struct context){ .absent = &absent });
    resolve(&emitter, &absent, NOWHERE);
    append(&emitter, OP_END, ast, 0, 0);
    code->instructions = keep(arena, emitter.instructions,
                              emitter.count * sizeof(struct instruction));
    code->constants = keep(arena, emitter.constants,
                           emitter.constant_count * sizeof(struct value));
    code->regexes = keep(arena, emitter.regexes,
                         emitter.regex_count * sizeof(emitter.regexes[0]));
}
