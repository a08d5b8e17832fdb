#include "quota/redis/scatter.h"

#include "quota/redis/split.h"

#include <stdlib.h>

enum stage {
    STAGE_TAKING,
    STAGE_GIVING, /* all were granted, so what gives back may */
    STAGE_UNDOING,
    STAGE_OVER,
};

struct scatter {
    struct scatters *scatters;
    struct list link; /* while it is idle */
    struct take *take;
    struct release *release; /* instead; else NULL */
    struct part parts[QUOTAS_PER_CHECK_MAX];
    uint32_t part_count;
    uint32_t waiting; /* for so many of them */
    enum stage stage;
    enum take_status status; /* of the stages so far */
    int64_t deadline_ns;
};

static void answer_part(struct part *part);

/* -- One stage -- */

static void note(struct scatter *scatter, struct part *part)
{
    if (scatter->take && scatter->stage != STAGE_UNDOING)
        split_note(scatter->take, part);
}

static void on_take(struct take *take)
{
    answer_part(container_of(take, struct part, take));
}

static void on_release(struct release *release)
{
    answer_part(container_of(release, struct part, release));
}

static void complete_part(struct scatter *scatter, struct part *part,
                          struct operation *operation)
{
    part->owner = scatter;
    if (scatter->release) {
        operation->kind = OPERATION_RELEASE;
        operation->release = &part->release;
        part->release.done = on_release;
        return;
    }
    part->take.done = on_take;
    if (part->gives_back && !part->is_undo) {
        operation->kind = OPERATION_TAKE;
        operation->take = &part->take;
    } else {
        operation->kind = OPERATION_PART;
        operation->part = part;
    }
}

static void start_part(struct scatter *scatter, struct part *part,
                       int64_t until_ns, int64_t now_ns)
{
    struct operation operation = { .slot = part->slot,
                                   .deadline_ns = until_ns };

    complete_part(scatter, part, &operation);
    if (router_start(scatter->scatters->router, &operation, now_ns))
        scatter->waiting++;
    else
        note(scatter, part);
}

static bool is_of_stage(const struct scatter *scatter, struct part *part)
{
    switch (scatter->stage) {
    case STAGE_TAKING:
        return !part->gives_back;
    case STAGE_GIVING:
        return part->gives_back;
    case STAGE_UNDOING:
        /* An outage says nothing of what was not made. */
        return !(part->gives_back && scatter->status == TAKE_OUTAGE) &&
               split_undo(part);
    case STAGE_OVER:
        break;
    }
    return false;
}

static void start_stage(struct scatter *scatter, enum stage stage,
                        int64_t now_ns)
{
    int64_t left_ns = scatter->deadline_ns - now_ns;
    int64_t until_ns = scatter->deadline_ns;

    scatter->stage = stage;
    if (stage != STAGE_UNDOING && !scatter->release)
        until_ns -= left_ns / 4;
    for (uint32_t i = 0; i < scatter->part_count; i++)
        if (is_of_stage(scatter, &scatter->parts[i]))
            start_part(scatter, &scatter->parts[i], until_ns, now_ns);
}

/* -- From stage to stage -- */

static enum stage next_stage(const struct scatter *scatter)
{
    if (scatter->release || scatter->stage == STAGE_UNDOING)
        return STAGE_OVER;
    if (scatter->status != TAKE_GRANTED)
        return STAGE_UNDOING;
    return scatter->stage == STAGE_TAKING ? STAGE_GIVING : STAGE_OVER;
}

/* Goes on while nothing is waited for. True: it is over. */
static bool go_on(struct scatter *scatter, int64_t now_ns)
{
    while (scatter->waiting == 0 && scatter->stage != STAGE_OVER) {
        if (scatter->take && scatter->stage != STAGE_UNDOING)
            scatter->status = split_status(scatter->parts, scatter->part_count);
        start_stage(scatter, next_stage(scatter), now_ns);
    }
    return scatter->stage == STAGE_OVER;
}

/* Fills the answer; the scatter is idle then. */
static void finish(struct scatter *scatter)
{
    if (scatter->take)
        split_join(scatter->take, scatter->parts, scatter->part_count,
                   scatter->status);
    else
        scatter->release->released =
            split_released(scatter->parts, scatter->part_count);
    list_append(&scatter->scatters->idle, &scatter->link);
}

static void answer_part(struct part *part)
{
    struct scatter *scatter = part->owner;
    struct take *take = scatter->take;
    struct release *release = scatter->release;

    note(scatter, part);
    scatter->waiting--;
    if (!go_on(scatter, scatter->scatters->router->now_ns))
        return;
    finish(scatter);
    if (take)
        take->done(take);
    else
        release->done(release);
}

/* -- Beginning and end -- */

static struct scatter *find_idle(struct scatters *scatters)
{
    struct list *link = list_take_first(&scatters->idle);
    struct scatter *scatter;

    if (link)
        return container_of(link, struct scatter, link);
    if (scatters->count == SCATTERS_MAX)
        return NULL;
    scatter = calloc(1, sizeof(*scatter));
    if (!scatter)
        abort();
    scatters->count++;
    scatter->scatters = scatters;
    list_init(&scatter->link);
    return scatter;
}

static enum store_when start(struct scatter *scatter, enum stage stage,
                             int64_t deadline_ns, int64_t now_ns)
{
    scatter->deadline_ns =
        router_deadline_for(scatter->scatters->router, deadline_ns, now_ns);
    scatter->status = TAKE_GRANTED;
    scatter->waiting = 0;
    start_stage(scatter, stage, now_ns);
    if (!go_on(scatter, now_ns))
        return STORE_LATER;
    finish(scatter);
    return STORE_NOW;
}

enum store_when scatter_take(struct scatters *scatters, struct take *take,
                             const uint16_t *slots, int64_t now_ns)
{
    struct scatter *scatter = find_idle(scatters);

    if (!scatter) {
        router_miss(scatters->router);
        take->status = TAKE_OUTAGE;
        return STORE_NOW;
    }
    scatter->take = take;
    scatter->release = NULL;
    scatter->part_count = split_take(take, slots, scatter->parts);
    return start(scatter, STAGE_TAKING, take->deadline_ns, now_ns);
}

/* All that a release does is to give back. */
enum store_when scatter_release(struct scatters *scatters,
                                struct release *release, const uint16_t *slots,
                                int64_t now_ns)
{
    struct scatter *scatter = find_idle(scatters);

    if (!scatter) {
        router_miss(scatters->router);
        release->released = -1;
        return STORE_NOW;
    }
    scatter->take = NULL;
    scatter->release = release;
    scatter->part_count = split_release(release, slots, scatter->parts);
    return start(scatter, STAGE_GIVING, release->deadline_ns, now_ns);
}

void scatters_init(struct scatters *scatters, struct router *router)
{
    *scatters = (struct scatters){ .router = router };
    list_init(&scatters->idle);
}

void scatters_fini(struct scatters *scatters)
{
    struct list *link = scatters->idle.next;

    while (link != &scatters->idle) {
        struct list *next = link->next;

        free(container_of(link, struct scatter, link));
        link = next;
    }
}
