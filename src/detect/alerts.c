// SPDX-License-Identifier: Apache-2.0
//
// Alert records: opening, growing, closing by verdicts. One for each entity and scheme at a time.
#include <math.h>
#include <stdio.h>

#include "state.h"

static uint64_t seq_key(uint64_t seq)
{
    return tw_hash64(&seq, sizeof seq, 7);
}

static int64_t add_money(int64_t a, int64_t b)
{
    return TW_MIN(a + b, TW_MONEY_MAX_MINOR); // both are within the limit, so the sum fits
}

static void copy_id(tw_str s, char out[TWI_NAME_BYTES])
{
    memset(out, 0, TWI_NAME_BYTES); // no stale bytes: records are hashed and saved whole
    tw_str_copy(s, out, TWI_NAME_BYTES);
}

// --- transactions of an alert
// ----------------------------------------------------------------------

static void index_seq(tw_detector *d, uint64_t seq, uint32_t case_idx)
{
    tw_table_slot *slot;
    TW_CHECK(tw_table_at(&d->alert_seqs, seq_key(seq), &slot) == TW_OK);
    // A transaction may belong to alerts of several schemes; the first one answers for it.
    if (slot->value == TW_TABLE_NONE)
        slot->value = case_idx;
}

static void unindex_seq(tw_detector *d, uint64_t seq, uint32_t case_idx)
{
    const tw_table_slot *slot = tw_table_find(&d->alert_seqs, seq_key(seq));
    if (slot && slot->value == case_idx)
        tw_table_remove(&d->alert_seqs, seq_key(seq));
}

void twi_alerts_index(tw_detector *d, uint32_t alert)
{
    const tw_alert *a = &d->alerts_own[alert];
    for (uint32_t i = 0; i < a->seq_n; i++)
        index_seq(d, a->seqs[i], d->alert_case_own[alert]);
}

static void add_seq(tw_detector *d, tw_alert *a, uint32_t case_idx, uint64_t seq)
{
    if (a->seq_n == TW_ALERT_SEQS_MAX) {
        unindex_seq(d, a->seqs[0], case_idx);
        memmove(a->seqs, a->seqs + 1, (TW_ALERT_SEQS_MAX - 1) * sizeof a->seqs[0]);
        a->seq_n--;
    }
    a->seqs[a->seq_n++] = seq;
    a->transaction_n++;
    index_seq(d, seq, case_idx);
}

// --- reasons
// ---------------------------------------------------------------------------------------

static tw_alert_reason *reason_of(tw_alert *a, uint8_t number)
{
    for (uint32_t i = 0; i < a->reason_n; i++)
        if (a->reasons[i].signal == number)
            return &a->reasons[i];
    if (a->reason_n == TW_SCHEME_SIGNALS_MAX)
        return NULL;
    tw_alert_reason *reason = &a->reasons[a->reason_n++];
    *reason = (tw_alert_reason){.signal = number};
    return reason;
}

static void write_sentence(const twi_signal *signal, twi_context *context, const twi_touch *touch,
                           char out[TW_SENTENCE_BYTES])
{
    bool fired = touch->fired_slots >> signal->slot & 1;
    memset(out, 0, TW_SENTENCE_BYTES);
    if (fired || signal->is_window_sentence)
        twi_sentence_write(signal, context, out, TW_SENTENCE_BYTES);
    else // its numbers were those of an earlier transaction
        snprintf(out, TW_SENTENCE_BYTES, "%s: %u times before", signal->title.at,
                 touch->state.fire_n[signal->slot]);
}

static int32_t slot_of(const tw_detector *d, const twi_touch *touch, uint8_t number)
{
    const twi_signal *signal = twi_signal_by_number(d, number);
    return signal ? touch->state.slot[signal->slot] : 0;
}

// Refreshes the reasons of the slots in `slots` and orders all by their evidence.
static void update_reasons(const tw_detector *d, tw_alert *a, const twi_touch *touch,
                           uint32_t slots, twi_context *context)
{
    const twi_scheme *scheme = &d->set_own->schemes[touch->scheme];
    for (uint32_t i = 0; i < scheme->slot_n; i++) {
        const twi_signal *signal = &d->set_own->signals[scheme->signals[i]];
        if (!(slots >> i & 1) || signal->is_clearing)
            continue;
        tw_alert_reason *reason = reason_of(a, d->signal_number[scheme->signals[i]]);
        if (!reason)
            continue;
        reason->strength = TW_MAX(reason->strength, touch->strength[i]);
        reason->n = touch->state.fire_n[i];
        reason->last_ms = context->transaction->time_ms;
        write_sentence(signal, context, touch, reason->sentence);
    }
    for (uint32_t i = 1; i < a->reason_n; i++) {
        tw_alert_reason moved = a->reasons[i];
        uint32_t j = i;
        for (;
             j > 0 && slot_of(d, touch, a->reasons[j - 1].signal) < slot_of(d, touch, moved.signal);
             j--)
            a->reasons[j] = a->reasons[j - 1];
        a->reasons[j] = moved;
    }
}

// --- life
// ------------------------------------------------------------------------------------------

tw_status twi_alerts_reserve(tw_detector *d, size_t n)
{
    void *alerts = d->alerts_own, *cases = d->alert_case_own, *open = d->open_own,
         *freed = d->free_own, *closed = d->closed_own;
    size_t records = d->alert_n + (n > d->free_n ? n - d->free_n : 0);
    tw_status status =
        tw_grow(d->alloc, &alerts, &d->alert_cap, records, sizeof *d->alerts_own, TWI_ALERTS_MAX);
    d->alerts_own = alerts;
    if (status == TW_OK)
        status = tw_grow(d->alloc, &cases, &d->alert_case_cap, records, sizeof(uint32_t),
                         TWI_ALERTS_MAX);
    d->alert_case_own = cases;
    if (status == TW_OK)
        status = tw_grow(d->alloc, &open, &d->open_cap, records, sizeof(uint32_t), TWI_ALERTS_MAX);
    d->open_own = open;
    if (status == TW_OK)
        status = tw_grow(d->alloc, &freed, &d->free_cap, records, sizeof(uint32_t), TWI_ALERTS_MAX);
    d->free_own = freed;
    if (status == TW_OK)
        status = tw_grow(d->alloc, &closed, &d->closed_cap, d->closed_n + n, sizeof *d->closed_own,
                         TWI_CASES_MAX);
    d->closed_own = closed;
    void *seqs = d->seqs_own;
    if (status == TW_OK)
        status = tw_grow(d->alloc, &seqs, &d->seq_cap, d->seq_n + n * TW_ALERT_SEQS_MAX,
                         sizeof *d->seqs_own, (size_t)TWI_CASES_MAX * TW_ALERT_SEQS_MAX);
    d->seqs_own = seqs;
    if (status == TW_OK)
        status = tw_table_reserve(&d->alert_cases, n);
    // A fact grows the alerts of at most as many schemes; an opening brings its leads.
    if (status == TW_OK)
        status = tw_table_reserve(&d->alert_seqs, n * (1 + TWI_LEADS_MAX));
    return status;
}

uint32_t twi_alert_place(tw_detector *d, uint32_t case_idx)
{
    uint32_t i = d->free_n > 0 ? d->free_own[--d->free_n] : d->alert_n++;
    TW_CHECK(i < d->alert_cap && d->open_n < d->open_cap);
    d->open_own[d->open_n++] = i;
    d->alert_case_own[i] = case_idx;
    memset(&d->alerts_own[i], 0, sizeof d->alerts_own[i]);
    d->alerts_own[i].probability = d->alerts_own[i].shadow = NAN;
    return i;
}

bool twi_alert_register(tw_detector *d, uint64_t key, uint32_t case_idx)
{
    tw_table_slot *slot;
    TW_CHECK(d->closed_n < d->closed_cap);
    TW_CHECK(tw_table_at(&d->alert_cases, tw_hash64(&key, sizeof key, 0), &slot) == TW_OK);
    if (slot->value != TW_TABLE_NONE)
        return false;
    slot->value = d->closed_n;
    d->closed_own[d->closed_n++] =
        (twi_closed){.alert_key = key, .case_idx = case_idx, .verdict = TWI_UNDECIDED};
    return true;
}

static float larger(float a, float b)
{
    return isnan(a) || b > a ? b : a;
}

// What an alert shows of its newest transaction.
static void take_newest(tw_alert *a, const tw_fact *fact, float risk, float probability,
                        float shadow)
{
    const tw_transaction *t = &fact->as.transaction;
    copy_id(t->store_id, a->store_id);
    copy_id(t->employee_id, a->employee_id);
    copy_id(t->register_id, a->register_id);
    memcpy(a->currency, t->currency, sizeof a->currency);
    a->offset_min = t->offset_min;
    a->updated_ms = t->time_ms;
    a->updated_received_ms = fact->received_ms;
    a->risk = TW_MAX(a->risk, risk);
    a->probability = larger(a->probability, probability);
    a->shadow = larger(a->shadow, shadow);
}

static tw_str entity_text(tw_entity_kind kind, const tw_transaction *t)
{
    if (kind == TW_ENTITY_ACCOUNT)
        return tw_transaction_account(t);
    if (kind == TW_ENTITY_REGISTER)
        return t->register_id;
    return kind == TW_ENTITY_STORE ? t->store_id : t->employee_id;
}

// As if no verdict had moved the bar of the case.
static int32_t plain_evidence(const tw_detector *d, const twi_case *c, int32_t evidence)
{
    int64_t factor = d->day <= c->factor_until ? c->factor_256 : 256;
    return (int32_t)TW_MIN((int64_t)evidence * 256 / factor, INT32_MAX / 2);
}

const tw_alert *twi_alert_open(tw_detector *d, uint32_t case_idx, const twi_touch *touch,
                               const tw_fact *fact, twi_context *context, float risk)
{
    const twi_scheme *scheme = &d->set_own->schemes[touch->scheme];
    twi_case *c = &d->cases_own[case_idx];
    uint32_t i = twi_alert_place(d, case_idx);
    tw_alert *a = &d->alerts_own[i];
    c->alert = i;
    a->key = fact->seq << 8 | c->scheme;
    copy_id(scheme->name, a->scheme);
    copy_id(scheme->title, a->scheme_title);
    a->type = scheme->type;
    a->entity = scheme->entity;
    copy_id(entity_text(scheme->entity, &fact->as.transaction), a->entity_id);
    take_newest(a, fact, risk, context->probability, d->shadow.risk);
    a->created_ms = fact->as.transaction.time_ms;
    a->created_received_ms = fact->received_ms;
    for (uint32_t k = 0; k < c->lead_n; k++) {
        add_seq(d, a, case_idx, c->leads[k]);
        a->exposure_minor = add_money(a->exposure_minor, c->lead_exposure[k]);
    }
    c->lead_n = 0;
    add_seq(d, a, case_idx, fact->seq);
    a->exposure_minor = add_money(a->exposure_minor, touch->exposure_minor);
    uint32_t slots = touch->fired_slots;
    for (uint32_t k = 0; k < scheme->slot_n; k++)
        if (touch->state.slot[k] > 0 && touch->state.fire_n[k] > 0)
            slots |= UINT32_C(1) << k;
    update_reasons(d, a, touch, slots, context);
    TW_CHECK(twi_alert_register(d, a->key, case_idx));
    twi_closed *entry = &d->closed_own[d->closed_n - 1];
    twi_trust_shares(d, a, entry);
    entry->evidence = plain_evidence(d, c, touch->evidence);
    entry->day = d->day;
    entry->trust_256 = twi_trust_mean(d, entry);
    d->alerts_opened++;
    return a;
}

const tw_alert *twi_alert_grow(tw_detector *d, uint32_t case_idx, const twi_touch *touch,
                               const tw_fact *fact, twi_context *context, float risk)
{
    tw_alert *a = &d->alerts_own[d->cases_own[case_idx].alert];
    add_seq(d, a, case_idx, fact->seq);
    a->exposure_minor = add_money(a->exposure_minor, touch->exposure_minor);
    take_newest(a, fact, risk, context->probability, d->shadow.risk);
    update_reasons(d, a, touch, touch->fired_slots, context);
    return a;
}

static void unlist(tw_detector *d, uint32_t alert)
{
    uint32_t at = 0;
    while (d->open_own[at] != alert)
        at++;
    memmove(d->open_own + at, d->open_own + at + 1, (d->open_n - at - 1) * sizeof *d->open_own);
    d->open_n--;
    // The record stays readable until the next change: it is reused by a later opening only.
    d->free_own[d->free_n++] = alert;
}

// Keeps what the alert was about in its entry of the closed ones.
static void remember(tw_detector *d, const tw_alert *a, twi_closed *entry)
{
    TW_CHECK(d->seq_n + a->seq_n <= d->seq_cap);
    entry->seq_at = d->seq_n;
    entry->seq_n = (uint8_t)a->seq_n;
    if (a->seq_n > 0)
        memcpy(d->seqs_own + d->seq_n, a->seqs, a->seq_n * sizeof a->seqs[0]);
    d->seq_n += a->seq_n;
    twi_trust_shares(d, a, entry);
}

static const tw_alert *close_alert(tw_detector *d, twi_closed *entry, const tw_fact *fact)
{
    uint32_t case_idx = entry->case_idx, i = d->cases_own[case_idx].alert;
    tw_alert *a = &d->alerts_own[i];
    for (uint32_t k = 0; k < a->seq_n; k++)
        unindex_seq(d, a->seqs[k], case_idx);
    remember(d, a, entry);
    unlist(d, i);
    d->cases_own[case_idx].alert = TWI_NONE;
    a->is_closed = true;
    a->verdict = fact->as.verdict.verdict;
    a->updated_ms = fact->as.verdict.decided_ms;
    a->updated_received_ms = fact->received_ms;
    return a;
}

// --- verdicts
// --------------------------------------------------------------------------------------

static void set_factor(tw_detector *d, twi_case *c, double factor, double days)
{
    c->factor_256 = TW_MAX(1, (int32_t)(factor * 256 + 0.5));
    c->factor_until = d->day == INT32_MIN ? INT32_MIN : d->day + (int32_t)days;
}

static void forget_evidence(twi_case *c)
{
    memset(c->slot, 0, sizeof c->slot);
    memset(c->fire_n, 0, sizeof c->fire_n);
    c->peak = 0;
    c->lead_n = 0;
}

// What a conclusion about an alert does to its entity and scheme. New evidence has to gather again
// in any case, so that the next transaction alone does not re-open what was just decided.
static void judge_case(tw_detector *d, twi_case *c, tw_verdict_kind verdict)
{
    const tw_policy *p = &d->policy;
    forget_evidence(c);
    if (verdict == TW_VERDICT_CONFIRMED)
        set_factor(d, c, p->confirmed_factor, p->confirmed_days);
    else if (verdict == TW_VERDICT_REFUTED)
        set_factor(d, c, p->refuted_factor, p->refuted_days);
    else
        set_factor(d, c, p->operational_factor, p->operational_days);
}

// A verdict on one transaction of an open alert: CONFIRMED lowers what the next alert of the entity
// needs, REFUTED takes a quarter of the evidence away.
void tw_detector_judge(tw_detector *d, uint64_t seq, tw_verdict_kind verdict)
{
    const tw_table_slot *slot = seq ? tw_table_find(&d->alert_seqs, seq_key(seq)) : NULL;
    if (!slot)
        return;
    twi_case *c = &d->cases_own[slot->value];
    if (verdict == TW_VERDICT_CONFIRMED)
        set_factor(d, c, d->policy.confirmed_factor, d->policy.confirmed_days);
    if (verdict == TW_VERDICT_REFUTED)
        for (size_t i = 0; i < TW_SCHEME_SIGNALS_MAX; i++)
            c->slot[i] -= c->slot[i] / 4;
    if (c->alert != TWI_NONE)
        twi_trust_judge_part(d, &d->alerts_own[c->alert], verdict);
}

static void judge_transaction(tw_detector *d, const tw_verdict *v)
{
    tw_fact asked = {.kind = TW_FACT_TRANSACTION};
    asked.as.transaction.transaction_id = v->transaction_id;
    tw_detector_judge(d, tw_engine_find(d->engine, tw_fact_key(&asked, 0)), v->verdict);
}

static twi_closed *entry_of(const tw_detector *d, uint64_t alert_key)
{
    if (alert_key == 0)
        return NULL;
    const tw_table_slot *slot =
        tw_table_find(&d->alert_cases, tw_hash64(&alert_key, sizeof alert_key, 0));
    return slot ? &d->closed_own[slot->value] : NULL;
}

// The open alert of an entry, or NULL.
static const tw_alert *open_of(const tw_detector *d, const twi_closed *entry)
{
    uint32_t alert = d->cases_own[entry->case_idx].alert;
    bool is_open = alert != TWI_NONE && d->alerts_own[alert].key == entry->alert_key;
    return is_open ? &d->alerts_own[alert] : NULL;
}

void twi_verdict_apply(tw_detector *d, const tw_fact *fact, const tw_alert **closed)
{
    const tw_verdict *v = &fact->as.verdict;
    *closed = NULL;
    if (v->alert_id.bytes == 0) {
        if (v->transaction_id.bytes > 0)
            judge_transaction(d, v);
        return;
    }
    twi_closed *entry = entry_of(d, tw_alert_key_from(v->alert_id));
    if (!entry)
        return;
    if (open_of(d, entry))
        *closed = close_alert(d, entry, fact);
    twi_trust_judge(d, entry, v->verdict);
    // A changed verdict on a closed alert counts too, unless a newer alert is being worked on.
    twi_case *c = &d->cases_own[entry->case_idx];
    if (c->alert == TWI_NONE)
        judge_case(d, c, v->verdict);
}

// --- by key
// ---------------------------------------------------------------------------------------

const tw_alert *tw_detector_alert(const tw_detector *d, uint64_t key)
{
    const twi_closed *entry = entry_of(d, key);
    return entry ? open_of(d, entry) : NULL;
}

size_t tw_detector_alert_seqs(const tw_detector *d, uint64_t alert_key, uint64_t *out)
{
    const twi_closed *entry = entry_of(d, alert_key);
    if (!entry)
        return 0;
    const tw_alert *open = open_of(d, entry);
    const uint64_t *seqs = open ? open->seqs : d->seqs_own + entry->seq_at;
    size_t n = open ? open->seq_n : entry->seq_n;
    if (n > 0)
        memcpy(out, seqs, n * sizeof *out);
    return n;
}

uint64_t tw_detector_case_key(const tw_detector *d, uint64_t alert_key)
{
    const twi_closed *entry = entry_of(d, alert_key);
    return entry ? d->cases_own[entry->case_idx].key : 0;
}
