// SPDX-License-Identifier: Apache-2.0
//
// Looking ahead: a transaction touches some forty cache lines that its ids alone decide. When the
// next facts are known, they are fetched in four steps while earlier facts are being applied: table
// slots, then entities, then accumulators and the ends of logs, then the entries that windows will
// evict. Nothing here changes state or results.
#include "internal.h"

#include "base/time.h"

enum { ENTITIES_AHEAD = 3, DENSE_AHEAD = 6, ENTRIES_AHEAD = 9, LINE_BYTES = 64 };

static void fetch(const void *at)
{
#if defined(__GNUC__)
    __builtin_prefetch(at);
#else
    (void)at;
#endif
}

static void fetch_range(const void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += LINE_BYTES)
        fetch((const char *)at + i);
}

static twi_hint *hint_at(tw_engine *engine, uint32_t back)
{
    if (back >= engine->hint_n)
        return NULL;
    return &engine->hints_own[(engine->hint_next - 1 - back) % TWI_HINTS];
}

static void fetch_slots(const tw_engine *engine, twi_hint *hint)
{
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++) {
        if (hint->event.keys[k])
            tw_table_prefetch(&engine->kinds[k].table, hint->event.keys[k]);
    }
    tw_table_prefetch(&engine->receipt_table, hint->fact_key);
    if (hint->original_key)
        tw_table_prefetch(&engine->receipt_table, hint->original_key);
}

static void fetch_store(const twi_store *store, int64_t local_ms)
{
    int32_t hour = tw_hour_of_week(local_ms);
    fetch_range(store, 2 * LINE_BYTES);
    fetch(&store->hour_mean[hour]);
    fetch(&store->hour_n[store->week % TWI_WEEKS][hour]);
}

static void fetch_entities(const tw_engine *engine, twi_hint *hint)
{
    twi_event *event = &hint->event;
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++) {
        event->idx[k] = twi_entity_find(engine, (tw_entity_kind)k, event->keys[k]);
        if (event->idx[k] != TWI_NONE)
            fetch(twi_segments_at(&engine->kinds[k].entities, event->idx[k]));
    }
    if (event->idx[TW_ENTITY_EMPLOYEE] != TWI_NONE)
        fetch_range(twi_employee_at(engine, event->idx[TW_ENTITY_EMPLOYEE]), 3 * LINE_BYTES);
    if (event->idx[TW_ENTITY_REGISTER] != TWI_NONE)
        fetch_range(twi_register_at(engine, event->idx[TW_ENTITY_REGISTER]), sizeof(twi_register));
    if (event->idx[TW_ENTITY_ACCOUNT] != TWI_NONE)
        fetch(twi_account_at(engine, event->idx[TW_ENTITY_ACCOUNT]));
    if (event->idx[TW_ENTITY_STORE] != TWI_NONE)
        fetch_store(twi_store_at(engine, event->idx[TW_ENTITY_STORE]), event->local_ms);
    if (hint->original_key) {
        const tw_table_slot *slot = tw_table_find(&engine->receipt_table, hint->original_key);
        if (slot)
            fetch(twi_segments_at(&engine->receipts, slot->value));
    }
}

static void fetch_dense(const tw_engine *engine, const twi_hint *hint)
{
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++) {
        const twi_kind *kind = &engine->kinds[k];
        uint32_t idx = hint->event.idx[k];
        if (idx == TWI_NONE)
            continue;
        const twi_entity *entity = twi_segments_at(&kind->entities, idx);
        if (entity->dense != TWI_NONE)
            fetch_range(twi_segments_at(&kind->dense, entity->dense), kind->dense.item_bytes);
        if (entity->tail != TWI_NONE)
            fetch(twi_log_chunk(&kind->logs, entity->tail));
        if (entity->dense == TWI_NONE && entity->head != entity->tail)
            fetch_range(twi_log_chunk(&kind->logs, entity->head), 2 * LINE_BYTES);
    }
}

// The entry behind a cursor that has one to evict by now, and the end of the log.
static void fetch_entries(const tw_engine *engine, const twi_hint *hint)
{
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++) {
        const twi_kind *kind = &engine->kinds[k];
        uint32_t idx = hint->event.idx[k];
        if (idx == TWI_NONE)
            continue;
        const twi_entity *entity = twi_segments_at(&kind->entities, idx);
        if (entity->tail != TWI_NONE) {
            twi_chunk *tail = twi_log_chunk(&kind->logs, entity->tail);
            fetch(&twi_chunk_entries(tail)[tail->n]);
        }
        if (entity->dense == TWI_NONE)
            continue;
        twi_dense dense = twi_dense_view(&kind->plan, twi_segments_at(&kind->dense, entity->dense));
        for (uint32_t w = 0; w < kind->plan.window_n; w++) {
            const twi_cursor *cursors[] = {&dense.lead[w], &dense.trail[w]};
            for (int c = 0; c < 2; c++) {
                if (cursors[c]->t == UINT32_MAX || cursors[c]->chunk == TWI_NONE)
                    continue;
                twi_chunk *chunk = twi_log_chunk(&kind->logs, cursors[c]->chunk);
                fetch(&twi_chunk_entries(chunk)[cursors[c]->at]);
            }
        }
    }
}

void tw_engine_hint(tw_engine *engine, const tw_fact *fact)
{
    if (fact->kind != TW_FACT_TRANSACTION)
        return;
    twi_hint *hint = &engine->hints_own[engine->hint_next++ % TWI_HINTS];
    engine->hint_n = TW_MIN(engine->hint_n + 1, TWI_HINTS);
    twi_event_keys(&fact->as.transaction, &hint->event);
    hint->fact_key = tw_fact_key(fact, 0);
    tw_str original = twi_original_reference(&fact->as.transaction);
    hint->original_key = original.bytes ? twi_transaction_key(original) : 0;
    fetch_slots(engine, hint);
    twi_hint *earlier = hint_at(engine, ENTITIES_AHEAD);
    if (earlier)
        fetch_entities(engine, earlier);
    earlier = hint_at(engine, DENSE_AHEAD);
    if (earlier)
        fetch_dense(engine, earlier);
    earlier = hint_at(engine, ENTRIES_AHEAD);
    if (earlier)
        fetch_entries(engine, earlier);
}
