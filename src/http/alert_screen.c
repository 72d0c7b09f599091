// SPDX-License-Identifier: Apache-2.0
//
// The one screen of an alert: everything that a decision needs, in one reply.
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "learning.h"
#include "scope.h"
#include "work.h"

enum {
    DETAIL_TRANSACTIONS = 50,
    ENTITY_ALERTS = 50,
    TIMELINE = 300,
};
#define TIMELINE_BEFORE_MS (2 * TW_HOUR_MS)
#define TIMELINE_AFTER_MS TW_HOUR_MS

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
    // The scheme's own measure leads, whatever the others say; not every scheme has one.
    tw_peer_measure main_measure = tw_scheme_measure(service, alert->scheme);
    bool has_main = main_measure < TW_PEER_MEASURE_N;
    tw_feature main_feature = has_main ? measures[main_measure].feature : TW_FEATURE_N;
    if (has_main)
        twi_json_measure(doc, peers, &measures[main_measure]);
    qsort(measures, TW_PEER_MEASURE_N, sizeof(measures[0]), compare_measures);
    for (size_t i = 0, shown = has_main; i < TW_PEER_MEASURE_N && shown < SHOWN; i++) {
        bool tells = measures[i].stats.value > 0.0F && measures[i].feature != main_feature;
        if (tells)
            twi_json_measure(doc, peers, &measures[i]);
        shown += tells;
    }
    tw_trend_day days[28];
    if (!has_main || tw_query_trend(service, alert->employee_id, main_measure, days) != TW_OK) {
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
    twi_scope_stores(request, &query.stores);
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
        twi_json_alert_brief(doc, yyjson_mut_arr_add_obj(doc, array), &list.items[i]);
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

// --- camera
// --------------------------------------------------------------------------------------------

// A value as a part of a URL.
static void put_escaped(tw_buf *out, tw_str value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        unsigned char c = (unsigned char)value.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
        if (is_plain && c != '\0')
            tw_buf_u8(out, c);
        else
            tw_buf_printf(out, "%%%02X", c);
    }
}

static void put_link(tw_buf *out, tw_str template, const tw_transaction *txn)
{
    char time[TW_TIME_TEXT_BYTES], seconds[24];
    tw_time_format(txn->time_ms, txn->offset_min, time);
    snprintf(seconds, sizeof(seconds), "%lld", (long long)(txn->time_ms / 1000));
    const struct {
        tw_str name, value;
    } parts[] = {{TW_STR("{store}"), txn->store_id},
                 {TW_STR("{register}"), txn->register_id},
                 {TW_STR("{time}"), tw_str_from(time)},
                 {TW_STR("{unix}"), tw_str_from(seconds)}};
    while (template.bytes) {
        size_t step = 1, p = 0;
        while (p < TW_COUNT(parts) && !tw_str_starts(template, parts[p].name))
            p++;
        if (p < TW_COUNT(parts)) {
            put_escaped(out, parts[p].value);
            step = parts[p].name.bytes;
        } else {
            tw_buf_put(out, template.at, 1);
        }
        template = (tw_str){template.at + step, template.bytes - step};
    }
}

static void add_camera_links(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                             const tw_alert_view *alert)
{
    enum { LINK_MAX = 4096 };
    yyjson_mut_val *array = twi_json_array(doc, root, "camera_links");
    tw_settings settings;
    uint64_t version;
    tw_str json;
    if (tw_query_settings(request->http->service, &request->arena, &settings, &version, &json,
                          NULL) != TW_OK ||
        settings.camera_link.bytes == 0)
        return;
    tw_buf link;
    tw_buf_init(&link, request->http->alloc, LINK_MAX);
    size_t shown = 0;
    for (size_t i = alert->transaction_id_n; i-- > 0 && shown < DETAIL_TRANSACTIONS; shown++) {
        tw_transaction_view view;
        if (tw_query_seq(request->http->service, alert->seqs[i], &request->arena, &view, NULL) !=
            TW_OK)
            continue;
        tw_buf_reset(&link);
        put_link(&link, settings.camera_link, view.transaction);
        if (link.status != TW_OK)
            continue;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_str(doc, item, "transaction_id", view.transaction->transaction_id);
        twi_json_str(doc, item, "url", (tw_str){(const char *)link.data_own, link.bytes});
    }
    tw_buf_release(&link);
}

// --- the whole
// ---------------------------------------------------------------------------------------------

// The version first: what If-Match compares. Attributions are by the champion of today: another one
// makes another reply.
static const char *etag_of(twi_request *request, const tw_alert_view *alert)
{
    tw_service_stats stats;
    char text[48];
    tw_service_stats_get(request->http->service, &stats);
    snprintf(text, sizeof(text), "\"%llu-%llx\"", (unsigned long long)alert->version,
             (unsigned long long)tw_hash64(stats.model_id, strlen(stats.model_id), 0));
    return tw_arena_copy(&request->arena, text, strlen(text));
}

// Opening it is an entry of its history, and makes it the assignee's work. What cannot be written
// now (a full disk) keeps nobody from reading.
static void note_view(twi_request *request, tw_alert_view *alert)
{
    tw_work_result result;
    tw_work_request work = {.kind = TW_ACTION_ALERT_VIEW,
                            .subject = alert->alert_id,
                            .actor = tw_str_from(request->who.user),
                            .rights = request->who.rights};
    tw_alert_view after;
    if (twi_work_run(request, &work, &result) && result.seq != 0 &&
        tw_query_alert(request->http->service, alert->alert_id, &request->arena, &after) == TW_OK)
        *alert = after;
}

static void reply_alert(twi_request *request, const tw_alert_view *alert, const char *etag)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    tw_measure_view all[TW_PEER_MEASURE_N] = {0};
    bool has_measures = alert->employee_id.bytes &&
                        tw_query_measures(request->http->service, alert->employee_id, all) == TW_OK;
    const tw_measure_view *measures = has_measures ? all : NULL;
    twi_json_alert(doc, root, alert);
    tw_transaction_view top = add_transactions(request, doc, root, alert);
    add_timeline(request, doc, root, alert);
    add_peers(request, doc, root, alert, measures);
    twi_json_attributions(request, doc, root, top.seq ? &top : NULL, measures);
    add_related(request, doc, root, alert);
    add_camera_links(request, doc, root, alert);
    twi_json_cstr(doc, root, "etag", etag);
    twi_reply_header(request, "ETag", etag);
    twi_reply_json(request, 200, doc);
}

void twi_handle_alert(twi_request *request)
{
    tw_alert_view alert;
    if (!twi_alert_asked(request, request->params[0], &alert))
        return;
    const char *etag = etag_of(request, &alert);
    const char *known = twi_request_header(request, "If-None-Match");
    if (etag && known && strcmp(known, etag) == 0) {
        twi_reply_header(request, "ETag", etag);
        twi_reply(request, 304, NULL, TW_STR_NONE);
        return;
    }
    note_view(request, &alert);
    etag = etag_of(request, &alert);
    if (etag)
        reply_alert(request, &alert, etag);
    else
        twi_problem_err(request, TW_NO_MEMORY, NULL);
}
