// SPDX-License-Identifier: Apache-2.0
//
// Chooses who steals, how, when and how cleverly. Schemes are dealt from a shuffled deck, so that a
// chain with enough thieves shows each of them; who gets a scheme must be able to run it (a
// paid-out needs a manager, a service desk has refunds to hide among).
#include "simulate_model.h"

#define ROLE(role) (1u << (role))
// The ring is customers' work; a favourite is there up to five times.
enum { DECK_MAX = 5 * (TW_SIMULATE_RETURN_RING - 1) };

static uint32_t roles_of(tw_simulate_scheme scheme)
{
    const uint32_t tills = ROLE(TWI_CASHIER) | ROLE(TWI_SENIOR);
    switch (scheme) {
    case TW_SIMULATE_NO_RECEIPT_CASH_REFUND:
    case TW_SIMULATE_OWN_CARD_REFUND:
    case TW_SIMULATE_GIFT_CARD_REFUND_DRAIN:
    case TW_SIMULATE_GIFT_CARD_LOAD:
    case TW_SIMULATE_STRUCTURING:
        return tills | ROLE(TWI_SERVICE_DESK);
    case TW_SIMULATE_FRIEND_DISCOUNT:
        return tills | ROLE(TWI_MANAGER);
    case TW_SIMULATE_PRICE_OVERRIDE_ABUSE:
    case TW_SIMULATE_AFTER_HOURS:
    case TW_SIMULATE_PAID_OUT_ABUSE:
        return ROLE(TWI_SENIOR) | ROLE(TWI_MANAGER);
    case TW_SIMULATE_SWEETHEARTING:
    case TW_SIMULATE_OVERRIDE_COLLUSION:
    case TW_SIMULATE_LOYALTY_SELF_CREDIT:
    case TW_SIMULATE_CANCEL_NO_SALE:
        return ROLE(TWI_CASHIER);
    case TW_SIMULATE_POST_VOID_SKIM:
    case TW_SIMULATE_RAPID_REFUND:
    case TW_SIMULATE_EMPLOYEE_DISCOUNT_ABUSE:
    case TW_SIMULATE_CREDENTIAL_SHARING:
    case TW_SIMULATE_TRAINING_MODE:
    case TW_SIMULATE_HONEST:
    case TW_SIMULATE_RETURN_RING:
    case TW_SIMULATE_SCHEME_N:
        break;
    }
    return tills;
}

static bool may_run(const twi_sim *sim, uint32_t employee, tw_simulate_scheme scheme)
{
    const twi_employee *e = &sim->employees_own[employee];
    const twi_store *store = &sim->stores_own[e->store];
    bool is_night = scheme == TW_SIMULATE_AFTER_HOURS && store->is_all_night;
    return (roles_of(scheme) & ROLE(e->role)) != 0 && !is_night;
}

static bool can_run(const twi_sim *sim, uint32_t employee, tw_simulate_scheme scheme)
{
    const twi_employee *e = &sim->employees_own[employee];
    if (e->thief != TWI_NONE || e->days_a_week < 5 || !may_run(sim, employee, scheme))
        return false;
    return e->hired_day <= sim->options.start_day && e->leaves_day >= sim->end_day;
}

// Whether anybody of this chain runs the scheme. One always occurs.
static bool occurs(const twi_habits *h, tw_simulate_scheme scheme)
{
    uint64_t always = h->key % (TW_SIMULATE_RETURN_RING - 1) + 1;
    uint64_t luck = twi_mix(h->key, (uint64_t)scheme) % 1000;
    return (uint64_t)scheme == always || (double)luck < 1000.0 * h->schemes;
}

// Someone of the same store with one of the roles, other than `not`; TWI_NONE when there is nobody.
static uint32_t colleague(const twi_sim *sim, uint32_t store_idx, uint32_t roles, uint32_t not_one,
                          tw_rng *rng)
{
    const twi_store *store = &sim->stores_own[store_idx];
    uint32_t from = tw_rng_below(rng, store->employee_n);
    for (uint32_t i = 0; i < store->employee_n; i++) {
        uint32_t e = store->employee_first + (from + i) % store->employee_n;
        if (e != not_one && (roles & ROLE(sim->employees_own[e].role)))
            return e;
    }
    return TWI_NONE;
}

static void choose_partner(const twi_sim *sim, twi_thief *thief, tw_rng *rng)
{
    uint32_t store = sim->employees_own[thief->employee].store;
    thief->partner = TWI_NONE;
    if (thief->scheme == TW_SIMULATE_OVERRIDE_COLLUSION)
        thief->partner = colleague(sim, store, ROLE(TWI_MANAGER), thief->employee, rng);
    if (thief->scheme == TW_SIMULATE_CREDENTIAL_SHARING) {
        if (sim->options.stores > 1 && twi_chance(rng, 0.4))
            store = (store + 1 + tw_rng_below(rng, sim->options.stores - 1)) % sim->options.stores;
        thief->partner =
            colleague(sim, store, ROLE(TWI_CASHIER) | ROLE(TWI_SENIOR), thief->employee, rng);
    }
}

// Acts on an active day, from careful to greedy. Loyalty points are small, so they are many.
static double ordinary_rate(tw_simulate_scheme scheme, tw_rng *rng)
{
    double rate = twi_at_most(4.4 * twi_spread(rng, 0.55), 6.5);
    if (scheme == TW_SIMULATE_LOYALTY_SELF_CREDIT)
        rate *= 2.5;
    if (scheme == TW_SIMULATE_STRUCTURING) // each act is a series
        rate *= 0.4;
    if (scheme == TW_SIMULATE_GIFT_CARD_REFUND_DRAIN) // each act is a refund and a purchase
        rate *= 0.6;
    if (scheme == TW_SIMULATE_PAID_OUT_ABUSE || scheme == TW_SIMULATE_AFTER_HOURS)
        rate *= 0.6;
    return rate;
}

// Some run another scheme beside, on other days. Partners belong to the first.
static tw_simulate_scheme second_scheme(const twi_sim *sim, tw_simulate_scheme first,
                                        uint32_t employee)
{
    const twi_habits *h = &sim->habits;
    uint64_t luck = twi_mix(sim->options.seed ^ h->key, employee);
    if (h->second_scheme <= 0.0 || (double)(luck % 1000) >= 1000.0 * h->second_scheme)
        return first;
    for (uint64_t tries = 0; tries < 4; tries++) {
        tw_simulate_scheme other =
            (tw_simulate_scheme)(1 + twi_mix(luck, tries) % (TW_SIMULATE_RETURN_RING - 1));
        bool needs_partner =
            other == TW_SIMULATE_OVERRIDE_COLLUSION || other == TW_SIMULATE_CREDENTIAL_SHARING;
        if (!needs_partner && occurs(h, other) && may_run(sim, employee, other))
            return other;
    }
    return first;
}

static void thief_init(twi_sim *sim, twi_thief *thief, tw_simulate_scheme scheme, uint32_t employee,
                       tw_rng *rng)
{
    int32_t start = sim->options.start_day, days = (int32_t)sim->options.days;
    const twi_habits *h = &sim->habits;
    uint8_t second = (uint8_t)second_scheme(sim, scheme, employee);
    *thief = (twi_thief){
        .scheme = (uint8_t)scheme, .schemes = {(uint8_t)scheme, second}, .employee = employee};
    thief->skill = tw_rng_unit(rng);
    if (h->key != 0)
        thief->skill = twi_exp(h->skill * twi_log(TW_MAX(thief->skill, 1e-6)));
    thief->per_shift = ordinary_rate(scheme, rng) * (1.35 - 0.75 * thief->skill);
    thief->per_shift = TW_MAX(thief->per_shift, 1.2) * h->greed;
    thief->amount = twi_spread(rng, 0.3) * (1.25 - 0.5 * thief->skill) * h->amounts;
    thief->likes_busy = twi_chance(rng, thief->skill);
    thief->start_day = start + twi_range(rng, -days / 3, days * 45 / 100);
    int32_t lasts = TW_MAX(10, days * 4 / 10) + (int32_t)(0.8 * days * twi_gap(rng));
    thief->stop_day = TW_MAX(thief->start_day, start) + (int32_t)(lasts * h->patience);
    thief->friend_n = 1 + tw_rng_below(rng, TWI_FRIENDS_MAX);
    for (uint32_t i = 0; i < TWI_FRIENDS_MAX; i++)
        thief->friends[i] = tw_rng_u64(rng) | 1;
    choose_partner(sim, thief, rng);
}

// The schemes of the chain, favourites several times; all of them where no habit says otherwise.
static size_t fill_deck(const twi_habits *h, tw_simulate_scheme deck[DECK_MAX])
{
    size_t n = 0;
    for (uint64_t s = TW_SIMULATE_HONEST + 1; s < TW_SIMULATE_RETURN_RING; s++) {
        bool is_favourite = twi_mix(h->key, 100 + s) % 4 == 0;
        size_t copies = is_favourite ? 1 + (size_t)h->favourites : 1;
        for (size_t i = 0; i < copies && occurs(h, (tw_simulate_scheme)s); i++)
            deck[n++] = (tw_simulate_scheme)s;
    }
    return n;
}

static void shuffle(tw_simulate_scheme *deck, size_t n, tw_rng *rng)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = tw_rng_below(rng, (uint32_t)i);
        tw_simulate_scheme swap = deck[i - 1];
        deck[i - 1] = deck[j];
        deck[j] = swap;
    }
}

static void choose_thieves(twi_sim *sim, size_t wanted, tw_rng *rng)
{
    tw_simulate_scheme deck[DECK_MAX];
    size_t n = fill_deck(&sim->habits, deck);
    for (size_t i = 0; i < wanted && n > 0; i++) {
        if (i % n == 0) {
            (void)fill_deck(&sim->habits, deck);
            shuffle(deck, n, rng);
        }
        tw_simulate_scheme scheme = deck[i % n];
        uint32_t employee = 0, tries = 0;
        do
            employee = tw_rng_below(rng, (uint32_t)sim->employee_n);
        while (!can_run(sim, employee, scheme) && ++tries < 2000);
        if (tries == 2000)
            continue; // a small chain may have nobody for it
        sim->employees_own[employee].thief = (uint32_t)sim->thief_n;
        thief_init(sim, &sim->thieves_own[sim->thief_n++], scheme, employee, rng);
    }
}

static void choose_rings(twi_sim *sim, size_t wanted, tw_rng *rng)
{
    int32_t days = (int32_t)sim->options.days;
    for (; sim->ring_n < wanted; sim->ring_n++) {
        twi_ring *ring = &sim->rings_own[sim->ring_n];
        ring->first_store = tw_rng_below(rng, sim->options.stores);
        uint32_t reach = 3 + tw_rng_below(rng, 6);
        ring->store_n = TW_MIN(sim->options.stores, reach);
        ring->start_day = sim->options.start_day + twi_range(rng, -days / 4, days / 2);
        ring->stop_day =
            TW_MAX(ring->start_day, sim->options.start_day) + 7 + (int32_t)(days * twi_gap(rng));
        ring->skill = tw_rng_unit(rng);
        ring->per_day = twi_between(rng, 0.7, 3.2) * (1.3 - 0.6 * ring->skill);
        ring->key = tw_rng_u64(rng) | 1;
    }
}

tw_status twi_thieves_build(twi_sim *sim, tw_err *err)
{
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_THIEVES, 0, 0);
    double rate = sim->options.fraud_rate * sim->habits.thieves;
    size_t wanted = (size_t)((double)sim->employee_n * rate + 0.5);
    if (rate > 0.0)
        wanted = TW_MAX(wanted, 1);
    size_t rings = rate > 0.0
                       ? 1 + (size_t)(sim->options.stores * rate * sim->habits.rings / 0.025 / 14.0)
                       : 0;
    sim->thief_cap = wanted;
    if (wanted) {
        sim->thieves_own = tw_new_array(sim->alloc, wanted, sizeof(twi_thief));
        sim->rings_own = tw_new_array(sim->alloc, rings, sizeof(twi_ring));
        sim->ring_cap = rings;
        if (!sim->thieves_own || !sim->rings_own)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the simulator's thieves");
    }
    choose_thieves(sim, wanted, &rng);
    choose_rings(sim, sim->ring_cap, &rng);
    sim->summary.thieves = sim->thief_n;
    sim->summary.rings = sim->ring_n;
    return TW_OK;
}
