/* tessera: convolution and pooling from the command line. */
#include "commands.h"
#include "options.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "tessera runs convolution and pooling on any OpenCL device, and on the CPU without one.\n"
    "\n"
    "  tessera devices         lists the devices\n"
    "  tessera conv            convolves an array with weights (.npy files)\n"
    "  tessera conv-backward   the gradients of a convolution (.npy files)\n"
    "  tessera pool            takes the maximum, the average or the norm over windows of an array (.npy files)\n"
    "  tessera pool-backward   the gradient of a pooling (.npy files)\n"
    "  tessera unpool          puts the results of a maximum pooling back where they came from (.npy files)\n"
    "  tessera reorder         changes the order of an array's axes, and its type (.npy files)\n"
    "  tessera filter          filters a photograph (PNG or JPEG)\n"
    "  tessera bench           measures how fast a device is, against its own peak\n"
    "  tessera tune            measures which algorithm and parameters run problems fastest, into a file\n"
    "  tessera version         prints the version\n"
    "\n"
    "tessera COMMAND --help explains a command.\n"
    "\n"
    "Exit codes: 0 done; 2 bad input or usage; 3 the device or driver failed.\n"
    "TESSERA_LOG=info or debug in the environment tells on stderr what the library does.\n"
    "TESSERA_TUNING names a file of `tessera tune`, which the other commands then follow.\n"
    "Built programs are kept in $XDG_CACHE_HOME/tessera, by default ~/.cache/tessera.\n";

static const char version_help[] = "usage: tessera version\n"
                                   "\n"
                                   "Prints the version of the library that the command is linked with.\n";

static int command_version(int argc, char **argv)
{
    const option_table table = {.help = version_help};
    option_texts arguments = {0};
    const option_outcome outcome = options_parse(&table, argc, argv, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;
    printf("tessera %s\n", tsr_version());
    return EXIT_DONE;
}

static const struct {
    const char *name, *full_name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"devices", "tessera devices", command_devices},
    {"conv", "tessera conv", command_conv},
    {"conv-backward", "tessera conv-backward", command_conv_backward},
    {"pool", "tessera pool", command_pool},
    {"pool-backward", "tessera pool-backward", command_pool_backward},
    {"unpool", "tessera unpool", command_unpool},
    {"reorder", "tessera reorder", command_reorder},
    {"filter", "tessera filter", command_filter},
    {"bench", "tessera bench", command_bench},
    {"tune", "tessera tune", command_tune},
    {"version", "tessera version", command_version},
};

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_INPUT;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; ++i) {
        if (strcmp(argv[1], commands[i].name) != 0) continue;
        report_as(commands[i].full_name);
        return commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0) {
        return report(EXIT_INPUT, "unknown command: %s (--help tells what there is)", argv[1]);
    }
    if (argc > 2) return report(EXIT_INPUT, "unexpected argument: %s", argv[2]);
    fputs(help, stdout);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    const int exit_code = dispatch(argc, argv);
    /* A full disk behind stdout shows only here. */
    const bool written = fflush(stdout) == 0 && !ferror(stdout);
    return written || exit_code != EXIT_DONE ? exit_code : report(EXIT_INPUT, "cannot write to standard output");
}
