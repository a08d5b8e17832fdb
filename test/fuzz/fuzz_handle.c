/*
 * Any text as a handle: it is refused, or it is the very text that we make of
 * the leases that it names.
 */
#include "quota/handle.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct release release;
    struct arena arena;

    arena_init(&arena, 0);
    if (handle_decode(text, &release, &arena)) {
        assert(release.count >= 1 && release.count <= QUOTAS_PER_CHECK_MAX);
        assert(
            str_eq(handle_encode(release.leases, release.count, &arena), text));
    }
    arena_fini(&arena);
    return 0;
}
