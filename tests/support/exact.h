/* One algorithm against the naive CPU path, to the bit. */
#ifndef TSR_TESTS_EXACT_H
#define TSR_TESTS_EXACT_H

#include "plan_internal.h"

/* Bits for the features of a problem and the kinds of what they stand for. */
enum { EXACT_TRAITS = 64 };

/* What came of all cases of one algorithm, and of those that needed each feature. */
typedef struct exact_tally {
    int ran, refused, failed;
    int left;                        /* cases that fell to another share, or show nothing new    */
    double ms;                       /* that they took, most of it to build programs              */
    int ran_with[TSR__FEATURES];     /* that needed the feature and ran, or were left            */
    int refused_with[TSR__FEATURES]; /* that needed it and were refused                          */
    int refused_for[TSR__FEATURES];  /* that were refused in the words of this feature           */
    uint64_t met[EXACT_TRAITS];      /* what the cases that ran had beside each trait            */
} exact_tally;

/* The most shares that a test deals its cases to, and those of the params that a tuner tries. A share stands for the
 * remainder where there are fewer: two devices that run shares 0 and 3 so run all cases of a test that has two. */
enum { EXACT_SHARES = 8, EXACT_PARAM_SHARES = 4 };

typedef struct exact_lab {
    tsr_context *context;   /* of the device under test, which may be the CPU path too */
    tsr_context *reference; /* of the CPU path */
    tsr__family family;     /* whose algorithms are run; ANY: all */
    const char *only;       /* the algorithm that is run, by TESSERA_TEST_ALGORITHM; NULL: all */
    bool without_gpu;       /* by TESSERA_TEST_WITHOUT_GPU: the kernels for GPUs are not run */
    int share;              /* by TESSERA_TEST_SHARE: which share of the cases is run; -1: all */
    uint32_t shares;        /* of so many */
    bool pairs;             /* of kernels for CPUs only cases that show a new pair of traits are run */
    bool bare;              /* no guards: a tensor's buffer ends where it does, for a device that tells of overruns */
    bool signless_zeros;    /* +0 and -0 are the same, for a driver that takes them so */
} exact_lab;

/* `shares`: how many TESSERA_TEST_SHARE deals the cases to, up to EXACT_SHARES: as many as their time on PoCL asks
 * for. */
exact_lab exact_lab_open(uint32_t shares);
void exact_lab_close(exact_lab *lab);

/* Runs every algorithm of the problem's operator that accepts it on integer data: poisoned output and workspace, guard
 * bytes around every buffer, inputs untouched, and every byte of y as the reference has it. An algorithm refuses where
 * it lacks a feature that the problem needs, in the words of the first such feature, and uses such words nowhere else.
 * `tallies` holds one entry for each algorithm; `packed` says how weights are given. */
void exact_check_all(const exact_lab *lab, const tsr__problem *problem, bool packed, exact_tally *tallies);

/* The same under a limit of the workspace, which makes some run in parts. */
void exact_check_within(const exact_lab *lab, const tsr__problem *problem, bool packed, uint64_t workspace_limit,
                        exact_tally *tallies);

/* The same with every params that an algorithm offers to a tuner, and with both forms of weights. */
void exact_check_candidates(const exact_lab *lab, const tsr__problem *problem, exact_tally *tallies);

/* Prints the tallies of an operator's algorithms and answers the program's exit code: one where a case failed, where an
 * algorithm has fewer than `least` cases in all shares, or ran fewer than half of its share of that, or where none
 * ran. */
int exact_report(const exact_lab *lab, const tsr__operator *op, const exact_tally *tallies, int least);

/* Of the features that an operator can ask for, each that an algorithm has must have run in a case, and each that it
 * lacks must have been refused in its own words. Tells what is missing and answers one then. Types that the device
 * cannot compute with are left out. */
int exact_report_features(const exact_lab *lab, const tsr__operator *op, const exact_tally *tallies, uint32_t askable);

enum { EXACT_MAX_ALGORITHMS = 64 };

#endif
