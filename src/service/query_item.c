// SPDX-License-Identifier: Apache-2.0
//
// Items: their lines by day and store from the lake's sums, what went wrong around them from its
// index, their stock from the movements.
#include <stdlib.h>

#include "counts.h"
#include "retail/money.h"

#define RECENT_DAYS 28
#define WRONG_MAX 1000
#define RECENT_MAX 50
#define MOVEMENTS_MAX 50
#define ROWS_MAX 50000

static const int32_t window_days[TW_COUNTS_WINDOWS] = {1, 7, 28, TW_COUNTS_DAYS};

// --- lines by day and store
// -----------------------------------------------------------------------

// Columns of the answer: date, currency, store_id, the counts in the order of `add_row`,
// department.
enum { STORE_AT = 2, COUNTS_AT = 3, DEPARTMENT_AT = COUNTS_AT + 10 };

static tw_status ask_days(const twi_asker *a, tw_str sku, tw_str_list stores, twi_rows *out,
                          tw_err *err)
{
    tw_buf sql;
    tw_buf_init(&sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_cstr(&sql,
                "SELECT date, currency, store_id, sum(line_n), sum(return_n), sum(void_n), "
                "sum(discount_n), sum(override_n), sum(keyed_n), sum(quantity_milli), "
                "sum(amount_minor), sum(return_minor), sum(discount_minor), any_value(department) "
                "FROM item_days WHERE date <= ");
    twi_sql_date(&sql, a->last_day);
    tw_buf_cstr(&sql, " AND date > ");
    twi_sql_date(&sql, a->last_day - TW_COUNTS_DAYS);
    twi_counts_equal(&sql, "sku", sku);
    twi_counts_stores(&sql, stores);
    tw_buf_cstr(&sql, " GROUP BY date, currency, store_id ORDER BY date DESC");
    tw_status status = twi_lake_ask(a->live, &sql, ROWS_MAX, a->arena, out, err);
    tw_buf_release(&sql);
    return status;
}

static void add_row(const twi_rows *rows, size_t row, tw_item_counts *out)
{
    uint64_t *const counts[] = {&out->lines,     &out->returns,   &out->voids,
                                &out->discounts, &out->overrides, &out->keyed};
    int64_t *const amounts[] = {&out->amount_minor, &out->return_minor, &out->discount_minor};
    for (size_t i = 0; i < TW_COUNT(counts); i++)
        *counts[i] += (uint64_t)twi_rows_integer(rows, row, COUNTS_AT + i);
    out->quantity_milli += twi_rows_integer(rows, row, COUNTS_AT + TW_COUNT(counts));
    if (!tw_str_equal(twi_rows_at(rows, row, 1), tw_str_from(out->currency)))
        return;
    for (size_t i = 0; i < TW_COUNT(amounts); i++)
        *amounts[i] += twi_rows_integer(rows, row, COUNTS_AT + TW_COUNT(counts) + 1 + i);
}

static uint64_t wrong_n(const tw_item_counts *c)
{
    return c->returns + c->voids + c->overrides;
}

static int more_wrong(const void *a, const void *b)
{
    const tw_item_counts *x = a, *y = b;
    if (wrong_n(x) != wrong_n(y))
        return wrong_n(x) > wrong_n(y) ? -1 : 1;
    if (x->lines != y->lines)
        return x->lines > y->lines ? -1 : 1;
    return tw_str_compare(x->id, y->id);
}

// The place of the id; NULL when `cap` are taken.
static tw_item_counts *place_of(tw_item_counts *items, size_t *n, size_t cap, tw_str id,
                                int32_t days, const char currency[4])
{
    for (size_t i = *n; i-- > 0;)
        if (tw_str_equal(items[i].id, id))
            return &items[i];
    if (*n == cap)
        return NULL;
    items[*n] = (tw_item_counts){.id = id, .days = days};
    memcpy(items[*n].currency, currency, 4);
    return &items[(*n)++];
}

static tw_status fold_days(const twi_asker *a, const twi_rows *rows, tw_item_view *out, tw_err *err)
{
    enum { STORES_MAX = 4096 };
    char currency[4];
    size_t n = 0, cap = TW_MIN(rows->row_n + 1, (size_t)STORES_MAX);
    tw_item_counts *stores = tw_arena_array(a->arena, cap, sizeof(*stores));
    if (!stores)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the item");
    twi_counts_currency(rows, COUNTS_AT, currency);
    for (size_t w = 0; w < TW_COUNTS_WINDOWS; w++) {
        out->windows[w] = (tw_item_counts){.days = window_days[w]};
        memcpy(out->windows[w].currency, currency, sizeof(currency));
    }
    for (size_t row = 0; row < rows->row_n; row++) {
        int32_t age = a->last_day - twi_rows_day(rows, row, 0);
        for (size_t w = 0; w < TW_COUNTS_WINDOWS; w++)
            if (age < window_days[w])
                add_row(rows, row, &out->windows[w]);
        tw_item_counts *store =
            place_of(stores, &n, cap, twi_rows_at(rows, row, STORE_AT), TW_COUNTS_DAYS, currency);
        if (store)
            add_row(rows, row, store);
        if (out->department.bytes == 0)
            out->department = twi_rows_at(rows, row, DEPARTMENT_AT);
    }
    qsort(stores, n, sizeof(*stores), more_wrong);
    out->stores = stores;
    out->store_n = TW_MIN(n, (size_t)TW_COUNTS_BY_MAX);
    return TW_OK;
}

// --- what went wrong
// ------------------------------------------------------------------------------

static bool is_cut(const tw_line *line)
{
    return !line->return_flag && !line->void_flag &&
           line->unit_price_minor < line->regular_price_minor;
}

static int64_t amount_of(const tw_line *line)
{
    int64_t milli = line->quantity_milli < 0 ? -line->quantity_milli : line->quantity_milli;
    // A line's amount has a maximum far below what a double holds exactly.
    return (int64_t)((double)milli * (double)line->unit_price_minor / 1000.0 + 0.5);
}

static void add_line(const tw_transaction *t, const tw_line *line, tw_item_counts *out)
{
    bool has_currency = strcmp(t->currency, out->currency) == 0;
    out->lines++;
    out->returns += line->return_flag;
    out->voids += line->void_flag;
    out->discounts += line->discount_minor > 0;
    out->overrides += is_cut(line);
    out->keyed += line->entry_method == TW_ENTRY_KEYED || line->entry_method == TW_ENTRY_MANUAL;
    out->quantity_milli += line->void_flag ? 0 : line->quantity_milli;
    if (!has_currency)
        return;
    out->return_minor += line->return_flag ? amount_of(line) : 0;
    out->amount_minor += line->return_flag || line->void_flag ? 0 : amount_of(line);
    out->discount_minor += line->discount_minor;
}

static bool has_wrong_line(const tw_transaction *t, tw_str sku)
{
    for (size_t i = 0; i < t->line_n; i++)
        if (tw_str_equal(t->lines[i].sku, sku) &&
            (t->lines[i].return_flag || t->lines[i].void_flag || is_cut(&t->lines[i])))
            return true;
    return false;
}

static tw_status fold_wrong(const twi_asker *a, tw_str sku, const tw_transaction_view *views,
                            size_t view_n, tw_item_view *out, tw_err *err)
{
    size_t n = 0;
    tw_item_counts *employees = tw_arena_array(a->arena, view_n + 1, sizeof(*employees));
    tw_transaction_view *recent = tw_arena_array(a->arena, RECENT_MAX, sizeof(*recent));
    if (!employees || !recent)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the item");
    for (size_t i = 0; i < view_n; i++) {
        const tw_transaction *t = views[i].transaction;
        if (!has_wrong_line(t, sku))
            continue; // another text of the same hash
        tw_item_counts *employee =
            place_of(employees, &n, view_n, t->employee_id, RECENT_DAYS, out->windows[0].currency);
        for (size_t k = 0; k < t->line_n; k++)
            if (tw_str_equal(t->lines[k].sku, sku))
                add_line(t, &t->lines[k], employee);
        if (out->recent_n < RECENT_MAX)
            recent[out->recent_n++] = views[i];
    }
    qsort(employees, n, sizeof(*employees), more_wrong);
    out->employees = employees;
    out->employee_n = TW_MIN(n, (size_t)TW_COUNTS_BY_MAX);
    out->recent = recent;
    return TW_OK;
}

static tw_status ask_wrong(const twi_asker *a, tw_str sku, tw_str_list stores, tw_item_view *out,
                           tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    tw_transaction_view *views;
    size_t n;
    int64_t hash;
    TW_TRY(twi_needle_hash(a->live, a->service->alloc, "sku", sku, a->arena, &hash, err));
    tw_buf_init(&sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_printf(&sql,
                  "SELECT seq, alert_id, date, transaction_time FROM needles WHERE hash = %lld "
                  "AND date > ",
                  (long long)hash);
    twi_sql_date(&sql, a->last_day - RECENT_DAYS);
    twi_counts_stores(&sql, stores);
    tw_buf_cstr(&sql, TWI_SQL_ORDER);
    tw_status status = twi_lake_ask(a->live, &sql, WRONG_MAX, a->arena, &rows, err);
    tw_buf_release(&sql);
    TW_TRY(status);
    TW_TRY(twi_views_of_rows(a, &rows, 0, WRONG_MAX, &views, &n, err));
    TW_TRY(twi_distinct(a, &rows, 1, TW_ENTITY_ALERTS_MAX, &out->alert_ids, &out->alert_n, err));
    return fold_wrong(a, sku, views, n, out, err);
}

// --- stock
// ----------------------------------------------------------------------------------------

static void begin_movements(const twi_asker *a, tw_buf *sql, const char *what, tw_str sku,
                            tw_str_list stores)
{
    tw_buf_init(sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_printf(sql, "SELECT %s FROM movements WHERE date > ", what);
    twi_sql_date(sql, a->last_day - TW_COUNTS_DAYS);
    twi_counts_equal(sql, "sku", sku);
    twi_counts_stores(sql, stores);
}

static tw_status ask_stock(const twi_asker *a, tw_str sku, tw_str_list stores, tw_item_view *out,
                           tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    begin_movements(a, &sql, "type, count(*), sum(quantity_milli)", sku, stores);
    tw_buf_cstr(&sql, " GROUP BY type ORDER BY type");
    tw_status status = twi_lake_ask(a->live, &sql, TW_MOVE_N, a->arena, &rows, err);
    tw_buf_release(&sql);
    TW_TRY(status);
    tw_stock_row *stock = tw_arena_array(a->arena, TW_MOVE_N, sizeof(*stock));
    if (!stock)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the item");
    for (size_t row = 0; row < rows.row_n; row++) {
        tw_stock_row *of = &stock[out->stock_n];
        if (!tw_movement_type_from(twi_rows_at(&rows, row, 0), &of->type))
            continue;
        of->movement_n = (uint64_t)twi_rows_integer(&rows, row, 1);
        of->quantity_milli = twi_rows_integer(&rows, row, 2);
        out->stock_n++;
    }
    out->stock = stock;
    return TW_OK;
}

static tw_status ask_movements(const twi_asker *a, tw_str sku, tw_str_list stores,
                               tw_item_view *out, tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    begin_movements(a, &sql,
                    "movement_id, store_id, type, employee_id, reason, "
                    "epoch_ms(movement_time), quantity_milli, offset_min, seq",
                    sku, stores);
    tw_buf_cstr(&sql, " ORDER BY movement_time DESC, seq DESC");
    tw_status status = twi_lake_ask(a->live, &sql, MOVEMENTS_MAX, a->arena, &rows, err);
    tw_buf_release(&sql);
    TW_TRY(status);
    tw_stock_movement *list = tw_arena_array(a->arena, rows.row_n + 1, sizeof(*list));
    if (!list)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the item");
    for (size_t row = 0; row < rows.row_n; row++)
        list[row] = (tw_stock_movement){.movement_id = twi_rows_at(&rows, row, 0),
                                        .store_id = twi_rows_at(&rows, row, 1),
                                        .type = twi_rows_at(&rows, row, 2),
                                        .employee_id = twi_rows_at(&rows, row, 3),
                                        .reason = twi_rows_at(&rows, row, 4),
                                        .time_ms = twi_rows_integer(&rows, row, 5),
                                        .quantity_milli = twi_rows_integer(&rows, row, 6),
                                        .offset_min = (int16_t)twi_rows_integer(&rows, row, 7)};
    out->movements = list;
    out->movement_n = rows.row_n;
    return TW_OK;
}

tw_status tw_query_item(tw_service *service, tw_lake_live *live, tw_str sku, tw_str_list stores,
                        tw_arena *arena, tw_item_view *out, tw_err *err)
{
    twi_asker a;
    twi_rows rows;
    *out = (tw_item_view){0};
    TW_TRY(twi_asker_init(&a, service, live, arena, err));
    TW_TRY(ask_days(&a, sku, stores, &rows, err));
    TW_TRY(fold_days(&a, &rows, out, err));
    TW_TRY(ask_stock(&a, sku, stores, out, err));
    if (rows.row_n == 0 && out->stock_n == 0)
        return tw_fail(err, TW_NOT_FOUND, "there is no item %.*s", TW_STR_ARG(sku));
    TW_TRY(ask_movements(&a, sku, stores, out, err));
    return ask_wrong(&a, sku, stores, out, err);
}
