/*
 * A file that holds one HTTP header, "Name: value", which is a secret: what it
 * says is never shown. Only the master reads it, and anew for each request, so
 * that it may be changed at any time.
 * Threads: any.
 */
#ifndef CONFIG_HEADER_FILE_H
#define CONFIG_HEADER_FILE_H

#include <stdbool.h>

#define HEADER_FILE_BYTES_MAX 8192
#define HEADER_FILE_WHY_SIZE 128

/* Reads it; a line break at the end does not count. False, and `why` says what
 * is wrong, without saying what is in it. */
bool header_file_read(const char *path,
                      char header[static HEADER_FILE_BYTES_MAX + 1],
                      char why[static HEADER_FILE_WHY_SIZE]);

#endif
