// SPDX-License-Identifier: Apache-2.0
//
// Port: slow hashes of passwords. An encoded hash names its function, parameters and salt
// ("$argon2id$v=19$m=19456,t=2,p=1$..."), so that parameters can be raised later.
//
// All functions are thread-safe. One call takes some 20 ms and 19 MiB: never on a thread that
// others wait for.
#ifndef TW_PORT_PASSWORD_H
#define TW_PORT_PASSWORD_H

#include "base/str.h"

#define TW_PASSWORD_VERSION 1
#define TW_PASSWORD_HASH_BYTES 160 // of an encoded hash with the NUL
#define TW_PASSWORD_MIN_BYTES 12
#define TW_PASSWORD_MAX_BYTES 128

typedef struct tw_password_ops {
    uint32_t version; // TW_PASSWORD_VERSION
    tw_status (*hash)(void *ctx, tw_str password, char out[TW_PASSWORD_HASH_BYTES], tw_err *err);
    tw_status (*verify)(void *ctx, tw_str password, const char *encoded, tw_err *err);
} tw_password_ops;

typedef struct tw_password {
    const tw_password_ops *ops;
    void *ctx;
} tw_password;

// Encodes with a fresh salt. TW_NO_MEMORY, TW_IO (no random bytes).
TW_MUST_CHECK static inline tw_status tw_password_hash(const tw_password *password, tw_str text,
                                                       char out[TW_PASSWORD_HASH_BYTES],
                                                       tw_err *err)
{
    return password->ops->hash(password->ctx, text, out, err);
}

// TW_OK: it is the password; TW_DENIED: it is not; TW_CORRUPT: no encoded hash; TW_NO_MEMORY.
TW_MUST_CHECK static inline tw_status tw_password_verify(const tw_password *password, tw_str text,
                                                         const char *encoded, tw_err *err)
{
    return password->ops->verify(password->ctx, text, encoded, err);
}

// May somebody choose this? TW_INVALID with a sentence: too short or long, not UTF-8, the user id,
// one character over and over.
tw_status tw_password_check(tw_str text, tw_str user_id, tw_err *err) TW_MUST_CHECK;

#endif
