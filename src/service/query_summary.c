// SPDX-License-Identifier: Apache-2.0
//
// Figures of the whole installation, and the signals that are installed.
#include "registry.h"

#define CACHE_NS UINT64_C(500000000)

// The champion of the summary before, when it still is: the registry is read when it changes only.
static bool recall_model(tw_service *service, tw_arena *arena, tw_str scores, tw_summary *out)
{
    pthread_mutex_lock(&service->stats_lock);
    bool is_same = service->summary_ns != 0 && service->summary.has_model &&
                   service->mode != TW_SERVICE_READER &&
                   tw_str_equal(tw_str_from(service->summary_model_id), scores);
    if (is_same)
        out->model = service->summary.model;
    pthread_mutex_unlock(&service->stats_lock);
    if (!is_same)
        return false;
    tw_status status = TW_OK;
    out->model.model_id = twi_arena_str(arena, scores, &status);
    out->has_model = status == TW_OK;
    return out->has_model;
}

// The champion; its kind is named as the API names it.
static tw_status fill_model(tw_service *service, tw_arena *arena, tw_str scores, tw_summary *out)
{
    bool is_reader = service->mode == TW_SERVICE_READER;
    const tw_model_view *models;
    size_t n;
    if (recall_model(service, arena, scores, out))
        return TW_OK;
    TW_TRY(tw_query_models(service, arena, &models, &n));
    for (size_t i = 0; i < n && !out->has_model; i++) {
        if (!twi_model_is_trained(&models[i]) || !tw_str_equal(models[i].state, TW_STR("champion")))
            continue;
        // One of another feature catalogue is the champion in name only.
        if (!is_reader && !tw_str_equal(models[i].model_id, scores))
            break;
        out->has_model = true;
        out->model = models[i];
        bool is_classifier = tw_str_equal(models[i].kind, TW_STR("classifier"));
        out->model.kind = is_classifier ? TW_STR("classifier") : TW_STR("isolation_forest");
    }
    return TW_OK;
}

static tw_status fill_alerts(tw_service *service, const tw_str_list *stores, tw_arena *arena,
                             int64_t last_ms, int16_t offset_min, tw_summary *out)
{
    tw_alert_count *counts;
    size_t n;
    tw_alert_filter open = {.only_open = true, .stores = *stores};
    out->alerts_open = out->alerts_today = 0;
    out->exposure_open = (tw_money){0};
    memcpy(out->exposure_open.currency, service->currency, sizeof(service->currency));
    TW_TRY(tw_ledger_alert_counts(service->ledger, &open, TW_ALERT_GROUP_NONE, arena, &counts, &n,
                                  NULL));
    uint64_t most = 0; // money of several currencies is not added: the most frequent one is shown
    for (size_t i = 0; i < n; i++) {
        out->alerts_open += counts[i].n;
        if (counts[i].n > most) {
            most = counts[i].n;
            out->exposure_open.minor = counts[i].exposure_minor;
            tw_str_copy(counts[i].currency, out->exposure_open.currency,
                        sizeof(out->exposure_open.currency));
        }
    }
    if (last_ms == 0)
        return TW_OK;
    int64_t shift_ms = offset_min * INT64_C(60000);
    int64_t midnight = (int64_t)tw_floor_day(last_ms + shift_ms) * TW_DAY_MS - shift_ms;
    tw_alert_filter today = {
        .created_from_ms = midnight, .created_to_ms = midnight + TW_DAY_MS, .stores = *stores};
    TW_TRY(tw_ledger_alert_counts(service->ledger, &today, TW_ALERT_GROUP_NONE, arena, &counts, &n,
                                  NULL));
    for (size_t i = 0; i < n; i++)
        out->alerts_today += counts[i].n;
    return TW_OK;
}

static tw_status fill_summary(tw_service *service, tw_arena *arena, tw_summary *out)
{
    tw_service_stats stats;
    int16_t offset_min = 0;
    *out = (tw_summary){0};
    tw_service_stats_get(service, &stats);
    out->transactions = stats.transaction_n;
    out->facts = stats.seq;
    out->stores = stats.store_n;
    out->employees = stats.employee_n;
    out->last_transaction_ms = stats.last_time_ms;
    if (service->mode != TW_SERVICE_READER) {
        twi_gate_enter(&service->gate);
        out->alerts_per_store_day =
            tw_detector_policy(service->core.detector_own)->alerts_per_store_day;
        offset_min = service->core.last_offset_min;
        twi_gate_leave(&service->gate);
    }
    out->last_offset_min = offset_min;
    TW_TRY(tw_dead_letter_count(service->journal, &out->dead_letters, NULL));
    TW_TRY(
        fill_alerts(service, &(tw_str_list){NULL, 0}, arena, stats.last_time_ms, offset_min, out));
    return fill_model(service, arena, tw_str_from(stats.model_id), out);
}

tw_status tw_query_summary(tw_service *service, tw_arena *arena, tw_summary *out)
{
    uint64_t now = tw_monotonic_ns();
    pthread_mutex_lock(&service->stats_lock);
    bool is_fresh = service->summary_ns != 0 && now - service->summary_ns < CACHE_NS;
    if (is_fresh) {
        *out = service->summary;
        out->model.model_id = tw_str_from(
            tw_arena_copy(arena, service->summary_model_id, strlen(service->summary_model_id)));
    }
    pthread_mutex_unlock(&service->stats_lock);
    if (!is_fresh) {
        TW_TRY(fill_summary(service, arena, out));
        pthread_mutex_lock(&service->stats_lock);
        service->summary = *out;
        tw_str_copy(out->model.model_id, service->summary_model_id,
                    sizeof(service->summary_model_id));
        // Only what the cache itself owns, or static text, outlives the arena.
        tw_model_view *model = &service->summary.model;
        *model = (tw_model_view){.kind = model->kind,
                                 .state = TW_STR("champion"),
                                 .trained_ms = model->trained_ms,
                                 .transactions = model->transactions,
                                 .seq = model->seq};
        service->summary_ns = now;
        pthread_mutex_unlock(&service->stats_lock);
    }
    tw_service_stats stats;
    tw_service_stats_get(service, &stats);
    out->rate_1m = stats.rate_1m;
    return TW_OK;
}

tw_status tw_query_summary_of(tw_service *service, const tw_str_list *stores, tw_arena *arena,
                              tw_summary *out)
{
    TW_TRY(tw_query_summary(service, arena, out));
    if (stores->n == 0)
        return TW_OK;
    return fill_alerts(service, stores, arena, out->last_transaction_ms, out->last_offset_min, out);
}

static void fill_signal(const tw_signal_set *set, size_t i, tw_signal_info *info,
                        tw_scheme_info *scheme)
{
    tw_signal_set_get(set, i, info);
    tw_signal_set_scheme(set, info->scheme, scheme);
}

static tw_status copy_parameters(const tw_signal_info *info, tw_arena *arena, tw_signal_row *row)
{
    tw_status status = TW_OK;
    tw_parameter *parameters = tw_arena_array(arena, info->parameter_n + 1, sizeof(*parameters));
    if (!parameters)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < info->parameter_n; i++) {
        parameters[i].name = twi_arena_str(arena, info->parameters[i].name, &status);
        parameters[i].unit = twi_arena_str(arena, info->parameters[i].unit, &status);
        parameters[i].help = twi_arena_str(arena, info->parameters[i].help, &status);
        parameters[i].value = info->parameters[i].value;
    }
    row->parameters = parameters;
    row->parameter_n = info->parameter_n;
    return status;
}

// Numbers of signals are given by name: finds that of a name.
static void fill_figures(const tw_detector *detector, const tw_detector_stats *stats,
                         tw_signal_row *row)
{
    row->trust = 1;
    for (size_t s = 0; s < tw_detector_signal_n(detector); s++) {
        tw_signal_info info;
        if (!tw_detector_signal(detector, (uint8_t)s, &info) || !tw_str_equal(info.name, row->name))
            continue;
        row->hits_28d = stats->hits_28d[s];
        row->trust = (double)stats->trust[s];
        return;
    }
}

static tw_status fill_precision(tw_service *service, tw_arena *arena, tw_signal_row *rows, size_t n)
{
    tw_precision_row *counts;
    size_t count_n;
    TW_TRY(twi_precision_of(service, TW_VERDICT_GROUP_SIGNAL, arena, &counts, &count_n));
    for (size_t i = 0; i < n; i++) {
        rows[i].precision = tw_share_of(0, 0);
        for (size_t k = 0; k < count_n; k++) {
            if (!tw_str_equal(counts[k].key, rows[i].name))
                continue;
            rows[i].confirmed = counts[k].confirmed;
            rows[i].refuted = counts[k].refuted;
            rows[i].operational = counts[k].operational;
            rows[i].inconclusive = counts[k].inconclusive;
            rows[i].precision = counts[k].precision;
        }
    }
    return TW_OK;
}

tw_status tw_query_signals(tw_service *service, tw_arena *arena, const tw_signal_row **out,
                           size_t *out_n)
{
    *out = NULL;
    *out_n = 0;
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    twi_project_settle(service);
    tw_status status = TW_OK;
    tw_detector_stats stats;
    twi_gate_enter(&service->gate);
    const tw_detector *detector = service->core.detector_own;
    const tw_signal_set *set = tw_detector_signals(detector);
    size_t n = tw_signal_set_n(set);
    tw_signal_row *rows = tw_arena_array(arena, n + 1, sizeof(*rows));
    tw_detector_stats_get(detector, &stats);
    if (!rows)
        status = TW_NO_MEMORY;
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        tw_signal_info info;
        tw_scheme_info scheme;
        fill_signal(set, i, &info, &scheme);
        rows[i].name = twi_arena_str(arena, info.name, &status);
        rows[i].title = twi_arena_str(arena, info.title, &status);
        rows[i].help = twi_arena_str(arena, info.help, &status);
        rows[i].scheme = twi_arena_str(arena, scheme.name, &status);
        rows[i].type = scheme.type;
        rows[i].entity = scheme.entity;
        fill_figures(detector, &stats, &rows[i]);
        if (status == TW_OK)
            status = copy_parameters(&info, arena, &rows[i]);
    }
    twi_gate_leave(&service->gate);
    TW_TRY(status);
    TW_TRY(fill_precision(service, arena, rows, n));
    *out = rows;
    *out_n = n;
    return TW_OK;
}

tw_status tw_query_signal(tw_service *service, uint8_t signal, tw_arena *arena, tw_signal_view *out)
{
    tw_status status = TW_OK;
    tw_signal_info info;
    *out = (tw_signal_view){.strength = 0};
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    twi_gate_enter(&service->gate);
    if (tw_detector_signal(service->core.detector_own, signal, &info)) {
        out->name = twi_arena_str(arena, info.name, &status);
        out->title = twi_arena_str(arena, info.title, &status);
    }
    twi_gate_leave(&service->gate);
    return status;
}
