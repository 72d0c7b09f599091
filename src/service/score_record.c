// SPDX-License-Identifier: Apache-2.0
//
// Records of scores: writing is on the flow's path, reading on that of queries.
#include "score_record.h"

#include "base/hash.h"

uint32_t twi_register_hash(tw_str store_id, tw_str register_id)
{
    return (uint32_t)tw_hash_str(register_id, tw_hash_str(store_id, 11));
}

uint32_t twi_employee_hash(tw_str employee_id)
{
    return (uint32_t)tw_hash_str(employee_id, 12);
}

static void put_u16(uint8_t *at, size_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

#define MASK_BYTES ((TW_INPUT_N + 7) / 8)

static bool is_plus_zero(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits == 0;
}

// About half of a row is zero.
static void put_row(const float *row, tw_buf *out)
{
    uint8_t mask[MASK_BYTES] = {0};
    for (size_t i = 0; i < TW_INPUT_N; i++)
        if (!is_plus_zero(row[i]))
            mask[i / 8] |= (uint8_t)(1 << (i % 8));
    tw_buf_put(out, mask, sizeof(mask));
    for (size_t i = 0; i < TW_INPUT_N; i++)
        if (!is_plus_zero(row[i]))
            tw_buf_f32(out, row[i]);
}

static bool has_bit(const uint8_t *mask, size_t i)
{
    return (mask[i / 8] >> (i % 8) & 1) != 0;
}

void twi_record_row(const twi_record *record, float *out)
{
    tw_reader reader;
    tw_reader_init(&reader, record->row + MASK_BYTES, record->row_bytes - MASK_BYTES);
    for (size_t i = 0; i < TW_INPUT_N; i++)
        out[i] = has_bit(record->row, i) ? tw_read_f32(&reader) : 0.0f;
}

void twi_record_write(const twi_record *record, const float *inputs, tw_buf *out)
{
    size_t start = out->bytes;
    uint8_t score[TW_SCORE_BYTES];
    tw_buf_u32(out, record->time_s);
    tw_buf_u32(out, record->register_hash);
    tw_buf_u32(out, record->employee_hash);
    tw_buf_u8(out, (uint8_t)record->kind);
    tw_buf_u8(out, record->type);
    tw_buf_u16(out, 0);
    tw_score_pack(&record->score, score);
    tw_buf_put(out, score, sizeof(score));
    if (!inputs)
        return;
    tw_buf_u8(out, (uint8_t)record->sentence_n);
    for (size_t i = 0; i < record->sentence_n; i++) {
        tw_buf_u8(out, record->sentences[i].signal);
        tw_buf_u8(out, record->sentences[i].strength);
        tw_buf_blob(out, record->sentences[i].name);
        tw_buf_blob(out, record->sentences[i].text);
    }
    tw_buf_u16(out, TW_INPUT_N);
    put_row(inputs, out);
    if (out->status == TW_OK) {
        size_t detail = out->bytes - start - TWI_RECORD_BYTES;
        TW_CHECK(detail <= UINT16_MAX);
        put_u16(out->data_own + start + 14, detail);
    }
}

static tw_status read_head(tw_reader *reader, twi_record *out, size_t *detail)
{
    *out = (twi_record){.time_s = tw_read_u32(reader)};
    out->register_hash = tw_read_u32(reader);
    out->employee_hash = tw_read_u32(reader);
    out->kind = (tw_fact_kind)tw_read_u8(reader);
    out->type = tw_read_u8(reader);
    *detail = tw_read_u16(reader);
    out->bytes = TWI_RECORD_BYTES + *detail;
    return reader->status == TW_OK && tw_reader_left(reader) >= TW_SCORE_BYTES + *detail
               ? TW_OK
               : TW_CORRUPT;
}

tw_status twi_record_peek(const void *data, size_t bytes, twi_record *out)
{
    tw_reader reader;
    size_t detail;
    tw_reader_init(&reader, data, bytes);
    return read_head(&reader, out, &detail);
}

static tw_status read_detail(tw_reader *reader, twi_record *out)
{
    out->sentence_n = tw_read_u8(reader);
    if (out->sentence_n > TWI_SENTENCES_MAX)
        return TW_CORRUPT;
    for (size_t i = 0; i < out->sentence_n; i++) {
        out->sentences[i].signal = tw_read_u8(reader);
        out->sentences[i].strength = tw_read_u8(reader);
        out->sentences[i].name = tw_read_blob(reader);
        out->sentences[i].text = tw_read_blob(reader);
    }
    if (tw_read_u16(reader) != TW_INPUT_N)
        return reader->status; // a row of other inputs is of no use to this program
    const uint8_t *mask = tw_read_bytes(reader, MASK_BYTES);
    size_t n = 0;
    for (size_t i = 0; mask && i < TW_INPUT_N; i++)
        n += has_bit(mask, i);
    if (!mask || !tw_read_bytes(reader, n * sizeof(float)))
        return TW_CORRUPT;
    out->row = mask;
    out->row_bytes = MASK_BYTES + n * sizeof(float);
    return reader->status;
}

tw_status twi_record_read(const void *data, size_t bytes, twi_record *out)
{
    tw_reader reader;
    size_t detail;
    tw_reader_init(&reader, data, bytes);
    TW_TRY(read_head(&reader, out, &detail));
    const uint8_t *score = tw_read_bytes(&reader, TW_SCORE_BYTES);
    if (!score)
        return TW_CORRUPT;
    TW_TRY(tw_score_unpack(score, &out->score));
    if (detail == 0)
        return TW_OK;
    tw_reader inner;
    tw_reader_init(&inner, reader.at, detail);
    return read_detail(&inner, out);
}

tw_status twi_record_at(const void *data, size_t bytes, size_t i, twi_record *out)
{
    const uint8_t *at = data;
    while (i-- > 0) {
        TW_TRY(twi_record_peek(at, bytes, out));
        at += out->bytes;
        bytes -= out->bytes;
    }
    return twi_record_read(at, bytes, out);
}

tw_str twi_arena_str(tw_arena *arena, tw_str s, tw_status *status)
{
    if (s.bytes == 0)
        return TW_STR_NONE;
    char *copy = tw_arena_copy(arena, s.at, s.bytes);
    if (!copy) {
        *status = TW_NO_MEMORY;
        return TW_STR_NONE;
    }
    return (tw_str){copy, s.bytes};
}

tw_status twi_record_reasons(const twi_record *record, const tw_detector *detector, tw_arena *arena,
                             const tw_reason_text **out, size_t *out_n)
{
    *out = NULL;
    *out_n = 0;
    if (record->sentence_n == 0)
        return TW_OK;
    tw_reason_text *reasons = tw_arena_array(arena, record->sentence_n, sizeof(*reasons));
    if (!reasons)
        return TW_NO_MEMORY;
    tw_status status = TW_OK;
    for (size_t i = 0; i < record->sentence_n; i++) {
        const twi_sentence *sentence = &record->sentences[i];
        tw_signal_info info;
        reasons[i].name = twi_arena_str(arena, sentence->name, &status);
        reasons[i].title = reasons[i].name;
        if (detector && tw_detector_signal(detector, sentence->signal, &info))
            reasons[i].title = twi_arena_str(arena, info.title, &status);
        reasons[i].sentence = twi_arena_str(arena, sentence->text, &status);
        reasons[i].strength = sentence->strength / 255.0;
    }
    TW_TRY(status);
    *out = reasons;
    *out_n = record->sentence_n;
    return TW_OK;
}
