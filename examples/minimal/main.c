/* From nothing to the result of a convolution, on the best device there is: the sum of each value's 3x3 neighbours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tessera.h>

static const float image[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static const float expected[] = {12, 21, 16, 27, 45, 33, 24, 39, 28};

static void check(tsr_status status)
{
    if (status != TSR_OK) fprintf(stderr, "%s: %s\n", tsr_status_text(status), tsr_error_message()), exit(1);
}

int main(void)
{
    tsr_conv problem = tsr_conv_default();
    problem.c = problem.k = 1;
    problem.size[TSR_H] = problem.size[TSR_W] = problem.filter[TSR_H] = problem.filter[TSR_W] = 3;
    problem.auto_pad = TSR_PAD_SAME_UPPER;
    tsr_context *context;
    tsr_plan *plan;
    tsr_buffer *x, *w, *y;
    check(tsr_context_create(NULL, NULL, &context));
    check(tsr_conv_plan(context, &problem, NULL, &plan));
    check(tsr_buffer_create(context, sizeof image, &x));
    check(tsr_buffer_create(context, sizeof ones, &w));
    check(tsr_buffer_create(context, sizeof expected, &y));
    check(tsr_buffer_write(x, 0, image, sizeof image));
    check(tsr_buffer_write(w, 0, ones, sizeof ones));
    check(tsr_plan_run(plan, &(tsr_args){.x = x, .w = w, .y = y}));
    float sums[9];
    check(tsr_buffer_read(y, 0, sums, sizeof sums));
    printf("%s: the middle is %g\n", tsr_context_device(context)->name, (double)sums[4]);
    tsr_buffer_destroy(x), tsr_buffer_destroy(w), tsr_buffer_destroy(y);
    tsr_plan_destroy(plan), tsr_context_destroy(context);
    return memcmp(sums, expected, sizeof sums) != 0;
}
