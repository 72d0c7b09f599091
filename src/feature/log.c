// SPDX-License-Identifier: Apache-2.0
//
// Window logs: each entity's entries in chunks of growing size, from pools with free lists. A small
// log costs a small chunk; a busy one pays one header in 48 entries.
#include "internal.h"

#include <string.h>

static const uint16_t class_caps[TWI_LOG_CLASSES] = {3, 12, 48};
enum { CLASS_SHIFT = 30, INDEX_MASK = (1 << CLASS_SHIFT) - 1, SEGMENT_SHIFT = 10 };

void twi_log_pool_init(twi_log_pool *pool, const tw_alloc *alloc)
{
    for (int c = 0; c < TWI_LOG_CLASSES; c++) {
        size_t bytes = sizeof(twi_chunk) + class_caps[c] * sizeof(twi_entry);
        twi_segments_init(&pool->chunks[c], alloc, bytes, SEGMENT_SHIFT);
        pool->free_head[c] = TWI_NONE;
    }
}

void twi_log_pool_release(twi_log_pool *pool)
{
    for (int c = 0; c < TWI_LOG_CLASSES; c++)
        twi_segments_release(&pool->chunks[c]);
}

tw_status twi_log_pool_reserve(twi_log_pool *pool, size_t n_appends)
{
    // An append takes at most one chunk, of whatever class; a class of cap entries needs a new one
    // at each append only when all appends go to different entities.
    for (int c = 0; c < TWI_LOG_CLASSES; c++)
        TW_TRY(twi_segments_reserve(&pool->chunks[c], n_appends));
    return TW_OK;
}

twi_chunk *twi_log_chunk(const twi_log_pool *pool, uint32_t id)
{
    return twi_segments_at(&pool->chunks[id >> CLASS_SHIFT], id & INDEX_MASK);
}

uint32_t twi_log_cap(uint32_t id)
{
    return class_caps[id >> CLASS_SHIFT];
}

twi_entry *twi_chunk_entries(twi_chunk *chunk)
{
    return (twi_entry *)(chunk + 1);
}

static uint32_t take_chunk(twi_log_pool *pool, uint32_t c)
{
    uint32_t idx = pool->free_head[c];
    twi_chunk *chunk;
    if (idx != TWI_NONE) {
        chunk = twi_segments_at(&pool->chunks[c], idx);
        pool->free_head[c] = chunk->next;
        memset(chunk, 0, pool->chunks[c].item_bytes);
    } else {
        idx = twi_segments_push(&pool->chunks[c]);
        TW_CHECK(idx <= INDEX_MASK);
        chunk = twi_segments_at(&pool->chunks[c], idx);
    }
    chunk->next = TWI_NONE;
    chunk->cap = class_caps[c];
    return c << CLASS_SHIFT | idx;
}

static void free_chunk(twi_log_pool *pool, uint32_t id)
{
    uint32_t c = id >> CLASS_SHIFT;
    twi_log_chunk(pool, id)->next = pool->free_head[c];
    pool->free_head[c] = id & INDEX_MASK;
}

void twi_log_append(twi_log_pool *pool, twi_entity *entity, const twi_entry *entry)
{
    twi_chunk *tail = entity->tail == TWI_NONE ? NULL : twi_log_chunk(pool, entity->tail);
    if (!tail || tail->n == tail->cap) {
        uint32_t c = tail ? TW_MIN((entity->tail >> CLASS_SHIFT) + 1, TWI_LOG_CLASSES - 1) : 0;
        uint32_t id = take_chunk(pool, c);
        if (tail)
            tail->next = id;
        else
            entity->head = id;
        entity->tail = id;
        tail = twi_log_chunk(pool, id);
        tail->first_ord = entity->entry_n;
    }
    twi_chunk_entries(tail)[tail->n++] = *entry;
    entity->entry_n++;
}

void twi_log_drop_head(twi_log_pool *pool, twi_entity *entity)
{
    TW_DCHECK(entity->head != entity->tail);
    uint32_t id = entity->head;
    entity->head = twi_log_chunk(pool, id)->next;
    free_chunk(pool, id);
}

void twi_log_drop_all(twi_log_pool *pool, twi_entity *entity)
{
    for (uint32_t id = entity->head; id != TWI_NONE;) {
        uint32_t next = twi_log_chunk(pool, id)->next;
        free_chunk(pool, id);
        id = next;
    }
    entity->head = entity->tail = TWI_NONE;
}

uint64_t twi_log_bytes(const twi_log_pool *pool)
{
    uint64_t bytes = 0;
    for (int c = 0; c < TWI_LOG_CLASSES; c++)
        bytes += (uint64_t)pool->chunks[c].n * pool->chunks[c].item_bytes;
    return bytes;
}
