// SPDX-License-Identifier: Apache-2.0
//
// Monotone piecewise-linear curves: lookup, isotonic regression (pool adjacent violators) and their
// place in a file: u32 number of knots, then x and y of each as f64.
#include "model/calibrate.h"

#define VALUE_MAX 1e100 // differences of knots stay finite
#define FIT_MAX_N ((size_t)1 << 24)

typedef struct knot {
    double x, y;
} knot;

struct tw_curve {
    const tw_alloc *alloc;
    size_t n;
    knot knots[];
};

static bool in_range(double v)
{
    return v >= -VALUE_MAX && v <= VALUE_MAX;
}

static size_t curve_bytes(size_t n)
{
    return sizeof(tw_curve) + n * sizeof(knot);
}

static tw_curve *curve_alloc(const tw_alloc *alloc, size_t n)
{
    tw_curve *curve = tw_new_array(alloc, 1, curve_bytes(n));
    if (curve) {
        curve->alloc = alloc;
        curve->n = n;
    }
    return curve;
}

void tw_curve_free(tw_curve *curve)
{
    if (curve)
        tw_free_array(curve->alloc, curve, 1, curve_bytes(curve->n));
}

// NULL, or what is wrong with the knots.
static const char *fault(const tw_curve *curve)
{
    for (size_t i = 0; i < curve->n; i++) {
        if (!in_range(curve->knots[i].x) || !in_range(curve->knots[i].y))
            return "a knot of the curve is not a number within 1e100";
        if (i > 0 && curve->knots[i].x <= curve->knots[i - 1].x)
            return "the knots of the curve do not ascend";
        if (i > 0 && curve->knots[i].y < curve->knots[i - 1].y)
            return "the curve falls";
    }
    return NULL;
}

tw_status tw_curve_new(const tw_alloc *alloc, const double *x, const double *y, size_t n,
                       tw_curve **out, tw_err *err)
{
    *out = NULL;
    if (n < 1 || n > TW_CURVE_KNOTS_MAX)
        return tw_fail(err, TW_INVALID, "a curve has 1 to %d knots, not %zu", TW_CURVE_KNOTS_MAX,
                       n);
    tw_curve *curve = curve_alloc(alloc, n);
    if (!curve)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for a curve");
    for (size_t i = 0; i < n; i++)
        curve->knots[i] = (knot){x[i], y[i]};
    const char *text = fault(curve);
    if (text) {
        tw_curve_free(curve);
        return tw_fail(err, TW_INVALID, "%s", text);
    }
    *out = curve;
    return TW_OK;
}

size_t tw_curve_knots_n(const tw_curve *curve)
{
    return curve->n;
}

void tw_curve_knot(const tw_curve *curve, size_t knot_idx, double *x, double *y)
{
    TW_CHECK(knot_idx < curve->n);
    *x = curve->knots[knot_idx].x;
    *y = curve->knots[knot_idx].y;
}

double tw_curve_at(const tw_curve *curve, double x)
{
    const knot *k = curve->knots;
    size_t low = 0, high = curve->n; // k[low].x <= x < k[high].x
    if (!(x > k[0].x))
        return k[0].y;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (k[middle].x <= x)
            low = middle;
        else
            high = middle;
    }
    if (high == curve->n)
        return k[low].y;
    double y = k[low].y + (k[high].y - k[low].y) * ((x - k[low].x) / (k[high].x - k[low].x));
    return TW_MIN(y, k[high].y); // rounding must not make it fall at the knot
}

double tw_curve_inverse(const tw_curve *curve, double y)
{
    const knot *k = curve->knots;
    size_t low = 0, high = curve->n; // first knot with a value >= y
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k[middle].y < y)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return k[0].x;
    if (low == curve->n)
        return k[low - 1].x;
    double x =
        k[low - 1].x + (k[low].x - k[low - 1].x) * ((y - k[low - 1].y) / (k[low].y - k[low - 1].y));
    return TW_MIN(x, k[low].x);
}

// A pool of the regression: points with x in [first, last] that share their weighted mean.
typedef struct pool {
    double first, last, mean, weight;
} pool;

// Merge sort by first; the result is in the one that is returned. The C library's qsort may
// allocate.
static pool *sort_pools(pool *items, pool *spare, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t a = start, a_end = TW_MIN(start + width, n);
            size_t b = a_end, b_end = TW_MIN(start + 2 * width, n);
            for (size_t i = start; i < b_end; i++) {
                bool take_a = a < a_end && (b == b_end || items[a].first <= items[b].first);
                spare[i] = take_a ? items[a++] : items[b++];
            }
        }
        pool *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}

static void pool_merge(pool *into, const pool *from)
{
    double weight = into->weight + from->weight;
    into->mean = into->mean + (from->mean - into->mean) * (from->weight / weight);
    into->weight = weight;
    into->last = from->last;
}

// Sorted points to pools of rising means, in place; returns their number.
static size_t pool_violators(pool *p, size_t n)
{
    size_t points_n = 0;
    for (size_t i = 0; i < n; i++) { // points with equal x are one
        if (points_n > 0 && p[points_n - 1].last == p[i].first)
            pool_merge(&p[points_n - 1], &p[i]);
        else
            p[points_n++] = p[i];
    }
    size_t pools_n = 0;
    for (size_t i = 0; i < points_n; i++) {
        p[pools_n++] = p[i];
        while (pools_n > 1 && p[pools_n - 2].mean >= p[pools_n - 1].mean) {
            pool_merge(&p[pools_n - 2], &p[pools_n - 1]);
            pools_n--;
        }
    }
    return pools_n;
}

static size_t ends_n(const pool *p)
{
    return p->first < p->last ? 2 : 1;
}

static tw_status curve_from_pools(const tw_alloc *alloc, const pool *p, size_t pools_n,
                                  size_t max_knots, tw_curve **out)
{
    size_t total = 0;
    for (size_t i = 0; i < pools_n; i++)
        total += ends_n(&p[i]);
    size_t n = TW_MIN(total, max_knots);
    tw_curve *curve = curve_alloc(alloc, n);
    if (!curve)
        return TW_NO_MEMORY;
    // Keep end number floor(k (total - 1) / (n - 1)) for k = 0..n-1: all of them when n is total.
    size_t end = 0, kept = 0;
    for (size_t i = 0; i < pools_n; i++) {
        for (size_t side = 0; side < ends_n(&p[i]); side++, end++) {
            size_t wanted = n > 1 ? kept * (total - 1) / (n - 1) : 0;
            if (kept < n && end == wanted)
                curve->knots[kept++] = (knot){side == 0 ? p[i].first : p[i].last, p[i].mean};
        }
    }
    TW_CHECK(kept == n && fault(curve) == NULL);
    *out = curve;
    return TW_OK;
}

tw_status tw_curve_fit(const tw_alloc *alloc, const double *x, const double *y, const double *w,
                       size_t n, size_t max_knots, tw_curve **out, tw_err *err)
{
    *out = NULL;
    if (n < 1 || n > FIT_MAX_N || max_knots < 2 || max_knots > TW_CURVE_KNOTS_MAX)
        return tw_fail(err, TW_INVALID, "a curve is fitted to 1 to 2^24 points by 2 to %d knots",
                       TW_CURVE_KNOTS_MAX);
    for (size_t i = 0; i < n; i++)
        if (!in_range(x[i]) || !in_range(y[i]) || (w && !(w[i] > 0.0 && w[i] <= VALUE_MAX)))
            return tw_fail(err, TW_INVALID, "point %zu of the regression is not a number in range",
                           i);
    pool *items = tw_new_array(alloc, n, sizeof(pool)),
         *spare = tw_new_array(alloc, n, sizeof(pool));
    tw_status status = TW_NO_MEMORY;
    if (items && spare) {
        for (size_t i = 0; i < n; i++)
            items[i] = (pool){x[i], x[i], y[i], w ? w[i] : 1.0};
        pool *sorted = sort_pools(items, spare, n);
        size_t pools_n = pool_violators(sorted, n);
        status = curve_from_pools(alloc, sorted, pools_n, max_knots, out);
    }
    tw_free_array(alloc, items, n, sizeof(pool));
    tw_free_array(alloc, spare, n, sizeof(pool));
    return status == TW_OK ? TW_OK : tw_fail(err, status, "out of memory while a curve was fitted");
}

void tw_curve_write(const tw_curve *curve, tw_buf *buf)
{
    tw_buf_u32(buf, (uint32_t)curve->n);
    for (size_t i = 0; i < curve->n; i++) {
        tw_buf_f64(buf, curve->knots[i].x);
        tw_buf_f64(buf, curve->knots[i].y);
    }
}

tw_status tw_curve_read(const tw_alloc *alloc, tw_reader *reader, tw_curve **out, tw_err *err)
{
    *out = NULL;
    size_t n = tw_read_u32(reader);
    if (n < 1 || n > TW_CURVE_KNOTS_MAX || tw_reader_left(reader) < n * 2 * sizeof(double))
        return tw_fail(err, TW_CORRUPT, "the curve has %zu knots, which cannot be", n);
    tw_curve *curve = curve_alloc(alloc, n);
    if (!curve)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for a curve");
    for (size_t i = 0; i < n; i++) {
        curve->knots[i].x = tw_read_f64(reader);
        curve->knots[i].y = tw_read_f64(reader);
    }
    const char *text = fault(curve);
    if (text) {
        tw_curve_free(curve);
        return tw_fail(err, TW_CORRUPT, "%s", text);
    }
    *out = curve;
    return TW_OK;
}
