#include "explain.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_CANDIDATES = 128 };

static void print(const tsr_context *context, const char *problem, const tsr_candidate *candidates, size_t count)
{
    if (count > MAX_CANDIDATES) count = MAX_CANDIDATES;
    fprintf(stderr, "%s on %s\n", problem, tsr_context_device(context)->name);
    bool any = false;
    for (size_t i = 0; i < count; ++i) {
        const tsr_candidate *one = &candidates[i];
        any |= one->chosen;
        if (one->refusal != NULL) {
            fprintf(stderr, "  refuses  %-20s %s\n", one->algorithm, one->refusal);
        } else {
            fprintf(stderr, "  %s  %-20s workspace %" PRIu64 " bytes\n", one->chosen ? "chosen " : "accepts",
                    one->algorithm, one->workspace_bytes);
        }
    }
    if (!any) fprintf(stderr, "  none is chosen\n");
}

int explain_conv(const tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options)
{
    tsr_candidate candidates[MAX_CANDIDATES];
    size_t count = 0;
    const tsr_status status = tsr_conv_explain(context, problem, options, candidates, MAX_CANDIDATES, &count);
    if (status != TSR_OK) return report_status(status, "cannot explain");
    char text[256];
    print(context, tsr_conv_format(problem, text, sizeof text), candidates, count);
    return EXIT_DONE;
}

int explain_pool(const tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options)
{
    tsr_candidate candidates[MAX_CANDIDATES];
    size_t count = 0;
    const tsr_status status = tsr_pool_explain(context, problem, options, candidates, MAX_CANDIDATES, &count);
    if (status != TSR_OK) return report_status(status, "cannot explain");
    char text[256];
    print(context, tsr_pool_format(problem, text, sizeof text), candidates, count);
    return EXIT_DONE;
}
