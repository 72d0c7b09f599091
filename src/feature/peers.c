// SPDX-License-Identifier: Apache-2.0
//
// Peers: at each day boundary the employees of the last 28 days are grouped by role and store
// format, and each group keeps 64 quantiles of each measure. During the day a percentile is a
// search in them.
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEER_MIN_TRANSACTIONS = 20, // of 28 days: fewer say nothing about a rate
    GROUP_MIN = 12,             // below that many the employee is compared with everybody
};

float twi_employee_measure(const tw_engine *engine, uint32_t idx, tw_peer_measure measure)
{
    const twi_kind *kind = &engine->kinds[TW_ENTITY_EMPLOYEE];
    const twi_entity *entity = twi_segments_at(&kind->entities, idx);
    if (entity->dense == TWI_NONE)
        return NAN;
    twi_dense dense = twi_dense_view(&kind->plan, twi_segments_at(&kind->dense, entity->dense));
    // Peer measures are counts and shares, so that the currency does not matter.
    return twi_value(&kind->plan.values[engine->peer_value[measure]], dense.acc, 1.0);
}

// --- one employee at the boundary --------------------------------------------------------------

// The employee's values with the windows at the boundary, on a copy: facts of the day before may
// still arrive and must find the windows where they belong.
static void measure_at_boundary(tw_engine *engine, uint32_t idx, uint32_t boundary_s, int32_t day)
{
    twi_kind *kind = &engine->kinds[TW_ENTITY_EMPLOYEE];
    twi_employee *employee = twi_employee_at(engine, idx);
    const twi_entity *entity = twi_segments_at(&kind->entities, idx);
    employee->peers_n = 0;
    if (entity->dense == TWI_NONE || entity->entry_n == 0)
        return;
    memcpy(engine->boundary_dense_own, twi_segments_at(&kind->dense, entity->dense),
           twi_dense_bytes(&kind->plan));
    twi_dense dense = twi_dense_view(&kind->plan, engine->boundary_dense_own);
    twi_distinct none = {.frozen = &engine->distinct};
    twi_windows windows = {&kind->plan, &kind->logs, &none, TW_ENTITY_EMPLOYEE, idx};
    twi_windows_advance(&windows, entity, dense, TW_MAX(boundary_s, entity->clock_s));
    const twi_plan_value *values = kind->plan.values;
    float n = twi_value(&values[engine->activity_value], dense.acc, 1.0);
    for (int m = 0; m < TW_PEER_MEASURE_N; m++)
        employee->peer_values[m] = twi_value(&values[engine->peer_value[m]], dense.acc, 1.0);
    employee->peers_n = n >= (float)PEER_MIN_TRANSACTIONS ? (uint32_t)n : 0;
    memcpy(employee->trend[day % TWI_TREND_DAYS], employee->peer_values,
           sizeof(employee->peer_values));
    employee->trend_day[day % TWI_TREND_DAYS] = day;
}

// --- groups ------------------------------------------------------------------------------------

static uint32_t group_index(tw_engine *engine, uint32_t role, uint32_t format)
{
    for (uint32_t g = 1; g < engine->group_n; g++) {
        if (engine->groups_own[g].role == role && engine->groups_own[g].format == format)
            return g;
    }
    if (engine->group_n == TWI_GROUPS_MAX)
        return 0;
    engine->groups_own[engine->group_n] = (twi_group){.role = role, .format = format};
    return engine->group_n++;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float sorted_quantile(const float *sorted, uint32_t n, double q)
{
    double at = q * n - 0.5;
    uint32_t i = at <= 0.0 ? 0 : (uint32_t)at;
    return sorted[TW_MIN(i, n - 1)];
}

// Sorts one measure of the members into sort_own.
static void sort_measure(tw_engine *engine, const uint32_t *members, uint32_t n, int m)
{
    for (uint32_t i = 0; i < n; i++)
        engine->sort_own[i] = twi_employee_at(engine, members[i])->peer_values[m];
    qsort(engine->sort_own, n, sizeof(float), compare_floats);
}

static void group_fill(tw_engine *engine, twi_group *group, const uint32_t *members, uint32_t n)
{
    group->n = n;
    for (int m = 0; n > 0 && m < TW_PEER_MEASURE_N; m++) {
        sort_measure(engine, members, n, m);
        for (int k = 0; k < TWI_KNOTS; k++)
            group->knots[m][k] = sorted_quantile(engine->sort_own, n, (k + 0.5) / TWI_KNOTS);
        group->median[m] = sorted_quantile(engine->sort_own, n, 0.5);
        group->p95[m] = sorted_quantile(engine->sort_own, n, 0.95);
    }
}

static void fill_groups(tw_engine *engine)
{
    uint32_t *members = engine->member_own;
    uint32_t n = 0;
    engine->group_n = 1;
    memset(&engine->groups_own[0], 0, sizeof(twi_group));
    for (uint32_t i = 0; i < engine->employees.n; i++) {
        const twi_employee *employee = twi_employee_at(engine, i);
        if (employee->peers_n == 0)
            continue;
        members[n++] = i;
        group_index(engine, employee->role, employee->format);
    }
    group_fill(engine, &engine->groups_own[0], members, n);
    uint32_t *chosen = members + n;
    for (uint32_t g = 1; g < engine->group_n; g++) {
        uint32_t chosen_n = 0;
        for (uint32_t i = 0; i < n; i++) {
            const twi_employee *employee = twi_employee_at(engine, members[i]);
            if (employee->role == engine->groups_own[g].role &&
                employee->format == engine->groups_own[g].format)
                chosen[chosen_n++] = members[i];
        }
        group_fill(engine, &engine->groups_own[g], chosen, chosen_n);
    }
}

static void fill_store_trend(tw_engine *engine, twi_store *store, int32_t day)
{
    uint32_t n = 0;
    for (uint32_t i = store->first_employee; i != TWI_NONE;
         i = twi_employee_at(engine, i)->next_in_store) {
        if (twi_employee_at(engine, i)->peers_n > 0)
            engine->member_own[n++] = i;
    }
    if (n == 0)
        return;
    for (int m = 0; m < TW_PEER_MEASURE_N; m++) {
        sort_measure(engine, engine->member_own, n, m);
        store->trend[day % TWI_TREND_DAYS][m] = sorted_quantile(engine->sort_own, n, 0.5);
    }
    store->trend_day[day % TWI_TREND_DAYS] = day;
}

void twi_peers_boundary(tw_engine *engine, int32_t day)
{
    TW_CHECK(engine->sort_cap >= engine->employees.n &&
             engine->member_cap >= 2U * engine->employees.n);
    uint32_t boundary_s = (uint32_t)(TW_MAX(day, 0) * INT64_C(86400));
    for (uint32_t i = 0; i < engine->employees.n; i++)
        measure_at_boundary(engine, i, boundary_s, day);
    fill_groups(engine);
    for (uint32_t s = 0; s < engine->stores.n; s++)
        fill_store_trend(engine, twi_store_at(engine, s), day);
}

const twi_group *twi_peers_group(const tw_engine *engine, const twi_employee *employee)
{
    if (engine->group_n == 0 || engine->groups_own[0].n < GROUP_MIN)
        return NULL;
    uint32_t role = employee ? employee->role : 0, format = employee ? employee->format : 0;
    for (uint32_t g = 1; g < engine->group_n; g++) {
        const twi_group *group = &engine->groups_own[g];
        if (group->role == role && group->format == format && group->n >= GROUP_MIN)
            return group;
    }
    return &engine->groups_own[0];
}

float twi_group_percentile(const twi_group *group, tw_peer_measure measure, float value)
{
    if (!group || isnan(value))
        return NAN;
    const float *knots = group->knots[measure];
    uint32_t below = 0; // knots under the value, by bisection
    for (uint32_t size = TWI_KNOTS / 2; size > 0; size /= 2) {
        if (knots[below + size - 1] < value)
            below += size;
    }
    below += knots[below] < value;
    return (float)below / (float)TWI_KNOTS;
}
