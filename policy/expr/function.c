#include "policy/expr/function.h"

#include "policy/base/nearest.h"
#include "policy/expr/code.h"
#include "policy/expr/dns_name.h"
#include "policy/expr/email.h"
#include "policy/expr/lower.h"
#include "policy/expr/regex.h"
#include "policy/expr/timestamp.h"
#include "policy/expr/uri.h"

/* A '*' at the end matches any rest, else one in front any beginning; a '*'
 * elsewhere is an ordinary character. */
static const char *match(const struct value *arguments, struct arena *arena,
                         struct value *result)
{
    struct str text = arguments[0].string, pattern = arguments[1].string;

    (void)arena;
    if (str_ends_with(pattern, STR("*"))) {
        pattern.len--;
        result->boolean = str_starts_with(text, pattern);
    } else if (str_starts_with(pattern, STR("*"))) {
        result->boolean = str_ends_with(text, str_skip(pattern, 1));
    } else {
        result->boolean = str_eq(text, pattern);
    }
    return NULL;
}

static const char *starts_with(const struct value *arguments,
                               struct arena *arena, struct value *result)
{
    (void)arena;
    result->boolean = str_starts_with(arguments[0].string, arguments[1].string);
    return NULL;
}

static const char *ends_with(const struct value *arguments, struct arena *arena,
                             struct value *result)
{
    (void)arena;
    result->boolean = str_ends_with(arguments[0].string, arguments[1].string);
    return NULL;
}

static const char *matches(const struct value *arguments, struct arena *arena,
                           struct value *result)
{
    return regex_search_once(arguments[0].string, arguments[1].string, arena,
                             &result->boolean);
}

/* Unlike the conditional, it needs both of its strings. */
static const char *conditional_string(const struct value *arguments,
                                      struct arena *arena, struct value *result)
{
    (void)arena;
    result->string = arguments[arguments[0].boolean ? 1 : 2].string;
    return NULL;
}

static const char *size(const struct value *arguments, struct arena *arena,
                        struct value *result)
{
    (void)arena;
    result->int64 = (int64_t)arguments[0].string.len;
    return NULL;
}

static const char *to_lower(const struct value *arguments, struct arena *arena,
                            struct value *result)
{
    result->string = lower_text(arguments[0].string, arena);
    return result->string.data ? NULL : EVAL_NO_MEMORY;
}

static const char *dns_name(const struct value *arguments, struct arena *arena,
                            struct value *result)
{
    if (dns_name_parse(arguments[0].string, arena, &result->string))
        return NULL;
    return arena->is_exhausted ? EVAL_NO_MEMORY : "no DNS name";
}

static const char *email(const struct value *arguments, struct arena *arena,
                         struct value *result)
{
    (void)arena;
    result->string = arguments[0].string;
    return email_is_valid(result->string) ? NULL : "no e-mail address";
}

static const char *uri(const struct value *arguments, struct arena *arena,
                       struct value *result)
{
    (void)arena;
    result->string = arguments[0].string;
    return uri_is_valid(result->string) ? NULL : "no URI";
}

static const char *ip(const struct value *arguments, struct arena *arena,
                      struct value *result)
{
    (void)arena;
    return ip_parse(arguments[0].string, &result->ip) ? NULL : "no IP address";
}

static const char *timestamp(const struct value *arguments, struct arena *arena,
                             struct value *result)
{
    (void)arena;
    return timestamp_parse(arguments[0].string, &result->instant)
               ? NULL
               : "no timestamp (\"2006-01-02T15:04:05Z\")";
}

static const char *empty_string_map(const struct value *arguments,
                                    struct arena *arena, struct value *result)
{
    static const struct string_map empty;

    (void)arguments;
    (void)arena;
    result->map = &empty;
    return NULL;
}

#define METHOD true
#define PLAIN false

/* clang-format off */
const struct function functions[] = {
    { STR_INIT("match"), PLAIN, VALUE_BOOL,
      2, { VALUE_STRING, VALUE_STRING }, match },
    { STR_INIT("matches"), METHOD, VALUE_BOOL,
      2, { VALUE_STRING, VALUE_STRING }, matches },
    { STR_INIT("startsWith"), METHOD, VALUE_BOOL,
      2, { VALUE_STRING, VALUE_STRING }, starts_with },
    { STR_INIT("endsWith"), METHOD, VALUE_BOOL,
      2, { VALUE_STRING, VALUE_STRING }, ends_with },
    { STR_INIT("conditional"), PLAIN, VALUE_NONE,
      3, { VALUE_BOOL, VALUE_NONE, VALUE_NONE }, NULL },
    { STR_INIT("conditionalString"), PLAIN, VALUE_STRING,
      3, { VALUE_BOOL, VALUE_STRING, VALUE_STRING }, conditional_string },
    { STR_INIT("size"), PLAIN, VALUE_INT64, 1, { VALUE_STRING }, size },
    { STR_INIT("toLower"), PLAIN, VALUE_STRING, 1, { VALUE_STRING }, to_lower },
    { STR_INIT("dnsName"), PLAIN, VALUE_DNS_NAME,
      1, { VALUE_STRING }, dns_name },
    { STR_INIT("email"), PLAIN, VALUE_EMAIL_ADDRESS,
      1, { VALUE_STRING }, email },
    { STR_INIT("uri"), PLAIN, VALUE_URI, 1, { VALUE_STRING }, uri },
    { STR_INIT("ip"), PLAIN, VALUE_IP_ADDRESS, 1, { VALUE_STRING }, ip },
    { STR_INIT("timestamp"), PLAIN, VALUE_TIMESTAMP,
      1, { VALUE_STRING }, timestamp },
    { STR_INIT("emptyStringMap"), PLAIN, VALUE_STRING_MAP,
      0, { VALUE_NONE }, empty_string_map },
};
/* clang-format on */

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

const struct function *function_find(struct str name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (str_eq(functions[i].name, name))
            return &functions[i];
    return NULL;
}

bool function_has_pattern(const struct function *function)
{
    return function->run == matches;
}

struct str function_nearest(struct str name)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        nearest_offer(&nearest, functions[i].name);
    return nearest_name(&nearest);
}
