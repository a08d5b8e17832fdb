/*
 * The attributes that exist: name and type of each, and a small number (id)
 * for each one that some expression reads. Decoding stores only attributes
 * that have an id, so what a caller sends can never grow a table.
 * Standard names: policy/attr/vocabulary.def; further ones are declared by the
 * configuration.
 * Threads: one while a configuration is loaded, then any (immutable).
 */
#ifndef POLICY_ATTR_VOCABULARY_H
#define POLICY_ATTR_VOCABULARY_H

#include "policy/attr/value.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define ATTR_NONE UINT32_MAX

struct vocabulary;

/* With the standard attributes declared, none of them in use yet. */
struct vocabulary *vocabulary_new(void);

/* Without any. For tests and for other manifests. */
struct vocabulary *vocabulary_new_empty(void);
void vocabulary_free(struct vocabulary *vocabulary);

/* Declares a name, which is copied. False if it has another type already. */
bool vocabulary_declare(struct vocabulary *vocabulary, struct str name,
                        enum value_type type);

/* The declared type, or VALUE_NONE. */
enum value_type vocabulary_type(const struct vocabulary *vocabulary,
                                struct str name);

/* The id of a declared name, given now if it had none; else ATTR_NONE. */
uint32_t vocabulary_use(struct vocabulary *vocabulary, struct str name);

/* The id of a name in use, or ATTR_NONE. */
uint32_t vocabulary_id(const struct vocabulary *vocabulary, struct str name);

/* How many ids were given: they are 0 .. count - 1. */
uint32_t vocabulary_count(const struct vocabulary *vocabulary);
struct str vocabulary_name(const struct vocabulary *vocabulary, uint32_t id);
enum value_type vocabulary_id_type(const struct vocabulary *vocabulary,
                                   uint32_t id);

/* The declared name nearest to `name`, or empty: for "did you mean". */
struct str vocabulary_nearest(const struct vocabulary *vocabulary,
                              struct str name);

#endif
