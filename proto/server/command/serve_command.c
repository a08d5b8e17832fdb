#include "proto/server/command/serve_command.h"

#include "proto/server/master/master.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: sluice serve [-c FILE]\n"
    "\n"
    "Runs the server. Without a file it runs the built-in example.\n"
    "\n"
    "  -c, --config FILE  the configuration; an edit of it takes effect at "
    "once,\n"
    "                     unless it has a mistake: then the old one stays\n"
    "  -h, --help         this text\n"
    "\n"
    "Signals: HUP reads the file again; TERM and INT finish the calls in "
    "flight\n"
    "and stop, a second one stops at once.\n";

int command_serve(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *path = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_SUCCESS;
        default:
            fputs(help, stderr);
            return 2;
        }
    if (optind < argc) {
        fprintf(stderr, "sluice serve: what is \"%s\"?\n\n%s", argv[optind],
                help);
        return 2;
    }
    return master_run(path);
}
