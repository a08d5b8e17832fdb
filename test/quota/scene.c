#include "test/quota/scene.h"

#include "test/quota/local_check.h"
#include "test/support/table.h"

#include "policy/base/clock.h"

#include <unistd.h>

struct scene scene_of(uint64_t size_bytes)
{
    int fd = local_create(size_bytes);

    assert_true(fd >= 0);
    return (struct scene){ local_open(fd), fd, HOUR };
}

void scene_end(struct scene *scene)
{
    local_check(scene->fd);
    store_free(scene->store);
    close(scene->fd);
}

struct quota_grant scene_take(struct scene *scene, const struct limit *limit,
                              uint64_t key, int64_t amount)
{
    struct take take = { .count = 1 };

    take.charges[0] = (struct charge){
        .limit = limit,
        .key = store_hash(scene->store,
                          (struct str){ (const char *)&key, sizeof(key) }),
        .amount = amount,
    };
    assert_int_equal(store_take(scene->store, &take, scene->now_ns), STORE_NOW);
    assert_int_not_equal(take.status, TAKE_OUTAGE);
    return take.grants[0];
}

int64_t scene_left(struct scene *scene, const struct limit *limit, uint64_t key)
{
    return scene_take(scene, limit, key, 0).remaining;
}

struct local_usage scene_usage(struct scene *scene)
{
    struct local_usage usage;

    local_usage(scene->store, &usage);
    return usage;
}
