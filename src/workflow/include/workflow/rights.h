// SPDX-License-Identifier: Apache-2.0
//
// What somebody may do, and where. A role is a set of rights; an account has one role and a scope
// of stores, a token has rights and a scope of its own. Pure values: who somebody is is the
// server's matter (port/access.h, src/http).
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_RIGHTS_H
#define TW_WORKFLOW_RIGHTS_H

#include "base/str.h"

// X(NAME, "word", "what it lets one do")
#define TW_RIGHTS(X)                                                                               \
    X(INGEST, "ingest", "Send transactions, stock movements and shift events")                     \
    X(SCORE, "score", "Ask for a score without side effects")                                      \
    X(READ, "read", "Look at alerts, cases, figures and entities")                                 \
    X(WORK, "work", "Work alerts and cases, give verdicts")                                        \
    X(MANAGE, "manage", "Approve closing of cases, assign others, change signals and models")      \
    X(NAMES, "names", "See the ids of employees and cards instead of pseudonyms")                  \
    X(SQL, "sql", "Query and export the lake by SQL")                                              \
    X(AUDIT, "audit", "Search who did and saw what")                                               \
    X(ADMIN, "admin", "Manage accounts, tokens and settings")
typedef enum tw_right_index {
#define X(name, word, help) TW_RIGHT_INDEX_##name,
    TW_RIGHTS(X)
#undef X
        TW_RIGHT_N
} tw_right_index;
enum {
#define X(name, word, help) TW_RIGHT_##name = 1 << TW_RIGHT_INDEX_##name,
    TW_RIGHTS(X)
#undef X
};

typedef enum tw_role {
    TW_ROLE_READ_ONLY, // "read-only": READ
    TW_ROLE_ANALYST,   // "analyst": READ, SCORE, WORK, NAMES
    TW_ROLE_MANAGER,   // "manager": an analyst's, MANAGE, SQL
    TW_ROLE_ADMIN,     // "admin": a manager's, AUDIT, ADMIN, INGEST
    TW_ROLE_INGEST,    // "ingest": INGEST, SCORE
    TW_ROLE_N
} tw_role;

const char *tw_role_name(tw_role role);
bool tw_role_from(tw_str name, tw_role *out); // false when unknown
uint32_t tw_role_rights(tw_role role);
const char *tw_right_word(tw_right_index right);
const char *tw_right_help(tw_right_index right);
uint32_t tw_right_from(tw_str word); // the bit; 0 when unknown

#endif
