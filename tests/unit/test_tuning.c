/* Tuning data: what is read from text, what wins, and when selection follows it. Invented devices, no OpenCL. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tuned.h"
#include "unit/invented.h"

#define PROBLEM "conv:c64h56w56k64r3s3pd1"
#define KEY     "invented\t1.0\t" PROBLEM "\tany>any\tplain"
#define PARAMS  "vec16 q6 k2 rounds8 cstep16 slab64"
#define RESULT  KEY "\tdirect_blocked\t" PARAMS "\t2000\t3000\t9/9"
#define BEHIND  "\t2000\t3000\t9/9\n"
#define LISTENER                                         \
    {                                                    \
        .function = keep_message, .level = TSR_LOG_DEBUG \
    }

static char messages[4096];

static void keep_message(void *cookie, tsr_log_level level, const char *message)
{
    (void)cookie;
    (void)level;
    const size_t used = strlen(messages);
    snprintf(messages + used, sizeof messages - used, "%s\n", message);
}

/* A table with the records of a text. */
static tsr__tuning read_text(const char *text)
{
    const tsr__log log = LISTENER;
    tsr__tuning tuning;
    messages[0] = '\0';
    assert_ok(tsr__tuning_open(&tuning));
    assert_ok(tsr__tuning_parse(&tuning, text, strlen(text), "text", &log));
    return tuning;
}

static tsr_device device_of(tsr_device_kind kind)
{
    tsr_device device = invent(kind, 16);
    strcpy(device.driver, "1.0");
    return device;
}

/* ---- Reading --------------------------------------------------------------------------------------------------- */

static void a_record_is_read(void **state)
{
    (void)state;
    tsr__tuning tuning = read_text("# a comment\n\n" RESULT "\r\n" KEY "\tdirect_blocked\tvec16 q9\tbroken");
    tsr__tuning_choice choice;
    assert_string_equal(messages, "");
    assert_true(tsr__tuning_get(&tuning, KEY, 0, &choice));
    assert_string_equal(choice.algorithm, "direct_blocked");
    assert_string_equal(choice.params, PARAMS);
    assert_int_equal(choice.ns, 2000);
    assert_int_equal(choice.default_ns, 3000);
    assert_true(tsr__tuning_finished(&choice));
    assert_false(tsr__tuning_get(&tuning, KEY, 1, &choice)); /* what is broken is no result */
    assert_true(tsr__tuning_is_broken(&tuning, KEY, "direct_blocked", "vec16 q9"));
    assert_false(tsr__tuning_is_broken(&tuning, KEY, "direct_blocked", PARAMS));
    tsr__tuning_close(&tuning);
}

static void what_is_no_record_is_skipped_and_told(void **state)
{
    (void)state;
    static const struct {
        const char *line, *field;
    } cases[] = {
        {"nonsense", "number of fields"},
        {KEY "\tdirect_blocked\t" PARAMS, "number of fields"},
        {RESULT "\tmore", "number of fields"},
        {"d\t1\tno problem\tany>any\tplain\ta\t-" BEHIND, "problem"},
        {"d\t1\tconv:c1w1k1\tany\tplain\ta\t-" BEHIND, "layouts"},
        {"d\t1\tconv:c1w1k1\tany>any\tcrushed\ta\t-" BEHIND, "weights"},
        {KEY "\t\t-" BEHIND, "algorithm"},
        {KEY "\ta\t" BEHIND, "params"},
        {KEY "\ta\t-\t0\t3000\t9/9", "nanoseconds"},
        {KEY "\ta\t-\t-5\t3000\t9/9", "nanoseconds"},
        {KEY "\ta\t-\t1e3\t3000\t9/9", "nanoseconds"},
        {KEY "\ta\t-\t99999999999999999999\t3000\t9/9", "nanoseconds"},
        {KEY "\ta\t-\tbrokenly", "nanoseconds"},
        {KEY "\ta\t-\t2000\tx\t9/9", "default's nanoseconds"},
        {KEY "\ta\t-\t2000\t3000\t9", "candidates tried"},
        {KEY "\ta\t-\t2000\t3000\t9/8", "candidates tried"},
        {KEY "\ta\t-\t2000\t3000\t9/9/9", "candidates tried"},
        {KEY "\ta\t-\t2000\t3000\t9/99999999999", "candidates tried"},
        {KEY "\ta\033\t-" BEHIND, "control character"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        char text[2048];
        snprintf(text, sizeof text, "%s\n%s\n%s", RESULT, cases[i].line, "d\t1\tmax:c1w1\tany>any\tplain\tb\t-" BEHIND);
        text[strlen(text) - 1] = '\0';
        tsr__tuning tuning = read_text(text);
        assert_int_equal(tuning.count, 2);
        assert_contains(messages, "text:2 ");
        assert_contains(messages, cases[i].field);
        tsr__tuning_close(&tuning);
    }
}

static void endless_lines_and_zero_bytes_are_skipped(void **state)
{
    (void)state;
    enum { BYTES = 1 << 16 };
    const tsr__log log = LISTENER;
    char *text = malloc(BYTES);
    assert_non_null(text);
    for (int filler = 0; filler <= 'x'; filler += 'x') {
        tsr__tuning tuning = read_text("");
        memset(text, filler, BYTES);
        memcpy(text + BYTES - sizeof RESULT, "\n" RESULT, sizeof RESULT);
        assert_ok(tsr__tuning_parse(&tuning, text, BYTES, "text", &log));
        assert_int_equal(tuning.count, 1);
        assert_contains(messages, "text:1 is skipped");
        tsr__tuning_close(&tuning);
    }
    free(text);
}

static void the_longest_field_fits_and_a_longer_one_does_not(void **state)
{
    (void)state;
    for (int longer = 0; longer <= 1; ++longer) {
        char text[2048];
        snprintf(text, sizeof text, KEY "\ta\t%0*d" BEHIND, TSR__TUNING_PARAMS - 1 + longer, 7);
        tsr__tuning tuning = read_text(text);
        assert_int_equal(tuning.count, !longer);
        tsr__tuning_close(&tuning);
    }
}

/* ---- Order ----------------------------------------------------------------------------------------------------- */

static void the_order_of_lines_does_not_matter(void **state)
{
    (void)state;
    static const char *const lines[] = {
        KEY "\ta\tq1\t500\t900\t3/4\n",         KEY "\ta\tq2\t700\t900\t4/4\n", KEY "\ta\tq2\t600\t900\t4/4\n",
        KEY "\ta\tq2\t650\t900\t4/4\n",         KEY "\tb\t-\t800\t900\t4/4\n",  KEY "\ta\tq1\tbroken\n",
        "other" KEY "\ta\tq1\t100\t900\t4/4\n",
    };
    for (size_t first = 0; first < COUNT(lines); ++first) {
        char text[4096] = "";
        for (size_t i = 0; i < COUNT(lines); ++i) strcat(text, lines[(first + i) % COUNT(lines)]);
        tsr__tuning tuning = read_text(text);
        tsr__tuning_choice choice;
        assert_true(tsr__tuning_get(&tuning, KEY, 0, &choice)); /* the best of those that were searched to the end */
        assert_int_equal(choice.ns, 600);
        assert_true(tsr__tuning_get(&tuning, KEY, 1, &choice));
        assert_string_equal(choice.algorithm, "b");
        assert_true(tsr__tuning_get(&tuning, KEY, 2, &choice));
        assert_int_equal(choice.ns, 500);
        assert_false(tsr__tuning_get(&tuning, KEY, 3, &choice));
        tsr__tuning_close(&tuning);
    }
}

static void what_was_measured_now_takes_the_place_of_what_is_on_record(void **state)
{
    (void)state;
    tsr__tuning tuning = read_text(KEY "\ta\tq1\t500\t900\t4/4\n" KEY "\tb\tq1\t400\t900\t4/4\n");
    tsr__tuning_choice now = {.algorithm = "a", .params = "q2", .ns = 800, .default_ns = 900, .tried = 4, .legal = 4};
    tsr__tuning_choice choice;
    assert_ok(tsr__tuning_remember(&tuning, KEY, &now, "a")); /* the named algorithm's alone */
    assert_true(tsr__tuning_get(&tuning, KEY, 0, &choice));
    assert_string_equal(choice.algorithm, "b");
    assert_true(tsr__tuning_get(&tuning, KEY, 1, &choice));
    assert_int_equal(choice.ns, 800);
    assert_ok(tsr__tuning_remember(&tuning, KEY, &now, NULL));
    assert_true(tsr__tuning_get(&tuning, KEY, 0, &choice));
    assert_string_equal(choice.params, "q2");
    assert_false(tsr__tuning_get(&tuning, KEY, 1, &choice));
    now.broken = true;
    assert_ok(tsr__tuning_remember(&tuning, KEY, &now, NULL));
    assert_true(tsr__tuning_get(&tuning, KEY, 0, &choice)); /* a failed build says nothing against a result */
    tsr__tuning_close(&tuning);
}

/* ---- Selection ------------------------------------------------------------------------------------------------- */

/* What selection makes of a text for the problem of KEY. */
static tsr__tuned follow(const char *text, const tsr_device *device, const tsr_plan_options *options, tsr__offer *offer)
{
    const tsr__log log = LISTENER;
    const tsr__problem problem = conv_problem(PROBLEM, TSR_LAYOUT_ANY);
    tsr__tuning tuning = read_text(text);
    const tsr__tuned tuned = tsr__offer_tuned(&tuning, device, &problem, options, &log, offer);
    tsr__tuning_close(&tuning);
    return tuned;
}

static void a_legal_record_is_followed(void **state)
{
    (void)state;
    const tsr_device cpu = device_of(TSR_DEVICE_CPU);
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    assert_int_equal(follow(RESULT, &cpu, &options, &offer), TSR__TUNED);
    assert_string_equal(offer.algorithm->name, "direct_blocked");
    assert_int_equal(offer.params.value[1], 6); /* q */
    assert_true(offer.workspace_bytes > 0);     /* weights are packed at every run */
    assert_true(offer.tuned_ms == 0.002 && offer.default_ms == 0.003);
    assert_int_equal(follow(KEY "\tdirect_blocked\t" PARAMS "\t2000\t3000\t8/9", &cpu, &options, &offer),
                     TSR__TUNED_IN_PART);
    /* The slow reference has no params. */
    assert_int_equal(follow(KEY "\treference\t-" BEHIND, &cpu, &options, &offer), TSR__TUNED);
    assert_string_equal(offer.algorithm->name, "reference");
}

static void a_record_that_is_not_legal_is_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {KEY "\tmagic\t" PARAMS BEHIND, "no such algorithm"},
        {KEY "\timplicit_gemm\t" PARAMS BEHIND, "do not admit"}, /* of the other family */
        {KEY "\tdepthwise_blocked\t-" BEHIND, "groups"},
        {KEY "\tdirect_blocked\t-" BEHIND, "params"},
        {KEY "\tdirect_blocked\tvec16 q6 k2 rounds8 cstep16 slab65" BEHIND, "params"},
        {KEY "\tdirect_blocked\tvec16 q1000000000 k2 rounds8 cstep16 slab64" BEHIND, "params"},
        {KEY "\tdirect_blocked\t" PARAMS " x1" BEHIND, "params"},
    };
    const tsr_device cpu = device_of(TSR_DEVICE_CPU);
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    for (size_t i = 0; i < COUNT(cases); ++i) {
        assert_int_equal(follow(cases[i].text, &cpu, &options, &offer), TSR__UNTUNED);
        assert_contains(messages, cases[i].reason);
        /* The next best serves. */
        char both[2048];
        snprintf(both, sizeof both, "%s" KEY "\tdirect_blocked\t" PARAMS "\t5000\t5000\t9/9", cases[i].text);
        assert_int_equal(follow(both, &cpu, &options, &offer), TSR__TUNED);
        assert_string_equal(offer.algorithm->name, "direct_blocked");
    }
}

static void a_foreign_record_is_not_found(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "other\t1.0\t" PROBLEM "\tany>any\tplain",          "invented\t1.1\t" PROBLEM "\tany>any\tplain",
        "invented\t1.0\tconv:c64h56w56k64\tany>any\tplain", "invented\t1.0\t" PROBLEM "\tnchw>nchw\tplain",
        "invented\t1.0\t" PROBLEM "\tany>any\tpacked",      "invented\t1.0\t" PROBLEM "\tany>any,views\tplain",
    };
    const tsr_device cpu = device_of(TSR_DEVICE_CPU);
    const tsr_plan_options options = tsr_plan_options_default();
    for (size_t i = 0; i < COUNT(foreign); ++i) {
        char text[2048];
        tsr__offer offer;
        snprintf(text, sizeof text, "%s\tdirect_blocked\t" PARAMS BEHIND, foreign[i]);
        assert_int_equal(follow(text, &cpu, &options, &offer), TSR__UNTUNED);
        assert_string_equal(messages, "");
    }
}

static void the_options_hold_whatever_is_on_record(void **state)
{
    (void)state;
    const tsr_device cpu = device_of(TSR_DEVICE_CPU);
    tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    assert_int_equal(follow(RESULT, &cpu, &options, &offer), TSR__TUNED);
    options.workspace_limit_bytes = offer.workspace_bytes - 1; /* in parts */
    assert_int_equal(follow(RESULT, &cpu, &options, &offer), TSR__TUNED);
    assert_true(offer.parts > 1 && offer.workspace_bytes <= options.workspace_limit_bytes);
    options.workspace_limit_bytes = 64;
    assert_int_equal(follow(RESULT, &cpu, &options, &offer), TSR__UNTUNED);
    assert_contains(messages, "workspace_limit_bytes");
    options = tsr_plan_options_default();
    options.algorithm = "reference";
    assert_int_equal(follow(RESULT, &cpu, &options, &offer), TSR__UNTUNED);
    options = tsr_plan_options_default();
    options.strict = true;
    assert_int_equal(follow(KEY "\treference\t-" BEHIND, &cpu, &options, &offer), TSR__UNTUNED);
    const tsr_device gpu = device_of(TSR_DEVICE_GPU);
    options = tsr_plan_options_default();
    assert_int_equal(follow(RESULT, &gpu, &options, &offer), TSR__UNTUNED);
}

/* A driver's text may hold anything; as a field it holds no tab. */
static void names_with_tabs_make_keys_too(void **state)
{
    (void)state;
    char key[TSR__TUNING_KEY];
    tsr_device cpu = device_of(TSR_DEVICE_CPU);
    const tsr__problem problem = conv_problem(PROBLEM, TSR_LAYOUT_NCHW);
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = true;
    strcpy(cpu.name, "a\tb\n");
    tsr__tuning_key(&cpu, &problem, &options, key);
    assert_string_equal(key, "a b \t1.0\t" PROBLEM "\tnchw>nchw\tpacked");
}

/* ---- Files ----------------------------------------------------------------------------------------------------- */

static void files_keep_what_others_measured(void **state)
{
    (void)state;
    char folder[] = "/tmp/tessera-tuning-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data", folder);
    static const char text[] = RESULT "\nother\t2\tmax:c4w4r2\tnchw>nchw\tplain\ttiled\t-\tbroken\n";
    tsr_context *first = NULL, *second = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &first));
    assert_ok(tsr_context_create("cpu", NULL, &second));
    assert_ok(tsr_tuning_add(first, text, sizeof text - 1));
    assert_ok(tsr_tuning_save(first, path));
    assert_ok(tsr_tuning_load(second, path));
    assert_ok(tsr_tuning_load(second, path)); /* twice is once */
    assert_ok(tsr_tuning_save(second, path));
    char read[4096] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(read, 1, sizeof read - 1, file) > 0);
    fclose(file);
    const char *records = strstr(read, "\ninvented");
    assert_non_null(records);
    assert_string_equal(records + 1, text);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left in it */
    tsr_context_destroy(first);
    tsr_context_destroy(second);
}

static void what_cannot_be_read_or_written_is_told(void **state)
{
    (void)state;
    tsr_context *context = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &context));
    assert_fails(tsr_tuning_load(context, "/nonexistent/data"), TSR_INVALID_VALUE, "/nonexistent/data", "read");
    assert_fails(tsr_tuning_load(context, "/tmp"), TSR_INVALID_VALUE, "/tmp", "read");
    assert_fails(tsr_tuning_load(context, "/dev/zero"), TSR_INVALID_VALUE, "/dev/zero", "64 MiB");
    assert_fails(tsr_tuning_save(context, "/nonexistent/data"), TSR_INVALID_VALUE, "/nonexistent/data", "write");
    assert_fails(tsr_tuning_save(context, "/tmp"), TSR_INVALID_VALUE, "/tmp", "regular");
    assert_fails(tsr_tuning_save(context, "/dev/null"), TSR_INVALID_VALUE, "/dev/null", "regular");
    assert_fails(tsr_tuning_load(NULL, "x"), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_tuning_load(context, NULL), TSR_INVALID_VALUE, "path is NULL");
    assert_fails(tsr_tuning_save(NULL, "x"), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_tuning_save(context, NULL), TSR_INVALID_VALUE, "path is NULL");
    assert_fails(tsr_tuning_add(NULL, "x", 1), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_tuning_add(context, NULL, 1), TSR_INVALID_VALUE, "text is NULL");
    assert_ok(tsr_tuning_add(context, "", 0));
    tsr_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read),
        cmocka_unit_test(what_is_no_record_is_skipped_and_told),
        cmocka_unit_test(endless_lines_and_zero_bytes_are_skipped),
        cmocka_unit_test(the_longest_field_fits_and_a_longer_one_does_not),
        cmocka_unit_test(the_order_of_lines_does_not_matter),
        cmocka_unit_test(what_was_measured_now_takes_the_place_of_what_is_on_record),
        cmocka_unit_test(a_legal_record_is_followed),
        cmocka_unit_test(a_record_that_is_not_legal_is_passed_over),
        cmocka_unit_test(a_foreign_record_is_not_found),
        cmocka_unit_test(the_options_hold_whatever_is_on_record),
        cmocka_unit_test(names_with_tabs_make_keys_too),
        cmocka_unit_test(files_keep_what_others_measured),
        cmocka_unit_test(what_cannot_be_read_or_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
