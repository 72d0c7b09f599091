// SPDX-License-Identifier: Apache-2.0
//
// Made-up rows for tests of models, from the seeded generator without the C library's mathematics,
// so that they are the same on every machine.
#ifndef TILLWATCH_TESTS_MODEL_DATA_H
#define TILLWATCH_TESTS_MODEL_DATA_H

#include "base/rng.h"

// x[rows_n][features_n]: money with a long tail, counts, mostly-zero rates, times; 1 in 20 missing,
// 1 in 200 extreme (infinite, huge, tiny, negative zero).
static inline void model_data_fill(float *x, size_t rows_n, size_t features_n, uint64_t seed)
{
    static const float extreme[] = {1e38f, -1e38f, 1e-40f, -0.0f, 3e-39f, -7e20f};
    tw_rng rng;
    tw_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < rows_n * features_n; i++) {
        double u = tw_rng_unit(&rng);
        uint32_t pick = tw_rng_below(&rng, 200);
        double v = 0.0;
        switch (i % features_n % 4) {
        case 0:
            v = 5.0 / (1.0 - u * 0.999);
            break;
        case 1:
            v = (double)(int)(12.0 * u * u * u);
            break;
        case 2:
            v = u < 0.9 ? 0.0 : u - 0.9;
            break;
        default:
            v = 24.0 * u;
            break;
        }
        x[i] = (float)v;
        if (pick < 10)
            x[i] = (float)(v - v) / (float)(v - v); // NaN
        else if (pick == 10)
            x[i] = extreme[tw_rng_below(&rng, 6)];
        else if (pick == 11 && tw_rng_below(&rng, 2))
            x[i] = (u < 0.5 ? 1.0f : -1.0f) / (float)(v - v);
    }
}

#endif
