/*
 * `sluice validate` as a program sees it: its output and exit status.
 */
#include "test/support/table.h"

#include "config/validate.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 4

/* Runs it in a process of its own; what it prints goes to `output`. */
static int run(const char *const *arguments, char *output, size_t size)
{
    char *argv[ARGUMENTS_MAX + 2] = { strdup("validate") };
    int pipes[2], status, argc = 1;
    size_t len = 0;
    ssize_t got;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    for (; arguments[argc - 1]; argc++)
        argv[argc] = strdup(arguments[argc - 1]);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(STDERR_FILENO);
        open("/dev/null", O_WRONLY);
        status = command_validate(argc, argv);
        fflush(stdout);
        _exit(status);
    }
    close(pipes[1]);
    while ((got = read(pipes[0], output + len, size - 1 - len)) > 0)
        len += (size_t)got;
    output[len] = '\0';
    close(pipes[0]);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const struct {
    const char *why;
    const char *arguments[ARGUMENTS_MAX + 1];
    int status;
    const char *output; /* or a part of it */
} rows[] = {
    { "a sound one",
      { "../../../config/sluice.conf" },
      0,
      "../../../config/sluice.conf: ok (2 quotas, 2 rules)\n" },
    { "with a warning",
      { "warning-absent.conf" },
      0,
      "warning-absent.conf: ok (1 quota, 11 rules, 6 warnings)\n" },
    { "a note is no warning",
      { "../../../config/examples/redis.conf" },
      0,
      "note: a slot of `in-flight` comes back when its caller releases it, "
      "else after 1m; Istio 1.x sidecars never release\n" },
    { "a mistake", { "choice.conf" }, 1, "choice.conf: 2 errors\n" },
    { "one of two",
      { "../../../config/sluice.conf", "unknown-key.conf" },
      1,
      "unknown-key.conf:2:17: error: unknown key `concurency` in quotas[0], "
      "did you mean `concurrency`?\n" },
    { "a missing include",
      { "include-missing.conf" },
      1,
      "include-missing.conf: 1 error\n" },
    { "no such file",
      { "absent.conf" },
      2,
      "absent.conf: error: cannot read `absent.conf`: No such file or "
      "directory\n" },
    { "no file", { NULL }, 2, "" },
    { "an unknown option", { "--jason" }, 2, "" },
    { "help", { "--help" }, 0, "usage: sluice validate" },
    { "a path like an option", { "--", "--json" }, 2, "--json: 1 error\n" },
};

static void test_rows(void **state)
{
    char output[16 * 1024];

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        row_equal_i64(rows[i].why,
                      run(rows[i].arguments, output, sizeof(output)),
                      rows[i].status);
        if (!strstr(output, rows[i].output))
            row_fail(rows[i].why, "not in the output: %s\n%s", rows[i].output,
                     output);
        row_true("no colours but on a terminal", !strchr(output, '\033'));
    }
}

static void test_json(void **state)
{
    static const char *const arguments[] = { "--json", "choice.conf", NULL };
    char output[16 * 1024];
    json_t *json, *file, *diagnostic;

    (void)state;
    assert_int_equal(run(arguments, output, sizeof(output)), 1);
    json = json_loads(output, 0, NULL);
    assert_true(json_is_false(json_object_get(json, "ok")));
    file = json_array_get(json_object_get(json, "files"), 0);
    assert_string_equal(json_string_value(json_object_get(file, "file")),
                        "choice.conf");
    assert_int_equal(json_integer_value(json_object_get(file, "errors")), 2);
    diagnostic = json_array_get(json_object_get(file, "diagnostics"), 1);
    assert_string_equal(
        json_string_value(json_object_get(diagnostic, "severity")), "error");
    assert_int_equal(json_integer_value(json_object_get(diagnostic, "line")),
                     2);
    assert_int_equal(json_integer_value(json_object_get(diagnostic, "column")),
                     62);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_json),
    };

    if (chdir(TEST_DATA "/config") < 0)
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
