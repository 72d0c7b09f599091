// SPDX-License-Identifier: Apache-2.0
//
// Growable bytes and the little-endian reader. Bytes are assembled by shifts, so that the files are
// the same on machines of either byte order.
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tw_buf_init(tw_buf *buf, const tw_alloc *alloc, size_t max_bytes)
{
    *buf = (tw_buf){.alloc = alloc, .max_bytes = max_bytes};
}

void tw_buf_release(tw_buf *buf)
{
    tw_free_array(buf->alloc, buf->data_own, buf->cap_bytes, 1);
    tw_buf_init(buf, buf->alloc, buf->max_bytes);
}

void tw_buf_reset(tw_buf *buf)
{
    buf->bytes = 0;
    buf->status = TW_OK;
}

tw_status tw_buf_reserve(tw_buf *buf, size_t extra_bytes)
{
    if (buf->status != TW_OK)
        return buf->status;
    if (extra_bytes <= buf->cap_bytes - buf->bytes)
        return TW_OK;
    if (extra_bytes > buf->max_bytes - buf->bytes)
        return buf->status = TW_LIMIT;
    void *data = buf->data_own;
    buf->status =
        tw_grow(buf->alloc, &data, &buf->cap_bytes, buf->bytes + extra_bytes, 1, buf->max_bytes);
    buf->data_own = data;
    return buf->status;
}

void tw_buf_put(tw_buf *buf, const void *data, size_t bytes)
{
    if (bytes == 0 || tw_buf_reserve(buf, bytes) != TW_OK)
        return;
    memcpy(buf->data_own + buf->bytes, data, bytes);
    buf->bytes += bytes;
}

void tw_buf_str(tw_buf *buf, tw_str s)
{
    tw_buf_put(buf, s.at, s.bytes);
}
void tw_buf_cstr(tw_buf *buf, const char *s)
{
    tw_buf_put(buf, s, strlen(s));
}

void tw_buf_printf(tw_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0 && tw_buf_reserve(buf, (size_t)n + 1) == TW_OK) {
        vsnprintf((char *)buf->data_own + buf->bytes, (size_t)n + 1, format, again);
        buf->bytes += (size_t)n;
    }
    va_end(again);
}

static void put_le(tw_buf *buf, uint64_t v, size_t bytes)
{
    uint8_t raw[8];
    for (size_t i = 0; i < bytes; i++)
        raw[i] = (uint8_t)(v >> (8 * i));
    tw_buf_put(buf, raw, bytes);
}

void tw_buf_u8(tw_buf *buf, uint8_t v)
{
    put_le(buf, v, 1);
}
void tw_buf_u16(tw_buf *buf, uint16_t v)
{
    put_le(buf, v, 2);
}
void tw_buf_u32(tw_buf *buf, uint32_t v)
{
    put_le(buf, v, 4);
}
void tw_buf_u64(tw_buf *buf, uint64_t v)
{
    put_le(buf, v, 8);
}

void tw_buf_f32(tw_buf *buf, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    put_le(buf, bits, 4);
}

void tw_buf_f64(tw_buf *buf, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    put_le(buf, bits, 8);
}

void tw_buf_varint(tw_buf *buf, uint64_t v)
{
    uint8_t raw[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        raw[n++] = (uint8_t)(v | 0x80);
    raw[n++] = (uint8_t)v;
    tw_buf_put(buf, raw, n);
}

void tw_buf_zigzag(tw_buf *buf, int64_t v)
{
    tw_buf_varint(buf, ((uint64_t)v << 1) ^ (uint64_t)(v < 0 ? -1 : 0));
}

void tw_buf_blob(tw_buf *buf, tw_str s)
{
    tw_buf_varint(buf, s.bytes);
    tw_buf_str(buf, s);
}

void tw_reader_init(tw_reader *reader, const void *data, size_t bytes)
{
    reader->at = data;
    reader->end = bytes ? reader->at + bytes : reader->at;
    reader->status = TW_OK;
}

size_t tw_reader_left(const tw_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

const uint8_t *tw_read_bytes(tw_reader *reader, size_t bytes)
{
    if (reader->status != TW_OK || bytes > tw_reader_left(reader)) {
        reader->status = TW_CORRUPT;
        return NULL;
    }
    const uint8_t *at = reader->at;
    if (bytes)
        reader->at += bytes;
    return at;
}

static uint64_t get_le(tw_reader *reader, size_t bytes)
{
    const uint8_t *at = tw_read_bytes(reader, bytes);
    uint64_t v = 0;
    for (size_t i = 0; at && i < bytes; i++)
        v |= (uint64_t)at[i] << (8 * i);
    return v;
}

uint8_t tw_read_u8(tw_reader *reader)
{
    return (uint8_t)get_le(reader, 1);
}
uint16_t tw_read_u16(tw_reader *reader)
{
    return (uint16_t)get_le(reader, 2);
}
uint32_t tw_read_u32(tw_reader *reader)
{
    return (uint32_t)get_le(reader, 4);
}
uint64_t tw_read_u64(tw_reader *reader)
{
    return get_le(reader, 8);
}

float tw_read_f32(tw_reader *reader)
{
    uint32_t bits = tw_read_u32(reader);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

double tw_read_f64(tw_reader *reader)
{
    uint64_t bits = tw_read_u64(reader);
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

uint64_t tw_read_varint(tw_reader *reader)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = tw_read_u8(reader);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            // The tenth byte holds one bit; zero bytes at the end would be a second spelling.
            if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
                break;
            return v;
        }
    }
    reader->status = TW_CORRUPT;
    return 0;
}

int64_t tw_read_zigzag(tw_reader *reader)
{
    uint64_t v = tw_read_varint(reader);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

tw_str tw_read_blob(tw_reader *reader)
{
    uint64_t bytes = tw_read_varint(reader);
    if (bytes > tw_reader_left(reader))
        reader->status = TW_CORRUPT;
    const uint8_t *at = reader->status == TW_OK ? tw_read_bytes(reader, (size_t)bytes) : NULL;
    return at ? (tw_str){(const char *)at, (size_t)bytes} : TW_STR_NONE;
}
