// SPDX-License-Identifier: Apache-2.0
//
// The journal's verdicts on transactions, and from when on each is known. A first pass over the
// journal collects them; the replay then asks at each transaction what will be said about it, and
// before each transaction which verdicts are due. Internal to the library.
//
// When a verdict is known: at its place in the journal; but one that was decided before its
// transaction was even accepted belongs to history that was brought later, and is known from its
// decided_at on; and a forced label delay puts every one at its transaction's time plus the delay.
//
// Time is that of the transaction's store: stores may be brought one after the other, and then
// the first one's last day says nothing about what was known in the second one's first week.
#ifndef TWI_LEARN_KNOWN_H
#define TWI_LEARN_KNOWN_H

#include "base/table.h"
#include "port/journal.h"
#include "retail/transaction.h"

typedef struct twi_known {
    uint64_t seq;             // its place
    uint64_t transaction_seq; // 0 = its transaction has not been met
    int64_t decided_ms;
    int64_t known_ms; // INT64_MAX = not yet
    uint32_t next;    // the next verdict on the same transaction, TW_TABLE_NONE = none
    uint8_t verdict;  // tw_verdict_kind
    bool is_early;    // known_ms does not wait for its place
    bool is_taken;    // its effect has been had
} twi_known;

typedef struct twi_known_store {
    int64_t clock_ms;   // latest plausible time
    uint32_t ahead_n;   // implausible ones in a row
    uint32_t *heap_own; // items that wait, the first due on top
    size_t n, cap;
} twi_known_store;

typedef struct twi_known_book {
    const tw_alloc *alloc;
    twi_known *items_own; // in journal order
    size_t n, cap;
    tw_table by_key; // key of the transaction -> first item, spare: last item
    tw_table store_table;
    twi_known_store *stores_own;
    size_t store_n, store_cap;
    size_t place; // next item in journal order
} twi_known_book;

void twi_known_init(twi_known_book *book, const tw_alloc *alloc);
void twi_known_release(twi_known_book *book);

// Collects the verdicts on transactions up to to_seq.
tw_status twi_known_collect(twi_known_book *book, const tw_journal *journal, uint64_t to_seq,
                            tw_err *err) TW_MUST_CHECK;

// The store of a transaction, with its clock moved to the transaction.
tw_status twi_known_store_at(twi_known_book *book, const tw_transaction *transaction,
                             uint32_t *store) TW_MUST_CHECK;
// The next item of the store that is due now, or NULL; it counts as taken.
const twi_known *twi_known_due(twi_known_book *book, uint32_t store);
// A transaction enters: its verdicts are scheduled. *first is the first one or TW_TABLE_NONE.
tw_status twi_known_meet(twi_known_book *book, const tw_fact *transaction, uint32_t store,
                         int64_t label_delay_ms, uint32_t *first) TW_MUST_CHECK;
// The replay has come to the place of the verdict with this seq.
twi_known *twi_known_at_place(twi_known_book *book, uint64_t seq);
// The latest verdict on a transaction that is known at cut_ms, or NULL.
const twi_known *twi_known_latest(const twi_known_book *book, uint32_t first, int64_t cut_ms);

#endif
