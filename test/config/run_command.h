/*
 * A command of the program in a process of its own, as a user meets it: what
 * it prints, on either stream, and its exit status.
 */
#ifndef TEST_CONFIG_RUN_COMMAND_H
#define TEST_CONFIG_RUN_COMMAND_H

#include "test/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 6

/* In the child. */
static inline void run_child(int (*command)(int argc, char **argv),
                             const char *const *arguments, int in, int out)
{
    char *argv[ARGUMENTS_MAX + 2] = { strdup("command") };
    int argc = 1, status;

    for (; arguments[argc - 1]; argc++)
        argv[argc] = strdup(arguments[argc - 1]);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    status = command(argc, argv);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    fflush(stdout);
    _exit(status);
}

/* arguments: ended by NULL. input: at most what a pipe holds; NULL: none.
 * Returns the exit status. */
static inline int run_command(int (*command)(int argc, char **argv),
                              const char *const *arguments, const char *input,
                              char *output, size_t size)
{
    int in[2], out[2], status;
    size_t len = 0;
    ssize_t got;
    pid_t child;

    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(in[1]);
        run_child(command, arguments, in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    if (input)
        assert_int_equal(write(in[1], input, strlen(input)), strlen(input));
    close(in[1]);
    while ((got = read(out[0], output + len, size - 1 - len)) > 0)
        len += (size_t)got;
    output[len] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#endif
