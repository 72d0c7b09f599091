// SPDX-License-Identifier: Apache-2.0
//
// What the lake tells of an employee, a store, a register, a card, a customer and an item: counts
// over windows of business days, by whom and where, calendars, and the newest transactions. Counts
// come from the lake's sums, which have the journal's tail in them; single transactions are read
// from the journal.
//
// `stores` limits every answer to transactions of these stores (n 0 = all). The newest business day
// is that of the engine's clock, so that a till whose clock runs ahead moves nothing. With several
// currencies amounts are those of the most frequent one; counts are of all.
//
// All functions are thread-safe; strings and arrays live in the arena. TW_UNSUPPORTED without a
// lake (`live` NULL), TW_BUSY and TW_LIMIT of the lake. A lake whose tail was not brought up to
// date before (tw_lake_settle) answers with what it has.
#ifndef TW_SERVICE_ENTITY_H
#define TW_SERVICE_ENTITY_H

#include "service/search.h"

typedef struct tw_counts {
    uint64_t transactions, sales, refunds, voids, no_sales, discounts, overrides, alerted;
    int64_t sale_minor, refund_minor, void_minor, discount_minor; // without sign
    char currency[4];
} tw_counts;

#define TW_COUNTS_WINDOWS 4 // of 1, 7, 28 and 92 days
#define TW_COUNTS_DAYS 92
typedef struct tw_counts_window {
    int32_t days;
    tw_counts counts;
} tw_counts_window;

typedef struct tw_counts_by {
    tw_str id, store_id; // store_id of a register of an employee, else ""
    int32_t first_day, last_day;
    tw_counts counts;
} tw_counts_by;
#define TW_COUNTS_BY_MAX 100

// --- employees and stores
// -------------------------------------------------------------------------

typedef struct tw_employee_counts {
    tw_counts_window windows[TW_COUNTS_WINDOWS];
    const tw_counts_by *stores; // of 28 days, the most transactions first
    size_t store_n;
    const tw_counts_by *registers; // of 28 days, the most transactions first
    size_t register_n;
    const tw_counts_by *cards; // of 28 days, the most refunds first; at most 50
    size_t card_n;
} tw_employee_counts;
tw_status tw_query_employee_counts(tw_service *service, tw_lake_live *live, tw_str employee_id,
                                   tw_str_list stores, tw_arena *arena, tw_employee_counts *out,
                                   tw_err *err) TW_MUST_CHECK;

typedef struct tw_store_counts {
    tw_counts_window windows[TW_COUNTS_WINDOWS];
    const tw_counts_by *registers; // of 28 days, by id
    size_t register_n;
} tw_store_counts;
tw_status tw_query_store_counts(tw_service *service, tw_lake_live *live, tw_str store_id,
                                tw_arena *arena, tw_store_counts *out, tw_err *err) TW_MUST_CHECK;

// --- registers
// ------------------------------------------------------------------------------------

#define TW_TIMELINE_DAY_MAX 500
typedef struct tw_register_view {
    tw_counts_window windows[TW_COUNTS_WINDOWS];
    const tw_counts_by *employees; // of 92 days, the most transactions first
    size_t employee_n;
    bool has_day;
    int32_t day;                         // of the timeline
    const tw_transaction_view *timeline; // in the order of time
    size_t timeline_n;
} tw_register_view;
// day INT32_MIN = the newest one with a transaction. TW_NOT_FOUND for a register without
// transactions in 92 days (and none on the day).
tw_status tw_query_register(tw_service *service, tw_lake_live *live, tw_str store_id,
                            tw_str register_id, int32_t day, tw_arena *arena, tw_register_view *out,
                            tw_err *err) TW_MUST_CHECK;

// --- cards and customers
// --------------------------------------------------------------------------

#define TW_ENTITY_RECENT_MAX 100
#define TW_ENTITY_ALERTS_MAX 100
typedef struct tw_account_view {
    tw_counts_window windows[TW_COUNTS_WINDOWS];
    const tw_counts_by *stores; // of all time, the most transactions first
    size_t store_n;
    const tw_counts_by *employees; // of all time, the most refunds first
    size_t employee_n;
    const tw_transaction_view *recent; // newest first
    size_t recent_n;
    const tw_str *alert_ids; // that its transactions belong to, newest first
    size_t alert_n;
} tw_account_view;
typedef enum tw_account_kind {
    TW_ACCOUNT_CARD,    // by the token of a tender
    TW_ACCOUNT_CUSTOMER // by customer_id or loyalty_id
} tw_account_kind;
// TW_NOT_FOUND without a transaction in the stores. Counts are of the newest 20,000 transactions.
tw_status tw_query_account(tw_service *service, tw_lake_live *live, tw_account_kind kind, tw_str id,
                           tw_str_list stores, tw_arena *arena, tw_account_view *out,
                           tw_err *err) TW_MUST_CHECK;

// --- items
// ----------------------------------------------------------------------------------------

typedef struct tw_item_counts {
    tw_str id; // of a store or an employee; "" in windows
    int32_t days;
    uint64_t lines, returns, voids, discounts, overrides, keyed;
    int64_t quantity_milli, amount_minor, return_minor, discount_minor;
    char currency[4];
} tw_item_counts;

typedef struct tw_stock_row {
    tw_movement_type type;
    uint64_t movement_n;
    int64_t quantity_milli;
} tw_stock_row;

typedef struct tw_stock_movement {
    tw_str movement_id, store_id, type, employee_id, reason;
    int64_t time_ms, quantity_milli;
    int16_t offset_min;
} tw_stock_movement;

typedef struct tw_item_view {
    tw_str department;
    tw_item_counts windows[TW_COUNTS_WINDOWS];
    const tw_item_counts *stores; // of 92 days, the most returns, voids and overrides first
    size_t store_n;
    const tw_item_counts *employees; // the same of 28 days, of the newest 1,000 such transactions
    size_t employee_n;
    const tw_stock_row *stock; // of 92 days
    size_t stock_n;
    const tw_stock_movement *movements; // newest first, at most 50
    size_t movement_n;
    const tw_transaction_view *recent; // with a line taken back, taken off or sold below the
                                       // regular price; newest first, at most 50
    size_t recent_n;
    const tw_str *alert_ids;
    size_t alert_n;
} tw_item_view;
// TW_NOT_FOUND without a line and a movement in 92 days.
tw_status tw_query_item(tw_service *service, tw_lake_live *live, tw_str sku, tw_str_list stores,
                        tw_arena *arena, tw_item_view *out, tw_err *err) TW_MUST_CHECK;

// --- calendars
// ------------------------------------------------------------------------------------

typedef struct tw_calendar_cell {
    int32_t day; // by day
    int weekday; // 1 = Monday
    int hour;    // by hour, of the store's own time; -1 by day
    tw_counts counts;
} tw_calendar_cell;
typedef struct tw_calendar {
    bool has_days;
    int32_t first_day, last_day;
    const tw_calendar_cell *cells; // in the order of time; what is not there is zero
    size_t n;
} tw_calendar;
// One of employee_id and store_id is not "". By hour at most 92 days.
tw_status tw_query_calendar(tw_service *service, tw_lake_live *live, tw_str employee_id,
                            tw_str store_id, tw_str_list stores, int32_t days, bool by_hour,
                            tw_arena *arena, tw_calendar *out, tw_err *err) TW_MUST_CHECK;

#endif
