// SPDX-License-Identifier: Apache-2.0
//
// The trees' part of a model file; offsets in docs/formats/model.md. Children are not stored: the
// order of the nodes says who they are, so what is read cannot have cycles.
#include "gbt_internal.h"

#define SECTION_VERSION 1
#define NODE_BYTES 14
#define INPUT_LEAF 0x8000u
#define INPUT_MISSING_LEFT 0x4000u
#define INPUT_MASK 0x3fffu

void tw_gbt_write(const tw_gbt *gbt, tw_buf *buf)
{
    tw_buf_u32(buf, SECTION_VERSION);
    tw_buf_u32(buf, (uint32_t)gbt->objective);
    tw_buf_u32(buf, (uint32_t)gbt->inputs_n);
    tw_buf_u32(buf, (uint32_t)gbt->trees_n);
    tw_buf_u32(buf, (uint32_t)gbt->nodes.n);
    tw_buf_f32(buf, gbt->base_margin);
    for (size_t t = 0; t < gbt->trees_n; t++)
        tw_buf_u32(buf, gbt->start_own[t + 1] - gbt->start_own[t]);
    for (size_t i = 0; i < gbt->nodes.n; i++) {
        uint32_t head = gbt->nodes.left_own[i] < 0 ? INPUT_LEAF : gbt->nodes.input_own[i];
        head |= gbt->nodes.missing_own[i] ? INPUT_MISSING_LEFT : 0;
        tw_buf_u16(buf, (uint16_t)head);
        tw_buf_f32(buf, gbt->nodes.value_own[i]);
        tw_buf_f32(buf, gbt->nodes.cover_own[i]);
        tw_buf_f32(buf, gbt->nodes.gain_own[i]);
    }
}

// What is read before the trees can be made.
typedef struct loading {
    const tw_alloc *alloc;
    tw_gbt shape; // counts, objective and arrays; not a usable object
    tw_gbt_tree *trees_own;
} loading;

static tw_status read_shape(tw_reader *reader, tw_gbt *shape, tw_err *err)
{
    uint32_t version = tw_read_u32(reader), objective = tw_read_u32(reader);
    shape->inputs_n = tw_read_u32(reader);
    shape->trees_n = tw_read_u32(reader);
    shape->nodes.n = tw_read_u32(reader);
    shape->base_margin = tw_read_f32(reader);
    if (reader->status != TW_OK)
        return tw_fail(err, TW_CORRUPT, "the boosted trees are cut short");
    if (version != SECTION_VERSION)
        return tw_fail(err, TW_UNSUPPORTED,
                       "the boosted trees have version %u; this program reads %d", version,
                       SECTION_VERSION);
    if (objective >= TW_GBT_OBJECTIVE_N)
        return tw_fail(err, TW_UNSUPPORTED, "the boosted trees have the unknown objective %u",
                       objective);
    shape->objective = (tw_gbt_objective)objective;
    if (shape->trees_n < 1 || shape->trees_n > TW_GBT_TREES_MAX)
        return tw_fail(err, TW_CORRUPT, "the boosted trees claim to be %zu", shape->trees_n);
    if (shape->inputs_n < 1 || shape->inputs_n > TW_GBT_INPUTS_MAX)
        return tw_fail(err, TW_CORRUPT, "the boosted trees claim %zu inputs", shape->inputs_n);
    if (shape->nodes.n < shape->trees_n || shape->nodes.n > TW_GBT_NODES_MAX ||
        tw_reader_left(reader) != shape->trees_n * 4 + shape->nodes.n * NODE_BYTES)
        return tw_fail(err, TW_CORRUPT, "the boosted trees claim %zu nodes, which cannot be",
                       shape->nodes.n);
    return TW_OK;
}

static tw_status read_starts(tw_reader *reader, loading *l, tw_err *err)
{
    tw_gbt *shape = &l->shape;
    size_t start = 0;
    for (size_t t = 0; t < shape->trees_n; t++) {
        size_t n = tw_read_u32(reader);
        if (n < 1 || n > shape->nodes.n - start)
            return tw_fail(err, TW_CORRUPT, "boosted tree %zu claims %zu nodes, which cannot be", t,
                           n);
        l->trees_own[t] = twi_gbt_nodes_view(&shape->nodes, start, n);
        start += n;
    }
    if (start != shape->nodes.n)
        return tw_fail(err, TW_CORRUPT, "the boosted trees have nodes that belong to no tree");
    return TW_OK;
}

static tw_status read_tree(tw_reader *reader, tw_gbt *shape, size_t tree, size_t start, size_t n,
                           tw_err *err)
{
    size_t next = 1;
    for (size_t i = start; i < start + n; i++) {
        uint32_t head = tw_read_u16(reader);
        bool is_leaf = head & INPUT_LEAF;
        shape->nodes.left_own[i] = is_leaf ? -1 : (int32_t)next;
        shape->nodes.right_own[i] = is_leaf ? -1 : (int32_t)next + 1;
        next += is_leaf ? 0 : 2;
        shape->nodes.input_own[i] = head & INPUT_MASK;
        shape->nodes.missing_own[i] = head & INPUT_MISSING_LEFT;
        shape->nodes.value_own[i] = tw_read_f32(reader);
        shape->nodes.cover_own[i] = tw_read_f32(reader);
        shape->nodes.gain_own[i] = tw_read_f32(reader);
        if (is_leaf && (head != INPUT_LEAF || shape->nodes.gain_own[i] != 0.0f))
            return tw_fail(err, TW_CORRUPT, "a leaf of boosted tree %zu has a split", tree);
    }
    if (next != n)
        return tw_fail(err, TW_CORRUPT, "boosted tree %zu has nodes missing or left over", tree);
    return TW_OK;
}

static tw_status read_all(tw_reader *reader, loading *l, tw_gbt **out, tw_err *err)
{
    tw_gbt *shape = &l->shape;
    l->trees_own = tw_new_array(l->alloc, shape->trees_n, sizeof(tw_gbt_tree));
    if (!l->trees_own || twi_gbt_nodes_init(&shape->nodes, l->alloc, shape->nodes.n) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for boosted trees");
    TW_TRY(read_starts(reader, l, err));
    size_t start = 0;
    for (size_t t = 0; t < shape->trees_n; start += l->trees_own[t].nodes_n, t++)
        TW_TRY(read_tree(reader, shape, t, start, l->trees_own[t].nodes_n, err));
    tw_status status = tw_gbt_new(l->alloc, l->trees_own, shape->trees_n, shape->inputs_n,
                                  shape->objective, shape->base_margin, out, err);
    if (status == TW_INVALID || status == TW_LIMIT) {
        if (err)
            err->status = TW_CORRUPT;
        status = TW_CORRUPT;
    }
    return status;
}

tw_status tw_gbt_read(const tw_alloc *alloc, const void *data, size_t bytes, tw_gbt **out,
                      tw_err *err)
{
    *out = NULL;
    tw_reader reader;
    tw_reader_init(&reader, data, bytes);
    loading l = {.alloc = alloc};
    TW_TRY(read_shape(&reader, &l.shape, err));
    tw_status status = read_all(&reader, &l, out, err);
    tw_free_array(alloc, l.trees_own, l.shape.trees_n, sizeof(tw_gbt_tree));
    twi_gbt_nodes_release(&l.shape.nodes, alloc);
    return status;
}
