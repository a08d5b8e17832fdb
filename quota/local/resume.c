#include "quota/local/resume.h"

#include "quota/local/verify.h"

static const char *resume_shard(struct shard *shard, size_t size)
{
    if (!shard_has_shape(shard, size))
        return "its size is another";
    if (!undo_is_sound(&shard->undo, size - offsetof(struct shard, undo)))
        return "its undo log is broken";
    undo_roll_back(&shard->undo);
    shard_renew_lock(shard);
    if (shard->seen_ns > TIMELINE_END_NS)
        return "its time is too late";
    return verify_shard(shard);
}

const char *resume(const struct mapping *mapping, const struct clocks *now,
                   uint32_t *index)
{
    struct header *header = mapping->header;
    int64_t seen_ns = 0;

    for (*index = 0; *index < header->shard_count; ++*index) {
        struct shard *shard = mapping_shard(mapping, *index);
        const char *why = resume_shard(shard, header->shard_bytes);

        if (why)
            return why;
        if (shard->seen_ns > seen_ns)
            seen_ns = shard->seen_ns;
    }
    header->time = timeline_resume(&header->time, seen_ns, now);
    return NULL;
}
