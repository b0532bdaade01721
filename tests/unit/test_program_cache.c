/* The program cache on disk under damage, limits, several processes and unusable folders. */
#include "program_cache.h"
#include "support/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a file begins with: magic, format, key (2), length, checksum (2). */
enum { HEADER_BYTES = 56, FORMAT_AT = 8, KEY_AT = 16, PATH_BYTES = 512 };

static const uint64_t no_limit = UINT64_MAX;

/* ---- A folder for each test ------------------------------------------------------------------------------------ */

typedef struct fixture {
    char parent[PATH_BYTES / 4]; /* temporary, removed with all that is in it */
    char folder[PATH_BYTES / 2]; /* the cache's own, not there yet */
    int warnings;
    char warning[6000]; /* the last one */
    tsr__log log;
} fixture;

static void take_log(void *cookie, tsr_log_level level, const char *message)
{
    fixture *f = cookie;
    if (level > TSR_LOG_WARN) return;
    ++f->warnings;
    snprintf(f->warning, sizeof f->warning, "%s", message);
}

static int open_fixture(void **state)
{
    static fixture f;
    f = (fixture){.log = {.function = take_log, .cookie = &f, .level = TSR_LOG_DEBUG}};
    const char *base = getenv("TMPDIR");
    snprintf(f.parent, sizeof f.parent, "%.90s/tessera-cache-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(f.parent) == NULL) return -1;
    snprintf(f.folder, sizeof f.folder, "%s/programs", f.parent);
    *state = &f;
    return 0;
}

/* Removes a folder of files and folders. */
static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char inner[2 * PATH_BYTES];
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0) remove_tree(inner);
    }
    if (folder != NULL) closedir(folder);
    rmdir(path);
}

static int close_fixture(void **state)
{
    const fixture *f = *state;
    remove_tree(f->parent);
    return 0;
}

static tsr__program_cache opened(fixture *f, uint64_t limit)
{
    tsr__program_cache cache;
    assert_ok(tsr__program_cache_open(&cache, f->folder, limit, &f->log));
    assert_non_null(cache.folder);
    assert_string_equal(f->warning, "");
    return cache;
}

/* ---- Payloads and files ---------------------------------------------------------------------------------------- */

static tsr__key key_number(uint64_t number)
{
    return (tsr__key){.high = UINT64_C(0x1234567890abcdef), .low = number};
}

static void path_number(const fixture *f, uint64_t number, char path[PATH_BYTES])
{
    const tsr__key key = key_number(number);
    snprintf(path, PATH_BYTES, "%s/%016" PRIx64 "%016" PRIx64 ".tsrprog", f->folder, key.high, key.low);
}

/* Bytes that depend on the number, so that payloads can be told apart. */
static void fill(unsigned char *payload, size_t bytes, uint64_t number)
{
    for (size_t i = 0; i < bytes; ++i) payload[i] = (unsigned char)(i * 7 + number * 31 + i / 251);
}

static void store_number(const fixture *f, const tsr__program_cache *cache, uint64_t number, size_t bytes)
{
    unsigned char *payload = malloc(bytes);
    assert_non_null(payload);
    fill(payload, bytes, number);
    tsr__program_cache_store(cache, key_number(number), payload, bytes, &f->log);
    free(payload);
}

/* Whether the payload of a number can be loaded; where it can it must be the right one. */
static bool loads(const fixture *f, const tsr__program_cache *cache, uint64_t number, size_t bytes)
{
    size_t got = 0;
    unsigned char *payload = tsr__program_cache_load(cache, key_number(number), &got, &f->log);
    if (payload == NULL) return false;
    unsigned char *expected = malloc(bytes);
    assert_non_null(expected);
    fill(expected, bytes, number);
    assert_int_equal(got, bytes);
    assert_memory_equal(payload, expected, bytes);
    free(expected);
    free(payload);
    return true;
}

/* The bytes of a file, to be freed. */
static unsigned char *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct stat info;
    assert_int_equal(fstat(fileno(file), &info), 0);
    unsigned char *data = malloc((size_t)info.st_size + 1);
    assert_non_null(data);
    *bytes = fread(data, 1, (size_t)info.st_size, file);
    assert_int_equal(*bytes, info.st_size);
    fclose(file);
    return data;
}

static void write_file(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static int count_files(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Makes a file look as old as it is said to be. */
static void set_age(const char *path, int seconds)
{
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* ---- Good days ------------------------------------------------------------------------------------------------- */

static void what_was_stored_is_loaded(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache = opened(f, no_limit);
    static const size_t sizes[] = {1, 2, 55, 56, 57, 4095, 4096, 100000};
    for (size_t i = 0; i < COUNT(sizes); ++i) {
        assert_false(loads(f, &cache, i, sizes[i]));
        store_number(f, &cache, i, sizes[i]);
        assert_true(loads(f, &cache, i, sizes[i]));
    }
    for (size_t i = 0; i < COUNT(sizes); ++i) assert_true(loads(f, &cache, i, sizes[i]));
    assert_int_equal(count_files(f->folder), COUNT(sizes));
    assert_int_equal(f->warnings, 0);
    tsr__program_cache_close(&cache);
    assert_null(cache.folder);
}

static void storing_again_replaces(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache = opened(f, no_limit);
    tsr__program_cache_store(&cache, key_number(1), "something else", 15, &f->log);
    store_number(f, &cache, 1, 300);
    assert_true(loads(f, &cache, 1, 300));
    assert_int_equal(count_files(f->folder), 1);
    tsr__program_cache_close(&cache);
}

static void a_second_opening_finds_what_the_first_stored(void **state)
{
    fixture *f = *state;
    tsr__program_cache first = opened(f, no_limit);
    store_number(f, &first, 5, 777);
    tsr__program_cache_close(&first);
    tsr__program_cache second = opened(f, no_limit);
    assert_true(loads(f, &second, 5, 777));
    tsr__program_cache_close(&second);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    fixture *f = *state;
    static const char *const folders[] = {NULL, ""};
    for (size_t i = 0; i < COUNT(folders); ++i) {
        tsr__program_cache cache;
        assert_ok(tsr__program_cache_open(&cache, folders[i], no_limit, &f->log));
        assert_null(cache.folder);
        store_number(f, &cache, 1, 100);
        assert_false(loads(f, &cache, 1, 100));
        tsr__program_cache_close(&cache);
    }
    assert_int_equal(f->warnings, 0);
}

static void keys_tell_texts_apart(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        const char *texts[3];
    } cases[] = {
        {0, {NULL}},      {1, {""}},        {2, {"", ""}},    {1, {"abc"}},         {2, {"ab", "c"}},
        {2, {"a", "bc"}}, {2, {"abc", ""}}, {2, {"", "abc"}}, {3, {"a", "b", "c"}}, {2, {"c", "ab"}},
        {1, {"abd"}},     {1, {"abc "}},    {2, {"bc", "a"}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i)
        for (size_t j = 0; j < COUNT(cases); ++j) {
            const tsr__key a = tsr__key_of(cases[i].texts, cases[i].count);
            const tsr__key b = tsr__key_of(cases[j].texts, cases[j].count);
            assert_int_equal(a.high == b.high && a.low == b.low, i == j);
        }
}

/* ---- Damage ---------------------------------------------------------------------------------------------------- */

enum { SAMPLE_BYTES = 3000 };

/* A cache with one good file: its path and contents. */
static unsigned char *one_file(fixture *f, tsr__program_cache *cache, char path[PATH_BYTES], size_t *bytes)
{
    *cache = opened(f, no_limit);
    store_number(f, cache, 1, SAMPLE_BYTES);
    path_number(f, 1, path);
    unsigned char *data = read_file(path, bytes);
    assert_int_equal(*bytes, HEADER_BYTES + SAMPLE_BYTES);
    return data;
}

static void assert_refused(fixture *f, const tsr__program_cache *cache)
{
    const int before = f->warnings;
    assert_false(loads(f, cache, 1, SAMPLE_BYTES));
    assert_int_equal(f->warnings, before + 1);
    assert_contains(f->warning, "is not used");
}

static void every_bit_flip_is_noticed(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache;
    char path[PATH_BYTES];
    size_t bytes = 0;
    unsigned char *data = one_file(f, &cache, path, &bytes);
    /* All bits of the header and of the ends of the payload, a sample of the rest. */
    for (size_t bit = 0; bit < 8 * bytes;) {
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        write_file(path, data, bytes);
        assert_refused(f, &cache);
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        bit += bit < 8 * (HEADER_BYTES + 4) || bit >= 8 * (bytes - 4) ? 1 : 61;
    }
    write_file(path, data, bytes);
    assert_true(loads(f, &cache, 1, SAMPLE_BYTES));
    free(data);
    tsr__program_cache_close(&cache);
}

static void every_truncation_is_noticed(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache;
    char path[PATH_BYTES];
    size_t bytes = 0;
    unsigned char *data = one_file(f, &cache, path, &bytes);
    for (size_t kept = 0; kept < bytes; kept += kept < HEADER_BYTES + 8 || kept + 60 > bytes ? 1 : 53) {
        write_file(path, data, kept);
        assert_refused(f, &cache);
    }
    free(data);
    tsr__program_cache_close(&cache);
}

static void bytes_behind_the_payload_are_noticed(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache;
    char path[PATH_BYTES];
    size_t bytes = 0;
    unsigned char *data = one_file(f, &cache, path, &bytes);
    data[bytes] = 0; /* read_file() left room for one more */
    write_file(path, data, bytes + 1);
    assert_refused(f, &cache);
    assert_contains(f->warning, "length");
    free(data);
    tsr__program_cache_close(&cache);
}

static void another_programs_file_is_refused(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache;
    char path[PATH_BYTES], other[PATH_BYTES];
    size_t bytes = 0;
    free(one_file(f, &cache, path, &bytes));
    path_number(f, 2, other);
    assert_int_equal(rename(path, other), 0);
    size_t got = 0;
    assert_null(tsr__program_cache_load(&cache, key_number(2), &got, &f->log));
    assert_int_equal(f->warnings, 1);
    assert_contains(f->warning, "another program or device");
    tsr__program_cache_close(&cache);
}

static void another_formats_file_is_refused(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache;
    char path[PATH_BYTES];
    size_t bytes = 0;
    unsigned char *data = one_file(f, &cache, path, &bytes);
    uint64_t format = 0;
    memcpy(&format, data + FORMAT_AT, sizeof format);
    for (int step = -1; step <= 1; step += 2) {
        const uint64_t foreign = format + (uint64_t)step;
        memcpy(data + FORMAT_AT, &foreign, sizeof foreign);
        write_file(path, data, bytes);
        assert_refused(f, &cache);
        assert_contains(f->warning, "another format");
    }
    free(data);
    tsr__program_cache_close(&cache);
}

static void storing_repairs_what_was_damaged(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache;
    char path[PATH_BYTES];
    size_t bytes = 0;
    unsigned char *data = one_file(f, &cache, path, &bytes);
    write_file(path, data, bytes / 2);
    assert_refused(f, &cache);
    store_number(f, &cache, 1, SAMPLE_BYTES);
    assert_true(loads(f, &cache, 1, SAMPLE_BYTES));
    free(data);
    tsr__program_cache_close(&cache);
}

/* ---- Folders --------------------------------------------------------------------------------------------------- */

static unsigned mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return (unsigned)info.st_mode & 07777u;
}

static void folder_and_files_are_private_to_the_user(void **state)
{
    fixture *f = *state;
    const mode_t old = umask(0);
    tsr__program_cache cache = opened(f, no_limit);
    store_number(f, &cache, 1, 10);
    umask(old);
    char path[PATH_BYTES];
    path_number(f, 1, path);
    assert_int_equal(mode_of(f->folder), 0700);
    assert_int_equal(mode_of(path), 0600);
    tsr__program_cache_close(&cache);
}

static void missing_parents_are_created(void **state)
{
    fixture *f = *state;
    snprintf(f->folder, sizeof f->folder, "%s/a/b/c", f->parent);
    tsr__program_cache cache = opened(f, no_limit);
    assert_int_equal(mode_of(f->folder), 0700);
    store_number(f, &cache, 1, 10);
    assert_true(loads(f, &cache, 1, 10));
    tsr__program_cache_close(&cache);
}

static void assert_unusable(fixture *f, const char *folder, const char *reason)
{
    const int before = f->warnings;
    tsr__program_cache cache;
    assert_ok(tsr__program_cache_open(&cache, folder, no_limit, &f->log));
    assert_null(cache.folder);
    assert_int_equal(f->warnings, before + 1);
    assert_contains(f->warning, "no program cache on disk");
    assert_contains(f->warning, reason);
    store_number(f, &cache, 1, 10);
    assert_false(loads(f, &cache, 1, 10));
    tsr__program_cache_close(&cache);
}

static void an_unusable_folder_is_a_warning_and_no_error(void **state)
{
    fixture *f = *state;
    write_file(f->folder, "x", 1);
    assert_unusable(f, f->folder, "not a folder");
    char below[PATH_BYTES];
    snprintf(below, sizeof below, "%s/below", f->folder);
    assert_unusable(f, below, "");
    assert_unusable(f, "/proc/self/tessera", "");
    static char long_name[5000];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[0] = '/';
    assert_unusable(f, long_name, "too long");
}

static void a_folder_that_others_may_write_to_is_not_used(void **state)
{
    fixture *f = *state;
    static const mode_t modes[] = {0770, 0702, 0777};
    assert_int_equal(mkdir(f->folder, 0700), 0);
    for (size_t i = 0; i < COUNT(modes); ++i) {
        assert_int_equal(chmod(f->folder, modes[i]), 0);
        assert_unusable(f, f->folder, "other users may write to it");
    }
    assert_int_equal(chmod(f->folder, 0755), 0);
    tsr__program_cache cache;
    assert_ok(tsr__program_cache_open(&cache, f->folder, no_limit, &f->log));
    assert_non_null(cache.folder);
    tsr__program_cache_close(&cache);
}

static void a_folder_that_went_away_is_a_warning_at_storing(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache = opened(f, no_limit);
    assert_int_equal(rmdir(f->folder), 0);
    assert_false(loads(f, &cache, 1, 10));
    assert_int_equal(f->warnings, 0);
    store_number(f, &cache, 1, 10);
    assert_int_equal(f->warnings, 1);
    assert_contains(f->warning, "cannot write");
    tsr__program_cache_close(&cache);
}

/* ---- Size ------------------------------------------------------------------------------------------------------ */

static void the_oldest_files_go_when_the_limit_is_reached(void **state)
{
    fixture *f = *state;
    enum { BYTES = 1000, FILES = 6 };
    tsr__program_cache cache = opened(f, 4 * (BYTES + HEADER_BYTES));
    for (uint64_t i = 0; i < FILES; ++i) {
        char path[PATH_BYTES];
        path_number(f, i, path);
        store_number(f, &cache, i, BYTES);
        /* 1 becomes the oldest, then 0, then the others in order. */
        set_age(path, i == 1 ? 1000 : 900 - 100 * (int)i);
    }
    static const bool kept[FILES] = {false, false, true, true, true, true};
    for (uint64_t i = 0; i < FILES; ++i) assert_int_equal(loads(f, &cache, i, BYTES), kept[i]);
    assert_int_equal(count_files(f->folder), 4);
    tsr__program_cache_close(&cache);
}

static void abandoned_temporary_files_count_and_go_first(void **state)
{
    fixture *f = *state;
    enum { BYTES = 1000 };
    tsr__program_cache cache = opened(f, 3 * BYTES);
    static const char *const suffixes[] = {"1.7ffc01234567.tmp", "4194304.7ffc01234567.tmp",
                                           "4194304.ffffffffffff0000.tmp"};
    char paths[COUNT(suffixes)][2 * PATH_BYTES];
    for (size_t i = 0; i < COUNT(suffixes); ++i) {
        char path[PATH_BYTES];
        path_number(f, 40 + i, path);
        snprintf(paths[i], sizeof paths[i], "%s.%s", path, suffixes[i]);
        write_file(paths[i], &(char[BYTES]){0}, BYTES);
        set_age(paths[i], 1000);
    }
    store_number(f, &cache, 1, BYTES);
    store_number(f, &cache, 2, BYTES);
    assert_true(loads(f, &cache, 1, BYTES));
    assert_true(loads(f, &cache, 2, BYTES));
    for (size_t i = 0; i < COUNT(suffixes); ++i) assert_int_not_equal(access(paths[i], F_OK), 0);
    tsr__program_cache_close(&cache);
}

static void files_of_others_are_left_alone(void **state)
{
    fixture *f = *state;
    tsr__program_cache cache = opened(f, 100);
    char stranger[PATH_BYTES];
    snprintf(stranger, sizeof stranger, "%s/holiday.jpg", f->folder);
    write_file(stranger, &(char[1000]){0}, 1000);
    set_age(stranger, 100000);
    store_number(f, &cache, 1, 500);
    assert_int_equal(access(stranger, F_OK), 0);
    assert_int_equal(count_files(f->folder), 1);
    tsr__program_cache_close(&cache);
}

/* ---- Several processes ----------------------------------------------------------------------------------------- */

enum { PROCESSES = 4, ROUNDS = 300, KEYS = 5, SHARED_BYTES = 20000 };

/* What a process does: the exit code says whether it ever got a wrong payload. */
static int share_folder(const fixture *f, unsigned number)
{
    fixture mine = *f;
    mine.log.cookie = &mine;
    tsr__program_cache cache;
    if (tsr__program_cache_open(&cache, mine.folder, 3 * SHARED_BYTES, &mine.log) != TSR_OK) return 1;
    unsigned char expected[SHARED_BYTES], *payload = NULL;
    for (unsigned round = 0; round < ROUNDS; ++round) {
        const uint64_t key = (round * 7 + number) % KEYS;
        fill(expected, sizeof expected, key);
        if (round % 3 == number % 3) {
            tsr__program_cache_store(&cache, key_number(key), expected, sizeof expected, &mine.log);
            continue;
        }
        size_t bytes = 0;
        payload = tsr__program_cache_load(&cache, key_number(key), &bytes, &mine.log);
        const bool wrong = payload != NULL && (bytes != sizeof expected || memcmp(payload, expected, bytes) != 0);
        free(payload);
        if (wrong) return 2;
    }
    tsr__program_cache_close(&cache);
    /* A file is seen whole or not at all, so nothing is ever found damaged. */
    return strstr(mine.warning, "is not used") == NULL ? 0 : 3;
}

static void processes_share_a_folder_and_see_whole_files_only(void **state)
{
    fixture *f = *state;
    pid_t children[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; ++i) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) _exit(share_folder(f, i));
    }
    for (unsigned i = 0; i < PROCESSES; ++i) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    /* No temporary file is left behind. */
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) assert_null(strstr(entry->d_name, ".tmp"));
    closedir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_stored_is_loaded),
        TEST(storing_again_replaces),
        TEST(a_second_opening_finds_what_the_first_stored),
        TEST(without_a_folder_nothing_is_kept),
        TEST(keys_tell_texts_apart),
        TEST(every_bit_flip_is_noticed),
        TEST(every_truncation_is_noticed),
        TEST(bytes_behind_the_payload_are_noticed),
        TEST(another_programs_file_is_refused),
        TEST(another_formats_file_is_refused),
        TEST(storing_repairs_what_was_damaged),
        TEST(folder_and_files_are_private_to_the_user),
        TEST(missing_parents_are_created),
        TEST(an_unusable_folder_is_a_warning_and_no_error),
        TEST(a_folder_that_others_may_write_to_is_not_used),
        TEST(a_folder_that_went_away_is_a_warning_at_storing),
        TEST(the_oldest_files_go_when_the_limit_is_reached),
        TEST(abandoned_temporary_files_count_and_go_first),
        TEST(files_of_others_are_left_alone),
        TEST(processes_share_a_folder_and_see_whole_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
