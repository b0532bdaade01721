#include "explain.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_CANDIDATES = 128 };

typedef struct explanation {
    tsr_candidate items[MAX_CANDIDATES];
    size_t count;
} explanation;

static void print_one(const tsr_candidate *one)
{
    if (one->refusal != NULL) {
        fprintf(stderr, "  refuses  %-20s %s\n", one->algorithm, one->refusal);
        return;
    }
    fprintf(stderr, "  %s  %-20s workspace %" PRIu64 " bytes%s\n", one->chosen ? "chosen " : "accepts", one->algorithm,
            one->workspace_bytes, one->admitted ? "" : "; not considered unless named: --algorithm");
}

/* Prints what a tsr_..._explain() answered. */
static int print(const tsr_context *context, const char *problem, tsr_status status, const explanation *e)
{
    if (status != TSR_OK) return report_status(status, "cannot explain");
    fprintf(stderr, "%s on %s\n", problem, tsr_context_device(context)->name);
    bool any = false;
    for (size_t i = 0; i < e->count && i < MAX_CANDIDATES; ++i) {
        print_one(&e->items[i]);
        any |= e->items[i].chosen;
    }
    if (!any) fprintf(stderr, "  none is chosen\n");
    return EXIT_DONE;
}

int explain_conv(const tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options)
{
    explanation e;
    char text[256];
    const tsr_status status = tsr_conv_explain(context, problem, options, e.items, MAX_CANDIDATES, &e.count);
    return print(context, tsr_conv_format(problem, text, sizeof text), status, &e);
}

int explain_pool(const tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options)
{
    explanation e;
    char text[256];
    const tsr_status status = tsr_pool_explain(context, problem, options, e.items, MAX_CANDIDATES, &e.count);
    return print(context, tsr_pool_format(problem, text, sizeof text), status, &e);
}

int explain_unpool(const tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options)
{
    explanation e;
    const tsr_status status = tsr_unpool_explain(context, problem, options, e.items, MAX_CANDIDATES, &e.count);
    return print(context, "unpool", status, &e);
}

int explain_reorder(const tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                    const tsr_plan_options *options)
{
    explanation e;
    const tsr_status status = tsr_reorder_explain(context, x, y, options, e.items, MAX_CANDIDATES, &e.count);
    return print(context, "reorder", status, &e);
}

int explain_conv_pass(const tsr_context *context, const conv_pass *pass, const tsr_conv_backward *problem,
                      const tsr_plan_options *options)
{
    explanation e;
    char notation[256], text[320];
    const tsr_status status = pass->explain(context, problem, options, e.items, MAX_CANDIDATES, &e.count);
    tsr_conv_format(&problem->forward, notation, sizeof notation);
    snprintf(text, sizeof text, "%s of %s", pass->name, notation);
    return print(context, text, status, &e);
}

int explain_pool_backward(const tsr_context *context, const tsr_pool *forward, const tsr_plan_options *options)
{
    explanation e;
    char notation[256], text[320];
    const tsr_status status = tsr_pool_backward_explain(context, forward, options, e.items, MAX_CANDIDATES, &e.count);
    tsr_pool_format(forward, notation, sizeof notation);
    snprintf(text, sizeof text, "backward of %s", notation);
    return print(context, text, status, &e);
}
