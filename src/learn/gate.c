// SPDX-License-Identifier: Apache-2.0
//
// The promotion gate: a paired bootstrap over entities. Rows are put in the order of each model's
// risk once; a resample only changes how often each row counts, so it costs one pass over either
// order. Equal risks are one step: no credit for the order of rows.
#include "learn/gate.h"

#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "base/time.h"
#include "sort.h"

// A scheme is looked at from this many right rows on.
#define SCHEME_ROWS_MIN 5
// At least this many right rows must be lost: a fall of one row in five is no finding.
#define ROWS_LOST 2.0
#define INTERVAL_TAIL 0.05
#define RESAMPLES 1000
// One id behind more than this share of many rows is no person: then each row counts alone.
#define ENTITY_SHARE_MAX 0.2
#define ENTITY_ROWS_MIN 100
#define RESAMPLES_MAX 10000

typedef enum side { CHAMPION, CHALLENGER, SIDE_N } side;

typedef struct work {
    const tw_alloc *alloc;
    const tw_gate_row *rows;
    size_t n, entity_n;
    twi_sort_item *items_own, *spare_own; // [n]
    uint32_t *order_own[SIDE_N];          // [n], highest risk first
    uint32_t *entity_own;                 // [n], dense
    uint32_t *times_own;                  // [entity_n], how often a resample drew it
    float *flagged_own[SIDE_N];           // [n], expected share of a row that the budget flags
    double *values_own[SIDE_N + 1];       // [resamples], of AP, and of the difference
    double *precisions_own[SIDE_N];       // [resamples]
    size_t resample_cap, value_n;
} work;

// What one order gives with the rows counted as a resample drew them.
typedef struct figures {
    double ap, precision, recall;
    double flagged_false;
} figures;

tw_gate_options tw_gate_options_default(void)
{
    return (tw_gate_options){.resamples_n = RESAMPLES,
                             .seed = 1,
                             .confidence = 0.8,
                             .scheme_recall_max_fall = 0.1,
                             .positives_min = 8,
                             .negatives_min = 2};
}

// Without one nothing is flagged, and no point is sharper than another.
static double operating_point(const tw_gate_options *options)
{
    return options->threshold > 0 ? options->threshold : (double)INFINITY;
}

static float risk_of(const tw_gate_row *row, side s)
{
    return s == CHAMPION ? row->champion : row->challenger;
}

static tw_status work_init(const tw_alloc *alloc, const tw_gate_row *rows, size_t n,
                           size_t resamples_n, work *w)
{
    *w = (work){.alloc = alloc, .rows = rows, .n = n, .resample_cap = resamples_n};
    w->items_own = tw_new_array(alloc, n, sizeof *w->items_own);
    w->spare_own = tw_new_array(alloc, n, sizeof *w->spare_own);
    w->entity_own = tw_new_array(alloc, n, sizeof *w->entity_own);
    w->times_own = tw_new_array(alloc, n, sizeof *w->times_own);
    bool has_room = w->items_own && w->spare_own && w->entity_own && w->times_own;
    for (int s = 0; s < SIDE_N; s++) {
        w->order_own[s] = tw_new_array(alloc, n, sizeof **w->order_own);
        w->flagged_own[s] = tw_new_array(alloc, n, sizeof **w->flagged_own);
        w->precisions_own[s] = tw_new_array(alloc, resamples_n, sizeof(double));
        has_room = has_room && w->order_own[s] && w->flagged_own[s] && w->precisions_own[s];
    }
    for (int s = 0; s < SIDE_N + 1; s++) {
        w->values_own[s] = tw_new_array(alloc, resamples_n, sizeof(double));
        has_room = has_room && w->values_own[s];
    }
    return has_room ? TW_OK : TW_NO_MEMORY;
}

static void work_release(work *w)
{
    size_t n = w->n, r = w->resample_cap;
    tw_free_array(w->alloc, w->items_own, n, sizeof *w->items_own);
    tw_free_array(w->alloc, w->spare_own, n, sizeof *w->spare_own);
    tw_free_array(w->alloc, w->entity_own, n, sizeof *w->entity_own);
    tw_free_array(w->alloc, w->times_own, n, sizeof *w->times_own);
    for (int s = 0; s < SIDE_N; s++) {
        tw_free_array(w->alloc, w->order_own[s], n, sizeof **w->order_own);
        tw_free_array(w->alloc, w->flagged_own[s], n, sizeof **w->flagged_own);
        tw_free_array(w->alloc, w->precisions_own[s], r, sizeof(double));
    }
    for (int s = 0; s < SIDE_N + 1; s++)
        tw_free_array(w->alloc, w->values_own[s], r, sizeof(double));
}

// items_own is sorted by entity.
static void number_entities(work *w)
{
    size_t run = 0, most = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool is_new = i == 0 || w->items_own[i].key != w->items_own[i - 1].key;
        w->entity_n += is_new;
        run = is_new ? 1 : run + 1;
        most = TW_MAX(most, run);
        w->entity_own[w->items_own[i].idx] = (uint32_t)(w->entity_n - 1);
    }
    if (w->n < ENTITY_ROWS_MIN || (double)most <= ENTITY_SHARE_MAX * (double)w->n)
        return;
    w->entity_n = w->n;
    for (size_t i = 0; i < w->n; i++)
        w->entity_own[i] = (uint32_t)i;
}

static void sort_rows(work *w)
{
    for (int s = 0; s < SIDE_N; s++) {
        for (size_t i = 0; i < w->n; i++)
            w->items_own[i] = (twi_sort_item){
                UINT32_MAX - twi_sort_float(risk_of(&w->rows[i], (side)s)), (uint32_t)i};
        twi_sort_items(w->items_own, w->spare_own, w->n);
        for (size_t i = 0; i < w->n; i++)
            w->order_own[s][i] = w->items_own[i].idx;
    }
    for (size_t i = 0; i < w->n; i++)
        w->items_own[i] = (twi_sort_item){w->rows[i].entity, (uint32_t)i};
    twi_sort_items(w->items_own, w->spare_own, w->n);
    number_entities(w);
}

// Weight of the rows of equal risk from position `at` on; *end is behind the last of them.
static void step_of(const work *w, side s, size_t at, size_t *end, double *right, double *all)
{
    const uint32_t *order = w->order_own[s];
    float risk = risk_of(&w->rows[order[at]], s);
    size_t i = at;
    *right = *all = 0;
    for (; i < w->n && risk_of(&w->rows[order[i]], s) == risk; i++) {
        const tw_gate_row *row = &w->rows[order[i]];
        double weight = (double)row->weight * w->times_own[w->entity_own[order[i]]];
        *all += weight;
        *right += row->label ? weight : 0;
    }
    *end = i;
}

// `flagged` may be NULL.
static figures measure(const work *w, side s, double budget, float *flagged)
{
    double right = 0, all = 0, ap = 0, flagged_right = 0, flagged_all = 0;
    for (size_t i = 0, end; i < w->n; i = end) {
        double step_right, step_all;
        step_of(w, s, i, &end, &step_right, &step_all);
        double share = step_all > 0 ? TW_MIN(1.0, (budget - flagged_all) / step_all) : 0;
        flagged_right += share * step_right;
        flagged_all += share * step_all;
        for (size_t k = i; flagged && k < end; k++)
            flagged[w->order_own[s][k]] = (float)share;
        right += step_right;
        all += step_all;
        if (step_right > 0)
            ap += step_right * right / all;
    }
    return (figures){.ap = right > 0 ? ap / right : (double)NAN,
                     .precision = flagged_all > 0 ? flagged_right / flagged_all : (double)NAN,
                     .recall = right > 0 ? flagged_right / right : (double)NAN,
                     .flagged_false = flagged_all - flagged_right};
}

// False rows that a model flags when it goes down until it has found this share of the right ones.
static double false_at_recall(const work *w, side s, double positives, double recall)
{
    double need = recall * positives, right = 0, wrong = 0;
    for (size_t i = 0, end; i < w->n && right < need; i = end) {
        double step_right, step_all;
        step_of(w, s, i, &end, &step_right, &step_all);
        double share = step_right > 0 ? TW_MIN(1.0, (need - right) / step_right) : 1.0;
        right += share * step_right;
        wrong += share * (step_all - step_right);
    }
    return wrong;
}

// What lies at or above the operating point.
static tw_gate_point point_of(const work *w, side s, double threshold)
{
    double flagged = 0, hit = 0, right = 0;
    for (size_t i = 0; i < w->n; i++) {
        const tw_gate_row *row = &w->rows[i];
        double weight = (double)row->weight * w->times_own[w->entity_own[i]];
        bool is_flagged = (double)risk_of(row, s) >= threshold;
        flagged += is_flagged ? weight : 0;
        hit += is_flagged && row->label ? weight : 0;
        right += row->label ? weight : 0;
    }
    return (tw_gate_point){flagged, flagged > 0 ? hit / flagged : (double)NAN,
                           right > 0 ? hit / right : (double)NAN};
}

// --- resamples
// ---------------------------------------------------------------------------------

static void draw(work *w, tw_rng *rng)
{
    memset(w->times_own, 0, w->entity_n * sizeof *w->times_own);
    for (size_t i = 0; i < w->entity_n; i++)
        w->times_own[tw_rng_below(rng, (uint32_t)w->entity_n)]++;
}

static uint64_t ordered(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double quantile(double *values, size_t n, double q)
{
    // Few values: insertion keeps them sorted once for both ends.
    for (size_t i = 1; i < n; i++) {
        double v = values[i];
        size_t k = i;
        for (; k > 0 && ordered(values[k - 1]) > ordered(v); k--)
            values[k] = values[k - 1];
        values[k] = v;
    }
    double at = q * (double)(n - 1);
    size_t low = (size_t)at, high = TW_MIN(low + 1, n - 1);
    return values[low] + (values[high] - values[low]) * (at - (double)low);
}

static tw_interval interval_of(double value, double *values, size_t n)
{
    if (n == 0)
        return (tw_interval){value, (double)NAN, (double)NAN};
    return (tw_interval){value, quantile(values, n, INTERVAL_TAIL),
                         quantile(values, n, 1 - INTERVAL_TAIL)};
}

static void resample(work *w, const tw_gate_options *options, double budget, tw_gate_decision *out)
{
    tw_rng rng;
    size_t not_worse_n = 0, sharper_n = 0;
    double threshold = operating_point(options);
    tw_rng_init(&rng, options->seed, 0);
    for (uint32_t r = 0; r < options->resamples_n; r++) {
        draw(w, &rng);
        figures champion = measure(w, CHAMPION, budget, NULL);
        figures challenger = measure(w, CHALLENGER, budget, NULL);
        if (isnan(champion.ap))
            continue; // it drew no right row
        size_t k = w->value_n++;
        w->values_own[CHAMPION][k] = champion.ap;
        w->values_own[CHALLENGER][k] = challenger.ap;
        w->values_own[SIDE_N][k] = challenger.ap - champion.ap;
        w->precisions_own[CHAMPION][k] = champion.precision;
        w->precisions_own[CHALLENGER][k] = challenger.precision;
        not_worse_n += challenger.ap >= champion.ap;
        sharper_n += point_of(w, CHALLENGER, threshold).precision >=
                     point_of(w, CHAMPION, threshold).precision;
    }
    out->share_better = w->value_n > 0 ? (double)not_worse_n / (double)w->value_n : 0;
    size_t n = w->value_n;
    out->share_sharper = n > 0 ? (double)sharper_n / (double)n : 0;
    out->champion_ap = interval_of(out->champion_ap.value, w->values_own[CHAMPION], n);
    out->challenger_ap = interval_of(out->challenger_ap.value, w->values_own[CHALLENGER], n);
    out->difference = interval_of(out->difference.value, w->values_own[SIDE_N], n);
    out->champion_precision =
        interval_of(out->champion_precision.value, w->precisions_own[CHAMPION], n);
    out->challenger_precision =
        interval_of(out->challenger_precision.value, w->precisions_own[CHALLENGER], n);
}

// --- the rows themselves
// ------------------------------------------------------------------------

static double share_flagged(const work *w, side s, uint8_t scheme, bool by_money)
{
    double found = 0, all = 0;
    for (size_t i = 0; i < w->n; i++) {
        const tw_gate_row *row = &w->rows[i];
        if (!row->label || (scheme != 0xff && row->scheme != scheme))
            continue;
        double weight = (double)row->weight * (by_money ? row->amount : 1.0);
        all += weight;
        found += weight * (double)w->flagged_own[s][i];
    }
    return all > 0 ? found / all : (double)NAN;
}

static void scheme_figures(const work *w, const char *const *names, size_t name_n,
                           tw_gate_decision *out)
{
    for (size_t s = 0; s < name_n && out->scheme_n < TW_GATE_SCHEMES_MAX; s++) {
        tw_gate_scheme *scheme = &out->schemes[out->scheme_n];
        uint64_t n = 0;
        for (size_t i = 0; i < w->n; i++)
            n += w->rows[i].label && w->rows[i].scheme == s;
        if (n == 0)
            continue;
        *scheme = (tw_gate_scheme){.n = n};
        tw_str_copy(tw_str_from(names[s]), scheme->name, sizeof scheme->name);
        scheme->champion_recall = share_flagged(w, CHAMPION, (uint8_t)s, false);
        scheme->challenger_recall = share_flagged(w, CHALLENGER, (uint8_t)s, false);
        out->scheme_n++;
    }
}

static void plain_figures(work *w, double budget, double threshold, tw_gate_decision *out)
{
    for (size_t i = 0; i < w->entity_n; i++)
        w->times_own[i] = 1;
    figures champion = measure(w, CHAMPION, budget, w->flagged_own[CHAMPION]);
    figures challenger = measure(w, CHALLENGER, budget, w->flagged_own[CHALLENGER]);
    double positives = 0;
    for (size_t i = 0; i < w->n; i++)
        positives += w->rows[i].label ? (double)w->rows[i].weight : 0;
    out->champion_ap.value = champion.ap;
    out->challenger_ap.value = challenger.ap;
    out->difference.value = challenger.ap - champion.ap;
    out->champion_precision.value = champion.precision;
    out->challenger_precision.value = challenger.precision;
    double wrong = false_at_recall(w, CHAMPION, positives, champion.recall);
    out->false_at_equal_recall =
        wrong > 0 ? false_at_recall(w, CHALLENGER, positives, champion.recall) / wrong
                  : (double)NAN;
    out->champion_point = point_of(w, CHAMPION, threshold);
    out->challenger_point = point_of(w, CHALLENGER, threshold);
    out->champion_money_recall = share_flagged(w, CHAMPION, 0xff, true);
    out->challenger_money_recall = share_flagged(w, CHALLENGER, 0xff, true);
}

// --- decision
// ------------------------------------------------------------------------------

static const tw_gate_scheme *fallen_scheme(const tw_gate_decision *d,
                                           const tw_gate_options *options)
{
    for (size_t i = 0; i < d->scheme_n; i++) {
        const tw_gate_scheme *s = &d->schemes[i];
        double fall = s->champion_recall - s->challenger_recall;
        if (s->n >= SCHEME_ROWS_MIN && fall > options->scheme_recall_max_fall &&
            fall * (double)s->n >= ROWS_LOST)
            return s;
    }
    return NULL;
}

static bool orders_better(const tw_gate_options *options, const tw_gate_decision *d)
{
    return d->difference.value > 0 && d->share_better >= options->confidence &&
           d->challenger_precision.value >= d->champion_precision.value;
}

static bool is_sharper(const tw_gate_options *options, const tw_gate_decision *d)
{
    const tw_gate_point *old = &d->champion_point, *new = &d->challenger_point;
    return d->share_better >= 1 - options->confidence && d->share_sharper >= options->confidence &&
           new->precision > old->precision &&new->recall >=
               (1 - options->scheme_recall_max_fall) * old->recall;
}

// Why neither way was open: the nearer one.
static void explain_refusal(const tw_gate_options *options, tw_gate_decision *d)
{
    char *text = d->reason;
    size_t cap = sizeof d->reason;
    if (d->share_sharper >= options->confidence &&
        d->challenger_point.precision > d->champion_point.precision &&
        d->share_better >= 1 - options->confidence)
        snprintf(text, cap,
                 "Of what it would have alerted %.0f %% were right, of the champion's %.0f %%, but "
                 "it keeps only %.0f %% of the right ones.",
                 100 * d->challenger_point.precision, 100 * d->champion_point.precision,
                 100 * d->challenger_point.recall);
    else if (!(d->difference.value > 0))
        snprintf(text, cap,
                 "On the same %llu decided rows the challenger orders no better than the champion "
                 "(average precision %.3f against %.3f), and its operating point is not surely "
                 "sharper.",
                 (unsigned long long)d->row_n, d->challenger_ap.value, d->champion_ap.value);
    else if (d->share_better < options->confidence)
        snprintf(text, cap,
                 "Average precision %.3f against %.3f may be chance: not worse in %.0f %% of the "
                 "resamples, %.0f %% are asked.",
                 d->challenger_ap.value, d->champion_ap.value, 100 * d->share_better,
                 100 * options->confidence);
    else
        snprintf(text, cap,
                 "With the same budget of %llu the challenger is right in %.0f %%, the champion in "
                 "%.0f %%.",
                 (unsigned long long)d->budget_n, 100 * d->challenger_precision.value,
                 100 * d->champion_precision.value);
}

static void judge(const tw_gate_options *options, tw_gate_decision *d)
{
    const tw_gate_scheme *fallen = fallen_scheme(d, options);
    char *text = d->reason;
    size_t cap = sizeof d->reason;
    bool by_order = orders_better(options, d);
    if (!by_order && !is_sharper(options, d)) {
        explain_refusal(options, d);
        return;
    }
    if (fallen) {
        snprintf(text, cap,
                 "Recall of %.64s falls from %.0f %% to %.0f %% at the same budget, more than the "
                 "%.0f %% that one scheme may lose.",
                 fallen->name, 100 * fallen->champion_recall, 100 * fallen->challenger_recall,
                 100 * options->scheme_recall_max_fall);
        return;
    }
    d->promote = true;
    if (by_order)
        snprintf(text, cap,
                 "Average precision %.3f against %.3f on the same %llu decided rows, difference "
                 "%+.3f to %+.3f (90 %%); not worse in %.0f %% of the resamples.",
                 d->challenger_ap.value, d->champion_ap.value, (unsigned long long)d->row_n,
                 d->difference.low, d->difference.high, 100 * d->share_better);
    else
        snprintf(text, cap,
                 "Of what it would have alerted %.0f %% were right, of the champion's %.0f %%; it "
                 "keeps %.0f %% of the right ones (%llu decided rows, not less sharp in %.0f %% of "
                 "the resamples).",
                 100 * d->challenger_point.precision, 100 * d->champion_point.precision,
                 100 * d->challenger_point.recall, (unsigned long long)d->row_n,
                 100 * d->share_sharper);
}

static tw_status check(const tw_gate_row *rows, size_t n, uint64_t budget_n, size_t scheme_n,
                       const tw_gate_options *options, tw_gate_decision *out, tw_err *err)
{
    if (n > UINT32_MAX || scheme_n > 255 || budget_n < 1 || options->resamples_n > RESAMPLES_MAX)
        return tw_fail(err, TW_INVALID, "the gate got %zu rows, %zu schemes, budget %llu", n,
                       scheme_n, (unsigned long long)budget_n);
    for (size_t i = 0; i < n; i++) {
        const tw_gate_row *r = &rows[i];
        bool is_scheme = r->scheme == 0xff || r->scheme < scheme_n;
        if (!isfinite(r->champion) || !isfinite(r->challenger) || r->label > 1 || !is_scheme ||
            !(r->weight > 0) || !isfinite(r->weight) || !isfinite(r->amount))
            return tw_fail(err, TW_INVALID, "row %zu of the gate is out of range", i);
        out->positive_n += r->label;
        out->negative_n += !r->label;
        out->first_day = i == 0 ? r->day : TW_MIN(out->first_day, r->day);
        out->last_day = i == 0 ? r->day : TW_MAX(out->last_day, r->day);
    }
    out->row_n = n;
    out->budget_n = budget_n;
    return TW_OK;
}

static void clear_figures(tw_gate_decision *out)
{
    const tw_interval none = {(double)NAN, (double)NAN, (double)NAN};
    out->champion_ap = out->challenger_ap = out->difference = none;
    out->champion_precision = out->challenger_precision = none;
    out->false_at_equal_recall = (double)NAN;
    out->champion_money_recall = out->challenger_money_recall = (double)NAN;
    out->champion_point = out->challenger_point =
        (tw_gate_point){(double)NAN, (double)NAN, (double)NAN};
}

tw_status tw_gate_decide(const tw_alloc *alloc, const tw_gate_row *rows, size_t n,
                         uint64_t budget_n, const char *const *scheme_names, size_t scheme_n,
                         const tw_gate_options *options, tw_gate_decision *out, tw_err *err)
{
    *out = (tw_gate_decision){0};
    clear_figures(out);
    tw_gate_options chosen = *options;
    if (chosen.resamples_n == 0)
        chosen.resamples_n = RESAMPLES;
    TW_TRY(check(rows, n, budget_n, scheme_n, &chosen, out, err));
    if (out->positive_n < TW_MAX(1, chosen.positives_min) ||
        out->negative_n < TW_MAX(1, chosen.negatives_min)) {
        snprintf(out->reason, sizeof out->reason,
                 "Too few later verdicts to judge by: %llu right and %llu wrong, at least %u and "
                 "%u are asked.",
                 (unsigned long long)out->positive_n, (unsigned long long)out->negative_n,
                 TW_MAX(1, chosen.positives_min), TW_MAX(1, chosen.negatives_min));
        return TW_OK;
    }
    work w;
    tw_status status = work_init(alloc, rows, n, chosen.resamples_n, &w);
    if (status == TW_OK) {
        sort_rows(&w);
        plain_figures(&w, (double)budget_n, operating_point(&chosen), out);
        scheme_figures(&w, scheme_names, scheme_n, out);
        resample(&w, &chosen, (double)budget_n, out);
        judge(&chosen, out);
    }
    work_release(&w);
    if (status != TW_OK) {
        *out = (tw_gate_decision){0};
        return tw_fail(err, status, "out of memory while the gate judged");
    }
    return TW_OK;
}
