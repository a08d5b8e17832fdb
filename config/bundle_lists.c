#include "config/bundle_lists.h"

#include "config/bundle_secrets.h"
#include "config/entry.h"
#include "config/file.h"
#include "config/header_file.h"
#include "config/locate.h"
#include "config/read.h"
#include "config/source.h"
#include "policy/rule/roster_text.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct adding {
    struct bundle *bundle;
    const struct list_sources *sources;
    struct diags *diags;
    uint64_t seed;
};

/* What one list is made of. */
struct origin {
    const struct list_entry *entry;
    const struct list_settings *settings;
    struct str name; /* of where `text` comes from, for messages */
    struct str text;
    bool is_missing; /* a url that cannot be had */
};

/* ---- what it is made of ------------------------------------------------ */

static void hash_text(XXH3_state_t *state, struct str text)
{
    uint64_t length = text.len;

    XXH3_128bits_update(state, &length, sizeof(length));
    if (text.len > 0)
        XXH3_128bits_update(state, text.data, text.len);
}

/* Not secret: who makes two texts alike only keeps his own list from being
 * taken over. */
static void take_fingerprint(const struct origin *origin, uint64_t out[2])
{
    const struct texts *entries = &origin->entry->entries;
    uint32_t front[2] = { origin->entry->type, entries->count };
    XXH3_state_t state;
    XXH128_hash_t hash;

    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, front, sizeof(front));
    for (uint32_t i = 0; i < entries->count; i++)
        hash_text(&state, entries->items[i].text);
    hash_text(&state, origin->text);
    hash = XXH3_128bits_digest(&state);
    out[0] = hash.low64;
    out[1] = hash.high64;
}

/* ---- compile ----------------------------------------------------------- */

static void read_inline(struct roster_entries *entries,
                        const struct texts *texts, struct diags *diags)
{
    char why[ROSTER_WHY_SIZE];

    for (uint32_t i = 0; i < texts->count && diags->error_count < DIAGS_MAX;
         i++)
        if (!roster_entries_add(entries, texts->items[i].text, why))
            diags_add(diags, DIAG_ERROR, mark_place(texts->items[i].mark),
                      "the entry %s", why);
}

/* data == NULL if an entry is bad. */
static struct str compile(struct adding *adding, const struct origin *origin)
{
    unsigned errors_before = adding->diags->error_count;
    struct roster_entries entries;
    struct str block = { 0 };

    roster_entries_init(&entries, origin->entry->type);
    read_inline(&entries, &origin->entry->entries, adding->diags);
    roster_entries_read(&entries, origin->name, origin->text, adding->diags);
    if (adding->diags->error_count == errors_before)
        block = roster_build(entries.type, entries.items, entries.count,
                             adding->seed, &adding->bundle->arena);
    roster_entries_fini(&entries);
    return block;
}

static void fill(struct adding *adding, const struct origin *origin,
                 struct bundle_list *list)
{
    const struct bundle *earlier = adding->sources->earlier;
    const struct bundle_list *before =
        earlier ? bundle_find_list(earlier, list->name) : NULL;

    if (origin->is_missing)
        return;
    take_fingerprint(origin, list->fingerprint);
    if (before && before->block.data &&
        before->fingerprint[0] == list->fingerprint[0] &&
        before->fingerprint[1] == list->fingerprint[1])
        list->block = before->block;
    else
        list->block = compile(adding, origin);
}

/* ---- where it comes from ----------------------------------------------- */

static bool read_list_file(struct adding *adding, const struct origin *origin,
                           struct file *file)
{
    const struct list_settings *settings = origin->settings;
    struct place place = mark_place(mark_find(origin->entry->mark, "file"));

    switch (file_read(file, settings->file.data, settings->max_bytes)) {
    case FILE_READ:
        return true;
    case FILE_TOO_LONG:
        diags_add(adding->diags, DIAG_ERROR, place,
                  "`%.*s` is longer than its `max_size`",
                  STR_ARG(settings->file));
        return false;
    case FILE_FAILED:
        diags_add(adding->diags, DIAG_ERROR, place, "cannot read `%.*s`: %s",
                  STR_ARG(settings->file), strerror(errno));
        return false;
    }
    return false;
}

static void fill_from_file(struct adding *adding, struct origin *origin,
                           struct bundle_list *list)
{
    struct file file;

    list->path = arena_copy(&adding->bundle->arena, origin->settings->file);
    if (origin->settings->max_bytes == 0)
        return; /* a mistake, found later */
    if (!read_list_file(adding, origin, &file))
        return;
    list->stamp = file.stamp;
    origin->name = origin->settings->file;
    origin->text = (struct str){ file.bytes, file.len };
    fill(adding, origin, list);
    free(file.bytes);
}

static void refuse_file(struct adding *adding, const struct origin *origin,
                        const char *name, struct str path, const char *why)
{
    diags_add(adding->diags, DIAG_ERROR,
              mark_place(mark_find(origin->entry->mark, name)),
              "cannot use `%.*s`: %s", STR_ARG(path), why);
}

/* What a url is asked with is read when it is asked. Here only so that a
 * mistake is found when it is made. */
static void check_files(struct adding *adding, const struct origin *origin)
{
    const struct list_settings *settings = origin->settings;
    char header[HEADER_FILE_BYTES_MAX + 1], why[HEADER_FILE_WHY_SIZE];

    if (adding->sources->keep_files)
        return;
    if (settings->ca_file.len > 0 && access(settings->ca_file.data, R_OK) < 0)
        refuse_file(adding, origin, "ca_file", settings->ca_file,
                    strerror(errno));
    if (settings->header_file.len > 0 &&
        !header_file_read(settings->header_file.data, header, why))
        refuse_file(adding, origin, "header_file", settings->header_file, why);
    explicit_bzero(header, sizeof(header));
}

static void fill_from_url(struct adding *adding, struct origin *origin,
                          struct bundle_list *list)
{
    struct list_supply *supply = adding->sources->supply;

    check_files(adding, origin);
    origin->name = origin->settings->url;
    if (supply)
        origin->text = supply->text(supply, origin->settings);
    origin->is_missing = !origin->text.data;
    fill(adding, origin, list);
}

static void keep(struct adding *adding, struct bundle_list *list)
{
    const struct bundle_list *before =
        bundle_find_list(adding->sources->earlier, list->name);

    assert(before);
    list->block = before->block;
    memcpy(list->fingerprint, before->fingerprint, sizeof(list->fingerprint));
}

static void add_list(struct adding *adding, const struct list_entry *entry,
                     const struct list_settings *settings)
{
    struct bundle *bundle = adding->bundle;
    struct bundle_list *list = &bundle->lists[bundle->list_count++];
    struct origin origin = { .entry = entry, .settings = settings };

    list->name = arena_copy(&bundle->arena, settings->name);
    if (settings->url.len > 0)
        fill_from_url(adding, &origin, list);
    else if (settings->file.len == 0)
        fill(adding, &origin, list);
    else if (adding->sources->keep_files)
        keep(adding, list);
    else
        fill_from_file(adding, &origin, list);
}

/* ---- all of them ------------------------------------------------------- */

static void add_lists(struct adding *adding, const struct entries *lists,
                      struct arena *scratch)
{
    const struct list_entry *entries = lists->items;
    struct list_supply *supply = adding->sources->supply;
    struct list_settings *settings =
        arena_calloc(scratch, lists->count, sizeof(*settings));

    for (uint32_t i = 0; i < lists->count; i++)
        settings[i] = list_settings_of(&entries[i], scratch);
    if (supply && supply->prepare)
        supply->prepare(supply, settings, lists->count);
    adding->bundle->lists =
        calloc((size_t)lists->count + 1, sizeof(adding->bundle->lists[0]));
    if (!adding->bundle->lists)
        abort();
    for (uint32_t i = 0; i < lists->count; i++)
        add_list(adding, &entries[i], &settings[i]);
}

static uint64_t make_seed(const struct adding *adding)
{
    uint64_t seed;

    /* Early in boot the kernel may have no entropy yet; then only the
     * protection against chosen entries is weaker. */
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed = (uint64_t)(uintptr_t)adding;
    return seed;
}

bool bundle_add_lists(struct bundle *bundle, const struct list_sources *sources,
                      struct diags *diags)
{
    struct adding adding = { bundle, sources, diags, 0 };
    unsigned errors_before = diags->error_count;
    struct settings settings = { 0 };
    struct document document;
    const struct mark *root = NULL;
    struct diags unused; /* loading finds these again */
    struct arena scratch;
    struct source source;

    arena_init(&scratch, 0);
    diags_init(&unused);
    adding.seed = make_seed(&adding);
    if (source_expand(&source, bundle, &unused))
        root = locate(&source, &scratch, &unused);
    if (root && (mark_find(root, "lists") || bundle_needs_secrets(root))) {
        read_document(root, &document, &settings, &scratch, &unused);
        add_lists(&adding, &document.lists, &scratch);
        bundle_add_secrets(bundle, root, &document.store,
                           sources->keep_files ? sources->earlier : NULL,
                           diags);
    }
    source_fini(&source);
    diags_fini(&unused);
    arena_fini(&scratch);
    return diags->error_count == errors_before;
}
