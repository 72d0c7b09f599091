// SPDX-License-Identifier: Apache-2.0
//
// Builds the chain: stores of four formats in districts of one time zone, and their people with
// habits that differ, so that a rate means something only beside one's peers.
#include "base/time.h"
#include "simulate_model.h"

typedef struct format_plan {
    double share;          // of the stores
    double volume, spread; // transactions a day, log-normal
    double volume_max;
    int32_t open_min, close_min, sunday_open_min, sunday_close_min;
    double per_cashier; // volume that one cashier on the payroll stands for
    uint8_t seniors, desk, managers;
    double self_share; // of the stores that have self-checkouts
} format_plan;

static const format_plan plans[TWI_FORMATS] = {
    {0.40, 340.0, 0.25, 620.0, 360, 1380, 420, 1320, 110.0, 2, 0, 2, 0.15},
    {0.30, 960.0, 0.20, 1400.0, 420, 1320, 480, 1200, 110.0, 3, 3, 3, 0.85},
    {0.15, 540.0, 0.25, 900.0, 600, 1260, 660, 1140, 54.0, 3, 3, 3, 0.0},
    {0.15, 330.0, 0.30, 620.0, 600, 1200, 660, 1140, 66.0, 3, 0, 3, 0.0}};

static void store_hours(twi_store *store, const format_plan *plan, tw_rng *rng)
{
    const twi_habits *h = store->habits;
    bool is_late = store->format == TWI_CONVENIENCE && twi_chance(rng, 0.25 * h->night_stores);
    store->is_all_night =
        store->format == TWI_CONVENIENCE && !is_late && twi_chance(rng, 0.2 * h->night_stores);
    int32_t shift_min = twi_range(rng, -1, 2) * 30 + (int32_t)h->open_shift_min;
    for (int32_t day = 0; day < 7; day++) {
        int32_t open = (day == 6 ? plan->sunday_open_min : plan->open_min) + shift_min;
        int32_t close = day == 6 ? plan->sunday_close_min : plan->close_min;
        close += (int32_t)(h->open_shift_min / 2.0);
        if (is_late)
            close = 1560; // 02:00 of the next day
        store->open_s[day] = store->is_all_night ? 0 : open * 60;
        store->close_s[day] = store->is_all_night ? 86400 : close * 60;
    }
}

static void store_init(twi_sim *sim, uint32_t idx)
{
    twi_store *store = &sim->stores_own[idx];
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_STORE, idx, 0);
    store->idx = idx;
    const twi_habits *h = store->habits = &sim->habits;
    // Golden-ratio steps spread the formats evenly even over a few stores.
    double u = (idx + 0.5) * 0.61803398874989485 + 0.1;
    u -= (double)(int64_t)u;
    uint8_t format = 0;
    for (; format + 1 < TWI_FORMATS && u >= plans[format].share; format++)
        u -= plans[format].share;
    const format_plan *plan = &plans[format];
    store->format = format;
    store->zone = twi_zone_of(sim->is_american, idx / 10);
    store->volume =
        twi_at_most(plan->volume * h->volume * twi_spread(&rng, plan->spread), plan->volume_max);
    store->volume = TW_MAX(store->volume, 150.0);
    store->customer_n = (uint64_t)(store->volume * 5.0);
    store->self_n = twi_chance(&rng, plan->self_share * h->self_stores)
                        ? (format == TWI_SUPERMARKET ? 6 : 2)
                        : 0;
    store_hours(store, plan, &rng);
    for (uint32_t reg = 0; reg < TWI_REGISTERS; reg++)
        store->sequence[reg] = 1000 + tw_rng_below(&rng, 90000);
    store->day = sim->options.start_day;
    // A trait of the store that takes no draw from its stream.
    uint64_t luck = twi_mix(twi_mix(h->key, sim->options.seed), idx) % 1000;
    store->has_damaged_corner = (double)luck < 1000.0 * h->damaged_corner;
}

// Habits: most people are ordinary, a few are careless, generous, or new.
static void employee_habits(const twi_habits *h, twi_employee *e, tw_rng *rng)
{
    e->is_careless = twi_chance(rng, h->careless);
    e->is_generous = twi_chance(rng, h->generous);
    e->pace = (float)twi_spread(rng, 0.18);
    e->mistakes = (float)(twi_spread(rng, 0.4) * (e->is_careless ? 4.0 : 1.0));
    e->voids = (float)(twi_spread(rng, 0.4) * (e->is_careless ? 5.0 : 1.0));
    e->cancels = (float)twi_spread(rng, 0.5);
    e->no_sales = (float)twi_spread(rng, 0.6);
    e->discounts = (float)(twi_spread(rng, 0.5) * (e->is_generous ? 4.0 : 1.0));
    bool keys_often = twi_chance(rng, h->keys_often);
    e->keyed = (float)(twi_spread(rng, 0.5) * (keys_often ? 4.0 : 1.0));
}

static void employee_init(const twi_sim *sim, twi_employee *e, uint32_t store, uint32_t idx,
                          twi_role role)
{
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_EMPLOYEE, store, idx);
    *e = (twi_employee){.store = store, .thief = TWI_NONE, .role = (uint8_t)role};
    e->preference = (uint8_t)tw_rng_below(&rng, 3);
    e->days_a_week = role == TWI_CASHIER && twi_chance(&rng, 0.55) ? 3 : 5;
    e->week_phase = (uint8_t)tw_rng_below(&rng, 7);
    int32_t start = sim->options.start_day, days = (int32_t)sim->options.days;
    bool is_new = role != TWI_MANAGER && twi_chance(&rng, sim->habits.new_hires);
    e->hired_day = is_new ? start + twi_range(&rng, -20, days) : start - twi_range(&rng, 30, 2500);
    bool leaves = role != TWI_MANAGER && twi_chance(&rng, 0.06);
    e->leaves_day = leaves ? TW_MAX(start, e->hired_day) + twi_range(&rng, 5, 90) : INT32_MAX;
    employee_habits(&sim->habits, e, &rng);
}

static tw_status store_staff(twi_sim *sim, twi_store *store, tw_err *err)
{
    const format_plan *plan = &plans[store->format];
    uint32_t counts[TWI_ROLES] = {0};
    counts[TWI_CASHIER] = (uint32_t)(store->volume / plan->per_cashier + 1.5);
    if (store->is_all_night)
        counts[TWI_CASHIER] += 3;
    counts[TWI_SENIOR] = plan->seniors + (store->is_all_night ? 1u : 0u);
    counts[TWI_SERVICE_DESK] = plan->desk;
    counts[TWI_ATTENDANT] = store->self_n ? 3u : 0u;
    counts[TWI_MANAGER] = plan->managers;
    store->employee_first = (uint32_t)sim->employee_n;
    for (uint32_t role = 0; role < TWI_ROLES; role++) {
        void *items = sim->employees_own;
        tw_status status = tw_grow(sim->alloc, &items, &sim->employee_cap,
                                   sim->employee_n + counts[role], sizeof(twi_employee), 10000000);
        sim->employees_own = items;
        if (status != TW_OK)
            return tw_fail(err, status, "no memory for the employees of %u stores",
                           (unsigned)sim->options.stores);
        for (uint32_t i = 0; i < counts[role]; i++, store->employee_n++)
            employee_init(sim, &sim->employees_own[sim->employee_n++], store->idx,
                          store->employee_n, (twi_role)role);
    }
    store->till_n = (uint8_t)TW_MIN(18, 2 + (int)(store->volume / 75.0));
    return TW_OK;
}

tw_status twi_chain_build(twi_sim *sim, tw_err *err)
{
    twi_catalogue_init(sim->items_own, sim->options.seed);
    for (uint32_t i = 0; i < sim->options.stores; i++) {
        store_init(sim, i);
        TW_TRY(store_staff(sim, &sim->stores_own[i], err));
    }
    sim->summary.employees = sim->employee_n;
    return TW_OK;
}
