// SPDX-License-Identifier: Apache-2.0
//
// The three curves that turn a margin into what the detector uses, fitted on margins of rows that
// the trees had not seen (docs/learning.md tells why they are what they are).
//
//  - Probability: isotonic regression, on the weights that rows stand for.
//  - Lift: logit P(alert is right) = a + b log(evidence ratio) + c (standardised margin), each with
//    a normal prior, so that five verdicts move next to nothing and a hundred speak for themselves.
//    (c / b) (margin - mean) is what the margin is worth in evidence. A shift then raises the bar
//    until the alerts that are left are right often enough.
//  - Pattern: 1 where whoever reaches this margin is right often enough (and few enough do), and
//    falling off below as evidence of the same odds would.
#include <math.h>

#include "fit_internal.h"

#define MARGIN_END 30.0 // margins beyond are as good as this
#define PROBABILITY_KNOTS 512
#define EVIDENCE_MIN 0.05

static double logit(double p)
{
    return log(p / (1 - p));
}

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

static bool is_used(const twi_fit_rows *rows, const float *margin, size_t but, size_t row)
{
    return !isnan(margin[row]) && (but == 0 || rows->block_own[row] != but);
}

// --- probability
// -------------------------------------------------------------------------

tw_status twi_probability_fit(const twi_fit_rows *rows, const float *margin, size_t but,
                              tw_curve **out, tw_err *err)
{
    size_t n = 0, cap = rows->n + 2;
    double *x = tw_new_array(rows->alloc, cap, sizeof *x);
    double *y = tw_new_array(rows->alloc, cap, sizeof *y);
    double *w = tw_new_array(rows->alloc, cap, sizeof *w);
    tw_status status = x && y && w ? TW_OK : TW_NO_MEMORY;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; status == TW_OK && i < rows->n; i++) {
        if (!is_used(rows, margin, but, i))
            continue;
        const tw_example *e = &rows->d->examples_own[i];
        x[n] = (double)margin[i];
        y[n] = e->label;
        w[n] = (double)e->weight;
        low = TW_MIN(low, x[n]);
        high = TW_MAX(high, x[n]);
        n++;
    }
    // Half a row against the extremes: nothing is certain.
    if (status == TW_OK && n > 0) {
        x[n] = high, y[n] = 0, w[n++] = 0.5;
        x[n] = low, y[n] = 1, w[n++] = 0.5;
    }
    if (status == TW_OK)
        status = tw_curve_fit(rows->alloc, x, y, w, n, PROBABILITY_KNOTS, out, err);
    else
        status = tw_fail(err, status, "out of memory while probabilities were calibrated");
    tw_free_array(rows->alloc, x, cap, sizeof *x);
    tw_free_array(rows->alloc, y, cap, sizeof *y);
    tw_free_array(rows->alloc, w, cap, sizeof *w);
    return status;
}

// --- lift: the regression
// ------------------------------------------------------------------

#define LIFT_LOG_MAX 1.38629436111989061883 // ln 4
#define COEFFICIENTS 3                      // a, b, c
// The opening of an alert is one observation; the rest of its rows together are this much.
#define GROWTH_WEIGHT 0.5
static const double prior_sd[COEFFICIENTS] = {1.0, 0.5, 0.4};
#define PRIOR_EVIDENCE 1.5 // b: double evidence, nearly three times the odds
#define EVIDENCE_SLOPE_MIN 0.5
#define MARGIN_SD_MIN 0.25
#define MARGIN_SDS 2.0

typedef struct observation {
    double z, m, weight; // log evidence ratio, margin
    uint32_t alert;
    bool is_right;
} observation;

typedef struct regression {
    observation *items;
    size_t n;
    double mean, sd; // of the margin
    double at[COEFFICIENTS];
} regression;

// Standardised margin; what lies far out is as good as two deviations.
static double standard(const regression *r, double margin)
{
    double m = (margin - r->mean) / r->sd;
    return TW_MAX(-MARGIN_SDS, TW_MIN(MARGIN_SDS, m));
}

static double linear(const regression *r, const observation *o)
{
    return r->at[0] + r->at[1] * o->z + r->at[2] * standard(r, o->m);
}

static void collect(const twi_fit_rows *rows, const float *margin, size_t but, regression *r)
{
    for (size_t i = 0; i < rows->n; i++) {
        const tw_example *e = &rows->d->examples_own[i];
        if (!is_used(rows, margin, but, i) || e->alert == TWI_FIT_NO_ALERT || !twi_is_decided(e) ||
            !(e->evidence > 0))
            continue;
        double rest = (double)TW_MAX(1U, rows->alert_rows_own[e->alert] - 1);
        r->items[r->n++] = (observation){.z = log(TW_MAX(EVIDENCE_MIN, (double)e->evidence)),
                                         .m = (double)margin[i],
                                         .weight = e->opened ? 1.0 : GROWTH_WEIGHT / rest,
                                         .alert = e->alert,
                                         .is_right = rows->alert_right_own[e->alert]};
    }
}

// Returns the weight of all observations.
static double standardise(regression *r)
{
    double weight = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < r->n; i++) {
        weight += r->items[i].weight;
        sum += r->items[i].weight * r->items[i].m;
    }
    r->mean = weight > 0 ? sum / weight : 0;
    for (size_t i = 0; i < r->n; i++)
        squares += r->items[i].weight * (r->items[i].m - r->mean) * (r->items[i].m - r->mean);
    r->sd = TW_MAX(MARGIN_SD_MIN, weight > 0 ? sqrt(squares / weight) : 1.0);
    return weight;
}

// Solves the symmetric positive definite h s = g by elimination; s replaces g.
static void solve(double h[COEFFICIENTS][COEFFICIENTS], double g[COEFFICIENTS])
{
    for (size_t i = 0; i < COEFFICIENTS; i++)
        for (size_t k = i + 1; k < COEFFICIENTS; k++) {
            double f = h[k][i] / h[i][i];
            for (size_t j = i; j < COEFFICIENTS; j++)
                h[k][j] -= f * h[i][j];
            g[k] -= f * g[i];
        }
    for (size_t i = COEFFICIENTS; i-- > 0;) {
        for (size_t j = i + 1; j < COEFFICIENTS; j++)
            g[i] -= h[i][j] * g[j];
        g[i] /= h[i][i];
    }
}

// Most likely coefficients under the priors, by Newton's method; the priors make it well behaved.
static void regress(regression *r, double prior_a)
{
    const double prior[COEFFICIENTS] = {prior_a, PRIOR_EVIDENCE, 0};
    memcpy(r->at, prior, sizeof r->at);
    for (int round = 0; round < 30; round++) {
        double h[COEFFICIENTS][COEFFICIENTS] = {{0}}, g[COEFFICIENTS];
        for (size_t j = 0; j < COEFFICIENTS; j++) {
            double precision = 1 / (prior_sd[j] * prior_sd[j]);
            h[j][j] = precision;
            g[j] = precision * (prior[j] - r->at[j]);
        }
        for (size_t i = 0; i < r->n; i++) {
            const observation *o = &r->items[i];
            double x[COEFFICIENTS] = {1, o->z, standard(r, o->m)};
            double p = sigmoid(linear(r, o));
            for (size_t j = 0; j < COEFFICIENTS; j++) {
                g[j] += o->weight * x[j] * (o->is_right - p);
                for (size_t k = 0; k < COEFFICIENTS; k++)
                    h[j][k] += o->weight * x[j] * x[k] * p * (1 - p);
            }
        }
        solve(h, g);
        double step = 0;
        for (size_t j = 0; j < COEFFICIENTS; j++) {
            double s = TW_MAX(-1.0, TW_MIN(1.0, g[j]));
            r->at[j] += s;
            step = TW_MAX(step, fabs(s));
        }
        if (step < 1e-9)
            break;
    }
    r->at[1] = TW_MAX(EVIDENCE_SLOPE_MIN, r->at[1]);
    r->at[2] = TW_MAX(0.0, r->at[2]); // more margin never lowers
}

// --- lift: the shift
// ------------------------------------------------------------------------

// What an alert reaches at its best, and how likely it is right then.
typedef struct peak {
    double lifted, right;
    bool is_seen;
} peak;

// The shift never costs more than this share of the alerts that are expected to be right.
#define SHIFT_LOSS_MAX 0.35
// Verdicts that count as much as the belief that nothing has to be shifted.
#define SHIFT_PRIOR_N 15.0

static double best_shift(const peak *peaks, const twi_sort_item *order, size_t n, double floor)
{
    double right = 0, all_right = 0, count = 0, shift = LIFT_LOG_MAX;
    for (size_t i = 0; i < n; i++)
        all_right += peaks[order[i].idx].right;
    // Lowest bar first: without any shift all are there.
    right = all_right;
    count = (double)n;
    for (size_t i = 0; i < n; i++) {
        const peak *p = &peaks[order[i].idx];
        if (right >= floor * count || right - p->right < (1 - SHIFT_LOSS_MAX) * all_right) {
            shift = i == 0 ? 0 : p->lifted;
            break;
        }
        right -= p->right;
        count -= 1;
    }
    return TW_MAX(0.0, TW_MIN(shift, LIFT_LOG_MAX));
}

static tw_status shift_for_floor(const twi_fit_rows *rows, const regression *r,
                                 const twi_lift *lift, double floor, double *shift)
{
    size_t n = 0, cap = rows->alert_n;
    peak *peaks = tw_new_array(rows->alloc, cap, sizeof *peaks);
    twi_sort_item *order = tw_new_array(rows->alloc, cap, sizeof *order);
    twi_sort_item *work = tw_new_array(rows->alloc, cap, sizeof *work);
    tw_status status = peaks && order && work ? TW_OK : TW_NO_MEMORY;
    for (size_t i = 0; status == TW_OK && i < r->n; i++) {
        const observation *o = &r->items[i];
        peak *p = &peaks[o->alert];
        double lifted = o->z + twi_lift_at(lift, o->m);
        if (!p->is_seen || lifted > p->lifted)
            *p = (peak){lifted, sigmoid(linear(r, o)), true};
    }
    for (size_t i = 0; status == TW_OK && i < cap; i++)
        if (peaks[i].is_seen)
            order[n++] = (twi_sort_item){twi_sort_float((float)peaks[i].lifted), (uint32_t)i};
    if (status == TW_OK) {
        twi_sort_items(order, work, n);
        *shift = best_shift(peaks, order, n, floor) * (double)n / ((double)n + SHIFT_PRIOR_N);
    }
    tw_free_array(rows->alloc, peaks, cap, sizeof *peaks);
    tw_free_array(rows->alloc, order, cap, sizeof *order);
    tw_free_array(rows->alloc, work, cap, sizeof *work);
    return status;
}

double twi_lift_at(const twi_lift *lift, double margin)
{
    double held = TW_MAX(lift->low, TW_MIN(lift->high, margin));
    double v = lift->slope * held + lift->offset;
    return TW_MAX(-LIFT_LOG_MAX, TW_MIN(LIFT_LOG_MAX, v));
}

tw_status twi_lift_fit(const twi_fit_rows *rows, const float *margin, const tw_fit_options *options,
                       size_t but, twi_lift *out)
{
    *out = (twi_lift){0};
    regression r = {.items = tw_new_array(rows->alloc, rows->n, sizeof *r.items)};
    if (!r.items)
        return TW_NO_MEMORY;
    tw_status status = TW_OK;
    collect(rows, margin, but, &r);
    double weight = standardise(&r), right = 0, shift = 0;
    for (size_t i = 0; i < r.n; i++)
        right += r.items[i].weight * r.items[i].is_right;
    // Without a wrong alert there is nothing to tell apart, without a right one nothing to believe.
    if (right > 0 && right < weight) {
        regress(&r, logit((right + 1) / (weight + 2)));
        out->slope = r.at[2] / (r.at[1] * r.sd);
        out->offset = -out->slope * r.mean;
        out->low = r.mean - MARGIN_SDS * r.sd;
        out->high = r.mean + MARGIN_SDS * r.sd;
        status = shift_for_floor(rows, &r, out, options->precision_floor, &shift);
        out->offset -= shift;
    }
    tw_free_array(rows->alloc, r.items, rows->n, sizeof *r.items);
    return status;
}

#define LIFT_KNOTS 129

tw_status twi_lift_curve(const tw_alloc *alloc, const twi_lift *lift, tw_curve **out, tw_err *err)
{
    double x[LIFT_KNOTS], y[LIFT_KNOTS];
    double low = TW_MAX(-MARGIN_END, lift->low), high = TW_MIN(MARGIN_END, lift->high);
    if (!(high - low > 1e-6))
        low = -MARGIN_END, high = MARGIN_END;
    for (size_t i = 0; i < LIFT_KNOTS; i++) {
        x[i] = low + (high - low) * (double)i / (LIFT_KNOTS - 1);
        y[i] = exp(twi_lift_at(lift, x[i]));
        if (i > 0)
            y[i] = TW_MAX(y[i], y[i - 1]);
    }
    return tw_curve_new(alloc, x, y, LIFT_KNOTS, out, err);
}

// --- pattern
// -------------------------------------------------------------------------------

#define PATTERN_STEEP 0.5 // odds grow with the square of evidence
#define PATTERN_RIGHT_MIN 10.0
#define WILSON_Z 0.84162123357291452 // one-sided 80 %
#define PATTERN_MOST 4.0
#define PATTERN_UNREACHED 0.9 // at the highest margin seen
#define PATTERN_STEP 0.25

static double wilson_low(double k, double n)
{
    double z2 = WILSON_Z * WILSON_Z, p = k / n;
    return (p + z2 / (2 * n) - WILSON_Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
}

// Who reaches a margin, walked from the highest down.
typedef struct reach {
    double *weight_own; // [entity_n] 0 = not yet
    bool *right_own;    // [entity_n]
    double all, right;  // weight of the entities so far
    double best;        // best precision of five and more
    double floor_margin, budget_margin;
} reach;

static void reach_add(reach *r, uint32_t entity, const tw_example *e)
{
    if (r->weight_own[entity] == 0) {
        r->weight_own[entity] = (double)e->weight;
        r->all += r->weight_own[entity];
    }
    if (e->label && !r->right_own[entity]) {
        r->right_own[entity] = true;
        // One that verdicts confirmed is one, whatever its plain rows stood for.
        r->all += 1 - r->weight_own[entity];
        r->weight_own[entity] = 1;
        r->right++;
    }
}

static void reach_step(reach *r, double margin, double floor, double allowed)
{
    if (r->right >= PATTERN_RIGHT_MIN && wilson_low(r->right, r->all) >= floor)
        r->floor_margin = margin;
    if (r->all <= allowed)
        r->budget_margin = margin;
    if (r->all >= 5)
        r->best = TW_MAX(r->best, (r->right + 0.5) / (r->all + 1));
}

static double days_of(const twi_fit_rows *rows, const twi_sort_item *order, size_t n)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        int64_t time = rows->d->examples_own[order[i].idx].time_ms;
        first = TW_MIN(first, time);
        last = TW_MAX(last, time);
    }
    return n > 0 ? (double)(last - first) / 86400000.0 + 1 : 1;
}

static void pattern_from(const reach *r, double floor, twi_pattern *out)
{
    out->is_reached = isfinite(r->floor_margin) && isfinite(r->budget_margin);
    out->budget_binds = isfinite(r->floor_margin) && r->budget_margin > r->floor_margin;
    if (out->is_reached) {
        out->full = TW_MAX(r->floor_margin, r->budget_margin);
        return;
    }
    double missing = logit(TW_MIN(floor, 0.999)) - logit(TW_MIN(r->best, 0.999));
    double least = -log(PATTERN_UNREACHED) / PATTERN_STEEP;
    out->full = out->top + TW_MIN(TW_MAX(least, missing), 12.0);
}

tw_status twi_pattern_fit(const twi_fit_rows *rows, const float *margin,
                          const tw_fit_options *options, size_t but, twi_pattern *out)
{
    size_t n = 0;
    *out = (twi_pattern){0};
    reach r = {.weight_own = tw_new_array(rows->alloc, rows->entity_n, sizeof(double)),
               .right_own = tw_new_array(rows->alloc, rows->entity_n, sizeof(bool)),
               .best = 1e-4,
               .floor_margin = INFINITY,
               .budget_margin = INFINITY};
    twi_sort_item *order = tw_new_array(rows->alloc, rows->n, sizeof *order);
    twi_sort_item *work = tw_new_array(rows->alloc, rows->n, sizeof *work);
    tw_status status = r.weight_own && r.right_own && order && work ? TW_OK : TW_NO_MEMORY;
    for (size_t i = 0; status == TW_OK && i < rows->n; i++)
        if (is_used(rows, margin, but, i))
            order[n++] = (twi_sort_item){UINT32_MAX - twi_sort_float(margin[i]), (uint32_t)i};
    if (status == TW_OK && n > 0) {
        twi_sort_items(order, work, n);
        double allowed =
            TW_MAX(1.0, options->alerts_per_store_day * options->store_n * days_of(rows, order, n));
        out->top = (double)margin[order[0].idx];
        for (size_t i = 0; i < n; i++) {
            size_t row = order[i].idx;
            reach_add(&r, rows->entity_own[row], &rows->d->examples_own[row]);
            if (i + 1 == n || order[i + 1].key != order[i].key)
                reach_step(&r, (double)margin[row], options->precision_floor, allowed);
        }
        pattern_from(&r, options->precision_floor, out);
    }
    tw_free_array(rows->alloc, r.weight_own, rows->entity_n, sizeof(double));
    tw_free_array(rows->alloc, r.right_own, rows->entity_n, sizeof(bool));
    tw_free_array(rows->alloc, order, rows->n, sizeof *order);
    tw_free_array(rows->alloc, work, rows->n, sizeof *work);
    return status;
}

double twi_pattern_at(const twi_pattern *pattern, double margin)
{
    double end =
        pattern->is_reached ? pattern->full + log(PATTERN_MOST) / PATTERN_STEEP : pattern->top;
    double v = exp(PATTERN_STEEP * (TW_MIN(margin, end) - pattern->full));
    // Beyond, it still rises, but next to nothing.
    return margin > end ? v * (1 + 1e-3 * TW_MIN(margin - end, 2 * MARGIN_END)) : v;
}

#define PATTERN_KNOTS_MAX 512

tw_status twi_pattern_curve(const tw_alloc *alloc, const twi_pattern *pattern, tw_curve **out,
                            tw_err *err)
{
    double x[PATTERN_KNOTS_MAX], y[PATTERN_KNOTS_MAX];
    size_t n = 0;
    double end =
        pattern->is_reached ? pattern->full + log(PATTERN_MOST) / PATTERN_STEEP : pattern->top;
    double low = TW_MIN(-MARGIN_END, pattern->full - MARGIN_END);
    // Knots at whole steps from `full`, so that it is exactly 1 there.
    double first = floor((low - pattern->full) / PATTERN_STEP);
    for (double k = first; n + 2 < PATTERN_KNOTS_MAX; k++) {
        double at = pattern->full + k * PATTERN_STEP;
        if (at >= end)
            break;
        x[n++] = at;
    }
    x[n++] = end;
    x[n++] = TW_MAX(end, 0) + MARGIN_END;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] == pattern->full ? 1.0 : twi_pattern_at(pattern, x[i]);
    return tw_curve_new(alloc, x, y, n, out, err);
}
