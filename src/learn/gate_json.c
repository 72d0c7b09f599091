// SPDX-License-Identifier: Apache-2.0
//
// The gate's decision as JSON: for the fact that records it, the API and the model card.
#include "base/time.h"
#include "learn/gate.h"
#include "put.h"

static void put_interval(tw_buf *out, const char *name, tw_interval interval)
{
    twi_put_key(out, name);
    tw_buf_cstr(out, "{");
    twi_put_key(out, "value");
    twi_put_number(out, interval.value);
    twi_put_key(out, "low");
    twi_put_number(out, interval.low);
    twi_put_key(out, "high");
    twi_put_number(out, interval.high);
    tw_buf_cstr(out, "}");
}

static void put_number(tw_buf *out, const char *name, double value)
{
    twi_put_key(out, name);
    twi_put_number(out, value);
}

static void put_point(tw_buf *out, const char *name, const tw_gate_point *point)
{
    twi_put_key(out, name);
    tw_buf_cstr(out, "{");
    put_number(out, "flagged", point->flagged);
    put_number(out, "precision", point->precision);
    put_number(out, "recall", point->recall);
    tw_buf_cstr(out, "}");
}

static void put_day(tw_buf *out, const char *name, int32_t day, bool is_known)
{
    char text[TW_TIME_TEXT_BYTES];
    twi_put_key(out, name);
    if (is_known)
        twi_put_string(out, tw_str_from(tw_date_format(day, text)));
    else
        tw_buf_cstr(out, "null");
}

static void put_schemes(tw_buf *out, const tw_gate_decision *d)
{
    twi_put_key(out, "schemes");
    tw_buf_cstr(out, "[");
    for (size_t i = 0; i < d->scheme_n; i++) {
        tw_buf_cstr(out, i > 0 ? ",{" : "{");
        twi_put_key(out, "name");
        twi_put_string(out, tw_str_from(d->schemes[i].name));
        put_number(out, "n", (double)d->schemes[i].n);
        put_number(out, "champion_recall", d->schemes[i].champion_recall);
        put_number(out, "challenger_recall", d->schemes[i].challenger_recall);
        tw_buf_cstr(out, "}");
    }
    tw_buf_cstr(out, "]");
}

tw_status tw_gate_json(const tw_gate_decision *d, tw_buf *out)
{
    tw_buf_cstr(out, "{");
    twi_put_key(out, "promote");
    tw_buf_cstr(out, d->promote ? "true" : "false");
    twi_put_key(out, "reason");
    twi_put_string(out, tw_str_from(d->reason));
    put_number(out, "row_n", (double)d->row_n);
    put_number(out, "positive_n", (double)d->positive_n);
    put_number(out, "negative_n", (double)d->negative_n);
    put_day(out, "first_day", d->first_day, d->row_n > 0);
    put_day(out, "last_day", d->last_day, d->row_n > 0);
    put_number(out, "budget_n", (double)d->budget_n);
    put_interval(out, "champion_ap", d->champion_ap);
    put_interval(out, "challenger_ap", d->challenger_ap);
    put_interval(out, "difference", d->difference);
    put_interval(out, "champion_precision", d->champion_precision);
    put_interval(out, "challenger_precision", d->challenger_precision);
    put_number(out, "champion_money_recall", d->champion_money_recall);
    put_number(out, "challenger_money_recall", d->challenger_money_recall);
    put_number(out, "false_at_equal_recall", d->false_at_equal_recall);
    put_number(out, "share_better", d->share_better);
    put_point(out, "champion_point", &d->champion_point);
    put_point(out, "challenger_point", &d->challenger_point);
    put_number(out, "share_sharper", d->share_sharper);
    put_schemes(out, d);
    tw_buf_cstr(out, "}");
    return out->status;
}
