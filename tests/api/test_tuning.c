/* Tuning on a device: what is measured is remembered, kept in files and followed, and changes no result. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/runs.h"
#include "conv/conv.h"
#include "plan_internal.h"
#include "support/support.h"
#include "support/check.h"

/* Long enough for any search. */
enum { AMPLE_MS = 600000 };

/* Exact, because an algorithm that rounds differently gives other bits whether a record or the order chooses it. */
static tsr_conv small_problem(void)
{
    return conv_run_problem("conv:c6h5w7k20r3s3pd1,bias,exact", TSR_LAYOUT_ANY);
}

/* Makes a plan, tells what it is and how it was tuned. */
static tsr_plan_info plan_once(tsr_context *context, const tsr_plan_options *options, char description[512])
{
    const tsr_conv problem = small_problem();
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    assert_ok(tsr_conv_plan(context, &problem, options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    snprintf(description, 512, "%s", info.description);
    tsr_plan_destroy(plan);
    return info;
}

static void what_was_tuned_is_followed_here_and_elsewhere(void **state)
{
    (void)state;
    char folder[] = "/tmp/tessera-tuning-XXXXXX", path[64], tuned[512], again[512];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data", folder);
    tsr_context *context = support_context(), *other = support_context();
    tsr_plan_options options = tsr_plan_options_default();
    options.tune_ms = AMPLE_MS;
    const tsr_plan_info first = plan_once(context, &options, tuned);
    assert_true(first.tuned_ms > 0.0 && first.default_ms >= first.tuned_ms);
    const tsr_plan_info second = plan_once(context, &options, again); /* measured once, and not again */
    assert_true(second.tuned_ms == first.tuned_ms && second.default_ms == first.default_ms);
    assert_string_equal(again, tuned);

    assert_ok(tsr_tuning_save(context, path));
    assert_true(plan_once(other, NULL, again).tuned_ms == 0.0);
    assert_ok(tsr_tuning_load(other, path));
    assert_true(plan_once(other, NULL, again).tuned_ms == first.tuned_ms);
    assert_string_equal(again, tuned);
    options.packed_weights = true; /* another key */
    options.tune_ms = 0;
    assert_true(plan_once(other, &options, again).tuned_ms == 0.0);
    tsr_context_destroy(context);
    tsr_context_destroy(other);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void a_moment_is_not_enough_and_no_failure(void **state)
{
    (void)state;
    char description[512];
    tsr_context *context = support_context();
    tsr_plan_options options = tsr_plan_options_default();
    options.tune_ms = 1;
    plan_once(context, &options, description);
    options.algorithm = "reference"; /* the one that is named, whatever the tuner found */
    assert_string_equal(plan_once(context, &options, description).algorithm, "reference");
    tsr_context_destroy(context);
}

/* Pooling, unpooling and reorders have no params, and may be tuned like anything. */
static void what_has_one_candidate_is_tuned_too(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    tsr_plan_options options = tsr_plan_options_default();
    options.tune_ms = AMPLE_MS;
    tsr_unpool problem = tsr_unpool_default();
    problem.c = 4;
    problem.pooled[TSR_W] = 8;
    problem.size[TSR_W] = 16;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    assert_ok(tsr_unpool_plan(context, &problem, &options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    assert_true(info.tuned_ms > 0.0);
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
}

/* Adds a record for the small problem: these params were the fastest, of so many tried. */
static void add_record(tsr_context *context, const tsr__offer *offer, const char *tried)
{
    tsr__problem problem;
    const tsr_conv conv = small_problem();
    const tsr_plan_options options = tsr_plan_options_default();
    char key[TSR__TUNING_KEY], params[TSR__TUNING_PARAMS], line[2048];
    assert_ok(tsr__conv_problem(&conv, &problem));
    tsr__tuning_key(tsr_context_device(context), &problem, &options, key);
    tsr__tuning_params(offer->algorithm, &offer->params, params);
    snprintf(line, sizeof line, "%s\t%s\t%s\t1\t2\t%s\n", key, offer->algorithm->name, params, tried);
    assert_ok(tsr_tuning_add(context, line, strlen(line)));
}

static unsigned char *result_in(tsr_context *context, tsr_plan_info *info)
{
    const tsr_conv problem = small_problem();
    conv_run run = conv_run_open(context, &problem, NULL);
    const tsr_args args = conv_run_args(&run);
    assert_ok(tsr_plan_run(run.plan, &args));
    *info = run.info;
    unsigned char *result = conv_run_result(&run);
    conv_run_close(&run);
    return result;
}

/* The first and the last candidate of each algorithm, named by a record and by nothing else. */
static void a_record_changes_no_bit(void **state)
{
    (void)state;
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr_conv conv = small_problem();
    tsr__problem problem;
    tsr_plan_info info, tuned;
    tsr_context *plain = support_context();
    const tsr_device *device = tsr_context_device(plain);
    unsigned char *expected = result_in(plain, &info);
    assert_ok(tsr__conv_problem(&conv, &problem));
    int followed = 0;
    for (const tsr__algorithm *const *a = tsr__algorithms_for(device, problem.op); *a != NULL; ++a) {
        tsr__offer offer;
        tsr__params candidates[TSR__MAX_CANDIDATES];
        if (!tsr__admits(&options, device, *a)) continue;
        tsr__offer_from(*a, device, &problem, &options, &offer);
        if (offer.refusal != NULL || offer.whole.y.layout != info.y.layout) continue;
        const size_t count = tsr__offer_candidates(&offer, device, candidates, TSR__MAX_CANDIDATES);
        for (size_t i = 0; i<count; i += count> 1 ? count - 1 : 1) {
            tsr_context *context = support_context();
            tsr__offer_take(&offer, &candidates[i], device, &options);
            add_record(context, &offer, "3/3");
            unsigned char *result = result_in(context, &tuned);
            assert_true(tuned.tuned_ms > 0.0);
            assert_string_equal(tuned.algorithm, (*a)->name);
            assert_memory_equal(result, expected, info.y_bytes);
            free(result);
            tsr_context_destroy(context);
            ++followed;
        }
    }
    assert_true(followed > 0);
    free(expected);
    tsr_context_destroy(plain);
}

/* An offer of the last candidate of an algorithm that has at least three; false where there is none. */
static bool find_last_candidate(const tsr_device *device, tsr__offer *offer)
{
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr_conv conv = small_problem();
    tsr__problem problem;
    assert_ok(tsr__conv_problem(&conv, &problem));
    for (const tsr__algorithm *const *a = tsr__algorithms_for(device, problem.op); *a != NULL; ++a) {
        tsr__params candidates[TSR__MAX_CANDIDATES];
        if (!tsr__admits(&options, device, *a)) continue;
        tsr__offer_from(*a, device, &problem, &options, offer);
        if (offer->refusal != NULL) continue;
        const size_t count = tsr__offer_candidates(offer, device, candidates, TSR__MAX_CANDIDATES);
        if (count < 3) continue;
        tsr__offer_take(offer, &candidates[count - 1], device, &options);
        return true;
    }
    return false;
}

/* The lines of a log about tuning, one behind the other, as many as fit. */
typedef char tuning_lines[2048];

static void keep_line(void *kept, tsr_log_level level, const char *message)
{
    char *lines = kept;
    const size_t used = strlen(lines);
    if (level == TSR_LOG_DEBUG && strncmp(message, "tuning", strlen("tuning")) == 0)
        snprintf(lines + used, sizeof(tuning_lines) - used, "%s\n", message);
}

static tsr_context *logging_context(tuning_lines kept)
{
    tsr_context_options options = tsr_context_options_default();
    options.log = keep_line;
    options.log_cookie = kept;
    options.log_level = TSR_LOG_DEBUG;
    options.cache_folder = getenv("TESSERA_TEST_CACHE");
    tsr_context *context = NULL;
    assert_ok(tsr_context_create(support_selector(), &options, &context));
    return context;
}

static void the_log_tells_which_record_is_followed(void **state)
{
    (void)state;
    tuning_lines lines = "";
    char description[512];
    tsr_context *context = logging_context(lines);
    const tsr_conv conv = small_problem();
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__problem problem;
    tsr__offer offer;
    assert_ok(tsr__conv_problem(&conv, &problem));
    const tsr__algorithm *const *last = tsr__algorithms_for(tsr_context_device(context), problem.op);
    while (last[1] != NULL) ++last; /* the reference, which accepts all */
    const tsr__algorithm *reference = *last;
    tsr__offer_from(reference, tsr_context_device(context), &problem, &options, &offer);
    tsr__algorithm gone = *reference;
    gone.name = "gone";
    offer.algorithm = &gone;
    add_record(context, &offer, "1/1");
    plan_once(context, NULL, description);
    assert_contains(lines, "tuning data is passed over: conv/gone ");
    assert_contains(lines, ": there is no such algorithm");
    assert_null(strstr(lines, "tuning data: "));
    offer.algorithm = reference;
    add_record(context, &offer, "1/1");
    plan_once(context, NULL, description);
    assert_contains(lines, "tuning data: conv/reference");
    tsr_context_destroy(context);
}

/* A search that goes on begins with what the one before found: were its time up soon, that would be lost. */
static void the_best_so_far_is_tried_first(void **state)
{
    (void)state;
    tuning_lines lines = "";
    char params[TSR__TUNING_PARAMS], description[512];
    tsr_context *context = logging_context(lines);
    tsr__offer offer;
    if (find_last_candidate(tsr_context_device(context), &offer)) {
        tsr_plan_options tuned = tsr_plan_options_default();
        tuned.tune_ms = AMPLE_MS;
        add_record(context, &offer, "2/3");
        tsr__tuning_params(offer.algorithm, &offer.params, params);
        plan_once(context, &tuned, description);
        char *first = strstr(lines, "tuning: ");
        assert_non_null(first);
        *strchr(first, '\n') = '\0';
        assert_contains(first, params);
    } else {
        assert_string_equal(support_selector(), "cpu");
    }
    tsr_context_destroy(context);
}

static void explaining_tells_what_would_run(void **state)
{
    (void)state;
    enum { MANY = 16 };
    const tsr_conv conv = small_problem();
    tsr__problem problem;
    tsr_context *context = support_context();
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    assert_ok(tsr__conv_problem(&conv, &problem));
    const tsr__algorithm *const *last = tsr__algorithms_for(tsr_context_device(context), problem.op);
    while (last[1] != NULL) ++last;
    tsr__offer_from(*last, tsr_context_device(context), &problem, &options, &offer);
    add_record(context, &offer, "3/3"); /* the reference */
    tsr_candidate candidates[MANY];
    size_t count = 0;
    assert_ok(tsr_conv_explain(context, &conv, NULL, candidates, MANY, &count));
    for (size_t i = 0; i < count; ++i) assert_int_equal(candidates[i].chosen, i == count - 1);
    tsr_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_tuned_is_followed_here_and_elsewhere),
        cmocka_unit_test(a_moment_is_not_enough_and_no_failure),
        cmocka_unit_test(what_has_one_candidate_is_tuned_too),
        cmocka_unit_test(a_record_changes_no_bit),
        cmocka_unit_test(the_log_tells_which_record_is_followed),
        cmocka_unit_test(the_best_so_far_is_tried_first),
        cmocka_unit_test(explaining_tells_what_would_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
