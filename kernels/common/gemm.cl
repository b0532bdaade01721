/* common/gemm: a work-group's tile of a matrix product whose factors lie in local memory, for GPUs; on top of
 * common/vector.cl.
 *
 *   compiled in TILE_K, TILE_P: rows and columns of the tile; REG_K, REG_P: those of a work-item; STEP: terms of each
 *               sum that lie in local memory at once; PITCH_K, PITCH_P: from one term of all rows, or columns, to the
 *               next; VEC = 4
 *   needs       8 divides TILE_P / REG_P, 4 divides TILE_K / REG_K, REG_K and REG_P
 *
 * A stage is what lies in local memory at once: STEP terms of TILE_K rows, then STEP terms of TILE_P columns.
 */
#if !defined(TILE_K) || !defined(TILE_P) || !defined(REG_K) || !defined(REG_P) || !defined(STEP) || \
    !defined(PITCH_K) || !defined(PITCH_P)
#error "TILE_K TILE_P REG_K REG_P STEP PITCH_K PITCH_P must be defined"
#endif

/* Intel's compiler gives a thread 32 work-items on GPUs for computing, which are those without images, and then spills
 * registers. */
#if defined(cl_intel_required_subgroup_size) && !defined(__IMAGE_SUPPORT__)
#define SUB_GROUP __attribute__((intel_reqd_sub_group_size(16)))
#else
#define SUB_GROUP
#endif

#define ITEMS_K (TILE_K / REG_K)
#define ITEMS_P (TILE_P / REG_P)
#define ITEMS   (ITEMS_K * ITEMS_P)

/* 32 neighbouring items are 4 x 8 of the tile, so that a read of rows has 4 addresses and one of columns 8. Items
 * that differ in bit 0 read the same columns and those that differ in bit 1 the same rows: on NVIDIA's GPUs a read of
 * 16 bytes then takes two turns of local memory's banks, and not four. */
#define ITEM_P(item) ((item) / 2 % 8 + (item) / 32 % (ITEMS_P / 8) * 8)
#define ITEM_K(item) ((item) % 2 + (item) / 16 % 2 * 2 + (item) / (4 * ITEMS_P) * 4)

/* Columns lie in local memory so that an item reads VEC of its own as one vector, though they are ITEMS_P apart: then
 * neighbouring items store neighbouring columns. */
#define RUN             (ITEMS_P * VEC)
#define COLUMN_AT(slot) ((slot) / RUN * RUN + (slot) % VEC * ITEMS_P + (slot) % RUN / VEC)

#define STAGE           (STEP * (PITCH_K + PITCH_P))

/* The sums of a work-item: of each vector of rows those of its columns. Loops over them must be unrolled, here and
 * where they are stored, or compilers keep them in memory. */
typedef REALV sums[REG_K / VEC][REG_P];

static ALWAYS_INLINE void clear(sums sum)
{
#pragma unroll
    for (int i = 0; i < REG_K / VEC; ++i)
#pragma unroll
        for (int t = 0; t < REG_P; ++t) sum[i][t] = (REALV)(REAL_OF(0.0));
}

/* sum += rows * columns of one stage. Turns of the outer loop overlap but for doubles, which leave no registers for
 * that. */
static ALWAYS_INLINE void multiply(sums sum, const __local REAL *stage, int item)
{
    const __local REAL *rows = stage + ITEM_K(item) * VEC;
    const __local REAL *columns = stage + STEP * PITCH_K + ITEM_P(item) * VEC;
#if DTYPE == 2
#pragma unroll 1
#else
#pragma unroll
#endif
    for (int i = 0; i < STEP; ++i) {
        REALV b[REG_P / VEC];
#pragma unroll
        for (int t = 0; t < REG_P / VEC; ++t) b[t] = *(const __local REALV *)&columns[i * PITCH_P + t * RUN];
#pragma unroll
        for (int j = 0; j < REG_K / VEC; ++j) {
            const REALV a = *(const __local REALV *)&rows[i * PITCH_K + j * ITEMS_K * VEC];
#pragma unroll
            for (int t = 0; t < REG_P / VEC; ++t) {
                sum[j][t * VEC + 0] = mad(a, (REALV)(b[t].s0), sum[j][t * VEC + 0]);
                sum[j][t * VEC + 1] = mad(a, (REALV)(b[t].s1), sum[j][t * VEC + 1]);
                sum[j][t * VEC + 2] = mad(a, (REALV)(b[t].s2), sum[j][t * VEC + 2]);
                sum[j][t * VEC + 3] = mad(a, (REALV)(b[t].s3), sum[j][t * VEC + 3]);
            }
        }
    }
}
