/*
 * Lower case for letters of every script.
 * Source: the simple case mapping of Unicode, as Go's strings.ToLower: letter
 * by letter, whatever the language.
 * Threads: any.
 */
#ifndef POLICY_EXPR_LOWER_H
#define POLICY_EXPR_LOWER_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

/* In `arena`; bytes that are no UTF-8 stay as they are. data == NULL if the
 * arena's limit is hit. */
struct str lower_text(struct str text, struct arena *arena);

#endif
