// SPDX-License-Identifier: Apache-2.0
//
// Any bytes into the fact decoder: it must refuse them or give a fact whose encoding is those
// bytes.
#include <string.h>

#include "retail/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_arena arena;
    tw_buf again;
    tw_fact fact;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    tw_buf_init(&again, tw_alloc_system(), (size_t)data_bytes + (1 << 20));
    if (tw_fact_decode(data, data_bytes, &arena, &fact) == TW_OK) {
        TW_CHECK(tw_fact_encode(&fact, &again) == TW_OK);
        TW_CHECK(again.bytes == data_bytes && memcmp(again.data_own, data, data_bytes) == 0);
    }
    tw_buf_release(&again);
    tw_arena_release(&arena);
    return 0;
}
