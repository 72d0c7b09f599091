// SPDX-License-Identifier: Apache-2.0
//
// What sentences and pages ask the engine: identities, comparisons of an employee with peers,
// lists.
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

uint64_t tw_engine_seq(const tw_engine *engine)
{
    return engine->seq;
}
uint64_t tw_engine_transaction_n(const tw_engine *engine)
{
    return engine->transaction_n;
}
int32_t tw_engine_day(const tw_engine *engine)
{
    return engine->day;
}
uint32_t tw_engine_feed(const tw_engine *engine)
{
    return engine->feed;
}
uint32_t tw_engine_last_filters(const tw_engine *engine)
{
    return engine->last_filters;
}

uint64_t tw_engine_find(const tw_engine *engine, uint64_t fact_key)
{
    const tw_table_slot *slot = fact_key ? tw_table_find(&engine->receipt_table, fact_key) : NULL;
    return slot ? ((const twi_receipt *)twi_segments_at(&engine->receipts, slot->value))->seq : 0;
}

void tw_engine_find_prefetch(const tw_engine *engine, uint64_t fact_key)
{
    tw_table_prefetch(&engine->receipt_table, fact_key);
}

static uint32_t employee_index(const tw_engine *engine, tw_str employee_id)
{
    uint64_t key = twi_entity_key(TW_ENTITY_EMPLOYEE, employee_id, TW_STR_NONE);
    return employee_id.bytes ? twi_entity_find(engine, TW_ENTITY_EMPLOYEE, key) : TWI_NONE;
}

static uint32_t store_index(const tw_engine *engine, tw_str store_id)
{
    uint64_t key = twi_entity_key(TW_ENTITY_STORE, store_id, TW_STR_NONE);
    return store_id.bytes ? twi_entity_find(engine, TW_ENTITY_STORE, key) : TWI_NONE;
}

// Mean of the daily values between 7 and 27 days ago; NaN without any.
static float own_normal(const tw_engine *engine, const twi_employee *employee,
                        tw_peer_measure measure)
{
    double sum = 0.0;
    int n = 0;
    for (int32_t day = engine->day - (TWI_TREND_DAYS - 1); day <= engine->day - 7; day++) {
        int32_t at = (day % TWI_TREND_DAYS + TWI_TREND_DAYS) % TWI_TREND_DAYS;
        if (employee->trend_day[at] != day)
            continue;
        sum += (double)employee->trend[at][measure];
        n++;
    }
    return n ? (float)(sum / n) : NAN;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void store_stats(const tw_engine *engine, uint32_t self, tw_peer_measure measure,
                        tw_peer_stats *out)
{
    enum { OTHERS_MAX = 256 };
    float others[OTHERS_MAX];
    uint32_t n = 0;
    const twi_store *store = twi_store_at(engine, twi_employee_at(engine, self)->store);
    for (uint32_t i = store->first_employee; i != TWI_NONE && n < OTHERS_MAX;
         i = twi_employee_at(engine, i)->next_in_store) {
        const twi_employee *other = twi_employee_at(engine, i);
        if (i != self && other->peers_n > 0)
            others[n++] = other->peer_values[measure];
    }
    out->store_n = n;
    out->store_low = out->store_median = out->store_high = NAN;
    if (n == 0)
        return;
    qsort(others, n, sizeof(float), compare_floats);
    out->store_low = others[0];
    out->store_median = others[(n - 1) / 2];
    out->store_high = others[n - 1];
}

tw_status tw_engine_peer_stats(const tw_engine *engine, tw_str employee_id, tw_peer_measure measure,
                               tw_peer_stats *out)
{
    memset(out, 0, sizeof(*out));
    uint32_t idx = employee_index(engine, employee_id);
    if (idx == TWI_NONE)
        return TW_NOT_FOUND;
    const twi_employee *employee = twi_employee_at(engine, idx);
    const twi_group *group = twi_peers_group(engine, employee);
    out->value = twi_employee_measure(engine, idx, measure);
    out->own_normal = own_normal(engine, employee, measure);
    store_stats(engine, idx, measure, out);
    out->peer_n = group ? group->n : 0;
    out->peer_median = group ? group->median[measure] : NAN;
    out->peer_p95 = group ? group->p95[measure] : NAN;
    out->percentile = twi_group_percentile(group, measure, out->value);
    return TW_OK;
}

// A store's value of a windowed feature; NaN before its first transaction.
static float store_value(const twi_kind *kind, const twi_plan_value *value, uint32_t idx)
{
    const twi_entity *entity = twi_segments_at(&kind->entities, idx);
    if (entity->dense == TWI_NONE)
        return NAN;
    twi_dense dense = twi_dense_view(&kind->plan, twi_segments_at(&kind->dense, entity->dense));
    return twi_value(value, dense.acc, 1.0);
}

// Floats in the order of unsigned integers.
static uint32_t float_order(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
}

// The smallest of the stores' values that `percent` of all are at or below, found bit by bit: 32
// passes over the stores, without memory to sort in. NaN when no store has one.
static float store_percentile(const tw_engine *engine, const twi_plan_value *value,
                              uint32_t known_n, uint32_t percent)
{
    const twi_kind *kind = &engine->kinds[TW_ENTITY_STORE];
    uint64_t needed = ((uint64_t)known_n * percent + 99) / 100;
    uint32_t low = 0;
    for (int bit = 31; known_n > 0 && bit >= 0; bit--) {
        uint32_t at = low | UINT32_C(1) << bit;
        uint64_t below = 0;
        for (uint32_t i = 0; i < engine->stores.n; i++) {
            float v = store_value(kind, value, i);
            below += !isnan(v) && float_order(v) < at;
        }
        if (below < needed)
            low = at;
    }
    float out = NAN;
    uint32_t bits = low >> 31 ? low ^ UINT32_C(1) << 31 : ~low;
    if (known_n > 0)
        memcpy(&out, &bits, sizeof(out));
    return out;
}

tw_status tw_engine_store_stats(const tw_engine *engine, tw_str store_id, tw_feature feature,
                                tw_peer_stats *out)
{
    memset(out, 0, sizeof(*out));
    uint32_t idx = store_index(engine, store_id);
    const tw_feature_row *row = tw_feature_get(feature);
    if (idx == TWI_NONE || row->entity != TW_ENTITY_STORE || row->measure == TW_MEASURE_DERIVED)
        return TW_NOT_FOUND;
    const twi_kind *kind = &engine->kinds[TW_ENTITY_STORE];
    const twi_plan_value *value = &kind->plan.values[twi_plan_value_index(&kind->plan, feature)];
    for (uint32_t i = 0; i < engine->stores.n; i++)
        out->store_n += !isnan(store_value(kind, value, i));
    out->value = store_value(kind, value, idx);
    out->own_normal = out->peer_median = out->peer_p95 = out->percentile = NAN;
    out->store_low = store_percentile(engine, value, out->store_n, 10);
    out->store_median = store_percentile(engine, value, out->store_n, 50);
    out->store_high = store_percentile(engine, value, out->store_n, 90);
    return TW_OK;
}

static void copy_trend(const tw_engine *engine, const float trend[][TW_PEER_MEASURE_N],
                       const int32_t *trend_day, float out[28][TW_PEER_MEASURE_N])
{
    for (int32_t i = 0; i < TWI_TREND_DAYS; i++) {
        int32_t day = engine->day - (TWI_TREND_DAYS - 1) + i;
        int32_t at = (day % TWI_TREND_DAYS + TWI_TREND_DAYS) % TWI_TREND_DAYS;
        for (int m = 0; m < TW_PEER_MEASURE_N; m++)
            out[i][m] = trend_day[at] == day ? trend[at][m] : NAN;
    }
}

tw_status tw_engine_employee(const tw_engine *engine, tw_str employee_id, tw_employee_info *out)
{
    memset(out, 0, sizeof(*out));
    uint32_t idx = employee_index(engine, employee_id);
    if (idx == TWI_NONE)
        return TW_NOT_FOUND;
    const twi_employee *employee = twi_employee_at(engine, idx);
    const twi_store *store = twi_store_at(engine, employee->store);
    memcpy(out->role, engine->roles.names[employee->role], sizeof(out->role));
    memcpy(out->store_format, engine->formats.names[employee->format], sizeof(out->store_format));
    tw_str_copy((tw_str){store->id, store->id_bytes}, out->home_store, sizeof(out->home_store));
    out->first_ms = employee->first_s * TW_SECOND_MS;
    out->last_ms = employee->last_s * TW_SECOND_MS;
    out->transaction_n = employee->transaction_n;
    for (int m = 0; m < TW_PEER_MEASURE_N; m++)
        out->values[m] = twi_employee_measure(engine, idx, (tw_peer_measure)m);
    copy_trend(engine, employee->trend, employee->trend_day, out->trend);
    copy_trend(engine, store->trend, store->trend_day, out->store_trend);
    return TW_OK;
}

bool tw_engine_knows(const tw_engine *engine, tw_entity_kind kind, tw_str id)
{
    TW_CHECK(kind == TW_ENTITY_EMPLOYEE || kind == TW_ENTITY_ACCOUNT);
    uint64_t key = twi_entity_key(kind, id, TW_STR_NONE);
    return id.bytes && twi_entity_find(engine, kind, key) != TWI_NONE;
}

void tw_engine_stores(const tw_engine *engine, tw_visit *visit, void *ctx)
{
    for (uint32_t i = 0; i < engine->stores.n; i++) {
        const twi_store *store = twi_store_at(engine, i);
        visit(ctx, (tw_str){store->id, store->id_bytes});
    }
}

int64_t tw_engine_store_time_ms(const tw_engine *engine, tw_str store_id)
{
    uint32_t idx = store_index(engine, store_id);
    return idx == TWI_NONE ? 0 : twi_store_at(engine, idx)->clock_s * TW_SECOND_MS;
}

void tw_engine_store_employees(const tw_engine *engine, tw_str store_id, tw_visit *visit, void *ctx)
{
    uint32_t idx = store_index(engine, store_id);
    if (idx == TWI_NONE)
        return;
    for (uint32_t i = twi_store_at(engine, idx)->first_employee; i != TWI_NONE;) {
        const twi_employee *employee = twi_employee_at(engine, i);
        visit(ctx, (tw_str){employee->id, employee->id_bytes});
        i = employee->next_in_store;
    }
}

uint32_t tw_engine_entity_n(const tw_engine *engine, tw_entity_kind kind)
{
    return kind == TW_ENTITY_TXN ? engine->receipts.n : (uint32_t)engine->kinds[kind].table.n;
}

static uint64_t segment_bytes(const twi_segments *s)
{
    return (uint64_t)s->n * s->item_bytes;
}

uint64_t tw_engine_bytes(const tw_engine *engine, tw_entity_kind which)
{
    if (which == TW_ENTITY_TXN)
        return segment_bytes(&engine->receipts) + engine->receipt_table.cap * sizeof(tw_table_slot);
    const twi_kind *kind = &engine->kinds[which];
    uint64_t bytes = segment_bytes(&kind->entities) + segment_bytes(&kind->dense) +
                     twi_log_bytes(&kind->logs) + kind->table.cap * sizeof(tw_table_slot);
    const twi_segments *extras[TW_ENTITY_N] = {[TW_ENTITY_EMPLOYEE] = &engine->employees,
                                               [TW_ENTITY_REGISTER] = &engine->registers,
                                               [TW_ENTITY_ACCOUNT] = &engine->accounts,
                                               [TW_ENTITY_STORE] = &engine->stores};
    return bytes + (extras[which] ? segment_bytes(extras[which]) : 0);
}
