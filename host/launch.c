#include "launch.h"

#include <inttypes.h>
#include <string.h>

#include "tensor.h"

void tsr__launch_begin(tsr__launch *launch, const tsr__source *source, const char *entry)
{
    *launch = (tsr__launch){.source = source, .entry = entry};
}

tsr__launch *tsr__launches_add(tsr__launches *launches, const tsr__source *source, const char *entry)
{
    /* One too many overwrites the last and marks it, so that the check reports it. */
    const bool full = launches->count == TSR__MAX_LAUNCHES;
    tsr__launch *launch = &launches->items[full ? TSR__MAX_LAUNCHES - 1 : launches->count++];
    tsr__launch_begin(launch, source, entry);
    launch->broken = full;
    return launch;
}

void tsr__launch_define(tsr__launch *launch, const char *name, int64_t value)
{
    const size_t used = strlen(launch->options);
    tsr__text text = tsr__text_over(launch->options + used, sizeof launch->options - used);
    tsr__text_add(&text, "%s-D%s=%" PRId64, used == 0 ? "" : " ", name, value);
    launch->broken |= text.cut;
}

static void add_arg(tsr__launch *launch, tsr__arg arg)
{
    if (launch->arg_count == TSR__MAX_ARGS)
        launch->broken = true;
    else
        launch->args[launch->arg_count++] = arg;
}

void tsr__launch_slot_at(tsr__launch *launch, tsr__slot slot, int64_t skipped_elements)
{
    add_arg(launch, (tsr__arg){.kind = TSR__ARG_SLOT, .slot = slot, .value = skipped_elements});
}

void tsr__launch_slot(tsr__launch *launch, tsr__slot slot)
{
    tsr__launch_slot_at(launch, slot, 0);
}

void tsr__launch_image(tsr__launch *launch, tsr__slot slot, int64_t elements)
{
    add_arg(launch, (tsr__arg){.kind = TSR__ARG_IMAGE, .slot = slot, .value = elements});
}

void tsr__launch_int(tsr__launch *launch, int64_t value)
{
    launch->broken |= value > INT32_MAX || value < INT32_MIN;
    add_arg(launch, (tsr__arg){.kind = TSR__ARG_INT, .value = value});
}

void tsr__launch_long(tsr__launch *launch, int64_t value)
{
    add_arg(launch, (tsr__arg){.kind = TSR__ARG_LONG, .value = value});
}

void tsr__launch_float(tsr__launch *launch, float value)
{
    add_arg(launch, (tsr__arg){.kind = TSR__ARG_FLOAT, .real = value});
}

void tsr__launch_int_axes(tsr__launch *launch, const int64_t values[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(launch, values[axis]);
}

void tsr__launch_long_axes(tsr__launch *launch, const int64_t values[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_long(launch, values[axis]);
}

void tsr__launch_grid(tsr__launch *launch, const int64_t global[3], const size_t local[3])
{
    for (int i = 0; i < 3; ++i) {
        const int64_t group = local[i] == 0 ? 1 : (int64_t)local[i];
        launch->global[i] = (size_t)(tsr__ceil_div(global[i], group) * group);
        launch->local[i] = local[i];
    }
}

/* Each number is aligned to its size, a power of two. Answers where it lies. */
static size_t add_number(tsr__numbers *all, const void *value, size_t bytes)
{
    const size_t place = (all->used + bytes - 1) & ~(bytes - 1);
    memcpy(all->bytes + place, value, bytes);
    all->used = place + bytes;
    return place;
}

void tsr__launch_numbers(const tsr__launch *launch, tsr__numbers *out)
{
    const uint64_t offset = 0, end = 0;
    const int32_t texel = 0;
    *out = (tsr__numbers){.used = 0};
    for (int i = 0; i < launch->arg_count; ++i) {
        const tsr__arg *arg = &launch->args[i];
        const int32_t narrow = (int32_t)arg->value;
        switch (arg->kind) {
        case TSR__ARG_SLOT:
            out->place[i] = add_number(out, &offset, sizeof offset);
            break;
        case TSR__ARG_IMAGE:
            out->place[i] = add_number(out, &texel, sizeof texel);
            break;
        case TSR__ARG_INT:
            out->place[i] = add_number(out, &narrow, sizeof narrow);
            break;
        case TSR__ARG_LONG:
            out->place[i] = add_number(out, &arg->value, sizeof arg->value);
            break;
        case TSR__ARG_FLOAT:
            out->place[i] = add_number(out, &arg->real, sizeof arg->real);
            break;
        }
    }
    add_number(out, &end, sizeof end);
}

tsr_status tsr__launch_check(const tsr__launch *launch)
{
    const bool empty = launch->global[0] == 0 || launch->global[1] == 0 || launch->global[2] == 0;
    if (!launch->broken && !empty) return TSR_OK;
    return tsr__fail(TSR_UNSUPPORTED, "%s: the launch of %s is malformed%s", launch->source->name, launch->entry,
                     empty ? ": a global size is 0" : ": an option, argument or launch did not fit");
}
