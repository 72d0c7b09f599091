// SPDX-License-Identifier: Apache-2.0
//
// The figures of a backtest. An alert is right or wrong by its transactions: what most of those
// that have a label say (half is enough to be right). Pairs of entity and scheme tell what the
// recorded run and the one that is looked at have in common.
#include "backtest_sum.h"

#include "base/hash.h"
#include "base/time.h"

#define NO_VERDICT 0xff

// Labels of one transaction in a table's value: its own in bits 0..1, that of its alert in 2..3.
enum { LABEL_NONE, LABEL_HONEST, LABEL_FRAUD, LABEL_OPEN };
#define LABEL_MASK 3u
#define LABEL_ALERT_SHIFT 2

static uint64_t hash_of(uint64_t x)
{
    return tw_hash64(&x, sizeof x, 0);
}

void twi_sum_init(twi_backtest_sum *sum, const tw_alloc *alloc)
{
    *sum = (twi_backtest_sum){.alloc = alloc, .first_day = INT32_MAX, .last_day = INT32_MIN};
    tw_table_init(&sum->item_table, alloc, TW_ENTITIES_MAX);
    tw_table_init(&sum->old_table, alloc, TW_ENTITIES_MAX);
    tw_table_init(&sum->label_table, alloc, TW_ENTITIES_MAX);
    tw_table_init(&sum->store_table, alloc, TW_ENTITIES_MAX);
}

void twi_sum_release(twi_backtest_sum *sum)
{
    tw_free_array(sum->alloc, sum->items_own, sum->item_cap, sizeof *sum->items_own);
    tw_free_array(sum->alloc, sum->olds_own, sum->old_cap, sizeof *sum->olds_own);
    tw_table_release(&sum->item_table);
    tw_table_release(&sum->old_table);
    tw_table_release(&sum->label_table);
    tw_table_release(&sum->store_table);
}

// --- on the way
// ------------------------------------------------------------------------------------

tw_status twi_sum_transaction(twi_backtest_sum *sum, const tw_transaction *transaction,
                              const tw_score *score)
{
    tw_table_slot *slot;
    int32_t day = tw_floor_day(tw_transaction_local_ms(transaction));
    sum->transaction_n++;
    sum->first_day = TW_MIN(sum->first_day, day);
    sum->last_day = TW_MAX(sum->last_day, day);
    for (size_t i = 0; i < score->fired_n; i++)
        sum->fired_n[score->fired[i].signal]++;
    TW_TRY(tw_table_at(&sum->store_table, tw_hash_str(transaction->store_id, 0), &slot));
    slot->value = 0;
    return TW_OK;
}

static void describe(const tw_alert *alert, tw_backtest_alert *out)
{
    *out = (tw_backtest_alert){.created_ms = alert->created_ms};
    tw_alert_id(alert->key, out->alert_id);
    memcpy(out->scheme, alert->scheme, sizeof out->scheme);
    memcpy(out->entity_id, alert->entity_id, sizeof out->entity_id);
    memcpy(out->store_id, alert->store_id, sizeof out->store_id);
}

tw_status twi_sum_alert(twi_backtest_sum *sum, const tw_alert *alert, uint64_t case_key)
{
    tw_table_slot *slot;
    void *items = sum->items_own;
    tw_status status = tw_grow(sum->alloc, &items, &sum->item_cap, sum->item_n + 1,
                               sizeof *sum->items_own, TW_TABLE_NONE);
    sum->items_own = items;
    TW_TRY(status);
    TW_TRY(tw_table_at(&sum->item_table, hash_of(alert->key), &slot));
    if (slot->value == TW_TABLE_NONE) {
        slot->value = (uint32_t)sum->item_n++;
        twi_sum_item *item = &sum->items_own[slot->value];
        *item = (twi_sum_item){.key = alert->key, .case_key = case_key};
        describe(alert, &item->alert);
    }
    twi_sum_item *item = &sum->items_own[slot->value];
    item->alert.risk = alert->risk;
    for (uint32_t i = 0; i < alert->reason_n; i++)
        item->signals[alert->reasons[i].signal / 64] |= UINT64_C(1)
                                                        << alert->reasons[i].signal % 64;
    return TW_OK;
}

tw_status twi_sum_recorded(twi_backtest_sum *sum, const tw_alert *alert, uint64_t case_key)
{
    tw_table_slot *slot;
    void *olds = sum->olds_own;
    tw_status status = tw_grow(sum->alloc, &olds, &sum->old_cap, sum->old_n + 1,
                               sizeof *sum->olds_own, TW_TABLE_NONE);
    sum->olds_own = olds;
    TW_TRY(status);
    TW_TRY(tw_table_at(&sum->old_table, hash_of(alert->key), &slot));
    if (slot->value == TW_TABLE_NONE) {
        slot->value = (uint32_t)sum->old_n++;
        twi_sum_old *old = &sum->olds_own[slot->value];
        *old = (twi_sum_old){.key = alert->key, .case_key = case_key, .verdict = NO_VERDICT};
        describe(alert, &old->alert);
        old->alert.as_recorded = true;
    }
    sum->olds_own[slot->value].alert.risk = alert->risk;
    return TW_OK;
}

void twi_sum_verdict(twi_backtest_sum *sum, uint64_t key, tw_verdict_kind verdict)
{
    const tw_table_slot *slot = tw_table_find(&sum->old_table, hash_of(key));
    if (slot)
        sum->olds_own[slot->value].verdict = (uint8_t)verdict;
}

tw_status twi_sum_label(twi_backtest_sum *sum, uint64_t seq, tw_verdict_kind verdict, bool of_alert)
{
    tw_table_slot *slot;
    unsigned shift = of_alert ? LABEL_ALERT_SHIFT : 0;
    uint32_t label = verdict == TW_VERDICT_CONFIRMED      ? LABEL_FRAUD
                     : verdict == TW_VERDICT_INCONCLUSIVE ? LABEL_OPEN
                                                          : LABEL_HONEST;
    if (seq == 0)
        return TW_OK;
    TW_TRY(tw_table_at(&sum->label_table, hash_of(seq), &slot));
    if (slot->value == TW_TABLE_NONE)
        slot->value = 0;
    slot->value = (slot->value & ~(LABEL_MASK << shift)) | label << shift;
    return TW_OK;
}

// --- at the end
// ------------------------------------------------------------------------------------

static uint32_t label_at(const twi_backtest_sum *sum, uint64_t seq)
{
    const tw_table_slot *slot = tw_table_find(&sum->label_table, hash_of(seq));
    uint32_t value = slot ? slot->value : 0, own = value & LABEL_MASK;
    return own != LABEL_NONE ? own : value >> LABEL_ALERT_SHIFT & LABEL_MASK;
}

static int8_t known(const twi_backtest_sum *sum, const tw_detector *watched, uint64_t key)
{
    uint64_t seqs[TW_ALERT_SEQS_MAX];
    size_t n = tw_detector_alert_seqs(watched, key, seqs), fraud = 0, honest = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t label = label_at(sum, seqs[i]);
        fraud += label == LABEL_FRAUD;
        honest += label == LABEL_HONEST;
    }
    if (fraud + honest == 0)
        return -1;
    return fraud >= honest;
}

static tw_status pair_add(tw_table *pairs, uint64_t case_key, uint32_t bit)
{
    tw_table_slot *slot;
    TW_TRY(tw_table_at(pairs, case_key, &slot));
    slot->value = (slot->value == TW_TABLE_NONE ? 0 : slot->value) | bit;
    return TW_OK;
}

static tw_status count_pairs(twi_backtest_sum *sum, tw_table *pairs, tw_backtest *out)
{
    for (size_t i = 0; i < sum->old_n; i++) {
        const twi_sum_old *old = &sum->olds_own[i];
        bool is_confirmed = old->verdict == TW_VERDICT_CONFIRMED;
        TW_TRY(pair_add(pairs, old->case_key,
                        TWI_PAIR_RECORDED | (is_confirmed ? TWI_PAIR_CONFIRMED : 0u)));
    }
    for (size_t i = 0; i < sum->item_n; i++)
        TW_TRY(pair_add(pairs, sum->items_own[i].case_key, TWI_PAIR_RAISED));
    for (size_t i = 0; i < sum->item_n; i++) {
        twi_sum_item *item = &sum->items_own[i];
        item->alert.as_recorded =
            (tw_table_find(pairs, item->case_key)->value & TWI_PAIR_RECORDED) != 0;
        item->alert.is_raised = true;
        out->appears_n += !item->alert.as_recorded;
    }
    for (size_t i = 0; i < sum->old_n; i++) {
        twi_sum_old *old = &sum->olds_own[i];
        old->alert.is_raised = (tw_table_find(pairs, old->case_key)->value & TWI_PAIR_RAISED) != 0;
        out->vanishes_n += !old->alert.is_raised;
    }
    for (size_t i = 0; i < pairs->cap; i++) {
        uint32_t bits = pairs->slots_own[i].key != 0 ? pairs->slots_own[i].value : 0;
        bool is_confirmed = (bits & TWI_PAIR_CONFIRMED) != 0;
        out->known_confirmed_n += is_confirmed;
        out->known_found_n += is_confirmed && (bits & TWI_PAIR_RAISED);
    }
    return TW_OK;
}

static tw_backtest_scheme *scheme_of(tw_backtest *out, const char *name)
{
    size_t i = 0;
    while (i < out->scheme_n && strcmp(out->schemes_own[i].name, name) != 0)
        i++;
    if (i == out->scheme_n)
        memcpy(out->schemes_own[out->scheme_n++].name, name, sizeof out->schemes_own[0].name);
    return &out->schemes_own[i];
}

static void count_alert(const twi_sum_item *item, tw_backtest *out)
{
    int8_t k = item->alert.known;
    tw_backtest_scheme *scheme = scheme_of(out, item->alert.scheme);
    out->alert_n++;
    out->confirmed_n += k == 1;
    out->refuted_n += k == 0;
    out->unknown_n += k < 0;
    scheme->alert_n++;
    scheme->confirmed_n += k == 1;
    scheme->refuted_n += k == 0;
    scheme->unknown_n += k < 0;
}

// Signals that fired or spoke for an alert; without `row`, their number only.
static size_t list_signals(const twi_backtest_sum *sum, const tw_detector *watched,
                           tw_backtest_signal *row)
{
    size_t n = 0;
    for (size_t s = 0; s < tw_detector_signal_n(watched); s++) {
        tw_backtest_signal signal = {.fired_n = sum->fired_n[s]};
        for (size_t i = 0; i < sum->item_n; i++) {
            const twi_sum_item *item = &sum->items_own[i];
            if (!(item->signals[s / 64] >> s % 64 & 1))
                continue;
            signal.alert_n++;
            signal.confirmed_n += item->alert.known == 1;
            signal.refuted_n += item->alert.known == 0;
        }
        tw_signal_info info;
        bool is_listed =
            signal.fired_n + signal.alert_n > 0 && tw_detector_signal(watched, (uint8_t)s, &info);
        if (is_listed && row) {
            tw_str_copy(info.name, signal.name, sizeof signal.name);
            row[n] = signal;
        }
        n += is_listed;
    }
    return n;
}

static void sum_up_recorded(tw_backtest *out)
{
    for (size_t i = 0; i < out->recorded_n; i++) {
        int8_t k = out->recorded_own[i].known;
        out->recorded_confirmed_n += k == 1;
        out->recorded_refuted_n += k == 0;
        out->recorded_unknown_n += k < 0;
    }
    out->recorded_precision =
        tw_share_of(out->recorded_confirmed_n, out->recorded_confirmed_n + out->recorded_refuted_n);
}

static void sum_up(const twi_backtest_sum *sum, tw_backtest *out)
{
    out->transaction_n = sum->transaction_n;
    out->store_n = (uint32_t)sum->store_table.n;
    out->day_n = sum->transaction_n > 0 ? sum->last_day - sum->first_day + 1 : 0;
    double store_days = (double)out->store_n * out->day_n;
    out->alerts_per_store_day = store_days > 0 ? (double)out->alert_n / store_days : 0;
    out->precision = tw_share_of(out->confirmed_n, out->confirmed_n + out->refuted_n);
}

static tw_status list_new(const tw_alloc *alloc, size_t n, size_t size, void **list)
{
    *list = n > 0 ? tw_new_array(alloc, n, size) : NULL;
    return n > 0 && !*list ? TW_NO_MEMORY : TW_OK;
}

// Schemes first in a list as long as that of the alerts, which is then cut.
static tw_status make_schemes(twi_backtest_sum *sum, tw_backtest *out)
{
    void *list;
    size_t size = sizeof *out->schemes_own;
    if (sum->item_n == 0)
        return TW_OK;
    TW_TRY(list_new(sum->alloc, sum->item_n, size, &list));
    out->schemes_own = list;
    for (size_t i = 0; i < sum->item_n; i++)
        count_alert(&sum->items_own[i], out);
    void *cut = sum->alloc->resize(sum->alloc->ctx, list, sum->item_n * size, out->scheme_n * size);
    if (!cut) {
        tw_free_array(sum->alloc, list, sum->item_n, size);
        out->schemes_own = NULL;
        out->scheme_n = 0;
        return TW_NO_MEMORY;
    }
    out->schemes_own = cut;
    return TW_OK;
}

static tw_status make_lists(twi_backtest_sum *sum, const tw_detector *watched, tw_backtest *out)
{
    void *list;
    size_t signal_n = list_signals(sum, watched, NULL);
    TW_TRY(make_schemes(sum, out));
    TW_TRY(list_new(sum->alloc, sum->item_n, sizeof *out->alerts_own, &list));
    out->alerts_own = list;
    out->alert_list_n = sum->item_n;
    for (size_t i = 0; i < sum->item_n; i++)
        out->alerts_own[i] = sum->items_own[i].alert;
    TW_TRY(list_new(sum->alloc, sum->old_n, sizeof *out->recorded_own, &list));
    out->recorded_own = list;
    out->recorded_n = sum->old_n;
    for (size_t i = 0; i < sum->old_n; i++)
        out->recorded_own[i] = sum->olds_own[i].alert;
    TW_TRY(list_new(sum->alloc, signal_n, sizeof *out->signals_own, &list));
    out->signals_own = list;
    out->signal_n = signal_n;
    list_signals(sum, watched, out->signals_own);
    return TW_OK;
}

tw_status twi_sum_finish(twi_backtest_sum *sum, const tw_detector *watched,
                         const tw_detector *recorded, tw_backtest *out)
{
    tw_table pairs;
    *out = (tw_backtest){.alloc = sum->alloc};
    for (size_t i = 0; i < sum->item_n; i++)
        sum->items_own[i].alert.known = known(sum, watched, sum->items_own[i].key);
    for (size_t i = 0; i < sum->old_n; i++)
        sum->olds_own[i].alert.known = known(sum, recorded, sum->olds_own[i].key);
    tw_table_init(&pairs, sum->alloc, TW_ENTITIES_MAX);
    tw_status status = count_pairs(sum, &pairs, out);
    if (status == TW_OK)
        status = make_lists(sum, watched, out);
    tw_table_release(&pairs);
    if (status != TW_OK) {
        tw_backtest_release(out);
        *out = (tw_backtest){0};
        return status;
    }
    sum_up(sum, out);
    sum_up_recorded(out);
    return TW_OK;
}
