#include "bench/micro/decide.h"

#include "bench/micro/shape.h"

#include "config/bundle.h"
#include "policy/base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct snapshot *load(const char *text)
{
    struct snapshot *snapshot;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("micro"), str_of(text));
    snapshot = snapshot_load(&bundle, &diags);
    if (!snapshot) {
        diags_print(&diags, stderr, false);
        exit(EXIT_FAILURE);
    }
    diags_fini(&diags);
    return snapshot;
}

void decide_init(struct decide *decide, const char *text, uint32_t rule_count,
                 uint32_t request_count)
{
    uint64_t step = rule_count / request_count + 1;
    int64_t begin_ns = clock_boot_ns();

    assert(rule_count > 0);
    *decide = (struct decide){ .snapshot = load(text) };
    decide->load_ns = clock_boot_ns() - begin_ns;
    arena_init(&decide->requests, 0);
    arena_init(&decide->call, 0);
    decide->bags =
        arena_calloc(&decide->requests, request_count, sizeof(decide->bags[0]));
    decide->bag_count = request_count;
    for (uint32_t i = 0; i < request_count; i++) {
        struct bag *bag = &decide->bags[i];

        bag_init(bag, decide->snapshot->vocabulary, &decide->requests);
        shape_request(bag, (uint32_t)(i * step % rule_count), i % 2 == 1);
        bag->arena = &decide->call;
    }
}

void decide_fini(struct decide *decide)
{
    arena_fini(&decide->call);
    arena_fini(&decide->requests);
    snapshot_free(decide->snapshot);
}

void decide_run(void *context, uint32_t count)
{
    struct decide *decide = context;

    for (uint32_t i = 0; i < count; i++) {
        struct check_input input = { .bag =
                                         &decide->bags[i % decide->bag_count] };

        arena_clear(&decide->call);
        if (check_run(&decide->check, &decide->snapshot->ruleset, &input) ==
            CHECK_DENIED)
            decide->denied_count++;
    }
}
