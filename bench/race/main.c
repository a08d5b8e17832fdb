/*
 * sluice-race: clients that race for quotas, and a journal of what each of them
 * saw. Its first line of standard input is the plan (plan.h). It connects, says
 * "ready" on a line, begins with the next line, and then writes the journal
 * (journal.h).
 */
#include "bench/race/race.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* Calls that are due at fixed times would be late whenever this had to wait for
 * a processor, so it goes before others, where that is allowed. It uses little:
 * it sleeps but for some 60 us a call. */
static void go_first(void)
{
    const struct sched_param lowest = { .sched_priority = 1 };

    sched_setscheduler(0, SCHED_FIFO, &lowest);
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "sluice-race: %s: %s\n", what, why);
    return EXIT_USAGE;
}

/* Connects, and races when it is told to. The exit status. */
static int run(const struct race_plan *plan)
{
    static struct journal journal = { .fd = STDOUT_FILENO };
    struct race *race = race_new(plan, &journal);
    bool is_connected = race_connect(race);
    int next;

    if (is_connected) {
        if (plan->per_second > 0)
            go_first();
        puts("ready");
        fflush(stdout);
        do
            next = getchar();
        while (next != '\n' && next != EOF);
        race_run(race);
    }
    race_free(race);
    return is_connected ? EXIT_SUCCESS : fail("the servers", "do not answer");
}

static int read_and_run(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, stdin);
    struct str text = { line, length < 0 ? 0 : (size_t)length };
    struct arena arena;
    struct race_plan plan;
    const char *why;
    int status;

    arena_init(&arena, 0);
    why = race_plan_parse(&plan, text, &arena);
    status = why ? fail("the plan", why) : run(&plan);
    arena_fini(&arena);
    free(line);
    return status;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return fail("arguments",
                    "there are none; the plan is read from standard input");
    /* It ends with whoever reads the journal. */
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    return read_and_run();
}
