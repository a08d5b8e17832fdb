#include "quota/algo/admit.h"

struct admission admit(int64_t left, int64_t amount, bool is_best_effort,
                       bool is_shadow)
{
    if (amount <= left)
        return (struct admission){ .granted = amount };
    return (struct admission){
        .granted = is_best_effort || is_shadow ? left : 0,
        .is_refused = !is_best_effort || left == 0,
    };
}
