// SPDX-License-Identifier: Apache-2.0
//
// One training: the outlier forest on the sample, a classifier on the journal's verdicts when they
// suffice, and the facts that install what came of it. The order of facts is such that a stop
// between any two leaves a whole model in charge: challenger, decision, promotion.
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "model/file.h"
#include "outlier_model.h"
#include "registry.h"
#include "training.h"

#define FIRST_MILESTONE_DAYS 3
#define LATER_MILESTONE_DAYS 14
#define HISTORY_DAYS 90
#define FIT_SEED 20
#define FIT_THREADS_MAX 16
// A champion that keeps its classifier gets a fresh forest once it is this old.
#define FOREST_DAYS 7

tw_train_request tw_train_request_default(void)
{
    return (tw_train_request){.label_delay_ms = -1};
}

typedef struct run {
    tw_service *service;
    const tw_train_request *request;
    twi_sample_set set;
    tw_iforest *forest_own;
    tw_model *champion_own; // NULL = none
    char champion_id[TW_ID_MAX_BYTES + 1];
    int32_t model_day;
} run;

tw_model *twi_model_hold(const tw_detector *detector)
{
    // Counting a reference changes no model: what the detector shows as const may be held on to.
    const tw_model *model = tw_detector_model(detector);
    return model ? tw_model_ref((tw_model *)(uintptr_t)model) : NULL;
}

tw_model *twi_champion_ref(tw_service *service)
{
    twi_gate_enter(&service->gate);
    tw_model *model = twi_model_hold(service->core.detector_own);
    twi_gate_leave(&service->gate);
    return model;
}

// What the run needs of the core, at one moment.
static void read_core(run *r)
{
    tw_service *service = r->service;
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    r->champion_own = twi_model_hold(core->detector_own);
    tw_str_copy(tw_detector_config_name(core->detector_own, TW_CONFIG_MODEL), r->champion_id,
                sizeof(r->champion_id));
    r->model_day = core->model_day;
    twi_gate_leave(&service->gate);
}

static bool on_progress(void *ctx, tw_train_stage stage, uint64_t done, uint64_t all)
{
    const run *r = ctx;
    bool stops = twi_turn_progress(r->service, stage, done, all);
    const tw_train_request *request = r->request;
    return (request->progress && request->progress(request->progress_ctx, stage, done, all)) ||
           stops;
}

static uint32_t thread_n(const tw_service *service)
{
    // A server leaves the other processors to what it serves: a trainer's threads wait in loops.
    long n = service->mode == TW_SERVICE_LIVE ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    return (uint32_t)TW_MAX(1L, TW_MIN(n, (long)FIT_THREADS_MAX));
}

tw_train_job twi_train_job(tw_service *service, const tw_train_request *request)
{
    int32_t days = service->schedule.days > 0 ? service->schedule.days : HISTORY_DAYS;
    bool is_given = request->from_ms != 0 || request->to_ms != 0;
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    const tw_policy *policy = tw_detector_policy(core->detector_own);
    int64_t newest_ms = core->last_time_ms;
    tw_train_job job = {
        .journal = service->journal,
        .trainer = service->trainer,
        .dataset = {.from_ms = request->from_ms,
                    .to_ms = request->to_ms,
                    .label_delay_ms = request->label_delay_ms},
        .fit = {.seed = FIT_SEED,
                .threads_n = thread_n(service),
                .precision_floor = policy->precision_floor,
                .alerts_per_store_day = policy->alerts_per_store_day,
                .store_n = TW_MAX(tw_engine_entity_n(core->engine_own, TW_ENTITY_STORE), 1u),
                .quick = request->is_quick},
        .gate = tw_gate_options_default(),
        .code_version = service->code_version,
    };
    twi_gate_leave(&service->gate);
    if (!is_given)
        job.dataset.from_ms = TW_MAX(INT64_C(1), newest_ms - days * TW_DAY_MS);
    return job;
}

static void describe(const tw_trained *trained, tw_training *out)
{
    memcpy(out->model_id, trained->model_id, sizeof(out->model_id));
    out->has_classifier = true;
    out->row_n = trained->rows_n;
    out->seen_n = trained->transaction_n;
    out->first_day = trained->first_day;
    out->last_day = trained->last_day;
    out->positive_n = trained->positive_n;
    out->negative_n = trained->negative_n;
    out->metrics = trained->metrics;
    out->decision = trained->decision;
    snprintf(out->why, sizeof(out->why), "%s", trained->decision.reason);
}

static tw_status install_classifier(run *r, const tw_trained *trained, tw_training *out,
                                    tw_err *err)
{
    tw_service *service = r->service;
    tw_str id = tw_str_from(trained->model_id), reason = tw_str_from(trained->decision.reason);
    tw_str by = TW_STR(TWI_TRAINED_BY);
    tw_str file = {(const char *)trained->model.data_own, trained->model.bytes};
    tw_buf json;
    tw_buf_init(&json, service->alloc, TW_CONFIG_MAX_BYTES);
    tw_status status = tw_gate_json(&trained->decision, &json);
    if (status != TW_OK)
        tw_fail(err, status, "no memory for the gate's decision");
    else
        status = twi_registry_put(service, TW_CONFIG_CHALLENGER, id, file, by,
                                  TW_STR("trained on verdicts"), err);
    if (status == TW_OK)
        status =
            twi_registry_put(service, TW_CONFIG_DECISION, id,
                             (tw_str){(const char *)json.data_own, json.bytes}, by, reason, err);
    if (status == TW_OK && trained->decision.promote && !r->request->keeps_champion) {
        status = twi_registry_put(service, TW_CONFIG_MODEL, id, file, by, reason, err);
        out->is_promoted = status == TW_OK;
    }
    tw_buf_release(&json);
    return status;
}

// TW_OK also when there is too little to learn from: out->why says so.
static tw_status train_classifier(run *r, tw_training *out, tw_err *err)
{
    tw_service *service = r->service;
    tw_trained trained = {0};
    tw_err why = {0};
    if (r->request->is_forest_only || !service->trainer || !service->trainer->ops) {
        snprintf(out->why, sizeof(out->why), "%s",
                 r->request->is_forest_only ? "only the outlier model was asked for"
                                            : "this build has no trainer of classifiers");
        return TW_OK;
    }
    tw_train_job job = twi_train_job(service, r->request);
    // A training of a given period looks at nothing behind it, the outlier model included.
    bool has_period = r->request->from_ms != 0 || r->request->to_ms != 0;
    job.forest = has_period ? NULL : r->forest_own;
    job.champion_id = tw_str_from(r->champion_id);
    job.champion = r->champion_own;
    job.progress = on_progress;
    job.progress_ctx = r;
    tw_status status = tw_learn_train(service->alloc, &job, &trained, &why);
    if (status == TW_OK) {
        describe(&trained, out);
        status = install_classifier(r, &trained, out, &why);
    } else if (status == TW_INVALID) {
        snprintf(out->why, sizeof(out->why), "%s", why.text);
        status = TW_OK;
    }
    tw_trained_release(&trained);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "%s", why.text);
}

// The champion's place is the classifier's own, when there is one: it keeps it with a fresh forest.
static bool wants_forest(const run *r, const tw_training *out)
{
    if (out->is_promoted || (r->champion_own && r->request->keeps_champion))
        return false;
    bool has_classifier = r->champion_own && tw_model_gbt(r->champion_own);
    return !has_classifier || r->request->is_forest_only ||
           r->set.last_day - r->model_day >= FOREST_DAYS;
}

static tw_status install_forest(run *r, tw_training *out, tw_err *err)
{
    tw_service *service = r->service;
    char id[TW_MODEL_ID_BYTES], reason[TW_TEXT_MAX_BYTES], n[24];
    twi_outlier_parts parts = {.set = &r->set,
                               .forest = r->forest_own,
                               .champion = r->champion_own,
                               .champion_id = tw_str_from(r->champion_id),
                               .code_version = service->code_version};
    tw_buf file;
    tw_buf_init(&file, service->alloc, TW_MODEL_MAX_BYTES);
    tw_status status = twi_outlier_build(service->alloc, &parts, &file, id, err);
    snprintf(n, sizeof(n), "%llu", (unsigned long long)r->set.seen_n);
    snprintf(reason, sizeof(reason), "outlier forest from %s transactions", n);
    if (status == TW_OK)
        status = twi_registry_put(service, TW_CONFIG_MODEL, tw_str_from(id),
                                  (tw_str){(const char *)file.data_own, file.bytes},
                                  TW_STR(TWI_TRAINED_BY), tw_str_from(reason), err);
    tw_buf_release(&file);
    if (status != TW_OK || out->has_classifier)
        return status;
    memcpy(out->model_id, id, sizeof(id));
    out->row_n = r->set.n;
    out->seen_n = r->set.seen_n;
    out->first_day = r->set.first_day;
    out->last_day = r->set.last_day;
    out->is_promoted = true;
    return TW_OK;
}

tw_status twi_train_run(tw_service *service, const tw_train_request *request, tw_training *out,
                        tw_err *err)
{
    uint64_t start = tw_monotonic_ns();
    run r = {.service = service, .request = request};
    *out = (tw_training){.ns = 0};
    TW_TRY(twi_sample_take(service, &r.set, err));
    read_core(&r);
    tw_status status = twi_forest_train(service->alloc, &r.set, &r.forest_own, err);
    if (status == TW_OK)
        status = train_classifier(&r, out, err);
    if (status == TW_OK && on_progress(&r, TW_TRAIN_DONE, 0, 0))
        status = tw_fail(err, TW_CLOSED, "the training was stopped");
    if (status == TW_OK && wants_forest(&r, out))
        status = install_forest(&r, out, err);
    tw_iforest_free(r.forest_own);
    tw_model_unref(r.champion_own);
    twi_sample_release(service, &r.set);
    out->ns = tw_monotonic_ns() - start;
    return status;
}

tw_status tw_service_train(tw_service *service, const tw_train_request *request, tw_training *out,
                           tw_err *err)
{
    tw_train_request plain = tw_train_request_default();
    tw_err why = {0};
    *out = (tw_training){.ns = 0};
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "a reader changes nothing");
    request = request ? request : &plain;
    TW_TRY(twi_turn_take(service, request, err));
    tw_status status = twi_train_run(service, request, out, &why);
    twi_turn_give(service, status, out, &why);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "%s", why.text);
}

// --- at fixed places of an import
// ----------------------------------------------------------------

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
        is_due = passed > trained && twi_sampler_n(&core->sampler) >= TWI_SAMPLE_MIN;
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
    tw_train_request request = tw_train_request_default();
    tw_training training;
    request.is_forest_only = true;
    TW_TRY(tw_service_train(service, &request, &training, err));
    *trained = true;
    return TW_OK;
}
