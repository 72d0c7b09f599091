// SPDX-License-Identifier: Apache-2.0
//
// The report as one JSON object. An undefined figure is null; the interval of a figure has its name
// and "_interval", [low, high] or null.
#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "evaluate_print.h"

static const char *const entity_names[TW_EVAL_ENTITY_N] = {"employee", "account"};

// Whether the object that is being written has a member: then a comma comes first.
typedef struct json {
    bool has_member;
} json;

static void key_of(json *j, const char *key)
{
    printf(j->has_member ? ",\"%s\":" : "\"%s\":", key);
    j->has_member = true;
}

static void number(json *j, const char *key, double value)
{
    key_of(j, key);
    if (isnan(value))
        fputs("null", stdout);
    else
        printf("%.6f", value);
}

static void count(json *j, const char *key, uint64_t value)
{
    key_of(j, key);
    printf("%llu", (unsigned long long)value);
}

static void interval(json *j, const char *name, tw_eval_range range)
{
    char key[64];
    snprintf(key, sizeof(key), "%s_interval", name);
    key_of(j, key);
    if (isnan(range.low))
        fputs("null", stdout);
    else
        printf("[%.6f,%.6f]", range.low, range.high);
}

static void number_at_k(json *j, const char *name, uint32_t k, double value)
{
    char key[64];
    snprintf(key, sizeof(key), "%s_at_%u", name, k);
    number(j, key, value);
}

static json begin(json *parent, const char *key)
{
    if (parent)
        key_of(parent, key);
    putchar('{');
    return (json){false};
}

static void end(void)
{
    putchar('}');
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : (double)NAN;
}

// --- one scoring

static void put_schemes(json *j, const tw_eval *e, const twi_scheme_names *schemes)
{
    key_of(j, "schemes");
    putchar('[');
    for (size_t i = 0; i < e->scheme_n; i++) {
        const tw_eval_scheme *s = &e->schemes[i];
        if (i > 0)
            putchar(',');
        json one = begin(NULL, NULL);
        key_of(&one, "scheme");
        twi_put_json(stdout, tw_str_from(schemes->names[i]));
        count(&one, "transactions", s->n);
        count(&one, "found", s->found);
        number(&one, "recall", share(s->found, s->n));
        count(&one, "thieves", s->thief_n);
        count(&one, "thieves_found", s->thief_found);
        number(&one, "amount", s->amount);
        number(&one, "amount_found", s->amount_found);
        number(&one, "days_to_alert", s->days_to_alert);
        count(&one, "index", i);
        end();
    }
    putchar(']');
}

static void put_ranking(json *j, const tw_eval *e)
{
    number(j, "ap", e->ap);
    number(j, "auc", e->auc);
    number(j, "threshold", e->threshold);
    count(j, "flagged", e->flagged_n);
    number(j, "precision", e->precision);
    number(j, "recall", e->recall);
    number(j, "money", e->money);
    number(j, "money_recall", e->money_recall);
    for (size_t i = 0; i < TW_EVAL_KS; i++) {
        number_at_k(j, "precision", tw_eval_k[i], e->precision_at_k[i]);
        number_at_k(j, "recall", tw_eval_k[i], e->recall_at_k[i]);
    }
    number(j, "false_flagged_week", e->false_flagged_week);
    interval(j, "ap", e->ranges.ap);
    interval(j, "auc", e->ranges.auc);
    interval(j, "precision", e->ranges.precision);
    interval(j, "recall", e->ranges.recall);
    interval(j, "money_recall", e->ranges.money_recall);
    json entities = begin(j, "entities");
    for (size_t kind = 0; kind < TW_EVAL_ENTITY_N; kind++) {
        const tw_eval_by_entity *by = &e->entities[kind];
        json one = begin(&entities, entity_names[kind]);
        count(&one, "n", by->n);
        count(&one, "fraudulent", by->fraud_n);
        for (size_t i = 0; i < TW_EVAL_KS; i++) {
            number_at_k(&one, "precision", tw_eval_k[i], by->precision_at_k[i]);
            number_at_k(&one, "ceiling", tw_eval_k[i], by->ceiling_at_k[i]);
        }
        end();
    }
    end();
}

static void put_alerts(json *j, const tw_eval *e)
{
    count(j, "alerts", e->alert_n);
    number(j, "alerts_per_store_day", e->alerts_per_store_day);
    number(j, "alert_precision_any", e->alert_precision_any);
    number(j, "alert_precision_most", e->alert_precision_most);
    number(j, "alert_recall", e->alert_recall);
    number(j, "false_alerts_week", e->false_alerts_week);
    count(j, "thieves", e->thief_n);
    count(j, "thieves_found", e->thief_found_n);
    number(j, "thief_recall", e->thief_recall);
    number(j, "days_to_alert", e->days_to_alert);
    interval(j, "alert_precision_any", e->ranges.alert_precision_any);
    interval(j, "alert_recall", e->ranges.alert_recall);
    interval(j, "false_alerts_week", e->ranges.false_alerts_week);
    interval(j, "thief_recall", e->ranges.thief_recall);
}

// --- before and after

static void put_versus(json *j, const char *key, const tw_eval_versus points[2])
{
    static const char *const names[2] = {"at_recall_before", "at_recall_after"};
    json both = begin(j, key);
    for (size_t p = 0; p < 2; p++) {
        const tw_eval_versus *v = &points[p];
        json one = begin(&both, names[p]);
        number(&one, "recall", v->recall);
        number(&one, "flagged_before", v->flagged_before);
        number(&one, "flagged_after", v->flagged_after);
        number(&one, "false_before", v->false_before);
        number(&one, "false_after", v->false_after);
        number(&one, "false_ratio", v->false_ratio);
        interval(&one, "false_ratio", v->false_ratio_range);
        end();
    }
    end();
}

static void put_comparison(json *j, const twi_evaluate_report *r)
{
    const tw_eval_comparison *c = r->comparison;
    json before = begin(j, "before");
    count(&before, "unscored", r->against_missing_n);
    put_ranking(&before, r->before);
    end();
    json all = begin(j, "comparison");
    number(&all, "ap_difference", c->ap_difference);
    interval(&all, "ap_difference", c->ap_difference_range);
    number(&all, "auc_difference", c->auc_difference);
    interval(&all, "auc_difference", c->auc_difference_range);
    number(&all, "share_better", c->share_better);
    put_versus(&all, "transactions", c->rows);
    key_of(&all, "entity");
    twi_put_json(stdout, tw_str_from(entity_names[r->entity]));
    count(&all, "entity_weeks_n", c->entity_week_n);
    count(&all, "entity_weeks_fraudulent", c->entity_week_fraud_n);
    put_versus(&all, "entity_weeks", c->entity_weeks);
    end();
}

void twi_evaluate_json(const twi_evaluate_report *r)
{
    const tw_eval *e = r->figures;
    json j = begin(NULL, NULL);
    count(&j, "transactions", e->n);
    count(&j, "fraudulent", e->positive_n);
    count(&j, "unlabelled", r->unlabelled_n);
    count(&j, "unscored", r->scores_missing_n);
    count(&j, "stores", e->store_n);
    count(&j, "days", e->day_n);
    put_ranking(&j, e);
    put_alerts(&j, e);
    put_schemes(&j, e, r->schemes);
    if (r->comparison)
        put_comparison(&j, r);
    end();
    putchar('\n');
}
