// SPDX-License-Identifier: Apache-2.0
//
// Random facts within the invariants, for tests of the codec and of the formats. Every optional
// part appears and is missing; limits appear often.
#ifndef TW_TEST_RANDOM_FACT_H
#define TW_TEST_RANDOM_FACT_H

#include "base/arena.h"
#include "base/rng.h"
#include "retail/transaction.h"

// Fills *out with a fact of the kind; all memory is of the arena, which must be large enough.
void random_fact(tw_rng *rng, tw_fact_kind kind, tw_arena *arena, tw_fact *out);
// A typical receipt: n lines, a card tender, scan and tender seconds; the same for the same number.
void typical_fact(uint32_t number, size_t line_n, tw_arena *arena, tw_fact *out);

#endif
