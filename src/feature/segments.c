// SPDX-License-Identifier: Apache-2.0
//
// Growth of segmented arrays.
#include "segments.h"

#include <string.h>

#include "base/limits.h"

void twi_segments_init(twi_segments *s, const tw_alloc *alloc, size_t item_bytes, uint32_t shift)
{
    *s = (twi_segments){.alloc = alloc, .item_bytes = item_bytes, .shift = shift};
}

void twi_segments_release(twi_segments *s)
{
    for (size_t i = 0; i < s->segment_n; i++)
        s->alloc->resize(s->alloc->ctx, s->segments_own[i], s->item_bytes << s->shift, 0);
    tw_free_array(s->alloc, s->segments_own, s->segment_cap, sizeof(char *));
    twi_segments_init(s, s->alloc, s->item_bytes, s->shift);
}

tw_status twi_segments_reserve(twi_segments *s, size_t extra)
{
    if (extra > TW_ENTITIES_MAX - s->n)
        return TW_LIMIT;
    size_t need = (s->n + extra + ((size_t)1 << s->shift) - 1) >> s->shift;
    void *segments = s->segments_own;
    tw_status status =
        tw_grow(s->alloc, &segments, &s->segment_cap, need, sizeof(char *), SIZE_MAX);
    s->segments_own = segments;
    TW_TRY(status);
    while (s->segment_n < need) {
        char *segment = s->alloc->resize(s->alloc->ctx, NULL, 0, s->item_bytes << s->shift);
        if (!segment)
            return TW_NO_MEMORY;
        s->segments_own[s->segment_n++] = segment;
    }
    return TW_OK;
}

uint32_t twi_segments_push(twi_segments *s)
{
    TW_CHECK(s->n >> s->shift < s->segment_n);
    uint32_t idx = s->n++;
    memset(twi_segments_at(s, idx), 0, s->item_bytes);
    return idx;
}
