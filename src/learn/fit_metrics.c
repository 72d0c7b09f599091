// SPDX-License-Identifier: Apache-2.0
//
// Figures of a fit. Every row is judged by trees that did not see its block and by curves that were
// fitted without it (where more than one block has margins), so none of them flatters itself.
#include <math.h>

#include "fit_internal.h"

#define LEAST_PROBABILITY 1e-7

tw_status twi_fit_rank(const tw_alloc *alloc, const float *score, const float *label,
                       const float *weight, size_t n, double *ap, double *auc)
{
    *ap = *auc = (double)NAN;
    twi_sort_item *order = tw_new_array(alloc, n, sizeof *order);
    twi_sort_item *work = tw_new_array(alloc, n, sizeof *work);
    tw_status status = order && work ? TW_OK : TW_NO_MEMORY;
    if (status == TW_OK) {
        double right = 0, all = 0, sum = 0, pairs = 0;
        for (size_t i = 0; i < n; i++)
            order[i] = (twi_sort_item){UINT32_MAX - twi_sort_float(score[i]), (uint32_t)i};
        twi_sort_items(order, work, n);
        for (size_t i = 0; i < n;) {
            double step_right = 0, step_all = 0;
            uint64_t key = order[i].key;
            for (; i < n && order[i].key == key; i++) {
                size_t at = order[i].idx;
                step_all += (double)weight[at];
                step_right += label[at] > 0.5F ? (double)weight[at] : 0;
            }
            double wrong_before = all - right, step_wrong = step_all - step_right;
            right += step_right;
            all += step_all;
            if (step_right > 0)
                sum += step_right * right / all;
            pairs += step_right * (wrong_before + 0.5 * step_wrong);
        }
        if (right > 0)
            *ap = sum / right;
        if (right > 0 && all > right)
            *auc = 1 - pairs / (right * (all - right));
    }
    tw_free_array(alloc, order, n, sizeof *order);
    tw_free_array(alloc, work, n, sizeof *work);
    return status;
}

// --- curves without the row's own block
// ---------------------------------------------------

static size_t blocks_with_margins(const twi_fit_rows *rows, const float *margin)
{
    bool has[TWI_FOLDS_MAX + 1] = {false};
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (!isnan(margin[i]) && !has[rows->block_own[i]]) {
            has[rows->block_own[i]] = true;
            n++;
        }
    return n;
}

static tw_status judge_block(const twi_fit_rows *rows, const tw_fit_options *options, size_t block,
                             size_t but, tw_fit *fit, float *probability, tw_err *err)
{
    twi_lift lift;
    twi_pattern pattern;
    tw_curve *curve;
    tw_status status = twi_lift_fit(rows, fit->margin_own, options, but, &lift);
    if (status == TW_OK)
        status = twi_pattern_fit(rows, fit->margin_own, options, but, &pattern);
    if (status != TW_OK)
        return tw_fail(err, status, "out of memory while the classifier was judged");
    TW_TRY(twi_probability_fit(rows, fit->margin_own, but, &curve, err));
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->block_own[i] != block || isnan(fit->margin_own[i]))
            continue;
        double margin = (double)fit->margin_own[i];
        probability[i] = (float)tw_curve_at(curve, margin);
        fit->lift_at_own[i] = (float)exp(twi_lift_at(&lift, margin));
        fit->pattern_at_own[i] = (float)twi_pattern_at(&pattern, margin);
    }
    tw_curve_free(curve);
    return TW_OK;
}

// --- figures
// -------------------------------------------------------------------------------

static void probability_figures(const twi_fit_rows *rows, const float *probability, tw_fit *fit)
{
    double loss = 0, brier = 0, all = 0, error = 0;
    tw_fit_metrics *m = &fit->metrics;
    for (size_t i = 0; i < rows->n; i++) {
        if (isnan(fit->margin_own[i]))
            continue;
        const tw_example *e = &rows->d->examples_own[i];
        double w = (double)e->weight, p = (double)probability[i];
        double held = TW_MAX(LEAST_PROBABILITY, TW_MIN(1 - LEAST_PROBABILITY, p));
        loss -= w * (e->label ? log(held) : log1p(-held));
        brier += w * (p - e->label) * (p - e->label);
        all += w;
        size_t bin = TW_MIN((size_t)(p * TW_FIT_RELIABILITY_BINS), TW_FIT_RELIABILITY_BINS - 1U);
        tw_reliability_bin *b = &fit->reliability[bin];
        b->predicted += w * p;
        b->observed += w * e->label;
        b->weight += w;
    }
    for (size_t k = 0; k < TW_FIT_RELIABILITY_BINS; k++) {
        tw_reliability_bin *b = &fit->reliability[k];
        if (!(b->weight > 0))
            continue;
        b->predicted /= b->weight;
        b->observed /= b->weight;
        error += b->weight * fabs(b->predicted - b->observed);
    }
    m->log_loss = all > 0 ? loss / all : (double)NAN;
    m->brier = all > 0 ? brier / all : (double)NAN;
    m->calibration_error = all > 0 ? error / all : (double)NAN;
}

// Of the rows that verdicts speak of: those that would alert, and that are right.
static void operating_figures(const twi_fit_rows *rows, tw_fit *fit)
{
    double flagged = 0, hit = 0, right = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const tw_example *e = &rows->d->examples_own[i];
        if (isnan(fit->margin_own[i]) || !twi_is_decided(e))
            continue;
        bool is_flagged =
            e->evidence * fit->lift_at_own[i] >= 1.0F || fit->pattern_at_own[i] >= 1.0F;
        double w = (double)e->weight;
        flagged += is_flagged ? w : 0;
        hit += is_flagged && e->label ? w : 0;
        right += e->label ? w : 0;
    }
    fit->metrics.precision = flagged > 0 ? hit / flagged : (double)NAN;
    fit->metrics.recall = right > 0 ? hit / right : (double)NAN;
}

static void count_alerts(const twi_fit_rows *rows, const tw_fit *fit, bool *seen,
                         tw_fit_metrics *out)
{
    for (size_t i = 0; i < rows->n; i++) {
        const tw_example *e = &rows->d->examples_own[i];
        if (isnan(fit->margin_own[i]))
            continue;
        out->rows_n++;
        out->positive_n += e->label;
        if (e->alert != TWI_FIT_NO_ALERT && twi_is_decided(e) && !seen[e->alert]) {
            seen[e->alert] = true;
            out->alert_n++;
            out->alert_confirmed_n += rows->alert_right_own[e->alert];
        }
    }
}

static tw_status rank_figures(const twi_fit_rows *rows, tw_fit *fit)
{
    size_t n = 0, cap = rows->n;
    float *score = tw_new_array(rows->alloc, cap, sizeof *score);
    float *label = tw_new_array(rows->alloc, cap, sizeof *label);
    float *weight = tw_new_array(rows->alloc, cap, sizeof *weight);
    tw_status status = score && label && weight ? TW_OK : TW_NO_MEMORY;
    for (size_t i = 0; status == TW_OK && i < cap; i++) {
        if (isnan(fit->margin_own[i]))
            continue;
        score[n] = fit->margin_own[i];
        label[n] = (float)rows->d->examples_own[i].label;
        weight[n++] = rows->d->examples_own[i].weight;
    }
    if (status == TW_OK)
        status =
            twi_fit_rank(rows->alloc, score, label, weight, n, &fit->metrics.ap, &fit->metrics.auc);
    tw_free_array(rows->alloc, score, cap, sizeof *score);
    tw_free_array(rows->alloc, label, cap, sizeof *label);
    tw_free_array(rows->alloc, weight, cap, sizeof *weight);
    return status;
}

static tw_status measure(const twi_fit_rows *rows, const tw_fit_options *options, tw_fit *fit,
                         float *probability, bool *seen, tw_err *err)
{
    if (rank_figures(rows, fit) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "out of memory while the classifier was judged");
    bool is_crossed = blocks_with_margins(rows, fit->margin_own) > 1;
    for (size_t b = 1; b < rows->block_n; b++)
        TW_TRY(judge_block(rows, options, b, is_crossed ? b : 0, fit, probability, err));
    probability_figures(rows, probability, fit);
    operating_figures(rows, fit);
    count_alerts(rows, fit, seen, &fit->metrics);
    return TW_OK;
}

tw_status twi_fit_figures(const twi_fit_rows *rows, const tw_fit_options *options, tw_fit *fit,
                          tw_err *err)
{
    float *probability = tw_new_array(rows->alloc, rows->n, sizeof *probability);
    bool *seen = tw_new_array(rows->alloc, rows->alert_n, sizeof *seen);
    tw_status status = probability && seen
                           ? measure(rows, options, fit, probability, seen, err)
                           : tw_fail(err, TW_NO_MEMORY, "out of memory for the figures of a fit");
    tw_free_array(rows->alloc, probability, rows->n, sizeof *probability);
    tw_free_array(rows->alloc, seen, rows->alert_n, sizeof *seen);
    return status;
}
