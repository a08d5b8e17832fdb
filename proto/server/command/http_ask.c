#include "proto/server/command/http_ask.h"

#include "config/address.h"
#include "policy/base/str.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

/* A reset may take some seconds. */
#define TIMEOUT_MS 15000L
#define ANSWER_BYTES_MAX ((size_t)4 << 20)
#define URL_SIZE 512

struct answer {
    char *text;
    size_t len;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *answer = context;

    count *= size;
    if (count > ANSWER_BYTES_MAX - answer->len)
        return 0; /* ends the transfer */
    answer->text = realloc(answer->text, answer->len + count + 1);
    if (!answer->text)
        abort();
    memcpy(answer->text + answer->len, bytes, count);
    answer->len += count;
    return count;
}

/* False with a reason. */
static bool set_address(CURL *easy, const char *text, const char *path,
                        struct http_reply *reply)
{
    struct address address;
    const char *why;
    char url[URL_SIZE];

    if (!address_parse(str_of(text), &address, &why)) {
        snprintf(reply->error, sizeof(reply->error), "the address %s", why);
        return false;
    }
    if (address.path.len > 0) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, address.path.data);
        text = "localhost";
    }
    snprintf(url, sizeof(url), "http://%s%s", text, path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    return true;
}

static void tell_failure(CURL *easy, CURLcode code, const char *detail,
                         struct http_reply *reply)
{
    long error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    /* The library would speak of a port, also of a path. */
    if (code == CURLE_COULDNT_CONNECT && error != 0)
        detail = strerror((int)error);
    snprintf(reply->error, sizeof(reply->error), "%s",
             detail[0] ? detail : curl_easy_strerror(code));
}

static void perform(CURL *easy, struct http_reply *reply)
{
    struct answer answer = { 0 };
    char detail[CURL_ERROR_SIZE] = "";
    CURLcode code;

    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->status);
    if (code != CURLE_OK)
        tell_failure(easy, code, detail, reply);
    else
        reply->body =
            json_loadb(answer.text ? answer.text : "", answer.len, 0, NULL);
    if (code == CURLE_OK && !reply->body)
        snprintf(reply->error, sizeof(reply->error),
                 "no answer that this program understands");
    free(answer.text);
}

static void configure(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    /* What the environment names is for the web. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
}

bool http_ask(struct http_reply *reply, const char *address, const char *path,
              const json_t *question)
{
    CURL *easy = curl_easy_init();
    char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;

    if (!easy || (question && !text))
        abort();
    *reply = (struct http_reply){ 0 };
    configure(easy);
    if (text)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text);
    if (set_address(easy, address, path, reply))
        perform(easy, reply);
    curl_easy_cleanup(easy);
    free(text);
    return reply->body != NULL;
}
