// SPDX-License-Identifier: Apache-2.0
//
// Draws the habits of a chain from its number alone, so that the same house can be seen with other
// people and days (other seeds).
#include "simulate_model.h"

// Most houses are like the others in most things.
#define UNUSUAL 0.4

static double between_logs(double u, double low, double high)
{
    return low * twi_exp(u * twi_log(high / low));
}

static double draw(tw_rng *rng, double ordinary, double low, double high)
{
    bool is_unusual = twi_chance(rng, UNUSUAL);
    double u = tw_rng_unit(rng);
    bool is_less = twi_chance(rng, 0.5);
    if (ordinary == 0.0) // a custom that other houses do not have
        return is_unusual ? u * high : 0.0;
    // Near the ordinary: a tenth of the way to a bound at most.
    u *= is_unusual ? 1.0 : 0.1;
    double bound = is_less ? low : high;
    if (bound == ordinary)
        bound = is_less ? high : low;
    if (bound == 0.0)
        return ordinary * (1.0 - u);
    return between_logs(u, ordinary, bound);
}

void twi_habits_draw(twi_habits *habits, uint64_t number)
{
#define X(name, ordinary, low, high, meaning) .name = (ordinary),
    *habits = (twi_habits){TWI_HABITS(X)};
#undef X
    if (number == 0)
        return;
    tw_rng rng;
    twi_rng_start(&rng, number, TWI_STREAM_HABITS, 0, 0);
    habits->key = tw_rng_u64(&rng) | 1;
#define X(name, ordinary, low, high, meaning) habits->name = draw(&rng, ordinary, low, high);
    TWI_HABITS(X)
#undef X
}
