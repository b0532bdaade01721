/* Every reorder algorithm from every layout to every other. */
#include "support/exact.h"
#include "reorder/reorder.h"
#include "support/shapes.h"
#include "support/support.h"

int main(void)
{
    exact_lab lab = exact_lab_open(1);
    exact_tally tallies[EXACT_MAX_ALGORITHMS] = {{0}};
    tsr_tensor from, to;
    for (size_t i = 0; shapes_reorder(i, &from, &to); ++i) {
        tsr__problem problem;
        REQUIRE(tsr__reorder_problem(&from, &to, &problem));
        exact_check_all(&lab, &problem, false, tallies);
    }
    const int code = exact_report(&lab, &tsr__reorder, tallies, 40);
    exact_lab_close(&lab);
    return code;
}
