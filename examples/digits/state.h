/* All that training consists of between two steps, and the files that keep it. */
#ifndef DIGITS_STATE_H
#define DIGITS_STATE_H

#include "network.h"

enum { MAX_EPOCHS = 200 };

typedef struct epoch_scores {
    float training_loss; /* the mean over the epoch, while the weights changed  */
    float loss, hits;    /* of the images held out, after it                    */
} epoch_scores;

typedef struct state {
    int step, epochs; /* done; wanted altogether */
    float weights[PARAMETERS], momenta[PARAMETERS];
    epoch_scores scores[MAX_EPOCHS]; /* of the epochs done */
} state;

/* The state before the first step: the same random weights every time. */
void state_begin(int epochs, state *made);

/* A checkpoint is one .npy.gz file of floats, whose checksum gzip keeps. What is damaged, or belongs to a run of other
 * epochs, is refused with a complaint, and *read is as it was. */
bool state_write(const char *path, const state *kept);
bool state_read(const char *path, int epochs, state *read);

/* The weights alone, as FOLDER/conv1.w.npy and so on. On failure of reading, *weights is as it was. */
bool weights_write(const char *folder, const float weights[PARAMETERS]);
bool weights_read(const char *folder, float weights[PARAMETERS]);

#endif
