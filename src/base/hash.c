// SPDX-License-Identifier: Apache-2.0
//
// Thin layer over xxHash (XXH3) and OpenSSL's EVP digests.
#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <xxhash.h>

uint64_t tw_hash64(const void *data, size_t bytes, uint64_t seed)
{
    uint64_t hash = XXH3_64bits_withSeed(data ? data : "", bytes, seed);
    return hash ? hash : 1;
}

uint64_t tw_hash_pair(uint64_t a, uint64_t b)
{
    // The finaliser of MurmurHash3 over a combination that is not symmetric.
    uint64_t h = a * UINT64_C(0x9e3779b97f4a7c15) + ((b << 32) | (b >> 32));
    h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    h ^= h >> 33;
    return h ? h : 1;
}

void tw_sha256(const void *data, size_t bytes, uint8_t out[TW_SHA256_BYTES])
{
    tw_sha256_two(data, bytes, NULL, 0, out);
}

void tw_sha256_two(const void *a, size_t a_bytes, const void *b, size_t b_bytes,
                   uint8_t out[TW_SHA256_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    TW_CHECK(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
    TW_CHECK(a_bytes == 0 || EVP_DigestUpdate(ctx, a, a_bytes) == 1);
    TW_CHECK(b_bytes == 0 || EVP_DigestUpdate(ctx, b, b_bytes) == 1);
    TW_CHECK(EVP_DigestFinal_ex(ctx, out, NULL) == 1);
    EVP_MD_CTX_free(ctx);
}

void tw_hmac_sha256(const void *key, size_t key_bytes, const void *data, size_t bytes,
                    uint8_t out[TW_SHA256_BYTES])
{
    unsigned int out_bytes = TW_SHA256_BYTES;
    TW_CHECK(HMAC(EVP_sha256(), key, (int)key_bytes, data, bytes, out, &out_bytes) != NULL);
}

char *tw_hex(const uint8_t *data, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

tw_status tw_random_bytes(void *out, size_t bytes)
{
    return RAND_bytes(out, (int)bytes) == 1 ? TW_OK : TW_IO;
}

bool tw_equal_secret(const void *a, const void *b, size_t bytes)
{
    return CRYPTO_memcmp(a, b, bytes) == 0;
}
