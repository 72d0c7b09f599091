// SPDX-License-Identifier: Apache-2.0
//
// Problems and counters.
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "intake/mask.h"

const char *tw_problem_code_name(tw_problem_code code)
{
    static const char *const names[] = {
#define X(name, text) text,
        TW_PROBLEM_CODES(X)
#undef X
    };
    return (unsigned)code < TW_PROBLEM_N ? names[code] : "";
}

void tw_intake_counts_add(tw_intake_counts *to, const tw_intake_counts *more)
{
    to->records += more->records;
    to->accepted += more->accepted;
    to->rejected += more->rejected;
    for (size_t i = 0; i < TW_PROBLEM_N; i++)
        to->by_code[i] += more->by_code[i];
    to->unknown_members += more->unknown_members;
    to->unknown_payments += more->unknown_payments;
    to->cards_masked += more->cards_masked;
    to->cards_tokenised += more->cards_tokenised;
}

tw_status twi_reject(tw_problem *problem, tw_problem_code code, const char *field,
                     const char *format, ...)
{
    problem->code = code;
    tw_str_copy(tw_str_from(field), problem->field, sizeof(problem->field));
    va_list args;
    va_start(args, format);
    vsnprintf(problem->sentence, sizeof(problem->sentence), format, args);
    va_end(args);
    tw_pan_mask(problem->sentence, strlen(problem->sentence));
    return TW_INVALID;
}

tw_status twi_dead_letter(tw_arena *arena, tw_str record, tw_intake_counts *counts,
                          tw_problem *problem)
{
    size_t bytes = TW_MIN(record.bytes, TW_EXCERPT_MAX_BYTES);
    // A card number that the cut would halve is left out whole: digits at the cut go.
    if (bytes < record.bytes) {
        while (bytes > 0 && (record.at[bytes - 1] == ' ' || record.at[bytes - 1] == '-' ||
                             (record.at[bytes - 1] >= '0' && record.at[bytes - 1] <= '9')))
            bytes--;
        // Nor is a character halved.
        while (bytes > 0 && ((unsigned char)record.at[bytes] & 0xc0) == 0x80)
            bytes--;
    }
    char *copy = tw_arena_copy(arena, record.at, bytes);
    if (!copy)
        return TW_NO_MEMORY;
    counts->cards_masked += tw_pan_mask(copy, bytes);
    problem->record = (tw_str){copy, bytes};
    counts->records++;
    counts->rejected++;
    counts->by_code[problem->code]++;
    return TW_INVALID;
}
