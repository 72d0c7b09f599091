// SPDX-License-Identifier: Apache-2.0
//
// Snapshots: one walk over the state serves saving, loading and hashing, so that they cannot
// differ. Arrays are written as their bytes (the layout is this build's; the header's shape hash
// refuses any other). Tables are not written: they follow from the keys in the arrays, and their
// physical order, which depends on how they grew, must not show in the hash. A trailing XXH3 covers
// everything.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"

typedef struct walk {
    tw_write *write; // exactly one of write and read, or neither for hashing alone
    tw_read *read;
    void *ctx;
    uint64_t hash;
    tw_status status;
} walk;

static void piece(walk *w, void *data, size_t bytes)
{
    if (w->status != TW_OK || bytes == 0)
        return;
    if (w->read)
        w->status = w->read(w->ctx, data, bytes);
    if (w->status == TW_OK)
        w->hash = tw_hash64(data, bytes, w->hash);
    if (w->status == TW_OK && w->write)
        w->status = w->write(w->ctx, data, bytes);
}

static void walk_segments(walk *w, twi_segments *s)
{
    uint32_t n = s->n;
    piece(w, &n, sizeof(n));
    if (w->read && w->status == TW_OK) {
        w->status = n > TW_ENTITIES_MAX ? TW_CORRUPT : twi_segments_reserve(s, n);
        if (w->status != TW_OK)
            return;
        s->n = n;
    }
    for (uint32_t i = 0; i < n && w->status == TW_OK; i += 1U << s->shift)
        piece(w, twi_segments_at(s, i), TW_MIN(n - i, 1U << s->shift) * s->item_bytes);
}

static int compare_slots(const void *a, const void *b)
{
    uint64_t x = ((const tw_table_slot *)a)->key, y = ((const tw_table_slot *)b)->key;
    return (x > y) - (x < y);
}

// The distinct counts have no array of their own: their slots are written in order of the key.
static void walk_distinct(walk *w, tw_engine *engine)
{
    uint64_t n = engine->distinct.n;
    piece(w, &n, sizeof(n));
    if (w->status != TW_OK || n == 0)
        return;
    if (n > TW_ENTITIES_MAX) {
        w->status = TW_CORRUPT;
        return;
    }
    tw_table_slot *sorted = tw_new_array(engine->alloc, n, sizeof(*sorted));
    if (!sorted) {
        w->status = TW_NO_MEMORY;
        return;
    }
    size_t at = 0;
    for (size_t i = 0; !w->read && i < engine->distinct.cap; i++) {
        if (engine->distinct.slots_own[i].key != 0)
            sorted[at++] = engine->distinct.slots_own[i];
    }
    if (!w->read)
        qsort(sorted, n, sizeof(*sorted), compare_slots);
    piece(w, sorted, n * sizeof(*sorted));
    for (size_t i = 0; w->read && w->status == TW_OK && i < n; i++) {
        tw_table_slot *slot = NULL;
        w->status =
            sorted[i].key ? tw_table_at(&engine->distinct, sorted[i].key, &slot) : TW_CORRUPT;
        if (w->status == TW_OK)
            slot->value = sorted[i].value;
    }
    tw_free_array(engine->alloc, sorted, n, sizeof(*sorted));
}

static void walk_kind(walk *w, twi_kind *kind)
{
    walk_segments(w, &kind->entities);
    walk_segments(w, &kind->dense);
    for (int c = 0; c < TWI_LOG_CLASSES; c++) {
        walk_segments(w, &kind->logs.chunks[c]);
        piece(w, &kind->logs.free_head[c], sizeof(kind->logs.free_head[c]));
    }
    piece(w, &kind->free_entity, sizeof(kind->free_entity));
    piece(w, &kind->free_dense, sizeof(kind->free_dense));
    piece(w, &kind->sweep, sizeof(kind->sweep));
}

static uint64_t shape_hash(const tw_engine *engine)
{
    enum { FIXED = 9 };
    uint64_t sizes[FIXED + TW_ENTITY_N] = {
        sizeof(twi_entity),  sizeof(twi_receipt),  sizeof(twi_register),
        sizeof(twi_account), sizeof(twi_employee), sizeof(twi_store),
        sizeof(twi_group),   sizeof(twi_entry),    sizeof(twi_chunk)};
    for (int k = 0; k < TW_ENTITY_N; k++)
        sizes[FIXED + k] = engine->kinds[k].dense.item_bytes;
    return tw_hash64(sizes, sizeof(sizes), tw_catalogue_hash());
}

static void walk_header(walk *w, const tw_engine *engine)
{
    const uint64_t expected[2] = {UINT64_C(0x31304e5357544c49), shape_hash(engine)};
    uint64_t found[2] = {expected[0], expected[1]};
    piece(w, found, sizeof(found));
    if (w->status == TW_OK && memcmp(found, expected, sizeof(found)) != 0)
        w->status = TW_CORRUPT;
}

static void walk_engine(walk *w, tw_engine *engine)
{
    walk_header(w, engine);
    piece(w, &engine->seq, sizeof(engine->seq));
    piece(w, &engine->transaction_n, sizeof(engine->transaction_n));
    piece(w, &engine->day, sizeof(engine->day));
    piece(w, &engine->feed, sizeof(engine->feed));
    piece(w, &engine->last_filters, sizeof(engine->last_filters));
    piece(w, &engine->day_votes, sizeof(engine->day_votes));
    piece(w, &engine->day_candidate, sizeof(engine->day_candidate));
    piece(w, &engine->first_s, sizeof(engine->first_s));
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++)
        walk_kind(w, &engine->kinds[k]);
    walk_segments(w, &engine->employees);
    walk_segments(w, &engine->registers);
    walk_segments(w, &engine->accounts);
    walk_segments(w, &engine->stores);
    walk_segments(w, &engine->receipts);
    walk_distinct(w, engine);
    piece(w, &engine->roles, sizeof(engine->roles));
    piece(w, &engine->formats, sizeof(engine->formats));
    piece(w, &engine->group_n, sizeof(engine->group_n));
    if (w->status == TW_OK && engine->group_n > TWI_GROUPS_MAX)
        w->status = TW_CORRUPT;
    if (w->status == TW_OK)
        piece(w, engine->groups_own, engine->group_n * sizeof(twi_group));
}

// Saving and hashing only read; the walk is shared with loading, which is why it takes no const.
static tw_engine *unconst(const tw_engine *engine)
{
    union {
        const tw_engine *in;
        tw_engine *out;
    } same = {.in = engine};
    return same.out;
}

tw_status tw_engine_save(const tw_engine *engine, tw_write *write, void *ctx)
{
    walk w = {.write = write, .ctx = ctx};
    walk_engine(&w, unconst(engine));
    uint64_t hash = w.hash;
    piece(&w, &hash, sizeof(hash));
    return w.status;
}

uint64_t tw_engine_hash(const tw_engine *engine)
{
    walk w = {.write = NULL};
    walk_engine(&w, unconst(engine));
    return w.status == TW_OK ? w.hash : 0;
}

// --- loading -----------------------------------------------------------------------------------

static tw_status index_entities(twi_kind *kind)
{
    for (uint32_t i = 0; i < kind->entities.n; i++) {
        const twi_entity *entity = twi_segments_at(&kind->entities, i);
        tw_table_slot *slot = NULL;
        if (entity->key == 0)
            continue;
        TW_TRY(tw_table_at(&kind->table, entity->key, &slot));
        slot->value = i;
    }
    return TW_OK;
}

static tw_status index_receipts(tw_engine *engine)
{
    TW_TRY(tw_table_reserve(&engine->receipt_table, engine->receipts.n));
    for (uint32_t i = 0; i < engine->receipts.n; i++) {
        const twi_receipt *receipt = twi_segments_at(&engine->receipts, i);
        tw_table_slot *slot = NULL;
        if (receipt->key == 0)
            return TW_CORRUPT;
        TW_TRY(tw_table_at(&engine->receipt_table, receipt->key, &slot));
        slot->value = i;
    }
    return TW_OK;
}

static tw_status load_into(tw_engine *engine, tw_read *read, void *ctx)
{
    walk w = {.read = read, .ctx = ctx};
    walk_engine(&w, engine);
    TW_TRY(w.status);
    uint64_t computed = w.hash, stored = 0;
    TW_TRY(read(ctx, &stored, sizeof(stored)));
    if (stored != computed)
        return TW_CORRUPT;
    for (int k = TW_ENTITY_TXN + 1; k < TW_ENTITY_N; k++)
        TW_TRY(index_entities(&engine->kinds[k]));
    return index_receipts(engine);
}

tw_status tw_engine_load(const tw_alloc *alloc, tw_read *read, void *ctx, tw_engine **out)
{
    tw_engine *engine = NULL;
    *out = NULL;
    TW_TRY(tw_engine_new(alloc, &engine));
    tw_status status = load_into(engine, read, ctx);
    if (status != TW_OK) {
        tw_engine_free(engine);
        return status;
    }
    *out = engine;
    return TW_OK;
}
