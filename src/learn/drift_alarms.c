// SPDX-License-Identifier: Apache-2.0
//
// Wilson's interval, the limits, and alarms: each says in one sentence what crossed which limit and
// what to do about it.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "learn/drift.h"

#define Z_90 1.6448536269514722       // 95 % quantile of the standard normal: 90 % between -z and z
#define CHI2_10_999 29.58829844507442 // 99.9 % quantile of chi-square with 10 degrees of freedom

#define LISTED 6 // inputs with an alarm of one kind that are named
// Weeks are taken together until so many of their alerts are decided, over so many days.
#define DECIDED_ENOUGH 20
#define DAYS_POOLED 28

tw_share tw_share_of(uint64_t k, uint64_t n)
{
    if (n == 0)
        return (tw_share){k, n, (double)NAN, (double)NAN, (double)NAN};
    double p = (double)k / (double)n, z2 = Z_90 * Z_90 / (double)n;
    double middle = (p + z2 / 2) / (1 + z2);
    double half = sqrt(p * (1 - p) * z2 + z2 * z2 / 4) / (1 + z2);
    return (tw_share){k, n, p, k == 0 ? 0.0 : TW_MAX(0.0, middle - half),
                      k == n ? 1.0 : TW_MIN(1.0, middle + half)};
}

tw_drift_limits tw_drift_limits_default(void)
{
#define X(name, value, title) value,
    return (tw_drift_limits){TW_DRIFT_LIMITS(X)};
#undef X
}

// --- collecting

typedef struct ranked {
    tw_alarm alarm;
    double times; // how many times its limit
    size_t order; // as found, so that equal ones keep their order
} ranked;

// Every input, the risk, volume, precision and calibration may each raise one.
#define CANDIDATES_MAX (TW_INPUT_N + 4)

typedef struct collection {
    ranked items[CANDIDATES_MAX];
    size_t n;
} collection;

TW_PRINTF(6, 7)
static void raise_alarm(collection *all, const char *kind, double value, double limit, double times,
                        const char *format, ...)
{
    TW_CHECK(all->n < CANDIDATES_MAX);
    ranked *one = &all->items[all->n];
    va_list args;
    *one = (ranked){
        .alarm = {.kind = kind, .value = value, .limit = limit}, .times = times, .order = all->n++};
    va_start(args, format);
    vsnprintf(one->alarm.sentence, sizeof(one->alarm.sentence), format, args);
    va_end(args);
}

static double times_of(double value, double limit)
{
    return limit > 0 ? value / limit : (double)INFINITY;
}

static int worst_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->times != y->times)
        return x->times > y->times ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

// --- what may cross a limit

static void check_input(collection *all, const tw_drift_input *input, size_t f, double noise,
                        const tw_drift_limits *limits)
{
    double change = input->missing - input->missing_reference, moved = fabs(change);
    const char *title = tw_input_get(f).title;
    if (moved > limits->missing_change && moved > input->usual_missing)
        raise_alarm(all, "missing_change", moved, limits->missing_change,
                    times_of(moved, limits->missing_change),
                    "%s: missing in %.0f %% of the rows, %.0f %% in training; %s", title,
                    100 * input->missing, 100 * input->missing_reference,
                    change > 0 ? "check that the feed still sends what it needs"
                               : "train anew so that the model can use it");
    else if (input->psi > limits->input_psi && input->psi > noise && input->psi > input->usual_psi)
        raise_alarm(all, "input_psi", input->psi, limits->input_psi,
                    times_of(input->psi, limits->input_psi),
                    "%s: values differ from training (PSI %.2f, limit %.2f); see what changed in "
                    "the feed or the stores, then train anew",
                    title, input->psi, limits->input_psi);
}

static void check_volume(collection *all, const tw_drift *drift, const tw_drift_limits *limits)
{
    double ratio = drift->volume_ratio, change = fabs(ratio - 1), limit = limits->volume_change;
    if (!(change > limit))
        return;
    raise_alarm(all, "volume_change", change, limit, times_of(change, limit),
                "%.0f transactions a day, %.2f times as many as in training; %s",
                drift->transactions_per_day, ratio,
                ratio < 1 ? "check that every store still sends"
                          : "check for records sent twice or new stores, then train anew");
}

// PSI that chance alone exceeds once in a thousand times.
static double noise_of(uint64_t n, uint64_t m)
{
    return CHI2_10_999 * (1 / (double)n + 1 / (double)m);
}

static void check_drift(collection *all, const tw_drift *drift, const tw_drift_limits *limits)
{
    double noise = noise_of(drift->rows_n, drift->reference_n);
    const tw_drift_input *risk = &drift->risk;
    for (size_t f = 0; f < TW_INPUT_N; f++)
        check_input(all, &drift->inputs[f], f, noise, limits);
    if (risk->psi > limits->score_psi && risk->psi > risk->usual_psi &&
        risk->psi > noise_of(drift->risk_rows_n, drift->reference_n))
        raise_alarm(all, "score_psi", risk->psi, limits->score_psi,
                    times_of(risk->psi, limits->score_psi),
                    "Risk scores differ from training (PSI %.2f, limit %.2f); look at the inputs "
                    "that drifted and at the precision of the alerts, then train anew",
                    risk->psi, limits->score_psi);
    check_volume(all, drift, limits);
}

// The latest weeks with decided alerts together: as few as have enough of them, at most four.
typedef struct recent {
    int32_t first_day;
    uint64_t k, n;
    double predicted; // NaN when any of them has none
} recent;

static const tw_week *latest_before(const tw_week *weeks, size_t week_n, int64_t day)
{
    const tw_week *latest = NULL;
    for (size_t i = 0; i < week_n; i++)
        if (weeks[i].precision.n > 0 && weeks[i].first_day < day &&
            (!latest || weeks[i].first_day > latest->first_day))
            latest = &weeks[i];
    return latest;
}

static recent recent_of(const tw_week *weeks, size_t week_n)
{
    recent out = {.n = 0};
    const tw_week *week = latest_before(weeks, week_n, INT64_MAX);
    int64_t oldest = week ? (int64_t)week->first_day - DAYS_POOLED : 0;
    while (week && week->first_day > oldest && out.n < DECIDED_ENOUGH) {
        out.predicted += week->predicted * (double)week->precision.n;
        out.k += week->precision.k;
        out.n += week->precision.n;
        out.first_day = week->first_day;
        week = latest_before(weeks, week_n, week->first_day);
    }
    out.predicted = out.n > 0 ? out.predicted / (double)out.n : (double)NAN;
    return out;
}

static void check_weeks(collection *all, const recent *weeks, const tw_drift_limits *limits)
{
    tw_share p = tw_share_of(weeks->k, weeks->n);
    char date[TW_TIME_TEXT_BYTES];
    tw_date_format(weeks->first_day, date);
    if (p.high < limits->precision_min)
        raise_alarm(all, "precision_min", p.high, limits->precision_min,
                    times_of(limits->precision_min, p.high),
                    "Alerts since %s: %llu of %llu decided ones were right, at best %.0f %% (limit "
                    "%.0f %%); look at the signals of the wrong ones, then train anew",
                    date, (unsigned long long)p.k, (unsigned long long)p.n, 100 * p.high,
                    100 * limits->precision_min);
    // A probability is a transaction's, and an alert gathers several and their signals: it may well
    // be right more often than its surest transaction. Less often is what must not be.
    double gap = weeks->predicted - p.value, limit = limits->calibration_error;
    if (gap > limit && weeks->predicted > p.high)
        raise_alarm(all, "calibration_error", gap, limit, times_of(gap, limit),
                    "Alerts since %s: the model expected %.0f %% of the decided ones to be right, "
                    "%.0f %% were; train anew on the latest verdicts",
                    date, 100 * weeks->predicted, 100 * p.value);
}

// --- the list

static bool is_kind(const tw_alarm *alarm, const char *kind)
{
    return strcmp(alarm->kind, kind) == 0;
}

// One sentence about all alarms of a kind beyond the worst few; a single one speaks for itself.
static void sum_up(const collection *all, const char *kind, tw_alarm *out)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += is_kind(&all->items[i].alarm, kind);
    if (n == LISTED + 1)
        return;
    bool is_missing = strcmp(kind, "missing_change") == 0;
    snprintf(out->sentence, sizeof(out->sentence),
             "%zu more inputs %s; when many do at once, look at the feed first, then train anew",
             n - LISTED,
             is_missing ? "are missing more or less often than in training"
                        : "have values that differ from training");
}

static size_t list(const collection *all, tw_alarm out[TW_ALARMS_MAX])
{
    static const char *const kinds[] = {"input_psi", "missing_change"};
    size_t n = 0, of_kind[TW_COUNT(kinds)] = {0};
    for (size_t i = 0; i < all->n && n < TW_ALARMS_MAX; i++) {
        size_t rank = 0;
        out[n] = all->items[i].alarm;
        for (size_t k = 0; k < TW_COUNT(kinds); k++)
            if (is_kind(&out[n], kinds[k]) && (rank = ++of_kind[k]) == LISTED + 1)
                sum_up(all, kinds[k], &out[n]);
        n += rank <= LISTED + 1;
    }
    return n;
}

size_t tw_drift_alarms(const tw_drift *drift, const tw_week *weeks, size_t week_n,
                       const tw_drift_limits *limits, tw_alarm out[TW_ALARMS_MAX])
{
    collection all = {.n = 0};
    const recent latest = recent_of(weeks, week_n);
    if (drift)
        check_drift(&all, drift, limits);
    if (latest.n > 0)
        check_weeks(&all, &latest, limits);
    qsort(all.items, all.n, sizeof(all.items[0]), worst_first);
    return list(&all, out);
}
