#include "policy/base/nearest.h"

#include <limits.h>

#define NAME_BYTES_MAX 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;

    return least < c ? least : c;
}

/* Optimal string alignment: Damerau-Levenshtein where no part is edited
 * twice. Rows are kept for the last two letters of a. */
unsigned edit_distance(struct str a, struct str b)
{
    unsigned rows[3][NAME_BYTES_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];

    if (a.len > NAME_BYTES_MAX || b.len > NAME_BYTES_MAX)
        return UINT_MAX;
    for (unsigned j = 0; j <= b.len; j++)
        before[j] = last[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *oldest = before;

        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            bool is_same = a.data[i - 1] == b.data[j - 1];

            row[j] = min3(last[j] + 1, row[j - 1] + 1,
                          last[j - 1] + (is_same ? 0 : 1));
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                a.data[i - 2] == b.data[j - 1] && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        before = last;
        last = row;
        row = oldest;
    }
    return last[b.len];
}

void nearest_init(struct nearest *nearest, struct str wanted)
{
    *nearest = (struct nearest){ .wanted = wanted, .distance = UINT_MAX };
}

void nearest_offer(struct nearest *nearest, struct str name)
{
    unsigned distance = edit_distance(nearest->wanted, name);

    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}

struct str nearest_name(const struct nearest *nearest)
{
    size_t allowed = nearest->wanted.len / 3;

    if (allowed == 0)
        allowed = 1;
    return nearest->distance <= allowed ? nearest->name : (struct str){ 0 };
}
