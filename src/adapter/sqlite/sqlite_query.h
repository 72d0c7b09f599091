// SPDX-License-Identifier: Apache-2.0
//
// Queries whose conditions depend on a filter: an SQL text that grows together with its bound
// values. The pieces are ours and bounded: overflow is a programmer's error. Internal to the
// adapter.
#ifndef TW_ADAPTER_SQLITE_QUERY_H
#define TW_ADAPTER_SQLITE_QUERY_H

#include "sqlite_conn.h"

// Values of a list that are bound one by one; a longer list is bound as one JSON text.
#define TWI_QUERY_LIST_MAX 16
#define TWI_QUERY_PARAMS_MAX (6 * TWI_QUERY_LIST_MAX + 40)

typedef struct twi_param {
    enum { TWI_PARAM_STR, TWI_PARAM_I64, TWI_PARAM_REAL } kind;
    union {
        tw_str str;
        int64_t i64;
        double real;
    } value;
} twi_param;

typedef struct twi_query {
    tw_arena *arena;  // for what must be made of values; borrowed
    bool is_full;     // the arena had no room
    const char *glue; // " WHERE " before the first condition, " AND " later
    size_t bytes;
    size_t param_n;
    twi_param params[TWI_QUERY_PARAMS_MAX];
    char sql[4096];
} twi_query;

void twi_query_init(twi_query *q, tw_arena *arena, const char *head);
void twi_query_add(twi_query *q, const char *text);
void twi_query_condition(twi_query *q, const char *text);
// Values of the places ("?") in the text, in their order. Texts must stay until the query is over.
void twi_query_str(twi_query *q, tw_str s);
void twi_query_i64(twi_query *q, int64_t v);
void twi_query_real(twi_query *q, double v);

// column=value, unless the value is empty.
void twi_query_equal(twi_query *q, const char *column, tw_str value);
// The column is one of the list, unless it is empty. A long list is tested row by row on the way
// through the index of the order: it is a large part of all.
void twi_query_in(twi_query *q, const char *column, tw_str_list list);
// The same, or the column is empty.
void twi_query_in_or_none(twi_query *q, const char *column, tw_str_list list);
// `text` has two places: at or above the prefix, and below the end of all that begins with it.
void twi_query_prefix(twi_query *q, const char *text, tw_str prefix);

// The prepared statement; the caller finalizes it. TW_NO_MEMORY when the arena was full.
tw_status twi_query_start(twi_conn *conn, const twi_query *q, sqlite3_stmt **out,
                          tw_err *err) TW_MUST_CHECK;

#endif
