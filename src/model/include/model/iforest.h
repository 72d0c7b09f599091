// SPDX-License-Identifier: Apache-2.0
//
// Isolation forest (F. T. Liu, K. M. Ting, Z.-H. Zhou, 2008): how few random cuts set a row apart
// from the others. Needs no labels. A forest is immutable once made, so all functions that take a
// const tw_iforest are thread-safe; scoring allocates nothing.
//
// Rows are float32, x[rows_n][features_n], row-major. NaN = missing: at each cut a missing value
// goes to one side, drawn at training in proportion to the sides. Infinities count as the largest
// float. Training and scoring compare 16-bit codes of x - centre (centre = the feature's median):
// sign, exponent and the upper 7 bits of the mantissa, so values closer together than 1/128 of
// their distance to the median are equal to the forest. This makes a node 4 bytes and 32
// comparisons one instruction.
//
// Determinism: same rows, options and seed give the same forest, and a forest and a row the same
// score, bit for bit, on every machine and code path: path lengths are integers, c(n) and 2^-x are
// plain IEEE additions, multiplications and divisions.
#ifndef TW_MODEL_IFOREST_H
#define TW_MODEL_IFOREST_H

#include "base/alloc.h"
#include "base/buf.h"

#define TW_IFOREST_FEATURES_MAX                                                                    \
    128 // a slot of a node is one byte: value, or value with missing = high
#define TW_IFOREST_TREES_MAX 2000   // beyond some hundred, scores no longer change
#define TW_IFOREST_SAMPLE_MAX 65535 // counts of rows are 16 bits
#define TW_IFOREST_HEIGHT_MAX 8     // a child is at most 255 nodes ahead
#define TW_IFOREST_POOL_MAX (1 << 20)
#define TW_IFOREST_BLOCK 64 // rows that tw_iforest_depths works on at a time

typedef struct tw_iforest tw_iforest;

typedef struct tw_iforest_options {
    uint64_t seed;
    uint32_t trees_n; // 1..TW_IFOREST_TREES_MAX
    uint32_t
        sample_n; // rows per tree without replacement, 2..SAMPLE_MAX; all rows when there are fewer
    uint32_t height; // 1..HEIGHT_MAX; less when ceil(log2(sample_n)) is less
    // Features that one tree may cut, drawn for each tree among those with a weight, at most that
    // many; 0 = a third of them, rounded up. Trees that see fewer features are less alike.
    uint32_t tree_features_n;
    // Rows drawn from the source, of which trees take their samples and the rank takes its
    // quantiles: sample_n..POOL_MAX; all rows when there are fewer.
    uint32_t pool_n;
    // weights[features_n], finite, >= 0: how readily a cut takes the feature; 0 leaves it out.
    // NULL = all alike. Borrowed during training.
    const float *weights;
} tw_iforest_options;

// What docs/adr/0009-isolation-forest-options.md found best: 100 trees of 2048 rows, height 8,
// a third of the features to a tree.
tw_iforest_options tw_iforest_options_default(void);

// Writes row row_idx as out[features_n]. A failure ends the training with its status.
typedef tw_status (*tw_iforest_fetch)(void *ctx, size_t row_idx, float *out);

// Trains on rows 0..rows_n-1, of which it fetches at most options->pool_n, in ascending order.
// *out is owned by the caller. TW_INVALID: an option is out of range, fewer than 2 rows, or more
// than FEATURES_MAX features; TW_NO_MEMORY; or what fetch returned. Takes some 10 ms for 100 x 256.
tw_status tw_iforest_train_rows(const tw_alloc *alloc, tw_iforest_fetch fetch, void *ctx,
                                size_t rows_n, size_t features_n, const tw_iforest_options *options,
                                tw_iforest **out, tw_err *err) TW_MUST_CHECK;
// The same on a matrix x[rows_n][features_n].
tw_status tw_iforest_train(const tw_alloc *alloc, const float *x, size_t rows_n, size_t features_n,
                           const tw_iforest_options *options, tw_iforest **out,
                           tw_err *err) TW_MUST_CHECK;
void tw_iforest_free(tw_iforest *forest);

size_t tw_iforest_features_n(const tw_iforest *forest);
size_t tw_iforest_trees_n(const tw_iforest *forest);
size_t tw_iforest_sample_n(const tw_iforest *forest);
size_t tw_iforest_nodes_n(const tw_iforest *forest); // of all trees, leaves included
uint64_t tw_iforest_seed(const tw_iforest *forest);

// Code paths that give the same bits. BEST is the fastest that this machine can run.
#define TW_IFOREST_PATHS(X)                                                                        \
    X(BEST, "best")                                                                                \
    X(PORTABLE, "portable")                                                                        \
    X(AVX2, "avx2")                                                                                \
    X(AVX512, "avx512")
typedef enum tw_iforest_path {
#define X(name, text) TW_IFOREST_##name,
    TW_IFOREST_PATHS(X)
#undef X
        TW_IFOREST_PATH_N
} tw_iforest_path;
const char *tw_iforest_path_name(tw_iforest_path path);
bool tw_iforest_path_is_supported(tw_iforest_path path);

// Sum of the path lengths over all trees in units of 1/2048 of a cut; small = easily set apart. A
// leaf of n rows counts its depth plus c(n) = 2 H(n-1) - 2 (n-1)/n, the expected rest of the path.
uint32_t tw_iforest_depth(const tw_iforest *forest, const float *row);
// out[rows_n] of rows x + i * stride, stride >= features_n floats.
void tw_iforest_depths(const tw_iforest *forest, tw_iforest_path path, const float *x,
                       size_t rows_n, size_t stride, uint32_t *out);
// 2^(-mean path length / c(sample_n)): in (0, 1], near 1 = an outlier, under 0.5 = ordinary.
double tw_iforest_score_of(const tw_iforest *forest, uint32_t depth);
double tw_iforest_score(const tw_iforest *forest, const float *row);
// Scores of many rows; out[rows_n].
void tw_iforest_scores(const tw_iforest *forest, const float *x, size_t rows_n, size_t stride,
                       double *out);
// Share of the training pool with a lower score, 0..1, strictly increasing in the score wherever
// the pool tells scores apart and beyond its highest: 0.9995 = more odd than 99.95 % of the rows.
double tw_iforest_rank(const tw_iforest *forest, double score);

// Contribution of each feature to the score of one row: out[features_n], positive = makes it odd.
// *expected + the sum of out = score, up to rounding. Exact Shapley values of the mean path length
// (path-dependent TreeSHAP, by Gauss-Legendre quadrature), scaled to the score by
// (score - expected) / (path length - its expectation). About 0.2 ms for 100 trees: for alerts.
void tw_iforest_explain(const tw_iforest *forest, const float *row, double *out, double *expected);

// The forest's section of a model file, docs/formats/model.md.
void tw_iforest_write(const tw_iforest *forest, tw_buf *buf);
// Reads what write wrote; all of it is checked. TW_CORRUPT with a sentence, or TW_NO_MEMORY.
tw_status tw_iforest_read(const tw_alloc *alloc, const void *data, size_t bytes, tw_iforest **out,
                          tw_err *err) TW_MUST_CHECK;

#endif
