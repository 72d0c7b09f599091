// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: how problems are filled.
#ifndef TW_INTAKE_PROBLEM_PRIVATE_H
#define TW_INTAKE_PROBLEM_PRIVATE_H

#include "base/arena.h"
#include "intake/problem.h"

// Fills code, field and sentence (masked) and returns TW_INVALID.
tw_status twi_reject(tw_problem *problem, tw_problem_code code, const char *field,
                     const char *format, ...) TW_PRINTF(4, 5);
// Completes a problem: masked copy of the record's beginning, counters. TW_INVALID, or TW_NO_MEMORY
// with nothing counted.
tw_status twi_dead_letter(tw_arena *arena, tw_str record, tw_intake_counts *counts,
                          tw_problem *problem);

#endif
