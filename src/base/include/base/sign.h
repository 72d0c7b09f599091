// SPDX-License-Identifier: Apache-2.0
//
// Ed25519 signatures (RFC 8032): who made an export, and that it was not changed since. All
// functions are pure and thread-safe.
#ifndef TW_BASE_SIGN_H
#define TW_BASE_SIGN_H

#include "base/status.h"

#define TW_SIGN_KEY_BYTES 32 // private: any random bytes; public: a point of the curve
#define TW_SIGNATURE_BYTES 64

// The public key of a private one. TW_NO_MEMORY.
tw_status tw_sign_public(const uint8_t key[TW_SIGN_KEY_BYTES],
                         uint8_t out[TW_SIGN_KEY_BYTES]) TW_MUST_CHECK;
// Signs the bytes; the same key and bytes give the same signature. TW_NO_MEMORY.
tw_status tw_sign(const uint8_t key[TW_SIGN_KEY_BYTES], const void *data, size_t bytes,
                  uint8_t out[TW_SIGNATURE_BYTES]) TW_MUST_CHECK;
// Did the holder of this public key sign the bytes? False also for a key that is none.
bool tw_sign_holds(const uint8_t public_key[TW_SIGN_KEY_BYTES], const void *data, size_t bytes,
                   const uint8_t signature[TW_SIGNATURE_BYTES]);

#endif
