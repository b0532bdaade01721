/* A network: its layers, with their weights on the device. */
#ifndef FACES_NETWORK_H
#define FACES_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <tessera.h>

enum { MAX_LAYERS = 10 };

/* A convolution by name, or a maximum pooling by its window. */
typedef struct layer_text {
    const char *name;
    int pool;
} layer_text;

typedef struct network_text {
    const char *name;
    int side; /* of the square that it looks at */
    layer_text layers[MAX_LAYERS];
} network_text;

typedef enum stage { PROPOSE, REFINE, CONCLUDE, STAGES } stage;
extern const network_text network_texts[STAGES];

typedef struct layer {
    int pool;           /* above 0: a maximum pooling with this window, whose stride is 2; the rest is then 0 */
    int64_t k, c, r, s; /* output and input channels, the filter's rows and columns                          */
    tsr_buffer *w, *bias;
    tsr_buffer *slope; /* NULL: no PReLU behind it */
} layer;

typedef struct network {
    const network_text *text;
    layer layers[MAX_LAYERS];
    int count;
} network;

/* Reads the arrays FOLDER/NETWORK.LAYER.*.npy and copies them to the device. On failure false, and *loaded is empty. */
bool network_load(tsr_context *context, const char *folder, stage which, network *loaded);
void network_free(network *used);

#endif
