// SPDX-License-Identifier: Apache-2.0
//
// Counts that the lake gave as rows, folded into windows and by ids.
#ifndef TWI_SERVICE_COUNTS_H
#define TWI_SERVICE_COUNTS_H

#include "internal.h"
#include "lake_rows.h"
#include "search_sql.h"
#include "service/entity.h"

// Columns of such rows: date, currency, then ids, then the counts.
enum { TWI_COUNTS_ID = 2 };

typedef struct twi_asker {
    tw_service *service;
    tw_lake_live *live;
    tw_arena *arena;
    int32_t last_day; // newest business day, of the engine's clock
} twi_asker;

// TW_UNSUPPORTED without a lake; TW_NOT_FOUND before the first transaction.
tw_status twi_asker_init(twi_asker *a, tw_service *service, tw_lake_live *live, tw_arena *arena,
                         tw_err *err) TW_MUST_CHECK;

// Begins "SELECT date, currency, IDS, COUNTS FROM TABLE WHERE date <= last_day AND date >= the
// first of `days`"; the caller adds conditions. `counts` is one of twi_lake_counts, twi_lake_sums;
// days 0 = without a beginning.
void twi_counts_begin(const twi_asker *a, tw_buf *sql, const char *ids, const char *counts,
                      const char *table, int32_t days);
void twi_counts_equal(tw_buf *sql, const char *column, tw_str value);
void twi_counts_stores(tw_buf *sql, tw_str_list stores);
// Groups by date, currency and ids, and asks; releases sql.
tw_status twi_counts_ask(const twi_asker *a, tw_buf *sql, const char *ids, twi_rows *out,
                         tw_err *err) TW_MUST_CHECK;

// The counts of a row whose first count is in `column`, added to *out; amounts only when the row's
// currency is out->currency.
void twi_counts_add(const twi_rows *rows, size_t row, size_t column, tw_counts *out);
// The currency of the most transactions; "XXX" without rows.
void twi_counts_currency(const twi_rows *rows, size_t column, char out[4]);
void twi_counts_windows(const twi_asker *a, const twi_rows *rows, size_t column,
                        tw_counts_window out[TW_COUNTS_WINDOWS]);

typedef enum twi_counts_order {
    TWI_COUNTS_BY_ID,
    TWI_COUNTS_BY_TRANSACTIONS,
    TWI_COUNTS_BY_REFUNDS
} twi_counts_order;
// The rows since first_day by the id in column id_at; the first `max` in their order.
typedef struct twi_counts_group {
    size_t id_at, column; // of the id, of the first count
    size_t store_at;      // of the store, when the id alone is not enough; 0 = it is
    int32_t first_day;
    twi_counts_order order;
    size_t max;
} twi_counts_group;
tw_status twi_counts_by(const twi_asker *a, const twi_rows *rows, const twi_counts_group *group,
                        const tw_counts_by **out, size_t *n, tw_err *err) TW_MUST_CHECK;

// Reads the transactions of the rows (column `at`: seq) from the journal, at most max.
tw_status twi_views_of_rows(const twi_asker *a, const twi_rows *rows, size_t at, size_t max,
                            tw_transaction_view **out, size_t *n, tw_err *err) TW_MUST_CHECK;
// Texts of a column without doubles and nulls, in their order, at most max.
tw_status twi_distinct(const twi_asker *a, const twi_rows *rows, size_t at, size_t max,
                       const tw_str **out, size_t *n, tw_err *err) TW_MUST_CHECK;

#endif
