// SPDX-License-Identifier: Apache-2.0
//
// The process heap behind tw_alloc, growth of arrays, and the faulty allocator of the sweeps.
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *system_resize(void *ctx, void *block, size_t old_bytes, size_t new_bytes)
{
    (void)ctx;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_bytes);
}

const tw_alloc *tw_alloc_system(void)
{
    static const tw_alloc system = {system_resize, NULL};
    return &system;
}

void *tw_new_array(const tw_alloc *alloc, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / 2 / size)
        return NULL;
    size_t bytes = TW_MAX(n * size, 1);
    void *block = alloc->resize(alloc->ctx, NULL, 0, bytes);
    if (block)
        memset(block, 0, bytes);
    return block;
}

void tw_free_array(const tw_alloc *alloc, void *block, size_t n, size_t size)
{
    if (block)
        alloc->resize(alloc->ctx, block, TW_MAX(n * size, 1), 0);
}

tw_status tw_grow(const tw_alloc *alloc, void **items, size_t *cap, size_t need, size_t size,
                  size_t max_n)
{
    if (need <= *cap)
        return TW_OK;
    if (need > max_n)
        return TW_LIMIT;
    size_t new_cap = TW_MAX(TW_MAX(*cap + *cap / 2, need), 16);
    new_cap = TW_MIN(new_cap, max_n);
    if (new_cap > SIZE_MAX / 2 / size)
        return TW_NO_MEMORY;
    void *block = alloc->resize(alloc->ctx, *items, *cap * size, new_cap * size);
    if (!block)
        return TW_NO_MEMORY;
    *items = block;
    *cap = new_cap;
    return TW_OK;
}

static void *faulty_resize(void *ctx, void *block, size_t old_bytes, size_t new_bytes)
{
    tw_alloc_faulty *faulty = ctx;
    if (new_bytes == 0) {
        if (block) {
            faulty->live_blocks--;
            faulty->live_bytes -= (int64_t)old_bytes;
        }
        free(block);
        return NULL;
    }
    faulty->calls++;
    if (faulty->fail_at != 0 && (faulty->calls == faulty->fail_at ||
                                 (faulty->keep_failing && faulty->calls > faulty->fail_at))) {
        faulty->hits++;
        return NULL;
    }
    void *moved = malloc(new_bytes);
    if (!moved)
        return NULL;
    if (block) {
        memcpy(moved, block, TW_MIN(old_bytes, new_bytes));
        free(block);
    } else {
        faulty->live_blocks++;
    }
    faulty->live_bytes += (int64_t)new_bytes - (block ? (int64_t)old_bytes : 0);
    return moved;
}

void tw_alloc_faulty_init(tw_alloc_faulty *faulty, uint64_t fail_at, bool keep_failing)
{
    *faulty = (tw_alloc_faulty){.fail_at = fail_at, .keep_failing = keep_failing};
    faulty->alloc = (tw_alloc){faulty_resize, faulty};
}
