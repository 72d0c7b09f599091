// SPDX-License-Identifier: Apache-2.0
//
// Made-up boosted trees for tests and benchmarks, from the seeded generator: of any shape, with
// covers that add up, thresholds where the rows of model_data.h have values.
#ifndef TILLWATCH_TESTS_GBT_RANDOM_H
#define TILLWATCH_TESTS_GBT_RANDOM_H

#include <stdlib.h>

#include "base/rng.h"
#include "model/gbt.h"

typedef struct gbt_random_options {
    size_t trees_n, inputs_n;
    uint32_t depth;        // at most 16
    uint32_t leaf_percent; // chance that a node above the depth is a leaf
    uint32_t cuts_n;       // different thresholds of an input
    size_t nodes_max;      // of one tree
    tw_gbt_objective objective;
    float base_margin;
    uint64_t seed;
} gbt_random_options;

// The arrays of a tree, to fill and to hand to tw_gbt_new.
typedef struct gbt_random_tree {
    int32_t *left, *right;
    uint32_t *input, *depth;
    float *value, *cover, *gain;
    bool *missing_left;
    size_t n;
} gbt_random_tree;

static inline void gbt_random_split(gbt_random_tree *t, size_t i, const gbt_random_options *o,
                                    tw_rng *rng)
{
    uint32_t input = tw_rng_below(rng, (uint32_t)o->inputs_n), cut = tw_rng_below(rng, o->cuts_n);
    double u = ((double)cut + 0.37) / (double)o->cuts_n, share = 0.05 + 0.9 * tw_rng_unit(rng);
    t->input[i] = input;
    if (input % 4 == 0)
        t->value[i] = (float)(5.0 / (1.0 - u * 0.9));
    else if (input % 4 == 1)
        t->value[i] = (float)(12.0 * u);
    else
        t->value[i] = (float)(input % 4 == 2 ? u * 0.2 - 0.05 : 24.0 * u);
    t->missing_left[i] = tw_rng_below(rng, 2) == 1;
    t->gain[i] = (float)tw_rng_unit(rng);
    for (int side = 0; side < 2; side++) {
        size_t child = t->n++;
        *(side ? &t->right[i] : &t->left[i]) = (int32_t)child;
        t->depth[child] = t->depth[i] + 1;
        t->cover[child] = (float)((double)t->cover[i] * (side ? 1.0 - share : share));
    }
}

static inline void gbt_random_fill(gbt_random_tree *t, const gbt_random_options *o, tw_rng *rng)
{
    t->n = 1;
    t->depth[0] = 0;
    t->cover[0] = 1000.0f;
    for (size_t i = 0; i < t->n; i++) {
        t->left[i] = t->right[i] = -1;
        t->missing_left[i] = false;
        t->gain[i] = 0.0f;
        t->input[i] = 0;
        t->value[i] = (float)(tw_rng_unit(rng) - 0.5);
        bool is_leaf = t->depth[i] == o->depth || t->n + 2 > o->nodes_max ||
                       tw_rng_below(rng, 100) < o->leaf_percent;
        if (!is_leaf)
            gbt_random_split(t, i, o, rng);
    }
}

static inline tw_gbt *gbt_random_new(const gbt_random_options *o)
{
    tw_rng rng;
    tw_rng_init(&rng, o->seed, 0);
    gbt_random_tree *made = calloc(o->trees_n, sizeof(*made));
    tw_gbt_tree *trees = calloc(o->trees_n, sizeof(*trees));
    for (size_t k = 0; k < o->trees_n; k++) {
        gbt_random_tree *t = &made[k];
        t->left = calloc(o->nodes_max, sizeof(int32_t));
        t->right = calloc(o->nodes_max, sizeof(int32_t));
        t->input = calloc(o->nodes_max, sizeof(uint32_t));
        t->depth = calloc(o->nodes_max, sizeof(uint32_t));
        t->value = calloc(o->nodes_max, sizeof(float));
        t->cover = calloc(o->nodes_max, sizeof(float));
        t->gain = calloc(o->nodes_max, sizeof(float));
        t->missing_left = calloc(o->nodes_max, sizeof(bool));
        gbt_random_fill(t, o, &rng);
        trees[k] = (tw_gbt_tree){t->left,         t->right, t->input, t->value,
                                 t->missing_left, t->cover, t->gain,  t->n};
    }
    tw_gbt *gbt = NULL;
    tw_status status = tw_gbt_new(tw_alloc_system(), trees, o->trees_n, o->inputs_n, o->objective,
                                  o->base_margin, &gbt, NULL);
    TW_CHECK(status == TW_OK);
    for (size_t k = 0; k < o->trees_n; k++) {
        free(made[k].left), free(made[k].right), free(made[k].input), free(made[k].depth);
        free(made[k].value), free(made[k].cover), free(made[k].gain), free(made[k].missing_left);
    }
    free(made);
    free(trees);
    return gbt;
}

// The definition, node by node.
static inline float gbt_naive_margin(const tw_gbt *gbt, const float *row)
{
    float sum = tw_gbt_base_margin(gbt);
    for (size_t k = 0; k < tw_gbt_trees_n(gbt); k++) {
        tw_gbt_tree t;
        tw_gbt_tree_get(gbt, k, &t);
        size_t i = 0;
        while (t.left[i] >= 0) {
            float x = row[t.input[i]];
            bool left = x != x ? t.missing_left[i] : x < t.value[i];
            i = (size_t)(left ? t.left[i] : t.right[i]);
        }
        sum += t.value[i];
    }
    return sum;
}

#endif
