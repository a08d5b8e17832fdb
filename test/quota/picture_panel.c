#include "test/quota/picture_panel.h"

/* There is some room above the limit. */
static int64_t y_of(int64_t used)
{
    return CHART_BOTTOM - used * (CHART_BOTTOM - CHART_TOP) / (PANEL_LIMIT + 1);
}

static void escape(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '"')
            fputs("&quot;", out);
        else
            fputc(*text, out);
}

static void draw_dot(FILE *out, const struct story_request *request,
                     uint32_t row)
{
    int64_t middle = x_of(request->at_ns / SLOT_NS * SLOT_NS + SLOT_NS / 2);

    fprintf(out,
            "<circle class=\"%s\" cx=\"" AT "\" cy=\"" AT "\" r=\"%s\"/>\n",
            request->is_passed ? "pass" : "refuse", SHOW(middle),
            SHOW(DOTS_BOTTOM - DOT_PITCH / 2 - row * DOT_PITCH),
            request->is_passed ? "2.8" : "2.2");
}

static void draw_requests(FILE *out, const struct story *story)
{
    uint32_t row = 0;

    for (uint32_t i = 0; i < story->request_count; i++) {
        const struct story_request *request = &story->requests[i];

        row = i > 0 && request[-1].at_ns / SLOT_NS == request->at_ns / SLOT_NS
                  ? row + 1
                  : 0;
        draw_dot(out, request, row);
    }
}

static void draw_counts(FILE *out, const struct story *story)
{
    for (uint32_t i = 0; i < STORY_RUNS; i++)
        fprintf(out,
                "<text class=\"small middle\" x=\"" AT "\" y=\"" AT
                "\">%" PRIu32 " of %" PRIu32 "</text>\n",
                SHOW(run_middle(&story_runs[i])), SHOW(COUNTS_BOTTOM),
                story_passed(story, i), story_runs[i].count);
}

static void draw_axes(FILE *out)
{
    for (int64_t minute = 0; minute <= STORY_NS / MINUTE; minute++)
        fprintf(out,
                "<path class=\"grid\" d=\"M" AT " " AT "V" AT "\"/>\n"
                "<text class=\"small middle\" x=\"" AT "\" y=\"" AT
                "\">10:0%" PRId64 "</text>\n",
                SHOW(x_of(minute * MINUTE)), SHOW(CHART_TOP),
                SHOW(CHART_BOTTOM), SHOW(x_of(minute * MINUTE)),
                SHOW(HOURS_BOTTOM), minute);
    for (int64_t used = 0; used <= PANEL_LIMIT; used += PANEL_LIMIT)
        fprintf(out,
                "<text class=\"small end\" x=\"" AT "\" y=\"" AT "\">%" PRId64
                "</text>\n",
                SHOW(PLOT_LEFT - 6 * PX), SHOW(y_of(used) + 4 * PX), used);
}

static void draw_steps(FILE *out, const struct story *story)
{
    fprintf(out, "M" AT " " AT, SHOW(PLOT_LEFT), SHOW(CHART_BOTTOM));
    for (uint32_t i = 0; i < story->level_count; i++)
        fprintf(out, "H" AT "V" AT, SHOW(x_of(story->levels[i].at_ns)),
                SHOW(y_of(story->levels[i].used)));
    fprintf(out, "H" AT, SHOW(PLOT_LEFT + PLOT_WIDTH));
}

static void draw_levels(FILE *out, const struct story *story)
{
    fputs("<path class=\"area\" d=\"", out);
    draw_steps(out, story);
    fprintf(out, "V" AT "Z\"/>\n<path class=\"line\" d=\"", SHOW(CHART_BOTTOM));
    draw_steps(out, story);
    fprintf(out, "\"/>\n<path class=\"limit\" d=\"M" AT " " AT "H" AT "\"/>\n",
            SHOW(PLOT_LEFT), SHOW(y_of(PANEL_LIMIT)),
            SHOW(PLOT_LEFT + PLOT_WIDTH));
}

/* Its beginning and end, down to the axis. */
static void draw_windows(FILE *out, const struct story *story)
{
    for (uint32_t i = 0; i < story->window_count; i++)
        fprintf(out,
                "<path class=\"window\" d=\"M" AT " " AT "V" AT "H" AT "V" AT
                "\"/>\n",
                SHOW(x_of(story->windows[i].from_ns) + PX), SHOW(CHART_BOTTOM),
                SHOW(CHART_TOP - 2 * PX),
                SHOW(x_of(story->windows[i].to_ns) - PX), SHOW(CHART_BOTTOM));
}

static void draw_notes(FILE *out, const struct story *story)
{
    bool is_rate = story->limit->algorithm != LIMIT_CONCURRENCY;

    fprintf(out,
            "<text class=\"number\" x=\"" AT "\" y=\"76\">%" PRId64 "</text>\n"
            "<text class=\"small\" x=\"" AT "\" y=\"92\">%s</text>\n"
            "<text class=\"small\" x=\"" AT "\" y=\"112\">%" PRIu32
            " of %" PRIu32 " pass</text>\n",
            SHOW(NOTES_LEFT),
            is_rate ? (int64_t)story_most_within(story, MINUTE)
                    : story_most_used(story),
            SHOW(NOTES_LEFT), is_rate ? "most in any minute" : "most at once",
            SHOW(NOTES_LEFT), story_passed_in_all(story), story->request_count);
    if (!is_rate)
        fprintf(out,
                "<text class=\"small\" x=\"" AT "\" y=\"128\">%" PRIu32
                " in a minute</text>\n",
                SHOW(NOTES_LEFT), story_most_within(story, MINUTE));
}

void panel_draw(FILE *out, const struct panel *panel, const struct story *story,
                int64_t top)
{
    fprintf(out,
            "<g transform=\"translate(0 " AT ")\">\n"
            "<text class=\"name\" x=\"" AT "\" y=\"18\">%s</text>\n"
            "<text class=\"code end\" x=\"" AT "\" y=\"18\">",
            SHOW(top), SHOW(PLOT_LEFT), panel->name, SHOW(WIDTH - 18 * PX));
    escape(out, panel->setting);
    fprintf(out,
            "</text>\n<text class=\"says\" x=\"" AT "\" y=\"36\">%s</text>\n",
            SHOW(PLOT_LEFT), panel->says);
    draw_axes(out);
    draw_levels(out, story);
    draw_windows(out, story);
    draw_requests(out, story);
    draw_counts(out, story);
    draw_notes(out, story);
    fputs("</g>\n", out);
}
