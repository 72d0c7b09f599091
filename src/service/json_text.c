// SPDX-License-Identifier: Apache-2.0
//
// JSON strings: runs without escapes are copied whole.
#include "json_text.h"

static bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

void twi_text_json(tw_buf *out, tw_str s)
{
    tw_buf_u8(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (!needs_escape(c))
            continue;
        tw_buf_put(out, s.at + from, i - from);
        if (c >= 0x20)
            tw_buf_printf(out, "\\%c", c);
        else
            tw_buf_printf(out, "\\u%04x", c);
        from = i + 1;
    }
    if (s.bytes > from)
        tw_buf_put(out, s.at + from, s.bytes - from);
    tw_buf_u8(out, '"');
}
