// SPDX-License-Identifier: Apache-2.0
//
// Shapley values of the path length for one row. For a leaf with the distinct features 1..d on its
// path, let one(j) be 1 when the row satisfies all cuts of feature j and zero(j) the share of
// training rows that do. The leaf's part of feature i is (Lundberg et al., 2018, rewritten as an
// integral over the share t of known features)
//   value * (one(i) - zero(i)) * integral over t in [0, 1] of prod over j != i of zero(j) + t
//   (one(j) - zero(j))
// whose integrand is a polynomial of degree d - 1 <= 7: four Gauss-Legendre points integrate it
// exactly.
//
// All leaves are done at once, at each point: going down, `product` is the product over the
// features of the path so far; going up, `sum` adds up value * product of the leaves below. An edge
// (named after its lower node) with feature i then gives (one - zero) * sum / factor to i; where an
// edge further up has the same feature, that one must not count these leaves again, so its part of
// them is taken out. All factors are above 0.
#include "iforest_internal.h"

#define POINTS 4

static const double point[POINTS] = {0.06943184420297371239, 0.33000947820757186760,
                                     0.66999052179242813240, 0.93056815579702628761};
static const double point_weight[POINTS] = {0.17392742256872692869, 0.32607257743127307131,
                                            0.32607257743127307131, 0.17392742256872692869};

typedef struct edge {
    double product[POINTS];
    double inverse[POINTS]; // 1 / factor of this edge's feature
    double sum[POINTS];
    double zero, gain; // gain is one - zero
    uint16_t parent;   // upper node
    uint16_t same;     // nearest edge above with the same feature, 0 = none
    uint8_t feature;
    bool one;
} edge;

// Number of the nearest edge at or above `node` with the feature, 0 when there is none.
static uint32_t find_same(const edge *edges, uint32_t node, uint8_t feature)
{
    while (node != 0 && edges[node].feature != feature)
        node = edges[node].parent;
    return node;
}

static void edge_init(edge *edges, uint32_t at, uint32_t parent, uint32_t same, uint8_t feature,
                      double share, bool satisfied)
{
    edge *e = &edges[at];
    e->parent = (uint16_t)parent;
    e->same = (uint16_t)same;
    e->feature = feature;
    e->one = edges[same].one && satisfied;
    e->zero = edges[same].zero * share;
    e->gain = (e->one ? 1.0 : 0.0) - e->zero;
    for (int m = 0; m < POINTS; m++) {
        double factor = e->zero + point[m] * e->gain;
        e->product[m] = edges[parent].product[m] * edges[same].inverse[m] * factor;
        e->inverse[m] = 1.0 / factor;
        e->sum[m] = 0.0;
    }
}

static void go_down(const tw_iforest *forest, uint32_t start, uint32_t n, const int16_t *codes,
                    edge *edges)
{
    const uint16_t *counts = forest->counts_own + start;
    edges[0] = (edge){.zero = 1.0, .one = true}; // the root: as if no feature were cut yet
    for (int m = 0; m < POINTS; m++)
        edges[0].product[m] = edges[0].inverse[m] = 1.0;
    for (uint32_t i = 0; i < n; i++) {
        twi_node cut = twi_unpack(forest->nodes_own[start + i]);
        if (!cut.child)
            continue;
        uint8_t feature = (uint8_t)(cut.slot % forest->features_n);
        bool goes_right = codes[cut.slot] > cut.threshold;
        uint32_t same = find_same(edges, i, feature), left = i + cut.child;
        double inverse = 1.0 / (double)counts[i];
        edge_init(edges, left, i, same, feature, (double)counts[left] * inverse, !goes_right);
        edge_init(edges, left + 1, i, same, feature, (double)counts[left + 1] * inverse,
                  goes_right);
    }
}

static double part_of(const edge *of, const double *sum)
{
    double total = 0.0;
    for (int m = 0; m < POINTS; m++)
        total += sum[m] * of->inverse[m];
    return total * of->gain;
}

static void go_up(const uint32_t *nodes, const uint16_t *values, uint32_t n, edge *edges,
                  double *out)
{
    for (uint32_t i = n; i-- > 1;) {
        edge *e = &edges[i];
        if (!twi_unpack(nodes[i]).child)
            for (int m = 0; m < POINTS; m++)
                e->sum[m] = (double)values[i] * point_weight[m] * e->product[m];
        for (int m = 0; m < POINTS; m++)
            edges[e->parent].sum[m] += e->sum[m];
        double part = part_of(e, e->sum);
        if (e->same)
            part -= part_of(&edges[e->same], e->sum);
        out[e->feature] += part;
    }
}

// Adds one tree's Shapley values to out and gives its expected path length.
static double tree_explain(const tw_iforest *forest, uint32_t start, uint32_t n,
                           const int16_t *codes, double *out)
{
    edge edges[TWI_TREE_NODES_MAX];
    const uint16_t *counts = forest->counts_own + start, *values = forest->values_own + start;
    go_down(forest, start, n, codes, edges);
    go_up(forest->nodes_own + start, values, n, edges, out);
    uint64_t total = 0; // values of inner nodes are 0
    for (uint32_t i = 0; i < n; i++)
        total += (uint64_t)values[i] * counts[i];
    return (double)total / (double)counts[0];
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
