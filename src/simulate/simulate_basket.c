// SPDX-License-Identifier: Apache-2.0
//
// A transaction from the first scan to the drawer: customers, lines, discounts, tenders, durations.
// sim->txn is the one in progress; callers begin it, change it as their story wants, and finish it.
#include "simulate_model.h"

// --- customers ---------------------------------------------------------------------------------

uint64_t twi_customer_pick(twi_sim *sim, twi_store *store, tw_rng *rng)
{
    static const double regular[TWI_FORMATS] = {0.55, 0.72, 0.40, 0.30};
    double u = tw_rng_unit(rng);
    if (u >= regular[store->format])
        return tw_rng_u64(rng) | 1; // a face that does not come back
    const twi_store *home = store;
    if (u < 0.06 && sim->options.stores > 1) {
        // Neighbours in the district shop here too.
        uint32_t district = store->idx / 10 * 10;
        uint32_t size = TW_MIN(10, sim->options.stores - district);
        home = &sim->stores_own[district + tw_rng_below(rng, size)];
    }
    double v = tw_rng_unit(rng);
    // Families with many trips come first: about twenty times as many as the rarest regulars.
    uint64_t nth = (uint64_t)((0.25 + 0.75 * v) * v * (double)home->customer_n);
    return twi_mix(sim->options.seed ^ (uint64_t)home->idx << 32, nth) | 1;
}

bool twi_is_member(const twi_store *store, uint64_t customer)
{
    static const uint64_t percent[TWI_FORMATS] = {18, 58, 36, 22};
    return twi_mix(customer, 11) % 100 < percent[store->format];
}

uint64_t twi_token(uint64_t customer, twi_pay pay)
{
    uint64_t kind = pay == TWI_PAY_DEBIT ? 2 : pay == TWI_PAY_MOBILE ? 3 : 1;
    return twi_mix(customer, 100 + kind);
}

// --- lines -------------------------------------------------------------------------------------

twi_txn *twi_begin(twi_sim *sim, twi_type type, uint32_t employee, uint8_t reg)
{
    twi_txn *txn = &sim->txn;
    txn->employee = employee;
    txn->reg = reg;
    txn->type = (uint8_t)type;
    txn->pay = TWI_PAY_NONE;
    txn->scheme = TW_SIMULATE_HONEST;
    txn->is_refund = txn->is_void = txn->is_training = false;
    txn->total = txn->discount = txn->loss = 0;
    txn->item_count = 0;
    txn->customer = txn->loyalty = txn->original = txn->void_of = 0;
    txn->override_employee = TWI_NONE;
    txn->override_reason = TWI_REASON_NONE;
    txn->scan_ds = txn->tender_ds = -1;
    txn->line_n = txn->tender_n = 0;
    return txn;
}

twi_line *twi_add_line(twi_sim *sim, twi_store *store, uint32_t item, int32_t quantity,
                       twi_entry entry)
{
    twi_txn *txn = &sim->txn;
    TW_CHECK(txn->line_n < TWI_LINES_MAX);
    twi_line *line = &txn->lines[txn->line_n++];
    int64_t price = sim->items_own[item].price;
    *line = (twi_line){.item = item,
                       .quantity = quantity,
                       .price = price,
                       .regular = price,
                       .entry = (uint8_t)entry,
                       .is_return = quantity < 0};
    if (item == TWI_ITEM_GIFT_CARD || quantity < 0)
        return line;
    int32_t percent = twi_item_promotion_percent(sim->options.seed, item, store->day);
    bool is_event =
        store->promotion_percent > 0 && (sim->items_own[item].department + store->day) % 3 != 0;
    if (is_event)
        percent = TW_MAX(percent, store->promotion_percent);
    if (percent) {
        line->discount = price * quantity * percent / 100;
        line->reason = TWI_REASON_PROMOTION;
    }
    return line;
}

static int32_t line_count(const twi_store *store, tw_rng *rng, bool is_self)
{
    static const double mean[TWI_FORMATS] = {1.1, 5.4, 1.1, 1.5};
    double extra = mean[store->format] * (is_self ? 0.55 : 1.0) * twi_gap(rng);
    if (store->format == TWI_SUPERMARKET && !is_self && twi_chance(rng, 0.12))
        extra += twi_between(rng, 8.0, 22.0); // the weekly shop
    return 1 + (int32_t)TW_MIN(extra, 36.0);
}

// A line that is taken off again; the careless and the new then scan it once more.
static void void_a_line(twi_sim *sim, twi_store *store, tw_rng *rng, const twi_employee *e)
{
    twi_txn *txn = &sim->txn;
    twi_line *line = &txn->lines[txn->line_n - 1];
    uint32_t item = line->item;
    int32_t quantity = line->quantity;
    twi_entry entry = (twi_entry)line->entry;
    line->is_void = true;
    if (twi_chance(rng, e->is_careless ? 0.8 : 0.45) && txn->line_n < TWI_LINES_MAX)
        (void)twi_add_line(sim, store, item, quantity, entry);
}

double twi_mistakes(const twi_employee *e, int32_t day)
{
    int32_t tenure = day - e->hired_day;
    return (double)e->mistakes * (tenure < 21 ? 1.0 + 3.0 * (21 - tenure) / 21.0 : 1.0);
}

void twi_fill_basket(twi_sim *sim, twi_store *store, tw_rng *rng, bool is_self)
{
    const twi_employee *e = &sim->employees_own[sim->txn.employee];
    const twi_habits *h = store->habits;
    double keyed = is_self ? 0.004 : 0.012 * h->keyed * (double)e->keyed;
    double voids = (is_self ? 0.004 : 0.0075 * h->line_voids * (double)e->voids) *
                   (twi_mistakes(e, store->day) > 2.0 ? 1.8 : 1.0);
    int32_t n = line_count(store, rng, is_self);
    const uint32_t n_max = TWI_LINES_MAX - 8; // a story may add some lines of its own
    for (int32_t i = 0; i < n && sim->txn.line_n < n_max; i++) {
        uint32_t item = twi_item_pick(rng, (twi_format)store->format);
        double u = tw_rng_unit(rng);
        int32_t quantity = u < 0.88 ? 1 : u < 0.96 ? 2 : 3 + (int32_t)(u * 1000.0) % 4;
        twi_entry entry = twi_chance(rng, keyed) ? TWI_ENTRY_KEYED : TWI_ENTRY_SCANNED;
        (void)twi_add_line(sim, store, item, quantity, entry);
        if (twi_chance(rng, voids))
            void_a_line(sim, store, rng, e);
    }
    if (sim->txn.line_n && n == 1 && sim->txn.lines[sim->txn.line_n - 1].is_void)
        sim->txn.lines[sim->txn.line_n - 1].is_void = false; // something is bought after all
}

void twi_total(twi_txn *txn)
{
    txn->total = txn->discount = 0;
    txn->item_count = 0;
    for (uint32_t i = 0; i < txn->line_n; i++) {
        const twi_line *line = &txn->lines[i];
        if (line->is_void)
            continue;
        txn->total += line->price * line->quantity - line->discount;
        txn->discount += line->discount;
        txn->item_count += line->quantity < 0 ? -line->quantity : line->quantity;
    }
}

void twi_discount_all(twi_txn *txn, int32_t percent, twi_reason reason)
{
    for (uint32_t i = 0; i < txn->line_n; i++) {
        twi_line *line = &txn->lines[i];
        int64_t discount = line->price * line->quantity * percent / 100;
        if (line->is_void || line->is_return || line->item == TWI_ITEM_GIFT_CARD ||
            discount <= line->discount)
            continue;
        line->discount = discount;
        line->reason = (uint8_t)reason;
    }
}

// --- tenders -----------------------------------------------------------------------------------

twi_pay twi_pick_pay(const twi_store *store, tw_rng *rng, uint64_t customer, int64_t total,
                     bool is_self)
{
    static const double cash_share[TWI_FORMATS] = {0.36, 0.19, 0.11, 0.17};
    double u = tw_rng_unit(rng);
    double cash =
        is_self ? 0.05
                : cash_share[store->format] * store->habits->cash * (total > 8000 ? 0.5 : 1.0);
    if (u < cash)
        return TWI_PAY_CASH;
    if (u < cash + 0.012)
        return TWI_PAY_GIFT_CARD;
    if (u < cash + 0.016 && !is_self && store->format != TWI_CONVENIENCE)
        return TWI_PAY_CHECK;
    if (u < cash + 0.019 && !is_self)
        return u < cash + 0.018 ? TWI_PAY_VOUCHER : TWI_PAY_OTHER;
    // A person has a favourite card and mostly stays with it.
    uint64_t favourite = twi_mix(customer, 7) % 100;
    if (twi_chance(rng, 0.12))
        favourite = tw_rng_below(rng, 100);
    return favourite < 42 ? TWI_PAY_CREDIT : favourite < 80 ? TWI_PAY_DEBIT : TWI_PAY_MOBILE;
}

static twi_entry card_entry(twi_pay pay, tw_rng *rng)
{
    if (pay == TWI_PAY_MOBILE)
        return TWI_ENTRY_TAP;
    if (pay == TWI_PAY_GIFT_CARD || pay == TWI_PAY_STORE_CREDIT)
        return twi_chance(rng, 0.9) ? TWI_ENTRY_SCANNED : TWI_ENTRY_KEYED;
    double u = tw_rng_unit(rng);
    return u < 0.55    ? TWI_ENTRY_TAP
           : u < 0.94  ? TWI_ENTRY_CHIP
           : u < 0.995 ? TWI_ENTRY_SWIPE
                       : TWI_ENTRY_KEYED;
}

static bool is_tokenised(twi_pay pay)
{
    return pay == TWI_PAY_CREDIT || pay == TWI_PAY_DEBIT || pay == TWI_PAY_MOBILE ||
           pay == TWI_PAY_GIFT_CARD || pay == TWI_PAY_STORE_CREDIT;
}

void twi_pay_with(twi_txn *txn, twi_pay pay, uint64_t token, tw_rng *rng)
{
    TW_CHECK(txn->tender_n < TWI_TENDERS_MAX);
    int64_t paid = 0;
    for (uint32_t i = 0; i < txn->tender_n; i++)
        paid += txn->tenders[i].amount;
    twi_tender *t = &txn->tenders[txn->tender_n++];
    *t = (twi_tender){.type = (uint8_t)pay, .amount = txn->total - paid};
    if (is_tokenised(pay)) {
        t->token = token ? token : tw_rng_u64(rng) | 1;
        t->entry = (uint8_t)card_entry(pay, rng);
    }
    if (txn->tender_n == 1)
        txn->pay = (uint8_t)pay;
}

// --- the end -----------------------------------------------------------------------------------

uint64_t twi_finish(twi_sim *sim, twi_store *store, int32_t from_s, tw_rng *rng)
{
    twi_txn *txn = &sim->txn;
    const twi_employee *e = &sim->employees_own[txn->employee];
    int32_t tenure = store->day - e->hired_day;
    double pace = (double)e->pace * (tenure < 21 ? 1.5 : 1.0);
    double scan_s = 2.0, tender_s = 1.0;
    for (uint32_t i = 0; i < txn->line_n; i++)
        scan_s += (2.2 + 0.4 * txn->lines[i].quantity * txn->lines[i].quantity /
                             (1.0 + txn->lines[i].quantity * txn->lines[i].quantity)) *
                  pace * (txn->lines[i].entry == TWI_ENTRY_KEYED ? 2.5 : 1.0) *
                  twi_between(rng, 0.7, 1.4);
    if (txn->tender_n)
        tender_s += (txn->pay == TWI_PAY_CASH ? 13.0 : 8.0) * txn->tender_n * twi_spread(rng, 0.35);
    if (txn->override_employee != TWI_NONE)
        tender_s += twi_between(rng, 15.0, 60.0); // somebody has to come
    if (txn->is_refund)
        tender_s += twi_between(rng, 20.0, 70.0);
    if (txn->line_n)
        txn->scan_ds = (int32_t)(scan_s * 10.0);
    if (txn->tender_n)
        txn->tender_ds = (int32_t)(tender_s * 10.0);
    int32_t start_s = TW_MAX(from_s, store->reg_free_s[txn->reg]);
    txn->at_s = start_s + 3 + (int32_t)(scan_s + tender_s);
    store->reg_free_s[txn->reg] = txn->at_s + twi_range(rng, 2, 12);
    return twi_emit(sim, store, txn);
}

twi_memo twi_remember(const twi_txn *txn, uint64_t ref)
{
    twi_memo memo = {.ref = ref,
                     .customer = txn->customer,
                     .total = txn->total,
                     .discount = txn->discount,
                     .employee = txn->employee,
                     .item_count = txn->item_count,
                     .reg = txn->reg,
                     .pay = txn->pay};
    if (txn->tender_n)
        memo.token = txn->tenders[0].token;
    for (uint32_t i = 0; i < txn->line_n && memo.line_n < TWI_MEMO_LINES; i++) {
        const twi_line *line = &txn->lines[i];
        if (line->is_void || line->quantity <= 0 || line->item == TWI_ITEM_GIFT_CARD)
            continue;
        memo.lines[memo.line_n].item = line->item;
        memo.lines[memo.line_n].quantity = line->quantity;
        memo.lines[memo.line_n].net = line->price - line->discount / line->quantity;
        memo.line_n++;
    }
    return memo;
}

twi_txn *twi_begin_post_void(twi_sim *sim, uint32_t employee, uint8_t reg, const twi_memo *memo)
{
    twi_txn *txn = twi_begin(sim, TWI_POST_VOID, employee, reg);
    txn->is_void = true;
    txn->void_of = memo->ref;
    txn->total = memo->total;
    txn->discount = memo->discount;
    txn->item_count = memo->item_count;
    txn->tenders[0] = (twi_tender){.type = memo->pay, .amount = memo->total, .token = memo->token};
    txn->tender_n = 1;
    txn->pay = memo->pay;
    return txn;
}

twi_txn *twi_begin_return(twi_sim *sim, twi_store *store, uint32_t employee, uint8_t reg,
                          const twi_memo *memo)
{
    twi_txn *txn = twi_begin(sim, TWI_RETURN, employee, reg);
    txn->is_refund = true;
    txn->original = memo->ref;
    for (uint32_t i = 0; i < memo->line_n; i++) {
        twi_line *line = twi_add_line(sim, store, memo->lines[i].item, -memo->lines[i].quantity,
                                      TWI_ENTRY_SCANNED);
        line->price = memo->lines[i].net;
    }
    twi_total(txn);
    return txn;
}
