#include "quota/redis/login.h"

#include "quota/redis/fault.h"

#include <stdlib.h>

void login_init(struct login *login,
                const struct redis_credentials *credentials)
{
    login->user = str_dup(credentials->user);
    login->password = str_dup(credentials->password);
}

void login_fini(struct login *login)
{
    if (login->password)
        explicit_bzero(login->password, strlen(login->password));
    free(login->password);
    free(login->user);
    *login = (struct login){ 0 };
}

bool login_is_needed(const struct login *login)
{
    return login->password[0] != '\0';
}

bool login_put(const struct login *login, struct outbox *outbox)
{
    bool has_user = login->user[0] != '\0';

    outbox_begin(outbox, has_user ? 3 : 2);
    outbox_put(outbox, STR("AUTH"));
    if (has_user)
        outbox_put(outbox, str_of(login->user));
    outbox_put(outbox, str_of(login->password));
    return outbox_end(outbox);
}

const char *login_fault(const struct reply *reply)
{
    const struct fault *fault;

    if (reply->kind == REPLY_OTHER)
        return NULL;
    if (reply->kind != REPLY_ERROR)
        return "malformed reply";
    if (str_starts_with(str_of(reply->error), STR("ERR AUTH <password>")))
        return "it has no password for its default user";
    fault = fault_find(reply->error);
    return fault ? fault->meaning : "it does not take the password";
}
