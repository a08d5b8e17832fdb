#include "proto/server/command/version_command.h"

#include <gnu/libc-version.h>
#include <grpc/grpc.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int command_version(int argc, char **argv)
{
    if (argc > 1) {
        FILE *out = is_help(argv[1]) ? stdout : stderr;

        fputs("usage: sluice version\n\nPrints the versions of Sluice and of "
              "the libraries that it runs on.\n",
              out);
        return out == stdout ? EXIT_SUCCESS : 2;
    }
    printf("sluice %s\n", SLUICE_VERSION);
    printf("runs on gRPC core %s, libmicrohttpd %s, jansson %s, glibc %s\n",
           grpc_version_string(), MHD_get_version(), jansson_version_str(),
           gnu_get_libc_version());
    printf("built with %s\n", SLUICE_BUILT_WITH);
    return 0;
}
