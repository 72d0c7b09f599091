// SPDX-License-Identifier: Apache-2.0
//
// One walk over a value serves checking and skipping alike: bounded, without recursion.
#include "ubjson.h"

typedef struct level {
    uint8_t kind;  // '{', '[' or '#' = counted array
    uint64_t left; // of a counted array
} level;

typedef struct walk {
    const uint8_t *at, *end;
    const char *fault;
    size_t depth;
    level levels[TWI_UBJSON_DEPTH_MAX];
} walk;

static const char cut_short[] = "it is cut short";
static const char unknown_type[] = "a value in it has a type that XGBoost does not write";

// Bytes of a value of fixed size, or -1.
static int fixed_bytes(uint8_t type)
{
    switch (type) {
    case 'Z':
    case 'T':
    case 'F':
        return 0;
    case 'i':
    case 'U':
        return 1;
    case 'I':
        return 2;
    case 'l':
    case 'd':
        return 4;
    case 'L':
    case 'D':
        return 8;
    default:
        return -1;
    }
}

static uint64_t get_bits(const uint8_t *at, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | at[i];
    return v;
}

static bool get_integer(uint8_t type, const uint8_t *at, int64_t *out)
{
    switch (type) {
    case 'i':
        *out = (int64_t)(at[0] ^ 0x80) - 0x80; // the sign
        return true;
    case 'U':
        *out = at[0];
        return true;
    case 'I':
        *out = (int16_t)get_bits(at, 2);
        return true;
    case 'l':
        *out = (int32_t)get_bits(at, 4);
        return true;
    case 'L':
        *out = (int64_t)get_bits(at, 8);
        return true;
    default:
        return false;
    }
}

static uint8_t take(walk *w)
{
    if (w->at < w->end)
        return *w->at++;
    w->fault = cut_short;
    return 0;
}

static void pass(walk *w, uint64_t bytes)
{
    if (bytes <= (uint64_t)(w->end - w->at))
        w->at += bytes;
    else
        w->fault = cut_short;
}

// An integer with its marker, not negative.
static uint64_t take_length(walk *w)
{
    uint8_t type = take(w);
    int bytes = fixed_bytes(type);
    int64_t length = -1;
    const uint8_t *at = w->at;
    if (w->fault)
        return 0;
    if (bytes >= 1)
        pass(w, (uint64_t)bytes);
    if (!w->fault && (bytes < 1 || !get_integer(type, at, &length) || length < 0))
        w->fault = "a length in it is none";
    return w->fault ? 0 : (uint64_t)length;
}

static void enter(walk *w, uint8_t kind, uint64_t left)
{
    if (w->depth == TWI_UBJSON_DEPTH_MAX)
        w->fault = "it is nested too deeply";
    else
        w->levels[w->depth++] = (level){kind, left};
}

static void enter_array(walk *w)
{
    uint8_t next = w->at < w->end ? *w->at : 0;
    if (next != '$' && next != '#') {
        enter(w, '[', 0);
        return;
    }
    int bytes = -1;
    w->at++;
    if (next == '$') {
        bytes = fixed_bytes(take(w));
        if (!w->fault && (bytes < 1 || take(w) != '#'))
            w->fault = "an array in it has a type that XGBoost does not write";
    }
    uint64_t n = w->fault ? 0 : take_length(w);
    if (w->fault)
        return;
    if (next == '#')
        enter(w, '#', n);
    else if (n > (uint64_t)(w->end - w->at) / (uint64_t)bytes)
        w->fault = cut_short;
    else
        pass(w, n * (uint64_t)bytes);
}

// Takes one value of the type, or enters it when it has members.
static void take_value(walk *w, uint8_t type)
{
    int bytes = fixed_bytes(type);
    if (bytes >= 0)
        pass(w, (uint64_t)bytes);
    else if (type == 'S')
        pass(w, take_length(w));
    else if (type == '[')
        enter_array(w);
    else if (type == '{')
        enter(w, '{', 0);
    else
        w->fault = unknown_type;
}

// Leaves what is complete; the marker of the next value, or 0 when all is complete.
static uint8_t next_type(walk *w)
{
    while (w->depth > 0 && !w->fault) {
        level *top = &w->levels[w->depth - 1];
        uint8_t end = top->kind == '{' ? '}' : ']';
        if (top->kind == '#' ? top->left == 0 : w->at < w->end && *w->at == end) {
            w->at += top->kind != '#';
            w->depth--;
            continue;
        }
        if (top->kind == '{')
            pass(w, take_length(w));
        top->left--;
        uint8_t type = w->fault ? 0 : take(w);
        if (type == 0 && !w->fault)
            w->fault = unknown_type;
        return type;
    }
    return 0;
}

// What is behind the value, or NULL and a fault.
static const uint8_t *walk_value(twi_ubjson value, const char **fault)
{
    walk w = {.at = value.at, .end = value.end};
    uint8_t type = value.type;
    do {
        take_value(&w, type);
        type = next_type(&w);
    } while (type != 0 && !w.fault);
    if (fault)
        *fault = w.fault;
    return w.fault ? NULL : w.at;
}

const char *twi_ubjson_open(const void *data, size_t bytes, twi_ubjson *root)
{
    const uint8_t *at = data;
    *root = (twi_ubjson){0};
    if (bytes < 1)
        return "it is empty";
    twi_ubjson value = {at + 1, at + bytes, at[0]};
    const char *fault = NULL;
    const uint8_t *end = walk_value(value, &fault);
    if (fault)
        return fault;
    if (end != at + bytes)
        return "it has bytes after its end";
    *root = value;
    return NULL;
}

// A length of checked data.
static size_t get_length(const uint8_t **at)
{
    int64_t length = 0;
    uint8_t type = *(*at)++;
    bool good = get_integer(type, *at, &length);
    TW_CHECK(good && length >= 0);
    *at += fixed_bytes(type);
    return (size_t)length;
}

twi_ubjson twi_ubjson_get(twi_ubjson object, const char *key)
{
    const uint8_t *at = object.at;
    size_t key_bytes = strlen(key);
    while (object.type == '{' && *at != '}') {
        size_t n = get_length(&at);
        const uint8_t *name = at;
        at += n;
        twi_ubjson value = {at + 1, object.end, *at};
        if (n == key_bytes && memcmp(name, key, n) == 0)
            return value;
        at = walk_value(value, NULL);
        TW_CHECK(at);
    }
    return (twi_ubjson){0};
}

bool twi_ubjson_text(twi_ubjson value, tw_str *out)
{
    if (value.type != 'S')
        return false;
    size_t n = get_length(&value.at);
    *out = (tw_str){(const char *)value.at, n};
    return true;
}

bool twi_ubjson_number(twi_ubjson value, double *out)
{
    int64_t integer = value.type == 'T';
    if (value.type == 'd') {
        uint32_t bits = (uint32_t)get_bits(value.at, 4);
        float v;
        memcpy(&v, &bits, sizeof(v));
        *out = (double)v;
        return true;
    }
    if (value.type == 'D') {
        uint64_t bits = get_bits(value.at, 8);
        memcpy(out, &bits, sizeof(*out));
        return true;
    }
    if (value.type != 'T' && value.type != 'F' && !get_integer(value.type, value.at, &integer))
        return false;
    *out = (double)integer;
    return true;
}

bool twi_ubjson_items_init(twi_ubjson array, twi_ubjson_items *items)
{
    if (array.type != '[')
        return false;
    *items = (twi_ubjson_items){.next = {array.at, array.end, 0}, .left = SIZE_MAX};
    if (*items->next.at == '$') {
        items->is_typed = true;
        items->next.type = items->next.at[1];
        items->next.at += 2;
    }
    if (*items->next.at == '#') {
        items->next.at++;
        items->left = get_length(&items->next.at);
    }
    return true;
}

bool twi_ubjson_items_next(twi_ubjson_items *items, twi_ubjson *out)
{
    twi_ubjson *next = &items->next;
    if (items->left == 0 || (items->left == SIZE_MAX && *next->at == ']'))
        return false;
    if (items->left != SIZE_MAX)
        items->left--;
    if (!items->is_typed)
        next->type = *next->at++;
    *out = *next;
    next->at = items->is_typed ? next->at + fixed_bytes(next->type) : walk_value(*next, NULL);
    TW_CHECK(next->at);
    return true;
}

// --- writing ---

void twi_ubjson_put_u32(tw_buf *buf, uint32_t v)
{
    const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                              (uint8_t)v};
    tw_buf_put(buf, bytes, sizeof(bytes));
}

void twi_ubjson_put_u64(tw_buf *buf, uint64_t v)
{
    twi_ubjson_put_u32(buf, (uint32_t)(v >> 32));
    twi_ubjson_put_u32(buf, (uint32_t)v);
}

void twi_ubjson_put_length(tw_buf *buf, size_t n)
{
    tw_buf_u8(buf, 'L');
    twi_ubjson_put_u64(buf, n);
}

void twi_ubjson_put_key(tw_buf *buf, const char *key)
{
    twi_ubjson_put_length(buf, strlen(key));
    tw_buf_cstr(buf, key);
}

void twi_ubjson_put_text(tw_buf *buf, tw_str text)
{
    tw_buf_u8(buf, 'S');
    twi_ubjson_put_length(buf, text.bytes);
    tw_buf_str(buf, text);
}

void twi_ubjson_put_array(tw_buf *buf, char type, size_t n)
{
    tw_buf_u8(buf, '[');
    if (type != 0) {
        tw_buf_u8(buf, '$');
        tw_buf_u8(buf, (uint8_t)type);
    }
    tw_buf_u8(buf, '#');
    twi_ubjson_put_length(buf, n);
}
