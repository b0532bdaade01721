/* The tensors of a run: what of tsr_args an operator reads and writes, and by which slots its launches know them. */
#ifndef TSR_HOST_OPERAND_H
#define TSR_HOST_OPERAND_H

#include "launch.h"
#include "problem.h"

/* One of an operator's tensors. The slot has the member's name, but where a pass runs on algorithms of another
 * operator, which know its tensors by other names. */
typedef struct tsr__operand {
    const char *name; /* of the member */
    size_t member;    /* its place in tsr_args */
    tsr__slot slot;
    bool written;
    bool (*used)(const tsr__problem *p); /* NULL: by every problem */
} tsr__operand;

#define TSR__READS(name, slot, used)                       \
    {                                                      \
#name, offsetof(tsr_args, name), slot, false, used \
    }
#define TSR__WRITES(name, slot, used)                     \
    {                                                     \
#name, offsetof(tsr_args, name), slot, true, used \
    }

static inline bool tsr__operand_is_used(const tsr__operand *operand, const tsr__problem *p)
{
    return operand->used == NULL || operand->used(p);
}

/* What convolution, pooling, columns and reorders are given: y and indices are written. */
extern const tsr__operand tsr__forward_operands[];

/* Questions that several operators' tables ask. */
bool tsr__has_scale(const tsr__problem *p);
bool tsr__has_slope(const tsr__problem *p);
bool tsr__has_indices(const tsr__problem *p);
bool tsr__has_dbias(const tsr__problem *p);

/* Bytes of an element of a slot's memory. */
uint64_t tsr__slot_element_bytes(const tsr__problem *p, tsr__slot slot);

/* Bytes of the tensor in a slot, with plain weights, for a settled problem; 0 for packed weights and workspace. */
uint64_t tsr__slot_bytes(const tsr__problem *p, tsr__slot slot);

/* The same where one of the problem's operands is in that slot; else 0. */
uint64_t tsr__used_bytes(const tsr__problem *p, tsr__slot slot);

/* The buffer that a run is given for an operand. */
const tsr_buffer *tsr__operand_buffer(const tsr__operand *operand, const tsr_args *args);
void tsr__operand_give(const tsr__operand *operand, tsr_args *args, const tsr_buffer *buffer);

#endif
