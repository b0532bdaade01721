/* The gradient by weights is summed in an order that the problem alone decides: an algorithm's bits are the same with
 * every tile, with the vectors of any device, and shared among any number of work-items. */
#include <stdio.h>
#include <stdlib.h>

#include "conv_backward_weights/conv_backward_weights.h"
#include "plan_internal.h"
#include "support/check.h"
#include "api/shared_context.h"

/* Numbers whose sums round. */
static tsr_buffer *numbers(uint64_t bytes)
{
    support_random random = {.state = bytes};
    float *data = support_allocate(bytes);
    tsr_buffer *buffer = NULL;
    for (uint64_t i = 0; i < bytes / sizeof *data; ++i)
        data[i] = (float)support_random_int(&random, -999, 999) / 300.0f;
    assert_ok(tsr_buffer_create(context, bytes, &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, data, bytes));
    free(data);
    return buffer;
}

/* dw as an offer makes it; the caller frees. */
static float *run(const tsr__offer *offer)
{
    const tsr_plan_options options = tsr_plan_options_default();
    const uint64_t bytes = (uint64_t)offer->problem.w_elements * sizeof(float);
    tsr_buffer *x = numbers(tsr__tensor_bytes(&offer->problem.x)), *dv = numbers(tsr__tensor_bytes(&offer->problem.y));
    tsr_buffer *dw = numbers(bytes);
    float *result = support_allocate(bytes);
    tsr_plan *plan = NULL;
    assert_ok(tsr__plan_from_offer(context, offer, &options, &plan));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = x, .dv = dv, .dw = dw}));
    assert_ok(tsr_buffer_read(dw, 0, result, bytes));
    tsr_plan_destroy(plan);
    tsr_buffer_destroy(x), tsr_buffer_destroy(dv), tsr_buffer_destroy(dw);
    return result;
}

/* Runs an algorithm as it would run on a device, with each of its candidates; answers how many there were. */
static int compare(const tsr__algorithm *algorithm, const tsr_device *device, const tsr__problem *problem,
                   float **expected)
{
    enum { MAX_CANDIDATES = 16 };
    const tsr_plan_options options = tsr_plan_options_default();
    const size_t bytes = (size_t)problem->w_elements * sizeof(float);
    tsr__params candidates[MAX_CANDIDATES];
    tsr__offer offer;
    tsr__offer_from(algorithm, device, problem, &options, &offer);
    if (offer.refusal != NULL || algorithm->candidates == NULL) return 0;
    const size_t count = algorithm->candidates(device, &offer.problem, candidates, MAX_CANDIDATES);
    for (size_t i = 0; i < count; ++i) {
        tsr__offer_take(&offer, &candidates[i], device, &options);
        float *found = run(&offer);
        if (*expected == NULL) {
            *expected = found;
            continue;
        }
        const bool same = memcmp(found, *expected, bytes) == 0;
        if (!same)
            print_error("%s, candidate %d on %u units with vectors of %u\n", algorithm->name, (int)i,
                        (unsigned)device->compute_units, (unsigned)device->float_width);
        assert_true(same);
        free(found);
    }
    return (int)count;
}

static void bits_depend_on_the_problem_alone(void **state)
{
    (void)state;
    static const struct {
        uint32_t units, float_width;
    } devices[] = {{1, 16}, {3, 4}, {64, 16}};
    static const char *const problems[] = {"conv:n2c40h30w31k36r3s3pd1", "conv:n2c100h9w9k112r3s3pd1"};
    int ran = 0;
    if (tsr_context_device(context)->kind == TSR_DEVICE_HOST) skip(); /* its algorithms have no params */
    for (size_t i = 0; i < COUNT(problems); ++i)
        for (const tsr__algorithm *const *a = tsr__conv_backward_weights.opencl; *a != NULL; ++a) {
            tsr_conv_backward b = tsr_conv_backward_default();
            tsr__problem problem;
            float *expected = NULL;
            assert_ok(tsr_conv_parse(problems[i], &b.forward));
            b.forward.x_layout = b.forward.y_layout = TSR_LAYOUT_NHWC;
            assert_ok(tsr__conv_backward_weights_problem(&b, &problem));
            for (size_t j = 0; j < COUNT(devices); ++j) {
                tsr_device device = *tsr_context_device(context);
                device.compute_units = devices[j].units;
                device.float_width = devices[j].float_width;
                ran += compare(*a, &device, &problem, &expected);
            }
            free(expected);
        }
    printf("%d runs\n", ran);
    assert_true(ran > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bits_depend_on_the_problem_alone)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
