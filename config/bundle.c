#include "config/bundle.h"

#include "config/scan.h"
#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A bundle that is being read from disk. */
struct reading {
    struct bundle *bundle;
    struct diags *diags;
    uint32_t capacity;
    size_t total_bytes;
};

static struct bundle_file *add_file(struct bundle *bundle, uint32_t *capacity,
                                    struct bundle_file file)
{
    if (bundle->file_count == *capacity) {
        *capacity = 2 * *capacity + 8;
        bundle->files =
            reallocarray(bundle->files, *capacity, sizeof(bundle->files[0]));
        if (!bundle->files)
            abort();
    }
    bundle->files[bundle->file_count] = file;
    return &bundle->files[bundle->file_count++];
}

static void bundle_init(struct bundle *bundle)
{
    *bundle = (struct bundle){ 0 };
    arena_init(&bundle->arena, 0);
}

/* Reads up to `room` bytes; *len may be room + 1, which says "longer". False
 * with errno. The buffer is the caller's. */
static bool read_all(int fd, size_t room, char **buffer, size_t *len)
{
    size_t capacity = 0;

    *buffer = NULL;
    *len = 0;
    for (;;) {
        size_t want;
        ssize_t got;

        if (*len == capacity) {
            capacity = 2 * capacity + 4096;
            *buffer = realloc(*buffer, capacity);
            if (!*buffer)
                abort();
        }
        want = capacity - *len;
        if (want > room + 1 - *len)
            want = room + 1 - *len;
        got = want == 0 ? 0 : read(fd, *buffer + *len, want);
        if (got == 0)
            return true;
        if (got > 0)
            *len += (size_t)got;
        else if (errno != EINTR)
            return false;
    }
}

/* Fills in text and stamp of a file whose path is set. place: who asked. */
static void read_file(struct reading *reading, struct bundle_file *file,
                      struct place place)
{
    size_t room = BUNDLE_BYTES_MAX - reading->total_bytes, len = 0;
    int fd = open(file->path.data, O_RDONLY | O_CLOEXEC);
    char *buffer = NULL;

    if (fd < 0 || !read_all(fd, room, &buffer, &len)) {
        diags_add(reading->diags, DIAG_ERROR, place, "cannot read `%.*s`: %s",
                  STR_ARG(file->path), strerror(errno));
    } else if (len > room) {
        diags_add(reading->diags, DIAG_ERROR, place,
                  "the files are together longer than %zu MiB",
                  BUNDLE_BYTES_MAX >> 20);
    } else {
        file->text =
            arena_copy(&reading->bundle->arena, (struct str){ buffer, len });
        file->stamp = stamp_of_fd(fd);
        reading->total_bytes += len;
    }
    if (fd >= 0)
        close(fd);
    free(buffer);
}

static bool has_file(const struct bundle *bundle, struct str path)
{
    for (uint32_t i = 0; i < bundle->file_count; i++)
        if (str_eq(bundle->files[i].path, path))
            return true;
    return false;
}

/* Adds the file that an @include in files[index] names, unless it is there. */
static bool read_include(struct reading *reading, uint32_t index,
                         const struct token *token)
{
    struct bundle *bundle = reading->bundle;
    const struct bundle_file *including = &bundle->files[index];
    struct str path = source_resolve(including->path,
                                     scan_include_path(including->text, token),
                                     &bundle->arena);
    struct place place;

    if (has_file(bundle, path))
        return true;
    place = source_file_place(including, token->offset, token->length);
    if (bundle->file_count == BUNDLE_FILES_MAX) {
        diags_add(reading->diags, DIAG_ERROR, place,
                  "more than %d files are included", BUNDLE_FILES_MAX);
        return false;
    }
    read_file(reading,
              add_file(bundle, &reading->capacity,
                       (struct bundle_file){ .path = path }),
              place);
    return true;
}

/* Reads what files[index] includes. Its other mistakes are found later, when
 * the bundle is loaded. */
static bool read_includes(struct reading *reading, uint32_t index)
{
    struct scanner scanner = { .text = reading->bundle->files[index].text };
    struct token token;

    do {
        token = scan_next(&scanner);
        if (token.kind == TOKEN_INCLUDE &&
            !read_include(reading, index, &token))
            return false;
    } while (token.kind != TOKEN_END && token.kind != TOKEN_BAD);
    return true;
}

bool bundle_read(struct bundle *bundle, const char *path, struct diags *diags)
{
    struct reading reading = { .bundle = bundle, .diags = diags };
    unsigned errors_before = diags->error_count;
    struct bundle_file *main_file;

    bundle_init(bundle);
    main_file =
        add_file(bundle, &reading.capacity,
                 (struct bundle_file){
                     .path = arena_copy(&bundle->arena, str_of(path)) });
    read_file(&reading, main_file, (struct place){ .file = main_file->path });
    for (uint32_t i = 0; i < bundle->file_count; i++)
        if (!read_includes(&reading, i))
            break;
    return diags->error_count == errors_before;
}

void bundle_from_text(struct bundle *bundle, struct str path, struct str text)
{
    uint32_t capacity = 0;

    bundle_init(bundle);
    add_file(bundle, &capacity,
             (struct bundle_file){ .path = arena_copy(&bundle->arena, path),
                                   .text = arena_copy(&bundle->arena, text) });
}

/* In the memfd: a header, then for each file a record and its two texts. */
#define MAGIC UINT64_C(0x0001454c444e5542) /* "BUNDLE", version 1 */

struct header {
    uint64_t magic;
    uint64_t file_count;
};

struct record {
    uint64_t path_bytes;
    uint64_t text_bytes;
};

static bool write_all(int fd, const void *bytes, size_t count)
{
    const char *from = bytes;

    while (count > 0) {
        ssize_t written = write(fd, from, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        from += written;
        count -= (size_t)written;
    }
    return true;
}

static bool write_file(int fd, const struct bundle_file *file)
{
    struct record record = { file->path.len, file->text.len };

    return write_all(fd, &record, sizeof(record)) &&
           write_all(fd, file->path.data, file->path.len) &&
           write_all(fd, file->text.data, file->text.len);
}

int bundle_seal(const struct bundle *bundle)
{
    struct header header = { MAGIC, bundle->file_count };
    int fd = memfd_create("sluice-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool is_good;
    int error;

    if (fd < 0)
        return -1;
    is_good = write_all(fd, &header, sizeof(header));
    for (uint32_t i = 0; is_good && i < bundle->file_count; i++)
        is_good = write_file(fd, &bundle->files[i]);
    if (is_good &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Takes `count` bytes off the front. */
static bool take(struct str *rest, uint64_t count, struct str *taken)
{
    if (count > rest->len)
        return false;
    *taken = (struct str){ rest->data, (size_t)count };
    *rest = str_skip(*rest, (size_t)count);
    return true;
}

static bool decode_file(struct bundle *bundle, uint32_t *capacity,
                        struct str *rest)
{
    struct record record;
    struct str bytes, path, text;

    if (!take(rest, sizeof(record), &bytes))
        return false;
    memcpy(&record, bytes.data, sizeof(record));
    if (!take(rest, record.path_bytes, &path) ||
        !take(rest, record.text_bytes, &text))
        return false;
    add_file(bundle, capacity,
             (struct bundle_file){ .path = arena_copy(&bundle->arena, path),
                                   .text = arena_copy(&bundle->arena, text) });
    return true;
}

static bool decode(struct bundle *bundle, struct str rest)
{
    struct header header;
    struct str bytes;
    uint32_t capacity = 0;

    if (!take(&rest, sizeof(header), &bytes))
        return false;
    memcpy(&header, bytes.data, sizeof(header));
    if (header.magic != MAGIC || header.file_count == 0 ||
        header.file_count > BUNDLE_FILES_MAX)
        return false;
    for (uint64_t i = 0; i < header.file_count; i++)
        if (!decode_file(bundle, &capacity, &rest))
            return false;
    return rest.len == 0;
}

bool bundle_open(struct bundle *bundle, int fd)
{
    struct stat status;
    void *mapping;
    bool is_good;

    bundle_init(bundle);
    if (fstat(fd, &status) < 0 || status.st_size <= 0)
        return false;
    mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping == MAP_FAILED)
        return false;
    is_good = decode(bundle, (struct str){ mapping, (size_t)status.st_size });
    munmap(mapping, (size_t)status.st_size);
    return is_good;
}

bool bundle_equal(const struct bundle *a, const struct bundle *b)
{
    if (a->file_count != b->file_count)
        return false;
    for (uint32_t i = 0; i < a->file_count; i++)
        if (!str_eq(a->files[i].path, b->files[i].path) ||
            !str_eq(a->files[i].text, b->files[i].text))
            return false;
    return true;
}

void bundle_fini(struct bundle *bundle)
{
    free(bundle->files);
    arena_fini(&bundle->arena);
    *bundle = (struct bundle){ 0 };
}
