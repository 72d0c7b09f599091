// SPDX-License-Identifier: Apache-2.0
//
// Two scorings of the same rows. A contest is the same things ranked twice, before and after; both
// rankings number their units alike, so that one resample counts the same in both and differences
// have the narrow intervals that paired ones have.
#include "evaluate_internal.h"

enum { BEFORE, AFTER, SIDES };
enum { STREAM_ROWS, STREAM_WEEKS };
enum { DIFF_AP, DIFF_AUC, RATIO_BEFORE, RATIO_AFTER, FIGURES };

// Things to rank: rows, or entities in weeks.
typedef struct things {
    const tw_alloc *alloc;
    size_t n, cap, unit_n;
    float *risk_own[SIDES]; // [cap + 1]
    uint32_t *unit_own;
    uint8_t *fraud_own;
} things;

typedef struct contest {
    const tw_alloc *alloc;
    size_t unit_n, resamples_n;
    twi_ranking side[SIDES];
    uint8_t *counts_own; // [unit_n + 1]
    double *values_own;  // [FIGURES][resamples_n]
} contest;

static void release_things(things *t)
{
    for (int s = 0; s < SIDES; s++)
        tw_free_array(t->alloc, t->risk_own[s], t->risk_own[s] ? t->cap + 1 : 0, sizeof(float));
    tw_free_array(t->alloc, t->unit_own, t->unit_own ? t->cap + 1 : 0, sizeof(uint32_t));
    tw_free_array(t->alloc, t->fraud_own, t->fraud_own ? t->cap + 1 : 0, 1);
}

static tw_status new_things(const tw_alloc *alloc, size_t cap, things *out)
{
    *out = (things){.alloc = alloc, .cap = cap};
    for (int s = 0; s < SIDES; s++)
        out->risk_own[s] = tw_new_array(alloc, cap + 1, sizeof(float));
    out->unit_own = tw_new_array(alloc, cap + 1, sizeof(uint32_t));
    out->fraud_own = tw_new_array(alloc, cap + 1, 1);
    bool has_room =
        out->risk_own[BEFORE] && out->risk_own[AFTER] && out->unit_own && out->fraud_own;
    return has_room ? TW_OK : TW_NO_MEMORY;
}

// --- contests

static void order_by(const float *risk, size_t n, twi_order *order)
{
    order->n = n;
    for (size_t i = 0; i < n; i++)
        order->items_own[i] = (twi_sort_item){~twi_sort_float(risk[i]), (uint32_t)i};
    twi_sort_items(order->items_own, order->work_own, n);
}

static tw_status new_contest(const things *t, double threshold, size_t resamples_n,
                             twi_order *order, contest *out)
{
    const tw_alloc *alloc = t->alloc;
    *out = (contest){.alloc = alloc,
                     .unit_n = t->unit_n,
                     .resamples_n = resamples_n,
                     .side = {{.alloc = alloc}, {.alloc = alloc}}};
    out->counts_own = tw_new_array(alloc, t->unit_n + 1, 1);
    out->values_own = tw_new_array(alloc, FIGURES * resamples_n + 1, sizeof(double));
    if (!out->counts_own || !out->values_own)
        return TW_NO_MEMORY;
    for (int s = 0; s < SIDES; s++) {
        size_t flagged_n = 0;
        for (size_t i = 0; i < t->n; i++)
            flagged_n += (double)t->risk_own[s][i] >= threshold;
        order_by(t->risk_own[s], t->n, order);
        TW_TRY(twi_ranking_make(alloc, order->items_own, t->n, t->fraud_own, t->unit_own, flagged_n,
                                &out->side[s]));
    }
    return TW_OK;
}

static void release_contest(contest *c)
{
    for (int s = 0; s < SIDES; s++)
        twi_ranking_release(&c->side[s]);
    tw_free_array(c->alloc, c->counts_own, c->counts_own ? c->unit_n + 1 : 0, 1);
    tw_free_array(c->alloc, c->values_own, c->values_own ? FIGURES * c->resamples_n + 1 : 0,
                  sizeof(double));
}

// Each side walked to the frauds that either has at the threshold.
static void walk_both(const contest *c, const uint8_t *counts, twi_walk walk[SIDES])
{
    double targets[SIDES];
    for (int s = 0; s < SIDES; s++) {
        twi_ranking_flagged(&c->side[s], counts, &walk[s]);
        targets[s] = walk[s].flagged_true;
    }
    for (int s = 0; s < SIDES; s++)
        twi_ranking_walk(&c->side[s], counts, targets, &walk[s]);
}

// Both at the recall that one has at the threshold. What that one flags below its last fraud does
// not count: the other has no threshold to be measured by, and would seem better for it.
static tw_eval_versus versus_of(const twi_walk walk[SIDES], int point)
{
    double found = walk[point].flagged_true;
    tw_eval_versus v = {.recall = twi_ratio(found, walk[point].positives),
                        .flagged_before = walk[BEFORE].needed[point],
                        .flagged_after = walk[AFTER].needed[point],
                        .false_before = walk[BEFORE].needed[point] - found,
                        .false_after = walk[AFTER].needed[point] - found};
    v.false_ratio = found > 0 ? twi_ratio(v.false_after, v.false_before) : (double)NAN;
    return v;
}

// Fills values_own; gives the share of resamples in which AP is higher after than before.
static double resample(const contest *c, tw_rng *rng)
{
    double better = 0, defined = 0;
    double *values = c->values_own;
    for (size_t r = 0; r < c->resamples_n; r++, values++) {
        twi_walk walk[SIDES];
        twi_resample(rng, c->counts_own, c->unit_n);
        walk_both(c, c->counts_own, walk);
        double difference = walk[AFTER].ap - walk[BEFORE].ap;
        values[DIFF_AP * c->resamples_n] = difference;
        values[DIFF_AUC * c->resamples_n] = walk[AFTER].auc - walk[BEFORE].auc;
        values[RATIO_BEFORE * c->resamples_n] = versus_of(walk, BEFORE).false_ratio;
        values[RATIO_AFTER * c->resamples_n] = versus_of(walk, AFTER).false_ratio;
        defined += !isnan(difference);
        better += difference > 0;
    }
    return twi_ratio(better, defined);
}

static tw_eval_range range_at(const contest *c, size_t figure)
{
    return twi_range_of(c->values_own + figure * c->resamples_n, c->resamples_n);
}

static void versus_figures(const contest *c, const twi_walk walk[SIDES], tw_eval_versus out[SIDES])
{
    for (int s = 0; s < SIDES; s++) {
        out[s] = versus_of(walk, s);
        out[s].false_ratio_range = range_at(c, s == BEFORE ? RATIO_BEFORE : RATIO_AFTER);
    }
}

// --- rows

static tw_status compare_rows(const tw_alloc *alloc, const tw_eval_compare_input *input,
                              twi_order *order, tw_eval_comparison *out)
{
    things t;
    contest c = {.alloc = alloc};
    tw_rng rng;
    twi_walk walk[SIDES];
    tw_status status = new_things(alloc, input->n, &t);
    if (status == TW_OK) {
        t.n = input->n;
        for (size_t i = 0; i < input->n; i++) {
            t.risk_own[BEFORE][i] = input->before[i];
            t.risk_own[AFTER][i] = input->rows[i].risk;
            t.fraud_own[i] = input->rows[i].fraud;
        }
        order_by(t.risk_own[AFTER], t.n, order);
        status = twi_units_of(alloc, input->rows, input->n, order->items_own, true, t.unit_own,
                              &t.unit_n);
    }
    if (status == TW_OK)
        status = new_contest(&t, input->threshold, input->resamples_n, order, &c);
    if (status == TW_OK) {
        walk_both(&c, NULL, walk);
        tw_rng_init(&rng, input->seed, STREAM_ROWS);
        out->ap_difference = walk[AFTER].ap - walk[BEFORE].ap;
        out->auc_difference = walk[AFTER].auc - walk[BEFORE].auc;
        out->share_better = resample(&c, &rng);
        out->ap_difference_range = range_at(&c, DIFF_AP);
        out->auc_difference_range = range_at(&c, DIFF_AUC);
        versus_figures(&c, walk, out->rows);
    }
    release_contest(&c);
    release_things(&t);
    return status;
}

// --- entities in weeks

static uint32_t week_of(int32_t day)
{
    int64_t monday_based = (int64_t)day + 3; // 1970-01-01 was a Thursday
    int64_t week = (monday_based - (monday_based < 0 ? 6 : 0)) / 7;
    return (uint32_t)(week + INT64_C(0x80000000));
}

// Rows of known entity by entity and week, folded; units are the entities.
static void fold_weeks(const tw_eval_compare_input *input, twi_order *order, things *out)
{
    order->n = 0;
    for (size_t i = 0; i < input->n; i++) {
        const tw_eval_row *row = &input->rows[i];
        uint32_t entity = row->entity[input->kind];
        if (entity != UINT32_MAX)
            order->items_own[order->n++] =
                (twi_sort_item){(uint64_t)entity << 32 | week_of(row->day), (uint32_t)i};
    }
    twi_sort_items(order->items_own, order->work_own, order->n);
    for (size_t i = 0; i < order->n; i++) {
        const twi_sort_item *items = order->items_own;
        uint32_t row = items[i].idx;
        if (i == 0 || items[i].key != items[i - 1].key) {
            out->unit_n += i == 0 || items[i].key >> 32 != items[i - 1].key >> 32;
            out->unit_own[out->n] = (uint32_t)out->unit_n - 1;
            out->risk_own[BEFORE][out->n] = input->before[row];
            out->risk_own[AFTER][out->n] = input->rows[row].risk;
            out->n++;
        }
        size_t at = out->n - 1;
        out->risk_own[BEFORE][at] = TW_MAX(out->risk_own[BEFORE][at], input->before[row]);
        out->risk_own[AFTER][at] = TW_MAX(out->risk_own[AFTER][at], input->rows[row].risk);
        out->fraud_own[at] |= input->rows[row].fraud;
    }
}

static tw_status compare_weeks(const tw_alloc *alloc, const tw_eval_compare_input *input,
                               twi_order *order, tw_eval_comparison *out)
{
    things t;
    contest c = {.alloc = alloc};
    tw_rng rng;
    twi_walk walk[SIDES];
    tw_status status = new_things(alloc, input->n, &t);
    if (status == TW_OK) {
        fold_weeks(input, order, &t);
        status = new_contest(&t, input->threshold, input->resamples_n, order, &c);
    }
    if (status == TW_OK) {
        walk_both(&c, NULL, walk);
        tw_rng_init(&rng, input->seed, STREAM_WEEKS);
        (void)resample(&c, &rng);
        versus_figures(&c, walk, out->entity_weeks);
        out->entity_week_n = t.n;
        out->entity_week_fraud_n = (uint64_t)walk[AFTER].positives;
    }
    release_contest(&c);
    release_things(&t);
    return status;
}

// --- all

tw_status tw_eval_compare(const tw_alloc *alloc, const tw_eval_compare_input *input,
                          tw_eval_comparison *out)
{
    twi_order order;
    *out = (tw_eval_comparison){0};
    for (size_t i = 0; i < input->n; i++)
        if (isnan(input->before[i]) || isnan(input->rows[i].risk) || input->rows[i].fraud > 1)
            return TW_INVALID;
    tw_status status = twi_order_new(alloc, input->n, &order);
    if (status == TW_OK)
        status = compare_rows(alloc, input, &order, out);
    if (status == TW_OK)
        status = compare_weeks(alloc, input, &order, out);
    twi_order_free(&order);
    if (status != TW_OK)
        *out = (tw_eval_comparison){0};
    return status;
}
