#include "config/settings.h"

void settings_add(struct settings *settings, struct arena *arena,
                  struct setting setting)
{
    if (settings->count == settings->capacity) {
        uint32_t capacity = 2 * settings->capacity + 32;
        struct setting *items = arena_calloc(arena, capacity, sizeof(*items));

        if (settings->count > 0)
            memcpy(items, settings->items, settings->count * sizeof(*items));
        settings->items = items;
        settings->capacity = capacity;
    }
    settings->items[settings->count++] = setting;
}
