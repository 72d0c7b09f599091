// SPDX-License-Identifier: Apache-2.0
//
// Drift: bins of the training rows, and how the rows of now fall into them. drift.h defines the
// bins. Edges are chosen greedily: a bin closes as soon as it holds its share of what is left, and
// before a value that would fill a bin alone, so that a feature that is nearly always 0 still has
// bins for the rest.
//
// PSI is taken over the ten bins and missing, each share smoothed by half a row. Bins that are
// empty on both sides take no part.
#include "learn/drift.h"

#include <float.h>
#include <math.h>

#include "sort.h"

#define QUARTERS 4
#define EDGES (TW_DRIFT_BINS - 1)
#define BETWEEN (TW_DRIFT_BINS - 2) // bins between the lowest and the highest value
#define ROWS_MAX ((size_t)65536)    // more tell nothing new: they add 1e-4 to the PSI of chance

// One column of the rows.
typedef struct column {
    const float *x;
    size_t stride, n;
    const float *weight; // NULL = 1
} column;

static float value_at(const column *c, size_t i)
{
    return c->x[i * c->stride];
}

static double weight_at(const column *c, size_t i)
{
    return c->weight ? (double)c->weight[i] : 1.0;
}

static size_t bin_of(const tw_drift_bins *bins, float x)
{
    size_t bin = 1;
    for (size_t e = 1; e < EDGES; e++)
        bin += x > bins->edges[e];
    return x < bins->edges[0] ? 0 : bin;
}

// --- edges

// Room for the rows that are used.
typedef struct workspace {
    const tw_alloc *alloc;
    size_t n;
    float *x_own, *weight_own;           // [n], one column, and the weights
    twi_sort_item *items_own, *work_own; // [n]
} workspace;

static void workspace_free(workspace *w)
{
    tw_free_array(w->alloc, w->x_own, w->x_own ? w->n : 0, sizeof(float));
    tw_free_array(w->alloc, w->weight_own, w->weight_own ? w->n : 0, sizeof(float));
    tw_free_array(w->alloc, w->items_own, w->items_own ? w->n : 0, sizeof(twi_sort_item));
    tw_free_array(w->alloc, w->work_own, w->work_own ? w->n : 0, sizeof(twi_sort_item));
}

static bool workspace_new(const tw_alloc *alloc, size_t n, workspace *out)
{
    *out = (workspace){.alloc = alloc, .n = n};
    out->x_own = tw_new_array(alloc, n, sizeof(float));
    out->weight_own = tw_new_array(alloc, n, sizeof(float));
    out->items_own = tw_new_array(alloc, n, sizeof(twi_sort_item));
    out->work_own = tw_new_array(alloc, n, sizeof(twi_sort_item));
    return out->x_own && out->weight_own && out->items_own && out->work_own;
}

// Evenly spaced ones of all_n values.
static void gather(const float *values, size_t stride, size_t all_n, size_t n, float *out)
{
    double step = (double)all_n / (double)n;
    for (size_t i = 0; i < n; i++)
        out[i] = values[(n == all_n ? i : (size_t)((double)i * step)) * stride];
}

// Rows with a value, ascending; their number.
static size_t sort_column(const column *c, workspace *w)
{
    size_t m = 0;
    for (size_t i = 0; i < c->n; i++) {
        float x = value_at(c, i);
        if (isfinite(x))
            w->items_own[m++] = (twi_sort_item){twi_sort_float(x), (uint32_t)i};
    }
    twi_sort_items(w->items_own, w->work_own, m);
    return m;
}

// Edges of the bins between: a greedy walk over distinct values, ascending.
static void choose_edges(const column *c, const twi_sort_item *sorted, size_t m, float *edges)
{
    double left = 0, in_bin = 0;
    size_t bins_left = BETWEEN, e = 0;
    float last = value_at(c, sorted[0].idx);
    for (size_t i = 0; i < m; i++)
        left += weight_at(c, sorted[i].idx);
    edges[e++] = last;
    for (size_t i = 0; i < m;) {
        double weight = 0;
        size_t end = i;
        for (; end < m && sorted[end].key == sorted[i].key; end++)
            weight += weight_at(c, sorted[end].idx);
        double share = left / (double)bins_left;
        if (in_bin > 0 && weight >= share && bins_left > 1) {
            edges[e++] = last;
            bins_left--;
            left -= in_bin;
            in_bin = 0;
            share = left / (double)bins_left;
        }
        last = value_at(c, sorted[i].idx);
        in_bin += weight;
        if (in_bin >= share && bins_left > 1) {
            edges[e++] = last;
            bins_left--;
            left -= in_bin;
            in_bin = 0;
        }
        i = end;
    }
    while (e < EDGES)
        edges[e++] = last;
}

// --- shares

#define CELLS (TW_DRIFT_BINS + 1) // the bins, and missing

// Sums of the weights of rows [from, to) by cell, missing last; gives the sum of all.
static double fill(const column *c, size_t from, size_t to, const tw_drift_bins *bins,
                   double sums[CELLS])
{
    double all = 0;
    for (size_t b = 0; b < CELLS; b++)
        sums[b] = 0;
    for (size_t i = from; i < to; i++) {
        float x = value_at(c, i);
        double weight = weight_at(c, i);
        sums[isfinite(x) ? bin_of(bins, x) : TW_DRIFT_BINS] += weight;
        all += weight;
    }
    return all;
}

// Of rows by cell, n and m in all.
static double psi_of(const double now[CELLS], double n, const double then[CELLS], double m)
{
    double psi = 0, filled = 0;
    for (size_t b = 0; b < CELLS; b++)
        filled += now[b] > 0 || then[b] > 0;
    for (size_t b = 0; b < CELLS; b++) {
        if (!(now[b] > 0 || then[b] > 0))
            continue;
        double a = (now[b] + 0.5) / (n + 0.5 * filled);
        double e = (then[b] + 0.5) / (m + 0.5 * filled);
        psi += (a - e) * log(a / e);
    }
    return psi;
}

// --- the reference

// How much the input moved within the training rows: each quarter of them against the others.
static void usual_moves(const column *c, double weight_mean, const double sums[CELLS], double all,
                        tw_drift_bins *out)
{
    for (size_t q = 0; q < QUARTERS; q++) {
        double part[CELLS], others[CELLS];
        double part_all = fill(c, c->n * q / QUARTERS, c->n * (q + 1) / QUARTERS, out, part);
        double others_all = all - part_all;
        if (!(part_all > 0) || !(others_all > 0))
            continue;
        double missing = fabs(part[TW_DRIFT_BINS] / part_all -
                              (sums[TW_DRIFT_BINS] - part[TW_DRIFT_BINS]) / others_all);
        for (size_t b = 0; b < CELLS; b++) {
            others[b] = TW_MAX(0.0, sums[b] - part[b]) / weight_mean;
            part[b] /= weight_mean;
        }
        double psi = psi_of(part, part_all / weight_mean, others, others_all / weight_mean);
        out->usual_psi = TW_MAX(out->usual_psi, (float)psi);
        out->usual_missing = TW_MAX(out->usual_missing, (float)missing);
    }
}

// Of values[all_n], each stride apart; the weights are in the workspace.
static void make_bins(const float *values, size_t stride, size_t all_n, workspace *w,
                      tw_drift_bins *out)
{
    double sums[CELLS];
    const column c = {w->x_own, 1, w->n, w->weight_own};
    gather(values, stride, all_n, w->n, w->x_own);
    size_t m = sort_column(&c, w);
    *out = (tw_drift_bins){.missing = 1};
    if (m > 0)
        choose_edges(&c, w->items_own, m, out->edges);
    double all = fill(&c, 0, c.n, out, sums), present = all - sums[TW_DRIFT_BINS];
    out->missing = (float)(sums[TW_DRIFT_BINS] / all);
    for (size_t b = 0; b < TW_DRIFT_BINS && m > 0; b++)
        out->share[b] = (float)(sums[b] / present);
    usual_moves(&c, all / (double)c.n, sums, all, out);
}

static bool is_weighting(const float *weight, size_t n)
{
    for (size_t i = 0; weight && i < n; i++)
        if (!(weight[i] > 0) || !isfinite(weight[i]))
            return false;
    return true;
}

tw_status tw_drift_reference_make(const tw_alloc *alloc, const float *x, size_t stride,
                                  const float *weight, const float *risk, size_t n,
                                  double transactions_per_day, tw_drift_reference *out, tw_err *err)
{
    size_t rows = TW_MIN(n, ROWS_MAX);
    *out = (tw_drift_reference){.rows_n = rows, .transactions_per_day = transactions_per_day};
    if (n == 0 || stride < TW_INPUT_N || !is_weighting(weight, n) || !(transactions_per_day >= 0) ||
        !isfinite(transactions_per_day)) {
        *out = (tw_drift_reference){0};
        return tw_fail(err, TW_INVALID, "a drift reference needs rows with weights above 0");
    }
    workspace w;
    bool has_room = workspace_new(alloc, rows, &w);
    for (size_t i = 0; has_room && i < rows; i++)
        w.weight_own[i] = 1;
    if (has_room && weight)
        gather(weight, 1, n, rows, w.weight_own);
    for (size_t f = 0; has_room && f < TW_INPUT_N; f++)
        make_bins(x + f, stride, n, &w, &out->inputs[f]);
    if (has_room)
        make_bins(risk, 1, n, &w, &out->risk);
    workspace_free(&w);
    if (has_room)
        return TW_OK;
    *out = (tw_drift_reference){0};
    return tw_fail(err, TW_NO_MEMORY, "no memory for the drift reference");
}

// --- now against then

static void compare(const column *c, const tw_drift_bins *then, uint64_t reference_n,
                    tw_drift_input *out)
{
    double sums[CELLS], expected[CELLS], m = (double)reference_n;
    double n = fill(c, 0, c->n, then, sums), present = n - sums[TW_DRIFT_BINS];
    for (size_t b = 0; b < TW_DRIFT_BINS; b++)
        expected[b] = (double)then->share[b] * (1 - (double)then->missing) * m;
    expected[TW_DRIFT_BINS] = (double)then->missing * m;
    *out = (tw_drift_input){.psi = psi_of(sums, n, expected, m),
                            .usual_psi = (double)then->usual_psi,
                            .missing = sums[TW_DRIFT_BINS] / n,
                            .missing_reference = (double)then->missing,
                            .usual_missing = (double)then->usual_missing};
    for (size_t b = 0; b < TW_DRIFT_BINS && present > 0; b++)
        out->shares[b] = sums[b] / present;
}

// Rows without a risk take no part: they are no news of this model's.
static void compare_risk(const column *c, const tw_drift_reference *reference, tw_drift *out)
{
    double sums[CELLS], expected[CELLS] = {0}, m = (double)reference->rows_n;
    const tw_drift_bins *then = &reference->risk;
    double n = fill(c, 0, c->n, then, sums), present = n - sums[TW_DRIFT_BINS];
    compare(c, then, reference->rows_n, &out->risk);
    out->risk_rows_n = (uint64_t)present;
    sums[TW_DRIFT_BINS] = 0;
    m *= 1 - (double)then->missing;
    for (size_t b = 0; b < TW_DRIFT_BINS; b++)
        expected[b] = (double)then->share[b] * m;
    out->risk.psi = present > 0 && m > 0 ? psi_of(sums, present, expected, m) : (double)NAN;
}

tw_status tw_drift_measure(const tw_drift_reference *reference, const float *x, size_t stride,
                           const float *risk, size_t n, double transactions_per_day, tw_drift *out,
                           tw_err *err)
{
    *out = (tw_drift){0};
    if (n == 0 || stride < TW_INPUT_N || reference->rows_n == 0 || !(transactions_per_day >= 0) ||
        !isfinite(transactions_per_day))
        return tw_fail(err, TW_INVALID, "drift needs rows of now and of the training");
    out->rows_n = n;
    out->reference_n = reference->rows_n;
    out->transactions_per_day = transactions_per_day;
    out->volume_ratio = reference->transactions_per_day > 0
                            ? transactions_per_day / reference->transactions_per_day
                            : (double)NAN;
    for (size_t f = 0; f < TW_INPUT_N; f++) {
        const column c = {x + f, stride, n, NULL};
        compare(&c, &reference->inputs[f], reference->rows_n, &out->inputs[f]);
    }
    const column c = {risk, 1, n, NULL};
    compare_risk(&c, reference, out);
    return TW_OK;
}
