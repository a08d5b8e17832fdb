/*
 * The flat code that an expression becomes, and eval.c runs. Registers hold
 * intermediate values; which one is known when the code is made. Every jump
 * goes forward, so a run takes at most as many steps as there are
 * instructions.
 * Threads: any, immutable.
 */
#ifndef POLICY_EXPR_INSTRUCTION_H
#define POLICY_EXPR_INSTRUCTION_H

#include "policy/attr/value.h"
#include "policy/expr/code.h"
#include "policy/expr/function.h"
#include "policy/expr/necessary.h"
#include "policy/expr/regex.h"
#include "policy/expr/token.h"

#include <stdint.h>

/*
 * r, n, type and target are the fields of the instruction, R[] the registers.
 * "absent": go on at target, or end with EVAL_ABSENT if that is NOWHERE.
 */
#define OPCODES(X)                                                             \
    X(CONSTANT, "R[r] = constant n")                                           \
    X(LOAD, "R[r] = attribute n, or absent")                                   \
    X(LOAD_MAP, "R[r] = the map that attribute n is, or absent")               \
    X(EMPTY_MAP, "R[r] = a map without keys")                                  \
    X(INDEX, "R[r] = map R[r+n], key R[r+1-n]; without that key \"\"")         \
    X(INDEX_ELSE, "R[r] = map R[r+n], key R[r+1-n]; without that key absent")  \
    X(SKIP, "go on at target")                                                 \
    X(SKIP_IF_TRUE, "go on at target if R[r]")                                 \
    X(SKIP_IF_FALSE, "go on at target unless R[r]")                            \
    X(COMPARE, "R[r] = order of R[r] and R[r+1], both `type`, is in set n")    \
    X(ADD_INT64, "R[r] = R[r] + R[r+1], or an error if it does not fit")       \
    X(ADD_DOUBLE, "R[r] = R[r] + R[r+1]")                                      \
    X(PIECE_FIRST, "R[r] = a text of one piece, the string R[r]")              \
    X(PIECE_NEXT, "R[r] = the text R[r] and as its next piece R[r+1]")         \
    X(JOIN, "R[r] = the string that the pieces of R[r] make")                  \
    X(CALL, "R[r] = function n of R[r], R[r+1], ...; or an error")             \
    X(SEARCH, "R[r] = regex n is found in the string R[r]; or an error")       \
    X(END, "the value is R[0]")

enum opcode {
#define X(name, transfer) OP_##name,
    OPCODES(X)
#undef X
};

#define NOWHERE UINT32_MAX

struct instruction {
    uint8_t opcode;
    uint8_t type; /* enum value_type */
    uint16_t r;
    uint32_t n;
    uint32_t target;
    uint32_t offset; /* of what it stands for, in the text */
};

struct code {
    struct str text;
    enum value_type type;
    const struct instruction *instructions; /* END is the last one */
    const struct value *constants;
    const struct regex *const *regexes;
    struct necessaries necessaries;
};

/* An expression inside another one begins at most this many registers higher:
 * right of a comparison, right of a sum, as the last argument. */
#define REGISTERS_PER_LEVEL (2 + ARITY_MAX - 1)
#define REGISTERS_MAX (EXPR_DEPTH_MAX * REGISTERS_PER_LEVEL + 1)

#endif
