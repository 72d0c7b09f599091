// SPDX-License-Identifier: Apache-2.0
//
// Kinds of actions by name.
#include "workflow/action.h"

static const char *const words[TW_ACTION_KIND_N] = {
#define X(name, word) word,
    TW_ACTION_KINDS(X)
#undef X
};

const char *tw_action_kind_word(tw_action_kind kind)
{
    return (unsigned)kind < TW_ACTION_KIND_N ? words[kind] : "";
}

tw_action_kind tw_action_kind_from(tw_str word)
{
    for (unsigned i = 0; i < TW_ACTION_NOTE; i++)
        if (tw_str_equal(word, tw_str_from(words[i])))
            return (tw_action_kind)i;
    return TW_ACTION_NOTE;
}
