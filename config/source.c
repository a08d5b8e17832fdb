#include "config/source.h"

#include "config/scan.h"

#include <stdlib.h>

/* A file that is being expanded, and how it came to that. */
struct inclusion {
    const struct bundle_file *file;
    const struct inclusion *parent; /* NULL: the main file */
    unsigned depth;
};

struct expansion {
    struct source *source;
    const struct bundle *bundle;
    struct diags *diags;
    struct arena scratch;
};

struct place source_file_place(const struct bundle_file *file, size_t offset,
                               size_t width)
{
    const char *text = file->text.data;
    size_t start = 0, end;
    const char *newline;
    unsigned line = 1;

    while (start < offset &&
           (newline = memchr(text + start, '\n', offset - start))) {
        start = (size_t)(newline - text) + 1;
        line++;
    }
    newline = memchr(text + start, '\n', file->text.len - start);
    end = newline ? (size_t)(newline - text) : file->text.len;
    if (end > start && text[end - 1] == '\r')
        end--;
    return (struct place){
        .file = file->path,
        .line = line,
        .column = (unsigned)(offset - start) + 1,
        .width = (unsigned)width,
        .text = { text + start, end - start },
    };
}

struct place source_place(const struct source *source, size_t offset,
                          size_t width)
{
    const struct source_piece *piece;
    size_t low = 0, high = source->piece_count;

    /* The last piece that begins at or before the offset. */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (source->pieces[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    piece = &source->pieces[low];
    offset = offset - piece->offset + piece->file_offset;
    return source_file_place(piece->file, offset, width);
}

struct place source_line_place(const struct source *source, unsigned line)
{
    const char *at = source->text;

    for (; line > 1 && strchr(at, '\n'); line--)
        at = strchr(at, '\n') + 1;
    return source_place(source, (size_t)(at - source->text), 1);
}

/* Appends one name of a path to what is there already; ".." takes the last
 * name away if there is one. Returns the new length. */
static size_t append_name(char *path, size_t length, struct str name)
{
    struct str last = { path, length };
    const char *slash;

    if (name.len == 0 || str_eq(name, STR(".")))
        return length;
    if (str_eq(name, STR("..")) && length > 0) {
        slash = memrchr(path, '/', length);
        last = slash ? str_skip(last, (size_t)(slash - path) + 1) : last;
        if (!str_eq(last, STR("..")))
            return length - last.len - (slash && slash != path ? 1 : 0);
    }
    if (length > 0 && path[length - 1] != '/')
        path[length++] = '/';
    memcpy(path + length, name.data, name.len);
    return length + name.len;
}

/* Without empty names, "." and "x/..". */
static struct str normalize(struct str path, struct arena *arena)
{
    char *out = arena_alloc(arena, path.len + 1);
    size_t length = 0;

    if (path.len > 0 && path.data[0] == '/')
        out[length++] = '/';
    while (path.len > 0) {
        const char *slash = memchr(path.data, '/', path.len);
        size_t len = slash ? (size_t)(slash - path.data) : path.len;

        length = append_name(out, length, (struct str){ path.data, len });
        path = str_skip(path, slash ? len + 1 : len);
    }
    out[length] = '\0';
    return (struct str){ out, length };
}

struct str source_resolve(struct str including, struct str included,
                          struct arena *arena)
{
    const char *slash =
        including.len == 0 ? NULL : memrchr(including.data, '/', including.len);

    if (slash && !str_starts_with(included, STR("/")))
        included =
            arena_printf(arena, "%.*s/%.*s", (int)(slash - including.data),
                         including.data, STR_ARG(included));
    return normalize(included, arena);
}

static void add_piece(struct source *source, struct source_piece piece)
{
    if (source->piece_count == source->piece_capacity) {
        source->piece_capacity = 2 * source->piece_capacity + 16;
        source->pieces = reallocarray(source->pieces, source->piece_capacity,
                                      sizeof(source->pieces[0]));
        if (!source->pieces)
            abort();
    }
    source->pieces[source->piece_count++] = piece;
}

/* Appends bytes and a NUL. False if the text becomes too long. */
static bool append(struct source *source, struct str bytes)
{
    size_t length = source->length + bytes.len;

    if (length > SOURCE_BYTES_MAX)
        return false;
    if (length >= source->capacity) {
        source->capacity = 2 * length + 1;
        source->text = realloc(source->text, source->capacity);
        if (!source->text)
            abort();
    }
    if (bytes.len > 0)
        memcpy(source->text + source->length, bytes.data, bytes.len);
    source->text[length] = '\0';
    source->length = length;
    return true;
}

/* Appends text that was written at `offset` of a file. */
static bool append_text(struct expansion *expansion,
                        const struct bundle_file *file, size_t offset,
                        struct str text)
{
    struct source *source = expansion->source;

    add_piece(source, (struct source_piece){ source->length, offset, file });
    if (append(source, text))
        return true;
    diags_add(expansion->diags, DIAG_ERROR, source_file_place(file, offset, 1),
              "with its includes the configuration is longer than %zu MiB",
              SOURCE_BYTES_MAX >> 20);
    return false;
}

static bool append_part(struct expansion *expansion,
                        const struct bundle_file *file, size_t from, size_t to)
{
    return append_text(expansion, file, from,
                       (struct str){ file->text.data + from, to - from });
}

static const struct bundle_file *find_file(const struct bundle *bundle,
                                           struct str path)
{
    for (uint32_t i = 0; i < bundle->file_count; i++)
        if (str_eq(bundle->files[i].path, path))
            return &bundle->files[i];
    return NULL;
}

/* "a -> b -> a": how `inclusion` came to include `path`. */
static struct str describe_chain(const struct inclusion *inclusion,
                                 struct str path, struct arena *arena)
{
    struct str chain = path;

    for (; inclusion; inclusion = inclusion->parent) {
        chain = arena_printf(arena, "%.*s -> %.*s",
                             STR_ARG(inclusion->file->path), STR_ARG(chain));
        if (str_eq(inclusion->file->path, path))
            break;
    }
    return chain;
}

static bool is_open(const struct inclusion *inclusion,
                    const struct bundle_file *file)
{
    for (; inclusion; inclusion = inclusion->parent)
        if (inclusion->file == file)
            return true;
    return false;
}

static bool expand_file(struct expansion *expansion,
                        const struct inclusion *inclusion);

static void refuse(struct expansion *expansion,
                   const struct inclusion *inclusion, const struct token *token,
                   const char *reason, struct str detail)
{
    diags_add(expansion->diags, DIAG_ERROR,
              source_file_place(inclusion->file, token->offset, token->length),
              "%s: %.*s", reason, STR_ARG(detail));
}

static bool expand_include(struct expansion *expansion,
                           const struct inclusion *inclusion,
                           const struct token *token)
{
    struct str included = scan_include_path(inclusion->file->text, token);
    struct str path =
        source_resolve(inclusion->file->path, included, &expansion->scratch);
    struct inclusion next = { .file = find_file(expansion->bundle, path),
                              .parent = inclusion,
                              .depth = inclusion->depth + 1 };

    if (!next.file || !next.file->text.data) {
        refuse(expansion, inclusion, token, "this file was not read", path);
        return false;
    }
    if (is_open(inclusion, next.file)) {
        refuse(expansion, inclusion, token,
               "files include each other in a circle",
               describe_chain(inclusion, path, &expansion->scratch));
        return false;
    }
    if (next.depth > INCLUDE_DEPTH_MAX) {
        refuse(expansion, inclusion, token, "files are included too deeply",
               path);
        return false;
    }
    /* What follows the directive must not join what the file ends with. */
    return expand_file(expansion, &next) &&
           append_text(expansion, inclusion->file, token->offset, STR("\n"));
}

static bool expand_file(struct expansion *expansion,
                        const struct inclusion *inclusion)
{
    const struct bundle_file *file = inclusion->file;
    struct scanner scanner = { .text = file->text };
    struct token token;
    size_t done = 0;

    while ((token = scan_next(&scanner)).kind != TOKEN_END) {
        if (token.kind == TOKEN_BAD) {
            diags_add(expansion->diags, DIAG_ERROR,
                      source_file_place(file, token.offset, token.length), "%s",
                      token.fault);
            return false;
        }
        if (token.kind == TOKEN_INCLUDE) {
            if (!append_part(expansion, file, done, token.offset) ||
                !expand_include(expansion, inclusion, &token))
                return false;
            done = token.offset + token.length;
        }
    }
    return append_part(expansion, file, done, file->text.len);
}

bool source_expand(struct source *source, const struct bundle *bundle,
                   struct diags *diags)
{
    struct expansion expansion = { source, bundle, diags, { 0 } };
    struct inclusion inclusion = { .file = &bundle->files[0], .depth = 0 };
    bool is_good = true;

    *source = (struct source){ 0 };
    arena_init(&expansion.scratch, 0);
    for (uint32_t i = 0; i < bundle->file_count; i++) {
        const struct bundle_file *file = &bundle->files[i];
        const char *nul = file->text.len == 0
                              ? NULL
                              : memchr(file->text.data, 0, file->text.len);

        if (nul) {
            diags_add(
                diags, DIAG_ERROR,
                source_file_place(file, (size_t)(nul - file->text.data), 1),
                "the file holds a NUL byte");
            is_good = false;
        }
    }
    is_good = is_good && expand_file(&expansion, &inclusion);
    arena_fini(&expansion.scratch);
    return is_good;
}

void source_fini(struct source *source)
{
    free(source->pieces);
    free(source->text);
    *source = (struct source){ 0 };
}
