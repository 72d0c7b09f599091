// SPDX-License-Identifier: Apache-2.0
//
// Boosted trees as XGBoost 1.7 and later load them. The same members are written in both forms by
// one walk through a small writer. What XGBoost knows and we do not keep is filled in so that every
// prediction and contribution stays the same: base_weights of inner nodes are the mean of their
// leaves by cover, which no prediction uses; the parameters of the training are left at defaults.
#include <math.h>
#include <stdio.h>

#include "gbt_internal.h"
#include "model/xgboost.h"
#include "ubjson.h"

#define NO_PARENT INT32_MAX

typedef struct writer {
    tw_buf *buf;
    bool is_ubjson;
    bool needs_comma;
} writer;

static void json_text(tw_buf *buf, tw_str text)
{
    tw_buf_u8(buf, '"');
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x20)
            tw_buf_printf(buf, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            tw_buf_printf(buf, "\\%c", c);
        else
            tw_buf_u8(buf, c);
    }
    tw_buf_u8(buf, '"');
}

static void item(writer *w)
{
    if (!w->is_ubjson && w->needs_comma)
        tw_buf_u8(w->buf, ',');
    w->needs_comma = true;
}

static void key(writer *w, const char *name)
{
    if (w->is_ubjson) {
        twi_ubjson_put_key(w->buf, name);
        return;
    }
    item(w);
    json_text(w->buf, tw_str_from(name));
    tw_buf_u8(w->buf, ':');
    w->needs_comma = false;
}

static void text_value(writer *w, tw_str text)
{
    item(w);
    if (w->is_ubjson)
        twi_ubjson_put_text(w->buf, text);
    else
        json_text(w->buf, text);
}

static void text(writer *w, const char *name, const char *value)
{
    key(w, name);
    text_value(w, tw_str_from(value));
}

static void count(writer *w, const char *name, size_t value)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", value);
    text(w, name, digits);
}

static void open_object(writer *w)
{
    item(w);
    tw_buf_u8(w->buf, '{');
    w->needs_comma = false;
}

static void object(writer *w, const char *name)
{
    key(w, name);
    open_object(w);
}

static void object_end(writer *w)
{
    tw_buf_u8(w->buf, '}');
    w->needs_comma = true;
}

// Begins an array of n values: of numbers of a UBJSON type, or with type 0 of anything.
static void array(writer *w, const char *name, char type, size_t n)
{
    key(w, name);
    if (w->is_ubjson)
        twi_ubjson_put_array(w->buf, type, n);
    else
        tw_buf_u8(w->buf, '[');
    w->needs_comma = false;
}

static void array_end(writer *w)
{
    if (!w->is_ubjson)
        tw_buf_u8(w->buf, ']');
    w->needs_comma = true;
}

// Shortest of 9 digits that XGBoost takes for a real number, in any locale.
static void float_text(char out[32], float v)
{
    snprintf(out, 24, "%.9g", (double)v);
    bool is_real = false;
    for (char *c = out; *c; c++) {
        if (*c == ',')
            *c = '.';
        is_real |= *c == '.' || *c == 'e';
    }
    if (!is_real)
        snprintf(out + strlen(out), 4, "E0");
}

static void float_item(writer *w, float v)
{
    if (w->is_ubjson) {
        uint32_t bits;
        memcpy(&bits, &v, sizeof(bits));
        twi_ubjson_put_u32(w->buf, bits);
        return;
    }
    char digits[32];
    float_text(digits, v);
    item(w);
    tw_buf_cstr(w->buf, digits);
}

static void int_item(writer *w, int32_t v)
{
    if (w->is_ubjson) {
        twi_ubjson_put_u32(w->buf, (uint32_t)v);
        return;
    }
    item(w);
    tw_buf_printf(w->buf, "%d", (int)v);
}

static void byte_item(writer *w, uint8_t v)
{
    item(w);
    if (w->is_ubjson)
        tw_buf_u8(w->buf, v);
    else
        tw_buf_printf(w->buf, "%d", (int)v);
}

// An integer that stands alone: with its type.
static void integer_value(writer *w, size_t v)
{
    item(w);
    if (w->is_ubjson)
        twi_ubjson_put_length(w->buf, v); // 'L' and the number
    else
        tw_buf_printf(w->buf, "%zu", v);
}

static void floats(writer *w, const char *name, const float *values, size_t n)
{
    array(w, name, 'd', n);
    for (size_t i = 0; i < n; i++)
        float_item(w, values[i]);
    array_end(w);
}

static void ints(writer *w, const char *name, const int32_t *values, size_t n)
{
    array(w, name, 'l', n);
    for (size_t i = 0; i < n; i++)
        int_item(w, values[i]);
    array_end(w);
}

static void empty(writer *w, const char *name, char type)
{
    array(w, name, type, 0);
    array_end(w);
}

// scratch[nodes_n] of a tree: parents, then weights of inner nodes, children first.
static void tree_links(writer *w, const tw_gbt_tree *tree, int32_t *parents, float *weights)
{
    size_t n = tree->nodes_n;
    parents[0] = NO_PARENT;
    for (size_t i = n; i-- > 0;) {
        weights[i] = tree->value[i];
        if (tree->left[i] < 0)
            continue;
        size_t left = (size_t)tree->left[i], right = (size_t)tree->right[i];
        parents[left] = parents[right] = (int32_t)i;
        double a = (double)tree->cover[left], b = (double)tree->cover[right];
        double share = a + b > 0.0 ? a / (a + b) : 0.5;
        weights[i] =
            (float)((double)weights[left] * share + (double)weights[right] * (1.0 - share));
    }
    floats(w, "base_weights", weights, n);
    ints(w, "parents", parents, n);
}

static void tree_splits(writer *w, const tw_gbt_tree *tree)
{
    size_t n = tree->nodes_n;
    floats(w, "loss_changes", tree->gain, n);
    ints(w, "left_children", tree->left, n);
    ints(w, "right_children", tree->right, n);
    floats(w, "split_conditions", tree->value, n);
    array(w, "split_indices", 'l', n);
    for (size_t i = 0; i < n; i++)
        int_item(w, (int32_t)tree->input[i]);
    array_end(w);
    array(w, "split_type", 'U', n);
    for (size_t i = 0; i < n; i++)
        byte_item(w, 0);
    array_end(w);
    array(w, "default_left", 'U', n);
    for (size_t i = 0; i < n; i++)
        byte_item(w, tree->missing_left[i]);
    array_end(w);
    floats(w, "sum_hessian", tree->cover, n);
}

static void write_tree(writer *w, const tw_gbt *gbt, size_t tree_idx, int32_t *parents,
                       float *weights)
{
    tw_gbt_tree tree;
    tw_gbt_tree_get(gbt, tree_idx, &tree);
    open_object(w);
    tree_links(w, &tree, parents, weights);
    empty(w, "categories", 'l');
    empty(w, "categories_nodes", 'l');
    empty(w, "categories_segments", 'L');
    empty(w, "categories_sizes", 'L');
    key(w, "id");
    integer_value(w, tree_idx);
    tree_splits(w, &tree);
    object(w, "tree_param");
    text(w, "num_deleted", "0");
    count(w, "num_feature", gbt->inputs_n);
    count(w, "num_nodes", tree.nodes_n);
    text(w, "size_leaf_vector", "0");
    object_end(w);
    object_end(w);
}

static void write_booster(writer *w, const tw_gbt *gbt, int32_t *parents, float *weights)
{
    object(w, "gradient_booster");
    object(w, "model");
    object(w, "gbtree_model_param");
    text(w, "num_parallel_tree", "1");
    count(w, "num_trees", gbt->trees_n);
    text(w, "size_leaf_vector", "0");
    object_end(w);
    array(w, "tree_info", 0, gbt->trees_n);
    for (size_t t = 0; t < gbt->trees_n; t++)
        integer_value(w, 0);
    array_end(w);
    array(w, "trees", 0, gbt->trees_n);
    for (size_t t = 0; t < gbt->trees_n; t++)
        write_tree(w, gbt, t, parents, weights);
    array_end(w);
    object_end(w);
    text(w, "name", "gbtree");
    object_end(w);
}

// The base_score whose logit is the margin, or the nearest that a float can say.
static float base_score(const tw_gbt *gbt)
{
    float margin = gbt->base_margin;
    if (!twi_gbt_has_logit(gbt->objective))
        return margin;
    float best = (float)(1.0 / (1.0 + exp(-(double)margin)));
    best = TW_MIN(TW_MAX(best, 1e-37f), 0x1.fffffep-1f);
    for (int side = -1; side <= 1; side += 2) {
        float score = best;
        for (int i = 0; i < 8 && twi_gbt_logit(best) != margin; i++) {
            score = nextafterf(score, side < 0 ? 0.0f : 1.0f);
            if (score > 0.0f && score < 1.0f && twi_gbt_logit(score) == margin)
                best = score;
        }
    }
    return best;
}

static void write_learner(writer *w, const tw_gbt *gbt, const tw_str *names, int32_t *parents,
                          float *weights)
{
    char score[32];
    object(w, "learner");
    object(w, "attributes");
    object_end(w);
    array(w, "feature_names", 0, names ? gbt->inputs_n : 0);
    for (size_t i = 0; names && i < gbt->inputs_n; i++)
        text_value(w, names[i]);
    array_end(w);
    array(w, "feature_types", 0, names ? gbt->inputs_n : 0);
    for (size_t i = 0; names && i < gbt->inputs_n; i++)
        text_value(w, TW_STR("float"));
    array_end(w);
    write_booster(w, gbt, parents, weights);
    object(w, "learner_model_param");
    float_text(score, base_score(gbt));
    text(w, "base_score", score);
    text(w, "boost_from_average", "0");
    text(w, "num_class", "0");
    count(w, "num_feature", gbt->inputs_n);
    text(w, "num_target", "1");
    object_end(w);
    object(w, "objective");
    text(w, "name", tw_gbt_objective_name(gbt->objective));
    object(w, "reg_loss_param");
    text(w, "scale_pos_weight", "1");
    object_end(w);
    object_end(w);
    object_end(w);
}

tw_status tw_xgboost_write(const tw_alloc *alloc, const tw_gbt *gbt, const tw_str *names,
                           tw_xgboost_form form, tw_buf *out, tw_err *err)
{
    size_t n = 0;
    for (size_t t = 0; t < gbt->trees_n; t++)
        n = TW_MAX(n, (size_t)(gbt->start_own[t + 1] - gbt->start_own[t]));
    int32_t *parents = tw_new_array(alloc, n, sizeof(int32_t));
    float *weights = tw_new_array(alloc, n, sizeof(float));
    tw_status status = parents && weights ? TW_OK : TW_NO_MEMORY;
    if (status == TW_OK) {
        writer w = {.buf = out, .is_ubjson = form == TW_XGBOOST_UBJSON};
        open_object(&w);
        write_learner(&w, gbt, names, parents, weights);
        array(&w, "version", 0, 3);
        integer_value(&w, 1);
        integer_value(&w, 7);
        integer_value(&w, 4);
        array_end(&w);
        object_end(&w);
        status = out->status;
    }
    tw_free_array(alloc, parents, n, sizeof(int32_t));
    tw_free_array(alloc, weights, n, sizeof(float));
    return status == TW_OK
               ? TW_OK
               : tw_fail(err, status, "an XGBoost model does not fit in memory or its limit");
}
