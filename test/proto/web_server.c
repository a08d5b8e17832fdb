#include "test/proto/web_server.h"

#include "test/support/table.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct MHD_Response *make_response(const struct web_server *server,
                                          const char *path)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(server->body), (void *)(uintptr_t)server->body,
        MHD_RESPMEM_MUST_COPY);

    if (server->etag)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, server->etag);
    if (server->location && strcmp(path, "/end") != 0)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION,
                                server->location);
    return response;
}

static enum MHD_Result on_request(void *context,
                                  struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct web_server *server = context;
    const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                    "If-None-Match");
    bool is_known = known && server->etag && strcmp(known, server->etag) == 0;
    bool is_end = strcmp(path, "/end") == 0;
    struct MHD_Response *response = make_response(server, path);
    enum MHD_Result result;

    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    snprintf(server->if_none_match, sizeof(server->if_none_match), "%s",
             known ? known : "");
    usleep(server->delay_ms * 1000);
    atomic_fetch_add(&server->requests, 1);
    result = MHD_queue_response(connection,
                                is_end     ? MHD_HTTP_OK
                                : is_known ? MHD_HTTP_NOT_MODIFIED
                                           : server->status,
                                response);
    MHD_destroy_response(response);
    return result;
}

void web_server_start(struct web_server *server)
{
    const struct sockaddr_in loopback = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    *server = (struct web_server){ .status = MHD_HTTP_OK, .body = "" };
    server->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                         on_request, server, MHD_OPTION_SOCK_ADDR,
                         (const struct sockaddr *)&loopback, MHD_OPTION_END);
    assert_non_null(server->daemon);
    server->port =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void web_server_stop(struct web_server *server)
{
    MHD_stop_daemon(server->daemon);
}
