#include "config/watch.h"

#include "config/stamp.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

struct watched {
    const char *path;
    struct stamp stamp;
};

struct watch {
    struct arena arena; /* of paths */
    struct watched *files;
    uint32_t file_count;
    int inotify;
    bool has_changed;   /* and has not been reported */
    int64_t settled_ns; /* when to report it */
    int64_t look_ns;    /* when to look without being told to */
};

struct watch *watch_new(void)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        abort();
    arena_init(&watch->arena, 0);
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->inotify >= 0)
        close(watch->inotify);
    arena_fini(&watch->arena);
    free(watch);
}

/* Adding a directory twice, or one that is not there, does no harm. */
static void watch_directory(struct watch *watch, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str directory = { path, slash ? (size_t)(slash - path) + 1 : 0 };
    struct str copy = arena_copy(&watch->arena, slash ? directory : STR("."));

    inotify_add_watch(watch->inotify, copy.data,
                      IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE |
                          IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                          IN_DELETE_SELF | IN_MOVE_SELF);
}

static void watch_file(struct watch *watch, struct str path, struct stamp stamp)
{
    struct str copy = arena_copy(&watch->arena, path);

    watch->files[watch->file_count++] = (struct watched){ copy.data, stamp };
    watch_directory(watch, copy.data);
}

void watch_files(struct watch *watch, const struct bundle *bundle)
{
    arena_clear(&watch->arena);
    watch->files = arena_calloc(&watch->arena,
                                bundle->file_count + bundle->list_count +
                                    bundle->secret_count,
                                sizeof(watch->files[0]));
    watch->file_count = 0;
    watch->has_changed = false;
    watch->look_ns = 0;
    for (uint32_t i = 0; i < bundle->file_count; i++)
        watch_file(watch, bundle->files[i].path, bundle->files[i].stamp);
    for (uint32_t i = 0; i < bundle->list_count; i++)
        if (bundle->lists[i].path.len > 0)
            watch_file(watch, bundle->lists[i].path, bundle->lists[i].stamp);
    for (uint32_t i = 0; i < bundle->secret_count; i++)
        if (bundle->secrets[i].path.len > 0)
            watch_file(watch, bundle->secrets[i].path,
                       bundle->secrets[i].stamp);
}

int watch_fd(const struct watch *watch)
{
    return watch->inotify;
}

int64_t watch_deadline_ns(const struct watch *watch)
{
    if (watch->has_changed && watch->settled_ns < watch->look_ns)
        return watch->settled_ns;
    return watch->look_ns;
}

/* Takes all events; whether there were any. What they say does not matter. */
static bool take_events(struct watch *watch)
{
    char buffer[4096];
    bool has_any = false;

    while (read(watch->inotify, buffer, sizeof(buffer)) > 0)
        has_any = true;
    return has_any;
}

/* Whether any file differs from when it was last looked at. */
static bool look(struct watch *watch)
{
    bool differs = false;

    for (uint32_t i = 0; i < watch->file_count; i++) {
        struct stamp stamp = stamp_of_path(watch->files[i].path);

        if (!stamp_equal(&stamp, &watch->files[i].stamp))
            differs = true;
        watch->files[i].stamp = stamp;
    }
    return differs;
}

bool watch_step(struct watch *watch, int64_t now_ns)
{
    bool is_told = take_events(watch);

    if (is_told || now_ns >= watch->look_ns ||
        (watch->has_changed && now_ns >= watch->settled_ns)) {
        watch->look_ns = now_ns + WATCH_POLL_NS;
        if (look(watch)) {
            watch->has_changed = true;
            watch->settled_ns = now_ns + WATCH_SETTLE_NS;
        }
    }
    if (!watch->has_changed || now_ns < watch->settled_ns)
        return false;
    watch->has_changed = false;
    return true;
}
