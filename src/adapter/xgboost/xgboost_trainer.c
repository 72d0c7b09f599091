// SPDX-License-Identifier: Apache-2.0
//
// Training of boosted trees on XGBoost: histogram method, binary log loss.
//
// Gradients are ours, so that a model does not depend on the number of threads. XGBoost adds them
// up in doubles, thread by thread, and the order of additions changes last bits. Here every
// gradient is a multiple of a step so small that it loses nothing that matters and so large that a
// sum of all of them is exact in a double: w = the largest weight, rounded up to a power of two,
// and n rows, rounded up likewise, give the step w * n / 2^52. Sums of such numbers are exact in
// any order. At a million rows the step is w / 2^32: values of w / 2^9 and above are not changed at
// all, smaller ones by at most w / 2^33.
//
// The objective's own gradient is what is rounded: weight * (p - label) and weight * p * (1 - p),
// in double from the float margin. Losses are summed in the order of the rows.
//
// Threads: all state is on the stack or owned by the call.
#include <math.h>
#include <stdio.h>

#include "adapter/xgboost.h"
#include "xgboost_set.h"

#define HESSIAN_MIN 1e-16 // as XGBoost's own
#define BINS_MAX 16384.0
#define THREADS_MAX 64.0

typedef struct training {
    const tw_alloc *alloc;
    const tw_train_params *params;
    const tw_train_matrix *train, *validation; // the latter NULL = none
    tw_train_set *set_own;                     // NULL when it was prepared by the caller
    const tw_train_set *set;
    twi_xgboost_matrix validation_matrix;
    twi_xgboost_booster booster;
    float *gradient_own, *hessian_own; // [train rows]
    double step;                       // all gradients are multiples of it
    uint32_t best_n;                   // rounds with the lowest validation loss so far
    tw_train_result best;
} training;

// ---- What may come in ------------------------------------------------------------------------

static tw_status check_range(const char *name, double value, double low, double high, tw_err *err)
{
    if (value >= low && value <= high)
        return TW_OK;
    return tw_fail(err, TW_INVALID, "training parameter %s is %.9g, must be %.9g to %.9g", name,
                   value, low, high);
}

static tw_status check_params(const tw_train_params *p, tw_err *err)
{
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"rounds_n", p->rounds_n, 1.0, 4096.0},
        {"early_stop_n", p->early_stop_n, 0.0, 4096.0},
        {"depth", p->depth, 1.0, 12.0},
        {"bins_n", p->bins_n, 2.0, BINS_MAX},
        {"threads_n", p->threads_n, 1.0, THREADS_MAX},
        {"eta", p->eta, 1e-6, 1.0},
        {"min_child_weight", p->min_child_weight, 0.0, 1e9},
        {"lambda", p->lambda, 0.0, 1e9},
        {"gamma", p->gamma, 0.0, 1e9},
        {"subsample", p->subsample, 1e-3, 1.0},
        {"colsample_tree", p->colsample_tree, 1e-3, 1.0},
        {"base_probability", p->base_probability, 1e-9, 1.0 - 1e-9},
    };
    for (size_t i = 0; i < TW_COUNT(ranges); i++)
        TW_TRY(check_range(ranges[i].name, ranges[i].value, ranges[i].low, ranges[i].high, err));
    return TW_OK;
}

static tw_status check_all(const training *t, tw_err *err)
{
    TW_TRY(check_params(t->params, err));
    TW_TRY(twi_xgboost_check(t->train, "training", err));
    if (t->validation) {
        TW_TRY(twi_xgboost_check(t->validation, "validation", err));
        if (t->validation->cols_n != t->train->cols_n)
            return tw_fail(err, TW_INVALID, "validation rows have %zu columns, training rows %zu",
                           t->validation->cols_n, t->train->cols_n);
    }
    if (t->params->early_stop_n > 0 && !t->validation)
        return tw_fail(err, TW_INVALID, "early stopping needs validation rows");
    for (size_t c = 0; t->params->monotone && c < t->train->cols_n; c++)
        if (t->params->monotone[c] < -1 || t->params->monotone[c] > 1)
            return tw_fail(err, TW_INVALID, "monotone constraint %zu is %d, must be -1, 0 or 1", c,
                           t->params->monotone[c]);
    return TW_OK;
}

// ---- Parameters ------------------------------------------------------------------------------

static tw_status set_number(const training *t, const char *name, double value, tw_err *err)
{
    char text[32];
    snprintf(text, sizeof(text), "%.17g", value);
    return twi_xgboost_set(&t->booster, name, text, err);
}

static tw_status set_monotone(const training *t, tw_err *err)
{
    size_t bytes = 3 * t->train->cols_n + 3;
    tw_buf text;
    tw_buf_init(&text, t->alloc, bytes);
    for (size_t c = 0; c < t->train->cols_n; c++)
        tw_buf_printf(&text, "%c%d", c == 0 ? '(' : ',', t->params->monotone[c]);
    tw_buf_put(&text, ")", 2); // with its end
    tw_status status = text.status;
    if (status != TW_OK)
        status = tw_fail(err, status, "no memory for monotone constraints");
    else
        status =
            twi_xgboost_set(&t->booster, "monotone_constraints", (const char *)text.data_own, err);
    tw_buf_release(&text);
    return status;
}

static tw_status set_params(const training *t, tw_err *err)
{
    const tw_train_params *p = t->params;
    TW_TRY(twi_xgboost_set(&t->booster, "verbosity", "0", err));
    TW_TRY(twi_xgboost_set(&t->booster, "booster", "gbtree", err));
    TW_TRY(twi_xgboost_set(&t->booster, "tree_method", "hist", err));
    TW_TRY(twi_xgboost_set(&t->booster, "objective", "binary:logistic", err));
    TW_TRY(set_number(t, "nthread", p->threads_n, err));
    TW_TRY(set_number(t, "seed", p->seed, err));
    TW_TRY(set_number(t, "max_depth", p->depth, err));
    TW_TRY(set_number(t, "max_bin", p->bins_n, err));
    TW_TRY(set_number(t, "eta", p->eta, err));
    TW_TRY(set_number(t, "min_child_weight", p->min_child_weight, err));
    TW_TRY(set_number(t, "lambda", p->lambda, err));
    TW_TRY(set_number(t, "gamma", p->gamma, err));
    TW_TRY(set_number(t, "subsample", p->subsample, err));
    TW_TRY(set_number(t, "colsample_bytree", p->colsample_tree, err));
    TW_TRY(set_number(t, "base_score", p->base_probability, err));
    return p->monotone ? set_monotone(t, err) : TW_OK;
}

// ---- Gradients and losses --------------------------------------------------------------------

// Log loss of one row, without overflow for any margin.
static double loss_of(double margin, double label)
{
    return fmax(margin, 0.0) - margin * label + log1p(exp(-fabs(margin)));
}

// Mean log loss by weight.
static double loss_mean(const tw_train_matrix *m, const float *margin)
{
    double sum = 0.0, weights = 0.0;
    for (size_t i = 0; i < m->rows_n; i++) {
        double weight = m->weight ? (double)m->weight[i] : 1.0;
        sum += weight * loss_of((double)margin[i], (double)m->label[i]);
        weights += weight;
    }
    return sum / weights;
}

static double power_of_two_above(double v)
{
    int exponent;
    double fraction = frexp(v, &exponent);
    return ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
}

// At least four rows, so that `rounder` below is more than twice the largest gradient.
static double step_of(const tw_train_matrix *m)
{
    double rows_n = power_of_two_above((double)TW_MAX(m->rows_n, (size_t)4));
    float most = m->weight ? 0.0f : 1.0f;
    for (size_t i = 0; m->weight && i < m->rows_n; i++)
        most = TW_MAX(most, m->weight[i]);
    return ldexp(power_of_two_above((double)most) * rows_n, -52);
}

static void gradients(training *t, const float *margin)
{
    const tw_train_matrix *m = t->train;
    double rounder = ldexp(1.5 * t->step, 52); // its last bit is worth one step
    for (size_t i = 0; i < m->rows_n; i++) {
        double weight = m->weight ? (double)m->weight[i] : 1.0;
        double p = 1.0 / (1.0 + exp(-(double)margin[i]));
        double g = weight * (p - (double)m->label[i]);
        double h = weight * fmax(p * (1.0 - p), HESSIAN_MIN);
        t->gradient_own[i] = (float)(g + rounder - rounder);
        t->hessian_own[i] = (float)(h + rounder - rounder);
    }
}

// ---- The rounds ------------------------------------------------------------------------------

// Losses after `rounds_n` rounds; keeps the best. True = no better for too long.
static tw_status judge(training *t, uint32_t rounds_n, bool *out_is_over, tw_err *err)
{
    tw_train_result now = {rounds_n, (double)NAN, (double)NAN};
    *out_is_over = false;
    if (t->validation) {
        const float *margin;
        TW_TRY(twi_xgboost_margins(&t->booster, &t->validation_matrix, &margin, err));
        now.validation_loss = loss_mean(t->validation, margin);
    }
    bool is_early = t->params->early_stop_n > 0;
    bool is_better = !is_early || t->best_n == 0 || now.validation_loss < t->best.validation_loss;
    if (is_better) {
        t->best = now;
        t->best_n = rounds_n;
    }
    *out_is_over = is_early && rounds_n - t->best_n >= t->params->early_stop_n;
    return TW_OK;
}

// The training loss of the best round is known from the margins that the round after it starts
// with, so it costs nothing but at the end.
static void note_train_loss(training *t, uint32_t rounds_n, const float *margin)
{
    if (rounds_n > 0 && rounds_n == t->best_n)
        t->best.train_loss = loss_mean(t->train, margin);
}

static tw_status rounds(training *t, tw_train_stop *stop, void *stop_ctx, tw_err *err)
{
    const float *margin;
    bool is_over = false;
    for (uint32_t round = 0; round < t->params->rounds_n && !is_over; round++) {
        TW_TRY(twi_xgboost_margins(&t->booster, &t->set->matrix, &margin, err));
        if (t->params->early_stop_n > 0)
            note_train_loss(t, round, margin);
        gradients(t, margin);
        TW_TRY(twi_xgboost_boost(&t->booster, &t->set->matrix, round, t->gradient_own,
                                 t->hessian_own, err));
        TW_TRY(judge(t, round + 1, &is_over, err));
        if (stop && stop(stop_ctx, round))
            return tw_fail(err, TW_CLOSED, "training was stopped after round %u", round + 1);
    }
    if (isnan(t->best.train_loss)) {
        TW_TRY(twi_xgboost_margins(&t->booster, &t->set->matrix, &margin, err));
        t->best.train_loss = loss_mean(t->train, margin);
    }
    return TW_OK;
}

// The caller's prepared set, or one of our own.
static tw_status find_set(training *t, tw_err *err)
{
    const tw_train_set *given = t->train->prepared;
    if (given && (given->matrix.rows_n != t->train->rows_n || given->cols_n != t->train->cols_n))
        return tw_fail(err, TW_INVALID,
                       "the prepared set is of other rows: %zu x %zu, not %zu x %zu",
                       given->matrix.rows_n, given->cols_n, t->train->rows_n, t->train->cols_n);
    t->set = given;
    if (given && given->bins_n == t->params->bins_n)
        return TW_OK;
    TW_TRY(twi_xgboost_set_new(t->alloc, t->train, t->params->bins_n, t->params->threads_n,
                               &t->set_own, err));
    t->set = t->set_own;
    return TW_OK;
}

static tw_status begin(training *t, tw_err *err)
{
    TW_TRY(twi_xgboost_silence(err));
    t->gradient_own = tw_new_array(t->alloc, t->train->rows_n, sizeof(float));
    t->hessian_own = tw_new_array(t->alloc, t->train->rows_n, sizeof(float));
    if (!t->gradient_own || !t->hessian_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the gradients of %zu rows",
                       t->train->rows_n);
    t->step = step_of(t->train);
    uint32_t threads_n = t->params->threads_n;
    TW_TRY(find_set(t, err));
    if (t->validation)
        TW_TRY(twi_xgboost_matrix_init(&t->validation_matrix, t->validation, threads_n, err));
    TW_TRY(twi_xgboost_booster_init(&t->booster, &t->set->matrix,
                                    t->validation ? &t->validation_matrix : NULL, err));
    return set_params(t, err);
}

static void release(training *t)
{
    twi_xgboost_booster_release(&t->booster);
    twi_xgboost_matrix_release(&t->validation_matrix);
    if (t->set_own)
        twi_xgboost_set_free(t->set_own);
    tw_free_array(t->alloc, t->hessian_own, t->train->rows_n, sizeof(float));
    tw_free_array(t->alloc, t->gradient_own, t->train->rows_n, sizeof(float));
}

static tw_status train(void *ctx, const tw_train_params *params, const tw_train_matrix *matrix,
                       const tw_train_matrix *validation, tw_train_stop *stop, void *stop_ctx,
                       tw_buf *model_json, tw_train_result *out, tw_err *err)
{
    training t = {.alloc = ctx, .params = params, .train = matrix, .validation = validation};
    *out = (tw_train_result){0};
    tw_status status = check_all(&t, err);
    if (status == TW_OK)
        status = begin(&t, err);
    if (status == TW_OK)
        status = rounds(&t, stop, stop_ctx, err);
    if (status == TW_OK)
        status = twi_xgboost_save(&t.booster, t.best_n, model_json, err);
    if (status == TW_OK)
        *out = t.best;
    release(&t);
    return status;
}

static const char *version(void *ctx)
{
    (void)ctx;
    return twi_xgboost_version();
}

static tw_status prepare(void *ctx, const tw_train_matrix *matrix, uint32_t bins_n,
                         uint32_t threads_n, tw_train_set **out, tw_err *err)
{
    TW_TRY(check_range("bins_n", bins_n, 2.0, BINS_MAX, err));
    TW_TRY(check_range("threads_n", threads_n, 1.0, THREADS_MAX, err));
    TW_TRY(twi_xgboost_check(matrix, "training", err));
    TW_TRY(twi_xgboost_silence(err));
    return twi_xgboost_set_new(ctx, matrix, bins_n, threads_n, out, err);
}

static void set_free(void *ctx, tw_train_set *set)
{
    (void)ctx;
    twi_xgboost_set_free(set);
}

static const tw_trainer_ops ops = {prepare, set_free, train, version};

tw_trainer tw_xgboost_trainer(const tw_alloc *alloc)
{
    // The context of a port is not const; the allocator behind it is never written.
    return (tw_trainer){&ops, (void *)(uintptr_t)alloc};
}
