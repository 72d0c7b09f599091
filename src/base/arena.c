// SPDX-License-Identifier: Apache-2.0
//
// Blocks form a list in order of creation; reset starts again at the first one. Under
// AddressSanitizer the free part of a block is poisoned, so that a use after reset is seen.
#include "base/arena.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, bytes) __asan_poison_memory_region((at), (bytes))
#define UNPOISON(at, bytes) __asan_unpoison_memory_region((at), (bytes))
#else
#define POISON(at, bytes) ((void)(at), (void)(bytes))
#define UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#endif

enum { ALIGN = 16 };

struct tw_arena_block {
    tw_arena_block *next_own;
    size_t bytes; // of the data behind the header
};

static char *block_data(tw_arena_block *block)
{
    return (char *)block + (sizeof(*block) + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t header_bytes(void)
{
    return (sizeof(tw_arena_block) + ALIGN - 1) / ALIGN * ALIGN;
}

void tw_arena_init(tw_arena *arena, const tw_alloc *alloc, size_t block_bytes, size_t max_bytes)
{
    *arena = (tw_arena){.alloc = alloc,
                        .block_bytes = block_bytes ? block_bytes : (size_t)64 << 10,
                        .max_bytes = max_bytes};
}

void tw_arena_release(tw_arena *arena)
{
    for (tw_arena_block *block = arena->first_own; block;) {
        tw_arena_block *next = block->next_own;
        UNPOISON(block_data(block), block->bytes);
        arena->alloc->resize(arena->alloc->ctx, block, header_bytes() + block->bytes, 0);
        block = next;
    }
    tw_arena_init(arena, arena->alloc, arena->block_bytes, arena->max_bytes);
}

static void enter(tw_arena *arena, tw_arena_block *block)
{
    arena->current = block;
    arena->at = block_data(block);
    arena->end = arena->at + block->bytes;
    POISON(arena->at, block->bytes);
}

void tw_arena_reset(tw_arena *arena)
{
    if (arena->first_own)
        enter(arena, arena->first_own);
}

static bool next_block(tw_arena *arena, size_t bytes)
{
    // A kept block that is too small for this request is skipped until the next reset.
    tw_arena_block *block = arena->current ? arena->current->next_own : arena->first_own;
    while (block && block->bytes < bytes) {
        arena->current = block;
        block = block->next_own;
    }
    if (block) {
        enter(arena, block);
        return true;
    }
    size_t data_bytes = TW_MAX(bytes, arena->block_bytes);
    if (data_bytes > arena->max_bytes || arena->total_bytes > arena->max_bytes - data_bytes)
        return false;
    block = arena->alloc->resize(arena->alloc->ctx, NULL, 0, header_bytes() + data_bytes);
    if (!block)
        return false;
    block->next_own = NULL;
    block->bytes = data_bytes;
    if (arena->current)
        arena->current->next_own = block;
    else
        arena->first_own = block;
    arena->total_bytes += data_bytes;
    enter(arena, block);
    return true;
}

void *tw_arena_take(tw_arena *arena, size_t bytes)
{
    if (bytes > arena->max_bytes)
        return NULL;
    bytes = (TW_MAX(bytes, 1) + ALIGN - 1) / ALIGN * ALIGN;
    if ((size_t)(arena->end - arena->at) < bytes && !next_block(arena, bytes))
        return NULL;
    char *taken = arena->at;
    arena->at += bytes;
    UNPOISON(taken, bytes);
    return taken;
}

void *tw_arena_array(tw_arena *arena, size_t n, size_t size)
{
    if (size != 0 && n > arena->max_bytes / size)
        return NULL;
    void *taken = tw_arena_take(arena, n * size);
    if (taken)
        memset(taken, 0, n * size);
    return taken;
}

char *tw_arena_copy(tw_arena *arena, const void *data, size_t bytes)
{
    if (bytes >= arena->max_bytes)
        return NULL;
    char *copy = tw_arena_take(arena, bytes + 1);
    if (!copy)
        return NULL;
    if (bytes)
        memcpy(copy, data, bytes);
    copy[bytes] = '\0';
    return copy;
}
