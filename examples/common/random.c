#include "random.h"

uint64_t random_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

float random_uniform(uint64_t *state)
{
    return (float)((int64_t)(random_next(state) >> 40) - (1 << 23)) / (float)(1 << 23);
}
