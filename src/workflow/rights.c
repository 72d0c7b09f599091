// SPDX-License-Identifier: Apache-2.0
//
// Roles and rights by name.
#include "workflow/rights.h"

static const char *const words[TW_RIGHT_N] = {
#define X(name, word, help) word,
    TW_RIGHTS(X)
#undef X
};

static const char *const helps[TW_RIGHT_N] = {
#define X(name, word, help) help,
    TW_RIGHTS(X)
#undef X
};

#define ANALYST (TW_RIGHT_READ | TW_RIGHT_SCORE | TW_RIGHT_WORK | TW_RIGHT_NAMES)
#define MANAGER (ANALYST | TW_RIGHT_MANAGE | TW_RIGHT_SQL)
static const struct {
    const char *name;
    uint32_t rights;
} roles[TW_ROLE_N] = {
    [TW_ROLE_READ_ONLY] = {"read-only", TW_RIGHT_READ},
    [TW_ROLE_ANALYST] = {"analyst", ANALYST},
    [TW_ROLE_MANAGER] = {"manager", MANAGER},
    [TW_ROLE_ADMIN] = {"admin", MANAGER | TW_RIGHT_AUDIT | TW_RIGHT_ADMIN | TW_RIGHT_INGEST},
    [TW_ROLE_INGEST] = {"ingest", TW_RIGHT_INGEST | TW_RIGHT_SCORE},
};

const char *tw_role_name(tw_role role)
{
    return (unsigned)role < TW_ROLE_N ? roles[role].name : "";
}

bool tw_role_from(tw_str name, tw_role *out)
{
    for (unsigned i = 0; i < TW_ROLE_N; i++) {
        if (tw_str_equal(name, tw_str_from(roles[i].name))) {
            *out = (tw_role)i;
            return true;
        }
    }
    return false;
}

uint32_t tw_role_rights(tw_role role)
{
    return (unsigned)role < TW_ROLE_N ? roles[role].rights : 0;
}

const char *tw_right_word(tw_right_index right)
{
    return (unsigned)right < TW_RIGHT_N ? words[right] : "";
}

const char *tw_right_help(tw_right_index right)
{
    return (unsigned)right < TW_RIGHT_N ? helps[right] : "";
}

uint32_t tw_right_from(tw_str word)
{
    for (unsigned i = 0; i < TW_RIGHT_N; i++)
        if (tw_str_equal(word, tw_str_from(words[i])))
            return 1U << i;
    return 0;
}
