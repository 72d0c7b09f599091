// SPDX-License-Identifier: Apache-2.0
//
// Making of boosted trees from any node order, their checks, and what can be asked about them.
// Nodes are renumbered breadth-first; nodes that no branch reaches (XGBoost keeps pruned ones) are
// left out.
#include <math.h>

#include "gbt_plan.h"

tw_status twi_gbt_nodes_init(twi_gbt_nodes *nodes, const tw_alloc *alloc, size_t n)
{
    nodes->n = n;
    nodes->left_own = tw_new_array(alloc, n, sizeof(int32_t));
    nodes->right_own = tw_new_array(alloc, n, sizeof(int32_t));
    nodes->input_own = tw_new_array(alloc, n, sizeof(uint32_t));
    nodes->value_own = tw_new_array(alloc, n, sizeof(float));
    nodes->missing_own = tw_new_array(alloc, n, sizeof(bool));
    nodes->cover_own = tw_new_array(alloc, n, sizeof(float));
    nodes->gain_own = tw_new_array(alloc, n, sizeof(float));
    bool is_whole = nodes->left_own && nodes->right_own && nodes->input_own && nodes->value_own &&
                    nodes->missing_own && nodes->cover_own && nodes->gain_own;
    return is_whole ? TW_OK : TW_NO_MEMORY;
}

void twi_gbt_nodes_release(twi_gbt_nodes *nodes, const tw_alloc *alloc)
{
    tw_free_array(alloc, nodes->left_own, nodes->n, sizeof(int32_t));
    tw_free_array(alloc, nodes->right_own, nodes->n, sizeof(int32_t));
    tw_free_array(alloc, nodes->input_own, nodes->n, sizeof(uint32_t));
    tw_free_array(alloc, nodes->value_own, nodes->n, sizeof(float));
    tw_free_array(alloc, nodes->missing_own, nodes->n, sizeof(bool));
    tw_free_array(alloc, nodes->cover_own, nodes->n, sizeof(float));
    tw_free_array(alloc, nodes->gain_own, nodes->n, sizeof(float));
}

tw_gbt_tree twi_gbt_nodes_view(const twi_gbt_nodes *nodes, size_t start, size_t n)
{
    return (tw_gbt_tree){.left = nodes->left_own + start,
                         .right = nodes->right_own + start,
                         .input = nodes->input_own + start,
                         .value = nodes->value_own + start,
                         .missing_left = nodes->missing_own + start,
                         .cover = nodes->cover_own + start,
                         .gain = nodes->gain_own + start,
                         .nodes_n = n};
}

static bool is_finite(float v)
{
    return v - v == 0.0f;
}

// What is needed while the nodes of one tree are put into order.
typedef struct ordering {
    int32_t *order_own; // [nodes_max], old index of each node in its new place
    uint8_t *depth_own; // [nodes_max], 1 + depth by old index, 0 = not reached
    size_t nodes_max;
    size_t n; // nodes reached
    uint32_t depth;
} ordering;

static const char *node_fault(const tw_gbt_tree *tree, size_t i, size_t inputs_n)
{
    if (!is_finite(tree->value[i]))
        return "a node has no finite value";
    if (!is_finite(tree->cover[i]) || tree->cover[i] < 0.0f)
        return "a node has no finite cover of at least 0";
    if (tree->left[i] == -1)
        return tree->right[i] == -1 ? NULL : "a node has one child";
    if (tree->left[i] < 1 || tree->right[i] < 1 || (size_t)tree->left[i] >= tree->nodes_n ||
        (size_t)tree->right[i] >= tree->nodes_n)
        return "a node has a child that does not exist";
    if (tree->input[i] >= inputs_n)
        return "a node splits on an input that does not exist";
    return is_finite(tree->gain[i]) ? NULL : "a split has no finite gain";
}

// Fills the order of the tree's nodes; NULL or what is wrong.
static const char *order_nodes(const tw_gbt_tree *tree, size_t inputs_n, ordering *o)
{
    TW_CHECK(o->depth_own && o->order_own && tree->nodes_n <= o->nodes_max);
    memset(o->depth_own, 0, tree->nodes_n);
    o->order_own[0] = 0;
    o->depth_own[0] = 1;
    o->n = 1;
    o->depth = 0;
    for (size_t k = 0; k < o->n; k++) {
        size_t i = (size_t)o->order_own[k];
        const char *fault = node_fault(tree, i, inputs_n);
        if (fault)
            return fault;
        o->depth = o->depth_own[i] - 1u;
        if (tree->left[i] == -1)
            continue;
        if (o->depth >= TW_GBT_DEPTH_MAX)
            return "it is deeper than 16 splits";
        const int32_t child[2] = {tree->left[i], tree->right[i]};
        for (int side = 0; side < 2; side++) {
            if (o->depth_own[child[side]])
                return "a node is reached on two ways";
            o->depth_own[child[side]] = (uint8_t)(o->depth_own[i] + 1);
            o->order_own[o->n++] = child[side];
        }
    }
    return NULL;
}

static tw_status ordering_init(ordering *o, const tw_alloc *alloc, const tw_gbt_tree *trees,
                               size_t trees_n, tw_err *err)
{
    size_t total = 0;
    for (size_t t = 0; t < trees_n; t++) {
        if (trees[t].nodes_n < 1)
            return tw_fail(err, TW_INVALID, "tree %zu has no nodes", t);
        if (trees[t].nodes_n > TW_GBT_NODES_MAX - total)
            return tw_fail(err, TW_LIMIT, "boosted trees have at most %d nodes", TW_GBT_NODES_MAX);
        total += trees[t].nodes_n;
        o->nodes_max = TW_MAX(o->nodes_max, trees[t].nodes_n);
    }
    o->order_own = tw_new_array(alloc, o->nodes_max, sizeof(int32_t));
    o->depth_own = tw_new_array(alloc, o->nodes_max, sizeof(uint8_t));
    if (!o->order_own || !o->depth_own)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for boosted trees");
    return TW_OK;
}

static void ordering_release(ordering *o, const tw_alloc *alloc)
{
    tw_free_array(alloc, o->order_own, o->nodes_max, sizeof(int32_t));
    tw_free_array(alloc, o->depth_own, o->nodes_max, sizeof(uint8_t));
}

// Checks all trees; start, nodes_n and depth are known then.
static tw_status measure(tw_gbt *gbt, const tw_gbt_tree *trees, ordering *o, tw_err *err)
{
    size_t total = 0;
    for (size_t t = 0; t < gbt->trees_n; t++) {
        const char *fault = order_nodes(&trees[t], gbt->inputs_n, o);
        if (fault)
            return tw_fail(err, TW_INVALID, "tree %zu is no tree to score with: %s", t, fault);
        gbt->start_own[t] = (uint32_t)total;
        total += o->n;
        gbt->depth = TW_MAX(gbt->depth, o->depth);
    }
    gbt->start_own[gbt->trees_n] = (uint32_t)total;
    gbt->nodes.n = total;
    return TW_OK;
}

static void copy_tree(tw_gbt *gbt, const tw_gbt_tree *tree, size_t start, const ordering *o)
{
    int32_t next = 1;
    for (size_t k = 0; k < o->n; k++) {
        size_t from = (size_t)o->order_own[k], to = start + k;
        bool is_leaf = tree->left[from] == -1;
        gbt->nodes.left_own[to] = is_leaf ? -1 : next;
        gbt->nodes.right_own[to] = is_leaf ? -1 : next + 1;
        next += is_leaf ? 0 : 2;
        gbt->nodes.input_own[to] = is_leaf ? 0 : tree->input[from];
        gbt->nodes.missing_own[to] = !is_leaf && tree->missing_left[from];
        gbt->nodes.value_own[to] = tree->value[from];
        gbt->nodes.cover_own[to] = tree->cover[from];
        gbt->nodes.gain_own[to] = is_leaf ? 0.0f : tree->gain[from];
    }
}

static tw_status fill(tw_gbt *gbt, const tw_gbt_tree *trees, ordering *o, tw_err *err)
{
    gbt->start_own = tw_new_array(gbt->alloc, gbt->trees_n + 1, sizeof(uint32_t));
    if (!gbt->start_own)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for boosted trees");
    TW_TRY(measure(gbt, trees, o, err));
    if (twi_gbt_nodes_init(&gbt->nodes, gbt->alloc, gbt->nodes.n) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for boosted trees of %zu nodes",
                       gbt->nodes.n);
    for (size_t t = 0; t < gbt->trees_n; t++) {
        const char *fault = order_nodes(&trees[t], gbt->inputs_n, o);
        TW_CHECK(!fault);
        copy_tree(gbt, &trees[t], gbt->start_own[t], o);
    }
    tw_status status = twi_gbt_plan_new(gbt, &gbt->plan_own);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "out of memory for boosted trees");
}

static tw_status check_shape(size_t trees_n, size_t inputs_n, tw_gbt_objective objective,
                             float base_margin, tw_err *err)
{
    if (trees_n < 1 || trees_n > TW_GBT_TREES_MAX)
        return tw_fail(err, trees_n ? TW_LIMIT : TW_INVALID, "%zu boosted trees; 1 to %d can be",
                       trees_n, TW_GBT_TREES_MAX);
    if (inputs_n < 1 || inputs_n > TW_GBT_INPUTS_MAX)
        return tw_fail(err, inputs_n ? TW_LIMIT : TW_INVALID,
                       "boosted trees of %zu inputs; 1 to %d can be", inputs_n, TW_GBT_INPUTS_MAX);
    if ((unsigned)objective >= TW_GBT_OBJECTIVE_N)
        return tw_fail(err, TW_INVALID, "boosted trees of an unknown objective %d", (int)objective);
    if (!is_finite(base_margin))
        return tw_fail(err, TW_INVALID, "the base margin of boosted trees is not a number");
    return TW_OK;
}

tw_status tw_gbt_new(const tw_alloc *alloc, const tw_gbt_tree *trees, size_t trees_n,
                     size_t inputs_n, tw_gbt_objective objective, float base_margin, tw_gbt **out,
                     tw_err *err)
{
    *out = NULL;
    TW_TRY(check_shape(trees_n, inputs_n, objective, base_margin, err));
    tw_gbt *gbt = tw_new(alloc, tw_gbt);
    if (!gbt)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for boosted trees");
    gbt->alloc = alloc;
    gbt->trees_n = trees_n;
    gbt->inputs_n = inputs_n;
    gbt->objective = objective;
    gbt->base_margin = base_margin + 0.0f;
    ordering o = {0};
    tw_status status = ordering_init(&o, alloc, trees, trees_n, err);
    if (status == TW_OK)
        status = fill(gbt, trees, &o, err);
    ordering_release(&o, alloc);
    if (status != TW_OK)
        tw_gbt_free(gbt);
    else
        *out = gbt;
    return status;
}

void tw_gbt_free(tw_gbt *gbt)
{
    if (!gbt)
        return;
    const tw_alloc *alloc = gbt->alloc;
    tw_free_array(alloc, gbt->start_own, gbt->trees_n + 1, sizeof(uint32_t));
    twi_gbt_nodes_release(&gbt->nodes, alloc);
    twi_gbt_plan_free(alloc, gbt->plan_own);
    tw_delete(alloc, gbt);
}

const char *tw_gbt_objective_name(tw_gbt_objective objective)
{
    static const char *const names[] = {
#define X(name, text) text,
        TW_GBT_OBJECTIVES(X)
#undef X
    };
    return (unsigned)objective < TW_GBT_OBJECTIVE_N ? names[objective] : "unknown";
}

size_t tw_gbt_inputs_n(const tw_gbt *gbt)
{
    return gbt->inputs_n;
}
size_t tw_gbt_trees_n(const tw_gbt *gbt)
{
    return gbt->trees_n;
}
size_t tw_gbt_nodes_n(const tw_gbt *gbt)
{
    return gbt->nodes.n;
}
tw_gbt_objective tw_gbt_objective_of(const tw_gbt *gbt)
{
    return gbt->objective;
}
float tw_gbt_base_margin(const tw_gbt *gbt)
{
    return gbt->base_margin;
}

void tw_gbt_tree_get(const tw_gbt *gbt, size_t tree_idx, tw_gbt_tree *out)
{
    TW_CHECK(tree_idx < gbt->trees_n);
    size_t start = gbt->start_own[tree_idx];
    *out = twi_gbt_nodes_view(&gbt->nodes, start, gbt->start_own[tree_idx + 1] - start);
}

void tw_gbt_importance(const tw_gbt *gbt, double *out)
{
    double total = 0.0;
    for (size_t i = 0; i < gbt->inputs_n; i++)
        out[i] = 0.0;
    for (size_t k = 0; k < gbt->nodes.n; k++) {
        double gain =
            gbt->nodes.left_own[k] < 0 ? 0.0 : (double)TW_MAX(gbt->nodes.gain_own[k], 0.0f);
        out[gbt->nodes.input_own[k]] += gain;
        total += gain;
    }
    for (size_t i = 0; i < gbt->inputs_n && total > 0.0; i++)
        out[i] /= total;
}

double tw_gbt_transform(const tw_gbt *gbt, float margin)
{
    return twi_gbt_has_logit(gbt->objective) ? 1.0 / (1.0 + exp(-(double)margin)) : (double)margin;
}

float twi_gbt_logit(float probability)
{
    return -logf(1.0f / probability - 1.0f) + 0.0f;
}

bool twi_gbt_has_logit(tw_gbt_objective objective)
{
    return objective == TW_GBT_LOGISTIC || objective == TW_GBT_REG_LOGISTIC;
}
