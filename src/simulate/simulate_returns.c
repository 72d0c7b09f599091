// SPDX-License-Identifier: Apache-2.0
//
// Goods that come back: with and without the receipt, exchanged, to another store of the district;
// store credit that is spent later; and the rings of dishonest customers who do the same for a
// living.
#include "simulate_model.h"

static double return_rate(const twi_sim *sim, const twi_store *store, const twi_memo *memo)
{
    static const double rate[TWI_FORMATS] = {0.004, 0.018, 0.110, 0.095};
    const twi_habits *h = store->habits;
    bool is_frequent = twi_mix(memo->customer, 21) % 70 == 0; // buys three sizes, keeps one
    uint8_t often = (uint8_t)(h->key >> 8 * store->format & 0xff) % 5;
    bool is_often = sim->items_own[memo->lines[0].item].department == often;
    return TW_MIN(rate[store->format] * h->returns * (is_often ? h->returns_department : 1.0) *
                      (is_frequent ? 6.0 : 0.93),
                  0.6);
}

// Most people bring one thing back.
static void keep_some_lines(twi_memo *memo, tw_rng *rng)
{
    uint32_t keep = tw_rng_below(rng, memo->line_n);
    if (twi_chance(rng, 0.8)) {
        memo->lines[0] = memo->lines[keep];
        memo->line_n = 1;
    }
    for (uint32_t i = 0; i < memo->line_n; i++)
        if (memo->lines[i].quantity > 1 && twi_chance(rng, 0.6))
            memo->lines[i].quantity = 1;
}

static twi_store *neighbour(twi_sim *sim, twi_store *store, tw_rng *rng)
{
    uint32_t district = store->idx / 10 * 10;
    uint32_t size = TW_MIN(10, sim->options.stores - district);
    twi_store *other = &sim->stores_own[district + tw_rng_below(rng, size)];
    return other->format == store->format ? other : store;
}

void twi_return_plan(twi_sim *sim, twi_store *store, const twi_memo *memo, int32_t sold_s)
{
    tw_rng *rng = &store->rng;
    if (memo->line_n == 0 || !twi_chance(rng, return_rate(sim, store, memo)))
        return;
    twi_task task = {.memo = *memo};
    keep_some_lines(&task.memo, rng);
    double u = tw_rng_unit(rng);
    task.kind = u < store->habits->with_receipt ? TWI_TASK_RETURN
                : u < 0.86                      ? TWI_TASK_RETURN_LOST
                                                : TWI_TASK_EXCHANGE;
    task.at_s = sold_s + twi_range(rng, 300, 5400);
    if (twi_chance(rng, store->habits->returns_at_once) && task.at_s < store->day_close_s - 300) {
        twi_task_add(sim, store, task); // still in the car park
        return;
    }
    double mean = store->format == TWI_DEPARTMENT_STORE ? 8.0 : 5.0;
    int32_t days = 1 + (int32_t)twi_at_most(mean * twi_gap(rng), 44.0);
    task.at_s = twi_range(rng, 10 * 3600, 19 * 3600);
    twi_store *where =
        twi_chance(rng, store->habits->other_store) ? neighbour(sim, store, rng) : store;
    twi_due_add(sim, where, store->day + days, &task);
}

static twi_pay refund_tender(twi_pay paid)
{
    bool is_paper = paid == TWI_PAY_CHECK || paid == TWI_PAY_VOUCHER || paid == TWI_PAY_OTHER;
    return is_paper ? TWI_PAY_CASH : paid;
}

static void spend_later(twi_sim *sim, twi_store *store, const twi_txn *txn, tw_rng *rng)
{
    twi_task task = {.kind = TWI_TASK_REDEEM, .at_s = twi_range(rng, 10 * 3600, 19 * 3600)};
    task.memo.token = txn->tenders[0].token;
    task.memo.total = -txn->total;
    task.memo.pay = txn->pay;
    task.memo.customer = txn->customer;
    double days = twi_at_most(store->habits->credit_days * twi_gap(rng), 60.0);
    twi_due_add(sim, store, store->day + (int32_t)days, &task);
}

// Tags are lost and codes torn off: some goods that come back cannot be scanned.
static void key_some(twi_txn *txn, double share, tw_rng *rng)
{
    for (uint32_t i = 0; i < txn->line_n; i++)
        if (txn->lines[i].is_return && twi_chance(rng, share))
            txn->lines[i].entry = TWI_ENTRY_KEYED;
}

static void with_receipt(twi_sim *sim, twi_store *store, const twi_task *task, const twi_worker *w)
{
    tw_rng *rng = &store->rng;
    const twi_memo *memo = &task->memo;
    twi_txn *txn = twi_begin_return(sim, store, w->employee, w->reg, memo);
    twi_pay pay = refund_tender((twi_pay)memo->pay);
    key_some(txn, 0.10, rng);
    if (-txn->total > (int64_t)store->habits->approval_limit)
        twi_authorise(sim, store, txn, task->at_s, TWI_REASON_HIGH_VALUE, rng);
    if (twi_is_member(store, memo->customer))
        txn->loyalty = memo->customer;
    uint64_t token = memo->token;
    if (twi_chance(
            rng,
            store->habits->presents)) { // a present: the money goes to a card that never bought
        pay = TWI_PAY_DEBIT;
        token = twi_token(twi_mix(memo->customer, 31), pay);
        if (twi_chance(rng, 0.3))
            txn->original = 0; // and its receipt stayed with the giver
    }
    twi_pay_with(txn, pay, token, rng);
    (void)twi_finish(sim, store, task->at_s, rng);
}

// Small amounts in cash; the card that paid, where it is still known; else something to spend here.
static twi_pay pay_without_receipt(const twi_habits *h, twi_txn *txn, const twi_memo *memo,
                                   tw_rng *rng)
{
    int64_t total = txn->total;
    double u = tw_rng_unit(rng);
    bool was_card = memo->token != 0 && memo->pay != TWI_PAY_GIFT_CARD;
    twi_pay pay = u < h->lost_cash && total > -5000 ? TWI_PAY_CASH
                  : u < 0.52 && was_card            ? (twi_pay)memo->pay
                  : u < 0.76                        ? TWI_PAY_STORE_CREDIT
                                                    : TWI_PAY_GIFT_CARD;
    if (pay == TWI_PAY_CASH && total < -1000 && twi_chance(rng, 0.15)) {
        txn->total = total / 200 * 100; // half of it in cash, the rest to spend
        twi_pay_with(txn, TWI_PAY_CASH, 0, rng);
        txn->total = total;
        twi_pay_with(txn, TWI_PAY_GIFT_CARD, 0, rng);
        return TWI_PAY_CASH;
    }
    twi_pay_with(txn, pay, was_card && pay == memo->pay ? memo->token : 0, rng);
    return pay;
}

static void without_receipt(twi_sim *sim, twi_store *store, const twi_task *task,
                            const twi_worker *w)
{
    tw_rng *rng = &store->rng;
    twi_txn *txn = twi_begin_return(sim, store, w->employee, w->reg, &task->memo);
    txn->original = 0;
    txn->customer = task->memo.customer; // shows an identity card
    key_some(txn, 0.35, rng);
    if (txn->line_n == 1 && txn->lines[0].quantity == -1 && txn->lines[0].price > 500 &&
        twi_chance(rng,
                   store->habits->lost_round)) { // the lowest price of late, or what both agree on
        txn->lines[0].price = txn->lines[0].price / 500 * 500;
        twi_total(txn);
    }
    if (twi_chance(rng, store->habits->lost_approval))
        twi_authorise(sim, store, txn, task->at_s, TWI_REASON_NO_RECEIPT, rng);
    twi_pay pay = pay_without_receipt(store->habits, txn, &task->memo, rng);
    twi_txn paid = *txn;
    (void)twi_finish(sim, store, task->at_s, rng);
    if (pay == TWI_PAY_STORE_CREDIT || pay == TWI_PAY_GIFT_CARD)
        spend_later(sim, store, &paid, rng);
}

static void exchange(twi_sim *sim, twi_store *store, const twi_task *task, const twi_worker *w)
{
    tw_rng *rng = &store->rng;
    const twi_memo *memo = &task->memo;
    twi_txn *txn = twi_begin_return(sim, store, w->employee, w->reg, memo);
    txn->type = TWI_EXCHANGE;
    bool is_other_size = twi_chance(rng, 0.6);
    int64_t net = memo->lines[0].net;
    uint32_t item = is_other_size
                        ? memo->lines[0].item
                        : twi_item_pick_priced(sim->items_own, rng, (twi_format)store->format,
                                               net / 2, net * 2);
    twi_line *line = twi_add_line(sim, store, item, is_other_size ? memo->lines[0].quantity : 1,
                                  TWI_ENTRY_SCANNED);
    if (is_other_size) {
        line->price = line->regular = net;
        line->discount = 0;
        line->reason = TWI_REASON_NONE;
    }
    twi_total(txn);
    txn->is_refund = txn->total < 0;
    if (txn->total != 0)
        twi_pay_with(txn, refund_tender((twi_pay)memo->pay), memo->token, rng);
    (void)twi_finish(sim, store, task->at_s, rng);
}

static void redeem(twi_sim *sim, twi_store *store, const twi_task *task)
{
    tw_rng *rng = &store->rng;
    const twi_worker *w = twi_worker_for_sale(store, task->at_s, rng);
    if (!w)
        return;
    twi_txn *txn = twi_begin(sim, TWI_SALE, w->employee, w->reg);
    twi_fill_basket(sim, store, rng, false);
    twi_total(txn);
    int64_t total = txn->total;
    txn->total = TW_MIN(total, task->memo.total);
    twi_pay_with(txn, (twi_pay)task->memo.pay, task->memo.token, rng);
    txn->total = total;
    if (total > task->memo.total)
        twi_pay_with(txn, TWI_PAY_DEBIT, twi_token(task->memo.customer, TWI_PAY_DEBIT), rng);
    (void)twi_finish(sim, store, task->at_s, rng);
}

// Shoplifted goods, found receipts, the same few identities and cards in store after store.
static void ring_return(twi_sim *sim, twi_store *store, const twi_task *task, const twi_worker *w)
{
    tw_rng *rng = &store->rng;
    const twi_ring *ring = &sim->rings_own[task->who];
    uint64_t identity = ring->key + 2 * tw_rng_below(rng, 1 + (uint32_t)(ring->skill * 3.0));
    bool has_receipt = store->recent_n > 4 && twi_chance(rng, 0.35);
    twi_txn *txn;
    twi_pay pay = TWI_PAY_STORE_CREDIT;
    uint64_t token = 0;
    if (has_receipt) {
        const twi_memo *memo =
            &store->recent[tw_rng_below(rng, TW_MIN(store->recent_n, TWI_RECENT))];
        txn = twi_begin_return(sim, store, w->employee, w->reg, memo);
        pay = memo->pay == TWI_PAY_CASH ? TWI_PAY_CASH : TWI_PAY_GIFT_CARD;
    } else {
        txn = twi_begin(sim, TWI_RETURN, w->employee, w->reg);
        txn->is_refund = true;
        for (int32_t n = twi_range(rng, 1, 3); n > 0; n--)
            (void)twi_add_line(
                sim, store,
                twi_item_pick_priced(sim->items_own, rng, (twi_format)store->format, 1500, 9000),
                -1, TWI_ENTRY_SCANNED);
        twi_total(txn);
    }
    if (!has_receipt && twi_chance(rng, 0.5)) {
        pay = TWI_PAY_DEBIT;
        token = twi_token(identity, pay);
    }
    txn->customer = has_receipt ? 0 : identity;
    if (!has_receipt && twi_chance(rng, 0.7))
        twi_authorise(sim, store, txn, task->at_s, TWI_REASON_NO_RECEIPT, rng);
    twi_pay_with(txn, pay, token, rng);
    txn->scheme = TW_SIMULATE_RETURN_RING;
    txn->loss = -txn->total;
    (void)twi_finish(sim, store, task->at_s, rng);
}

void twi_return_do(twi_sim *sim, twi_store *store, const twi_task *task)
{
    if (task->kind == TWI_TASK_REDEEM) {
        redeem(sim, store, task);
        return;
    }
    const twi_worker *w = twi_worker_for_returns(store, task->at_s, &store->rng);
    if (!w)
        return;
    if (task->kind == TWI_TASK_RING)
        ring_return(sim, store, task, w);
    else if (task->kind == TWI_TASK_EXCHANGE)
        exchange(sim, store, task, w);
    else if (task->kind == TWI_TASK_RETURN_LOST)
        without_receipt(sim, store, task, w);
    else
        with_receipt(sim, store, task, w);
}
