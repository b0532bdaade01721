/* The gradients of pooling: every algorithm on shapes that it accepts. */
#include "pool_backward/pool_backward.h"
#include "support/exact.h"
#include "support/shapes.h"
#include "support/support.h"

/* Averages over other counts than small ones and their products have quotients that round. */
static bool is_exact(const tsr_pool *pool)
{
    return pool->kind == TSR_POOL_MAX || (!pool->global && pool->filter[TSR_D] < 3 && pool->filter[TSR_W] < 7);
}

int main(void)
{
    exact_lab lab = exact_lab_open(4);
    exact_tally tallies[EXACT_MAX_ALGORITHMS] = {{0}};
    tsr_pool pool;
    for (size_t i = 0; shapes_pool(i, &pool); ++i) {
        tsr__problem problem;
        if (!is_exact(&pool)) continue;
        shapes_layouts(i, i % 3, &pool.x_layout, &pool.y_layout);
        if (pool.kind == TSR_POOL_MAX && i % 2 == 0) pool.indices = i % 4 == 0 ? TSR_INDICES_I32 : TSR_INDICES_I64;
        REQUIRE(tsr__pool_backward_problem(&pool, &problem));
        exact_check_all(&lab, &problem, false, tallies);
    }
    const int code = exact_report(&lab, &tsr__pool_backward, tallies, 10);
    exact_lab_close(&lab);
    return code;
}
