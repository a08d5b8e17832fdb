#include "quota/redis/address.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

/* Left to glibc if its owner goes while glibc's thread works on it. */
struct lookup {
    char *host, *port;
    struct addrinfo hints;
    struct gaicb request;
    bool is_under_way;
};

static void free_lookup(struct lookup *lookup)
{
    free(lookup->host);
    free(lookup->port);
    free(lookup);
}

static void keep_results(struct address *address,
                         const struct addrinfo *results)
{
    address->count = address->next = 0;
    for (; results && address->count < ADDRESSES_MAX;
         results = results->ai_next) {
        memcpy(&address->sockaddrs[address->count], results->ai_addr,
               results->ai_addrlen);
        address->lens[address->count++] = results->ai_addrlen;
    }
}

static void init_path(struct address *address, struct str path)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&address->sockaddrs[0];

    if (path.len == 0 || path.len >= sizeof(un->sun_path)) {
        address->fault = "the path of the socket is too long or empty";
        return;
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.data, path.len);
    address->lens[0] = sizeof(*un);
    address->count = 1;
}

/* Splits at the last colon; NULL if there is none or no host. */
static struct lookup *split_port(struct str server)
{
    const char *colon = memrchr(server.data, ':', server.len);
    struct str host = { server.data, 0 };
    struct lookup *lookup;

    if (!colon || colon == server.data)
        return NULL;
    host.len = (size_t)(colon - server.data);
    lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        abort();
    lookup->port = strndup(colon + 1, server.len - host.len - 1);
    if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
        host = (struct str){ host.data + 1, host.len - 2 };
    lookup->host = strndup(host.data, host.len);
    if (!lookup->host || !lookup->port)
        abort();
    return lookup;
}

static void init_host(struct address *address, struct str server)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                              .ai_socktype = SOCK_STREAM };
    struct lookup *lookup = split_port(server);
    struct addrinfo *results;

    if (!lookup) {
        address->fault = "the address of the server is no host:port";
    } else if (getaddrinfo(lookup->host, lookup->port, &hints, &results) == 0) {
        keep_results(address, results);
        freeaddrinfo(results);
        free_lookup(lookup);
    } else {
        address->lookup = lookup; /* a name */
    }
}

void address_init(struct address *address, struct str server)
{
    *address = (struct address){ 0 };
    if (str_starts_with(server, STR("unix:")))
        init_path(address, str_skip(server, strlen("unix:")));
    else
        init_host(address, server);
}

void address_fini(struct address *address)
{
    struct lookup *lookup = address->lookup;
    int status = 0;

    if (lookup && lookup->is_under_way) {
        status = gai_cancel(&lookup->request);
        if (status == EAI_ALLDONE && lookup->request.ar_result)
            freeaddrinfo(lookup->request.ar_result);
    }
    if (lookup && status != EAI_NOTCANCELED)
        free_lookup(lookup);
    *address = (struct address){ 0 };
}

static int start(struct lookup *lookup)
{
    struct gaicb *requests[] = { &lookup->request };
    int status;

    lookup->hints = (struct addrinfo){ .ai_flags = AI_NUMERICSERV,
                                       .ai_socktype = SOCK_STREAM };
    lookup->request = (struct gaicb){ .ar_name = lookup->host,
                                      .ar_service = lookup->port,
                                      .ar_request = &lookup->hints };
    status = getaddrinfo_a(GAI_NOWAIT, requests, 1, NULL);
    lookup->is_under_way = status == 0;
    return status;
}

/* 0, EAI_INPROGRESS or why it failed; starts it first. */
static int look_up(struct address *address)
{
    struct lookup *lookup = address->lookup;
    int status = lookup->is_under_way ? 0 : start(lookup);

    if (status == 0)
        status = gai_error(&lookup->request);
    if (status == EAI_INPROGRESS)
        return status;
    lookup->is_under_way = false;
    if (status == 0) {
        keep_results(address, lookup->request.ar_result);
        freeaddrinfo(lookup->request.ar_result);
    }
    return status;
}

enum address_result address_next(struct address *address,
                                 const struct sockaddr **sockaddr,
                                 socklen_t *len)
{
    if (address->next == address->count) {
        int status = address->lookup ? look_up(address) : 0;

        if (status == EAI_INPROGRESS)
            return ADDRESS_PENDING;
        if (status != 0)
            address->fault = gai_strerror(status);
        /* Without an answer, those of the last time. */
        address->next = 0;
    }
    if (address->count == 0)
        return ADDRESS_NONE;
    *sockaddr = (const struct sockaddr *)&address->sockaddrs[address->next];
    *len = address->lens[address->next++];
    return ADDRESS_FOUND;
}

struct str address_host(struct str server)
{
    const char *colon = memrchr(server.data, ':', server.len);

    if (!colon || str_starts_with(server, STR("unix:")))
        return STR("");
    server.len = (size_t)(colon - server.data);
    if (server.len > 2 && server.data[0] == '[')
        server = (struct str){ server.data + 1, server.len - 2 };
    return server;
}

static bool is_only(struct str text, const char *characters)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\0' || !strchr(characters, text.data[i]))
            return false;
    return text.len > 0;
}

bool address_join(char server[ADDRESS_TEXT_BYTES], struct str host,
                  struct str port)
{
    /* With one a number of version 6 is told from its port. */
    bool is_v6 = host.len > 0 && memchr(host.data, ':', host.len);

    if (!is_only(host, "0123456789abcdefghijklmnopqrstuvwxyz"
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:%") ||
        !is_only(port, "0123456789") || port.len > 5 ||
        host.len + port.len + sizeof("[]:") > ADDRESS_TEXT_BYTES)
        return false;
    snprintf(server, ADDRESS_TEXT_BYTES, "%s%.*s%s:%.*s", is_v6 ? "[" : "",
             STR_ARG(host), is_v6 ? "]" : "", STR_ARG(port));
    return true;
}
