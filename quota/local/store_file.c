#include "quota/local/store_file.h"

#include "quota/local/mapping.h"
#include "quota/local/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was no store, and is kept beside it. */
#define KEPT_SUFFIX ".kept"

/* One opening under way. */
struct opening {
    const char *path;
    uint64_t size_bytes;
    const struct clocks *now;
    struct store_file_report *report;
};

/* Sets state and detail. False, for those who fail. */
static bool tell(const struct opening *opening, enum store_file_state state,
                 const char *detail)
{
    opening->report->state = state;
    snprintf(opening->report->detail, STORE_FILE_DETAIL_SIZE, "%s", detail);
    return false;
}

static bool fail(const struct opening *opening, const char *what, int error)
{
    char detail[STORE_FILE_DETAIL_SIZE];

    snprintf(detail, sizeof(detail), "%s: %s", what, strerrordesc_np(error));
    return tell(opening, STORE_FILE_FAILED, detail);
}

/* ---- the lock ---------------------------------------------------------- */

static bool claim(const struct opening *opening, int fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct stat status;

    if (fstat(fd, &status) < 0)
        return fail(opening, "it cannot be looked at", errno);
    if (!S_ISREG(status.st_mode))
        return tell(opening, STORE_FILE_FAILED, "it is no regular file");
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            return tell(opening, STORE_FILE_LOCKED, "another process uses it");
        return fail(opening, "it cannot be locked", errno);
    }
    return true;
}

/* Whether `path` still means what was opened, which another process may have
 * set aside before we had the lock. */
static bool is_there(const struct opening *opening, int fd)
{
    struct stat ours, there;

    return fstat(fd, &ours) == 0 && stat(opening->path, &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* The file, locked; -1 if that fails. */
static int open_locked(const struct opening *opening)
{
    for (int tries = 0; tries < 10; tries++) {
        int fd =
            open(opening->path,
                 O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

        if (fd < 0) {
            fail(opening, "it cannot be opened", errno);
            return -1;
        }
        if (!claim(opening, fd)) {
            close(fd);
            return -1;
        }
        if (is_there(opening, fd))
            return fd;
        close(fd);
    }
    tell(opening, STORE_FILE_LOCKED, "other processes replace it all the time");
    return -1;
}

/* ---- its contents ------------------------------------------------------ */

/* All of it now: nobody is to be killed for touching what the disk has no room
 * for. */
static bool make_afresh(const struct opening *opening, int fd)
{
    int error = 0;

    if (ftruncate(fd, 0) < 0)
        return fail(opening, "it cannot be written", errno);
    do
        error = posix_fallocate(fd, 0, (off_t)opening->size_bytes);
    while (error == EINTR);
    if (error == 0 && !mapping_format(fd, opening->size_bytes, opening->now))
        error = errno;
    if (error == 0)
        return true;
    /* What was taken of the disk is of no use; if that stays, it is told
     * anyway. */
    if (ftruncate(fd, 0) < 0)
        return fail(opening, "there is no room for it, but a part", error);
    return fail(opening, "there is no room for it", error);
}

static bool resume_file(const struct opening *opening, int fd,
                        char detail[static STORE_FILE_DETAIL_SIZE])
{
    struct mapping mapping;
    const char *why = mapping_map(&mapping, fd);
    uint32_t index;

    snprintf(detail, STORE_FILE_DETAIL_SIZE, "%s", why ? why : "");
    if (why)
        return false;
    why = resume(&mapping, opening->now, &index);
    if (why)
        snprintf(detail, STORE_FILE_DETAIL_SIZE,
                 "shard %" PRIu32 " is damaged: %s", index, why);
    mapping_close(&mapping);
    return why == NULL;
}

/* Whether the bytes are those of somebody else. */
static bool is_foreign(int fd)
{
    char mark[MAPPING_MARK_BYTES];
    ssize_t length = pread(fd, mark, sizeof(mark), 0);

    return length != 0 &&
           (length != (ssize_t)sizeof(mark) || !mapping_is_ours(mark));
}

/* Nobody else may as much as read it: it holds the secret that keys are hashed
 * with. */
static bool use(const struct opening *opening, int fd, off_t size_bytes)
{
    char detail[STORE_FILE_DETAIL_SIZE];

    if (fchmod(fd, 0600) < 0)
        return fail(opening, "it cannot be kept from others", errno);
    if (size_bytes == 0) {
        tell(opening, STORE_FILE_NEW, "");
        return make_afresh(opening, fd);
    }
    if ((uint64_t)size_bytes != opening->size_bytes)
        snprintf(detail, sizeof(detail),
                 "it has %jd bytes, and the store is to have %" PRIu64,
                 (intmax_t)size_bytes, opening->size_bytes);
    else if (resume_file(opening, fd, detail)) {
        tell(opening, STORE_FILE_RESUMED, "");
        return true;
    }
    tell(opening, STORE_FILE_AFRESH, detail);
    return make_afresh(opening, fd);
}

/* Moves what is no store out of the way, but never over something else. */
static bool set_aside(const struct opening *opening)
{
    char kept[4096];
    int length = snprintf(kept, sizeof(kept), "%s" KEPT_SUFFIX, opening->path);

    if (length < 0 || (size_t)length >= sizeof(kept))
        return fail(opening, "it is no store", ENAMETOOLONG);
    if (renameat2(AT_FDCWD, opening->path, AT_FDCWD, kept, RENAME_NOREPLACE) ==
        0)
        return true;
    return fail(opening,
                "it is no store, and cannot be moved to the same name "
                "with " KEPT_SUFFIX,
                errno);
}

/* Takes what was opened, and may close it. */
static int use_or_close(const struct opening *opening, int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        fail(opening, "it cannot be looked at", errno);
    else if (use(opening, fd, status.st_size))
        return fd;
    close(fd);
    return -1;
}

static int replace_foreign(const struct opening *opening, int fd)
{
    bool is_aside = set_aside(opening);

    close(fd);
    fd = is_aside ? open_locked(opening) : -1;
    if (fd < 0)
        return -1;
    fd = use_or_close(opening, fd);
    if (fd >= 0)
        tell(opening, STORE_FILE_AFRESH,
             "it was no store; what it was has the suffix " KEPT_SUFFIX);
    return fd;
}

int store_file_open(const char *path, uint64_t size_bytes,
                    const struct clocks *now, struct store_file_report *report)
{
    struct opening opening = { path, size_bytes, now, report };
    int fd = open_locked(&opening);

    if (fd < 0)
        return -1;
    return is_foreign(fd) ? replace_foreign(&opening, fd)
                          : use_or_close(&opening, fd);
}
