// SPDX-License-Identifier: Apache-2.0
//
// Cards and customers, by the lake's index.
#include "counts.h"

#define ROWS_OF_ONE 20000
// Rows that are looked at for alerts; few of them have the same one.
#define ALERT_ROWS 2000

// The transactions of the account as a table, each once (customer_id and loyalty_id may be equal).
static tw_status put_table(const twi_asker *a, tw_buf *sql, tw_account_kind kind, tw_str id,
                           tw_str_list stores, tw_err *err)
{
    int64_t hash, loyalty = 0;
    bool is_card = kind == TW_ACCOUNT_CARD;
    const tw_alloc *alloc = a->service->alloc;
    TW_TRY(twi_needle_hash(a->live, alloc, is_card ? "account" : "customer", id, a->arena, &hash,
                           err));
    if (!is_card)
        TW_TRY(twi_needle_hash(a->live, alloc, "loyalty", id, a->arena, &loyalty, err));
    tw_buf_printf(sql, "(SELECT DISTINCT ON (seq) * FROM (SELECT * FROM needles WHERE hash = %lld",
                  (long long)hash);
    twi_counts_stores(sql, stores);
    if (!is_card) {
        tw_buf_printf(sql, " UNION ALL SELECT * FROM needles WHERE hash = %lld",
                      (long long)loyalty);
        twi_counts_stores(sql, stores);
    }
    tw_buf_printf(sql, "%s LIMIT %d))", TWI_SQL_ORDER, ROWS_OF_ONE);
    tw_buf_u8(sql, 0);
    return sql->status == TW_OK ? TW_OK : tw_fail(err, sql->status, "no memory for the query");
}

static tw_status ask_newest(const twi_asker *a, const char *what, const char *table,
                            const char *condition, size_t max, twi_rows *out, tw_err *err)
{
    tw_buf sql;
    tw_buf_init(&sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_printf(&sql, "SELECT %s FROM %s WHERE %s%s", what, table, condition, TWI_SQL_ORDER);
    tw_status status = twi_lake_ask(a->live, &sql, max, a->arena, out, err);
    tw_buf_release(&sql);
    return status;
}

static tw_status ask_counts(const twi_asker *a, const char *table, tw_account_view *out,
                            tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    twi_counts_begin(a, &sql, "store_id, employee_id", twi_lake_counts, table, 0);
    TW_TRY(twi_counts_ask(a, &sql, "store_id, employee_id", &rows, err));
    twi_counts_windows(a, &rows, TWI_COUNTS_ID + 2, out->windows);
    twi_counts_group group = {.id_at = TWI_COUNTS_ID,
                              .column = TWI_COUNTS_ID + 2,
                              .first_day = INT32_MIN,
                              .order = TWI_COUNTS_BY_TRANSACTIONS,
                              .max = TW_COUNTS_BY_MAX};
    TW_TRY(twi_counts_by(a, &rows, &group, &out->stores, &out->store_n, err));
    group.id_at = TWI_COUNTS_ID + 1;
    group.order = TWI_COUNTS_BY_REFUNDS;
    return twi_counts_by(a, &rows, &group, &out->employees, &out->employee_n, err);
}

static tw_status fill(const twi_asker *a, const char *table, tw_account_view *out, tw_err *err)
{
    twi_rows rows;
    tw_transaction_view *views;
    TW_TRY(ask_newest(a, "seq, date, transaction_time", table, "true", TW_ENTITY_RECENT_MAX, &rows,
                      err));
    if (rows.row_n == 0)
        return tw_fail(err, TW_NOT_FOUND, "no transaction has it");
    TW_TRY(twi_views_of_rows(a, &rows, 0, TW_ENTITY_RECENT_MAX, &views, &out->recent_n, err));
    out->recent = views;
    TW_TRY(ask_newest(a, "alert_id, date, transaction_time, seq", table, "alert_id IS NOT NULL",
                      ALERT_ROWS, &rows, err));
    TW_TRY(twi_distinct(a, &rows, 0, TW_ENTITY_ALERTS_MAX, &out->alert_ids, &out->alert_n, err));
    return ask_counts(a, table, out, err);
}

tw_status tw_query_account(tw_service *service, tw_lake_live *live, tw_account_kind kind, tw_str id,
                           tw_str_list stores, tw_arena *arena, tw_account_view *out, tw_err *err)
{
    twi_asker a;
    tw_buf table;
    *out = (tw_account_view){0};
    TW_TRY(twi_asker_init(&a, service, live, arena, err));
    tw_buf_init(&table, service->alloc, (size_t)4 << 20);
    tw_status status = put_table(&a, &table, kind, id, stores, err);
    if (status == TW_OK)
        status = fill(&a, (const char *)table.data_own, out, err);
    tw_buf_release(&table);
    return status;
}
