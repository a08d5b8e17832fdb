#include "proto/server/version_command.h"

#include <gnu/libc-version.h>
#include <grpc/grpc.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>

int command_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("sluice %s\n", SLUICE_VERSION);
    printf("runs on gRPC core %s, libmicrohttpd %s, jansson %s, glibc %s\n",
           grpc_version_string(), MHD_get_version(), jansson_version_str(),
           gnu_get_libc_version());
    printf("built with %s\n", SLUICE_BUILT_WITH);
    return 0;
}
