// SPDX-License-Identifier: Apache-2.0
//
// When thieves act. A day's acts are planned at its beginning: how many, and whether in the rush or
// in a quiet hour. Schemes that need a real sale arm themselves and take the next one that suits.
#include "simulate_model.h"

static bool is_active(const twi_sim *sim, const twi_thief *thief, int32_t day)
{
    if (day < thief->start_day || day >= thief->stop_day)
        return false;
    // The careful lie low for some days now and then.
    uint64_t h = twi_mix(sim->options.seed ^ thief->friends[0], (uint64_t)(day / 4));
    return (double)(h % 1000) / 1000.0 > 0.05 + 0.25 * thief->skill * sim->habits.patience;
}

// A moment in the shift: the busiest of three for those who hide in the rush, else the quietest.
static int32_t moment(const twi_store *store, const twi_worker *w, twi_thief *thief)
{
    int32_t best_s = 0;
    double best = 0.0;
    for (int i = 0; i < 3; i++) {
        int32_t from_s = TW_MAX(w->start_s + 600, store->day_open_s);
        int32_t at_s = twi_range(&thief->rng, from_s, TW_MIN(w->end_s - 900, store->day_close_s));
        if (at_s >= w->break_s && at_s < w->break_end_s)
            at_s = w->break_end_s + 60;
        double rate = store->rate[TW_MIN(at_s / 3600, TWI_HOURS - 1)];
        if (i == 0 || (thief->likes_busy ? rate > best : rate < best)) {
            best = rate;
            best_s = at_s;
        }
    }
    return best_s;
}

// After the last customer has gone, or before the first comes; 0 when the shift offers neither.
static int32_t quiet_moment(const twi_store *store, const twi_worker *w, twi_thief *thief)
{
    if (w->end_s > store->day_close_s)
        return store->day_close_s + twi_range(&thief->rng, 900, 3300);
    if (w->start_s < store->day_open_s && store->day_open_s > 4000)
        return store->day_open_s - twi_range(&thief->rng, 1500, 3600);
    return 0;
}

static bool has_friends(const twi_thief *thief)
{
    return thief->scheme == TW_SIMULATE_SWEETHEARTING ||
           thief->scheme == TW_SIMULATE_FRIEND_DISCOUNT ||
           thief->scheme == TW_SIMULATE_OWN_CARD_REFUND ||
           thief->scheme == TW_SIMULATE_PRICE_OVERRIDE_ABUSE;
}

static void plan_thief(twi_sim *sim, twi_store *store, uint32_t thief_idx, const twi_worker *w)
{
    twi_thief *thief = &sim->thieves_own[thief_idx];
    twi_rng_start(&thief->rng, sim->options.seed, TWI_STREAM_THIEF_DAY, thief_idx,
                  (uint32_t)store->day);
    thief->armed = 0;
    thief->scheme = thief->schemes[twi_mix(thief->friends[0], (uint64_t)store->day) & 1];
    if (!is_active(sim, thief, store->day))
        return;
    twi_task task = {.kind = TWI_TASK_ACT, .who = thief_idx};
    for (int32_t n = twi_poisson(&thief->rng, thief->per_shift); n > 0; n--) {
        task.at_s = thief->scheme == TW_SIMULATE_AFTER_HOURS ? quiet_moment(store, w, thief)
                                                             : moment(store, w, thief);
        if (task.at_s > 0)
            twi_task_add(sim, store, task);
    }
    if (!has_friends(thief))
        return;
    task.kind = TWI_TASK_FRIEND; // who also buy honestly
    for (int32_t n = twi_poisson(&thief->rng, (0.5 + thief->skill) * sim->habits.friends_honest);
         n > 0; n--) {
        task.at_s = moment(store, w, thief);
        twi_task_add(sim, store, task);
    }
}

// Every store draws the same tour and takes its own stops.
static void plan_ring(twi_sim *sim, twi_store *store, uint32_t ring_idx)
{
    const twi_ring *ring = &sim->rings_own[ring_idx];
    if (store->day < ring->start_day || store->day >= ring->stop_day)
        return;
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_RING_DAY, ring_idx, (uint32_t)store->day);
    for (int32_t n = twi_poisson(&rng, ring->per_day); n > 0; n--) {
        uint32_t stop =
            (ring->first_store + tw_rng_below(&rng, ring->store_n)) % sim->options.stores;
        int32_t at_s = twi_range(&rng, 10 * 3600 + 1800, 18 * 3600);
        if (stop == store->idx && at_s > store->day_open_s && at_s < store->day_close_s - 300)
            twi_task_add(sim, store,
                         (twi_task){.at_s = at_s, .kind = TWI_TASK_RING, .who = ring_idx});
    }
}

void twi_schemes_plan(twi_sim *sim, twi_store *store)
{
    for (uint32_t i = 0; i < store->worker_n; i++) {
        uint32_t thief = sim->employees_own[store->workers[i].employee].thief;
        if (thief != TWI_NONE)
            plan_thief(sim, store, thief, &store->workers[i]);
    }
    for (uint32_t i = 0; i < sim->ring_n; i++)
        plan_ring(sim, store, i);
}

// --- opportunities -----------------------------------------------------------------------------

static twi_thief *armed_thief(twi_sim *sim, uint32_t employee, tw_simulate_scheme scheme)
{
    uint32_t idx = sim->employees_own[employee].thief;
    if (idx == TWI_NONE)
        return NULL;
    twi_thief *thief = &sim->thieves_own[idx];
    return thief->scheme == scheme && thief->armed ? thief : NULL;
}

void twi_scheme_before(twi_sim *sim, twi_txn *txn)
{
    twi_thief *thief = armed_thief(sim, txn->employee, TW_SIMULATE_LOYALTY_SELF_CREDIT);
    if (!thief || txn->loyalty || txn->total < 400)
        return;
    thief->armed--;
    txn->loyalty = thief->friends[tw_rng_below(&thief->rng, TW_MIN(thief->friend_n, 2))];
    txn->scheme = thief->scheme;
    txn->loss = TW_MAX(txn->total * 3 / 100, 10);
}

static int32_t later(const twi_store *store, const twi_thief *thief, int32_t done_s,
                     int32_t after_s)
{
    const twi_worker *w = twi_worker_of(store, thief->employee);
    return TW_MAX(done_s + 10, TW_MIN(done_s + after_s, w ? w->end_s - 60 : done_s));
}

void twi_scheme_after(twi_sim *sim, twi_store *store, const twi_memo *memo, int32_t done_s)
{
    twi_task task = {.memo = *memo};
    if (memo->pay != TWI_PAY_CASH || memo->total < 300 || memo->line_n == 0)
        return;
    twi_thief *thief = armed_thief(sim, memo->employee, TW_SIMULATE_POST_VOID_SKIM);
    if (thief) {
        task.kind = TWI_TASK_POST_VOID;
    } else {
        thief = armed_thief(sim, memo->employee, TW_SIMULATE_RAPID_REFUND);
        task.kind = TWI_TASK_REFUND;
    }
    // Small sales are not worth it; the careful leave the very large ones alone.
    if (!thief || (double)memo->total < 600.0 * thief->amount ||
        (thief->skill > 0.6 && memo->total > 9000))
        return;
    thief->armed--;
    bool waits = twi_chance(&thief->rng, 0.15 + 0.7 * thief->skill);
    int32_t after_s = waits ? twi_range(&thief->rng, 400, 4500) : twi_range(&thief->rng, 20, 300);
    task.at_s = later(store, thief, done_s, after_s);
    task.who = sim->employees_own[memo->employee].thief;
    twi_task_add(sim, store, task);
}

void twi_scheme_do(twi_sim *sim, twi_store *store, const twi_task *task)
{
    twi_thief *thief = &sim->thieves_own[task->who];
    if (task->kind == TWI_TASK_ACT)
        twi_act(sim, store, thief, task->at_s);
    else if (task->kind == TWI_TASK_POST_VOID)
        twi_act_post_void(sim, store, thief, task);
    else if (task->kind == TWI_TASK_REFUND)
        twi_act_refund(sim, store, thief, task);
    else if (task->kind == TWI_TASK_DRAIN)
        twi_act_drain(sim, store, thief, task);
    else {
        const twi_worker *w = twi_worker_of(store, thief->employee);
        if (!w)
            return;
        uint64_t friend_key = thief->friends[tw_rng_below(&thief->rng, thief->friend_n)];
        (void)twi_begin(sim, TWI_SALE, w->employee, w->reg);
        twi_fill_basket(sim, store, &thief->rng, false);
        (void)twi_sell(sim, store, task->at_s, friend_key, false, &thief->rng);
    }
}
