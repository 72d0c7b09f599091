// SPDX-License-Identifier: Apache-2.0
//
// Where else the cards, customers, receipts and items of some transactions turn up.
#ifndef TW_SERVICE_RELATED_H
#define TW_SERVICE_RELATED_H

#include "service/lake_live.h"
#include "service/query.h"

#define TW_RELATED_THINGS_MAX 16 // in one question
#define TW_RELATED_OTHERS_MAX 30 // listed of each

typedef enum tw_related_kind {
    TW_RELATED_CARD,     // account token
    TW_RELATED_CUSTOMER, // customer id
    TW_RELATED_RECEIPT,  // returns and voids of this receipt
    TW_RELATED_ITEM,     // returned, voided or sold below its price; ordinary sales do not count
    TW_RELATED_N
} tw_related_kind;

typedef struct tw_related_thing {
    tw_related_kind kind;
    tw_str id;
    // The answer.
    uint64_t other_n, store_n, employee_n; // transactions that have it, where, by whom
    int64_t first_ms, last_ms;             // 0 without any
    const tw_transaction_view *others;     // newest first, the first TW_RELATED_OTHERS_MAX
    size_t others_n;
} tw_related_thing;

typedef struct tw_related_query {
    int32_t days;        // up to the newest business day
    tw_str_list stores;  // n 0 = all
    const uint64_t *own; // positions of transactions that do not count, at most 200
    size_t own_n;
} tw_related_query;

// Fills in the answers, with one question to the lake's index: some 20 ms, and 50 us for each
// transaction that is listed. Strings live in the arena. TW_UNSUPPORTED, TW_BUSY of the lake.
tw_status tw_query_related(tw_service *service, tw_lake_live *live, const tw_related_query *query,
                           tw_related_thing *things, size_t n, tw_arena *arena,
                           tw_err *err) TW_MUST_CHECK;

#endif
