// SPDX-License-Identifier: Apache-2.0
//
// The watch over the champion: drift, precision by week, calibration, the challenger in the shadow,
// alarms; and the audit sample, which people judge to keep those figures honest.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "learning.h"

// --- drift
// --------------------------------------------------------------------------------------------

static void put_bins(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_drift_bins *reference,
                     const tw_drift_input *now)
{
    yyjson_mut_val *bins = twi_json_array(doc, object, "bins");
    for (int i = 0; i < TW_DRIFT_BINS; i++) {
        float low = i > 0 ? reference->edges[i - 1] : NAN;
        float high = i < TW_DRIFT_BINS - 1 ? reference->edges[i] : NAN;
        // Equal neighbours leave a bin in which nothing can fall.
        if (low == high)
            continue;
        yyjson_mut_val *bin = yyjson_mut_arr_add_obj(doc, bins);
        twi_json_share(doc, bin, "low", low);
        twi_json_share(doc, bin, "high", high);
        twi_json_share(doc, bin, "reference", reference->share[i]);
        twi_json_share(doc, bin, "now", (float)now->shares[i]);
    }
}

typedef struct ranked_input {
    bool is_news; // moved more than it did within the training rows
    double psi;
    size_t input;
} ranked_input;

static int compare_psi(const void *a, const void *b)
{
    const ranked_input *x = a, *y = b;
    if (x->is_news != y->is_news)
        return y->is_news - x->is_news;
    if (x->psi != y->psi)
        return (x->psi < y->psi) - (x->psi > y->psi);
    return (x->input > y->input) - (x->input < y->input);
}

static void put_input(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_watch_view *watch,
                      size_t input)
{
    tw_input_info info = tw_input_get(input);
    const tw_drift_input *drift = &watch->drift->inputs[input];
    twi_json_cstr(doc, object, "input", info.name);
    twi_json_cstr(doc, object, "title", info.title);
    twi_json_cstr(doc, object, "help", info.help);
    twi_json_cstr(doc, object, "unit", info.unit);
    twi_json_share(doc, object, "psi", (float)drift->psi);
    twi_json_share(doc, object, "usual_psi", (float)drift->usual_psi);
    twi_json_share(doc, object, "missing", (float)drift->missing);
    twi_json_share(doc, object, "missing_reference", (float)drift->missing_reference);
    put_bins(doc, object, &watch->reference->inputs[input], drift);
}

static void put_drift(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_watch_view *watch)
{
    const tw_drift *drift = watch->drift;
    if (!drift || !watch->reference) {
        twi_json_null(doc, root, "drift");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, root, "drift");
    twi_json_date(doc, object, "first_day", watch->drift_first_day);
    twi_json_date(doc, object, "last_day", watch->drift_last_day);
    twi_json_uint(doc, object, "rows", drift->rows_n);
    twi_json_uint(doc, object, "reference_rows", watch->reference->rows_n);
    twi_json_share(doc, object, "transactions_per_day", (float)drift->transactions_per_day);
    twi_json_share(doc, object, "reference_transactions_per_day",
                   (float)watch->reference->transactions_per_day);
    twi_json_share(doc, object, "volume_ratio", (float)drift->volume_ratio);
    yyjson_mut_val *score = twi_json_object(doc, object, "score");
    twi_json_share(doc, score, "psi", (float)drift->risk.psi);
    twi_json_share(doc, score, "usual_psi", (float)drift->risk.usual_psi);
    twi_json_uint(doc, score, "rows", drift->risk_rows_n);
    put_bins(doc, score, &watch->reference->risk, &drift->risk);
    ranked_input ranked[TW_INPUT_N];
    for (size_t i = 0; i < TW_INPUT_N; i++) {
        const tw_drift_input *input = &drift->inputs[i];
        double psi = isfinite(input->psi) ? input->psi : -1.0;
        double usual = isfinite(input->usual_psi) ? input->usual_psi : 0.0;
        ranked[i] = (ranked_input){psi > usual, psi, i};
    }
    qsort(ranked, TW_INPUT_N, sizeof(ranked[0]), compare_psi);
    yyjson_mut_val *inputs = twi_json_array(doc, object, "inputs");
    for (size_t i = 0; i < TW_INPUT_N; i++)
        put_input(doc, yyjson_mut_arr_add_obj(doc, inputs), watch, ranked[i].input);
}

// --- verdicts over time
// --------------------------------------------------------------------------------

static void put_weeks(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_watch_view *watch)
{
    yyjson_mut_val *weeks = twi_json_array(doc, root, "weeks");
    for (size_t i = 0; i < watch->week_n; i++) {
        const tw_week *week = &watch->weeks[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, weeks);
        twi_json_date(doc, item, "first_day", week->first_day);
        twi_json_uint(doc, item, "transactions", week->transaction_n);
        twi_json_uint(doc, item, "alerts", week->alert_n);
        twi_json_share_of(doc, item, "precision", &week->precision);
        twi_json_share_of(doc, item, "audit", &week->audit_precision);
        twi_json_share(doc, item, "predicted", (float)week->predicted);
    }
}

static void put_precision(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                          const char *key, tw_precision_group group)
{
    const tw_precision_row *rows = NULL;
    size_t n = 0;
    yyjson_mut_val *array = twi_json_array(doc, root, key);
    if (tw_query_precision(request->http->service, group, &request->arena, &rows, &n) != TW_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_str(doc, item, "name", rows[i].key);
        twi_json_uint(doc, item, "confirmed", rows[i].confirmed);
        twi_json_uint(doc, item, "refuted", rows[i].refuted);
        twi_json_uint(doc, item, "operational", rows[i].operational);
        twi_json_uint(doc, item, "inconclusive", rows[i].inconclusive);
        twi_json_share_of(doc, item, "precision", &rows[i].precision);
    }
}

static void put_calibration(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_watch_view *watch)
{
    if (!isfinite(watch->predicted) || !isfinite(watch->observed) ||
        !isfinite(watch->calibration_error)) {
        twi_json_null(doc, root, "calibration");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, root, "calibration");
    twi_json_num(doc, object, "predicted", watch->predicted);
    twi_json_num(doc, object, "observed", watch->observed);
    twi_json_num(doc, object, "error", watch->calibration_error);
}

// --- the challenger beside the champion
// ----------------------------------------------------------------

static void put_flagged(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_shadow_day *day)
{
    twi_json_uint(doc, object, "scored", day->transaction_n);
    twi_json_uint(doc, object, "champion_flagged", day->champion_n);
    twi_json_uint(doc, object, "challenger_flagged", day->challenger_n);
    twi_json_uint(doc, object, "both_flagged", day->both_n);
}

static void put_histogram(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                          const uint64_t counts[TW_SHADOW_BINS])
{
    yyjson_mut_val *array = twi_json_array(doc, object, key);
    for (int i = 0; i < TW_SHADOW_BINS; i++)
        yyjson_mut_arr_add_uint(doc, array, counts[i]);
}

static tw_shadow_day shadow_sum(const tw_watch_view *watch)
{
    tw_shadow_day sum = {0};
    for (size_t i = 0; i < watch->shadow_n; i++) {
        const tw_shadow_day *day = &watch->shadow[i];
        sum.transaction_n += day->transaction_n;
        sum.champion_n += day->champion_n;
        sum.challenger_n += day->challenger_n;
        sum.both_n += day->both_n;
        for (int b = 0; b < TW_SHADOW_BINS; b++) {
            sum.champion_risk[b] += day->champion_risk[b];
            sum.challenger_risk[b] += day->challenger_risk[b];
        }
    }
    return sum;
}

static void put_shadow(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_watch_view *watch)
{
    if (watch->challenger_id.bytes == 0) {
        twi_json_null(doc, root, "shadow");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, root, "shadow");
    tw_shadow_day sum = shadow_sum(watch);
    twi_json_str(doc, object, "challenger_id", watch->challenger_id);
    put_flagged(doc, object, &sum);
    put_histogram(doc, object, "champion_risk", sum.champion_risk);
    put_histogram(doc, object, "challenger_risk", sum.challenger_risk);
    yyjson_mut_val *days = twi_json_array(doc, object, "days");
    for (size_t i = 0; i < watch->shadow_n; i++) {
        yyjson_mut_val *day = yyjson_mut_arr_add_obj(doc, days);
        twi_json_date(doc, day, "date", watch->shadow[i].day);
        put_flagged(doc, day, &watch->shadow[i]);
    }
}

// --- alarms
// --------------------------------------------------------------------------------------------

static void put_alarms(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_watch_view *watch)
{
    yyjson_mut_val *alarms = twi_json_array(doc, root, "alarms");
    for (size_t i = 0; i < watch->alarm_n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, alarms);
        twi_json_cstr(doc, item, "kind", watch->alarms[i].kind);
        twi_json_share(doc, item, "value", (float)watch->alarms[i].value);
        twi_json_share(doc, item, "limit", (float)watch->alarms[i].limit);
        twi_json_cstr(doc, item, "sentence", watch->alarms[i].sentence);
    }
    yyjson_mut_val *limits = twi_json_array(doc, root, "limits"), *item;
#define X(limit_name, standard, limit_title)                                                       \
    item = yyjson_mut_arr_add_obj(doc, limits);                                                    \
    twi_json_cstr(doc, item, "name", #limit_name);                                                 \
    twi_json_cstr(doc, item, "title", limit_title);                                                \
    twi_json_num(doc, item, "value", watch->limits.limit_name);
    TW_DRIFT_LIMITS(X)
#undef X
}

void twi_handle_watch(twi_request *request)
{
    tw_watch_view watch;
    tw_service_stats stats;
    tw_err err = {0};
    tw_status status = tw_query_watch(request->http->service, &request->arena, &watch, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    tw_service_stats_get(request->http->service, &stats);
    if (stats.last_time_ms)
        twi_json_time(doc, root, "as_of", stats.last_time_ms, 0);
    else
        twi_json_null(doc, root, "as_of");
    twi_json_str_or_null(doc, root, "model_id", watch.model_id);
    twi_json_str_or_null(doc, root, "model_kind", watch.kind);
    put_alarms(doc, root, &watch);
    put_drift(doc, root, &watch);
    put_weeks(doc, root, &watch);
    put_precision(request, doc, root, "schemes", TW_PRECISION_SCHEME);
    put_precision(request, doc, root, "stores", TW_PRECISION_STORE);
    put_calibration(doc, root, &watch);
    put_shadow(doc, root, &watch);
    twi_reply_json(request, 200, doc);
}

// --- audit sample
// ----------------------------------------------------------------------------------

void twi_handle_audit_sample(twi_request *request)
{
    tw_audit_list list;
    uint32_t limit = 0;
    int64_t before = 0;
    tw_err err = {0};
    const char *cursor = twi_request_argument(request, "cursor");
    if (!twi_query_limit(request, &limit))
        return;
    if (cursor && cursor[0] && (!tw_str_to_i64(tw_str_from(cursor), &before) || before < 1)) {
        twi_problem(request, 400, "cursor", "the cursor is not of this list");
        return;
    }
    tw_status status = tw_query_audit(request->http->service, (uint64_t)before, limit, true,
                                      &request->arena, &list, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < list.n; i++) {
        const tw_transaction_view *view = &list.items[i].view;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_brief(doc, twi_json_object(doc, item, "transaction"), view,
                       view->alert_id.bytes > 0);
        twi_json_str(doc, item, "store_id", view->transaction->store_id);
        twi_json_str(doc, item, "register_id", view->transaction->register_id);
        twi_json_date(doc, item, "business_date", view->transaction->business_day);
    }
    char next[24];
    snprintf(next, sizeof(next), "%llu", (unsigned long long)list.next);
    twi_json_str_or_null(doc, root, "next_cursor", list.next ? tw_str_from(next) : TW_STR_NONE);
    twi_json_uint(doc, root, "drawn", list.total);
    twi_json_uint(doc, root, "decided", list.decided_n);
    twi_reply_json(request, 200, doc);
}
