#include "bench/load/cpu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_SIZE 300

/* A file of one thread; NULL: it has ended. */
static FILE *open_task(pid_t pid, const char *task, const char *file)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", (int)pid, task, file);
    return fopen(path, "re");
}

static int64_t task_used_ns(pid_t pid, const char *task)
{
    FILE *file = open_task(pid, task, "schedstat");
    int64_t used = 0;
    char line[128];

    /* The first number is the time on a CPU. */
    if (!file)
        return 0;
    if (fgets(line, sizeof(line), file))
        used = strtoll(line, NULL, 10);
    fclose(file);
    return used;
}

static int64_t children_used_ns(pid_t pid, const char *task)
{
    FILE *file = open_task(pid, task, "children");
    int64_t used = 0;
    char child[16];

    if (!file)
        return 0;
    while (fscanf(file, "%15s", child) == 1) {
        int64_t more = cpu_used_ns((pid_t)strtol(child, NULL, 10), true);

        if (more > 0)
            used += more;
    }
    fclose(file);
    return used;
}

int64_t cpu_used_ns(pid_t pid, bool with_children)
{
    char path[PATH_SIZE];
    struct dirent *task;
    int64_t used = 0;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (!tasks)
        return -1;
    while ((task = readdir(tasks))) {
        if (task->d_name[0] == '.')
            continue;
        used += task_used_ns(pid, task->d_name);
        if (with_children)
            used += children_used_ns(pid, task->d_name);
    }
    closedir(tasks);
    return used;
}
