// SPDX-License-Identifier: Apache-2.0
//
// Makes the hashes of a model file fit whatever its bytes say, so that tests and fuzzing reach what
// lies behind them. Knows only docs/formats/model.md.
#ifndef TILLWATCH_TESTS_MODEL_FORGE_H
#define TILLWATCH_TESTS_MODEL_FORGE_H

#include "base/hash.h"

static inline uint64_t model_forge_get(const uint8_t *at, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes; i-- > 0;)
        v = v << 8 | at[i];
    return v;
}

static inline void model_forge_put(uint8_t *at, int bytes, uint64_t v)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

// Length, the hashes of the sections that lie inside, and the SHA-256 of the file.
static inline void model_forge_seal(uint8_t *data, size_t bytes)
{
    if (bytes < 64)
        return;
    model_forge_put(data + 16, 8, bytes);
    uint64_t sections_n = model_forge_get(data + 12, 4);
    for (uint64_t k = 0; k < sections_n && 64 + (k + 1) * 48 <= bytes; k++) {
        uint8_t *entry = data + 64 + k * 48;
        uint64_t offset = model_forge_get(entry + 16, 8), n = model_forge_get(entry + 24, 8);
        if (offset <= bytes && n <= bytes - offset)
            model_forge_put(entry + 32, 8, tw_hash64(data + offset, (size_t)n, 0));
    }
    tw_sha256_two(data, 24, data + 56, bytes - 56, data + 24);
}

#endif
