// SPDX-License-Identifier: Apache-2.0
//
// Evaluation of scores and alerts against labels; evaluate.h has the definitions.
#include <stdlib.h>

#include "evaluate_internal.h"

#define NONE UINT32_MAX

// --- threshold and money
// ---------------------------------------------------------------------------

// first_alert[n]: the earliest alert of each row, NONE without one.
static void threshold_figures(const tw_eval_row *rows, size_t n, const uint32_t *first_alert,
                              tw_eval *out)
{
    double caught = 0;
    for (size_t i = 0; i < n; i++) {
        bool flagged = (double)rows[i].risk >= out->threshold;
        out->flagged_n += flagged;
        if (!rows[i].fraud)
            continue;
        tw_eval_scheme *scheme = &out->schemes[rows[i].scheme];
        bool found = flagged || first_alert[i] != NONE;
        out->money += rows[i].amount;
        out->flagged_true_n += flagged;
        out->covered_n += first_alert[i] != NONE;
        caught += flagged ? rows[i].amount : 0;
        scheme->n++;
        scheme->found += found;
        scheme->amount += rows[i].amount;
        scheme->amount_found += found ? rows[i].amount : 0;
    }
    out->precision = twi_ratio((double)out->flagged_true_n, (double)out->flagged_n);
    out->recall = twi_ratio((double)out->flagged_true_n, (double)out->positive_n);
    out->money_recall = twi_ratio(caught, out->money);
    out->alert_recall = twi_ratio((double)out->covered_n, (double)out->positive_n);
}

// --- alerts
// ----------------------------------------------------------------------------------------

typedef struct tally {
    uint32_t n, fraud_n;
} tally;

static tw_status alert_figures(const tw_alloc *alloc, const tw_eval_input *input, tw_eval *out)
{
    size_t alert_n = input->alert_n;
    out->alert_n = alert_n;
    tally *tallies = tw_new_array(alloc, alert_n + 1, sizeof *tallies);
    if (!tallies)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < input->member_n; i++) {
        tally *t = &tallies[input->members[i].alert];
        t->n++;
        t->fraud_n += input->rows[input->members[i].row].fraud;
    }
    for (size_t i = 0; i < alert_n; i++) {
        out->alert_any_n += tallies[i].fraud_n > 0;
        out->alert_most_n += 2 * (uint64_t)tallies[i].fraud_n > tallies[i].n;
    }
    tw_free_array(alloc, tallies, alert_n + 1, sizeof *tallies);
    out->alert_precision_any = twi_ratio((double)out->alert_any_n, (double)alert_n);
    out->alert_precision_most = twi_ratio((double)out->alert_most_n, (double)alert_n);
    out->alerts_per_store_day =
        twi_ratio((double)alert_n, (double)out->store_n * (double)out->day_n);
    double weeks = (double)out->day_n / 7;
    out->false_alerts_week = twi_ratio((double)(alert_n - out->alert_any_n), weeks);
    out->false_flagged_week = twi_ratio((double)(out->flagged_n - out->flagged_true_n), weeks);
    return TW_OK;
}

// --- thieves
// ---------------------------------------------------------------------------------------

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    if (n == 0)
        return (double)NAN;
    qsort(values, n, sizeof *values, by_number);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// A fraud of a known thief, with when it was first alerted.
typedef struct deed {
    const tw_eval_row *row;
    int64_t alert_ms; // INT64_MAX = never
} deed;

static int by_thief(const void *a, const void *b)
{
    const tw_eval_row *x = ((const deed *)a)->row, *y = ((const deed *)b)->row;
    if (x->thief != y->thief)
        return x->thief < y->thief ? -1 : 1;
    return (int)x->scheme - (int)y->scheme;
}

// From the first fraud of deeds[0..n) to the first alert that holds any; false when none does.
static bool delay_days(const deed *deeds, size_t n, double *days)
{
    int64_t first = INT64_MAX, alert = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        first = TW_MIN(first, deeds[i].row->time_ms);
        alert = TW_MIN(alert, deeds[i].alert_ms);
    }
    *days = alert == INT64_MAX ? 0.0 : TW_MAX(0.0, (double)(alert - first) / 86400000.0);
    return alert != INT64_MAX;
}

// deeds[m] by thief and scheme. delays, work and work_scheme have room for m.
static void thief_figures(const deed *deeds, size_t m, size_t scheme_n, double *delays,
                          double *work, uint8_t *work_scheme, tw_eval *out)
{
    size_t delay_n = 0, pair_n = 0;
    for (size_t i = 0; i < m;) {
        size_t end = i;
        double days;
        while (end < m && deeds[end].row->thief == deeds[i].row->thief)
            end++;
        out->thief_n++;
        if (delay_days(deeds + i, end - i, &days)) {
            out->thief_found_n++;
            delays[delay_n++] = days;
        }
        while (i < end) {
            size_t pair = i;
            uint8_t s = deeds[i].row->scheme;
            while (pair < end && deeds[pair].row->scheme == s)
                pair++;
            out->schemes[s].thief_n++;
            if (delay_days(deeds + i, pair - i, &days)) {
                out->schemes[s].thief_found++;
                work[pair_n] = days;
                work_scheme[pair_n++] = s;
            }
            i = pair;
        }
    }
    out->thief_recall = twi_ratio((double)out->thief_found_n, (double)out->thief_n);
    out->days_to_alert = median(delays, delay_n);
    for (size_t s = 0; s < scheme_n; s++) {
        size_t k = 0;
        for (size_t i = 0; i < pair_n; i++)
            if (work_scheme[i] == s)
                delays[k++] = work[i];
        out->schemes[s].days_to_alert = median(delays, k);
    }
}

static tw_status thieves(const tw_alloc *alloc, const tw_eval_input *input,
                         const uint32_t *first_alert, tw_eval *out)
{
    size_t room = (size_t)out->positive_n + 1, m = 0;
    deed *deeds = tw_new_array(alloc, room, sizeof *deeds);
    double *delays = tw_new_array(alloc, room, sizeof *delays);
    double *work = tw_new_array(alloc, room, sizeof *work);
    uint8_t *work_scheme = tw_new_array(alloc, room, 1);
    bool has_room = deeds && delays && work && work_scheme;
    for (size_t i = 0; has_room && i < input->n; i++) {
        const tw_eval_row *row = &input->rows[i];
        if (!row->fraud || row->thief == NONE)
            continue;
        uint32_t alert = first_alert[i];
        deeds[m++] = (deed){row, alert == NONE ? INT64_MAX : input->alerts[alert].created_ms};
    }
    if (has_room) {
        qsort(deeds, m, sizeof *deeds, by_thief);
        thief_figures(deeds, m, input->scheme_n, delays, work, work_scheme, out);
    }
    tw_free_array(alloc, deeds, deeds ? room : 0, sizeof *deeds);
    tw_free_array(alloc, delays, delays ? room : 0, sizeof *delays);
    tw_free_array(alloc, work, work ? room : 0, sizeof *work);
    tw_free_array(alloc, work_scheme, work_scheme ? room : 0, 1);
    return has_room ? TW_OK : TW_NO_MEMORY;
}

// --- all
// ---------------------------------------------------------------------------------------------

static tw_status check(const tw_eval_input *input, tw_eval *out)
{
    if (input->scheme_n > TW_EVAL_SCHEMES_MAX)
        return TW_INVALID;
    for (size_t i = 0; i < input->n; i++) {
        const tw_eval_row *r = &input->rows[i];
        if (isnan(r->risk) || r->fraud > 1 || (r->fraud && r->scheme >= input->scheme_n))
            return TW_INVALID;
        out->positive_n += r->fraud;
        out->store_n = TW_MAX(out->store_n, (uint64_t)r->store + 1);
    }
    for (size_t i = 0; i < input->member_n; i++)
        if (input->members[i].row >= input->n || input->members[i].alert >= input->alert_n)
            return TW_INVALID;
    return TW_OK;
}

static void find_first_alerts(const tw_eval_input *input, uint32_t *first_alert)
{
    for (size_t i = 0; i < input->n; i++)
        first_alert[i] = NONE;
    for (size_t i = 0; i < input->member_n; i++) {
        uint32_t *first = &first_alert[input->members[i].row], alert = input->members[i].alert;
        if (*first == NONE || input->alerts[alert].created_ms < input->alerts[*first].created_ms)
            *first = alert;
    }
}

// After positives, stores and first alerts are known.
static tw_status all_figures(const tw_alloc *alloc, const tw_eval_input *input,
                             const uint32_t *first_alert, tw_eval *out)
{
    twi_order order;
    tw_status status = twi_order_new(alloc, input->n, &order);
    if (status == TW_OK) {
        twi_order_by_day(&order, input->rows, input->n);
        twi_day_figures(&order, input->rows, out);
        status = twi_entity_figures(alloc, input, &order, out);
    }
    if (status == TW_OK) {
        threshold_figures(input->rows, input->n, first_alert, out);
        status = alert_figures(alloc, input, out);
    }
    if (status == TW_OK)
        status = thieves(alloc, input, first_alert, out);
    if (status == TW_OK) {
        twi_order_by_risk(&order, input->rows, input->n);
        status = twi_ranked_figures(alloc, input, &order, first_alert, out);
    }
    twi_order_free(&order);
    return status;
}

tw_status tw_evaluate(const tw_alloc *alloc, const tw_eval_input *input, tw_eval *out)
{
    size_t n = input->n;
    *out = (tw_eval){.n = n, .threshold = input->threshold, .scheme_n = input->scheme_n};
    tw_status status = check(input, out);
    uint32_t *first_alert = NULL;
    if (status == TW_OK) {
        first_alert = tw_new_array(alloc, n + 1, sizeof *first_alert);
        status = first_alert ? TW_OK : TW_NO_MEMORY;
    }
    if (status == TW_OK) {
        find_first_alerts(input, first_alert);
        status = all_figures(alloc, input, first_alert, out);
    }
    tw_free_array(alloc, first_alert, first_alert ? n + 1 : 0, sizeof *first_alert);
    if (status != TW_OK)
        *out = (tw_eval){0};
    return status;
}
