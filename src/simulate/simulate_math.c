// SPDX-License-Identifier: Apache-2.0
//
// Numbers for the simulator. Logarithm and exponential are our own, from operations that IEEE 754
// rounds exactly: the C library's differ in the last bit between machines, and one bit is enough to
// move a cent and with it every later draw.
#include <math.h>

#include "simulate_model.h"

static uint64_t splitmix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t twi_mix(uint64_t a, uint64_t b)
{
    return splitmix(splitmix(a) ^ (b + 1));
}

void twi_rng_start(tw_rng *rng, uint64_t seed, twi_stream stream, uint32_t a, uint32_t b)
{
    tw_rng_init(rng, seed, twi_mix(twi_mix((uint64_t)stream, a), b));
}

double twi_log(double x)
{
    // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh((m-1)/(m+1)).
    int e = 0;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) {
        m *= 2.0;
        e--;
    }
    double z = (m - 1.0) / (m + 1.0);
    double z2 = z * z;
    double sum = 0.0;
    for (int k = 15; k >= 1; k -= 2)
        sum = sum * z2 + 1.0 / k;
    return 2.0 * z * sum + e * 0.69314718055994531;
}

double twi_exp(double x)
{
    int k = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double r = x - k * 0.69314718055994531;
    double sum = 1.0;
    for (int i = 13; i >= 1; i--)
        sum = 1.0 + sum * r / i;
    return ldexp(sum, k);
}

bool twi_chance(tw_rng *rng, double p)
{
    return tw_rng_unit(rng) < p;
}

double twi_between(tw_rng *rng, double low, double high)
{
    return low + (high - low) * tw_rng_unit(rng);
}

int32_t twi_range(tw_rng *rng, int32_t low, int32_t high)
{
    return high <= low ? low : low + (int32_t)tw_rng_below(rng, (uint32_t)(high - low) + 1);
}

double twi_bell(tw_rng *rng)
{
    // Four uniform 16-bit numbers of one draw; each has variance 2^32/12.
    uint64_t u = tw_rng_u64(rng);
    double sum = (double)(u & 0xffff) + (double)(u >> 16 & 0xffff) + (double)(u >> 32 & 0xffff) +
                 (double)(u >> 48);
    return (sum - 131070.0) / 37837.0;
}

double twi_spread(tw_rng *rng, double sigma)
{
    return twi_exp(sigma * twi_bell(rng));
}

double twi_gap(tw_rng *rng)
{
    return -twi_log(1.0 - tw_rng_unit(rng));
}

double twi_at_most(double x, double most)
{
    return x < most ? x : most;
}

int32_t twi_poisson(tw_rng *rng, double mean)
{
    if (mean <= 0.0)
        return 0;
    double left = twi_exp(-mean), product = tw_rng_unit(rng);
    int32_t n = 0;
    while (product > left && n < 200) {
        product *= tw_rng_unit(rng);
        n++;
    }
    return n;
}

int64_t twi_round_price(int64_t minor)
{
    if (minor < 100)
        return TW_MAX(minor / 5 * 5 + 4, 9);
    if (minor < 2000)
        return minor / 10 * 10 + 9;
    return minor / 100 * 100 + 99;
}
