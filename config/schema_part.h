/*
 * What the files that the schema is written in share.
 * Threads: any, constant.
 */
#ifndef CONFIG_SCHEMA_PART_H
#define CONFIG_SCHEMA_PART_H

#include "config/field.h"

#include <stddef.h>

#define MEMBER(type, member)                                                   \
    .offset = offsetof(struct type, member),                                   \
    .size = sizeof(((struct type *)NULL)->member)

#define GROUP(type, table, text)                                               \
    {                                                                          \
        .doc = (text), .fields = (table),                                      \
        .field_count = sizeof(table) / sizeof((table)[0]),                     \
        .size = sizeof(struct type)                                            \
    }

#define NAME_BYTES_MAX 64

extern const struct group quota_group; /* struct quota_entry */
extern const struct group rule_group;  /* struct rule_entry */

/* `mode`, `enforce_percent` and `enforce_by` of a quota or a rule: a member
 * `enforcement` of that type. */
#define ENFORCEMENT_FIELDS(type, shadow)                                       \
    { .name = "mode",                                                          \
      .kind = FIELD_CHOICE,                                                    \
      MEMBER(type, enforcement.mode),                                          \
      .choices = enforcement_modes,                                            \
      .fallback = "enforce",                                                   \
      .doc = "`shadow`: " shadow },                                            \
        { .name = "enforce_percent",                                           \
          .kind = FIELD_INTEGER,                                               \
          MEMBER(type, enforcement.percent),                                   \
          .least = 0,                                                          \
          .most = 100,                                                         \
          .fallback = "100",                                                   \
          .doc = "It is enforced for so many of 100 values of `enforce_by`; "  \
                 "for the others it is in shadow." },                          \
    {                                                                          \
        .name = "enforce_by", .kind = FIELD_EXPRESSION,                        \
        MEMBER(type, enforcement.by),                                          \
        .doc = "What requests have in common that are treated alike, such "    \
               "as `source.user \\| ''`. By default `request.id \\| ''`: "     \
               "each request for itself, and then no answer is reused."        \
    }

extern const struct choice enforcement_modes[];

#endif
