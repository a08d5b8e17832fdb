/* Any bytes as a CheckRequest, over an arena that is soon too small; then the
 * answer to it, and the same bytes as the other messages of this service. */
#include "policy/base/arena.h"
#include "proto/wire/mixer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)16 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vocabulary *make_vocabulary(struct words *words)
{
    static const struct str used[] = {
        STR_INIT("request.path"),    STR_INIT("request.size"),
        STR_INIT("request.time"),    STR_INIT("response.duration"),
        STR_INIT("connection.mtls"), STR_INIT("source.ip"),
        STR_INIT("request.headers"), STR_INIT("request.auth.claims"),
    };
    struct vocabulary *vocabulary = vocabulary_new();

    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
        vocabulary_use(vocabulary, used[i]);
    words_init(words, vocabulary);
    return vocabulary;
}

/* Every attribute is read, and of every map a key that the caller chooses. */
static void read_all(struct bag *bag)
{
    for (uint32_t id = 0; id < vocabulary_count(bag->vocabulary); id++) {
        const struct value *value = bag_get(bag, id);
        struct str found;

        if (value && value->type == VALUE_STRING_MAP && value->map->count > 0)
            bag_get_key(bag, id, value->map->pairs[0].value, &found);
        else if (value)
            value_text(value, bag->arena);
    }
}

static void answer(const struct mixer_request *request,
                   const struct words *words, struct bag *bag)
{
    struct check check = {
        .message = STR("fuzz"),
        .asks = request->asks,
        .ask_count = request->ask_count,
    };
    struct mixer_response response;
    struct str body;

    refs_init(&check.refs, bag->arena);
    bag->refs = &check.refs;
    read_all(bag);
    for (uint32_t i = 0; i < request->ask_count; i++)
        check.answers[i].refs = check.refs;
    body = mixer_encode_check(&check, request, words, bag->arena);
    bag->refs = NULL;
    if (body.data && !mixer_decode_response(body, &response, bag->arena) &&
        !bag->arena->is_exhausted)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vocabulary *vocabulary;
    static struct words words;
    struct str body = { (const char *)data, size };
    struct mixer_request request;
    struct mixer_response response;
    struct arena arena;
    struct bag bag;
    uint32_t entries;

    if (!vocabulary)
        vocabulary = make_vocabulary(&words);
    arena_init(&arena, ARENA_BYTES);
    if (bag_init(&bag, vocabulary, &arena) &&
        mixer_decode_check(body, &words, &request, &bag) == MIXER_DECODED)
        answer(&request, &words, &bag);
    arena_clear(&arena);
    mixer_decode_report(body, &arena, &entries);
    arena_clear(&arena);
    mixer_decode_response(body, &response, &arena);
    arena_fini(&arena);
    return 0;
}
