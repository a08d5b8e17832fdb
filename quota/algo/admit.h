/*
 * What a charge gets where some units are free; the same for rates and for
 * slots.
 * Pure; any thread.
 */
#ifndef QUOTA_ALGO_ADMIT_H
#define QUOTA_ALGO_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

struct admission {
    int64_t granted; /* 0 .. left */
    bool is_refused;
};

/*
 * left, amount: >= 0. All of the amount or nothing; as much as is left for
 * best effort, which is refused where that is nothing; in shadow as much as is
 * left, whether refused or not.
 */
struct admission admit(int64_t left, int64_t amount, bool is_best_effort,
                       bool is_shadow);

#endif
