// SPDX-License-Identifier: Apache-2.0
//
// Arrays that grow by whole segments: items never move, growth copies nothing and touches no memory
// before it is used. Items are plain data without pointers and without padding, so that a snapshot
// is their bytes.
#ifndef TWI_FEATURE_SEGMENTS_H
#define TWI_FEATURE_SEGMENTS_H

#include "base/alloc.h"

typedef struct twi_segments {
    const tw_alloc *alloc;
    char **segments_own;
    size_t segment_n, segment_cap;
    size_t item_bytes; // constant
    uint32_t shift;    // constant: a segment holds 1 << shift items
    uint32_t n;        // items in use
} twi_segments;

void twi_segments_init(twi_segments *s, const tw_alloc *alloc, size_t item_bytes, uint32_t shift);
void twi_segments_release(twi_segments *s);
// Room for `extra` more items. TW_NO_MEMORY, TW_LIMIT.
tw_status twi_segments_reserve(twi_segments *s, size_t extra) TW_MUST_CHECK;
// A new zeroed item; room must be reserved.
uint32_t twi_segments_push(twi_segments *s);

static inline void *twi_segments_at(const twi_segments *s, uint32_t idx)
{
    TW_DCHECK(idx < s->n);
    return s->segments_own[idx >> s->shift] +
           (size_t)(idx & ((1U << s->shift) - 1)) * s->item_bytes;
}

#endif
