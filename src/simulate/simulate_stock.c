// SPDX-License-Identifier: Apache-2.0
//
// The stockroom: deliveries, transfers, damage, counts and their variances. Goods that thieves gave
// away or "took back" are missing at a later count.
#include "simulate_model.h"

static uint32_t stock_keeper(const twi_store *store)
{
    for (uint32_t i = 0; i < store->worker_n; i++)
        if (store->workers[i].role == TWI_MANAGER || store->workers[i].role == TWI_SENIOR)
            return store->workers[i].employee;
    return TWI_NONE;
}

void twi_stock_missing(twi_sim *sim, twi_store *store, uint32_t item, int32_t quantity, tw_rng *rng)
{
    int32_t days = twi_range(rng, 2, 12);
    bool is_counted = twi_chance(rng, 0.5) && store->day + days < sim->end_day;
    if (!is_counted || item == TWI_ITEM_GIFT_CARD)
        return;
    twi_movement_note missing = {item,      stock_keeper(store),    "adjustment", "count_variance",
                                 -quantity, days * 86400 + 7 * 3600};
    twi_emit_movement(sim, store, &missing);
}

static void some(twi_sim *sim, twi_store *store, twi_movement_note note, int32_t low, int32_t high,
                 tw_rng *rng)
{
    note.item = twi_item_pick(rng, (twi_format)store->format);
    note.quantity = twi_range(rng, low, high);
    note.at_s =
        store->day_open_s + twi_range(rng, 0, store->day_close_s - store->day_open_s - 3600);
    twi_emit_movement(sim, store, &note);
}

static void plan_transfer(twi_sim *sim, twi_store *store, uint32_t keeper, tw_rng *rng)
{
    uint32_t district = store->idx / 10 * 10;
    uint32_t size = TW_MIN(10, sim->options.stores - district);
    twi_store *other = &sim->stores_own[district + tw_rng_below(rng, size)];
    if (other == store || other->format != store->format)
        return;
    uint32_t item = twi_item_pick(rng, (twi_format)store->format);
    int32_t quantity = twi_range(rng, 2, 12);
    twi_movement_note out = {item, keeper,    "transfer_out",
                             NULL, -quantity, store->day_open_s + 3600};
    twi_emit_movement(sim, store, &out);
    twi_task task = {.kind = TWI_TASK_TRANSFER_IN, .at_s = 11 * 3600};
    task.memo.line_n = 1;
    task.memo.lines[0].item = out.item;
    task.memo.lines[0].quantity = -out.quantity;
    twi_due_add(sim, other, store->day + twi_range(rng, 1, 3), &task);
}

void twi_stock_transfer_in(twi_sim *sim, twi_store *store, const twi_task *task)
{
    twi_movement_note in = {task->memo.lines[0].item,     stock_keeper(store), "transfer_in", NULL,
                            task->memo.lines[0].quantity, task->at_s};
    twi_emit_movement(sim, store, &in);
}

void twi_stock_plan(twi_sim *sim, twi_store *store)
{
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_STOCK, store->idx, (uint32_t)store->day);
    uint32_t keeper = stock_keeper(store);
    int32_t weekday = twi_weekday(store->day);
    int32_t receipts = weekday < 6 ? (int32_t)(store->volume / 30.0) : 0;
    const twi_movement_note receipt = {.employee = TWI_NONE, .type = "receipt"};
    for (int32_t i = 0; i < receipts; i++)
        some(sim, store, receipt, 6, 48, &rng);
    const twi_movement_note damage = {.employee = keeper, .type = "damage", .reason = "damaged"};
    for (int32_t n = twi_poisson(&rng, store->volume / 400.0); n > 0; n--)
        some(sim, store, damage, -2, -1, &rng);
    const twi_movement_note variance = {
        .employee = keeper, .type = "adjustment", .reason = "count_variance"};
    for (int32_t n = twi_poisson(&rng, store->volume / 300.0); n > 0; n--)
        if (twi_chance(&rng, 0.3))
            some(sim, store, variance, 1, 3, &rng);
        else
            some(sim, store, variance, -4, -1, &rng);
    const twi_movement_note counted = {.employee = keeper, .type = "count"};
    for (int32_t n = weekday == 1 ? 25 : 0; n > 0; n--)
        some(sim, store, counted, 0, 60, &rng);
    const twi_movement_note vendor = {.employee = keeper, .type = "return_to_vendor"};
    for (int32_t n = weekday == 3 ? twi_poisson(&rng, 2.0) : 0; n > 0; n--)
        some(sim, store, vendor, -12, -1, &rng);
    if (twi_chance(&rng, 0.2))
        plan_transfer(sim, store, keeper, &rng);
}
