#include "config/watch.h"

#include "config/stamp.h"

#include <stdalign.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

struct watched {
    const char *path;
    struct stamp stamp;
    /* For events: the descriptor of its directory, and its name there. */
    int directory;
    const char *name;
    bool is_being_written; /* somebody has written, and not closed it yet */
};

struct watch {
    struct arena arena; /* of paths */
    struct watched *files;
    uint32_t file_count;
    int inotify;
    bool has_changed;    /* and has not been reported */
    int64_t settled_ns;  /* when to report it */
    int64_t patience_ns; /* when to report it even if it is being written */
    int64_t look_ns;     /* when to look without being told to */
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

/* Adding a directory twice gives the same descriptor; adding one that is not
 * there gives none, and does no harm. */
static int watch_directory(struct watch *watch, struct str path)
{
    struct str copy = arena_copy(&watch->arena, path.len > 0 ? path : STR("."));

    return inotify_add_watch(watch->inotify, copy.data,
                             IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE |
                                 IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                 IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
}

static void watch_file(struct watch *watch, struct str path, struct stamp stamp)
{
    struct str copy = arena_copy(&watch->arena, path);
    const char *slash = strrchr(copy.data, '/');
    const char *name = slash ? slash + 1 : copy.data;
    struct str directory = { copy.data, (size_t)(name - copy.data) };

    watch->files[watch->file_count++] = (struct watched){
        .path = copy.data,
        .stamp = stamp,
        .directory = watch_directory(watch, directory),
        .name = name,
    };
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

static bool is_being_written(const struct watch *watch)
{
    for (uint32_t i = 0; i < watch->file_count; i++)
        if (watch->files[i].is_being_written)
            return true;
    return false;
}

/* When a change is reported, if nothing more happens. */
static int64_t report_ns(const struct watch *watch)
{
    return is_being_written(watch) ? watch->patience_ns : watch->settled_ns;
}

int64_t watch_deadline_ns(const struct watch *watch)
{
    if (watch->has_changed && report_ns(watch) < watch->look_ns)
        return report_ns(watch);
    return watch->look_ns;
}

static void take_event(struct watch *watch, const struct inotify_event *event)
{
    bool is_lost = (event->mask & IN_Q_OVERFLOW) != 0;

    for (uint32_t i = 0; i < watch->file_count; i++) {
        struct watched *file = &watch->files[i];
        bool is_of_it = file->directory == event->wd && event->len > 0 &&
                        strcmp(file->name, event->name) == 0;

        /* Its end may be among what was lost. */
        if (is_of_it || is_lost)
            file->is_being_written = (event->mask & IN_MODIFY) != 0;
    }
}

/* Takes all events; whether there were any. */
static bool take_events(struct watch *watch)
{
    alignas(struct inotify_event) char buffer[4096];
    bool has_any = false;
    ssize_t bytes;

    while ((bytes = read(watch->inotify, buffer, sizeof(buffer))) > 0) {
        const char *at = buffer;

        has_any = true;
        while (at < buffer + bytes) {
            const struct inotify_event *event = (const void *)at;

            take_event(watch, event);
            at += sizeof(*event) + event->len;
        }
    }
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
        (watch->has_changed && now_ns >= report_ns(watch))) {
        watch->look_ns = now_ns + WATCH_POLL_NS;
        if (look(watch)) {
            watch->has_changed = true;
            watch->settled_ns = now_ns + WATCH_SETTLE_NS;
            watch->patience_ns = now_ns + WATCH_WRITER_NS;
        }
    }
    if (!watch->has_changed || now_ns < report_ns(watch))
        return false;
    watch->has_changed = false;
    return true;
}
