#include "operand.h"

#include <string.h>

#include "algorithm.h"

/* ---- Tables ---------------------------------------------------------------------------------------------------- */

bool tsr__has_scale(const tsr__problem *p)
{
    return p->scale || p->scaled_weights;
}

bool tsr__has_slope(const tsr__problem *p)
{
    return p->activation == TSR_ACTIVATION_PRELU;
}

bool tsr__has_indices(const tsr__problem *p)
{
    return p->indices != TSR_INDICES_NONE;
}

bool tsr__has_dbias(const tsr__problem *p)
{
    return p->dbias;
}

static bool has_weights(const tsr__problem *p)
{
    return p->w_elements > 0;
}

static bool has_bias(const tsr__problem *p)
{
    return p->bias;
}

static bool has_residual(const tsr__problem *p)
{
    return p->has_residual;
}

const tsr__operand tsr__forward_operands[] = {
    TSR__READS(x, TSR__X, NULL),
    TSR__READS(w, TSR__W, has_weights),
    TSR__READS(scale, TSR__SCALE, tsr__has_scale),
    TSR__READS(bias, TSR__BIAS, has_bias),
    TSR__READS(residual, TSR__RESIDUAL, has_residual),
    TSR__READS(slope, TSR__SLOPE, tsr__has_slope),
    TSR__WRITES(indices, TSR__INDICES, tsr__has_indices),
    TSR__WRITES(y, TSR__Y, NULL),
    {.name = NULL},
};

/* ---- Sizes ----------------------------------------------------------------------------------------------------- */

/* Sums, and with them packed weights and workspace, are in double for f64 and in float for the rest. */
uint64_t tsr__slot_element_bytes(const tsr__problem *p, tsr__slot slot)
{
    switch (slot) {
    case TSR__INDICES:
        return tsr__index_bytes(p);
    case TSR__PACKED:
    case TSR__WORKSPACE:
        return p->x.dtype == TSR_F64 ? sizeof(double) : sizeof(float);
    case TSR__Y:
        return tsr_dtype_bytes(p->y.dtype);
    default:
        return tsr_dtype_bytes(p->x.dtype);
    }
}

uint64_t tsr__slot_bytes(const tsr__problem *p, tsr__slot slot)
{
    const uint64_t element = tsr__slot_element_bytes(p, slot);
    switch (slot) {
    case TSR__X:
    case TSR__DX:
        return tsr__tensor_bytes(&p->x);
    case TSR__Y:
    case TSR__DY:
    case TSR__DV:
        return tsr__tensor_bytes(&p->y);
    case TSR__RESIDUAL:
        return tsr__tensor_bytes(&p->residual);
    case TSR__INDICES: /* they lie with the smaller of both tensors: pooled, not the plane that they point into */
        return (uint64_t)tsr__tensor_elements(p->op->has_window ? &p->y : &p->x) * element;
    case TSR__W:
    case TSR__DW:
        return (uint64_t)p->w_elements * element;
    case TSR__SCALE:
        return (uint64_t)(p->scaled_weights ? p->x.c : p->y.c) * element;
    case TSR__BIAS:
    case TSR__SLOPE:
    case TSR__DBIAS:
    case TSR__DSLOPE:
    case TSR__DSCALE:
        return (uint64_t)p->y.c * element;
    case TSR__PACKED:
    case TSR__WORKSPACE:
    case TSR__SLOTS:
        break;
    }
    return 0;
}

uint64_t tsr__used_bytes(const tsr__problem *p, tsr__slot slot)
{
    for (const tsr__operand *o = p->op->operands; o->name != NULL; ++o)
        if (o->slot == slot && tsr__operand_is_used(o, p)) return tsr__slot_bytes(p, slot);
    return 0;
}

/* ---- Buffers --------------------------------------------------------------------------------------------------- */

/* Members point to what may or may not be written, which differs in type alone: bytes are copied. */
const tsr_buffer *tsr__operand_buffer(const tsr__operand *operand, const tsr_args *args)
{
    const tsr_buffer *buffer;
    memcpy(&buffer, (const char *)args + operand->member, sizeof buffer);
    return buffer;
}

void tsr__operand_give(const tsr__operand *operand, tsr_args *args, const tsr_buffer *buffer)
{
    memcpy((char *)args + operand->member, &buffer, sizeof buffer);
}
