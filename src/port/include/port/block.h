// SPDX-License-Identifier: Apache-2.0
//
// The journal's block: the unit that is stored, hashed and chained. Every adapter uses this code,
// so that the same appends give the same chain everywhere. Offset table in docs/formats/journal.md.
//
//   payload = end[n] (uint32 little-endian, end of fact i relative to the first fact byte), bytes
//   hash    = SHA-256(prev_hash[32] || first_seq (uint64 LE) || n (uint32 LE) || payload)
//
// prev_hash of the first block is 32 zero bytes. A block holds facts of one append only; an append
// larger than TW_BLOCK_TARGET_BYTES is cut into several blocks, so that one fact is reached by
// reading some 64 KiB whatever the size of the commit was. A verdict or an action is a block of its
// own, so that its hash can be shown and computed without showing any other fact. All functions are
// pure and thread-safe.
#ifndef TW_PORT_BLOCK_H
#define TW_PORT_BLOCK_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"

// Payload bytes after which a block is closed; a single larger fact makes a block of its own.
#define TW_BLOCK_TARGET_BYTES (64 << 10)

// A view of a block whose payload has been checked by tw_block_open. Lives as long as its bytes.
typedef struct tw_block {
    uint64_t first_seq;
    uint32_t n;
    const uint8_t *ends; // n * 4 bytes, unaligned
    const uint8_t *bytes;
    size_t payload_bytes;
    uint8_t prev_hash[TW_SHA256_BYTES];
    uint8_t hash[TW_SHA256_BYTES];
} tw_block;

// How many of facts[0..n) belong into the next block: 1..n for n > 0.
size_t tw_block_cut(const tw_str *facts, size_t n);

// Appends the payload of n facts to `out`. Fails as tw_buf does.
tw_status tw_block_encode(const tw_str *facts, size_t n, tw_buf *out) TW_MUST_CHECK;

// Makes *out a view of a payload: checks that there are n ends, that they ascend, and that the last
// one is the end of the payload. Hashes are left zero. TW_CORRUPT otherwise; reads nothing outside.
tw_status tw_block_open(uint64_t first_seq, uint64_t n, const void *payload, size_t payload_bytes,
                        tw_block *out) TW_MUST_CHECK;

// Fact i of the block, i < n: a view into the payload.
tw_str tw_block_fact(const tw_block *block, uint32_t i);

void tw_block_hash(const uint8_t prev_hash[TW_SHA256_BYTES], uint64_t first_seq, uint32_t n,
                   const void *payload, size_t payload_bytes, uint8_t out[TW_SHA256_BYTES]);

#endif
