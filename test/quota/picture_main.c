/* Prints docs/quotas.svg: quota-picture > docs/quotas.svg */
#include "test/quota/picture.h"

#include <stdlib.h>

int main(void)
{
    picture_write(stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
