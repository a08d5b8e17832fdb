#include "proto/server/loader/http_get.h"

#include "policy/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIRECTS_MAX 5L

struct http_get {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    size_t max_bytes;
    char *text;
    size_t len, capacity;
    bool is_too_long;
    bool is_conditional; /* "304, unchanged" is an answer */
    struct http_validators validators;
    char error[CURL_ERROR_SIZE];
};

/* ---- what comes -------------------------------------------------------- */

static void append(struct http_get *get, const char *bytes, size_t count)
{
    if (get->len + count > get->capacity) {
        get->capacity = 2 * (get->len + count);
        get->text = realloc(get->text, get->capacity);
        if (!get->text)
            abort();
    }
    memcpy(get->text + get->len, bytes, count);
    get->len += count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_get *get = context;

    if (size * count > get->max_bytes - get->len) {
        get->is_too_long = true;
        return 0; /* ends the transfer */
    }
    append(get, bytes, size * count);
    return size * count;
}

/* The value of the header `name`, whose case does not matter; else empty. */
static struct str header_value(struct str line, struct str name)
{
    if (line.len <= name.len || line.data[name.len] != ':' ||
        !str_eq_nocase((struct str){ line.data, name.len }, name))
        return STR("");
    line = str_skip(line, name.len + 1);
    while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
        line = str_skip(line, 1);
    while (line.len > 0 && (unsigned char)line.data[line.len - 1] <= ' ')
        line.len--;
    return line;
}

/* One that is too long is as none. */
static void keep(char *target, size_t size, struct str value)
{
    if (value.len > 0 && value.len < size) {
        memcpy(target, value.data, value.len);
        target[value.len] = '\0';
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_get *get = context;
    struct str line = { bytes, size * count };

    /* After a redirect only the last answer counts. */
    if (str_starts_with(line, STR("HTTP/")))
        get->validators = (struct http_validators){ 0 };
    keep(get->validators.etag, sizeof(get->validators.etag),
         header_value(line, STR("ETag")));
    keep(get->validators.modified, sizeof(get->validators.modified),
         header_value(line, STR("Last-Modified")));
    return size * count;
}

/* ---- begin ------------------------------------------------------------- */

static void add_condition(struct http_get *get, const char *name,
                          const char *value)
{
    char line[512];

    if (!value[0])
        return;
    snprintf(line, sizeof(line), "%s: %s", name, value);
    get->headers = curl_slist_append(get->headers, line);
    get->is_conditional = true;
}

/* Only these certificates count, and as they are in the file now. */
static void trust_only(CURL *easy, const char *ca_file)
{
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void configure(struct http_get *get, const struct http_request *request,
                      void *owner)
{
    bool is_https = strncmp(request->url, "https:", strlen("https:")) == 0;
    CURL *easy = get->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, owner);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
                     is_https ? "https" : "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->header ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     (long)(request->timeout_ns / MILLISECOND));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, get->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, get->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, get);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, get);
    if (request->ca_file)
        trust_only(easy, request->ca_file);
}

struct http_get *http_get_start(CURLM *multi,
                                const struct http_request *request, void *owner)
{
    struct http_get *get = calloc(1, sizeof(*get));

    if (!get)
        abort();
    get->multi = multi;
    get->max_bytes = request->max_bytes;
    get->easy = curl_easy_init();
    if (!get->easy)
        abort();
    add_condition(get, "If-None-Match", request->known.etag);
    add_condition(get, "If-Modified-Since", request->known.modified);
    if (request->header)
        get->headers = curl_slist_append(get->headers, request->header);
    configure(get, request, owner);
    curl_multi_add_handle(multi, get->easy);
    return get;
}

/* ---- end --------------------------------------------------------------- */

static void fail(struct http_answer *answer, const struct http_get *get,
                 CURLcode code, long status)
{
    answer->result = HTTP_FAILED;
    if (get->is_too_long)
        snprintf(answer->error, sizeof(answer->error),
                 "the answer is longer than `max_size`");
    else if (code != CURLE_OK)
        snprintf(answer->error, sizeof(answer->error), "%s",
                 get->error[0] ? get->error : curl_easy_strerror(code));
    else
        snprintf(answer->error, sizeof(answer->error), "HTTP status %ld",
                 status);
}

struct http_answer http_get_finish(struct http_get *get, CURLcode code)
{
    struct http_answer answer = { .validators = get->validators };
    long status = 0;

    curl_easy_getinfo(get->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status == 200) {
        answer.result = HTTP_GIVEN;
        answer.text = get->text;
        answer.len = get->len;
        get->text = NULL;
    } else if (code == CURLE_OK && status == 304 && get->is_conditional) {
        answer.result = HTTP_UNCHANGED;
    } else {
        fail(&answer, get, code, status);
    }
    http_get_cancel(get);
    return answer;
}

void http_get_cancel(struct http_get *get)
{
    if (!get)
        return;
    curl_multi_remove_handle(get->multi, get->easy);
    curl_easy_cleanup(get->easy);
    curl_slist_free_all(get->headers);
    free(get->text);
    free(get);
}
