#include "config/evaluation.h"

#include "policy/expr/code.h"

void evaluation_init(struct evaluation *evaluation,
                     struct vocabulary *vocabulary)
{
    *evaluation = (struct evaluation){ .vocabulary = vocabulary };
    arena_init(&evaluation->arena, 0);
    refs_init(&evaluation->refs, &evaluation->arena);
}

void evaluation_fini(struct evaluation *evaluation)
{
    arena_fini(&evaluation->arena);
    vocabulary_free(evaluation->vocabulary);
}

static void fail_to_evaluate(struct evaluation *evaluation,
                             const struct eval_error *error)
{
    evaluation->outcome = OUTCOME_ERROR;
    evaluation->offset = error->offset;
    evaluation->length = 1;
    evaluation->message = str_of(error->message);
    if (error->status == EVAL_ABSENT) {
        struct str name =
            vocabulary_name(evaluation->vocabulary, error->attribute);

        evaluation->outcome = OUTCOME_ABSENT;
        evaluation->length = name.len;
        evaluation->message = arena_printf(
            &evaluation->arena, "attribute %.*s is absent", STR_ARG(name));
    }
}

static const struct code *compile(struct evaluation *evaluation,
                                  struct str expression)
{
    struct expr_error error;
    const struct code *code =
        code_compile(expression, VALUE_NONE, evaluation->vocabulary,
                     &evaluation->arena, &error);

    if (code) {
        evaluation->type = code_type(code);
        return code;
    }
    evaluation->outcome = OUTCOME_ERROR;
    evaluation->offset = error.offset;
    evaluation->length = error.length;
    evaluation->message = arena_copy(&evaluation->arena, str_of(error.message));
    return NULL;
}

void evaluation_run(struct evaluation *evaluation, struct str expression,
                    const json_t *attributes, enum unknown_attributes unknown)
{
    const struct code *code = compile(evaluation, expression);
    struct eval_error error;
    struct bag bag;

    bag_init(&bag, evaluation->vocabulary, &evaluation->arena);
    bag.refs = &evaluation->refs;
    if (attributes &&
        !attributes_json_set(&bag, attributes, unknown, &evaluation->message))
        evaluation->outcome = OUTCOME_BAD_ATTRIBUTES;
    else if (code &&
             code_eval(code, &bag, &evaluation->value, &error) != EVAL_OK)
        fail_to_evaluate(evaluation, &error);
}

static json_t *error_json(const struct evaluation *evaluation)
{
    json_t *where = json_null();

    if (evaluation->outcome != OUTCOME_BAD_ATTRIBUTES)
        where =
            json_pack("{s:I, s:I}", "offset", (json_int_t)evaluation->offset,
                      "length", (json_int_t)evaluation->length);
    return json_pack("{s:o, s:o}", "error", text_json(evaluation->message),
                     "where", where);
}

json_t *evaluation_json(struct evaluation *evaluation)
{
    if (evaluation->outcome != OUTCOME_VALUE)
        return error_json(evaluation);
    return json_pack(
        "{s:s, s:o, s:o}", "type", value_type_name(evaluation->type), "value",
        value_json(&evaluation->value, &evaluation->arena), "referenced",
        references_json(&evaluation->refs, evaluation->vocabulary,
                        &evaluation->arena));
}
