// SPDX-License-Identifier: Apache-2.0
//
// JSON of alerts, in the shape of the HTTP interface.
#include "output.h"

#include "cli.h"
#include "retail/money.h"

char *twi_money(tw_money money, char out[TWI_MONEY_BYTES])
{
    char amount[TW_MONEY_TEXT_BYTES];
    snprintf(out, TWI_MONEY_BYTES, "%s %s",
             tw_money_format(money.minor, tw_currency_exponent(money.currency), amount),
             money.currency);
    return out;
}

static void put_text(FILE *out, const char *key, tw_str value)
{
    fprintf(out, ",\"%s\":", key);
    if (value.bytes > 0)
        twi_put_json(out, value);
    else
        fputs("null", out);
}

static void put_money(FILE *out, const char *key, tw_money money)
{
    char amount[TW_MONEY_TEXT_BYTES];
    fprintf(out, ",\"%s\":{\"amount\":\"%s\",\"currency\":\"%s\"}", key,
            tw_money_format(money.minor, tw_currency_exponent(money.currency), amount),
            money.currency);
}

static void put_time(FILE *out, const char *key, int64_t ms, int16_t offset_min)
{
    char when[TW_TIME_TEXT_BYTES];
    fprintf(out, ",\"%s\":\"%s\"", key, tw_time_format(ms, offset_min, when));
}

static void put_verdict(FILE *out, const tw_alert_view *a)
{
    if (!a->has_verdict) {
        fputs(",\"verdict\":null", out);
        return;
    }
    fprintf(out, ",\"verdict\":{\"verdict\":\"%s\"", tw_verdict_name(a->verdict.verdict));
    put_text(out, "reason", a->verdict.reason);
    put_time(out, "decided_at", a->verdict.decided_ms, a->offset_min);
    put_text(out, "decided_by", a->verdict.decided_by);
    put_text(out, "note", a->verdict.note);
    put_money(out, "recovered", a->verdict.recovered);
    putc('}', out);
}

static void put_reasons(FILE *out, const tw_alert_view *a)
{
    fputs(",\"reasons\":[", out);
    for (size_t i = 0; i < a->reason_n; i++) {
        fputs(i ? ",{\"signal\":" : "{\"signal\":", out);
        twi_put_json(out, a->reasons[i].signal);
        put_text(out, "title", a->reasons[i].title);
        put_text(out, "sentence", a->reasons[i].sentence);
        fprintf(out, ",\"strength\":%.3f}", a->reasons[i].strength);
    }
    putc(']', out);
}

void twi_put_alert(FILE *out, const tw_alert_view *a)
{
    fputs("{\"alert_id\":", out);
    twi_put_json(out, a->alert_id);
    put_time(out, "created_at", a->created_ms, a->offset_min);
    put_time(out, "updated_at", a->updated_ms, a->offset_min);
    put_text(out, "status", a->status);
    put_text(out, "type", a->type);
    put_text(out, "scheme", a->scheme);
    put_text(out, "title", a->title);
    put_text(out, "sentence", a->sentence);
    fputs(",\"entity\":{\"kind\":", out);
    twi_put_json(out, a->entity_kind);
    put_text(out, "id", a->entity_id);
    putc('}', out);
    put_text(out, "store_id", a->store_id);
    put_text(out, "employee_id", a->employee_id);
    put_text(out, "register_id", a->register_id);
    fprintf(out, ",\"risk_score\":%.6g", a->risk_score);
    put_money(out, "exposure", a->exposure);
    fprintf(out, ",\"transaction_n\":%u,\"transaction_ids\":[", a->transaction_n);
    for (size_t i = a->transaction_id_n; i-- > 0;) { // newest first
        twi_put_json(out, a->transaction_ids[i]);
        if (i > 0)
            putc(',', out);
    }
    putc(']', out);
    put_reasons(out, a);
    put_verdict(out, a);
    putc('}', out);
}

int twi_flush(const char *command)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return TWI_EXIT_OK;
    fprintf(stderr, "tillwatch %s: the output cannot be written\n", command);
    return TWI_EXIT_FAILED;
}
