/* Passwords in files of their own: read once, passed on, never shown. */
#include "test/config/folder.h"
#include "test/config/load_text.h"
#include "test/support/table.h"

#include "config/bundle_secrets.h"

#define CONF                                                                   \
    "store = { kind = \"redis\"; servers = [ \"127.0.0.1:26379\" ];\n"         \
    "  user = \"sluice\"; password_file = \"secrets/store\";\n"                \
    "  sentinel = { master = \"m\"; password_file = \"secrets/sentinel\"; "    \
    "}; };\n"

static struct folder folder;

static int enter(void **state)
{
    (void)state;
    folder_enter(&folder);
    mkdir("conf.d", 0700);
    mkdir("conf.d/secrets", 0700);
    folder_write("main.conf", "@include \"conf.d/store.conf\"\n");
    folder_write("conf.d/store.conf", CONF);
    folder_write("conf.d/secrets/store", "hunter2\n");
    folder_write("conf.d/secrets/sentinel", "hunter3\n");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    folder_leave(&folder);
    return 0;
}

static bool read_all(struct bundle *bundle, const struct bundle *earlier)
{
    struct list_sources sources = { .earlier = earlier, .keep_files = earlier };
    struct diags diags;
    bool is_good;

    diags_init(&diags);
    is_good = bundle_read(bundle, "main.conf", &diags) &&
              bundle_add_lists(bundle, &sources, &diags);
    diags_fini(&diags);
    return is_good;
}

static void a_line_is_a_password(void **state)
{
    static const struct {
        const char *why, *file;
        const char *password; /* NULL: refused */
    } rows[] = {
        { "a line", "hunter2\n", "hunter2" },
        { "without its end", "hunter2", "hunter2" },
        { "of another system", "hunter2\r\n", "hunter2" },
        { "blanks belong to it", " hunter 2 \n", " hunter 2 " },
        { "any text", "\xc3\xbc\t'\"\\{}>\n", "\xc3\xbc\t'\"\\{}>" },
        { "nothing", "", NULL },
        { "an empty line", "\n", NULL },
        { "two lines", "hunter2\n\n", NULL },
        { "a line and more", "hunter2\nhunter3", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct bundle bundle;
        bool is_good;

        folder_write("conf.d/secrets/store", rows[i].file);
        is_good = read_all(&bundle, NULL);
        row_equal_i64(rows[i].why, is_good, rows[i].password != NULL);
        if (rows[i].password)
            row_equal_str(rows[i].why,
                          bundle_find_secret(&bundle, SECRET_STORE),
                          str_of(rows[i].password));
        else
            row_true(rows[i].why,
                     !bundle_find_secret(&bundle, SECRET_STORE).data);
        /* Either way it is watched. */
        row_equal_str(rows[i].why, bundle.secrets[0].path,
                      STR("conf.d/secrets/store"));
        bundle_fini(&bundle);
    }
}

/* As workers get it. */
static void it_reaches_the_settings_by_the_sealed_bundle(void **state)
{
    struct snapshot *snapshot;
    struct bundle bundle, sealed;
    const struct store_settings *store;
    struct diags diags;
    int fd;

    (void)state;
    assert_true(read_all(&bundle, NULL));
    fd = bundle_seal(&bundle);
    assert_true(bundle_open(&sealed, fd));
    assert_true(bundle_equal(&bundle, &sealed));
    bundle_fini(&bundle);
    close(fd);

    diags_init(&diags);
    snapshot = snapshot_load(&sealed, &diags);
    assert_non_null(snapshot);
    store = &snapshot->store;
    row_equal_str("user", store->credentials.user, STR("sluice"));
    row_equal_str("password", store->credentials.password, STR("hunter2"));
    row_equal_str("sentinel", store->sentinel->credentials.password,
                  STR("hunter3"));
    row_equal_i64("sentinel", (int64_t)store->sentinel->credentials.user.len,
                  0);
    for (uint32_t i = 0; i < snapshot->settings.count; i++) {
        struct str value = snapshot->settings.items[i].value;

        row_true("no setting tells it",
                 value.len == 0 || !memmem(value.data, value.len, "hunter", 6));
    }
    snapshot_free(snapshot);
    diags_fini(&diags);
}

static void another_password_is_another_configuration(void **state)
{
    struct bundle before, after, kept;

    (void)state;
    assert_true(read_all(&before, NULL));
    folder_write("conf.d/secrets/sentinel", "hunter4\n");
    assert_true(read_all(&after, NULL));
    assert_false(bundle_equal(&before, &after));
    /* Where only a list has changed, no file is looked at. */
    assert_true(read_all(&kept, &before));
    assert_true(bundle_equal(&before, &kept));
    bundle_fini(&kept);
    bundle_fini(&after);
    bundle_fini(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_a_password, enter, leave),
        cmocka_unit_test_setup_teardown(
            it_reaches_the_settings_by_the_sealed_bundle, enter, leave),
        cmocka_unit_test_setup_teardown(
            another_password_is_another_configuration, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
