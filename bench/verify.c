#include "verify.h"
#include "report.h"
#include "tensor.h"

#include <math.h>
#include <stdlib.h>

static const double part_operations = 1e8; /* what the CPU path does in well under a second */

double verify_distance(const float *found, const float *expected, size_t count)
{
    double largest = 0.0, distance = 0.0;
    for (size_t i = 0; i < count; ++i) {
        const double a = (double)found[i], b = (double)expected[i];
        if (a == b || (isnan(a) && isnan(b))) {
            if (isfinite(b)) largest = fmax(largest, fabs(b));
            continue;
        }
        if (!isfinite(a) || !isfinite(b)) return INFINITY;
        distance = fmax(distance, fabs(a - b));
        largest = fmax(largest, fabs(b));
    }
    return distance > 0.0 ? distance / largest : 0.0;
}

double verify_tolerance(tsr_dtype dtype)
{
    return dtype == TSR_F16 ? 1e-3 : 1e-4;
}

int verify_layer(tsr_context *cpu_path, const tsr_device *device, const layer_problem *problem, const float *found,
                 double *distance)
{
    layer_problem part;
    layer expected;
    int failed = layer_part(problem, part_operations, &part);
    const char *algorithm = device->kind == TSR_DEVICE_HOST ? "reference" : NULL;
    if (!failed) failed = layer_open(cpu_path, &part, algorithm, &expected);
    if (failed) return failed;
    const tsr_status status = tsr_plan_run(expected.plan, &expected.args);
    float *right = status == TSR_OK ? layer_read_result(&expected) : NULL;
    if (right == NULL) {
        failed = status == TSR_OK ? EXIT_DEVICE : report_status(status, "cannot run the CPU path");
    } else {
        *distance = verify_distance(found + part.first_result, right, layer_elements(&part.result));
        const tsr_dtype dtype = problem->is_conv ? problem->conv.dtype : problem->pool.dtype;
        if (!(*distance <= verify_tolerance(dtype)))
            failed = report(EXIT_UNEQUAL, "the result is not that of the CPU path: away by %g of its largest value",
                            *distance);
    }
    free(right);
    layer_close(&expected);
    return failed;
}
