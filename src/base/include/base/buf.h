// SPDX-License-Identifier: Apache-2.0
//
// Growable bytes with a maximum. Appends after a failure are ignored and the failure is kept, so
// that a writer may append freely and check once at the end. Also little-endian and varint writers
// and the matching bounds-checked reader, which the journal, snapshots and model files use.
#ifndef TW_BASE_BUF_H
#define TW_BASE_BUF_H

#include "base/alloc.h"
#include "base/str.h"

typedef struct tw_buf {
    const tw_alloc *alloc;
    uint8_t *data_own;
    size_t bytes;
    size_t cap_bytes;
    size_t max_bytes;
    tw_status status; // TW_OK, or the first failure: TW_LIMIT or TW_NO_MEMORY
} tw_buf;

void tw_buf_init(tw_buf *buf, const tw_alloc *alloc, size_t max_bytes);
void tw_buf_release(tw_buf *buf);
void tw_buf_reset(tw_buf *buf); // empties, keeps the memory, clears the failure

tw_status tw_buf_reserve(tw_buf *buf, size_t extra_bytes);
void tw_buf_put(tw_buf *buf, const void *data, size_t bytes);
void tw_buf_str(tw_buf *buf, tw_str s);
void tw_buf_cstr(tw_buf *buf, const char *s);
void tw_buf_printf(tw_buf *buf, const char *format, ...) TW_PRINTF(2, 3);
void tw_buf_u8(tw_buf *buf, uint8_t v);
void tw_buf_u16(tw_buf *buf, uint16_t v); // fixed widths are little-endian
void tw_buf_u32(tw_buf *buf, uint32_t v);
void tw_buf_u64(tw_buf *buf, uint64_t v);
void tw_buf_f32(tw_buf *buf, float v);
void tw_buf_f64(tw_buf *buf, double v);
void tw_buf_varint(tw_buf *buf, uint64_t v); // LEB128, 1..10 bytes
void tw_buf_zigzag(tw_buf *buf, int64_t v);  // signed LEB128 by zigzag
void tw_buf_blob(tw_buf *buf, tw_str s);     // varint length, bytes

// Reads what the writers wrote. After a failure every read gives zero and `status` stays
// TW_CORRUPT, so that a decoder may read freely and check once at the end.
typedef struct tw_reader {
    const uint8_t *at, *end;
    tw_status status;
} tw_reader;

void tw_reader_init(tw_reader *reader, const void *data, size_t bytes);
size_t tw_reader_left(const tw_reader *reader);
uint8_t tw_read_u8(tw_reader *reader);
uint16_t tw_read_u16(tw_reader *reader);
uint32_t tw_read_u32(tw_reader *reader);
uint64_t tw_read_u64(tw_reader *reader);
float tw_read_f32(tw_reader *reader);
double tw_read_f64(tw_reader *reader);
uint64_t tw_read_varint(tw_reader *reader);
int64_t tw_read_zigzag(tw_reader *reader);
tw_str tw_read_blob(tw_reader *reader); // a view into the data
// A view of exactly `bytes` bytes, or NULL.
const uint8_t *tw_read_bytes(tw_reader *reader, size_t bytes);

#endif
