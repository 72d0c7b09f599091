// SPDX-License-Identifier: Apache-2.0
//
// Shapley values of the margin for one row, for trees of any depth. For a leaf with the distinct
// inputs 1..d on its path, let one(j) be 1 when the row satisfies all splits on input j and zero(j)
// the share of training rows (by cover) that do. The leaf's part of input i is (Lundberg et al.,
// 2018, rewritten as an integral over the share t of known inputs)
//   value * (one(i) - zero(i)) * integral over t in [0, 1] of prod over j != i of zero(j) + t
//   (one(j) - zero(j))
// whose integrand is a polynomial of degree d - 1 <= 15: eight Gauss-Legendre points integrate it
// exactly, four do up to d = 8.
//
// The tree is walked depth-first with one frame to a level. Going down, `product` is the product
// over the inputs of the path so far; going up, `sum` adds up value * product of the leaves below.
// An edge (named after its lower node) with input i then gives (one - zero) * sum / factor to i;
// where an edge further up has the same input, that one must not count these leaves again, so its
// part of them is taken out. A factor of 0 means that no leaf below counts at all.
#include "gbt_lanes.h"

#define POINTS_MAX 8

typedef struct quadrature {
    uint32_t n;
    double point[POINTS_MAX], weight[POINTS_MAX];
} quadrature;

static const quadrature few = {4,
                               {0.06943184420297371239, 0.33000947820757186760,
                                0.66999052179242813240, 0.93056815579702628761},
                               {0.17392742256872692869, 0.32607257743127307131,
                                0.32607257743127307131, 0.17392742256872692869}};
static const quadrature many = {
    8,
    {0.01985507175123188416, 0.10166676129318663021, 0.23723379504183550710, 0.40828267875217509754,
     0.59171732124782490246, 0.76276620495816449290, 0.89833323870681336979,
     0.98014492824876811584},
    {0.05061426814518812957, 0.11119051722668723527, 0.15685332293894364366, 0.18134189168918099148,
     0.18134189168918099148, 0.15685332293894364366, 0.11119051722668723527,
     0.05061426814518812957}};

typedef struct frame {
    double product[POINTS_MAX];
    double inverse[POINTS_MAX]; // 1 / factor of this edge's input, 0 when the factor is
    double sum[POINTS_MAX];
    double zero, gain; // gain is one - zero
    double reach;      // share of training rows at the node
    size_t node;
    uint32_t input;
    uint32_t same;    // level of the nearest edge above with the same input, 0 = none
    uint32_t sides_n; // children visited
    bool one;
} frame;

typedef struct walk_state {
    const tw_gbt *gbt;
    const quadrature *q;
    const float *row;
    double *out;
    double expected;
    size_t start; // of the tree
    frame frames[TW_GBT_DEPTH_MAX + 1];
} walk_state;

static void push(walk_state *w, uint32_t level)
{
    frame *up = &w->frames[level], *f = &w->frames[level + 1];
    const twi_gbt_nodes *nodes = &w->gbt->nodes;
    bool is_left = up->sides_n++ == 0;
    size_t left = w->start + (size_t)nodes->left_own[up->node], right = left + 1;
    float x = w->row[nodes->input_own[up->node]];
    bool goes_left = x != x ? nodes->missing_own[up->node] : x < nodes->value_own[up->node];
    double cover = (double)nodes->cover_own[left] + (double)nodes->cover_own[right];
    f->node = is_left ? left : right;
    double share = cover > 0.0 ? (double)nodes->cover_own[f->node] / cover : 0.5;
    f->reach = up->reach * share;
    f->input = nodes->input_own[up->node];
    f->same = level;
    while (f->same != 0 && w->frames[f->same].input != f->input)
        f->same--;
    const frame *same = &w->frames[f->same];
    f->one = same->one && goes_left == is_left;
    f->zero = same->zero * share;
    f->gain = (f->one ? 1.0 : 0.0) - f->zero;
    f->sides_n = 0;
    for (uint32_t m = 0; m < w->q->n; m++) {
        double factor = f->zero + w->q->point[m] * f->gain;
        f->product[m] = up->product[m] * same->inverse[m] * factor;
        f->inverse[m] = factor > 0.0 ? 1.0 / factor : 0.0;
        f->sum[m] = 0.0;
    }
}

static double part_of(const quadrature *q, const frame *of, const double *sum)
{
    double total = 0.0;
    for (uint32_t m = 0; m < q->n; m++)
        total += sum[m] * of->inverse[m];
    return total * of->gain;
}

static void pop(walk_state *w, uint32_t level)
{
    frame *f = &w->frames[level], *up = f - 1;
    for (uint32_t m = 0; m < w->q->n; m++)
        up->sum[m] += f->sum[m];
    double part = part_of(w->q, f, f->sum);
    if (f->same)
        part -= part_of(w->q, &w->frames[f->same], f->sum);
    w->out[f->input] += part;
}

static void explain_tree(walk_state *w)
{
    uint32_t level = 0;
    frame *root = w->frames;
    *root = (frame){.zero = 1.0, .one = true, .reach = 1.0, .node = w->start};
    for (uint32_t m = 0; m < w->q->n; m++)
        root->product[m] = root->inverse[m] = 1.0;
    for (;;) {
        frame *f = &w->frames[level];
        bool is_leaf = w->gbt->nodes.left_own[f->node] < 0;
        if (!is_leaf && f->sides_n < 2) {
            push(w, level++);
            continue;
        }
        double value = is_leaf ? (double)w->gbt->nodes.value_own[f->node] : 0.0;
        if (is_leaf) {
            w->expected += value * f->reach;
            for (uint32_t m = 0; m < w->q->n; m++)
                f->sum[m] = value * w->q->weight[m] * f->product[m];
        }
        if (level == 0)
            break;
        pop(w, level--);
    }
}

static void explain_lanes(const tw_gbt *gbt, const float *row, double *out)
{
    const twi_gbt_plan *plan = gbt->plan_own;
    twi_gbt_codes codes;
    tw_gbt_path path = twi_gbt_best_path();
    if (path == TW_GBT_PATH_AVX512)
        twi_gbt_encode_avx512(gbt, row, &codes);
    else
        twi_gbt_encode(plan, row, &codes);
    for (size_t i = 0; i < plan->lanes_n; i++) {
        size_t tree = i * TWI_GBT_LANES, n = TW_MIN(gbt->trees_n - tree, (size_t)TWI_GBT_LANES);
        uint64_t right[TWI_GBT_LANES] = {0};
        if (path == TW_GBT_PATH_AVX512)
            twi_gbt_decide_avx512(plan, &codes, tree, n, right);
        else
            twi_gbt_decide(plan, &codes, tree, n, right);
        twi_gbt_lanes_explain(&plan->lanes[i], path, right, out);
    }
}

void tw_gbt_explain(const tw_gbt *gbt, const float *row, double *out, double *expected)
{
    for (size_t i = 0; i < gbt->inputs_n; i++)
        out[i] = 0.0;
    if (gbt->plan_own && gbt->plan_own->lanes_n > 0) {
        explain_lanes(gbt, row, out);
        *expected = gbt->plan_own->expected;
        return;
    }
    walk_state w = {.gbt = gbt, .q = gbt->depth <= 8 ? &few : &many, .row = row, .out = out};
    w.expected = (double)gbt->base_margin;
    for (size_t t = 0; t < gbt->trees_n; t++) {
        w.start = gbt->start_own[t];
        explain_tree(&w);
    }
    *expected = w.expected;
}
