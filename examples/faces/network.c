#include "network.h"
#include "complain.h"
#include "npy.h"

#include <stdio.h>
#include <string.h>

/* A dense layer is a convolution whose filter is the whole plane. `head` gives the logits of "no face" and "face"
 * last; before them the box and, in the last network, the landmarks. It has no PReLU. */
const network_text network_texts[STAGES] = {
    [PROPOSE] = {"pnet", 12, {{"conv1", 0}, {NULL, 2}, {"conv2", 0}, {"conv3", 0}, {"head", 0}}},
    [REFINE] = {"rnet", 24, {{"conv1", 0}, {NULL, 3}, {"conv2", 0}, {NULL, 3}, {"conv3", 0}, {"fc4", 0}, {"head", 0}}},
    [CONCLUDE] = {"onet",
                  48,
                  {{"conv1", 0},
                   {NULL, 3},
                   {"conv2", 0},
                   {NULL, 3},
                   {"conv3", 0},
                   {NULL, 2},
                   {"conv4", 0},
                   {"fc5", 0},
                   {"head", 0}}},
};

/* What a layer's arrays are read with. */
typedef struct source {
    tsr_context *context;
    const char *folder, *network, *layer;
} source;

/* Reads one array, which has `axes` axes, and copies it to the device; its sizes go into shape. */
static bool load_array(const source *from, const char *what, int axes, int64_t *shape, tsr_buffer **buffer)
{
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s.%s.%s.npy", from->folder, from->network, from->layer, what);
    if (length < 0 || (size_t)length >= sizeof path) return complain("%s: the path is too long", from->folder);
    array values;
    if (!array_read(path, &values)) return false;
    const uint64_t bytes = values.count * sizeof *values.data;
    bool loaded = values.axes == axes || complain("%s: has %d axes; expected %d", path, values.axes, axes);
    loaded = loaded && succeeded(tsr_buffer_create(from->context, bytes, buffer), path) &&
             succeeded(tsr_buffer_write(*buffer, 0, values.data, bytes), path);
    memcpy(shape, values.shape, (size_t)values.axes * sizeof *shape);
    array_free(&values);
    return loaded;
}

static bool load_layer(const source *from, int64_t channels, layer *loaded)
{
    const bool prelu = strcmp(from->layer, "head") != 0;
    int64_t shape[ARRAY_MAX_AXES], biases = 0, slopes = 0;
    if (!load_array(from, "w", 4, shape, &loaded->w) || !load_array(from, "bias", 1, &biases, &loaded->bias) ||
        (prelu && !load_array(from, "slope", 1, &slopes, &loaded->slope))) {
        return false;
    }
    loaded->k = shape[0], loaded->c = shape[1], loaded->r = shape[2], loaded->s = shape[3];
    if (loaded->c != channels || biases != loaded->k || (prelu && slopes != loaded->k)) {
        return complain("%s.%s: its arrays do not fit together, or not to the layer before it", from->network,
                        from->layer);
    }
    return true;
}

bool network_load(tsr_context *context, const char *folder, stage which, network *loaded)
{
    const network_text *text = &network_texts[which];
    *loaded = (network){.text = text};
    int64_t channels = 3;
    for (; loaded->count < MAX_LAYERS; ++loaded->count) {
        const layer_text *one = &text->layers[loaded->count];
        layer *made = &loaded->layers[loaded->count];
        if (one->pool > 0) {
            made->pool = one->pool;
            continue;
        }
        if (one->name == NULL) break;
        if (!load_layer(&(source){context, folder, text->name, one->name}, channels, made)) {
            ++loaded->count; /* what it has got already is freed, too */
            network_free(loaded);
            return false;
        }
        channels = made->k;
    }
    return true;
}

void network_free(network *used)
{
    for (int i = 0; i < used->count; ++i) {
        tsr_buffer_destroy(used->layers[i].w);
        tsr_buffer_destroy(used->layers[i].bias);
        tsr_buffer_destroy(used->layers[i].slope);
    }
    *used = (network){0};
}
