#include "config/bundle_secrets.h"

#include "config/file.h"
#include "config/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* The mark of the setting that names the file, or NULL. */
static const struct mark *store_mark(const struct mark *root)
{
    const struct mark *store = mark_find(root, "store");

    return store && store->kind == MARK_GROUP
               ? mark_find(store, "password_file")
               : NULL;
}

static const struct mark *sentinel_mark(const struct mark *root)
{
    const struct mark *store = mark_find(root, "store");
    const struct mark *sentinel = store && store->kind == MARK_GROUP
                                      ? mark_find(store, "sentinel")
                                      : NULL;

    return sentinel && sentinel->kind == MARK_GROUP
               ? mark_find(sentinel, "password_file")
               : NULL;
}

bool bundle_needs_secrets(const struct mark *root)
{
    return store_mark(root) || sentinel_mark(root);
}

static struct str without_newline(struct str text)
{
    if (str_ends_with(text, STR("\n")))
        text.len--;
    if (str_ends_with(text, STR("\r")))
        text.len--;
    return text;
}

/* NULL, or what is wrong. */
static const char *fault_of(struct str secret)
{
    if (secret.len == 0)
        return "is empty";
    for (size_t i = 0; i < secret.len; i++)
        if (secret.data[i] == '\n' || secret.data[i] == '\r' ||
            secret.data[i] == '\0')
            return "must hold one line of text";
    return secret.len > SECRET_BYTES_MAX ? "holds more than 512 bytes" : NULL;
}

static_assert(SECRET_BYTES_MAX == 512, "the message tells it");

/* What the file holds is nobody's but the caller's: it is wiped here. */
static void take_text(struct bundle *bundle, struct file *file,
                      struct bundle_secret *secret, struct place place,
                      struct diags *diags)
{
    struct str text = without_newline(
        (struct str){ file->len > 0 ? file->bytes : "", file->len });
    const char *fault = fault_of(text);

    if (fault)
        diags_add(diags, DIAG_ERROR, place, "the password file `%.*s` %s",
                  STR_ARG(secret->path), fault);
    else
        secret->text = arena_copy(&bundle->arena, text);
    if (file->bytes)
        explicit_bzero(file->bytes, file->len);
    free(file->bytes);
}

static void read_secret(struct bundle *bundle, struct bundle_secret *secret,
                        struct place place, struct diags *diags)
{
    struct file file;

    /* Room for a line that ends in both characters. */
    switch (file_read(&file, secret->path.data, SECRET_BYTES_MAX + 2)) {
    case FILE_READ:
        secret->stamp = file.stamp;
        take_text(bundle, &file, secret, place, diags);
        break;
    case FILE_TOO_LONG:
        diags_add(diags, DIAG_ERROR, place,
                  "the password file `%.*s` holds more than 512 bytes",
                  STR_ARG(secret->path));
        break;
    case FILE_FAILED:
        diags_add(diags, DIAG_ERROR, place, "cannot read `%.*s`: %s",
                  STR_ARG(secret->path), strerror(errno));
        break;
    }
}

/* mark: where its path is written; NULL: there is none. */
static void add_secret(struct bundle *bundle, struct str name,
                       const struct mark *mark, struct str path,
                       struct diags *diags)
{
    struct bundle_secret *secret = &bundle->secrets[bundle->secret_count];
    struct place place;

    if (!mark || path.len == 0)
        return; /* absent, or a mistake that is found later */
    bundle->secret_count++;
    place = mark_place(mark);
    *secret = (struct bundle_secret){
        .name = name,
        .path = source_resolve(place.file, path, &bundle->arena),
    };
    read_secret(bundle, secret, place, diags);
}

void bundle_add_secrets(struct bundle *bundle, const struct mark *root,
                        const struct store_settings *store,
                        const struct bundle *earlier, struct diags *diags)
{
    if (earlier) {
        memcpy(bundle->secrets, earlier->secrets, sizeof(bundle->secrets));
        bundle->secret_count = earlier->secret_count;
        return;
    }
    add_secret(bundle, SECRET_STORE, store_mark(root), store->password_file,
               diags);
    if (store->sentinel)
        add_secret(bundle, SECRET_SENTINEL, sentinel_mark(root),
                   store->sentinel->password_file, diags);
}
