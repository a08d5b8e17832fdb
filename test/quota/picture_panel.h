/*
 * One limit in docs/quotas.svg: its requests as dots, and what is in use; and
 * where things are in that picture.
 * Threads: any, over its own stream.
 */
#ifndef TEST_QUOTA_PICTURE_PANEL_H
#define TEST_QUOTA_PICTURE_PANEL_H

#include "test/quota/story.h"

#include <inttypes.h>
#include <stdio.h>

/* In tenths of a pixel, so that no fractions are rounded anywhere. */
#define PX INT64_C(10)
#define WIDTH (960 * PX)
#define TICKS_TOP (64 * PX) /* of the requests */
#define TICKS_BOTTOM (80 * PX)
#define TOP (98 * PX)           /* of the first panel */
#define PANEL_HEIGHT (186 * PX) /* from one to the next */
#define PLOT_LEFT (48 * PX)
#define PLOT_WIDTH (762 * PX) /* of STORY_NS */
#define NOTES_LEFT (PLOT_LEFT + PLOT_WIDTH + 16 * PX)

/* From the top of a panel. */
#define BAND_TOP (44 * PX)
#define DOTS_BOTTOM (86 * PX)
#define COUNTS_BOTTOM (103 * PX)
#define CHART_TOP (110 * PX)
#define CHART_BOTTOM (158 * PX)
#define HOURS_BOTTOM (172 * PX)

/* Requests within a slot are put upon each other. */
#define SLOT_NS (3 * SECOND)
#define DOT_PITCH (66 * PX / 10)

/* Some numbers at once: "12.5". */
#define AT "%" PRId64 ".%" PRId64
#define SHOW(tenths) (tenths) / PX, (tenths) % PX

static inline int64_t x_of(int64_t at_ns)
{
    return PLOT_LEFT +
           at_ns / MILLISECOND * PLOT_WIDTH / (STORY_NS / MILLISECOND);
}

static inline int64_t run_middle(const struct story_run *run)
{
    return (x_of(run->from_ns) + x_of(story_run_end_ns(run))) / 2;
}

/* Of all panels. */
#define PANEL_LIMIT 10

struct panel {
    const char *name, *setting, *says;
    struct limit limit;
};

/* What the code makes of the panel's limit is the story. top: of the panel. */
void panel_draw(FILE *out, const struct panel *panel, const struct story *story,
                int64_t top);

#endif
