// SPDX-License-Identifier: Apache-2.0
//
// Transactions by any field, over the whole history. What a search finds is defined by
// tw_search_matches over the transaction as the journal has it; the lake only says where to look:
// its index for what few transactions have (a card, a customer, a signal), its sums for the days
// and stores that come into question, and its columns for the rest.
//
// All functions are thread-safe. Strings and arrays of answers live in the arena.
#ifndef TW_SERVICE_SEARCH_H
#define TW_SERVICE_SEARCH_H

#include "service/lake_live.h"
#include "service/query.h"

#define TW_SEARCH_LIMIT_MAX 200
#define TW_SEARCH_LIMIT_DEFAULT 50

// Brings the lake up to what the service has accepted, and tells up to when it goes; before
// questions that do not do so by themselves. As tw_lake_live_settle; `live` NULL = TW_UNSUPPORTED.
tw_status tw_lake_settle(tw_service *service, tw_lake_live *live, int64_t *up_to_ms,
                         tw_err *err) TW_MUST_CHECK;

typedef enum tw_tri { TW_ANY, TW_NO, TW_YES } tw_tri;

// Conditions, all of which must hold. tw_search_init's value finds everything.
typedef struct tw_search {
    // Part of an id, a reason or a sentence of a signal, whatever the case of ASCII letters.
    tw_str text;
    tw_str transaction_id, original_transaction_id, register_id, employee_id, override_employee_id;
    tw_str account_token, customer_id, loyalty_id; // "" = any, as of all of these
    tw_str sku, signal;
    tw_str_list stores;            // n 0 = all
    uint32_t types, payment_types; // bits 1 << tw_transaction_type, 1 << tw_payment_type; 0 = all
    int64_t amount_from_minor, amount_to_minor; // of the total without its sign, both in it
    int64_t discount_from_minor, discount_to_minor;
    int64_t from_ms, to_ms;      // of the transaction's time, [from, to)
    int32_t first_day, last_day; // business days, both in it
    int hour_from, hour_to; // of the store's own time, [from, to), around midnight when from > to;
                            // equal = all day
    float risk_from, risk_to; // both in it
    tw_tri alerted, refund, voided, overridden;
} tw_search;
void tw_search_init(tw_search *search);
bool tw_search_matches(const tw_search *search, const tw_transaction_view *view);

typedef struct tw_search_page {
    const tw_transaction_view *items; // newest business day first, newest first within it
    size_t n;
    tw_str next_cursor; // "" = everything was looked at
    bool has_days;
    int32_t searched_from_day; // the oldest day that was looked at
    int64_t up_to_ms;          // what was accepted before was looked at
} tw_search_page;
// One page, of at most `limit` (0 = the default). A page that takes too long ends early with a
// cursor. TW_INVALID for a cursor that is none of ours; TW_UNSUPPORTED, TW_BUSY of the lake; `live`
// NULL = there is no lake.
tw_status tw_query_search(tw_service *service, tw_lake_live *live, const tw_search *search,
                          uint32_t limit, tw_str cursor, tw_arena *arena, tw_search_page *out,
                          tw_err *err) TW_MUST_CHECK;

// The SELECT that gives the same transactions as rows of text and numbers, in the same order, for a
// file; appended to `out`. `currency` is the one whose minor unit amounts are shown in.
void tw_search_sql(const tw_search *search, const char currency[4], tw_buf *out);

#endif
