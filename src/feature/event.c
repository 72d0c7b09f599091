// SPDX-License-Identifier: Apache-2.0
//
// From a transaction to an event: its entities' keys, the filter bits that windows count by, its
// money effect, and the derived features. All of it reads the memory as it was before the
// transaction.
#include "internal.h"

#include <math.h>

#include "base/hash.h"
#include "base/time.h"
#include "retail/money.h"

enum {
    RAPID_REFUND_S = 900,
    CANCEL_OPEN_S = 120,
    CANCEL_OPEN_SEEN_S = 600,
    GIFT_DRAIN_S = 3600,
    GIFT_SEEN_S = 7 * 86400,
    GAP_MAX_S = 86400,
    OFF_SHIFT_GRACE_MIN = 15,
    ROUND_UNITS = 5,
    SPLIT_TENDERS = 3,
    MISSING_MAX = 1000,
    RERUNG_S = 600,
    TENURE_MAX_D = 90,
    TENURE_KNOWN_S = 3 * 86400, // seen this soon after the records began = was there before
};
static const float off_hours_activity = 0.02F; // of a mean trading hour
static const double deep_discount_share = 0.30;
static const double override_cut_share = 0.30;
static const double low_residual_share = 1.0 / 3.0;
static const double rerung_difference = 0.20;

uint64_t twi_entity_key(tw_entity_kind kind, tw_str a, tw_str b)
{
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)kind + 1);
    uint64_t key = tw_hash_str(a, seed);
    return b.bytes ? tw_hash_pair(key, tw_hash_str(b, seed)) : key;
}

void twi_event_keys(const tw_transaction *txn, twi_event *event)
{
    *event = (twi_event){.txn = txn};
    uint64_t *keys = event->keys;
    keys[TW_ENTITY_STORE] = twi_entity_key(TW_ENTITY_STORE, txn->store_id, TW_STR_NONE);
    keys[TW_ENTITY_REGISTER] = twi_entity_key(TW_ENTITY_REGISTER, txn->store_id, txn->register_id);
    keys[TW_ENTITY_EMPLOYEE] = twi_entity_key(TW_ENTITY_EMPLOYEE, txn->employee_id, TW_STR_NONE);
    tw_str account = tw_transaction_account(txn);
    if (account.bytes) {
        keys[TW_ENTITY_ACCOUNT] = twi_entity_key(TW_ENTITY_ACCOUNT, account, TW_STR_NONE);
        keys[TW_ENTITY_PAIR] = tw_hash_pair(keys[TW_ENTITY_EMPLOYEE], keys[TW_ENTITY_ACCOUNT]);
    }
    if (txn->override_employee_id.bytes) {
        uint64_t approver =
            twi_entity_key(TW_ENTITY_EMPLOYEE, txn->override_employee_id, TW_STR_NONE);
        keys[TW_ENTITY_APPROVAL] = tw_hash_pair(keys[TW_ENTITY_EMPLOYEE], approver);
    }
    if (txn->loyalty_id.bytes) {
        uint64_t member = twi_entity_key(TW_ENTITY_MEMBER, txn->loyalty_id, TW_STR_NONE);
        keys[TW_ENTITY_MEMBER] = tw_hash_pair(keys[TW_ENTITY_EMPLOYEE], member);
    }
    event->own_s = (uint32_t)(txn->time_ms / 1000);
    event->local_ms = tw_transaction_local_ms(txn);
    static const double powers[] = {1.0, 10.0, 100.0, 1000.0, 10000.0};
    int exponent = tw_currency_exponent(txn->currency);
    event->minor_per_major = powers[exponent >= 0 && exponent <= 4 ? exponent : 2];
}

// --- what kind of transaction it is ------------------------------------------------------------

static uint32_t type_flags(const tw_transaction *txn)
{
    bool void_flag = tw_transaction_is(txn, TW_TXN_FLAG_VOID);
    bool refund_flag = tw_transaction_is(txn, TW_TXN_FLAG_REFUND);
    switch (txn->type) {
    case TW_TXN_VOID:
    case TW_TXN_POST_VOID:
        return TWI_BIT(TW_FILTER_VOID);
    case TW_TXN_CANCEL:
        return TWI_BIT(TW_FILTER_CANCEL);
    case TW_TXN_NO_SALE:
        return TWI_BIT(TW_FILTER_NO_SALE);
    case TW_TXN_PAID_OUT:
        return TWI_BIT(TW_FILTER_PAID_OUT);
    case TW_TXN_PAID_IN:
    case TW_TXN_SUSPEND:
    case TW_TXN_RESUME:
    case TW_TXN_N:
        return 0;
    case TW_TXN_RETURN:
        return void_flag ? TWI_BIT(TW_FILTER_VOID) : TWI_BIT(TW_FILTER_REFUND);
    case TW_TXN_SALE:
    case TW_TXN_EXCHANGE:
        break;
    }
    if (void_flag)
        return TWI_BIT(TW_FILTER_VOID);
    return refund_flag ? TWI_BIT(TW_FILTER_REFUND) : TWI_BIT(TW_FILTER_SALE);
}

static bool starts_nocase(tw_str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.bytes >= n && tw_str_equal_nocase((tw_str){s.at, n}, (tw_str){prefix, n});
}

static bool contains_nocase(tw_str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.bytes; i++) {
        if ((s.at[i] | 0x20) != word[0]) // words are lower-case letters
            continue;
        if (tw_str_equal_nocase((tw_str){s.at + i, n}, (tw_str){word, n}))
            return true;
    }
    return false;
}

typedef enum { DISCOUNT_MANUAL, DISCOUNT_PROMOTION, DISCOUNT_STAFF } discount_class;

// Promotions come from the price file; everything that a person decided at the till is manual.
static discount_class discount_of(tw_str reason)
{
    static const char *const promotions[] = {"promo",  "coupon", "loyal",  "clear",   "markdown",
                                             "multi",  "member", "bundle", "senior",  "weekly",
                                             "season", "meal",   "reward", "campaign"};
    if (contains_nocase(reason, "employee") || contains_nocase(reason, "staff"))
        return DISCOUNT_STAFF;
    for (size_t i = 0; i < TW_COUNT(promotions); i++) {
        if (starts_nocase(reason, promotions[i]))
            return DISCOUNT_PROMOTION;
    }
    return DISCOUNT_MANUAL;
}

// --- the lines ---------------------------------------------------------------------------------

typedef struct line_sums {
    int64_t manual_minor, staff_minor, any_minor; // discounts
    int64_t rung_minor, voided_minor;             // value of all lines, of voided lines
    double deepest_cut;
    size_t voided_n, keyed_n;
    bool has_gift_load;
} line_sums;

static int64_t line_value(const tw_line *line)
{
    int64_t quantity = line->quantity_milli < 0 ? -line->quantity_milli : line->quantity_milli;
    int64_t price = line->unit_price_minor < 0 ? -line->unit_price_minor : line->unit_price_minor;
    // Saturation keeps the product in range: 2^31 minor units a piece, 2^21 pieces.
    return TW_MIN(price, INT32_MAX) * TW_MIN(quantity, INT64_C(1) << 31) / 1000;
}

static bool is_keyed(tw_entry_method method)
{
    return method == TW_ENTRY_KEYED || method == TW_ENTRY_MANUAL;
}

static line_sums sum_lines(const tw_transaction *txn)
{
    line_sums sums = {0};
    for (size_t i = 0; i < txn->line_n; i++) {
        const tw_line *line = &txn->lines[i];
        int64_t value = line_value(line);
        sums.rung_minor += value;
        sums.voided_minor += line->void_flag ? value : 0;
        sums.voided_n += line->void_flag;
        sums.keyed_n += is_keyed(line->entry_method);
        sums.has_gift_load |=
            contains_nocase(line->department, "gift") || starts_nocase(line->sku, "gift");
        if (line->void_flag)
            continue;
        bool is_cut = line->regular_price_minor > line->unit_price_minor;
        if (line->discount_minor == 0 && !is_cut)
            continue;
        discount_class class = discount_of(line->discount_reason);
        sums.any_minor += line->discount_minor;
        sums.manual_minor += class == DISCOUNT_MANUAL ? line->discount_minor : 0;
        sums.staff_minor += class == DISCOUNT_STAFF ? line->discount_minor : 0;
        if (is_cut && class != DISCOUNT_PROMOTION) {
            double cut = 1.0 - (double)line->unit_price_minor / (double)line->regular_price_minor;
            sums.deepest_cut = TW_MAX(sums.deepest_cut, TW_MIN(cut, 1.0));
        }
    }
    // A discount on the whole receipt without a reason is somebody's decision.
    if (sums.any_minor == 0)
        sums.manual_minor = txn->discount_minor;
    return sums;
}

static float set(float *row, tw_feature feature, double value)
{
    float v = (float)value;
    if (row)
        row[feature] = v;
    return v;
}

static void derive_money(twi_event *event, const line_sums *sums, float *row)
{
    const tw_transaction *txn = event->txn;
    int64_t total = txn->total_minor;
    int64_t magnitude = total < 0 ? -total : total;
    bool is_void = event->flags & TWI_BIT(TW_FILTER_VOID);
    bool moves_money = event->flags & (TWI_BIT(TW_FILTER_SALE) | TWI_BIT(TW_FILTER_REFUND) |
                                       TWI_BIT(TW_FILTER_VOID));
    event->amount = moves_money ? twi_saturate(is_void ? -total : total) : 0;
    bool sells = event->flags & TWI_BIT(TW_FILTER_SALE);
    event->discount = sells ? twi_saturate(sums->manual_minor) : 0;
    double gross = (double)magnitude + (double)txn->discount_minor;
    double share = gross > 0.0 ? (double)txn->discount_minor / gross : 0.0;
    double manual_share = gross > 0.0 ? (double)sums->manual_minor / gross : 0.0;
    if (sells && sums->manual_minor > 0)
        event->flags |= TWI_BIT(TW_FILTER_DISCOUNT);
    if (sells && manual_share >= deep_discount_share)
        event->flags |= TWI_BIT(TW_FILTER_DEEP_DISCOUNT);
    if (sells && sums->staff_minor > 0)
        event->flags |= TWI_BIT(TW_FILTER_EMPLOYEE_DISCOUNT);
    int64_t round_minor = (int64_t)(ROUND_UNITS * event->minor_per_major);
    bool is_round = magnitude != 0 && magnitude % round_minor == 0;
    if (is_round && (event->flags & (TWI_BIT(TW_FILTER_REFUND) | TWI_BIT(TW_FILTER_VOID))))
        event->flags |= TWI_BIT(TW_FILTER_ROUND);
    set(row, TW_F_tx_amount, (double)magnitude / event->minor_per_major);
    set(row, TW_F_tx_discount_share, share);
    set(row, TW_F_tx_round, is_round);
    set(row, TW_F_tx_items, txn->item_count);
}

static void derive_lines(twi_event *event, const line_sums *sums, float *row)
{
    const tw_transaction *txn = event->txn;
    bool sells = event->flags & TWI_BIT(TW_FILTER_SALE);
    bool has_override = txn->override_employee_id.bytes || txn->override_reason.bytes;
    bool approves_self = txn->override_employee_id.bytes &&
                         tw_str_equal(txn->override_employee_id, txn->employee_id);
    double voided =
        sums->rung_minor > 0 ? (double)sums->voided_minor / (double)sums->rung_minor : 0.0;
    size_t keyed_n = sums->keyed_n;
    for (size_t i = 0; i < txn->tender_n; i++)
        keyed_n += is_keyed(txn->tenders[i].entry_method);
    size_t entered_n = txn->line_n + txn->tender_n;
    if (has_override || (sells && sums->deepest_cut >= override_cut_share))
        event->flags |= TWI_BIT(TW_FILTER_OVERRIDE);
    if (approves_self)
        event->flags |= TWI_BIT(TW_FILTER_SELF_OVERRIDE);
    if (sells && sums->voided_n > 0)
        event->flags |= TWI_BIT(TW_FILTER_LINE_VOID);
    if (sells && voided > 1.0 - low_residual_share)
        event->flags |= TWI_BIT(TW_FILTER_LOW_RESIDUAL);
    if (keyed_n > 0)
        event->flags |= TWI_BIT(TW_FILTER_KEYED);
    if (txn->tender_n >= SPLIT_TENDERS)
        event->flags |= TWI_BIT(TW_FILTER_SPLIT);
    if (sells && sums->has_gift_load)
        event->flags |= TWI_BIT(TW_FILTER_GIFT_LOAD);
    bool has_lines = txn->line_n > 0;
    set(row, TW_F_tx_void_share, has_lines ? voided : (double)NAN);
    set(row, TW_F_tx_price_cut, has_lines ? sums->deepest_cut : (double)NAN);
    set(row, TW_F_tx_keyed_share, entered_n ? (double)keyed_n / (double)entered_n : (double)NAN);
    set(row, TW_F_tx_tenders, txn->tender_n ? (double)txn->tender_n : (double)NAN);
    set(row, TW_F_tx_override, has_override);
    set(row, TW_F_tx_self_override, approves_self);
    bool timed = tw_transaction_is(txn, TW_TXN_HAS_SCAN_SECONDS) && txn->item_count > 0;
    set(row, TW_F_tx_seconds_per_item,
        timed ? (double)txn->scan_seconds / txn->item_count : (double)NAN);
}

static bool refunds_to_stored_value(const tw_transaction *txn)
{
    for (size_t i = 0; i < txn->tender_n; i++) {
        if (txn->tenders[i].type == TW_PAY_GIFT_CARD || txn->tenders[i].type == TW_PAY_STORE_CREDIT)
            return true;
    }
    return txn->payment_type == TW_PAY_GIFT_CARD || txn->payment_type == TW_PAY_STORE_CREDIT;
}

static void derive_tender(const tw_engine *engine, twi_event *event, float *row)
{
    const tw_transaction *txn = event->txn;
    bool cash = txn->payment_type == TW_PAY_CASH;
    bool refund = event->flags & TWI_BIT(TW_FILTER_REFUND);
    bool sale = event->flags & TWI_BIT(TW_FILTER_SALE);
    if (sale && cash)
        event->flags |= TWI_BIT(TW_FILTER_CASH);
    if (refund && cash)
        event->flags |= TWI_BIT(TW_FILTER_CASH_REFUND);
    bool no_receipt =
        refund && (engine->feed & TW_FEED_ORIGINALS) && !txn->original_transaction_id.bytes;
    if (no_receipt)
        event->flags |= TWI_BIT(TW_FILTER_NO_RECEIPT);
    if (refund && refunds_to_stored_value(txn))
        event->flags |= TWI_BIT(TW_FILTER_GIFT_REFUND);
    float drain_s = NAN;
    const twi_account *account = twi_account_at(engine, event->idx[TW_ENTITY_ACCOUNT]);
    if (sale && txn->payment_type == TW_PAY_GIFT_CARD && account && account->last_load_s != 0 &&
        event->own_s >= account->last_load_s && event->own_s - account->last_load_s <= GIFT_SEEN_S)
        drain_s = (float)(event->own_s - account->last_load_s);
    if (drain_s <= (float)GIFT_DRAIN_S)
        event->flags |= TWI_BIT(TW_FILTER_GIFT_DRAIN);
    set(row, TW_F_seq_gift_drain_s, (double)drain_s);
    set(row, TW_F_tx_cash, cash);
    set(row, TW_F_tx_no_receipt, no_receipt);
    set(row, TW_F_tx_refund, refund);
    set(row, TW_F_tx_void, (event->flags & TWI_BIT(TW_FILTER_VOID)) != 0);
}

// --- sequences ---------------------------------------------------------------------------------

static void derive_original(twi_event *event, float *row)
{
    const tw_transaction *txn = event->txn;
    const twi_receipt *original = &event->original;
    bool is_void = event->flags & TWI_BIT(TW_FILTER_VOID);
    bool is_refund = event->flags & TWI_BIT(TW_FILTER_REFUND);
    bool has = event->has_original;
    double gap_s = has && event->own_s >= original->t ? (double)(event->own_s - original->t) : 0.0;
    bool own_sale = has && original->employee != TWI_NONE &&
                    original->employee == event->idx[TW_ENTITY_EMPLOYEE];
    bool cash_void = false;
    if (is_void && (has || txn->type == TW_TXN_POST_VOID)) {
        bool was_cash = has ? (original->flags & TWI_BIT(TW_FILTER_CASH)) != 0
                            : txn->payment_type == TW_PAY_CASH;
        cash_void = was_cash && (own_sale || !has);
    }
    if (cash_void)
        event->flags |= TWI_BIT(TW_FILTER_CASH_VOID);
    if (is_refund && own_sale && gap_s <= RAPID_REFUND_S)
        event->flags |= TWI_BIT(TW_FILTER_RAPID_REFUND);
    set(row, TW_F_seq_void_gap_s, is_void && has ? gap_s : (double)NAN);
    set(row, TW_F_seq_void_cash, cash_void);
    set(row, TW_F_seq_refund_gap_s, is_refund && has ? gap_s : (double)NAN);
    set(row, TW_F_seq_refund_same_employee, is_refund && own_sale);
    set(row, TW_F_seq_receipt_refunds,
        is_refund && event->original_idx != TWI_NONE ? (double)original->refunds + 1.0
                                                     : (double)NAN);
}

static void derive_register(const tw_engine *engine, twi_event *event, float *row)
{
    const tw_transaction *txn = event->txn;
    const twi_register *reg = twi_register_at(engine, event->idx[TW_ENTITY_REGISTER]);
    double idle_s = (double)NAN, cancel_s = (double)NAN, missing = (double)NAN;
    if (reg && reg->last_s != 0)
        idle_s = event->own_s > reg->last_s ? TW_MIN(event->own_s - reg->last_s, GAP_MAX_S) : 0;
    if (reg && (event->flags & TWI_BIT(TW_FILTER_NO_SALE)) && reg->last_cancel_s != 0 &&
        event->own_s >= reg->last_cancel_s &&
        event->own_s - reg->last_cancel_s <= CANCEL_OPEN_SEEN_S)
        cancel_s = event->own_s - reg->last_cancel_s;
    if (cancel_s <= CANCEL_OPEN_S)
        event->flags |= TWI_BIT(TW_FILTER_CANCEL_OPEN);
    if (reg && tw_transaction_is(txn, TW_TXN_HAS_SEQUENCE) && reg->last_sequence != 0) {
        bool skips = txn->sequence_number > reg->last_sequence;
        missing = skips ? TW_MIN(txn->sequence_number - reg->last_sequence - 1, MISSING_MAX) : 0;
    }
    set(row, TW_F_time_register_gap_s, idle_s);
    set(row, TW_F_seq_cancel_open_s, cancel_s);
    set(row, TW_F_seq_missing_numbers, missing);
}

// Careless cashiers ring again what they voided; thieves do not.
static void derive_rerung(const tw_engine *engine, twi_event *event)
{
    const twi_register *reg = twi_register_at(engine, event->idx[TW_ENTITY_REGISTER]);
    if (!reg || reg->undone_s == 0 || !(event->flags & TWI_BIT(TW_FILTER_SALE)))
        return;
    double difference = (double)event->amount - (double)reg->undone_amount;
    difference = difference < 0.0 ? -difference : difference;
    if (event->own_s >= reg->undone_s && event->own_s - reg->undone_s <= RERUNG_S &&
        difference <= rerung_difference * (double)reg->undone_amount)
        event->flags |= TWI_BIT(TW_FILTER_RERUNG);
}

// --- the clock ---------------------------------------------------------------------------------

static void derive_employee_time(const tw_engine *engine, const twi_event *event,
                                 const twi_employee *employee, float *row)
{
    // An employee who is met now for the first time has no memory yet, or an empty one.
    bool known = employee && employee->id_bytes;
    uint32_t first_s = known ? employee->first_s : event->own_s;
    uint32_t records_s = engine->first_s ? engine->first_s : event->own_s;
    double tenure_d = 0.0, hop_s = (double)NAN;
    if (first_s < records_s + TENURE_KNOWN_S)
        tenure_d = TENURE_MAX_D;
    else if (event->own_s > first_s)
        tenure_d = TW_MIN((event->own_s - first_s) / 86400.0, TENURE_MAX_D);
    if (known) {
        uint32_t elsewhere_s = employee->store == event->idx[TW_ENTITY_STORE]
                                   ? employee->other_store_s
                                   : employee->last_s;
        if (elsewhere_s != 0 && event->own_s >= elsewhere_s &&
            event->own_s - elsewhere_s <= GAP_MAX_S)
            hop_s = event->own_s - elsewhere_s;
    }
    set(row, TW_F_emp_tenure_d, tenure_d);
    set(row, TW_F_seq_store_hop_s, hop_s);
}

static void derive_time(const tw_engine *engine, twi_event *event, float *row)
{
    const twi_store *store = twi_store_at(engine, event->idx[TW_ENTITY_STORE]);
    const twi_employee *employee = twi_employee_at(engine, event->idx[TW_ENTITY_EMPLOYEE]);
    tw_civil civil;
    tw_civil_from_ms(event->local_ms, &civil);
    float activity = twi_store_activity(store, event->local_ms);
    float to_close = twi_store_hours_to_close(store, event->local_ms);
    float off_shift = twi_employee_off_shift_min(employee, event->own_s);
    if (activity < off_hours_activity)
        event->flags |= TWI_BIT(TW_FILTER_OFF_HOURS);
    if (off_shift > (float)OFF_SHIFT_GRACE_MIN)
        event->flags |= TWI_BIT(TW_FILTER_OFF_SHIFT);
    bool gives_back = event->flags & (TWI_BIT(TW_FILTER_REFUND) | TWI_BIT(TW_FILTER_VOID));
    if (gives_back && to_close <= 1.0F)
        event->flags |= TWI_BIT(TW_FILTER_LATE_REFUND);
    double idle_s = (double)NAN;
    if (employee && employee->last_s != 0)
        idle_s = event->own_s > employee->last_s
                     ? TW_MIN(event->own_s - employee->last_s, GAP_MAX_S)
                     : 0;
    derive_employee_time(engine, event, employee, row);
    set(row, TW_F_time_hour, civil.hour + civil.minute / 60.0);
    set(row, TW_F_time_weekend, civil.weekday >= 5);
    set(row, TW_F_time_night, civil.hour <= 6);
    set(row, TW_F_time_activity, (double)activity);
    set(row, TW_F_time_hours_to_close, (double)to_close);
    set(row, TW_F_time_off_shift_min, (double)off_shift);
    set(row, TW_F_time_employee_gap_s, idle_s);
    event->shift_s = twi_employee_shift_start(employee, event->own_s);
}

void twi_event_derive(const tw_engine *engine, twi_event *event, float *row)
{
    const tw_transaction *txn = event->txn;
    const twi_store *store = twi_store_at(engine, event->idx[TW_ENTITY_STORE]);
    event->now_s = twi_store_effective(store, event->own_s);
    bool training = tw_transaction_is(txn, TW_TXN_FLAG_TRAINING);
    // Training mode moves nothing: it counts as itself alone.
    event->flags =
        TWI_BIT(TW_FILTER_ALL) | (training ? TWI_BIT(TW_FILTER_TRAINING) : type_flags(txn));
    line_sums sums = sum_lines(txn);
    derive_money(event, &sums, row);
    derive_lines(event, &sums, row);
    derive_tender(engine, event, row);
    twi_sequence_original(engine, event);
    derive_original(event, row);
    derive_register(engine, event, row);
    derive_rerung(engine, event);
    derive_time(engine, event, row);
    set(row, TW_F_tx_training, training);
}

static float ratio(float value, float mean)
{
    return mean > 0.0F ? value / mean : NAN;
}

void twi_event_finish(const tw_engine *engine, const twi_event *event, float *row)
{
    float amount = row[TW_F_tx_amount];
    row[TW_F_tx_amount_ratio] = ratio(amount, row[TW_F_store_sale_mean_7d]);
    row[TW_F_tx_account_ratio_7d] = ratio(amount, row[TW_F_acc_mean_7d]);
    row[TW_F_tx_account_ratio_30d] = ratio(amount, row[TW_F_acc_mean_30d]);
    const twi_employee *employee = twi_employee_at(engine, event->idx[TW_ENTITY_EMPLOYEE]);
    const twi_group *group = twi_peers_group(engine, employee);
#define X(name, percentile, base)                                                                  \
    if (TW_##percentile != TW_FEATURE_N)                                                           \
        row[TW_##percentile] = twi_group_percentile(group, TW_PEER_##name, row[TW_F_##base]);
    TW_PEER_MEASURES(X)
#undef X
}
