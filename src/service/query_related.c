// SPDX-License-Identifier: Apache-2.0
//
// Related transactions, by the lake's index: one question for all things, behind one for their
// hashes (DuckDB uses its statistics for numbers, not for what gives numbers).
#include "service/related.h"

#include "counts.h"

#define OWN_MAX 200

// What the index calls them.
static const char *const needle_kinds[TW_RELATED_N] = {"account", "customer", "original", "sku"};

// Of each thing, as the table `needles` has it; in the arena.
static tw_status ask_hashes(const twi_asker *a, const tw_related_thing *things, size_t n,
                            int64_t **out, tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    tw_buf_init(&sql, a->service->alloc, (size_t)1 << 20);
    tw_buf_cstr(&sql, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        tw_buf_printf(&sql, "%sCAST(md5_number_lower('%s:' || ", i ? ", " : "",
                      needle_kinds[things[i].kind]);
        twi_sql_text(&sql, things[i].id);
        tw_buf_cstr(&sql, ") >> 1 AS BIGINT)");
    }
    tw_status status = twi_lake_ask(a->live, &sql, 1, a->arena, &rows, err);
    tw_buf_release(&sql);
    TW_TRY(status);
    *out = tw_arena_array(a->arena, n, sizeof(**out));
    if (!*out || rows.row_n != 1)
        return tw_fail(err, *out ? TW_CORRUPT : TW_NO_MEMORY, "the lake did not tell the hashes");
    for (size_t i = 0; i < n; i++)
        (*out)[i] = twi_rows_integer(&rows, 0, i);
    return TW_OK;
}

static void put_hashes(tw_buf *sql, const int64_t *hashes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tw_buf_printf(sql, "%s%lld", i ? ", " : "", (long long)hashes[i]);
}

static void put_hits(const twi_asker *a, tw_buf *sql, const tw_related_query *query,
                     const int64_t *hashes, size_t n)
{
    tw_buf_cstr(sql, "SELECT DISTINCT list_position([");
    put_hashes(sql, hashes, n);
    tw_buf_cstr(sql, "], hash) - 1 AS thing, seq, date, transaction_time, store_id, employee_id "
                     "FROM needles WHERE hash IN (");
    put_hashes(sql, hashes, n);
    tw_buf_cstr(sql, ") AND date > ");
    twi_sql_date(sql, a->last_day - query->days);
    twi_counts_stores(sql, query->stores);
    for (size_t i = 0; i < query->own_n; i++)
        tw_buf_printf(sql, "%s%llu", i ? ", " : " AND seq NOT IN (",
                      (unsigned long long)query->own[i]);
    tw_buf_cstr(sql, query->own_n ? ")" : "");
}

static tw_status ask(const twi_asker *a, const tw_related_query *query,
                     const tw_related_thing *things, size_t n, twi_rows *out, tw_err *err)
{
    tw_buf sql;
    int64_t *hashes;
    TW_TRY(ask_hashes(a, things, n, &hashes, err));
    tw_buf_init(&sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_cstr(&sql, "WITH hits AS (");
    put_hits(a, &sql, query, hashes, n);
    tw_buf_printf(&sql,
                  "), totals AS (SELECT thing, count(*) AS n, count(DISTINCT store_id) AS stores, "
                  "count(DISTINCT employee_id) AS employees, min(transaction_time) AS first, "
                  "max(transaction_time) AS last FROM hits GROUP BY thing), newest AS (SELECT "
                  "thing, seq, row_number() OVER (PARTITION BY thing ORDER BY date DESC, "
                  "transaction_time DESC, seq DESC) AS place FROM hits) "
                  "SELECT thing, seq, n, stores, employees, epoch_ms(first), epoch_ms(last) "
                  "FROM newest JOIN totals USING (thing) WHERE place <= %d ORDER BY thing, place",
                  TW_RELATED_OTHERS_MAX);
    tw_status status =
        twi_lake_ask(a->live, &sql, (uint64_t)n * TW_RELATED_OTHERS_MAX, a->arena, out, err);
    tw_buf_release(&sql);
    return status;
}

// Two things may share a hash: the transaction says what it has.
static bool has_thing(const tw_transaction *txn, const tw_related_thing *thing)
{
    bool has = false;
    switch (thing->kind) {
    case TW_RELATED_CARD:
        for (size_t i = 0; i < txn->tender_n; i++)
            has = has || tw_str_equal(txn->tenders[i].account_token, thing->id);
        return has;
    case TW_RELATED_CUSTOMER:
        return tw_str_equal(txn->customer_id, thing->id);
    case TW_RELATED_RECEIPT:
        return tw_str_equal(txn->original_transaction_id, thing->id) ||
               tw_str_equal(txn->void_of_transaction_id, thing->id);
    case TW_RELATED_ITEM:
        for (size_t i = 0; i < txn->line_n; i++)
            has = has || tw_str_equal(txn->lines[i].sku, thing->id);
        return has;
    case TW_RELATED_N:
        break;
    }
    return false;
}

// The rows of one thing, from `row` on; gives the row behind them.
static tw_status fill(const twi_asker *a, const twi_rows *rows, size_t row, tw_related_thing *thing,
                      size_t *next, tw_err *err)
{
    enum { THING, SEQ, N, STORES, EMPLOYEES, FIRST, LAST };
    int64_t number = twi_rows_integer(rows, row, THING);
    tw_transaction_view *views =
        tw_arena_array(a->arena, TW_RELATED_OTHERS_MAX + 1, sizeof(*views));
    if (!views)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the transactions");
    thing->others = views;
    thing->other_n = (uint64_t)twi_rows_integer(rows, row, N);
    thing->store_n = (uint64_t)twi_rows_integer(rows, row, STORES);
    thing->employee_n = (uint64_t)twi_rows_integer(rows, row, EMPLOYEES);
    thing->first_ms = twi_rows_integer(rows, row, FIRST);
    thing->last_ms = twi_rows_integer(rows, row, LAST);
    for (; row < rows->row_n && twi_rows_integer(rows, row, THING) == number; row++) {
        tw_transaction_view *view = &views[thing->others_n];
        TW_TRY(tw_query_seq(a->service, (uint64_t)twi_rows_integer(rows, row, SEQ), a->arena, view,
                            err));
        thing->others_n += has_thing(view->transaction, thing);
    }
    *next = row;
    return TW_OK;
}

tw_status tw_query_related(tw_service *service, tw_lake_live *live, const tw_related_query *query,
                           tw_related_thing *things, size_t n, tw_arena *arena, tw_err *err)
{
    twi_asker a;
    twi_rows rows;
    int64_t up_to_ms;
    TW_CHECK(n <= TW_RELATED_THINGS_MAX && query->own_n <= OWN_MAX);
    TW_TRY(twi_asker_init(&a, service, live, arena, err));
    if (n == 0)
        return TW_OK;
    TW_TRY(tw_lake_settle(service, live, &up_to_ms, err));
    TW_TRY(ask(&a, query, things, n, &rows, err));
    for (size_t row = 0; row < rows.row_n;) {
        int64_t thing = twi_rows_integer(&rows, row, 0);
        TW_CHECK(thing >= 0 && (size_t)thing < n);
        TW_TRY(fill(&a, &rows, row, &things[thing], &row, err));
    }
    return TW_OK;
}
