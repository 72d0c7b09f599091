// SPDX-License-Identifier: Apache-2.0
//
// Canonical bytes of facts; the layout is in docs/formats/fact.md.
//
// All text of a record lies together in front of its numbers. The decoder then looks at the text in
// one vectorised pass, and string fields are views that cost an addition each.
// Invariants:
//  1. encode(decode(b)) == b for every b that decodes: varints are minimal, optional parts are
//     written exactly when their flag says so, and nothing may follow.
//  2. The decoder reads nothing outside the data and allocates nothing before it has compared a
//     count with the bytes that are left.
#include "retail/codec.h"

#include "base/limits.h"
#include "base/time.h"
#include "check.h"

enum {
    VERSION = 1,
    RECEIVED_AT = 2, // offset of received_ms; the record proper follows at RECORD_AT
    RECORD_AT = 10,
    // Upper bounds of the numbers, generous enough for any value of the C types.
    HEAD_MAX_BYTES = 320,
    LINE_MAX_BYTES = 80,
    TENDER_MAX_BYTES = 32,
    ATTRIBUTE_MAX_BYTES = 32,
    // Lower bounds, for the check of counts before memory is taken.
    LINE_MIN_BYTES = 6,
    TENDER_MIN_BYTES = 4,
    ATTRIBUTE_MIN_BYTES = 9,
};

// Bits of a line's first byte.
enum {
    LINE_VOID = 1 << 0,
    LINE_RETURN = 1 << 1,
    LINE_QUANTITY = 1 << 2, // quantity_milli is not 1000
    LINE_REGULAR = 1 << 3,  // regular price differs from the unit price
    LINE_DISCOUNT = 1 << 4, // discount is not 0
    LINE_KNOWN = (1 << 5) - 1,
};

// --- writing -----------------------------------------------------------------------------------

typedef struct writer {
    uint8_t *number, *text;
} writer;

static inline void put_varint(writer *w, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *w->number++ = (uint8_t)(v | 0x80);
    *w->number++ = (uint8_t)v;
}

static inline void put_zigzag(writer *w, int64_t v)
{
    put_varint(w, ((uint64_t)v << 1) ^ (uint64_t)(v < 0 ? -1 : 0));
}

static inline void put_byte(writer *w, unsigned v)
{
    *w->number++ = (uint8_t)v;
}

static inline void put_le(uint8_t *to, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static inline void put_f32(writer *w, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    put_le(w->number, bits, 4);
    w->number += 4;
}

static inline void put_text(writer *w, tw_str s)
{
    put_varint(w, s.bytes);
    // Nearly all texts are identifiers of 4 to 16 bytes; two overlapping moves beat a call.
    if (s.bytes > 16) {
        memcpy(w->text, s.at, s.bytes);
    } else if (s.bytes >= 8) {
        memcpy(w->text, s.at, 8);
        memcpy(w->text + s.bytes - 8, s.at + s.bytes - 8, 8);
    } else if (s.bytes >= 4) {
        memcpy(w->text, s.at, 4);
        memcpy(w->text + s.bytes - 4, s.at + s.bytes - 4, 4);
    } else {
        for (size_t i = 0; i < s.bytes; i++)
            w->text[i] = (uint8_t)s.at[i];
    }
    w->text += s.bytes;
}

static void put_line(writer *w, const tw_line *line)
{
    unsigned head = (line->void_flag ? LINE_VOID : 0u) | (line->return_flag ? LINE_RETURN : 0u) |
                    (line->quantity_milli != 1000 ? LINE_QUANTITY : 0u) |
                    (line->regular_price_minor != line->unit_price_minor ? LINE_REGULAR : 0u) |
                    (line->discount_minor != 0 ? LINE_DISCOUNT : 0u);
    put_byte(w, head);
    put_byte(w, (unsigned)line->entry_method);
    put_text(w, line->sku);
    put_text(w, line->department);
    put_text(w, line->discount_reason);
    put_zigzag(w, line->unit_price_minor);
    if (head & LINE_QUANTITY)
        put_zigzag(w, line->quantity_milli);
    if (head & LINE_REGULAR)
        put_zigzag(w, line->regular_price_minor);
    if (head & LINE_DISCOUNT)
        put_varint(w, (uint64_t)line->discount_minor);
}

static void put_transaction(writer *w, const tw_transaction *t)
{
    const tw_str texts[] = {t->transaction_id,
                            t->store_id,
                            t->register_id,
                            t->employee_id,
                            t->customer_id,
                            t->loyalty_id,
                            t->original_transaction_id,
                            t->void_of_transaction_id,
                            t->override_employee_id,
                            t->override_reason};
    put_varint(w, t->flags);
    put_byte(w, (unsigned)t->type);
    put_byte(w, (unsigned)t->payment_type);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_text(w, texts[i]);
    put_varint(w, (uint64_t)t->time_ms);
    put_zigzag(w, t->offset_min);
    put_zigzag(w, (int64_t)t->business_day - tw_floor_day(tw_transaction_local_ms(t)));
    memcpy(w->number, t->currency, 3);
    w->number += 3;
    put_zigzag(w, t->total_minor);
    put_varint(w, (uint64_t)t->discount_minor);
    put_varint(w, (uint64_t)t->item_count);
    if (t->flags & TW_TXN_HAS_SEQUENCE)
        put_varint(w, t->sequence_number);
    if (t->flags & TW_TXN_HAS_SCAN_SECONDS)
        put_f32(w, t->scan_seconds);
    if (t->flags & TW_TXN_HAS_TENDER_SECONDS)
        put_f32(w, t->tender_seconds);
    put_varint(w, t->line_n);
    put_varint(w, t->tender_n);
    put_varint(w, t->attribute_n);
    for (size_t i = 0; i < t->line_n; i++)
        put_line(w, &t->lines[i]);
    for (size_t i = 0; i < t->tender_n; i++) {
        put_byte(w, (unsigned)t->tenders[i].type);
        put_byte(w, (unsigned)t->tenders[i].entry_method);
        put_text(w, t->tenders[i].account_token);
        put_zigzag(w, t->tenders[i].amount_minor);
    }
    for (size_t i = 0; i < t->attribute_n; i++) {
        uint64_t bits;
        memcpy(&bits, &t->attributes[i].value, sizeof(bits));
        put_text(w, t->attributes[i].name);
        put_le(w->number, bits, 8);
        w->number += 8;
    }
}

static void put_movement(writer *w, const tw_movement *m)
{
    const tw_str texts[] = {m->movement_id, m->store_id, m->sku,
                            m->employee_id, m->reason,   m->reference};
    put_byte(w, (unsigned)m->type);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_text(w, texts[i]);
    put_zigzag(w, m->quantity_milli);
    put_varint(w, (uint64_t)m->time_ms);
    put_zigzag(w, m->offset_min);
}

static void put_shift(writer *w, const tw_shift *s)
{
    const tw_str texts[] = {s->event_id,    s->store_id, s->employee_id,
                            s->register_id, s->role,     s->store_format};
    put_byte(w, (unsigned)s->event);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_text(w, texts[i]);
    put_varint(w, (uint64_t)s->time_ms);
    put_zigzag(w, s->offset_min);
}

static void put_verdict(writer *w, const tw_verdict *v)
{
    const tw_str texts[] = {v->verdict_id, v->alert_id, v->transaction_id,
                            v->reason,     v->note,     v->decided_by};
    put_byte(w, (unsigned)v->verdict);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        put_text(w, texts[i]);
    put_varint(w, (uint64_t)v->recovered_minor);
    put_varint(w, (uint64_t)v->decided_ms);
}

static void put_config(writer *w, const tw_config *c)
{
    put_byte(w, (unsigned)c->kind);
    put_text(w, c->name);
    put_text(w, c->content);
    put_text(w, c->changed_by);
    put_text(w, c->reason);
    put_varint(w, (uint64_t)c->changed_ms);
}

static void put_action(writer *w, const tw_action *a)
{
    put_text(w, a->action_id);
    put_text(w, a->kind);
    put_text(w, a->subject);
    put_text(w, a->actor);
    put_text(w, a->body);
    put_varint(w, (uint64_t)a->at_ms);
}

// Bytes of all text of a transaction.
static size_t transaction_text_bytes(const tw_transaction *t)
{
    size_t bytes = t->transaction_id.bytes + t->store_id.bytes + t->register_id.bytes +
                   t->employee_id.bytes + t->customer_id.bytes + t->loyalty_id.bytes +
                   t->original_transaction_id.bytes + t->void_of_transaction_id.bytes +
                   t->override_employee_id.bytes + t->override_reason.bytes;
    for (size_t i = 0; i < t->line_n; i++)
        bytes += t->lines[i].sku.bytes + t->lines[i].department.bytes +
                 t->lines[i].discount_reason.bytes;
    for (size_t i = 0; i < t->tender_n; i++)
        bytes += t->tenders[i].account_token.bytes;
    for (size_t i = 0; i < t->attribute_n; i++)
        bytes += t->attributes[i].name.bytes;
    return bytes;
}

static size_t fact_text_bytes(const tw_fact *fact)
{
    const tw_movement *m = &fact->as.movement;
    const tw_shift *s = &fact->as.shift;
    const tw_verdict *v = &fact->as.verdict;
    const tw_config *c = &fact->as.config;
    const tw_action *a = &fact->as.action;
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        return transaction_text_bytes(&fact->as.transaction);
    case TW_FACT_MOVEMENT:
        return m->movement_id.bytes + m->store_id.bytes + m->sku.bytes + m->employee_id.bytes +
               m->reason.bytes + m->reference.bytes;
    case TW_FACT_SHIFT:
        return s->event_id.bytes + s->store_id.bytes + s->employee_id.bytes + s->register_id.bytes +
               s->role.bytes + s->store_format.bytes;
    case TW_FACT_VERDICT:
        return v->verdict_id.bytes + v->alert_id.bytes + v->transaction_id.bytes + v->reason.bytes +
               v->note.bytes + v->decided_by.bytes;
    case TW_FACT_CONFIG:
        return c->name.bytes + c->content.bytes + c->changed_by.bytes + c->reason.bytes;
    case TW_FACT_ACTION:
        return a->action_id.bytes + a->kind.bytes + a->subject.bytes + a->actor.bytes +
               a->body.bytes;
    }
    return 0;
}

static size_t numbers_max_bytes(const tw_fact *fact)
{
    const tw_transaction *t = &fact->as.transaction;
    if (fact->kind != TW_FACT_TRANSACTION)
        return HEAD_MAX_BYTES;
    return HEAD_MAX_BYTES + t->line_n * LINE_MAX_BYTES + t->tender_n * TENDER_MAX_BYTES +
           t->attribute_n * ATTRIBUTE_MAX_BYTES;
}

tw_status tw_fact_encode(const tw_fact *fact, tw_buf *out)
{
    TW_DCHECK(tw_fact_check(fact, NULL) == TW_OK);
    size_t text_bytes = fact_text_bytes(fact);
    TW_TRY(tw_buf_reserve(out, text_bytes + numbers_max_bytes(fact)));
    uint8_t *start = out->data_own + out->bytes;
    start[0] = VERSION;
    start[1] = (uint8_t)fact->kind;
    put_le(start + RECEIVED_AT, (uint64_t)fact->received_ms, 8);
    writer w = {.number = start + RECORD_AT};
    put_varint(&w, text_bytes);
    w.text = w.number;
    w.number += text_bytes;
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        put_transaction(&w, &fact->as.transaction);
        break;
    case TW_FACT_MOVEMENT:
        put_movement(&w, &fact->as.movement);
        break;
    case TW_FACT_SHIFT:
        put_shift(&w, &fact->as.shift);
        break;
    case TW_FACT_VERDICT:
        put_verdict(&w, &fact->as.verdict);
        break;
    case TW_FACT_CONFIG:
        put_config(&w, &fact->as.config);
        break;
    case TW_FACT_ACTION:
        put_action(&w, &fact->as.action);
        break;
    }
    out->bytes = (size_t)(w.number - out->data_own);
    return TW_OK;
}

// --- reading -----------------------------------------------------------------------------------

typedef struct cursor {
    const uint8_t *at, *end; // numbers
    const char *text;        // next text; never beyond text_end
    const char *text_end;
    bool bad;
} cursor;

// Kept out of line: it is rare, and its copies would drive the common path out of the cache.
#if defined(__GNUC__)
__attribute__((noinline))
#endif
static uint64_t
get_long_varint(cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            // The tenth byte holds one bit, and a last byte of zero would be a second spelling.
            if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
                break;
            return v;
        }
    }
    c->bad = true;
    return 0;
}

static inline uint64_t get_varint(cursor *c)
{
    const uint8_t *at = c->at;
    if (TW_LIKELY(c->end - at >= 2)) {
        if (at[0] < 0x80) {
            c->at = at + 1;
            return at[0];
        }
        // Two bytes hold most prices; a second byte of zero would be a second spelling.
        if (at[1] < 0x80 && at[1] != 0) {
            c->at = at + 2;
            return (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
        }
    }
    return get_long_varint(c);
}

static inline int64_t get_zigzag(cursor *c)
{
    uint64_t v = get_varint(c);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline unsigned get_byte(cursor *c)
{
    if (TW_LIKELY(c->at < c->end))
        return *c->at++;
    c->bad = true;
    return 0;
}

static inline uint64_t get_le(cursor *c, int bytes)
{
    uint64_t v = 0;
    if (c->end - c->at < bytes) {
        c->bad = true;
        return 0;
    }
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)c->at[i] << (8 * i);
    c->at += bytes;
    return v;
}

static inline float get_f32(cursor *c)
{
    uint32_t bits = (uint32_t)get_le(c, 4);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static inline double get_f64(cursor *c)
{
    uint64_t bits = get_le(c, 8);
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static inline tw_str get_text(cursor *c)
{
    uint64_t bytes = get_varint(c);
    if (TW_UNLIKELY(bytes > (uint64_t)(c->text_end - c->text))) {
        c->bad = true;
        return TW_STR_NONE;
    }
    tw_str s = {bytes ? c->text : NULL, (size_t)bytes};
    c->text += bytes;
    return s;
}

// A count of parts, each of which takes min_bytes of numbers at least.
static size_t get_count(cursor *c, uint64_t max_n, size_t min_bytes)
{
    uint64_t n = get_varint(c);
    if (n > max_n || n * min_bytes > (uint64_t)(c->end - c->at)) {
        c->bad = true;
        return 0;
    }
    return (size_t)n;
}

static int64_t get_time(cursor *c)
{
    uint64_t v = get_varint(c);
    c->bad |= v >= (uint64_t)TW_TIME_MAX_MS;
    return c->bad ? 0 : (int64_t)v;
}

static int16_t get_offset(cursor *c)
{
    int64_t v = get_zigzag(c);
    c->bad |= v < -TW_OFFSET_MAX_MIN || v > TW_OFFSET_MAX_MIN;
    return c->bad ? 0 : (int16_t)v;
}

// An unsigned number that the C field can hold; the checks narrow it further.
static uint64_t get_below(cursor *c, uint64_t max)
{
    uint64_t v = get_varint(c);
    c->bad |= v > max;
    return c->bad ? 0 : v;
}

static void get_line(cursor *c, tw_line *line)
{
    unsigned head = get_byte(c);
    line->void_flag = (head & LINE_VOID) != 0;
    line->return_flag = (head & LINE_RETURN) != 0;
    line->entry_method = (tw_entry_method)get_byte(c);
    line->sku = get_text(c);
    line->department = get_text(c);
    line->discount_reason = get_text(c);
    line->unit_price_minor = get_zigzag(c);
    line->quantity_milli = head & LINE_QUANTITY ? get_zigzag(c) : 1000;
    line->regular_price_minor = head & LINE_REGULAR ? get_zigzag(c) : line->unit_price_minor;
    line->discount_minor = head & LINE_DISCOUNT ? (int64_t)get_below(c, INT64_MAX) : 0;
    // A bit that says "differs" in front of the same value would be a second spelling.
    c->bad |= (head & ~(unsigned)LINE_KNOWN) != 0 ||
              ((head & LINE_QUANTITY) && line->quantity_milli == 1000) ||
              ((head & LINE_REGULAR) && line->regular_price_minor == line->unit_price_minor) ||
              ((head & LINE_DISCOUNT) && line->discount_minor == 0);
}

static tw_status get_parts(cursor *c, tw_arena *arena, tw_transaction *t)
{
    size_t line_n = get_count(c, TW_LINES_MAX, LINE_MIN_BYTES);
    size_t tender_n = get_count(c, TW_TENDERS_MAX, TENDER_MIN_BYTES);
    size_t attribute_n = get_count(c, TW_ATTRIBUTES_MAX, ATTRIBUTE_MIN_BYTES);
    t->lines = NULL;
    t->tenders = NULL;
    t->attributes = NULL;
    t->line_n = line_n;
    t->tender_n = tender_n;
    t->attribute_n = attribute_n;
    if (c->bad)
        return TW_CORRUPT;
    size_t lines_bytes = line_n * sizeof(tw_line), tenders_bytes = tender_n * sizeof(tw_tender);
    size_t bytes = lines_bytes + tenders_bytes + attribute_n * sizeof(tw_attribute);
    if (bytes == 0)
        return TW_OK;
    // One block for the three arrays; all need the alignment of a pointer and are multiples of it.
    char *block = tw_arena_take(arena, bytes);
    if (!block)
        return TW_NO_MEMORY;
    tw_line *lines = (tw_line *)(void *)block;
    tw_tender *tenders = (tw_tender *)(void *)(block + lines_bytes);
    tw_attribute *attributes = (tw_attribute *)(void *)(block + lines_bytes + tenders_bytes);
    for (size_t i = 0; i < line_n; i++)
        get_line(c, &lines[i]);
    for (size_t i = 0; i < tender_n; i++) {
        tenders[i].type = (tw_payment_type)get_byte(c);
        tenders[i].entry_method = (tw_entry_method)get_byte(c);
        tenders[i].account_token = get_text(c);
        tenders[i].amount_minor = get_zigzag(c);
    }
    for (size_t i = 0; i < attribute_n; i++) {
        attributes[i].name = get_text(c);
        attributes[i].value = get_f64(c);
    }
    t->lines = line_n ? lines : NULL;
    t->tenders = tender_n ? tenders : NULL;
    t->attributes = attribute_n ? attributes : NULL;
    return TW_OK;
}

static void get_texts(cursor *c, tw_str *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *texts[i] = get_text(c);
}

static tw_status get_transaction(cursor *c, tw_arena *arena, tw_transaction *t)
{
    tw_str *const texts[] = {&t->transaction_id,
                             &t->store_id,
                             &t->register_id,
                             &t->employee_id,
                             &t->customer_id,
                             &t->loyalty_id,
                             &t->original_transaction_id,
                             &t->void_of_transaction_id,
                             &t->override_employee_id,
                             &t->override_reason};
    t->flags = (uint32_t)get_below(c, UINT32_MAX);
    t->type = (tw_transaction_type)get_byte(c);
    t->payment_type = (tw_payment_type)get_byte(c);
    get_texts(c, texts, TW_COUNT(texts));
    t->time_ms = get_time(c);
    t->offset_min = get_offset(c);
    int64_t slack = get_zigzag(c);
    if (slack < -TW_BUSINESS_DAY_SLACK || slack > TW_BUSINESS_DAY_SLACK)
        return TW_CORRUPT;
    t->business_day = tw_floor_day(tw_transaction_local_ms(t)) + (int32_t)slack;
    for (int i = 0; i < 3; i++)
        t->currency[i] = (char)get_byte(c);
    t->currency[3] = '\0';
    t->total_minor = get_zigzag(c);
    t->discount_minor = (int64_t)get_below(c, INT64_MAX);
    t->item_count = (int32_t)get_below(c, INT32_MAX);
    t->sequence_number = t->flags & TW_TXN_HAS_SEQUENCE ? (uint32_t)get_below(c, UINT32_MAX) : 0;
    t->scan_seconds = t->flags & TW_TXN_HAS_SCAN_SECONDS ? get_f32(c) : 0.0f;
    t->tender_seconds = t->flags & TW_TXN_HAS_TENDER_SECONDS ? get_f32(c) : 0.0f;
    return get_parts(c, arena, t);
}

static void get_movement(cursor *c, tw_movement *m)
{
    tw_str *const texts[] = {&m->movement_id, &m->store_id, &m->sku,
                             &m->employee_id, &m->reason,   &m->reference};
    m->type = (tw_movement_type)get_byte(c);
    get_texts(c, texts, TW_COUNT(texts));
    m->quantity_milli = get_zigzag(c);
    m->time_ms = get_time(c);
    m->offset_min = get_offset(c);
}

static void get_shift(cursor *c, tw_shift *s)
{
    tw_str *const texts[] = {&s->event_id,    &s->store_id, &s->employee_id,
                             &s->register_id, &s->role,     &s->store_format};
    s->event = (tw_shift_event)get_byte(c);
    get_texts(c, texts, TW_COUNT(texts));
    s->time_ms = get_time(c);
    s->offset_min = get_offset(c);
}

static void get_verdict(cursor *c, tw_verdict *v)
{
    tw_str *const texts[] = {&v->verdict_id, &v->alert_id, &v->transaction_id,
                             &v->reason,     &v->note,     &v->decided_by};
    v->verdict = (tw_verdict_kind)get_byte(c);
    get_texts(c, texts, TW_COUNT(texts));
    v->recovered_minor = (int64_t)get_below(c, INT64_MAX);
    v->decided_ms = get_time(c);
}

static void get_config(cursor *c, tw_config *config)
{
    tw_str *const texts[] = {&config->name, &config->content, &config->changed_by, &config->reason};
    config->kind = (tw_config_kind)get_byte(c);
    get_texts(c, texts, TW_COUNT(texts));
    config->changed_ms = get_time(c);
}

static void get_action(cursor *c, tw_action *action)
{
    tw_str *const texts[] = {&action->action_id, &action->kind, &action->subject, &action->actor,
                             &action->body};
    get_texts(c, texts, TW_COUNT(texts));
    action->at_ms = get_time(c);
}

static tw_status get_record(cursor *c, tw_arena *arena, tw_fact *out)
{
    switch (out->kind) {
    case TW_FACT_TRANSACTION:
        return get_transaction(c, arena, &out->as.transaction);
    case TW_FACT_MOVEMENT:
        get_movement(c, &out->as.movement);
        return TW_OK;
    case TW_FACT_SHIFT:
        get_shift(c, &out->as.shift);
        return TW_OK;
    case TW_FACT_VERDICT:
        get_verdict(c, &out->as.verdict);
        return TW_OK;
    case TW_FACT_CONFIG:
        get_config(c, &out->as.config);
        return TW_OK;
    case TW_FACT_ACTION:
        get_action(c, &out->as.action);
        return TW_OK;
    }
    return TW_CORRUPT;
}

// Only bytes 0x20..0x7f: then every text in it is valid, wherever the borders are.
static bool is_plain_ascii(const char *text, size_t bytes)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < bytes; i++)
        odd |= (unsigned char)((unsigned char)(text[i] - 0x20) >= 0x60);
    return odd == 0;
}

static tw_status decode_into(const uint8_t *data, size_t bytes, tw_arena *arena, tw_fact *out)
{
    if (bytes < RECORD_AT || data[0] == 0)
        return TW_CORRUPT;
    if (data[0] > VERSION)
        return TW_UNSUPPORTED;
    cursor c = {.at = data + RECEIVED_AT, .end = data + bytes};
    uint64_t received_ms = get_le(&c, 8);
    uint64_t text_bytes = get_varint(&c);
    if (c.bad || received_ms >= (uint64_t)TW_TIME_MAX_MS || text_bytes > (uint64_t)(c.end - c.at))
        return TW_CORRUPT;
    c.text = (const char *)c.at;
    c.text_end = c.text + text_bytes;
    c.at += text_bytes;
    out->kind = (tw_fact_kind)data[1];
    out->received_ms = (int64_t)received_ms;
    out->seq = 0;
    bool is_plain = is_plain_ascii(c.text, (size_t)text_bytes);
    TW_TRY(get_record(&c, arena, out));
    if (c.bad || c.at != c.end || c.text != c.text_end || twi_fact_bad_field(out, !is_plain))
        return TW_CORRUPT;
    return TW_OK;
}

tw_status tw_fact_decode(const void *data, size_t bytes, tw_arena *arena, tw_fact *out)
{
    // Decoding writes every member of the record's kind; clearing the whole would cost a tenth.
    tw_status status = decode_into(data, bytes, arena, out);
    if (status != TW_OK)
        memset(out, 0, sizeof(*out));
    return status;
}

tw_fact_kind tw_fact_peek(const void *data, size_t bytes)
{
    const uint8_t *head = data;
    if (bytes < RECORD_AT || head[0] == 0 || head[0] > VERSION)
        return (tw_fact_kind)0;
    bool is_known = head[1] >= TW_FACT_TRANSACTION && head[1] <= TW_FACT_ACTION;
    return is_known ? (tw_fact_kind)head[1] : (tw_fact_kind)0;
}

bool tw_fact_same_record(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    const uint8_t *left = a, *right = b;
    if (a_bytes != b_bytes || a_bytes < RECORD_AT)
        return false;
    return memcmp(left, right, RECEIVED_AT) == 0 &&
           memcmp(left + RECORD_AT, right + RECORD_AT, a_bytes - RECORD_AT) == 0;
}
