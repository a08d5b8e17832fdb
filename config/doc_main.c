/* Prints docs/config.md: config-doc > docs/config.md */
#include "config/doc.h"

#include <stdlib.h>

int main(void)
{
    doc_write(stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
