// SPDX-License-Identifier: Apache-2.0
//
// A store's clock. A day begins with its roster and its planned tasks; customers then come as a
// Poisson stream whose rate changes with the hour, and each step takes whatever is next.
#include "simulate_model.h"

// Tasks of a day: a few hundred; returns that wait: weeks of them.
enum { TASKS_MAX = 100000, DUES_MAX = 4000000 };

static bool is_before(const twi_task *a, const twi_task *b)
{
    return a->at_s != b->at_s ? a->at_s < b->at_s : a->order < b->order;
}

void twi_task_add(twi_sim *sim, twi_store *store, twi_task task)
{
    void *tasks = store->tasks_own;
    tw_status status = tw_grow(sim->alloc, &tasks, &store->task_cap, store->task_n + 1,
                               sizeof(twi_task), TASKS_MAX);
    store->tasks_own = tasks;
    if (status != TW_OK) {
        sim->status = sim->status ? sim->status : status;
        return;
    }
    task.order = store->task_order++;
    size_t i = store->task_n++;
    for (; i > store->task_at && is_before(&task, &store->tasks_own[i - 1]); i--)
        store->tasks_own[i] = store->tasks_own[i - 1];
    store->tasks_own[i] = task;
}

void twi_due_add(twi_sim *sim, twi_store *store, int32_t day, const twi_task *task)
{
    if (day >= sim->end_day)
        return;
    void *dues = store->due_own;
    tw_status status =
        tw_grow(sim->alloc, &dues, &store->due_cap, store->due_n + 1, sizeof(twi_due), DUES_MAX);
    store->due_own = dues;
    if (status != TW_OK) {
        sim->status = sim->status ? sim->status : status;
        return;
    }
    store->due_own[store->due_n++] = (twi_due){day, *task};
}

// Moves what is due by today to the tasks. A store that was closed catches up the next day.
static void take_dues(twi_sim *sim, twi_store *store)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->due_n; i++) {
        if (store->due_own[i].day > store->day) {
            store->due_own[kept++] = store->due_own[i];
            continue;
        }
        twi_task task = store->due_own[i].task;
        task.at_s = TW_MIN(TW_MAX(task.at_s, store->day_open_s + 60), store->day_close_s - 300);
        twi_task_add(sim, store, task);
    }
    store->due_n = kept;
}

static void set_rates(twi_store *store, double volume)
{
    double sum = 0.0;
    for (int32_t h = 0; h < TWI_HOURS; h++) {
        bool is_open = h * 3600 + 1800 >= store->day_open_s && h * 3600 + 1800 < store->day_close_s;
        store->rate[h] =
            is_open ? twi_hour_weight((twi_format)store->format, twi_weekday(store->day), h) : 0.0;
        sum += store->rate[h];
    }
    // The other transactions of a day (returns, no-sales, cancels) come on top of the customers.
    for (int32_t h = 0; h < TWI_HOURS; h++)
        store->rate[h] *= sum > 0.0 ? 0.97 * volume / sum / 3600.0 : 0.0;
}

// The next customer after at_s; a day without one ends beyond every closing time.
static double next_customer(twi_store *store, double at_s)
{
    double wanted = twi_gap(&store->rng);
    for (int32_t h = (int32_t)(at_s / 3600.0); h < TWI_HOURS; h++) {
        double end_s = TW_MIN((h + 1) * 3600.0, (double)store->day_close_s);
        double expected = (end_s - at_s) * store->rate[h];
        if (end_s > at_s && expected >= wanted)
            return at_s + wanted / store->rate[h];
        wanted -= TW_MAX(expected, 0.0);
        at_s = TW_MAX(at_s, (h + 1) * 3600.0);
    }
    return 1e9;
}

static void begin_day(twi_sim *sim, twi_store *store)
{
    int32_t weekday = twi_weekday(store->day);
    twi_rng_start(&store->rng, sim->options.seed, TWI_STREAM_DAY, store->idx, (uint32_t)store->day);
    store->day_open_s = store->open_s[weekday];
    store->day_close_s = store->close_s[weekday];
    store->promotion_percent =
        twi_promotion_percent(sim->options.seed, (twi_format)store->format, store->day);
    double volume = store->volume * twi_spread(&store->rng, 0.07) *
                    twi_day_factor((twi_format)store->format, sim->is_american, store->day) *
                    (store->promotion_percent ? 1.2 : 1.0) *
                    (weekday >= 5 ? store->habits->weekend : 1.0);
    if (store->promotion_percent)
        store->promotion_percent += (int32_t)store->habits->promotion_depth;
    store->is_in_day = volume > 0.0;
    store->worker_n = 0;
    store->task_at = store->task_n = 0;
    store->task_order = 0;
    if (!store->is_in_day)
        return;
    set_rates(store, volume);
    twi_staff_plan(sim, store);
    take_dues(sim, store);
    twi_honest_plan(sim, store);
    twi_schemes_plan(sim, store);
    twi_stock_plan(sim, store);
    store->next_s = next_customer(store, store->day_open_s);
}

static void do_task(twi_sim *sim, twi_store *store)
{
    twi_task task = store->tasks_own[store->task_at++]; // a copy: tasks may be added meanwhile
    switch ((twi_task_kind)task.kind) {
    case TWI_TASK_RETURN:
    case TWI_TASK_RETURN_LOST:
    case TWI_TASK_EXCHANGE:
    case TWI_TASK_REDEEM:
    case TWI_TASK_RING:
        twi_return_do(sim, store, &task);
        break;
    case TWI_TASK_PAID_OUT:
    case TWI_TASK_PAID_IN:
    case TWI_TASK_CASH_UP:
    case TWI_TASK_STAFF_PURCHASE:
    case TWI_TASK_TRAINING:
        twi_honest_do(sim, store, &task);
        break;
    case TWI_TASK_ACT:
    case TWI_TASK_FRIEND:
    case TWI_TASK_POST_VOID:
    case TWI_TASK_REFUND:
    case TWI_TASK_DRAIN:
        twi_scheme_do(sim, store, &task);
        break;
    case TWI_TASK_TRANSFER_IN:
        twi_stock_transfer_in(sim, store, &task);
        break;
    }
}

// Midnight of the store's next day, in UTC seconds.
static int64_t midnight_of(const twi_store *store)
{
    int64_t wall_s = store->day * INT64_C(86400);
    int64_t guess_s = wall_s - store->zone->base_min * 60;
    return wall_s - twi_zone_offset_min(store->zone, guess_s) * 60;
}

// A register that was busy over midnight stays so in the seconds of the new day.
static void move_to_today(twi_store *store)
{
    int64_t midnight_s = midnight_of(store);
    int64_t passed_s = midnight_s - store->midnight_s;
    for (int reg = 0; reg < TWI_REGISTERS; reg++)
        store->reg_free_s[reg] = (int32_t)TW_MAX(store->reg_free_s[reg] - passed_s, 0);
    store->midnight_s = midnight_s;
}

void twi_store_advance(twi_sim *sim, twi_store *store, int64_t until_s)
{
    for (;;) {
        if (!store->is_in_day) {
            if (store->day >= sim->end_day || midnight_of(store) >= until_s)
                return;
            move_to_today(store);
            begin_day(sim, store);
            if (!store->is_in_day) {
                store->day++;
                continue;
            }
        }
        double limit_s = (double)(until_s - store->midnight_s);
        double task_s =
            store->task_at < store->task_n ? store->tasks_own[store->task_at].at_s : 1e9;
        double at_s = TW_MIN(task_s, store->next_s);
        if (at_s >= 1e9) {
            store->is_in_day = false;
            store->day++;
        } else if (at_s >= limit_s) {
            return;
        } else if (task_s <= store->next_s) {
            do_task(sim, store);
        } else {
            store->next_s = next_customer(store, store->next_s);
            twi_serve_customer(sim, store, (int32_t)at_s);
        }
    }
}
