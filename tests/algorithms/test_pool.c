/* Every pooling algorithm on every shape that it accepts, and every tile that a tuner may choose on a few. */
#include "support/exact.h"
#include "pool/pool.h"
#include "support/shapes.h"
#include "support/support.h"

static void check_shape(const exact_lab *lab, tsr_pool pool, size_t shape, exact_tally *tallies)
{
    for (size_t pair = 0; shapes_layouts(shape, pair, &pool.x_layout, &pool.y_layout); ++pair) {
        tsr__problem problem;
        REQUIRE(tsr__pool_problem(&pool, &problem));
        exact_check_all(lab, &problem, false, tallies);
    }
}

static void check_tiles(const exact_lab *lab, const char *text, exact_tally *tallies)
{
    tsr_pool pool;
    tsr__problem problem;
    REQUIRE(tsr_pool_parse(text, &pool));
    for (int layout = TSR_LAYOUT_NCHW; layout <= TSR_LAYOUT_ANY; layout += TSR_LAYOUT_ANY) {
        pool.x_layout = pool.y_layout = (tsr_layout)layout;
        REQUIRE(tsr__pool_problem(&pool, &problem));
        exact_check_candidates(lab, &problem, tallies);
    }
}

int main(void)
{
    exact_lab lab = exact_lab_open(4);
    exact_tally tallies[EXACT_MAX_ALGORITHMS] = {{0}};
    tsr_pool pool;
    for (size_t i = 0; shapes_pool(i, &pool); ++i) check_shape(&lab, pool, i, tallies);
    check_tiles(&lab, "max:n2c19h23w37r3s3st2pd1", tallies);
    check_tiles(&lab, "avg:n2c19h23w37r3s3st1pd1", tallies);
    const int code = exact_report(&lab, &tsr__pool, tallies, 100);
    exact_lab_close(&lab);
    return code;
}
