// SPDX-License-Identifier: Apache-2.0
//
// A small exact writer; the buffer keeps the first failure, so that it is checked once.
#include "intake/write.h"

#include <stdio.h>

#include "base/time.h"
#include "retail/money.h"

typedef struct json {
    tw_buf *buf;
    bool follows; // a member stands before
    int exponent;
} json;

void tw_json_put_string(tw_buf *out, tw_str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;
    tw_buf_u8(out, '"');
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        tw_buf_put(out, s.at + from, i - from);
        from = i + 1;
        const char escaped[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        if (c == '"' || c == '\\')
            tw_buf_put(out, (const char[]){'\\', (char)c}, 2);
        else if (c == '\n')
            tw_buf_put(out, "\\n", 2);
        else
            tw_buf_put(out, escaped, sizeof(escaped));
    }
    if (s.bytes > from)
        tw_buf_put(out, s.at + from, s.bytes - from);
    tw_buf_u8(out, '"');
}

static void put_key(json *j, const char *key)
{
    tw_buf_cstr(j->buf, j->follows ? ",\"" : "\"");
    tw_buf_cstr(j->buf, key);
    tw_buf_cstr(j->buf, "\":");
    j->follows = true;
}

static void put_text(json *j, const char *key, tw_str value)
{
    if (value.bytes == 0)
        return;
    put_key(j, key);
    tw_json_put_string(j->buf, value);
}

static void put_name(json *j, const char *key, const char *value)
{
    put_text(j, key, tw_str_from(value));
}

static void put_money(json *j, const char *key, int64_t minor)
{
    char text[TW_MONEY_TEXT_BYTES];
    put_key(j, key);
    tw_json_put_string(j->buf, tw_str_from(tw_money_format(minor, j->exponent, text)));
}

static void put_integer(json *j, const char *key, int64_t v)
{
    char text[TW_MONEY_TEXT_BYTES];
    put_key(j, key);
    tw_buf_cstr(j->buf, tw_money_format(v, 0, text));
}

// Thousandths without trailing zeros: 1500 -> 1.5.
static void put_quantity(json *j, const char *key, int64_t milli)
{
    char text[TW_MONEY_TEXT_BYTES];
    size_t n = strlen(tw_money_format(milli, 3, text));
    while (text[n - 1] == '0')
        n--;
    n -= text[n - 1] == '.';
    put_key(j, key);
    tw_buf_put(j->buf, text, n);
}

static void put_flag(json *j, const char *key, bool set)
{
    put_key(j, key);
    tw_buf_cstr(j->buf, set ? "true" : "false");
}

static void put_set_flag(json *j, const char *key, bool set)
{
    if (set)
        put_flag(j, key, true);
}

static void put_f32(json *j, const char *key, float v)
{
    char text[40];
    snprintf(text, sizeof(text), "%.9g", (double)v);
    put_key(j, key);
    tw_buf_cstr(j->buf, text);
}

static void put_time(json *j, const char *key, int64_t ms, int16_t offset_min, bool with_offset)
{
    char text[TW_TIME_TEXT_BYTES];
    if (with_offset)
        tw_time_format(ms, offset_min, text);
    else
        tw_time_format(ms + offset_min * INT64_C(60000), 0, text);
    size_t n = strlen(text);
    put_key(j, key);
    tw_json_put_string(j->buf, (tw_str){text, with_offset ? n : n - 1}); // without the Z
}

static void put_line(json *j, const tw_line *line)
{
    json o = {j->buf, false, j->exponent};
    tw_buf_u8(o.buf, '{');
    put_text(&o, "sku", line->sku);
    put_text(&o, "department", line->department);
    put_quantity(&o, "quantity", line->quantity_milli);
    put_money(&o, "unit_price", line->unit_price_minor);
    if (line->regular_price_minor != line->unit_price_minor)
        put_money(&o, "regular_price", line->regular_price_minor);
    if (line->discount_minor)
        put_money(&o, "discount_amount", line->discount_minor);
    put_text(&o, "discount_reason", line->discount_reason);
    put_set_flag(&o, "void_flag", line->void_flag);
    put_set_flag(&o, "return_flag", line->return_flag);
    put_name(&o, "entry_method", tw_entry_method_name(line->entry_method));
    tw_buf_u8(o.buf, '}');
}

static void put_tender(json *j, const tw_tender *tender)
{
    json o = {j->buf, false, j->exponent};
    tw_buf_u8(o.buf, '{');
    put_name(&o, "type", tw_payment_type_name(tender->type));
    put_money(&o, "amount", tender->amount_minor);
    put_text(&o, "account_token", tender->account_token);
    put_name(&o, "entry_method", tw_entry_method_name(tender->entry_method));
    tw_buf_u8(o.buf, '}');
}

static void put_parts(json *j, const tw_transaction *t)
{
    if (t->line_n)
        put_key(j, "lines");
    for (size_t i = 0; i < t->line_n; i++) {
        tw_buf_u8(j->buf, i ? ',' : '[');
        put_line(j, &t->lines[i]);
    }
    if (t->line_n)
        tw_buf_u8(j->buf, ']');
    if (t->tender_n)
        put_key(j, "tenders");
    for (size_t i = 0; i < t->tender_n; i++) {
        tw_buf_u8(j->buf, i ? ',' : '[');
        put_tender(j, &t->tenders[i]);
    }
    if (t->tender_n)
        tw_buf_u8(j->buf, ']');
    if (t->attribute_n)
        put_key(j, "attributes");
    for (size_t i = 0; i < t->attribute_n; i++) {
        char text[40];
        snprintf(text, sizeof(text), "%.17g", t->attributes[i].value);
        tw_buf_u8(j->buf, i ? ',' : '{');
        tw_json_put_string(j->buf, t->attributes[i].name);
        tw_buf_u8(j->buf, ':');
        tw_buf_cstr(j->buf, text);
    }
    if (t->attribute_n)
        tw_buf_u8(j->buf, '}');
}

static void put_transaction(json *j, const tw_transaction *t, unsigned flags)
{
    char date[TW_TIME_TEXT_BYTES];
    bool derived = (flags & TW_WRITE_DERIVED) != 0;
    j->exponent = tw_currency_exponent(t->currency);
    put_text(j, "transaction_id", t->transaction_id);
    put_text(j, "store_id", t->store_id);
    put_text(j, "register_id", t->register_id);
    put_text(j, "employee_id", t->employee_id);
    put_time(j, "transaction_time", t->time_ms, t->offset_min,
             derived || (t->flags & TW_TXN_HAS_OFFSET));
    put_money(j, "transaction_total", t->total_minor);
    put_money(j, "discount_amount", t->discount_minor);
    put_flag(j, "refund_flag", (t->flags & TW_TXN_FLAG_REFUND) != 0);
    put_flag(j, "void_flag", (t->flags & TW_TXN_FLAG_VOID) != 0);
    put_integer(j, "item_count", t->item_count);
    put_name(j, "payment_type", tw_payment_type_name(t->payment_type));
    if (derived || (t->flags & TW_TXN_HAS_TYPE))
        put_name(j, "transaction_type", tw_transaction_type_name(t->type));
    put_name(j, "currency", t->currency);
    if (derived || t->business_day != tw_floor_day(tw_transaction_local_ms(t)))
        put_name(j, "business_date", tw_date_format(t->business_day, date));
    if (t->flags & TW_TXN_HAS_SEQUENCE)
        put_integer(j, "sequence_number", t->sequence_number);
    put_text(j, "customer_id", t->customer_id);
    put_text(j, "loyalty_id", t->loyalty_id);
    put_text(j, "original_transaction_id", t->original_transaction_id);
    put_text(j, "void_of_transaction_id", t->void_of_transaction_id);
    put_text(j, "override_employee_id", t->override_employee_id);
    put_text(j, "override_reason", t->override_reason);
    if (t->flags & TW_TXN_HAS_SCAN_SECONDS)
        put_f32(j, "scan_seconds", t->scan_seconds);
    if (t->flags & TW_TXN_HAS_TENDER_SECONDS)
        put_f32(j, "tender_seconds", t->tender_seconds);
    put_set_flag(j, "training_flag", (t->flags & TW_TXN_FLAG_TRAINING) != 0);
    put_set_flag(j, "offline_flag", (t->flags & TW_TXN_FLAG_OFFLINE) != 0);
    put_parts(j, t);
}

static void put_movement(json *j, const tw_movement *m)
{
    put_text(j, "movement_id", m->movement_id);
    put_text(j, "store_id", m->store_id);
    put_text(j, "sku", m->sku);
    put_name(j, "type", tw_movement_type_name(m->type));
    put_quantity(j, "quantity", m->quantity_milli);
    put_time(j, "time", m->time_ms, m->offset_min, true);
    put_text(j, "employee_id", m->employee_id);
    put_text(j, "reason", m->reason);
    put_text(j, "reference", m->reference);
}

static void put_shift(json *j, const tw_shift *s)
{
    put_text(j, "event_id", s->event_id);
    put_text(j, "store_id", s->store_id);
    put_text(j, "employee_id", s->employee_id);
    put_name(j, "event", tw_shift_event_name(s->event));
    put_time(j, "time", s->time_ms, s->offset_min, true);
    put_text(j, "register_id", s->register_id);
    put_text(j, "role", s->role);
    put_text(j, "store_format", s->store_format);
}

static void put_verdict(json *j, const tw_verdict *v)
{
    put_text(j, "verdict_id", v->verdict_id);
    put_text(j, "alert_id", v->alert_id);
    put_text(j, "transaction_id", v->transaction_id);
    put_name(j, "verdict", tw_verdict_name(v->verdict));
    put_text(j, "reason", v->reason);
    put_text(j, "note", v->note);
    put_text(j, "decided_by", v->decided_by);
    if (v->recovered_minor)
        put_money(j, "recovered_amount", v->recovered_minor);
    put_time(j, "decided_at", v->decided_ms, 0, true);
}

static void put_config(json *j, const tw_config *c)
{
    static const char *const kinds[TW_CONFIG_N] = {"model",      "signals",  "policy",
                                                   "challenger", "decision", "quiet"};
    put_name(j, "config", (unsigned)c->kind < TW_CONFIG_N ? kinds[c->kind] : "");
    put_text(j, "name", c->name);
    put_text(j, "changed_by", c->changed_by);
    put_text(j, "reason", c->reason);
    put_time(j, "changed_at", c->changed_ms, 0, true);
}

static void put_action(json *j, const tw_action *a)
{
    put_text(j, "action_id", a->action_id);
    put_text(j, "kind", a->kind);
    put_text(j, "subject", a->subject);
    put_text(j, "actor", a->actor);
    put_text(j, "body", a->body);
    put_time(j, "at", a->at_ms, 0, true);
}

tw_status tw_fact_write_json(const tw_fact *fact, unsigned flags, tw_buf *out)
{
    json j = {out, false, 2};
    tw_buf_u8(out, '{');
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        put_transaction(&j, &fact->as.transaction, flags);
        break;
    case TW_FACT_MOVEMENT:
        put_movement(&j, &fact->as.movement);
        break;
    case TW_FACT_SHIFT:
        put_shift(&j, &fact->as.shift);
        break;
    case TW_FACT_VERDICT:
        put_verdict(&j, &fact->as.verdict);
        break;
    case TW_FACT_CONFIG:
        put_config(&j, &fact->as.config);
        break;
    case TW_FACT_ACTION:
        put_action(&j, &fact->as.action);
        break;
    }
    tw_buf_u8(out, '}');
    return out->status;
}
