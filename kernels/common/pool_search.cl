/* common/pool_search: one window at a time and where its maximum is, on top of common/pooling.cl, for kernels whose
 * work-items compute with single numbers. common/indices.cl does the same with vectors.
 */

/* A window and where its maximum is: -1 before an element was found. */
typedef struct {
    pool_window window;
    int index;
} pool_search;

static inline pool_search pool_nothing(void)
{
    const pool_search search = {pool_empty(), -1};
    return search;
}

/* Takes in what an element, or another window, comes to and where it is; -1 where it is none, and then empty. The first
 * element stays until a greater one is found, and nothing is greater than the first NaN. */
static inline void pool_find(pool_search *search, REAL total, int index)
{
    const int wins = search->index < 0 || (!search->window.nan && !(total <= search->window.total));
    if (INDICES != 0) search->index = wins && index >= 0 ? index : search->index;
    pool_join(&search->window, total);
}

/* What an element adds to a window. */
static inline REAL pool_term(REAL element)
{
    return KIND == 3 ? pool_power(element) : element;
}
