// SPDX-License-Identifier: Apache-2.0
//
// The engine's life and its one path: find the entities, derive the event from what is known, move
// each entity's windows and count the event in them, read the features, and remember. A probe walks
// the same path on copies.
#include "internal.h"

#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"

enum {
    SWEEP_STEPS = 2,
    SWEEP_LATE_S = 4 * 86400, // facts that come this late still find exact windows
    DAYS_AHEAD = 7,           // a day this far ahead needs a majority
    DAY_VOTES = 64,
    ENTITY_SHIFT = 12,
    DENSE_SHIFT = 8,
    RECEIPT_SHIFT = 14,
    STORE_SHIFT = 4,
    // New partners that one fact may bring to distinct counts: an account that turns dense brings
    // all its entries, to two counts; the employee one.
    DISTINCT_PER_FACT = 2 * (TWI_SPARSE_MAX + 1) + 1,
};

// --- life --------------------------------------------------------------------------------------

static void kind_init(twi_kind *kind, tw_entity_kind which, const tw_alloc *alloc)
{
    twi_plan_build(&kind->plan, which);
    tw_table_init(&kind->table, alloc, TW_ENTITIES_MAX);
    twi_segments_init(&kind->entities, alloc, sizeof(twi_entity), ENTITY_SHIFT);
    twi_segments_init(&kind->dense, alloc, twi_dense_bytes(&kind->plan), DENSE_SHIFT);
    twi_log_pool_init(&kind->logs, alloc);
    kind->free_entity = kind->free_dense = TWI_NONE;
}

tw_status tw_engine_new(const tw_alloc *alloc, tw_engine **out)
{
    *out = NULL;
    tw_engine *engine = tw_new(alloc, tw_engine);
    if (!engine)
        return TW_NO_MEMORY;
    engine->alloc = alloc;
    engine->day = INT32_MIN;
    for (int k = 0; k < TW_ENTITY_N; k++)
        kind_init(&engine->kinds[k], (tw_entity_kind)k, alloc);
    twi_segments_init(&engine->employees, alloc, sizeof(twi_employee), DENSE_SHIFT);
    twi_segments_init(&engine->registers, alloc, sizeof(twi_register), DENSE_SHIFT);
    twi_segments_init(&engine->accounts, alloc, sizeof(twi_account), ENTITY_SHIFT);
    twi_segments_init(&engine->stores, alloc, sizeof(twi_store), STORE_SHIFT);
    tw_table_init(&engine->receipt_table, alloc, TW_ENTITIES_MAX);
    twi_segments_init(&engine->receipts, alloc, sizeof(twi_receipt), RECEIPT_SHIFT);
    tw_table_init(&engine->distinct, alloc, TW_ENTITIES_MAX);
    engine->roles.n = engine->formats.n = 1;
    const twi_plan *employees = &engine->kinds[TW_ENTITY_EMPLOYEE].plan;
    engine->activity_value = twi_plan_value_index(employees, TW_F_emp_n_28d);
    for (int m = 0; m < TW_PEER_MEASURE_N; m++)
        engine->peer_value[m] =
            twi_plan_value_index(employees, tw_peer_base_feature((tw_peer_measure)m));
    engine->hints_own = tw_new_array(alloc, TWI_HINTS, sizeof(twi_hint));
    engine->groups_own = tw_new_array(alloc, TWI_GROUPS_MAX, sizeof(twi_group));
    engine->boundary_dense_own =
        tw_new_array(alloc, 1, twi_dense_bytes(&engine->kinds[TW_ENTITY_EMPLOYEE].plan));
    if (!engine->hints_own || !engine->groups_own || !engine->boundary_dense_own) {
        tw_engine_free(engine);
        return TW_NO_MEMORY;
    }
    *out = engine;
    return TW_OK;
}

void tw_engine_free(tw_engine *engine)
{
    if (!engine)
        return;
    for (int k = 0; k < TW_ENTITY_N; k++) {
        twi_kind *kind = &engine->kinds[k];
        tw_table_release(&kind->table);
        twi_segments_release(&kind->entities);
        twi_segments_release(&kind->dense);
        twi_log_pool_release(&kind->logs);
    }
    twi_segments_release(&engine->employees);
    twi_segments_release(&engine->registers);
    twi_segments_release(&engine->accounts);
    twi_segments_release(&engine->stores);
    tw_table_release(&engine->receipt_table);
    twi_segments_release(&engine->receipts);
    tw_table_release(&engine->distinct);
    tw_free_array(engine->alloc, engine->hints_own, TWI_HINTS, sizeof(twi_hint));
    tw_free_array(engine->alloc, engine->groups_own, TWI_GROUPS_MAX, sizeof(twi_group));
    tw_free_array(engine->alloc, engine->boundary_dense_own, 1,
                  twi_dense_bytes(&engine->kinds[TW_ENTITY_EMPLOYEE].plan));
    tw_free_array(engine->alloc, engine->sort_own, engine->sort_cap, sizeof(float));
    tw_free_array(engine->alloc, engine->member_own, engine->member_cap, sizeof(uint32_t));
    tw_delete(engine->alloc, engine);
}

static tw_status kind_reserve(twi_kind *kind, size_t n)
{
    TW_TRY(tw_table_reserve(&kind->table, n));
    TW_TRY(twi_segments_reserve(&kind->entities, n));
    TW_TRY(twi_segments_reserve(&kind->dense, n));
    return twi_log_pool_reserve(&kind->logs, n);
}

static tw_status sort_reserve(tw_engine *engine, size_t employees)
{
    void *sort = engine->sort_own, *member = engine->member_own;
    tw_status status =
        tw_grow(engine->alloc, &sort, &engine->sort_cap, employees, sizeof(float), SIZE_MAX);
    engine->sort_own = sort;
    TW_TRY(status);
    status = tw_grow(engine->alloc, &member, &engine->member_cap, 2 * employees, sizeof(uint32_t),
                     SIZE_MAX);
    engine->member_own = member;
    return status;
}

tw_status tw_engine_reserve(tw_engine *engine, size_t n)
{
    if (n > TW_ENTITIES_MAX / 4)
        return TW_LIMIT;
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++)
        TW_TRY(kind_reserve(&engine->kinds[k], n));
    TW_TRY(twi_segments_reserve(&engine->employees, n));
    TW_TRY(twi_segments_reserve(&engine->registers, n));
    TW_TRY(twi_segments_reserve(&engine->accounts, n));
    TW_TRY(twi_segments_reserve(&engine->stores, n));
    TW_TRY(tw_table_reserve(&engine->receipt_table, n));
    TW_TRY(twi_segments_reserve(&engine->receipts, n));
    TW_TRY(tw_table_reserve(&engine->distinct, DISTINCT_PER_FACT * n));
    return sort_reserve(engine, engine->employees.n + n);
}

// --- entities ----------------------------------------------------------------------------------

uint32_t twi_entity_find(const tw_engine *engine, tw_entity_kind kind, uint64_t key)
{
    const tw_table_slot *slot = key ? tw_table_find(&engine->kinds[kind].table, key) : NULL;
    return slot ? slot->value : TWI_NONE;
}

static twi_segments *beside(tw_engine *engine, tw_entity_kind kind)
{
    switch (kind) {
    case TW_ENTITY_EMPLOYEE:
        return &engine->employees;
    case TW_ENTITY_REGISTER:
        return &engine->registers;
    case TW_ENTITY_ACCOUNT:
        return &engine->accounts;
    case TW_ENTITY_STORE:
        return &engine->stores;
    case TW_ENTITY_TXN:
    case TW_ENTITY_PAIR:
    case TW_ENTITY_APPROVAL:
    case TW_ENTITY_MEMBER:
    case TW_ENTITY_N:
        break;
    }
    return NULL;
}

static uint32_t take_entity(tw_engine *engine, tw_entity_kind which)
{
    twi_kind *kind = &engine->kinds[which];
    twi_segments *extra = beside(engine, which);
    uint32_t idx = kind->free_entity;
    if (idx == TWI_NONE) {
        idx = twi_segments_push(&kind->entities);
        if (extra)
            twi_segments_push(extra);
    } else {
        kind->free_entity = ((twi_entity *)twi_segments_at(&kind->entities, idx))->head;
        if (extra)
            memset(twi_segments_at(extra, idx), 0, extra->item_bytes);
    }
    return idx;
}

static uint32_t entity_at(tw_engine *engine, tw_entity_kind which, uint64_t key, uint32_t now_s)
{
    twi_kind *kind = &engine->kinds[which];
    if (key == 0)
        return TWI_NONE;
    tw_table_slot *slot = NULL;
    tw_status status = tw_table_at(&kind->table, key, &slot);
    TW_CHECK(status == TW_OK);
    if (slot->value == TW_TABLE_NONE) {
        slot->value = take_entity(engine, which);
        *(twi_entity *)twi_segments_at(&kind->entities, slot->value) = (twi_entity){
            .key = key, .head = TWI_NONE, .tail = TWI_NONE, .first_s = now_s, .dense = TWI_NONE};
    }
    return slot->value;
}

static void copy_id(tw_str id, char out[64], uint32_t *bytes)
{
    *bytes = (uint32_t)TW_MIN(id.bytes, 64);
    memcpy(out, id.at, *bytes);
}

static void store_meet(tw_engine *engine, uint32_t idx, tw_str id)
{
    twi_store *store = twi_store_at(engine, idx);
    if (store->id_bytes)
        return;
    copy_id(id, store->id, &store->id_bytes);
    store->first_employee = store->last_employee = TWI_NONE;
}

static void list_leave(tw_engine *engine, twi_store *store, uint32_t idx)
{
    uint32_t before = TWI_NONE;
    for (uint32_t i = store->first_employee; i != idx;
         i = twi_employee_at(engine, i)->next_in_store)
        before = i;
    uint32_t after = twi_employee_at(engine, idx)->next_in_store;
    if (before == TWI_NONE)
        store->first_employee = after;
    else
        twi_employee_at(engine, before)->next_in_store = after;
    if (store->last_employee == idx)
        store->last_employee = before;
}

static void list_join(tw_engine *engine, twi_store *store, uint32_t idx)
{
    twi_employee_at(engine, idx)->next_in_store = TWI_NONE;
    if (store->last_employee == TWI_NONE)
        store->first_employee = idx;
    else
        twi_employee_at(engine, store->last_employee)->next_in_store = idx;
    store->last_employee = idx;
}

static void employee_meet(tw_engine *engine, uint32_t idx, tw_str id, uint32_t store_idx,
                          uint32_t t)
{
    twi_employee *employee = twi_employee_at(engine, idx);
    bool is_new = employee->id_bytes == 0;
    if (is_new) {
        copy_id(id, employee->id, &employee->id_bytes);
        employee->first_s = t;
    }
    if (is_new || employee->store != store_idx) {
        if (!is_new) {
            list_leave(engine, twi_store_at(engine, employee->store), idx);
            employee->other_store_s = employee->last_s;
        }
        employee->store = store_idx;
        list_join(engine, twi_store_at(engine, store_idx), idx);
    }
}

// --- expiry ------------------------------------------------------------------------------------

static void free_entity(twi_kind *kind, uint32_t idx)
{
    twi_entity *entity = twi_segments_at(&kind->entities, idx);
    tw_table_remove(&kind->table, entity->key);
    twi_log_drop_all(&kind->logs, entity);
    if (entity->dense != TWI_NONE) {
        uint32_t *next = twi_segments_at(&kind->dense, entity->dense);
        *next = kind->free_dense;
        kind->free_dense = entity->dense;
    }
    *entity = (twi_entity){.head = kind->free_entity, .tail = TWI_NONE, .dense = TWI_NONE};
    kind->free_entity = idx;
}

// Entries that a dense entity's cursors have passed leave the distinct counts before it is freed.
static void drain_dense(tw_engine *engine, twi_kind *kind, tw_entity_kind which, uint32_t idx)
{
    twi_entity *entity = twi_segments_at(&kind->entities, idx);
    if (entity->dense == TWI_NONE)
        return;
    twi_distinct distinct = {.table = &engine->distinct};
    twi_windows windows = {&kind->plan, &kind->logs, &distinct, which, idx};
    twi_dense dense = twi_dense_view(&kind->plan, twi_segments_at(&kind->dense, entity->dense));
    twi_windows_advance(&windows, entity, dense, UINT32_MAX - 1);
}

// Looks at the next few accounts or pairs in turn and forgets those that no window remembers. The
// table of entities thus holds what is alive and some of what has just gone.
static void sweep(tw_engine *engine, tw_entity_kind which)
{
    twi_kind *kind = &engine->kinds[which];
    for (int i = 0; i < SWEEP_STEPS && kind->entities.n > 0; i++) {
        kind->sweep = kind->sweep + 1 < kind->entities.n ? kind->sweep + 1 : 0;
        const twi_entity *entity = twi_segments_at(&kind->entities, kind->sweep);
        int64_t remembered_s = (int64_t)entity->clock_s + kind->plan.retention_s + SWEEP_LATE_S;
        if (entity->key == 0 || remembered_s >= engine->day * INT64_C(86400))
            continue;
        drain_dense(engine, kind, which, kind->sweep);
        free_entity(kind, kind->sweep);
    }
}

// --- one entity's windows ------------------------------------------------------------------------

static twi_dense dense_of(const twi_kind *kind, const twi_entity *entity)
{
    return twi_dense_view(&kind->plan, twi_segments_at(&kind->dense, entity->dense));
}

static void make_dense(const twi_windows *windows, twi_kind *kind, twi_entity *entity)
{
    uint32_t idx = kind->free_dense;
    if (idx != TWI_NONE) {
        kind->free_dense = *(uint32_t *)twi_segments_at(&kind->dense, idx);
        memset(twi_segments_at(&kind->dense, idx), 0, kind->dense.item_bytes);
    } else {
        idx = twi_segments_push(&kind->dense);
    }
    entity->dense = idx;
    twi_windows_start(windows, entity, dense_of(kind, entity));
}

// Tumbling windows start anew with the business day or the shift.
static void tumble(const twi_plan *plan, const twi_event *event, twi_dense dense)
{
    bool new_day = event->txn->business_day > dense.head->day;
    bool new_shift = event->shift_s != dense.head->shift_s;
    for (uint32_t i = 0; i < plan->window_n; i++) {
        const twi_plan_window *window = &plan->windows[i];
        bool starts = (window->window == TW_WINDOW_DAY && new_day) ||
                      (window->window == TW_WINDOW_SHIFT && new_shift);
        for (uint32_t a = 0; starts && a < window->acc_n; a++)
            dense.acc[window->acc_first + a] = 0;
    }
    if (new_day)
        dense.head->day = event->txn->business_day;
    if (new_shift)
        dense.head->shift_s = event->shift_s;
}

static void drop_passed(twi_kind *kind, twi_entity *entity, twi_dense dense)
{
    const twi_cursor *oldest = &dense.trail[kind->plan.retention_window];
    while (oldest->chunk != TWI_NONE && entity->head != oldest->chunk) {
        // A cursor that still stands at the end of the chunk stands before the first of the next.
        uint32_t next = twi_log_chunk(&kind->logs, entity->head)->next;
        for (uint32_t i = 0; i < kind->plan.window_n; i++) {
            twi_cursor *cursors[] = {&dense.lead[i], &dense.trail[i]};
            for (int c = 0; c < 2; c++) {
                if (cursors[c]->chunk == entity->head) {
                    cursors[c]->chunk = next;
                    cursors[c]->at = 0;
                }
            }
        }
        twi_log_drop_head(&kind->logs, entity);
    }
}

static void drop_expired(twi_kind *kind, twi_entity *entity, uint32_t now_s)
{
    while (entity->head != entity->tail) {
        twi_chunk *head = twi_log_chunk(&kind->logs, entity->head);
        if (twi_chunk_entries(head)[head->n - 1].t + (uint64_t)kind->plan.retention_s > now_s)
            return;
        twi_log_drop_head(&kind->logs, entity);
    }
}

// The partner that distinct counts count. In a probe a partner may be new: then it has no index
// yet, but it is one more.
static uint32_t partner_of(const twi_event *event, tw_entity_kind which)
{
    const uint32_t not_seen_yet = TWI_NONE - 1;
    bool of_cards = which == TW_ENTITY_EMPLOYEE || which == TW_ENTITY_MEMBER;
    tw_entity_kind partner = of_cards                     ? TW_ENTITY_ACCOUNT
                             : which == TW_ENTITY_ACCOUNT ? TW_ENTITY_STORE
                                                          : TW_ENTITY_TXN;
    if (event->keys[partner] == 0)
        return TWI_NONE;
    return event->idx[partner] == TWI_NONE ? not_seen_yet : event->idx[partner];
}

static twi_entry entry_for(tw_entity_kind which, const twi_event *event, uint32_t now_s)
{
    return (twi_entry){now_s, event->amount, event->discount, event->flags,
                       partner_of(event, which)};
}

static uint32_t log_entries(const twi_kind *kind, const twi_entity *entity)
{
    return entity->head == TWI_NONE
               ? 0
               : entity->entry_n - twi_log_chunk(&kind->logs, entity->head)->first_ord;
}

static void apply_dense(const twi_windows *windows, twi_kind *kind, twi_entity *entity,
                        const twi_event *event, twi_entry *entry, float *row)
{
    twi_dense dense = dense_of(kind, entity);
    twi_windows_advance(windows, entity, dense, entry->t);
    if (kind->plan.has_own)
        entry->discount = twi_windows_excess(windows, entity, dense.acc, entry);
    tumble(&kind->plan, event, dense);
    drop_passed(kind, entity, dense);
    twi_log_append(&kind->logs, entity, entry);
    twi_windows_add(windows, dense, entry);
    twi_windows_appended(windows, entity, dense);
    if (row)
        twi_windows_values(&kind->plan, dense.acc, event->minor_per_major, row);
}

static void apply_entity(tw_engine *engine, tw_entity_kind which, twi_event *event, float *row)
{
    twi_kind *kind = &engine->kinds[which];
    uint32_t idx = event->idx[which];
    twi_entity *entity = twi_segments_at(&kind->entities, idx);
    twi_distinct distinct = {.table = &engine->distinct};
    twi_windows windows = {&kind->plan, &kind->logs, &distinct, which, idx};
    entity->clock_s = TW_MAX(entity->clock_s, event->now_s);
    entity->first_s = TW_MIN(entity->first_s, event->own_s);
    event->ords[which] = entity->entry_n;
    twi_entry entry = entry_for(which, event, entity->clock_s);
    if (entity->dense == TWI_NONE && kind->plan.always_dense)
        make_dense(&windows, kind, entity);
    if (entity->dense != TWI_NONE) {
        apply_dense(&windows, kind, entity, event, &entry, row);
        return;
    }
    drop_expired(kind, entity, entry.t);
    if (kind->plan.has_own)
        entry.discount = twi_windows_excess(&windows, entity, NULL, &entry);
    if (row) {
        int64_t acc[TWI_ACCS_MAX];
        twi_windows_scan(&windows, entity, &entry, entry.t, acc);
        twi_windows_values(&kind->plan, acc, event->minor_per_major, row);
    }
    twi_log_append(&kind->logs, entity, &entry);
    if (log_entries(kind, entity) > TWI_SPARSE_MAX) {
        make_dense(&windows, kind, entity);
        twi_windows_advance(&windows, entity, dense_of(kind, entity), entry.t);
    }
}

static void absent_values(const twi_plan *plan, float *row)
{
    for (uint32_t i = 0; row && i < plan->value_n; i++)
        row[plan->values[i].feature] = NAN;
}

// --- apply -------------------------------------------------------------------------------------

static void learn_feed(tw_engine *engine, const tw_transaction *txn)
{
    uint32_t feed = 0;
    feed |= tw_transaction_is(txn, TW_TXN_HAS_TYPE) ? TW_FEED_TYPES : 0U;
    feed |= txn->original_transaction_id.bytes ? TW_FEED_ORIGINALS : 0U;
    feed |= txn->line_n ? TW_FEED_LINES : 0U;
    feed |= tw_transaction_account(txn).bytes ? TW_FEED_ACCOUNTS : 0U;
    feed |= tw_transaction_is(txn, TW_TXN_HAS_SEQUENCE) ? TW_FEED_SEQUENCES : 0U;
    feed |= txn->tender_n ? TW_FEED_TENDERS : 0U;
    engine->feed |= feed;
}

// The chain's day moves with any store that is up to a week ahead of it. A day beyond that needs a
// majority among the facts (Boyer and Moore's vote), and then the earliest day voted for is taken,
// so that one store with a wrong clock cannot freeze everybody's peers in the future.
static bool day_turns(tw_engine *engine, int32_t day)
{
    if (day <= engine->day + DAYS_AHEAD) {
        engine->day_votes -= engine->day_votes > 0;
        if (day <= engine->day)
            return false;
    } else {
        engine->day_candidate = engine->day_votes++ ? TW_MIN(engine->day_candidate, day) : day;
        if (engine->day_votes < DAY_VOTES)
            return false;
        day = engine->day_candidate;
    }
    engine->day = day;
    engine->day_votes = 0;
    return true;
}

static void advance_clocks(tw_engine *engine, const twi_event *event)
{
    twi_store *store = twi_store_at(engine, event->idx[TW_ENTITY_STORE]);
    twi_store_clock_advance(store, event->own_s);
    if (engine->first_s == 0)
        engine->first_s = event->own_s;
    if (event->now_s != event->own_s)
        return; // an implausible time says nothing about the week or the day
    twi_store_count_hour(store, event->local_ms);
    int32_t day = tw_floor_day(event->local_ms);
    if (engine->day == INT32_MIN)
        engine->day = day;
    else if (day_turns(engine, day))
        twi_peers_boundary(engine, engine->day);
}

static void apply_transaction(tw_engine *engine, const tw_fact *fact, uint64_t fact_key, float *row)
{
    const tw_transaction *txn = &fact->as.transaction;
    twi_event event;
    twi_event_keys(txn, &event);
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++)
        event.idx[k] = entity_at(engine, (tw_entity_kind)k, event.keys[k], event.own_s);
    event.idx[TW_ENTITY_TXN] = TWI_NONE;
    store_meet(engine, event.idx[TW_ENTITY_STORE], txn->store_id);
    employee_meet(engine, event.idx[TW_ENTITY_EMPLOYEE], txn->employee_id,
                  event.idx[TW_ENTITY_STORE], event.own_s);
    twi_event_derive(engine, &event, row);
    advance_clocks(engine, &event);
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++) {
        if (event.idx[k] == TWI_NONE)
            absent_values(&engine->kinds[k].plan, row);
        else
            apply_entity(engine, (tw_entity_kind)k, &event, row);
    }
    if (row)
        twi_event_finish(engine, &event, row);
    twi_sequence_remember(engine, &event, fact_key, fact->seq);
    learn_feed(engine, txn);
    engine->last_filters = event.flags;
    engine->transaction_n++;
    sweep(engine, TW_ENTITY_ACCOUNT);
    sweep(engine, TW_ENTITY_PAIR);
    sweep(engine, TW_ENTITY_APPROVAL);
    sweep(engine, TW_ENTITY_MEMBER);
}

static void apply_shift(tw_engine *engine, const tw_shift *shift)
{
    uint32_t t = (uint32_t)(shift->time_ms / 1000);
    uint64_t store_key = twi_entity_key(TW_ENTITY_STORE, shift->store_id, TW_STR_NONE);
    uint64_t key = twi_entity_key(TW_ENTITY_EMPLOYEE, shift->employee_id, TW_STR_NONE);
    uint32_t store = entity_at(engine, TW_ENTITY_STORE, store_key, t);
    uint32_t idx = entity_at(engine, TW_ENTITY_EMPLOYEE, key, t);
    store_meet(engine, store, shift->store_id);
    employee_meet(engine, idx, shift->employee_id, store, t);
    twi_employee *employee = twi_employee_at(engine, idx);
    if (shift->role.bytes)
        employee->role = twi_name_index(&engine->roles, shift->role, true);
    if (shift->store_format.bytes)
        employee->format = twi_name_index(&engine->formats, shift->store_format, true);
    twi_employee_shift(employee, shift, t);
    engine->feed |= TW_FEED_SHIFTS;
}

// --- verdicts ----------------------------------------------------------------------------------

// The entry with this ordinal, or NULL when it has left the log.
static twi_entry *find_entry(const twi_kind *kind, const twi_entity *entity, uint32_t ord)
{
    for (uint32_t id = entity->head; id != TWI_NONE;) {
        twi_chunk *chunk = twi_log_chunk(&kind->logs, id);
        if (ord < chunk->first_ord)
            return NULL;
        if (ord - chunk->first_ord < chunk->n)
            return &twi_chunk_entries(chunk)[ord - chunk->first_ord];
        id = chunk->next;
    }
    return NULL;
}

static void mark_entity(tw_engine *engine, tw_entity_kind which, uint32_t idx, uint32_t ord,
                        uint32_t receipt_s, bool confirmed)
{
    twi_kind *kind = &engine->kinds[which];
    uint32_t mark = TWI_BIT(TW_FILTER_CONFIRMED);
    if (idx == TWI_NONE || idx >= kind->entities.n)
        return;
    twi_entity *entity = twi_segments_at(&kind->entities, idx);
    // The place may have been freed, or given to another account since.
    if (entity->key == 0 || entity->first_s > receipt_s)
        return;
    twi_entry *entry = find_entry(kind, entity, ord);
    if (!entry)
        return;
    entry->flags ^= mark;
    if (entity->dense == TWI_NONE)
        return;
    twi_dense dense = dense_of(kind, entity);
    for (uint32_t w = 0; w < kind->plan.window_n; w++) {
        const twi_plan_window *window = &kind->plan.windows[w];
        uint32_t lead = window->delay_s ? dense.lead[w].ord : entity->entry_n;
        if (window->is_tumbling || ord < dense.trail[w].ord || ord >= lead)
            continue;
        for (uint32_t a = window->acc_first; a < window->acc_first + window->acc_n; a++) {
            if (kind->plan.accs[a].mask == mark)
                dense.acc[a] += confirmed ? 1 : -1;
        }
    }
}

static void mark_receipt(tw_engine *engine, twi_receipt *receipt, bool confirmed)
{
    uint32_t mark = TWI_BIT(TW_FILTER_CONFIRMED);
    if (receipt->flags == 0 || ((receipt->flags & mark) != 0) == confirmed)
        return;
    receipt->flags ^= mark;
    mark_entity(engine, TW_ENTITY_EMPLOYEE, receipt->employee, receipt->employee_ord, receipt->t,
                confirmed);
    mark_entity(engine, TW_ENTITY_REGISTER, receipt->reg, receipt->reg_ord, receipt->t, confirmed);
    mark_entity(engine, TW_ENTITY_ACCOUNT, receipt->account, receipt->account_ord, receipt->t,
                confirmed);
}

static void apply_verdict(tw_engine *engine, const tw_verdict *verdict)
{
    if (!verdict->transaction_id.bytes)
        return;
    uint64_t key = twi_transaction_key(verdict->transaction_id);
    const tw_table_slot *slot = tw_table_find(&engine->receipt_table, key);
    if (slot)
        mark_receipt(engine, twi_segments_at(&engine->receipts, slot->value),
                     verdict->verdict == TW_VERDICT_CONFIRMED);
}

void tw_engine_mark(tw_engine *engine, uint64_t seq, bool confirmed)
{
    uint32_t low = 0, high = engine->receipts.n; // receipts lie in the order of their seqs
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const twi_receipt *receipt = twi_segments_at(&engine->receipts, mid);
        if (receipt->seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == engine->receipts.n)
        return;
    twi_receipt *receipt = twi_segments_at(&engine->receipts, low);
    if (receipt->seq == seq)
        mark_receipt(engine, receipt, confirmed);
}

// --- the public path -----------------------------------------------------------------------------

// The first of the fact's keys that is free: two ids that share a hash get different salts.
static uint64_t free_key(const tw_engine *engine, const tw_fact *fact)
{
    uint64_t key = tw_fact_key(fact, 0);
    for (uint32_t salt = 1; key != 0 && tw_table_find(&engine->receipt_table, key); salt++)
        key = tw_fact_key(fact, salt);
    return key;
}

void tw_engine_apply(tw_engine *engine, const tw_fact *fact, float *row)
{
    TW_CHECK(fact->seq > engine->seq);
    engine->seq = fact->seq;
    uint64_t key = free_key(engine, fact);
    if (fact->kind == TW_FACT_TRANSACTION) {
        apply_transaction(engine, fact, key, row);
        return;
    }
    if (fact->kind == TW_FACT_SHIFT)
        apply_shift(engine, &fact->as.shift);
    else if (fact->kind == TW_FACT_VERDICT)
        apply_verdict(engine, &fact->as.verdict);
    if (key)
        twi_receipt_add(engine, &(twi_receipt){.key = key,
                                               .seq = fact->seq,
                                               .employee = TWI_NONE,
                                               .reg = TWI_NONE,
                                               .account = TWI_NONE});
}

// --- probe -------------------------------------------------------------------------------------

static tw_status probe_entity(const tw_engine *engine, tw_entity_kind which, const twi_event *event,
                              tw_arena *scratch, float *row)
{
    const twi_kind *kind = &engine->kinds[which];
    uint32_t idx = event->idx[which];
    static const twi_entity unknown = {.head = TWI_NONE, .tail = TWI_NONE, .dense = TWI_NONE};
    const twi_entity *entity = idx == TWI_NONE ? &unknown : twi_segments_at(&kind->entities, idx);
    enum { CHANGES_MAX = 1024 };
    twi_distinct distinct = {.frozen = &engine->distinct, .change_cap = CHANGES_MAX};
    distinct.changes = tw_arena_take(scratch, CHANGES_MAX * sizeof(twi_distinct_change));
    void *block = tw_arena_array(scratch, 1, twi_dense_bytes(&kind->plan));
    if (!distinct.changes || !block)
        return TW_NO_MEMORY;
    twi_windows windows = {&kind->plan, &kind->logs, &distinct, which, idx};
    twi_entry entry = entry_for(which, event, TW_MAX(entity->clock_s, event->now_s));
    if (entity->dense == TWI_NONE && !kind->plan.always_dense) {
        int64_t acc[TWI_ACCS_MAX];
        if (kind->plan.has_own)
            entry.discount = twi_windows_excess(&windows, entity, NULL, &entry);
        twi_windows_scan(&windows, entity, &entry, entry.t, acc);
        twi_windows_values(&kind->plan, acc, event->minor_per_major, row);
        return TW_OK;
    }
    twi_dense dense = twi_dense_view(&kind->plan, block);
    if (entity->dense == TWI_NONE)
        twi_windows_start(&windows, entity, dense);
    else
        memcpy(block, twi_segments_at(&kind->dense, entity->dense), twi_dense_bytes(&kind->plan));
    twi_windows_advance(&windows, entity, dense, entry.t);
    tumble(&kind->plan, event, dense);
    if (kind->plan.has_own)
        entry.discount = twi_windows_excess(&windows, entity, dense.acc, &entry);
    twi_windows_add(&windows, dense, &entry);
    twi_windows_values(&kind->plan, dense.acc, event->minor_per_major, row);
    return TW_OK;
}

tw_status tw_engine_probe(const tw_engine *engine, const tw_fact *fact, tw_arena *scratch,
                          float *row, uint32_t *filters)
{
    TW_CHECK(fact->kind == TW_FACT_TRANSACTION);
    twi_event event;
    twi_event_keys(&fact->as.transaction, &event);
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++)
        event.idx[k] = twi_entity_find(engine, (tw_entity_kind)k, event.keys[k]);
    event.idx[TW_ENTITY_TXN] = TWI_NONE;
    twi_event_derive(engine, &event, row);
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++) {
        if (event.keys[k] == 0)
            absent_values(&engine->kinds[k].plan, row);
        else
            TW_TRY(probe_entity(engine, (tw_entity_kind)k, &event, scratch, row));
    }
    twi_event_finish(engine, &event, row);
    *filters = event.flags;
    return TW_OK;
}
