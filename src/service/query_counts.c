// SPDX-License-Identifier: Apache-2.0
//
// Employees, stores and registers as the lake counts them.
#include "counts.h"

#define RECENT_DAYS 28
#define CARDS_MAX 50

// --- employees
// ------------------------------------------------------------------------------------

// Registers of 28 days; the stores say where to look.
static tw_status ask_registers(const twi_asker *a, tw_str employee_id, tw_employee_counts *out,
                               tw_str_list stores, tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    twi_counts_begin(a, &sql, "store_id, register_id", twi_lake_sums, "register_days", RECENT_DAYS);
    twi_counts_equal(&sql, "employee_id", employee_id);
    twi_counts_stores(&sql, stores);
    TW_TRY(twi_counts_ask(a, &sql, "store_id, register_id", &rows, err));
    const twi_counts_group group = {.id_at = TWI_COUNTS_ID + 1,
                                    .store_at = TWI_COUNTS_ID,
                                    .column = TWI_COUNTS_ID + 2,
                                    .first_day = a->last_day - RECENT_DAYS + 1,
                                    .order = TWI_COUNTS_BY_TRANSACTIONS,
                                    .max = TW_COUNTS_BY_MAX};
    return twi_counts_by(a, &rows, &group, &out->registers, &out->register_n, err);
}

static tw_status ask_cards(const twi_asker *a, tw_str employee_id, tw_employee_counts *out,
                           tw_str_list stores, tw_err *err)
{
    tw_buf sql, table;
    twi_rows rows;
    tw_buf_init(&table, a->service->alloc, (size_t)4 << 20);
    tw_buf_cstr(&table, "(SELECT *, unnest(list_distinct(list_transform(tenders, lambda x: "
                        "x.account_token))) AS token FROM transactions WHERE date > ");
    twi_sql_date(&table, a->last_day - RECENT_DAYS);
    twi_counts_equal(&table, "employee_id", employee_id);
    twi_counts_stores(&table, stores);
    tw_buf_cstr(&table, ")");
    tw_buf_u8(&table, 0);
    if (table.status != TW_OK) {
        tw_buf_release(&table);
        return tw_fail(err, TW_NO_MEMORY, "no memory for the query");
    }
    twi_counts_begin(a, &sql, "token", twi_lake_counts, (const char *)table.data_own, RECENT_DAYS);
    tw_buf_release(&table);
    tw_buf_cstr(&sql, " AND token IS NOT NULL");
    TW_TRY(twi_counts_ask(a, &sql, "token", &rows, err));
    const twi_counts_group group = {.id_at = TWI_COUNTS_ID,
                                    .column = TWI_COUNTS_ID + 1,
                                    .first_day = INT32_MIN,
                                    .order = TWI_COUNTS_BY_REFUNDS,
                                    .max = CARDS_MAX};
    return twi_counts_by(a, &rows, &group, &out->cards, &out->card_n, err);
}

tw_status tw_query_employee_counts(tw_service *service, tw_lake_live *live, tw_str employee_id,
                                   tw_str_list stores, tw_arena *arena, tw_employee_counts *out,
                                   tw_err *err)
{
    twi_asker a;
    tw_buf sql;
    twi_rows rows;
    const tw_str *names;
    size_t n;
    *out = (tw_employee_counts){0};
    TW_TRY(twi_asker_init(&a, service, live, arena, err));
    twi_counts_begin(&a, &sql, "store_id", twi_lake_sums, "employee_days", TW_COUNTS_DAYS);
    twi_counts_equal(&sql, "employee_id", employee_id);
    twi_counts_stores(&sql, stores);
    TW_TRY(twi_counts_ask(&a, &sql, "store_id", &rows, err));
    twi_counts_windows(&a, &rows, TWI_COUNTS_ID + 1, out->windows);
    const twi_counts_group group = {.id_at = TWI_COUNTS_ID,
                                    .column = TWI_COUNTS_ID + 1,
                                    .first_day = a.last_day - RECENT_DAYS + 1,
                                    .order = TWI_COUNTS_BY_TRANSACTIONS,
                                    .max = TW_COUNTS_BY_MAX};
    TW_TRY(twi_counts_by(&a, &rows, &group, &out->stores, &out->store_n, err));
    if (out->store_n == 0)
        return TW_OK;
    TW_TRY(twi_distinct(&a, &rows, TWI_COUNTS_ID, TW_COUNTS_BY_MAX, &names, &n, err));
    TW_TRY(ask_registers(&a, employee_id, out, (tw_str_list){names, n}, err));
    return ask_cards(&a, employee_id, out, (tw_str_list){names, n}, err);
}

// --- stores
// ---------------------------------------------------------------------------------------

tw_status tw_query_store_counts(tw_service *service, tw_lake_live *live, tw_str store_id,
                                tw_arena *arena, tw_store_counts *out, tw_err *err)
{
    twi_asker a;
    tw_buf sql;
    twi_rows rows;
    *out = (tw_store_counts){0};
    TW_TRY(twi_asker_init(&a, service, live, arena, err));
    twi_counts_begin(&a, &sql, "", twi_lake_sums, "store_days", TW_COUNTS_DAYS);
    twi_counts_equal(&sql, "store_id", store_id);
    TW_TRY(twi_counts_ask(&a, &sql, "", &rows, err));
    twi_counts_windows(&a, &rows, TWI_COUNTS_ID, out->windows);
    twi_counts_begin(&a, &sql, "register_id", twi_lake_sums, "register_days", RECENT_DAYS);
    twi_counts_equal(&sql, "store_id", store_id);
    TW_TRY(twi_counts_ask(&a, &sql, "register_id", &rows, err));
    const twi_counts_group group = {.id_at = TWI_COUNTS_ID,
                                    .column = TWI_COUNTS_ID + 1,
                                    .first_day = INT32_MIN,
                                    .order = TWI_COUNTS_BY_ID,
                                    .max = TW_COUNTS_BY_MAX};
    return twi_counts_by(&a, &rows, &group, &out->registers, &out->register_n, err);
}

// --- registers
// ------------------------------------------------------------------------------------

static tw_status ask_timeline(const twi_asker *a, tw_str store_id, tw_str register_id,
                              tw_register_view *out, tw_err *err)
{
    tw_buf sql;
    twi_rows rows;
    tw_transaction_view *views;
    tw_buf_init(&sql, a->service->alloc, 1 << 16);
    tw_buf_cstr(&sql, "SELECT seq FROM transactions WHERE date = ");
    twi_sql_date(&sql, out->day);
    twi_counts_equal(&sql, "store_id", store_id);
    twi_counts_equal(&sql, "register_id", register_id);
    tw_buf_cstr(&sql, " ORDER BY transaction_time, seq");
    tw_status status = twi_lake_ask(a->live, &sql, TW_TIMELINE_DAY_MAX, a->arena, &rows, err);
    tw_buf_release(&sql);
    TW_TRY(status);
    TW_TRY(twi_views_of_rows(a, &rows, 0, TW_TIMELINE_DAY_MAX, &views, &out->timeline_n, err));
    out->timeline = views;
    return TW_OK;
}

tw_status tw_query_register(tw_service *service, tw_lake_live *live, tw_str store_id,
                            tw_str register_id, int32_t day, tw_arena *arena, tw_register_view *out,
                            tw_err *err)
{
    twi_asker a;
    tw_buf sql;
    twi_rows rows;
    *out = (tw_register_view){0};
    TW_TRY(twi_asker_init(&a, service, live, arena, err));
    twi_counts_begin(&a, &sql, "employee_id", twi_lake_sums, "register_days", TW_COUNTS_DAYS);
    twi_counts_equal(&sql, "store_id", store_id);
    twi_counts_equal(&sql, "register_id", register_id);
    TW_TRY(twi_counts_ask(&a, &sql, "employee_id", &rows, err));
    twi_counts_windows(&a, &rows, TWI_COUNTS_ID + 1, out->windows);
    const twi_counts_group group = {.id_at = TWI_COUNTS_ID,
                                    .column = TWI_COUNTS_ID + 1,
                                    .first_day = INT32_MIN,
                                    .order = TWI_COUNTS_BY_TRANSACTIONS,
                                    .max = TW_COUNTS_BY_MAX};
    TW_TRY(twi_counts_by(&a, &rows, &group, &out->employees, &out->employee_n, err));
    out->has_day = day != INT32_MIN || rows.row_n > 0;
    out->day = day != INT32_MIN ? day : rows.row_n > 0 ? twi_rows_day(&rows, 0, 0) : 0;
    if (out->has_day)
        TW_TRY(ask_timeline(&a, store_id, register_id, out, err));
    if (rows.row_n == 0 && out->timeline_n == 0)
        return tw_fail(err, TW_NOT_FOUND, "there is no register %.*s in store %.*s",
                       TW_STR_ARG(register_id), TW_STR_ARG(store_id));
    return TW_OK;
}
