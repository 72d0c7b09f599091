// SPDX-License-Identifier: Apache-2.0
//
// A mapping bound to a file's columns, and its rules applied to a row.
#include <stdio.h>

#include "mapping.h"
#include "retail/money.h"
#include "time_format.h"

bool twi_mapping_has(const tw_mapping *mapping, unsigned field)
{
    for (size_t i = 0; i < mapping->rule_n; i++) {
        if (mapping->rules[i].field == field)
            return true;
    }
    return false;
}

bool twi_mapping_derives_refund(const tw_mapping *mapping)
{
    for (size_t i = 0; i < mapping->rule_n; i++) {
        if (mapping->rules[i].sign == TWI_SIGN_REFUND)
            return true;
    }
    return false;
}

// --- binding -------------------------------------------------------------------------------------

static tw_status find_column(const twi_rule *rule, tw_str name, const tw_str *columns, size_t n,
                             size_t *out, tw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (twi_equal_loose(columns[i], name)) {
            *out = i;
            return TW_OK;
        }
    }
    return tw_fail(err, TW_INVALID, "mapping of %.*s: the file has no column \"%.*s\"",
                   TW_STR_ARG(rule->name), TW_STR_ARG(name));
}

// "S{store}-{row}": text and {names} in turn; "{{" is a brace.
static tw_status bind_template(const twi_rule *rule, const tw_str *columns, size_t n,
                               twi_bound_rule *bound, tw_err *err)
{
    tw_str left = rule->template_text;
    while (left.bytes) {
        if (bound->piece_n == TWI_PIECES_MAX)
            return tw_fail(err, TW_INVALID, "mapping of %.*s: the template has more than %d parts",
                           TW_STR_ARG(rule->name), TWI_PIECES_MAX);
        twi_piece *piece = &bound->pieces[bound->piece_n++];
        const char *open = memchr(left.at, '{', left.bytes);
        size_t text_bytes = open ? (size_t)(open - left.at) : left.bytes;
        if (text_bytes) {
            *piece = (twi_piece){TWI_PIECE_TEXT, {left.at, text_bytes}};
            left = (tw_str){left.at + text_bytes, left.bytes - text_bytes};
            continue;
        }
        const char *close = memchr(left.at, '}', left.bytes);
        if (!close)
            return tw_fail(err, TW_INVALID, "mapping of %.*s: a { in the template has no }",
                           TW_STR_ARG(rule->name));
        tw_str name = {left.at + 1, (size_t)(close - left.at) - 1};
        if (tw_str_equal(name, TW_STR("row")))
            piece->column = TWI_PIECE_ROW;
        else if (tw_str_equal(name, TW_STR("row1")))
            piece->column = TWI_PIECE_ROW1;
        else
            TW_TRY(find_column(rule, name, columns, n, &piece->column, err));
        left = (tw_str){close + 1, left.bytes - name.bytes - 2};
    }
    return TW_OK;
}

tw_status twi_mapping_bind(const tw_mapping *mapping, const tw_str *columns, size_t column_n,
                           twi_bound *bound, tw_err *err)
{
    memset(bound, 0, sizeof(*bound));
    bound->mapping = mapping;
    for (size_t i = 0; i < mapping->rule_n; i++) {
        const twi_rule *rule = &mapping->rules[i];
        twi_bound_rule *to = &bound->rules[i];
        if (rule->column.at)
            TW_TRY(find_column(rule, rule->column, columns, column_n, &to->column, err));
        if (rule->template_text.at)
            TW_TRY(bind_template(rule, columns, column_n, to, err));
        if (rule->negate_column.at)
            TW_TRY(
                find_column(rule, rule->negate_column, columns, column_n, &to->negate_column, err));
    }
    return TW_OK;
}

// --- applying
// --------------------------------------------------------------------------------------

typedef struct row {
    twi_decoder *d;
    const tw_mapping *mapping;
    const tw_str *fields;
    uint64_t number;
    twi_draft *draft;
} row;

static char *put_number(char *to, uint64_t v)
{
    char reversed[20];
    size_t n = 0;
    do
        reversed[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        *to++ = reversed[--n];
    return to;
}

static tw_status fill_template(const row *r, const twi_bound_rule *bound, tw_str *out)
{
    size_t max = 0;
    for (size_t i = 0; i < bound->piece_n; i++) {
        size_t column = bound->pieces[i].column;
        max += column == TWI_PIECE_TEXT                              ? bound->pieces[i].text.bytes
               : column == TWI_PIECE_ROW || column == TWI_PIECE_ROW1 ? 20
                                                                     : r->fields[column].bytes;
    }
    char *text = tw_arena_take(r->d->arena, max + 1);
    if (!text)
        return TW_NO_MEMORY;
    char *to = text;
    for (size_t i = 0; i < bound->piece_n; i++) {
        size_t column = bound->pieces[i].column;
        if (column == TWI_PIECE_ROW || column == TWI_PIECE_ROW1) {
            to = put_number(to, r->number + (column == TWI_PIECE_ROW1));
            continue;
        }
        tw_str part = column == TWI_PIECE_TEXT ? bound->pieces[i].text : r->fields[column];
        if (part.bytes)
            memcpy(to, part.at, part.bytes);
        to += part.bytes;
    }
    *out = (tw_str){text, (size_t)(to - text)};
    return TW_OK;
}

static tw_status map_value(const row *r, const twi_rule *rule, tw_str *text)
{
    const twi_yaml_rule *yaml = rule->yaml;
    for (unsigned i = 0; i < yaml->values_count; i++) {
        tw_str from = tw_str_from(yaml->values[i].from);
        if (tw_str_equal(from, *text) || tw_str_equal(from, TW_STR("*"))) {
            *text = tw_str_from(yaml->values[i].to);
            return TW_OK;
        }
    }
    return twi_reject_value(r->d, TW_PROBLEM_UNKNOWN_VALUE, rule->name, *text,
                            "the mapping's values do not have it; add it or a \"*\"");
}

static bool is_negated(const row *r, const twi_rule *rule, const twi_bound_rule *bound)
{
    const twi_yaml_rule *yaml = rule->yaml;
    for (unsigned i = 0; i < yaml->negate_values_count; i++) {
        if (tw_str_equal(tw_str_from(yaml->negate_values[i]), r->fields[bound->negate_column]))
            return true;
    }
    return false;
}

static int unit_shift(const row *r, const twi_rule *rule)
{
    if (!rule->is_minor)
        return rule->shift;
    // The currency's rule has run already: it is the first field.
    tw_str code = r->draft->kind[TWI_F_CURRENCY] ? r->draft->text[TWI_F_CURRENCY] : TW_STR_NONE;
    char currency[4] = "";
    if (code.bytes == 3)
        tw_str_copy(code, currency, sizeof(currency));
    else
        memcpy(currency, r->d->options->default_currency, sizeof(currency));
    return rule->shift - (currency[0] ? tw_currency_exponent(currency) : 2);
}

// The number as the decoder reads it: sign first, a point, no grouping, the unit as an exponent.
static tw_status map_number(const row *r, const twi_rule *rule, const twi_bound_rule *bound,
                            tw_str *text)
{
    enum { DIGITS_MAX = 48 };
    const tw_mapping *m = r->mapping;
    int shift = unit_shift(r, rule);
    bool flips = is_negated(r, rule, bound) != (rule->sign == TWI_SIGN_NEGATE);
    if (shift == 0 && !flips && rule->sign == TWI_SIGN_KEEP && m->decimal == '.' && !m->grouping)
        return TW_OK;
    tw_str from = tw_str_trim(*text);
    bool negative = false;
    if (from.bytes && (from.at[0] == '-' || from.at[0] == '+')) {
        negative = from.at[0] == '-';
        from = (tw_str){from.at + 1, from.bytes - 1};
    } else if (from.bytes && from.at[from.bytes - 1] == '-') {
        negative = true;
        from.bytes--;
    }
    char *to = from.bytes <= DIGITS_MAX ? tw_arena_take(r->d->arena, DIGITS_MAX + 8) : NULL;
    if (from.bytes > DIGITS_MAX)
        return TW_OK; // the decoder says what is wrong with it
    if (!to)
        return TW_NO_MEMORY;
    size_t n = 0;
    negative = rule->sign == TWI_SIGN_ABSOLUTE ? flips : negative != flips;
    if (negative)
        to[n++] = '-';
    for (size_t i = 0; i < from.bytes; i++) {
        if (m->grouping && from.at[i] == m->grouping)
            continue;
        // With a decimal comma a point is not a decimal point; leave it to be refused.
        to[n++] = from.at[i] == m->decimal ? '.' : from.at[i] == '.' ? '?' : from.at[i];
    }
    if (shift)
        n += (size_t)snprintf(to + n, 5, "e%d", shift);
    *text = (tw_str){to, n};
    return TW_OK;
}

static tw_status map_time(const row *r, const twi_rule *rule, tw_str text)
{
    twi_draft *draft = r->draft;
    char advice[120];
    int64_t ms = 0;
    int16_t offset_min = 0;
    bool ok;
    if (rule->clock == TWI_CLOCK_FORMAT) {
        ok = twi_time_format_parse(text, rule->format, &ms, &offset_min);
    } else {
        int scale = rule->clock == TWI_CLOCK_EPOCH_S ? 3 : 0;
        ok = twi_decimal_parse(text, scale, &ms) == TWI_DECIMAL_OK && ms > -TW_TIME_MAX_MS &&
             ms < TW_TIME_MAX_MS;
        ms = ok ? ms + rule->epoch_ms : 0;
    }
    if (!ok) {
        snprintf(advice, sizeof(advice), "the mapping expects the format %.*s",
                 TW_STR_ARG(rule->format));
        return twi_reject_value(r->d, TW_PROBLEM_TIME, rule->name, text, advice);
    }
    if (rule->type == TWI_DATE) {
        char *date = tw_arena_take(r->d->arena, TW_TIME_TEXT_BYTES);
        if (!date)
            return TW_NO_MEMORY;
        draft->kind[rule->field] = TWI_STRING;
        draft->text[rule->field] = tw_str_from(tw_date_format(tw_floor_day(ms), date));
        return TW_OK;
    }
    draft->kind[rule->field] = TWI_MOMENT;
    draft->text[rule->field] = text;
    draft->moment_ms = ms;
    draft->moment_offset_min = offset_min;
    return TW_OK;
}

static tw_status map_attribute(const row *r, const twi_rule *rule, tw_str text,
                               tw_attribute *attributes, size_t *n)
{
    double value = 0;
    if (!twi_f64_parse(tw_str_trim(text), &value))
        return twi_reject_value(r->d, TW_PROBLEM_TYPE, rule->name, text,
                                "attributes are finite numbers");
    attributes[(*n)++] = (tw_attribute){rule->name, value};
    return TW_OK;
}

// The rule's text for this row, values mapped; empty when there is none.
static tw_status rule_text(const row *r, const twi_rule *rule, const twi_bound_rule *bound,
                           tw_str *out)
{
    if (rule->column.at)
        *out = r->fields[bound->column];
    else if (rule->template_text.at)
        TW_TRY(fill_template(r, bound, out));
    else
        *out = rule->constant;
    if (out->bytes == 0)
        *out = rule->empty;
    if (out->bytes && rule->yaml->values_count)
        TW_TRY(map_value(r, rule, out));
    return TW_OK;
}

static void set_refund(twi_draft *draft, tw_str total)
{
    bool negative = false;
    for (size_t i = 1; i < total.bytes && total.at[0] == '-'; i++)
        negative |= total.at[i] >= '1' && total.at[i] <= '9';
    if (negative || draft->kind[TWI_F_REFUND_FLAG] == TWI_ABSENT) {
        draft->kind[TWI_F_REFUND_FLAG] = negative ? TWI_TRUE : TWI_FALSE;
        draft->text[TWI_F_REFUND_FLAG] = negative ? TW_STR("true") : TW_STR("false");
    }
}

tw_status twi_mapping_apply(const twi_bound *bound, twi_decoder *d, const tw_str *fields,
                            uint64_t number, twi_draft *draft)
{
    const tw_mapping *m = bound->mapping;
    row r = {d, m, fields, number, draft};
    tw_attribute *attributes = NULL;
    bool refund_by_sign = false;
    tw_str total = TW_STR_NONE;
    size_t attribute_n = 0;
    d->attribute_n = 0;
    d->part = NULL;
    for (size_t i = 0; i < m->rule_n; i++) {
        const twi_rule *rule = &m->rules[i];
        tw_str text = TW_STR_NONE;
        TW_TRY(rule_text(&r, rule, &bound->rules[i], &text));
        if (rule->field != TWI_NO_FIELD)
            draft->kind[rule->field] = TWI_ABSENT;
        if (text.bytes == 0)
            continue;
        if (rule->clock != TWI_CLOCK_RFC3339) {
            TW_TRY(map_time(&r, rule, text));
            continue;
        }
        if (rule->is_number)
            TW_TRY(map_number(&r, rule, &bound->rules[i], &text));
        if (rule->sign == TWI_SIGN_REFUND) {
            refund_by_sign = true;
            total = text;
        }
        if (rule->field != TWI_NO_FIELD) {
            draft->kind[rule->field] = TWI_STRING;
            draft->text[rule->field] = text;
            continue;
        }
        if (!attributes &&
            !(attributes = tw_arena_array(d->arena, TW_ATTRIBUTES_MAX, sizeof(*attributes))))
            return TW_NO_MEMORY;
        TW_TRY(map_attribute(&r, rule, text, attributes, &attribute_n));
    }
    if (refund_by_sign)
        set_refund(draft, total);
    d->attributes = attributes;
    d->attribute_n = attribute_n;
    return TW_OK;
}
