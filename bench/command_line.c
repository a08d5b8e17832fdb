#include "bench/command_line.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>

#define OPTIONS_MAX 32

/* What getopt_long answers, besides the place in the table; '?' for what it
 * has refused itself. */
#define HELP 'h'
static_assert(OPTIONS_MAX < '?' && OPTIONS_MAX < HELP, "no place is a letter");

/* -- Values -- */

const char *command_line_number(const char *text, enum quantity quantity,
                                int64_t least, int64_t most, int64_t *number)
{
    const char *why;

    if (!quantity_parse(str_of(text), quantity, number, &why))
        return why;
    return *number < least || *number > most ? "is out of range" : NULL;
}

static const char *read_count(const struct command_option *option,
                              const char *text, uint32_t *count)
{
    int64_t number = 0;
    const char *why = command_line_number(text, QUANTITY_COUNT, option->least,
                                          option->most, &number);

    *count = (uint32_t)number;
    return why;
}

/* Why not, or NULL. */
static const char *read_value(const struct command_option *option,
                              const char *text, void *into)
{
    void *member = (char *)into + option->offset;

    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return NULL;
    case OPTION_TEXT:
        *(const char **)member = text;
        return NULL;
    case OPTION_COUNT:
        return read_count(option, text, member);
    case OPTION_SPAN:
        return command_line_number(text, QUANTITY_DURATION, option->least,
                                   option->most, member);
    case OPTION_PARSED:
        return option->parse(into, text);
    }
    return NULL;
}

static bool read_option(const struct command_line *line,
                        const struct command_option *option, void *into)
{
    const char *why = read_value(option, optarg, into);

    if (why)
        fprintf(stderr, "%s: --%s: `%s` %s\n", line->program, option->name,
                optarg, why);
    return !why;
}

/* -- All of it -- */

/* As getopt_long wants them, which answers with their places. */
static void list_options(const struct command_line *line,
                         struct option list[OPTIONS_MAX + 2])
{
    int count = 0;

    for (; line->options[count].name; count++) {
        const struct command_option *option = &line->options[count];

        assert(count < OPTIONS_MAX);
        list[count] = (struct option){ .name = option->name,
                                       .has_arg = option->kind != OPTION_FLAG,
                                       .val = count };
    }
    list[count] = (struct option){ .name = "help", .val = HELP };
    list[count + 1] = (struct option){ 0 };
}

enum command_line_result command_line_read(const struct command_line *line,
                                           int argc, char **argv, void *into)
{
    struct option list[OPTIONS_MAX + 2];
    int place;

    list_options(line, list);
    optind = 0; /* from the beginning */
    while ((place = getopt_long(argc, argv, "h", list, NULL)) >= 0) {
        if (place == HELP)
            return COMMAND_LINE_HELP;
        if (place == '?' || !read_option(line, &line->options[place], into))
            return COMMAND_LINE_WRONG;
    }
    if (!argv[optind])
        return COMMAND_LINE_READ;
    fprintf(stderr, "%s: `%s` is no option\n", line->program, argv[optind]);
    return COMMAND_LINE_WRONG;
}

void command_line_refuse(const struct command_line *line, const char *why)
{
    fprintf(stderr, "%s: %s\n", line->program, why);
}

static void print_option(const char *name, const char *argument,
                         const char *help)
{
    printf("  --%-12s %-8s %s\n", name, argument ? argument : "", help);
}

void command_line_print_help(const struct command_line *line)
{
    const struct command_option *option;

    printf("Usage: %s %s\n%s\n\n", line->program, line->usage, line->purpose);
    for (option = line->options; option->name; option++)
        print_option(option->name, option->argument, option->help);
    print_option("help", NULL, "prints this");
}
