// SPDX-License-Identifier: Apache-2.0
//
// How the models do: drift against the champion's reference, precision by week, champion and
// challenger side by side, alarms. What is measured is kept for ten seconds, so that pages and
// Prometheus may ask as often as they like; a new champion or challenger is measured at once.
#include <math.h>
#include <stdlib.h>

#include "learn/drift.h"
#include "outlier_model.h"
#include "registry.h"
#include "training.h"

#define KEPT_NS UINT64_C(10000000000)
#define DRIFT_DAYS 7

struct twi_watch_cache {
    tw_arena arena;
    tw_watch_view view;
    uint64_t made_ns; // 0 = never
    char model_id[TW_ID_MAX_BYTES + 1], challenger_id[TW_ID_MAX_BYTES + 1];
};

// A copy of what the core holds, taken inside the gate.
typedef struct taken {
    char model_id[TW_ID_MAX_BYTES + 1], challenger_id[TW_ID_MAX_BYTES + 1];
    tw_model *model_own; // NULL = none
    float *rows_own;     // [cap][TWI_SAMPLE_WIDTH], n of them
    size_t cap, n;
    int32_t first_day, last_day; // of the rows
    double per_day;
    tw_week *weeks; // in the arena
    size_t week_n;
    tw_shadow_day *days; // in the arena
    size_t day_n;
    uint64_t decided_n, confirmed_n; // of the alerts with a probability
    double predicted_sum;
} taken;

// --- copying
// ---------------------------------------------------------------------------------------

static int compare_days(const void *a, const void *b)
{
    const tw_shadow_day *x = a, *y = b;
    return x->day < y->day ? -1 : x->day > y->day;
}

static int compare_weeks(const void *a, const void *b)
{
    const tw_week *x = a, *y = b;
    return x->first_day < y->first_day ? -1 : x->first_day > y->first_day;
}

static tw_week *find_week(const taken *t, int32_t day)
{
    int32_t monday = twi_watch_monday(day);
    for (size_t i = 0; i < t->week_n; i++)
        if (t->weeks[i].first_day == monday)
            return &t->weeks[i];
    return NULL;
}

static bool is_decided(uint8_t verdict)
{
    return verdict == TW_VERDICT_CONFIRMED || verdict == TW_VERDICT_REFUTED ||
           verdict == TW_VERDICT_OPERATIONAL;
}

// Sums over the alerts of each week; `sums` and `ns` are the probabilities' of its decided ones.
static void count_alerts(const twi_watch *watch, taken *t, double *sums, uint64_t *ns)
{
    for (size_t i = 0; i < twi_watch_alert_count(watch); i++) {
        const twi_watch_alert *alert = twi_watch_alert_at(watch, i);
        tw_week *week = find_week(t, alert->day);
        if (!week)
            continue;
        week->alert_n++;
        if (!is_decided(alert->verdict))
            continue;
        bool is_confirmed = alert->verdict == TW_VERDICT_CONFIRMED;
        week->precision.n++;
        week->precision.k += is_confirmed;
        if (isnan(alert->probability))
            continue;
        size_t at = (size_t)(week - t->weeks);
        sums[at] += (double)alert->probability;
        ns[at]++;
        t->decided_n++;
        t->confirmed_n += is_confirmed;
        t->predicted_sum += (double)alert->probability;
    }
}

static void count_audits(const twi_watch *watch, taken *t)
{
    for (size_t i = 0; i < twi_watch_audit_count(watch); i++) {
        const twi_watch_audit *audit = twi_watch_audit_at(watch, i);
        tw_week *week = find_week(t, audit->day);
        if (!week || !is_decided(audit->verdict))
            continue;
        week->audit_precision.n++;
        week->audit_precision.k += audit->verdict == TW_VERDICT_CONFIRMED;
    }
}

static tw_status take_weeks(const twi_watch *watch, tw_arena *arena, taken *t)
{
    double sums[TWI_WATCH_WEEKS] = {0};
    uint64_t ns[TWI_WATCH_WEEKS] = {0};
    t->weeks = tw_arena_array(arena, TWI_WATCH_WEEKS, sizeof(*t->weeks));
    t->days = tw_arena_array(arena, TW_SHADOW_DAYS, sizeof(*t->days));
    if (!t->weeks || !t->days)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < TWI_WATCH_WEEKS; i++)
        if (watch->weeks[i].first_day != INT32_MIN)
            t->weeks[t->week_n++] = (tw_week){.first_day = watch->weeks[i].first_day,
                                              .transaction_n = watch->weeks[i].transaction_n};
    qsort(t->weeks, t->week_n, sizeof(*t->weeks), compare_weeks);
    count_alerts(watch, t, sums, ns);
    count_audits(watch, t);
    for (size_t i = 0; i < t->week_n; i++) {
        tw_week *week = &t->weeks[i];
        week->precision = tw_share_of(week->precision.k, week->precision.n);
        week->audit_precision = tw_share_of(week->audit_precision.k, week->audit_precision.n);
        week->predicted = ns[i] > 0 ? sums[i] / (double)ns[i] : (double)NAN;
    }
    for (size_t i = 0; i < TW_SHADOW_DAYS; i++)
        if (watch->days[i].transaction_n > 0)
            t->days[t->day_n++] = watch->days[i];
    qsort(t->days, t->day_n, sizeof(*t->days), compare_days);
    return TW_OK;
}

// Rows of the newest whole days; with none of them, of the current one.
static tw_status take_rows(tw_service *service, taken *t)
{
    const twi_core *core = &service->core;
    t->cap = twi_sampler_n(&core->sampler);
    if (t->cap == 0)
        return TW_OK;
    t->rows_own = tw_new_array(service->alloc, t->cap * TWI_SAMPLE_WIDTH, sizeof(float));
    if (!t->rows_own)
        return TW_NO_MEMORY;
    int32_t first;
    twi_sampler_days(&core->sampler, &first, &t->last_day);
    t->first_day = TW_MAX(first, t->last_day - DRIFT_DAYS + 1);
    uint64_t seen = twi_sampler_seen_since(&core->sampler, t->first_day);
    // The current day is not over: its share of the volume is not known.
    uint64_t today = twi_sampler_seen_since(&core->sampler, t->last_day);
    int32_t days = t->last_day - t->first_day;
    t->per_day = days > 0 ? (double)(seen - today) / days : (double)seen;
    return twi_sampler_copy(&core->sampler, t->first_day, NULL, NULL, t->rows_own, &t->n);
}

static tw_status take(tw_service *service, tw_arena *arena, taken *t)
{
    tw_detector_stats stats;
    twi_gate_enter(&service->gate);
    const tw_detector *detector = service->core.detector_own;
    t->model_own = twi_model_hold(detector);
    tw_str_copy(tw_detector_config_name(detector, TW_CONFIG_MODEL), t->model_id,
                sizeof(t->model_id));
    tw_detector_stats_get(detector, &stats);
    if (stats.has_challenger)
        tw_str_copy(tw_detector_config_name(detector, TW_CONFIG_CHALLENGER), t->challenger_id,
                    sizeof(t->challenger_id));
    tw_status status = take_weeks(&service->core.watch, arena, t);
    if (status == TW_OK)
        status = take_rows(service, t);
    twi_gate_leave(&service->gate);
    return status;
}

// --- measuring
// -------------------------------------------------------------------------------------

static tw_status measure_drift(tw_service *service, taken *t, tw_arena *arena, tw_watch_view *out)
{
    tw_str bytes = t->model_own ? tw_model_reference(t->model_own) : TW_STR_NONE;
    if (bytes.bytes == 0)
        return TW_OK;
    tw_drift_reference *reference = tw_arena_take(arena, sizeof(*reference));
    tw_drift *drift = tw_arena_take(arena, sizeof(*drift));
    float *risk = tw_new_array(service->alloc, t->n + 1, sizeof(*risk));
    tw_status status = reference && drift && risk ? TW_OK : TW_NO_MEMORY;
    // The champion's own opinion of every row, also of those that its predecessor scored: another
    // model is no drift.
    if (status == TW_OK)
        twi_model_score(tw_model_iforest(t->model_own), t->model_own, t->rows_own, t->n, risk);
    // A reference of other inputs, as of an imported model, compares with nothing here.
    if (status == TW_OK && tw_drift_reference_read(bytes, reference, NULL) == TW_OK) {
        out->reference = reference;
        if (t->n > 0 && tw_drift_measure(reference, t->rows_own, TWI_SAMPLE_WIDTH, risk, t->n,
                                         t->per_day, drift, NULL) == TW_OK)
            out->drift = drift;
    }
    out->drift_first_day = t->first_day;
    out->drift_last_day = t->last_day;
    tw_free_array(service->alloc, risk, t->n + 1, sizeof(*risk));
    return status;
}

static tw_status measure(tw_service *service, taken *t, tw_arena *arena, tw_watch_view *out)
{
    tw_status status = TW_OK;
    bool has_classifier = t->model_own && tw_model_gbt(t->model_own);
    *out = (tw_watch_view){
        .model_id = twi_arena_str(arena, tw_str_from(t->model_id), &status),
        .kind = !t->model_own    ? TW_STR_NONE
                : has_classifier ? TW_STR("classifier")
                                 : TW_STR("outlier"),
        .challenger_id = twi_arena_str(arena, tw_str_from(t->challenger_id), &status),
        .weeks = t->weeks,
        .week_n = t->week_n,
        .shadow = t->days,
        .shadow_n = t->day_n,
        .limits = service->drift_limits,
    };
    bool has_decided = t->decided_n > 0;
    double n = (double)t->decided_n;
    out->predicted = has_decided ? t->predicted_sum / n : (double)NAN;
    out->observed = has_decided ? (double)t->confirmed_n / n : (double)NAN;
    out->calibration_error = fabs(out->predicted - out->observed);
    TW_TRY(status);
    TW_TRY(measure_drift(service, t, arena, out));
    tw_alarm *alarms = tw_arena_array(arena, TW_ALARMS_MAX, sizeof(*alarms));
    if (!alarms)
        return TW_NO_MEMORY;
    out->alarm_n =
        tw_drift_alarms(out->drift, out->weeks, out->week_n, &service->drift_limits, alarms);
    out->alarms = alarms;
    return TW_OK;
}

static void taken_release(const tw_service *service, taken *t)
{
    tw_model_unref(t->model_own);
    tw_free_array(service->alloc, t->rows_own, t->cap * TWI_SAMPLE_WIDTH, sizeof(float));
}

// --- keeping
// ---------------------------------------------------------------------------------------

static void *copy(tw_arena *arena, const void *data, size_t bytes, tw_status *status)
{
    void *out = data ? tw_arena_copy(arena, data, bytes) : NULL;
    if (data && !out)
        *status = TW_NO_MEMORY;
    return out;
}

static tw_status copy_view(const tw_watch_view *from, tw_arena *arena, tw_watch_view *out)
{
    tw_status status = TW_OK;
    *out = *from;
    out->model_id = twi_arena_str(arena, from->model_id, &status);
    out->challenger_id = twi_arena_str(arena, from->challenger_id, &status);
    out->reference = copy(arena, from->reference, sizeof(*from->reference), &status);
    out->drift = copy(arena, from->drift, sizeof(*from->drift), &status);
    out->weeks = copy(arena, from->weeks, from->week_n * sizeof(*from->weeks), &status);
    out->shadow = copy(arena, from->shadow, from->shadow_n * sizeof(*from->shadow), &status);
    out->alarms = copy(arena, from->alarms, from->alarm_n * sizeof(*from->alarms), &status);
    return status;
}

static bool is_fresh(const twi_watch_cache *cache, const tw_service_stats *stats)
{
    return cache->made_ns != 0 && tw_monotonic_ns() - cache->made_ns < KEPT_NS &&
           strcmp(cache->model_id, stats->model_id) == 0 &&
           strcmp(cache->challenger_id, stats->challenger_id) == 0;
}

static tw_status renew(tw_service *service, twi_watch_cache *cache)
{
    taken t = {.model_own = NULL};
    tw_arena_reset(&cache->arena);
    cache->made_ns = 0;
    tw_status status = take(service, &cache->arena, &t);
    if (status == TW_OK)
        status = measure(service, &t, &cache->arena, &cache->view);
    if (status == TW_OK) {
        memcpy(cache->model_id, t.model_id, sizeof(cache->model_id));
        memcpy(cache->challenger_id, t.challenger_id, sizeof(cache->challenger_id));
        cache->made_ns = tw_monotonic_ns();
    }
    taken_release(service, &t);
    return status;
}

tw_status tw_query_watch(tw_service *service, tw_arena *arena, tw_watch_view *out, tw_err *err)
{
    tw_service_stats stats;
    *out = (tw_watch_view){.model_id = TW_STR_NONE};
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "the watch needs the engine's state");
    tw_service_stats_get(service, &stats);
    pthread_mutex_lock(&service->watch_lock);
    twi_watch_cache *cache = service->watch_cache_own;
    if (!cache) {
        cache = service->watch_cache_own = tw_new(service->alloc, twi_watch_cache);
        if (cache)
            tw_arena_init(&cache->arena, service->alloc, 0, (size_t)16 << 20);
    }
    tw_status status = cache ? TW_OK : TW_NO_MEMORY;
    if (status == TW_OK && !is_fresh(cache, &stats))
        status = renew(service, cache);
    if (status == TW_OK)
        status = copy_view(&cache->view, arena, out);
    pthread_mutex_unlock(&service->watch_lock);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the watch");
}

void twi_watch_cache_free(tw_service *service)
{
    twi_watch_cache *cache = service->watch_cache_own;
    if (cache)
        tw_arena_release(&cache->arena);
    tw_free_array(service->alloc, cache, 1, sizeof(*cache));
    service->watch_cache_own = NULL;
}
