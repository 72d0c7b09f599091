// SPDX-License-Identifier: Apache-2.0
//
// Trust in signals: how much of a signal's weight counts in this house.
//
// Theft is rare. A signal that fires for a larger share of the employees than thieves can be is a
// habit of the house (a chain that sells gift cards all day, a manager who approves everything), so
// the prior belief in it falls with that share (policy: habit_share). Verdicts correct the prior:
// each verdict on an alert is one vote on the signals that spoke for it, shared by their evidence;
// the mean of a beta distribution with PRIOR_VOTES votes of prior belief, against PRIOR, is the
// factor on the signal's evidence from the next transaction on. It never raises a signal above its
// own weight.
#include "state.h"

#define PRIOR 0.85
#define PRIOR_VOTES 4.0
#define TRUST_LEAST 0.2
#define VOTE 255u // of one alert
// Entities for which a signal may fire before it is taken for a habit: a share of the employees,
// and a number below which shares mean nothing.
#define RARE_SHARE 0.01
#define RARE_LEAST 3.0
#define RARE_DAYS 28

static double rarity(const tw_detector *d, size_t number)
{
    double most = d->policy.habit_share * tw_engine_entity_n(d->engine, TW_ENTITY_EMPLOYEE);
    double strong = d->strong_n[number];
    most = TW_MAX(most, RARE_LEAST);
    return strong > most ? most / strong : 1.0;
}

static void derive(tw_detector *d, size_t number)
{
    double right = (double)d->right[number] / VOTE, wrong = (double)d->wrong[number] / VOTE;
    double prior = PRIOR * rarity(d, number);
    double share = (right + prior * PRIOR_VOTES) / (right + wrong + PRIOR_VOTES);
    double trust = TW_MIN(1.0, TW_MAX(TRUST_LEAST, share / PRIOR));
    d->trust_256[number] = (int32_t)(trust * 256 + 0.5);
}

void twi_trust_derive(tw_detector *d)
{
    for (size_t i = 0; i < d->signal_number_n; i++)
        derive(d, i);
}

// Shares of employees say nothing of cards, of which there are as many as there are.
static bool is_counted(const twi_scheme *scheme)
{
    return scheme->entity != TW_ENTITY_ACCOUNT;
}

static bool is_strong(const tw_detector *d, const twi_case *c, size_t slot)
{
    return c->strong_day[slot] > d->day - RARE_DAYS;
}

void twi_trust_note(tw_detector *d, uint8_t scheme_idx, const twi_case *before,
                    const twi_case *after)
{
    const twi_scheme *scheme = &d->set_own->schemes[scheme_idx];
    for (size_t k = 0; is_counted(scheme) && k < scheme->slot_n; k++) {
        if (!is_strong(d, after, k) || (before && is_strong(d, before, k)))
            continue;
        uint8_t number = d->signal_number[scheme->signals[k]];
        d->strong_n[number]++;
        derive(d, number);
    }
}

void twi_trust_count(tw_detector *d)
{
    memset(d->strong_n, 0, sizeof d->strong_n);
    for (uint32_t c = 0; c < d->case_n; c++) {
        const twi_case *state = &d->cases_own[c];
        for (size_t i = 0; i < d->set_own->scheme_n; i++) {
            const twi_scheme *scheme = &d->set_own->schemes[i];
            if (d->scheme_number[i] != state->scheme || !is_counted(scheme))
                continue;
            for (size_t k = 0; k < scheme->slot_n; k++)
                d->strong_n[d->signal_number[scheme->signals[k]]] += is_strong(d, state, k);
        }
    }
    twi_trust_derive(d);
}

static int32_t evidence_of(const tw_detector *d, const tw_alert *a, const twi_case *c, uint32_t i)
{
    const twi_signal *signal = twi_signal_by_number(d, a->reasons[i].signal);
    bool is_own = signal && d->scheme_number[signal->scheme] == c->scheme;
    // A signal that has left the set still was a reason: a little more than nothing.
    return 1 + (is_own ? c->slot[signal->slot] : 0);
}

void twi_trust_shares(const tw_detector *d, const tw_alert *a, twi_closed *out)
{
    const twi_case *c = &d->cases_own[out->case_idx];
    int64_t sum = 0;
    for (uint32_t i = 0; i < a->reason_n; i++)
        sum += evidence_of(d, a, c, i);
    out->reason_n = (uint8_t)a->reason_n;
    for (uint32_t i = 0; i < a->reason_n; i++) {
        out->signals[i] = a->reasons[i].signal;
        out->shares[i] = (uint8_t)((int64_t)VOTE * evidence_of(d, a, c, i) / sum);
    }
}

int32_t twi_trust_mean(const tw_detector *d, const twi_closed *a)
{
    int64_t sum = 0, shares = 0;
    for (size_t i = 0; i < a->reason_n; i++) {
        sum += (int64_t)a->shares[i] * d->trust_256[a->signals[i]];
        shares += a->shares[i];
    }
    return shares > 0 ? (int32_t)(sum / shares) : 256;
}

// The counter of a verdict, or NULL when it is no vote.
static uint32_t *votes_of(tw_detector *d, unsigned verdict)
{
    if (verdict == TW_VERDICT_CONFIRMED)
        return d->right;
    return verdict == TW_VERDICT_REFUTED || verdict == TW_VERDICT_OPERATIONAL ? d->wrong : NULL;
}

void twi_trust_judge(tw_detector *d, twi_closed *alert, tw_verdict_kind verdict)
{
    uint32_t *from = alert->verdict == TWI_UNDECIDED ? NULL : votes_of(d, alert->verdict);
    uint32_t *to = votes_of(d, (unsigned)verdict);
    for (size_t i = 0; i < alert->reason_n; i++) {
        if (from)
            from[alert->signals[i]] -= alert->shares[i];
        if (to)
            to[alert->signals[i]] += alert->shares[i];
    }
    alert->verdict = (uint8_t)verdict;
    twi_trust_derive(d);
}

void twi_trust_judge_part(tw_detector *d, const tw_alert *a, tw_verdict_kind verdict)
{
    uint32_t *to = votes_of(d, (unsigned)verdict);
    if (!to || a->reason_n == 0)
        return;
    // The strongest reason answers for a single transaction.
    to[a->reasons[0].signal] += VOTE / TW_MAX(1u, a->transaction_n);
    twi_trust_derive(d);
}
