// SPDX-License-Identifier: Apache-2.0
//
// Canonical bytes of a fact: what the journal stores and hashes. One fact has exactly one encoding,
// and every version of the format is read for ever. Layout in docs/formats/fact.md.
#ifndef TW_RETAIL_CODEC_H
#define TW_RETAIL_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "retail/transaction.h"

// Appends the encoding of `fact` (without seq, which is its place in the journal) to `out`.
// Fails only as tw_buf does: TW_LIMIT, TW_NO_MEMORY.
tw_status tw_fact_encode(const tw_fact *fact, tw_buf *out) TW_MUST_CHECK;

// Decodes exactly `bytes` bytes. Strings are views into `data`; arrays are taken from `arena`.
// TW_CORRUPT (anything malformed, out of range, or left over), TW_NO_MEMORY, TW_UNSUPPORTED (newer
// version). Never reads outside the data, whatever it holds.
tw_status tw_fact_decode(const void *data, size_t bytes, tw_arena *arena,
                         tw_fact *out) TW_MUST_CHECK;

// Kind of an encoded fact by its head alone, for readers that skip most facts; 0 when the head is
// none that tw_fact_decode would take. The rest may still be damaged.
tw_fact_kind tw_fact_peek(const void *data, size_t bytes);

// Do two encodings describe the same record? received_ms is ignored, so that a repeated delivery of
// the same record is a duplicate and not a conflict.
bool tw_fact_same_record(const void *a, size_t a_bytes, const void *b, size_t b_bytes);

#endif
