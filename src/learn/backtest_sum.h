// SPDX-License-Identifier: Apache-2.0
//
// What a backtest counts while it goes, and what becomes of it at the end. Internal to the library.
#ifndef TWI_LEARN_BACKTEST_SUM_H
#define TWI_LEARN_BACKTEST_SUM_H

#include "base/table.h"
#include "detect/detector.h"
#include "learn/backtest.h"

// An alert of the period, of the run that is looked at.
typedef struct twi_sum_item {
    uint64_t key, case_key;
    uint64_t signals[(TW_SIGNAL_IDS_MAX + 63) / 64]; // its reasons, by number
    tw_backtest_alert alert;
} twi_sum_item;

// An alert of the recorded run in the period.
typedef struct twi_sum_old {
    uint64_t key, case_key;
    uint8_t verdict; // latest, or 0xff
    tw_backtest_alert alert;
} twi_sum_old;

// Of an entity and scheme.
enum { TWI_PAIR_RECORDED = 1, TWI_PAIR_CONFIRMED = 2, TWI_PAIR_RAISED = 4 };

typedef struct twi_backtest_sum {
    const tw_alloc *alloc;
    twi_sum_item *items_own; // in order of creation
    size_t item_n, item_cap;
    twi_sum_old *olds_own;
    size_t old_n, old_cap;
    tw_table item_table, old_table; // hash of the alert's key -> index
    tw_table label_table;           // hash of the transaction's position -> two labels
    tw_table store_table;           // stores seen in the period
    uint64_t transaction_n;
    int32_t first_day, last_day;
    uint64_t fired_n[TW_SIGNAL_IDS_MAX];
} twi_backtest_sum;

void twi_sum_init(twi_backtest_sum *sum, const tw_alloc *alloc);
void twi_sum_release(twi_backtest_sum *sum);

// A transaction of the period with the score of the run that is looked at.
tw_status twi_sum_transaction(twi_backtest_sum *sum, const tw_transaction *transaction,
                              const tw_score *score) TW_MUST_CHECK;
// An alert of the run that is looked at opened or changed.
tw_status twi_sum_alert(twi_backtest_sum *sum, const tw_alert *alert,
                        uint64_t case_key) TW_MUST_CHECK;
// The recorded run opened or changed an alert; somebody judged one.
tw_status twi_sum_recorded(twi_backtest_sum *sum, const tw_alert *alert,
                           uint64_t case_key) TW_MUST_CHECK;
void twi_sum_verdict(twi_backtest_sum *sum, uint64_t key, tw_verdict_kind verdict);
// What a verdict says of a transaction; one on the transaction itself goes before one on its alert.
tw_status twi_sum_label(twi_backtest_sum *sum, uint64_t seq, tw_verdict_kind verdict,
                        bool of_alert) TW_MUST_CHECK;

// All figures. `watched` is the detector of the run that is looked at, `recorded` that of the
// recorded one, both still alive.
tw_status twi_sum_finish(twi_backtest_sum *sum, const tw_detector *watched,
                         const tw_detector *recorded, tw_backtest *out) TW_MUST_CHECK;

#endif
