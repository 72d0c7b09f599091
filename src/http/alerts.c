// SPDX-License-Identifier: Apache-2.0
//
// Alerts: the list, the one screen of an alert, and verdicts.
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "learning.h"
#include "retail/money.h"

enum {
    DETAIL_TRANSACTIONS = 50,
    ENTITY_ALERTS = 50,
    TIMELINE = 300,
};
#define TIMELINE_BEFORE_MS (2 * TW_HOUR_MS)
#define TIMELINE_AFTER_MS TW_HOUR_MS

// --- one alert as JSON
// ---------------------------------------------------------------------------------

static void json_verdict(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    if (!alert->has_verdict) {
        twi_json_null(doc, object, "verdict");
        return;
    }
    const tw_verdict_view *verdict = &alert->verdict;
    yyjson_mut_val *v = twi_json_object(doc, object, "verdict");
    twi_json_cstr(doc, v, "verdict", tw_verdict_name(verdict->verdict));
    twi_json_str(doc, v, "reason", verdict->reason);
    twi_json_time(doc, v, "decided_at", verdict->decided_ms, alert->offset_min);
    twi_json_str(doc, v, "decided_by", verdict->decided_by);
    twi_json_str_or_null(doc, v, "note", verdict->note);
    if (verdict->recovered.minor != 0)
        twi_json_money(doc, v, "recovered", verdict->recovered.minor, verdict->recovered.currency);
    else
        twi_json_null(doc, v, "recovered");
}

static void json_brief(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    twi_json_str(doc, object, "alert_id", alert->alert_id);
    twi_json_time(doc, object, "created_at", alert->created_ms, alert->offset_min);
    twi_json_str(doc, object, "status", alert->status);
    twi_json_str(doc, object, "type", alert->type);
    twi_json_str(doc, object, "scheme", alert->scheme);
    twi_json_str(doc, object, "title", alert->title);
    twi_json_str(doc, object, "sentence", alert->sentence);
    twi_json_share(doc, object, "risk_score", (float)alert->risk_score);
    twi_json_money(doc, object, "exposure", alert->exposure.minor, alert->exposure.currency);
    twi_json_uint(doc, object, "transaction_n", alert->transaction_n);
    json_verdict(doc, object, alert);
}

void twi_json_alert(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_alert_view *alert)
{
    json_brief(doc, object, alert);
    twi_json_share(doc, object, "challenger_risk", (float)alert->challenger_risk);
    twi_json_time(doc, object, "updated_at", alert->updated_ms, alert->offset_min);
    yyjson_mut_val *entity = twi_json_object(doc, object, "entity");
    twi_json_str(doc, entity, "kind", alert->entity_kind);
    twi_json_str(doc, entity, "id", alert->entity_id);
    twi_json_str(doc, object, "store_id", alert->store_id);
    twi_json_str_or_null(doc, object, "employee_id", alert->employee_id);
    twi_json_str_or_null(doc, object, "register_id", alert->register_id);
    yyjson_mut_val *ids = twi_json_array(doc, object, "transaction_ids");
    for (size_t i = alert->transaction_id_n; i-- > 0;)
        yyjson_mut_arr_add_strn(doc, ids, alert->transaction_ids[i].at,
                                alert->transaction_ids[i].bytes);
    yyjson_mut_val *reasons = twi_json_array(doc, object, "reasons");
    for (size_t i = 0; i < alert->reason_n; i++) {
        yyjson_mut_val *reason = yyjson_mut_arr_add_obj(doc, reasons);
        twi_json_str(doc, reason, "signal", alert->reasons[i].signal);
        twi_json_str(doc, reason, "title", alert->reasons[i].title);
        twi_json_str(doc, reason, "sentence", alert->reasons[i].sentence);
        twi_json_share(doc, reason, "strength", (float)alert->reasons[i].strength);
    }
}

void twi_json_alert_array(yyjson_mut_doc *doc, yyjson_mut_val *array, const tw_alert_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        twi_json_alert(doc, yyjson_mut_arr_add_obj(doc, array), &list->items[i]);
}

// --- the list
// --------------------------------------------------------------------------------------------

static bool one_of(tw_str value, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (tw_str_equal(value, tw_str_from(words[i])))
            return true;
    }
    return false;
}

static tw_str argument(const twi_request *request, const char *name)
{
    return tw_str_from(twi_request_argument(request, name));
}

static bool time_argument(twi_request *request, const char *name, int64_t *out_ms)
{
    tw_str text = argument(request, name);
    int16_t offset = 0;
    *out_ms = 0;
    if (text.bytes == 0 || (tw_time_parse(text, out_ms, &offset)))
        return true;
    twi_problem(request, 400, name, "%s \"%.*s\" is not a time such as 2026-01-05T09:00:00Z", name,
                TW_STR_ARG(text));
    return false;
}

static bool word_argument(twi_request *request, const char *name, const char *const *words,
                          size_t n, tw_str *out)
{
    *out = argument(request, name);
    if (out->bytes == 0 || one_of(*out, words, n))
        return true;
    twi_problem(request, 400, name, "%s \"%.*s\" is unknown", name, TW_STR_ARG(*out));
    return false;
}

static bool read_query(twi_request *request, tw_alert_query *query)
{
    static const char *const statuses[] = {"OPEN",      "NEW",       "ASSIGNED",
                                           "IN_REVIEW", "ESCALATED", "CLOSED"};
    static const char *const types[] = {"DISCOUNT", "VOID_REFUND", "EMPLOYEE",
                                        "TIME",     "CROSS_STORE", "INVENTORY"};
    static const char *const sorts[] = {"rank", "created", "risk", "exposure"};
    static const tw_alert_sort sort_codes[] = {TW_ALERT_SORT_RANK, TW_ALERT_SORT_CREATED,
                                               TW_ALERT_SORT_RISK, TW_ALERT_SORT_EXPOSURE};
    tw_str sort, risk = argument(request, "min_risk");
    *query = (tw_alert_query){.scheme = argument(request, "scheme"),
                              .store_id = argument(request, "store_id"),
                              .text = argument(request, "q"),
                              .cursor = argument(request, "cursor")};
    if (!word_argument(request, "status", statuses, TW_COUNT(statuses), &query->status) ||
        !word_argument(request, "type", types, TW_COUNT(types), &query->type) ||
        !word_argument(request, "sort", sorts, TW_COUNT(sorts), &sort) ||
        !time_argument(request, "from", &query->from_ms) ||
        !time_argument(request, "to", &query->to_ms) || !twi_query_limit(request, &query->limit))
        return false;
    if (risk.bytes &&
        (!tw_str_to_f64(risk, &query->min_risk) || query->min_risk < 0 || query->min_risk > 1)) {
        twi_problem(request, 400, "min_risk", "min_risk must be a number from 0 to 1");
        return false;
    }
    for (size_t i = 0; i < TW_COUNT(sorts); i++) {
        if (tw_str_equal(sort, tw_str_from(sorts[i])))
            query->sort = sort_codes[i];
    }
    query->only_open = tw_str_equal(query->status, TW_STR("OPEN"));
    if (query->only_open)
        query->status = TW_STR_NONE;
    return true;
}

void twi_handle_alert_list(twi_request *request)
{
    tw_alert_query query;
    tw_alert_list list;
    tw_err err = {0};
    if (!read_query(request, &query))
        return;
    tw_status status =
        tw_query_alerts(request->http->service, &query, &request->arena, &list, &err);
    if (status == TW_INVALID) {
        twi_problem(request, 400, "cursor", "%s",
                    err.text[0] ? err.text : "the cursor is not of this list");
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_alert_array(doc, twi_json_array(doc, root, "items"), &list);
    twi_json_str_or_null(doc, root, "next_cursor", list.next_cursor);
    twi_json_uint(doc, root, "total", list.total);
    twi_reply_json(request, 200, doc);
}

// --- the one screen
// ----------------------------------------------------------------------------------------

static bool alert_holds(const tw_alert_view *alert, uint64_t seq)
{
    for (size_t i = 0; i < alert->transaction_id_n; i++) {
        if (alert->seqs[i] == seq)
            return true;
    }
    return false;
}

// Gives the transaction with the highest risk whose row is kept, the newest of equals; its seq is 0
// when there is none.
static tw_transaction_view add_transactions(twi_request *request, yyjson_mut_doc *doc,
                                            yyjson_mut_val *root, const tw_alert_view *alert)
{
    yyjson_mut_val *array = twi_json_array(doc, root, "transactions");
    tw_transaction_view top = {0};
    size_t shown = 0;
    for (size_t i = alert->transaction_id_n; i-- > 0 && shown < DETAIL_TRANSACTIONS; shown++) {
        tw_transaction_view view;
        if (tw_query_seq(request->http->service, alert->seqs[i], &request->arena, &view, NULL) !=
            TW_OK)
            continue;
        twi_json_transaction(doc, yyjson_mut_arr_add_obj(doc, array), &view);
        if (view.row && (top.seq == 0 || view.score.risk > top.score.risk))
            top = view;
    }
    return top;
}

static void add_timeline(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                         const tw_alert_view *alert)
{
    yyjson_mut_val *array = twi_json_array(doc, root, "timeline");
    const tw_transaction_view *views = NULL;
    size_t n = 0;
    if (alert->transaction_id_n == 0 ||
        tw_query_timeline(request->http->service, alert->seqs[alert->transaction_id_n - 1],
                          TIMELINE_BEFORE_MS, TIMELINE_AFTER_MS, TIMELINE, &request->arena, &views,
                          &n) != TW_OK)
        return;
    for (size_t i = 0; i < n; i++)
        twi_json_brief(doc, yyjson_mut_arr_add_obj(doc, array), &views[i],
                       alert_holds(alert, views[i].seq));
}

// The most telling first: far from its peers.
static int compare_measures(const void *a, const void *b)
{
    const tw_measure_view *x = a, *y = b;
    float p = x->stats.percentile, q = y->stats.percentile;
    p = p >= 0.0F ? p : -1.0F;
    q = q >= 0.0F ? q : -1.0F;
    return (p < q) - (p > q);
}

// `all` are the measures of the alert's employee, NULL without one.
static void add_peers(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                      const tw_alert_view *alert, const tw_measure_view *all)
{
    enum { SHOWN = 12 };
    tw_service *service = request->http->service;
    tw_measure_view measures[TW_PEER_MEASURE_N];
    yyjson_mut_val *peers = twi_json_array(doc, root, "peers");
    if (!all) {
        twi_json_null(doc, root, "trend");
        return;
    }
    memcpy(measures, all, sizeof(measures));
    // The scheme's own measure leads, whatever the others say.
    tw_peer_measure main_measure = tw_scheme_measure(service, alert->scheme);
    twi_json_measure(doc, peers, &measures[main_measure]);
    tw_feature main_feature = measures[main_measure].feature;
    qsort(measures, TW_PEER_MEASURE_N, sizeof(measures[0]), compare_measures);
    for (size_t i = 0, shown = 1; i < TW_PEER_MEASURE_N && shown < SHOWN; i++) {
        bool tells = measures[i].stats.value > 0.0F && measures[i].feature != main_feature;
        if (tells)
            twi_json_measure(doc, peers, &measures[i]);
        shown += tells;
    }
    tw_trend_day days[28];
    if (tw_query_trend(service, alert->employee_id, main_measure, days) != TW_OK) {
        twi_json_null(doc, root, "trend");
        return;
    }
    const tw_feature_row *row = tw_feature_get(main_feature);
    yyjson_mut_val *trend = twi_json_object(doc, root, "trend");
    twi_json_cstr(doc, trend, "feature", row->name);
    twi_json_cstr(doc, trend, "title", row->title);
    twi_json_cstr(doc, trend, "unit", row->unit);
    yyjson_mut_val *array = twi_json_array(doc, trend, "days");
    for (size_t i = 0; i < TW_COUNT(days); i++) {
        yyjson_mut_val *day = yyjson_mut_arr_add_obj(doc, array);
        twi_json_date(doc, day, "date", days[i].day);
        twi_json_share(doc, day, "value", days[i].value);
        twi_json_share(doc, day, "store_median", days[i].store_median);
    }
}

// What others of the scheme turned out to be: the alert itself tells nothing about itself.
static void leave_out_self(const tw_alert_view *alert, tw_similar *similar)
{
    uint64_t *const counts[TW_VERDICT_N] = {
        [TW_VERDICT_CONFIRMED] = &similar->confirmed,
        [TW_VERDICT_REFUTED] = &similar->refuted,
        [TW_VERDICT_INCONCLUSIVE] = &similar->inconclusive,
        [TW_VERDICT_OPERATIONAL] = &similar->operational,
    };
    uint64_t *own = alert->has_verdict ? counts[alert->verdict.verdict] : &similar->open;
    *own -= *own > 0;
}

static void add_related(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                        const tw_alert_view *alert)
{
    tw_alert_query query = {.sort = TW_ALERT_SORT_CREATED, .limit = ENTITY_ALERTS + 1};
    tw_alert_list list = {0};
    if (alert->employee_id.bytes && tw_str_equal(alert->entity_kind, TW_STR("employee"))) {
        query.employee_id = alert->employee_id;
    } else {
        query.entity_kind = alert->entity_kind;
        query.entity_id = alert->entity_id;
    }
    yyjson_mut_val *array = twi_json_array(doc, root, "entity_alerts");
    if (tw_query_alerts(request->http->service, &query, &request->arena, &list, NULL) != TW_OK)
        list.n = 0;
    size_t shown = 0;
    for (size_t i = 0; i < list.n && shown < ENTITY_ALERTS; i++) {
        if (tw_str_equal(list.items[i].alert_id, alert->alert_id))
            continue;
        json_brief(doc, yyjson_mut_arr_add_obj(doc, array), &list.items[i]);
        shown++;
    }
    tw_similar similar = {0};
    if (tw_query_similar(request->http->service, alert->scheme, &similar) != TW_OK)
        similar = (tw_similar){0};
    leave_out_self(alert, &similar);
    yyjson_mut_val *outcomes = twi_json_object(doc, root, "similar");
    twi_json_uint(doc, outcomes, "confirmed", similar.confirmed);
    twi_json_uint(doc, outcomes, "refuted", similar.refuted);
    twi_json_uint(doc, outcomes, "operational", similar.operational);
    twi_json_uint(doc, outcomes, "inconclusive", similar.inconclusive);
    twi_json_uint(doc, outcomes, "open", similar.open);
}

void twi_handle_alert(twi_request *request)
{
    tw_alert_view alert;
    tw_status status =
        tw_query_alert(request->http->service, request->params[0], &request->arena, &alert);
    if (status == TW_NOT_FOUND) {
        twi_problem(request, 404, NULL, "There is no alert \"%.*s\"",
                    TW_STR_ARG(request->params[0]));
        return;
    }
    if (status != TW_OK) {
        twi_problem_err(request, status, NULL);
        return;
    }
    // Attributions are by the champion of today: another one makes another reply.
    tw_service_stats stats;
    tw_service_stats_get(request->http->service, &stats);
    char text[40];
    snprintf(text, sizeof(text), "\"%llx-%llx\"", (unsigned long long)alert.version,
             (unsigned long long)tw_hash64(stats.model_id, strlen(stats.model_id), 0));
    const char *etag = tw_arena_copy(&request->arena, text, strlen(text));
    const char *known = twi_request_header(request, "If-None-Match");
    if (!etag) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    twi_reply_header(request, "ETag", etag);
    if (known && strcmp(known, etag) == 0) {
        twi_reply(request, 304, NULL, TW_STR_NONE);
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    tw_measure_view all[TW_PEER_MEASURE_N] = {0};
    bool has_measures = alert.employee_id.bytes &&
                        tw_query_measures(request->http->service, alert.employee_id, all) == TW_OK;
    const tw_measure_view *measures = has_measures ? all : NULL;
    twi_json_alert(doc, root, &alert);
    tw_transaction_view top = add_transactions(request, doc, root, &alert);
    add_timeline(request, doc, root, &alert);
    add_peers(request, doc, root, &alert, measures);
    twi_json_attributions(request, doc, root, top.seq ? &top : NULL, measures);
    add_related(request, doc, root, &alert);
    twi_json_cstr(doc, root, "etag", etag);
    twi_reply_json(request, 200, doc);
}

// --- verdicts
// ------------------------------------------------------------------------------------------------

static tw_str member(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

// A decimal string or a number, in the currency of the alert (its exponent).
static bool money_member(twi_request *request, yyjson_val *object, int exponent, int64_t *out)
{
    yyjson_val *value = yyjson_obj_get(object, "recovered_amount");
    *out = 0;
    if (!value || yyjson_is_null(value))
        return true;
    char text[64];
    tw_str s = member(object, "recovered_amount");
    if (yyjson_is_num(value)) {
        snprintf(text, sizeof(text), "%.*f", exponent, yyjson_get_num(value));
        s = tw_str_from(text);
    }
    if (s.bytes && tw_str_to_scaled(s, exponent, out) && *out >= 0 && *out <= TW_MONEY_MAX_MINOR)
        return true;
    twi_problem(request, 422, "recovered_amount",
                "recovered_amount must be a decimal number that is not negative");
    return false;
}

static bool known_members(twi_request *request, yyjson_val *object)
{
    static const char *const names[] = {"alert_id", "transaction_id",   "verdict",   "reason",
                                        "note",     "recovered_amount", "decided_at"};
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(object, i, n, key, value)
    {
        (void)value;
        tw_str name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (one_of(name, names, TW_COUNT(names)))
            continue;
        twi_problem(request, 422, NULL, "\"%.*s\" is not a field of a verdict", TW_STR_ARG(name));
        return false;
    }
    return true;
}

static bool read_verdict(twi_request *request, yyjson_val *object, tw_verdict *verdict)
{
    int exponent = tw_currency_exponent(request->http->intake->default_currency);
    *verdict = (tw_verdict){.alert_id = member(object, "alert_id"),
                            .transaction_id = member(object, "transaction_id"),
                            .reason = member(object, "reason"),
                            .note = member(object, "note"),
                            .decided_by = tw_str_from(request->who.user)};
    tw_str decided = member(object, "decided_at"), kind = member(object, "verdict");
    int64_t now_ms = request->http->clock->now_ms(request->http->clock->ctx);
    int16_t offset = 0;
    verdict->decided_ms = now_ms;
    enum { NOTE_MAX = 2000 };
    if (!known_members(request, object))
        return false;
    if (verdict->alert_id.bytes == 0 && verdict->transaction_id.bytes == 0)
        twi_problem(request, 422, "alert_id", "Give the alert_id or the transaction_id");
    else if (verdict->alert_id.bytes && verdict->transaction_id.bytes)
        twi_problem(request, 422, "transaction_id", "Give alert_id or transaction_id, not both");
    else if (!tw_verdict_from(kind, &verdict->verdict))
        twi_problem(request, 422, "verdict",
                    "verdict must be CONFIRMED, REFUTED, INCONCLUSIVE or OPERATIONAL");
    else if (verdict->reason.bytes == 0)
        twi_problem(request, 422, "reason",
                    "reason is missing; GET /v1/verdict-reasons lists them");
    else if (verdict->note.bytes > NOTE_MAX || !tw_str_is_utf8(verdict->note))
        twi_problem(request, 422, "note", "note must be text of at most 2,000 bytes");
    else if (decided.bytes && (!tw_time_parse(decided, &verdict->decided_ms, &offset) ||
                               verdict->decided_ms > now_ms + 60000))
        twi_problem(request, 422, "decided_at", "decided_at must be a time that has passed");
    else
        return money_member(request, object, exponent, &verdict->recovered_minor);
    return false;
}

void twi_handle_verdict(twi_request *request)
{
    yyjson_doc *body = twi_body_json(request);
    tw_verdict verdict;
    tw_verdict_result result;
    tw_err err = {0};
    if (!body || !read_verdict(request, yyjson_doc_get_root(body), &verdict))
        return;
    tw_status status = tw_service_verdict(request->http->service, &verdict, &result, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_cstr(doc, root, "verdict_id", result.verdict_id);
    twi_json_str_or_null(doc, root, "alert_id", tw_str_from(result.alert_id));
    twi_json_str_or_null(doc, root, "status", result.status);
    twi_reply_json(request, 201, doc);
}

void twi_handle_verdict_reasons(twi_request *request)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    const tw_verdict_reason *reason;
    for (size_t i = 0; (reason = tw_verdict_reason_get(i)) != NULL; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_cstr(doc, item, "verdict", tw_verdict_name(reason->verdict));
        twi_json_cstr(doc, item, "reason", reason->reason);
        twi_json_cstr(doc, item, "title", reason->title);
    }
    twi_reply_json(request, 200, doc);
}
