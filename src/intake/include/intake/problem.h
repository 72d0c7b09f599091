// SPDX-License-Identifier: Apache-2.0
//
// Why a record was rejected: machine-readable code, the field, a sentence that says what to do, and
// the record itself for the dead letter. Also the counters of a summary. Nothing here ever holds an
// unmasked card number.
#ifndef TW_INTAKE_PROBLEM_H
#define TW_INTAKE_PROBLEM_H

#include "base/str.h"

// X(NAME, "code"); the codes are stored in dead letters: never rename.
#define TW_PROBLEM_CODES(X)                                                                        \
    X(NONE, "")                                                                                    \
    X(MISSING, "missing_field")                                                                    \
    X(TYPE, "invalid_type")                                                                        \
    X(RANGE, "out_of_range")                                                                       \
    X(LENGTH, "too_long")                                                                          \
    X(SYNTAX, "malformed")                                                                         \
    X(UTF8, "invalid_text")                                                                        \
    X(UNKNOWN_VALUE, "unknown_value")                                                              \
    X(TIME, "invalid_time")                                                                        \
    X(MONEY, "invalid_money")                                                                      \
    X(REPEATED, "repeated_field")                                                                  \
    X(CONFLICT, "conflict")

typedef enum tw_problem_code {
#define X(name, text) TW_PROBLEM_##name,
    TW_PROBLEM_CODES(X)
#undef X
        TW_PROBLEM_N
} tw_problem_code;

// Bytes of a record that a dead letter keeps; the rest is cut off.
#define TW_EXCERPT_MAX_BYTES 4096

typedef struct tw_problem {
    uint64_t line; // line of the record's start, from 1; of a JSON array: the element, from 1
    tw_problem_code code;
    char field[64];     // such as "lines[2].quantity"; "" for the record as a whole
    char sentence[232]; // for a person, without a full stop at the end
    tw_str record;      // masked excerpt in the caller's arena
} tw_problem;

const char *tw_problem_code_name(tw_problem_code code);

// Running totals of a parser or source since it was made. records = accepted + rejected.
typedef struct tw_intake_counts {
    uint64_t records, accepted, rejected;
    uint64_t by_code[TW_PROBLEM_N]; // of the rejected
    uint64_t unknown_members;       // JSON members that no field has
    uint64_t unknown_payments;      // payment types and entry methods taken as "other"
    uint64_t cards_masked;          // card numbers masked in text
    uint64_t cards_tokenised;       // card numbers replaced by a token
} tw_intake_counts;
void tw_intake_counts_add(tw_intake_counts *to, const tw_intake_counts *more);

#endif
