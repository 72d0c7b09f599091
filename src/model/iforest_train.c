// SPDX-License-Identifier: Apache-2.0
//
// Training. A pool of rows is drawn from the source, one from each of pool_n equal stretches, so
// that a journal's whole time span is in it. Each tree samples the pool, draws the features that it
// may cut, and grows breadth-first on the codes of its sample. Tree t draws from random stream t
// only, so a forest does not depend on the order in which its trees are grown. The pool is scored
// at the end for the rank. The options and what each of them was worth:
// docs/adr/0009-isolation-forest-options.md.
#include "iforest_internal.h"

#include "base/rng.h"

#define POOL_STREAM UINT64_MAX
#define BODY_KNOTS 512 // ranks in equal steps; the rest of the knots resolve the top 0.2 %
#define RANK_KNOTS_MAX 1024

// One tree while it grows.
typedef struct tree_scratch {
    int16_t *codes_own;  // [tree_features_n][sample_n]: codes of the sample by feature
    uint32_t *rows_own;  // [sample_n] pool rows of the sample
    uint32_t *ids_own;   // [sample_n] positions in the sample, grouped by node
    uint64_t *taken_own; // bit set over the pool
    twi_raw_node nodes[TWI_TREE_NODES_MAX];
    uint32_t begin[TWI_TREE_NODES_MAX], end[TWI_TREE_NODES_MAX]; // of the node's part of ids
    uint8_t depth[TWI_TREE_NODES_MAX];
    uint32_t nodes_n;
    uint8_t features[TW_IFOREST_FEATURES_MAX]; // that this tree may cut
    double weights[TW_IFOREST_FEATURES_MAX];   // theirs
    tw_rng rng;
} tree_scratch;

typedef struct trainer {
    const tw_alloc *alloc;
    const tw_iforest_options *options;
    size_t features_n;
    uint32_t pool_n, sample_n, height, tree_features_n;
    float *pool_own;          // [pool_n][features_n]
    float *centre_own;        // [features_n]
    uint32_t *tree_nodes_own; // [trees_n]
    twi_raw_node *raw_own;
    size_t raw_n, raw_cap;
    tree_scratch *scratch_own;
} trainer;

tw_iforest_options tw_iforest_options_default(void)
{
    return (tw_iforest_options){
        .seed = 1, .trees_n = 100, .sample_n = 2048, .height = 8, .pool_n = 65536};
}

static tw_status check_options(const tw_iforest_options *o, size_t rows_n, size_t features_n,
                               tw_err *err)
{
    if (rows_n < 2)
        return tw_fail(err, TW_INVALID, "an isolation forest needs at least 2 rows, not %zu",
                       rows_n);
    if (features_n < 1 || features_n > TW_IFOREST_FEATURES_MAX)
        return tw_fail(err, TW_INVALID, "an isolation forest takes 1 to %d features, not %zu",
                       TW_IFOREST_FEATURES_MAX, features_n);
    if (o->trees_n < 1 || o->trees_n > TW_IFOREST_TREES_MAX)
        return tw_fail(err, TW_INVALID, "trees must be 1 to %d, not %u", TW_IFOREST_TREES_MAX,
                       o->trees_n);
    if (o->sample_n < 2 || o->sample_n > TW_IFOREST_SAMPLE_MAX)
        return tw_fail(err, TW_INVALID, "the sample of a tree must be 2 to %d rows, not %u",
                       TW_IFOREST_SAMPLE_MAX, o->sample_n);
    if (o->height < 1 || o->height > TW_IFOREST_HEIGHT_MAX)
        return tw_fail(err, TW_INVALID, "the height must be 1 to %d, not %u", TW_IFOREST_HEIGHT_MAX,
                       o->height);
    if (o->pool_n < o->sample_n || o->pool_n > TW_IFOREST_POOL_MAX)
        return tw_fail(err, TW_INVALID, "the pool must be %u to %d rows, not %u", o->sample_n,
                       TW_IFOREST_POOL_MAX, o->pool_n);
    size_t usable = 0;
    for (size_t f = 0; f < features_n; f++) {
        double weight = o->weights ? (double)o->weights[f] : 1.0;
        if (!(weight >= 0.0 && weight < 1e30))
            return tw_fail(err, TW_INVALID, "the weight of feature %zu is not a number >= 0", f);
        usable += weight > 0.0;
    }
    if (usable == 0)
        return tw_fail(err, TW_INVALID, "no feature has a weight above 0");
    return TW_OK;
}

static double weight_of(const trainer *t, size_t feature)
{
    return t->options->weights ? (double)t->options->weights[feature] : 1.0;
}

static void plan(trainer *t, size_t rows_n)
{
    const tw_iforest_options *o = t->options;
    t->pool_n = rows_n < o->pool_n ? (uint32_t)rows_n : o->pool_n;
    t->sample_n = TW_MIN(o->sample_n, t->pool_n);
    uint32_t needed = 0; // ceil(log2(sample_n))
    while ((UINT32_C(1) << needed) < t->sample_n)
        needed++;
    t->height = TW_MIN(o->height, needed);
    uint32_t usable = 0;
    for (size_t f = 0; f < t->features_n; f++)
        usable += weight_of(t, f) > 0.0;
    t->tree_features_n = o->tree_features_n ? TW_MIN(o->tree_features_n, usable) : (usable + 2) / 3;
}

static void scratch_free(trainer *t)
{
    tree_scratch *s = t->scratch_own;
    if (!s)
        return;
    tw_free_array(t->alloc, s->codes_own, (size_t)t->tree_features_n * t->sample_n,
                  sizeof(int16_t));
    tw_free_array(t->alloc, s->rows_own, t->sample_n, sizeof(uint32_t));
    tw_free_array(t->alloc, s->ids_own, t->sample_n, sizeof(uint32_t));
    tw_free_array(t->alloc, s->taken_own, t->pool_n / 64 + 1, sizeof(uint64_t));
    tw_delete(t->alloc, s);
    t->scratch_own = NULL;
}

static void trainer_release(trainer *t)
{
    scratch_free(t);
    tw_free_array(t->alloc, t->pool_own, (size_t)t->pool_n * t->features_n, sizeof(float));
    tw_free_array(t->alloc, t->centre_own, t->features_n, sizeof(float));
    tw_free_array(t->alloc, t->tree_nodes_own, t->options->trees_n, sizeof(uint32_t));
    tw_free_array(t->alloc, t->raw_own, t->raw_cap, sizeof(twi_raw_node));
}

static tw_status allocate(trainer *t)
{
    t->pool_own = tw_new_array(t->alloc, (size_t)t->pool_n * t->features_n, sizeof(float));
    t->centre_own = tw_new_array(t->alloc, t->features_n, sizeof(float));
    t->tree_nodes_own = tw_new_array(t->alloc, t->options->trees_n, sizeof(uint32_t));
    tree_scratch *s = t->scratch_own = tw_new(t->alloc, tree_scratch);
    if (!t->pool_own || !t->centre_own || !t->tree_nodes_own || !s)
        return TW_NO_MEMORY;
    s->codes_own =
        tw_new_array(t->alloc, (size_t)t->tree_features_n * t->sample_n, sizeof(int16_t));
    s->rows_own = tw_new_array(t->alloc, t->sample_n, sizeof(uint32_t));
    s->ids_own = tw_new_array(t->alloc, t->sample_n, sizeof(uint32_t));
    s->taken_own = tw_new_array(t->alloc, t->pool_n / 64 + 1, sizeof(uint64_t));
    return s->codes_own && s->rows_own && s->ids_own && s->taken_own ? TW_OK : TW_NO_MEMORY;
}

static tw_status fetch_pool(trainer *t, tw_iforest_fetch fetch, void *ctx, size_t rows_n,
                            tw_err *err)
{
    tw_rng rng;
    tw_rng_init(&rng, t->options->seed, POOL_STREAM);
    TW_CHECK(t->pool_n >= 2);
    size_t base = rows_n / t->pool_n;
    size_t extra = rows_n % t->pool_n; // the first `extra` stretches are one longer
    if (base >= UINT32_MAX)
        return tw_fail(err, TW_INVALID, "%zu rows are too many to draw from", rows_n);
    size_t start = 0;
    for (uint32_t k = 0; k < t->pool_n; k++) {
        size_t width = base + (k < extra);
        size_t row = start + (width > 1 ? tw_rng_below(&rng, (uint32_t)width) : 0);
        tw_status status = fetch(ctx, row, t->pool_own + (size_t)k * t->features_n);
        if (status != TW_OK)
            return tw_fail(err, status, "row %zu of the training data cannot be read", row);
        start += width;
    }
    return TW_OK;
}

// Median of the finite values of at most 1023 rows spread over the pool; 0 when there are none. It
// only sets where codes are finest, so a rough one will do.
static float feature_centre(const trainer *t, size_t feature)
{
    enum { MEDIAN_ROWS = 1023 };
    float values[MEDIAN_ROWS];
    size_t n = 0, rows = TW_MIN((size_t)MEDIAN_ROWS, (size_t)t->pool_n);
    for (size_t i = 0; i < rows; i++) {
        float v = t->pool_own[(i * t->pool_n / rows) * t->features_n + feature];
        if (v - v == 0.0f) // neither NaN nor infinite
            values[n++] = v;
    }
    size_t low = 0, high = n, middle = n / 2; // quickselect
    while (high > low + 1) {
        float pivot = values[low + (high - low) / 2];
        size_t less = low, equal = low, more = high;
        while (equal < more) {
            float v = values[equal];
            if (v < pivot) {
                values[equal++] = values[less];
                values[less++] = v;
            } else if (pivot < v) {
                values[equal] = values[--more];
                values[more] = v;
            } else {
                equal++;
            }
        }
        if (middle < less)
            high = less;
        else if (middle >= more)
            low = more;
        else
            return pivot;
    }
    return n ? values[middle] : 0.0f;
}

// A sample without replacement (R. W. Floyd's algorithm).
static void draw_sample(const trainer *t, tree_scratch *s)
{
    memset(s->taken_own, 0, (t->pool_n / 64 + 1) * sizeof(uint64_t));
    for (uint32_t i = 0; i < t->sample_n; i++) {
        uint32_t last = t->pool_n - t->sample_n + i;
        uint32_t row = tw_rng_below(&s->rng, last + 1);
        if (s->taken_own[row / 64] >> (row % 64) & 1)
            row = last;
        s->taken_own[row / 64] |= UINT64_C(1) << (row % 64);
        s->rows_own[i] = row;
        s->ids_own[i] = i;
    }
}

// Features of this tree: a partial shuffle of those that have a weight.
static void draw_features(const trainer *t, tree_scratch *s)
{
    uint8_t usable[TW_IFOREST_FEATURES_MAX];
    uint32_t n = 0;
    for (size_t f = 0; f < t->features_n; f++)
        if (weight_of(t, f) > 0.0)
            usable[n++] = (uint8_t)f;
    TW_CHECK(t->tree_features_n <= n);
    for (uint32_t i = 0; i < t->tree_features_n; i++) {
        uint32_t k = i + tw_rng_below(&s->rng, n - i);
        TW_DCHECK(k < n);
        uint8_t feature = usable[k];
        usable[k] = usable[i];
        usable[i] = feature;
        s->features[i] = feature;
        s->weights[i] = weight_of(t, feature);
    }
}

static void encode_sample(const trainer *t, tree_scratch *s)
{
    for (uint32_t i = 0; i < t->sample_n; i++) {
        const float *row = t->pool_own + (size_t)s->rows_own[i] * t->features_n;
        for (uint32_t k = 0; k < t->tree_features_n; k++) {
            uint8_t f = s->features[k];
            s->codes_own[(size_t)k * t->sample_n + i] =
                twi_code(row[f], t->centre_own[f], TWI_CODE_LOW);
        }
    }
}

// Range of the known codes of a node; false when they are all the same or there are none.
static bool code_range(const tree_scratch *s, const int16_t *codes, uint32_t node, int16_t *low,
                       int16_t *high)
{
    int16_t lowest = TWI_CODE_HIGH, highest = TWI_CODE_LOW;
    for (uint32_t i = s->begin[node]; i < s->end[node]; i++) {
        int16_t code = codes[s->ids_own[i]];
        if (code == TWI_CODE_LOW)
            continue;
        lowest = TW_MIN(lowest, code);
        highest = TW_MAX(highest, code);
    }
    *low = lowest;
    *high = highest;
    return lowest < highest;
}

// Draws a feature that the node's rows differ in, by weight; false when there is none.
static bool draw_cut_feature(const trainer *t, tree_scratch *s, uint32_t node,
                             uint32_t *feature_idx, int16_t *low, int16_t *high)
{
    uint8_t left[TW_IFOREST_FEATURES_MAX]; // indices of features not yet found constant
    uint32_t n = t->tree_features_n;
    for (uint32_t k = 0; k < n; k++)
        left[k] = (uint8_t)k;
    while (n > 0) {
        double total = 0.0;
        for (uint32_t k = 0; k < n; k++)
            total += s->weights[left[k]];
        double at = tw_rng_unit(&s->rng) * total;
        uint32_t chosen = 0;
        while (chosen + 1 < n && at >= s->weights[left[chosen]])
            at -= s->weights[left[chosen++]];
        *feature_idx = left[chosen];
        if (code_range(s, s->codes_own + (size_t)*feature_idx * t->sample_n, node, low, high))
            return true;
        left[chosen] = left[--n];
    }
    return false;
}

// A threshold uniform between the two values, in [low, high - 1].
static int16_t draw_threshold(tree_scratch *s, int16_t low, int16_t high)
{
    double from = twi_code_value(low), to = twi_code_value(high);
    double value = from + (to - from) * tw_rng_unit(&s->rng);
    int16_t code = twi_code((float)value, 0.0f, low);
    return (int16_t)TW_MAX((int)low, TW_MIN((int)code, high - 1));
}

// Groups the node's ids by side and returns where the right side begins. *missing_right says to
// which side missing values go, drawn in proportion to the known ones.
static uint32_t partition(tree_scratch *s, const int16_t *codes, uint32_t node, int16_t threshold,
                          bool *missing_right)
{
    uint32_t known = 0, right = 0, *ids = s->ids_own;
    for (uint32_t i = s->begin[node]; i < s->end[node]; i++) {
        int16_t code = codes[ids[i]];
        known += code != TWI_CODE_LOW;
        right += code > threshold;
    }
    *missing_right = tw_rng_below(&s->rng, known) < right;
    uint32_t at = s->begin[node], end = s->end[node];
    while (at < end) {
        int16_t code = codes[ids[at]];
        bool goes_right = code == TWI_CODE_LOW ? *missing_right : code > threshold;
        if (!goes_right) {
            at++;
            continue;
        }
        uint32_t id = ids[at];
        ids[at] = ids[--end];
        ids[end] = id;
    }
    return at;
}

static void add_node(tree_scratch *s, uint32_t begin, uint32_t end, uint8_t depth)
{
    uint32_t i = s->nodes_n++;
    TW_CHECK(i < TWI_TREE_NODES_MAX && begin < end);
    s->nodes[i] = (twi_raw_node){{.threshold = TWI_CODE_HIGH}, (uint16_t)(end - begin)};
    s->begin[i] = begin;
    s->end[i] = end;
    s->depth[i] = depth;
}

static void cut_node(const trainer *t, tree_scratch *s, uint32_t node)
{
    uint32_t feature_idx = 0;
    int16_t low, high;
    if (s->depth[node] >= t->height || s->end[node] - s->begin[node] < 2 ||
        !draw_cut_feature(t, s, node, &feature_idx, &low, &high))
        return;
    int16_t threshold = draw_threshold(s, low, high);
    bool missing_right = false;
    uint32_t middle = partition(s, s->codes_own + (size_t)feature_idx * t->sample_n, node,
                                threshold, &missing_right);
    uint32_t distance = s->nodes_n - node;
    TW_CHECK(distance >= 1 && distance <= UINT8_MAX);
    size_t slot = s->features[feature_idx] + (missing_right ? t->features_n : 0);
    s->nodes[node].node = (twi_node){threshold, (uint8_t)slot, (uint8_t)distance};
    add_node(s, s->begin[node], middle, (uint8_t)(s->depth[node] + 1));
    add_node(s, middle, s->end[node], (uint8_t)(s->depth[node] + 1));
}

static tw_status grow_tree(trainer *t, uint32_t tree)
{
    tree_scratch *s = t->scratch_own;
    tw_rng_init(&s->rng, t->options->seed, tree);
    draw_sample(t, s);
    draw_features(t, s);
    encode_sample(t, s);
    s->nodes_n = 0;
    add_node(s, 0, t->sample_n, 0);
    for (uint32_t node = 0; node < s->nodes_n; node++)
        cut_node(t, s, node);
    void *items = t->raw_own;
    size_t need = t->raw_n + s->nodes_n;
    TW_TRY(tw_grow(t->alloc, &items, &t->raw_cap, need, sizeof(twi_raw_node),
                   (size_t)TW_IFOREST_TREES_MAX * TWI_TREE_NODES_MAX));
    t->raw_own = items;
    memcpy(t->raw_own + t->raw_n, s->nodes, s->nodes_n * sizeof(twi_raw_node));
    t->raw_n = need;
    t->tree_nodes_own[tree] = s->nodes_n;
    return TW_OK;
}

// Ascending radix sort by bytes; the result is in keys.
static void sort_u32(uint32_t *keys, uint32_t *spare, size_t n)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        size_t at[257] = {0};
        for (size_t i = 0; i < n; i++)
            at[(keys[i] >> shift & 255) + 1]++;
        for (int b = 0; b < 256; b++)
            at[b + 1] += at[b];
        for (size_t i = 0; i < n; i++)
            spare[at[keys[i] >> shift & 255]++] = keys[i];
        uint32_t *swap = keys;
        keys = spare;
        spare = swap;
    }
}

// depths[n] ascending, so odd rows first. Knots at equal steps of rank and, in the top
// 1/BODY_KNOTS, at steps of 1/64 of what is left above.
static tw_status rank_curve(tw_iforest *forest, const uint32_t *depths, uint32_t n)
{
    double x[RANK_KNOTS_MAX], y[RANK_KNOTS_MAX];
    size_t knots_n = 1;
    x[0] = y[0] = 0.0;
    uint32_t body_step = (n + BODY_KNOTS - 1) / BODY_KNOTS;
    uint32_t above = n; // rows from here to the oddest; the knot is at depths[above - 1]
    while (above > 0) {
        uint32_t depth = depths[above - 1], first = above - 1, last = above;
        while (first > 0 && depths[first - 1] == depth)
            first--;
        while (last < n && depths[last] == depth)
            last++;
        double score = tw_iforest_score_of(forest, depth);
        double rank = ((double)(n - last) + (double)(last - first) / 2.0) / (double)n;
        TW_CHECK(knots_n + 1 < RANK_KNOTS_MAX);
        if (score > x[knots_n - 1] && rank > y[knots_n - 1]) {
            x[knots_n] = score;
            y[knots_n++] = rank;
        }
        uint32_t step = above > body_step ? body_step : TW_MAX(above / 64, 1u);
        above = TW_MIN(above - step, first); // past the ties
    }
    if (x[knots_n - 1] < 1.0) { // beyond the oddest row of the pool the rank still rises
        x[knots_n] = y[knots_n] = 1.0;
        knots_n++;
    }
    return tw_curve_new(forest->alloc, x, y, knots_n, &forest->rank_own, NULL);
}

static tw_status make_rank(trainer *t, tw_iforest *forest)
{
    uint32_t *depths = tw_new_array(t->alloc, t->pool_n, sizeof(uint32_t));
    uint32_t *spare = tw_new_array(t->alloc, t->pool_n, sizeof(uint32_t));
    tw_status status = TW_NO_MEMORY;
    if (depths && spare) {
        tw_iforest_depths(forest, TW_IFOREST_BEST, t->pool_own, t->pool_n, t->features_n, depths);
        sort_u32(depths, spare, t->pool_n);
        status = rank_curve(forest, depths, t->pool_n);
    }
    tw_free_array(t->alloc, depths, t->pool_n, sizeof(uint32_t));
    tw_free_array(t->alloc, spare, t->pool_n, sizeof(uint32_t));
    return status;
}

static tw_status train(trainer *t, tw_iforest **out)
{
    for (size_t f = 0; f < t->features_n; f++)
        t->centre_own[f] = feature_centre(t, f);
    for (uint32_t tree = 0; tree < t->options->trees_n; tree++)
        TW_TRY(grow_tree(t, tree));
    tw_iforest shape = {.seed = t->options->seed,
                        .features_n = (uint32_t)t->features_n,
                        .trees_n = t->options->trees_n,
                        .sample_n = t->sample_n,
                        .height = t->height,
                        .nodes_n = (uint32_t)t->raw_n};
    scratch_free(t);
    TW_TRY(twi_iforest_finish(t->alloc, &shape, t->centre_own, t->tree_nodes_own, t->raw_own, out));
    return make_rank(t, *out);
}

tw_status tw_iforest_train_rows(const tw_alloc *alloc, tw_iforest_fetch fetch, void *ctx,
                                size_t rows_n, size_t features_n, const tw_iforest_options *options,
                                tw_iforest **out, tw_err *err)
{
    *out = NULL;
    TW_TRY(check_options(options, rows_n, features_n, err));
    trainer t = {.alloc = alloc, .options = options, .features_n = features_n};
    plan(&t, rows_n);
    tw_status status = allocate(&t);
    if (status == TW_OK)
        status = fetch_pool(&t, fetch, ctx, rows_n, err);
    else
        tw_fail(err, status, "out of memory while an isolation forest was trained");
    if (status == TW_OK) {
        status = train(&t, out);
        if (status != TW_OK)
            tw_fail(err, status, "out of memory while an isolation forest was trained");
    }
    trainer_release(&t);
    if (status != TW_OK) {
        tw_iforest_free(*out);
        *out = NULL;
    }
    return status;
}

typedef struct matrix_source {
    const float *x;
    size_t features_n;
} matrix_source;

static tw_status matrix_row(void *ctx, size_t row_idx, float *out)
{
    const matrix_source *source = ctx;
    memcpy(out, source->x + row_idx * source->features_n, source->features_n * sizeof(float));
    return TW_OK;
}

tw_status tw_iforest_train(const tw_alloc *alloc, const float *x, size_t rows_n, size_t features_n,
                           const tw_iforest_options *options, tw_iforest **out, tw_err *err)
{
    matrix_source source = {x, features_n};
    return tw_iforest_train_rows(alloc, matrix_row, &source, rows_n, features_n, options, out, err);
}
