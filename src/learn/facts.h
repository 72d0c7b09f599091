// SPDX-License-Identifier: Apache-2.0
//
// The journal's facts, decoded a block at a time, so that a reader can look ahead. Internal to the
// library; tw_replay_facts is the same one by one.
#ifndef TWI_LEARN_FACTS_H
#define TWI_LEARN_FACTS_H

#include "port/journal.h"
#include "retail/transaction.h"

// Sees n > 0 facts in order; views live during the call. TW_END ends the reading with success.
typedef tw_status twi_facts_visit(void *ctx, const tw_fact *facts, size_t n, tw_err *err);

// Facts from_seq..to_seq (0 = the head). Facts in front of a damaged one are visited.
tw_status twi_facts_read(const tw_alloc *alloc, const tw_journal *journal, uint64_t from_seq,
                         uint64_t to_seq, twi_facts_visit *visit, void *ctx,
                         tw_err *err) TW_MUST_CHECK;

#endif
