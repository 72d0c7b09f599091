// SPDX-License-Identifier: Apache-2.0
//
// Request memory: bump allocation that is released all at once. Blocks are kept by reset, so a
// warmed-up arena allocates nothing. Not thread-safe; one per request, worker or batch.
#ifndef TW_BASE_ARENA_H
#define TW_BASE_ARENA_H

#include "base/alloc.h"

typedef struct tw_arena_block tw_arena_block;
typedef struct tw_arena {
    const tw_alloc *alloc;
    tw_arena_block *first_own; // private: all blocks, in order of creation
    tw_arena_block *current;   // private: block in use
    char *at, *end;            // private: free part of the current block
    size_t block_bytes;        // constant: size of an ordinary block
    size_t max_bytes;          // constant: limit over all blocks
    size_t total_bytes;        // private: bytes of all blocks
} tw_arena;

// Nothing is allocated before the first use. block_bytes 0 = 64 KiB.
void tw_arena_init(tw_arena *arena, const tw_alloc *alloc, size_t block_bytes, size_t max_bytes);
void tw_arena_release(tw_arena *arena);
// Forgets all that was allocated and keeps the blocks for reuse.
void tw_arena_reset(tw_arena *arena);

// Memory aligned to 16 that lives until reset or release; not zeroed. NULL when the limit or the
// heap is exhausted.
void *tw_arena_take(tw_arena *arena, size_t bytes);
// The same zeroed, for n items; NULL also on overflow.
void *tw_arena_array(tw_arena *arena, size_t n, size_t size);
// A copy of (data, bytes) followed by a NUL byte.
char *tw_arena_copy(tw_arena *arena, const void *data, size_t bytes);

#endif
