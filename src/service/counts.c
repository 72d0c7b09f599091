// SPDX-License-Identifier: Apache-2.0
//
// Counts that the lake gave as rows.
#include "counts.h"

#include <stdlib.h>

#define ROWS_MAX 50000

static const int32_t window_days[TW_COUNTS_WINDOWS] = {1, 7, 28, TW_COUNTS_DAYS};

// --- asking
// ---------------------------------------------------------------------------------------

tw_status twi_asker_init(twi_asker *a, tw_service *service, tw_lake_live *live, tw_arena *arena,
                         tw_err *err)
{
    *a = (twi_asker){.service = service, .live = live, .arena = arena};
    if (!live || service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, TW_NO_LAKE);
    twi_gate_enter(&service->gate);
    a->last_day = tw_engine_day(service->core.engine_own);
    twi_gate_leave(&service->gate);
    int32_t first, last;
    // Shifts turn the engine's day, too; a till whose clock runs ahead has days that are not yet.
    if (tw_lake_live_days(live, &first, &last))
        a->last_day = TW_MIN(a->last_day, last);
    return a->last_day == INT32_MIN ? tw_fail(err, TW_NOT_FOUND, "there are no transactions yet")
                                    : TW_OK;
}

void twi_counts_begin(const twi_asker *a, tw_buf *sql, const char *ids, const char *counts,
                      const char *table, int32_t days)
{
    tw_buf_init(sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_printf(sql, "SELECT date, currency, %s%s%s FROM %s WHERE date <= ", ids,
                  ids[0] ? ", " : "", counts, table);
    twi_sql_date(sql, a->last_day);
    if (days == 0)
        return;
    tw_buf_cstr(sql, " AND date >= ");
    twi_sql_date(sql, a->last_day - days + 1);
}

void twi_counts_equal(tw_buf *sql, const char *column, tw_str value)
{
    tw_buf_printf(sql, " AND %s = ", column);
    twi_sql_text(sql, value);
}

void twi_counts_stores(tw_buf *sql, tw_str_list stores)
{
    if (stores.n == 0)
        return;
    tw_buf_cstr(sql, " AND store_id IN ");
    twi_sql_list(sql, stores.items, stores.n);
}

tw_status twi_counts_ask(const twi_asker *a, tw_buf *sql, const char *ids, twi_rows *out,
                         tw_err *err)
{
    tw_buf_printf(sql, " GROUP BY date, currency%s%s ORDER BY date DESC", ids[0] ? ", " : "", ids);
    tw_status status = twi_lake_ask(a->live, sql, ROWS_MAX, a->arena, out, err);
    tw_buf_release(sql);
    return status;
}

// --- folding
// --------------------------------------------------------------------------------------

static bool has_currency(const twi_rows *rows, size_t row, const char currency[4])
{
    return tw_str_equal(twi_rows_at(rows, row, 1), tw_str_from(currency));
}

void twi_counts_add(const twi_rows *rows, size_t row, size_t column, tw_counts *out)
{
    uint64_t *const counts[] = {&out->transactions, &out->sales,    &out->refunds,
                                &out->voids,        &out->no_sales, &out->discounts,
                                &out->overrides,    &out->alerted};
    int64_t *const amounts[] = {&out->sale_minor, &out->refund_minor, &out->void_minor,
                                &out->discount_minor};
    for (size_t i = 0; i < TW_COUNT(counts); i++)
        *counts[i] += (uint64_t)twi_rows_integer(rows, row, column + i);
    if (!has_currency(rows, row, out->currency))
        return;
    for (size_t i = 0; i < TW_COUNT(amounts); i++)
        *amounts[i] += twi_rows_integer(rows, row, column + TW_COUNT(counts) + i);
}

void twi_counts_currency(const twi_rows *rows, size_t column, char out[4])
{
    enum { KNOWN = 16 };
    tw_str known[KNOWN];
    int64_t sums[KNOWN] = {0};
    size_t n = 0, best = 0;
    for (size_t row = 0; row < rows->row_n; row++) {
        tw_str currency = twi_rows_at(rows, row, 1);
        size_t i = 0;
        while (i < n && !tw_str_equal(known[i], currency))
            i++;
        if (i == n && n < KNOWN)
            known[n++] = currency;
        if (i < n)
            sums[i] += twi_rows_integer(rows, row, column);
    }
    for (size_t i = 1; i < n; i++)
        best = sums[i] > sums[best] ? i : best;
    tw_str_copy(n > 0 ? known[best] : TW_STR("XXX"), out, 4);
}

void twi_counts_windows(const twi_asker *a, const twi_rows *rows, size_t column,
                        tw_counts_window out[TW_COUNTS_WINDOWS])
{
    char currency[4];
    twi_counts_currency(rows, column, currency);
    for (size_t w = 0; w < TW_COUNTS_WINDOWS; w++) {
        out[w] = (tw_counts_window){.days = window_days[w]};
        memcpy(out[w].counts.currency, currency, sizeof(currency));
        for (size_t row = 0; row < rows->row_n; row++)
            if (twi_rows_day(rows, row, 0) > a->last_day - window_days[w])
                twi_counts_add(rows, row, column, &out[w].counts);
    }
}

static int by_id(const void *a, const void *b)
{
    const tw_counts_by *x = a, *y = b;
    return tw_str_compare(x->id, y->id);
}

static int more_first(uint64_t x, uint64_t y, const tw_counts_by *a, const tw_counts_by *b)
{
    return x != y ? (x > y ? -1 : 1) : tw_str_compare(a->id, b->id);
}

static int by_transactions(const void *a, const void *b)
{
    const tw_counts_by *x = a, *y = b;
    return more_first(x->counts.transactions, y->counts.transactions, x, y);
}

static int by_refunds(const void *a, const void *b)
{
    const tw_counts_by *x = a, *y = b;
    return x->counts.refunds != y->counts.refunds
               ? more_first(x->counts.refunds, y->counts.refunds, x, y)
               : by_transactions(a, b);
}

// The place of the id among n; made when it is new. NULL when the room of `cap` is used up.
static tw_counts_by *place_of(tw_counts_by *items, size_t *n, size_t cap, tw_str id, tw_str store,
                              const char currency[4])
{
    for (size_t i = *n; i-- > 0;)
        if (tw_str_equal(items[i].id, id) && tw_str_equal(items[i].store_id, store))
            return &items[i];
    if (*n == cap)
        return NULL;
    tw_counts_by *item = &items[(*n)++];
    *item =
        (tw_counts_by){.id = id, .store_id = store, .first_day = INT32_MAX, .last_day = INT32_MIN};
    memcpy(item->counts.currency, currency, 4);
    return item;
}

tw_status twi_counts_by(const twi_asker *a, const twi_rows *rows, const twi_counts_group *group,
                        const tw_counts_by **out, size_t *n, tw_err *err)
{
    static int (*const orders[])(const void *,
                                 const void *) = {[TWI_COUNTS_BY_ID] = by_id,
                                                  [TWI_COUNTS_BY_TRANSACTIONS] = by_transactions,
                                                  [TWI_COUNTS_BY_REFUNDS] = by_refunds};
    enum { IDS_MAX = 4096 }; // more are too many to show, and to tell apart by walking
    size_t cap = TW_MIN(rows->row_n + 1, (size_t)IDS_MAX);
    char currency[4];
    *n = 0;
    tw_counts_by *items = tw_arena_array(a->arena, cap, sizeof(*items));
    if (!items)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the counts");
    twi_counts_currency(rows, group->column, currency);
    for (size_t row = 0; row < rows->row_n; row++) {
        int32_t day = twi_rows_day(rows, row, 0);
        tw_str id = twi_rows_at(rows, row, group->id_at);
        if (day < group->first_day || id.bytes == 0)
            continue;
        tw_str store = group->store_at > 0 ? twi_rows_at(rows, row, group->store_at) : TW_STR_NONE;
        tw_counts_by *item = place_of(items, n, cap, id, store, currency);
        if (!item)
            continue;
        item->first_day = TW_MIN(item->first_day, day);
        item->last_day = TW_MAX(item->last_day, day);
        twi_counts_add(rows, row, group->column, &item->counts);
    }
    qsort(items, *n, sizeof(*items), orders[group->order]);
    *n = TW_MIN(*n, group->max);
    *out = items;
    return TW_OK;
}

// --- transactions
// ---------------------------------------------------------------------------------

tw_status twi_views_of_rows(const twi_asker *a, const twi_rows *rows, size_t at, size_t max,
                            tw_transaction_view **out, size_t *n, tw_err *err)
{
    size_t want = TW_MIN(rows->row_n, max);
    tw_transaction_view *views = tw_arena_array(a->arena, want + 1, sizeof(*views));
    *n = 0;
    if (!views)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the transactions");
    for (size_t i = 0; i < want; i++)
        TW_TRY(tw_query_seq(a->service, (uint64_t)twi_rows_integer(rows, i, at), a->arena,
                            &views[(*n)++], err));
    *out = views;
    return TW_OK;
}

tw_status twi_distinct(const twi_asker *a, const twi_rows *rows, size_t at, size_t max,
                       const tw_str **out, size_t *n, tw_err *err)
{
    tw_str *texts = tw_arena_array(a->arena, max + 1, sizeof(*texts));
    *n = 0;
    if (!texts)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the answer");
    for (size_t row = 0; row < rows->row_n && *n < max; row++) {
        tw_str text = twi_rows_at(rows, row, at);
        bool is_known = text.bytes == 0;
        for (size_t i = 0; i < *n && !is_known; i++)
            is_known = tw_str_equal(texts[i], text);
        if (!is_known)
            texts[(*n)++] = text;
    }
    *out = texts;
    return TW_OK;
}
