#include "proto/server/admin/admin.h"

#include "proto/server/admin/metrics.h"
#include "proto/server/admin/status.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

/* Probes and people, not the public. */
#define CONNECTIONS_MAX 32
#define CONNECTION_TIMEOUT_S 10
#define CONNECTION_MEMORY_BYTES ((size_t)16 * 1024)

static void write_metrics(FILE *out, struct page *page,
                          const struct facts *facts)
{
    page->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_write(out, facts);
}

static void write_status(FILE *out, struct page *page,
                         const struct facts *facts)
{
    char *json = status_json(facts);

    page->content_type = "application/json";
    if (!json)
        page->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    fprintf(out, "%s\n", json ? json : "{}");
    free(json);
}

/* The master lives, or it could not answer. */
static void write_alive(FILE *out, struct page *page, const struct facts *facts)
{
    (void)page;
    (void)facts;
    fputs("alive\n", out);
}

static bool is_any_serving(const struct shared *shared)
{
    for (uint32_t i = 0; i < shared->worker_count; i++)
        if (atomic_load(&shared->workers[i].state) == WORKER_SERVING)
            return true;
    return false;
}

/* Never asks for the store: its outage would remove every replica at once. */
static void write_ready(FILE *out, struct page *page, const struct facts *facts)
{
    const char *answer = "ready\n";

    if (atomic_load(&facts->is_draining))
        answer = "draining\n";
    else if (!is_any_serving(facts->shared))
        answer = "no worker serves\n";
    else
        page->status = MHD_HTTP_OK;
    fputs(answer, out);
}

static void write_index(FILE *out, struct page *page,
                        const struct facts *facts);

static const struct {
    const char *path, *purpose;
    void (*write)(FILE *out, struct page *page, const struct facts *facts);
    unsigned status; /* unless `write` sets another */
} pages[] = {
    { "/", "this page", write_index, MHD_HTTP_OK },
    { "/status", "state, as JSON", write_status, MHD_HTTP_OK },
    { "/metrics", "counters, for Prometheus", write_metrics, MHD_HTTP_OK },
    { "/healthz", "200 while the server lives", write_alive, MHD_HTTP_OK },
    { "/readyz", "200 while it takes calls", write_ready,
      MHD_HTTP_SERVICE_UNAVAILABLE },
};

#define PAGE_COUNT (sizeof(pages) / sizeof(pages[0]))

static void write_index(FILE *out, struct page *page, const struct facts *facts)
{
    (void)facts;
    page->content_type = "text/html; charset=utf-8";
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><title>Sluice</title>\n"
          "<h1>Sluice " SLUICE_VERSION "</h1>\n<ul>\n",
          out);
    for (size_t i = 0; i < PAGE_COUNT; i++)
        fprintf(out, "<li><a href=\"%s\">%s</a>: %s\n", pages[i].path,
                pages[i].path, pages[i].purpose);
    fputs("</ul>\n</html>\n", out);
}

bool admin_page(struct page *page, const char *path, const struct facts *facts)
{
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        FILE *out;

        if (strcmp(path, pages[i].path) != 0)
            continue;
        page->status = pages[i].status;
        page->content_type = "text/plain; charset=utf-8";
        out = open_memstream(&page->body, &page->length);
        if (!out)
            return false;
        pages[i].write(out, page, facts);
        fclose(out);
        return true;
    }
    return false;
}

/* Hands `response` over. */
static enum MHD_Result answer(struct MHD_Connection *connection,
                              unsigned status, const char *content_type,
                              struct MHD_Response *response)
{
    enum MHD_Result result;

    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection,
                                   unsigned status, const char *text)
{
    char *constant = (char *)(uintptr_t)text;

    return answer(connection, status, "text/plain; charset=utf-8",
                  MHD_create_response_from_buffer(strlen(text), constant,
                                                  MHD_RESPMEM_PERSISTENT));
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd's parameters. */
static enum MHD_Result on_request(void *context,
                                  struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct page page;

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "only GET and HEAD\n");
    if (!admin_page(&page, path, context))
        return answer_text(connection, MHD_HTTP_NOT_FOUND,
                           "no such page; / lists them\n");
    return answer(connection, page.status, page.content_type,
                  MHD_create_response_from_buffer(page.length, page.body,
                                                  MHD_RESPMEM_MUST_FREE));
}

struct admin *admin_start(int listener, const struct facts *facts)
{
    void *context = (void *)(uintptr_t)facts;

    return (struct admin *)MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, context,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY_BYTES, MHD_OPTION_END);
}

void admin_stop(struct admin *admin)
{
    struct MHD_Daemon *daemon = (struct MHD_Daemon *)admin;

    if (!daemon)
        return;
    /* Gives the listener back, which it would close. */
    MHD_quiesce_daemon(daemon);
    MHD_stop_daemon(daemon);
}
