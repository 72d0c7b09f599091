// SPDX-License-Identifier: Apache-2.0
//
// Training of the outlier model: an isolation forest on the sampled rows of the last 28 engine
// days, without those that people confirmed as fraud. The model is installed as a fact, through the
// queue. In live mode a background thread of low priority trains when a new engine day begins;
// importers ask at their own fixed places, so that the same files give the same models.
#define _XOPEN_SOURCE 700 // nice
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "internal.h"
#include "model/file.h"

#define ROWS_MIN 1000
#define LIVE_TRANSACTIONS_MIN 5000
#define FIRST_MILESTONE_DAYS 3
#define LATER_MILESTONE_DAYS 14
#define MODEL_SEED 20
#define LOW_PRIORITY 15

typedef struct training_set {
    float *x_own;
    size_t cap, n;
    uint64_t seen_n, seq;
    int32_t first_day, last_day;
} training_set;

static void set_release(const tw_alloc *alloc, training_set *set)
{
    tw_free_array(alloc, set->x_own, set->cap * TW_FEATURE_N, sizeof(float));
    set->x_own = NULL;
}

// A copy of the sample, taken inside the gate; 60,000 rows take some 10 ms.
static tw_status set_take(tw_service *service, training_set *set, tw_err *err)
{
    *set = (training_set){0};
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    set->cap = twi_sampler_n(&core->sampler);
    set->seen_n = twi_sampler_seen(&core->sampler);
    set->seq = core->seq;
    twi_sampler_days(&core->sampler, &set->first_day, &set->last_day);
    tw_status status = TW_OK;
    if (set->cap >= ROWS_MIN) {
        set->x_own = tw_new_array(service->alloc, set->cap * TW_FEATURE_N, sizeof(float));
        status = set->x_own ? twi_sampler_copy(&core->sampler, twi_core_is_confirmed, core,
                                               set->x_own, &set->n)
                            : TW_NO_MEMORY;
    }
    twi_gate_leave(&service->gate);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the training set");
    if (set->n < ROWS_MIN) {
        set_release(service->alloc, set);
        return tw_fail(err, TW_INVALID,
                       "too little is known for a model: %zu transactions, at least %d are needed",
                       set->cap, ROWS_MIN);
    }
    return TW_OK;
}

static void describe(const training_set *set, char *out, size_t cap)
{
    char first[TW_TIME_TEXT_BYTES], last[TW_TIME_TEXT_BYTES];
    snprintf(
        out, cap,
        "{\"kind\":\"isolation_forest\",\"transactions\":%llu,\"rows\":%zu,\"first_day\":\"%s\","
        "\"last_day\":\"%s\",\"seq\":%llu}",
        (unsigned long long)set->seen_n, set->n, tw_date_format(set->first_day, first),
        tw_date_format(set->last_day, last), (unsigned long long)set->seq);
}

static tw_status build(const tw_alloc *alloc, const training_set *set, const char *metadata,
                       tw_buf *out, tw_err *err)
{
    tw_iforest_options options = tw_iforest_options_default();
    tw_iforest *forest;
    tw_str names[TW_FEATURE_N];
    options.seed = MODEL_SEED;
    options.sample_n = TW_MIN(options.sample_n, (uint32_t)set->n);
    TW_TRY(tw_iforest_train(alloc, set->x_own, set->n, TW_FEATURE_N, &options, &forest, err));
    for (size_t i = 0; i < TW_FEATURE_N; i++)
        names[i] = tw_str_from(tw_feature_get((tw_feature)i)->name);
    tw_model_parts parts = {.feature_names = names,
                            .features_n = TW_FEATURE_N,
                            .catalogue_hash = tw_catalogue_hash(),
                            .metadata = tw_str_from(metadata),
                            .iforest = forest};
    tw_status status = tw_model_save(&parts, out, err);
    tw_iforest_free(forest);
    return status;
}

static tw_status train(tw_service *service, tw_training *out, tw_err *err)
{
    uint64_t start = tw_monotonic_ns();
    training_set set;
    char metadata[512], day[TW_TIME_TEXT_BYTES], hex[2 * TW_SHA256_BYTES + 1];
    uint8_t hash[TW_SHA256_BYTES];
    *out = (tw_training){.ns = 0};
    TW_TRY(set_take(service, &set, err));
    describe(&set, metadata, sizeof(metadata));
    tw_buf bytes;
    tw_buf_init(&bytes, service->alloc, TW_MODEL_MAX_BYTES);
    tw_status status = build(service->alloc, &set, metadata, &bytes, err);
    set_release(service->alloc, &set);
    if (status == TW_OK) {
        tw_sha256(bytes.data_own, bytes.bytes, hash);
        snprintf(out->model_id, sizeof(out->model_id), "outlier-%s-%.8s",
                 tw_date_format(set.last_day, day), tw_hex(hash, sizeof(hash), hex));
        tw_config config = {.kind = TW_CONFIG_MODEL,
                            .name = tw_str_from(out->model_id),
                            .content = {(const char *)bytes.data_own, bytes.bytes},
                            .changed_by = TW_STR("tillwatch"),
                            .reason = tw_str_from(metadata),
                            .changed_ms = service->clock->now_ms(service->clock->ctx)};
        uint64_t seq;
        status = twi_flow_config(service, &config, &seq, err);
    }
    tw_buf_release(&bytes);
    out->row_n = set.n;
    out->seen_n = set.seen_n;
    out->first_day = set.first_day;
    out->last_day = set.last_day;
    out->ns = tw_monotonic_ns() - start;
    return status;
}

tw_status tw_service_train(tw_service *service, const tw_train_request *request, tw_training *out,
                           tw_err *err)
{
    (void)request;
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "a reader changes nothing");
    return train(service, out, err);
}

// The last milestone that `elapsed` days since the first have passed; 0 before the first.
static int32_t milestone_of(int32_t elapsed)
{
    if (elapsed < FIRST_MILESTONE_DAYS)
        return 0;
    if (elapsed < 7)
        return FIRST_MILESTONE_DAYS;
    return elapsed < LATER_MILESTONE_DAYS ? 7
                                          : elapsed / LATER_MILESTONE_DAYS * LATER_MILESTONE_DAYS;
}

static bool is_milestone_due(tw_service *service)
{
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    bool is_due = false;
    if (core->first_day != INT32_MIN) {
        int32_t passed = milestone_of(tw_engine_day(core->engine_own) - core->first_day);
        int32_t trained =
            core->model_day == INT32_MIN ? 0 : milestone_of(core->model_day - core->first_day);
        is_due = passed > trained && twi_sampler_n(&core->sampler) >= ROWS_MIN;
    }
    twi_gate_leave(&service->gate);
    return is_due;
}

tw_status tw_service_milestone(tw_service *service, bool *trained, tw_err *err)
{
    *trained = false;
    if (service->train_off || service->mode == TW_SERVICE_READER)
        return TW_OK;
    twi_flow_wait_idle(service);
    if (!is_milestone_due(service))
        return TW_OK;
    tw_training training;
    TW_TRY(train(service, &training, err));
    *trained = true;
    return TW_OK;
}

// --- in the background
// ----------------------------------------------------------------------------

void twi_train_consider(tw_service *service)
{
    if (!service->can_train)
        return;
    const twi_core *core = &service->core;
    int32_t day = tw_engine_day(core->engine_own);
    if (day == service->train_asked_day || core->first_day == INT32_MIN)
        return;
    bool is_due = core->model_day == INT32_MIN ? day - core->first_day >= FIRST_MILESTONE_DAYS &&
                                                     core->transaction_n >= LIVE_TRANSACTIONS_MIN
                                               : day > core->model_day;
    if (!is_due)
        return;
    service->train_asked_day = day;
    pthread_mutex_lock(&service->train_lock);
    service->train_wanted = true;
    pthread_cond_signal(&service->train_cond);
    pthread_mutex_unlock(&service->train_lock);
}

static void *train_main(void *ctx)
{
    tw_service *service = ctx;
    // On Linux the priority is the thread's own; failing leaves it as it is.
    if (nice(LOW_PRIORITY) == -1)
        tw_log(TW_LOG_DEBUG, "train", "priority not lowered");
    pthread_mutex_lock(&service->train_lock);
    for (;;) {
        while (!service->train_wanted && !service->train_stop)
            pthread_cond_wait(&service->train_cond, &service->train_lock);
        if (service->train_stop)
            break;
        service->train_wanted = false;
        pthread_mutex_unlock(&service->train_lock);
        tw_training training;
        tw_err err = {0};
        if (train(service, &training, &err) == TW_OK)
            tw_log(TW_LOG_INFO, "train", "model %s from %llu transactions in %.0f ms",
                   training.model_id, (unsigned long long)training.seen_n,
                   (double)training.ns / 1e6);
        else if (err.status != TW_CLOSED)
            tw_log(TW_LOG_WARN, "train", "no new model: %s", err.text);
        pthread_mutex_lock(&service->train_lock);
    }
    pthread_mutex_unlock(&service->train_lock);
    return NULL;
}

tw_status twi_train_start(tw_service *service, tw_err *err)
{
    if (!service->can_train)
        return TW_OK;
    bool is_started = pthread_create(&service->train_thread, NULL, train_main, service) == 0;
    if (!is_started)
        return tw_fail(err, TW_NO_MEMORY, "the training thread does not start");
    return TW_OK;
}

void twi_train_stop(tw_service *service)
{
    if (!service->can_train)
        return;
    pthread_mutex_lock(&service->train_lock);
    service->train_stop = true;
    pthread_cond_broadcast(&service->train_cond);
    pthread_mutex_unlock(&service->train_lock);
    pthread_join(service->train_thread, NULL);
}
