#include "proto/server/loader/fetch.h"

#include "config/header_file.h"
#include "policy/base/clock.h"
#include "policy/base/list.h"
#include "policy/base/log.h"
#include "policy/rule/roster_text.h"
#include "proto/server/loader/http_get.h"
#include "proto/server/loader/list_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define RETRY_MIN_NS (1 * SECOND)
#define WAIT_FDS_MAX 4
#define CONNECTIONS_MAX 16L

/* One list with a url. */
struct source {
    struct list link;
    struct arena arena; /* of the texts in `settings` */
    struct list_settings settings;
    bool is_wanted;
    struct http_get *get; /* NULL: none is under way */
    int64_t next_ns;      /* when to ask again */
    uint32_t failures;    /* since the last good answer */
    bool is_tried;

    char *text; /* the last good one */
    size_t len;
    bool has_text;
    bool is_too_old; /* and that was reported */
    int64_t confirmed_ns;
    struct http_validators validators;
    struct list_news news;
};

struct fetch {
    CURLM *multi;
    struct list sources;
    struct list_board *board;
};

struct fetch *fetch_new(struct list_board *board)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));

    if (!fetch)
        abort();
    fetch->multi = curl_multi_init();
    if (!fetch->multi)
        abort();
    curl_multi_setopt(fetch->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      CONNECTIONS_MAX);
    list_init(&fetch->sources);
    fetch->board = board;
    return fetch;
}

static void source_free(struct source *source)
{
    list_remove(&source->link);
    http_get_cancel(source->get);
    free(source->text);
    arena_fini(&source->arena);
    free(source);
}

/* Those that are not wanted; or all. */
static void drop(struct fetch *fetch, bool all)
{
    struct list *link = fetch->sources.next;

    while (link != &fetch->sources) {
        struct source *source = container_of(link, struct source, link);

        link = link->next;
        if (all || !source->is_wanted)
            source_free(source);
    }
}

void fetch_free(struct fetch *fetch)
{
    drop(fetch, true);
    curl_multi_cleanup(fetch->multi);
    free(fetch);
}

/* ---- what a list has --------------------------------------------------- */

static int64_t too_old_ns(const struct source *source)
{
    return source->confirmed_ns + source->settings.max_age_ns;
}

static void publish(struct fetch *fetch, const struct source *source)
{
    list_board_tell(fetch->board, source->settings.name, &source->news);
}

/* Whether all of it is entries; if not, `error` is the first mistake. */
static bool is_valid(const struct source *source, struct str text,
                     char error[static LIST_ERROR_SIZE])
{
    struct roster_entries entries;
    struct diags diags;
    bool is_good;

    diags_init(&diags);
    roster_entries_init(&entries, source->settings.type);
    is_good = roster_entries_read(&entries, source->settings.url, text, &diags);
    if (!is_good)
        snprintf(error, LIST_ERROR_SIZE, "line %u: %.*s",
                 diags.first->place.line, STR_ARG(diags.first->message));
    roster_entries_fini(&entries);
    diags_fini(&diags);
    return is_good;
}

/* Takes a valid text over. True if it differs from the one before. */
static bool take_text(struct source *source, char *text, size_t len)
{
    struct str before = { source->text, source->len };
    bool is_other =
        !source->has_text || !str_eq(before, (struct str){ text, len });

    free(source->text);
    source->text = text;
    source->len = len;
    source->has_text = true;
    return is_other;
}

static void load_cache(struct source *source, int64_t now_ns)
{
    const struct list_settings *settings = &source->settings;
    char error[LIST_ERROR_SIZE];
    int64_t age_ns;
    char *text;
    size_t len;

    if (settings->cache.len == 0)
        return;
    if (!list_cache_read(settings->cache.data, settings->max_bytes, &text, &len,
                         &age_ns)) {
        if (errno != ENOENT)
            log_warning("list_cache_unreadable", "list=%.*s error=\"%s\"",
                        STR_ARG(settings->name), strerror(errno));
        return;
    }
    if (!is_valid(source, (struct str){ text, len }, error)) {
        log_warning("list_cache_bad", "list=%.*s error=\"%s\"",
                    STR_ARG(settings->name), error);
        free(text);
        return;
    }
    take_text(source, text, len);
    source->confirmed_ns = now_ns - age_ns;
    source->news.confirmed_wall_ns = clock_wall_ns() - age_ns;
}

static void save_cache(const struct source *source, bool is_other)
{
    const struct list_settings *settings = &source->settings;
    struct str text = { source->text, source->len };

    if (settings->cache.len == 0 ||
        (!is_other && list_cache_touch(settings->cache.data)) ||
        list_cache_write(settings->cache.data, text))
        return;
    log_warning("list_cache_not_written", "list=%.*s error=\"%s\"",
                STR_ARG(settings->name), strerror(errno));
}

struct str fetch_text(const struct fetch *fetch,
                      const struct list_settings *list, int64_t now_ns)
{
    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next) {
        const struct source *source = container_of(link, struct source, link);

        if (!str_eq(source->settings.name, list->name) ||
            !str_eq(source->settings.url, list->url) ||
            source->settings.type != list->type)
            continue;
        if (!source->has_text || now_ns >= too_old_ns(source))
            break;
        return source->len > 0 ? (struct str){ source->text, source->len }
                               : STR("");
    }
    return (struct str){ 0 };
}

/* ---- which lists ------------------------------------------------------- */

void fetch_begin(struct fetch *fetch)
{
    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next)
        container_of(link, struct source, link)->is_wanted = false;
}

void fetch_end(struct fetch *fetch)
{
    drop(fetch, false);
}

static struct source *find(struct fetch *fetch,
                           const struct list_settings *list)
{
    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next) {
        struct source *source = container_of(link, struct source, link);

        if (str_eq(source->settings.name, list->name) &&
            str_eq(source->settings.url, list->url) &&
            source->settings.type == list->type)
            return source;
    }
    return NULL;
}

static void take_path(struct source *source, struct str *path,
                      struct str wanted)
{
    if (!str_eq(*path, wanted))
        *path = arena_copy(&source->arena, wanted);
}

static bool is_asked_alike(const struct list_settings *a,
                           const struct list_settings *b)
{
    return str_eq(a->ca_file, b->ca_file) &&
           str_eq(a->header_file, b->header_file);
}

/* These may change from one configuration to the next. */
static void take_settings(struct source *source,
                          const struct list_settings *list, int64_t now_ns)
{
    if (source->settings.max_age_ns != list->max_age_ns)
        source->is_too_old = false; /* to be seen anew */
    if (!is_asked_alike(&source->settings, list))
        source->next_ns = now_ns;
    source->settings.max_age_ns = list->max_age_ns;
    source->settings.refresh_ns = list->refresh_ns;
    source->settings.timeout_ns = list->timeout_ns;
    source->settings.max_bytes = list->max_bytes;
    take_path(source, &source->settings.cache, list->cache);
    take_path(source, &source->settings.ca_file, list->ca_file);
    take_path(source, &source->settings.header_file, list->header_file);
}

static struct source *add(struct fetch *fetch, const struct list_settings *list,
                          int64_t now_ns)
{
    struct source *source = calloc(1, sizeof(*source));

    if (!source)
        abort();
    arena_init(&source->arena, 0);
    source->settings.name = arena_copy(&source->arena, list->name);
    source->settings.url = arena_copy(&source->arena, list->url);
    source->settings.type = list->type;
    source->next_ns = now_ns;
    take_settings(source, list, now_ns);
    load_cache(source, now_ns);
    list_append(&fetch->sources, &source->link);
    publish(fetch, source);
    return source;
}

void fetch_want(struct fetch *fetch, const struct list_settings *list,
                int64_t now_ns)
{
    struct source *source;

    if (list->url.len == 0)
        return;
    source = find(fetch, list);
    if (source)
        take_settings(source, list, now_ns);
    else
        source = add(fetch, list, now_ns);
    source->is_wanted = true;
}

/* ---- answers ----------------------------------------------------------- */

/* 90 .. 110 % of it, so that many who began together do not ask together. */
static int64_t jitter(int64_t interval_ns)
{
    uint16_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        return interval_ns;
    return interval_ns / 10 * 9 + interval_ns / 5 / UINT16_MAX * random;
}

static int64_t retry_ns(const struct source *source)
{
    int64_t wait_ns = RETRY_MIN_NS;

    for (uint32_t i = 1;
         i < source->failures && wait_ns < source->settings.refresh_ns; i++)
        wait_ns *= 2;
    return wait_ns < source->settings.refresh_ns ? wait_ns
                                                 : source->settings.refresh_ns;
}

/* An outage is told once; how it goes on is on the board. */
static void on_failure(struct source *source, const char *error, int64_t now_ns)
{
    if (source->failures == 0)
        log_warning("list_not_fetched", "list=%.*s error=\"%s\"",
                    STR_ARG(source->settings.name), error);
    snprintf(source->news.error, sizeof(source->news.error), "%s", error);
    source->news.failed++;
    source->failures++;
    source->next_ns = now_ns + jitter(retry_ns(source));
}

/* The list is as the url has it now. True if it can be had anew, or differs.
 */
static bool on_confirmed(struct source *source, bool is_other, int64_t now_ns)
{
    bool was_too_old = source->is_too_old;

    if (source->failures > 0)
        log_info("list_fetched_again", "list=%.*s",
                 STR_ARG(source->settings.name));
    source->failures = 0;
    source->news.error[0] = '\0';
    source->news.confirmed_wall_ns = clock_wall_ns();
    source->confirmed_ns = now_ns;
    source->is_too_old = false;
    source->next_ns = now_ns + jitter(source->settings.refresh_ns);
    save_cache(source, is_other);
    return is_other || was_too_old;
}

static bool on_given(struct source *source, struct http_answer *answer,
                     int64_t now_ns)
{
    char error[LIST_ERROR_SIZE];

    if (!is_valid(source, (struct str){ answer->text, answer->len }, error)) {
        free(answer->text);
        on_failure(source, error, now_ns);
        return false;
    }
    source->validators = answer->validators;
    source->news.given++;
    return on_confirmed(source, take_text(source, answer->text, answer->len),
                        now_ns);
}

static bool on_answer(struct source *source, struct http_answer *answer,
                      int64_t now_ns)
{
    switch (answer->result) {
    case HTTP_GIVEN:
        return on_given(source, answer, now_ns);
    case HTTP_UNCHANGED:
        source->news.unchanged++;
        return on_confirmed(source, false, now_ns);
    case HTTP_FAILED:
        on_failure(source, answer->error, now_ns);
        return false;
    }
    return false;
}

/* ---- ask --------------------------------------------------------------- */

static void start(struct fetch *fetch, struct source *source,
                  const char *header)
{
    const struct list_settings *settings = &source->settings;
    struct http_request request = {
        .url = settings->url.data,
        .timeout_ns = settings->timeout_ns,
        .max_bytes = settings->max_bytes,
        .ca_file = settings->ca_file.len > 0 ? settings->ca_file.data : NULL,
        .header = header,
    };

    if (source->has_text)
        request.known = source->validators;
    source->get = http_get_start(fetch->multi, &request, source);
}

static void ask(struct fetch *fetch, struct source *source, int64_t now_ns)
{
    char header[HEADER_FILE_BYTES_MAX + 1], why[HEADER_FILE_WHY_SIZE];
    char error[LIST_ERROR_SIZE];

    if (source->settings.header_file.len == 0) {
        start(fetch, source, NULL);
        return;
    }
    if (header_file_read(source->settings.header_file.data, header, why)) {
        start(fetch, source, header);
        explicit_bzero(header, sizeof(header));
        return;
    }
    snprintf(error, sizeof(error), "cannot use `header_file`: %s", why);
    source->is_tried = true;
    on_failure(source, error, now_ns);
    publish(fetch, source);
}

/* ---- go on ------------------------------------------------------------- */

static bool take_answers(struct fetch *fetch, int64_t now_ns)
{
    bool has_changed = false;
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetch->multi, &left))) {
        CURLcode code = message->data.result;
        struct http_answer answer;
        struct source *source;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &source);
        answer = http_get_finish(source->get, code);
        source->get = NULL;
        source->is_tried = true;
        has_changed |= on_answer(source, &answer, now_ns);
        publish(fetch, source);
    }
    return has_changed;
}

/* True if it has just become too old. */
static bool check_age(struct source *source, int64_t now_ns)
{
    if (!source->has_text || source->is_too_old || now_ns < too_old_ns(source))
        return false;
    source->is_too_old = true;
    log_error("list_too_old", "list=%.*s error=\"%s\"",
              STR_ARG(source->settings.name), source->news.error);
    return true;
}

bool fetch_step(struct fetch *fetch, int64_t now_ns)
{
    bool has_changed;
    int running;

    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next) {
        struct source *source = container_of(link, struct source, link);

        if (!source->get && now_ns >= source->next_ns)
            ask(fetch, source, now_ns);
    }
    curl_multi_perform(fetch->multi, &running);
    has_changed = take_answers(fetch, now_ns);
    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next)
        has_changed |=
            check_age(container_of(link, struct source, link), now_ns);
    return has_changed;
}

bool fetch_is_trying(const struct fetch *fetch)
{
    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next)
        if (!container_of(link, struct source, link)->is_tried)
            return true;
    return false;
}

/* When some list has to be asked for, or becomes too old. */
static int64_t next_deadline_ns(const struct fetch *fetch)
{
    int64_t next_ns = INT64_MAX;

    for (struct list *link = fetch->sources.next; link != &fetch->sources;
         link = link->next) {
        const struct source *source = container_of(link, struct source, link);

        if (!source->get && source->next_ns < next_ns)
            next_ns = source->next_ns;
        if (source->has_text && !source->is_too_old &&
            too_old_ns(source) < next_ns)
            next_ns = too_old_ns(source);
    }
    return next_ns;
}

/* In whole milliseconds, rounded up, so that nothing runs too early. */
static int wait_ms(int64_t until_ns)
{
    int64_t now_ns = clock_boot_ns();
    int64_t ms;

    if (until_ns <= now_ns)
        return 0;
    ms = (until_ns - now_ns - 1) / MILLISECOND + 1;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

void fetch_wait(struct fetch *fetch, const int *fds, unsigned fd_count,
                int64_t until_ns)
{
    struct curl_waitfd waits[WAIT_FDS_MAX];
    int64_t next_ns = next_deadline_ns(fetch);
    unsigned count = 0;

    for (unsigned i = 0; i < fd_count && count < WAIT_FDS_MAX; i++)
        if (fds[i] >= 0)
            waits[count++] = (struct curl_waitfd){ .fd = fds[i],
                                                   .events = CURL_WAIT_POLLIN };
    curl_multi_poll(fetch->multi, waits, count,
                    wait_ms(next_ns < until_ns ? next_ns : until_ns), NULL);
}
