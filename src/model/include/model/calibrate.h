// SPDX-License-Identifier: Apache-2.0
//
// Two tools that turn a raw score into something to act on:
//  - tw_curve, a monotone piecewise-linear map (ranks, probabilities, the risk map), fitted by
//  isotonic
//    regression or made from knots. Immutable: thread-safe once made.
//  - tw_sketch, a histogram over [0, 1] with integer counts whose bins get finer towards 1, so that
//    "the top 0.01 %" is resolved. Not thread-safe; addition and merging commute, so any order of
//    the same values gives the same sketch.
// Both use plain IEEE arithmetic only: the same bits on every machine.
#ifndef TW_MODEL_CALIBRATE_H
#define TW_MODEL_CALIBRATE_H

#include "base/alloc.h"
#include "base/buf.h"

#define TW_CURVE_KNOTS_MAX 4096

typedef struct tw_curve tw_curve;

// From knots x[n], strictly increasing, and y[n], never decreasing; 1..KNOTS_MAX of them, all
// within
// +-1e100. TW_INVALID or TW_NO_MEMORY.
tw_status tw_curve_new(const tw_alloc *alloc, const double *x, const double *y, size_t n,
                       tw_curve **out, tw_err *err) TW_MUST_CHECK;
// Isotonic least-squares regression of y[n] on x[n] with weights w[n] > 0 (NULL = all 1), by
// pooling adjacent violators; between the pools the curve is linear. x need not be sorted; equal x
// are one point. When the pools have more than max_knots (2..KNOTS_MAX) ends, evenly many are left
// out, never the first or last. TW_INVALID: n is 0 or over 2^24, or a value is not within +-1e100;
// TW_NO_MEMORY. O(n log n).
tw_status tw_curve_fit(const tw_alloc *alloc, const double *x, const double *y, const double *w,
                       size_t n, size_t max_knots, tw_curve **out, tw_err *err) TW_MUST_CHECK;
void tw_curve_free(tw_curve *curve);

size_t tw_curve_knots_n(const tw_curve *curve);
void tw_curve_knot(const tw_curve *curve, size_t knot_idx, double *x, double *y);
// Value at x; constant before the first and after the last knot; NaN gives the first y. O(log
// knots).
double tw_curve_at(const tw_curve *curve, double x);
// The smallest x with a value >= y; the first x when all are, the last x when none is.
double tw_curve_inverse(const tw_curve *curve, double y);

void tw_curve_write(const tw_curve *curve, tw_buf *buf);
// Reads one curve and leaves the reader behind it. TW_CORRUPT or TW_NO_MEMORY.
tw_status tw_curve_read(const tw_alloc *alloc, tw_reader *reader, tw_curve **out,
                        tw_err *err) TW_MUST_CHECK;

// Bins by u = 1 - value: 128 to each halving of u down to 2^-32, so values just under 1 are told
// apart to 1 % of their distance to 1, and values under 0.5 to 1/256.
#define TW_SKETCH_BINS 4096

typedef struct tw_sketch {
    uint64_t n; // sum of counts
    uint64_t counts[TW_SKETCH_BINS];
} tw_sketch; // 32 KiB, caller's storage; all zero = empty

void tw_sketch_reset(tw_sketch *sketch);
// Bin of a value; below 0 and NaN count as 0, above 1 as 1. Monotone in the value.
size_t tw_sketch_bin(double value);
// Smallest value of a bin.
double tw_sketch_bin_low(size_t bin_idx);
void tw_sketch_add(tw_sketch *sketch, double value, uint64_t times);
// Takes values out again that were added before.
void tw_sketch_remove(tw_sketch *sketch, double value, uint64_t times);
void tw_sketch_merge(tw_sketch *sketch, const tw_sketch *other);
// Smallest value v (start of a bin) such that the bins under v hold at least q * n; 0 when empty.
double tw_sketch_quantile(const tw_sketch *sketch, double q);
// Values in the bin of `value` and above.
uint64_t tw_sketch_tail(const tw_sketch *sketch, double value);
// The smallest start of a bin with at most `count` values at or above it; 1 when even the last bin
// holds more. The operating point of a budget.
double tw_sketch_threshold(const tw_sketch *sketch, uint64_t count);
// Share of values in lower bins plus half of those in the same bin; 0 when empty.
double tw_sketch_rank(const tw_sketch *sketch, double value);

void tw_sketch_write(const tw_sketch *sketch, tw_buf *buf);
// Reads one sketch and leaves the reader behind it; *out is empty on failure (TW_CORRUPT).
tw_status tw_sketch_read(tw_reader *reader, tw_sketch *out, tw_err *err) TW_MUST_CHECK;

#endif
