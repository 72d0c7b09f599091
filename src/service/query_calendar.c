// SPDX-License-Identifier: Apache-2.0
//
// Calendars: counts by day from the lake's sums, by hour of the week from its transactions.
#include "counts.h"

// Hour and weekday of the store's own time; the first moment of 1970 was a Thursday.
#define LOCAL "(epoch_ms(transaction_time) + offset_min * 60000)"
#define WEEKDAY "(" LOCAL " // 86400000 + 3) % 7 + 1"
#define HOUR LOCAL " // 3600000 % 24"

static void put_who(tw_buf *sql, tw_str employee_id, tw_str store_id, tw_str_list stores)
{
    if (employee_id.bytes > 0)
        twi_counts_equal(sql, "employee_id", employee_id);
    if (store_id.bytes > 0)
        twi_counts_equal(sql, "store_id", store_id);
    twi_counts_stores(sql, stores);
}

static tw_status ask_days(const twi_asker *a, tw_str employee_id, tw_str store_id,
                          tw_str_list stores, int32_t days, twi_rows *out, tw_err *err)
{
    tw_buf sql;
    twi_counts_begin(a, &sql, "store_id", twi_lake_sums,
                     employee_id.bytes > 0 ? "employee_days" : "store_days", days);
    put_who(&sql, employee_id, store_id, stores);
    return twi_counts_ask(a, &sql, "store_id", out, err);
}

static int weekday_of(int32_t day)
{
    return (int)(((int64_t)day % 7 + 10) % 7) + 1;
}

static tw_status fill_days(const twi_asker *a, const twi_rows *rows, tw_calendar *out, tw_err *err)
{
    size_t span = (size_t)((int64_t)out->last_day - out->first_day + 1), n = 0;
    char currency[4];
    tw_calendar_cell *cells = tw_arena_array(a->arena, span, sizeof(*cells));
    if (!cells)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the calendar");
    twi_counts_currency(rows, TWI_COUNTS_ID + 1, currency);
    for (size_t i = 0; i < span; i++) {
        int32_t day = out->first_day + (int32_t)i;
        cells[i] = (tw_calendar_cell){.day = day, .weekday = weekday_of(day), .hour = -1};
        memcpy(cells[i].counts.currency, currency, sizeof(currency));
    }
    for (size_t row = 0; row < rows->row_n; row++) {
        int32_t day = twi_rows_day(rows, row, 0);
        twi_counts_add(rows, row, TWI_COUNTS_ID + 1, &cells[day - out->first_day].counts);
    }
    for (size_t i = 0; i < span; i++)
        if (cells[i].counts.transactions > 0)
            cells[n++] = cells[i];
    out->cells = cells;
    out->n = n;
    return TW_OK;
}

// The stores of the rows by day say where the transactions are.
static tw_status ask_hours(const twi_asker *a, tw_str employee_id, const twi_rows *days_rows,
                           int32_t days, twi_rows *out, tw_err *err)
{
    const tw_str *stores;
    size_t n;
    tw_buf sql;
    TW_TRY(twi_distinct(a, days_rows, TWI_COUNTS_ID, TW_COUNTS_BY_MAX, &stores, &n, err));
    tw_buf_init(&sql, a->service->alloc, (size_t)4 << 20);
    tw_buf_cstr(&sql, "SELECT " WEEKDAY " AS weekday, currency, " HOUR " AS hour, ");
    tw_buf_cstr(&sql, twi_lake_counts);
    tw_buf_cstr(&sql, " FROM transactions WHERE date <= ");
    twi_sql_date(&sql, a->last_day);
    tw_buf_cstr(&sql, " AND date > ");
    twi_sql_date(&sql, a->last_day - days);
    put_who(&sql, employee_id, TW_STR_NONE, (tw_str_list){stores, n});
    tw_buf_cstr(&sql, " GROUP BY 1, 2, 3");
    tw_status status = twi_lake_ask(a->live, &sql, 0, a->arena, out, err);
    tw_buf_release(&sql);
    return status;
}

static tw_status fill_hours(const twi_asker *a, const twi_rows *rows, tw_calendar *out, tw_err *err)
{
    enum { HOURS = 7 * 24 };
    char currency[4];
    size_t n = 0;
    tw_calendar_cell *cells = tw_arena_array(a->arena, HOURS, sizeof(*cells));
    if (!cells)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the calendar");
    twi_counts_currency(rows, TWI_COUNTS_ID + 1, currency);
    for (int i = 0; i < HOURS; i++) {
        cells[i] = (tw_calendar_cell){.weekday = i / 24 + 1, .hour = i % 24};
        memcpy(cells[i].counts.currency, currency, sizeof(currency));
    }
    for (size_t row = 0; row < rows->row_n; row++) {
        int64_t at =
            (twi_rows_integer(rows, row, 0) - 1) * 24 + twi_rows_integer(rows, row, TWI_COUNTS_ID);
        if (at >= 0 && at < HOURS)
            twi_counts_add(rows, row, TWI_COUNTS_ID + 1, &cells[at].counts);
    }
    for (size_t i = 0; i < HOURS; i++)
        if (cells[i].counts.transactions > 0)
            cells[n++] = cells[i];
    out->cells = cells;
    out->n = n;
    return TW_OK;
}

tw_status tw_query_calendar(tw_service *service, tw_lake_live *live, tw_str employee_id,
                            tw_str store_id, tw_str_list stores, int32_t days, bool by_hour,
                            tw_arena *arena, tw_calendar *out, tw_err *err)
{
    twi_asker a;
    twi_rows rows, hours;
    *out = (tw_calendar){0};
    tw_status status = twi_asker_init(&a, service, live, arena, err);
    if (status == TW_NOT_FOUND)
        return TW_OK; // nothing has happened yet
    TW_TRY(status);
    out->has_days = true;
    out->last_day = a.last_day;
    out->first_day = a.last_day - days + 1;
    TW_TRY(ask_days(&a, employee_id, store_id, stores, days, &rows, err));
    if (!by_hour)
        return fill_days(&a, &rows, out, err);
    if (rows.row_n == 0)
        return TW_OK;
    TW_TRY(ask_hours(&a, employee_id, &rows, days, &hours, err));
    return fill_hours(&a, &hours, out, err);
}
