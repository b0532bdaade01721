#include "buffer.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENT = sizeof(float) };

/* Vectors of any width load from here without crossing a cache line. */
enum { HOST_ALIGNMENT = 64 };

static tsr_status allocate(tsr_context *context, uint64_t bytes, tsr_buffer **buffer)
{
    tsr_buffer *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%zu bytes for a buffer's handle", sizeof *fresh);
    fresh->context = tsr__context_retain(context);
    fresh->bytes = bytes;
    *buffer = fresh;
    return TSR_OK;
}

/* The head of allocated host memory, which slices share. */
struct tsr__block {
    atomic_size_t references;
};

static tsr__block *retain_block(tsr__block *block)
{
    if (block != NULL) atomic_fetch_add(&block->references, 1);
    return block;
}

static void release_block(tsr__block *block)
{
    if (block != NULL && atomic_fetch_sub(&block->references, 1) == 1) free(block);
}

void tsr_buffer_destroy(tsr_buffer *buffer)
{
    if (buffer == NULL) return;
    for (int i = 0; i < 2; ++i)
        if (buffer->images[i] != NULL) clReleaseMemObject(buffer->images[i]);
    if (buffer->memory != NULL) clReleaseMemObject(buffer->memory);
    release_block(buffer->owner);
    tsr_context_destroy(buffer->context);
    free(buffer);
}

static tsr_status allocate_memory(tsr_buffer *buffer)
{
    if (tsr__context_is_host(buffer->context)) {
        const uint64_t rounded = (buffer->bytes + HOST_ALIGNMENT - 1) / HOST_ALIGNMENT * HOST_ALIGNMENT;
        buffer->owner = aligned_alloc(HOST_ALIGNMENT, HOST_ALIGNMENT + rounded);
        if (buffer->owner == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%" PRIu64 " bytes", buffer->bytes);
        atomic_init(&buffer->owner->references, 1);
        buffer->host = (char *)buffer->owner + HOST_ALIGNMENT;
        return TSR_OK;
    }
    cl_int code = CL_SUCCESS;
    buffer->memory = clCreateBuffer(buffer->context->cl, CL_MEM_READ_WRITE, buffer->bytes, NULL, &code);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clCreateBuffer");
}

tsr_status tsr_buffer_create(tsr_context *context, uint64_t bytes, tsr_buffer **buffer)
{
    if (context == NULL || buffer == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", context == NULL ? "context" : "buffer");
    const uint64_t limit = context->device.max_alloc_bytes;
    if (bytes == 0 || bytes > limit || bytes > INT64_MAX)
        return tsr__fail(TSR_INVALID_VALUE, "bytes is %" PRIu64 "; a buffer of this device has 1 to %" PRIu64, bytes,
                         limit < INT64_MAX ? limit : INT64_MAX);
    tsr_buffer *fresh = NULL;
    TSR__TRY(allocate(context, bytes, &fresh));
    const tsr_status status = allocate_memory(fresh);
    if (status == TSR_OK)
        *buffer = fresh;
    else
        tsr_buffer_destroy(fresh);
    return status;
}

/* ---- Lending --------------------------------------------------------------------------------------------------- */

static tsr_status check_lent_memory(const tsr_context *context, cl_mem memory, uint64_t offset, uint64_t bytes)
{
    cl_context owner = NULL;
    cl_mem_object_type type = 0;
    size_t size = 0;
    cl_int code = clGetMemObjectInfo(memory, CL_MEM_CONTEXT, sizeof owner, &owner, NULL);
    if (code == CL_SUCCESS) code = clGetMemObjectInfo(memory, CL_MEM_TYPE, sizeof type, &type, NULL);
    if (code == CL_SUCCESS) code = clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof size, &size, NULL);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clGetMemObjectInfo");
    if (owner != context->cl)
        return tsr__fail(TSR_INVALID_VALUE, "memory belongs to another cl_context than the context's");
    if (type != CL_MEM_OBJECT_BUFFER)
        return tsr__fail(TSR_INVALID_VALUE, "memory is of type 0x%x; it must be a buffer, which is 0x%x", type,
                         CL_MEM_OBJECT_BUFFER);
    if (offset % ELEMENT != 0 || bytes == 0)
        return tsr__fail(TSR_INVALID_VALUE,
                         "offset is %" PRIu64 " and bytes %" PRIu64
                         "; the offset must be a multiple of %d, and bytes above 0",
                         offset, bytes, ELEMENT);
    if (offset > size || bytes > size - offset)
        return tsr__fail(TSR_INVALID_VALUE, "offset is %" PRIu64 " and bytes %" PRIu64 "; memory has %zu bytes", offset,
                         bytes, size);
    return TSR_OK;
}

tsr_status tsr_buffer_wrap(tsr_context *context, cl_mem memory, uint64_t offset, uint64_t bytes, tsr_buffer **buffer)
{
    if (context == NULL || memory == NULL || buffer == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL",
                         context == NULL ? "context" : (memory == NULL ? "memory" : "buffer"));
    if (tsr__context_is_host(context))
        return tsr__fail(TSR_INVALID_VALUE, "context is of the CPU path; it takes tsr_buffer_wrap_host()");
    TSR__TRY(check_lent_memory(context, memory, offset, bytes));
    tsr_buffer *fresh = NULL;
    TSR__TRY(allocate(context, bytes, &fresh));
    const cl_int code = clRetainMemObject(memory);
    if (code != CL_SUCCESS) {
        tsr_buffer_destroy(fresh);
        return tsr__fail_cl(code, "clRetainMemObject");
    }
    fresh->memory = memory;
    fresh->offset = offset;
    *buffer = fresh;
    return TSR_OK;
}

tsr_status tsr_buffer_wrap_host(tsr_context *context, void *memory, uint64_t bytes, tsr_buffer **buffer)
{
    if (context == NULL || memory == NULL || buffer == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL",
                         context == NULL ? "context" : (memory == NULL ? "memory" : "buffer"));
    if (!tsr__context_is_host(context))
        return tsr__fail(TSR_INVALID_VALUE, "context is of an OpenCL device; it takes tsr_buffer_wrap()");
    if ((uintptr_t)memory % ELEMENT != 0 || bytes == 0)
        return tsr__fail(TSR_INVALID_VALUE,
                         "memory is %p and bytes %" PRIu64 "; memory must be aligned to %d bytes, and bytes above 0",
                         memory, bytes, ELEMENT);
    tsr_buffer *fresh = NULL;
    TSR__TRY(allocate(context, bytes, &fresh));
    fresh->host = memory;
    *buffer = fresh;
    return TSR_OK;
}

tsr_status tsr_buffer_slice(const tsr_buffer *whole, uint64_t offset, uint64_t bytes, tsr_buffer **slice)
{
    if (whole == NULL || slice == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", whole == NULL ? "whole" : "slice");
    if (offset % ELEMENT != 0 || bytes == 0 || offset > whole->bytes || bytes > whole->bytes - offset)
        return tsr__fail(TSR_INVALID_VALUE,
                         "offset is %" PRIu64 " and bytes %" PRIu64
                         "; the offset must be a multiple of %d, bytes above 0, and the buffer has %" PRIu64,
                         offset, bytes, ELEMENT, whole->bytes);
    if (whole->memory != NULL)
        return tsr_buffer_wrap(whole->context, whole->memory, whole->offset + offset, bytes, slice);
    tsr_buffer *fresh = NULL;
    TSR__TRY(allocate(whole->context, bytes, &fresh));
    fresh->host = (char *)whole->host + offset;
    fresh->owner = retain_block(whole->owner);
    *slice = fresh;
    return TSR_OK;
}

/* ---- Images ---------------------------------------------------------------------------------------------------- */

static tsr_status create_image(const tsr_buffer *buffer, bool halves, uint64_t texels, cl_mem *image)
{
    const cl_image_format format = {CL_RGBA, halves ? CL_UNSIGNED_INT16 : CL_UNSIGNED_INT32};
    const cl_image_desc desc = {
        .image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER, .image_width = (size_t)texels, .buffer = buffer->memory};
    cl_int code = CL_SUCCESS;
    *image = clCreateImage(buffer->context->cl, CL_MEM_READ_ONLY, &format, &desc, NULL, &code);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clCreateImage");
}

tsr_status tsr__buffer_image(const tsr_buffer *buffer, bool halves, tsr__image *image)
{
    const uint64_t texel_bytes = TSR__TEXEL * (halves ? sizeof(cl_half) : sizeof(cl_float));
    const uint64_t held = (buffer->offset + buffer->bytes) / texel_bytes;
    const uint64_t limit = buffer->context->device.max_image_texels;
    _Atomic(cl_mem) *kept = (_Atomic(cl_mem) *)&buffer->images[halves]; /* what changes of a buffer that is const */
    *image = (tsr__image){atomic_load(kept), held < limit ? held : limit};
    if (image->memory != NULL) return TSR_OK;
    TSR__TRY(create_image(buffer, halves, image->texels, &image->memory));
    cl_mem others = NULL;
    if (atomic_compare_exchange_strong(kept, &others, image->memory)) return TSR_OK;
    clReleaseMemObject(image->memory); /* another thread was faster */
    image->memory = others;
    return TSR_OK;
}

/* ---- Use ------------------------------------------------------------------------------------------------------- */

uint64_t tsr_buffer_bytes(const tsr_buffer *buffer)
{
    return buffer == NULL ? 0 : buffer->bytes;
}

bool tsr__buffer_overlaps(const tsr_buffer *a, const tsr_buffer *b)
{
    if (a->memory != NULL)
        return a->memory == b->memory && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
    const uintptr_t a_begin = (uintptr_t)a->host, b_begin = (uintptr_t)b->host;
    return a_begin < b_begin + b->bytes && b_begin < a_begin + a->bytes;
}

static tsr_status check_copy(const tsr_buffer *buffer, uint64_t offset, const void *other, uint64_t bytes)
{
    if (buffer == NULL || other == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", buffer == NULL ? "buffer" : "the host's side");
    if (offset <= buffer->bytes && bytes <= buffer->bytes - offset) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "offset is %" PRIu64 " and bytes %" PRIu64 "; the buffer has %" PRIu64 " bytes",
                     offset, bytes, buffer->bytes);
}

tsr_status tsr_buffer_write(tsr_buffer *buffer, uint64_t offset, const void *source, uint64_t bytes)
{
    TSR__TRY(check_copy(buffer, offset, source, bytes));
    if (bytes == 0) return TSR_OK;
    if (buffer->host != NULL) {
        memcpy((char *)buffer->host + offset, source, bytes);
        return TSR_OK;
    }
    const cl_int code = clEnqueueWriteBuffer(buffer->context->queue, buffer->memory, CL_TRUE, buffer->offset + offset,
                                             bytes, source, 0, NULL, NULL);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clEnqueueWriteBuffer");
}

tsr_status tsr_buffer_read(const tsr_buffer *buffer, uint64_t offset, void *target, uint64_t bytes)
{
    TSR__TRY(check_copy(buffer, offset, target, bytes));
    if (bytes == 0) return TSR_OK;
    if (buffer->host != NULL) {
        memcpy(target, (const char *)buffer->host + offset, bytes);
        return TSR_OK;
    }
    const cl_int code = clEnqueueReadBuffer(buffer->context->queue, buffer->memory, CL_TRUE, buffer->offset + offset,
                                            bytes, target, 0, NULL, NULL);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clEnqueueReadBuffer");
}
