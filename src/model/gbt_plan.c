// SPDX-License-Identifier: Apache-2.0
//
// Making of a plan: the thresholds of each input are sorted and dealt to slots, then the trees are
// cut into chunks.
#include <math.h>

#include "gbt_lanes.h"

// What is known while a plan is made.
typedef struct making {
    const tw_gbt *gbt;
    uint32_t *first_own;     // [inputs_n + 1], of each input's thresholds
    float *thresholds_own;   // [splits_n], by input, ascending and unique within it
    uint32_t *unique_own;    // [inputs_n], how many
    uint16_t *base_slot_own; // [inputs_n]
    uint32_t *root_own;      // [chunks_n], node that a chunk begins with
    uint32_t *tree_own;      // [chunks_n], its tree
    size_t splits_n, groups_n, chunks_n;
} making;

static void sift_down(float *v, size_t i, size_t n)
{
    float moved = v[i];
    for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        child += child + 1 < n && v[child + 1] > v[child];
        if (!(v[child] > moved))
            break;
        v[i] = v[child];
        i = child;
    }
    v[i] = moved;
}

static void sort_floats(float *v, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(v, i, n);
    for (size_t last = n; last-- > 1;) {
        float top = v[0];
        v[0] = v[last];
        v[last] = top;
        sift_down(v, 0, last);
    }
}

static size_t make_unique(float *v, size_t n)
{
    size_t kept = TW_MIN(n, (size_t)1);
    for (size_t i = 1; i < n; i++)
        if (v[i] != v[kept - 1])
            v[kept++] = v[i];
    return kept;
}

static size_t slots_of(size_t unique_n)
{
    return (unique_n + TWI_GBT_CUTS_MAX - 1) / TWI_GBT_CUTS_MAX;
}

static size_t groups_of(size_t cuts_n)
{
    return (cuts_n + TWI_GBT_GROUP - 1) / TWI_GBT_GROUP;
}

static bool is_split(const tw_gbt *gbt, size_t node)
{
    return gbt->nodes.left_own[node] >= 0;
}

static tw_status sort_thresholds(making *m)
{
    const tw_gbt *gbt = m->gbt;
    m->first_own = tw_new_array(gbt->alloc, gbt->inputs_n + 1, sizeof(uint32_t));
    m->unique_own = tw_new_array(gbt->alloc, gbt->inputs_n, sizeof(uint32_t));
    m->base_slot_own = tw_new_array(gbt->alloc, gbt->inputs_n, sizeof(uint16_t));
    if (!m->first_own || !m->unique_own || !m->base_slot_own)
        return TW_NO_MEMORY;
    for (size_t k = 0; k < gbt->nodes.n; k++)
        m->first_own[gbt->nodes.input_own[k] + 1] += is_split(gbt, k);
    for (size_t i = 0; i < gbt->inputs_n; i++)
        m->first_own[i + 1] += m->first_own[i];
    m->splits_n = m->first_own[gbt->inputs_n];
    m->thresholds_own = tw_new_array(gbt->alloc, m->splits_n, sizeof(float));
    if (!m->thresholds_own)
        return TW_NO_MEMORY;
    for (size_t k = 0; k < gbt->nodes.n; k++) {
        size_t input = gbt->nodes.input_own[k];
        if (is_split(gbt, k))
            m->thresholds_own[m->first_own[input] + m->unique_own[input]++] =
                gbt->nodes.value_own[k];
    }
    for (size_t i = 0; i < gbt->inputs_n; i++) {
        float *own = m->thresholds_own + m->first_own[i];
        sort_floats(own, m->unique_own[i]);
        m->unique_own[i] = (uint32_t)make_unique(own, m->unique_own[i]);
    }
    return TW_OK;
}

// Slots and groups that are needed; false when there are too many.
static bool count_slots(making *m, size_t *slots_n)
{
    *slots_n = 0;
    m->groups_n = 0;
    for (size_t i = 0; i < m->gbt->inputs_n; i++) {
        if (*slots_n > TWI_GBT_SLOTS_MAX)
            return false;
        m->base_slot_own[i] = (uint16_t)*slots_n;
        *slots_n += slots_of(m->unique_own[i]);
        for (size_t left = m->unique_own[i]; left > 0;) {
            size_t n = TW_MIN(left, (size_t)TWI_GBT_CUTS_MAX), groups = groups_of(n);
            m->groups_n += groups + (groups > 1);
            left -= n;
        }
    }
    return *slots_n <= TWI_GBT_SLOTS_MAX;
}

// Inner nodes at each depth that is a multiple of six begin a chunk; so does every root.
static bool count_chunks(making *m)
{
    const tw_gbt *gbt = m->gbt;
    m->chunks_n = gbt->trees_n;
    if (gbt->depth <= TWI_GBT_LEVELS)
        return true;
    for (size_t t = 0; t < gbt->trees_n; t++) {
        // Breadth-first order: the nodes of a depth lie side by side.
        size_t start = gbt->start_own[t], from = 0, to = 1;
        for (uint32_t depth = 0; from < to; depth++) {
            size_t next = to;
            for (size_t k = from; k < to; k++) {
                bool splits = is_split(gbt, start + k);
                next += splits ? 2 : 0;
                m->chunks_n += splits && depth > 0 && depth % TWI_GBT_LEVELS == 0;
            }
            from = to;
            to = next;
        }
    }
    return m->chunks_n <= TWI_GBT_CHUNKS_MAX;
}

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

// Gives the arrays their places in the block at `at`; the bytes of the block.
static size_t place(twi_gbt_plan *plan, uint8_t *at, size_t inputs_n, size_t groups_n)
{
    size_t chunks_n = plan->chunks_n, offset = 0;
    const struct {
        void **out;
        size_t bytes;
    } rows[] = {
        {(void **)&plan->input_slot, (inputs_n + 1) * sizeof(uint16_t)},
        {(void **)&plan->slot_input, plan->slots_n * sizeof(uint16_t)},
        {(void **)&plan->slot_groups, plan->slots_n * sizeof(uint16_t)},
        {(void **)&plan->slot_start, plan->slots_n * sizeof(uint32_t)},
        {(void **)&plan->cuts, groups_n * TWI_GBT_GROUP * sizeof(float)},
        {(void **)&plan->split_slot, chunks_n * TWI_GBT_CHUNK},
        {(void **)&plan->split_look, chunks_n * TWI_GBT_CHUNK},
        {(void **)&plan->split_cut, chunks_n * TWI_GBT_CHUNK},
        {(void **)&plan->missing_right, chunks_n * sizeof(uint64_t)},
        {(void **)&plan->chunk_levels, chunks_n},
        {(void **)&plan->leaf, chunks_n * TWI_GBT_CHUNK * sizeof(float)},
        {(void **)&plan->lanes, plan->lanes_n * sizeof(twi_gbt_lanes)},
        {(void **)&plan->next, plan->is_deep ? chunks_n * TWI_GBT_CHUNK * sizeof(int32_t) : 0},
    };
    for (size_t i = 0; i < TW_COUNT(rows); i++) {
        if (at)
            *rows[i].out = at + offset;
        offset += align64(rows[i].bytes);
    }
    return offset;
}

static tw_status allocate(twi_gbt_plan *plan, const tw_gbt *gbt, size_t groups_n)
{
    plan->block_bytes = place(plan, NULL, gbt->inputs_n, groups_n) + 63;
    plan->block_own = tw_new_array(gbt->alloc, plan->block_bytes, 1);
    if (!plan->block_own)
        return TW_NO_MEMORY;
    size_t odd = (size_t)((uintptr_t)plan->block_own & 63);
    place(plan, plan->block_own + (odd ? 64 - odd : 0), gbt->inputs_n, groups_n);
    return TW_OK;
}

// One slot of cuts[n]; gives the number of its groups, pivots included.
static size_t fill_slot(twi_gbt_plan *plan, size_t slot, size_t input, size_t start,
                        const float *cuts, size_t n)
{
    size_t groups = groups_of(n), pivots = groups > 1;
    float *out = plan->cuts + start * TWI_GBT_GROUP;
    plan->slot_input[slot] = (uint16_t)input;
    plan->slot_groups[slot] = (uint16_t)groups;
    plan->slot_start[slot] = (uint32_t)(start * TWI_GBT_GROUP);
    for (size_t i = 0; i < (groups + pivots) * TWI_GBT_GROUP; i++)
        out[i] = NAN;
    for (size_t g = 1; g < groups; g++)
        out[g - 1] = cuts[g * TWI_GBT_GROUP];
    memcpy(out + pivots * TWI_GBT_GROUP, cuts, n * sizeof(float));
    return groups + pivots;
}

static void fill_slots(twi_gbt_plan *plan, const making *m)
{
    size_t start = 0;
    for (size_t i = 0; i < m->gbt->inputs_n; i++) {
        size_t slot = m->base_slot_own[i];
        plan->input_slot[i] = (uint16_t)slot;
        for (size_t done = 0; done < m->unique_own[i]; done += TWI_GBT_CUTS_MAX) {
            size_t n = TW_MIN(m->unique_own[i] - done, (size_t)TWI_GBT_CUTS_MAX);
            start +=
                fill_slot(plan, slot++, i, start, m->thresholds_own + m->first_own[i] + done, n);
        }
    }
    plan->input_slot[m->gbt->inputs_n] = (uint16_t)plan->slots_n;
}

// Rank of a threshold among those of its input.
static size_t rank_of(const making *m, size_t input, float threshold)
{
    const float *own = m->thresholds_own + m->first_own[input];
    size_t low = 0, high = m->unique_own[input];
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (own[middle] <= threshold)
            low = middle;
        else
            high = middle;
    }
    TW_CHECK(own[low] == threshold);
    return low;
}

// Splits of one chunk; at[p] becomes the node at each place, or -1.
static void fill_splits(twi_gbt_plan *plan, const making *m, size_t chunk, int64_t at[128])
{
    const twi_gbt_nodes *nodes = &m->gbt->nodes;
    size_t start = m->gbt->start_own[m->tree_own[chunk]], levels = 0;
    uint8_t *slots = plan->split_slot + chunk * TWI_GBT_CHUNK;
    uint8_t *cuts = plan->split_cut + chunk * TWI_GBT_CHUNK;
    uint8_t *looks = plan->split_look + chunk * TWI_GBT_CHUNK;
    uint8_t mark = 0;
    if (plan->slots_n <= TWI_GBT_SLOTS_TWO)
        mark = plan->slots_n <= TWI_GBT_SLOTS_ONE ? TWI_GBT_SLOTS_ONE : TWI_GBT_SLOTS_TWO;
    at[1] = m->root_own[chunk];
    slots[0] = 0;
    cuts[0] = UINT8_MAX;
    for (size_t p = 1; p < TWI_GBT_CHUNK; p++) {
        int64_t node = at[p];
        if (node < 0 || !is_split(m->gbt, (size_t)node)) {
            slots[p] = 0;
            cuts[p] = UINT8_MAX;
            at[2 * p] = node;
            at[2 * p + 1] = -1;
            continue;
        }
        size_t input = nodes->input_own[node];
        size_t rank = rank_of(m, input, nodes->value_own[node]);
        slots[p] = (uint8_t)(m->base_slot_own[input] + rank / TWI_GBT_CUTS_MAX);
        cuts[p] = (uint8_t)(rank % TWI_GBT_CUTS_MAX);
        looks[p] = slots[p];
        if (!nodes->missing_own[node]) {
            plan->missing_right[chunk] |= UINT64_C(1) << p;
            looks[p] |= mark;
        }
        at[2 * p] = (int64_t)start + nodes->left_own[node];
        at[2 * p + 1] = (int64_t)start + nodes->right_own[node];
        while (p >> levels)
            levels++;
    }
    plan->chunk_levels[chunk] = (uint8_t)levels;
}

static void fill_chunks(twi_gbt_plan *plan, making *m)
{
    const tw_gbt *gbt = m->gbt;
    size_t known = gbt->trees_n;
    for (size_t t = 0; t < gbt->trees_n; t++) {
        m->root_own[t] = gbt->start_own[t];
        m->tree_own[t] = (uint32_t)t;
    }
    for (size_t chunk = 0; chunk < known; chunk++) {
        int64_t at[128] = {0};
        fill_splits(plan, m, chunk, at);
        for (size_t e = 0; e < TWI_GBT_CHUNK; e++) {
            int64_t node = at[TWI_GBT_CHUNK + e];
            bool leads_on = node >= 0 && is_split(gbt, (size_t)node);
            size_t to = chunk * TWI_GBT_CHUNK + e;
            plan->leaf[to] = node < 0 || leads_on ? 0.0f : gbt->nodes.value_own[node];
            if (plan->is_deep)
                plan->next[to] = leads_on ? (int32_t)known : -1;
            if (!leads_on)
                continue;
            TW_CHECK(known < m->chunks_n);
            m->root_own[known] = (uint32_t)node;
            m->tree_own[known++] = m->tree_own[chunk];
        }
    }
    TW_CHECK(known == m->chunks_n);
}

static tw_status make(making *m, twi_gbt_plan *plan, bool *is_possible)
{
    const tw_alloc *alloc = m->gbt->alloc;
    size_t slots_n = 0;
    TW_TRY(sort_thresholds(m));
    *is_possible = count_slots(m, &slots_n) && count_chunks(m);
    if (!*is_possible)
        return TW_OK;
    plan->slots_n = (uint32_t)slots_n;
    plan->chunks_n = (uint32_t)m->chunks_n;
    plan->is_deep = m->gbt->depth > TWI_GBT_LEVELS;
    plan->lanes_n = plan->is_deep ? 0 : (m->gbt->trees_n + TWI_GBT_LANES - 1) / TWI_GBT_LANES;
    TW_TRY(allocate(plan, m->gbt, m->groups_n));
    m->root_own = tw_new_array(alloc, m->chunks_n, sizeof(uint32_t));
    m->tree_own = tw_new_array(alloc, m->chunks_n, sizeof(uint32_t));
    if (!m->root_own || !m->tree_own)
        return TW_NO_MEMORY;
    fill_slots(plan, m);
    fill_chunks(plan, m);
    plan->expected = (double)m->gbt->base_margin;
    for (size_t i = 0; i < plan->lanes_n; i++)
        twi_gbt_lanes_fill(m->gbt, i * TWI_GBT_LANES,
                           TW_MIN(m->gbt->trees_n - i * TWI_GBT_LANES, (size_t)TWI_GBT_LANES),
                           &plan->lanes[i], &plan->expected);
    return TW_OK;
}

tw_status twi_gbt_plan_new(const tw_gbt *gbt, twi_gbt_plan **out)
{
    *out = NULL;
    const tw_alloc *alloc = gbt->alloc;
    twi_gbt_plan *plan = tw_new(alloc, twi_gbt_plan);
    if (!plan)
        return TW_NO_MEMORY;
    making m = {.gbt = gbt};
    bool is_possible = false;
    tw_status status = make(&m, plan, &is_possible);
    tw_free_array(alloc, m.first_own, gbt->inputs_n + 1, sizeof(uint32_t));
    tw_free_array(alloc, m.thresholds_own, m.splits_n, sizeof(float));
    tw_free_array(alloc, m.unique_own, gbt->inputs_n, sizeof(uint32_t));
    tw_free_array(alloc, m.base_slot_own, gbt->inputs_n, sizeof(uint16_t));
    tw_free_array(alloc, m.root_own, m.chunks_n, sizeof(uint32_t));
    tw_free_array(alloc, m.tree_own, m.chunks_n, sizeof(uint32_t));
    if (status == TW_OK && is_possible)
        *out = plan;
    else
        twi_gbt_plan_free(alloc, plan);
    return status;
}

void twi_gbt_plan_free(const tw_alloc *alloc, twi_gbt_plan *plan)
{
    if (!plan)
        return;
    tw_free_array(alloc, plan->block_own, plan->block_bytes, 1);
    tw_delete(alloc, plan);
}
