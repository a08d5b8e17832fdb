#include "bench/race/message.h"

#include "bench/load/body.h"
#include "proto/wire/mixer.h"
#include "proto/wire/policy.h"

/* Of quota_grant_words (policy/check/quota_request.h), in every form. */
static const char *const outage_words[] = { "cannot be checked",
                                            "does not answer" };

static struct str frame(struct str message, struct arena *arena)
{
    size_t bytes = FRAME_PREFIX_BYTES + message.len;
    char *out = arena_alloc(arena, bytes);

    frame_prefix(out, message.len);
    memcpy(out + FRAME_PREFIX_BYTES, message.data, message.len);
    return (struct str){ out, bytes };
}

struct str message_check(struct str quota, struct arena *arena)
{
    const struct mixer_request request = {
        .asks[0] = { .name = quota, .amount = 1 },
        .ask_count = 1,
    };

    return frame(mixer_encode_request(NULL, 0, &request, arena), arena);
}

struct str message_release(struct str lease, struct arena *arena)
{
    return frame(policy_encode_release_request(&lease, 1, arena), arena);
}

static bool has_words(struct str text, const char *words)
{
    return text.len > 0 && memmem(text.data, text.len, words, strlen(words));
}

bool message_read_answer(struct answer *answer, struct str message,
                         struct arena *arena)
{
    const struct mixer_quota_result *result;
    struct mixer_response response;

    *answer = (struct answer){ 0 };
    if (!mixer_decode_response(message, &response, arena) ||
        response.quota_count != 1)
        return false;
    result = &response.quotas[0];
    answer->is_granted = result->granted > 0;
    answer->valid_ns = result->valid_for_ns;
    for (size_t i = 0; i < sizeof(outage_words) / sizeof(outage_words[0]); i++)
        answer->is_outage |= has_words(result->message, outage_words[i]);
    return true;
}

bool message_read_released(bool *is_freed, struct str message,
                           struct arena *arena)
{
    int64_t released = 0;
    bool is_read = policy_decode_release_response(message, arena, &released);

    *is_freed = is_read && released > 0;
    return is_read;
}
