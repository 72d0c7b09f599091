// SPDX-License-Identifier: Apache-2.0
//
// The detector's life and its one hot path: outlier, signals, evidence, risk, alerts.
//
// Risk is a monotone map of a transaction's best case (tw_risk_combine). With a classifier, its
// lift moves the evidence of the cases, and its pattern speaks for transactions without a signal.
#include "detect/detector.h"

#include <math.h>

#include "state.h"

tw_status tw_detector_new(const tw_alloc *alloc, const tw_engine *engine, tw_detector **out)
{
    *out = NULL;
    tw_detector *d = tw_new(alloc, tw_detector);
    if (!d)
        return TW_NO_MEMORY;
    d->alloc = alloc;
    d->engine = engine;
    d->day = d->first_day = INT32_MIN;
    d->shadow = (tw_shadow){NAN, NAN, NAN};
    tw_table_init(&d->case_table, alloc, TWI_CASES_MAX);
    tw_table_init(&d->alert_seqs, alloc, TWI_CASES_MAX);
    tw_table_init(&d->alert_cases, alloc, TWI_CASES_MAX);
    tw_table_init(&d->quiet_table, alloc, TW_QUIETS_MAX + 1);
    twi_configs_init(d);
    tw_status status = tw_detector_config(d, TW_CONFIG_POLICY, TW_STR_NONE, TW_STR_NONE, NULL);
    if (status == TW_OK)
        status = tw_detector_config(d, TW_CONFIG_SIGNALS, TW_STR_NONE, TW_STR_NONE, NULL);
    if (status != TW_OK) {
        tw_detector_free(d);
        return status;
    }
    *out = d;
    return TW_OK;
}

void tw_detector_free(tw_detector *d)
{
    if (!d)
        return;
    twi_configs_release(d);
    tw_free_array(d->alloc, d->cases_own, d->case_cap, sizeof *d->cases_own);
    tw_free_array(d->alloc, d->alerts_own, d->alert_cap, sizeof *d->alerts_own);
    tw_free_array(d->alloc, d->alert_case_own, d->alert_case_cap, sizeof *d->alert_case_own);
    tw_free_array(d->alloc, d->open_own, d->open_cap, sizeof *d->open_own);
    tw_free_array(d->alloc, d->free_own, d->free_cap, sizeof *d->free_own);
    tw_free_array(d->alloc, d->closed_own, d->closed_cap, sizeof *d->closed_own);
    tw_free_array(d->alloc, d->seqs_own, d->seq_cap, sizeof *d->seqs_own);
    tw_free_array(d->alloc, d->quiets_own, d->quiet_cap, sizeof *d->quiets_own);
    tw_table_release(&d->quiet_table);
    tw_table_release(&d->case_table);
    tw_table_release(&d->alert_seqs);
    tw_table_release(&d->alert_cases);
    tw_delete(d->alloc, d);
}

tw_status tw_detector_reserve(tw_detector *d, size_t n)
{
    if (n > 4 * (size_t)TW_COMMIT_MAX_FACTS) // a few commits in flight
        return TW_LIMIT;
    size_t cases = n * TW_ALERT_CHANGES_MAX;
    TW_TRY(twi_cases_reserve(d, cases));
    TW_TRY(tw_table_reserve(&d->case_table, cases));
    return twi_alerts_reserve(d, n);
}

static int32_t days_known(const tw_detector *d)
{
    return d->day == INT32_MIN ? 0 : d->day - d->first_day;
}

// --- score
// -----------------------------------------------------------------------------------------

static bool is_audited(const tw_detector *d, const tw_transaction *t)
{
    // The upper 53 bits as a number in [0, 1), exact in a double.
    uint64_t draw = tw_hash_str(t->transaction_id, UINT64_C(0x61756469)) >> 11;
    return (double)draw < d->policy.audit_share * 9007199254740992.0;
}

// The strongest firings by weight times strength; insertion into a short list.
static void list_fired(const tw_detector *d, const twi_firing *firings, size_t n, tw_score *out)
{
    int64_t points[TW_FIRED_MAX] = {0};
    TW_CHECK(out->fired_n == 0);
    for (size_t i = 0; i < n; i++) {
        const twi_signal *signal = &d->set_own->signals[firings[i].signal];
        int64_t x = (int64_t)signal->weight_fp * firings[i].strength;
        if (signal->is_clearing)
            continue;
        size_t at = out->fired_n;
        while (at > 0 && points[at - 1] < x)
            at--;
        if (at == TW_FIRED_MAX)
            continue;
        size_t last = TW_MIN((size_t)out->fired_n, (size_t)TW_FIRED_MAX - 1);
        for (size_t k = last; k > at; k--) {
            out->fired[k] = out->fired[k - 1];
            points[k] = points[k - 1];
        }
        out->fired[at] = (tw_fired){d->signal_number[firings[i].signal], firings[i].strength};
        points[at] = x;
        out->fired_n = (uint8_t)TW_MIN(out->fired_n + 1, TW_FIRED_MAX);
    }
}

static uint64_t open_key(const tw_detector *d, const twi_touch *touch)
{
    uint32_t alert = touch->state.alert;
    bool joins = alert != TWI_NONE && !touch->only_clears && touch->quiet == TWI_NONE;
    return joins ? d->alerts_own[alert].key : 0;
}

// What a transaction gives before it has any effect.
typedef struct outlook {
    tw_score score;
    tw_shadow shadow;
    float inputs[TW_INPUT_N];
    twi_touches touches;
} outlook;

static void judge_best(const tw_detector *d, const twi_opinion *opinion, outlook *v)
{
    const twi_touches *touches = &v->touches;
    float ratio = twi_best_ratio(touches);
    // The lift is in the touches by now.
    v->score.risk = tw_risk_combine(v->score.outlier, ratio, isnan(opinion->lift) ? NAN : 1.0f,
                                    opinion->pattern);
    if (ratio <= 0)
        return;
    const twi_touch *best = &touches->items[touches->best];
    v->score.type = d->set_own->schemes[best->scheme].type;
    v->score.alert_key = open_key(d, best);
    for (size_t i = 0; i < touches->n && v->score.alert_key == 0; i++)
        v->score.alert_key = open_key(d, &touches->items[i]);
}

// The challenger on the same evidence, with its own outlier forest.
static tw_shadow shadow_of(const tw_detector *d, const float *row, const float *inputs)
{
    if (!d->challenger.model)
        return (tw_shadow){NAN, NAN, NAN};
    float own[TW_INPUT_N];
    memcpy(own, inputs, sizeof own);
    own[TW_INPUT_outlier] = twi_outlier(&d->challenger, row);
    twi_opinion o = twi_opinion_of(&d->challenger, own);
    float risk = tw_risk_combine(o.outlier, inputs[TW_INPUT_evidence], o.lift, o.pattern);
    return (tw_shadow){risk, o.probability, o.outlier};
}

// Everything but the effects: signals, outlier, classifier, challenger, risk.
static void score_transaction(const tw_detector *d, twi_context *context, outlook *v)
{
    twi_firing firings[TW_SIGNALS_MAX];
    float outlier = twi_outlier(&d->champion, context->row);
    size_t n = twi_rules_run(d->set_own, context, firings);
    v->touches.n = v->touches.best = 0;
    if (n > 0)
        twi_assess(d, context, firings, n, isnan(outlier) ? 0.0f : outlier, &v->touches);
    twi_inputs(context->row, outlier, twi_best_ratio(&v->touches), n, v->inputs);
    twi_opinion opinion = twi_opinion_of(&d->champion, v->inputs);
    context->probability = opinion.probability;
    v->shadow = shadow_of(d, context->row, v->inputs);
    if (!isnan(opinion.lift))
        twi_lift(d, context, &opinion, firings, &n, &v->touches);
    v->score = (tw_score){.probability = opinion.probability, .outlier = outlier};
    list_fired(d, firings, n, &v->score);
    judge_best(d, &opinion, v);
}

static void remember_lead(twi_case *c, uint64_t seq, int64_t exposure_minor)
{
    if (c->lead_n == TWI_LEADS_MAX) {
        memmove(c->leads, c->leads + 1, sizeof c->leads - sizeof c->leads[0]);
        memmove(c->lead_exposure, c->lead_exposure + 1,
                sizeof c->lead_exposure - sizeof c->lead_exposure[0]);
        c->lead_n--;
    }
    c->leads[c->lead_n] = seq;
    c->lead_exposure[c->lead_n++] = exposure_minor;
}

// The case that may open an alert: the one that is furthest along of those that are not quiet.
static size_t find_opener(const twi_touches *touches)
{
    size_t opener = touches->best;
    for (size_t i = 0; i < touches->n; i++) {
        const twi_touch *touch = &touches->items[i], *best = &touches->items[opener];
        if (touch->only_clears || touch->quiet != TWI_NONE)
            continue;
        if (best->quiet != TWI_NONE ||
            (int64_t)touch->evidence * best->needed > (int64_t)best->evidence * touch->needed)
            opener = i;
    }
    return opener;
}

// Stores what the transaction did to its cases. At most one alert opens, for the case that is
// furthest above its point: one thing to look at; others open with their next transaction.
static void take_touches(tw_detector *d, const tw_fact *fact, twi_context *context,
                         twi_touches *touches, tw_score *out, tw_alert_change *changes,
                         size_t *change_n)
{
    size_t opener = find_opener(touches);
    for (size_t i = 0; i < touches->n; i++) {
        twi_touch *touch = &touches->items[i];
        if (touch->quiet != TWI_NONE) {
            d->quiets_own[touch->quiet].transaction_n += !touch->only_clears;
            continue;
        }
        uint32_t index = twi_case_store(d, touch);
        if (touch->only_clears)
            continue;
        float risk = tw_risk_combine(out->outlier, (float)touch->evidence / (float)touch->needed,
                                     isnan(out->probability) ? NAN : 1.0f, 0.0f);
        tw_alert_change *change = &changes[*change_n];
        if (touch->state.alert != TWI_NONE) {
            *change = (tw_alert_change){TW_ALERT_GREW,
                                        twi_alert_grow(d, index, touch, fact, context, risk)};
        } else if (i == opener && touch->evidence >= touch->needed) {
            *change = (tw_alert_change){TW_ALERT_OPENED,
                                        twi_alert_open(d, index, touch, fact, context, risk)};
            out->alert_key = change->alert->key;
        } else {
            remember_lead(&d->cases_own[index], fact->seq, touch->exposure_minor);
            continue;
        }
        (*change_n)++;
    }
}

static void count_hits(tw_detector *d, const tw_score *score)
{
    size_t day = (size_t)((d->day % TWI_BUDGET_DAYS + TWI_BUDGET_DAYS) % TWI_BUDGET_DAYS);
    for (size_t i = 0; i < score->fired_n; i++)
        d->hits[day][score->fired[i].signal]++;
}

void tw_detector_apply(tw_detector *d, const tw_fact *fact, const float *row, uint32_t filters,
                       tw_score *out, tw_alert_change *changes, size_t *change_n)
{
    *change_n = 0;
    if (fact->kind == TW_FACT_VERDICT) {
        const tw_alert *closed;
        twi_verdict_apply(d, fact, &closed);
        if (closed)
            changes[(*change_n)++] = (tw_alert_change){TW_ALERT_CLOSED, closed};
        return;
    }
    if (fact->kind != TW_FACT_TRANSACTION)
        return;
    twi_context context;
    outlook v;
    twi_day_move(d, tw_engine_day(d->engine));
    twi_context_init(&context, d->engine, &fact->as.transaction, row, filters, days_known(d));
    score_transaction(d, &context, &v);
    *out = v.score;
    d->shadow = v.shadow;
    memcpy(d->inputs, v.inputs, sizeof d->inputs);
    take_touches(d, fact, &context, &v.touches, out, changes, change_n);
    count_hits(d, out);
    out->is_audit =
        out->alert_key == 0 && d->policy.audit_share > 0 && is_audited(d, &fact->as.transaction);
}

void tw_detector_probe(const tw_detector *d, const tw_fact *fact, const float *row,
                       uint32_t filters, tw_score *out)
{
    twi_context context;
    outlook v;
    twi_context_init(&context, d->engine, &fact->as.transaction, row, filters, days_known(d));
    score_transaction(d, &context, &v);
    *out = v.score;
}

void tw_detector_sentence(const tw_detector *d, const tw_fact *fact, const float *row,
                          uint8_t signal, char out[TW_SENTENCE_BYTES])
{
    const twi_signal *s = twi_signal_by_number(d, signal);
    out[0] = '\0';
    if (!s || fact->kind != TW_FACT_TRANSACTION)
        return;
    twi_context context;
    twi_context_init(&context, d->engine, &fact->as.transaction, row, 0, days_known(d));
    twi_sentence_write(s, &context, out, TW_SENTENCE_BYTES);
}

// --- figures
// ---------------------------------------------------------------------------------------

void tw_detector_stats_get(const tw_detector *d, tw_detector_stats *out)
{
    *out = (tw_detector_stats){.alerts_opened = d->alerts_opened,
                               .alerts_open = d->open_n,
                               .entity_n = d->case_n,
                               .threshold_points = (float)d->threshold_fp / TWI_POINT,
                               .has_model = d->champion.model != NULL,
                               .has_classifier = d->champion.gbt != NULL,
                               .has_challenger = d->challenger.model != NULL};
    for (size_t i = 0; i < d->signal_number_n; i++)
        out->trust[i] = (float)d->trust_256[i] / 256;
    for (size_t day = 0; day < TWI_BUDGET_DAYS; day++)
        for (size_t i = 0; i < d->signal_number_n; i++)
            out->hits_28d[i] += d->hits[day][i];
}

void tw_detector_alerts(const tw_detector *d, void (*visit)(void *ctx, const tw_alert *alert),
                        void *ctx)
{
    for (uint32_t i = 0; i < d->open_n; i++)
        visit(ctx, &d->alerts_own[d->open_own[i]]);
}
