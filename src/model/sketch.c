// SPDX-License-Identifier: Apache-2.0
//
// Histogram over [0, 1] whose bins are taken from the bits of u = 1 - value: exponent and the upper
// 7 bits of the mantissa, so a bin is [1 - high, 1 - low) with high / low <= 129/128.
#include "model/calibrate.h"

#define BITS_ONE UINT64_C(0x3ff0000000000000) // 1.0
#define BIN_SHIFT 45                          // 52 - 7

void tw_sketch_reset(tw_sketch *sketch)
{
    memset(sketch, 0, sizeof(*sketch));
}

size_t tw_sketch_bin(double value)
{
    if (!(value > 0.0))
        return 0;
    if (value >= 1.0)
        return TW_SKETCH_BINS - 1;
    double u = 1.0 - value;
    uint64_t bits;
    memcpy(&bits, &u, sizeof(bits));
    // The number before u: the upper bound of u belongs to the bin, the lower to the next.
    size_t bin = (size_t)(((BITS_ONE - 1) >> BIN_SHIFT) - ((bits - 1) >> BIN_SHIFT));
    return TW_MIN(bin, (size_t)TW_SKETCH_BINS - 1);
}

double tw_sketch_bin_low(size_t bin_idx)
{
    TW_CHECK(bin_idx < TW_SKETCH_BINS);
    uint64_t bits = BITS_ONE - ((uint64_t)bin_idx << BIN_SHIFT);
    double u;
    memcpy(&u, &bits, sizeof(u));
    return 1.0 - u;
}

void tw_sketch_add(tw_sketch *sketch, double value, uint64_t times)
{
    sketch->counts[tw_sketch_bin(value)] += times;
    sketch->n += times;
}

void tw_sketch_remove(tw_sketch *sketch, double value, uint64_t times)
{
    uint64_t *count = &sketch->counts[tw_sketch_bin(value)];
    TW_CHECK(*count >= times && sketch->n >= times);
    *count -= times;
    sketch->n -= times;
}

void tw_sketch_merge(tw_sketch *sketch, const tw_sketch *other)
{
    for (size_t i = 0; i < TW_SKETCH_BINS; i++)
        sketch->counts[i] += other->counts[i];
    sketch->n += other->n;
}

double tw_sketch_quantile(const tw_sketch *sketch, double q)
{
    double wanted = q * (double)sketch->n;
    uint64_t under = 0;
    for (size_t i = 0; i < TW_SKETCH_BINS; i++) {
        if ((double)under >= wanted)
            return tw_sketch_bin_low(i);
        under += sketch->counts[i];
    }
    return 1.0;
}

uint64_t tw_sketch_tail(const tw_sketch *sketch, double value)
{
    uint64_t tail = 0;
    for (size_t i = tw_sketch_bin(value); i < TW_SKETCH_BINS; i++)
        tail += sketch->counts[i];
    return tail;
}

double tw_sketch_threshold(const tw_sketch *sketch, uint64_t count)
{
    uint64_t tail = 0;
    for (size_t i = TW_SKETCH_BINS; i-- > 0;) {
        tail += sketch->counts[i];
        if (tail > count)
            return i + 1 < TW_SKETCH_BINS ? tw_sketch_bin_low(i + 1) : 1.0;
    }
    return 0.0;
}

double tw_sketch_rank(const tw_sketch *sketch, double value)
{
    if (sketch->n == 0)
        return 0.0;
    size_t bin = tw_sketch_bin(value);
    uint64_t under = 0;
    for (size_t i = 0; i < bin; i++)
        under += sketch->counts[i];
    return ((double)under + (double)sketch->counts[bin] / 2.0) / (double)sketch->n;
}

void tw_sketch_write(const tw_sketch *sketch, tw_buf *buf)
{
    uint64_t filled = 0;
    for (size_t i = 0; i < TW_SKETCH_BINS; i++)
        filled += sketch->counts[i] != 0;
    tw_buf_varint(buf, filled);
    size_t next = 0;
    for (size_t i = 0; i < TW_SKETCH_BINS; i++) {
        if (sketch->counts[i] == 0)
            continue;
        tw_buf_varint(buf, i - next); // empty bins before this one
        tw_buf_varint(buf, sketch->counts[i]);
        next = i + 1;
    }
}

tw_status tw_sketch_read(tw_reader *reader, tw_sketch *out, tw_err *err)
{
    tw_sketch_reset(out);
    uint64_t filled = tw_read_varint(reader);
    bool is_good = filled <= TW_SKETCH_BINS;
    size_t next = 0;
    for (uint64_t k = 0; k < filled && is_good; k++) {
        uint64_t gap = tw_read_varint(reader), count = tw_read_varint(reader);
        is_good = reader->status == TW_OK && next < TW_SKETCH_BINS && gap < TW_SKETCH_BINS - next &&
                  count > 0 && count <= UINT64_MAX - out->n;
        if (!is_good)
            break;
        next += (size_t)gap;
        out->counts[next++] = count;
        out->n += count;
    }
    if (is_good && reader->status == TW_OK)
        return TW_OK;
    tw_sketch_reset(out);
    return tw_fail(err, TW_CORRUPT, "the score histogram is damaged");
}
