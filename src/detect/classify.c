// SPDX-License-Identifier: Apache-2.0
//
// Models at work: a model's outlier forest and classifier on one transaction. Which of the
// detector's inputs the classifier wants, and in which order, is bound by name when it is loaded.
#include <math.h>

#include "state.h"

static tw_status bind_inputs(twi_scorer *scorer, tw_err *err)
{
    size_t n = tw_gbt_inputs_n(scorer->gbt);
    for (size_t i = 0; i < n; i++) {
        tw_str name = tw_model_input_name(scorer->model, i);
        size_t input = tw_input_find(name);
        if (input == TW_INPUT_N)
            return tw_fail(err, TW_UNSUPPORTED,
                           "the model wants the input %.*s, which is no feature of this catalogue",
                           TW_STR_ARG(name));
        scorer->inputs[i] = (uint16_t)input;
    }
    return TW_OK;
}

tw_status twi_scorer_load(const tw_alloc *alloc, tw_str content, twi_scorer *out, tw_err *err)
{
    *out = (twi_scorer){0};
    TW_TRY(tw_model_load(alloc, content.at, content.bytes, &out->model, err));
    tw_status status = TW_OK;
    if (tw_model_catalogue_hash(out->model) != tw_catalogue_hash() ||
        tw_model_features_n(out->model) != TW_FEATURE_N)
        status = tw_fail(err, TW_UNSUPPORTED,
                         "the model was trained on another feature catalogue; train a new one");
    out->gbt = tw_model_gbt(out->model);
    if (status == TW_OK && out->gbt)
        status = bind_inputs(out, err);
    if (status != TW_OK)
        twi_scorer_release(out);
    return status;
}

void twi_scorer_release(twi_scorer *scorer)
{
    tw_model_unref(scorer->model);
    *scorer = (twi_scorer){0};
}

float twi_outlier(const twi_scorer *scorer, const float *row)
{
    if (!scorer->model)
        return NAN;
    const tw_iforest *forest = tw_model_iforest(scorer->model);
    return (float)tw_iforest_rank(forest, tw_iforest_score(forest, row));
}

void twi_inputs(const float *row, float outlier, float evidence, size_t fired_n, float *out)
{
    memcpy(out, row, TW_FEATURE_N * sizeof *out);
    out[TW_INPUT_outlier] = outlier;
    out[TW_INPUT_evidence] = evidence;
    out[TW_INPUT_fired_n] = (float)fired_n;
}

static void gather(const twi_scorer *scorer, const float *inputs, float *out)
{
    size_t n = tw_gbt_inputs_n(scorer->gbt);
    for (size_t i = 0; i < n; i++)
        out[i] = inputs[scorer->inputs[i]];
}

twi_opinion twi_opinion_of(const twi_scorer *scorer, const float *inputs)
{
    twi_opinion opinion = {inputs[TW_INPUT_outlier], NAN, NAN, NAN};
    if (!scorer->gbt)
        return opinion;
    float x[TW_GBT_INPUTS_MAX];
    gather(scorer, inputs, x);
    double margin = (double)tw_gbt_margin(scorer->gbt, x);
    const tw_model *m = scorer->model;
    opinion.probability = (float)tw_curve_at(tw_model_curve(m, TW_MODEL_PROBABILITY), margin);
    opinion.lift = (float)tw_curve_at(tw_model_curve(m, TW_MODEL_LIFT), margin);
    opinion.pattern = (float)tw_curve_at(tw_model_curve(m, TW_MODEL_PATTERN), margin);
    return opinion;
}

const float *tw_detector_inputs(const tw_detector *d)
{
    return d->inputs;
}

tw_shadow tw_detector_shadow(const tw_detector *d)
{
    return d->shadow;
}

tw_status tw_detector_explain(const tw_detector *d, const float *inputs, double *classifier,
                              double *base, double *outlier, double *outlier_base)
{
    const twi_scorer *s = &d->champion;
    memset(classifier, 0, TW_INPUT_N * sizeof *classifier);
    *base = 0;
    if (!s->model)
        return TW_NOT_FOUND;
    tw_iforest_explain(tw_model_iforest(s->model), inputs, outlier, outlier_base);
    if (!s->gbt)
        return TW_OK;
    float x[TW_GBT_INPUTS_MAX];
    double parts[TW_GBT_INPUTS_MAX];
    gather(s, inputs, x);
    tw_gbt_explain(s->gbt, x, parts, base);
    for (size_t i = 0; i < tw_gbt_inputs_n(s->gbt); i++)
        classifier[s->inputs[i]] += parts[i];
    return TW_OK;
}
