/* Trains the network of examples/digits on several devices: of one process, of several (MPI), or both.
 *
 * Each device has the whole network and the same weights. A batch's slices are shared among the devices; each slice's
 * gradient is computed alone, MPI_Allgather hands every process the gradients of all slices, and every device sums them
 * in the slices' order and takes the same step. MPI_Allreduce would add in an order that depends on the number of
 * processes; so the result has the same bits however many devices there are, and the bits of examples/digits. */
#include "clock.h"
#include "complain.h"
#include "device.h"
#include "options.h"
#include "progress.h"
#include "trainer.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: [mpirun -n RANKS] data-parallel DATA [options]\n"
    "\n"
    "Trains the network of examples/digits on all devices named, and on as many in each rank.\n"
    "\n"
    "  -o FOLDER        write the weights there, into a folder that exists: conv1.w.npy and so on\n"
    "  --epochs N       40\n"
    "  --steps N        stop after so many steps; all that the epochs have\n"
    "  --device SEL     opencl, opencl:TEXT or a number; without it the best there is\n"
    "  --second SEL     a second device, of each rank, that shares its work\n"
    "  --cache FOLDER   keep built kernels there\n"
    "\n"
    "Devices of all ranks together: 1, 2 or 4.\n";

enum { MAX_DEVICES = 2 };

typedef struct options {
    const char *data, *output, *cache, *devices[MAX_DEVICES];
    int epochs, steps; /* 0: all */
} options;

typedef struct group {
    int rank, ranks;
    int count; /* devices of this rank, and of every other */
    tsr_context *contexts[MAX_DEVICES];
    trainer trainers[MAX_DEVICES];
    float gradients[SLICES * PARAMETERS];
} group;

static int slices_each(const group *of)
{
    return SLICES / (of->ranks * of->count);
}

static bool group_open(const options *wanted, const data *from, const state *begin, group *made)
{
    made->count = wanted->devices[1] != NULL ? 2 : 1;
    const int devices = made->ranks * made->count;
    if (devices > SLICES || SLICES % devices != 0) {
        return complain("%d devices, of all ranks together; expected 1, 2 or 4", devices);
    }
    for (int i = 0; i < made->count; ++i) {
        if (!device_open(wanted->devices[i], wanted->cache, &made->contexts[i]) ||
            !trainer_create(made->contexts[i], from, &made->trainers[i]) || !trainer_load(&made->trainers[i], begin)) {
            return false;
        }
    }
    return true;
}

static void group_close(group *used)
{
    for (int i = 0; i < used->count; ++i) {
        if (used->trainers[i].context != NULL) trainer_free(&used->trainers[i]);
        tsr_context_destroy(used->contexts[i]);
    }
}

/* One step of all devices. */
static bool take_step(group *used, int step, int epochs)
{
    const int each = slices_each(used), here = each * used->count, first = used->rank * here;
    bool good = true;
    for (int i = 0; good && i < used->count; ++i) {
        good = trainer_gradients(&used->trainers[i], step, first + i * each, each);
        /* So that it starts while the next device gets its work. */
        if (good) clFlush(tsr_context_queue(used->contexts[i]));
    }
    for (int i = 0; good && i < used->count; ++i)
        good = trainer_read_gradients(&used->trainers[i], first + i * each, each, used->gradients);
    if (!good) return false;
    MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, used->gradients, here * PARAMETERS, MPI_FLOAT, MPI_COMM_WORLD);
    for (int i = 0; good && i < used->count; ++i)
        good = trainer_write_gradients(&used->trainers[i], used->gradients) &&
               trainer_descend(&used->trainers[i], step, epochs);
    return good;
}

/* The weights of this rank's devices, which are the same. */
static bool agree(group *used, state *now)
{
    static state other;
    if (!trainer_save(&used->trainers[0], now)) return false;
    for (int i = 1; i < used->count; ++i) {
        if (!trainer_save(&used->trainers[i], &other)) return false;
        if (memcmp(other.weights, now->weights, sizeof now->weights) != 0)
            return complain("the devices' weights differ");
    }
    return true;
}

static bool tell(group *used, const options *wanted, state *now, double seconds)
{
    score held_out;
    if (!agree(used, now) || !trainer_score_held_out(&used->trainers[0], &held_out)) return false;
    if (used->rank != 0) return true;
    printf("%d steps on %d x %d devices (%s): held out: loss %.6f, %.2f %% right, %.1f s\n", now->step, used->ranks,
           used->count, tsr_context_device(used->contexts[0])->name, held_out.loss, 100.0 * held_out.hits / HELD_OUT,
           seconds);
    return wanted->output == NULL || weights_write(wanted->output, now->weights);
}

static bool run(group *used, const options *wanted)
{
    static data from;
    static state now;
    state_begin(wanted->epochs, &now);
    if (!data_read(wanted->data, &from) || !group_open(wanted, &from, &now, used)) return false;
    const int all = wanted->epochs * STEPS, steps = wanted->steps > 0 && wanted->steps < all ? wanted->steps : all;
    const double start = clock_seconds();
    for (; now.step < steps; ++now.step) {
        if (!take_step(used, now.step, wanted->epochs)) return false;
        if (used->rank == 0) progress_show(now.step + 1, steps, "step %d of %d", now.step + 1, steps);
    }
    if (used->rank == 0) progress_clear();
    return tell(used, wanted, &now, clock_seconds() - start);
}

int main(int count, char **words)
{
    complain_as("data-parallel");
    options wanted = {.epochs = 40};
    const option list[] = {{"", &wanted.data, NULL, 0, 0},
                           {"-o", &wanted.output, NULL, 0, 0},
                           {"--epochs", NULL, &wanted.epochs, 1, MAX_EPOCHS},
                           {"--steps", NULL, &wanted.steps, 1, MAX_EPOCHS * STEPS},
                           {"--device", &wanted.devices[0], NULL, 0, 0},
                           {"--second", &wanted.devices[1], NULL, 0, 0},
                           {"--cache", &wanted.cache, NULL, 0, 0}};
    const parsed outcome = options_parse(count, words, list, sizeof list / sizeof *list);
    if (outcome == PARSED_HELP) return fputs(help, stdout) < 0;
    if (outcome == PARSED_WRONG) return 2;
    if (wanted.data == NULL) return complain("the digits are missing; --help tells more"), 2;
    if (!options_folder("-o", wanted.output)) return 2;
    if (MPI_Init(&count, &words) != MPI_SUCCESS) return complain("MPI does not start"), 1;
    static group used;
    MPI_Comm_rank(MPI_COMM_WORLD, &used.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &used.ranks);
    const bool good = run(&used, &wanted);
    group_close(&used);
    /* A rank that has failed would leave the others waiting for its gradients. */
    if (!good) MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
