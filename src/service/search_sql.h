// SPDX-License-Identifier: Apache-2.0
//
// A search as SQL over the lake, and answers of the lake as tables of text.
#ifndef TWI_SERVICE_SEARCH_SQL_H
#define TWI_SERVICE_SEARCH_SQL_H

#include "service/search.h"

// A whole answer of the lake.
typedef struct twi_rows {
    const tw_str *cells; // [row_n][column_n]; at NULL = null
    size_t row_n, column_n;
} twi_rows;

// Asks in a page lane with a time limit; at most row_max rows.
tw_status twi_lake_ask(tw_lake_live *live, const tw_buf *sql, uint64_t row_max, tw_arena *arena,
                       twi_rows *out, tw_err *err) TW_MUST_CHECK;
tw_str twi_rows_at(const twi_rows *rows, size_t row, size_t column);
int64_t twi_rows_integer(const twi_rows *rows, size_t row, size_t column); // 0 for null
int32_t twi_rows_day(const twi_rows *rows, size_t row, size_t column);

// The hash of the table `needles` as a number: DuckDB looks for a number, and would compute an
// expression for every row.
tw_status twi_needle_hash(tw_lake_live *live, const tw_alloc *alloc, const char *kind, tw_str text,
                          tw_arena *arena, int64_t *out, tw_err *err) TW_MUST_CHECK;

void twi_sql_text(tw_buf *sql, tw_str text);                   // 'text'
void twi_sql_list(tw_buf *sql, const tw_str *texts, size_t n); // ('a', 'b')
void twi_sql_date(tw_buf *sql, int32_t day);                   // DATE '2026-01-05'

// Where in the order of a search; everything behind it is older.
typedef struct twi_spot {
    int32_t day;
    int64_t time_ms;
    uint64_t seq;
} twi_spot;

// " AND ..." for the columns of `transactions`; a superset of what matches where SQL compares
// otherwise than tw_search_matches.
void twi_sql_conditions(tw_buf *sql, const tw_search *search);
// The same for what the tables `needles` and `exceptions` have both.
void twi_sql_needle_conditions(tw_buf *sql, const tw_search *search);
// That of the risk, for `exceptions`.
void twi_sql_risk(tw_buf *sql, const tw_search *search);
void twi_sql_behind(tw_buf *sql, const twi_spot *spot);
#define TWI_SQL_ORDER " ORDER BY date DESC, transaction_time DESC, seq DESC"

// The condition that needles know best, or false.
bool twi_search_needle(const tw_search *search, const char **kind, tw_str *text);

#endif
