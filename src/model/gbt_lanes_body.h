// SPDX-License-Identifier: Apache-2.0
//
// The body of gbt_lanes.c, included once for each set of instructions: TARGET says which, NAME()
// gives the function a name of its own. Only additions, multiplications, divisions and comparisons
// of single floats in a fixed order, so the bits do not depend on the set.

// One node p at a level of 0..5, for a row that `path` leads to: path[m] is the weight of point m
// times the factors above, ones has bit l set when edge l above is satisfied (bit 0 always is).
// below[m] becomes the sum over the leaves below of value times the factors below.
TARGET static void NAME(explain_node)(const explaining *e, uint32_t p, uint32_t level,
                                      const floats path[POINTS], const ints *ones,
                                      floats below[POINTS])
{
    const twi_gbt_lanes *t = e->lanes;
    if (!(t->used >> p & 1)) { // all lanes end here
        uint32_t exit = (p << (TWI_GBT_LEVELS - level)) - TWI_GBT_CHUNK;
        const floats *leaf = (const floats *)(const void *)t->leaf[exit];
        for (int m = 0; m < POINTS; m++)
            below[m] = *leaf;
        return;
    }
    const floats same_zero = *(const floats *)(const void *)t->same_zero[p];
    const ints same_level = *(const ints *)(const void *)t->same_level[p];
    ints same_one = (*ones >> same_level) & 1u;
    ints right = ((p < 32 ? e->low : e->high) >> (p & 31)) & 1u;
    floats same_gain = as_floats(same_one) - same_zero;
    floats inverse[POINTS], others[POINTS], part = {0.0f};
    for (int m = 0; m < POINTS; m++) {
        floats factor = same_zero + e->point[m] * same_gain;
        inverse[m] = where(factor > FACTOR_MIN, 1.0f / factor);
        others[m] = path[m] * inverse[m];
        below[m] = (floats){0.0f};
    }
    for (uint32_t side = 0; side < 2; side++) {
        ints one = same_one & (side ? right : right ^ 1u);
        ints child_ones = *ones | one << (level + 1);
        const floats zero =
            *(const floats *)(const void *)(side ? t->right_zero[p] : t->left_zero[p]);
        floats gain = as_floats(one) - zero, ratio[POINTS], child_path[POINTS], child[POINTS];
        for (int m = 0; m < POINTS; m++) {
            floats factor = zero + e->point[m] * gain;
            ratio[m] = factor * inverse[m];
            child_path[m] = others[m] * factor;
        }
        if (level + 1 < TWI_GBT_LEVELS)
            NAME(explain_node)(e, 2 * p + side, level + 1, child_path, &child_ones, child);
        else
            for (int m = 0; m < POINTS; m++)
                child[m] = *(const floats *)(const void *)t->leaf[2 * p + side - TWI_GBT_CHUNK];
        for (int m = 0; m < POINTS; m++) {
            below[m] += ratio[m] * child[m];
            part += others[m] * child[m] * (gain - same_gain * ratio[m]);
        }
    }
    for (uint32_t lane = 0; lane < TWI_GBT_LANES; lane++)
        e->out[t->input[p][lane]] += (double)part[lane];
}

TARGET static void NAME(explain)(const twi_gbt_lanes *lanes, const uint64_t *right, double *out)
{
    explaining e = {.lanes = lanes, .out = out};
    floats path[POINTS], below[POINTS];
    ints ones;
    for (uint32_t lane = 0; lane < TWI_GBT_LANES; lane++) {
        e.low[lane] = (uint32_t)right[lane];
        e.high[lane] = (uint32_t)(right[lane] >> 32);
        ones[lane] = 1;
        for (int m = 0; m < POINTS; m++) {
            e.point[m][lane] = point[m];
            path[m][lane] = point_weight[m];
        }
    }
    NAME(explain_node)(&e, 1, 0, path, &ones, below);
}
