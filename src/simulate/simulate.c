// SPDX-License-Identifier: Apache-2.0
//
// The run: builds the chain, then moves all stores forward hour by hour and sends what has arrived.
// Every record is made at or after the instant that its store has reached, so the order of arrival
// is complete as soon as all stores have passed an hour.
#include "simulate/simulate.h"

#include "base/time.h"
#include "simulate_model.h"

#include <string.h>

void tw_simulate_options_init(tw_simulate_options *options)
{
    *options = (tw_simulate_options){.stores = 20,
                                     .days = 28,
                                     .seed = 1,
                                     .start_day = tw_days_from_civil(2026, 1, 5),
                                     .currency = "USD",
                                     .fraud_rate = 0.025};
}

static bool has_two_decimals(const char currency[4])
{
    static const char *const others[] = {"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF",
                                         "XPF", "PYG", "RWF", "KMF", "GNF", "DJF", "BIF", "VUV",
                                         "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    for (size_t i = 0; i < TW_COUNT(others); i++)
        if (memcmp(currency, others[i], 4) == 0)
            return false;
    return true;
}

static tw_status check_options(const tw_simulate_options *o, tw_err *err)
{
    if (o->stores < 1 || o->stores > TW_SIMULATE_STORES_MAX)
        return tw_fail(err, TW_INVALID, "stores must be 1 to %d", TW_SIMULATE_STORES_MAX);
    if (o->days < 1 || o->days > TW_SIMULATE_DAYS_MAX)
        return tw_fail(err, TW_INVALID, "days must be 1 to %d", TW_SIMULATE_DAYS_MAX);
    if (o->start_day < tw_days_from_civil(1990, 1, 1) ||
        o->start_day > tw_days_from_civil(2089, 12, 31))
        return tw_fail(err, TW_INVALID, "the first day must lie in 1990 to 2089");
    for (int i = 0; i < 3; i++)
        if (o->currency[i] < 'A' || o->currency[i] > 'Z')
            return tw_fail(err, TW_INVALID, "the currency must be three capital letters, as USD");
    if (o->currency[3] != '\0' || !has_two_decimals(o->currency))
        return tw_fail(err, TW_INVALID, "the currency must be one with two decimals, as USD");
    if (!(o->fraud_rate >= 0.0 && o->fraud_rate <= 0.25))
        return tw_fail(err, TW_INVALID, "the fraud rate must be 0 to 0.25 of the employees");
    if (!(o->duplicate_rate >= 0.0 && o->duplicate_rate <= 0.5))
        return tw_fail(err, TW_INVALID, "the duplicate rate must be 0 to 0.5");
    return TW_OK;
}

static tw_status flush(twi_sim *sim, int64_t until_ms, tw_err *err)
{
    TW_TRY(twi_outbox_flush(sim, &sim->transactions, TW_SIMULATE_TRANSACTIONS, until_ms, err));
    TW_TRY(twi_outbox_flush(sim, &sim->movements, TW_SIMULATE_MOVEMENTS, until_ms, err));
    return twi_outbox_flush(sim, &sim->shifts, TW_SIMULATE_SHIFTS, until_ms, err);
}

static tw_status run(twi_sim *sim, tw_err *err)
{
    // From before the first midnight to after the last closing time, in any zone.
    int64_t begin_s = (sim->options.start_day - 1) * INT64_C(86400);
    uint64_t hours = (uint64_t)sim->options.days * 24 + 72;
    for (uint64_t hour = 1; hour <= hours; hour++) {
        int64_t until_s = begin_s + (int64_t)hour * 3600;
        for (uint32_t i = 0; i < sim->options.stores; i++)
            twi_store_advance(sim, &sim->stores_own[i], until_s);
        if (sim->status != TW_OK)
            return tw_fail(err, sim->status, "the simulator ran out of memory");
        TW_TRY(flush(sim, until_s * 1000, err));
        if (sim->sink->progress)
            sim->sink->progress(sim->sink->ctx, hour, hours, sim->summary.transactions);
    }
    return flush(sim, INT64_MAX, err);
}

static tw_status set_up(twi_sim *sim, tw_err *err)
{
    sim->is_american = memcmp(sim->options.currency, "USD", 3) == 0 ||
                       memcmp(sim->options.currency, "CAD", 3) == 0;
    twi_habits_draw(&sim->habits, sim->options.habits);
    sim->end_day = sim->options.start_day + (int32_t)sim->options.days;
    sim->items_own = tw_new_array(sim->alloc, TWI_ITEMS, sizeof(twi_item));
    sim->stores_own = tw_new_array(sim->alloc, sim->options.stores, sizeof(twi_store));
    if (!sim->items_own || !sim->stores_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a chain of %u stores",
                       (unsigned)sim->options.stores);
    TW_TRY(twi_chain_build(sim, err));
    TW_TRY(twi_thieves_build(sim, err));
    return twi_write_heads(sim, err);
}

static void release(twi_sim *sim)
{
    for (uint32_t i = 0; sim->stores_own && i < sim->options.stores; i++) {
        twi_store *store = &sim->stores_own[i];
        tw_free_array(sim->alloc, store->due_own, store->due_cap, sizeof(twi_due));
        tw_free_array(sim->alloc, store->tasks_own, store->task_cap, sizeof(twi_task));
    }
    tw_free_array(sim->alloc, sim->stores_own, sim->options.stores, sizeof(twi_store));
    tw_free_array(sim->alloc, sim->items_own, TWI_ITEMS, sizeof(twi_item));
    tw_free_array(sim->alloc, sim->employees_own, sim->employee_cap, sizeof(twi_employee));
    tw_free_array(sim->alloc, sim->thieves_own, sim->thief_cap, sizeof(twi_thief));
    tw_free_array(sim->alloc, sim->rings_own, sim->ring_cap, sizeof(twi_ring));
    twi_outbox_release(&sim->transactions);
    twi_outbox_release(&sim->movements);
    twi_outbox_release(&sim->shifts);
    tw_delete(sim->alloc, sim);
}

tw_status tw_simulate(const tw_alloc *alloc, const tw_simulate_options *options,
                      const tw_simulate_sink *sink, tw_simulate_summary *out, tw_err *err)
{
    *out = (tw_simulate_summary){0};
    TW_TRY(check_options(options, err));
    twi_sim *sim = tw_new(alloc, twi_sim);
    if (!sim)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the simulator");
    sim->alloc = alloc;
    sim->options = *options;
    sim->sink = sink;
    twi_outbox_init(&sim->transactions, alloc);
    twi_outbox_init(&sim->movements, alloc);
    twi_outbox_init(&sim->shifts, alloc);
    tw_status status = set_up(sim, err);
    if (status == TW_OK)
        status = run(sim, err);
    if (status == TW_OK)
        *out = sim->summary;
    release(sim);
    return status;
}
