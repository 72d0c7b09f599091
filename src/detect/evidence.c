// SPDX-License-Identifier: Apache-2.0
//
// Evidence: how firings add up in a case, how it ages, and where the operating point lies.
//
// A signal's slot holds the larger of what it had and what it fires with now, plus a share
// (`repeat`) of the smaller: a windowed signal that repeats itself counts once, independent events
// add up. A case's evidence is its strongest slot plus a share of the others, as signals of one
// scheme are correlated. The operating point is the evidence at which the last 28 days would have
// opened as many alerts as the policy's budget allows, never less than the policy's floor.
#include <math.h>

#include "state.h"

// How far repetitions may lift a slot above its signal's weight: by `repeat` this many times.
#define REPEATS_MAX 4
#define STRONG 128 // half of full strength
// Below this a case is as good as forgotten.
#define FAINT_FP (TWI_POINT / 4)

// --- days and budget
// -------------------------------------------------------------------------------

static size_t ring(int32_t day)
{
    return (size_t)(((int64_t)day % TWI_BUDGET_DAYS + TWI_BUDGET_DAYS) % TWI_BUDGET_DAYS);
}

static int32_t operating_point(const tw_detector *d, int32_t days_known)
{
    int32_t floor_fp = days_known < d->policy.cold_days ? d->cold_fp : d->floor_fp;
    floor_fp = TW_MAX(floor_fp, d->bar_fp);
    double store_days = (double)TW_MIN(days_known, TWI_BUDGET_DAYS) *
                        tw_engine_entity_n(d->engine, TW_ENTITY_STORE);
    double allowed = d->policy.alerts_per_store_day * store_days;
    int64_t above = 0;
    int32_t point = floor_fp;
    // Walks down until one more bin would overrun the budget.
    for (int32_t bin = TWI_BINS - 1; bin >= 0 && (bin + 1) * TWI_BIN > floor_fp; bin--) {
        for (size_t day = 0; day < TWI_BUDGET_DAYS; day++)
            above += d->would_open[day][bin];
        if ((double)above > allowed) {
            point = TW_MAX(floor_fp, (bin + 1) * TWI_BIN);
            break;
        }
    }
    return point;
}

static int32_t points_fp(double points)
{
    return (int32_t)(points * TWI_POINT + 0.5);
}

// 2^(-1/half_life) by the series of exp, with basic operations only.
static double daily_factor(double half_life_days)
{
    double x = -0.69314718055994530942 / half_life_days, term = 1, sum = 1;
    for (int i = 1; i < 20; i++) {
        term = term * x / i;
        sum += term;
    }
    return sum;
}

void twi_policy_derive(tw_detector *d)
{
    d->floor_fp = points_fp(d->policy.evidence_floor);
    d->cold_fp = TW_MAX(d->floor_fp, points_fp(d->policy.evidence_cold));
    d->outlier_fp = points_fp(d->policy.outlier_points);
    d->correlated_256 = (int32_t)(d->policy.correlated_share * 256 + 0.5);
    uint64_t q = (uint64_t)(daily_factor(d->policy.half_life_days) * 4294967295.0);
    uint64_t product = UINT64_C(4294967295);
    for (size_t i = 0; i < TW_COUNT(d->decay_q32); i++) {
        d->decay_q32[i] = (uint32_t)product;
        product = product * q >> 32;
    }
    twi_bar_derive(d);
    d->threshold_fp = operating_point(d, d->day == INT32_MIN ? 0 : d->day - d->first_day);
}

static int32_t decay(const tw_detector *d, int32_t value, int32_t days)
{
    if (days >= (int32_t)TW_COUNT(d->decay_q32))
        return 0;
    return (int32_t)((uint64_t)(uint32_t)value * d->decay_q32[days] >> 32);
}

int32_t twi_case_evidence(const tw_detector *d, const twi_case *c)
{
    int32_t most = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < TW_SCHEME_SIGNALS_MAX; i++) {
        most = TW_MAX(most, c->slot[i]);
        sum += c->slot[i];
    }
    return most + (int32_t)((sum - most) * d->correlated_256 >> 8);
}

int32_t twi_case_needed(const tw_detector *d, const twi_case *c)
{
    int64_t factor = d->day <= c->factor_until ? c->factor_256 : 256;
    return TW_MAX(1, (int32_t)(d->threshold_fp * factor >> 8));
}

void twi_case_age(const tw_detector *d, twi_case *c, int32_t day)
{
    if (day <= c->day)
        return;
    int32_t days = day - c->day; // days are within 1970..2100
    for (size_t i = 0; i < TW_SCHEME_SIGNALS_MAX; i++)
        c->slot[i] = decay(d, c->slot[i], days);
    c->day = day;
    int32_t evidence = twi_case_evidence(d, c);
    if (evidence < c->peak / 4)
        c->peak = 0;
    if (evidence < FAINT_FP && c->alert == TWI_NONE) {
        memset(c->fire_n, 0, sizeof c->fire_n);
        c->lead_n = 0;
    }
}

// --- days
// --------------------------------------------------------------------------------------------

void twi_day_move(tw_detector *d, int32_t day)
{
    if (d->day == INT32_MIN) {
        d->day = d->first_day = day;
        d->threshold_fp = operating_point(d, 0);
        return;
    }
    if (day <= d->day)
        return;
    int32_t days = TW_MIN(day - d->day, TWI_BUDGET_DAYS);
    // The ring's place of the new days still holds the days of four weeks ago.
    int32_t known = day - d->first_day;
    for (int32_t i = 0; i < days; i++) {
        memset(d->would_open[ring(day - i)], 0, sizeof d->would_open[0]);
        memset(d->hits[ring(day - i)], 0, sizeof d->hits[0]);
    }
    d->day = day;
    twi_trust_count(d);
    twi_bar_derive(d);
    d->threshold_fp = operating_point(d, known);
}

// Counts the case at its new peak today and takes it from the old one.
static void count_peak(tw_detector *d, twi_case *c, int32_t evidence)
{
    int64_t factor = d->day <= c->factor_until ? c->factor_256 : 256;
    int32_t plain = (int32_t)TW_MIN((int64_t)evidence * 256 / factor, INT32_MAX);
    if (plain <= c->peak || plain < TWI_BIN)
        return;
    int32_t from = TW_MIN(c->peak / TWI_BIN, TWI_BINS - 1),
            to = TW_MIN(plain / TWI_BIN, TWI_BINS - 1);
    if (c->peak < TWI_BIN || from != to) {
        d->would_open[ring(d->day)][to]++;
        if (c->peak >= TWI_BIN)
            d->would_open[ring(d->day)][from]--;
    }
    c->peak = plain;
}

// --- firings to cases
// ------------------------------------------------------------------------------

// The entity of a scheme in this transaction; empty when it has none.
static tw_str entity_id(tw_entity_kind kind, const tw_transaction *t)
{
    if (kind == TW_ENTITY_ACCOUNT)
        return tw_transaction_account(t);
    if (kind == TW_ENTITY_REGISTER)
        return t->register_id;
    return kind == TW_ENTITY_STORE ? t->store_id : t->employee_id;
}

// Key of a case. Registers are numbered within their store.
static uint64_t case_key(const twi_scheme *scheme, const tw_transaction *t, tw_str id)
{
    uint64_t key =
        tw_hash_pair(tw_hash_str(scheme->name, (uint64_t)scheme->entity), tw_hash_str(id, 0));
    if (scheme->entity == TW_ENTITY_REGISTER)
        key = tw_hash_pair(key, tw_hash_str(t->store_id, 0));
    return key;
}

static twi_touch *touch_of(const tw_detector *d, twi_touches *touches, uint8_t scheme_idx,
                           const tw_transaction *t)
{
    for (size_t i = 0; i < touches->n; i++)
        if (touches->items[i].scheme == scheme_idx)
            return &touches->items[i];
    const twi_scheme *scheme = &d->set_own->schemes[scheme_idx];
    tw_str id = entity_id(scheme->entity, t);
    if (id.bytes == 0 || touches->n == TW_ALERT_CHANGES_MAX)
        return NULL;
    twi_touch *touch = &touches->items[touches->n++];
    *touch = (twi_touch){.index = TWI_NONE,
                         .scheme = scheme_idx,
                         .only_clears = true,
                         .quiet = twi_quiet_find(d, scheme, id, t)};
    uint64_t key = case_key(scheme, t, id);
    const tw_table_slot *slot = tw_table_find(&d->case_table, key);
    if (slot) {
        touch->index = slot->value;
        touch->state = d->cases_own[slot->value];
    } else {
        touch->state = (twi_case){.key = key,
                                  .day = d->day,
                                  .factor_until = INT32_MIN,
                                  .factor_256 = 256,
                                  .alert = TWI_NONE,
                                  .scheme = d->scheme_number[scheme_idx]};
        for (size_t i = 0; i < TW_SCHEME_SIGNALS_MAX; i++)
            touch->state.strong_day[i] = INT32_MIN;
    }
    twi_case_age(d, &touch->state, d->day);
    return touch;
}

// `weight` is the signal's in points, trust included.
static void add_firing(twi_touch *touch, const twi_signal *signal, int32_t weight, uint8_t strength)
{
    int32_t *slot = &touch->state.slot[signal->slot];
    int32_t x = (int32_t)((int64_t)weight * strength / 255);
    int32_t repeat = 0;
    if (touch->state.fire_n[signal->slot] > 0)
        repeat = (int32_t)((int64_t)TW_MIN(*slot, x) * signal->repeat_256 >> 8);
    int64_t most = (int64_t)weight * (256 + REPEATS_MAX * signal->repeat_256) >> 8;
    // What it had counts on when its trust has fallen since.
    *slot = TW_MAX(*slot, TW_MIN(TW_MAX(*slot, x) + repeat, (int32_t)most));
    if (touch->state.fire_n[signal->slot] < UINT32_MAX)
        touch->state.fire_n[signal->slot]++;
    touch->fired_slots |= UINT32_C(1) << signal->slot;
    touch->strength[signal->slot] = strength;
    if (strength >= STRONG)
        touch->state.strong_day[signal->slot] = touch->state.day;
    touch->only_clears = false;
}

// Takes evidence away, from the strongest slots first.
static void clear_evidence(twi_case *c, const twi_signal *signal, uint8_t strength)
{
    int32_t x = (int32_t)((int64_t)signal->weight_fp * strength / 255);
    while (x > 0) {
        size_t most = 0;
        for (size_t i = 1; i < TW_SCHEME_SIGNALS_MAX; i++)
            if (c->slot[i] > c->slot[most])
                most = i;
        int32_t part = TW_MIN(x, c->slot[most]);
        if (part == 0)
            return;
        c->slot[most] -= part;
        x -= part;
    }
}

static int32_t outlier_bonus(const tw_detector *d, float outlier)
{
    float from = (float)d->policy.outlier_from;
    if (!(outlier > from))
        return 0;
    return (int32_t)((float)d->outlier_fp * ((outlier - from) / (1.0f - from)));
}

// The case that is furthest along to an alert; one that only lost evidence is none.
static void find_best(twi_touches *touches)
{
    touches->best = 0;
    for (size_t i = 1; i < touches->n; i++) {
        const twi_touch *touch = &touches->items[i], *best = &touches->items[touches->best];
        if (touch->only_clears)
            continue;
        if (best->only_clears ||
            (int64_t)touch->evidence * best->needed > (int64_t)best->evidence * touch->needed)
            touches->best = i;
    }
}

void twi_assess(const tw_detector *d, twi_context *context, const twi_firing *firings, size_t n,
                float outlier, twi_touches *out)
{
    out->n = out->best = 0;
    for (size_t i = 0; i < n; i++) {
        const twi_signal *signal = &d->set_own->signals[firings[i].signal];
        twi_touch *touch = touch_of(d, out, signal->scheme, context->transaction);
        if (!touch)
            continue;
        if (signal->is_clearing) {
            clear_evidence(&touch->state, signal, firings[i].strength);
            continue;
        }
        int32_t trust = d->trust_256[d->signal_number[firings[i].signal]];
        add_firing(touch, signal, (int32_t)((int64_t)signal->weight_fp * trust >> 8),
                   firings[i].strength);
        int64_t exposure = twi_exposure_minor(signal, context->transaction);
        touch->exposure_minor = TW_MAX(touch->exposure_minor, exposure);
    }
    int32_t bonus = outlier_bonus(d, outlier);
    for (size_t i = 0; i < out->n; i++) {
        twi_touch *touch = &out->items[i];
        touch->needed = twi_case_needed(d, &touch->state);
        if (!touch->only_clears)
            touch->evidence = twi_case_evidence(d, &touch->state) + bonus;
    }
    find_best(out);
}

// --- the classifier's word
// ------------------------------------------------------------------------

// From this share of the operating point on the classifier's word is kept as evidence.
#define PATTERN_FROM 0.5f

float twi_best_ratio(const twi_touches *touches)
{
    if (touches->n == 0 || touches->items[touches->best].only_clears)
        return 0;
    const twi_touch *best = &touches->items[touches->best];
    return (float)best->evidence / (float)best->needed;
}

// No signal spoke: the classifier's own signals gather what it says.
static void open_pattern(const tw_detector *d, twi_context *context, int32_t points,
                         twi_firing *firings, size_t *firing_n, twi_touches *touches)
{
    size_t n = twi_rules_classifier(d->set_own, context, firings);
    uint8_t strength = (uint8_t)TW_MIN(255, TW_MAX(1, (int64_t)points * 128 / d->threshold_fp));
    for (size_t i = 0; i < n; i++) {
        const twi_signal *signal = &d->set_own->signals[firings[i].signal];
        twi_touch *touch = touch_of(d, touches, signal->scheme, context->transaction);
        firings[i].strength = strength;
        if (!touch)
            continue;
        add_firing(touch, signal, points, 255);
        touch->strength[signal->slot] = strength;
        touch->exposure_minor = twi_exposure_minor(signal, context->transaction);
        touch->needed = twi_case_needed(d, &touch->state);
        touch->evidence = twi_case_evidence(d, &touch->state);
    }
    *firing_n = n;
}

void twi_lift(const tw_detector *d, twi_context *context, const twi_opinion *opinion,
              twi_firing *firings, size_t *firing_n, twi_touches *touches)
{
    float pattern = TW_MIN(opinion->pattern, 1000.0f);
    int32_t points = pattern > 0 ? (int32_t)(pattern * (float)d->threshold_fp) : 0;
    int64_t lift_256 = (int64_t)(TW_MIN(opinion->lift, 1000.0f) * 256.0f + 0.5f);
    bool has_case = twi_best_ratio(touches) > 0;
    for (size_t i = 0; i < touches->n; i++) {
        twi_touch *touch = &touches->items[i];
        touch->evidence = (int32_t)TW_MIN(touch->evidence * lift_256 >> 8, INT32_MAX / 2);
    }
    if (has_case) {
        twi_touch *best = &touches->items[touches->best];
        best->evidence = TW_MAX(best->evidence, points);
    } else if (pattern >= PATTERN_FROM) {
        open_pattern(d, context, points, firings, firing_n, touches);
    }
    find_best(touches);
}

uint32_t twi_case_store(tw_detector *d, const twi_touch *touch)
{
    uint32_t index = touch->index;
    twi_trust_note(d, touch->scheme, index == TWI_NONE ? NULL : &d->cases_own[index],
                   &touch->state);
    if (index == TWI_NONE) {
        if (touch->only_clears)
            return TWI_NONE;
        tw_table_slot *slot;
        TW_CHECK(d->case_n < d->case_cap);
        TW_CHECK(tw_table_at(&d->case_table, touch->state.key, &slot) == TW_OK);
        index = slot->value = d->case_n++;
    }
    twi_case *c = &d->cases_own[index];
    *c = touch->state;
    if (!touch->only_clears)
        count_peak(d, c, touch->evidence);
    return index;
}

tw_status twi_cases_reserve(tw_detector *d, size_t n)
{
    void *cases = d->cases_own;
    tw_status status =
        tw_grow(d->alloc, &cases, &d->case_cap, d->case_n + n, sizeof *d->cases_own, TWI_CASES_MAX);
    d->cases_own = cases;
    return status;
}
