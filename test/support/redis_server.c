#include "test/support/redis_server.h"

#include "test/support/table.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int redis_server_free_port(void)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    close(fd);
    return ntohs(in.sin_port);
}

void redis_server_init(struct redis_server *server)
{
    *server = (struct redis_server){ .folder = "/tmp/sluice-redis-XXXXXX" };
    if (!mkdtemp(server->folder))
        fail_msg("cannot make a folder in /tmp");
    snprintf(server->path, sizeof(server->path), "%s/socket", server->folder);
    snprintf(server->address, sizeof(server->address), "unix:%s", server->path);
    server->port = redis_server_free_port();
}

void redis_server_fini(struct redis_server *server)
{
    if (server->pid > 0)
        redis_server_kill(server);
    unlink(server->path);
    if (server->bus_port != 0) {
        char path[sizeof(server->folder) + 16];

        snprintf(path, sizeof(path), "%s/nodes.conf", server->folder);
        unlink(path);
    }
    rmdir(server->folder);
}

static void run(const struct redis_server *server)
{
    char port[16], bus_port[16];
    /* What follows is only for a node of a cluster. */
    const char *clustered = server->bus_port != 0 ? "--cluster-enabled" : NULL;

    snprintf(port, sizeof(port), "%d", server->port);
    snprintf(bus_port, sizeof(bus_port), "%d", server->bus_port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port",
           port, "--unixsocket", server->path, "--dir", server->folder,
           "--save", "", "--appendonly", "no", "--logfile", "/dev/null",
           clustered, "yes", "--cluster-config-file", "nodes.conf",
           "--cluster-port", bus_port, "--cluster-node-timeout", "2000",
           "--cluster-require-full-coverage", "no",
           "--cluster-allow-replica-migration", "no", NULL);
    perror("redis-server");
    _exit(127);
}

static int connect_to(const struct redis_server *server)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(un.sun_path, sizeof(un.sun_path), "%s", server->path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* A line of the docs, by its first words. */
static const char *line_of_docs(struct str words)
{
    static char line[512];
    FILE *file = fopen(DOCS "/operation.md", "r");
    bool is_found = false;

    assert_non_null(file);
    while (!is_found && fgets(line, sizeof(line), file))
        is_found = str_starts_with(str_of(line), words);
    fclose(file);
    assert_true(is_found);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void make_user(struct redis_server *server)
{
    const char *line =
        line_of_docs(STR("ACL SETUSER " REDIS_SERVER_USER " reset "));

    assert_string_equal(redis_server_ask(server, line), "+OK");
    if (server->bus_port == 0)
        return;
    line = line_of_docs(STR("ACL SETUSER " REDIS_SERVER_USER " +asking "));
    assert_string_equal(redis_server_ask(server, line), "+OK");
}

void redis_server_start(struct redis_server *server)
{
    const struct timespec pause = { .tv_nsec = 5000000 };

    assert_int_equal(server->pid, 0);
    unlink(server->path);
    server->pid = fork();
    if (server->pid == 0)
        run(server);
    assert_true(server->pid > 0);
    for (int tries = 0; tries < 2000; tries++) {
        int fd = connect_to(server);

        if (fd >= 0) {
            close(fd);
            assert_string_equal(redis_server_ask(server, "PING"), "+PONG");
            make_user(server);
            return;
        }
        if (waitpid(server->pid, NULL, WNOHANG) != 0) {
            server->pid = 0;
            fail_msg("redis-server is missing or does not start");
        }
        nanosleep(&pause, NULL);
    }
    fail_msg("redis-server does not answer");
}

/* Never all processes, nor those of the test. */
static void send_signal(const struct redis_server *server, int signal)
{
    assert_true(server->pid > 0);
    assert_int_equal(kill(server->pid, signal), 0);
}

void redis_server_kill(struct redis_server *server)
{
    send_signal(server, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_server_freeze(struct redis_server *server)
{
    send_signal(server, SIGSTOP);
}

void redis_server_thaw(struct redis_server *server)
{
    send_signal(server, SIGCONT);
}

static FILE *send_command(struct redis_server *server, const char *command)
{
    int fd = connect_to(server);
    FILE *stream;

    assert_true(fd >= 0);
    stream = fdopen(fd, "r+");
    assert_non_null(stream);
    fprintf(stream, "%s\r\n", command);
    fflush(stream);
    return stream;
}

const char *redis_server_ask(struct redis_server *server, const char *command)
{
    static char line[512];
    FILE *stream = send_command(server, command);

    if (!fgets(line, sizeof(line), stream))
        fail_msg("redis-server does not answer to %s", command);
    line[strcspn(line, "\r\n")] = '\0';
    fclose(stream);
    return line;
}

/* The number of a line that begins with `sign`. */
static size_t read_count(FILE *stream, char sign, const char *command)
{
    char line[512] = "";

    if (!fgets(line, sizeof(line), stream) || line[0] != sign)
        fail_msg("to %s redis-server answers %s", command, line);
    return strtoul(line + 1, NULL, 10);
}

/* Returns how long it is, with a line feed. */
static size_t read_text(FILE *stream, char *text, size_t size,
                        const char *command)
{
    size_t len = read_count(stream, '$', command);

    assert_true(len + sizeof("\r\n") <= size);
    assert_int_equal(fread(text, 1, len + 2, stream), len + 2);
    text[len] = '\n';
    text[len + 1] = '\0';
    return len + 1;
}

const char *redis_server_read(struct redis_server *server, const char *command)
{
    static char text[65536];
    FILE *stream = send_command(server, command);
    int sign = ungetc(fgetc(stream), stream);
    size_t count = sign == '*' ? read_count(stream, '*', command) : 1;
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        len += read_text(stream, text + len, sizeof(text) - len, command);
    fclose(stream);
    return text;
}
