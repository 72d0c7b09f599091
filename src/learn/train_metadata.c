// SPDX-License-Identifier: Apache-2.0
//
// Where a model comes from and what it is worth, as JSON inside its file: lineage, data, labels,
// parameters, search, figures, reliability, inputs by importance and the gate's decision.
#include "train_metadata.h"

#include <math.h>

#include "base/time.h"
#include "feature/catalogue.h"
#include "put.h"

#define IMPORTANCE_N 20

static void number(tw_buf *out, const char *name, double value)
{
    twi_put_key(out, name);
    twi_put_number(out, value);
}

static void count(tw_buf *out, const char *name, uint64_t value)
{
    twi_put_key(out, name);
    tw_buf_printf(out, "%llu", (unsigned long long)value);
}

static void text(tw_buf *out, const char *name, tw_str value)
{
    twi_put_key(out, name);
    twi_put_string(out, value);
}

static void date(tw_buf *out, const char *name, int64_t ms)
{
    char day[TW_TIME_TEXT_BYTES];
    text(out, name, tw_str_from(tw_date_format(tw_floor_day(ms), day)));
}

static void begin(tw_buf *out, const char *name, const char *bracket)
{
    twi_put_key(out, name);
    tw_buf_cstr(out, bracket);
}

static void put_lineage(const tw_train_job *job, const tw_dataset *set, tw_buf *out)
{
    char hash[17];
    uint64_t catalogue = tw_catalogue_hash();
    for (size_t i = 0; i < 16; i++)
        hash[i] = "0123456789abcdef"[catalogue >> 4 * (15 - i) & 15];
    hash[16] = '\0';
    text(out, "kind", TW_STR("classifier"));
    text(out, "parent", job->champion_id);
    text(out, "code_version", tw_str_from(job->code_version));
    text(out, "catalogue", tw_str_from(hash));
    begin(out, "journal", "{");
    count(out, "first_seq", set->first_seq);
    count(out, "last_seq", set->last_seq);
    tw_buf_cstr(out, "}");
    twi_put_key(out, "label_delay_days");
    twi_put_number(out, job->dataset.label_delay_ms < 0
                            ? (double)NAN
                            : (double)job->dataset.label_delay_ms / (double)TW_DAY_MS);
}

static void put_rows(const tw_dataset *set, tw_buf *out)
{
    begin(out, "rows", "{");
    date(out, "from", set->from_ms);
    date(out, "to", set->to_ms);
    count(out, "transactions", set->transaction_n);
    count(out, "kept", set->n);
    count(out, "positive", set->confirmed_n);
    count(out, "negative", set->refuted_n);
    count(out, "undecided", set->undecided_n);
    count(out, "audit", set->audit_n);
    count(out, "audit_confirmed", set->audit_confirmed_n);
    number(out, "plain_rate", set->plain_rate);
    tw_buf_cstr(out, "}");
}

static void put_parameters(const tw_train_params *p, uint32_t rounds_n, tw_buf *out)
{
    count(out, "depth", p->depth);
    number(out, "eta", p->eta);
    count(out, "rounds", rounds_n);
    number(out, "min_child_weight", p->min_child_weight);
    number(out, "lambda", p->lambda);
    number(out, "gamma", p->gamma);
    number(out, "subsample", p->subsample);
    number(out, "colsample_tree", p->colsample_tree);
    count(out, "bins", p->bins_n);
    count(out, "seed", p->seed);
}

static void put_search(const tw_fit *fit, tw_buf *out)
{
    begin(out, "params", "{");
    put_parameters(&fit->trials[fit->chosen].params, fit->rounds_n, out);
    tw_buf_cstr(out, "}");
    begin(out, "search", "[");
    for (size_t i = 0; i < fit->trial_n; i++) {
        tw_buf_cstr(out, i > 0 ? ",{" : "{");
        put_parameters(&fit->trials[i].params, fit->trials[i].params.rounds_n, out);
        number(out, "loss", fit->trials[i].loss);
        number(out, "ap", fit->trials[i].ap);
        tw_buf_cstr(out, "}");
    }
    tw_buf_cstr(out, "]");
}

static void put_metrics(const tw_fit *fit, tw_buf *out)
{
    const tw_fit_metrics *m = &fit->metrics;
    begin(out, "metrics", "{");
    number(out, "ap", m->ap);
    number(out, "auc", m->auc);
    number(out, "log_loss", m->log_loss);
    number(out, "brier", m->brier);
    number(out, "calibration_error", m->calibration_error);
    number(out, "precision", m->precision);
    number(out, "recall", m->recall);
    number(out, "floor_margin", m->floor_margin);
    twi_put_key(out, "budget_binds");
    tw_buf_cstr(out, m->budget_binds ? "true" : "false");
    count(out, "alerts", m->alert_n);
    count(out, "alerts_confirmed", m->alert_confirmed_n);
    tw_buf_cstr(out, "}");
    begin(out, "reliability", "[");
    bool is_first = true;
    for (size_t i = 0; i < TW_FIT_RELIABILITY_BINS; i++) {
        const tw_reliability_bin *b = &fit->reliability[i];
        if (!(b->weight > 0))
            continue;
        tw_buf_cstr(out, is_first ? "{" : ",{");
        is_first = false;
        number(out, "predicted", b->predicted);
        number(out, "observed", b->observed);
        number(out, "weight", b->weight);
        tw_buf_cstr(out, "}");
    }
    tw_buf_cstr(out, "]");
}

static void put_importance(const tw_fit *fit, tw_buf *out)
{
    double shares[TW_GBT_INPUTS_MAX];
    tw_gbt_importance(fit->gbt_own, shares);
    begin(out, "importance", "[");
    for (size_t k = 0; k < IMPORTANCE_N; k++) {
        size_t best = 0;
        for (size_t i = 1; i < fit->inputs_n; i++)
            best = shares[i] > shares[best] ? i : best;
        if (!(shares[best] > 0))
            break;
        tw_buf_cstr(out, k > 0 ? ",{" : "{");
        text(out, "input", fit->input_names_own[best]);
        number(out, "share", shares[best]);
        tw_buf_cstr(out, "}");
        shares[best] = 0;
    }
    tw_buf_cstr(out, "]");
}

void twi_train_metadata(const tw_train_job *job, const tw_dataset *set, const tw_fit *fit,
                        const tw_gate_decision *decision, tw_buf *out)
{
    tw_buf_cstr(out, "{");
    put_lineage(job, set, out);
    put_rows(set, out);
    put_search(fit, out);
    put_metrics(fit, out);
    put_importance(fit, out);
    if (decision) {
        twi_put_key(out, "gate");
        if (tw_gate_json(decision, out) != TW_OK)
            return; // the buffer keeps the failure
    }
    tw_buf_cstr(out, "}");
}
