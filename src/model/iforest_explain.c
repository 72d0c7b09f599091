// SPDX-License-Identifier: Apache-2.0
//
// Shapley values of the path length for one row. For a leaf with the distinct features 1..d on its
// path, let one(j) be 1 when the row satisfies all cuts of feature j and zero(j) the share of
// training rows that do. The leaf's part of feature i is (Lundberg et al., 2018, rewritten as an
// integral over the share t of known features)
//   value * (one(i) - zero(i)) * integral over t in [0, 1] of prod over j != i of zero(j) + t (one(j) - zero(j))
// whose integrand is a polynomial of degree d - 1 <= 7: four Gauss-Legendre points integrate it
// exactly.
#include "iforest_internal.h"

#define POINTS 4

static const double point[POINTS] = {0.06943184420297371239, 0.33000947820757186760,
                                     0.66999052179242813240, 0.93056815579702628761};
static const double point_weight[POINTS] = {0.17392742256872692869, 0.32607257743127307131,
                                            0.32607257743127307131, 0.17392742256872692869};

typedef struct leaf_path {
    uint32_t n; // distinct features
    uint32_t feature[TW_IFOREST_HEIGHT_MAX];
    double zero[TW_IFOREST_HEIGHT_MAX];
    double one[TW_IFOREST_HEIGHT_MAX];
} leaf_path;

static void path_add(leaf_path *path, uint32_t feature, double share, bool satisfied)
{
    uint32_t i = 0;
    while (i < path->n && path->feature[i] != feature)
        i++;
    if (i == path->n) {
        TW_DCHECK(path->n < TW_IFOREST_HEIGHT_MAX);
        path->feature[path->n++] = feature;
        path->zero[i] = path->one[i] = 1.0;
    }
    path->zero[i] *= share;
    path->one[i] *= satisfied ? 1.0 : 0.0;
}

static void leaf_explain(const leaf_path *path, double value, double *out)
{
    // before[i] is the product of the factors in front of i; the loop back carries that of those behind.
    double factor[TW_IFOREST_HEIGHT_MAX][POINTS], before[TW_IFOREST_HEIGHT_MAX][POINTS];
    double product[POINTS];
    for (int m = 0; m < POINTS; m++)
        product[m] = value * point_weight[m];
    for (uint32_t i = 0; i < path->n; i++)
        for (int m = 0; m < POINTS; m++) {
            factor[i][m] = path->zero[i] + point[m] * (path->one[i] - path->zero[i]);
            before[i][m] = product[m];
            product[m] *= factor[i][m];
        }
    double after[POINTS] = {1.0, 1.0, 1.0, 1.0};
    for (uint32_t i = path->n; i-- > 0;) {
        double integral = 0.0;
        for (int m = 0; m < POINTS; m++) {
            integral += before[i][m] * after[m];
            after[m] *= factor[i][m];
        }
        out[path->feature[i]] += (path->one[i] - path->zero[i]) * integral;
    }
}

// Adds one tree's Shapley values to out and gives its expected path length.
static double tree_explain(const tw_iforest *forest, uint32_t start, uint32_t n, const int16_t *codes,
                           double *out)
{
    const uint32_t *nodes = forest->nodes_own + start;
    const uint16_t *counts = forest->counts_own + start, *values = forest->values_own + start;
    uint16_t parent[TWI_TREE_NODES_MAX];
    double expected = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t child = twi_unpack(nodes[i]).child;
        if (child) {
            parent[i + child] = parent[i + child + 1] = (uint16_t)i;
            continue;
        }
        leaf_path path = {0};
        for (uint32_t at = i; at != 0; at = parent[at]) {
            twi_node cut = twi_unpack(nodes[parent[at]]);
            bool is_right = at != (uint32_t)parent[at] + cut.child;
            bool goes_right = codes[cut.slot] > cut.threshold;
            double share = (double)counts[at] / (double)counts[parent[at]];
            path_add(&path, cut.slot % forest->features_n, share, is_right == goes_right);
        }
        leaf_explain(&path, (double)values[i], out);
        expected += (double)values[i] * (double)counts[i] / (double)counts[0];
    }
    return expected;
}

void tw_iforest_explain(const tw_iforest *forest, const float *row, double *out, double *expected)
{
    int16_t codes[2 * TW_IFOREST_FEATURES_MAX];
    twi_iforest_encode(forest, row, codes);
    for (uint32_t f = 0; f < forest->features_n; f++)
        out[f] = 0.0;
    double expected_depth = 0.0, depth = 0.0;
    for (uint32_t tree = 0; tree < forest->trees_n; tree++) {
        uint32_t start = forest->tree_start_own[tree];
        expected_depth +=
            tree_explain(forest, start, forest->tree_start_own[tree + 1] - start, codes, out);
    }
    for (uint32_t f = 0; f < forest->features_n; f++)
        depth += out[f];
    // From path length to score along the chord between the expectation and this row.
    double score = tw_iforest_score(forest, row);
    *expected = twi_iforest_score_at(forest, expected_depth);
    double scale = depth != 0.0 ? (score - *expected) / depth : 0.0;
    for (uint32_t f = 0; f < forest->features_n; f++)
        out[f] *= scale;
}
