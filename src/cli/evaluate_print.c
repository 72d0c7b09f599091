// SPDX-License-Identifier: Apache-2.0
//
// The report as text. An undefined figure (no positives, no alerts) prints as a dash; an interval
// follows its figure in brackets.
#include "evaluate_print.h"

#include <math.h>
#include <stdio.h>

#include "cli.h"

#define FIGURE_BYTES 64
#define SHOWN_K 2 // of tw_eval_k: 100
static const char *const entity_names[TW_EVAL_ENTITY_N] = {"employee", "account"};

static const char *figure(double value, char out[FIGURE_BYTES])
{
    if (isnan(value))
        return "-";
    snprintf(out, FIGURE_BYTES, "%.4f", value);
    return out;
}

static const char *with_range(double value, tw_eval_range range, char out[FIGURE_BYTES])
{
    if (isnan(value) || isnan(range.low))
        return figure(value, out);
    snprintf(out, FIGURE_BYTES, "%.4f [%.4f, %.4f]", value, range.low, range.high);
    return out;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : (double)NAN;
}

// --- one scoring

static void print_schemes(const tw_eval *e, const twi_scheme_names *schemes)
{
    char recall[FIGURE_BYTES], thieves[FIGURE_BYTES], money[FIGURE_BYTES], days[FIGURE_BYTES];
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

static void print_head(const twi_evaluate_report *r)
{
    const tw_eval *e = r->figures;
    char n[32];
    printf("%s transactions, ", twi_thousands(e->n, n));
    printf("%s fraudulent, %llu stores, %llu days", twi_thousands(e->positive_n, n),
           (unsigned long long)e->store_n, (unsigned long long)e->day_n);
    if (r->unlabelled_n > 0)
        printf(" (%s without a label left out)", twi_thousands(r->unlabelled_n, n));
    printf("\n");
    if (r->scores_missing_n > 0)
        printf("%s of them are not in the scores and count as risk 0\n",
               twi_thousands(r->scores_missing_n, n));
    if (r->against_missing_n > 0)
        printf("%s of them are not in the scores of before and count as risk 0\n",
               twi_thousands(r->against_missing_n, n));
    printf("figures in brackets: 90 %% interval\n\n");
}

static void print_transactions(const tw_eval *e)
{
    char a[FIGURE_BYTES], b[FIGURE_BYTES], c[FIGURE_BYTES];
    printf("transactions   AP %s   AUC %s\n", with_range(e->ap, e->ranges.ap, a),
           with_range(e->auc, e->ranges.auc, b));
    printf("at %.2f        precision %s   recall %s   money %s\n", e->threshold,
           with_range(e->precision, e->ranges.precision, a),
           with_range(e->recall, e->ranges.recall, b),
           with_range(e->money_recall, e->ranges.money_recall, c));
    printf("               %llu flagged, %s false ones a week\n", (unsigned long long)e->flagged_n,
           figure(e->false_flagged_week, a));
    for (size_t i = 0; i < TW_EVAL_KS; i++)
        printf("top %-4u a day precision %s   recall %s\n", tw_eval_k[i],
               figure(e->precision_at_k[i], a), figure(e->recall_at_k[i], b));
}

static void print_entities(const tw_eval *e, tw_eval_entity kind)
{
    const tw_eval_by_entity *by = &e->entities[kind];
    char a[FIGURE_BYTES], b[FIGURE_BYTES];
    printf("%-14s %llu, fraudulent %llu; found ones left out on later days:\n",
           kind == TW_EVAL_ACCOUNT ? "accounts" : "employees", (unsigned long long)by->n,
           (unsigned long long)by->fraud_n);
    for (size_t i = 0; i < TW_EVAL_KS; i++)
        printf("top %-4u a day precision %s   at best %s\n", tw_eval_k[i],
               figure(by->precision_at_k[i], a), figure(by->ceiling_at_k[i], b));
}

static void print_alerts(const tw_eval *e)
{
    char a[FIGURE_BYTES], b[FIGURE_BYTES], c[FIGURE_BYTES], p[FIGURE_BYTES];
    printf("alerts         %llu, %s a store and day   precision any %s, most %s   recall %s\n",
           (unsigned long long)e->alert_n, figure(e->alerts_per_store_day, p),
           with_range(e->alert_precision_any, e->ranges.alert_precision_any, a),
           figure(e->alert_precision_most, b),
           with_range(e->alert_recall, e->ranges.alert_recall, c));
    printf("               %s false alerts a week\n",
           with_range(e->false_alerts_week, e->ranges.false_alerts_week, a));
    printf("thieves        %llu, found %llu = %s, %s days after the first fraud (median)\n",
           (unsigned long long)e->thief_n, (unsigned long long)e->thief_found_n,
           with_range(e->thief_recall, e->ranges.thief_recall, a), figure(e->days_to_alert, b));
}

// --- before and after

static void print_change(const char *name, double before, double after)
{
    char a[FIGURE_BYTES], b[FIGURE_BYTES];
    printf("%-36s %12s %12s", name, figure(before, a), figure(after, b));
    if (!isnan(before) && !isnan(after))
        printf("   %+.4f", after - before);
    printf("\n");
}

static void print_difference(const char *name, double before, double after, double difference,
                             tw_eval_range range)
{
    char a[FIGURE_BYTES], b[FIGURE_BYTES];
    printf("%-36s %12s %12s", name, figure(before, a), figure(after, b));
    if (!isnan(difference))
        printf("   %+.4f", difference);
    if (!isnan(range.low))
        printf(" [%+.4f, %+.4f]", range.low, range.high);
    printf("\n");
}

static void print_false(const char *name, const tw_eval_versus *v)
{
    printf("%-36s %12.1f %12.1f", name, v->false_before, v->false_after);
    if (!isnan(v->false_ratio))
        printf("   %+.1f %%", 100 * (v->false_ratio - 1));
    if (!isnan(v->false_ratio_range.low))
        printf(" [%+.1f %%, %+.1f %%]", 100 * (v->false_ratio_range.low - 1),
               100 * (v->false_ratio_range.high - 1));
    printf("\n");
}

static void print_equal_recall(const twi_evaluate_report *r)
{
    static const char *const points[2] = {"before", "after"};
    const tw_eval_comparison *c = r->comparison;
    char name[64], a[FIGURE_BYTES], b[FIGURE_BYTES];
    for (int p = 0; p < 2; p++) {
        printf("false ones at the recall of %s (%s of the transactions, %s of the %s-weeks):\n",
               points[p], figure(c->rows[p].recall, a), figure(c->entity_weeks[p].recall, b),
               entity_names[r->entity]);
        print_false("  transactions", &c->rows[p]);
        snprintf(name, sizeof(name), "  %s-weeks", entity_names[r->entity]);
        print_false(name, &c->entity_weeks[p]);
    }
}

static void print_comparison(const twi_evaluate_report *r)
{
    const tw_eval *before = r->before, *after = r->figures;
    const tw_eval_comparison *c = r->comparison;
    char name[64];
    printf("\n%-36s %12s %12s   change\n", "", "before", "after");
    print_difference("AP", before->ap, after->ap, c->ap_difference, c->ap_difference_range);
    print_difference("AUC", before->auc, after->auc, c->auc_difference, c->auc_difference_range);
    snprintf(name, sizeof(name), "precision at %.2f", after->threshold);
    print_change(name, before->precision, after->precision);
    snprintf(name, sizeof(name), "recall at %.2f", after->threshold);
    print_change(name, before->recall, after->recall);
    snprintf(name, sizeof(name), "money at %.2f", after->threshold);
    print_change(name, before->money_recall, after->money_recall);
    print_change("false flagged a week", before->false_flagged_week, after->false_flagged_week);
    snprintf(name, sizeof(name), "precision, top %u a day", tw_eval_k[SHOWN_K]);
    print_change(name, before->precision_at_k[SHOWN_K], after->precision_at_k[SHOWN_K]);
    snprintf(name, sizeof(name), "precision, top %u %ss a day", tw_eval_k[SHOWN_K],
             entity_names[r->entity]);
    print_change(name, before->entities[r->entity].precision_at_k[SHOWN_K],
                 after->entities[r->entity].precision_at_k[SHOWN_K]);
    print_equal_recall(r);
    if (!isnan(c->share_better))
        printf("AP is higher after than before in %.1f %% of the resamples\n",
               100 * c->share_better);
}

void twi_evaluate_text(const twi_evaluate_report *r)
{
    print_head(r);
    print_transactions(r->figures);
    print_entities(r->figures, r->entity);
    print_alerts(r->figures);
    print_schemes(r->figures, r->schemes);
    if (r->comparison)
        print_comparison(r);
}
