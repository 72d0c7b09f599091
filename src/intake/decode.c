// SPDX-License-Identifier: Apache-2.0
//
// Judges the text of each field and builds the record; then the rules between fields: currency and
// zone before money and time, signs, derived type, business day and tender.
#include "decode.h"

#include <stdio.h>

#include "intake/mask.h"
#include "retail/check.h"
#include "retail/money.h"

// Place of a field in its record; every field is written as the type that the record gives it.
#define FIELD(type, record, field) ((type *)(void *)((char *)(record) + (field)->at))

// --- text to values ------------------------------------------------------------------------------

bool twi_text_ok(tw_str s)
{
    size_t i = 0;
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    for (; i + 8 <= s.bytes; i += 8) {
        uint64_t w;
        memcpy(&w, s.at + i, 8);
        // A high bit, or a byte below 0x20 (borrows may report one too many, never one too few).
        if ((w | (w - ones * 0x20)) & highs)
            return tw_str_is_utf8(s);
    }
    for (; i < s.bytes; i++) {
        if ((unsigned char)(s.at[i] - 0x20) >= 0x60)
            return tw_str_is_utf8(s);
    }
    return true;
}

// Exponent after 'e': -99..99.
static bool exponent_parse(tw_str s, int *out)
{
    int64_t v = 0;
    if (s.bytes == 0 || s.bytes > 3 || !tw_str_to_i64(s, &v) || v < -99 || v > 99)
        return false;
    *out = (int)v;
    return true;
}

// value = digits * 10^(exponent - fraction_n), scaled.
static twi_decimal scale_digits(uint64_t digits, int shift, uint64_t *out)
{
    for (; shift < 0; shift++) {
        if (digits % 10 != 0)
            return TWI_DECIMAL_FINER;
        digits /= 10;
        if (digits == 0)
            break;
    }
    for (; shift > 0 && digits; shift--) {
        if (digits > (uint64_t)INT64_MAX / 10)
            return TWI_DECIMAL_RANGE;
        digits *= 10;
    }
    *out = digits;
    return digits > (uint64_t)INT64_MAX ? TWI_DECIMAL_RANGE : TWI_DECIMAL_OK;
}

twi_decimal twi_decimal_parse(tw_str s, int scale, int64_t *out)
{
    size_t i = 0;
    uint64_t digits = 0;
    int fraction_n = 0, exponent = 0;
    bool any = false, in_fraction = false;
    bool negative = s.bytes && s.at[0] == '-';
    if (s.bytes && (s.at[0] == '-' || s.at[0] == '+'))
        i++;
    for (; i < s.bytes; i++) {
        unsigned d = (unsigned)(unsigned char)s.at[i] - '0';
        if (d <= 9) {
            // Zeros behind the smallest unit carry nothing and must not overflow.
            if (in_fraction && fraction_n >= 9 && d == 0 && fraction_n >= scale)
                continue;
            if (digits > (UINT64_MAX - 9) / 10)
                return TWI_DECIMAL_RANGE;
            digits = digits * 10 + d;
            fraction_n += in_fraction;
            any = true;
        } else if (s.at[i] == '.' && !in_fraction) {
            in_fraction = true;
        } else {
            break;
        }
    }
    if (!any)
        return TWI_DECIMAL_SYNTAX;
    if (i < s.bytes && ((s.at[i] != 'e' && s.at[i] != 'E') ||
                        !exponent_parse((tw_str){s.at + i + 1, s.bytes - i - 1}, &exponent)))
        return TWI_DECIMAL_SYNTAX;
    uint64_t scaled = 0;
    twi_decimal result = scale_digits(digits, scale + exponent - fraction_n, &scaled);
    if (result == TWI_DECIMAL_OK)
        *out = negative ? -(int64_t)scaled : (int64_t)scaled;
    return result;
}

bool twi_f64_parse(tw_str s, double *out)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    size_t dot = 0;
    while (dot < s.bytes && s.at[dot] != '.')
        dot++;
    size_t fraction_n = dot < s.bytes ? s.bytes - dot - 1 : 0;
    int64_t v = 0;
    // Integer and power are exact, so that one division rounds correctly, as strtod does.
    if (s.bytes <= 15 && fraction_n <= 9 && tw_str_to_scaled(s, (int)fraction_n, &v)) {
        *out = (double)v / powers[fraction_n] + 0.0;
        return true;
    }
    if (!tw_str_to_f64(s, out))
        return false;
    *out += 0.0; // no negative zero
    return true;
}

// --- problems
// --------------------------------------------------------------------------------------

static const char *full_name(const twi_decoder *d, tw_str field, char out[64])
{
    if (d->part && d->part_idx != SIZE_MAX)
        snprintf(out, 64, "%s[%zu].%.*s", d->part, d->part_idx, TW_STR_ARG(field));
    else
        snprintf(out, 64, "%s%s%.*s", d->part ? d->part : "", d->part ? "." : "",
                 TW_STR_ARG(field));
    return out;
}

tw_status twi_reject_value(twi_decoder *d, tw_problem_code code, tw_str field, tw_str value,
                           const char *advice)
{
    enum { SHOWN_MAX = 40 };
    char name[64], shown[SHOWN_MAX + 4], masked[96];
    // Masked before it is cut, so that a cut cannot hide a card number from the mask.
    size_t bytes = TW_MIN(value.bytes, sizeof(masked)), n = TW_MIN(bytes, (size_t)SHOWN_MAX);
    if (bytes)
        memcpy(masked, value.at, bytes);
    tw_pan_mask(masked, bytes);
    while (n < bytes && n > 0 && ((unsigned char)masked[n] & 0xc0) == 0x80)
        n--;
    tw_str cut = {masked, n};
    bool valid = tw_str_is_utf8(cut);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)masked[i];
        shown[i] = c < 0x20 || (!valid && c >= 0x80) ? '?' : masked[i];
    }
    tw_str_copy(value.bytes > n ? TW_STR("...") : TW_STR_NONE, shown + n, sizeof(shown) - n);
    full_name(d, field, name);
    return twi_reject(d->problem, code, name, "%s is \"%s\"; %s", name, shown, advice);
}

static tw_status reject_kind(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                             const char *expected)
{
    static const char *const kinds[] = {
        "null", "text", "a number", "true", "false", "an array or object", "a time"};
    char name[64];
    full_name(d, field->name, name);
    return twi_reject(d->problem, TW_PROBLEM_TYPE, name, "%s is %s; it must be %s", name,
                      kinds[kind], expected);
}

static tw_status reject_missing(twi_decoder *d, const twi_schema *schema, tw_str field)
{
    char name[64];
    full_name(d, field, name);
    return twi_reject(d->problem, TW_PROBLEM_MISSING, name, "%s is missing; every %s needs it",
                      name, schema->noun);
}

tw_status twi_reject_repeated(twi_decoder *d, tw_str field)
{
    char name[64];
    full_name(d, field, name);
    return twi_reject(d->problem, TW_PROBLEM_REPEATED, name, "%s appears twice; send it once",
                      name);
}

// --- one field ---------------------------------------------------------------------------------

static bool has_white_border(tw_str s)
{
    return s.bytes && ((unsigned char)s.at[0] <= ' ' || (unsigned char)s.at[s.bytes - 1] <= ' ');
}

static tw_status check_text(twi_decoder *d, const twi_field *field, tw_str text, size_t max_bytes)
{
    if (TW_UNLIKELY(text.bytes > max_bytes)) {
        char name[64];
        full_name(d, field->name, name);
        return twi_reject(d->problem, TW_PROBLEM_LENGTH, name,
                          "%s has %zu bytes; at most %zu are allowed", name, text.bytes, max_bytes);
    }
    if (TW_UNLIKELY(!twi_text_ok(text)))
        return twi_reject_value(d, TW_PROBLEM_UTF8, field->name, text,
                                "send valid UTF-8 without control characters");
    return TW_OK;
}

static tw_status take_id(twi_decoder *d, const twi_field *field, twi_value_kind kind, tw_str text,
                         tw_str *out)
{
    if (kind == TWI_NUMBER) {
        // 4711 is an identifier, 4711.0 or 4e3 is a number that lost its identity on the way.
        for (size_t i = 0; i < text.bytes; i++) {
            if (text.at[i] < '0' || text.at[i] > '9')
                return twi_reject_value(d, TW_PROBLEM_TYPE, field->name, text,
                                        "send identifiers as text");
        }
    } else if (kind != TWI_STRING) {
        return reject_kind(d, field, kind, "text");
    }
    TW_TRY(check_text(d, field, text, TW_ID_MAX_BYTES));
    *out = text;
    return TW_OK;
}

static tw_status take_account(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                              tw_str text, tw_str *out)
{
    TW_TRY(take_id(d, field, kind, text, out));
    if (TW_LIKELY(!tw_pan_is_account(text)))
        return TW_OK;
    char *token = tw_arena_take(d->arena, TW_TOKEN_BYTES);
    if (!token)
        return TW_NO_MEMORY;
    tw_pan_token(d->options->token_key, text, token);
    d->counts->cards_tokenised++;
    *out = (tw_str){token, TW_TOKEN_BYTES};
    return TW_OK;
}

static tw_status take_text(twi_decoder *d, const twi_field *field, twi_value_kind kind, tw_str text,
                           tw_str *out)
{
    size_t start, bytes;
    if (kind != TWI_STRING && kind != TWI_NUMBER)
        return reject_kind(d, field, kind, "text");
    TW_TRY(check_text(d, field, text,
                      field->type == TWI_NOTE ? TW_NOTE_MAX_BYTES : TW_TEXT_MAX_BYTES));
    *out = text;
    if (text.bytes < 13 || !tw_pan_find(text, &start, &bytes))
        return TW_OK;
    char *copy = tw_arena_copy(d->arena, text.at, text.bytes);
    if (!copy)
        return TW_NO_MEMORY;
    d->counts->cards_masked += tw_pan_mask(copy, text.bytes);
    *out = (tw_str){copy, text.bytes};
    return TW_OK;
}

static tw_status take_money(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                            tw_str text, int64_t *out)
{
    char advice[96];
    if (kind != TWI_STRING && kind != TWI_NUMBER)
        return reject_kind(d, field, kind, "a decimal number such as 12.30");
    switch (twi_decimal_parse(text, d->exponent, out)) {
    case TWI_DECIMAL_OK:
        break;
    case TWI_DECIMAL_SYNTAX:
        return twi_reject_value(d, TW_PROBLEM_MONEY, field->name, text,
                                "use a decimal number such as 12.30");
    case TWI_DECIMAL_FINER:
        snprintf(advice, sizeof(advice), "%s has %d decimals", d->currency, d->exponent);
        return twi_reject_value(d, TW_PROBLEM_MONEY, field->name, text, advice);
    case TWI_DECIMAL_RANGE:
        *out = INT64_MAX;
        break;
    }
    if (*out > TW_MONEY_MAX_MINOR || *out < -TW_MONEY_MAX_MINOR)
        return twi_reject_value(d, TW_PROBLEM_RANGE, field->name, text,
                                "no till has such amounts; check the unit");
    if (field->type == TWI_AMOUNT && *out < 0)
        return twi_reject_value(d, TW_PROBLEM_RANGE, field->name, text, "it must not be negative");
    return TW_OK;
}

static tw_status take_bool(twi_decoder *d, const twi_field *field, twi_value_kind kind, tw_str text,
                           bool *out)
{
    if (kind == TWI_TRUE || kind == TWI_FALSE) {
        *out = kind == TWI_TRUE;
        return TW_OK;
    }
    if (kind == TWI_NODE)
        return reject_kind(d, field, kind, "true or false");
    if (twi_bool_from(text, out))
        return TW_OK;
    return twi_reject_value(d, TW_PROBLEM_UNKNOWN_VALUE, field->name, text,
                            "use true/false, 1/0 or Y/N");
}

static tw_status take_integer(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                              tw_str text, int scale, int64_t low, int64_t high, int64_t *out)
{
    char advice[96];
    if (kind != TWI_STRING && kind != TWI_NUMBER)
        return reject_kind(d, field, kind, "a number");
    twi_decimal result = twi_decimal_parse(text, scale, out);
    if (result == TWI_DECIMAL_SYNTAX)
        return twi_reject_value(d, TW_PROBLEM_TYPE, field->name, text, "it must be a number");
    if (result == TWI_DECIMAL_FINER)
        return twi_reject_value(d, TW_PROBLEM_TYPE, field->name, text,
                                scale ? "at most three decimals are allowed"
                                      : "it must be a whole number");
    if (result == TWI_DECIMAL_OK && *out >= low && *out <= high)
        return TW_OK;
    int64_t unit = scale ? 1000 : 1;
    snprintf(advice, sizeof(advice), "it must be from %lld to %lld", (long long)(low / unit),
             (long long)(high / unit));
    return twi_reject_value(d, TW_PROBLEM_RANGE, field->name, text, advice);
}

static tw_status take_seconds(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                              tw_str text, float *out)
{
    double v = 0;
    if (kind != TWI_STRING && kind != TWI_NUMBER)
        return reject_kind(d, field, kind, "a number of seconds");
    if (!twi_f64_parse(text, &v))
        return twi_reject_value(d, TW_PROBLEM_TYPE, field->name, text,
                                "it must be a number of seconds");
    if (!(v >= 0.0 && v <= (double)TW_SECONDS_MAX))
        return twi_reject_value(d, TW_PROBLEM_RANGE, field->name, text,
                                "it must be from 0 to 86400 seconds");
    *out = (float)v;
    return TW_OK;
}

// For TWI_MOMENT *ms and *offset_min hold the time already.
static tw_status take_time(twi_decoder *d, const twi_field *field, twi_value_kind kind, tw_str text,
                           int64_t *out_ms, int16_t *offset_min, bool *has_offset)
{
    static const char advice[] = "use RFC 3339 such as 2026-01-31T17:05:00+01:00";
    int64_t ms = *out_ms;
    if (kind != TWI_STRING && kind != TWI_MOMENT)
        return reject_kind(d, field, kind, "an RFC 3339 time such as 2026-01-31T17:05:00+01:00");
    if (kind == TWI_STRING && !tw_time_parse(text, &ms, offset_min))
        return twi_reject_value(d, TW_PROBLEM_TIME, field->name, text, advice);
    *has_offset = *offset_min != TW_OFFSET_NONE;
    if (!*has_offset) {
        *offset_min = 0;
        if (d->zone)
            ms = tw_zone_to_utc(d->zone, ms, offset_min);
    } else if (d->zone && *offset_min == 0) {
        // Calendar features want the store's wall clock, also of feeds that write UTC. Another
        // offset is the store's own word for it.
        int16_t guess = 0, exact = 0;
        (void)tw_zone_to_utc(d->zone, ms, &guess);
        if (tw_zone_to_utc(d->zone, ms + guess * INT64_C(60000), &exact) != ms)
            guess = exact;
        *offset_min = guess;
    }
    if (ms < TW_TIME_MIN_MS || ms >= TW_TIME_MAX_MS)
        return twi_reject_value(d, TW_PROBLEM_TIME, field->name, text,
                                "it must lie between 1970 and 2099");
    *out_ms = ms;
    return TW_OK;
}

// Enumerations whose unknown values are counted and taken as "other".
static tw_status take_payment(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                              tw_str text, tw_payment_type *out)
{
    tw_str ignored;
    TW_TRY(take_text(d, field, kind, text, &ignored));
    if (!twi_payment_from(text, out)) {
        *out = TW_PAY_OTHER;
        d->counts->unknown_payments++;
    }
    return TW_OK;
}

static tw_status take_entry(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                            tw_str text, tw_entry_method *out)
{
    tw_str ignored;
    TW_TRY(take_text(d, field, kind, text, &ignored));
    if (!twi_entry_from(text, out)) {
        *out = TW_ENTRY_OTHER;
        d->counts->unknown_payments++;
    }
    return TW_OK;
}

// Enumerations whose unknown values reject the record: guessing would change what happened.
static tw_status take_named(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                            tw_str text, void *record)
{
    bool known = false;
    const char *advice = "";
    if (kind != TWI_STRING)
        return reject_kind(d, field, kind, "text");
    if (field->type == TWI_TXN_TYPE) {
        known = twi_txn_type_from(text, FIELD(tw_transaction_type, record, field));
        advice = "use sale, return, exchange, void, post_void, no_sale, paid_in, paid_out, cancel, "
                 "suspend or resume";
    } else if (field->type == TWI_MOVEMENT) {
        known = tw_movement_type_from(text, FIELD(tw_movement_type, record, field));
        advice = "use receipt, transfer_in, transfer_out, adjustment, count, damage or "
                 "return_to_vendor";
    } else if (field->type == TWI_EVENT) {
        known = tw_shift_event_from(text, FIELD(tw_shift_event, record, field));
        advice = "use clock_in, clock_out, sign_on, sign_off, break_start or break_end";
    } else {
        known = tw_verdict_from(text, FIELD(tw_verdict_kind, record, field));
        advice = "use CONFIRMED, REFUTED, INCONCLUSIVE or OPERATIONAL";
    }
    return known ? TW_OK : twi_reject_value(d, TW_PROBLEM_UNKNOWN_VALUE, field->name, text, advice);
}

static tw_status take_date(twi_decoder *d, const twi_field *field, twi_value_kind kind, tw_str text,
                           int32_t *out)
{
    if (kind != TWI_STRING)
        return reject_kind(d, field, kind, "a date such as 2026-01-31");
    if (tw_date_parse(text, out))
        return TW_OK;
    return twi_reject_value(d, TW_PROBLEM_TIME, field->name, text, "use a date such as 2026-01-31");
}

static tw_status take_flagged(twi_decoder *d, const twi_field *field, twi_value_kind kind,
                              tw_str text, tw_transaction *t)
{
    int64_t v = 0;
    bool set = false;
    switch ((int)field->type) {
    case TWI_FLAG:
        TW_TRY(take_bool(d, field, kind, text, &set));
        t->flags |= set ? field->flag : 0;
        return TW_OK;
    case TWI_U32:
        TW_TRY(take_integer(d, field, kind, text, 0, 0, UINT32_MAX, &v));
        *FIELD(uint32_t, t, field) = (uint32_t)v;
        break;
    case TWI_SECONDS:
        TW_TRY(take_seconds(d, field, kind, text, FIELD(float, t, field)));
        break;
    default:
        TW_TRY(take_named(d, field, kind, text, t));
        break;
    }
    t->flags |= field->flag;
    return TW_OK;
}

// The offset follows its time in a place that depends on the record.
static int16_t *offset_place(const twi_schema *schema, void *record)
{
    if (schema == twi_schema_of(TW_FACT_TRANSACTION))
        return &((tw_transaction *)record)->offset_min;
    if (schema == twi_schema_of(TW_FACT_MOVEMENT))
        return &((tw_movement *)record)->offset_min;
    return &((tw_shift *)record)->offset_min;
}

static tw_status take_time_field(twi_decoder *d, const twi_schema *schema, const twi_field *field,
                                 const twi_draft *draft, twi_value_kind kind, tw_str text,
                                 void *record)
{
    bool has_offset = false;
    int16_t unused = 0;
    int16_t *offset_min = field->type == TWI_TIME ? offset_place(schema, record) : &unused;
    int64_t *ms = FIELD(int64_t, record, field);
    *ms = draft->moment_ms;
    *offset_min = kind == TWI_MOMENT ? draft->moment_offset_min : TW_OFFSET_NONE;
    TW_TRY(take_time(d, field, kind, text, ms, offset_min, &has_offset));
    if (has_offset && field->flag)
        ((tw_transaction *)record)->flags |= field->flag;
    return TW_OK;
}

static tw_status take_field(twi_decoder *d, const twi_schema *schema, const twi_draft *draft,
                            size_t i, tw_str text, void *record)
{
    const twi_field *field = &schema->fields[i];
    twi_value_kind kind = (twi_value_kind)draft->kind[i];
    int64_t v = 0;
    switch (field->type) {
    case TWI_ID:
        return take_id(d, field, kind, text, FIELD(tw_str, record, field));
    case TWI_ACCOUNT:
        return take_account(d, field, kind, text, FIELD(tw_str, record, field));
    case TWI_TEXT:
    case TWI_NOTE:
        return take_text(d, field, kind, text, FIELD(tw_str, record, field));
    case TWI_MONEY:
    case TWI_AMOUNT:
        return take_money(d, field, kind, text, FIELD(int64_t, record, field));
    case TWI_BOOL:
        return take_bool(d, field, kind, text, FIELD(bool, record, field));
    case TWI_TIME:
    case TWI_INSTANT:
        return take_time_field(d, schema, field, draft, kind, text, record);
    case TWI_DATE:
        return take_date(d, field, kind, text, FIELD(int32_t, record, field));
    case TWI_COUNT:
        TW_TRY(take_integer(d, field, kind, text, 0, 0, TW_ITEM_COUNT_MAX, &v));
        *FIELD(int32_t, record, field) = (int32_t)v;
        return TW_OK;
    case TWI_QUANTITY:
        return take_integer(d, field, kind, text, 3, -TW_QUANTITY_MAX_MILLI, TW_QUANTITY_MAX_MILLI,
                            FIELD(int64_t, record, field));
    case TWI_FLAG:
    case TWI_U32:
    case TWI_SECONDS:
    case TWI_TXN_TYPE:
        return take_flagged(d, field, kind, text, record);
    case TWI_PAYMENT:
        return take_payment(d, field, kind, text, FIELD(tw_payment_type, record, field));
    case TWI_ENTRY:
        return take_entry(d, field, kind, text, FIELD(tw_entry_method, record, field));
    case TWI_MOVEMENT:
    case TWI_EVENT:
    case TWI_VERDICT:
        return take_named(d, field, kind, text, record);
    case TWI_LINES:
    case TWI_TENDERS:
    case TWI_ATTRIBUTES:
        if (kind != TWI_NODE || !d->node)
            return reject_kind(d, field, kind,
                               field->type == TWI_ATTRIBUTES ? "an object" : "an array");
        return d->node(d, field, draft->node[i], record);
    case TWI_CURRENCY:
    case TWI_EXTRA:
        return TW_OK;
    }
    return TW_OK;
}

static unsigned lowest_bit(uint64_t bits)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(bits);
#else
    unsigned i = 0;
    while (!(bits >> i & 1))
        i++;
    return i;
#endif
}

tw_status twi_decode_fields(twi_decoder *d, const twi_schema *schema, const twi_draft *draft,
                            void *record)
{
    uint64_t missing = schema->required & ~draft->given;
    if (TW_UNLIKELY(missing != 0))
        return reject_missing(d, schema, schema->fields[lowest_bit(missing)].name);
    for (uint64_t left = draft->given; left; left &= left - 1) {
        unsigned i = lowest_bit(left);
        tw_str text = draft->text[i];
        if (draft->kind[i] == TWI_STRING) {
            if (TW_UNLIKELY(has_white_border(text)))
                text = tw_str_trim(text);
            if (text.bytes == 0) {
                if (schema->fields[i].is_required)
                    return reject_missing(d, schema, schema->fields[i].name);
                continue;
            }
        }
        TW_TRY(take_field(d, schema, draft, i, text, record));
    }
    return TW_OK;
}

// --- rules between fields ------------------------------------------------------------------------

static tw_status choose_currency(twi_decoder *d, twi_value_kind kind, tw_str text)
{
    const char *wanted = d->options->default_currency[0] ? d->options->default_currency : "USD";
    char code[4] = "";
    text = kind == TWI_ABSENT ? TW_STR_NONE : tw_str_trim(text);
    if (text.bytes) {
        if (kind == TWI_STRING && text.bytes == 3) {
            for (int i = 0; i < 3; i++)
                code[i] =
                    (char)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 32 : text.at[i]);
        }
        if (!tw_currency_is_valid(code))
            return twi_reject_value(d, TW_PROBLEM_UNKNOWN_VALUE, TW_STR("currency"),
                                    kind == TWI_NODE ? TW_STR("{}") : text,
                                    "use an ISO 4217 code such as USD");
        wanted = code;
    }
    // The exponent's table is walked only when the currency changes.
    if (memcmp(d->currency, wanted, 4) != 0) {
        memcpy(d->currency, wanted, 4);
        d->exponent = tw_currency_exponent(wanted);
    }
    return TW_OK;
}

static void choose_zone(twi_decoder *d, twi_value_kind kind, tw_str store)
{
    const tw_intake_options *options = d->options;
    if (options->store_zone_n == 0 || kind == TWI_ABSENT || kind == TWI_NODE) {
        d->zone = options->default_zone;
        return;
    }
    store = tw_str_trim(store);
    if (d->zone_store_bytes && tw_str_equal((tw_str){d->zone_store, d->zone_store_bytes}, store))
        return;
    size_t low = 0, high = options->store_zone_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tw_str_compare(options->store_zones[middle].store_id, store) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found =
        low < options->store_zone_n && tw_str_equal(options->store_zones[low].store_id, store);
    d->zone = found ? options->store_zones[low].zone : options->default_zone;
    d->zone_store_bytes = store.bytes <= sizeof(d->zone_store) ? store.bytes : 0;
    if (d->zone_store_bytes)
        memcpy(d->zone_store, store.at, store.bytes);
}

static bool is_given(const twi_draft *draft, unsigned field)
{
    return draft->kind[field] != TWI_ABSENT && draft->text[field].bytes != 0;
}

// A flat record that names an account or an entry method has one tender: the whole total.
static tw_status derive_tender(twi_decoder *d, const twi_draft *draft, tw_transaction *t)
{
    static const twi_field token = {.name = {"account_token", 13}, .type = TWI_ACCOUNT};
    static const twi_field entry = {.name = {"entry_method", 12}, .type = TWI_ENTRY};
    if (t->tender_n ||
        (!is_given(draft, TWI_F_ACCOUNT_TOKEN) && !is_given(draft, TWI_F_ENTRY_METHOD)))
        return TW_OK;
    tw_tender *tender = tw_arena_array(d->arena, 1, sizeof(*tender));
    if (!tender)
        return TW_NO_MEMORY;
    tender->type = t->payment_type;
    tender->amount_minor = t->total_minor;
    if (is_given(draft, TWI_F_ACCOUNT_TOKEN))
        TW_TRY(take_account(d, &token, (twi_value_kind)draft->kind[TWI_F_ACCOUNT_TOKEN],
                            tw_str_trim(draft->text[TWI_F_ACCOUNT_TOKEN]), &tender->account_token));
    if (is_given(draft, TWI_F_ENTRY_METHOD))
        TW_TRY(take_entry(d, &entry, (twi_value_kind)draft->kind[TWI_F_ENTRY_METHOD],
                          tw_str_trim(draft->text[TWI_F_ENTRY_METHOD]), &tender->entry_method));
    t->tenders = tender;
    t->tender_n = 1;
    return TW_OK;
}

static tw_status finish_transaction(twi_decoder *d, const twi_draft *draft, tw_transaction *t)
{
    memcpy(t->currency, d->currency, 4);
    int32_t local_day = tw_floor_day(tw_transaction_local_ms(t));
    if (!is_given(draft, TWI_F_BUSINESS_DATE))
        t->business_day = local_day;
    else if (t->business_day - local_day > TW_BUSINESS_DAY_SLACK ||
             local_day - t->business_day > TW_BUSINESS_DAY_SLACK)
        return twi_reject_value(d, TW_PROBLEM_TIME, TW_STR("business_date"),
                                draft->text[TWI_F_BUSINESS_DATE],
                                "it is more than a year away from transaction_time");
    if (!(t->flags & TW_TXN_HAS_TYPE))
        t->type = t->flags & TW_TXN_FLAG_VOID     ? TW_TXN_VOID
                  : t->flags & TW_TXN_FLAG_REFUND ? TW_TXN_RETURN
                                                  : TW_TXN_SALE;
    // Tills disagree on the sign of refunds; inside they are negative.
    if ((t->flags & TW_TXN_FLAG_REFUND) && t->total_minor > 0)
        t->total_minor = -t->total_minor;
    if (d->attribute_n) {
        t->attributes = d->attributes;
        t->attribute_n = d->attribute_n;
    }
    return derive_tender(d, draft, t);
}

void twi_finish_line(const twi_draft *draft, tw_line *line)
{
    enum { QUANTITY = 1, REGULAR_PRICE = 4 };
    if (draft->kind[QUANTITY] == TWI_ABSENT)
        line->quantity_milli = 1000;
    if (draft->kind[REGULAR_PRICE] == TWI_ABSENT)
        line->regular_price_minor = line->unit_price_minor;
    if (line->return_flag && line->quantity_milli > 0)
        line->quantity_milli = -line->quantity_milli;
}

static tw_status finish_verdict(twi_decoder *d, const twi_draft *draft, tw_verdict *v)
{
    bool fraud = false;
    static const twi_field field = {.name = {"fraud", 5}, .type = TWI_BOOL};
    if (!is_given(draft, TWI_V_VERDICT)) {
        if (draft->kind[TWI_V_FRAUD] == TWI_ABSENT)
            return reject_missing(d, twi_schema_of(TW_FACT_VERDICT), TW_STR("verdict"));
        TW_TRY(take_bool(d, &field, (twi_value_kind)draft->kind[TWI_V_FRAUD],
                         tw_str_trim(draft->text[TWI_V_FRAUD]), &fraud));
        v->verdict = fraud ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED;
    }
    if (v->alert_id.bytes == 0 && v->transaction_id.bytes == 0)
        return twi_reject(d->problem, TW_PROBLEM_MISSING, "alert_id",
                          "alert_id and transaction_id are missing; a verdict needs one of them");
    if (v->decided_ms == 0)
        v->decided_ms = d->options->received_ms;
    return TW_OK;
}

static tw_status decode_into(twi_decoder *d, tw_fact_kind kind, const twi_draft *draft,
                             tw_fact *out)
{
    const twi_schema *schema = twi_schema_of(kind);
    out->kind = kind;
    out->received_ms = d->options->received_ms;
    d->part = NULL;
    switch (kind) {
    case TW_FACT_TRANSACTION:
        TW_TRY(choose_currency(d, (twi_value_kind)draft->kind[TWI_F_CURRENCY],
                               draft->text[TWI_F_CURRENCY]));
        choose_zone(d, (twi_value_kind)draft->kind[TWI_F_STORE_ID], draft->text[TWI_F_STORE_ID]);
        TW_TRY(twi_decode_fields(d, schema, draft, &out->as.transaction));
        return finish_transaction(d, draft, &out->as.transaction);
    case TW_FACT_MOVEMENT:
    case TW_FACT_SHIFT:
        choose_zone(d, (twi_value_kind)draft->kind[TWI_M_STORE_ID], draft->text[TWI_M_STORE_ID]);
        return twi_decode_fields(d, schema, draft, &out->as);
    case TW_FACT_VERDICT:
        TW_TRY(choose_currency(d, (twi_value_kind)draft->kind[TWI_V_CURRENCY],
                               draft->text[TWI_V_CURRENCY]));
        d->zone = d->options->default_zone;
        d->zone_store_bytes = 0;
        TW_TRY(twi_decode_fields(d, schema, draft, &out->as.verdict));
        return finish_verdict(d, draft, &out->as.verdict);
    case TW_FACT_CONFIG:
    case TW_FACT_ACTION:
        break;
    }
    return twi_reject(d->problem, TW_PROBLEM_SYNTAX, "", "this kind of record is not taken in");
}

tw_status twi_decode(twi_decoder *d, tw_fact_kind kind, const twi_draft *draft, tw_fact *out)
{
    memset(out, 0, sizeof(*out));
    tw_status status = decode_into(d, kind, draft, out);
    if (status != TW_OK)
        memset(out, 0, sizeof(*out));
    return status;
}
