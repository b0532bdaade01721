/* Devices and problems for tests that need no OpenCL. */
#ifndef TSR_TESTS_INVENTED_H
#define TSR_TESTS_INVENTED_H

#include "conv/conv.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "pool/pool.h"
#include "pool_backward/pool_backward.h"
#include "select.h"
#include "support/check.h"

static inline tsr_device invent(tsr_device_kind kind, uint32_t float_width)
{
    return (tsr_device){.name = "invented",
                        .kind = kind,
                        .compute_units = 2,
                        .float_width = float_width,
                        .max_work_group = 256,
                        .max_work_items = {256, 256, 256},
                        .local_bytes = 32768,
                        .max_alloc_bytes = UINT64_C(1) << 31};
}

/* A device that can do anything. */
static inline tsr_device invent_able(tsr_device_kind kind)
{
    return (tsr_device){.name = "invented",
                        .kind = kind,
                        .compute_units = 2,
                        .float_width = 8,
                        .max_work_group = 1024,
                        .max_work_items = {1024, 1024, 1024},
                        .local_bytes = 65536,
                        .max_alloc_bytes = UINT64_C(1) << 40,
                        .max_image_texels = UINT64_C(1) << 40,
                        .local_is_dedicated = kind == TSR_DEVICE_GPU,
                        .fp16 = true,
                        .fp64 = true};
}

/* A GPU with Intel's sub-groups. */
static inline tsr_device invent_sub_groups(void)
{
    static const char extensions[] = "cl_intel_subgroups cl_intel_required_subgroup_size";
    tsr_device gpu = invent_able(TSR_DEVICE_GPU);
    memcpy(gpu.extensions, extensions, sizeof extensions);
    return gpu;
}

/* A GPU whose local memory is ordinary memory. */
static inline tsr_device invent_images(void)
{
    tsr_device gpu = invent_able(TSR_DEVICE_GPU);
    gpu.local_is_dedicated = false;
    return gpu;
}

/* A GPU like the one that costs were fitted to, an NVIDIA H200. */
static inline tsr_device invent_h200(void)
{
    tsr_device gpu = invent_able(TSR_DEVICE_GPU);
    gpu.compute_units = 132;
    return gpu;
}

static inline tsr__problem conv_problem(const char *text, tsr_layout layout)
{
    tsr_conv conv;
    tsr__problem problem;
    assert_ok(tsr_conv_parse(text, &conv));
    conv.x_layout = conv.y_layout = layout;
    assert_ok(tsr__conv_problem(&conv, &problem));
    return problem;
}

static inline tsr__problem weights_problem(const char *text, tsr_layout layout)
{
    tsr_conv_backward b = tsr_conv_backward_default();
    tsr__problem problem;
    assert_ok(tsr_conv_parse(text, &b.forward));
    b.forward.x_layout = b.forward.y_layout = layout;
    assert_ok(tsr__conv_backward_weights_problem(&b, &problem));
    return problem;
}

static inline tsr__problem pool_problem(const char *text, tsr_layout layout)
{
    tsr_pool pool;
    tsr__problem problem;
    assert_ok(tsr_pool_parse(text, &pool));
    pool.x_layout = pool.y_layout = layout;
    assert_ok(tsr__pool_problem(&pool, &problem));
    return problem;
}

static inline tsr__problem pool_backward_problem(const char *text, tsr_layout layout)
{
    tsr_pool pool;
    tsr__problem problem;
    assert_ok(tsr_pool_parse(text, &pool));
    pool.x_layout = pool.y_layout = layout;
    assert_ok(tsr__pool_backward_problem(&pool, &problem));
    return problem;
}

/* What is said of the named algorithm, or with NULL of the one that is chosen. */
static inline tsr_candidate candidate(const tsr_device *device, const tsr__problem *problem, const char *algorithm)
{
    enum { MOST = 16 };
    const tsr_plan_options options = tsr_plan_options_default();
    tsr_candidate candidates[MOST];
    size_t count = 0;
    assert_ok(tsr__explain(device, problem, &options, candidates, MOST, &count));
    for (size_t i = 0; i < count; ++i)
        if (algorithm == NULL ? candidates[i].chosen : strcmp(candidates[i].algorithm, algorithm) == 0)
            return candidates[i];
    fail_msg("there is no %s", algorithm == NULL ? "choice" : algorithm);
    return candidates[0];
}

/* Why the named algorithm refuses; "" where it does not. */
static inline const char *refusal(const tsr_device *device, const tsr__problem *problem, const char *algorithm)
{
    const tsr_candidate c = candidate(device, problem, algorithm);
    return c.refusal == NULL ? "" : c.refusal;
}

/* Either of them. */
static inline tsr__problem problem_of(const char *text, tsr_layout layout)
{
    return (strncmp(text, "conv", 4) == 0 ? conv_problem : pool_problem)(text, layout);
}

#endif
