// SPDX-License-Identifier: Apache-2.0
//
// The classifier's inputs by number and by name.
#include "detect/inputs.h"

static const tw_input_info derived[] = {
#define X(name, monotone, unit, title, help) {#name, unit, title, help, monotone},
    TW_DERIVED_INPUTS(X)
#undef X
};

tw_input_info tw_input_get(size_t i)
{
    TW_CHECK(i < TW_INPUT_N);
    if (i >= TW_FEATURE_N)
        return derived[i - TW_FEATURE_N];
    const tw_feature_row *f = tw_feature_get((tw_feature)i);
    // None is monotone by itself, not even the confirmed shares: a high share of 30 days beside a
    // low one of 7 days says that it is over.
    return (tw_input_info){f->name, f->unit, f->title, f->help, 0};
}

size_t tw_input_find(tw_str name)
{
    size_t i = 0;
    while (i < TW_INPUT_N && !tw_str_equal(name, tw_str_from(tw_input_get(i).name)))
        i++;
    return i;
}
