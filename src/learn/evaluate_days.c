// SPDX-License-Identifier: Apache-2.0
//
// Figures of single days: how many of the k highest are fraud, by transaction and by entity.
//
// By entity, the day's rows are first folded into cells of one entity and day. Cells are put in
// order once; whoever was found on an earlier day is only passed over, separately for each k.
#include "base/hash.h"
#include "evaluate_internal.h"

const uint32_t tw_eval_k[TW_EVAL_KS] = {10, 50, 100, 500};

// --- orders

tw_status twi_order_new(const tw_alloc *alloc, size_t cap, twi_order *out)
{
    *out = (twi_order){.alloc = alloc, .cap = cap};
    out->items_own = tw_new_array(alloc, cap + 1, sizeof(twi_sort_item));
    out->work_own = tw_new_array(alloc, cap + 1, sizeof(twi_sort_item));
    if (out->items_own && out->work_own)
        return TW_OK;
    twi_order_free(out);
    return TW_NO_MEMORY;
}

void twi_order_free(twi_order *order)
{
    size_t room = order->cap + 1;
    tw_free_array(order->alloc, order->items_own, order->items_own ? room : 0,
                  sizeof(twi_sort_item));
    tw_free_array(order->alloc, order->work_own, order->work_own ? room : 0, sizeof(twi_sort_item));
    *order = (twi_order){.alloc = order->alloc};
}

static uint64_t day_key(int32_t day)
{
    return (uint64_t)((uint32_t)day ^ 0x80000000U) << 32;
}

static uint32_t falling(float risk)
{
    return ~twi_sort_float(risk);
}

void twi_order_by_risk(twi_order *order, const tw_eval_row *rows, size_t n)
{
    order->n = n;
    for (size_t i = 0; i < n; i++)
        order->items_own[i] = (twi_sort_item){falling(rows[i].risk), (uint32_t)i};
    twi_sort_items(order->items_own, order->work_own, n);
}

void twi_order_by_day(twi_order *order, const tw_eval_row *rows, size_t n)
{
    order->n = n;
    for (size_t i = 0; i < n; i++)
        order->items_own[i] =
            (twi_sort_item){day_key(rows[i].day) | falling(rows[i].risk), (uint32_t)i};
    twi_sort_items(order->items_own, order->work_own, n);
}

static size_t end_of_day(const twi_sort_item *items, size_t n, size_t i)
{
    size_t end = i;
    while (end < n && items[end].key >> 32 == items[i].key >> 32)
        end++;
    return end;
}

// --- by transaction

// Expected number of true ones among the k first of a day; the group at the edge counts by its
// share.
static double true_in_first(const twi_sort_item *day, size_t n, const tw_eval_row *rows, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < n && i < k;) {
        size_t end = i;
        double group_true = 0;
        for (; end < n && day[end].key == day[i].key; end++)
            group_true += rows[day[end].idx].fraud;
        double taken = (double)(TW_MIN(end, k) - i);
        sum += group_true * taken / (double)(end - i);
        i = end;
    }
    return sum;
}

void twi_day_figures(const twi_order *order, const tw_eval_row *rows, tw_eval *out)
{
    double found[TW_EVAL_KS] = {0}, precision[TW_EVAL_KS] = {0};
    uint64_t full[TW_EVAL_KS] = {0};
    for (size_t i = 0; i < order->n;) {
        size_t end = end_of_day(order->items_own, order->n, i);
        out->day_n++;
        for (size_t k = 0; k < TW_EVAL_KS; k++) {
            double hit = true_in_first(order->items_own + i, end - i, rows, tw_eval_k[k]);
            found[k] += hit;
            if (end - i >= tw_eval_k[k]) {
                precision[k] += hit / tw_eval_k[k];
                full[k]++;
            }
        }
        i = end;
    }
    for (size_t k = 0; k < TW_EVAL_KS; k++) {
        out->precision_at_k[k] = twi_ratio(precision[k], (double)full[k]);
        out->recall_at_k[k] = twi_ratio(found[k], (double)out->positive_n);
    }
}

// --- by entity

// One entity on one day.
typedef struct cell {
    int32_t day;
    uint32_t entity;
    float risk;
    uint8_t fraud;
} cell;

typedef struct cells {
    cell *items_own; // [cap]
    size_t n, cap;
    uint8_t *marks_own; // [entity_n], bits below
    size_t entity_n;
} cells;

#define MARK_MET 0x80U
#define MARK_FRAUD 0x40U
#define MARK_FOUND(k) (1U << (k)) // among the first k on an earlier day, and fraudulent then

// Rows of known entity by day and entity, then one cell for each.
static void fold(const tw_eval_input *input, tw_eval_entity kind, twi_order *order, cells *out)
{
    order->n = 0;
    out->n = 0;
    for (size_t i = 0; i < input->n; i++) {
        uint32_t entity = input->rows[i].entity[kind];
        if (entity != UINT32_MAX)
            order->items_own[order->n++] =
                (twi_sort_item){day_key(input->rows[i].day) | entity, (uint32_t)i};
    }
    twi_sort_items(order->items_own, order->work_own, order->n);
    for (size_t i = 0; i < order->n; i++) {
        const tw_eval_row *row = &input->rows[order->items_own[i].idx];
        bool is_new = i == 0 || order->items_own[i].key != order->items_own[i - 1].key;
        if (is_new)
            out->items_own[out->n++] = (cell){row->day, row->entity[kind], row->risk, 0};
        cell *c = &out->items_own[out->n - 1];
        c->risk = TW_MAX(c->risk, row->risk);
        c->fraud |= row->fraud;
        out->marks_own[c->entity] |= (uint8_t)(MARK_MET | (row->fraud ? MARK_FRAUD : 0));
    }
}

// By day, within it by descending risk, ties by the entity's hash.
static void order_cells(const cells *all, twi_order *order)
{
    order->n = all->n;
    for (size_t i = 0; i < all->n; i++) {
        uint32_t entity = all->items_own[i].entity;
        uint64_t hash = tw_hash64(&entity, sizeof(entity), 0);
        order->items_own[i] = (twi_sort_item){hash & UINT32_MAX, (uint32_t)i};
    }
    twi_sort_items(order->items_own, order->work_own, all->n);
    for (size_t i = 0; i < all->n; i++) {
        const cell *c = &all->items_own[order->items_own[i].idx];
        order->items_own[i].key = day_key(c->day) | falling(c->risk);
    }
    twi_sort_items(order->items_own, order->work_own, all->n);
}

// One day at one k: marks who is found, gives how many, and how many the best order would find.
static uint32_t find_on_day(const cells *all, const twi_sort_item *day, size_t n, size_t k,
                            uint32_t *best)
{
    uint32_t taken = 0, found = 0, fraud = 0;
    for (size_t i = 0; i < n; i++) {
        const cell *c = &all->items_own[day[i].idx];
        uint8_t *mark = &all->marks_own[c->entity];
        if (*mark & MARK_FOUND(k))
            continue;
        fraud += c->fraud;
        if (taken == tw_eval_k[k])
            continue;
        taken++;
        found += c->fraud;
        *mark |= (uint8_t)(c->fraud ? MARK_FOUND(k) : 0);
    }
    *best = TW_MIN(fraud, tw_eval_k[k]);
    return found;
}

static void figures_at(const cells *all, const twi_order *order, size_t k, tw_eval_by_entity *out)
{
    double precision = 0, ceiling = 0, day_n = 0;
    for (size_t i = 0; i < order->n;) {
        size_t end = end_of_day(order->items_own, order->n, i);
        uint32_t best, found = find_on_day(all, order->items_own + i, end - i, k, &best);
        precision += (double)found / tw_eval_k[k];
        ceiling += (double)best / tw_eval_k[k];
        day_n++;
        i = end;
    }
    out->precision_at_k[k] = twi_ratio(precision, day_n);
    out->ceiling_at_k[k] = twi_ratio(ceiling, day_n);
}

static void entity_figures(const tw_eval_input *input, tw_eval_entity kind, cells *all,
                           twi_order *order, tw_eval_by_entity *out)
{
    memset(all->marks_own, 0, all->entity_n);
    fold(input, kind, order, all);
    order_cells(all, order);
    for (size_t e = 0; e < all->entity_n; e++) {
        out->n += all->marks_own[e] & MARK_MET ? 1 : 0;
        out->fraud_n += all->marks_own[e] & MARK_FRAUD ? 1 : 0;
    }
    for (size_t k = 0; k < TW_EVAL_KS; k++)
        figures_at(all, order, k, out);
}

static size_t entity_room(const tw_eval_input *input)
{
    uint32_t top = 0;
    for (size_t i = 0; i < input->n; i++)
        for (size_t kind = 0; kind < TW_EVAL_ENTITY_N; kind++)
            if (input->rows[i].entity[kind] != UINT32_MAX)
                top = TW_MAX(top, input->rows[i].entity[kind]);
    return (size_t)top + 1;
}

tw_status twi_entity_figures(const tw_alloc *alloc, const tw_eval_input *input, twi_order *order,
                             tw_eval *out)
{
    for (size_t kind = 0; kind < TW_EVAL_ENTITY_N; kind++)
        for (size_t k = 0; k < TW_EVAL_KS; k++)
            out->entities[kind].precision_at_k[k] = out->entities[kind].ceiling_at_k[k] =
                (double)NAN;
    if (!input->has_entities)
        return TW_OK;
    cells all = {.cap = input->n + 1, .entity_n = entity_room(input)};
    all.items_own = tw_new_array(alloc, all.cap, sizeof(cell));
    all.marks_own = tw_new_array(alloc, all.entity_n, 1);
    bool has_room = all.items_own && all.marks_own;
    for (int kind = 0; has_room && kind < TW_EVAL_ENTITY_N; kind++)
        entity_figures(input, (tw_eval_entity)kind, &all, order, &out->entities[kind]);
    tw_free_array(alloc, all.items_own, all.items_own ? all.cap : 0, sizeof(cell));
    tw_free_array(alloc, all.marks_own, all.marks_own ? all.entity_n : 0, 1);
    return has_room ? TW_OK : TW_NO_MEMORY;
}
