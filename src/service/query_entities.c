// SPDX-License-Identifier: Apache-2.0
//
// Employees and stores: what the engine knows now. All of it is read inside the gate and copied
// out.
#include "base/hash.h"
#include "internal.h"

tw_status tw_query_measures(tw_service *service, tw_str employee_id,
                            tw_measure_view out[TW_PEER_MEASURE_N])
{
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    tw_status status = TW_OK;
    twi_gate_enter(&service->gate);
    for (int m = 0; status == TW_OK && m < TW_PEER_MEASURE_N; m++) {
        out[m].feature = tw_peer_base_feature((tw_peer_measure)m);
        status = tw_engine_peer_stats(service->core.engine_own, employee_id, (tw_peer_measure)m,
                                      &out[m].stats);
    }
    twi_gate_leave(&service->gate);
    return status;
}

tw_status tw_query_employee(tw_service *service, tw_str employee_id, tw_employee_info *out)
{
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    twi_gate_enter(&service->gate);
    tw_status status = tw_engine_employee(service->core.engine_own, employee_id, out);
    twi_gate_leave(&service->gate);
    return status;
}

tw_status tw_query_known(tw_service *service, const tw_str *words, size_t n, char *kinds)
{
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    const tw_engine *engine = service->core.engine_own;
    twi_gate_enter(&service->gate);
    for (size_t i = 0; i < n; i++)
        kinds[i] = tw_engine_knows(engine, TW_ENTITY_EMPLOYEE, words[i])  ? 'E'
                   : tw_engine_knows(engine, TW_ENTITY_ACCOUNT, words[i]) ? 'K'
                                                                          : '\0';
    twi_gate_leave(&service->gate);
    return TW_OK;
}

tw_status tw_query_trend(tw_service *service, tw_str employee_id, tw_peer_measure measure,
                         tw_trend_day out[28])
{
    tw_employee_info info;
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    twi_gate_enter(&service->gate);
    tw_status status = tw_engine_employee(service->core.engine_own, employee_id, &info);
    int32_t today = tw_engine_day(service->core.engine_own);
    twi_gate_leave(&service->gate);
    TW_TRY(status);
    for (int i = 0; i < 28; i++)
        out[i] = (tw_trend_day){.day = today - 27 + i,
                                .value = info.trend[i][measure],
                                .store_median = info.store_trend[i][measure]};
    // The last boundary is this morning's; the chart ends with what holds now.
    out[27].value = info.values[measure];
    return TW_OK;
}

// The peer measure that speaks of the same filter as the signals of the scheme do.
static tw_peer_measure measure_of_feature(tw_feature feature)
{
    for (int m = 0; m < TW_PEER_MEASURE_N; m++)
        if (tw_peer_base_feature((tw_peer_measure)m) == feature ||
            tw_peer_percentile_feature((tw_peer_measure)m) == feature)
            return (tw_peer_measure)m;
    tw_filter filter = tw_feature_get(feature)->filter;
    for (int m = 0; filter != TW_FILTER_ALL && m < TW_PEER_MEASURE_N; m++)
        if (tw_feature_get(tw_peer_base_feature((tw_peer_measure)m))->filter == filter)
            return (tw_peer_measure)m;
    return TW_PEER_MEASURE_N;
}

tw_peer_measure tw_scheme_measure(tw_service *service, tw_str scheme)
{
    if (service->mode == TW_SERVICE_READER)
        return TW_PEER_MEASURE_N;
    tw_peer_measure found = TW_PEER_MEASURE_N;
    twi_gate_enter(&service->gate);
    const tw_signal_set *set = tw_detector_signals(service->core.detector_own);
    for (size_t i = 0; i < tw_signal_set_n(set) && found == TW_PEER_MEASURE_N; i++) {
        tw_signal_info info;
        tw_scheme_info of;
        tw_signal_set_get(set, i, &info);
        tw_signal_set_scheme(set, info.scheme, &of);
        if (tw_str_equal(of.name, scheme) && !info.is_clearing)
            found = measure_of_feature(info.feature);
    }
    twi_gate_leave(&service->gate);
    return found;
}

// --- stores
// ---------------------------------------------------------------------------------------

typedef struct id_list {
    tw_arena *arena;
    tw_str *items;
    size_t n, cap;
    tw_status status;
} id_list;

static void add_id(void *ctx, tw_str id)
{
    id_list *list = ctx;
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        tw_str *items = tw_arena_array(list->arena, cap, sizeof(*items));
        if (!items) {
            list->status = TW_NO_MEMORY;
            return;
        }
        if (list->n > 0)
            memcpy(items, list->items, list->n * sizeof(*items));
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = twi_arena_str(list->arena, id, &list->status);
}

static void sort_ids(tw_str *ids, size_t n)
{
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++)
            for (size_t k = i; k >= gap && tw_str_compare(ids[k - gap], ids[k]) > 0; k -= gap) {
                tw_str moved = ids[k];
                ids[k] = ids[k - gap];
                ids[k - gap] = moved;
            }
}

static uint64_t count_of(const tw_alert_count *counts, size_t n, tw_str key)
{
    uint64_t sum = 0; // one row for each currency
    for (size_t i = 0; i < n; i++)
        if (tw_str_equal(counts[i].key, key))
            sum += counts[i].n;
    return sum;
}

tw_status tw_query_stores(tw_service *service, tw_arena *arena, const tw_store_row **out,
                          size_t *out_n)
{
    *out = NULL;
    *out_n = 0;
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    id_list list = {.arena = arena};
    twi_gate_enter(&service->gate);
    tw_engine_stores(service->core.engine_own, add_id, &list);
    twi_gate_leave(&service->gate);
    TW_TRY(list.status);
    sort_ids(list.items, list.n);
    tw_alert_filter filter = {.only_open = true};
    tw_alert_count *counts;
    size_t count_n;
    TW_TRY(tw_ledger_alert_counts(service->ledger, &filter, TW_ALERT_GROUP_STORE, arena, &counts,
                                  &count_n, NULL));
    tw_store_row *rows = tw_arena_array(arena, list.n + 1, sizeof(*rows));
    if (!rows)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < list.n; i++)
        rows[i] = (tw_store_row){.store_id = list.items[i],
                                 .alerts_open = count_of(counts, count_n, list.items[i])};
    twi_gate_enter(&service->gate);
    for (size_t i = 0; i < list.n; i++)
        rows[i].last_ms = tw_engine_store_time_ms(service->core.engine_own, list.items[i]);
    twi_gate_leave(&service->gate);
    *out = rows;
    *out_n = list.n;
    return TW_OK;
}

// Transactions of the last 28 days for each employee of a list, counted in the stored scores of at
// most the newest COUNT_FACTS facts.
#define COUNT_FACTS UINT64_C(2000000)

typedef struct counter {
    tw_table by_hash; // employee hash -> index in employees
    tw_store_employee *employees;
    uint32_t from_s;
} counter;

static tw_status count_range(void *ctx, const tw_score_range *range, tw_err *err)
{
    counter *c = ctx;
    const char *at = range->bytes.at;
    size_t left = range->bytes.bytes;
    for (uint32_t i = 0; i < range->n; i++) {
        twi_record record;
        if (twi_record_peek(at, left, &record) != TW_OK)
            return tw_fail(err, TW_CORRUPT, "scores cannot be read");
        at += record.bytes;
        left -= record.bytes;
        if (record.kind != TW_FACT_TRANSACTION || record.time_s < c->from_s)
            continue;
        const tw_table_slot *slot =
            tw_table_find(&c->by_hash, tw_hash_pair(record.employee_hash, 1));
        if (slot)
            c->employees[slot->value].transactions_28d += 1;
    }
    return TW_OK;
}

static tw_status count_transactions(tw_service *service, tw_store_employee *employees, size_t n,
                                    int64_t from_ms)
{
    counter c = {.employees = employees,
                 .from_s = (uint32_t)(TW_MAX(from_ms, INT64_C(0)) / TW_SECOND_MS)};
    tw_ledger_position position;
    tw_status status = TW_OK;
    tw_table_init(&c.by_hash, service->alloc, TW_ENTITIES_MAX);
    for (size_t i = 0; status == TW_OK && i < n; i++) {
        tw_table_slot *slot;
        status = tw_table_at(&c.by_hash,
                             tw_hash_pair(twi_employee_hash(employees[i].employee_id), 1), &slot);
        if (status == TW_OK)
            slot->value = (uint32_t)i;
    }
    if (status == TW_OK)
        status = tw_ledger_get_position(service->ledger, &position, NULL);
    if (status == TW_OK && position.seq > 0)
        status = tw_ledger_score_read(service->ledger,
                                      position.seq > COUNT_FACTS ? position.seq - COUNT_FACTS : 1,
                                      position.seq, count_range, &c, NULL);
    tw_table_release(&c.by_hash);
    return status;
}

// Employees of the store who were seen in the last 28 days. Inside the gate.
static tw_status fill_employees(tw_service *service, const id_list *list, tw_arena *arena,
                                tw_store_view *out)
{
    const twi_core *core = &service->core;
    tw_status status = TW_OK;
    tw_store_employee *employees = tw_arena_array(arena, list->n + 1, sizeof(*employees));
    if (!employees)
        return TW_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        tw_employee_info info;
        if (tw_engine_employee(core->engine_own, list->items[i], &info) != TW_OK ||
            info.last_ms < core->last_time_ms - 28 * TW_DAY_MS || info.transaction_n == 0)
            continue;
        if (out->format.bytes == 0)
            out->format = twi_arena_str(arena, tw_str_from(info.store_format), &status);
        employees[n++] = (tw_store_employee){
            .employee_id = list->items[i],
            .refund_rate = (double)info.values[TW_PEER_peer_refund_rate],
            .void_rate = (double)info.values[TW_PEER_peer_void_rate],
        };
    }
    out->employees = employees;
    out->employee_n = n;
    return status;
}

// Shares of the store; its amounts depend on what it sells and say nothing about loss.
static void fill_measures(const tw_engine *engine, tw_store_view *out)
{
    for (int f = 0; f < TW_FEATURE_N && out->measure_n < TW_STORE_MEASURES_MAX; f++) {
        const tw_feature_row *row = tw_feature_get((tw_feature)f);
        tw_measure_view *measure = &out->measures[out->measure_n];
        if (row->entity != TW_ENTITY_STORE || strcmp(row->unit, "share") != 0)
            continue;
        measure->feature = (tw_feature)f;
        if (tw_engine_store_stats(engine, out->store_id, measure->feature, &measure->stats) ==
            TW_OK)
            out->measure_n++;
    }
}

tw_status tw_query_store(tw_service *service, tw_str store_id, tw_arena *arena, tw_store_view *out)
{
    *out = (tw_store_view){.store_id = store_id};
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    id_list stores = {.arena = arena}, employees = {.arena = arena};
    twi_gate_enter(&service->gate);
    tw_engine_stores(service->core.engine_own, add_id, &stores);
    tw_engine_store_employees(service->core.engine_own, store_id, add_id, &employees);
    tw_status status = fill_employees(service, &employees, arena, out);
    fill_measures(service->core.engine_own, out);
    int64_t from_ms = service->core.last_time_ms - 28 * TW_DAY_MS;
    twi_gate_leave(&service->gate);
    TW_TRY(status);
    TW_TRY(stores.status);
    TW_TRY(employees.status);
    bool is_known = false;
    for (size_t i = 0; i < stores.n; i++)
        is_known = is_known || tw_str_equal(stores.items[i], store_id);
    if (!is_known)
        return TW_NOT_FOUND;
    tw_alert_filter filter = {.stores = {&store_id, 1}};
    tw_alert_count *counts;
    size_t n;
    TW_TRY(tw_ledger_alert_counts(service->ledger, &filter, TW_ALERT_GROUP_EMPLOYEE, arena, &counts,
                                  &n, NULL));
    tw_store_employee *list = tw_arena_array(arena, out->employee_n + 1, sizeof(*list));
    if (!list)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < out->employee_n; i++) {
        list[i] = out->employees[i];
        list[i].alerts = count_of(counts, n, list[i].employee_id);
    }
    out->employees = list;
    return count_transactions(service, list, out->employee_n, from_ms);
}
