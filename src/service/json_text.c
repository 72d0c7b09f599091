// SPDX-License-Identifier: Apache-2.0
//
// JSON strings: runs without escapes are copied whole.
#include "json_text.h"

static void *arena_malloc(void *ctx, size_t bytes)
{
    return tw_arena_take(ctx, bytes);
}

static void *arena_realloc(void *ctx, void *block, size_t old_bytes, size_t bytes)
{
    if (bytes <= old_bytes)
        return block;
    void *moved = tw_arena_take(ctx, bytes);
    if (moved && block)
        memcpy(moved, block, old_bytes);
    return moved;
}

static void arena_free(void *ctx, void *block)
{
    (void)ctx;
    (void)block;
}

yyjson_alc twi_arena_alc(tw_arena *arena)
{
    return (yyjson_alc){arena_malloc, arena_realloc, arena_free, arena};
}

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
