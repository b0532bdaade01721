/* The suites, which bench/CMakeLists.txt embeds from bench/suites. */
#ifndef TESSERA_BENCH_SUITES_H
#define TESSERA_BENCH_SUITES_H

typedef struct suite {
    const char *name; /* of the file, without ".csv" */
    const char *text;
} suite;

/* In the order of their names, ended by one without a name. */
extern const suite suites[];

/* "alexnet, inception-v3, ...", for messages. */
extern const char *const suite_names;

#endif
