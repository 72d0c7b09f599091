// SPDX-License-Identifier: Apache-2.0
//
// Passwords by Argon2id with OWASP's parameters (19 MiB, two passes, one lane); see ADR 0023.
#ifndef TW_ADAPTER_ARGON2_H
#define TW_ADAPTER_ARGON2_H

#include "port/password.h"

// Holds nothing; needs no release.
tw_password tw_argon2_password(void);

#endif
