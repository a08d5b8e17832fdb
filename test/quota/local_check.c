#include "test/quota/local_check.h"

#include "quota/local/local.h"
#include "quota/local/mapping.h"
#include "quota/local/verify.h"
#include "test/support/table.h"

void local_check(int fd)
{
    struct mapping mapping;

    assert_true(mapping_open(&mapping, fd));
    for (uint32_t i = 0; i < mapping.header->shard_count; i++) {
        struct shard *shard = mapping_shard(&mapping, i);
        const char *why;

        assert_int_not_equal(shard_lock(shard, LOCAL_WAIT_NS), SHARD_TIMEOUT);
        assert_int_equal(atomic_load(&shard->undo.count), 0);
        why = verify_shard(shard);
        shard_unlock(shard);
        if (why)
            fail_msg("shard %u: %s", i, why);
    }
    mapping_close(&mapping);
}
