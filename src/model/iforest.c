// SPDX-License-Identifier: Apache-2.0
//
// The forest as an object: from trees to the two forms that are scored, scores and ranks from path
// lengths. Training is in iforest_train.c, scoring in iforest_score.c and iforest_avx512.c.
#include "iforest_internal.h"

double twi_iforest_c(uint32_t n)
{
    if (n < 2)
        return 0.0;
    double harmonic = 0.0;
    for (uint32_t i = 1; i < n; i++)
        harmonic += 1.0 / (double)i;
    return 2.0 * harmonic - 2.0 * (double)(n - 1) / (double)n;
}

// 2^-x for x >= 0 from plain operations: the Taylor series of e^t for the part within half a step,
// |t| <= ln(2) / 2, whose 15th term is below half a unit in the last place; then halving.
static double power_of_half(double x)
{
    static const double inverse_factorial[] = {1.0,
                                               1.0,
                                               1.0 / 2,
                                               1.0 / 6,
                                               1.0 / 24,
                                               1.0 / 120,
                                               1.0 / 720,
                                               1.0 / 5040,
                                               1.0 / 40320,
                                               1.0 / 362880,
                                               1.0 / 3628800,
                                               1.0 / 39916800,
                                               1.0 / 479001600,
                                               1.0 / 6227020800,
                                               1.0 / 87178291200};
    if (x >= 63.0)
        return 0x1.0p-63;
    int whole = (int)(x + 0.5);
    double t = ((double)whole - x) * 0.693147180559945309417232121458;
    double sum = inverse_factorial[14];
    for (int i = 13; i >= 0; i--)
        sum = sum * t + inverse_factorial[i];
    return sum / (double)(UINT64_C(1) << whole);
}

static void tree_values(tw_iforest *forest, uint32_t start, uint32_t n, const double *c_table)
{
    uint8_t depth[TWI_TREE_NODES_MAX] = {0};
    for (uint32_t i = 0; i < n; i++) {
        uint8_t child = twi_unpack(forest->nodes_own[start + i]).child;
        if (child) {
            depth[i + child] = depth[i + child + 1] = (uint8_t)(depth[i] + 1);
        } else {
            double length = (double)depth[i] + c_table[forest->counts_own[start + i]];
            forest->values_own[start + i] = (uint16_t)(length * TWI_DEPTH_ONE + 0.5);
        }
    }
}

// Cuts of one tree; *at is the number of cuts of the trees before it.
static void tree_cuts(tw_iforest *forest, uint32_t tree, uint32_t start, uint32_t n, uint32_t *at)
{
    uint16_t leftmost[TWI_TREE_NODES_MAX];
    uint8_t cut_of[TWI_TREE_NODES_MAX];
    uint8_t cut_n = 0;
    for (uint32_t i = 0; i < n; i++)
        cut_of[i] = twi_unpack(forest->nodes_own[start + i]).child ? cut_n++ : TWI_CUT_NONE;
    for (uint32_t i = n; i-- > 0;) { // children come after their parents
        twi_node node = twi_unpack(forest->nodes_own[start + i]);
        if (!node.child) {
            leftmost[i] = forest->values_own[start + i];
            continue;
        }
        uint32_t left = i + node.child;
        leftmost[i] = leftmost[left];
        forest->cuts_own[*at + cut_of[i]] =
            (twi_cut){.threshold = node.threshold,
                      .step = (uint16_t)(leftmost[left + 1] - leftmost[left]),
                      .slot = node.slot,
                      .left = cut_of[left],
                      .right = cut_of[left + 1]};
    }
    forest->leftmost_own[tree] = leftmost[0];
    *at += cut_n;
}

static tw_status allocate(tw_iforest *forest)
{
    const tw_alloc *alloc = forest->alloc;
    forest->centre_own = tw_new_array(alloc, forest->features_n, sizeof(float));
    forest->tree_start_own = tw_new_array(alloc, forest->trees_n + 1, sizeof(uint32_t));
    forest->nodes_own = tw_new_array(alloc, forest->nodes_n, sizeof(uint32_t));
    forest->values_own = tw_new_array(alloc, (size_t)forest->nodes_n + 1, sizeof(uint16_t));
    forest->counts_own = tw_new_array(alloc, forest->nodes_n, sizeof(uint16_t));
    forest->cut_start_own = tw_new_array(alloc, forest->trees_n + 1, sizeof(uint32_t));
    forest->cuts_own = tw_new_array(alloc, forest->cuts_n, sizeof(twi_cut));
    forest->leftmost_own = tw_new_array(alloc, forest->trees_n, sizeof(uint16_t));
    bool complete = forest->centre_own && forest->tree_start_own && forest->nodes_own &&
                    forest->values_own && forest->counts_own && forest->cut_start_own &&
                    forest->cuts_own && forest->leftmost_own;
    return complete ? TW_OK : TW_NO_MEMORY;
}

static void fill(tw_iforest *forest, const uint32_t *tree_nodes_n, const twi_raw_node *raw,
                 double *c_table)
{
    double harmonic = 0.0; // the same additions as in twi_iforest_c, one table for all leaves
    for (uint32_t n = 2; n <= forest->sample_n; n++) {
        harmonic += 1.0 / (double)(n - 1);
        c_table[n] = 2.0 * harmonic - 2.0 * (double)(n - 1) / (double)n;
    }
    for (uint32_t i = 0; i < forest->nodes_n; i++) {
        forest->nodes_own[i] = twi_pack(raw[i].node);
        forest->counts_own[i] = raw[i].count;
    }
    uint32_t start = 0, cut = 0;
    for (uint32_t tree = 0; tree < forest->trees_n; tree++) {
        uint32_t n = tree_nodes_n[tree];
        TW_CHECK(n >= 1 && n <= TWI_TREE_NODES_MAX && n <= forest->nodes_n - start);
        forest->tree_start_own[tree] = start;
        forest->cut_start_own[tree] = cut;
        tree_values(forest, start, n, c_table);
        tree_cuts(forest, tree, start, n, &cut);
        start += n;
    }
    TW_CHECK(start == forest->nodes_n && cut == forest->cuts_n);
    forest->tree_start_own[forest->trees_n] = start;
    forest->cut_start_own[forest->trees_n] = cut;
    forest->depth_scale =
        1.0 / ((double)forest->trees_n * TWI_DEPTH_ONE * twi_iforest_c(forest->sample_n));
}

tw_status twi_iforest_finish(const tw_alloc *alloc, const tw_iforest *shape, const float *centre,
                             const uint32_t *tree_nodes_n, const twi_raw_node *raw,
                             tw_iforest **out)
{
    *out = NULL;
    tw_iforest *forest = tw_new(alloc, tw_iforest);
    if (!forest)
        return TW_NO_MEMORY;
    *forest = *shape;
    forest->alloc = alloc;
    forest->cuts_n = 0;
    for (uint32_t i = 0; i < forest->nodes_n; i++)
        forest->cuts_n += raw[i].node.child != 0;
    tw_status status = allocate(forest);
    double *c_table = tw_new_array(alloc, (size_t)forest->sample_n + 1, sizeof(double));
    if (status != TW_OK || !c_table) {
        tw_free_array(alloc, c_table, (size_t)forest->sample_n + 1, sizeof(double));
        tw_iforest_free(forest);
        return TW_NO_MEMORY;
    }
    memcpy(forest->centre_own, centre, forest->features_n * sizeof(float));
    fill(forest, tree_nodes_n, raw, c_table);
    tw_free_array(alloc, c_table, (size_t)forest->sample_n + 1, sizeof(double));
    *out = forest;
    return TW_OK;
}

void tw_iforest_free(tw_iforest *forest)
{
    if (!forest)
        return;
    const tw_alloc *alloc = forest->alloc;
    tw_free_array(alloc, forest->centre_own, forest->features_n, sizeof(float));
    tw_free_array(alloc, forest->tree_start_own, forest->trees_n + 1, sizeof(uint32_t));
    tw_free_array(alloc, forest->nodes_own, forest->nodes_n, sizeof(uint32_t));
    tw_free_array(alloc, forest->values_own, (size_t)forest->nodes_n + 1, sizeof(uint16_t));
    tw_free_array(alloc, forest->counts_own, forest->nodes_n, sizeof(uint16_t));
    tw_free_array(alloc, forest->cut_start_own, forest->trees_n + 1, sizeof(uint32_t));
    tw_free_array(alloc, forest->cuts_own, forest->cuts_n, sizeof(twi_cut));
    tw_free_array(alloc, forest->leftmost_own, forest->trees_n, sizeof(uint16_t));
    tw_curve_free(forest->rank_own);
    tw_delete(alloc, forest);
}

size_t tw_iforest_features_n(const tw_iforest *forest)
{
    return forest->features_n;
}
size_t tw_iforest_trees_n(const tw_iforest *forest)
{
    return forest->trees_n;
}
size_t tw_iforest_sample_n(const tw_iforest *forest)
{
    return forest->sample_n;
}
size_t tw_iforest_nodes_n(const tw_iforest *forest)
{
    return forest->nodes_n;
}
uint64_t tw_iforest_seed(const tw_iforest *forest)
{
    return forest->seed;
}

double twi_iforest_score_at(const tw_iforest *forest, double depth)
{
    return power_of_half(depth * forest->depth_scale);
}

double tw_iforest_score_of(const tw_iforest *forest, uint32_t depth)
{
    return twi_iforest_score_at(forest, (double)depth);
}

double tw_iforest_rank(const tw_iforest *forest, double score)
{
    return tw_curve_at(forest->rank_own, score);
}
