// SPDX-License-Identifier: Apache-2.0
//
// From catalogue rows to a plan: which windows an entity kind keeps, which accumulators each window
// holds (shared between features), and how features are read from them.
#include "internal.h"

static const struct {
    uint32_t delay_s, width_s;
} window_rows[] = {
#define X(name, text, delay, width) {delay, width},
    TW_WINDOWS(X)
#undef X
};

static bool is_tumbling(tw_window window)
{
    return window == TW_WINDOW_SHIFT || window == TW_WINDOW_DAY;
}

static bool row_is_windowed(const tw_feature_row *row, tw_entity_kind kind, tw_window window)
{
    return row->entity == kind && row->window == window && row->measure != TW_MEASURE_DERIVED;
}

// The accumulator of this window with this mask and column; added when absent.
static uint32_t acc_index(twi_plan *plan, twi_plan_window *window, tw_filter filter,
                          twi_column column)
{
    uint32_t mask = TWI_BIT(filter);
    for (uint32_t i = window->acc_first; i < window->acc_first + window->acc_n; i++) {
        if (plan->accs[i].mask == mask && plan->accs[i].column == column)
            return i;
    }
    TW_CHECK(plan->acc_n < TWI_ACCS_MAX);
    plan->accs[plan->acc_n] = (twi_acc){mask, column};
    window->acc_n++;
    return plan->acc_n++;
}

static void add_value(twi_plan *plan, twi_plan_window *window, tw_feature feature)
{
    const tw_feature_row *row = tw_feature_get(feature);
    twi_plan_value value = {.feature = feature, .measure = row->measure};
    switch (row->measure) {
    case TW_MEASURE_COUNT:
        value.num = acc_index(plan, window, row->filter, TWI_COUNT);
        break;
    case TW_MEASURE_SUM:
    case TW_MEASURE_VOLUME:
        value.num = acc_index(plan, window, row->filter, TWI_AMOUNT);
        break;
    case TW_MEASURE_EXCESS: // accounts keep it in the place of the discount (twi_windows_excess)
        TW_CHECK(window->delay_s == 0);
        value.num = acc_index(plan, window, row->filter, TWI_DISCOUNT);
        break;
    case TW_MEASURE_MEAN:
        value.num = acc_index(plan, window, row->filter, TWI_AMOUNT);
        value.den = acc_index(plan, window, row->filter, TWI_COUNT);
        break;
    case TW_MEASURE_RATE:
        value.num = acc_index(plan, window, row->filter, TWI_COUNT);
        value.den = acc_index(plan, window, TW_FILTER_ALL, TWI_COUNT);
        break;
    case TW_MEASURE_DISCOUNT:
        value.num = acc_index(plan, window, row->filter, TWI_DISCOUNT);
        value.den = acc_index(plan, window, TW_FILTER_SALE, TWI_AMOUNT);
        value.den2 = acc_index(plan, window, TW_FILTER_SALE, TWI_DISCOUNT);
        break;
    case TW_MEASURE_DISTINCT:
        value.num = acc_index(plan, window, row->filter, TWI_DISTINCT);
        break;
    case TW_MEASURE_DERIVED:
        TW_CHECK(false);
    }
    TW_CHECK(plan->value_n < TWI_VALUES_MAX);
    plan->values[plan->value_n++] = value;
}

static void add_window(twi_plan *plan, tw_entity_kind kind, tw_window window)
{
    twi_plan_window added = {.window = window,
                             .delay_s = window_rows[window].delay_s,
                             .width_s = window_rows[window].width_s,
                             .is_tumbling = is_tumbling(window),
                             .acc_first = plan->acc_n};
    for (int f = 0; f < TW_FEATURE_N; f++) {
        if (row_is_windowed(tw_feature_get((tw_feature)f), kind, window))
            add_value(plan, &added, (tw_feature)f);
    }
    if (added.acc_n == 0)
        return;
    TW_CHECK(plan->window_n < TWI_WINDOWS_MAX);
    TW_CHECK(!added.is_tumbling || kind == TW_ENTITY_EMPLOYEE);
    uint32_t retention_s = added.delay_s + added.width_s;
    if (retention_s > plan->retention_s) {
        plan->retention_s = retention_s;
        plan->retention_window = plan->window_n;
    }
    plan->windows[plan->window_n++] = added;
}

// The moves of accumulators acc_first .. acc_end - 1, by filter bit.
static void build_moves(const twi_plan *plan, twi_moves *moves, uint32_t acc_first,
                        uint32_t acc_end, bool only_arrivals)
{
    uint32_t n = 0;
    for (int bit = 0; bit < TW_FILTER_N; bit++) {
        moves->first[bit] = (uint8_t)n;
        for (uint32_t w = 0; w < plan->window_n; w++) {
            const twi_plan_window *window = &plan->windows[w];
            if (only_arrivals && window->delay_s > 0)
                continue;
            for (uint32_t a = window->acc_first; a < window->acc_first + window->acc_n; a++) {
                if (a < acc_first || a >= acc_end || plan->accs[a].mask != TWI_BIT(bit))
                    continue;
                moves->moves[n++] = (twi_move){(uint8_t)a, (uint8_t)plan->accs[a].column};
                moves->bits |= TWI_BIT(bit);
            }
        }
    }
    moves->first[TW_FILTER_N] = (uint8_t)n;
}

static void sort_values(twi_plan *plan)
{
    twi_plan_value sorted[TWI_VALUES_MAX];
    uint32_t n = 0;
    for (int m = 0; m <= TW_MEASURE_DISTINCT; m++) {
        for (uint32_t i = 0; i < plan->value_n; i++) {
            if (plan->values[i].measure == (tw_measure)m)
                sorted[n++] = plan->values[i];
        }
        plan->value_end[m] = n;
    }
    for (uint32_t i = 0; i < n; i++)
        plan->values[i] = sorted[i];
}

void twi_plan_build(twi_plan *plan, tw_entity_kind kind)
{
    *plan = (twi_plan){.is_used = kind != TW_ENTITY_TXN};
    plan->always_dense =
        kind == TW_ENTITY_EMPLOYEE || kind == TW_ENTITY_REGISTER || kind == TW_ENTITY_STORE;
    for (int w = 0; plan->is_used && w < TW_WINDOW_N; w++)
        add_window(plan, kind, (tw_window)w);
    sort_values(plan);
    plan->has_own = kind == TW_ENTITY_ACCOUNT;
    if (plan->has_own) {
        plan->own = plan->values[twi_plan_value_index(plan, TW_F_acc_mean_30d)];
        plan->own_width_s = window_rows[TW_WINDOW_30D].width_s;
    }
    for (uint32_t w = 0; w < plan->window_n; w++) {
        const twi_plan_window *window = &plan->windows[w];
        build_moves(plan, &plan->window_moves[w], window->acc_first,
                    window->acc_first + window->acc_n, false);
    }
    build_moves(plan, &plan->arrival_moves, 0, plan->acc_n, true);
}

uint32_t twi_plan_value_index(const twi_plan *plan, tw_feature feature)
{
    uint32_t i = 0;
    while (i < plan->value_n && plan->values[i].feature != feature)
        i++;
    TW_CHECK(i < plan->value_n);
    return i;
}
