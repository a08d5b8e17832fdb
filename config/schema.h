/*
 * Every setting that exists: one table from which the reader, its messages,
 * the defaults and docs/config.md follow. A new setting is one row here and
 * one member of a struct.
 * Threads: any, constant.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/field.h"

/* The whole configuration: struct document of config/entry.h. */
extern const struct group document_group;

#endif
