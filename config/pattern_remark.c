#include "config/pattern_remark.h"

#include "policy/expr/pattern_danger.h"
#include "policy/expr/pattern_hold.h"

#define PATTERNS_MAX 1000

static struct place spot_place(const struct spot *spot)
{
    return spot->length > 0
               ? mark_text_place(spot->mark, spot->offset, spot->length)
               : mark_place(spot->mark);
}

/* ---- what is searched -------------------------------------------------- */

/*
 * Where a pattern that is not held at its ends surprises. A pattern for a name
 * is nearly always meant for the whole of it.
 */
enum subject {
    SUBJECT_OTHER,
    SUBJECT_HOST, /* others choose what is before and behind a name */
    SUBJECT_PATH, /* callers choose what is before and behind */
    SUBJECT_NAME, /* of who asks, or what for */
};

static const struct {
    struct str attribute, key;
    enum subject subject;
} subjects[] = {
    { STR_INIT("request.host"), { 0 }, SUBJECT_HOST },
    { STR_INIT("destination.service"), { 0 }, SUBJECT_HOST },
    { STR_INIT("destination.service.host"), { 0 }, SUBJECT_HOST },
    { STR_INIT("connection.requested_server_name"), { 0 }, SUBJECT_HOST },
    { STR_INIT("request.headers"), STR_INIT("host"), SUBJECT_HOST },
    { STR_INIT("request.headers"), STR_INIT(":authority"), SUBJECT_HOST },
    { STR_INIT("request.headers"), STR_INIT("x-forwarded-host"), SUBJECT_HOST },
    { STR_INIT("request.path"), { 0 }, SUBJECT_PATH },
    { STR_INIT("request.url_path"), { 0 }, SUBJECT_PATH },
    { STR_INIT("request.headers"), STR_INIT(":path"), SUBJECT_PATH },
    { STR_INIT("request.api_key"), { 0 }, SUBJECT_NAME },
    { STR_INIT("request.auth.principal"), { 0 }, SUBJECT_NAME },
    { STR_INIT("request.method"), { 0 }, SUBJECT_NAME },
    { STR_INIT("source.namespace"), { 0 }, SUBJECT_NAME },
    { STR_INIT("source.principal"), { 0 }, SUBJECT_NAME },
    { STR_INIT("source.serviceAccount"), { 0 }, SUBJECT_NAME },
    { STR_INIT("source.user"), { 0 }, SUBJECT_NAME },
};

static enum subject subject_of(const struct pattern_use *use)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        if (str_eq(use->attribute, subjects[i].attribute) &&
            str_eq(use->key, subjects[i].key))
            return subjects[i].subject;
    return SUBJECT_OTHER;
}

/* ---- not held ---------------------------------------------------------- */

static bool is_held(const struct pattern *pattern, enum subject subject)
{
    return (pattern_is_held_at_begin(pattern) ||
            (subject == SUBJECT_HOST && pattern_begins_with_label(pattern))) &&
           (subject == SUBJECT_PATH || pattern_is_held_at_end(pattern));
}

/* lets_pass: where it is found, a request passes that else might not. */
static bool surprises(const struct pattern *pattern, enum subject subject,
                      bool lets_pass)
{
    switch (subject) {
    case SUBJECT_OTHER:
        return false;
    case SUBJECT_HOST:
        return (lets_pass || pattern_is_dotted_name(pattern)) &&
               !is_held(pattern, subject);
    case SUBJECT_PATH:
    case SUBJECT_NAME:
        return lets_pass && !is_held(pattern, subject);
    }
    return false;
}

bool pattern_remark_surprise(struct pattern_remarks *remarks,
                             const struct pattern *pattern,
                             const struct pattern_use *use, bool lets_pass,
                             const struct spot *spot)
{
    bool is_path = subject_of(use) == SUBJECT_PATH;
    struct str held;

    if (!surprises(pattern, subject_of(use), lets_pass))
        return false;
    held = pattern_hold(pattern, !is_path, &remarks->scratch);
    diags_add(remarks->diags, DIAG_WARNING, spot_place(spot),
              "`%.*s` is also found %s `%.*s%s%.*s%s`; for %s write `%.*s`",
              STR_ARG(pattern->text),
              is_path ? "behind another beginning of" : "within a longer",
              STR_ARG(use->attribute), use->key.data ? "['" : "",
              (int)use->key.len, use->key.data ? use->key.data : "",
              use->key.data ? "']" : "",
              is_path ? "a beginning" : "the whole of it", STR_ARG(held));
    return true;
}

/* ---- dangerous --------------------------------------------------------- */

/* What is repeated, as it can be shown. */
static struct str shown(struct str word, struct arena *arena)
{
    char *text = arena_alloc(arena, word.len + 1);

    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];

        text[i] = (c >= 0 && c < ' ') || c == 0x7f ? '?' : c;
    }
    return (struct str){ text, word.len };
}

bool pattern_remark_danger(struct pattern_remarks *remarks,
                           const struct pattern *pattern,
                           const struct spot *spot)
{
    struct str word;

    if (remarks->count++ >= PATTERNS_MAX)
        return false;
    word = pattern_find_danger(pattern, &remarks->scratch);
    if (!word.data)
        return false;
    diags_add(remarks->diags, DIAG_WARNING, spot_place(spot),
              "`%.*s` takes a text apart in so many ways that the search is "
              "given up, as for %d bytes of `%.*s`; repeat each part in one "
              "way only, or put it in (?>...)",
              STR_ARG(pattern->text), DANGER_BYTES,
              STR_ARG(shown(word, &remarks->scratch)));
    return true;
}
