/* What measuring has taught about a context's problems: a table of records, read from and written as text (docs/
 * tuning.md). It is a hint and no more: who asks checks that what a record names is legal.
 *
 * A record's key is what its first five fields say, joined by tabs: device, driver, problem, layouts, weights. */
#ifndef TSR_HOST_TUNING_H
#define TSR_HOST_TUNING_H

#include <pthread.h>

#include "log.h"
#include "select.h"

enum { TSR__TUNING_KEY = 1024, TSR__TUNING_NAME = 64, TSR__TUNING_PARAMS = 128 };

/* One algorithm with its params, and what measuring them gave. */
typedef struct tsr__tuning_choice {
    char algorithm[TSR__TUNING_NAME], params[TSR__TUNING_PARAMS]; /* "-": it has no params */
    uint64_t ns, default_ns;                                      /* of one run; of one with the default choice */
    uint32_t tried, legal;                                        /* candidates that were measured, of so many */
    bool broken;                                                  /* its kernels do not build: the numbers are 0 */
} tsr__tuning_choice;

typedef struct tsr__tuning_record {
    tsr__tuning_choice choice;
    char key[];
} tsr__tuning_record;

/* Belongs to a context; `lock` guards the records, which are in the order of the text: by key, the best first. */
typedef struct tsr__tuning {
    pthread_mutex_t lock;
    tsr__tuning_record **records;
    size_t count, capacity;
} tsr__tuning;

tsr_status tsr__tuning_open(tsr__tuning *tuning);
void tsr__tuning_close(tsr__tuning *tuning);

/* The key of a problem as it was asked, its layouts not yet settled. */
void tsr__tuning_key(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options,
                     char key[TSR__TUNING_KEY]);

/* How params are written; "-" where there are none. */
void tsr__tuning_params(const tsr__algorithm *algorithm, const tsr__params *params, char text[TSR__TUNING_PARAMS]);

/* Whether a choice's search came to its end. */
bool tsr__tuning_finished(const tsr__tuning_choice *choice);

bool tsr__tuning_is_empty(tsr__tuning *tuning);

/* The choice that is number `rank` of those recorded for a key, the best being 0; false where there are fewer. Broken
 * ones do not count. */
bool tsr__tuning_get(tsr__tuning *tuning, const char *key, size_t rank, tsr__tuning_choice *choice);
bool tsr__tuning_is_broken(tsr__tuning *tuning, const char *key, const char *algorithm, const char *params);

/* Adds a choice. One that was measured takes the place of the key's others, of all algorithms or the one named. */
tsr_status tsr__tuning_remember(tsr__tuning *tuning, const char *key, const tsr__tuning_choice *choice,
                                const char *algorithm);

/* With the lock held: adds a record at the end; then puts the table in order, where of several records of the same
 * choice the best stays. */
tsr_status tsr__tuning_append(tsr__tuning *tuning, const char *key, const tsr__tuning_choice *choice);
void tsr__tuning_put_in_order(tsr__tuning *tuning);

/* Adds the records of a text; what is no record is skipped with a warning that tells the line and the field. `name` is
 * the text's for messages. */
tsr_status tsr__tuning_parse(tsr__tuning *tuning, const char *text, size_t bytes, const char *name,
                             const tsr__log *log);

#endif
