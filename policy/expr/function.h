/*
 * The functions of the language: one line each in function.c.
 * Threads: any, immutable.
 */
#ifndef POLICY_EXPR_FUNCTION_H
#define POLICY_EXPR_FUNCTION_H

#include "policy/attr/value.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>

#define ARITY_MAX 3

/*
 * arguments: as many and of such types as the signature says; never absent.
 * Sets *result, but for its type; new memory comes from `arena`. Returns NULL,
 * or why it could not: a static text.
 */
typedef const char *function_run(const struct value *arguments,
                                 struct arena *arena, struct value *result);

/* VALUE_NONE in a signature: any type, but the same one everywhere. */
struct function {
    struct str name;
    bool is_method; /* written first.name(rest), not name(first, rest) */
    enum value_type result;
    unsigned arity; /* the receiver included */
    enum value_type parameters[ARITY_MAX];
    function_run *run; /* NULL: the conditional, of whose last two arguments
                          only one is evaluated */
};

/* All of them; code names them by their index. */
extern const struct function functions[];

/* NULL if there is none. */
const struct function *function_find(struct str name);

/* Is its first argument a regular expression? Then a literal one is compiled
 * with the code, and `run` is for others. */
bool function_has_pattern(const struct function *function);

/* The name nearest to `name`, or empty: for "did you mean". */
struct str function_nearest(struct str name);

#endif
