// SPDX-License-Identifier: Apache-2.0
//
// Seeded random numbers: xoshiro256** by D. Blackman and S. Vigna, seeded through splitmix64. Same
// seed, same numbers on every machine. Streams with different stream numbers are independent.
#ifndef TW_BASE_RNG_H
#define TW_BASE_RNG_H

#include <stdint.h>

typedef struct tw_rng {
    uint64_t s[4];
} tw_rng;

void tw_rng_init(tw_rng *rng, uint64_t seed, uint64_t stream);
uint64_t tw_rng_u64(tw_rng *rng);
uint32_t tw_rng_below(tw_rng *rng, uint32_t n); // 0..n-1 without bias; n > 0
double tw_rng_unit(tw_rng *rng);                // [0, 1), 53 bits
double tw_rng_normal(tw_rng *rng);              // mean 0, deviation 1 (polar method; uses libm)

#endif
