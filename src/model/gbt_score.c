// SPDX-License-Identifier: Apache-2.0
//
// Margins of boosted trees, and the choice of the code path.
#include "gbt_internal.h"

static float walk(const tw_gbt *gbt, size_t tree, const float *row)
{
    size_t start = gbt->start_own[tree], at = start;
    while (gbt->nodes.left_own[at] >= 0) {
        float x = row[gbt->nodes.input_own[at]];
        bool left = x != x ? gbt->nodes.missing_own[at] : x < gbt->nodes.value_own[at];
        at = start + (size_t)(left ? gbt->nodes.left_own[at] : gbt->nodes.right_own[at]);
    }
    return gbt->nodes.value_own[at];
}

float tw_gbt_margin(const tw_gbt *gbt, const float *row)
{
    float sum = gbt->base_margin;
    for (size_t t = 0; t < gbt->trees_n; t++)
        sum += walk(gbt, t, row);
    return sum;
}

const char *tw_gbt_path_name(tw_gbt_path path)
{
    static const char *const names[] = {
#define X(name, text) text,
        TW_GBT_PATHS(X)
#undef X
    };
    return names[path];
}

bool tw_gbt_path_is_supported(tw_gbt_path path)
{
    return path == TW_GBT_PATH_BEST || path == TW_GBT_PATH_PORTABLE;
}

void tw_gbt_margins(const tw_gbt *gbt, tw_gbt_path path, const float *x, size_t rows_n,
                    size_t stride, float *out)
{
    TW_CHECK(stride >= gbt->inputs_n);
    TW_CHECK(tw_gbt_path_is_supported(path));
    for (size_t i = 0; i < rows_n; i++)
        out[i] = tw_gbt_margin(gbt, x + i * stride);
}
