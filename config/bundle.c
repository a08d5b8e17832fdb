#include "config/bundle.h"

#include "config/file.h"
#include "config/scan.h"
#include "config/source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

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

/* Fills in text and stamp of a file whose path is set. place: who asked. */
static void read_file(struct reading *reading, struct bundle_file *file,
                      struct place place)
{
    struct file read;

    switch (file_read(&read, file->path.data,
                      BUNDLE_BYTES_MAX - reading->total_bytes)) {
    case FILE_READ:
        file->text = arena_copy(&reading->bundle->arena,
                                (struct str){ read.bytes, read.len });
        file->stamp = read.stamp;
        reading->total_bytes += read.len;
        /* Rather one that is being written than one that limits nothing. */
        if (read.len == 0)
            diags_add(reading->diags, DIAG_ERROR, place,
                      "`%.*s` is empty; write a comment if nothing belongs "
                      "into it",
                      STR_ARG(file->path));
        break;
    case FILE_TOO_LONG:
        diags_add(reading->diags, DIAG_ERROR, place,
                  "the files are together longer than %zu MiB",
                  BUNDLE_BYTES_MAX >> 20);
        break;
    case FILE_FAILED:
        diags_add(reading->diags, DIAG_ERROR, place, "cannot read `%.*s`: %s",
                  STR_ARG(file->path), strerror(errno));
        break;
    }
    free(read.bytes);
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

void bundle_borrow(struct bundle *bundle, const struct bundle *source)
{
    uint32_t capacity = 0;

    bundle_init(bundle);
    for (uint32_t i = 0; i < source->file_count; i++)
        add_file(bundle, &capacity, source->files[i]);
}

const struct bundle_list *bundle_find_list(const struct bundle *bundle,
                                           struct str name)
{
    for (uint32_t i = 0; i < bundle->list_count; i++)
        if (str_eq(bundle->lists[i].name, name))
            return &bundle->lists[i];
    return NULL;
}

struct str bundle_find_secret(const struct bundle *bundle, struct str name)
{
    for (uint32_t i = 0; i < bundle->secret_count; i++)
        if (str_eq(bundle->secrets[i].name, name))
            return bundle->secrets[i].text;
    return (struct str){ 0 };
}

bool bundle_list_equal(const struct bundle_list *a, const struct bundle_list *b)
{
    return str_eq(a->name, b->name) && !a->block.data == !b->block.data &&
           a->fingerprint[0] == b->fingerprint[0] &&
           a->fingerprint[1] == b->fingerprint[1];
}

bool bundle_equal(const struct bundle *a, const struct bundle *b)
{
    if (a->file_count != b->file_count || a->list_count != b->list_count ||
        a->secret_count != b->secret_count)
        return false;
    for (uint32_t i = 0; i < a->file_count; i++)
        if (!str_eq(a->files[i].path, b->files[i].path) ||
            !str_eq(a->files[i].text, b->files[i].text))
            return false;
    for (uint32_t i = 0; i < a->list_count; i++)
        if (!bundle_list_equal(&a->lists[i], &b->lists[i]))
            return false;
    for (uint32_t i = 0; i < a->secret_count; i++)
        if (!str_eq(a->secrets[i].name, b->secrets[i].name) ||
            !str_eq(a->secrets[i].text, b->secrets[i].text))
            return false;
    return true;
}

void bundle_fini(struct bundle *bundle)
{
    if (bundle->mapping.data)
        munmap((void *)(uintptr_t)bundle->mapping.data, bundle->mapping.len);
    free(bundle->files);
    free(bundle->lists);
    arena_fini(&bundle->arena);
    *bundle = (struct bundle){ 0 };
}
