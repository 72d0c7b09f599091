// SPDX-License-Identifier: Apache-2.0
//
// The one door to the heap. An allocator is a realloc-shaped function with a context; every object
// gets one at construction and keeps the pointer. Tests pass one that fails the k-th call.
#ifndef TW_BASE_ALLOC_H
#define TW_BASE_ALLOC_H

#include "base/status.h"

typedef struct tw_alloc {
    // new_bytes 0 frees and returns NULL; block NULL allocates; NULL on failure leaves the block.
    // Alignment is that of max_align_t. Must be thread-safe when shared between threads.
    void *(*resize)(void *ctx, void *block, size_t old_bytes, size_t new_bytes);
    void *ctx;
} tw_alloc;

// The process heap. Thread-safe.
const tw_alloc *tw_alloc_system(void);

// Zeroed memory, or NULL. n * size is checked for overflow.
void *tw_new_array(const tw_alloc *alloc, size_t n, size_t size);
#define tw_new(alloc, type) ((type *)tw_new_array((alloc), 1, sizeof(type)))
// Frees a block of n * size bytes; NULL is allowed.
void tw_free_array(const tw_alloc *alloc, void *block, size_t n, size_t size);
#define tw_delete(alloc, pointer) tw_free_array((alloc), (pointer), 1, sizeof(*(pointer)))

// Makes *items hold at least `need` items of `size` bytes, growing by half again and at least 16;
// *cap is the capacity in items. New items are not zeroed. Fails with TW_LIMIT above max_n items
// and TW_NO_MEMORY; then nothing has changed.
tw_status tw_grow(const tw_alloc *alloc, void **items, size_t *cap, size_t need, size_t size,
                  size_t max_n) TW_MUST_CHECK;

// Test allocator: counts calls and live bytes, fails call number `fail_at` (1 = the next; 0 =
// never) once, or from then on with `keep_failing`; on success always moves the block. Not
// thread-safe.
typedef struct tw_alloc_faulty {
    tw_alloc alloc; // pass &faulty.alloc
    uint64_t calls;
    uint64_t fail_at;
    bool keep_failing;
    uint64_t hits; // how often it failed
    int64_t live_blocks;
    int64_t live_bytes;
} tw_alloc_faulty;
void tw_alloc_faulty_init(tw_alloc_faulty *faulty, uint64_t fail_at, bool keep_failing);

#endif
