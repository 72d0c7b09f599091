// SPDX-License-Identifier: Apache-2.0
//
// The series of /metrics about models: drift, precision, training, shadow, alarms. What is not
// known has no sample. Names and units: docs/metrics.md.
#include <math.h>

#include "learning.h"

static void head(tw_buf *out, const char *name, const char *type, const char *help)
{
    tw_buf_printf(out, "# HELP tillwatch_%s %s\n# TYPE tillwatch_%s %s\n", name, help, name, type);
}

// A label's value: backslash, quote and line feed are escaped.
static void put_label(tw_buf *out, const char *label, tw_str value)
{
    tw_buf_printf(out, "%s=\"", label);
    for (size_t i = 0; i < value.bytes; i++) {
        char c = value.at[i];
        if (c == '\n')
            tw_buf_cstr(out, "\\n");
        else if (c == '"' || c == '\\')
            tw_buf_printf(out, "\\%c", c);
        else
            tw_buf_put(out, &c, 1);
    }
    tw_buf_u8(out, '"');
}

static void put_plain(tw_buf *out, const char *name, double value)
{
    if (isfinite(value))
        tw_buf_printf(out, "tillwatch_%s %.10g\n", name, value);
}

static void put_labelled(tw_buf *out, const char *name, const char *label, tw_str of, double value)
{
    if (!isfinite(value))
        return;
    tw_buf_printf(out, "tillwatch_%s{", name);
    put_label(out, label, of);
    tw_buf_printf(out, "} %.10g\n", value);
}

static void put_drift(tw_buf *out, const tw_drift *drift)
{
    head(out, "drift_psi", "gauge", "PSI of an input against the rows the champion learned from");
    for (size_t i = 0; drift && i < TW_INPUT_N; i++)
        put_labelled(out, "drift_psi", "input", tw_str_from(tw_input_get(i).name),
                     drift->inputs[i].psi);
    head(out, "missing_share", "gauge", "Share of the newest rows without a value of the input");
    for (size_t i = 0; drift && i < TW_INPUT_N; i++)
        put_labelled(out, "missing_share", "input", tw_str_from(tw_input_get(i).name),
                     drift->inputs[i].missing);
    head(out, "score_psi", "gauge", "PSI of the risk score");
    put_plain(out, "score_psi", drift ? drift->risk.psi : (double)NAN);
    head(out, "volume_ratio", "gauge", "Transactions a day against those of the training");
    put_plain(out, "volume_ratio", drift ? drift->volume_ratio : (double)NAN);
}

static void put_precision(tw_buf *out, const tw_watch_view *watch)
{
    const tw_week *week = NULL;
    for (size_t i = 0; i < watch->week_n; i++) {
        if (watch->weeks[i].precision.n > 0)
            week = &watch->weeks[i];
    }
    head(out, "alert_precision_week", "gauge",
         "Confirmed share of the decided alerts of the newest week with a verdict");
    if (week) {
        const char *const name = "alert_precision_week";
        put_labelled(out, name, "bound", TW_STR("value"), week->precision.value);
        put_labelled(out, name, "bound", TW_STR("low"), week->precision.low);
        put_labelled(out, name, "bound", TW_STR("high"), week->precision.high);
    }
    head(out, "calibration_error", "gauge", "Gap between predicted and observed precision");
    put_plain(out, "calibration_error", watch->calibration_error);
}

static void put_shadow(tw_buf *out, const tw_watch_view *watch)
{
    uint64_t champion_n = 0, challenger_n = 0, both_n = 0;
    for (size_t i = 0; i < watch->shadow_n; i++) {
        champion_n += watch->shadow[i].champion_n;
        challenger_n += watch->shadow[i].challenger_n;
        both_n += watch->shadow[i].both_n;
    }
    head(out, "shadow_flagged_total", "untyped",
         "Transactions of 28 days at or above 0.8 by the champion, the challenger, both");
    if (watch->challenger_id.bytes) {
        const char *const name = "shadow_flagged_total";
        put_labelled(out, name, "by", TW_STR("champion"), (double)champion_n);
        put_labelled(out, name, "by", TW_STR("challenger"), (double)challenger_n);
        put_labelled(out, name, "by", TW_STR("both"), (double)both_n);
    }
    head(out, "alarms", "gauge", "Limits of the watch that are crossed now");
    put_plain(out, "alarms", (double)watch->alarm_n);
}

static void put_signals(twi_request *request, tw_buf *out)
{
    const tw_signal_row *rows = NULL;
    size_t n = 0;
    head(out, "signal_precision", "gauge", "Confirmed share of a signal's decided alerts");
    if (tw_query_signals(request->http->service, &request->arena, &rows, &n) != TW_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].precision.n > 0)
            put_labelled(out, "signal_precision", "signal", rows[i].name, rows[i].precision.value);
    }
}

static void put_model(tw_buf *out, tw_str id, const char *state, tw_str kind)
{
    if (id.bytes == 0)
        return;
    tw_buf_cstr(out, "tillwatch_model_info{");
    put_label(out, "id", id);
    tw_buf_printf(out, ",state=\"%s\",", state);
    put_label(out, "kind", kind);
    tw_buf_cstr(out, "} 1\n");
}

static void put_training(twi_request *request, tw_buf *out)
{
    tw_training_state *state = tw_arena_array(&request->arena, 1, sizeof(*state));
    if (!state)
        return;
    tw_query_training(request->http->service, state);
    head(out, "training_running", "gauge", "A training runs now");
    put_plain(out, "training_running", state->is_running ? 1.0 : 0.0);
    head(out, "training_last_timestamp_seconds", "gauge", "Time of the newest training");
    if (state->last_ms)
        put_plain(out, "training_last_timestamp_seconds", (double)state->last_ms / 1000.0);
    head(out, "training_last_seconds", "gauge", "How long the newest training took");
    if (state->run_n)
        put_plain(out, "training_last_seconds",
                  (double)(state->runs[0].finished_ms - state->runs[0].started_ms) / 1000.0);
}

void twi_put_learning_metrics(twi_request *request, tw_buf *out)
{
    tw_watch_view watch;
    put_training(request, out);
    put_signals(request, out);
    if (tw_query_watch(request->http->service, &request->arena, &watch, NULL) != TW_OK)
        return;
    tw_model_view challenger = {0};
    if (watch.challenger_id.bytes && tw_query_model(request->http->service, watch.challenger_id,
                                                    &request->arena, &challenger, NULL) != TW_OK)
        challenger.kind = TW_STR_NONE;
    head(out, "model_info", "gauge", "Champion and challenger");
    put_model(out, watch.model_id, "champion", watch.kind);
    put_model(out, watch.challenger_id, "challenger", challenger.kind);
    put_drift(out, watch.drift);
    put_precision(out, &watch);
    put_shadow(out, &watch);
}
