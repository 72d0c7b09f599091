// SPDX-License-Identifier: Apache-2.0
//
// Batches: what producers fill and hand over. Encoding happens here, on the producer's thread, so
// that the flow only moves bytes. Batches are pooled with their memory.
#include "internal.h"
#include "retail/codec.h"

#define POOL_MAX 256
#define BATCH_BYTES_MAX (TW_BLOCK_MAX_BYTES / 2)
// Excerpts and sentences of dead letters are cut at this length.
#define LETTER_TEXT_MAX 2048

static tw_batch *batch_new(tw_service *service)
{
    tw_batch *batch = tw_new(service->alloc, tw_batch);
    if (!batch)
        return NULL;
    batch->service = service;
    tw_arena_init(&batch->arena, service->alloc, 0, (size_t)TW_BLOCK_MAX_BYTES * 4);
    tw_buf_init(&batch->bytes, service->alloc, BATCH_BYTES_MAX);
    return batch;
}

static void batch_free(tw_batch *batch)
{
    const tw_alloc *alloc = batch->service->alloc;
    tw_arena_release(&batch->arena);
    tw_buf_release(&batch->bytes);
    tw_free_array(alloc, batch->entries_own, batch->cap, sizeof(twi_entry));
    tw_delete(alloc, batch);
}

tw_status tw_batch_get(tw_service *service, tw_batch **out)
{
    pthread_mutex_lock(&service->pool_lock);
    tw_batch *batch = service->free_batches;
    if (batch) {
        service->free_batches = batch->next;
        service->free_batch_n--;
    }
    pthread_mutex_unlock(&service->pool_lock);
    if (!batch)
        batch = batch_new(service);
    *out = batch;
    if (!batch)
        return TW_NO_MEMORY;
    batch->next = NULL;
    tw_batch_reset(batch);
    return TW_OK;
}

void tw_batch_put(tw_batch *batch)
{
    if (!batch)
        return;
    tw_service *service = batch->service;
    tw_batch_reset(batch);
    pthread_mutex_lock(&service->pool_lock);
    bool is_kept = service->free_batch_n < POOL_MAX;
    if (is_kept) {
        batch->next = service->free_batches;
        service->free_batches = batch;
        service->free_batch_n++;
    }
    pthread_mutex_unlock(&service->pool_lock);
    if (!is_kept)
        batch_free(batch);
}

void twi_batches_release(tw_service *service)
{
    while (service->free_batches) {
        tw_batch *batch = service->free_batches;
        service->free_batches = batch->next;
        batch_free(batch);
    }
}

void tw_batch_reset(tw_batch *batch)
{
    tw_arena_reset(&batch->arena);
    tw_buf_reset(&batch->bytes);
    batch->n = 0;
    batch->source[0] = '\0';
    batch->status = TW_OK;
    batch->err = (tw_err){0};
}

tw_arena *tw_batch_arena(tw_batch *batch)
{
    return &batch->arena;
}

void tw_batch_source(tw_batch *batch, tw_str source)
{
    tw_str_copy(source, batch->source, sizeof(batch->source));
}

size_t tw_batch_n(const tw_batch *batch)
{
    return batch->n;
}

const tw_result *tw_batch_result(const tw_batch *batch, size_t i)
{
    TW_CHECK(i < batch->n);
    return &batch->entries_own[i].result;
}

tw_status tw_batch_status(const tw_batch *batch, const tw_err **err)
{
    if (err)
        *err = batch->status == TW_OK ? NULL : &batch->err;
    return batch->status;
}

static tw_status next_entry(tw_batch *batch, twi_entry **out)
{
    if (batch->n >= TW_COMMIT_MAX_FACTS)
        return TW_LIMIT;
    void *items = batch->entries_own;
    TW_TRY(tw_grow(batch->service->alloc, &items, &batch->cap, batch->n + 1, sizeof(twi_entry),
                   (size_t)TW_COMMIT_MAX_FACTS * 2));
    batch->entries_own = items;
    *out = &batch->entries_own[batch->n];
    **out = (twi_entry){0};
    return TW_OK;
}

tw_status tw_batch_add(tw_batch *batch, const tw_fact *fact, uint32_t line)
{
    twi_entry *entry;
    TW_TRY(next_entry(batch, &entry));
    entry->fact = *fact;
    if (fact->received_ms == 0)
        entry->fact.received_ms = batch->service->clock->now_ms(batch->service->clock->ctx);
    entry->bytes_at = batch->bytes.bytes;
    tw_status status = tw_fact_encode(&entry->fact, &batch->bytes);
    if (status != TW_OK) {
        batch->bytes.bytes = entry->bytes_at;
        batch->bytes.status = TW_OK;
        return status;
    }
    entry->bytes_n = batch->bytes.bytes - entry->bytes_at;
    entry->key = tw_fact_key(&entry->fact, 0);
    entry->result = (tw_result){.kind = fact->kind, .line = line, .id = tw_fact_id(&entry->fact)};
    batch->n++;
    return TW_OK;
}

static tw_str cut(tw_arena *arena, tw_str s, tw_status *status)
{
    s.bytes = TW_MIN(s.bytes, (size_t)LETTER_TEXT_MAX);
    while (s.bytes > 0 && !tw_str_is_utf8(s) && s.bytes > LETTER_TEXT_MAX - 4)
        s.bytes--;
    return twi_arena_str(arena, s, status);
}

tw_status tw_batch_reject(tw_batch *batch, const tw_dead_letter *letter, tw_status status)
{
    twi_entry *entry;
    TW_TRY(next_entry(batch, &entry));
    tw_dead_letter *copy = tw_arena_take(&batch->arena, sizeof(*copy));
    if (!copy)
        return TW_NO_MEMORY;
    tw_status copied = TW_OK;
    *copy = *letter;
    copy->source = cut(&batch->arena, letter->source, &copied);
    copy->field = cut(&batch->arena, letter->field, &copied);
    copy->code = cut(&batch->arena, letter->code, &copied);
    copy->sentence = cut(&batch->arena, letter->sentence, &copied);
    copy->excerpt = cut(&batch->arena, letter->excerpt, &copied);
    TW_TRY(copied);
    if (copy->received_ms == 0)
        copy->received_ms = batch->service->clock->now_ms(batch->service->clock->ctx);
    entry->letter = copy;
    entry->result = (tw_result){
        .outcome = TW_OUTCOME_REJECTED, .status = status, .line = (uint32_t)letter->line};
    batch->n++;
    return TW_OK;
}
