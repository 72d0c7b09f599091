// SPDX-License-Identifier: Apache-2.0
//
// What each scheme leaves in the till's record. Exactly the dishonest transactions carry a scheme;
// `loss` is what the shop loses by that one, so that sums over a scheme are not counted twice (the
// sale that spends a stolen gift card loses nothing more than the refund that filled it).
#include "simulate_model.h"

// What an ordinary theft of goods is worth in a store of this kind.
static int64_t target(const twi_store *store, twi_thief *thief)
{
    static const int64_t typical[TWI_FORMATS] = {1900, 2800, 5200, 3900};
    return (int64_t)((double)typical[store->format] * thief->amount *
                     twi_spread(&thief->rng, 0.45));
}

static uint64_t some_friend(twi_thief *thief)
{
    return thief->friends[tw_rng_below(&thief->rng, thief->friend_n)];
}

static void approve_by(twi_txn *txn, uint32_t employee, twi_reason reason)
{
    txn->override_employee = employee;
    txn->override_reason = (uint8_t)reason;
}

// The careful now and then use a card or code of somebody who may approve.
static void maybe_approved(twi_store *store, twi_thief *thief, int32_t at_s, twi_reason reason,
                           twi_txn *txn)
{
    if (twi_chance(&thief->rng, 0.45 * thief->skill))
        approve_by(txn, twi_approver(store, at_s, txn->employee, &thief->rng), reason);
}

static twi_reason return_reason(const twi_txn *txn)
{
    return txn->original ? TWI_REASON_HIGH_VALUE : TWI_REASON_NO_RECEIPT;
}

static uint64_t finish_theft(twi_sim *sim, twi_store *store, twi_thief *thief, int64_t loss,
                             int32_t at_s)
{
    sim->txn.scheme = thief->scheme;
    sim->txn.loss = loss;
    return twi_finish(sim, store, at_s, &thief->rng);
}

static void goods_missing(twi_sim *sim, twi_store *store, twi_thief *thief)
{
    for (uint32_t i = 0; i < sim->txn.line_n; i++)
        if (sim->txn.lines[i].is_return || sim->txn.lines[i].is_void)
            twi_stock_missing(sim, store, sim->txn.lines[i].item, 1, &thief->rng);
}

// A return of goods that nobody brought: from a receipt that lies around, or from nothing.
static twi_txn *false_return(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                             uint32_t employee)
{
    uint32_t receipts = TW_MIN(store->recent_n, TWI_RECENT);
    if (receipts > 3 && twi_chance(&thief->rng, 0.1 + 0.25 * thief->skill) &&
        thief->scheme != TW_SIMULATE_NO_RECEIPT_CASH_REFUND) {
        const twi_memo *memo = &store->recent[tw_rng_below(&thief->rng, receipts)];
        return twi_begin_return(sim, store, employee, w->reg, memo);
    }
    twi_txn *txn = twi_begin(sim, TWI_RETURN, employee, w->reg);
    txn->is_refund = true;
    int64_t left = target(store, thief);
    int32_t n = twi_chance(&thief->rng, 0.7) ? 1 : 2;
    for (int32_t i = 0; i < n; i++) {
        uint32_t item = twi_item_pick_priced(sim->items_own, &thief->rng, (twi_format)store->format,
                                             left / n * 6 / 10, left / n * 14 / 10 + 200);
        bool is_keyed = twi_chance(&thief->rng, 0.4);
        (void)twi_add_line(sim, store, item, -1, is_keyed ? TWI_ENTRY_KEYED : TWI_ENTRY_SCANNED);
    }
    twi_total(txn);
    return txn;
}

static void false_refund(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                         int32_t at_s)
{
    twi_txn *txn = false_return(sim, store, thief, w, w->employee);
    maybe_approved(store, thief, at_s, return_reason(txn), txn);
    twi_pay pay = TWI_PAY_CASH;
    uint64_t token = 0;
    if (thief->scheme == TW_SIMULATE_OWN_CARD_REFUND) {
        pay = twi_chance(&thief->rng, 0.8) ? TWI_PAY_DEBIT : TWI_PAY_CREDIT;
        token =
            twi_token(thief->friends[tw_rng_below(&thief->rng, TW_MIN(thief->friend_n, 2))], pay);
    }
    twi_pay_with(txn, pay, token, &thief->rng);
    goods_missing(sim, store, thief);
    (void)finish_theft(sim, store, thief, -txn->total, at_s);
}

static void refund_to_gift_card(twi_sim *sim, twi_store *store, twi_thief *thief,
                                const twi_worker *w, int32_t at_s)
{
    twi_txn *txn = false_return(sim, store, thief, w, w->employee);
    maybe_approved(store, thief, at_s, return_reason(txn), txn);
    twi_pay_with(txn, TWI_PAY_GIFT_CARD, 0, &thief->rng);
    goods_missing(sim, store, thief);
    twi_task task = {.kind = TWI_TASK_DRAIN, .who = sim->employees_own[thief->employee].thief};
    task.memo.token = txn->tenders[0].token;
    task.memo.total = -txn->total;
    (void)finish_theft(sim, store, thief, -txn->total, at_s);
    task.at_s = at_s + twi_range(&thief->rng, 600, 7200);
    bool waits = twi_chance(&thief->rng, 0.3 + 0.5 * thief->skill);
    if (!waits && task.at_s < store->day_close_s - 300) {
        twi_task_add(sim, store, task);
        return;
    }
    task.at_s = twi_range(&thief->rng, 11 * 3600, 19 * 3600);
    twi_store *where = store;
    if (twi_chance(&thief->rng, 0.4))
        where = &sim->stores_own[tw_rng_below(&thief->rng, sim->options.stores)];
    twi_due_add(sim, where, store->day + twi_range(&thief->rng, 1, 4), &task);
}

void twi_act_drain(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_task *task)
{
    const twi_worker *w = twi_worker_for_sale(store, task->at_s, &thief->rng);
    if (!w)
        return;
    twi_txn *txn = twi_begin(sim, TWI_SALE, w->employee, w->reg);
    int64_t value = task->memo.total;
    (void)twi_add_line(sim, store,
                       twi_item_pick_priced(sim->items_own, &thief->rng, (twi_format)store->format,
                                            value * 6 / 10, value),
                       1, TWI_ENTRY_SCANNED);
    twi_fill_basket(sim, store, &thief->rng, false);
    txn->line_n = TW_MIN(txn->line_n, 3);
    twi_total(txn);
    int64_t total = txn->total;
    txn->total = TW_MIN(total, value);
    twi_pay_with(txn, TWI_PAY_GIFT_CARD, task->memo.token, &thief->rng);
    txn->total = total;
    twi_pay rest = twi_chance(&thief->rng, 0.5) ? TWI_PAY_CASH : TWI_PAY_DEBIT;
    if (total > value)
        twi_pay_with(txn, rest, twi_token(some_friend(thief), rest), &thief->rng);
    txn->scheme = TW_SIMULATE_GIFT_CARD_REFUND_DRAIN; // whatever the thief runs today
    (void)twi_finish(sim, store, task->at_s, &thief->rng);
}

// --- sales to friends --------------------------------------------------------------------------

static twi_txn *friends_basket(twi_sim *sim, twi_store *store, twi_thief *thief,
                               const twi_worker *w, uint32_t employee)
{
    twi_txn *txn = twi_begin(sim, TWI_SALE, employee, w->reg);
    twi_fill_basket(sim, store, &thief->rng, false);
    int64_t worth = target(store, thief);
    for (int32_t n = twi_range(&thief->rng, 1, 3); n > 0; n--)
        (void)twi_add_line(sim, store,
                           twi_item_pick_priced(sim->items_own, &thief->rng,
                                                (twi_format)store->format, worth / 3, worth),
                           1, TWI_ENTRY_SCANNED);
    return txn;
}

static void pay_as_friend(twi_sim *sim, twi_thief *thief)
{
    uint64_t key = some_friend(thief);
    if (twi_chance(&thief->rng, 0.15 + 0.2 * thief->skill))
        twi_pay_with(&sim->txn, TWI_PAY_CASH, 0, &thief->rng);
    else
        twi_pay_with(&sim->txn, TWI_PAY_DEBIT, twi_token(key, TWI_PAY_DEBIT), &thief->rng);
}

// Lines that are voided while the goods go into the bag, or a cheap article keyed for a dear one.
static int64_t let_goods_pass(twi_sim *sim, twi_thief *thief, twi_format format)
{
    twi_txn *txn = &sim->txn;
    int64_t loss = 0;
    double share = 0.65 - 0.3 * thief->skill;
    bool under_rings = twi_chance(&thief->rng, 0.35);
    for (uint32_t i = 0; i < txn->line_n; i++) {
        twi_line *line = &txn->lines[i];
        bool is_last_chance = loss == 0 && i + 1 == txn->line_n;
        if (line->is_void || (!is_last_chance && !twi_chance(&thief->rng, share)))
            continue;
        int64_t worth = line->price * line->quantity - line->discount;
        if (under_rings) {
            uint32_t cheap = twi_item_pick_priced(sim->items_own, &thief->rng, format, 50,
                                                  TW_MAX(line->price / 5, 100));
            line->item = cheap;
            line->price = line->regular = sim->items_own[cheap].price;
            line->discount = 0;
            line->reason = TWI_REASON_NONE;
            line->entry = TWI_ENTRY_KEYED;
            loss += TW_MAX(worth - line->price * line->quantity, 0);
        } else if (i > 0) { // something is always paid for
            line->is_void = true;
            loss += worth;
        }
    }
    return loss;
}

static void sweetheart(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                       int32_t at_s)
{
    twi_txn *txn = friends_basket(sim, store, thief, w, w->employee);
    int64_t loss = let_goods_pass(sim, thief, (twi_format)store->format);
    twi_total(txn);
    pay_as_friend(sim, thief);
    goods_missing(sim, store, thief);
    if (loss > 0)
        (void)finish_theft(sim, store, thief, loss, at_s);
    else
        (void)twi_finish(sim, store, at_s, &thief->rng);
}

static void give_discount(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                          int32_t at_s)
{
    static const twi_reason reasons[] = {TWI_REASON_GOODWILL, TWI_REASON_MANUAL,
                                         TWI_REASON_PRICE_MATCH};
    twi_txn *txn = friends_basket(sim, store, thief, w, w->employee);
    int32_t percent = 5 * twi_range(&thief->rng, 3, thief->skill > 0.6 ? 6 : 12);
    twi_reason reason = reasons[tw_rng_below(&thief->rng, TW_COUNT(reasons))];
    if (thief->scheme == TW_SIMULATE_EMPLOYEE_DISCOUNT_ABUSE) {
        percent = (int32_t)store->habits->staff_discount;
        reason = TWI_REASON_EMPLOYEE;
        if (!twi_chance(&thief->rng, thief->skill))
            txn->customer = twi_mix(sim->options.seed ^ 0x73746166, thief->employee) | 1;
    } else {
        maybe_approved(store, thief, at_s, reason, txn);
    }
    twi_discount_all(txn, percent, reason);
    twi_total(txn);
    if (thief->scheme == TW_SIMULATE_EMPLOYEE_DISCOUNT_ABUSE) {
        uint64_t stranger = twi_customer_pick(sim, store, &thief->rng);
        twi_pay pay = twi_pick_pay(store, &thief->rng, stranger, txn->total, false);
        twi_pay_with(txn, pay, twi_token(stranger, pay), &thief->rng);
    } else {
        pay_as_friend(sim, thief);
    }
    int64_t loss = 0;
    for (uint32_t i = 0; i < txn->line_n; i++)
        loss +=
            txn->lines[i].is_void || txn->lines[i].reason != reason ? 0 : txn->lines[i].discount;
    (void)finish_theft(sim, store, thief, loss, at_s);
}

static void override_prices(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                            int32_t at_s)
{
    twi_txn *txn = friends_basket(sim, store, thief, w, w->employee);
    int64_t loss = 0;
    int32_t keep = twi_range(&thief->rng, 15, 40) + (int32_t)(35.0 * thief->skill);
    for (uint32_t i = 0; i < txn->line_n; i++) {
        twi_line *line = &txn->lines[i];
        bool is_dear = line->price > 300 && !line->is_void;
        if (!is_dear || (i + 1 < txn->line_n && twi_chance(&thief->rng, 0.4)))
            continue;
        line->discount = 0;
        line->reason = TWI_REASON_NONE;
        line->price = TW_MIN(twi_round_price(line->price * keep / 100), line->regular);
        loss += (line->regular - line->price) * line->quantity;
    }
    approve_by(txn, thief->employee, // approves it alone
               twi_chance(&thief->rng, 0.5) ? TWI_REASON_PRICE_MATCH : TWI_REASON_SHELF_PRICE);
    twi_total(txn);
    pay_as_friend(sim, thief);
    if (loss > 0)
        (void)finish_theft(sim, store, thief, loss, at_s);
    else
        (void)twi_finish(sim, store, at_s, &thief->rng);
}

// --- the drawer --------------------------------------------------------------------------------

void twi_act_post_void(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_task *task)
{
    const twi_worker *w = twi_worker_of(store, thief->employee);
    if (!w)
        return;
    twi_txn *txn = twi_begin_post_void(sim, w->employee, w->reg, &task->memo);
    maybe_approved(store, thief, task->at_s, TWI_REASON_CASHIER_ERROR, txn);
    (void)finish_theft(sim, store, thief, txn->total, task->at_s);
}

void twi_act_refund(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_task *task)
{
    const twi_worker *w = twi_worker_of(store, thief->employee);
    if (!w)
        return;
    twi_memo memo = task->memo;
    if (thief->skill > 0.5)
        memo.line_n = 1; // a part draws less attention
    twi_txn *txn = twi_begin_return(sim, store, w->employee, w->reg, &memo);
    maybe_approved(store, thief, task->at_s, TWI_REASON_HIGH_VALUE, txn);
    twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
    goods_missing(sim, store, thief);
    (void)finish_theft(sim, store, thief, -txn->total, task->at_s);
}

static void after_hours(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                        int32_t at_s)
{
    double u = tw_rng_unit(&thief->rng);
    const twi_memo *memo =
        store->recent_n ? &store->recent[(store->recent_n - 1) % TWI_RECENT] : NULL;
    if (u < 0.12) {
        (void)twi_begin(sim, TWI_NO_SALE, w->employee, w->reg);
        (void)finish_theft(sim, store, thief, target(store, thief), at_s);
    } else if (u < 0.4 && memo && memo->pay == TWI_PAY_CASH) {
        twi_txn *txn = twi_begin_post_void(sim, w->employee, w->reg, memo);
        (void)finish_theft(sim, store, thief, txn->total, at_s);
    } else {
        false_refund(sim, store, thief, w, at_s);
    }
}

static void cancel_and_pocket(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                              int32_t at_s)
{
    twi_txn *txn = twi_begin(sim, TWI_CANCEL, w->employee, w->reg);
    twi_fill_basket(sim, store, &thief->rng, false);
    txn->is_void = true;
    twi_total(txn);
    (void)finish_theft(sim, store, thief, txn->total, at_s);
    at_s = txn->at_s + twi_range(&thief->rng, 3, 20 + (int32_t)(70.0 * thief->skill));
    (void)twi_begin(sim, TWI_NO_SALE, w->employee, w->reg);
    (void)finish_theft(sim, store, thief, 0, at_s);
}

static void load_gift_card(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                           int32_t at_s)
{
    twi_txn *txn = twi_begin(sim, TWI_SALE, w->employee, w->reg);
    twi_line *line = twi_add_line(sim, store, TWI_ITEM_GIFT_CARD, 1, TWI_ENTRY_SCANNED);
    int64_t value = twi_range(&thief->rng, 2, thief->skill > 0.5 ? 8 : 20) * 1000;
    line->price = line->regular = value;
    double u = tw_rng_unit(&thief->rng);
    if (u < 0.35) {
        line->discount = value;
        line->reason = TWI_REASON_MANUAL;
        twi_total(txn);
        (void)finish_theft(sim, store, thief, value, at_s);
        return;
    }
    twi_total(txn);
    if (u < 0.65) {
        twi_pay_with(txn, u < 0.5 ? TWI_PAY_OTHER : TWI_PAY_VOUCHER, 0, &thief->rng);
        (void)finish_theft(sim, store, thief, value, at_s);
        return;
    }
    twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
    uint64_t ref = finish_theft(sim, store, thief, 0, at_s);
    twi_memo memo = twi_remember(txn, ref);
    at_s = txn->at_s + twi_range(&thief->rng, 20, 150);
    (void)twi_begin_post_void(sim, w->employee, w->reg, &memo);
    (void)finish_theft(sim, store, thief, value, at_s);
}

// Several round refunds, each under the amount that needs a second signature.
static void structured_refunds(twi_sim *sim, twi_store *store, twi_thief *thief,
                               const twi_worker *w, int32_t at_s)
{
    static const int64_t amounts[] = {1500, 2000, 2000, 2500, 3000, 4000, 4500, 4900, 5000};
    for (int32_t n = twi_range(&thief->rng, 2, 4); n > 0; n--) {
        int64_t amount = amounts[tw_rng_below(
            &thief->rng, store->format == TWI_CONVENIENCE ? 4u : (uint32_t)TW_COUNT(amounts))];
        twi_txn *txn = twi_begin(sim, TWI_RETURN, w->employee, w->reg);
        txn->is_refund = true;
        uint32_t item = twi_item_pick_priced(sim->items_own, &thief->rng, (twi_format)store->format,
                                             amount * 8 / 10, amount * 2);
        twi_line *line = twi_add_line(sim, store, item, -1, TWI_ENTRY_KEYED);
        line->price = amount;
        line->regular = TW_MAX(amount, line->regular);
        twi_total(txn);
        if (amount >= 2000 && twi_chance(&thief->rng, 0.4)) {
            txn->total = -amount / 2;
            twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
            txn->total = -amount;
            twi_pay_with(txn, TWI_PAY_GIFT_CARD, twi_token(thief->friends[0], TWI_PAY_GIFT_CARD),
                         &thief->rng);
        } else {
            twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
        }
        goods_missing(sim, store, thief);
        (void)finish_theft(sim, store, thief, amount, at_s);
        at_s = txn->at_s + twi_range(&thief->rng, 20, 140);
    }
}

// --- other people's names ----------------------------------------------------------------------

static void collude(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                    int32_t at_s)
{
    const twi_worker *manager =
        thief->partner == TWI_NONE ? NULL : twi_worker_of(store, thief->partner);
    bool is_there = manager && manager->start_s <= at_s && at_s < manager->end_s;
    if (thief->partner == TWI_NONE || (!is_there && !twi_chance(&thief->rng, 0.2)))
        return; // the code is lent only now and then
    if (twi_chance(&thief->rng, 0.5)) {
        twi_txn *txn = false_return(sim, store, thief, w, w->employee);
        approve_by(txn, thief->partner, return_reason(txn));
        twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
        goods_missing(sim, store, thief);
        (void)finish_theft(sim, store, thief, -txn->total, at_s);
        return;
    }
    twi_txn *txn = friends_basket(sim, store, thief, w, w->employee);
    approve_by(txn, thief->partner, TWI_REASON_GOODWILL);
    twi_discount_all(txn, 5 * twi_range(&thief->rng, 5, 10), TWI_REASON_GOODWILL);
    twi_total(txn);
    pay_as_friend(sim, thief);
    (void)finish_theft(sim, store, thief, txn->discount, at_s);
}

static void borrow_name(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                        int32_t at_s)
{
    uint32_t name = thief->partner == TWI_NONE ? w->employee : thief->partner;
    const twi_worker *owner = twi_worker_of(store, name);
    if (owner && twi_is_on_duty(owner, at_s) && thief->skill > 0.7 && name != w->employee)
        return; // would be noticed
    twi_txn *txn = false_return(sim, store, thief, w, name);
    twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
    goods_missing(sim, store, thief);
    (void)finish_theft(sim, store, thief, -txn->total, at_s);
}

static void sell_in_training(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                             int32_t at_s)
{
    twi_txn *txn = twi_begin(sim, TWI_SALE, w->employee, w->reg);
    txn->is_training = true;
    twi_fill_basket(sim, store, &thief->rng, false);
    twi_total(txn);
    twi_pay_with(txn, TWI_PAY_CASH, 0, &thief->rng);
    (void)finish_theft(sim, store, thief, txn->total, at_s);
}

static void pay_out(twi_sim *sim, twi_store *store, twi_thief *thief, const twi_worker *w,
                    int32_t at_s)
{
    twi_txn *txn = twi_begin(sim, TWI_PAID_OUT, w->employee, w->reg);
    int64_t amount = (int64_t)(3200.0 * thief->amount * twi_spread(&thief->rng, 0.4));
    if (!twi_chance(&thief->rng, thief->skill))
        amount = TW_MAX(amount / 500 * 500, 500);
    txn->total = -amount;
    txn->pay = TWI_PAY_CASH;
    approve_by(txn, thief->employee, TWI_REASON_EXPENSES);
    (void)finish_theft(sim, store, thief, amount, at_s);
}

void twi_act(twi_sim *sim, twi_store *store, twi_thief *thief, int32_t at_s)
{
    const twi_worker *w = twi_worker_of(store, thief->employee);
    if (!w)
        return;
    switch ((tw_simulate_scheme)thief->scheme) {
    case TW_SIMULATE_POST_VOID_SKIM:
    case TW_SIMULATE_RAPID_REFUND:
    case TW_SIMULATE_LOYALTY_SELF_CREDIT:
        thief->armed++;
        break;
    case TW_SIMULATE_NO_RECEIPT_CASH_REFUND:
    case TW_SIMULATE_OWN_CARD_REFUND:
        false_refund(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_GIFT_CARD_REFUND_DRAIN:
        refund_to_gift_card(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_SWEETHEARTING:
        sweetheart(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_FRIEND_DISCOUNT:
    case TW_SIMULATE_EMPLOYEE_DISCOUNT_ABUSE:
        give_discount(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_PRICE_OVERRIDE_ABUSE:
        override_prices(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_AFTER_HOURS:
        after_hours(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_CANCEL_NO_SALE:
        cancel_and_pocket(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_GIFT_CARD_LOAD:
        load_gift_card(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_STRUCTURING:
        structured_refunds(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_OVERRIDE_COLLUSION:
        collude(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_CREDENTIAL_SHARING:
        borrow_name(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_TRAINING_MODE:
        sell_in_training(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_PAID_OUT_ABUSE:
        pay_out(sim, store, thief, w, at_s);
        break;
    case TW_SIMULATE_RETURN_RING: // customers, not employees
    case TW_SIMULATE_HONEST:
    case TW_SIMULATE_SCHEME_N:
        break;
    }
}
