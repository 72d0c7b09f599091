// SPDX-License-Identifier: Apache-2.0
//
// Sentences with numbers. A template is text with {placeholders}: a feature's name, a comparison
// (own, store_low, store_median, store_high, peer_median, peer_p95, times) or a word of the
// transaction (amount, discount, employee, account, store, register, approver, original).
// {feature|refund|refunds} adds the word that fits the number. Clauses are separated by "; "; one
// whose number is not known is left out, so a small shop reads no empty comparisons.
#include <math.h>
#include <stdio.h>

#include "retail/money.h"
#include "rules.h"

typedef struct writer {
    char *out;
    size_t bytes, cap;
    bool is_missing; // a placeholder of the current clause has no value
} writer;

static void put(writer *w, tw_str s)
{
    size_t room = w->cap - 1 - w->bytes;
    size_t n = TW_MIN(s.bytes, room);
    // Never cut within a UTF-8 character.
    while (n < s.bytes && n > 0 && ((unsigned char)s.at[n] & 0xc0) == 0x80)
        n--;
    if (n > 0)
        memcpy(w->out + w->bytes, s.at, n);
    w->bytes += n;
    w->out[w->bytes] = '\0';
}

static void put_currency(writer *w, const char *currency)
{
    static const struct {
        const char *code, *sign;
    } signs[] = {{"USD", "$"}, {"EUR", "\xE2\x82\xAC"}, {"GBP", "\xC2\xA3"}};
    for (size_t i = 0; i < TW_COUNT(signs); i++) {
        if (strcmp(currency, signs[i].code) == 0) {
            put(w, tw_str_from(signs[i].sign));
            return;
        }
    }
    put(w, tw_str_from(currency));
    put(w, TW_STR(" "));
}

static void put_money(writer *w, const char *currency, double value)
{
    char text[40];
    if (value < 0)
        put(w, TW_STR("-"));
    put_currency(w, currency);
    snprintf(text, sizeof text, "%.*f", TW_MIN(tw_currency_exponent(currency), 2), fabs(value));
    put(w, tw_str_from(text));
}

static void put_minor(writer *w, const char *currency, int64_t minor)
{
    char text[TW_MONEY_TEXT_BYTES];
    put_currency(w, currency);
    put(w, tw_str_from(tw_money_format(minor, tw_currency_exponent(currency), text)));
}

static void put_seconds(writer *w, double s)
{
    char text[40];
    if (s < 120)
        snprintf(text, sizeof text, "%.0f s", s);
    else if (s < 7200)
        snprintf(text, sizeof text, "%.0f min", s / 60);
    else if (s < 172800)
        snprintf(text, sizeof text, "%.1f h", s / 3600);
    else
        snprintf(text, sizeof text, "%.0f days", s / 86400);
    put(w, tw_str_from(text));
}

static void put_value(writer *w, const twi_context *context, const char *unit, float value)
{
    char text[40];
    double v = (double)value;
    if (isnan(value)) {
        w->is_missing = true;
        return;
    }
    if (strcmp(unit, "money") == 0) {
        put_money(w, context->transaction->currency, v);
        return;
    }
    if (strcmp(unit, "s") == 0) {
        put_seconds(w, v);
        return;
    }
    if (strcmp(unit, "min") == 0) {
        put_seconds(w, v * 60);
        return;
    }
    if (strcmp(unit, "share") == 0 || strcmp(unit, "percentile") == 0)
        snprintf(text, sizeof text, v < 0.1 && v > 0 ? "%.1f %%" : "%.0f %%", v * 100);
    else if (strcmp(unit, "ratio") == 0)
        snprintf(text, sizeof text, "%.1f times", v);
    else if (strcmp(unit, "h") == 0)
        snprintf(text, sizeof text, "%.1f h", v);
    else
        snprintf(text, sizeof text, v == floor(v) ? "%.0f" : "%.1f", v);
    put(w, tw_str_from(text));
}

static bool find_reference(tw_str name, uint8_t *ref)
{
    static const struct {
        const char *name;
        uint8_t ref;
    } words[] = {{"own", TWI_REF_OWN},
                 {"store_low", TWI_REF_STORE_LOW},
                 {"store_median", TWI_REF_STORE_MEDIAN},
                 {"store_high", TWI_REF_STORE_HIGH},
                 {"peer_median", TWI_REF_PEER_MEDIAN},
                 {"peer_p95", TWI_REF_PEER_P95}};
    for (size_t i = 0; i < TW_COUNT(words); i++) {
        if (tw_str_equal(name, tw_str_from(words[i].name))) {
            *ref = words[i].ref;
            return true;
        }
    }
    return false;
}

static bool find_word(const tw_transaction *t, tw_str name, tw_str *out)
{
    const struct {
        const char *name;
        tw_str value;
    } words[] = {{"employee", t->employee_id},
                 {"account", tw_transaction_account(t)},
                 {"store", t->store_id},
                 {"register", t->register_id},
                 {"approver", t->override_employee_id},
                 {"original", t->original_transaction_id}};
    for (size_t i = 0; i < TW_COUNT(words); i++) {
        if (tw_str_equal(name, tw_str_from(words[i].name))) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

// Splits "name|one|many" at its bars; the words are empty when not given.
static tw_str split_placeholder(tw_str inside, tw_str words[2])
{
    tw_str part[3] = {TW_STR_NONE, TW_STR_NONE, TW_STR_NONE};
    size_t n = 0, start = 0;
    for (size_t i = 0; i <= inside.bytes && n < 3; i++) {
        if (i == inside.bytes || inside.at[i] == '|') {
            part[n++] = (tw_str){inside.at + start, i - start};
            start = i + 1;
        }
    }
    words[0] = part[1];
    words[1] = part[2];
    return part[0];
}

static void put_times(writer *w, const twi_signal *signal, twi_context *context)
{
    const tw_peer_stats *stats = twi_context_peers(context, signal->measure);
    tw_feature base = tw_peer_base_feature((tw_peer_measure)signal->measure);
    if (!(stats->peer_median > 0)) {
        w->is_missing = true;
        return;
    }
    put_value(w, context, "ratio", context->row[base] / stats->peer_median);
}

static void put_placeholder(writer *w, const twi_signal *signal, twi_context *context,
                            tw_str inside)
{
    tw_str words[2], text;
    tw_str name = split_placeholder(inside, words);
    const tw_transaction *t = context->transaction;
    tw_feature feature;
    uint8_t ref;
    if (tw_feature_find(name, &feature)) {
        put_value(w, context, tw_feature_get(feature)->unit, context->row[feature]);
        if (words[0].bytes > 0) {
            put(w, TW_STR(" "));
            put(w, context->row[feature] == 1.0f ? words[0] : words[1]);
        }
    } else if (find_reference(name, &ref)) {
        tw_feature base = tw_peer_base_feature((tw_peer_measure)signal->measure);
        put_value(w, context, tw_feature_get(base)->unit,
                  twi_context_reference(context, signal->measure, ref));
    } else if (tw_str_equal(name, TW_STR("times"))) {
        put_times(w, signal, context);
    } else if (tw_str_equal(name, TW_STR("amount"))) {
        put_minor(w, t->currency, t->total_minor < 0 ? -t->total_minor : t->total_minor);
    } else if (tw_str_equal(name, TW_STR("discount"))) {
        put_minor(w, t->currency, t->discount_minor);
    } else if (find_word(t, name, &text)) {
        w->is_missing |= text.bytes == 0;
        put(w, text);
    }
}

static void put_clause(writer *w, const twi_signal *signal, twi_context *context, tw_str clause)
{
    for (size_t i = 0; i < clause.bytes;) {
        size_t end = i;
        if (clause.at[i] == '{') {
            while (end < clause.bytes && clause.at[end] != '}')
                end++;
            put_placeholder(w, signal, context, (tw_str){clause.at + i + 1, end - i - 1});
            i = end + 1;
        } else {
            while (end < clause.bytes && clause.at[end] != '{')
                end++;
            put(w, (tw_str){clause.at + i, end - i});
            i = end;
        }
    }
}

void twi_sentence_write(const twi_signal *signal, twi_context *context, char *out, size_t cap)
{
    writer w = {out, 0, cap, false};
    tw_str rest = signal->sentence;
    out[0] = '\0';
    for (bool is_first = true; rest.bytes > 0; is_first = false) {
        const char *stop = NULL;
        for (size_t i = 0; i + 1 < rest.bytes && !stop; i++)
            if (rest.at[i] == ';' && rest.at[i + 1] == ' ')
                stop = rest.at + i;
        tw_str clause = {rest.at, stop ? (size_t)(stop - rest.at) : rest.bytes};
        size_t before = w.bytes;
        w.is_missing = false;
        if (!is_first)
            put(&w, TW_STR("; "));
        put_clause(&w, signal, context, clause);
        if (w.is_missing && !is_first) {
            w.bytes = before;
            out[before] = '\0';
        }
        size_t used = clause.bytes + (stop ? 2 : 0);
        rest = (tw_str){rest.at + used, rest.bytes - used};
    }
}

bool twi_sentence_check(tw_str sentence, tw_entity_kind entity, bool has_peers, tw_str *bad,
                        bool *is_window)
{
    const tw_transaction none = {0};
    *is_window = true;
    for (size_t i = 0; i < sentence.bytes; i++) {
        if (sentence.at[i] != '{')
            continue;
        size_t end = i;
        while (end < sentence.bytes && sentence.at[end] != '}')
            end++;
        tw_str words[2], text;
        tw_str inside = {sentence.at + i + 1, end - i - 1};
        tw_str name = split_placeholder(inside, words);
        tw_feature feature;
        uint8_t ref;
        *bad = inside;
        if (end == sentence.bytes)
            return false;
        if (tw_feature_find(name, &feature))
            *is_window &= tw_feature_get(feature)->entity == entity;
        else if (find_reference(name, &ref) || tw_str_equal(name, TW_STR("times"))) {
            if (!has_peers)
                return false;
            *is_window &= entity == TW_ENTITY_EMPLOYEE;
        } else if (find_word(&none, name, &text) || tw_str_equal(name, TW_STR("amount")) ||
                   tw_str_equal(name, TW_STR("discount")))
            *is_window &= tw_str_equal(name, tw_str_from(tw_entity_name(entity)));
        else
            return false;
        i = end;
    }
    return true;
}
