// SPDX-License-Identifier: Apache-2.0
//
// JSON into a buffer: what metadata and decisions are written with.
#include "put.h"

#include <math.h>

void twi_put_number(tw_buf *out, double value)
{
    if (isfinite(value))
        tw_buf_printf(out, "%.9g", value);
    else
        tw_buf_cstr(out, "null");
}

void twi_put_string(tw_buf *out, tw_str s)
{
    tw_buf_cstr(out, "\"");
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c == '"' || c == '\\')
            tw_buf_printf(out, "\\%c", c);
        else if (c < 0x20)
            tw_buf_printf(out, "\\u%04x", c);
        else
            tw_buf_u8(out, c);
    }
    tw_buf_cstr(out, "\"");
}

void twi_put_key(tw_buf *out, const char *name)
{
    bool is_first = out->bytes == 0 || out->data_own[out->bytes - 1] == '{';
    tw_buf_printf(out, "%s\"%s\":", is_first ? "" : ",", name);
}
