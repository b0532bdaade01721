/* Classical image filters as convolution weights. All are integers over a power of two, so that results on 8-bit
 * pixels are exact in floats. */
#ifndef TESSERA_TOOLS_FILTERS_H
#define TESSERA_TOOLS_FILTERS_H

#include "image.h"

#include <stdint.h>

enum { FILTERS = 8, FILTERS_MAX_SIZE = 5 };

/* How a filter's response, a plane of floats, becomes a picture. */
typedef enum filter_display {
    DISPLAY_PICTURE,   /* it is a picture: 0 black to 255 white, cut off beyond   */
    DISPLAY_CENTRED,   /* a relief: 0 is mid-grey                                 */
    DISPLAY_MAGNITUDE, /* signed: the size of the response, the largest are white, and the faint ones lifted */
} filter_display;

typedef struct filter {
    const char *name;  /* as the command line has it */
    const char *title; /* as a person would say it   */
    int size;          /* 3 or 5: width and height */
    filter_display display;
    int divisor; /* a power of two */
    int bias;    /* with a ReLU after it: the noise it silences, or the grey that a relief stands on */
    int8_t weight[FILTERS_MAX_SIZE * FILTERS_MAX_SIZE]; /* size * size of them */
} filter;

extern const filter filters[FILTERS];

/* NULL where there is none of that name. */
const filter *filter_find(const char *name);

/* Writes the weights, centred in size_out * size_out floats; size_out is odd and at least the filter's size. */
void filter_weights(const filter *one, int size_out, float *weights);

/* Fills a picture in greys from a plane of its size. NaN is black. */
void filter_show(const float *plane, filter_display display, image *picture);

#endif
