#include "policy/expr/code.h"
#include "policy/expr/instruction.h"
#include "policy/expr/order.h"

/* A part of a text that is being put together, and all before it. */
struct piece {
    struct str text;
    const struct piece *before;
    size_t total_len; /* of this one and those before it */
};

/* What a register holds follows from the instruction that filled it. */
union reg {
    struct value value;
    uint32_t map; /* OP_LOAD_MAP: the attribute; ATTR_NONE: empty */
    const struct piece *piece; /* OP_PIECE_*: the last one */
};

/* False if the attribute is absent. */
static bool load(struct bag *bag, uint32_t attribute, union reg *reg)
{
    const struct value *value = bag_get(bag, attribute);

    if (value)
        reg->value = *value;
    return value != NULL;
}

/* The same for a map, of which only the keys read are recorded. */
static bool load_map(struct bag *bag, uint32_t attribute, union reg *reg)
{
    if (bag->values[attribute].type == VALUE_NONE)
        return load(bag, attribute, reg);
    reg->map = attribute;
    return true;
}

/* map_at: which of the two is the map. False without that key; the string is
 * then empty. */
static bool load_key(struct bag *bag, uint32_t map_at, union reg *regs)
{
    uint32_t map = regs[map_at].map;
    struct str key = regs[1 - map_at].value.string;

    regs[0].value.string = STR("");
    return map != ATTR_NONE &&
           bag_get_key(bag, map, key, &regs[0].value.string) == BAG_KEY;
}

/* NULL, or what went wrong. */
static const char *compare(const struct instruction *instruction,
                           union reg *regs)
{
    enum order order = order_of((enum value_type)instruction->type,
                                &regs[0].value, &regs[1].value);

    regs[0].value.boolean = (order & instruction->n) != 0;
    return order == ORDER_INVALID ? "an operand is no valid value of its type"
                                  : NULL;
}

/* The text `before` (NULL: none) and then `text`. NULL without memory. */
static const struct piece *
add_piece(struct arena *arena, const struct piece *before, struct str text)
{
    size_t total_len = before ? before->total_len : 0;
    struct piece *piece;

    if (__builtin_add_overflow(total_len, text.len, &total_len))
        return NULL;
    piece = arena_alloc(arena, sizeof(*piece));
    if (piece)
        *piece = (struct piece){ text, before, total_len };
    return piece;
}

/* False without memory. */
static bool join(struct arena *arena, union reg *reg)
{
    const struct piece *piece = reg->piece;
    char *text = arena_alloc(arena, piece->total_len);

    reg->value.string = (struct str){ text, piece->total_len };
    for (; text && piece; piece = piece->before)
        if (piece->text.len > 0)
            memcpy(text + piece->total_len - piece->text.len, piece->text.data,
                   piece->text.len);
    return text != NULL;
}

/* NULL, or what went wrong. */
static const char *call(const struct function *function, struct arena *arena,
                        union reg *regs)
{
    struct value arguments[ARITY_MAX];

    for (unsigned i = 0; i < function->arity; i++)
        arguments[i] = regs[i].value;
    return function->run(arguments, arena, &regs[0].value);
}

/* The same. */
static const char *search(const struct regex *regex, struct arena *arena,
                          union reg *reg)
{
    struct str text = reg->value.string;

    return regex_search(regex, text, arena, &reg->value.boolean);
}

static enum eval_status stop(struct eval_error *error,
                             const struct instruction *instruction,
                             const char *message)
{
    bool is_absent = message == NULL;
    enum eval_status status = is_absent ? EVAL_ABSENT : EVAL_ERROR;

    if (error)
        *error = (struct eval_error){
            .status = status,
            .attribute = is_absent ? instruction->n : ATTR_NONE,
            .offset = instruction->offset,
            .message = is_absent ? "attribute is absent" : message,
        };
    return status;
}

/* NOLINTNEXTLINE(readability-function-size): one switch over all opcodes. */
enum eval_status code_eval(const struct code *code, struct bag *bag,
                           struct value *value, struct eval_error *error)
{
    union reg regs[REGISTERS_MAX];
    const struct instruction *i = code->instructions;

    for (;;) {
        union reg *r = &regs[i->r];
        const char *problem = NULL;
        bool is_absent = false;

        switch ((enum opcode)i->opcode) {
        case OP_CONSTANT:
            r->value = code->constants[i->n];
            break;
        case OP_LOAD:
            is_absent = !load(bag, i->n, r);
            break;
        case OP_LOAD_MAP:
            is_absent = !load_map(bag, i->n, r);
            break;
        case OP_EMPTY_MAP:
            r->map = ATTR_NONE;
            break;
        case OP_INDEX:
            load_key(bag, i->n, r);
            break;
        case OP_INDEX_ELSE:
            is_absent = !load_key(bag, i->n, r);
            break;
        case OP_SKIP:
            i = code->instructions + i->target;
            continue;
        case OP_SKIP_IF_TRUE:
        case OP_SKIP_IF_FALSE:
            if (r->value.boolean == (i->opcode == OP_SKIP_IF_TRUE)) {
                i = code->instructions + i->target;
                continue;
            }
            break;
        case OP_COMPARE:
            problem = compare(i, r);
            break;
        case OP_ADD_INT64:
            if (__builtin_add_overflow(r[0].value.int64, r[1].value.int64,
                                       &r->value.int64))
                problem = "the sum does not fit INT64";
            break;
        case OP_ADD_DOUBLE:
            r->value.number += r[1].value.number;
            break;
        case OP_PIECE_FIRST:
            r->piece = add_piece(bag->arena, NULL, r->value.string);
            problem = r->piece ? NULL : EVAL_NO_MEMORY;
            break;
        case OP_PIECE_NEXT:
            r->piece = add_piece(bag->arena, r->piece, r[1].value.string);
            problem = r->piece ? NULL : EVAL_NO_MEMORY;
            break;
        case OP_JOIN:
            problem = join(bag->arena, r) ? NULL : EVAL_NO_MEMORY;
            break;
        case OP_CALL:
            problem = call(&functions[i->n], bag->arena, r);
            break;
        case OP_SEARCH:
            problem = search(code->regexes[i->n], bag->arena, r);
            break;
        case OP_END:
            *value = regs[0].value;
            value->type = code->type;
            return EVAL_OK;
        }
        if (problem || (is_absent && i->target == NOWHERE))
            return stop(error, i, problem);
        i = is_absent ? code->instructions + i->target : i + 1;
    }
}
