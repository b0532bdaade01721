/* Others that do the same work, to be measured beside Tessera: in its process or in a child that waits for it, on the
 * same numbers and with as many threads. */
#ifndef TESSERA_BENCH_PEER_H
#define TESSERA_BENCH_PEER_H

#include "layer.h"

/* What a peer is asked to run. */
typedef struct peer_task {
    const layer_problem *problem;
    tsr_layout layout;    /* how x and y lie: NCHW, NHWC, or ANY where the peer may choose */
    const float *x, *w;   /* as layer_x() and layer_w() give them; w NULL: pooling */
    const float *dy;      /* as layer_dy() gives it, where the pass is backward */
    tsr_context *context; /* the device that is measured */
    int threads;
} peer_task;

/* A way to use a library. The name is that of the figures. */
typedef struct peer_variant {
    const char *name;
    bool any, plain; /* belongs to a comparison where layouts are free; where x and y are plain */
} peer_variant;

/* How to drive it. */
typedef struct peer_calls {
    /* The version, or NULL where the library is not there. The folder is for its files, and of this run alone. */
    const char *(*start)(const char *folder);
    void (*stop)(void); /* after start() gave a version */

    /* Everything but the runs themselves happens here: weights are packed, x lies as the peer wants it. NULL: the
     * reason is in *refused, a text that lasts. */
    void *(*open)(const peer_task *task, const char *variant, const char **refused);
    int (*run)(void *opened, int count);               /* so many times, and waits; an exit code (report.h) */
    int (*read_result)(void *opened, float *result);   /* dense NCHW, of the last run */
    const char *(*implementation)(const void *opened); /* what of the library runs; lives as long as it is open */
    void (*close)(void *opened);
} peer_calls;

typedef struct peer_library {
    const char *name;
    const peer_variant *variants; /* ended by one without a name                                */
    const char *install;          /* where it is absent: what to install                        */
    const peer_calls *calls;      /* NULL: it was absent when this program's build was configured */
} peer_library;

/* Every library that the benchmark knows, also those that this build lacks; ended by one without a name. */
extern const peer_library peer_libraries[];

/* A 2-D layer with nothing but x and w, or a window, in the terms that the others share. H before W. */
typedef struct peer_layer {
    bool is_conv;
    tsr_pool_kind kind;
    int64_t n, c, k, groups; /* pooling: k is c */
    int64_t in[2], out[2], filter[2], stride[2], dilation[2], pad_begin[2], pad_end[2];
} peer_layer;

/* NULL, or why the problem is more than that. The end padding is that which the output's size takes. */
const char *peer_describe(const layer_problem *problem, peer_layer *described);

/* The same for peers that have no backward passes, or are not asked for them. */
const char *peer_describe_forward(const layer_problem *problem, peer_layer *described);

#endif
