#include "data.h"
#include "complain.h"
#include "npy.h"

#include <string.h>

enum { EVERY = 5, BRIGHTEST = 16 };

bool data_read(const char *path, data *read)
{
    array table;
    if (!array_read(path, ELEMENT_U8, &table)) return false;
    bool good = table.axes == 2 && table.shape[0] == IMAGES && table.shape[1] == PIXELS + 1;
    if (!good) complain("%s: expected an array of %d x %d", path, IMAGES, PIXELS + 1);
    int training = 0, held_out = TRAINING;
    for (int i = 0; good && i < IMAGES; ++i) {
        const unsigned char *row = (unsigned char *)table.data + (size_t)i * (PIXELS + 1);
        for (int j = 0; j < PIXELS + 1; ++j) {
            const int most = j < PIXELS ? BRIGHTEST : CLASSES - 1;
            if (good && row[j] > most) {
                good = complain("%s: row %d, column %d is %d; expected at most %d", path, i, j, row[j], most);
            }
        }
        const int place = i % EVERY == 0 ? held_out++ : training++;
        memcpy(read->pixels[place], row, PIXELS);
        read->labels[place] = row[PIXELS];
    }
    array_free(&table);
    return good;
}
