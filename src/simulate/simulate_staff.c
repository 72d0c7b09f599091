// SPDX-License-Identifier: Apache-2.0
//
// The roster of a day: who works when at which register, with breaks, and the shift events of it.
// Blocks of at most eight hours cover the opening hours; how many cashiers a block needs follows
// from the customers that are expected.
#include "simulate_model.h"

// Customers an hour that one till serves at leisure.
static const double till_capacity[TWI_FORMATS] = {34.0, 24.0, 17.0, 20.0};

typedef struct block {
    int32_t start_s, end_s;
    uint8_t preference; // 0 early, 1 middle, 2 late
} block;

static bool works_today(const twi_employee *e, int32_t day)
{
    return twi_is_employed(e, day) && (day + e->week_phase) % 7 < e->days_a_week;
}

static bool is_taken(const twi_store *store, uint32_t employee)
{
    return twi_worker_of(store, employee) != NULL;
}

const twi_worker *twi_worker_of(const twi_store *store, uint32_t employee)
{
    for (uint32_t i = 0; i < store->worker_n; i++)
        if (store->workers[i].employee == employee)
            return &store->workers[i];
    return NULL;
}

// Somebody for a role: first the full-timers who like the block, then any full-timer, then
// part-timers on the roster, then anyone at all.
static uint32_t find_employee(const twi_sim *sim, const twi_store *store, twi_role role,
                              const block *b, tw_rng *rng)
{
    uint32_t from = tw_rng_below(rng, store->employee_n);
    for (int pass = 0; pass < 4; pass++) {
        for (uint32_t i = 0; i < store->employee_n; i++) {
            uint32_t id = store->employee_first + (from + i) % store->employee_n;
            const twi_employee *e = &sim->employees_own[id];
            if (e->role != role || is_taken(store, id))
                continue;
            if (pass == 0 && e->preference != b->preference && !twi_chance(rng, 0.35))
                continue;
            if (pass < 2 && e->days_a_week < 5)
                continue;
            if (pass < 3 ? works_today(e, store->day) : twi_is_employed(e, store->day))
                return id;
        }
    }
    return TWI_NONE;
}

static uint8_t free_till(const twi_store *store, int32_t start_s, int32_t end_s)
{
    for (uint8_t reg = 1; reg <= store->till_n; reg++) {
        bool is_free = true;
        for (uint32_t i = 0; i < store->worker_n && is_free; i++) {
            const twi_worker *w = &store->workers[i];
            is_free = w->reg != reg || w->end_s + 300 <= start_s || end_s + 300 <= w->start_s;
        }
        if (is_free)
            return reg;
    }
    return 0;
}

static void note(twi_sim *sim, twi_store *store, const twi_worker *w, const char *event,
                 int32_t at_s, bool at_register)
{
    twi_shift_note shift = {w->employee, w->role, at_register ? w->reg : (uint8_t)0, event, at_s};
    twi_emit_shift(sim, store, &shift);
}

static void note_shift(twi_sim *sim, twi_store *store, const twi_worker *w, tw_rng *rng)
{
    // People forget the clock now and then; the till still knows them. A shift that begins at
    // midnight is noted then: no record of a day is older than the day.
    double gaps = store->habits->clock_gaps;
    if (twi_chance(rng, 0.003 * gaps))
        return; // the terminal was down: a day's work that the clock knows nothing of
    bool forgets_in = twi_chance(rng, 0.006 * gaps), forgets_out = twi_chance(rng, 0.010 * gaps);
    int32_t clock_in_s = w->start_s - twi_range(rng, 60, 540);
    int32_t sign_on_s = w->start_s - twi_range(rng, 5, 50);
    if (!forgets_in)
        note(sim, store, w, "clock_in", TW_MAX(clock_in_s, 0), false);
    note(sim, store, w, "sign_on", TW_MAX(sign_on_s, 0), true);
    if (w->break_end_s > w->break_s) {
        note(sim, store, w, "break_start", w->break_s, false);
        note(sim, store, w, "break_end", w->break_end_s, false);
    }
    note(sim, store, w, "sign_off", w->end_s + twi_range(rng, 5, 120), true);
    if (!forgets_out)
        note(sim, store, w, "clock_out", w->end_s + twi_range(rng, 180, 900), false);
}

static bool add_worker(twi_sim *sim, twi_store *store, twi_role role, const block *b, tw_rng *rng)
{
    uint32_t employee = find_employee(sim, store, role, b, rng);
    if (employee == TWI_NONE || store->worker_n == TWI_WORKERS_MAX)
        return false;
    uint8_t reg = role == TWI_MANAGER        ? (uint8_t)TWI_REG_OFFICE
                  : role == TWI_SERVICE_DESK ? (uint8_t)TWI_REG_DESK
                  : role == TWI_ATTENDANT    ? (uint8_t)TWI_REG_SELF
                                             : free_till(store, b->start_s, b->end_s);
    if (reg == 0)
        return false;
    twi_worker *w = &store->workers[store->worker_n];
    *w = (twi_worker){employee, (uint8_t)role, reg, b->start_s, b->end_s, 0, 0};
    if (w->end_s - w->start_s > 5 * 3600) {
        w->break_s =
            w->start_s + 3 * 3600 + (int32_t)(store->worker_n % 4) * 2100 + twi_range(rng, 0, 600);
        w->break_end_s = w->break_s + 1800;
    }
    store->worker_n++;
    return true;
}

static int32_t need(const twi_store *store, int32_t at_s)
{
    double staffed = store->self_n ? (store->format == TWI_SUPERMARKET ? 0.62 : 0.75) : 1.0;
    double per_hour = store->rate[TW_MIN(at_s / 3600, TWI_HOURS - 1)] * 3600.0 * staffed;
    return 1 + (int32_t)(per_hour / till_capacity[store->format]);
}

static int32_t peak(const twi_store *store, int32_t from_s, int32_t to_s)
{
    int32_t most = 1;
    for (int32_t s = from_s; s < to_s; s += 3600)
        most = TW_MAX(most, need(store, s));
    return most;
}

static void fill_block(twi_sim *sim, twi_store *store, const block *b, int32_t cashiers,
                       tw_rng *rng)
{
    for (int32_t i = 0; i < cashiers; i++) {
        // One of the tills is a senior's where there is one, so that someone can approve.
        // A small store has its manager in the morning and a senior in the evening.
        bool is_late_only = store->format == TWI_CONVENIENCE;
        bool is_senior = i == 0 && (is_late_only ? b->preference == 2 : b->preference != 1);
        twi_role first = is_senior ? TWI_SENIOR : TWI_CASHIER;
        twi_role second = is_senior ? TWI_CASHIER : TWI_SENIOR;
        if (!add_worker(sim, store, first, b, rng))
            (void)add_worker(sim, store, second, b, rng);
    }
}

static void fill_specialists(twi_sim *sim, twi_store *store, const block *b, tw_rng *rng)
{
    static const twi_role roles[] = {TWI_MANAGER, TWI_SERVICE_DESK, TWI_ATTENDANT};
    bool is_small = store->format == TWI_CONVENIENCE && b->preference != 0;
    for (size_t i = is_small ? 1 : 0; i < TW_COUNT(roles); i++)
        (void)add_worker(sim, store, roles[i], b, rng);
}

static void plan_offline(const twi_sim *sim, twi_store *store)
{
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_NETWORK, store->idx, (uint32_t)store->day);
    bool is_store_down = twi_chance(&rng, 0.008);
    int32_t store_from_s = twi_range(&rng, store->day_open_s, store->day_close_s);
    int32_t store_for_s = twi_range(&rng, 900, 4 * 3600);
    for (int reg = 0; reg < TWI_REGISTERS; reg++) {
        bool is_down = twi_chance(&rng, 0.006);
        int32_t from_s = twi_range(&rng, store->day_open_s, store->day_close_s);
        int32_t until_s = from_s + twi_range(&rng, 600, 3 * 3600);
        if (is_store_down) {
            from_s = store_from_s;
            until_s = from_s + store_for_s;
        }
        store->offline_from_s[reg] = is_down || is_store_down ? from_s : 0;
        store->offline_until_s[reg] = is_down || is_store_down ? until_s : 0;
    }
}

void twi_staff_plan(twi_sim *sim, twi_store *store)
{
    tw_rng rng;
    twi_rng_start(&rng, sim->options.seed, TWI_STREAM_STAFF, store->idx, (uint32_t)store->day);
    store->worker_n = 0;
    int32_t open_s = store->day_open_s, close_s = store->day_close_s;
    int32_t half_s = (close_s - open_s) / 2;
    int32_t length_s = TW_MIN(8 * 3600 + 1800, half_s + 1800);
    if (store->is_all_night) {
        const block night = {0, 8 * 3600, 2}, day = {8 * 3600, 16 * 3600, 0};
        const block evening = {16 * 3600, 24 * 3600, 1};
        fill_block(sim, store, &night, 1, &rng);
        fill_block(sim, store, &day, peak(store, 9 * 3600, 16 * 3600), &rng);
        fill_block(sim, store, &evening, peak(store, 16 * 3600, 24 * 3600), &rng);
        fill_specialists(sim, store, &day, &rng);
        fill_specialists(sim, store, &evening, &rng);
    } else {
        const block early = {open_s - 1200, open_s + length_s, 0};
        const block late = {close_s - length_s, close_s + 1200, 2};
        const block middle = {open_s + half_s - 3 * 3600, open_s + half_s + 3 * 3600, 1};
        int32_t early_n = need(store, open_s + 2 * 3600), late_n = need(store, close_s - 3 * 3600);
        fill_specialists(sim, store, &early, &rng);
        fill_specialists(sim, store, &late, &rng);
        fill_block(sim, store, &early, early_n, &rng);
        fill_block(sim, store, &late, late_n, &rng);
        int32_t extra = peak(store, open_s, close_s) - TW_MIN(early_n, late_n);
        if (2 * length_s < close_s - open_s)
            extra = TW_MAX(extra, 1); // the blocks at both ends do not meet
        fill_block(sim, store, &middle, extra, &rng);
    }
    for (uint32_t i = 0; i < store->worker_n; i++)
        note_shift(sim, store, &store->workers[i], &rng);
    plan_offline(sim, store);
}

// --- who is there ------------------------------------------------------------------------------

bool twi_is_on_duty(const twi_worker *w, int32_t at_s)
{
    return w->start_s <= at_s && at_s < w->end_s && (at_s < w->break_s || at_s >= w->break_end_s);
}

// Two random candidates, the one whose till is free earlier: short queues without looking at all.
static const twi_worker *choose(const twi_store *store, int32_t at_s, uint32_t roles, tw_rng *rng)
{
    const twi_worker *there[TWI_WORKERS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < store->worker_n; i++) {
        const twi_worker *w = &store->workers[i];
        if ((roles >> w->role & 1) && twi_is_on_duty(w, at_s) && at_s < w->end_s - 240)
            there[n++] = w;
    }
    if (n == 0)
        return NULL;
    const twi_worker *a = there[tw_rng_below(rng, n)], *b = there[tw_rng_below(rng, n)];
    return store->reg_free_s[a->reg] <= store->reg_free_s[b->reg] ? a : b;
}

const twi_worker *twi_worker_for_sale(const twi_store *store, int32_t at_s, tw_rng *rng)
{
    const uint32_t tills = 1u << TWI_CASHIER | 1u << TWI_SENIOR;
    bool at_desk = store->format != TWI_CONVENIENCE && twi_chance(rng, 0.04);
    const twi_worker *w = choose(store, at_s, at_desk ? 1u << TWI_SERVICE_DESK : tills, rng);
    if (!w)
        w = choose(store, at_s, tills | 1u << TWI_SERVICE_DESK | 1u << TWI_MANAGER, rng);
    for (uint32_t i = 0; !w && i < store->worker_n; i++) // a break that is cut short
        if (store->workers[i].start_s <= at_s && at_s < store->workers[i].end_s)
            w = &store->workers[i];
    return w;
}

const twi_worker *twi_worker_for_returns(const twi_store *store, int32_t at_s, tw_rng *rng)
{
    const double any_till = store->habits->returns_any_till;
    if (any_till > 0.0 && twi_chance(rng, any_till))
        return twi_worker_for_sale(store, at_s, rng);
    const twi_worker *w = choose(store, at_s, 1u << TWI_SERVICE_DESK, rng);
    return w ? w : twi_worker_for_sale(store, at_s, rng);
}

uint32_t twi_approver(const twi_store *store, int32_t at_s, uint32_t not_employee, tw_rng *rng)
{
    uint32_t found = TWI_NONE;
    for (uint32_t i = 0; i < store->worker_n; i++) {
        const twi_worker *w = &store->workers[i];
        if (w->employee == not_employee || w->start_s > at_s || at_s >= w->end_s)
            continue;
        if (w->role == TWI_MANAGER && twi_chance(rng, store->habits->manager_approves))
            return w->employee;
        if (w->role == TWI_MANAGER || w->role == TWI_SENIOR)
            found = w->employee;
    }
    return found;
}

void twi_authorise(const twi_sim *sim, const twi_store *store, twi_txn *txn, int32_t at_s,
                   twi_reason reason, tw_rng *rng)
{
    uint8_t role = sim->employees_own[txn->employee].role;
    bool is_own =
        (role == TWI_SENIOR || role == TWI_MANAGER) && twi_chance(rng, store->habits->own_approval);
    txn->override_employee = is_own ? txn->employee : twi_approver(store, at_s, txn->employee, rng);
    txn->override_reason = (uint8_t)reason;
}
