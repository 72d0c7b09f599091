// SPDX-License-Identifier: Apache-2.0
//
// Hashes: XXH3 for tables and state comparison, SHA-256 for the chain, HMAC-SHA-256 for card
// tokens. All thread-safe.
#ifndef TW_BASE_HASH_H
#define TW_BASE_HASH_H

#include "base/str.h"

#define TW_SHA256_BYTES 32

// XXH3-64 of the bytes, never 0 (0 is the free key of tw_table).
uint64_t tw_hash64(const void *data, size_t bytes, uint64_t seed);
static inline uint64_t tw_hash_str(tw_str s, uint64_t seed)
{
    return tw_hash64(s.at, s.bytes, seed);
}
// Mixes two hashes into one, never 0.
uint64_t tw_hash_pair(uint64_t a, uint64_t b);

void tw_sha256(const void *data, size_t bytes, uint8_t out[TW_SHA256_BYTES]);
// SHA-256 over two parts, as if joined.
void tw_sha256_two(const void *a, size_t a_bytes, const void *b, size_t b_bytes,
                   uint8_t out[TW_SHA256_BYTES]);
void tw_hmac_sha256(const void *key, size_t key_bytes, const void *data, size_t bytes,
                    uint8_t out[TW_SHA256_BYTES]);
// Lower-case hex of n bytes, NUL-terminated: out holds 2n+1.
char *tw_hex(const uint8_t *data, size_t n, char *out);
// Fills out with bytes of the system's cryptographic generator. TW_IO on failure.
tw_status tw_random_bytes(void *out, size_t bytes) TW_MUST_CHECK;
// Equal in time that does not depend on the content.
bool tw_equal_secret(const void *a, const void *b, size_t bytes);

#endif
