#include "quota/local/clocks.h"

#include "policy/base/clock.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    return -1;
}

/* A UUID as text. */
static bool parse_boot(const char *text, size_t len, struct boot *boot)
{
    size_t digits = 0;

    *boot = (struct boot){ 0 };
    for (size_t i = 0; i < len && digits < 2 * sizeof(boot->id); i++) {
        int digit = digit_of(text[i]);

        if (digit < 0)
            continue;
        boot->id[digits / 2] =
            (uint8_t)(boot->id[digits / 2] << 4 | (uint8_t)digit);
        digits++;
    }
    return digits == 2 * sizeof(boot->id);
}

static struct boot read_boot(void)
{
    struct boot boot = { 0 };
    char text[64];
    ssize_t len;
    int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return boot;
    len = read(fd, text, sizeof(text));
    close(fd);
    if (len <= 0 || !parse_boot(text, (size_t)len, &boot))
        return (struct boot){ 0 };
    return boot;
}

struct clocks clocks_read(void)
{
    return (struct clocks){ clock_boot_ns(), clock_wall_ns(), read_boot() };
}
