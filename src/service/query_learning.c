// SPDX-License-Identifier: Apache-2.0
//
// What people ask about learning beside the watch: attributions of a transaction, the audit sample,
// verdicts by scheme and store, backtests.
#include "learn/backtest.h"
#include "registry.h"

#define PAGE_DEFAULT 50
#define BACKTESTS_MAX 2

// --- attributions
// -----------------------------------------------------------------------------------

static tw_status explain(const tw_detector *detector, const float *inputs, tw_arena *arena,
                         tw_attributions *out, tw_err *err)
{
    double classifier[TW_INPUT_N], outlier[TW_FEATURE_N], base, outlier_base;
    const tw_model *model = tw_detector_model(detector);
    tw_status status =
        tw_detector_explain(detector, inputs, classifier, &base, outlier, &outlier_base);
    if (status != TW_OK)
        return tw_fail(err, status, "there is no model yet");
    tw_attribution *inputs_of = tw_arena_array(arena, TW_INPUT_N, sizeof(*inputs_of));
    tw_attribution *features_of = tw_arena_array(arena, TW_FEATURE_N, sizeof(*features_of));
    if (!inputs_of || !features_of)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the attributions");
    out->model_id =
        twi_arena_str(arena, tw_detector_config_name(detector, TW_CONFIG_MODEL), &status);
    out->has_classifier = tw_model_gbt(model) != NULL;
    out->base = out->margin = base;
    for (size_t i = 0; i < TW_INPUT_N; i++) {
        inputs_of[i] = (tw_attribution){inputs[i], classifier[i]};
        out->margin += classifier[i];
    }
    out->classifier = out->has_classifier ? inputs_of : NULL;
    out->has_outlier = true;
    out->outlier_base = out->outlier_score = outlier_base;
    for (size_t i = 0; i < TW_FEATURE_N; i++) {
        features_of[i] = (tw_attribution){inputs[i], outlier[i]};
        out->outlier_score += outlier[i];
    }
    out->outlier = features_of;
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the attributions");
}

tw_status tw_query_attributions(tw_service *service, uint64_t seq, tw_arena *arena,
                                tw_attributions *out, tw_err *err)
{
    twi_record record;
    float inputs[TW_INPUT_N];
    *out = (tw_attributions){.model_id = TW_STR_NONE};
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "attributions need the models in memory");
    tw_status status = twi_record_fetch(service, seq, arena, &record);
    if (status == TW_OK && !record.row)
        status = TW_NOT_FOUND;
    if (status != TW_OK)
        return tw_fail(err, status, "the inputs of this transaction were not kept");
    twi_record_row(&record, inputs);
    twi_gate_enter(&service->gate);
    status = explain(service->core.detector_own, inputs, arena, out, err);
    twi_gate_leave(&service->gate);
    return status;
}

// --- the audit sample
// -------------------------------------------------------------------------------

// Copies the newest items before `before_seq`; one more than `limit` shows that there are more.
static size_t take_audits(tw_service *service, uint64_t before_seq, uint32_t limit,
                          bool only_undecided, twi_watch_audit *out, tw_audit_list *list)
{
    size_t n = 0;
    twi_gate_enter(&service->gate);
    const twi_watch *watch = &service->core.watch;
    for (size_t i = twi_watch_audit_count(watch); i-- > 0;) {
        const twi_watch_audit *audit = twi_watch_audit_at(watch, i);
        bool is_decided = audit->verdict != TWI_UNDECIDED;
        list->total++;
        list->decided_n += is_decided;
        bool is_wanted =
            (before_seq == 0 || audit->seq < before_seq) && !(only_undecided && is_decided);
        if (is_wanted && n <= limit)
            out[n++] = *audit;
    }
    twi_gate_leave(&service->gate);
    return n;
}

tw_status tw_query_audit(tw_service *service, uint64_t before_seq, uint32_t limit,
                         bool only_undecided, tw_arena *arena, tw_audit_list *out, tw_err *err)
{
    *out = (tw_audit_list){.n = 0};
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "the audit sample needs the engine's state");
    twi_project_settle(service);
    limit = limit ? TW_MIN(limit, (uint32_t)TW_LEDGER_PAGE_MAX) : PAGE_DEFAULT;
    twi_watch_audit *taken = tw_arena_array(arena, limit + 1u, sizeof(*taken));
    tw_audit_item *items = tw_arena_array(arena, limit + 1u, sizeof(*items));
    if (!taken || !items)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the audit sample");
    size_t n = take_audits(service, before_seq, limit, only_undecided, taken, out);
    for (size_t i = 0; i < TW_MIN(n, (size_t)limit); i++) {
        TW_TRY(tw_query_seq(service, taken[i].seq, arena, &items[i].view, err));
        items[i].day = taken[i].day;
        items[i].has_verdict = taken[i].verdict != TWI_UNDECIDED;
        if (items[i].has_verdict)
            items[i].verdict = (tw_verdict_kind)taken[i].verdict;
    }
    out->items = items;
    out->n = TW_MIN(n, (size_t)limit);
    out->next = n > limit ? taken[limit - 1].seq : 0;
    return TW_OK;
}

// --- verdicts by scheme and store
// -------------------------------------------------------------------

static void add_verdicts(tw_precision_row *row, tw_verdict_kind verdict, uint64_t n)
{
    uint64_t *const sums[TW_VERDICT_N] = {
        [TW_VERDICT_CONFIRMED] = &row->confirmed,
        [TW_VERDICT_REFUTED] = &row->refuted,
        [TW_VERDICT_INCONCLUSIVE] = &row->inconclusive,
        [TW_VERDICT_OPERATIONAL] = &row->operational,
    };
    *sums[verdict] += n;
    row->precision = tw_share_of(row->confirmed, row->confirmed + row->refuted + row->operational);
}

tw_status twi_precision_of(tw_service *service, tw_verdict_group group, tw_arena *arena,
                           tw_precision_row **out, size_t *out_n)
{
    tw_verdict_count *counts;
    size_t n, at = 0;
    TW_TRY(tw_ledger_verdict_counts(service->ledger, group, TW_STR_NONE, arena, &counts, &n, NULL));
    tw_precision_row *rows = tw_arena_array(arena, n + 1, sizeof(*rows));
    if (!rows)
        return TW_NO_MEMORY;
    // Counts come ordered by key.
    for (size_t i = 0; i < n; i++) {
        tw_verdict_kind verdict;
        if (!tw_verdict_from(counts[i].verdict, &verdict))
            continue;
        if (at == 0 || !tw_str_equal(rows[at - 1].key, counts[i].key))
            rows[at++] = (tw_precision_row){.key = counts[i].key};
        add_verdicts(&rows[at - 1], verdict, counts[i].n);
    }
    *out = rows;
    *out_n = at;
    return TW_OK;
}

static tw_status by_store(tw_service *service, tw_arena *arena, tw_precision_row **out,
                          size_t *out_n)
{
    tw_status status = TW_OK;
    size_t at = 0;
    twi_gate_enter(&service->gate);
    const twi_watch *watch = &service->core.watch;
    tw_precision_row *rows = tw_arena_array(arena, watch->store_n + 1, sizeof(*rows));
    if (!rows)
        status = TW_NO_MEMORY;
    for (size_t i = 0; status == TW_OK && i < watch->store_n; i++)
        rows[i].key = twi_arena_str(arena, tw_str_from(watch->stores_own[i]), &status);
    for (size_t i = 0; status == TW_OK && i < twi_watch_alert_count(watch); i++) {
        const twi_watch_alert *alert = twi_watch_alert_at(watch, i);
        if (alert->verdict != TWI_UNDECIDED)
            add_verdicts(&rows[alert->store], (tw_verdict_kind)alert->verdict, 1);
    }
    for (size_t i = 0; status == TW_OK && i < watch->store_n; i++) {
        const tw_precision_row *row = &rows[i];
        if (row->confirmed + row->refuted + row->operational + row->inconclusive > 0)
            rows[at++] = *row;
    }
    twi_gate_leave(&service->gate);
    *out = rows;
    *out_n = at;
    return status;
}

tw_status tw_query_precision(tw_service *service, tw_precision_group group, tw_arena *arena,
                             const tw_precision_row **out, size_t *out_n)
{
    tw_precision_row *rows = NULL;
    *out = NULL;
    *out_n = 0;
    if (group == TW_PRECISION_STORE && service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    twi_project_settle(service);
    if (group == TW_PRECISION_STORE)
        TW_TRY(by_store(service, arena, &rows, out_n));
    else
        TW_TRY(twi_precision_of(service, TW_VERDICT_GROUP_SCHEME, arena, &rows, out_n));
    *out = rows;
    return TW_OK;
}

// --- backtests
// --------------------------------------------------------------------------------------

typedef struct backtest_watch {
    tw_service *service;
    const tw_backtest_request *request;
} backtest_watch;

static bool on_progress(void *ctx, uint64_t done, uint64_t all)
{
    const backtest_watch *w = ctx;
    const tw_backtest_request *request = w->request;
    pthread_mutex_lock(&w->service->queue_lock);
    bool stops = w->service->is_closing;
    pthread_mutex_unlock(&w->service->queue_lock);
    return stops || (request->progress && request->progress(request->progress_ctx, done, all));
}

static bool take_slot(tw_service *service)
{
    pthread_mutex_lock(&service->watch_lock);
    bool is_free = service->backtest_n < BACKTESTS_MAX;
    service->backtest_n += is_free;
    pthread_mutex_unlock(&service->watch_lock);
    return is_free;
}

static void give_slot(tw_service *service)
{
    pthread_mutex_lock(&service->watch_lock);
    service->backtest_n--;
    pthread_mutex_unlock(&service->watch_lock);
}

tw_status tw_query_backtest(tw_service *service, const tw_backtest_request *request,
                            tw_backtest *out, tw_err *err)
{
    tw_buf model;
    backtest_watch watch = {service, request};
    *out = (tw_backtest){.alloc = service->alloc};
    if (!take_slot(service))
        return tw_fail(err, TW_BUSY, "%d backtests are running already; try again later",
                       BACKTESTS_MAX);
    tw_buf_init(&model, service->alloc, TW_MODEL_MAX_BYTES + 4096);
    tw_status status = TW_OK;
    if (request->model_id.bytes > 0)
        status = tw_query_model_file(service, request->model_id, &model, err);
    tw_backtest_options options = {.model = {(const char *)model.data_own, model.bytes},
                                   .signals = request->signals,
                                   .policy = request->policy,
                                   .from_ms = request->from_ms,
                                   .to_ms = request->to_ms,
                                   .label_delay_ms = -1,
                                   .progress = on_progress,
                                   .progress_ctx = &watch};
    if (status == TW_OK)
        status = tw_backtest_run(service->alloc, service->journal, &options, out, err);
    tw_buf_release(&model);
    give_slot(service);
    return status;
}
