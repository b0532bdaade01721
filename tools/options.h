/* Command-line options as a table: each rule names an option and says where its value goes. */
#ifndef TESSERA_TOOLS_OPTIONS_H
#define TESSERA_TOOLS_OPTIONS_H

#include "tessera.h"

enum { OPTIONS_MAX_TEXTS = 64, OPTIONS_MAX_SIZES = 2 * TSR_AXES };

/* A number that was not given, where any that can be given might be. */
#define OPTION_ABSENT INT64_MIN

/* An option that may be given several times, or the arguments that are no options. */
typedef struct option_texts {
    int count;
    const char *text[OPTIONS_MAX_TEXTS];
} option_texts;

/* "2" or "2,1" or "0,0,1,1": whole numbers. How many make sense shows when the problem's rank is known. count 0: not
 * given. */
typedef struct option_sizes {
    const char *name, *text; /* the option without "--" and what was given, for messages */
    int count;
    int64_t size[OPTIONS_MAX_SIZES];
} option_sizes;

typedef enum option_kind {
    OPTION_FLAG,  /* bool *: true when given                      */
    OPTION_TEXT,  /* const char **                                */
    OPTION_TEXTS, /* option_texts *: may be given again           */
    OPTION_SIZE,  /* int64_t *: one whole number                  */
    OPTION_AXES,  /* option_sizes *: 1 to 3 numbers               */
    OPTION_PADS,  /* option_sizes *: 1, 2, 3, 4 or 6 numbers      */
    OPTION_WORD,  /* int *: the position of the value in `words`  */
} option_kind;

typedef struct option_rule {
    const char *name; /* without "--" */
    char letter;      /* its short form, or 0 */
    option_kind kind;
    void *target;
    const char *const *words; /* for OPTION_WORD; ends with NULL */
} option_rule;

/* What a command accepts. */
typedef struct option_table {
    const char *help; /* what --help prints, and the place that mistakes point to */
    const option_rule *rules;
    int rule_count;
    int arguments_min, arguments_max; /* how many arguments that are no options it takes */
    const char *argument_names;       /* "X.npy and W.npy", for messages                 */
} option_table;

/* What to do next. Mistakes have been reported then, and the help has been printed. */
typedef enum option_outcome { OPTIONS_GO, OPTIONS_HELP, OPTIONS_WRONG } option_outcome;

/* Reads argv[1..]; argv[0] is the command's own name. `arguments` gets what is no option. */
option_outcome options_parse(const option_table *table, int argc, char **argv, option_texts *arguments);

/* Spreads numbers onto a problem's last `space` axes (1 to 3): one value stands for all of them. Absent: the problem
 * keeps its own. Numbers below `least` and counts that do not fit are refused; each returns an exit code (report.h). */
int options_spread_axes(const option_sizes *sizes, int space, int64_t least, int64_t target[TSR_AXES]);

/* One value for all sides, one for each axis, or ONNX's order: the begins of all axes, then the ends. */
int options_spread_pads(const option_sizes *sizes, int space, int64_t begin[TSR_AXES], int64_t end[TSR_AXES]);

/* That one number is at least this, where it was given. */
int options_check_least(const char *name, int64_t value, int64_t least);

/* Reports that an option is missing: "-o Y.npy". */
option_outcome options_missing(const char *option);

/* That at most one of these options was given with another that says the same in another way. Messages name both. */
typedef struct option_given {
    const char *name;
    bool given;
} option_given;
option_outcome options_exclude(const char *name, const option_given *others, int count);

/* --auto-pad's words, in the order of tsr_auto_pad. */
extern const char *const options_auto_pads[];

#endif
