// SPDX-License-Identifier: Apache-2.0
//
// Thin layer over OpenSSL's Ed25519.
#include "base/sign.h"

#include <openssl/evp.h>

tw_status tw_sign_public(const uint8_t key[TW_SIGN_KEY_BYTES], uint8_t out[TW_SIGN_KEY_BYTES])
{
    size_t bytes = TW_SIGN_KEY_BYTES;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, TW_SIGN_KEY_BYTES);
    bool is_done = pair && EVP_PKEY_get_raw_public_key(pair, out, &bytes) == 1;
    EVP_PKEY_free(pair);
    return is_done ? TW_OK : TW_NO_MEMORY;
}

tw_status tw_sign(const uint8_t key[TW_SIGN_KEY_BYTES], const void *data, size_t bytes,
                  uint8_t out[TW_SIGNATURE_BYTES])
{
    size_t out_bytes = TW_SIGNATURE_BYTES;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, TW_SIGN_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_done = pair && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair) == 1 &&
                   EVP_DigestSign(ctx, out, &out_bytes, data, bytes) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pair);
    return is_done ? TW_OK : TW_NO_MEMORY;
}

bool tw_sign_holds(const uint8_t public_key[TW_SIGN_KEY_BYTES], const void *data, size_t bytes,
                   const uint8_t signature[TW_SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, TW_SIGN_KEY_BYTES);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool holds = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                 EVP_DigestVerify(ctx, signature, TW_SIGNATURE_BYTES, data, bytes) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return holds;
}
