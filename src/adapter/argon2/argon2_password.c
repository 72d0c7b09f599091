// SPDX-License-Identifier: Apache-2.0
//
// Argon2id through libargon2. The library allocates its memory itself and gives it back.
#include "adapter/argon2.h"

#include <argon2.h>

#include "base/hash.h"

// OWASP's password storage recommendation for Argon2id.
enum { MEMORY_KIB = 19456, PASSES = 2, LANES = 1, SALT_BYTES = 16, HASH_BYTES = 32 };

static tw_status hash(void *ctx, tw_str password, char out[TW_PASSWORD_HASH_BYTES], tw_err *err)
{
    uint8_t salt[SALT_BYTES];
    (void)ctx;
    if (tw_random_bytes(salt, sizeof(salt)) != TW_OK)
        return tw_fail(err, TW_IO, "the system gives no random numbers");
    int code = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.at, password.bytes, salt,
                                     sizeof(salt), HASH_BYTES, out, TW_PASSWORD_HASH_BYTES);
    if (code == ARGON2_OK)
        return TW_OK;
    out[0] = '\0';
    return tw_fail(err, code == ARGON2_MEMORY_ALLOCATION_ERROR ? TW_NO_MEMORY : TW_INVALID,
                   "the password cannot be hashed: %s", argon2_error_message(code));
}

static tw_status verify(void *ctx, tw_str password, const char *encoded, tw_err *err)
{
    (void)ctx;
    int code = argon2id_verify(encoded, password.at, password.bytes);
    if (code == ARGON2_OK)
        return TW_OK;
    tw_status status = code == ARGON2_VERIFY_MISMATCH           ? TW_DENIED
                       : code == ARGON2_MEMORY_ALLOCATION_ERROR ? TW_NO_MEMORY
                                                                : TW_CORRUPT;
    return tw_fail(err, status, "the password is not verified: %s", argon2_error_message(code));
}

tw_password tw_argon2_password(void)
{
    static const tw_password_ops ops = {TW_PASSWORD_VERSION, hash, verify};
    return (tw_password){&ops, NULL};
}
