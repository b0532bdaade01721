/* Choosing a device by a string, on invented devices; and what there is without any OpenCL platform. */
#include "device.h"
#include "support/check.h"

static const tsr_device devices[] = {
    {.name = "cpu-skylake", .platform = "Portable Computing Language", .kind = TSR_DEVICE_CPU},
    {.name = "FPGA board", .platform = "Intel(R) FPGA", .kind = TSR_DEVICE_ACCELERATOR},
    {.name = "Intel(R) Xeon(R)", .platform = "Intel(R) OpenCL", .kind = TSR_DEVICE_CPU},
    {.name = "gfx1030", .platform = "AMD Accelerated", .kind = TSR_DEVICE_GPU},
    {.name = "NVIDIA H100", .platform = "NVIDIA CUDA", .kind = TSR_DEVICE_GPU},
};
enum { NONE = COUNT(devices) };

static void selectors_pick_the_best_device_that_matches(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        size_t expected;
    } cases[] = {
        {"opencl", 3}, /* the first of the GPUs */
        {"opencl:", 3},
        {"opencl:NVIDIA", 4},
        {"opencl:nvidia h", 4},
        {"opencl:cuda", 4}, /* a platform's name */
        {"opencl:CPU-sky", 0},
        {"opencl:portable", 0},
        {"opencl:intel", 1}, /* an accelerator before a CPU */
        {"opencl:Intel(R) OpenCL", 2},
        {"opencl:(r) xeon", 2},
        {"opencl:gfx1030", 3},
        {"opencl:gfx10300", NONE},
        {"opencl:mali", NONE},
        {"0", 0},
        {"4", 4},
        {"00003", 3},
        {"5", NONE},
        {"18446744073709551616", NONE},
        {"99999999999999999999999", NONE},
        {"1x", NONE},
        {"1 ", NONE},
        {" 1", NONE},
        {"-1", NONE},
        {"", NONE},
        {"OPENCL", NONE},
        {"openclx", NONE},
        {"open", NONE},
        {"gpu", NONE},
        {"gfx1030", NONE},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const size_t picked = tsr__device_pick(cases[i].selector, devices, COUNT(devices));
        if (picked != cases[i].expected) print_error("selector \"%s\"\n", cases[i].selector);
        assert_int_equal(picked, cases[i].expected);
    }
}

static void nothing_is_picked_where_nothing_is(void **state)
{
    (void)state;
    static const char *const selectors[] = {"opencl", "opencl:x", "0", "1", ""};
    for (size_t i = 0; i < COUNT(selectors); ++i) assert_int_equal(tsr__device_pick(selectors[i], devices, 0), 0);
}

static void a_gpu_comes_before_an_accelerator_before_a_cpu(void **state)
{
    (void)state;
    static const tsr_device_kind worst_first[] = {TSR_DEVICE_CPU, TSR_DEVICE_ACCELERATOR, TSR_DEVICE_GPU};
    tsr_device list[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    for (size_t first = 0; first < 3; ++first)
        for (size_t second = 0; second < 3; ++second) {
            if (first == second) continue;
            const size_t order[3] = {first, second, 3 - first - second};
            size_t best = 0;
            for (size_t i = 0; i < 3; ++i) {
                list[i].kind = worst_first[order[i]];
                if (order[i] == 2) best = i;
            }
            assert_int_equal(tsr__device_pick("opencl", list, 3), best);
        }
}

/* ---- Without OpenCL -------------------------------------------------------------------------------------------- */

/* This program is run where no platform is installed. */
static void a_machine_without_platforms_has_no_devices_and_that_is_no_error(void **state)
{
    (void)state;
    size_t count = 77;
    assert_ok(tsr_device_list(NULL, 0, &count));
    assert_int_equal(count, 0);
    tsr_device device;
    assert_ok(tsr_device_list(&device, 1, &count));
    assert_fails(tsr_device_list(NULL, 0, NULL), TSR_INVALID_VALUE, "count is NULL");
    assert_fails(tsr_device_list(NULL, 3, &count), TSR_INVALID_VALUE, "devices is NULL", "capacity is 3");
}

static void without_opencl_there_is_the_cpu_path(void **state)
{
    (void)state;
    static const char *const selectors[] = {"cpu", NULL};
    for (size_t i = 0; i < COUNT(selectors); ++i) {
        tsr_context *context = NULL;
        assert_ok(tsr_context_create(selectors[i], NULL, &context));
        const tsr_device *device = tsr_context_device(context);
        assert_int_equal(device->kind, TSR_DEVICE_HOST);
        assert_string_not_equal(device->name, "");
        assert_null(tsr_context_cl(context));
        assert_null(tsr_context_cl_device(context));
        assert_null(tsr_context_queue(context));
        assert_ok(tsr_context_finish(context));
        tsr_context_destroy(context);
    }
}

static void without_opencl_its_selectors_find_no_device_and_name_the_cpu_path(void **state)
{
    (void)state;
    static const char *const selectors[] = {"opencl", "opencl:pocl", "0", "17", "", "gpu", "CPU"};
    for (size_t i = 0; i < COUNT(selectors); ++i) {
        tsr_context *context = NULL;
        assert_fails(tsr_context_create(selectors[i], NULL, &context), TSR_NO_DEVICE, selectors[i], "\"cpu\"");
        assert_null(context);
    }
    assert_fails(tsr_context_create("cpu", NULL, NULL), TSR_INVALID_VALUE, "context is NULL");
    tsr_context_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selectors_pick_the_best_device_that_matches),
        cmocka_unit_test(nothing_is_picked_where_nothing_is),
        cmocka_unit_test(a_gpu_comes_before_an_accelerator_before_a_cpu),
        cmocka_unit_test(a_machine_without_platforms_has_no_devices_and_that_is_no_error),
        cmocka_unit_test(without_opencl_there_is_the_cpu_path),
        cmocka_unit_test(without_opencl_its_selectors_find_no_device_and_name_the_cpu_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
