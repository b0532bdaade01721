/* What is known of OpenCL devices and how one is chosen by a string. */
#ifndef TSR_HOST_DEVICE_H
#define TSR_HOST_DEVICE_H

#include "status.h"

/* A device as OpenCL knows it. */
typedef struct tsr__cl_device {
    cl_platform_id platform;
    cl_device_id id;
} tsr__cl_device;

/* Fills `out` from OpenCL. */
tsr_status tsr__device_query(cl_device_id id, tsr_device *out);

/* The CPU path as a device. */
tsr_device tsr__device_host(void);

/* Whether the device has an OpenCL extension. */
bool tsr__device_has(const tsr_device *device, const char *extension);

/* Finds what a selector of tsr_context_create() names; id NULL means the CPU path. */
tsr_status tsr__device_select(const char *selector, tsr__cl_device *chosen);

/* Of `count` devices, the position of the one that `selector` ("opencl", "opencl:TEXT", a number) names, or `count`.
 * Pure, so that tests can invent devices. */
size_t tsr__device_pick(const char *selector, const tsr_device *devices, size_t count);

#endif
