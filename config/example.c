#include "config/example.h"

/* Made by config/embed.cmake. */
static const unsigned char text[] = {
#include "sluice_conf.inc"
};

struct str config_example(void)
{
    return (struct str){ (const char *)text, sizeof(text) };
}
