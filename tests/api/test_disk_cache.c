/* The program cache end to end: what is warm is not compiled again, and whatever is wrong with a file, the program is
 * built from source and the results are right. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/wrapped.h"
#include "support/support.h"
#include "support/check.h"

enum { SKIPPED = 77, PATH = 512 };

static const char *self; /* this program, for a second process */

/* What one use of the library did. */
typedef struct outcome {
    long sources, binaries;
    int warnings;
} outcome;

static void count_warning(void *cookie, tsr_log_level level, const char *message)
{
    (void)message;
    outcome *o = cookie;
    if (level == TSR_LOG_WARN) ++o->warnings;
}

/* A pooling in a fresh context with the folder as its cache; its result must be right. */
static outcome use(const char *folder)
{
    static const float image[8] = {1, 5, 2, 6, 3, 7, 4, 8}, expected[2] = {7, 8}; /* rows 1 5 2 6 and 3 7 4 8 */
    outcome o = {0};
    tsr_context_options options = tsr_context_options_default();
    options.log = count_warning;
    options.log_cookie = &o;
    options.cache_folder = folder;
    tsr_context *context = NULL;
    tsr_plan *plan = NULL;
    tsr_buffer *x = NULL, *y = NULL;
    tsr_pool problem;
    float result[2] = {0};
    wrapped_reset();
    assert_ok(tsr_pool_parse("max:c1h2w4r2s2", &problem));
    assert_ok(tsr_context_create(support_selector(), &options, &context));
    assert_ok(tsr_pool_plan(context, &problem, NULL, &plan));
    assert_ok(tsr_buffer_create(context, sizeof image, &x));
    assert_ok(tsr_buffer_create(context, sizeof result, &y));
    assert_ok(tsr_buffer_write(x, 0, image, sizeof image));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = x, .y = y}));
    assert_ok(tsr_buffer_read(y, 0, result, sizeof result));
    tsr_buffer_destroy(x);
    tsr_buffer_destroy(y);
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
    o.sources = wrapped.sources;
    o.binaries = wrapped.binaries;
    assert_memory_equal(result, expected, sizeof expected);
    return o;
}

/* ---- Folders --------------------------------------------------------------------------------------------------- */

static int make_folder(void **state)
{
    char *folder = test_calloc(1, PATH);
    snprintf(folder, PATH, "%s/tessera-cache-XXXXXX", getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
    *state = folder;
    return mkdtemp(folder) == NULL;
}

/* The name of a file in the folder, or false where there is none; checks that there are `count`. */
static bool only_file(const char *folder, int count, char path[PATH + 256])
{
    int found = 0;
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (const struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, PATH + 256, "%s/%s", folder, entry->d_name);
        ++found;
    }
    closedir(open_folder);
    assert_int_equal(found, count);
    return found > 0;
}

static int remove_folder(void **state)
{
    char path[PATH + 256];
    DIR *open_folder = opendir(*state);
    for (const struct dirent *entry; open_folder != NULL && (entry = readdir(open_folder)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", (const char *)*state, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    if (open_folder != NULL) closedir(open_folder);
    rmdir(*state);
    test_free(*state);
    return 0;
}

/* ---- Tests ----------------------------------------------------------------------------------------------------- */

static void a_warm_program_is_not_compiled(void **state)
{
    const outcome cold = use(*state), warm = use(*state);
    assert_int_equal(cold.sources, 1);
    assert_int_equal(cold.binaries, 0);
    assert_int_equal(warm.sources, 0);
    assert_int_equal(warm.binaries, 1);
    assert_int_equal(cold.warnings + warm.warnings, 0);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    (void)state;
    assert_int_equal(use(NULL).sources, 1);
    assert_int_equal(use(NULL).sources, 1);
}

/* Reads a whole file; the caller frees. */
static unsigned char *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *content = malloc(*bytes);
    assert_non_null(content);
    assert_int_equal(fread(content, 1, *bytes, file), *bytes);
    fclose(file);
    return content;
}

static void write_file(const char *path, const unsigned char *content, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

/* A damaged file is never handed to the driver; the program is compiled and the file mended. */
static void assert_mended(const char *folder, const char *path, const unsigned char *damaged, size_t bytes)
{
    write_file(path, damaged, bytes);
    const outcome after = use(folder);
    assert_int_equal(after.binaries, 0);
    assert_int_equal(after.sources, 1);
    assert_int_equal(after.warnings, 1);
    assert_int_equal(use(folder).sources, 0);
}

static void damaged_files_are_rebuilt_and_mended(void **state)
{
    const char *folder = *state;
    char path[PATH + 256];
    use(folder);
    only_file(folder, 1, path);
    size_t bytes = 0;
    unsigned char *content = read_file(path, &bytes);
    const size_t lengths[] = {0, 10, 63, 64, 100, bytes / 2, bytes * 9 / 10, bytes - 1};
    for (size_t i = 0; i < COUNT(lengths); ++i) assert_mended(folder, path, content, lengths[i]);
    const size_t flips[] = {0, 8, 17, 30, 35, 50, 64, 65, bytes / 2, bytes - 1};
    for (size_t i = 0; i < COUNT(flips); ++i) {
        content[flips[i]] ^= 0x10;
        assert_mended(folder, path, content, bytes);
        content[flips[i]] ^= 0x10;
    }
    free(content);
}

static void a_file_of_another_program_or_device_is_not_used(void **state)
{
    const char *folder = *state;
    char path[PATH + 256];
    use(folder);
    only_file(folder, 1, path);
    size_t bytes = 0;
    unsigned char *content = read_file(path, &bytes);
    /* Under this name, but with a key that other texts, or another driver, would have had. */
    content[16] ^= 0xff;
    assert_mended(folder, path, content, bytes);
    free(content);
}

static void an_unusable_folder_is_no_error(void **state)
{
    char path[PATH + 64];
    snprintf(path, sizeof path, "%s/file", (const char *)*state);
    write_file(path, (const unsigned char *)"x", 1);
    const outcome o = use(path);
    assert_int_equal(o.sources, 1);
    assert_int_equal(o.warnings, 1);
}

static pid_t start_second_process(const char *folder)
{
    const pid_t child = fork();
    if (child == 0) {
        execl(self, self, folder, (char *)NULL);
        _exit(99);
    }
    assert_true(child > 0);
    return child;
}

static void two_processes_share_a_folder(void **state)
{
    const char *folder = *state;
    enum { PROCESSES = 4 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; ++i) children[i] = start_second_process(folder);
    for (int i = 0; i < PROCESSES; ++i) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    char path[PATH + 256];
    only_file(folder, 1, path);
    assert_int_equal(use(folder).sources, 0);
}

static void use_in_a_second_process(void **state)
{
    use(*state);
}

int main(int argc, char **argv)
{
    if (strcmp(support_selector(), "cpu") == 0) return SKIPPED; /* the CPU path builds no programs */
    if (argc > 1) {
        const struct CMUnitTest test[] = {cmocka_unit_test_prestate(use_in_a_second_process, argv[1])};
        return cmocka_run_group_tests(test, NULL, NULL);
    }
    self = argv[0];
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_warm_program_is_not_compiled),       WITH_FOLDER(without_a_folder_nothing_is_kept),
        WITH_FOLDER(damaged_files_are_rebuilt_and_mended), WITH_FOLDER(a_file_of_another_program_or_device_is_not_used),
        WITH_FOLDER(an_unusable_folder_is_no_error),       WITH_FOLDER(two_processes_share_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
