// SPDX-License-Identifier: Apache-2.0
//
// The stored score of a fact: what the ledger keeps for each journal position, one after another
// (docs/formats/scores.md). A record is a fixed part of TWI_RECORD_BYTES and, for transactions on
// which a signal fired or that were drawn for audit, the sentences and the classifier's inputs of
// that moment.
//
//   0 time u32 (s)   4 register u32 (hash)   8 employee u32 (hash)   12 kind u8   13 type u8
//   14 detail bytes u16   16 score[32]   48 detail
//   detail: n u8, n * {signal u8, strength u8, name blob, sentence blob}, inputs u16, mask, f32...
//
// The mask has a bit for each input that is not +0 (bit 0 of byte 0 first); only their values
// follow. All little-endian. Records of neighbouring facts, joined, are the records of the joined
// range.
#ifndef TWI_SERVICE_SCORE_RECORD_H
#define TWI_SERVICE_SCORE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "detect/detector.h"
#include "detect/inputs.h"
#include "service/service.h"

#define TWI_RECORD_BYTES 48
#define TWI_SENTENCES_MAX TW_FIRED_MAX
// The longest record: detail with every sentence at its maximum.
#define TWI_RECORD_MAX_BYTES                                                                       \
    (TWI_RECORD_BYTES + 1 + TWI_SENTENCES_MAX * (6 + TW_ID_MAX_BYTES + TW_SENTENCE_BYTES) + 2 +    \
     (TW_INPUT_N + 7) / 8 + 4 * TW_INPUT_N)

typedef struct twi_sentence {
    uint8_t signal, strength;
    tw_str name, text;
} twi_sentence;

typedef struct twi_record {
    uint32_t time_s, register_hash, employee_hash;
    tw_fact_kind kind;
    uint8_t type; // tw_transaction_type of a transaction
    tw_score score;
    size_t sentence_n;
    twi_sentence sentences[TWI_SENTENCES_MAX];
    const uint8_t *row; // mask and values of the inputs, a view; NULL when not kept
    size_t row_bytes;
    size_t bytes; // of the whole record
} twi_record;

// Appends a record, with inputs[TW_INPUT_N] unless it is NULL (then without sentences). Fails as
// tw_buf does.
void twi_record_write(const twi_record *record, const float *inputs, tw_buf *out);
// Reads the record at the start of `data`; texts and the row are views. TW_CORRUPT.
tw_status twi_record_read(const void *data, size_t bytes, twi_record *out) TW_MUST_CHECK;
// The inputs of a record that has a row: out[TW_INPUT_N]; the features come first.
void twi_record_row(const twi_record *record, float *out);
// Reads only the fixed part without its score.
tw_status twi_record_peek(const void *data, size_t bytes, twi_record *out) TW_MUST_CHECK;
// The record i places behind the first one of `data`.
tw_status twi_record_at(const void *data, size_t bytes, size_t i, twi_record *out) TW_MUST_CHECK;

uint32_t twi_register_hash(tw_str store_id, tw_str register_id);
uint32_t twi_employee_hash(tw_str employee_id);

// The texts of a record as reasons, in the arena; titles from the detector (the name without one).
// TW_NO_MEMORY.
tw_status twi_record_reasons(const twi_record *record, const tw_detector *detector, tw_arena *arena,
                             const tw_reason_text **out, size_t *out_n) TW_MUST_CHECK;
tw_str twi_arena_str(tw_arena *arena, tw_str s, tw_status *status); // a copy; sets TW_NO_MEMORY

#endif
