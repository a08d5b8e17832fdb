/* The rights that docs/operation.md gives to Sluice's user of Redis: what its
 * scripts call, what it sends itself, and no more. */
#include "test/support/table.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#define WORDS_MAX 64

struct words {
    char items[WORDS_MAX][40];
    uint32_t count;
};

static bool has_word(const struct words *words, const char *word)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return true;
    return false;
}

static void add_word(struct words *words, struct str word)
{
    char *item = words->items[words->count];

    assert_true(words->count < WORDS_MAX);
    assert_true(word.len < sizeof(words->items[0]));
    for (size_t i = 0; i < word.len; i++)
        item[i] = (char)tolower((unsigned char)word.data[i]);
    item[word.len] = '\0';
    if (!has_word(words, item))
        words->count++;
    else
        item[0] = '\0';
}

static void read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t len;

    row_true(path, file != NULL);
    len = fread(text, 1, size - 1, file);
    fclose(file);
    text[len] = '\0';
    row_true(path, len < size - 1);
}

static int is_script(const struct dirent *entry)
{
    return str_ends_with(str_of(entry->d_name), STR(".lua"));
}

/* call('NAME', ...), however it is named: redis.call or a shorthand. */
static void add_calls(struct words *words, const char *text)
{
    static const char begin[] = "call('";

    while ((text = strstr(text, begin))) {
        text += strlen(begin);
        add_word(words, (struct str){ text, strcspn(text, "'") });
    }
}

static struct words called(void)
{
    static char text[1 << 16];
    struct words words = { 0 };
    struct dirent **entries;
    int count = scandir(ROOT "/quota/redis/lua", &entries, is_script, NULL);

    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[512];

        snprintf(path, sizeof(path), ROOT "/quota/redis/lua/%s",
                 entries[i]->d_name);
        read_file(path, text, sizeof(text));
        add_calls(&words, text);
        free(entries[i]);
    }
    free(entries);
    return words;
}

static struct words allowed(void)
{
    static char text[1 << 17];
    struct words words = { 0 };
    char *line, *word, *rest;

    read_file(ROOT "/docs/operation.md", text, sizeof(text));
    line = strstr(text, "\nACL SETUSER sluice ");
    assert_non_null(line);
    line[1 + strcspn(line + 1, "\n")] = '\0';
    for (word = strtok_r(line + 1, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        if (word[0] == '+')
            add_word(&words, str_of(word + 1));
    return words;
}

static void the_docs_allow_what_is_needed_and_no_more(void **state)
{
    static const char *const own[] = { "eval",   "evalsha", "script|load",
                                       "select", "role",    "time" };
    struct words needed = called(), rights = allowed();

    (void)state;
    for (size_t i = 0; i < ROWS(own); i++)
        add_word(&needed, str_of(own[i]));
    for (uint32_t i = 0; i < needed.count; i++)
        row_true(needed.items[i], has_word(&rights, needed.items[i]));
    for (uint32_t i = 0; i < rights.count; i++)
        row_true(rights.items[i], has_word(&needed, rights.items[i]));
    assert_true(rights.count > ROWS(own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_docs_allow_what_is_needed_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
