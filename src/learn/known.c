// SPDX-License-Identifier: Apache-2.0
//
// Collecting and scheduling verdicts. What waits lies in one binary heap for each store.
#include "known.h"

#include "base/time.h"
#include "retail/codec.h"

#define AHEAD_MAX_MS (45 * TW_DAY_MS) // as the engine: a time further ahead is a fault of the clock
#define AHEAD_MAX_N 3                 // until as many in a row show that the clock was behind
#define VERDICT_ARENA_BYTES ((size_t)1 << 20)

void twi_known_init(twi_known_book *book, const tw_alloc *alloc)
{
    *book = (twi_known_book){.alloc = alloc};
    tw_table_init(&book->by_key, alloc, TW_ENTITIES_MAX);
    tw_table_init(&book->store_table, alloc, TW_ENTITIES_MAX);
}

void twi_known_release(twi_known_book *book)
{
    for (size_t i = 0; i < book->store_n; i++)
        tw_free_array(book->alloc, book->stores_own[i].heap_own, book->stores_own[i].cap,
                      sizeof *book->stores_own[i].heap_own);
    tw_free_array(book->alloc, book->stores_own, book->store_cap, sizeof *book->stores_own);
    tw_free_array(book->alloc, book->items_own, book->cap, sizeof *book->items_own);
    tw_table_release(&book->by_key);
    tw_table_release(&book->store_table);
    *book = (twi_known_book){.alloc = book->alloc};
}

// --- first pass
// ------------------------------------------------------------------------------------

typedef struct collector {
    twi_known_book *book;
    tw_arena arena;
    uint64_t to_seq;
} collector;

static tw_status add(twi_known_book *book, uint64_t seq, const tw_verdict *verdict)
{
    tw_fact subject = {.kind = TW_FACT_TRANSACTION};
    subject.as.transaction.transaction_id = verdict->transaction_id;
    void *items = book->items_own;
    tw_status status = tw_grow(book->alloc, &items, &book->cap, book->n + 1,
                               sizeof *book->items_own, TW_TABLE_NONE - 1);
    book->items_own = items;
    TW_TRY(status);
    tw_table_slot *slot;
    TW_TRY(tw_table_at(&book->by_key, tw_fact_key(&subject, 0), &slot));
    uint32_t i = (uint32_t)book->n++;
    book->items_own[i] = (twi_known){.seq = seq,
                                     .decided_ms = verdict->decided_ms,
                                     .known_ms = INT64_MAX,
                                     .next = TW_TABLE_NONE,
                                     .verdict = (uint8_t)verdict->verdict};
    if (slot->value == TW_TABLE_NONE)
        slot->value = i;
    else
        book->items_own[slot->spare].next = i;
    slot->spare = i;
    return TW_OK;
}

static tw_status collect_block(void *ctx, const tw_block *block, tw_err *err)
{
    collector *c = ctx;
    for (uint32_t i = 0; i < block->n; i++) {
        uint64_t seq = block->first_seq + i;
        tw_str bytes = tw_block_fact(block, i);
        tw_fact fact;
        if (seq > c->to_seq)
            return TW_END;
        if (tw_fact_peek(bytes.at, bytes.bytes) != TW_FACT_VERDICT)
            continue;
        tw_arena_reset(&c->arena);
        tw_status status = tw_fact_decode(bytes.at, bytes.bytes, &c->arena, &fact);
        if (status != TW_OK)
            return tw_fail(err, status, "fact %llu of the journal cannot be read: %s",
                           (unsigned long long)seq, tw_status_text(status));
        if (fact.as.verdict.transaction_id.bytes == 0)
            continue;
        status = add(c->book, seq, &fact.as.verdict);
        if (status != TW_OK)
            return tw_fail(err, status, "no memory for the verdicts");
    }
    return TW_OK;
}

tw_status twi_known_collect(twi_known_book *book, const tw_journal *journal, uint64_t to_seq,
                            tw_err *err)
{
    collector c = {.book = book, .to_seq = to_seq};
    tw_arena_init(&c.arena, book->alloc, 0, VERDICT_ARENA_BYTES);
    tw_status status = tw_journal_read(journal, 1, to_seq, collect_block, &c, err);
    tw_arena_release(&c.arena);
    return status;
}

// --- schedule
// --------------------------------------------------------------------------------------

// Earlier known first; of one moment, in journal order.
static bool is_before(const twi_known_book *book, uint32_t a, uint32_t b)
{
    int64_t x = book->items_own[a].known_ms, y = book->items_own[b].known_ms;
    return x != y ? x < y : a < b;
}

static tw_status push(twi_known_book *book, twi_known_store *store, uint32_t item)
{
    void *heap = store->heap_own;
    tw_status status = tw_grow(book->alloc, &heap, &store->cap, store->n + 1,
                               sizeof *store->heap_own, TW_TABLE_NONE);
    store->heap_own = heap;
    TW_TRY(status);
    size_t at = store->n++;
    for (; at > 0 && is_before(book, item, store->heap_own[(at - 1) / 2]); at = (at - 1) / 2)
        store->heap_own[at] = store->heap_own[(at - 1) / 2];
    store->heap_own[at] = item;
    return TW_OK;
}

static uint32_t pop(const twi_known_book *book, twi_known_store *store)
{
    uint32_t top = store->heap_own[0], last = store->heap_own[--store->n];
    size_t at = 0;
    for (size_t child = 1; child < store->n; child = 2 * at + 1) {
        if (child + 1 < store->n &&
            is_before(book, store->heap_own[child + 1], store->heap_own[child]))
            child++;
        if (!is_before(book, store->heap_own[child], last))
            break;
        store->heap_own[at] = store->heap_own[child];
        at = child;
    }
    store->heap_own[at] = last;
    return top;
}

static void advance(twi_known_store *store, int64_t time_ms)
{
    bool is_far = store->clock_ms != 0 && time_ms > store->clock_ms + AHEAD_MAX_MS;
    store->ahead_n = is_far ? store->ahead_n + 1 : 0;
    if (is_far && store->ahead_n < AHEAD_MAX_N)
        return;
    store->ahead_n = 0;
    store->clock_ms = TW_MAX(store->clock_ms, time_ms);
}

tw_status twi_known_store_at(twi_known_book *book, const tw_transaction *transaction,
                             uint32_t *store)
{
    tw_table_slot *slot;
    TW_TRY(tw_table_at(&book->store_table, tw_hash_str(transaction->store_id, 0), &slot));
    if (slot->value == TW_TABLE_NONE) {
        void *stores = book->stores_own;
        tw_status status = tw_grow(book->alloc, &stores, &book->store_cap, book->store_n + 1,
                                   sizeof *book->stores_own, TW_TABLE_NONE);
        book->stores_own = stores;
        if (status != TW_OK) {
            tw_table_remove(&book->store_table, slot->key);
            return status;
        }
        slot->value = (uint32_t)book->store_n;
        book->stores_own[book->store_n++] = (twi_known_store){0};
    }
    *store = slot->value;
    advance(&book->stores_own[*store], transaction->time_ms);
    return TW_OK;
}

const twi_known *twi_known_due(twi_known_book *book, uint32_t store)
{
    twi_known_store *s = &book->stores_own[store];
    while (s->n > 0 && book->items_own[s->heap_own[0]].known_ms <= s->clock_ms) {
        twi_known *item = &book->items_own[pop(book, s)];
        if (item->is_taken)
            continue;
        item->is_taken = true;
        return item;
    }
    return NULL;
}

tw_status twi_known_meet(twi_known_book *book, const tw_fact *transaction, uint32_t store,
                         int64_t label_delay_ms, uint32_t *first)
{
    const tw_table_slot *slot =
        book->n > 0 ? tw_table_find(&book->by_key, tw_fact_key(transaction, 0)) : NULL;
    *first = slot ? slot->value : TW_TABLE_NONE;
    int64_t time_ms = transaction->as.transaction.time_ms;
    for (uint32_t i = *first; i != TW_TABLE_NONE; i = book->items_own[i].next) {
        twi_known *item = &book->items_own[i];
        if (item->transaction_seq != 0 || item->is_taken)
            continue;
        item->transaction_seq = transaction->seq;
        if (label_delay_ms >= 0)
            item->known_ms = time_ms + label_delay_ms;
        else if (item->decided_ms < transaction->received_ms)
            item->known_ms = TW_MAX(item->decided_ms, time_ms);
        else
            continue;
        item->is_early = true;
        TW_TRY(push(book, &book->stores_own[store], i));
    }
    return TW_OK;
}

twi_known *twi_known_at_place(twi_known_book *book, uint64_t seq)
{
    TW_CHECK(book->place < book->n && book->items_own[book->place].seq == seq);
    return &book->items_own[book->place++];
}

const twi_known *twi_known_latest(const twi_known_book *book, uint32_t first, int64_t cut_ms)
{
    const twi_known *latest = NULL;
    for (uint32_t i = first; i != TW_TABLE_NONE; i = book->items_own[i].next)
        if (book->items_own[i].known_ms <= cut_ms && book->items_own[i].known_ms != INT64_MAX)
            latest = &book->items_own[i];
    return latest;
}
