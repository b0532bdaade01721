#include "device.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static tsr_status query(cl_device_id id, cl_device_info what, size_t bytes, void *out)
{
    const cl_int code = clGetDeviceInfo(id, what, bytes, out, NULL);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clGetDeviceInfo");
}

/* Reads a string of any length into a field of fixed size; what does not fit is cut at a space, where
 * a list of words stays whole words. */
static tsr_status query_text(cl_device_id id, cl_device_info what, char *out, size_t capacity)
{
    size_t bytes = 0;
    cl_int code = clGetDeviceInfo(id, what, 0, NULL, &bytes);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clGetDeviceInfo");
    char *whole = calloc(1, bytes + 1);
    if (whole == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%zu bytes for a device's description", bytes + 1);
    code = clGetDeviceInfo(id, what, bytes, whole, NULL);
    if (code == CL_SUCCESS) {
        const size_t length = strlen(whole);
        size_t kept = length < capacity ? length : capacity - 1;
        while (kept < length && kept > 0 && whole[kept] != ' ') --kept;
        memcpy(out, whole, kept);
        out[kept] = '\0';
    }
    free(whole);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clGetDeviceInfo");
}

bool tsr__device_has(const tsr_device *device, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = device->extensions; (at = strstr(at, name)) != NULL; at += length) {
        const bool begins = at == device->extensions || at[-1] == ' ';
        const bool ends = at[length] == ' ' || at[length] == '\0';
        if (begins && ends) return true;
    }
    return false;
}

static tsr_status query_texts(cl_device_id id, tsr_device *out)
{
    TSR__TRY(query_text(id, CL_DEVICE_NAME, out->name, sizeof out->name));
    TSR__TRY(query_text(id, CL_DEVICE_VENDOR, out->vendor, sizeof out->vendor));
    TSR__TRY(query_text(id, CL_DRIVER_VERSION, out->driver, sizeof out->driver));
    TSR__TRY(query_text(id, CL_DEVICE_VERSION, out->version, sizeof out->version));
    TSR__TRY(query_text(id, CL_DEVICE_EXTENSIONS, out->extensions, sizeof out->extensions));

    cl_platform_id platform = NULL;
    TSR__TRY(query(id, CL_DEVICE_PLATFORM, sizeof platform, &platform));
    char name[1024] = {0};
    const cl_int code = clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
    tsr__text text = tsr__text_over(out->platform, sizeof out->platform);
    tsr__text_add(&text, "%s", name);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clGetPlatformInfo");
}

/* Texels of an image over a buffer, 0 where there are no images or the device is older than these. */
static uint64_t image_texels(cl_device_id id)
{
    cl_bool images = CL_FALSE;
    size_t texels = 0;
    if (query(id, CL_DEVICE_IMAGE_SUPPORT, sizeof images, &images) != TSR_OK || images != CL_TRUE) return 0;
    if (query(id, CL_DEVICE_IMAGE_MAX_BUFFER_SIZE, sizeof texels, &texels) != TSR_OK) return 0;
    return texels < INT32_MAX ? texels : INT32_MAX; /* kernels count them by int */
}

static tsr_status query_numbers(cl_device_id id, tsr_device *out)
{
    cl_ulong local_bytes = 0, max_alloc = 0, global_bytes = 0;
    size_t max_work_group = 0, max_items[16] = {0};
    cl_uint dimensions = 0;
    TSR__TRY(query(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint), &out->compute_units));
    TSR__TRY(query(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof(cl_uint), &out->float_width));
    TSR__TRY(query(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof max_work_group, &max_work_group));
    TSR__TRY(query(id, CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, sizeof dimensions, &dimensions));
    if (dimensions < 3 || dimensions > 16)
        return tsr__fail(TSR_UNSUPPORTED, "%s has %u work-item dimensions; 3 to 16 are supported", out->name,
                         dimensions);
    TSR__TRY(query(id, CL_DEVICE_MAX_WORK_ITEM_SIZES, dimensions * sizeof(size_t), max_items));
    TSR__TRY(query(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local_bytes, &local_bytes));
    TSR__TRY(query(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof max_alloc, &max_alloc));
    TSR__TRY(query(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof global_bytes, &global_bytes));
    out->max_work_group = max_work_group;
    for (int i = 0; i < 3; ++i) out->max_work_items[i] = max_items[i];
    out->local_bytes = local_bytes;
    out->max_alloc_bytes = max_alloc;
    out->global_bytes = global_bytes;
    out->max_image_texels = image_texels(id);
    return TSR_OK;
}

static tsr_status query_features(cl_device_id id, tsr_device *out)
{
    cl_device_type type = 0;
    cl_device_local_mem_type local_type = 0;
    cl_device_fp_config single_config = 0;
    cl_bool unified = CL_FALSE;
    TSR__TRY(query(id, CL_DEVICE_TYPE, sizeof type, &type));
    TSR__TRY(query(id, CL_DEVICE_LOCAL_MEM_TYPE, sizeof local_type, &local_type));
    TSR__TRY(query(id, CL_DEVICE_SINGLE_FP_CONFIG, sizeof single_config, &single_config));
    TSR__TRY(query(id, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof unified, &unified));
    out->kind = (type & CL_DEVICE_TYPE_GPU)   ? TSR_DEVICE_GPU
                : (type & CL_DEVICE_TYPE_CPU) ? TSR_DEVICE_CPU
                                              : TSR_DEVICE_ACCELERATOR;
    out->local_is_dedicated = local_type == CL_LOCAL;
    out->exact_divide = (single_config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    out->unified_memory = unified == CL_TRUE;
    out->fp16 = tsr__device_has(out, "cl_khr_fp16");
    out->fp64 = tsr__device_has(out, "cl_khr_fp64");
    out->subgroups = tsr__device_has(out, "cl_khr_subgroups") || tsr__device_has(out, "cl_intel_subgroups");
    out->integer_dot_product = tsr__device_has(out, "cl_khr_integer_dot_product");
    return TSR_OK;
}

tsr_status tsr__device_query(cl_device_id id, tsr_device *out)
{
    memset(out, 0, sizeof *out);
    TSR__TRY(query_texts(id, out));
    TSR__TRY(query_numbers(id, out));
    return query_features(id, out);
}

tsr_device tsr__device_host(void)
{
    return (tsr_device){
        .name = "CPU path",
        .platform = "Tessera",
        .vendor = "Tessera",
        .kind = TSR_DEVICE_HOST,
        .compute_units = 1,
        .float_width = 1,
        .max_alloc_bytes = SIZE_MAX,
        .global_bytes = SIZE_MAX,
        .unified_memory = true,
        .fp64 = true,
        .exact_divide = true,
    };
}

/* ---- Finding ---------------------------------------------------------------------------------------------------- */

/* All devices with their descriptions. */
typedef struct device_table {
    tsr__cl_device *entries;
    tsr_device *devices;
    size_t count;
} device_table;

static void free_table(device_table *table)
{
    free(table->entries);
    free(table->devices);
}

static tsr_status make_room(device_table *table, size_t more)
{
    tsr__cl_device *entries = realloc(table->entries, (table->count + more) * sizeof *entries);
    if (entries != NULL) table->entries = entries;
    tsr_device *devices = realloc(table->devices, (table->count + more) * sizeof *devices);
    if (devices != NULL) table->devices = devices;
    if (entries != NULL && devices != NULL) return TSR_OK;
    return tsr__fail(TSR_OUT_OF_MEMORY, "a list of %zu devices", table->count + more);
}

/* Describes a device, unless it is gone, cannot compile or does not answer: such a one is left out, as a platform
 * without devices is. */
static bool describe_usable(cl_device_id id, tsr_device *description)
{
    cl_bool available = CL_FALSE, compiles = CL_FALSE;
    return query(id, CL_DEVICE_AVAILABLE, sizeof available, &available) == TSR_OK && available == CL_TRUE &&
           query(id, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiles, &compiles) == TSR_OK && compiles == CL_TRUE &&
           tsr__device_query(id, description) == TSR_OK;
}

static tsr_status add_platform(cl_platform_id platform, device_table *table)
{
    cl_uint count = 0;
    const cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);
    /* Installed drivers without their hardware answer with an error of their own choosing: they have no device. */
    if (code != CL_SUCCESS || count == 0) return TSR_OK;

    TSR__TRY(make_room(table, count));
    cl_device_id *ids = calloc(count, sizeof *ids);
    if (ids == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "a list of %u devices", count);
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids, NULL) == CL_SUCCESS)
        for (cl_uint i = 0; i < count; ++i)
            if (describe_usable(ids[i], &table->devices[table->count]))
                table->entries[table->count++] = (tsr__cl_device){.platform = platform, .id = ids[i]};
    free(ids);
    return TSR_OK;
}

/* All devices of all platforms, in the loader's order. The caller frees the table, also after a failure. */
static tsr_status find_all(device_table *table)
{
    cl_uint count = 0;
    /* The loader answers CL_PLATFORM_NOT_FOUND_KHR where nothing is installed: 0 devices, and no error. */
    if (clGetPlatformIDs(0, NULL, &count) != CL_SUCCESS || count == 0) return TSR_OK;
    cl_platform_id *platforms = calloc(count, sizeof *platforms);
    if (platforms == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "a list of %u platforms", count);
    const cl_int code = clGetPlatformIDs(count, platforms, NULL);
    tsr_status status = code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clGetPlatformIDs");
    for (cl_uint i = 0; i < count && status == TSR_OK; ++i) status = add_platform(platforms[i], table);
    free(platforms);
    return status;
}

tsr_status tsr_device_list(tsr_device *devices, size_t capacity, size_t *count)
{
    if (count == NULL) return tsr__fail(TSR_INVALID_VALUE, "count is NULL");
    if (devices == NULL && capacity > 0)
        return tsr__fail(TSR_INVALID_VALUE, "devices is NULL while capacity is %zu", capacity);
    device_table table = {0};
    const tsr_status status = find_all(&table);
    if (status == TSR_OK) {
        for (size_t i = 0; i < table.count && i < capacity; ++i) devices[i] = table.devices[i];
        *count = table.count;
    }
    free_table(&table);
    return status;
}

/* ---- Choosing --------------------------------------------------------------------------------------------------- */

static bool contains_any_case(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text != '\0'; ++text) {
        size_t i = 0;
        while (i < length && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i])) ++i;
        if (i == length) return true;
    }
    return length == 0;
}

/* Position in the order GPU, accelerator, CPU: the order of the enum. */
static bool better(const tsr_device *a, const tsr_device *b)
{
    return a->kind < b->kind;
}

size_t tsr__device_pick(const char *selector, const tsr_device *devices, size_t count)
{
    if (isdigit((unsigned char)selector[0])) {
        char *end = NULL;
        const unsigned long number = strtoul(selector, &end, 10);
        return *end == '\0' && number < count ? (size_t)number : count;
    }
    static const char best_of[] = "opencl";
    if (strncmp(selector, best_of, sizeof best_of - 1) != 0) return count;
    const char *part = selector + sizeof best_of - 1;
    if (*part != '\0' && *part != ':') return count;
    if (*part == ':') ++part;

    size_t chosen = count;
    for (size_t i = 0; i < count; ++i) {
        const bool named = contains_any_case(devices[i].name, part) || contains_any_case(devices[i].platform, part);
        if (named && (chosen == count || better(&devices[i], &devices[chosen]))) chosen = i;
    }
    return chosen;
}

static tsr_status no_device(const char *selector, const tsr_device *devices, size_t count)
{
    char list[2048];
    tsr__text text = tsr__text_over(list, sizeof list);
    for (size_t i = 0; i < count; ++i)
        tsr__text_add(&text, "%s%zu \"%s\" of \"%s\"", i == 0 ? "" : ", ", i, devices[i].name, devices[i].platform);
    if (count == 0) tsr__text_add(&text, "none; \"cpu\" selects the CPU path, which needs no OpenCL");
    return tsr__fail(TSR_NO_DEVICE,
                     "no device matches \"%s\" (opencl, opencl:TEXT, a number, or cpu); OpenCL devices here: %s",
                     selector, list);
}

static tsr_status select_from(const char *selector, const device_table *table, tsr__cl_device *chosen)
{
    const size_t at = tsr__device_pick(selector == NULL ? "opencl" : selector, table->devices, table->count);
    if (at == table->count && selector != NULL) return no_device(selector, table->devices, table->count);
    *chosen = at < table->count ? table->entries[at] : (tsr__cl_device){0};
    return TSR_OK;
}

tsr_status tsr__device_select(const char *selector, tsr__cl_device *chosen)
{
    if (selector != NULL && strcmp(selector, "cpu") == 0) {
        *chosen = (tsr__cl_device){0};
        return TSR_OK;
    }
    device_table table = {0};
    tsr_status status = find_all(&table);
    if (status == TSR_OK) status = select_from(selector, &table, chosen);
    free_table(&table);
    return status;
}
