// SPDX-License-Identifier: Apache-2.0
//
// Figures of the ranking, and the interval of every headline figure. Three things are resampled,
// each with counts of its own: units of rows, entities of alerts, thieves.
#include "evaluate_internal.h"

#define NONE UINT32_MAX

// Streams of random numbers.
enum { STREAM_ROWS, STREAM_ALERTS, STREAM_THIEVES };

// A fraud, for figures that only frauds enter.
typedef struct fraud_row {
    uint32_t unit;
    bool is_flagged, is_covered;
    double amount;
} fraud_row;

// --- rows

typedef struct row_work {
    const tw_alloc *alloc;
    size_t n, fraud_n, unit_n, resamples_n;
    uint32_t *unit_own;    // [n + 1]
    uint8_t *fraud_own;    // [n + 1]
    uint8_t *counts_own;   // [n + 1], unit_n are used
    fraud_row *frauds_own; // [fraud_n + 1]
    double *values_own;    // [figures][resamples_n]
    twi_ranking ranking;
} row_work;

enum { ROW_AP, ROW_AUC, ROW_PRECISION, ROW_RECALL, ROW_MONEY, ROW_COVERED, ROW_FIGURES };

static void release_rows(row_work *w)
{
    const tw_alloc *alloc = w->alloc;
    tw_free_array(alloc, w->unit_own, w->unit_own ? w->n + 1 : 0, sizeof(uint32_t));
    tw_free_array(alloc, w->fraud_own, w->fraud_own ? w->n + 1 : 0, 1);
    tw_free_array(alloc, w->counts_own, w->counts_own ? w->n + 1 : 0, 1);
    tw_free_array(alloc, w->frauds_own, w->frauds_own ? w->fraud_n + 1 : 0, sizeof(fraud_row));
    tw_free_array(alloc, w->values_own, w->values_own ? ROW_FIGURES * w->resamples_n + 1 : 0,
                  sizeof(double));
    twi_ranking_release(&w->ranking);
}

static tw_status new_rows(const tw_alloc *alloc, const tw_eval_input *input, const twi_order *order,
                          const tw_eval *figures, row_work *out)
{
    *out = (row_work){.alloc = alloc,
                      .n = input->n,
                      .fraud_n = (size_t)figures->positive_n,
                      .resamples_n = input->resamples_n,
                      .ranking = {.alloc = alloc}};
    out->unit_own = tw_new_array(alloc, out->n + 1, sizeof(uint32_t));
    out->fraud_own = tw_new_array(alloc, out->n + 1, 1);
    out->counts_own = tw_new_array(alloc, out->n + 1, 1);
    out->frauds_own = tw_new_array(alloc, out->fraud_n + 1, sizeof(fraud_row));
    out->values_own = tw_new_array(alloc, ROW_FIGURES * out->resamples_n + 1, sizeof(double));
    if (!out->unit_own || !out->fraud_own || !out->counts_own || !out->frauds_own ||
        !out->values_own)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < out->n; i++)
        out->fraud_own[i] = input->rows[i].fraud;
    TW_TRY(twi_units_of(alloc, input->rows, out->n, order->items_own, input->has_entities,
                        out->unit_own, &out->unit_n));
    return twi_ranking_make(alloc, order->items_own, out->n, out->fraud_own, out->unit_own,
                            (size_t)figures->flagged_n, &out->ranking);
}

static void collect_frauds(const tw_eval_input *input, const uint32_t *first_alert, row_work *w)
{
    size_t m = 0;
    for (size_t i = 0; i < input->n; i++)
        if (input->rows[i].fraud)
            w->frauds_own[m++] =
                (fraud_row){w->unit_own[i], (double)input->rows[i].risk >= input->threshold,
                            first_alert[i] != NONE, input->rows[i].amount};
}

// One resample; values are those of ROW_*, each resamples_n apart.
static void row_figures(const row_work *w, double *values)
{
    twi_walk walk;
    double all = 0, flagged = 0, covered = 0, money = 0, caught = 0;
    twi_ranking_walk(&w->ranking, w->counts_own, NULL, &walk);
    for (size_t i = 0; i < w->fraud_n; i++) {
        const fraud_row *f = &w->frauds_own[i];
        double count = w->counts_own[f->unit];
        all += count;
        flagged += f->is_flagged ? count : 0;
        covered += f->is_covered ? count : 0;
        money += count * f->amount;
        caught += f->is_flagged ? count * f->amount : 0;
    }
    values[ROW_AP * w->resamples_n] = walk.ap;
    values[ROW_AUC * w->resamples_n] = walk.auc;
    values[ROW_PRECISION * w->resamples_n] = twi_ratio(walk.flagged_true, walk.flagged);
    values[ROW_RECALL * w->resamples_n] = twi_ratio(flagged, all);
    values[ROW_MONEY * w->resamples_n] = twi_ratio(caught, money);
    values[ROW_COVERED * w->resamples_n] = twi_ratio(covered, all);
}

static void row_ranges(const tw_eval_input *input, const row_work *w, tw_eval_ranges *out)
{
    tw_eval_range *const ranges[ROW_FIGURES] = {[ROW_AP] = &out->ap,
                                                [ROW_AUC] = &out->auc,
                                                [ROW_PRECISION] = &out->precision,
                                                [ROW_RECALL] = &out->recall,
                                                [ROW_MONEY] = &out->money_recall,
                                                [ROW_COVERED] = &out->alert_recall};
    tw_rng rng;
    tw_rng_init(&rng, input->seed, STREAM_ROWS);
    for (size_t r = 0; r < w->resamples_n; r++) {
        twi_resample(&rng, w->counts_own, w->unit_n);
        row_figures(w, w->values_own + r);
    }
    for (size_t f = 0; f < ROW_FIGURES; f++)
        *ranges[f] = twi_range_of(w->values_own + f * w->resamples_n, w->resamples_n);
}

// --- alerts and thieves

// Things of two kinds, good and other, each of a unit.
typedef struct marked {
    const tw_alloc *alloc;
    size_t n, cap, unit_n, count_n, resamples_n;
    uint32_t *unit_own;            // [cap + 1]
    uint8_t *good_own;             // [cap + 1]
    uint8_t *counts_own;           // [count_n + 1]
    double *share_own, *other_own; // [resamples_n + 1]
} marked;

static void release_marked(marked *m)
{
    size_t r = m->resamples_n + 1;
    tw_free_array(m->alloc, m->unit_own, m->unit_own ? m->cap + 1 : 0, sizeof(uint32_t));
    tw_free_array(m->alloc, m->good_own, m->good_own ? m->cap + 1 : 0, 1);
    tw_free_array(m->alloc, m->counts_own, m->counts_own ? m->count_n + 1 : 0, 1);
    tw_free_array(m->alloc, m->share_own, m->share_own ? r : 0, sizeof(double));
    tw_free_array(m->alloc, m->other_own, m->other_own ? r : 0, sizeof(double));
}

static tw_status new_marked(const tw_alloc *alloc, size_t n, size_t unit_n, size_t resamples_n,
                            marked *out)
{
    *out = (marked){.alloc = alloc,
                    .n = n,
                    .cap = n,
                    .unit_n = unit_n,
                    .count_n = unit_n,
                    .resamples_n = resamples_n};
    out->unit_own = tw_new_array(alloc, n + 1, sizeof(uint32_t));
    out->good_own = tw_new_array(alloc, n + 1, 1);
    out->counts_own = tw_new_array(alloc, unit_n + 1, 1);
    out->share_own = tw_new_array(alloc, resamples_n + 1, sizeof(double));
    out->other_own = tw_new_array(alloc, resamples_n + 1, sizeof(double));
    bool has_room =
        out->unit_own && out->good_own && out->counts_own && out->share_own && out->other_own;
    return has_room ? TW_OK : TW_NO_MEMORY;
}

// Intervals of the share of good ones, and of the number of others.
static void marked_ranges(const marked *m, tw_rng *rng, tw_eval_range *share, tw_eval_range *other)
{
    for (size_t r = 0; r < m->resamples_n; r++) {
        double all = 0, good = 0;
        twi_resample(rng, m->counts_own, m->unit_n);
        for (size_t i = 0; i < m->n; i++) {
            double count = m->counts_own[m->unit_own[i]];
            all += count;
            good += m->good_own[i] ? count : 0;
        }
        m->share_own[r] = twi_ratio(good, all);
        m->other_own[r] = all - good;
    }
    *share = twi_range_of(m->share_own, m->resamples_n);
    *other = twi_range_of(m->other_own, m->resamples_n);
}

static size_t alert_units(const tw_eval_input *input)
{
    size_t top = input->alert_n;
    for (size_t i = 0; input->has_entities && i < input->alert_n; i++)
        top = input->alerts[i].entity == NONE
                  ? top
                  : TW_MAX(top, input->alert_n + (size_t)input->alerts[i].entity + 1);
    return top;
}

static tw_status alert_ranges(const tw_alloc *alloc, const tw_eval_input *input, tw_eval *out)
{
    marked m;
    tw_rng rng;
    tw_eval_range wrong;
    tw_status status =
        new_marked(alloc, input->alert_n, alert_units(input), input->resamples_n, &m);
    if (status == TW_OK) {
        // Alerts of unknown entity are units by their own number, entities come after them.
        for (size_t i = 0; i < m.n; i++) {
            uint32_t entity = input->has_entities ? input->alerts[i].entity : NONE;
            m.unit_own[i] = (uint32_t)(entity == NONE ? i : m.n + entity);
        }
        for (size_t i = 0; i < input->member_n; i++)
            m.good_own[input->members[i].alert] |= input->rows[input->members[i].row].fraud;
        tw_rng_init(&rng, input->seed, STREAM_ALERTS);
        marked_ranges(&m, &rng, &out->ranges.alert_precision_any, &wrong);
        double weeks = (double)out->day_n / 7;
        if (m.n > 0 && weeks > 0)
            out->ranges.false_alerts_week = (tw_eval_range){wrong.low / weeks, wrong.high / weeks};
    }
    release_marked(&m);
    return status;
}

// Which dense numbers are thieves, and who of them has an alert.
static void mark_thieves(const tw_eval_input *input, const uint32_t *first_alert, marked *m)
{
    size_t met = 0;
    for (size_t i = 0; i < m->cap; i++)
        m->unit_own[i] = NONE;
    for (size_t i = 0; i < input->n; i++) {
        const tw_eval_row *row = &input->rows[i];
        if (!row->fraud || row->thief == NONE)
            continue;
        m->unit_own[row->thief] = row->thief;
        m->good_own[row->thief] |= first_alert[i] != NONE;
    }
    for (size_t i = 0; i < m->cap; i++)
        if (m->unit_own[i] != NONE) {
            m->unit_own[met] = (uint32_t)met;
            m->good_own[met++] = m->good_own[i];
        }
    m->n = m->unit_n = met;
}

static tw_status thief_ranges(const tw_alloc *alloc, const tw_eval_input *input,
                              const uint32_t *first_alert, tw_eval *out)
{
    marked m;
    tw_rng rng;
    tw_eval_range missed;
    uint32_t top = 0;
    for (size_t i = 0; i < input->n; i++)
        if (input->rows[i].fraud && input->rows[i].thief != NONE)
            top = TW_MAX(top, input->rows[i].thief);
    tw_status status = new_marked(alloc, (size_t)top + 1, (size_t)top + 1, input->resamples_n, &m);
    if (status == TW_OK) {
        mark_thieves(input, first_alert, &m);
        tw_rng_init(&rng, input->seed, STREAM_THIEVES);
        marked_ranges(&m, &rng, &out->ranges.thief_recall, &missed);
    }
    release_marked(&m);
    return status;
}

// --- all

static void clear(tw_eval_ranges *out)
{
    const tw_eval_range none = {(double)NAN, (double)NAN};
    *out = (tw_eval_ranges){none, none, none, none, none, none, none, none, none};
}

tw_status twi_ranked_figures(const tw_alloc *alloc, const tw_eval_input *input,
                             const twi_order *order, const uint32_t *first_alert, tw_eval *out)
{
    row_work rows;
    twi_walk walk;
    clear(&out->ranges);
    tw_status status = new_rows(alloc, input, order, out, &rows);
    if (status == TW_OK) {
        twi_ranking_walk(&rows.ranking, NULL, NULL, &walk);
        out->ap = walk.ap;
        out->auc = walk.auc;
    }
    if (status == TW_OK && input->resamples_n > 0) {
        collect_frauds(input, first_alert, &rows);
        row_ranges(input, &rows, &out->ranges);
    }
    release_rows(&rows);
    if (status == TW_OK && input->resamples_n > 0)
        status = alert_ranges(alloc, input, out);
    if (status == TW_OK && input->resamples_n > 0)
        status = thief_ranges(alloc, input, first_alert, out);
    return status;
}
