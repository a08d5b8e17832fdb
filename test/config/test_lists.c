/*
 * Lists of a configuration: where their entries come from, what is refused and
 * where, and that they pass through a sealed bundle.
 */
#include "test/config/folder.h"
#include "test/support/table.h"

#include "config/bundle.h"
#include "config/bundle_lists.h"
#include "config/snapshot.h"

#include <stdlib.h>

static struct folder folder;

static int enter(void **state)
{
    (void)state;
    folder_enter(&folder);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    folder_leave(&folder);
    return 0;
}

/* ---- what urls give ---------------------------------------------------- */

struct web {
    struct list_supply supply;
    const char *text; /* NULL: it is away */
    uint32_t prepared_count;
    struct str url; /* that was asked for */
};

static void prepare(struct list_supply *supply,
                    const struct list_settings *lists, uint32_t count)
{
    struct web *web = (struct web *)supply;

    (void)lists;
    web->prepared_count = count;
}

static struct str web_text(struct list_supply *supply,
                           const struct list_settings *list)
{
    struct web *web = (struct web *)supply;

    web->url = list->url;
    return web->text ? str_of(web->text) : (struct str){ 0 };
}

static struct web web_of(const char *text)
{
    return (struct web){ .supply = { prepare, web_text }, .text = text };
}

/* ---- load -------------------------------------------------------------- */

/* Reads main.conf and seals it, as the master does, and opens what came of
 * it, as workers do. False if that has mistakes. */
static bool seal_lists(const struct list_sources *sources, struct bundle *out,
                       struct diags *diags)
{
    struct bundle read;
    bool is_good;
    int fd;

    is_good = bundle_read(&read, "main.conf", diags) &&
              bundle_add_lists(&read, sources, diags);
    fd = bundle_seal(&read);
    assert_true(fd >= 0);
    bundle_fini(&read);
    assert_true(bundle_open(out, fd));
    close(fd);
    return is_good;
}

static struct snapshot *load(const struct list_sources *sources)
{
    struct snapshot *snapshot;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    seal_lists(sources, &bundle, &diags);
    snapshot = snapshot_load(&bundle, &diags);
    diags_print(&diags, stderr, false);
    assert_non_null(snapshot);
    diags_fini(&diags);
    return snapshot;
}

static enum roster_answer find(const struct snapshot *snapshot, uint32_t list,
                               const char *text)
{
    struct value value = { .type = VALUE_STRING, .string = str_of(text) };

    assert_true(list < snapshot->list_count);
    return roster_find(snapshot->lists[list].roster, &value);
}

static const struct list_sources nothing = { 0 };

static void test_inline(void **state)
{
    struct snapshot *snapshot;

    (void)state;
    folder_write("main.conf",
                 "lists = ( { name = \"office\"; type = \"ip\";"
                 "            entries = [ \"10.0.0.0/8\", \"192.168.7.4\" ]; },"
                 "          { name = \"none\"; entries = [ ]; } );");
    snapshot = load(&nothing);
    row_equal_str("name", snapshot->lists[0].settings.name, STR("office"));
    assert_int_equal(find(snapshot, 0, "10.1.2.3"), ROSTER_IN);
    assert_int_equal(find(snapshot, 0, "192.168.7.5"), ROSTER_OUT);
    assert_int_equal(find(snapshot, 1, "x"), ROSTER_OUT);
    snapshot_free(snapshot);
}

/* Relative to the file that names it, and added to what is written inline. */
static void test_file(void **state)
{
    struct snapshot *snapshot;

    (void)state;
    mkdir("conf.d", 0700);
    folder_write("main.conf", "@include \"conf.d/lists.conf\"\n");
    folder_write("conf.d/lists.conf",
                 "lists = ( { name = \"keys\"; file = \"keys.txt\"; "
                 "entries = [ \"inline\" ]; } );\n");
    folder_write("conf.d/keys.txt", "# keys\none\ntwo\n");
    snapshot = load(&nothing);
    row_equal_str("path", snapshot->lists[0].settings.file,
                  STR("conf.d/keys.txt"));
    assert_int_equal(find(snapshot, 0, "one"), ROSTER_IN);
    assert_int_equal(find(snapshot, 0, "inline"), ROSTER_IN);
    assert_int_equal(find(snapshot, 0, "three"), ROSTER_OUT);
    assert_int_equal(roster_entry_count(snapshot->lists[0].roster), 3);
    snapshot_free(snapshot);
}

static const char url_config[] =
    "lists = ( { name = \"bad\"; url = \"http://example.com/bad\"; "
    "entries = [ \"inline\" ]; } );";

static void test_url(void **state)
{
    struct web web = web_of("one\ntwo\n"), away = web_of(NULL);
    const struct list_sources sources = { .supply = &web.supply };
    const struct list_sources cut_off = { .supply = &away.supply };
    struct snapshot *snapshot;

    (void)state;
    folder_write("main.conf", url_config);
    snapshot = load(&sources);
    assert_int_equal(web.prepared_count, 1);
    assert_int_equal(find(snapshot, 0, "two"), ROSTER_IN);
    assert_int_equal(find(snapshot, 0, "inline"), ROSTER_IN);
    assert_int_equal(find(snapshot, 0, "x"), ROSTER_OUT);
    snapshot_free(snapshot);

    /* Half a list would be worse than none. */
    snapshot = load(&cut_off);
    assert_int_equal(find(snapshot, 0, "inline"), ROSTER_UNAVAILABLE);
    snapshot_free(snapshot);
    snapshot = load(&nothing);
    assert_int_equal(find(snapshot, 0, "inline"), ROSTER_UNAVAILABLE);
    snapshot_free(snapshot);
}

/* ---- what has changed -------------------------------------------------- */

static const char two_lists[] =
    "lists = ( { name = \"keys\"; file = \"keys.txt\"; },"
    "          { name = \"bad\"; url = \"http://example.com/bad\"; } );";

/* Whether b's list is the very block of a's. */
static bool is_same_block(const struct bundle *a, const struct bundle *b,
                          uint32_t list)
{
    return a->lists[list].block.data == b->lists[list].block.data;
}

static void test_unchanged_lists_are_not_compiled(void **state)
{
    struct web web = web_of("one\n");
    struct list_sources sources = { .supply = &web.supply };
    struct bundle first, second;
    struct diags diags;

    (void)state;
    folder_write("main.conf", two_lists);
    folder_write("keys.txt", "a\n");
    diags_init(&diags);
    assert_true(seal_lists(&sources, &first, &diags));
    sources.earlier = &first;

    assert_true(bundle_read(&second, "main.conf", &diags));
    assert_true(bundle_add_lists(&second, &sources, &diags));
    assert_true(bundle_equal(&first, &second));
    assert_true(is_same_block(&first, &second, 0));
    assert_true(is_same_block(&first, &second, 1));
    bundle_fini(&second);

    folder_write("keys.txt", "a\nb\n");
    assert_true(bundle_read(&second, "main.conf", &diags));
    assert_true(bundle_add_lists(&second, &sources, &diags));
    assert_false(bundle_equal(&first, &second));
    assert_false(is_same_block(&first, &second, 0));
    assert_true(is_same_block(&first, &second, 1));
    bundle_fini(&second);
    bundle_fini(&first);
    diags_fini(&diags);
}

/* A list from the web is taken over whatever state the files are in. */
static void test_files_are_kept(void **state)
{
    struct web web = web_of("one\n");
    struct list_sources sources = { .supply = &web.supply };
    struct bundle first, second;
    struct diags diags;

    (void)state;
    folder_write("main.conf", two_lists);
    folder_write("keys.txt", "a\n");
    diags_init(&diags);
    assert_true(seal_lists(&sources, &first, &diags));
    sources.earlier = &first;
    sources.keep_files = true;
    folder_write("main.conf", "lists = ( broken");
    folder_write("keys.txt", "\x01\n");

    bundle_borrow(&second, &first);
    assert_true(bundle_add_lists(&second, &sources, &diags));
    assert_true(bundle_equal(&first, &second));
    bundle_fini(&second);

    web.text = "two\n";
    bundle_borrow(&second, &first);
    assert_true(bundle_add_lists(&second, &sources, &diags));
    assert_false(bundle_equal(&first, &second));
    assert_true(is_same_block(&first, &second, 0));
    bundle_fini(&second);

    web.text = NULL;
    bundle_borrow(&second, &first);
    assert_true(bundle_add_lists(&second, &sources, &diags));
    assert_false(bundle_equal(&first, &second));
    assert_null(second.lists[1].block.data);
    bundle_fini(&second);
    bundle_fini(&first);
    diags_fini(&diags);
}

/* ---- mistakes ---------------------------------------------------------- */

static const struct {
    const char *why, *config;
    const char *messages; /* what is printed, less the lines that are shown */
} mistakes[] = {
    { "a bad line",
      "lists = ( { name = \"a\"; type = \"ip\"; "
      "file = \"bad.txt\"; } );",
      "bad.txt:2:1: error: the entry is no IP address or network such as "
      "10.0.0.0/8\n" },
    { "a bad entry",
      "lists = ( { name = \"a\"; type = \"ip\";\n"
      "  entries = [ \"::1\",\n    \"x\" ]; } );",
      "main.conf:3:5: error: the entry is no IP address or network such as "
      "10.0.0.0/8\n" },
    { "no file", "lists = ( { name = \"a\"; file = \"absent\"; } );",
      "main.conf:1:32: error: cannot read `absent`: No such file or "
      "directory\n" },
    { "too long",
      "lists = ( { name = \"a\"; file = \"long.txt\"; max_size = 1024; } );",
      "main.conf:1:32: error: `long.txt` is longer than its `max_size`\n" },
    { "nothing", "lists = ( { name = \"a\"; } );",
      "main.conf:1:20: error: a list must have `entries`, `file` or `url`\n" },
    { "twice",
      "lists = ( { name = \"a\"; entries = \"x\"; },\n"
      "          { name = \"a\"; entries = \"y\"; } );",
      "main.conf:2:20: error: there is a list `a` already\n" },
    { "both",
      "lists = ( { name = \"a\"; file = \"long.txt\"; "
      "url = \"http://h/\"; } );",
      "main.conf:1:32: error: a list has either `file` or `url`\n" },
    { "a cache of what",
      "lists = ( { name = \"a\"; entries = \"x\"; cache = \"c\"; } );",
      "main.conf:1:48: error: the list has no `url` to fetch\n" },
    { "a password", "lists = ( { name = \"a\"; url = \"http://u:p@h/\"; } );",
      "main.conf:1:31: error: the url holds a password, which would be shown "
      "in logs\n" },
    { "too old before it is fetched again",
      "lists = ( { name = \"a\"; url = \"http://h/\"; refresh = \"10m\"; } );",
      "main.conf:1:54: error: `max_age` is less than `refresh`: the list would "
      "be too old before it is fetched again\n" },
    { "all at once",
      "lists = ( { name = \"a\"; file = \"absent\"; },\n"
      "          { name = \"b\"; type = \"regex\"; entries = \"(\"; } );\n"
      "rules = ( { name = \"r\"; match = \"nothing\"; deny = { }; } );",
      "main.conf:1:32: error: cannot read `absent`: No such file or "
      "directory\n"
      "main.conf:2:51: error: the entry is no regular expression: missing "
      "closing parenthesis (at byte 2)\n"
      "main.conf:3:34: error: unknown attribute nothing\n" },
};

/* Only the lines with messages. */
static struct str messages_of(const struct diags *diags, struct arena *arena)
{
    struct str all = STR("");

    for (const struct diag *diag = diags->first; diag; diag = diag->next)
        all = arena_printf(arena, "%.*s%.*s:%u:%u: error: %.*s\n", STR_ARG(all),
                           STR_ARG(diag->place.file), diag->place.line,
                           diag->place.column, STR_ARG(diag->message));
    return all;
}

static void test_mistakes(void **state)
{
    char text[2048];

    (void)state;
    folder_write("bad.txt", "10.0.0.1\nlocalhost\n");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    folder_write("long.txt", text);
    for (size_t i = 0; i < ROWS(mistakes); i++) {
        struct bundle bundle;
        struct diags diags;
        struct arena arena;

        arena_init(&arena, 0);
        diags_init(&diags);
        folder_write("main.conf", mistakes[i].config);
        seal_lists(&nothing, &bundle, &diags);
        row_true(mistakes[i].why, !snapshot_load(&bundle, &diags));
        row_equal_str(mistakes[i].why, messages_of(&diags, &arena),
                      str_of(mistakes[i].messages));
        diags_fini(&diags);
        arena_fini(&arena);
    }
}

/* A file that cannot be read is named, so that it is watched. */
static void test_absent_file_is_watched(void **state)
{
    struct bundle bundle;
    struct diags diags;

    (void)state;
    folder_write("main.conf",
                 "lists = ( { name = \"a\"; file = \"absent\"; } );");
    diags_init(&diags);
    assert_true(bundle_read(&bundle, "main.conf", &diags));
    assert_false(bundle_add_lists(&bundle, &nothing, &diags));
    row_equal_str("path", bundle.lists[0].path, STR("absent"));
    assert_int_equal(bundle.lists[0].stamp.inode, 0);
    bundle_fini(&bundle);
    diags_fini(&diags);
}

/* A block that was damaged on its way is no list, and no crash. */
static void test_damaged(void **state)
{
    struct snapshot *snapshot;
    struct bundle bundle;
    struct diags diags;
    char *copy;

    (void)state;
    folder_write("main.conf",
                 "lists = ( { name = \"a\"; entries = \"x\"; } );");
    diags_init(&diags);
    assert_true(bundle_read(&bundle, "main.conf", &diags));
    assert_true(bundle_add_lists(&bundle, &nothing, &diags));
    copy = (char *)(uintptr_t)bundle.lists[0].block.data;
    copy[0] ^= 1;
    snapshot = snapshot_load(&bundle, &diags);
    assert_null(snapshot);
    row_equal_str("message", diags.first->message,
                  STR("the compiled list is damaged"));
    diags_fini(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_inline, enter, leave),
        cmocka_unit_test_setup_teardown(test_file, enter, leave),
        cmocka_unit_test_setup_teardown(test_url, enter, leave),
        cmocka_unit_test_setup_teardown(test_unchanged_lists_are_not_compiled,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(test_files_are_kept, enter, leave),
        cmocka_unit_test_setup_teardown(test_mistakes, enter, leave),
        cmocka_unit_test_setup_teardown(test_absent_file_is_watched, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(test_damaged, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
