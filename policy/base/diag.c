#include "policy/base/diag.h"

#include <stdarg.h>

void diags_init(struct diags *diags)
{
    *diags = (struct diags){ .least = DIAG_WARNING };
    arena_init(&diags->arena, 0);
}

void diags_fini(struct diags *diags)
{
    arena_fini(&diags->arena);
    *diags = (struct diags){ 0 };
}

static unsigned *count_of(struct diags *diags, enum diag_severity severity)
{
    switch (severity) {
    case DIAG_ERROR:
        return &diags->error_count;
    case DIAG_WARNING:
        return &diags->warning_count;
    case DIAG_NOTE:
        return &diags->note_count;
    }
    return &diags->error_count;
}

static unsigned count_all(const struct diags *diags)
{
    return diags->error_count + diags->warning_count + diags->note_count;
}

void diags_add(struct diags *diags, enum diag_severity severity,
               struct place place, const char *format, ...)
{
    char message[1024];
    struct diag *diag;
    va_list arguments;

    if (severity > diags->least)
        return;
    *count_of(diags, severity) += 1;
    if (count_all(diags) > DIAGS_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    diag = arena_alloc(&diags->arena, sizeof(*diag));
    *diag = (struct diag){ .severity = severity, .place = place };
    diag->place.file = arena_copy(&diags->arena, place.file);
    diag->place.text = arena_copy(&diags->arena, place.text);
    diag->message = arena_copy(&diags->arena, str_of(message));
    if (diags->last)
        diags->last->next = diag;
    else
        diags->first = diag;
    diags->last = diag;
}

/* The part of a long line that is shown, so that the caret stays in sight. */
#define SHOWN_BYTES 160U
#define SHOWN_BEFORE 60U

static void print_caret(const struct place *place, FILE *out,
                        const char *colour_on, const char *colour_off)
{
    size_t column = place->column - 1;
    size_t first =
        column > SHOWN_BYTES - SHOWN_BEFORE ? column - SHOWN_BEFORE : 0;
    size_t end = place->text.len;
    size_t width = place->width > 0 ? place->width : 1;

    if (column > end)
        column = end;
    if (first > column)
        first = column;
    if (end - first > SHOWN_BYTES)
        end = first + SHOWN_BYTES;
    fprintf(out, "    %.*s\n    ", (int)(end - first),
            place->text.data + first);
    /* Tabs before the caret are kept, so that it stands where it should. */
    for (size_t i = first; i < column; i++)
        fputc(place->text.data[i] == '\t' ? '\t' : ' ', out);
    if (width > end - column)
        width = end > column ? end - column : 1;
    fprintf(out, "%s^", colour_on);
    for (size_t i = 1; i < width; i++)
        fputc('~', out);
    fprintf(out, "%s\n", colour_off);
}

const char *diag_severity_text(enum diag_severity severity)
{
    switch (severity) {
    case DIAG_ERROR:
        return "error";
    case DIAG_WARNING:
        return "warning";
    case DIAG_NOTE:
        return "note";
    }
    return "";
}

static const char *kind_colour(enum diag_severity severity)
{
    switch (severity) {
    case DIAG_ERROR:
        return "\033[1;31m";
    case DIAG_WARNING:
        return "\033[1;35m";
    case DIAG_NOTE:
        return "\033[1;36m";
    }
    return "";
}

static void print_diag(const struct diag *diag, FILE *out, bool colour)
{
    const struct place *place = &diag->place;
    const char *off = colour ? "\033[0m" : "";
    const char *bold = colour ? "\033[1m" : "";
    const char *kind = colour ? kind_colour(diag->severity) : "";

    if (place->file.len > 0) {
        fprintf(out, "%s%.*s:", bold, STR_ARG(place->file));
        if (place->line > 0)
            fprintf(out, "%u:", place->line);
        if (place->line > 0 && place->column > 0)
            fprintf(out, "%u:", place->column);
        fprintf(out, "%s ", off);
    }
    fprintf(out, "%s%s:%s %.*s\n", kind, diag_severity_text(diag->severity),
            off, STR_ARG(diag->message));
    if (place->column > 0 && place->text.data)
        print_caret(place, out, colour ? "\033[1;32m" : "", off);
}

void diags_print(const struct diags *diags, FILE *out, bool colour)
{
    unsigned count = count_all(diags);

    for (const struct diag *diag = diags->first; diag; diag = diag->next)
        print_diag(diag, out, colour);
    if (count > DIAGS_MAX)
        fprintf(out, "... and %u more\n", count - DIAGS_MAX);
}
