/* common/taps: which elements of a filter ("taps") meet which input, on one axis.
 *
 *   compiled in TRANSPOSED; PAD_MODE (a number of tsr_pad_mode) where look_up() is used
 *
 * A transposed convolution is taken apart into phases, one for each remainder of an output's coordinate by the stride:
 * the outputs of one phase meet every tap_step-th tap, and for them it is a convolution of stride 1 that walks the
 * input backwards. Nothing is multiplied by the zeros that an upsampled input would have.
 */
#if !defined(TRANSPOSED)
#error "the host must define TRANSPOSED"
#endif

typedef struct {
    int begin; /* the input coordinate that the first tap of output 0 looks at */
    int tap;   /* the first tap */
    int taps;  /* how many, each tap_step after the one before */
} tap_axis;

static inline tap_axis make_tap_axis(int phase, int pad, int filter, int stride, int dilation, int tap_step)
{
    tap_axis a = {-pad, 0, filter};
    if (TRANSPOSED) {
        while (a.tap < tap_step && (phase + pad - a.tap * dilation) % stride != 0) ++a.tap;
        a.begin = (phase + pad - a.tap * dilation) / stride;
        a.taps = a.tap < tap_step ? max((filter - a.tap + tap_step - 1) / tap_step, 0) : 0;
    }
    return a;
}

/* How many outputs a phase has. */
static inline int phase_outputs(int outputs, int phase, int stride)
{
    return TRANSPOSED ? (outputs - phase + stride - 1) / stride : outputs;
}

/* Where padding of a mode, a number of tsr_pad_mode, looks: into the input, or where it stays outside of it, zero. */
static inline int look_up_as(int mode, int at, int size)
{
    if (mode == 1) return at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
    if (mode == 2) return clamp(at, 0, size - 1);
    if (mode == 3) return at < 0 ? at + size : at >= size ? at - size : at;
    return at;
}

/* The same where the mode is compiled in. */
#define look_up(at, size) look_up_as(PAD_MODE, at, size)
