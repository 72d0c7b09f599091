// SPDX-License-Identifier: Apache-2.0
//
// Registers, cards, customers, items and calendars: what the lake tells of them.
#include "audit.h"
#include "lake.h"
#include "scope.h"
#include "service/work.h"

enum { ALERTS = 100, DAYS_DEFAULT = 92, DAYS_MAX = 366 };

// --- counts
// ---------------------------------------------------------------------------------------

static void json_numbers(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_counts *c)
{
    twi_json_uint(doc, object, "transactions", c->transactions);
    twi_json_uint(doc, object, "sales", c->sales);
    twi_json_uint(doc, object, "refunds", c->refunds);
    twi_json_uint(doc, object, "voids", c->voids);
    twi_json_uint(doc, object, "no_sales", c->no_sales);
    twi_json_uint(doc, object, "discounts", c->discounts);
    twi_json_uint(doc, object, "overrides", c->overrides);
    twi_json_uint(doc, object, "alerted", c->alerted);
}

static void json_counts(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_counts *c)
{
    json_numbers(doc, object, c);
    twi_json_money(doc, object, "sales_amount", c->sale_minor, c->currency);
    twi_json_money(doc, object, "refund_amount", c->refund_minor, c->currency);
    twi_json_money(doc, object, "void_amount", c->void_minor, c->currency);
    twi_json_money(doc, object, "discount_amount", c->discount_minor, c->currency);
}

void twi_json_windows(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_counts_window *windows,
                      size_t n)
{
    yyjson_mut_val *array = twi_json_array(doc, root, "windows");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *window = yyjson_mut_arr_add_obj(doc, array);
        twi_json_uint(doc, window, "days", (uint64_t)windows[i].days);
        json_counts(doc, window, &windows[i].counts);
    }
}

void twi_json_counts_by(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                        const tw_counts_by *rows, size_t n)
{
    yyjson_mut_val *array = twi_json_array(doc, root, key);
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, array);
        twi_json_str(doc, row, "id", rows[i].id);
        if (rows[i].store_id.bytes > 0)
            twi_json_str(doc, row, "store_id", rows[i].store_id);
        twi_json_date(doc, row, "first_date", rows[i].first_day);
        twi_json_date(doc, row, "last_date", rows[i].last_day);
        json_counts(doc, row, &rows[i].counts);
    }
}

// --- what they share
// ------------------------------------------------------------------------------

// Brings the lake up to date. False after answering 503.
static bool settle(twi_request *request)
{
    int64_t up_to_ms;
    tw_err err = {0};
    tw_http *http = request->http;
    tw_status status = tw_lake_settle(http->service, http->lake, &up_to_ms, &err);
    if (status == TW_OK)
        return true;
    twi_problem(request, 503, NULL, "%s", err.text);
    return false;
}

// Begins the reply, or answers 404 with "There is no WHAT "ID"".
static bool begin(twi_request *request, tw_status status, const tw_err *err, const char *what,
                  tw_str id, yyjson_mut_doc **doc, yyjson_mut_val **root)
{
    if (status != TW_NOT_FOUND)
        return twi_lake_begin(request, status, err, doc, root);
    twi_problem(request, 404, NULL, "There is no %s \"%.*s\"", what, TW_STR_ARG(id));
    return false;
}

// Alerts with these ids in the stores of the caller.
static void add_alerts(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                       const tw_str *ids, size_t n)
{
    yyjson_mut_val *alerts = twi_json_array(doc, root, "alerts");
    for (size_t i = 0; i < n; i++) {
        tw_alert_view view;
        if (tw_query_alert(request->http->service, ids[i], &request->arena, &view) == TW_OK &&
            twi_scope_has(request, view.store_id))
            twi_json_alert(doc, yyjson_mut_arr_add_obj(doc, alerts), &view);
    }
}

// --- registers
// ------------------------------------------------------------------------------------

static void add_register_alerts(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                                tw_str store_id, tw_str register_id)
{
    enum { LOOKED_AT = 500 };
    tw_alert_list list = {0};
    size_t n = 0;
    yyjson_mut_val *alerts = twi_json_array(doc, root, "alerts");
    tw_alert_query query = {
        .store_id = store_id, .sort = TW_ALERT_SORT_CREATED, .limit = LOOKED_AT};
    if (tw_query_alerts(request->http->service, &query, &request->arena, &list, NULL) != TW_OK)
        return;
    for (size_t i = 0; i < list.n && n < ALERTS; i++) {
        if (!tw_str_equal(list.items[i].register_id, register_id))
            continue;
        twi_json_alert(doc, yyjson_mut_arr_add_obj(doc, alerts), &list.items[i]);
        n++;
    }
}

void twi_handle_register(twi_request *request)
{
    tw_http *http = request->http;
    tw_str store_id = request->params[0], register_id = request->params[1];
    const char *date = twi_request_argument(request, "date");
    int32_t day = INT32_MIN;
    tw_register_view view;
    tw_err err = {0};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (date && !tw_date_parse(tw_str_from(date), &day)) {
        twi_problem(request, 400, "date", "date must be a date such as 2026-01-05");
        return;
    }
    if (!settle(request))
        return;
    tw_status status = twi_scope_has(request, store_id)
                           ? tw_query_register(http->service, http->lake, store_id, register_id,
                                               day, &request->arena, &view, &err)
                           : TW_NOT_FOUND;
    if (!begin(request, status, &err, "register", register_id, &doc, &root))
        return;
    twi_json_str(doc, root, "store_id", store_id);
    twi_json_str(doc, root, "register_id", register_id);
    twi_json_windows(doc, root, view.windows, TW_COUNTS_WINDOWS);
    twi_json_counts_by(doc, root, "employees", view.employees, view.employee_n);
    if (view.has_day)
        twi_json_date(doc, root, "date", view.day);
    else
        twi_json_null(doc, root, "date");
    twi_json_hits(doc, root, "timeline", view.timeline, view.timeline_n);
    add_register_alerts(request, doc, root, store_id, register_id);
    twi_reply_json(request, 200, doc);
}

// --- cards and customers
// --------------------------------------------------------------------------

static void answer_account(twi_request *request, tw_account_kind kind, const char *what)
{
    tw_http *http = request->http;
    tw_str id = request->params[0];
    tw_str_list stores;
    tw_account_view view;
    tw_err err = {0};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!settle(request))
        return;
    twi_scope_stores(request, &stores);
    tw_status status =
        tw_query_account(http->service, http->lake, kind, id, stores, &request->arena, &view, &err);
    if (!begin(request, status, &err, what, id, &doc, &root))
        return;
    twi_audit_view(request, kind == TW_ACCOUNT_CARD ? "card.view" : "customer.view", id,
                   TW_STR_NONE);
    twi_json_str(doc, root, "id", id);
    twi_json_windows(doc, root, view.windows, TW_COUNTS_WINDOWS);
    twi_json_counts_by(doc, root, "stores", view.stores, view.store_n);
    twi_json_counts_by(doc, root, "employees", view.employees, view.employee_n);
    twi_json_hits(doc, root, "recent", view.recent, view.recent_n);
    add_alerts(request, doc, root, view.alert_ids, view.alert_n);
    twi_reply_json(request, 200, doc);
}

void twi_handle_card(twi_request *request)
{
    answer_account(request, TW_ACCOUNT_CARD, "card");
}

void twi_handle_customer(twi_request *request)
{
    answer_account(request, TW_ACCOUNT_CUSTOMER, "customer");
}

// --- items
// ----------------------------------------------------------------------------------------

static void json_item_counts(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_item_counts *c)
{
    twi_json_uint(doc, object, "lines", c->lines);
    twi_json_uint(doc, object, "returns", c->returns);
    twi_json_uint(doc, object, "voids", c->voids);
    twi_json_uint(doc, object, "discounts", c->discounts);
    twi_json_uint(doc, object, "overrides", c->overrides);
    twi_json_uint(doc, object, "keyed", c->keyed);
    twi_json_num(doc, object, "quantity", (double)c->quantity_milli / 1000.0);
    twi_json_money(doc, object, "amount", c->amount_minor, c->currency);
    twi_json_money(doc, object, "return_amount", c->return_minor, c->currency);
    twi_json_money(doc, object, "discount_amount", c->discount_minor, c->currency);
}

static void json_items_by(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                          const tw_item_counts *rows, size_t n)
{
    yyjson_mut_val *array = twi_json_array(doc, root, key);
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, array);
        twi_json_str(doc, row, "id", rows[i].id);
        json_item_counts(doc, row, &rows[i]);
    }
}

static void json_stock(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_item_view *view)
{
    yyjson_mut_val *stock = twi_json_array(doc, root, "stock");
    for (size_t i = 0; i < view->stock_n; i++) {
        yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, stock);
        twi_json_cstr(doc, row, "type", tw_movement_type_name(view->stock[i].type));
        twi_json_uint(doc, row, "movements", view->stock[i].movement_n);
        twi_json_num(doc, row, "quantity", (double)view->stock[i].quantity_milli / 1000.0);
    }
    yyjson_mut_val *movements = twi_json_array(doc, root, "movements");
    for (size_t i = 0; i < view->movement_n; i++) {
        const tw_stock_movement *m = &view->movements[i];
        yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, movements);
        twi_json_str(doc, row, "movement_id", m->movement_id);
        twi_json_time(doc, row, "time", m->time_ms, m->offset_min);
        twi_json_str(doc, row, "store_id", m->store_id);
        twi_json_str(doc, row, "type", m->type);
        twi_json_num(doc, row, "quantity", (double)m->quantity_milli / 1000.0);
        twi_json_str_or_null(doc, row, "employee_id", m->employee_id);
        twi_json_str_or_null(doc, row, "reason", m->reason);
    }
}

void twi_handle_item(twi_request *request)
{
    tw_http *http = request->http;
    tw_str sku = request->params[0];
    tw_str_list stores;
    tw_item_view view;
    tw_err err = {0};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!settle(request))
        return;
    twi_scope_stores(request, &stores);
    tw_status status =
        tw_query_item(http->service, http->lake, sku, stores, &request->arena, &view, &err);
    if (!begin(request, status, &err, "item", sku, &doc, &root))
        return;
    twi_json_str(doc, root, "sku", sku);
    twi_json_str_or_null(doc, root, "department", view.department);
    yyjson_mut_val *windows = twi_json_array(doc, root, "windows");
    for (size_t i = 0; i < TW_COUNTS_WINDOWS; i++) {
        yyjson_mut_val *window = yyjson_mut_arr_add_obj(doc, windows);
        twi_json_uint(doc, window, "days", (uint64_t)view.windows[i].days);
        json_item_counts(doc, window, &view.windows[i]);
    }
    json_items_by(doc, root, "stores", view.stores, view.store_n);
    json_items_by(doc, root, "employees", view.employees, view.employee_n);
    json_stock(doc, root, &view);
    twi_json_hits(doc, root, "recent", view.recent, view.recent_n);
    add_alerts(request, doc, root, view.alert_ids, view.alert_n);
    twi_reply_json(request, 200, doc);
}

// --- calendars
// ------------------------------------------------------------------------------------

static bool read_unit(twi_request *request, bool *by_hour, int32_t *days)
{
    const char *unit = twi_request_argument(request, "unit");
    const char *text = twi_request_argument(request, "days");
    int64_t n = DAYS_DEFAULT;
    *by_hour = unit && strcmp(unit, "hour") == 0;
    if (unit && !*by_hour && strcmp(unit, "day") != 0) {
        twi_problem(request, 400, "unit", "unit must be day or hour");
        return false;
    }
    int64_t max = *by_hour ? DAYS_DEFAULT : DAYS_MAX;
    if (text && (!tw_str_to_i64(tw_str_from(text), &n) || n < 1 || n > max)) {
        twi_problem(request, 400, "days", "days must be 1 to %lld", (long long)max);
        return false;
    }
    *days = (int32_t)n;
    return true;
}

static void json_calendar(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_calendar *calendar,
                          bool by_hour)
{
    twi_json_cstr(doc, root, "unit", by_hour ? "hour" : "day");
    if (calendar->has_days) {
        twi_json_date(doc, root, "from", calendar->first_day);
        twi_json_date(doc, root, "to", calendar->last_day);
    } else {
        twi_json_null(doc, root, "from");
        twi_json_null(doc, root, "to");
    }
    yyjson_mut_val *cells = twi_json_array(doc, root, "cells");
    for (size_t i = 0; i < calendar->n; i++) {
        const tw_calendar_cell *of = &calendar->cells[i];
        yyjson_mut_val *cell = yyjson_mut_arr_add_obj(doc, cells);
        if (by_hour)
            twi_json_null(doc, cell, "date");
        else
            twi_json_date(doc, cell, "date", of->day);
        twi_json_uint(doc, cell, "weekday", (uint64_t)of->weekday);
        if (by_hour)
            twi_json_uint(doc, cell, "hour", (uint64_t)of->hour);
        else
            twi_json_null(doc, cell, "hour");
        json_numbers(doc, cell, &of->counts);
    }
}

static void answer_calendar(twi_request *request, tw_str employee_id, tw_str store_id)
{
    tw_http *http = request->http;
    tw_str_list stores;
    tw_calendar calendar;
    bool by_hour;
    int32_t days;
    tw_err err = {0};
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!read_unit(request, &by_hour, &days) || !settle(request))
        return;
    twi_scope_stores(request, &stores);
    tw_status status = tw_query_calendar(http->service, http->lake, employee_id, store_id, stores,
                                         days, by_hour, &request->arena, &calendar, &err);
    if (!twi_lake_begin(request, status, &err, &doc, &root))
        return;
    if (employee_id.bytes)
        twi_audit_view(request, "employee.view", employee_id, employee_id);
    json_calendar(doc, root, &calendar, by_hour);
    twi_reply_json(request, 200, doc);
}

void twi_handle_employee_calendar(twi_request *request)
{
    tw_employee_info info;
    tw_str id = request->params[0];
    if (tw_query_employee(request->http->service, id, &info) == TW_OK) {
        answer_calendar(request, id, TW_STR_NONE);
        return;
    }
    twi_problem(request, 404, NULL, "There is no employee \"%.*s\"", TW_STR_ARG(id));
}

static bool knows_store(twi_request *request, tw_str id)
{
    const tw_store_row *rows;
    size_t n;
    bool is_known = false;
    if (tw_query_stores(request->http->service, &request->arena, &rows, &n) != TW_OK)
        return false;
    for (size_t i = 0; i < n && !is_known; i++)
        is_known = tw_str_equal(rows[i].store_id, id);
    return is_known;
}

void twi_handle_store_calendar(twi_request *request)
{
    tw_str id = request->params[0];
    if (twi_scope_has(request, id) && knows_store(request, id)) {
        answer_calendar(request, TW_STR_NONE, id);
        return;
    }
    twi_problem(request, 404, NULL, "There is no store \"%.*s\"", TW_STR_ARG(id));
}
