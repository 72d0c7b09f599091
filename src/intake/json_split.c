// SPDX-License-Identifier: Apache-2.0
//
// Splitting of JSON arrays and of objects that stand one behind the other.
#include "json_split.h"

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']';
}

size_t twi_json_gap(tw_str view)
{
    size_t at = 0;
    while (at < view.bytes && is_gap(view.at[at]))
        at++;
    return at;
}

// The end of the element, or 0 when it does not close.
static size_t element_end(tw_str view)
{
    size_t depth = 0;
    bool in_string = false;
    if (view.bytes == 0)
        return 0;
    if (view.at[0] != '{') {
        // Not an object: a word up to the next gap, for the parser to refuse.
        size_t at = 1;
        while (at < view.bytes && !is_gap(view.at[at]) && view.at[at] != '{')
            at++;
        return at < view.bytes ? at : 0;
    }
    for (size_t i = 0; i < view.bytes; i++) {
        char c = view.at[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

size_t twi_json_element(tw_str view, bool is_last)
{
    size_t end = element_end(view);
    return end == 0 && is_last ? view.bytes : end;
}

bool twi_json_is_closed(tw_str view)
{
    return element_end(view) != 0;
}
