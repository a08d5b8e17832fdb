/*
 * The bundle as a memfd: a header; for each file a record, its path and its
 * text; for each list a record, its name and, aligned, its block; for each
 * secret a record, its name and its text. Numbers are
 * the machine's own: who reads it runs the same program.
 */
#include "config/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x0003454c444e5542) /* "BUNDLE", version 3 */
#define BLOCK_ALIGNMENT 64

struct header {
    uint64_t magic;
    uint32_t file_count;
    uint32_t list_count;
    uint64_t secret_count;
};

struct file_record {
    uint64_t path_bytes;
    uint64_t text_bytes;
};

struct list_record {
    uint64_t name_bytes;
    uint64_t block_bytes; /* 0: there is none */
    uint64_t fingerprint[2];
};

struct secret_record {
    uint64_t name_bytes;
    uint64_t text_bytes;
};

static size_t padding_at(size_t offset)
{
    return -offset % BLOCK_ALIGNMENT;
}

/* ---- seal -------------------------------------------------------------- */

struct writer {
    int fd;
    size_t offset;
    bool has_failed; /* errno says why */
};

static void put(struct writer *writer, const void *bytes, size_t count)
{
    const char *from = bytes;

    while (count > 0 && !writer->has_failed) {
        ssize_t written = write(writer->fd, from, count);

        if (written >= 0) {
            from += written;
            count -= (size_t)written;
            writer->offset += (size_t)written;
        } else if (errno != EINTR) {
            writer->has_failed = true;
        }
    }
}

static void put_file(struct writer *writer, const struct bundle_file *file)
{
    struct file_record record = { file->path.len, file->text.len };

    put(writer, &record, sizeof(record));
    put(writer, file->path.data, file->path.len);
    put(writer, file->text.data, file->text.len);
}

static void put_list(struct writer *writer, const struct bundle_list *list)
{
    static const char zeros[BLOCK_ALIGNMENT];
    struct list_record record = {
        list->name.len,
        list->block.data ? list->block.len : 0,
        { list->fingerprint[0], list->fingerprint[1] },
    };

    put(writer, &record, sizeof(record));
    put(writer, list->name.data, list->name.len);
    put(writer, zeros, padding_at(writer->offset));
    put(writer, list->block.data, record.block_bytes);
}

static void put_secret(struct writer *writer,
                       const struct bundle_secret *secret)
{
    struct secret_record record = { secret->name.len, secret->text.len };

    put(writer, &record, sizeof(record));
    put(writer, secret->name.data, secret->name.len);
    put(writer, secret->text.data, secret->text.len);
}

static bool seal(struct writer *writer, const struct bundle *bundle)
{
    struct header header = { MAGIC, bundle->file_count, bundle->list_count,
                             bundle->secret_count };

    put(writer, &header, sizeof(header));
    for (uint32_t i = 0; i < bundle->file_count; i++)
        put_file(writer, &bundle->files[i]);
    for (uint32_t i = 0; i < bundle->list_count; i++)
        put_list(writer, &bundle->lists[i]);
    for (uint32_t i = 0; i < bundle->secret_count; i++)
        put_secret(writer, &bundle->secrets[i]);
    return !writer->has_failed &&
           fcntl(writer->fd, F_ADD_SEALS,
                 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

int bundle_seal(const struct bundle *bundle)
{
    struct writer writer = {
        .fd = memfd_create("sluice-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING)
    };
    int error;

    if (writer.fd < 0 || seal(&writer, bundle))
        return writer.fd;
    error = errno;
    close(writer.fd);
    errno = error;
    return -1;
}

/* ---- open -------------------------------------------------------------- */

/* Takes `count` bytes off the front. */
static bool take(struct str *rest, uint64_t count, struct str *taken)
{
    if (count > rest->len)
        return false;
    *taken = (struct str){ rest->data, (size_t)count };
    *rest = str_skip(*rest, (size_t)count);
    return true;
}

static bool take_into(struct str *rest, void *target, size_t size)
{
    struct str bytes;

    if (!take(rest, size, &bytes))
        return false;
    memcpy(target, bytes.data, size);
    return true;
}

static bool take_file(struct str *rest, struct bundle_file *file)
{
    struct file_record record;

    return take_into(rest, &record, sizeof(record)) &&
           take(rest, record.path_bytes, &file->path) &&
           take(rest, record.text_bytes, &file->text);
}

static bool take_list(const struct bundle *bundle, struct str *rest,
                      struct bundle_list *list)
{
    struct list_record record;
    struct str padding;

    if (!take_into(rest, &record, sizeof(record)) ||
        !take(rest, record.name_bytes, &list->name) ||
        !take(rest, padding_at((size_t)(rest->data - bundle->mapping.data)),
              &padding))
        return false;
    memcpy(list->fingerprint, record.fingerprint, sizeof(list->fingerprint));
    return record.block_bytes == 0 ||
           take(rest, record.block_bytes, &list->block);
}

static bool take_secret(struct str *rest, struct bundle_secret *secret)
{
    struct secret_record record;

    return take_into(rest, &record, sizeof(record)) &&
           take(rest, record.name_bytes, &secret->name) &&
           take(rest, record.text_bytes, &secret->text);
}

/* Zeroed, by the heap, as the others of a bundle. */
static void *new_array(uint32_t count, size_t size)
{
    void *array = calloc((size_t)count + 1, size);

    if (!array)
        abort();
    return array;
}

static bool decode(struct bundle *bundle)
{
    struct str rest = bundle->mapping;
    struct header header;

    if (!take_into(&rest, &header, sizeof(header)) || header.magic != MAGIC ||
        header.file_count == 0 || header.file_count > BUNDLE_FILES_MAX ||
        header.list_count > BUNDLE_LISTS_MAX ||
        header.secret_count > BUNDLE_SECRETS_MAX)
        return false;
    bundle->files = new_array(header.file_count, sizeof(bundle->files[0]));
    bundle->lists = new_array(header.list_count, sizeof(bundle->lists[0]));
    for (; bundle->file_count < header.file_count; bundle->file_count++)
        if (!take_file(&rest, &bundle->files[bundle->file_count]))
            return false;
    for (; bundle->list_count < header.list_count; bundle->list_count++)
        if (!take_list(bundle, &rest, &bundle->lists[bundle->list_count]))
            return false;
    for (; bundle->secret_count < header.secret_count; bundle->secret_count++)
        if (!take_secret(&rest, &bundle->secrets[bundle->secret_count]))
            return false;
    return rest.len == 0;
}

bool bundle_open(struct bundle *bundle, int fd)
{
    struct stat status;
    void *mapping;

    *bundle = (struct bundle){ 0 };
    if (fstat(fd, &status) < 0 || status.st_size <= 0)
        return false;
    mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping == MAP_FAILED)
        return false;
    bundle->mapping = (struct str){ mapping, (size_t)status.st_size };
    return decode(bundle);
}
