#include "quota/redis/redirect.h"

#include "quota/redis/slots.h"

#include <stdlib.h>
#include <string.h>

/* Up to the next blank, or the end; moves behind it. */
static struct str take_word(struct str *rest)
{
    const char *blank = memchr(rest->data, ' ', rest->len);
    struct str word = *rest;

    if (blank)
        word.len = (size_t)(blank - rest->data);
    *rest = str_skip(*rest, word.len + (blank != NULL));
    return word;
}

static bool read_slot(struct str word, uint16_t *slot)
{
    uint32_t value = 0;

    if (word.len < 1 || word.len > 5)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(word.data[i] - '0');
    }
    *slot = (uint16_t)value;
    return value < SLOT_COUNT;
}

/* Whatever is before the last colon, as a number of version 6 has them too. */
static bool read_server(struct str word, const char *server,
                        struct redirect *redirect)
{
    const char *colon = memrchr(word.data, ':', word.len);
    struct str host = { word.data, 0 };

    if (!colon)
        return false;
    host.len = (size_t)(colon - word.data);
    return address_join(redirect->server,
                        host.len > 0 ? host : address_host(str_of(server)),
                        str_skip(word, host.len + 1));
}

enum redirect_kind redirect_read(const struct reply *reply, const char *server,
                                 struct redirect *redirect)
{
    struct str rest = str_of(reply->error), word;
    enum redirect_kind kind = REDIRECT_NONE;

    redirect->kind = REDIRECT_NONE;
    if (reply->kind != REPLY_ERROR)
        return REDIRECT_NONE;
    word = take_word(&rest);
    if (str_eq(word, STR("MOVED")))
        kind = REDIRECT_MOVED;
    else if (str_eq(word, STR("ASK")))
        kind = REDIRECT_ASK;
    if (kind != REDIRECT_NONE && read_slot(take_word(&rest), &redirect->slot) &&
        read_server(take_word(&rest), server, redirect))
        redirect->kind = kind;
    return redirect->kind;
}

bool redirect_is_split(const struct reply *reply)
{
    struct str rest = str_of(reply->error);

    return reply->kind == REPLY_ERROR &&
           str_eq(take_word(&rest), STR("TRYAGAIN"));
}
