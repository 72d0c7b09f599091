// SPDX-License-Identifier: Apache-2.0
//
// An XGBoost model as one of ours: read, wrapped with the champion's outlier forest (or a fresh one
// when there is no champion), calibrated on the journal's verdicts.
#include "learn/wrap.h"
#include "model/xgboost.h"
#include "outlier_model.h"
#include "registry.h"
#include "training.h"

static tw_status wrap(tw_service *service, const tw_xgboost *foreign, const tw_iforest *forest,
                      const tw_model *champion, tw_buf *out, tw_err *err)
{
    tw_train_request request = tw_train_request_default();
    tw_train_job job = twi_train_job(service, &request);
    tw_foreign trees = {foreign->gbt_own, foreign->names_own};
    char champion_id[TW_ID_MAX_BYTES + 1];
    twi_gate_enter(&service->gate);
    tw_str_copy(tw_detector_config_name(service->core.detector_own, TW_CONFIG_MODEL), champion_id,
                sizeof(champion_id));
    twi_gate_leave(&service->gate);
    job.forest = champion ? tw_model_iforest(champion) : forest;
    job.champion_id = tw_str_from(champion_id);
    job.champion = champion;
    return tw_learn_wrap(service->alloc, &job, &trees, out, err);
}

tw_status twi_wrap_foreign(tw_service *service, tw_str bytes, tw_buf *out, tw_err *err)
{
    tw_xgboost foreign;
    twi_sample_set set = {.n = 0};
    tw_iforest *forest = NULL;
    TW_TRY(tw_xgboost_read(service->alloc, bytes, &foreign, err));
    tw_model *champion = twi_champion_ref(service);
    tw_status status = TW_OK;
    if (foreign.names_n == 0)
        status = tw_fail(err, TW_INVALID,
                         "the model names no features: save it with feature_names, so that they "
                         "can be found among ours");
    if (status == TW_OK && !champion) {
        status = twi_sample_take(service, &set, err);
        if (status == TW_OK)
            status = twi_forest_train(service->alloc, &set, &forest, err);
    }
    if (status == TW_OK)
        status = wrap(service, &foreign, forest, champion, out, err);
    tw_iforest_free(forest);
    twi_sample_release(service, &set);
    tw_model_unref(champion);
    tw_xgboost_release(service->alloc, &foreign);
    return status;
}
