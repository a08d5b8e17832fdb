#include "proto/server/admin/quota_desk.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "proto/server/admin/holders_json.h"
#include "proto/server/admin/quota_usage.h"
#include "quota/await.h"
#include "quota/handle.h"

#include <inttypes.h>
#include <stdio.h>

/* How long a store that is away is waited for. */
#define STORE_PATIENCE_NS (2 * SECOND)

enum http {
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_NOT_FOUND = 404,
    HTTP_UNAVAILABLE = 503,
};

/* One question while it is answered. */
struct inquiry {
    struct quota_desk *desk;
    struct desk_peer peer;
    json_t *question;
    struct arena *arena;
    struct quota_subject subject; /* of those that name a quota */
};

struct desk_answer desk_refuse(unsigned status, struct str message)
{
    json_t *body = json_object();

    json_object_set_new(body, "error", json_of_bytes(message));
    return (struct desk_answer){ status, body };
}

static struct desk_answer no_store(void)
{
    return desk_refuse(HTTP_UNAVAILABLE, STR("the store does not answer"));
}

static const char *algorithm_name(enum limit_algorithm algorithm)
{
    static const char *const names[] = {
#define X(name, text) text,
        LIMIT_ALGORITHMS(X)
#undef X
    };

    return names[algorithm];
}

/* ---- peek -------------------------------------------------------------- */

static json_t *describe(const struct inquiry *inquiry)
{
    const struct quota_subject *subject = &inquiry->subject;
    json_t *object = json_object();

    json_object_set_new(object, "quota", json_of_bytes(subject->quota));
    json_object_set_new(object, "key", json_of_bytes(subject->key.text));
    return object;
}

static void set_usage(json_t *body, const struct inquiry *inquiry,
                      const struct quota_usage *usage)
{
    const struct quota_subject *subject = &inquiry->subject;
    uint32_t override = subject->key.limit;
    const char *algorithm = algorithm_name(subject->limit->algorithm);

    json_object_set_new(body, "algorithm", json_string(algorithm));
    json_object_set_new(body, "override",
                        override > 0 ? json_integer(override) : json_null());
    json_object_set_new(body, "limit", json_integer(usage->limit));
    json_object_set_new(body, "used", json_integer(usage->used));
    json_object_set_new(body, "remaining", json_integer(usage->remaining));
    json_object_set_new(body, "full_after",
                        json_time(usage->full_after_ns, inquiry->arena));
    if (!usage->has_leases)
        return;
    json_object_set_new(body, "leases",
                        json_integer(usage->holders.lease_count));
    json_object_set_new(body, "holders", holders_json(&usage->holders));
}

static struct desk_answer peek(struct inquiry *inquiry)
{
    struct quota_usage usage;
    json_t *body;

    if (!quota_usage_look(&usage, inquiry->desk->store, &inquiry->subject))
        return no_store();
    body = describe(inquiry);
    set_usage(body, inquiry, &usage);
    return (struct desk_answer){ HTTP_OK, body };
}

/* ---- reset ------------------------------------------------------------- */

static void log_reset(const struct inquiry *inquiry, int64_t released,
                      bool is_answered)
{
    const struct quota_subject *subject = &inquiry->subject;
    char key[LOG_QUOTED_SIZE(QUOTA_KEY_TEXT_BYTES)];
    FILE *out = fmemopen(key, sizeof(key), "w");

    key[0] = '\0';
    if (out) {
        log_put_quoted(out, subject->key.text);
        fclose(out);
    }
    log_info("reset",
             "uid=%u pid=%d quota=\"%.*s\" key=%s released=%" PRId64
             " answered=%s",
             inquiry->peer.uid, inquiry->peer.pid, STR_ARG(subject->quota), key,
             released, is_answered ? "true" : "false");
}

static struct desk_answer reset(struct inquiry *inquiry)
{
    struct store *store = inquiry->desk->store;
    struct quota_usage usage;
    int64_t released;
    bool is_answered = quota_usage_reset(store, &inquiry->subject, &released);
    json_t *body;

    /* Also after an outage: it may have happened. */
    gate_outdate(&inquiry->desk->shared->gate);
    log_reset(inquiry, released, is_answered);
    if (!is_answered)
        return no_store();
    body = describe(inquiry);
    json_object_set_new(body, "released", json_integer(released));
    json_object_set_new(body, "used",
                        quota_usage_look(&usage, store, &inquiry->subject)
                            ? json_integer(usage.used)
                            : json_null());
    return (struct desk_answer){ HTTP_OK, body };
}

/* ---- release ----------------------------------------------------------- */

static struct desk_answer release(struct inquiry *inquiry)
{
    const json_t *lease = json_object_get(inquiry->question, "lease");
    struct str handle = { json_string_value(lease), json_string_length(lease) };
    struct release release = { 0 };
    json_t *body;

    if (!handle.data || !handle_decode(handle, &release, inquiry->arena))
        return desk_refuse(HTTP_BAD_REQUEST,
                           STR("\"lease\" must be a handle of leases"));
    release.deadline_ns = clock_boot_ns() + USAGE_OPERATION_NS;
    await_release(inquiry->desk->store, &release);
    log_info("release", "uid=%u pid=%d leases=%u released=%" PRId64,
             inquiry->peer.uid, inquiry->peer.pid, release.count,
             release.released);
    if (release.released < 0)
        return no_store();
    body = json_object();
    json_object_set_new(body, "released", json_integer(release.released));
    return (struct desk_answer){ HTTP_OK, body };
}

/* ---- questions --------------------------------------------------------- */

static const struct question {
    const char *path;
    struct desk_answer (*answer)(struct inquiry *inquiry);
    bool has_subject; /* a quota and its dimensions */
} questions[] = {
    { "/v1/peek", peek, true },
    { "/v1/reset", reset, true },
    { "/v1/release", release, false },
};

#define QUESTION_COUNT (sizeof(questions) / sizeof(questions[0]))

/* NULL: it is known. */
static const char *unknown_member(json_t *question, bool has_subject)
{
    const char *name;
    json_t *value;

    json_object_foreach(question, name, value)
    {
        if (has_subject
                ? strcmp(name, "quota") != 0 && strcmp(name, "dimensions") != 0
                : strcmp(name, "lease") != 0)
            return name;
    }
    return NULL;
}

/* With the configuration that serves. */
static struct desk_answer answer_about(struct inquiry *inquiry,
                                       const struct question *question)
{
    struct edition *edition = edition_board_get(inquiry->desk->editions);
    struct desk_answer answer;
    struct str why;

    if (!edition)
        return desk_refuse(HTTP_UNAVAILABLE, STR("no configuration serves"));
    if (quota_subject_find(&inquiry->subject, edition->snapshot,
                           inquiry->question, inquiry->arena, &why))
        answer = question->answer(inquiry);
    else
        answer = desk_refuse(HTTP_BAD_REQUEST, why);
    edition_unref(edition);
    return answer;
}

static struct desk_answer answer(struct inquiry *inquiry,
                                 const struct question *question)
{
    const char *unknown =
        unknown_member(inquiry->question, question->has_subject);

    if (unknown)
        return desk_refuse(
            HTTP_BAD_REQUEST,
            arena_printf(inquiry->arena, "there is no member \"%s\"", unknown));
    await_up(inquiry->desk->store, clock_boot_ns() + STORE_PATIENCE_NS);
    return question->has_subject ? answer_about(inquiry, question)
                                 : question->answer(inquiry);
}

static const struct question *find_question(const char *path)
{
    for (size_t i = 0; i < QUESTION_COUNT; i++)
        if (strcmp(path, questions[i].path) == 0)
            return &questions[i];
    return NULL;
}

struct desk_answer quota_desk_answer(struct quota_desk *desk, const char *path,
                                     struct str body, struct desk_peer peer)
{
    const struct question *question = find_question(path);
    json_t *json = json_loadb(body.data ? body.data : "", body.len,
                              JSON_REJECT_DUPLICATES, NULL);
    struct desk_answer answer_;
    struct arena arena;

    arena_init(&arena, 0);
    if (!question) {
        answer_ =
            desk_refuse(HTTP_NOT_FOUND, STR("there are /v1/peek, /v1/reset and "
                                            "/v1/release"));
    } else if (!json_is_object(json)) {
        answer_ = desk_refuse(HTTP_BAD_REQUEST,
                              STR("the body must be a JSON object"));
    } else {
        struct inquiry inquiry = {
            .desk = desk, .peer = peer, .question = json, .arena = &arena
        };

        answer_ = answer(&inquiry, question);
    }
    arena_fini(&arena);
    json_decref(json);
    return answer_;
}
