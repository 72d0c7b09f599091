// SPDX-License-Identifier: Apache-2.0
//
// An undefined figure (no positives, no alerts) prints as null or a dash.
#include "evaluate_print.h"

#include <math.h>
#include <stdio.h>

#include "cli.h"

static const char *figure(double value, char out[32])
{
    if (isnan(value))
        return "-";
    snprintf(out, 32, "%.4f", value);
    return out;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : (double)NAN;
}

static void print_schemes(const tw_eval *e, const twi_scheme_names *schemes)
{
    char recall[32], thieves[32], money[32], days[32];
    printf("\n%-26s %8s %8s %8s %7s %8s %8s %7s\n", "scheme", "frauds", "found", "recall",
           "thieves", "found", "money", "days");
    for (size_t i = 0; i < e->scheme_n; i++) {
        const tw_eval_scheme *s = &e->schemes[i];
        double money_share = s->amount > 0 ? s->amount_found / s->amount : (double)NAN;
        printf("%-26s %8llu %8llu %8s %7llu %8s %8s %7s\n", schemes->names[i],
               (unsigned long long)s->n, (unsigned long long)s->found,
               figure(share(s->found, s->n), recall), (unsigned long long)s->thief_n,
               figure(share(s->thief_found, s->thief_n), thieves), figure(money_share, money),
               figure(s->days_to_alert, days));
    }
}

void twi_evaluate_text(const tw_eval *e, const twi_scheme_names *schemes, uint64_t unlabelled_n)
{
    char a[32], b[32], c[32], n[32], p[32];
    printf("%s transactions, %s fraudulent, %llu stores, %llu days", twi_thousands(e->n, n),
           twi_thousands(e->positive_n, p), (unsigned long long)e->store_n,
           (unsigned long long)e->day_n);
    if (unlabelled_n > 0)
        printf(" (%s without a label left out)", twi_thousands(unlabelled_n, n));
    printf("\n\ntransactions   AP %s   AUC %s\n", figure(e->ap, a), figure(e->auc, b));
    printf("at %.2f        precision %s   recall %s   money %s   (%llu flagged)\n", e->threshold,
           figure(e->precision, a), figure(e->recall, b), figure(e->money_recall, c),
           (unsigned long long)e->flagged_n);
    for (size_t i = 0; i < TW_EVAL_KS; i++)
        printf("top %-4u a day precision %s   recall %s\n", tw_eval_k[i],
               figure(e->precision_at_k[i], a), figure(e->recall_at_k[i], b));
    printf("alerts         %llu, %s a store and day   precision any %s, most %s   recall %s\n",
           (unsigned long long)e->alert_n, figure(e->alerts_per_store_day, p),
           figure(e->alert_precision_any, a), figure(e->alert_precision_most, b),
           figure(e->alert_recall, c));
    printf("thieves        %llu, found %llu = %s, %s days after the first fraud (median)\n",
           (unsigned long long)e->thief_n, (unsigned long long)e->thief_found_n,
           figure(e->thief_recall, a), figure(e->days_to_alert, b));
    print_schemes(e, schemes);
}

static void number(const char *key, double value)
{
    if (isnan(value))
        printf("\"%s\":null,", key);
    else
        printf("\"%s\":%.6f,", key, value);
}

static void count(const char *key, uint64_t value)
{
    printf("\"%s\":%llu,", key, (unsigned long long)value);
}

static void json_schemes(const tw_eval *e, const twi_scheme_names *schemes)
{
    fputs("\"schemes\":[", stdout);
    for (size_t i = 0; i < e->scheme_n; i++) {
        const tw_eval_scheme *s = &e->schemes[i];
        fputs(i ? ",{\"scheme\":" : "{\"scheme\":", stdout);
        twi_put_json(stdout, tw_str_from(schemes->names[i]));
        putchar(',');
        count("transactions", s->n);
        count("found", s->found);
        number("recall", share(s->found, s->n));
        count("thieves", s->thief_n);
        count("thieves_found", s->thief_found);
        number("amount", s->amount);
        number("amount_found", s->amount_found);
        number("days_to_alert", s->days_to_alert);
        printf("\"index\":%zu}", i);
    }
    putchar(']');
}

void twi_evaluate_json(const tw_eval *e, const twi_scheme_names *schemes, uint64_t unlabelled_n)
{
    putchar('{');
    count("transactions", e->n);
    count("fraudulent", e->positive_n);
    count("unlabelled", unlabelled_n);
    count("stores", e->store_n);
    count("days", e->day_n);
    number("ap", e->ap);
    number("auc", e->auc);
    number("threshold", e->threshold);
    count("flagged", e->flagged_n);
    number("precision", e->precision);
    number("recall", e->recall);
    number("money", e->money);
    number("money_recall", e->money_recall);
    for (size_t i = 0; i < TW_EVAL_KS; i++) {
        char key[32];
        snprintf(key, sizeof(key), "precision_at_%u", tw_eval_k[i]);
        number(key, e->precision_at_k[i]);
        snprintf(key, sizeof(key), "recall_at_%u", tw_eval_k[i]);
        number(key, e->recall_at_k[i]);
    }
    count("alerts", e->alert_n);
    number("alerts_per_store_day", e->alerts_per_store_day);
    number("alert_precision_any", e->alert_precision_any);
    number("alert_precision_most", e->alert_precision_most);
    number("alert_recall", e->alert_recall);
    count("thieves", e->thief_n);
    count("thieves_found", e->thief_found_n);
    number("thief_recall", e->thief_recall);
    number("days_to_alert", e->days_to_alert);
    json_schemes(e, schemes);
    fputs("}\n", stdout);
}
