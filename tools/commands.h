/* The commands of `tessera`. Each reads its own options, argv[0] being its name, and returns an exit code. */
#ifndef TESSERA_TOOLS_COMMANDS_H
#define TESSERA_TOOLS_COMMANDS_H

int command_devices(int argc, char **argv);
int command_conv(int argc, char **argv);
int command_conv_backward(int argc, char **argv);
int command_pool(int argc, char **argv);
int command_pool_backward(int argc, char **argv);
int command_unpool(int argc, char **argv);
int command_reorder(int argc, char **argv);
int command_filter(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_tune(int argc, char **argv);

#endif
