// SPDX-License-Identifier: Apache-2.0
//
// Invariants of facts. Each function returns the name of the first field that breaks one, or NULL.
#include "check.h"

#include <math.h>

#include "base/time.h"
#include "retail/money.h"

// A text field of a record by its place, so that the tables are constants.
typedef struct text_rule {
    size_t at;
    size_t min_bytes, max_bytes;
    const char *field;
} text_rule;

static const char *bad_text(const void *record, const text_rule *rules, size_t n, bool utf8)
{
    for (size_t i = 0; i < n; i++) {
        const tw_str *text = (const tw_str *)(const void *)((const char *)record + rules[i].at);
        if (text->bytes < rules[i].min_bytes || text->bytes > rules[i].max_bytes ||
            (utf8 && !tw_str_is_utf8(*text)))
            return rules[i].field;
    }
    return NULL;
}

static bool money_ok(int64_t minor)
{
    return minor >= -TW_MONEY_MAX_MINOR && minor <= TW_MONEY_MAX_MINOR;
}
static bool amount_ok(int64_t minor)
{
    return minor >= 0 && minor <= TW_MONEY_MAX_MINOR;
}
static bool quantity_ok(int64_t milli)
{
    return milli >= -TW_QUANTITY_MAX_MILLI && milli <= TW_QUANTITY_MAX_MILLI;
}
static bool time_ok(int64_t ms)
{
    return ms >= TW_TIME_MIN_MS && ms < TW_TIME_MAX_MS;
}
static bool offset_ok(int16_t min)
{
    return min >= -TW_OFFSET_MAX_MIN && min <= TW_OFFSET_MAX_MIN;
}
static bool seconds_ok(float s)
{
    return s >= 0.0f && s <= (float)TW_SECONDS_MAX && !signbit(s);
}

// Length and, on demand, encoding of one text.
static bool text_ok(tw_str s, size_t min_bytes, size_t max_bytes, bool utf8)
{
    return s.bytes >= min_bytes && s.bytes <= max_bytes && (!utf8 || tw_str_is_utf8(s));
}

static const char *bad_line(const tw_line *line, bool utf8)
{
    if (!text_ok(line->sku, 0, TW_ID_MAX_BYTES, utf8))
        return "lines.sku";
    if (!text_ok(line->department, 0, TW_TEXT_MAX_BYTES, utf8))
        return "lines.department";
    if (!text_ok(line->discount_reason, 0, TW_TEXT_MAX_BYTES, utf8))
        return "lines.discount_reason";
    if (!quantity_ok(line->quantity_milli))
        return "lines.quantity";
    if (!money_ok(line->unit_price_minor) || !money_ok(line->regular_price_minor))
        return "lines.unit_price";
    if (!amount_ok(line->discount_minor))
        return "lines.discount_amount";
    return (unsigned)line->entry_method < TW_ENTRY_N ? NULL : "lines.entry_method";
}

static const char *bad_tender(const tw_tender *tender, bool utf8)
{
    if (!text_ok(tender->account_token, 0, TW_ID_MAX_BYTES, utf8))
        return "tenders.account_token";
    if (!money_ok(tender->amount_minor))
        return "tenders.amount";
    if ((unsigned)tender->type >= TW_PAY_N)
        return "tenders.type";
    return (unsigned)tender->entry_method < TW_ENTRY_N ? NULL : "tenders.entry_method";
}

static const char *bad_parts(const tw_transaction *t, bool utf8)
{
    if (t->line_n > TW_LINES_MAX)
        return "lines";
    if (t->tender_n > TW_TENDERS_MAX)
        return "tenders";
    if (t->attribute_n > TW_ATTRIBUTES_MAX)
        return "attributes";
    const char *bad = NULL;
    for (size_t i = 0; !bad && i < t->line_n; i++)
        bad = bad_line(&t->lines[i], utf8);
    for (size_t i = 0; !bad && i < t->tender_n; i++)
        bad = bad_tender(&t->tenders[i], utf8);
    for (size_t i = 0; !bad && i < t->attribute_n; i++) {
        const tw_attribute *attribute = &t->attributes[i];
        if (!text_ok(attribute->name, 1, TW_ID_MAX_BYTES, utf8) || !isfinite(attribute->value))
            bad = "attributes";
    }
    return bad;
}

static const char *bad_numbers(const tw_transaction *t)
{
    const uint32_t known = (TW_TXN_HAS_OFFSET << 1) - 1;
    if (!time_ok(t->time_ms) || !offset_ok(t->offset_min))
        return "transaction_time";
    int64_t slack = (int64_t)t->business_day - tw_floor_day(tw_transaction_local_ms(t));
    if (slack < -TW_BUSINESS_DAY_SLACK || slack > TW_BUSINESS_DAY_SLACK)
        return "business_date";
    if (!money_ok(t->total_minor))
        return "transaction_total";
    if (!amount_ok(t->discount_minor))
        return "discount_amount";
    if (!tw_currency_is_valid(t->currency))
        return "currency";
    if ((t->flags & ~known) != 0)
        return "flags";
    if ((unsigned)t->type >= TW_TXN_N)
        return "transaction_type";
    if ((unsigned)t->payment_type >= TW_PAY_N)
        return "payment_type";
    if (t->item_count < 0 || t->item_count > TW_ITEM_COUNT_MAX)
        return "item_count";
    if (t->sequence_number && !(t->flags & TW_TXN_HAS_SEQUENCE))
        return "sequence_number";
    if (!seconds_ok(t->scan_seconds) ||
        (t->scan_seconds > 0.0f && !(t->flags & TW_TXN_HAS_SCAN_SECONDS)))
        return "scan_seconds";
    if (!seconds_ok(t->tender_seconds) ||
        (t->tender_seconds > 0.0f && !(t->flags & TW_TXN_HAS_TENDER_SECONDS)))
        return "tender_seconds";
    return NULL;
}

static const char *bad_transaction(const tw_transaction *t, bool utf8)
{
    static const text_rule rules[] = {
        {offsetof(tw_transaction, transaction_id), 1, TW_ID_MAX_BYTES, "transaction_id"},
        {offsetof(tw_transaction, store_id), 1, TW_ID_MAX_BYTES, "store_id"},
        {offsetof(tw_transaction, register_id), 1, TW_ID_MAX_BYTES, "register_id"},
        {offsetof(tw_transaction, employee_id), 1, TW_ID_MAX_BYTES, "employee_id"},
        {offsetof(tw_transaction, customer_id), 0, TW_ID_MAX_BYTES, "customer_id"},
        {offsetof(tw_transaction, loyalty_id), 0, TW_ID_MAX_BYTES, "loyalty_id"},
        {offsetof(tw_transaction, original_transaction_id), 0, TW_ID_MAX_BYTES,
         "original_transaction_id"},
        {offsetof(tw_transaction, void_of_transaction_id), 0, TW_ID_MAX_BYTES,
         "void_of_transaction_id"},
        {offsetof(tw_transaction, override_employee_id), 0, TW_ID_MAX_BYTES,
         "override_employee_id"},
        {offsetof(tw_transaction, override_reason), 0, TW_TEXT_MAX_BYTES, "override_reason"},
    };
    const char *bad = bad_text(t, rules, TW_COUNT(rules), utf8);
    bad = bad ? bad : bad_numbers(t);
    return bad ? bad : bad_parts(t, utf8);
}

static const char *bad_movement(const tw_movement *m, bool utf8)
{
    static const text_rule rules[] = {
        {offsetof(tw_movement, movement_id), 1, TW_ID_MAX_BYTES, "movement_id"},
        {offsetof(tw_movement, store_id), 1, TW_ID_MAX_BYTES, "store_id"},
        {offsetof(tw_movement, sku), 1, TW_ID_MAX_BYTES, "sku"},
        {offsetof(tw_movement, employee_id), 0, TW_ID_MAX_BYTES, "employee_id"},
        {offsetof(tw_movement, reason), 0, TW_TEXT_MAX_BYTES, "reason"},
        {offsetof(tw_movement, reference), 0, TW_TEXT_MAX_BYTES, "reference"},
    };
    const char *bad = bad_text(m, rules, TW_COUNT(rules), utf8);
    if (bad)
        return bad;
    if ((unsigned)m->type >= TW_MOVE_N)
        return "movement_type";
    if (!quantity_ok(m->quantity_milli))
        return "quantity";
    return time_ok(m->time_ms) && offset_ok(m->offset_min) ? NULL : "movement_time";
}

static const char *bad_shift(const tw_shift *s, bool utf8)
{
    static const text_rule rules[] = {
        {offsetof(tw_shift, event_id), 1, TW_ID_MAX_BYTES, "event_id"},
        {offsetof(tw_shift, store_id), 1, TW_ID_MAX_BYTES, "store_id"},
        {offsetof(tw_shift, employee_id), 1, TW_ID_MAX_BYTES, "employee_id"},
        {offsetof(tw_shift, register_id), 0, TW_ID_MAX_BYTES, "register_id"},
        {offsetof(tw_shift, role), 0, TW_TEXT_MAX_BYTES, "role"},
        {offsetof(tw_shift, store_format), 0, TW_TEXT_MAX_BYTES, "store_format"},
    };
    const char *bad = bad_text(s, rules, TW_COUNT(rules), utf8);
    if (bad)
        return bad;
    if ((unsigned)s->event >= TW_SHIFT_N)
        return "event_type";
    return time_ok(s->time_ms) && offset_ok(s->offset_min) ? NULL : "event_time";
}

static const char *bad_verdict(const tw_verdict *v, bool utf8)
{
    static const text_rule rules[] = {
        {offsetof(tw_verdict, verdict_id), 1, TW_ID_MAX_BYTES, "verdict_id"},
        {offsetof(tw_verdict, alert_id), 0, TW_ID_MAX_BYTES, "alert_id"},
        {offsetof(tw_verdict, transaction_id), 0, TW_ID_MAX_BYTES, "transaction_id"},
        {offsetof(tw_verdict, reason), 0, TW_TEXT_MAX_BYTES, "reason"},
        {offsetof(tw_verdict, note), 0, TW_NOTE_MAX_BYTES, "note"},
        {offsetof(tw_verdict, decided_by), 0, TW_ID_MAX_BYTES, "decided_by"},
    };
    const char *bad = bad_text(v, rules, TW_COUNT(rules), utf8);
    if (bad)
        return bad;
    if (v->alert_id.bytes == 0 && v->transaction_id.bytes == 0)
        return "alert_id";
    if ((unsigned)v->verdict >= TW_VERDICT_N)
        return "verdict";
    if (!amount_ok(v->recovered_minor))
        return "recovered";
    return time_ok(v->decided_ms) ? NULL : "decided_at";
}

static const char *bad_config(const tw_config *c, bool utf8)
{
    bool is_model = c->kind == TW_CONFIG_MODEL || c->kind == TW_CONFIG_CHALLENGER;
    static const text_rule rules[] = {
        {offsetof(tw_config, name), 1, TW_ID_MAX_BYTES, "name"},
        {offsetof(tw_config, changed_by), 0, TW_ID_MAX_BYTES, "changed_by"},
        {offsetof(tw_config, reason), 0, TW_TEXT_MAX_BYTES, "reason"},
    };
    if ((unsigned)c->kind >= TW_CONFIG_N)
        return "kind";
    const char *bad = bad_text(c, rules, TW_COUNT(rules), utf8);
    if (bad)
        return bad;
    if (c->content.bytes > (is_model ? TW_MODEL_MAX_BYTES : TW_CONFIG_MAX_BYTES))
        return "content";
    if (utf8 && !is_model && !tw_str_is_utf8(c->content))
        return "content";
    return time_ok(c->changed_ms) ? NULL : "changed_at";
}

static const char *bad_action(const tw_action *a, bool utf8)
{
    static const text_rule rules[] = {
        {offsetof(tw_action, action_id), 1, TW_ID_MAX_BYTES, "action_id"},
        {offsetof(tw_action, kind), 1, TW_ID_MAX_BYTES, "kind"},
        {offsetof(tw_action, subject), 0, TW_TEXT_MAX_BYTES, "subject"},
        {offsetof(tw_action, actor), 1, TW_ID_MAX_BYTES, "actor"},
        {offsetof(tw_action, body), 0, TW_ACTION_MAX_BYTES, "body"},
    };
    const char *bad = bad_text(a, rules, TW_COUNT(rules), utf8);
    if (bad)
        return bad;
    return time_ok(a->at_ms) ? NULL : "at";
}

const char *twi_fact_bad_field(const tw_fact *fact, bool utf8)
{
    if (!time_ok(fact->received_ms))
        return "received_at";
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        return bad_transaction(&fact->as.transaction, utf8);
    case TW_FACT_MOVEMENT:
        return bad_movement(&fact->as.movement, utf8);
    case TW_FACT_SHIFT:
        return bad_shift(&fact->as.shift, utf8);
    case TW_FACT_VERDICT:
        return bad_verdict(&fact->as.verdict, utf8);
    case TW_FACT_CONFIG:
        return bad_config(&fact->as.config, utf8);
    case TW_FACT_ACTION:
        return bad_action(&fact->as.action, utf8);
    }
    return "kind";
}

tw_status tw_fact_check(const tw_fact *fact, tw_err *err)
{
    const char *field = twi_fact_bad_field(fact, true);
    if (!field)
        return TW_OK;
    return tw_fail(err, TW_INVALID, "%s is missing, malformed or out of range", field);
}
