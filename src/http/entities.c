// SPDX-License-Identifier: Apache-2.0
//
// Transactions, employees and stores as the API shows them.
#include "audit.h"
#include "lake.h"
#include "scope.h"

enum { RECENT = 50, ALERTS = 100 };

static tw_str why_or_none(const tw_guilt *guilt)
{
    return guilt->is_guilty ? guilt->why : TW_STR_NONE;
}

static void json_line(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction *txn,
                      const tw_line *line, const tw_guilt *guilt)
{
    twi_json_str(doc, object, "sku", line->sku);
    twi_json_str_or_null(doc, object, "department", line->department);
    twi_json_num(doc, object, "quantity", (double)line->quantity_milli / 1000.0);
    twi_json_money(doc, object, "unit_price", line->unit_price_minor, txn->currency);
    twi_json_money(doc, object, "regular_price", line->regular_price_minor, txn->currency);
    twi_json_money(doc, object, "discount", line->discount_minor, txn->currency);
    twi_json_str_or_null(doc, object, "discount_reason", line->discount_reason);
    twi_json_bool(doc, object, "void_flag", line->void_flag);
    twi_json_bool(doc, object, "return_flag", line->return_flag);
    twi_json_cstr(doc, object, "entry_method", tw_entry_method_name(line->entry_method));
    twi_json_bool(doc, object, "guilty", guilt->is_guilty);
    twi_json_str_or_null(doc, object, "why", why_or_none(guilt));
}

static void json_tender(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction *txn,
                        const tw_tender *tender)
{
    twi_json_cstr(doc, object, "type", tw_payment_type_name(tender->type));
    twi_json_money(doc, object, "amount", tender->amount_minor, txn->currency);
    twi_json_str_or_null(doc, object, "account_token", tender->account_token);
    twi_json_cstr(doc, object, "entry_method", tw_entry_method_name(tender->entry_method));
}

static void json_head(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view)
{
    const tw_transaction *txn = view->transaction;
    twi_json_str(doc, object, "transaction_id", txn->transaction_id);
    twi_json_time(doc, object, "time", txn->time_ms, txn->offset_min);
    twi_json_str(doc, object, "employee_id", txn->employee_id);
    twi_json_cstr(doc, object, "type", tw_transaction_type_name(txn->type));
    twi_json_cstr(doc, object, "payment_type", tw_payment_type_name(txn->payment_type));
    twi_json_money(doc, object, "total", txn->total_minor, txn->currency);
    twi_json_bool(doc, object, "refund_flag", tw_transaction_is(txn, TW_TXN_FLAG_REFUND));
    twi_json_bool(doc, object, "void_flag", tw_transaction_is(txn, TW_TXN_FLAG_VOID));
    twi_json_share(doc, object, "risk_score", view->score.risk);
}

void twi_json_brief(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view,
                    bool alerted)
{
    json_head(doc, object, view);
    twi_json_bool(doc, object, "alerted", alerted);
}

void twi_json_transaction(yyjson_mut_doc *doc, yyjson_mut_val *object,
                          const tw_transaction_view *view)
{
    const tw_transaction *txn = view->transaction;
    json_head(doc, object, view);
    twi_json_date(doc, object, "business_date", txn->business_day);
    twi_json_str(doc, object, "store_id", txn->store_id);
    twi_json_str(doc, object, "register_id", txn->register_id);
    twi_json_money(doc, object, "discount", txn->discount_minor, txn->currency);
    twi_json_uint(doc, object, "item_count", (uint64_t)txn->item_count);
    yyjson_mut_val *lines = twi_json_array(doc, object, "lines");
    for (size_t i = 0; i < txn->line_n; i++)
        json_line(doc, yyjson_mut_arr_add_obj(doc, lines), txn, &txn->lines[i], &view->lines[i]);
    yyjson_mut_val *tenders = twi_json_array(doc, object, "tenders");
    for (size_t i = 0; i < txn->tender_n; i++)
        json_tender(doc, yyjson_mut_arr_add_obj(doc, tenders), txn, &txn->tenders[i]);
    twi_json_str_or_null(doc, object, "original_transaction_id", txn->original_transaction_id);
    twi_json_str_or_null(doc, object, "void_of_transaction_id", txn->void_of_transaction_id);
    twi_json_str_or_null(doc, object, "override_employee_id", txn->override_employee_id);
    twi_json_str_or_null(doc, object, "customer_id", txn->customer_id);
    twi_json_share(doc, object, "outlier", view->score.outlier);
    yyjson_mut_val *reasons = twi_json_array(doc, object, "reasons");
    for (size_t i = 0; i < view->signal_n; i++)
        yyjson_mut_arr_add_strn(doc, reasons, view->signals[i].sentence.at,
                                view->signals[i].sentence.bytes);
    twi_json_str_or_null(doc, object, "alert_id", view->alert_id);
    twi_json_bool(doc, object, "guilty", view->whole.is_guilty);
    twi_json_str_or_null(doc, object, "why", why_or_none(&view->whole));
}

static void add_features(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_transaction_view *view)
{
    yyjson_mut_val *features = twi_json_array(doc, root, "features");
    for (int f = 0; view->row && f < TW_FEATURE_N; f++) {
        const tw_feature_row *row = tw_feature_get((tw_feature)f);
        yyjson_mut_val *feature = yyjson_mut_arr_add_obj(doc, features);
        twi_json_cstr(doc, feature, "name", row->name);
        twi_json_cstr(doc, feature, "title", row->title);
        twi_json_cstr(doc, feature, "help", row->help);
        twi_json_cstr(doc, feature, "unit", row->unit);
        twi_json_share(doc, feature, "value", view->row[f]);
    }
    yyjson_mut_val *signals = twi_json_array(doc, root, "signals");
    for (size_t i = 0; i < view->signal_n; i++) {
        yyjson_mut_val *signal = yyjson_mut_arr_add_obj(doc, signals);
        twi_json_str(doc, signal, "name", view->signals[i].name);
        twi_json_str(doc, signal, "title", view->signals[i].title);
        twi_json_share(doc, signal, "strength", (float)view->signals[i].strength);
        twi_json_str(doc, signal, "sentence", view->signals[i].sentence);
    }
}

void twi_handle_transaction(twi_request *request)
{
    tw_transaction_view view;
    tw_err err = {0};
    tw_str id = request->params[0];
    tw_status status =
        tw_query_transaction(request->http->service, id, &request->arena, &view, &err);
    if (status == TW_OK && !twi_scope_has(request, view.transaction->store_id))
        status = TW_NOT_FOUND;
    if (status == TW_NOT_FOUND) {
        twi_problem(request, 404, NULL, "There is no transaction \"%.*s\"", TW_STR_ARG(id));
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_transaction(doc, root, &view);
    add_features(doc, root, &view);
    twi_reply_json(request, 200, doc);
}

void twi_json_measure(yyjson_mut_doc *doc, yyjson_mut_val *array, const tw_measure_view *measure)
{
    const tw_feature_row *row = tw_feature_get(measure->feature);
    const tw_peer_stats *stats = &measure->stats;
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
    twi_json_cstr(doc, object, "feature", row->name);
    twi_json_cstr(doc, object, "title", row->title);
    twi_json_cstr(doc, object, "help", row->help);
    twi_json_cstr(doc, object, "unit", row->unit);
    twi_json_share(doc, object, "value", stats->value);
    twi_json_share(doc, object, "own_normal", stats->own_normal);
    twi_json_share(doc, object, "store_low", stats->store_low);
    twi_json_share(doc, object, "store_median", stats->store_median);
    twi_json_share(doc, object, "store_high", stats->store_high);
    twi_json_share(doc, object, "peer_median", stats->peer_median);
    twi_json_share(doc, object, "peer_p95", stats->peer_p95);
    twi_json_share(doc, object, "percentile", stats->percentile);
}

static void add_alerts(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                       const tw_alert_query *query)
{
    tw_alert_list list = {0};
    yyjson_mut_val *alerts = twi_json_array(doc, root, "alerts");
    if (tw_query_alerts(request->http->service, query, &request->arena, &list, NULL) != TW_OK)
        return;
    for (size_t i = 0; i < list.n; i++)
        if (twi_scope_has(request, list.items[i].store_id))
            twi_json_alert(doc, yyjson_mut_arr_add_obj(doc, alerts), &list.items[i]);
}

static void add_recent(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                       tw_str employee_id)
{
    const tw_transaction_view *views = NULL;
    size_t n = 0;
    yyjson_mut_val *recent = twi_json_array(doc, root, "recent");
    if (tw_query_recent(request->http->service, employee_id, RECENT, &request->arena, &views, &n) !=
        TW_OK)
        return;
    for (size_t i = 0; i < n; i++)
        if (twi_scope_has(request, views[i].transaction->store_id))
            twi_json_brief(doc, yyjson_mut_arr_add_obj(doc, recent), &views[i],
                           views[i].alert_id.bytes > 0);
}

// Brings the lake up to date, for counts; false without one, or when it is not ready.
static bool has_counts(twi_request *request)
{
    int64_t up_to_ms;
    tw_http *http = request->http;
    return tw_lake_settle(http->service, http->lake, &up_to_ms, NULL) == TW_OK;
}

// The counts of the employee in the caller's stores. What the lake cannot tell is empty.
static void count_employee(twi_request *request, tw_str id, tw_employee_counts *out)
{
    tw_str_list stores;
    tw_err err = {0};
    *out = (tw_employee_counts){.store_n = 0};
    if (!has_counts(request))
        return;
    twi_scope_stores(request, &stores);
    if (tw_query_employee_counts(request->http->service, request->http->lake, id, stores,
                                 &request->arena, out, &err) != TW_OK)
        *out = (tw_employee_counts){.store_n = 0};
}

// May the caller see this employee? By the stores of the last 28 days, or by the last one.
static bool is_in_scope(twi_request *request, const tw_employee_info *info,
                        const tw_employee_counts *counts)
{
    return counts->store_n > 0 || twi_scope_has(request, tw_str_from(info->home_store));
}

static void add_employee_counts(yyjson_mut_doc *doc, yyjson_mut_val *root,
                                const tw_employee_counts *counts)
{
    size_t window_n = counts->windows[0].days > 0 ? TW_COUNTS_WINDOWS : 0;
    twi_json_windows(doc, root, counts->windows, window_n);
    twi_json_counts_by(doc, root, "registers", counts->registers, counts->register_n);
    twi_json_counts_by(doc, root, "cards", counts->cards, counts->card_n);
}

// The main store first.
static void add_stores(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_employee_info *info,
                       const tw_employee_counts *counts, bool has_home)
{
    yyjson_mut_val *stores = twi_json_array(doc, root, "stores");
    for (size_t i = 0; i < counts->store_n; i++)
        yyjson_mut_arr_add_strn(doc, stores, counts->stores[i].id.at, counts->stores[i].id.bytes);
    if (counts->store_n == 0 && has_home && info->home_store[0])
        yyjson_mut_arr_add_strcpy(doc, stores, info->home_store);
}

void twi_handle_employee(twi_request *request)
{
    tw_service *service = request->http->service;
    tw_str id = request->params[0];
    tw_employee_info info;
    tw_employee_counts counts = {.store_n = 0};
    tw_measure_view measures[TW_PEER_MEASURE_N] = {0};
    tw_status status = tw_query_employee(service, id, &info);
    if (status == TW_OK)
        status = tw_query_measures(service, id, measures);
    if (status == TW_OK)
        count_employee(request, id, &counts);
    if (status == TW_OK && !is_in_scope(request, &info, &counts))
        status = TW_NOT_FOUND;
    if (status == TW_NOT_FOUND) {
        twi_problem(request, 404, NULL, "There is no employee \"%.*s\"", TW_STR_ARG(id));
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    twi_audit_view(request, "employee.view", id, id);
    twi_json_str(doc, root, "employee_id", id);
    add_stores(doc, root, &info, &counts, twi_scope_has(request, tw_str_from(info.home_store)));
    twi_json_str_or_null(doc, root, "role", tw_str_from(info.role));
    twi_json_time(doc, root, "first_seen", info.first_ms, 0);
    twi_json_time(doc, root, "last_seen", info.last_ms, 0);
    yyjson_mut_val *array = twi_json_array(doc, root, "measures");
    for (size_t i = 0; i < TW_PEER_MEASURE_N; i++)
        twi_json_measure(doc, array, &measures[i]);
    add_employee_counts(doc, root, &counts);
    add_recent(request, doc, root, id);
    tw_alert_query query = {.employee_id = id, .sort = TW_ALERT_SORT_CREATED, .limit = ALERTS};
    add_alerts(request, doc, root, &query);
    twi_reply_json(request, 200, doc);
}

void twi_handle_store_list(twi_request *request)
{
    const tw_store_row *rows = NULL;
    size_t n = 0;
    tw_status status = tw_query_stores(request->http->service, &request->arena, &rows, &n);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++) {
        if (!twi_scope_has(request, rows[i].store_id))
            continue;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_str(doc, item, "store_id", rows[i].store_id);
        twi_json_uint(doc, item, "alerts_open", rows[i].alerts_open);
    }
    twi_reply_json(request, 200, doc);
}

static void add_store_counts(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                             tw_str store_id)
{
    tw_store_counts counts = {.register_n = 0};
    tw_err err = {0};
    bool has_them = has_counts(request) &&
                    tw_query_store_counts(request->http->service, request->http->lake, store_id,
                                          &request->arena, &counts, &err) == TW_OK;
    twi_json_windows(doc, root, counts.windows, has_them ? TW_COUNTS_WINDOWS : 0);
    twi_json_counts_by(doc, root, "registers", counts.registers, has_them ? counts.register_n : 0);
}

static void add_store(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                      const tw_store_view *store)
{
    twi_json_str(doc, root, "store_id", store->store_id);
    twi_json_str_or_null(doc, root, "format", store->format);
    yyjson_mut_val *measures = twi_json_array(doc, root, "measures");
    for (size_t i = 0; i < store->measure_n; i++)
        twi_json_measure(doc, measures, &store->measures[i]);
    add_store_counts(request, doc, root, store->store_id);
    yyjson_mut_val *employees = twi_json_array(doc, root, "employees");
    for (size_t i = 0; i < store->employee_n; i++) {
        const tw_store_employee *row = &store->employees[i];
        yyjson_mut_val *employee = yyjson_mut_arr_add_obj(doc, employees);
        twi_json_str(doc, employee, "employee_id", row->employee_id);
        twi_json_uint(doc, employee, "transactions_28d", (uint64_t)row->transactions_28d);
        twi_json_share(doc, employee, "refund_rate", (float)row->refund_rate);
        twi_json_share(doc, employee, "void_rate", (float)row->void_rate);
        twi_json_uint(doc, employee, "alerts", row->alerts);
    }
    tw_alert_query query = {
        .store_id = store->store_id, .sort = TW_ALERT_SORT_CREATED, .limit = ALERTS};
    add_alerts(request, doc, root, &query);
}

void twi_handle_store(twi_request *request)
{
    tw_store_view store;
    tw_str id = request->params[0];
    tw_status status = twi_scope_has(request, id)
                           ? tw_query_store(request->http->service, id, &request->arena, &store)
                           : TW_NOT_FOUND;
    if (status == TW_NOT_FOUND) {
        twi_problem(request, 404, NULL, "There is no store \"%.*s\"", TW_STR_ARG(id));
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    add_store(request, doc, root, &store);
    twi_reply_json(request, 200, doc);
}
