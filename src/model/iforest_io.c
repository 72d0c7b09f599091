// SPDX-License-Identifier: Apache-2.0
//
// The forest's section of a model file; offsets in docs/formats/model.md. Leaf values are not
// stored: they follow from depth and count. The reader accepts exactly the breadth-first form that
// the writer makes, which rules out cycles, shared children and unreachable nodes in one pass.
#include "iforest_internal.h"

#define SECTION_VERSION 1

void tw_iforest_write(const tw_iforest *forest, tw_buf *buf)
{
    tw_buf_u32(buf, SECTION_VERSION);
    tw_buf_u32(buf, forest->features_n);
    tw_buf_u32(buf, forest->trees_n);
    tw_buf_u32(buf, forest->sample_n);
    tw_buf_u32(buf, forest->height);
    tw_buf_u32(buf, forest->nodes_n);
    tw_buf_u64(buf, forest->seed);
    for (uint32_t f = 0; f < forest->features_n; f++)
        tw_buf_f32(buf, forest->centre_own[f]);
    for (uint32_t tree = 0; tree < forest->trees_n; tree++)
        tw_buf_u16(buf,
                   (uint16_t)(forest->tree_start_own[tree + 1] - forest->tree_start_own[tree]));
    for (uint32_t i = 0; i < forest->nodes_n; i++) {
        twi_node node = twi_unpack(forest->nodes_own[i]);
        tw_buf_u16(buf, (uint16_t)node.threshold);
        tw_buf_u8(buf, node.slot);
        tw_buf_u8(buf, node.child);
        tw_buf_u16(buf, forest->counts_own[i]);
    }
    tw_curve_write(forest->rank_own, buf);
}

// What is read before the forest can be made.
typedef struct loading {
    const tw_alloc *alloc;
    tw_iforest shape;
    float *centre_own;
    uint32_t *tree_nodes_own;
    twi_raw_node *raw_own;
} loading;

static void loading_release(loading *l)
{
    tw_free_array(l->alloc, l->centre_own, l->shape.features_n, sizeof(float));
    tw_free_array(l->alloc, l->tree_nodes_own, l->shape.trees_n, sizeof(uint32_t));
    tw_free_array(l->alloc, l->raw_own, l->shape.nodes_n, sizeof(twi_raw_node));
}

static tw_status read_shape(tw_reader *reader, tw_iforest *shape, tw_err *err)
{
    uint32_t version = tw_read_u32(reader);
    shape->features_n = tw_read_u32(reader);
    shape->trees_n = tw_read_u32(reader);
    shape->sample_n = tw_read_u32(reader);
    shape->height = tw_read_u32(reader);
    shape->nodes_n = tw_read_u32(reader);
    shape->seed = tw_read_u64(reader);
    if (reader->status != TW_OK)
        return tw_fail(err, TW_CORRUPT, "the isolation forest is cut short");
    if (version != SECTION_VERSION)
        return tw_fail(err, TW_UNSUPPORTED,
                       "the isolation forest has version %u; this program reads %d", version,
                       SECTION_VERSION);
    if (shape->features_n < 1 || shape->features_n > TW_IFOREST_FEATURES_MAX)
        return tw_fail(err, TW_CORRUPT, "the isolation forest claims %u features",
                       shape->features_n);
    if (shape->trees_n < 1 || shape->trees_n > TW_IFOREST_TREES_MAX)
        return tw_fail(err, TW_CORRUPT, "the isolation forest claims %u trees", shape->trees_n);
    if (shape->sample_n < 2 || shape->sample_n > TW_IFOREST_SAMPLE_MAX)
        return tw_fail(err, TW_CORRUPT, "the isolation forest claims samples of %u rows",
                       shape->sample_n);
    if (shape->height < 1 || shape->height > TW_IFOREST_HEIGHT_MAX)
        return tw_fail(err, TW_CORRUPT, "the isolation forest claims a height of %u",
                       shape->height);
    uint64_t fixed_bytes = shape->features_n * UINT64_C(4) + shape->trees_n * UINT64_C(2);
    if (shape->nodes_n < shape->trees_n ||
        shape->nodes_n > shape->trees_n * (uint32_t)TWI_TREE_NODES_MAX ||
        tw_reader_left(reader) < fixed_bytes + shape->nodes_n * UINT64_C(6))
        return tw_fail(err, TW_CORRUPT, "the isolation forest claims %u nodes, which cannot be",
                       shape->nodes_n);
    return TW_OK;
}

// Checks one tree of nodes[n] against the invariants of iforest_internal.h; NULL or what is wrong.
static const char *tree_fault(const tw_iforest *shape, const twi_raw_node *nodes, uint32_t n)
{
    uint8_t depth[TWI_TREE_NODES_MAX] = {0};
    uint32_t next_child = 1; // breadth-first: children follow in the order of their parents
    if (nodes[0].count != shape->sample_n)
        return "a tree does not begin with its whole sample";
    for (uint32_t i = 0; i < n; i++) {
        const twi_node *node = &nodes[i].node;
        if (i >= next_child)
            return "a node of a tree has no parent";
        if (nodes[i].count == 0)
            return "a node of a tree is empty";
        if (node->child == 0) {
            if (node->threshold != TWI_CODE_HIGH || node->slot != 0)
                return "a leaf of a tree has a cut";
            continue;
        }
        if (i + node->child != next_child || next_child + 2 > n)
            return "a node of a tree has children out of order";
        if (node->slot >= 2 * shape->features_n)
            return "a node of a tree cuts a feature that does not exist";
        if (node->threshold < -TWI_CODE_INF || node->threshold >= TWI_CODE_INF)
            return "a node of a tree has an impossible threshold";
        if (depth[i] >= shape->height)
            return "a tree is higher than it claims";
        if (nodes[next_child].count + nodes[next_child + 1].count != nodes[i].count)
            return "the rows of a tree's node do not add up";
        depth[next_child] = depth[next_child + 1] = (uint8_t)(depth[i] + 1);
        next_child += 2;
    }
    return next_child == n ? NULL : "a tree has nodes missing";
}

static tw_status read_trees(tw_reader *reader, loading *l, tw_err *err)
{
    for (uint32_t f = 0; f < l->shape.features_n; f++) {
        l->centre_own[f] = tw_read_f32(reader);
        if (l->centre_own[f] - l->centre_own[f] != 0.0f)
            return tw_fail(err, TW_CORRUPT, "the centre of feature %u is not a number", f);
    }
    for (uint32_t tree = 0; tree < l->shape.trees_n; tree++)
        l->tree_nodes_own[tree] = tw_read_u16(reader);
    for (uint32_t i = 0; i < l->shape.nodes_n; i++) {
        twi_raw_node *raw = &l->raw_own[i];
        raw->node.threshold = (int16_t)tw_read_u16(reader);
        raw->node.slot = tw_read_u8(reader);
        raw->node.child = tw_read_u8(reader);
        raw->count = tw_read_u16(reader);
    }
    if (reader->status != TW_OK)
        return tw_fail(err, TW_CORRUPT, "the isolation forest is cut short");
    uint32_t start = 0;
    for (uint32_t tree = 0; tree < l->shape.trees_n; tree++) {
        uint32_t n = l->tree_nodes_own[tree];
        if (n < 1 || n > TWI_TREE_NODES_MAX || n > l->shape.nodes_n - start)
            return tw_fail(err, TW_CORRUPT, "tree %u claims %u nodes, which cannot be", tree, n);
        const char *text = tree_fault(&l->shape, l->raw_own + start, n);
        if (text)
            return tw_fail(err, TW_CORRUPT, "%s (tree %u)", text, tree);
        start += n;
    }
    if (start != l->shape.nodes_n)
        return tw_fail(err, TW_CORRUPT, "the isolation forest has nodes that belong to no tree");
    return TW_OK;
}

static tw_status read_all(tw_reader *reader, loading *l, tw_iforest **out, tw_err *err)
{
    l->centre_own = tw_new_array(l->alloc, l->shape.features_n, sizeof(float));
    l->tree_nodes_own = tw_new_array(l->alloc, l->shape.trees_n, sizeof(uint32_t));
    l->raw_own = tw_new_array(l->alloc, l->shape.nodes_n, sizeof(twi_raw_node));
    if (!l->centre_own || !l->tree_nodes_own || !l->raw_own)
        return tw_fail(err, TW_NO_MEMORY, "out of memory for an isolation forest");
    TW_TRY(read_trees(reader, l, err));
    tw_status status =
        twi_iforest_finish(l->alloc, &l->shape, l->centre_own, l->tree_nodes_own, l->raw_own, out);
    if (status != TW_OK)
        return tw_fail(err, status, "out of memory for an isolation forest");
    TW_TRY(tw_curve_read(l->alloc, reader, &(*out)->rank_own, err));
    if (tw_reader_left(reader) != 0)
        return tw_fail(err, TW_CORRUPT, "the isolation forest has bytes left over");
    return TW_OK;
}

tw_status tw_iforest_read(const tw_alloc *alloc, const void *data, size_t bytes, tw_iforest **out,
                          tw_err *err)
{
    *out = NULL;
    tw_reader reader;
    tw_reader_init(&reader, data, bytes);
    loading l = {.alloc = alloc};
    TW_TRY(read_shape(&reader, &l.shape, err));
    tw_status status = read_all(&reader, &l, out, err);
    loading_release(&l);
    if (status != TW_OK) {
        tw_iforest_free(*out);
        *out = NULL;
    }
    return status;
}
