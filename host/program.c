#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "launch.h"

/* Part of every build: OpenCL C 1.2 is what every device compiles. Where the device can, division rounds correctly.
 * Without warnings, which are the lint's business: PoCL prints them to the application's stderr. */
static const char plain_options[] = "-cl-std=CL1.2 -w";
static const char exact_options[] = "-cl-std=CL1.2 -w -cl-fp32-correctly-rounded-divide-sqrt";

tsr_status tsr__programs_open(tsr__programs *programs, cl_context cl, cl_device_id id, const tsr_device *device,
                              const tsr__log *log, const char *cache_folder, uint64_t cache_limit_bytes)
{
    const char *texts[] = {device->exact_divide ? exact_options : plain_options,
                           device->name,
                           device->vendor,
                           device->platform,
                           device->driver,
                           device->version};
    *programs = (tsr__programs){.cl = cl, .device = id, .log = log};
    programs->base_options = texts[0];
    programs->device_key = tsr__key_of(texts, sizeof texts / sizeof texts[0]);
    TSR__TRY(tsr__program_cache_open(&programs->disk, cache_folder, cache_limit_bytes, log));
    if (pthread_mutex_init(&programs->lock, NULL) == 0) {
        if (pthread_cond_init(&programs->built, NULL) == 0) return TSR_OK;
        pthread_mutex_destroy(&programs->lock);
    }
    tsr__program_cache_close(&programs->disk);
    return tsr__fail(TSR_OUT_OF_MEMORY, "the program table's lock");
}

void tsr__programs_close(tsr__programs *programs)
{
    for (size_t i = 0; i < programs->count; ++i) clReleaseProgram(programs->entries[i].program);
    free(programs->entries);
    tsr__program_cache_close(&programs->disk);
    pthread_cond_destroy(&programs->built);
    pthread_mutex_destroy(&programs->lock);
}

static tsr__key program_key(const tsr__programs *programs, const tsr__source *source, const char *options)
{
    const char *texts[] = {source->name, source->text, options};
    tsr__key key = tsr__key_of(texts, sizeof texts / sizeof texts[0]);
    key.high ^= programs->device_key.high;
    key.low ^= programs->device_key.low;
    return key;
}

/* ---- Building -------------------------------------------------------------------------------------------------- */

/* The driver's build log, to be freed; NULL where there is none. */
static char *build_log(const tsr__programs *programs, cl_program program)
{
    size_t bytes = 0;
    if (clGetProgramBuildInfo(program, programs->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes) != CL_SUCCESS)
        return NULL;
    char *log = calloc(1, bytes + 1);
    if (log != NULL) clGetProgramBuildInfo(program, programs->device, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    return log;
}

static tsr_status build_failed(const tsr__programs *programs, cl_program program, const tsr__source *source,
                               const char *options, cl_int code)
{
    char *log = build_log(programs, program);
    const tsr_status status = tsr__fail(TSR_BUILD_FAILED, "%s with \"%s\": clBuildProgram failed: %s (%d)\n%s",
                                        source->name, options, tsr__cl_code_text(code), code, log == NULL ? "" : log);
    free(log);
    tsr__log_write(programs->log, TSR_LOG_ERROR, "%s", tsr_error_message());
    return status;
}

static tsr_status build_from_source(const tsr__programs *programs, const tsr__source *source, const char *options,
                                    cl_program *out)
{
    cl_int code = CL_SUCCESS;
    const char *text = source->text;
    cl_program program = clCreateProgramWithSource(programs->cl, 1, &text, &source->length, &code);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clCreateProgramWithSource");
    code = clBuildProgram(program, 1, &programs->device, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        /* Some drivers call a kernel that is too large for the device out of resources: that is a failed build too. */
        const tsr_status status = code == CL_OUT_OF_HOST_MEMORY
                                      ? tsr__fail_cl(code, "clBuildProgram")
                                      : build_failed(programs, program, source, options, code);
        clReleaseProgram(program);
        return status;
    }
    *out = program;
    return TSR_OK;
}

/* A program from the disk, or NULL: whatever the driver has against it, the source is at hand. */
static cl_program build_from_disk(const tsr__programs *programs, tsr__key key, const char *options)
{
    size_t bytes = 0;
    void *payload = tsr__program_cache_load(&programs->disk, key, &bytes, programs->log);
    if (payload == NULL) return NULL;
    cl_int code = CL_SUCCESS, binary_code = CL_SUCCESS;
    const unsigned char *binary = payload;
    cl_program program =
        clCreateProgramWithBinary(programs->cl, 1, &programs->device, &bytes, &binary, &binary_code, &code);
    free(payload);
    if (code != CL_SUCCESS) return NULL;
    if (binary_code == CL_SUCCESS && clBuildProgram(program, 1, &programs->device, options, NULL, NULL) == CL_SUCCESS)
        return program;
    clReleaseProgram(program);
    return NULL;
}

/* The position of the context's device among the program's devices, or their number. A lent context may hold several,
 * and the program's binaries come for all of them. */
static cl_uint device_position(const tsr__programs *programs, cl_program program, cl_uint *count)
{
    *count = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof *count, count, NULL) != CL_SUCCESS) return 0;
    cl_device_id *ids = calloc(*count, sizeof *ids);
    cl_uint at = *count;
    if (ids != NULL && clGetProgramInfo(program, CL_PROGRAM_DEVICES, *count * sizeof *ids, ids, NULL) == CL_SUCCESS)
        for (at = 0; at < *count && ids[at] != programs->device;) ++at;
    free(ids);
    return at;
}

static void store_binary(const tsr__programs *programs, cl_program program, tsr__key key)
{
    if (programs->disk.folder == NULL) return;
    cl_uint count = 0;
    const cl_uint at = device_position(programs, program, &count);
    size_t *sizes = calloc(count + 1, sizeof *sizes);
    unsigned char **binaries = calloc(count + 1, sizeof *binaries);
    if (at < count && sizes != NULL && binaries != NULL &&
        clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, count * sizeof *sizes, sizes, NULL) == CL_SUCCESS &&
        sizes[at] > 0 && (binaries[at] = malloc(sizes[at])) != NULL) {
        /* A NULL among the pointers tells the driver to skip that device. */
        if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, count * sizeof *binaries, binaries, NULL) == CL_SUCCESS)
            tsr__program_cache_store(&programs->disk, key, binaries[at], sizes[at], programs->log);
        free(binaries[at]);
    }
    free(binaries);
    free(sizes);
}

/* ---- The table ------------------------------------------------------------------------------------------------- */

static tsr_status make_room(tsr__programs *programs)
{
    if (programs->count < programs->capacity) return TSR_OK;
    const size_t capacity = programs->capacity == 0 ? 16 : 2 * programs->capacity;
    tsr__program_entry *more = realloc(programs->entries, capacity * sizeof *more);
    if (more == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "a table of %zu programs", capacity);
    programs->entries = more;
    programs->capacity = capacity;
    return TSR_OK;
}

static tsr_status build(tsr__programs *programs, const tsr__source *source, const char *options, tsr__key key,
                        cl_program *program)
{
    char whole[TSR__MAX_OPTIONS + sizeof exact_options];
    if (strlen(options) >= TSR__MAX_OPTIONS)
        return tsr__fail(TSR_UNSUPPORTED, "%s: its build options have %zu characters; allowed are %d", source->name,
                         strlen(options), TSR__MAX_OPTIONS - 1);
    tsr__text text = tsr__text_over(whole, sizeof whole);
    tsr__text_add(&text, "%s %s", programs->base_options, options);
    const double started = tsr__clock_ms();
    *program = build_from_disk(programs, key, whole);
    const bool cached = *program != NULL;
    if (!cached) {
        TSR__TRY(build_from_source(programs, source, whole, program));
        store_binary(programs, *program, key);
    }
    tsr__log_write(programs->log, TSR_LOG_DEBUG, "program %s with \"%s\": %s in %.1f ms", source->name, whole,
                   cached ? "loaded from the disk cache" : "compiled", tsr__clock_ms() - started);
    return TSR_OK;
}

/* The number of an entry, or how many there are. */
static size_t find(const tsr__programs *programs, tsr__key key)
{
    size_t i = 0;
    while (i < programs->count &&
           (programs->entries[i].key.high != key.high || programs->entries[i].key.low != key.low))
        ++i;
    return i;
}

/* Builds a program that nobody has begun, with the lock held but for the time that the driver takes. */
static tsr_status build_entry(tsr__programs *programs, const tsr__source *source, const char *options, tsr__key key,
                              cl_program *program)
{
    TSR__TRY(make_room(programs));
    programs->entries[programs->count++] = (tsr__program_entry){.key = key, .program = NULL};
    pthread_mutex_unlock(&programs->lock);
    const tsr_status status = build(programs, source, options, key, program);
    pthread_mutex_lock(&programs->lock);
    tsr__program_entry *entry = &programs->entries[find(programs, key)];
    if (status == TSR_OK)
        entry->program = *program;
    else
        *entry = programs->entries[--programs->count]; /* who waited tries again */
    pthread_cond_broadcast(&programs->built);
    return status;
}

/* With the lock held. */
static tsr_status get(tsr__programs *programs, const tsr__source *source, const char *options, cl_program *program)
{
    const tsr__key key = program_key(programs, source, options);
    size_t at = find(programs, key);
    while (at < programs->count && programs->entries[at].program == NULL) {
        pthread_cond_wait(&programs->built, &programs->lock);
        at = find(programs, key);
    }
    if (at == programs->count) return build_entry(programs, source, options, key, program);
    tsr__log_write(programs->log, TSR_LOG_DEBUG, "program %s with \"%s\": in memory", source->name, options);
    *program = programs->entries[at].program;
    return TSR_OK;
}

tsr_status tsr__programs_get(tsr__programs *programs, const tsr__source *source, const char *options,
                             cl_program *program)
{
    pthread_mutex_lock(&programs->lock);
    const tsr_status status = get(programs, source, options, program);
    pthread_mutex_unlock(&programs->lock);
    return status;
}
