/*
 * docs/quotas.svg: what each algorithm makes of the same requests. Has a
 * background of its own, and says all by form, not by colour alone.
 * Threads: any, over its own stream.
 */
#ifndef TEST_QUOTA_PICTURE_H
#define TEST_QUOTA_PICTURE_H

#include <stdio.h>

/* The whole file. */
void picture_write(FILE *out);

#endif
