// SPDX-License-Identifier: Apache-2.0
//
// Wrapping: margins of foreign trees on the journal's labelled rows, the fit's own curves on them,
// and a file. Without enough labels the logistic function is all that is known.
#include "learn/wrap.h"

#include <math.h>

#include "base/time.h"
#include "detect/score.h"
#include "fit_internal.h"
#include "learn/drift.h"
#include "put.h"

// Decided alerts or transactions of either kind that curves can be fitted on.
#define UNITS_MIN 20
#define RIGHT_MIN 8
#define MARGIN_END 30.0
#define KNOTS 121
#define FOLDS 1
#define IMPORTANCE_N 20

typedef struct wrapping {
    const tw_alloc *alloc;
    const tw_train_job *job;
    const tw_foreign *foreign;
    size_t inputs[TW_GBT_INPUTS_MAX];
    tw_dataset set;
    float *margin_own, *risk_own; // [set.n]
    tw_curve *curves_own[TW_MODEL_CURVE_N];
    bool is_fitted;
} wrapping;

static bool replayed(void *ctx, uint64_t done, uint64_t all)
{
    const tw_train_job *job = ctx;
    return job->progress && job->progress(job->progress_ctx, TW_TRAIN_REPLAY, done, all);
}

static tw_status bind(wrapping *w, tw_err *err)
{
    size_t n = tw_gbt_inputs_n(w->foreign->gbt);
    for (size_t i = 0; i < n; i++) {
        tw_str name = w->foreign->input_names[i];
        w->inputs[i] = tw_input_find(name);
        if (w->inputs[i] == TW_INPUT_N)
            return tw_fail(err, TW_INVALID,
                           "the model's input \"%.*s\" is no feature of this catalogue; "
                           "docs/detection.md lists them",
                           TW_STR_ARG(name));
    }
    return TW_OK;
}

static tw_status score(wrapping *w, tw_err *err)
{
    float x[TW_GBT_INPUTS_MAX];
    size_t n = tw_gbt_inputs_n(w->foreign->gbt);
    w->margin_own = tw_new_array(w->alloc, w->set.n + 1, sizeof *w->margin_own);
    w->risk_own = tw_new_array(w->alloc, w->set.n + 1, sizeof *w->risk_own);
    if (!w->margin_own || !w->risk_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the margins");
    for (size_t i = 0; i < w->set.n; i++) {
        const float *row = w->set.x_own + i * TW_INPUT_N;
        for (size_t k = 0; k < n; k++)
            x[k] = row[w->inputs[k]];
        w->margin_own[i] = tw_gbt_margin(w->foreign->gbt, x);
    }
    return TW_OK;
}

// --- curves
// ----------------------------------------------------------------------------------

static tw_status fit_curves(wrapping *w, const twi_fit_rows *rows, tw_err *err)
{
    twi_lift lift;
    twi_pattern pattern;
    const tw_fit_options *options = &w->job->fit;
    TW_TRY(twi_probability_fit(rows, w->margin_own, 0, &w->curves_own[TW_MODEL_PROBABILITY], err));
    tw_status status = twi_lift_fit(rows, w->margin_own, options, 0, &lift);
    if (status == TW_OK)
        status = twi_pattern_fit(rows, w->margin_own, options, 0, &pattern);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the curves");
    TW_TRY(twi_lift_curve(w->alloc, &lift, &w->curves_own[TW_MODEL_LIFT], err));
    return twi_pattern_curve(w->alloc, &pattern, &w->curves_own[TW_MODEL_PATTERN], err);
}

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

static tw_status plain_curves(wrapping *w, tw_err *err)
{
    double x[KNOTS], probability[KNOTS], pattern[KNOTS];
    double floor = TW_MIN(TW_MAX(w->job->fit.precision_floor, 0.01), 0.999);
    double full = log(floor / (1 - floor));
    for (size_t i = 0; i < KNOTS; i++) {
        x[i] = MARGIN_END * (2.0 * (double)i / (KNOTS - 1) - 1);
        probability[i] = sigmoid(x[i]);
        pattern[i] = exp((x[i] - full) / 4); // strictly rising, 1 at the floor
    }
    double ends[] = {-MARGIN_END, MARGIN_END}, ones[] = {1, 1};
    TW_TRY(
        tw_curve_new(w->alloc, x, probability, KNOTS, &w->curves_own[TW_MODEL_PROBABILITY], err));
    TW_TRY(tw_curve_new(w->alloc, ends, ones, 2, &w->curves_own[TW_MODEL_LIFT], err));
    // The line between two knots lies above the exponential: a knot where it reaches 1.
    for (size_t i = 0; i < KNOTS; i++)
        if (fabs(x[i] - full) <= MARGIN_END / (KNOTS - 1)) {
            x[i] = full;
            pattern[i] = 1;
            break;
        }
    return tw_curve_new(w->alloc, x, pattern, KNOTS, &w->curves_own[TW_MODEL_PATTERN], err);
}

static tw_status make_curves(wrapping *w, tw_err *err)
{
    twi_fit_rows rows;
    if (w->set.n == 0 || w->set.confirmed_n == 0)
        return plain_curves(w, err);
    TW_TRY(twi_fit_rows_init(w->alloc, &w->set, FOLDS, w->job->fit.seed, &rows, err));
    w->is_fitted = rows.unit_n >= UNITS_MIN && rows.unit_right_n >= RIGHT_MIN &&
                   rows.unit_n - rows.unit_right_n >= RIGHT_MIN;
    tw_status status = w->is_fitted ? fit_curves(w, &rows, err) : plain_curves(w, err);
    twi_fit_rows_release(&rows);
    return status;
}

// --- the file
// --------------------------------------------------------------------------------

static void put_count(tw_buf *out, const char *name, uint64_t value)
{
    twi_put_key(out, name);
    tw_buf_printf(out, "%llu", (unsigned long long)value);
}

static void put_importance(const tw_foreign *foreign, tw_buf *out)
{
    double shares[TW_GBT_INPUTS_MAX];
    size_t n = tw_gbt_inputs_n(foreign->gbt);
    tw_gbt_importance(foreign->gbt, shares);
    twi_put_key(out, "importance");
    tw_buf_cstr(out, "[");
    for (size_t k = 0; k < IMPORTANCE_N; k++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            best = shares[i] > shares[best] ? i : best;
        if (n == 0 || !(shares[best] > 0))
            break;
        tw_buf_cstr(out, k > 0 ? ",{" : "{");
        twi_put_key(out, "input");
        twi_put_string(out, foreign->input_names[best]);
        twi_put_key(out, "share");
        twi_put_number(out, shares[best]);
        tw_buf_cstr(out, "}");
        shares[best] = 0;
    }
    tw_buf_cstr(out, "]");
}

static void put_metadata(const wrapping *w, tw_buf *out)
{
    const tw_dataset *set = &w->set;
    tw_buf_cstr(out, "{\"kind\":\"classifier\",\"imported\":true");
    tw_buf_printf(out, ",\"curves\":\"%s\"", w->is_fitted ? "fitted on labels" : "logistic");
    twi_put_key(out, "parent");
    twi_put_string(out, w->job->champion_id);
    twi_put_key(out, "code_version");
    twi_put_string(out, tw_str_from(w->job->code_version));
    tw_buf_printf(out, ",\"catalogue\":\"%016llx\"", (unsigned long long)tw_catalogue_hash());
    tw_buf_cstr(out, ",\"journal\":{");
    put_count(out, "first_seq", set->first_seq);
    put_count(out, "last_seq", set->last_seq);
    tw_buf_cstr(out, "},\"rows\":{");
    put_count(out, "transactions", set->transaction_n);
    put_count(out, "kept", set->n);
    put_count(out, "positive", set->confirmed_n);
    put_count(out, "negative", set->refuted_n);
    put_count(out, "undecided", set->undecided_n);
    tw_buf_cstr(out, "},\"params\":{");
    put_count(out, "rounds", tw_gbt_trees_n(w->foreign->gbt));
    tw_buf_cstr(out, "}");
    put_importance(w->foreign, out);
    tw_buf_cstr(out, "}");
}

static tw_status put_reference(wrapping *w, tw_buf *out, tw_err *err)
{
    if (w->set.n == 0)
        return TW_OK;
    tw_drift_reference *reference = tw_new(w->alloc, tw_drift_reference);
    float *weight = tw_new_array(w->alloc, w->set.n, sizeof *weight);
    tw_status status = reference && weight ? TW_OK : TW_NO_MEMORY;
    for (size_t i = 0; status == TW_OK && i < w->set.n; i++) {
        double margin = (double)w->margin_own[i];
        w->risk_own[i] = tw_risk_combine(
            w->set.x_own[i * TW_INPUT_N + TW_INPUT_outlier], w->set.examples_own[i].evidence,
            (float)tw_curve_at(w->curves_own[TW_MODEL_LIFT], margin),
            (float)tw_curve_at(w->curves_own[TW_MODEL_PATTERN], margin));
        weight[i] = w->set.examples_own[i].weight;
    }
    double days = (double)(w->set.to_ms - w->set.from_ms) / (double)TW_DAY_MS;
    if (status == TW_OK)
        status = tw_drift_reference_make(w->alloc, w->set.x_own, TW_INPUT_N, weight, w->risk_own,
                                         w->set.n, (double)w->set.transaction_n / TW_MAX(days, 1.0),
                                         reference, err);
    if (status == TW_OK)
        tw_drift_reference_write(reference, out);
    tw_free_array(w->alloc, weight, w->set.n, sizeof *weight);
    tw_free_array(w->alloc, reference, 1, sizeof *reference);
    return status;
}

static tw_status save(wrapping *w, tw_buf *out, tw_err *err)
{
    tw_str names[TW_FEATURE_N];
    tw_buf metadata, reference;
    for (size_t i = 0; i < TW_FEATURE_N; i++)
        names[i] = tw_str_from(tw_feature_get((tw_feature)i)->name);
    tw_buf_init(&metadata, w->alloc, TW_MODEL_METADATA_MAX_BYTES);
    tw_buf_init(&reference, w->alloc, TW_MODEL_MAX_BYTES);
    put_metadata(w, &metadata);
    tw_status status = put_reference(w, &reference, err);
    if (status == TW_OK)
        status = metadata.status != TW_OK ? metadata.status : reference.status;
    if (status != TW_OK) {
        status = tw_fail(err, status, "no memory for the model");
    } else {
        tw_model_parts parts = {.feature_names = names,
                                .features_n = TW_FEATURE_N,
                                .catalogue_hash = tw_catalogue_hash(),
                                .metadata = {(const char *)metadata.data_own, metadata.bytes},
                                .iforest = w->job->forest,
                                .gbt = w->foreign->gbt,
                                .input_names = w->foreign->input_names,
                                .reference = {(const char *)reference.data_own, reference.bytes}};
        for (int c = 0; c < TW_MODEL_CURVE_N; c++)
            parts.curves[c] = w->curves_own[c];
        status = tw_model_save(&parts, out, err);
    }
    tw_buf_release(&metadata);
    tw_buf_release(&reference);
    return status;
}

tw_status tw_learn_wrap(const tw_alloc *alloc, const tw_train_job *job, const tw_foreign *foreign,
                        tw_buf *out, tw_err *err)
{
    wrapping w = {.alloc = alloc, .job = job, .foreign = foreign};
    tw_dataset_options options = job->dataset;
    tw_train_job held = *job; // progress takes no const
    options.progress = replayed;
    options.progress_ctx = &held;
    tw_status status = bind(&w, err);
    if (status == TW_OK)
        status = tw_dataset_build(alloc, job->journal, &options, &w.set, err);
    if (status == TW_OK)
        status = score(&w, err);
    if (status == TW_OK)
        status = make_curves(&w, err);
    if (status == TW_OK)
        status = save(&w, out, err);
    for (int c = 0; c < TW_MODEL_CURVE_N; c++)
        tw_curve_free(w.curves_own[c]);
    tw_free_array(alloc, w.margin_own, w.set.n + 1, sizeof *w.margin_own);
    tw_free_array(alloc, w.risk_own, w.set.n + 1, sizeof *w.risk_own);
    if (w.set.alloc)
        tw_dataset_release(&w.set);
    return status;
}
