/*
 * config/sluice.conf as it was when the program was built: what runs when no
 * file is named.
 * Threads: any, constant.
 */
#ifndef CONFIG_EXAMPLE_H
#define CONFIG_EXAMPLE_H

#include "policy/base/str.h"

struct str config_example(void);

#endif
