/* Prints every build of every kernel that the library can ask for on a set of invented devices, one a line:
 *
 *   cpu kernels/conv/direct_blocked.cl conv_direct_blocked:7:uuuuuuffuiii... -DR=3 -DS=3 ...
 *
 * The first word is the family; the third is the entry, how much memory it is passed, and its numbers: i int, l long,
 * u ulong, f float. The lint compiles all of them, the GPU check those of the GPU family. Lines repeat. */
#include <stdio.h>

#include "conv/conv.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "select.h"
#include "support/features.h"
#include "support/shapes.h"
#include "support/support.h"

static void print_passed(const tsr__launch *launch)
{
    static const char letters[] = {[TSR__ARG_SLOT] = 'u',
                                   [TSR__ARG_IMAGE] = 'i',
                                   [TSR__ARG_INT] = 'i',
                                   [TSR__ARG_LONG] = 'l',
                                   [TSR__ARG_FLOAT] = 'f'};
    int memory = 0;
    for (int i = 0; i < launch->arg_count; ++i)
        memory += launch->args[i].kind == TSR__ARG_SLOT || launch->args[i].kind == TSR__ARG_IMAGE;
    printf("%s:%d:", launch->entry, memory);
    for (int i = 0; i < launch->arg_count; ++i) putchar(letters[launch->args[i].kind]);
}

static void print_launch(const tsr__algorithm *algorithm, const tsr__launch *launch)
{
    static const char *const families[] = {"any", "gpu", "cpu"};
    REQUIRE(tsr__launch_check(launch));
    printf("%s kernels/%s ", families[algorithm->family], launch->source->name);
    print_passed(launch);
    printf(" %s\n", launch->options);
}

static void print_params(const tsr_device *device, const tsr__offer *offer, const tsr__params *params)
{
    const tsr__algorithm *a = offer->algorithm;
    tsr__launches launches = {.count = 0};
    a->launches(device, &offer->problem, params, &launches);
    for (int i = 0; i < launches.count; ++i) print_launch(a, &launches.items[i]);
    if (a->pack == NULL) return;
    tsr__launch pack;
    a->pack(device, &offer->problem, params, &pack);
    print_launch(a, &pack);
}

/* All candidates for one problem in a few, the default for the rest: tiles and windows do not depend on each other. */
static void print_problem(const tsr_device *device, const tsr__problem *problem, bool all)
{
    enum { MAX_CANDIDATES = 64 };
    const tsr_plan_options options = tsr_plan_options_default();
    for (const tsr__algorithm *const *a = problem->op->opencl; *a != NULL; ++a) {
        tsr__offer offer;
        tsr__offer_from(*a, device, problem, &options, &offer);
        if (offer.refusal != NULL) continue;
        tsr__params candidates[MAX_CANDIDATES] = {{{0}}};
        size_t count = 1;
        if (all && (*a)->candidates != NULL)
            count = (*a)->candidates(device, &offer.problem, candidates, MAX_CANDIDATES);
        else
            candidates[0] = offer.params;
        for (size_t i = 0; i < count; ++i) print_params(device, &offer, &candidates[i]);
    }
}

/* Layers that fill a GPU, for which it takes larger tiles than for the shapes that tests run, and their gradients by
 * weights. */
static void print_layers(const tsr_device *device)
{
    static const char *const layers[] = {
        "conv:n8c256h56w56k256r3s3pd1,bias,relu",
        "conv:n8c64h56w56k64r3s3pd1,bias,residual,relu",
        "conv:n8c3h224w224k64r7s7st2pd3,bias",
        "convt:n8c256h28w28k128r4s4st2pd1,bias",
        "conv:n8c64h112w112k32,bias",
    };
    static const tsr_dtype types[] = {TSR_F32, TSR_F16, TSR_F64};
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NHWC};
    enum { LAYERS = sizeof layers / sizeof layers[0], TYPES = 3, LAYOUTS = 2 };
    for (int i = 0; i < LAYERS * TYPES * LAYOUTS; ++i) {
        tsr_conv_backward b = tsr_conv_backward_default();
        tsr_conv *conv = &b.forward;
        tsr__problem problem;
        REQUIRE(tsr_conv_parse(layers[i / (TYPES * LAYOUTS)], conv));
        conv->dtype = types[i / LAYOUTS % TYPES];
        conv->x_layout = conv->y_layout = layouts[i % LAYOUTS];
        REQUIRE(tsr__conv_problem(conv, &problem));
        print_problem(device, &problem, false);
        REQUIRE(tsr__conv_backward_weights_problem(&b, &problem));
        print_problem(device, &problem, true);
    }
}

static void print_device(const tsr_device *device)
{
    enum { EVERY = 211 }; /* prime: visits all windows */
    tsr_conv conv;
    tsr_pool pool;
    tsr_tensor from, to;
    tsr__problem problem;
    for (size_t i = 0; shapes_conv(i, &conv); ++i)
        for (size_t pair = 0; shapes_layouts(i, pair, &conv.x_layout, &conv.y_layout); ++pair) {
            REQUIRE(tsr__conv_problem(&conv, &problem));
            print_problem(device, &problem, i % EVERY == 0);
        }
    for (size_t i = 0; shapes_pool(i, &pool); ++i)
        for (size_t pair = 0; shapes_layouts(i, pair, &pool.x_layout, &pool.y_layout); ++pair) {
            REQUIRE(tsr__pool_problem(&pool, &problem));
            print_problem(device, &problem, i % EVERY == 0);
        }
    for (size_t i = 0; shapes_reorder(i, &from, &to); ++i) {
        REQUIRE(tsr__reorder_problem(&from, &to, &problem));
        print_problem(device, &problem, true);
    }
    for (size_t i = 0; features_problem(device, i, &problem); ++i) print_problem(device, &problem, false);
}

int main(void)
{
    const tsr_device gpu = {.name = "invented GPU",
                            .extensions = "cl_intel_subgroups cl_intel_required_subgroup_size",
                            .kind = TSR_DEVICE_GPU,
                            .compute_units = 32,
                            .float_width = 1,
                            .max_work_group = 256,
                            .max_work_items = {256, 256, 256},
                            .local_bytes = 32768,
                            .local_is_dedicated = true,
                            .fp16 = true,
                            .fp64 = true,
                            .max_alloc_bytes = UINT64_C(1) << 32,
                            .max_image_texels = UINT64_C(1) << 27};
    tsr_device cpu = gpu;
    cpu.kind = TSR_DEVICE_CPU;
    cpu.local_is_dedicated = false;
    tsr_device intel = gpu, amd = gpu; /* get other tiles and steps */
    snprintf(intel.vendor, sizeof intel.vendor, "Intel");
    snprintf(amd.vendor, sizeof amd.vendor, "Advanced Micro Devices, Inc.");
    print_device(&gpu);
    print_layers(&gpu);
    print_layers(&intel);
    print_layers(&amd);
    for (cpu.float_width = 4; cpu.float_width <= 16; cpu.float_width *= 2) print_device(&cpu);
    return 0;
}
