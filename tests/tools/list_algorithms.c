/* Prints docs/algorithms.md: every algorithm of every operator with its features and params, from the library's own
 * tables. The test project.algorithms_page compares it with what is committed. */
#include <stdio.h>

#include "columns/columns.h"
#include "conv/conv.h"
#include "conv_backward_activation/conv_backward_activation.h"
#include "conv_backward_data/conv_backward_data.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "pool/pool.h"
#include "pool_backward/pool_backward.h"
#include "reorder/reorder.h"
#include "select.h"
#include "support/features.h"
#include "support/support.h"
#include "unpool/unpool.h"

static const struct {
    const tsr__operator *op;
    const char *title;
} operators[] = {{&tsr__conv, "Convolution"},
                 {&tsr__pool, "Pooling"},
                 {&tsr__conv_backward_activation, "Backward convolution: activation"},
                 {&tsr__conv_backward_data, "Backward convolution: data that is no convolution itself"},
                 {&tsr__conv_backward_weights, "Backward convolution: weights"},
                 {&tsr__pool_backward, "Backward pooling"},
                 {&tsr__unpool, "Unpooling"},
                 {&tsr__columns, "Columns (unfold and fold)"},
                 {&tsr__reorder, "Reorder"}};
enum { OPERATORS = sizeof operators / sizeof operators[0] };

static void print_introduction(void)
{
    puts("# Algorithms\n"
         "\n"
         "What each algorithm can do, and what it refuses with. `cmake --build --preset dev --target algorithms_page`\n"
         "prints this page from the library's own tables; the test `project.algorithms_page` fails where it is out of\n"
         "date.\n"
         "\n"
         "The plain case is a dense 2-D problem in 32-bit floats; what goes beyond it asks for *features*. Selection\n"
         "goes through the algorithms of the device in the order of the tables below and takes the first that has all\n"
         "features of the problem and finds nothing else to refuse, as a tile that does not fit. On a GPU it passes\n"
         "over what is made for CPUs and the other way round, unless a plan names one. An algorithm that knows of a\n"
         "faster one for the problem waits until the others have been tried, and `reference` is always the last. A\n"
         "problem that is too large for an algorithm's 32-bit indices is tried in equal parts of the batch or of the\n"
         "channels first. What each algorithm says to one problem, `tessera conv --explain` and\n"
         "`tessera pool --explain` tell.\n"
         "\n"
         "The matrices are tested: `algorithms.features` runs a case of every *yes* and compares the bits, each\n"
         "device some, and has a case of every *no* refused in the words at the end of this page. Types run where the\n"
         "device computes with them. Unpooling and reorders of 2^31 elements are in tests of their own: `api.far`, and "
         "the\n"
         "optional ones in `tests/large`.");
}

/* ---- One list -------------------------------------------------------------------------------------------------- */

static const char *family_text(const tsr__algorithm *algorithm)
{
    static const char *const texts[] = {"any device", "GPUs", "CPUs"};
    return texts[algorithm->family];
}

static void print_params(const tsr__algorithm *a)
{
    for (size_t i = 0; a->param_names != NULL && a->param_names[i] != NULL; ++i)
        printf("%s`%s`", i == 0 ? "" : " ", a->param_names[i]);
}

static void print_algorithms(const tsr__algorithm *const *list)
{
    puts("\n| algorithm | made for | packs weights | params |\n|---|---|---|---|");
    for (; *list != NULL; ++list) {
        printf("| `%s` | %s | %s | ", (*list)->name, family_text(*list), (*list)->pack == NULL ? "no" : "yes");
        print_params(*list);
        puts((*list)->param_names == NULL ? "none |" : " |");
    }
}

static void print_matrix(const tsr__algorithm *const *list, uint32_t askable)
{
    fputs("\n| feature |", stdout);
    for (size_t i = 0; list[i] != NULL; ++i) printf(" `%s` |", list[i]->name);
    fputs("\n|---|", stdout);
    for (size_t i = 0; list[i] != NULL; ++i) fputs("---|", stdout);
    putchar('\n');
    for (int feature = 0; feature < TSR__FEATURES; ++feature) {
        if (!(askable >> feature & 1)) continue;
        printf("| %s |", tsr__feature_title(feature));
        for (size_t i = 0; list[i] != NULL; ++i) printf(" %s |", list[i]->features >> feature & 1 ? "yes" : "no");
        putchar('\n');
    }
}

/* ---- Defaults -------------------------------------------------------------------------------------------------- */

static const tsr_device gpu = {.name = "a GPU",
                               .kind = TSR_DEVICE_GPU,
                               .compute_units = 32,
                               .float_width = 1,
                               .max_work_group = 256,
                               .max_work_items = {256, 256, 256},
                               .local_bytes = 32768,
                               .local_is_dedicated = true,
                               .max_alloc_bytes = UINT64_C(1) << 32,
                               .max_image_texels = UINT64_C(1) << 27};
static const tsr_device cpu = {.name = "a CPU",
                               .kind = TSR_DEVICE_CPU,
                               .compute_units = 8,
                               .float_width = 8,
                               .max_work_group = 4096,
                               .max_work_items = {4096, 4096, 4096},
                               .local_bytes = 32768,
                               .max_alloc_bytes = UINT64_C(1) << 32};

/* The default params of one algorithm for one problem. */
static void print_default(const tsr__algorithm *a, const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    tsr__offer_from(a, a->family == TSR__GPU_FAMILY ? &gpu : &cpu, problem, &options, &offer);
    if (offer.refusal != NULL || a->param_names == NULL) return;
    char shown[512];
    tsr__text text = tsr__text_over(shown, sizeof shown);
    problem->op->format(problem, &text);
    printf("| `%s` | `%s` %s |", a->name, shown, tsr_layout_text(offer.problem.x.layout));
    for (size_t i = 0; a->param_names[i] != NULL; ++i) printf(" %s %d", a->param_names[i], (int)offer.params.value[i]);
    puts(" |");
}

static void print_defaults(void)
{
    static const char *const convs[] = {"conv:c64h56w56k64r3s3pd1", "conv:c3h224w224k64r7s7st2pd3"};
    static const char *const pools[] = {"max:c64h112w112r3s3st2pd1"};
    puts(
        "\n## Params\n"
        "\n"
        "Defaults for some problems, on an invented CPU with 8 units and vectors of 8 floats and an invented GPU with\n"
        "work-groups of 256 and 32 KiB of local memory.\n"
        "\n"
        "| algorithm | problem | params |\n|---|---|---|");
    tsr__problem problem;
    for (size_t i = 0; i < sizeof convs / sizeof convs[0]; ++i) {
        tsr_conv conv;
        REQUIRE(tsr_conv_parse(convs[i], &conv));
        conv.x_layout = conv.y_layout = TSR_LAYOUT_ANY;
        REQUIRE(tsr__conv_problem(&conv, &problem));
        for (const tsr__algorithm *const *a = tsr__conv.opencl; *a != NULL; ++a) print_default(*a, &problem);
    }
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; ++i) {
        tsr_pool pool;
        REQUIRE(tsr_pool_parse(pools[i], &pool));
        REQUIRE(tsr__pool_problem(&pool, &problem));
        for (const tsr__algorithm *const *a = tsr__pool.opencl; *a != NULL; ++a) print_default(*a, &problem);
    }
}

/* ---- The page -------------------------------------------------------------------------------------------------- */

static void print_refusals(void)
{
    puts("\n## Refusals\n"
         "\n"
         "What an algorithm answers to a problem with a feature that it lacks; of several, the first.\n"
         "\n"
         "| feature | refusal |\n|---|---|");
    for (int feature = 0; feature < TSR__FEATURES; ++feature)
        printf("| %s | %s |\n", tsr__feature_title(feature), tsr__refuse_features(UINT32_C(1) << feature, 0));
}

int main(void)
{
    print_introduction();
    for (int i = 0; i < OPERATORS; ++i) {
        const uint32_t askable = features_askable(operators[i].op);
        printf("\n## %s\n\n### Through OpenCL\n", operators[i].title);
        print_algorithms(operators[i].op->opencl);
        print_matrix(operators[i].op->opencl, askable);
        puts("\n### On the CPU path");
        print_matrix(operators[i].op->host, askable);
    }
    print_defaults();
    print_refusals();
    return 0;
}
