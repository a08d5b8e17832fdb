#include "quota/local/memory_limit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What limits a hierarchy of groups. */
struct hierarchy {
    const char *mount;
    const char *folder; /* in there */
    const char *file;   /* in the folder of each group */
};

/* A number alone on the first line, as "max" is none. */
static bool read_bytes(const char *path, uint64_t *bytes)
{
    char line[64], *end;
    FILE *file = fopen(path, "re");
    bool is_read = file && fgets(line, sizeof(line), file);

    if (file)
        fclose(file);
    if (!is_read || line[0] < '0' || line[0] > '9')
        return false;
    errno = 0;
    *bytes = strtoull(line, &end, 10);
    return errno == 0 && (*end == '\n' || *end == '\0');
}

static void lower(struct memory_limit *limit, const char *path)
{
    uint64_t bytes;

    if (!read_bytes(path, &bytes) || bytes >= limit->bytes)
        return;
    limit->bytes = bytes;
    snprintf(limit->from, sizeof(limit->from), "%s", path);
}

/* A group has no more than those above it. In a container the path may be one
 * that is not seen from there, and the last of these is its own group. */
static void lower_all(struct memory_limit *limit,
                      const struct hierarchy *hierarchy, char *group)
{
    for (;;) {
        char path[MEMORY_LIMIT_FROM_SIZE];
        int length = snprintf(path, sizeof(path), "%s%s%s/%s", hierarchy->mount,
                              hierarchy->folder, group, hierarchy->file);
        char *end = strrchr(group, '/');

        if (length > 0 && (size_t)length < sizeof(path))
            lower(limit, path);
        if (group[0] == '\0')
            return;
        *(end ? end : group) = '\0';
    }
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 &&
            (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* NUMBER:CONTROLLERS:PATH; version 2 names no controllers. */
static void lower_by_line(struct memory_limit *limit, char *line,
                          const char *mount)
{
    struct hierarchy hierarchy = { mount, "", "memory.max" };
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;

    if (!group)
        return;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (has_word(controllers, "memory"))
        hierarchy =
            (struct hierarchy){ mount, "/memory", "memory.limit_in_bytes" };
    else if (controllers[0] != '\0')
        return;
    if (strcmp(group, "/") == 0 || strstr(group, ".."))
        group[0] = '\0';
    lower_all(limit, &hierarchy, group);
}

void memory_limit_of_groups(struct memory_limit *limit, const char *groups,
                            const char *mount)
{
    char line[4096];
    FILE *file = fopen(groups, "re");

    while (file && fgets(line, sizeof(line), file))
        lower_by_line(limit, line, mount);
    if (file)
        fclose(file);
}

void memory_limit_find(struct memory_limit *limit)
{
    *limit = (struct memory_limit){
        .bytes =
            (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
        .from = "the machine's",
    };
    memory_limit_of_groups(limit, "/proc/self/cgroup", "/sys/fs/cgroup");
}
