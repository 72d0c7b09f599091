// SPDX-License-Identifier: Apache-2.0
//
// The fit: which parameters and how many rounds, by folds in time; then the trees on all rows, and
// the curves on the margins that the folds gave. Rows and blocks: fit_internal.h.
//
// With few verdicts nothing is searched that they cannot decide: shallow trees, few rounds, strong
// regularisation, no early stopping. With many rows the search looks at the last fold only, and the
// other folds train what it chose.
#include <math.h>

#include "fit_internal.h"
#include "model/xgboost.h"

#define RIGHT_MIN 5        // right units without which nothing is learned
#define PREFIX_RIGHT_MIN 2 // right rows of a fold's training
#define FEW_UNITS 50       // decided units under which verdicts are few
#define FEW_RIGHT 20
#define EARLY_ROWS_MIN 3 // right rows that early stopping needs on either side
#define EARLY_STOP 25
#define HEAD_SHARE 0.75
#define SEARCH_ALL_FOLDS_ROWS 30000
#define FOLDS 3
#define FOLDS_FEW 5 // a smaller first block, so that more of few alerts are predicted
#define MODEL_JSON_MAX_BYTES (256 << 20)

#define BINS 256 // cut by the trainer where fraud is

// depth, rounds at most, eta, min_child_weight, lambda, gamma, subsample, colsample_tree. The first
// of each is what `quick` takes.
typedef struct trial_row {
    uint32_t depth, rounds_n;
    double eta, min_child_weight, lambda, gamma, subsample, colsample;
} trial_row;

static const trial_row many_trials[] = {
    {3, 400, 0.10, 1, 1, 0, 0.9, 0.8}, {4, 400, 0.10, 1, 3, 0, 0.8, 0.6},
    {2, 500, 0.20, 1, 1, 0, 0.9, 0.8}, {5, 300, 0.10, 2, 5, 0, 0.8, 0.5},
    {6, 300, 0.07, 4, 5, 0, 0.7, 0.4},
};
static const trial_row few_trials[] = {
    {2, 60, 0.10, 1, 4, 0, 0.9, 0.5},
    {1, 80, 0.10, 1, 4, 0, 0.9, 0.5},
    {3, 40, 0.10, 1, 4, 0, 0.9, 0.5},
};

// A prefix of the matrix in the trainer's own form, kept for all parameters.
typedef struct prepared_set {
    size_t n;
    tw_train_set *set;
} prepared_set;

typedef struct fold_model {
    tw_gbt *gbt;
    uint32_t rounds_n;
} fold_model;

typedef struct fit_work {
    const tw_alloc *alloc;
    const tw_trainer *trainer;
    const tw_fit_options *options;
    twi_fit_rows rows;
    int8_t monotone[TW_INPUT_N];
    float *margins_own;                                         // [kept_n], scratch
    fold_model best[TWI_FOLDS_MAX + 1], now[TWI_FOLDS_MAX + 1]; // by block
    prepared_set
        sets[2 * TWI_FOLDS_MAX + 1]; // of a fold: its rows, and those before early stopping
    size_t set_n;
} fit_work;

static void models_free(fold_model models[TWI_FOLDS_MAX + 1])
{
    for (size_t b = 0; b <= TWI_FOLDS_MAX; b++) {
        tw_gbt_free(models[b].gbt);
        models[b] = (fold_model){0};
    }
}

// --- trees
// ------------------------------------------------------------------------------

static tw_train_matrix matrix(const twi_fit_rows *rows, size_t n)
{
    return (tw_train_matrix){.x = rows->x_own,
                             .rows_n = n,
                             .cols_n = TW_INPUT_N,
                             .stride = TW_INPUT_N,
                             .label = rows->y_own,
                             .weight = rows->w_own};
}

static tw_status prepare(fit_work *w, size_t n, tw_train_matrix *out, tw_err *err)
{
    *out = matrix(&w->rows, n);
    for (size_t i = 0; i < w->set_n; i++) {
        if (w->sets[i].n != n)
            continue;
        out->prepared = w->sets[i].set;
        return TW_OK;
    }
    if (w->set_n == TW_COUNT(w->sets))
        return TW_OK; // it goes without
    prepared_set *set = &w->sets[w->set_n];
    TW_TRY(
        tw_train_prepare(w->trainer, out, BINS, TW_MAX(1U, w->options->threads_n), &set->set, err));
    set->n = n;
    w->set_n++;
    out->prepared = set->set;
    return TW_OK;
}

static bool is_few(const twi_fit_rows *rows)
{
    return rows->unit_n < FEW_UNITS || rows->unit_right_n < FEW_RIGHT;
}

// Where the trees start. Few rounds start at the share of right rows, since they have no time to
// get there; many start in the middle, where rare right rows have gradients as strong as their
// weights and min_child_weight and lambda mean what they say.
static double start_of(const twi_fit_rows *rows, size_t n)
{
    double right = 0, all = 0;
    if (!is_few(rows))
        return 0.5;
    for (size_t i = 0; i < n; i++) {
        right += (double)(rows->w_own[i] * rows->y_own[i]);
        all += (double)rows->w_own[i];
    }
    return TW_MAX(1e-3, TW_MIN(0.5, right / all));
}

static tw_status run_trainer(fit_work *w, const tw_train_params *params, size_t n,
                             const tw_train_matrix *validation, tw_train_result *result,
                             tw_gbt **out, tw_err *err)
{
    tw_train_params p = *params;
    tw_train_matrix train;
    tw_buf json;
    tw_xgboost model = {0};
    *out = NULL;
    TW_TRY(prepare(w, n, &train, err));
    p.monotone = w->monotone;
    p.base_probability = start_of(&w->rows, n);
    tw_buf_init(&json, w->alloc, MODEL_JSON_MAX_BYTES);
    tw_status status = tw_train(w->trainer, &p, &train, validation, w->options->stop,
                                w->options->stop_ctx, &json, result, err);
    if (status == TW_OK)
        status = tw_xgboost_read(w->alloc, (tw_str){(const char *)json.data_own, json.bytes},
                                 &model, err);
    tw_buf_release(&json);
    if (status == TW_OK && tw_gbt_inputs_n(model.gbt_own) != TW_INPUT_N)
        status = tw_fail(err, TW_CORRUPT, "the trainer gave a model of %zu inputs, not %d",
                         tw_gbt_inputs_n(model.gbt_own), TW_INPUT_N);
    if (status == TW_OK) {
        *out = model.gbt_own;
        model.gbt_own = NULL;
    }
    tw_xgboost_release(w->alloc, &model);
    return status;
}

static size_t right_n(const float *y, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += y[i] > 0.5F;
    return k;
}

// Rows for early stopping: those of units that begin in the last part of the first n rows.
typedef struct later_rows {
    float *x_own, *y_own, *w_own;
    size_t n, cap;
} later_rows;

static void later_release(const tw_alloc *alloc, later_rows *later)
{
    tw_free_array(alloc, later->x_own, later->cap * TW_INPUT_N, sizeof(float));
    tw_free_array(alloc, later->y_own, later->cap, sizeof(float));
    tw_free_array(alloc, later->w_own, later->cap, sizeof(float));
}

static tw_status later_take(const twi_fit_rows *rows, size_t head_n, size_t n, int64_t cut_ms,
                            later_rows *later)
{
    *later = (later_rows){.cap = n - head_n};
    later->x_own = tw_new_array(rows->alloc, later->cap * TW_INPUT_N, sizeof(float));
    later->y_own = tw_new_array(rows->alloc, later->cap, sizeof(float));
    later->w_own = tw_new_array(rows->alloc, later->cap, sizeof(float));
    if (!later->x_own || !later->y_own || !later->w_own)
        return TW_NO_MEMORY;
    for (size_t i = head_n; i < n; i++) {
        if (twi_fit_row_begin(rows, rows->kept_own[i]) < cut_ms)
            continue;
        memcpy(later->x_own + later->n * TW_INPUT_N, rows->x_own + i * TW_INPUT_N,
               TW_INPUT_N * sizeof(float));
        later->y_own[later->n] = rows->y_own[i];
        later->w_own[later->n++] = rows->w_own[i];
    }
    return TW_OK;
}

// The rounds that a later part of the first n rows asks for. *gbt are the trees of the earlier
// part; NULL when the right rows are too few for two parts: then all rounds are taken.
static tw_status find_rounds(fit_work *w, const tw_train_params *params, int64_t until_ms, size_t n,
                             uint32_t *rounds_n, tw_gbt **gbt, tw_err *err)
{
    twi_fit_rows *rows = &w->rows;
    int64_t cut = twi_fit_cut(rows, until_ms, HEAD_SHARE);
    size_t head_n = TW_MIN(n, twi_fit_rows_before(rows, cut));
    later_rows later;
    *gbt = NULL;
    *rounds_n = TW_MAX(1U, params->rounds_n / 4);
    tw_status status = later_take(rows, head_n, n, cut, &later);
    if (status != TW_OK)
        status = tw_fail(err, status, "out of memory for early stopping");
    size_t head_right = right_n(rows->y_own, head_n);
    size_t later_right = status == TW_OK ? right_n(later.y_own, later.n) : 0;
    if (status == TW_OK && head_right >= EARLY_ROWS_MIN && later_right >= EARLY_ROWS_MIN &&
        head_right < head_n && later_right < later.n) {
        tw_train_matrix validation = matrix(rows, later.n);
        tw_train_result result;
        validation.x = later.x_own;
        validation.label = later.y_own;
        validation.weight = later.w_own;
        status = run_trainer(w, params, head_n, &validation, &result, gbt, err);
        if (status == TW_OK)
            *rounds_n = TW_MAX(1U, result.rounds_n);
    }
    later_release(w->alloc, &later);
    return status;
}

// Trees on the kept rows before a time. With `is_rough` the trees that early stopping left are
// good enough.
static tw_status train_until(fit_work *w, const tw_train_params *params, int64_t until_ms,
                             bool is_rough, fold_model *out, tw_err *err)
{
    size_t n = twi_fit_rows_before(&w->rows, until_ms);
    tw_train_params p = *params;
    tw_train_result result;
    *out = (fold_model){.rounds_n = p.rounds_n};
    if (p.early_stop_n > 0)
        TW_TRY(find_rounds(w, params, until_ms, n, &out->rounds_n, &out->gbt, err));
    if (is_rough && out->gbt)
        return TW_OK;
    tw_gbt_free(out->gbt);
    p.rounds_n = out->rounds_n;
    p.early_stop_n = 0;
    return run_trainer(w, &p, n, NULL, &result, &out->gbt, err);
}

// --- folds and search
// -----------------------------------------------------------------------

// Whether the rows before block `block` hold enough of both kinds.
static bool is_fold(const twi_fit_rows *rows, size_t block)
{
    size_t n = twi_fit_rows_before(rows, rows->cuts[block - 1]);
    size_t right = right_n(rows->y_own, n);
    return right >= PREFIX_RIGHT_MIN && right < n;
}

static size_t list_trials(const fit_work *w, tw_fit_trial *out)
{
    bool few = is_few(&w->rows);
    const trial_row *table = few ? few_trials : many_trials;
    size_t n = few ? TW_COUNT(few_trials) : TW_COUNT(many_trials);
    n = w->options->quick ? 1 : n;
    for (size_t i = 0; i < n; i++) {
        const trial_row *t = &table[i];
        out[i] = (tw_fit_trial){.params = {.rounds_n = t->rounds_n,
                                           .early_stop_n = few ? 0 : EARLY_STOP,
                                           .depth = t->depth,
                                           .bins_n = BINS,
                                           .threads_n = TW_MAX(1U, w->options->threads_n),
                                           .seed = w->options->seed,
                                           .eta = t->eta,
                                           .min_child_weight = t->min_child_weight,
                                           .lambda = t->lambda,
                                           .gamma = t->gamma,
                                           .subsample = t->subsample,
                                           .colsample_tree = t->colsample},
                                .loss = (double)NAN,
                                .ap = (double)NAN};
    }
    return n;
}

// Adds the log loss of a block's kept rows, with the weights of the trees.
static void add_loss(fit_work *w, const tw_gbt *gbt, size_t block, double *loss, double *weight)
{
    const twi_fit_rows *rows = &w->rows;
    for (size_t i = 0; i < rows->kept_n; i++) {
        if (rows->block_own[rows->kept_own[i]] != block)
            continue;
        float m = tw_gbt_margin(gbt, rows->x_own + i * TW_INPUT_N);
        double toward = rows->y_own[i] > 0.5F ? (double)m : -(double)m;
        w->margins_own[i] = m;
        *loss += (double)rows->w_own[i] *
                 (toward > 0 ? log1p(exp(-toward)) : log1p(exp(toward)) - toward);
        *weight += (double)rows->w_own[i];
    }
}

static tw_status trial_rank(const fit_work *w, tw_fit_trial *trial)
{
    const twi_fit_rows *rows = &w->rows;
    size_t n = 0, cap = rows->kept_n;
    float *score = tw_new_array(rows->alloc, 3 * cap, sizeof *score);
    double auc;
    if (!score)
        return TW_NO_MEMORY;
    float *label = score + cap, *stands = label + cap;
    for (size_t i = 0; i < cap; i++) {
        if (isnan(w->margins_own[i]))
            continue;
        score[n] = w->margins_own[i];
        label[n] = rows->y_own[i];
        stands[n++] = rows->stands_own[i];
    }
    tw_status status = twi_fit_rank(rows->alloc, score, label, stands, n, &trial->ap, &auc);
    tw_free_array(rows->alloc, score, 3 * cap, sizeof *score);
    return status;
}

// Trains the folds first_block.. with the trial's parameters; the models are in w->now.
static tw_status run_trial(fit_work *w, size_t first_block, bool is_rough, tw_fit_trial *trial,
                           tw_err *err)
{
    double loss = 0, weight = 0;
    models_free(w->now);
    for (size_t i = 0; i < w->rows.kept_n; i++)
        w->margins_own[i] = NAN;
    for (size_t b = first_block; b < w->rows.block_n; b++) {
        if (!is_fold(&w->rows, b))
            continue;
        TW_TRY(train_until(w, &trial->params, w->rows.cuts[b - 1], is_rough, &w->now[b], err));
        add_loss(w, w->now[b].gbt, b, &loss, &weight);
    }
    trial->loss = weight > 0 ? loss / weight : (double)NAN;
    tw_status status = trial_rank(w, trial);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "out of memory for the search");
}

static tw_status search(fit_work *w, tw_fit *fit, tw_err *err)
{
    fit->trial_n = list_trials(w, fit->trials);
    size_t last = w->rows.block_n - 1;
    bool is_large = w->rows.kept_n > SEARCH_ALL_FOLDS_ROWS && is_fold(&w->rows, last);
    size_t first_block = is_large && fit->trial_n > 1 ? last : 1;
    for (size_t t = 0; t < fit->trial_n; t++) {
        TW_TRY(run_trial(w, first_block, first_block > 1, &fit->trials[t], err));
        bool is_better = t == 0 || fit->trials[t].loss < fit->trials[fit->chosen].loss;
        if (!is_better)
            continue;
        fit->chosen = t;
        models_free(w->best);
        memcpy(w->best, w->now, sizeof w->best);
        memset(w->now, 0, sizeof w->now);
    }
    if (first_block == 1)
        return TW_OK;
    tw_fit_trial chosen = fit->trials[fit->chosen];
    TW_TRY(run_trial(w, 1, false, &chosen, err));
    models_free(w->best);
    memcpy(w->best, w->now, sizeof w->best);
    memset(w->now, 0, sizeof w->now);
    return TW_OK;
}

// Margins of all rows by the folds' trees.
static void predict(const fit_work *w, tw_fit *fit)
{
    const twi_fit_rows *rows = &w->rows;
    for (size_t i = 0; i < rows->n; i++) {
        const tw_gbt *gbt = w->best[rows->block_own[i]].gbt;
        fit->margin_own[i] = gbt ? tw_gbt_margin(gbt, rows->d->x_own + i * TW_INPUT_N) : NAN;
        fit->lift_at_own[i] = fit->pattern_at_own[i] = NAN;
    }
}

static tw_status train_final(fit_work *w, tw_fit *fit, tw_err *err)
{
    tw_train_params p = fit->trials[fit->chosen].params;
    tw_train_result result;
    double sum = 0, n = 0;
    for (size_t b = 1; b < w->rows.block_n; b++) {
        sum += w->best[b].rounds_n;
        n += w->best[b].gbt != NULL;
    }
    fit->rounds_n = p.rounds_n = TW_MAX(1U, (uint32_t)lround(sum / n));
    p.early_stop_n = 0;
    return run_trainer(w, &p, w->rows.kept_n, NULL, &result, &fit->gbt_own, err);
}

// --- all
// ---------------------------------------------------------------------------------

static tw_status make_curves(fit_work *w, tw_fit *fit, tw_err *err)
{
    twi_lift lift;
    twi_pattern pattern;
    const float *margin = fit->margin_own;
    tw_status status = twi_lift_fit(&w->rows, margin, w->options, 0, &lift);
    if (status == TW_OK)
        status = twi_pattern_fit(&w->rows, margin, w->options, 0, &pattern);
    if (status != TW_OK)
        return tw_fail(err, status, "out of memory while the classifier was calibrated");
    fit->metrics.floor_margin = pattern.is_reached ? pattern.full : (double)INFINITY;
    fit->metrics.budget_binds = pattern.budget_binds;
    TW_TRY(twi_probability_fit(&w->rows, margin, 0, &fit->probability_own, err));
    TW_TRY(twi_lift_curve(w->alloc, &lift, &fit->lift_own, err));
    return twi_pattern_curve(w->alloc, &pattern, &fit->pattern_own, err);
}

static tw_status check(const twi_fit_rows *rows, tw_err *err)
{
    if (rows->unit_right_n < RIGHT_MIN)
        return tw_fail(err, TW_INVALID,
                       "verdicts confirm %llu alerts or transactions so far; at least %d are "
                       "needed to learn from",
                       (unsigned long long)rows->unit_right_n, RIGHT_MIN);
    if (right_n(rows->y_own, rows->kept_n) == rows->kept_n)
        return tw_fail(err, TW_INVALID, "there is nothing but fraud to learn from");
    for (size_t b = 1; b < rows->block_n; b++)
        if (is_fold(rows, b))
            return TW_OK;
    return tw_fail(err, TW_INVALID,
                   "all confirmed alerts and transactions lie so close together in time that "
                   "nothing can be learned on earlier and tested on later ones");
}

static tw_status allocate(fit_work *w, tw_fit *fit)
{
    size_t n = w->rows.n;
    fit->margin_n = n;
    fit->margin_own = tw_new_array(w->alloc, n, sizeof(float));
    fit->lift_at_own = tw_new_array(w->alloc, n, sizeof(float));
    fit->pattern_at_own = tw_new_array(w->alloc, n, sizeof(float));
    fit->inputs_n = TW_INPUT_N;
    fit->input_names_own = tw_new_array(w->alloc, TW_INPUT_N, sizeof(tw_str));
    w->margins_own = tw_new_array(w->alloc, w->rows.kept_n, sizeof(float));
    bool has_room = fit->margin_own && fit->lift_at_own && fit->pattern_at_own &&
                    fit->input_names_own && w->margins_own;
    for (size_t i = 0; has_room && i < TW_INPUT_N; i++) {
        tw_input_info info = tw_input_get(i);
        fit->input_names_own[i] = tw_str_from(info.name);
        w->monotone[i] = info.monotone;
    }
    return has_room ? TW_OK : TW_NO_MEMORY;
}

static tw_status run(fit_work *w, tw_fit *fit, tw_err *err)
{
    TW_TRY(check(&w->rows, err));
    if (allocate(w, fit) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for a classifier");
    TW_TRY(search(w, fit, err));
    predict(w, fit);
    TW_TRY(make_curves(w, fit, err));
    TW_TRY(twi_fit_figures(&w->rows, w->options, fit, err));
    return train_final(w, fit, err);
}

tw_status tw_fit_classifier(const tw_alloc *alloc, const tw_trainer *trainer,
                            const tw_dataset *dataset, const tw_fit_options *options, tw_fit *out,
                            tw_err *err)
{
    fit_work w = {.alloc = alloc, .trainer = trainer, .options = options};
    *out = (tw_fit){.alloc = alloc};
    if (!(options->precision_floor > 0 && options->precision_floor < 1) ||
        !(options->alerts_per_store_day > 0))
        return tw_fail(err, TW_INVALID,
                       "the precision floor must lie between 0 and 1, and the "
                       "alert budget above 0");
    size_t folds = options->folds_n > 0 ? options->folds_n : FOLDS_FEW;
    TW_TRY(twi_fit_rows_init(alloc, dataset, folds, options->seed, &w.rows, err));
    if (options->folds_n == 0 && !is_few(&w.rows))
        twi_fit_rows_cut(&w.rows, FOLDS);
    tw_status status = run(&w, out, err);
    models_free(w.best);
    models_free(w.now);
    for (size_t i = 0; i < w.set_n; i++)
        tw_train_set_free(trainer, w.sets[i].set);
    tw_free_array(alloc, w.margins_own, w.rows.kept_n, sizeof(float));
    twi_fit_rows_release(&w.rows);
    if (status != TW_OK)
        tw_fit_release(out);
    return status;
}

void tw_fit_release(tw_fit *fit)
{
    tw_gbt_free(fit->gbt_own);
    tw_curve_free(fit->probability_own);
    tw_curve_free(fit->lift_own);
    tw_curve_free(fit->pattern_own);
    tw_free_array(fit->alloc, fit->input_names_own, fit->inputs_n, sizeof(tw_str));
    tw_free_array(fit->alloc, fit->margin_own, fit->margin_n, sizeof(float));
    tw_free_array(fit->alloc, fit->lift_at_own, fit->margin_n, sizeof(float));
    tw_free_array(fit->alloc, fit->pattern_at_own, fit->margin_n, sizeof(float));
    *fit = (tw_fit){0};
}
