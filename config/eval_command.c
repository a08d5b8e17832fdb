#include "config/eval_command.h"

#include "config/evaluation.h"
#include "config/json_input.h"
#include "policy/base/diag.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    EXIT_EVALUATED = 0,
    EXIT_NO_VALUE = 1,
    EXIT_NOT_UNDERSTOOD = 2,
};

static const char usage[] =
    "usage: sluice eval EXPRESSION [--attributes JSON] [--json]\n"
    "       sluice eval --batch FILE\n"
    "\n"
    "Evaluates an expression over the attributes of a request.\n"
    "\n"
    "  -a, --attributes JSON  an object, a file that holds one, or - for\n"
    "                         standard input: {\"request.path\": \"/x\",\n"
    "                         \"request.headers\": {\"x-version\": \"blue\"}}\n"
    "      --batch FILE       a case for each line of a file, or of - :\n"
    "                         {\"name\", \"expr\", \"attrs\", \"attr_defs\"};\n"
    "                         prints a line for each. attr_defs, the types of\n"
    "                         attributes by name, takes the place of the\n"
    "                         standard ones\n"
    "      --json             one JSON object instead of text\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 it has a value, or all cases are answered; 1 it does not\n"
    "compile or cannot be evaluated; 2 what is wanted was not understood.\n";

static void print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

/* ---- one expression, for people ---------------------------------------- */

/* The line of the expression that an offset is in, for the caret. */
static struct place place_of(struct str expression, size_t offset,
                             size_t length)
{
    struct place place = { .line = 1, .width = (unsigned)length };
    size_t start = 0, end;

    for (size_t i = 0; i < offset && i < expression.len; i++)
        if (expression.data[i] == '\n') {
            start = i + 1;
            place.line++;
        }
    for (end = start; end < expression.len && expression.data[end] != '\n';)
        end++;
    place.column = (unsigned)(offset - start) + 1;
    place.text = (struct str){ expression.data + start, end - start };
    return place;
}

static void print_error(const struct evaluation *evaluation,
                        struct str expression)
{
    struct place place =
        place_of(expression, evaluation->offset, evaluation->length);
    struct diags diags;

    diags_init(&diags);
    diags_add(&diags, DIAG_ERROR, place, "%.*s", STR_ARG(evaluation->message));
    diags_print(&diags, stderr, isatty(STDERR_FILENO) == 1);
    diags_fini(&diags);
}

static void print_value(struct evaluation *evaluation)
{
    json_t *value = value_json(&evaluation->value, &evaluation->arena);

    if (json_is_string(value))
        fwrite(json_string_value(value), 1, json_string_length(value), stdout);
    else
        json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    printf("  (%s)\n", value_type_name(evaluation->type));
    json_decref(value);
}

static int eval_one(struct str expression, const json_t *attributes,
                    bool as_json)
{
    struct evaluation evaluation;
    int status = EXIT_NO_VALUE;

    evaluation_init(&evaluation, vocabulary_new());
    evaluation_run(&evaluation, expression, attributes, UNKNOWN_ARE_MISTAKES);
    if (evaluation.outcome == OUTCOME_VALUE)
        status = EXIT_EVALUATED;
    if (evaluation.outcome == OUTCOME_BAD_ATTRIBUTES) {
        status = EXIT_NOT_UNDERSTOOD;
        fprintf(stderr, "sluice eval: %.*s\n", STR_ARG(evaluation.message));
    } else if (as_json) {
        print_json(evaluation_json(&evaluation));
    } else if (evaluation.outcome == OUTCOME_VALUE) {
        print_value(&evaluation);
    } else {
        print_error(&evaluation, expression);
    }
    evaluation_fini(&evaluation);
    return status;
}

static int eval_argument(const char *expression, const char *attributes,
                         bool as_json)
{
    int status = EXIT_NOT_UNDERSTOOD;
    json_t *json = NULL;
    struct arena arena;
    struct str why;

    arena_init(&arena, 0);
    if (attributes)
        json = json_input_read(attributes, &arena, &why);
    if (attributes && !json)
        fprintf(stderr, "sluice eval: %.*s\n", STR_ARG(why));
    else
        status = eval_one(str_of(expression), json, as_json);
    json_decref(json);
    arena_fini(&arena);
    return status;
}

/* ---- a file of cases --------------------------------------------------- */

/* The attributes that a case defines. NULL if it is wrong. */
static struct vocabulary *define_attributes(const json_t *definitions)
{
    struct vocabulary *vocabulary;
    const char *name;
    json_t *type;

    if (!definitions)
        return vocabulary_new();
    if (!json_is_object(definitions))
        return NULL;
    vocabulary = vocabulary_new_empty();
    json_object_foreach((json_t *)(uintptr_t)definitions, name, type)
    {
        const char *type_name = json_string_value(type);
        enum value_type value_type =
            type_name ? value_type_parse(str_of(type_name)) : VALUE_NONE;

        if (value_type == VALUE_NONE) {
            vocabulary_free(vocabulary);
            return NULL;
        }
        vocabulary_declare(vocabulary, str_of(name), value_type);
    }
    return vocabulary;
}

static json_t *refuse_case(const char *why)
{
    return json_pack("{s:s, s:n}", "error", why, "where");
}

/* Takes over the vocabulary. */
static json_t *eval_compiled_case(struct vocabulary *vocabulary,
                                  struct str expression,
                                  const json_t *attributes)
{
    struct evaluation evaluation;
    json_t *answer;

    evaluation_init(&evaluation, vocabulary);
    evaluation_run(&evaluation, expression, attributes,
                   UNKNOWN_ARE_PASSED_OVER);
    /* Without attributes it is the type that is asked for. */
    if (!attributes && evaluation.outcome == OUTCOME_ABSENT) {
        evaluation.outcome = OUTCOME_VALUE;
        evaluation.value.type = VALUE_NONE;
    }
    answer = evaluation_json(&evaluation);
    evaluation_fini(&evaluation);
    return answer;
}

/* *is_case: false if the line is none. */
static json_t *eval_case(const json_t *json, bool *is_case)
{
    const json_t *expression = json_object_get(json, "expr");
    struct vocabulary *vocabulary;

    *is_case = false;
    if (!json_is_string(expression))
        return refuse_case("a case is an object with \"expr\", a string");
    vocabulary = define_attributes(json_object_get(json, "attr_defs"));
    if (!vocabulary)
        return refuse_case("\"attr_defs\" is an object of names of types");
    *is_case = true;
    return eval_compiled_case(vocabulary,
                              (struct str){ json_string_value(expression),
                                            json_string_length(expression) },
                              json_object_get(json, "attrs"));
}

/* Prints the answer to one line; false if it was no case. */
static bool answer_line(const char *line, size_t len)
{
    json_error_t error;
    json_t *json = json_loadb(line, len, JSON_INPUT_FLAGS, &error);
    json_t *name = json_object_get(json, "name");
    json_t *answer = json_object(), *outcome;
    bool is_case = false;

    outcome = json ? eval_case(json, &is_case) : refuse_case(error.text);
    json_object_set(answer, "name", name ? name : json_null());
    json_object_update(answer, outcome);
    print_json(answer);
    json_decref(outcome);
    json_decref(json);
    return is_case;
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

static int eval_lines(FILE *file)
{
    int status = EXIT_EVALUATED;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, file)) > 0)
        if (!is_blank(line) && !answer_line(line, (size_t)len))
            status = EXIT_NOT_UNDERSTOOD;
    free(line);
    return status;
}

static int eval_batch(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int status;

    if (!file) {
        fprintf(stderr, "sluice eval: cannot read %s: %s\n", path,
                strerror(errno));
        return EXIT_NOT_UNDERSTOOD;
    }
    status = eval_lines(file);
    if (file != stdin)
        fclose(file);
    return status;
}

/* ---- the command ------------------------------------------------------- */

static int refuse_usage(void)
{
    fputs(usage, stderr);
    return EXIT_NOT_UNDERSTOOD;
}

int command_eval(int argc, char **argv)
{
    static const struct option options[] = {
        { "attributes", required_argument, NULL, 'a' },
        { "batch", required_argument, NULL, 'b' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *attributes = NULL, *batch = NULL;
    bool as_json = false;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "a:h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
        if (option == 'a')
            attributes = optarg;
        else if (option == 'b')
            batch = optarg;
        else if (option == 'j')
            as_json = true;
        else
            return refuse_usage();
    }
    if (batch && optind == argc && !attributes)
        return eval_batch(batch);
    if (batch || optind + 1 != argc)
        return refuse_usage();
    return eval_argument(argv[optind], attributes, as_json);
}
