// SPDX-License-Identifier: Apache-2.0
//
// A model version as JSON. What a model says of itself is the metadata of its file, text that may
// come from elsewhere: only known members of the right type are passed on, everything else is null
// or left out, so that replies stay closed.
#include <math.h>

#include "detect/inputs.h"
#include "learning.h"

enum { SEARCH_MAX = 64, RELIABILITY_MAX = 100, IMPORTANCE_MAX = 20, SCHEMES_MAX = 64 };

yyjson_val *twi_stored_json(twi_request *request, tw_str text)
{
    yyjson_mut_doc *memory = text.bytes ? twi_json_doc(request) : NULL; // for its allocator alone
    char *copy = memory ? tw_arena_copy(&request->arena, text.at, text.bytes) : NULL;
    yyjson_doc *doc =
        copy ? yyjson_read_opts(copy, text.bytes, YYJSON_READ_NOFLAG, &memory->alc, NULL) : NULL;
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    return yyjson_is_obj(root) ? root : NULL;
}

// --- members that may be absent
// --------------------------------------------------------------------------

static double number_of(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_num(value) ? yyjson_get_num(value) : (double)NAN;
}

static void put_number(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *from)
{
    twi_json_num(doc, out, key, number_of(from, key));
}

static void put_count(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *from)
{
    double value = number_of(from, key);
    if (value >= 0.0 && value < 9007199254740992.0)
        twi_json_uint(doc, out, key, (uint64_t)value);
    else
        twi_json_null(doc, out, key);
}

static void put_flag(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *from)
{
    yyjson_val *value = yyjson_obj_get(from, key);
    if (yyjson_is_bool(value))
        twi_json_bool(doc, out, key, yyjson_get_bool(value));
    else
        twi_json_null(doc, out, key);
}

static tw_str text_of(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (tw_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : TW_STR_NONE;
}

static void put_text(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *from)
{
    twi_json_str_or_null(doc, out, key, text_of(from, key));
}

static void put_date(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, yyjson_val *from)
{
    tw_str text = text_of(from, key);
    int32_t day = 0;
    bool is_date = tw_date_parse(text, &day);
    twi_json_str_or_null(doc, out, key, is_date ? text : TW_STR_NONE);
}

static void put_time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, int64_t ms)
{
    if (ms)
        twi_json_time(doc, out, key, ms, 0);
    else
        twi_json_null(doc, out, key);
}

static void put_interval(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, double value,
                         yyjson_val *bounds)
{
    yyjson_mut_val *interval = twi_json_object(doc, out, key);
    double low = number_of(bounds, "low"), high = number_of(bounds, "high");
    bool holds = value >= low && value <= high;
    twi_json_num(doc, interval, "value", value);
    twi_json_num(doc, interval, "low", holds ? low : (double)NAN);
    twi_json_num(doc, interval, "high", holds ? high : (double)NAN);
}

static void put_gate_interval(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key,
                              yyjson_val *gate)
{
    yyjson_val *interval = yyjson_obj_get(gate, key);
    put_interval(doc, out, key, number_of(interval, "value"), interval);
}

// --- parts of the metadata
// --------------------------------------------------------------------------

static void put_rows(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *meta)
{
    static const char *const counts[] = {"transactions", "kept",  "positive",       "negative",
                                         "undecided",    "audit", "audit_confirmed"};
    yyjson_val *rows = yyjson_obj_get(meta, "rows");
    if (!yyjson_is_obj(rows)) {
        twi_json_null(doc, out, "rows");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, out, "rows");
    put_date(doc, object, "from", rows);
    put_date(doc, object, "to", rows);
    for (size_t i = 0; i < TW_COUNT(counts); i++)
        put_count(doc, object, counts[i], rows);
    put_number(doc, object, "plain_rate", rows);
}

// The gate judged the same figure of the same model: its interval goes with the model's own value.
static void put_metric_interval(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key,
                                yyjson_val *metrics, yyjson_val *judged)
{
    double own = number_of(metrics, key), gate = number_of(judged, "value");
    put_interval(doc, out, key, isfinite(gate) ? gate : own, judged);
}

static void put_metrics(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *meta,
                        yyjson_val *gate)
{
    static const char *const numbers[] = {
        "auc", "recall", "log_loss", "brier", "calibration_error", "floor_margin"};
    yyjson_val *metrics = yyjson_obj_get(meta, "metrics");
    if (!yyjson_is_obj(metrics)) {
        twi_json_null(doc, out, "metrics");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, out, "metrics");
    put_metric_interval(doc, object, "ap", metrics, yyjson_obj_get(gate, "challenger_ap"));
    put_metric_interval(doc, object, "precision", metrics,
                        yyjson_obj_get(gate, "challenger_precision"));
    for (size_t i = 0; i < TW_COUNT(numbers); i++)
        put_number(doc, object, numbers[i], metrics);
    put_flag(doc, object, "budget_binds", metrics);
    put_count(doc, object, "alerts", metrics);
    put_count(doc, object, "alerts_confirmed", metrics);
}

static void put_params(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key,
                       yyjson_val *params)
{
    static const char *const counts[] = {"depth", "rounds", "bins", "seed"};
    static const char *const numbers[] = {"eta",   "min_child_weight", "lambda",
                                          "gamma", "subsample",        "colsample_tree"};
    if (!yyjson_is_obj(params)) {
        twi_json_null(doc, out, key);
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, out, key);
    for (size_t i = 0; i < TW_COUNT(counts); i++)
        put_count(doc, object, counts[i], params);
    for (size_t i = 0; i < TW_COUNT(numbers); i++)
        put_number(doc, object, numbers[i], params);
}

static void put_search(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *meta)
{
    yyjson_mut_val *array = twi_json_array(doc, out, "search");
    yyjson_val *search = yyjson_obj_get(meta, "search"), *trial;
    yyjson_arr_iter iter = yyjson_arr_iter_with(search);
    for (size_t n = 0; n < SEARCH_MAX && (trial = yyjson_arr_iter_next(&iter)); n++) {
        if (!yyjson_is_obj(trial))
            continue;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        put_params(doc, item, "params", trial);
        put_number(doc, item, "loss", trial);
        put_number(doc, item, "ap", trial);
    }
}

static void put_reliability(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *meta)
{
    yyjson_mut_val *array = twi_json_array(doc, out, "reliability");
    yyjson_val *bins = yyjson_obj_get(meta, "reliability"), *bin;
    yyjson_arr_iter iter = yyjson_arr_iter_with(bins);
    for (size_t n = 0; n < RELIABILITY_MAX && (bin = yyjson_arr_iter_next(&iter)); n++) {
        double predicted = number_of(bin, "predicted"), observed = number_of(bin, "observed"),
               weight = number_of(bin, "weight");
        if (!isfinite(predicted) || !isfinite(observed) || !(weight >= 0.0))
            continue;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_num(doc, item, "predicted", predicted);
        twi_json_num(doc, item, "observed", observed);
        twi_json_num(doc, item, "weight", weight);
    }
}

static void put_importance(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *meta)
{
    yyjson_mut_val *array = twi_json_array(doc, out, "importance");
    yyjson_val *inputs = yyjson_obj_get(meta, "importance"), *input;
    yyjson_arr_iter iter = yyjson_arr_iter_with(inputs);
    for (size_t n = 0; n < IMPORTANCE_MAX && (input = yyjson_arr_iter_next(&iter)); n++) {
        tw_str name = text_of(input, "input");
        double share = number_of(input, "share");
        if (name.bytes == 0 || !(share >= 0.0 && share <= 1.0))
            continue;
        size_t index = tw_input_find(name);
        bool is_known = index < TW_INPUT_N;
        tw_input_info info = tw_input_get(is_known ? index : 0);
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_str(doc, item, "input", name);
        twi_json_str(doc, item, "title", is_known ? tw_str_from(info.title) : name);
        twi_json_cstr(doc, item, "help", is_known ? info.help : "");
        twi_json_num(doc, item, "share", share);
    }
}

static void put_gate_schemes(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *gate)
{
    yyjson_mut_val *array = twi_json_array(doc, out, "schemes");
    yyjson_val *scheme;
    yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(gate, "schemes"));
    for (size_t n = 0; n < SCHEMES_MAX && (scheme = yyjson_arr_iter_next(&iter)); n++) {
        double count = number_of(scheme, "n");
        tw_str name = text_of(scheme, "scheme");
        if (name.bytes == 0 || !(count >= 0.0))
            continue;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_str(doc, item, "scheme", name);
        twi_json_uint(doc, item, "n", (uint64_t)count);
        put_number(doc, item, "champion_recall", scheme);
        put_number(doc, item, "challenger_recall", scheme);
    }
}

static void put_gate(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *gate, int64_t decided_ms)
{
    static const char *const intervals[] = {"champion_ap", "challenger_ap", "difference",
                                            "champion_precision", "challenger_precision"};
    static const char *const counts[] = {"rows", "positive", "negative", "budget"};
    if (!gate) {
        twi_json_null(doc, out, "gate");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, out, "gate");
    twi_json_bool(doc, object, "promote", yyjson_is_true(yyjson_obj_get(gate, "promote")));
    twi_json_str(doc, object, "reason", text_of(gate, "reason"));
    put_time_or_null(doc, object, "decided_at", decided_ms);
    for (size_t i = 0; i < TW_COUNT(counts); i++)
        put_count(doc, object, counts[i], gate);
    put_date(doc, object, "from", gate);
    put_date(doc, object, "to", gate);
    for (size_t i = 0; i < TW_COUNT(intervals); i++)
        put_gate_interval(doc, object, intervals[i], gate);
    put_number(doc, object, "false_at_equal_recall", gate);
    put_number(doc, object, "share_better", gate);
    put_gate_schemes(doc, object, gate);
}

static void put_decision(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *gate,
                         int64_t decided_ms)
{
    if (!gate) {
        twi_json_null(doc, out, "decision");
        return;
    }
    yyjson_mut_val *decision = twi_json_object(doc, out, "decision");
    twi_json_bool(doc, decision, "promote", yyjson_is_true(yyjson_obj_get(gate, "promote")));
    twi_json_str(doc, decision, "reason", text_of(gate, "reason"));
    put_time_or_null(doc, decision, "decided_at", decided_ms);
}

// --- a model
// --------------------------------------------------------------------------------------------

// The decision that was journaled, else the one that the training wrote into the file.
static yyjson_val *gate_of(twi_request *request, const tw_model_view *model, yyjson_val *meta)
{
    yyjson_val *gate = twi_stored_json(request, model->decision);
    yyjson_val *own = yyjson_obj_get(meta, "gate");
    if (!gate && yyjson_is_obj(own))
        gate = own;
    return yyjson_is_bool(yyjson_obj_get(gate, "promote")) ? gate : NULL;
}

static void put_fields(yyjson_mut_doc *doc, yyjson_mut_val *out, const tw_model_view *model,
                       yyjson_val *meta, yyjson_val *gate)
{
    twi_json_str(doc, out, "id", model->model_id);
    twi_json_str(doc, out, "kind", model->kind);
    twi_json_str(doc, out, "state", model->state);
    twi_json_time(doc, out, "created_at", model->trained_ms, 0);
    twi_json_time(doc, out, "changed_at", model->changed_ms, 0);
    twi_json_str(doc, out, "changed_by", model->changed_by);
    twi_json_str_or_null(doc, out, "reason", model->reason);
    put_time_or_null(doc, out, "champion_from", model->champion_from_ms);
    put_time_or_null(doc, out, "champion_to", model->champion_to_ms);
    twi_json_uint(doc, out, "transactions", model->transactions);
    twi_json_str_or_null(doc, out, "parent", model->parent);
    put_rows(doc, out, meta);
    put_metrics(doc, out, meta, gate);
    put_decision(doc, out, gate, model->decided_ms);
}

void twi_json_model(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                    const tw_model_view *model)
{
    yyjson_val *meta = twi_stored_json(request, model->metadata);
    put_fields(doc, object, model, meta, gate_of(request, model, meta));
}

static void put_journal(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *meta)
{
    yyjson_val *journal = yyjson_obj_get(meta, "journal");
    if (!yyjson_is_obj(journal)) {
        twi_json_null(doc, out, "journal");
        return;
    }
    yyjson_mut_val *object = twi_json_object(doc, out, "journal");
    put_count(doc, object, "first_seq", journal);
    put_count(doc, object, "last_seq", journal);
}

static void put_changes(yyjson_mut_doc *doc, yyjson_mut_val *out, const tw_model_view *model)
{
    yyjson_mut_val *array = twi_json_array(doc, out, "changes");
    for (size_t i = 0; i < model->change_n; i++) {
        const tw_model_change *change = &model->changes[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, array);
        twi_json_time(doc, item, "at", change->changed_ms, 0);
        twi_json_str(doc, item, "what", change->what);
        twi_json_str(doc, item, "by", change->changed_by);
        twi_json_str_or_null(doc, item, "reason", change->reason);
        twi_json_uint(doc, item, "seq", change->seq);
    }
}

void twi_json_model_detail(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                           const tw_model_view *model)
{
    yyjson_val *meta = twi_stored_json(request, model->metadata);
    yyjson_val *gate = gate_of(request, model, meta);
    put_fields(doc, object, model, meta, gate);
    twi_json_str(doc, object, "sha256", model->sha256);
    twi_json_uint(doc, object, "bytes", model->bytes_n);
    twi_json_uint(doc, object, "seq", model->seq);
    put_text(doc, object, "code_version", meta);
    put_text(doc, object, "catalogue", meta);
    put_journal(doc, object, meta);
    put_number(doc, object, "label_delay_days", meta);
    put_params(doc, object, "params", yyjson_obj_get(meta, "params"));
    put_search(doc, object, meta);
    put_reliability(doc, object, meta);
    put_importance(doc, object, meta);
    put_gate(doc, object, gate, model->decided_ms);
    put_changes(doc, object, model);
}
