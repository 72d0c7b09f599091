// SPDX-License-Identifier: Apache-2.0
//
// Private to src/intake: bytes of a file, a descriptor or memory, decompressed, in a window that
// the reader consumes from. Memory is bounded by the window.
#ifndef TW_INTAKE_INPUT_H
#define TW_INTAKE_INPUT_H

#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"

// A whole record always fits into the window beside one read.
enum { TWI_READ_BYTES = 1 << 18, TWI_WINDOW_MAX = TW_RECORD_MAX_BYTES + 2 * TWI_READ_BYTES };

typedef struct twi_decompressor twi_decompressor;

typedef struct twi_input {
    const tw_alloc *alloc;
    int fd; // -1: memory
    bool owns_fd;
    tw_str memory;                      // left of the memory, when fd is -1
    twi_decompressor *decompressor_own; // NULL: plain
    uint8_t *raw_own;                   // compressed bytes read ahead
    size_t raw_at, raw_n;
    bool raw_end;
    char *window_own;
    size_t window_bytes;
    size_t at, end;                   // unread part of the window
    bool is_end;                      // nothing follows the window
    uint64_t bytes_done, bytes_total; // of the file itself; total 0 = unknown
} twi_input;

// path "-" is standard input. TW_NOT_FOUND, TW_IO, TW_NO_MEMORY. On failure nothing is held.
tw_status twi_input_open(twi_input *in, const tw_alloc *alloc, const char *path, tw_err *err);
tw_status twi_input_open_memory(twi_input *in, const tw_alloc *alloc, tw_str data, tw_err *err);
void twi_input_close(twi_input *in);

static inline tw_str twi_input_view(const twi_input *in)
{
    return (tw_str){in->window_own + in->at, in->end - in->at};
}
static inline void twi_input_consume(twi_input *in, size_t bytes)
{
    in->at += bytes;
}
// Adds bytes to the window, or sets is_end. TW_LIMIT when the window is full; TW_IO, TW_CORRUPT,
// TW_NO_MEMORY. Moves the window's content.
tw_status twi_input_fill(twi_input *in, tw_err *err);

#endif
