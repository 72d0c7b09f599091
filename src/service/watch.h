// SPDX-License-Identifier: Apache-2.0
//
// What the core keeps so that people can watch its models: champion and challenger side by side for
// each of the last days, transactions by week, what became of each alert, and the audit sample.
// Deterministic, a part of the core's state and of its snapshots.
//
// Memory: bounded. The newest TWI_WATCH_ALERTS alerts (24 bytes each, some 3 months of a chain of
// 10,000 stores) and TWI_WATCH_AUDITS audited transactions; stores by name once each.
#ifndef TWI_SERVICE_WATCH_H
#define TWI_SERVICE_WATCH_H

#include "base/buf.h"
#include "base/table.h"
#include "detect/detector.h"
#include "service/query.h"

#define TWI_WATCH_ALERTS (1u << 18)
#define TWI_WATCH_AUDITS (1u << 16)
#define TWI_WATCH_WEEKS 26
#define TWI_WATCH_STORES_MAX (1u << 20)
#define TWI_UNDECIDED UINT8_MAX

typedef struct twi_watch_alert {
    uint64_t key;
    int32_t day;       // engine day of the opening
    float probability; // of the opening transaction; NaN without a classifier
    uint32_t store;    // index into stores
    uint8_t verdict;   // tw_verdict_kind of the newest, or TWI_UNDECIDED
} twi_watch_alert;

typedef struct twi_watch_audit {
    uint64_t seq;
    int32_t day;
    uint8_t verdict;
} twi_watch_audit;

typedef struct twi_watch_week {
    int32_t first_day; // Monday; INT32_MIN = free
    uint64_t transaction_n;
} twi_watch_week;

typedef char twi_store_name[TW_ID_MAX_BYTES + 1];

typedef struct twi_watch {
    const tw_alloc *alloc;
    tw_shadow_day days[TW_SHADOW_DAYS];    // by day modulo; transaction_n 0 = free
    twi_watch_week weeks[TWI_WATCH_WEEKS]; // by week modulo
    twi_watch_alert *alerts_own;           // ring of TWI_WATCH_ALERTS once it is full
    size_t alert_cap;
    uint64_t alert_n;            // ever: the newest is at (alert_n - 1) % TWI_WATCH_ALERTS
    tw_table by_key;             // alert key -> index
    twi_watch_audit *audits_own; // the same for audited transactions, ascending by seq
    size_t audit_cap;
    uint64_t audit_n;
    twi_store_name *stores_own;
    size_t store_n, store_cap;
    tw_table by_store; // hash of the name -> index
} twi_watch;

void twi_watch_init(twi_watch *watch, const tw_alloc *alloc);
void twi_watch_release(twi_watch *watch);
// Room for n more facts: afterwards as many notes cannot fail. TW_NO_MEMORY.
tw_status twi_watch_reserve(twi_watch *watch, size_t n) TW_MUST_CHECK;

// A transaction of engine day `day`, as the champion and (not NaN) the challenger scored it.
void twi_watch_transaction(twi_watch *watch, int32_t day, uint64_t seq, const tw_score *score,
                           tw_shadow shadow);
// It opened an alert.
void twi_watch_opened(twi_watch *watch, int32_t day, const tw_alert *alert, float probability);
// A verdict on an alert; on a transaction that may have been drawn for audit.
void twi_watch_judged(twi_watch *watch, uint64_t alert_key, tw_verdict_kind verdict);
void twi_watch_judged_seq(twi_watch *watch, uint64_t seq, tw_verdict_kind verdict);

// What is kept, i from 0 = oldest.
size_t twi_watch_alert_count(const twi_watch *watch);
const twi_watch_alert *twi_watch_alert_at(const twi_watch *watch, size_t i);
size_t twi_watch_audit_count(const twi_watch *watch);
const twi_watch_audit *twi_watch_audit_at(const twi_watch *watch, size_t i);
int32_t twi_watch_monday(int32_t day); // of its week

void twi_watch_save(const twi_watch *watch, tw_buf *out);
// TW_CORRUPT, TW_NO_MEMORY.
tw_status twi_watch_load(twi_watch *watch, tw_reader *reader) TW_MUST_CHECK;
uint64_t twi_watch_hash(const twi_watch *watch, uint64_t seed);

#endif
