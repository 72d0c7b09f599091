// SPDX-License-Identifier: Apache-2.0
//
// xoshiro256** 1.0 (Blackman, Vigna 2018) and splitmix64 (Steele, Lea, Flood 2014).
#include "base/rng.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void tw_rng_init(tw_rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t stream_state = stream;
    uint64_t state = seed ^ splitmix64(&stream_state);
    for (int i = 0; i < 4; i++)
        rng->s[i] = splitmix64(&state);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t tw_rng_u64(tw_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint32_t tw_rng_below(tw_rng *rng, uint32_t n)
{
    // D. Lemire, "Fast random integer generation in an interval" (2019).
    uint64_t product = (tw_rng_u64(rng) >> 32) * n;
    uint32_t low = (uint32_t)product;
    if (low < n) {
        uint32_t threshold = (uint32_t)(-n) % n;
        while (low < threshold) {
            product = (tw_rng_u64(rng) >> 32) * n;
            low = (uint32_t)product;
        }
    }
    return (uint32_t)(product >> 32);
}

double tw_rng_unit(tw_rng *rng)
{
    return (double)(tw_rng_u64(rng) >> 11) * 0x1.0p-53;
}

double tw_rng_normal(tw_rng *rng)
{
    for (;;) {
        double u = 2.0 * tw_rng_unit(rng) - 1.0;
        double v = 2.0 * tw_rng_unit(rng) - 1.0;
        double q = u * u + v * v;
        if (q > 0.0 && q < 1.0)
            return u * sqrt(-2.0 * log(q) / q);
    }
}
