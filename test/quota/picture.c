#include "test/quota/picture.h"

#include "test/quota/picture_panel.h"

#include <stdlib.h>

/* ---- what is shown ----------------------------------------------------- */

static const struct panel panels[] = {
    { "Token bucket",
      "rate = { amount = 10; per = \"1m\"; };",
      "Ten at once after a pause, then one whenever one has come back: every "
      "6 s. No edges.",
      { .algorithm = LIMIT_TOKEN_BUCKET,
        .amount = PANEL_LIMIT,
        .burst = PANEL_LIMIT,
        .period_ns = MINUTE } },
    { "Fixed window, from the first use",
      "rate = { algorithm = \"fixed_window\"; amount = 10; per = \"1m\"; };",
      "Ten, then none until the window ends; the next use begins another. "
      "Across an edge up to twenty.",
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = PANEL_LIMIT,
        .period_ns = MINUTE } },
    { "Fixed window, aligned",
      "rate = { algorithm = \"fixed_window\"; amount = 10; per = \"1m\"; "
      "align = true; };",
      "The same, with windows that everybody knows: minutes of the clock, or "
      "days, months, ...",
      { .algorithm = LIMIT_FIXED_WINDOW,
        .amount = PANEL_LIMIT,
        .period_ns = MINUTE,
        .calendar = CALENDAR_MINUTE } },
    { "Rolling window",
      "rate = { algorithm = \"rolling_window\"; amount = 10; per = \"1m\"; };",
      "Never more than ten in any minute, wherever it begins. Each comes back "
      "a "
      "minute after its use, or up to 3 s later.",
      { .algorithm = LIMIT_ROLLING_WINDOW,
        .amount = PANEL_LIMIT,
        .period_ns = MINUTE,
        .bucket_ns = MINUTE / 20 } },
    { "Concurrency",
      "concurrency = { max = 10; lease = \"1m\"; };",
      "Ten at the same time, however many in a minute. Calls take 12 s, but "
      "45 s from 10:02 to 10:03; "
      "four of the first 20 die, and their leases end.",
      { .algorithm = LIMIT_CONCURRENCY,
        .amount = PANEL_LIMIT,
        .lease_ns = MINUTE } },
};

#define PANELS (sizeof(panels) / sizeof(panels[0]))

/* ---- around them ------------------------------------------------------- */

static const char style[] =
    "text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,"
    "sans-serif;fill:#24292f}\n"
    ".title{font-size:17px;font-weight:600}\n"
    ".name{font-size:14px;font-weight:600}\n"
    ".number{font-size:24px;font-weight:600}\n"
    ".says{font-size:12.5px}\n"
    ".small{font-size:11.5px;fill:#57606a}\n"
    ".code{font:11.5px ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',"
    "monospace;fill:#57606a}\n"
    ".middle{text-anchor:middle}.end{text-anchor:end}\n"
    ".band{fill:#f1f3f5}.grid{stroke:#d0d7de}.tick{stroke:#24292f}\n"
    ".area{fill:#cfe4f5}.line{fill:none;stroke:#0b5c99;stroke-width:1.6}\n"
    ".limit{stroke:#24292f;stroke-dasharray:5 4}\n"
    ".window{fill:none;stroke:#6b7280;stroke-width:1.2}\n"
    ".pass{fill:#0b5c99}\n"
    ".refuse{fill:#fff;stroke:#c2410c;stroke-width:1.3}\n";

/* For those who cannot see it. */
static void describe(FILE *out, const struct story *stories)
{
    fprintf(out,
            "<title id=\"title\">The same %" PRIu32
            " requests under five limits of %d</title>\n<desc id=\"desc\">",
            stories[0].request_count, PANEL_LIMIT);
    for (uint32_t i = 0; i < PANELS; i++)
        fprintf(out,
                "%s: %s %" PRIu32 " pass, at most %" PRIu32
                " in any minute, at most %" PRId64 " in use. ",
                panels[i].name, panels[i].says,
                story_passed_in_all(&stories[i]),
                story_most_within(&stories[i], MINUTE),
                story_most_used(&stories[i]));
    fputs("</desc>\n", out);
}

static void draw_legend(FILE *out)
{
    fprintf(out,
            "<text class=\"title\" x=\"48\" y=\"30\">The same requests under "
            "five limits of %d</text>\n"
            "<circle class=\"pass\" cx=\"520\" cy=\"25\" r=\"3\"/>"
            "<text x=\"528\" y=\"29\">passes</text>\n"
            "<circle class=\"refuse\" cx=\"584\" cy=\"25\" r=\"2.4\"/>"
            "<text x=\"592\" y=\"29\">refused</text>\n"
            "<path class=\"area\" d=\"M652 30V20H674V30Z\"/>"
            "<path class=\"line\" d=\"M652 20H674\"/>"
            "<text x=\"680\" y=\"29\">in use</text>\n"
            "<path class=\"limit\" d=\"M733 25H755\"/>"
            "<text x=\"761\" y=\"29\">limit</text>\n"
            "<path class=\"window\" d=\"M805 30V20H827V30\"/>"
            "<text x=\"833\" y=\"29\">window</text>\n",
            PANEL_LIMIT);
}

static void draw_band(FILE *out, const struct story_run *run, int64_t top,
                      int64_t bottom)
{
    int64_t left = x_of(run->from_ns / SLOT_NS * SLOT_NS) - 3 * PX;
    int64_t right =
        x_of(story_run_end_ns(run) / SLOT_NS * SLOT_NS + SLOT_NS) + 3 * PX;

    fprintf(out,
            "<rect class=\"band\" x=\"" AT "\" y=\"" AT "\" width=\"" AT
            "\" height=\"" AT "\"/>\n",
            SHOW(left), SHOW(top), SHOW(right - left), SHOW(bottom - top));
}

static void draw_run(FILE *out, const struct story_run *run)
{
    draw_band(out, run, TICKS_TOP - 3 * PX, TICKS_BOTTOM + 3 * PX);
    for (int64_t panel = 0; panel < (int64_t)PANELS; panel++)
        draw_band(out, run, TOP + panel * PANEL_HEIGHT + BAND_TOP,
                  TOP + panel * PANEL_HEIGHT + CHART_BOTTOM);
    fprintf(out,
            "<text class=\"small middle\" x=\"" AT "\" y=\"" AT
            "\">%s</text>\n<path class=\"tick\" d=\"",
            SHOW(run_middle(run)), SHOW(TICKS_TOP - 8 * PX), run->caption);
    for (uint32_t i = 0; i < run->count; i++)
        fprintf(out, "M" AT " " AT "V" AT,
                SHOW(x_of(run->from_ns + i * run->every_ns)), SHOW(TICKS_TOP),
                SHOW(TICKS_BOTTOM));
    fputs("\"/>\n", out);
}

static void draw_picture(FILE *out, const struct story *stories)
{
    int64_t height = TOP + (int64_t)PANELS * PANEL_HEIGHT;

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " AT " " AT
            "\" role=\"img\" aria-labelledby=\"title desc\">\n"
            "<!-- Written by quota-picture; edit test/quota/picture.c. -->\n",
            SHOW(WIDTH), SHOW(height));
    describe(out, stories);
    fprintf(out,
            "<style>\n%s</style>\n"
            "<rect x=\"0.5\" y=\"0.5\" width=\"" AT "\" height=\"" AT
            "\" rx=\"8\" fill=\"#fff\" stroke=\"#d0d7de\"/>\n",
            style, SHOW(WIDTH - PX), SHOW(height - PX));
    draw_legend(out);
    for (uint32_t i = 0; i < STORY_RUNS; i++)
        draw_run(out, &story_runs[i]);
    fprintf(out,
            "<text class=\"small\" x=\"" AT "\" y=\"" AT "\">%" PRIu32
            " requests</text>\n",
            SHOW(NOTES_LEFT), SHOW(TICKS_BOTTOM - 4 * PX),
            stories[0].request_count);
    for (uint32_t i = 0; i < PANELS; i++)
        panel_draw(out, &panels[i], &stories[i], TOP + i * PANEL_HEIGHT);
    fputs("</svg>\n", out);
}

void picture_write(FILE *out)
{
    struct story *stories = calloc(PANELS, sizeof(*stories));

    if (!stories)
        abort();
    for (uint32_t i = 0; i < PANELS; i++)
        story_tell(&stories[i], &panels[i].limit);
    draw_picture(out, stories);
    free(stories);
}
