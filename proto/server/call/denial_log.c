#include "proto/server/call/denial_log.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <inttypes.h>
#include <stdio.h>

void denial_log_init(struct denial_log *log, uint64_t seed)
{
    *log = (struct denial_log){ .next_id = seed };
}

/* Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators"
 * (SplitMix64): a bijection over a counter. */
uint64_t denial_log_id(struct denial_log *log)
{
    uint64_t z = log->next_id += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

bool denial_log_admit(struct denial_log *log,
                      const struct log_settings *settings, uint64_t decision,
                      int64_t now_ns)
{
    const struct limit limit = {
        .algorithm = LIMIT_TOKEN_BUCKET,
        .amount = settings->denials_per_second,
        .period_ns = SECOND,
        .burst = settings->denials_per_second,
    };

    if (decision % 100 >= settings->denial_percent)
        return false;
    token_bucket_regain(&log->lines, &limit, now_ns);
    if (token_bucket_left(&log->lines, &limit) == 0) {
        log->suppressed_count++;
        return false;
    }
    token_bucket_take(&log->lines, 1);
    return true;
}

/* NAME="TEXT"; nothing if it is empty. */
static void print_text(FILE *out, const char *name, struct str text)
{
    if (text.len == 0)
        return;
    fprintf(out, " %s=", name);
    log_put_quoted(out, text);
}

size_t denial_log_format(struct denial_log *log,
                         const struct denial_facts *facts,
                         char line[static DENIAL_LINE_BYTES])
{
    FILE *out = fmemopen(line, DENIAL_LINE_BYTES, "w");
    char decision[DECISION_TEXT_SIZE];

    line[0] = '\0';
    if (!out)
        return 0;
    decision_format(facts->decision, decision);
    fprintf(out, "decision=%s code=%s", decision,
            status_code_name(facts->code));
    if (log->suppressed_count > 0)
        fprintf(out, " suppressed=%" PRIu64, log->suppressed_count);
    print_text(out, "rule", facts->rule);
    print_text(out, "quota", facts->quota);
    print_text(out, "key", facts->key);
    fclose(out);
    line[DENIAL_LINE_BYTES - 1] = '\0';
    log->suppressed_count = 0;
    return strlen(line);
}

void decision_format(uint64_t decision, char text[static DECISION_TEXT_SIZE])
{
    snprintf(text, DECISION_TEXT_SIZE, "%016" PRIx64, decision);
}
