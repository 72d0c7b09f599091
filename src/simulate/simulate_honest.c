// SPDX-License-Identifier: Apache-2.0
//
// Honest days: sales with their coupons, authorised discounts and corrections; cancels, price
// checks, no-sales, suspended baskets; sales that are voided and rung again; petty cash; staff
// purchases; training. Much of it looks like theft to someone who only counts.
#include "simulate_model.h"

// --- what a sale may carry ---------------------------------------------------------------------

static void add_coupon(twi_txn *txn, tw_rng *rng)
{
    twi_line *line = &txn->lines[tw_rng_below(rng, txn->line_n)];
    int64_t most = line->price * line->quantity;
    int64_t off = twi_range(rng, 1, 8) * 50;
    if (line->is_void || line->discount || off >= most)
        return;
    line->discount = off;
    line->reason = TWI_REASON_COUPON;
}

static void add_manual_discount(const twi_sim *sim, const twi_store *store, twi_txn *txn,
                                int32_t at_s, tw_rng *rng)
{
    const twi_employee *e = &sim->employees_own[txn->employee];
    static const twi_reason reasons[] = {TWI_REASON_DAMAGED, TWI_REASON_GOODWILL,
                                         TWI_REASON_PRICE_MATCH, TWI_REASON_MANUAL};
    int32_t depth = (int32_t)store->habits->discount_depth;
    int32_t percent = twi_range(rng, 1, e->is_generous ? depth + 2 : depth) * 5;
    twi_reason reason = reasons[tw_rng_below(rng, TW_COUNT(reasons))];
    if (reason == TWI_REASON_DAMAGED) {
        twi_line *line = &txn->lines[tw_rng_below(rng, txn->line_n)];
        if (!line->is_void) {
            line->discount = line->price * line->quantity * (percent + 10) / 100;
            line->reason = TWI_REASON_DAMAGED;
        }
    } else {
        twi_discount_all(txn, percent, reason);
    }
    if (percent >= 15 || e->is_generous)
        twi_authorise(sim, store, txn, at_s, reason, rng);
}

static void add_price_override(const twi_sim *sim, const twi_store *store, twi_txn *txn,
                               int32_t at_s, tw_rng *rng)
{
    static const twi_reason reasons[] = {TWI_REASON_PRICE_MATCH, TWI_REASON_SHELF_PRICE,
                                         TWI_REASON_DAMAGED};
    twi_line *line = &txn->lines[tw_rng_below(rng, txn->line_n)];
    if (line->is_void || line->discount || line->price < 100)
        return;
    int32_t low = (int32_t)store->habits->override_low;
    line->price = twi_round_price(line->price * twi_range(rng, low, 95) / 100);
    line->price = TW_MIN(line->price, line->regular);
    twi_authorise(sim, store, txn, at_s, reasons[tw_rng_below(rng, TW_COUNT(reasons))], rng);
}

// The shelf near the door: goods that the house itself cut down, with or without a signature.
static void take_damaged(const twi_sim *sim, const twi_store *store, twi_txn *txn, int32_t at_s,
                         tw_rng *rng)
{
    twi_line *line = &txn->lines[tw_rng_below(rng, txn->line_n)];
    if (line->is_void)
        return;
    line->discount = line->price * line->quantity * twi_range(rng, 4, 7) / 10;
    line->reason = TWI_REASON_DAMAGED;
    if (twi_chance(rng, 0.4))
        twi_authorise(sim, store, txn, at_s, TWI_REASON_DAMAGED, rng);
}

static void add_extras(twi_sim *sim, twi_store *store, int32_t at_s, tw_rng *rng)
{
    static const double coupon[TWI_FORMATS] = {0.004, 0.03, 0.02, 0.01};
    static const double manual[TWI_FORMATS] = {0.002, 0.004, 0.014, 0.012};
    static const double override[TWI_FORMATS] = {0.002, 0.004, 0.008, 0.006};
    twi_txn *txn = &sim->txn;
    const twi_habits *h = store->habits;
    if (store->has_damaged_corner && twi_chance(rng, 0.02)) {
        take_damaged(sim, store, txn, at_s, rng);
        return;
    }
    const twi_employee *e = &sim->employees_own[txn->employee];
    double u = tw_rng_unit(rng);
    double generosity = (double)e->discounts;
    if ((u -= coupon[store->format] * h->coupons) < 0.0)
        add_coupon(txn, rng);
    else if ((u -= manual[store->format] * h->discounts * generosity) < 0.0)
        add_manual_discount(sim, store, txn, at_s, rng);
    else if (u - override[store->format] * h->overrides * generosity < 0.0)
        add_price_override(sim, store, txn, at_s, rng);
}

// Two vouchers of the employer's and the rest by card.
static void pay_with_vouchers(twi_sim *sim, uint64_t customer, tw_rng *rng)
{
    twi_txn *txn = &sim->txn;
    int64_t total = txn->total;
    for (int64_t paid = 500; paid <= 1000; paid += 500) {
        txn->total = paid;
        twi_pay_with(txn, TWI_PAY_VOUCHER, 0, rng);
    }
    txn->total = total;
    twi_pay_with(txn, TWI_PAY_DEBIT, twi_token(customer, TWI_PAY_DEBIT), rng);
}

static void pay_as_usual(twi_sim *sim, twi_store *store, uint64_t customer, bool is_self,
                         tw_rng *rng)
{
    twi_txn *txn = &sim->txn;
    double three = store->habits->three_tenders;
    if (three > 0.0 && !is_self && txn->total > 1500 && twi_chance(rng, three)) {
        pay_with_vouchers(sim, customer, rng);
        return;
    }
    twi_pay pay = twi_pick_pay(store, rng, customer, txn->total, is_self);
    bool is_gift = pay == TWI_PAY_GIFT_CARD;
    if (!is_self && txn->total > 500 && twi_chance(rng, is_gift ? 0.4 : 0.006)) {
        // Two tenders: the rest of a gift card, or what cash was in the purse.
        twi_pay first = is_gift ? pay : TWI_PAY_CASH;
        twi_pay second = twi_chance(rng, 0.5) ? TWI_PAY_CREDIT : TWI_PAY_DEBIT;
        if (is_gift && twi_chance(rng, 0.25))
            second = TWI_PAY_CASH;
        int64_t total = txn->total;
        txn->total = twi_range(rng, 1, (int32_t)(total / 100) - 1) * 100;
        twi_pay_with(txn, first, twi_mix(customer, tw_rng_below(rng, 3)), rng);
        txn->total = total;
        twi_pay_with(txn, second, twi_token(customer, second), rng);
        return;
    }
    twi_pay_with(txn, pay,
                 is_gift ? twi_mix(customer, tw_rng_below(rng, 3)) : twi_token(customer, pay), rng);
}

uint64_t twi_sell(twi_sim *sim, twi_store *store, int32_t at_s, uint64_t customer, bool is_self,
                  tw_rng *rng)
{
    twi_txn *txn = &sim->txn;
    if (customer == 0)
        customer = twi_customer_pick(sim, store, rng);
    if (twi_is_member(store, customer) && twi_chance(rng, 0.8))
        txn->loyalty = customer;
    double house = store->habits->store_loyalty;
    if (house > 0.0 && !is_self && !txn->loyalty && twi_chance(rng, house))
        txn->loyalty = twi_mix(sim->options.seed ^ 0x686f757365, store->idx) | 1;
    if (!is_self)
        add_extras(sim, store, at_s, rng);
    twi_total(txn);
    pay_as_usual(sim, store, customer, is_self, rng);
    twi_scheme_before(sim, txn);
    uint64_t ref = twi_finish(sim, store, at_s, rng);
    txn->customer = customer; // for the memory of it, no longer for the record
    return ref;
}

// --- after a sale ------------------------------------------------------------------------------

// A wrong tender or a double scan: voided at once and, mostly, rung again.
static void void_and_ring_again(twi_sim *sim, twi_store *store, const twi_memo *memo, tw_rng *rng)
{
    twi_txn again = sim->txn;
    int32_t at_s = again.at_s + twi_range(rng, 15, 150);
    twi_txn *txn = twi_begin_post_void(sim, memo->employee, memo->reg, memo);
    if (twi_chance(rng, store->habits->void_approval))
        twi_authorise(sim, store, txn, at_s,
                      twi_chance(rng, 0.5) ? TWI_REASON_WRONG_TENDER : TWI_REASON_CASHIER_ERROR,
                      rng);
    (void)twi_finish(sim, store, at_s, rng);
    if (!twi_chance(rng, store->habits->rung_again))
        return;
    uint64_t customer = memo->customer;
    sim->txn = again;
    sim->txn.customer = 0;
    sim->txn.tender_n = 0;
    twi_pay_with(&sim->txn, twi_chance(rng, 0.6) ? (twi_pay)memo->pay : TWI_PAY_DEBIT,
                 twi_token(customer, TWI_PAY_DEBIT), rng);
    (void)twi_finish(sim, store, at_s, rng);
}

static void after_sale(twi_sim *sim, twi_store *store, uint64_t ref, bool is_self)
{
    tw_rng *rng = &store->rng;
    twi_memo memo = twi_remember(&sim->txn, ref);
    int32_t done_s = sim->txn.at_s;
    const twi_employee *e = &sim->employees_own[memo.employee];
    double post_voids = 0.0013 * store->habits->post_voids * twi_mistakes(e, store->day);
    if (twi_chance(rng, is_self ? 0.0003 : post_voids)) {
        void_and_ring_again(sim, store, &memo, rng);
        return;
    }
    if (memo.line_n && twi_chance(rng, 0.2))
        store->recent[store->recent_n++ % TWI_RECENT] = memo;
    twi_return_plan(sim, store, &memo, done_s);
    twi_scheme_after(sim, store, &memo, done_s);
}

// --- other things that happen at a till --------------------------------------------------------

static void no_sale(twi_sim *sim, twi_store *store, uint32_t employee, uint8_t reg, int32_t at_s)
{
    (void)twi_begin(sim, TWI_NO_SALE, employee, reg);
    (void)twi_finish(sim, store, at_s, &store->rng);
}

static void cancel(twi_sim *sim, twi_store *store, bool is_price_check, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    twi_txn *txn = &sim->txn;
    txn->type = TWI_CANCEL;
    txn->is_void = true;
    if (is_price_check)
        (void)twi_add_line(sim, store, twi_item_pick(rng, (twi_format)store->format), 1,
                           TWI_ENTRY_SCANNED);
    else
        twi_fill_basket(sim, store, rng, false);
    twi_total(txn);
    (void)twi_finish(sim, store, at_s, rng);
    if (twi_chance(rng, store->habits->cancel_open)) // the coins go back to the customer
        no_sale(sim, store, txn->employee, txn->reg, txn->at_s + twi_range(rng, 5, 60));
}

// The customer changes their mind at the total; somebody approves the void.
static void void_before_payment(twi_sim *sim, twi_store *store, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    twi_txn *txn = &sim->txn;
    txn->type = TWI_VOID;
    txn->is_void = true;
    twi_fill_basket(sim, store, rng, false);
    twi_total(txn);
    twi_authorise(sim, store, txn, at_s, TWI_REASON_CUSTOMER_CHANGED_MIND, rng);
    (void)twi_finish(sim, store, at_s, rng);
}

static void suspend_and_resume(twi_sim *sim, twi_store *store, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    twi_txn *txn = &sim->txn;
    twi_fill_basket(sim, store, rng, false);
    twi_total(txn);
    twi_txn basket = *txn;
    (void)twi_begin(sim, TWI_SUSPEND, basket.employee, basket.reg);
    txn->item_count = basket.item_count;
    (void)twi_finish(sim, store, at_s, rng);
    if (twi_chance(rng, 0.15))
        return; // never fetched
    (void)twi_begin(sim, TWI_RESUME, basket.employee, basket.reg);
    txn->item_count = basket.item_count;
    at_s += twi_range(rng, 30, 200);
    (void)twi_finish(sim, store, at_s, rng);
    *txn = basket;
    uint64_t ref = twi_sell(sim, store, at_s, 0, false, rng);
    after_sale(sim, store, ref, false);
}

static void sell_gift_card(twi_sim *sim, twi_store *store, int32_t at_s)
{
    static const int64_t values[] = {1000, 1500, 2000, 2500, 2500, 3000, 5000, 5000, 10000};
    tw_rng *rng = &store->rng;
    twi_line *line = twi_add_line(sim, store, TWI_ITEM_GIFT_CARD, 1, TWI_ENTRY_SCANNED);
    line->price = line->regular = values[tw_rng_below(rng, TW_COUNT(values))];
    if (twi_chance(rng, store->habits->gift_presents)) { // a present to a customer who complained
        line->discount = line->price;
        line->reason = TWI_REASON_GOODWILL;
        if (twi_chance(rng, 0.6))
            twi_authorise(sim, store, &sim->txn, at_s, TWI_REASON_GOODWILL, rng);
        twi_total(&sim->txn);
        (void)twi_finish(sim, store, at_s, rng);
        return;
    }
    twi_total(&sim->txn);
    uint64_t customer = twi_customer_pick(sim, store, rng);
    twi_pay pay = twi_chance(rng, 0.3) ? TWI_PAY_CASH : TWI_PAY_CREDIT;
    if (twi_chance(rng, 0.02))
        pay = twi_chance(rng, 0.5) ? TWI_PAY_VOUCHER : TWI_PAY_OTHER;
    twi_pay_with(&sim->txn, pay, twi_token(customer, pay), rng);
    (void)twi_finish(sim, store, at_s, rng);
}

// The tenth coffee: a member's receipt without anything to pay.
static void give_reward(twi_sim *sim, twi_store *store, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    uint32_t item = twi_item_pick_priced(sim->items_own, rng, (twi_format)store->format, 100, 600);
    twi_line *line = twi_add_line(sim, store, item, 1, TWI_ENTRY_SCANNED);
    line->discount = line->price;
    line->reason = TWI_REASON_LOYALTY;
    sim->txn.loyalty = twi_customer_pick(sim, store, rng);
    twi_total(&sim->txn);
    (void)twi_finish(sim, store, at_s, rng);
}

static bool rare_event(twi_sim *sim, twi_store *store, int32_t at_s)
{
    static const double gift_card[TWI_FORMATS] = {0.002, 0.005, 0.008, 0.005};
    static const double free_item[TWI_FORMATS] = {0.0015, 0.0004, 0.0004, 0.0002};
    tw_rng *rng = &store->rng;
    twi_txn *txn = &sim->txn;
    const twi_employee *e = &sim->employees_own[txn->employee];
    const twi_habits *h = store->habits;
    double u = tw_rng_unit(rng);
    if ((u -= 0.004 * h->cancels * (double)e->cancels * TW_MIN(twi_mistakes(e, store->day), 4.0)) <
        0.0)
        cancel(sim, store, false, at_s);
    else if ((u -= 0.004 * h->cancels * (double)e->cancels) < 0.0)
        cancel(sim, store, true, at_s);
    else if ((u -= 0.005 * h->no_sales * (double)e->no_sales) < 0.0)
        no_sale(sim, store, txn->employee, txn->reg, at_s);
    else if ((u -= 0.0025 * h->suspends) < 0.0)
        suspend_and_resume(sim, store, at_s);
    else if ((u -= 0.0015 * h->voids_before) < 0.0)
        void_before_payment(sim, store, at_s);
    else if ((u -= gift_card[store->format] * h->gift_cards) < 0.0)
        sell_gift_card(sim, store, at_s);
    else if (u - free_item[store->format] * h->free_items < 0.0)
        give_reward(sim, store, at_s);
    else
        return false;
    return true;
}

// --- customers ---------------------------------------------------------------------------------

static const twi_worker *attendant(const twi_store *store, int32_t at_s)
{
    for (uint32_t i = 0; i < store->worker_n; i++)
        if (store->workers[i].role == TWI_ATTENDANT && twi_is_on_duty(&store->workers[i], at_s))
            return &store->workers[i];
    return NULL;
}

static uint8_t free_self_checkout(const twi_store *store)
{
    uint8_t best = TWI_REG_SELF;
    for (uint8_t i = 1; i < store->self_n; i++)
        if (store->reg_free_s[TWI_REG_SELF + i] < store->reg_free_s[best])
            best = (uint8_t)(TWI_REG_SELF + i);
    return best;
}

// In some houses a colleague's sign-on stays open, and who relieves him rings under it for an hour.
static uint32_t signed_on(const twi_sim *sim, const twi_store *store, const twi_worker *w,
                          int32_t at_s)
{
    const twi_habits *h = store->habits;
    uint64_t hour = (uint64_t)(store->day * INT64_C(30) + at_s / 3600);
    uint64_t luck = twi_mix(twi_mix(sim->options.seed ^ h->key, store->idx * 64u + w->reg), hour);
    if (h->shared_ids <= 0.0 || (double)(luck % 100000) >= 100000.0 * h->shared_ids)
        return w->employee;
    uint32_t other = store->employee_first + (uint32_t)(luck >> 32) % store->employee_n;
    return twi_is_employed(&sim->employees_own[other], store->day) ? other : w->employee;
}

// A tradesman with an account: the same few cards with the same discount, at whatever till.
static bool serve_tradesman(twi_sim *sim, twi_store *store, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    if (store->habits->trade_customers <= 0.0 || !twi_chance(rng, store->habits->trade_customers))
        return false;
    uint64_t customer =
        twi_mix(sim->options.seed ^ 0x7472616465, store->idx * 8u + tw_rng_below(rng, 5)) | 1;
    twi_fill_basket(sim, store, rng, false);
    twi_discount_all(&sim->txn, 10 + (int32_t)(customer >> 20 & 3) * 5, TWI_REASON_MANUAL);
    uint64_t ref = twi_sell(sim, store, at_s, customer, false, rng);
    after_sale(sim, store, ref, false);
    return true;
}

void twi_serve_customer(twi_sim *sim, twi_store *store, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    double self_share =
        (store->format == TWI_SUPERMARKET ? 0.38 : 0.25) * store->habits->self_customers;
    bool is_self = store->self_n && twi_chance(rng, self_share);
    const twi_worker *w = is_self ? attendant(store, at_s) : NULL;
    is_self = w != NULL;
    if (!w)
        w = twi_worker_for_sale(store, at_s, rng);
    if (!w)
        return; // nobody there: the customer leaves
    (void)twi_begin(sim, TWI_SALE, is_self ? w->employee : signed_on(sim, store, w, at_s),
                    is_self ? free_self_checkout(store) : w->reg);
    if (!is_self && (rare_event(sim, store, at_s) || serve_tradesman(sim, store, at_s)))
        return;
    twi_fill_basket(sim, store, rng, is_self);
    uint64_t ref = twi_sell(sim, store, at_s, 0, is_self, rng);
    after_sale(sim, store, ref, is_self);
}

// --- planned -----------------------------------------------------------------------------------

static void plan_petty_cash(twi_sim *sim, twi_store *store)
{
    tw_rng *rng = &store->rng;
    int32_t from_s = store->day_open_s + 1800, to_s = store->day_close_s - 1800;
    for (int32_t n = twi_poisson(rng, 0.3 * store->habits->petty_cash); n > 0; n--)
        twi_task_add(sim, store,
                     (twi_task){.at_s = twi_range(rng, from_s, to_s), .kind = TWI_TASK_PAID_OUT});
    for (int32_t n = twi_poisson(rng, 0.2 * store->habits->petty_cash); n > 0; n--)
        twi_task_add(sim, store,
                     (twi_task){.at_s = twi_range(rng, from_s, to_s), .kind = TWI_TASK_PAID_IN});
    if (store->is_all_night)
        return;
    if (twi_chance(rng, 0.3)) // the float, before the doors open
        twi_task_add(sim, store,
                     (twi_task){.at_s = store->day_open_s - twi_range(rng, 120, 900),
                                .kind = TWI_TASK_PAID_IN});
    if (twi_chance(rng, 0.35 * store->habits->cash_up))
        twi_task_add(sim, store,
                     (twi_task){.at_s = store->day_close_s + twi_range(rng, 60, 840),
                                .kind = TWI_TASK_CASH_UP});
}

void twi_honest_plan(twi_sim *sim, twi_store *store)
{
    tw_rng *rng = &store->rng;
    const twi_habits *h = store->habits;
    plan_petty_cash(sim, store);
    for (uint32_t i = 0; i < store->worker_n; i++) {
        const twi_worker *w = &store->workers[i];
        const twi_employee *e = &sim->employees_own[w->employee];
        twi_task task = {.kind = TWI_TASK_STAFF_PURCHASE, .who = w->employee};
        if (twi_chance(rng, h->staff_purchases)) {
            task.at_s = w->break_s > 0 ? w->break_s + twi_range(rng, 60, 1500) : w->end_s - 400;
            task.at_s = TW_MAX(TW_MIN(task.at_s, store->day_close_s - 300), store->day_open_s + 60);
            twi_task_add(sim, store, task);
        }
        bool is_trainee = store->day - e->hired_day < (int32_t)(h->training_days + 0.5);
        if (h->training_others > 0.0)
            is_trainee |= twi_chance(rng, h->training_others);
        is_trainee &= w->role <= TWI_SENIOR;
        for (int32_t n = is_trainee ? twi_range(rng, 3, 9) : 0; n > 0; n--) {
            task.kind = TWI_TASK_TRAINING;
            task.at_s = twi_range(rng, w->start_s + 300, w->end_s - 600);
            twi_task_add(sim, store, task);
        }
    }
}

static void petty_cash(twi_sim *sim, twi_store *store, twi_type type, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    const twi_worker *w = twi_worker_for_sale(store, at_s, rng);
    if (!w)
        return;
    twi_txn *txn = twi_begin(sim, type, w->employee, w->reg);
    int64_t amount = type == TWI_PAID_IN
                         ? twi_range(rng, 1, 4) * 2500
                         : 300 + (int64_t)(1800.0 * store->habits->petty_amount * twi_gap(rng));
    txn->total = type == TWI_PAID_IN ? amount : -TW_MIN(amount, 12000);
    txn->pay = TWI_PAY_CASH;
    twi_authorise(sim, store, txn, at_s, TWI_REASON_EXPENSES, rng);
    (void)twi_finish(sim, store, at_s, rng);
}

static void cash_up(twi_sim *sim, twi_store *store, int32_t at_s)
{
    const twi_worker *w = twi_worker_for_sale(store, at_s, &store->rng);
    if (w)
        no_sale(sim, store, w->employee, w->reg, at_s);
}

static void staff_purchase(twi_sim *sim, twi_store *store, uint32_t buyer, int32_t at_s)
{
    tw_rng *rng = &store->rng;
    const twi_worker *w = twi_worker_for_sale(store, at_s, rng);
    if (!w || w->employee == buyer)
        return;
    twi_txn *txn = twi_begin(sim, TWI_SALE, w->employee, w->reg);
    twi_fill_basket(sim, store, rng, false);
    twi_discount_all(txn, (int32_t)store->habits->staff_discount, TWI_REASON_EMPLOYEE);
    uint64_t customer = twi_mix(sim->options.seed ^ 0x73746166, buyer) | 1;
    txn->customer = customer;
    twi_total(txn);
    double family = store->habits->staff_family;
    if (twi_chance(rng, family)) // the family's other cards
        customer = twi_mix(customer, 41 + (family > 0.3 ? tw_rng_below(rng, 6) : 0));
    twi_pay pay = twi_pick_pay(store, rng, customer, txn->total, false);
    twi_pay_with(txn, pay, twi_token(customer, pay), rng);
    (void)twi_finish(sim, store, at_s, rng);
}

static void train(twi_sim *sim, twi_store *store, uint32_t employee, int32_t at_s)
{
    const twi_worker *w = twi_worker_of(store, employee);
    if (!w || !twi_is_on_duty(w, at_s))
        return;
    twi_txn *txn = twi_begin(sim, TWI_SALE, employee, w->reg);
    txn->is_training = true;
    twi_fill_basket(sim, store, &store->rng, false);
    twi_total(txn);
    twi_pay_with(txn, TWI_PAY_CASH, 0, &store->rng);
    (void)twi_finish(sim, store, at_s, &store->rng);
}

void twi_honest_do(twi_sim *sim, twi_store *store, const twi_task *task)
{
    if (task->kind == TWI_TASK_STAFF_PURCHASE)
        staff_purchase(sim, store, task->who, task->at_s);
    else if (task->kind == TWI_TASK_TRAINING)
        train(sim, store, task->who, task->at_s);
    else if (task->kind == TWI_TASK_CASH_UP)
        cash_up(sim, store, task->at_s);
    else
        petty_cash(sim, store, task->kind == TWI_TASK_PAID_IN ? TWI_PAID_IN : TWI_PAID_OUT,
                   task->at_s);
}
