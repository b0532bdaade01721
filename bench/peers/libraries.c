/* The list of peers. Those that were not found when the build was configured are here by name alone. */
#include "peer.h"

extern const peer_calls peer_cpu_path;
#if TESSERA_HAS_ONEDNN
extern const peer_calls peer_onednn;
#define ONEDNN (&peer_onednn)
#else
#define ONEDNN NULL
#endif
#if TESSERA_HAS_CLBLAST
extern const peer_calls peer_clblast;
#define CLBLAST (&peer_clblast)
#else
#define CLBLAST NULL
#endif
#if TESSERA_HAS_ONNXRUNTIME
extern const peer_calls peer_onnxruntime;
#define ONNXRUNTIME (&peer_onnxruntime)
#else
#define ONNXRUNTIME NULL
#endif

/* oneDNN by default, with one algorithm or the other, all in layouts of its own choice; with plain tensors that it
 * reorders to such layouts and back at every run; and with plain tensors throughout. */
static const peer_variant onednn_variants[] = {
    {"onednn", true, false},         {"onednn-direct", true, false}, {"onednn-winograd", true, false},
    {"onednn-reorder", false, true}, {"onednn-plain", false, true},  {NULL, false, false},
};
static const peer_variant onnxruntime_variants[] = {{"onnxruntime", true, true}, {NULL, false, false}};
static const peer_variant clblast_variants[] = {{"clblast", true, true}, {NULL, false, false}};
static const peer_variant cpu_path_variants[] = {{"cpu-path", true, true}, {NULL, false, false}};

const peer_library peer_libraries[] = {
    {"onednn", onednn_variants, "libdnnl-dev (Debian) or onednn-devel (PyPI)", ONEDNN},
    {"onnxruntime", onnxruntime_variants, "onnxruntime and onnx (PyPI)", ONNXRUNTIME},
    {"clblast", clblast_variants, "libclblast-dev (Debian)", CLBLAST},
    {"cpu-path", cpu_path_variants, "nothing: it is Tessera's own", &peer_cpu_path},
    {NULL, NULL, NULL, NULL},
};
