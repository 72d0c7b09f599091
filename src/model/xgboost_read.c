// SPDX-License-Identifier: Apache-2.0
//
// From XGBoost's document to boosted trees. What this program cannot score exactly as XGBoost does
// is refused with its name: other boosters and objectives, several outputs, categorical splits.
// All trees of the file are scored, as Booster.predict does; attributes such as best_iteration do
// not change that.
#include <math.h>

#include "gbt_internal.h"
#include "model/xgboost.h"
#include "xgboost_doc.h"

// What is read before the trees can be made.
typedef struct reading {
    const tw_alloc *alloc;
    tw_err *err;
    size_t inputs_n, trees_n;
    tw_gbt_objective objective;
    float base_margin;
    tw_gbt_tree *trees_own; // [trees_n]
    twi_gbt_nodes nodes;
} reading;

static tw_status missing(tw_err *err, const char *what)
{
    return tw_fail(err, TW_CORRUPT, "the XGBoost model has no proper %s", what);
}

// A parameter: a number as text, or plain.
static bool parameter(twi_xval object, const char *key, double *out)
{
    twi_xval value = twi_xval_get(object, key);
    tw_str text;
    return twi_xval_text(value, &text) ? tw_str_to_f64(text, out) : twi_xval_number(value, out);
}

// For a sentence: at most 40 bytes.
static tw_str printable(tw_str name)
{
    bool good = name.bytes > 0 && name.bytes <= 40 && tw_str_is_utf8(name);
    return good ? name : TW_STR("(unnamed)");
}

static tw_status read_objective(twi_xval learner, reading *r)
{
    tw_str name;
    if (!twi_xval_text(twi_xval_get(twi_xval_get(learner, "objective"), "name"), &name))
        return missing(r->err, "objective");
    for (int i = 0; i < TW_GBT_OBJECTIVE_N; i++) {
        if (tw_str_equal(name, tw_str_from(tw_gbt_objective_name((tw_gbt_objective)i)))) {
            r->objective = (tw_gbt_objective)i;
            return TW_OK;
        }
    }
    return tw_fail(r->err, TW_UNSUPPORTED,
                   "models of the XGBoost objective %.*s cannot be scored; binary:logistic, "
                   "binary:logitraw, reg:logistic and reg:squarederror can",
                   TW_STR_ARG(printable(name)));
}

// base_score is "5E-1", or "[5E-1]" since 3.1: a list with one number to each output.
static tw_status read_base_score(twi_xval params, reading *r)
{
    tw_str text = TW_STR_NONE;
    double score = 0.0;
    twi_xval value = twi_xval_get(params, "base_score");
    bool good = twi_xval_number(value, &score);
    if (twi_xval_text(value, &text)) {
        if (text.bytes >= 2 && text.at[0] == '[' && text.at[text.bytes - 1] == ']')
            text = (tw_str){text.at + 1, text.bytes - 2};
        if (text.bytes && memchr(text.at, ',', text.bytes))
            return tw_fail(r->err, TW_UNSUPPORTED,
                           "the XGBoost model has several outputs; models with one can be scored");
        good = tw_str_to_f64(text, &score);
    }
    if (!good)
        return missing(r->err, "base_score");
    r->base_margin = (float)score;
    if (!twi_gbt_has_logit(r->objective))
        return TW_OK;
    if (!(r->base_margin > 0.0f && r->base_margin < 1.0f))
        return tw_fail(r->err, TW_CORRUPT,
                       "the base_score of the XGBoost model is no probability between 0 and 1");
    r->base_margin = twi_gbt_logit(r->base_margin);
    return TW_OK;
}

static tw_status read_params(twi_xval learner, reading *r)
{
    twi_xval params = twi_xval_get(learner, "learner_model_param");
    double features = 0.0, classes = 0.0, targets = 1.0;
    if (!parameter(params, "num_feature", &features) || !(features >= 1.0))
        return missing(r->err, "num_feature");
    if (features > TW_GBT_INPUTS_MAX)
        return tw_fail(r->err, TW_LIMIT, "the XGBoost model has %.0f features; %d can be", features,
                       TW_GBT_INPUTS_MAX);
    r->inputs_n = (size_t)features;
    (void)parameter(params, "num_class", &classes);
    (void)parameter(params, "num_target", &targets);
    if (classes > 1.0 || targets > 1.0)
        return tw_fail(r->err, TW_UNSUPPORTED,
                       "the XGBoost model has several outputs; models with one can be scored");
    return read_base_score(params, r);
}

static tw_status find_trees(twi_xval learner, twi_xval *trees, reading *r)
{
    twi_xval booster = twi_xval_get(learner, "gradient_booster");
    tw_str name;
    if (!twi_xval_text(twi_xval_get(booster, "name"), &name))
        return missing(r->err, "gradient_booster");
    if (!tw_str_equal(name, TW_STR("gbtree")))
        return tw_fail(r->err, TW_UNSUPPORTED,
                       "models of the XGBoost booster %.*s cannot be scored; train with "
                       "booster=gbtree",
                       TW_STR_ARG(printable(name)));
    *trees = twi_xval_get(twi_xval_get(booster, "model"), "trees");
    r->trees_n = twi_xval_count(*trees);
    if (r->trees_n == SIZE_MAX)
        return missing(r->err, "list of trees");
    if (r->trees_n < 1 || r->trees_n > TW_GBT_TREES_MAX)
        return tw_fail(r->err, TW_LIMIT, "the XGBoost model has %zu trees; 1 to %d can be",
                       r->trees_n, TW_GBT_TREES_MAX);
    return TW_OK;
}

static tw_status count_nodes(twi_xval trees, size_t *nodes_n, reading *r)
{
    twi_xitems items;
    twi_xval tree;
    size_t total = 0;
    bool is_array = twi_xitems_init(trees, &items);
    TW_CHECK(is_array);
    for (size_t t = 0; twi_xitems_next(&items, &tree); t++) {
        size_t n = twi_xval_count(twi_xval_get(tree, "left_children"));
        if (n == SIZE_MAX || n < 1)
            return tw_fail(r->err, TW_CORRUPT, "tree %zu of the XGBoost model has no nodes", t);
        if (n > TW_GBT_NODES_MAX - total)
            return tw_fail(r->err, TW_LIMIT, "the XGBoost model has more than %d nodes",
                           TW_GBT_NODES_MAX);
        total += n;
    }
    *nodes_n = total;
    return TW_OK;
}

typedef struct column {
    const char *key;
    void *out; // [n] of int32_t, uint32_t, float or bool; NULL = must be 0 everywhere
    enum { COLUMN_INT, COLUMN_UINT, COLUMN_FLOAT, COLUMN_BOOL, COLUMN_ZERO } kind;
} column;

static bool column_set(const column *c, size_t i, double v)
{
    if (c->kind == COLUMN_FLOAT)
        ((float *)c->out)[i] = (float)v;
    else if (c->kind == COLUMN_INT && v >= -1.0 && v < 2147483648.0)
        ((int32_t *)c->out)[i] = (int32_t)v;
    else if (c->kind == COLUMN_UINT && v >= 0.0 && v < 4294967296.0)
        ((uint32_t *)c->out)[i] = (uint32_t)v;
    else if (c->kind == COLUMN_BOOL)
        ((bool *)c->out)[i] = v != 0.0;
    else
        return c->kind == COLUMN_ZERO && v == 0.0;
    return true;
}

static tw_status read_column(twi_xval tree, size_t tree_idx, size_t n, const column *c, tw_err *err)
{
    twi_xval values = twi_xval_get(tree, c->key);
    twi_xitems items;
    twi_xval item;
    double v = 0.0;
    if (twi_xval_count(values) != n || !twi_xitems_init(values, &items))
        return tw_fail(err, TW_CORRUPT,
                       "tree %zu of the XGBoost model has not one number in %s for each node",
                       tree_idx, c->key);
    for (size_t i = 0; twi_xitems_next(&items, &item); i++) {
        if (!twi_xval_number(item, &v))
            return tw_fail(err, TW_CORRUPT,
                           "tree %zu of the XGBoost model has no number in %s[%zu]", tree_idx,
                           c->key, i);
        if (!column_set(c, i, v))
            return c->kind == COLUMN_ZERO
                       ? tw_fail(err, TW_UNSUPPORTED,
                                 "tree %zu of the XGBoost model has a categorical split; encode "
                                 "categories as numbers before training",
                                 tree_idx)
                       : tw_fail(err, TW_CORRUPT,
                                 "tree %zu of the XGBoost model has an impossible %s[%zu]",
                                 tree_idx, c->key, i);
    }
    return TW_OK;
}

static tw_status read_tree(twi_xval tree, size_t tree_idx, size_t start, reading *r)
{
    twi_gbt_nodes *nodes = &r->nodes;
    size_t n = twi_xval_count(twi_xval_get(tree, "left_children"));
    const column columns[] = {
        {"left_children", nodes->left_own + start, COLUMN_INT},
        {"right_children", nodes->right_own + start, COLUMN_INT},
        {"split_indices", nodes->input_own + start, COLUMN_UINT},
        {"split_conditions", nodes->value_own + start, COLUMN_FLOAT},
        {"default_left", nodes->missing_own + start, COLUMN_BOOL},
        {"loss_changes", nodes->gain_own + start, COLUMN_FLOAT},
        {"sum_hessian", nodes->cover_own + start, COLUMN_FLOAT},
        {"split_type", NULL, COLUMN_ZERO},
    };
    for (size_t i = 0; i < TW_COUNT(columns); i++) {
        bool is_optional = columns[i].kind == COLUMN_ZERO; // absent before categorical splits
        twi_xval values = twi_xval_get(tree, columns[i].key);
        if (is_optional && !values.json && !values.ub.type)
            continue;
        TW_TRY(read_column(tree, tree_idx, n, &columns[i], r->err));
    }
    r->trees_own[tree_idx] = twi_gbt_nodes_view(nodes, start, n);
    return TW_OK;
}

static tw_status read_trees(twi_xval trees, reading *r)
{
    size_t nodes_n = 0, start = 0;
    TW_TRY(count_nodes(trees, &nodes_n, r));
    r->trees_own = tw_new_array(r->alloc, r->trees_n, sizeof(tw_gbt_tree));
    if (!r->trees_own || twi_gbt_nodes_init(&r->nodes, r->alloc, nodes_n) != TW_OK)
        return tw_fail(r->err, TW_NO_MEMORY, "out of memory for an XGBoost model");
    twi_xitems items;
    twi_xval tree;
    bool is_array = twi_xitems_init(trees, &items);
    TW_CHECK(is_array);
    for (size_t t = 0; twi_xitems_next(&items, &tree); t++) {
        TW_TRY(read_tree(tree, t, start, r));
        start += r->trees_own[t].nodes_n;
    }
    return TW_OK;
}

// Two passes: how many bytes of names, then their copies.
static tw_status read_names(twi_xval learner, reading *r, tw_xgboost *out)
{
    twi_xval names = twi_xval_get(learner, "feature_names"), item;
    twi_xitems items;
    tw_str name;
    size_t n = twi_xval_count(names);
    if (n == SIZE_MAX || n == 0)
        return TW_OK;
    if (n != r->inputs_n)
        return tw_fail(r->err, TW_CORRUPT,
                       "the XGBoost model has %zu feature names for %zu features", n, r->inputs_n);
    size_t bytes = 0;
    bool is_array = twi_xitems_init(names, &items);
    for (; is_array && twi_xitems_next(&items, &item); bytes += name.bytes)
        if (!twi_xval_text(item, &name) || !tw_str_is_utf8(name))
            return missing(r->err, "list of feature names");
    out->names_n = n;
    out->text_bytes = bytes;
    out->names_own = tw_new_array(r->alloc, n, sizeof(tw_str));
    out->text_own = tw_new_array(r->alloc, bytes, 1);
    if (!out->names_own || !out->text_own)
        return tw_fail(r->err, TW_NO_MEMORY, "out of memory for an XGBoost model");
    is_array = twi_xitems_init(names, &items);
    char *at = out->text_own;
    for (size_t i = 0; is_array && twi_xitems_next(&items, &item); i++) {
        bool is_text = twi_xval_text(item, &name);
        TW_CHECK(is_text);
        if (name.bytes)
            memcpy(at, name.at, name.bytes);
        out->names_own[i] = (tw_str){at, name.bytes};
        at += name.bytes;
    }
    return TW_OK;
}

static tw_status read_learner(twi_xval root, reading *r, tw_xgboost *out)
{
    twi_xval learner = twi_xval_get(root, "learner"), trees = {0};
    if (!twi_xval_is_object(learner))
        return tw_fail(r->err, TW_SYNTAX, "not an XGBoost model: it has no learner");
    TW_TRY(find_trees(learner, &trees, r));
    TW_TRY(read_objective(learner, r));
    TW_TRY(read_params(learner, r));
    TW_TRY(read_names(learner, r, out));
    TW_TRY(read_trees(trees, r));
    tw_status status = tw_gbt_new(r->alloc, r->trees_own, r->trees_n, r->inputs_n, r->objective,
                                  r->base_margin, &out->gbt_own, r->err);
    if (status == TW_INVALID) {
        status = TW_CORRUPT;
        if (r->err)
            r->err->status = status;
    }
    return status;
}

tw_status tw_xgboost_read(const tw_alloc *alloc, tw_str data, tw_xgboost *out, tw_err *err)
{
    *out = (tw_xgboost){0};
    if (data.bytes > TW_XGBOOST_MAX_BYTES)
        return tw_fail(err, TW_LIMIT, "the XGBoost model has %zu bytes; the limit is %d",
                       data.bytes, TW_XGBOOST_MAX_BYTES);
    twi_xdoc doc;
    twi_xval root;
    TW_TRY(twi_xdoc_open(alloc, data, &doc, &root, err));
    reading r = {.alloc = alloc, .err = err};
    tw_status status = read_learner(root, &r, out);
    twi_xdoc_release(&doc);
    tw_free_array(alloc, r.trees_own, r.trees_n, sizeof(tw_gbt_tree));
    twi_gbt_nodes_release(&r.nodes, alloc);
    if (status != TW_OK)
        tw_xgboost_release(alloc, out);
    return status;
}

void tw_xgboost_release(const tw_alloc *alloc, tw_xgboost *model)
{
    tw_gbt_free(model->gbt_own);
    tw_free_array(alloc, model->names_own, model->names_n, sizeof(tw_str));
    tw_free_array(alloc, model->text_own, model->text_bytes, 1);
    *model = (tw_xgboost){0};
}
