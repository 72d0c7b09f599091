// SPDX-License-Identifier: Apache-2.0
//
// The walk is the inner loop of every resample: one pass over the rows by descending risk, in which
// counts stand for weights. All sums are whole numbers, so a walk without counts gives what
// counting by hand gives, to the last bit.
//
// Poisson numbers come from 16 random bits each, compared with the distribution function: its error
// is under 1e-5 in each probability.
#include "resample.h"

#include <stdlib.h>

// --- rankings

static void add_stretch(twi_ranking *out, size_t end, bool has_fraud)
{
    twi_stretch *last = out->stretch_n ? &out->stretches_own[out->stretch_n - 1] : NULL;
    if (last && !last->has_fraud && !has_fraud)
        last->end = (uint32_t)end;
    else
        out->stretches_own[out->stretch_n++] = (twi_stretch){(uint32_t)end, has_fraud};
}

tw_status twi_ranking_make(const tw_alloc *alloc, const twi_sort_item *items, size_t n,
                           const uint8_t *fraud, const uint32_t *unit, size_t flagged_n,
                           twi_ranking *out)
{
    size_t fraud_n = 0;
    for (size_t i = 0; i < n; i++)
        fraud_n += fraud[i];
    *out = (twi_ranking){
        .alloc = alloc, .n = n, .flagged_n = flagged_n, .stretch_cap = 2 * fraud_n + 1};
    out->unit_own = tw_new_array(alloc, n + 1, sizeof(*out->unit_own));
    out->fraud_own = tw_new_array(alloc, n + 1, 1);
    out->stretches_own = tw_new_array(alloc, out->stretch_cap, sizeof(*out->stretches_own));
    if (!out->unit_own || !out->fraud_own || !out->stretches_own) {
        twi_ranking_release(out);
        return TW_NO_MEMORY;
    }
    for (size_t i = 0; i < n;) {
        bool has_fraud = false;
        size_t end = i;
        for (; end < n && items[end].key == items[i].key; end++) {
            out->unit_own[end] = unit[items[end].idx];
            out->fraud_own[end] = fraud[items[end].idx];
            has_fraud = has_fraud || fraud[items[end].idx];
        }
        add_stretch(out, end, has_fraud);
        i = end;
    }
    return TW_OK;
}

void twi_ranking_release(twi_ranking *ranking)
{
    const tw_alloc *alloc = ranking->alloc;
    size_t n = ranking->n;
    tw_free_array(alloc, ranking->unit_own, ranking->unit_own ? n + 1 : 0,
                  sizeof(*ranking->unit_own));
    tw_free_array(alloc, ranking->fraud_own, ranking->fraud_own ? n + 1 : 0, 1);
    tw_free_array(alloc, ranking->stretches_own, ranking->stretches_own ? ranking->stretch_cap : 0,
                  sizeof(*ranking->stretches_own));
    *ranking = (twi_ranking){.alloc = alloc};
}

// Rows [from, to) by their counts.
static uint64_t count_rows(const twi_ranking *ranking, const uint8_t *counts, size_t from,
                           size_t to)
{
    uint64_t all = 0;
    for (size_t i = from; i < to && counts; i++)
        all += counts[ranking->unit_own[i]];
    return counts ? all : to - from;
}

static uint64_t count_frauds(const twi_ranking *ranking, const uint8_t *counts, size_t from,
                             size_t to)
{
    uint64_t fraud = 0;
    for (size_t i = from; i < to; i++)
        if (ranking->fraud_own[i])
            fraud += counts ? counts[ranking->unit_own[i]] : 1;
    return fraud;
}

// Sums up to here: rows, those that are fraud, and the figures of the steps that are complete.
typedef struct sums {
    uint64_t all, fraud;
    uint64_t step_all, step_fraud; // at the end of the step before
    double ap, lost;               // pairs of a fraud and an honest row that are in the wrong order
    double needed[2];
} sums;

static void end_step(sums *s, const double targets[2])
{
    double in_step = (double)(s->all - s->step_all), true_n = (double)(s->fraud - s->step_fraud);
    double wrong_before = (double)(s->step_all - s->step_fraud);
    if (true_n > 0) {
        s->ap += true_n * ((double)s->fraud / (double)s->all);
        s->lost += true_n * (wrong_before + 0.5 * (in_step - true_n));
        for (size_t t = 0; t < 2; t++) {
            double missing = targets[t] - (double)s->step_fraud;
            if (missing > 0)
                s->needed[t] = (double)s->step_all + in_step * TW_MIN(1.0, missing / true_n);
        }
    }
    s->step_all = s->all;
    s->step_fraud = s->fraud;
}

void twi_ranking_walk(const twi_ranking *ranking, const uint8_t *counts, const double targets[2],
                      twi_walk *out)
{
    static const double no_targets[2] = {0, 0};
    sums s = {0};
    const double *goals = targets ? targets : no_targets;
    for (size_t k = 0, from = 0; k < ranking->stretch_n; k++) {
        const twi_stretch *stretch = &ranking->stretches_own[k];
        s.all += count_rows(ranking, counts, from, stretch->end);
        if (stretch->has_fraud)
            s.fraud += count_frauds(ranking, counts, from, stretch->end);
        end_step(&s, goals);
        from = stretch->end;
    }
    twi_ranking_flagged(ranking, counts, out);
    double positives = (double)s.fraud, negatives = (double)(s.all - s.fraud);
    out->positives = positives;
    out->negatives = negatives;
    out->ap = twi_ratio(s.ap, positives);
    out->auc = twi_ratio(positives * negatives - s.lost, positives * negatives);
    for (size_t t = 0; t < 2; t++)
        out->needed[t] = goals[t] > positives ? (double)s.all : s.needed[t];
}

void twi_ranking_flagged(const twi_ranking *ranking, const uint8_t *counts, twi_walk *out)
{
    uint64_t all = count_rows(ranking, counts, 0, ranking->flagged_n);
    uint64_t fraud = count_frauds(ranking, counts, 0, ranking->flagged_n);
    *out = (twi_walk){.flagged = (double)all, .flagged_true = (double)fraud};
}

// --- units

#define NONE UINT32_MAX

typedef struct numbering {
    uint32_t *of_own; // [n] unit by dense number, NONE = not met yet
    size_t n;
} numbering;

static uint32_t dense_max(const tw_eval_row *rows, size_t n, bool of_thieves)
{
    uint32_t top = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t number = of_thieves ? rows[i].thief : rows[i].entity[TW_EVAL_ACCOUNT];
        top = number != NONE ? TW_MAX(top, number) : top;
    }
    return top;
}

static bool numbering_make(const tw_alloc *alloc, size_t n, numbering *out)
{
    out->n = n;
    out->of_own = tw_new_array(alloc, n, sizeof(*out->of_own));
    for (size_t i = 0; out->of_own && i < n; i++)
        out->of_own[i] = NONE;
    return out->of_own != NULL;
}

tw_status twi_units_of(const tw_alloc *alloc, const tw_eval_row *rows, size_t n,
                       const twi_sort_item *items, bool has_entities, uint32_t *unit,
                       size_t *unit_n)
{
    numbering thieves = {0}, accounts = {0};
    bool has_room =
        numbering_make(alloc, (size_t)dense_max(rows, n, true) + 1, &thieves) &&
        numbering_make(alloc, has_entities ? (size_t)dense_max(rows, n, false) + 1 : 1, &accounts);
    uint32_t next = 0;
    for (size_t i = 0; has_room && i < n; i++) {
        const tw_eval_row *row = &rows[items[i].idx];
        uint32_t account = has_entities ? row->entity[TW_EVAL_ACCOUNT] : NONE, alone = NONE;
        uint32_t *at = row->fraud && row->thief != NONE ? &thieves.of_own[row->thief]
                       : account != NONE                ? &accounts.of_own[account]
                                                        : &alone;
        if (*at == NONE)
            *at = next++;
        unit[items[i].idx] = *at;
    }
    tw_free_array(alloc, thieves.of_own, thieves.of_own ? thieves.n : 0, sizeof(uint32_t));
    tw_free_array(alloc, accounts.of_own, accounts.of_own ? accounts.n : 0, sizeof(uint32_t));
    *unit_n = has_room ? next : 0;
    return has_room ? TW_OK : TW_NO_MEMORY;
}

// --- counts and intervals

#define BLOCK 1024
// Distribution function of Poisson(1) at 0..7, times 65536.
static const uint16_t poisson[] = {24109, 48219, 60273, 64292, 65296, 65497, 65531, 65535};

void twi_resample(tw_rng *rng, uint8_t *counts, size_t n)
{
    uint16_t lanes[BLOCK];
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t here = TW_MIN(n - done, (size_t)BLOCK);
        for (size_t i = 0; i < here; i += 4) {
            uint64_t bits = tw_rng_u64(rng);
            for (unsigned lane = 0; lane < 4; lane++)
                lanes[i + lane] = (uint16_t)(bits >> (16 * lane));
        }
        for (size_t i = 0; i < here; i++) {
            uint8_t count = 0;
            for (size_t k = 0; k < TW_COUNT(poisson); k++)
                count = (uint8_t)(count + (lanes[i] >= poisson[k]));
            counts[done + i] = count;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t low = (size_t)at, high = TW_MIN(low + 1, n - 1);
    return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

tw_eval_range twi_range_of(double *values, size_t n)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            values[m++] = values[i];
    if (m == 0 || 2 * m < n)
        return (tw_eval_range){(double)NAN, (double)NAN};
    qsort(values, m, sizeof(*values), by_value);
    return (tw_eval_range){quantile(values, m, 0.05), quantile(values, m, 0.95)};
}
