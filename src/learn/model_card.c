// SPDX-License-Identifier: Apache-2.0
//
// The model card: what a manager, an auditor or a data scientist asks of a model, in Markdown, from
// the metadata that its training wrote (docs/formats/model-metadata.md). Says only what is
// recorded: a key that is missing or of another type leaves its line out. Texts of the metadata are
// escaped, since a model may come from elsewhere.
//
// Memory: the parsed metadata, freed before return.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <yyjson.h>

#include "base/time.h"
#include "learn/drift.h"
#include "learn/export.h"

#define INPUTS_SHOWN 20

// A model that learned from fewer confirmed rows is one to be careful with.
#define CONFIRMED_FEW 200.0
// Beyond this, a stated probability is off by more than one would act on.
#define CALIBRATION_POOR 0.1

typedef enum row_form { COUNT, NUMBER, SHARE, TEXT } row_form;

typedef struct card_row {
    const char *key, *title;
    row_form form;
} card_row;

typedef struct card {
    const tw_model *model;
    tw_str model_id;
    int64_t created_ms;
    yyjson_val *meta; // NULL = none recorded
    tw_buf *out;
} card;

// ---- Pieces of Markdown ----------------------------------------------------------------------

// Text that means nothing to Markdown, on one line.
static void put_text(tw_buf *out, tw_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x20 || c == 0x7f)
            c = ' ';
        if (strchr("\\`*[]<>|#", c))
            tw_buf_u8(out, '\\');
        tw_buf_u8(out, c);
    }
}

// A dash when it is not known.
static void put_number(tw_buf *out, double value, row_form form)
{
    if (!isfinite(value))
        tw_buf_cstr(out, "-");
    else if (form == SHARE)
        tw_buf_printf(out, "%.1f %%", 100.0 * value);
    else if (form == COUNT)
        tw_buf_printf(out, "%.0f", value);
    else
        tw_buf_printf(out, "%.4g", value);
}

static tw_str text_of(yyjson_val *value)
{
    if (!yyjson_is_str(value))
        return TW_STR_NONE;
    return (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static double number_of(yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_num(value) ? yyjson_get_num(value) : (double)NAN;
}

static bool is_known(yyjson_val *object, const card_row *row)
{
    yyjson_val *value = yyjson_obj_get(object, row->key);
    return row->form == TEXT ? yyjson_is_str(value) : yyjson_is_num(value);
}

// The known rows as a table; nothing when none is.
static void put_rows(tw_buf *out, yyjson_val *object, const card_row *rows, size_t n)
{
    bool is_open = false;
    for (size_t i = 0; i < n; i++) {
        if (!is_known(object, &rows[i]))
            continue;
        if (!is_open)
            tw_buf_cstr(out, "| what | value |\n|---|---|\n");
        is_open = true;
        tw_buf_printf(out, "| %s | ", rows[i].title);
        if (rows[i].form == TEXT)
            put_text(out, text_of(yyjson_obj_get(object, rows[i].key)));
        else
            put_number(out, number_of(object, rows[i].key), rows[i].form);
        tw_buf_cstr(out, " |\n");
    }
    if (is_open)
        tw_buf_cstr(out, "\n");
}

// "81.2 % (90 % interval 70.1 % to 88.9 %)"
static void put_interval(tw_buf *out, double value, double low, double high, row_form form)
{
    put_number(out, value, form);
    if (!isfinite(low) || !isfinite(high))
        return;
    tw_buf_cstr(out, " (90 % interval ");
    put_number(out, low, form);
    tw_buf_cstr(out, " to ");
    put_number(out, high, form);
    tw_buf_cstr(out, ")");
}

// ---- Sections --------------------------------------------------------------------------------

// What model registries read: the metrics, in the form of Hugging Face's model index.
static void put_front_matter(const card *c)
{
    static const card_row metrics[] = {
        {"ap", "average_precision", NUMBER}, {"auc", "roc_auc", NUMBER},
        {"log_loss", "log_loss", NUMBER},    {"brier", "brier_score", NUMBER},
        {"precision", "precision", NUMBER},  {"recall", "recall", NUMBER},
    };
    yyjson_val *values = yyjson_obj_get(c->meta, "metrics");
    bool is_open = false;
    tw_buf_printf(c->out,
                  "---\nlibrary_name: %s\ntags:\n- tabular-classification\n"
                  "- retail-loss-prevention\n",
                  tw_model_gbt(c->model) ? "xgboost" : "tillwatch");
    for (size_t i = 0; i < TW_COUNT(metrics); i++) {
        double value = number_of(values, metrics[i].key);
        if (!isfinite(value))
            continue;
        if (!is_open)
            tw_buf_cstr(c->out, "model-index:\n- name: classifier\n  results:\n  - task:\n"
                                "      type: tabular-classification\n    dataset:\n"
                                "      name: own transactions and verdicts\n"
                                "      type: private\n    metrics:\n");
        is_open = true;
        tw_buf_printf(c->out, "    - type: %s\n      value: %.6g\n", metrics[i].title, value);
    }
    tw_buf_cstr(c->out, "---\n\n");
}

static void put_head(const card *c)
{
    char time[TW_TIME_TEXT_BYTES];
    tw_buf_cstr(c->out, "# Model ");
    put_text(c->out, c->model_id);
    tw_buf_printf(c->out, "\n\nMade %s", tw_time_format(c->created_ms, 0, time));
    tw_str version = text_of(yyjson_obj_get(c->meta, "code_version"));
    if (version.bytes > 0) {
        tw_buf_cstr(c->out, " by Tillwatch ");
        put_text(c->out, version);
    }
    tw_str parent = text_of(yyjson_obj_get(c->meta, "parent"));
    if (parent.bytes > 0) {
        tw_buf_cstr(c->out, ", when the champion was ");
        put_text(c->out, parent);
    }
    tw_buf_cstr(c->out, ".\n\n");
}

static bool is_imported(const card *c)
{
    return yyjson_is_true(yyjson_obj_get(c->meta, "imported"));
}

static void put_use(const card *c)
{
    tw_buf_cstr(c->out, "## What it is for\n\n");
    if (tw_model_gbt(c->model))
        tw_buf_printf(c->out,
                      "%zu gradient-boosted trees over %zu inputs, %s. For each point-of-sale "
                      "transaction they estimate how likely an investigator would confirm it as "
                      "theft or fraud. The estimate raises or lowers the evidence of the signals "
                      "and, where it is strong enough, alerts by itself. An isolation forest of "
                      "%zu trees beside them tells what is odd without any verdict.\n\n",
                      tw_gbt_trees_n(tw_model_gbt(c->model)),
                      tw_gbt_inputs_n(tw_model_gbt(c->model)),
                      is_imported(c) ? "trained elsewhere and imported"
                                     : "trained on investigators' verdicts",
                      tw_iforest_trees_n(tw_model_iforest(c->model)));
    else
        tw_buf_printf(c->out,
                      "An isolation forest of %zu trees over %zu features. It tells which "
                      "point-of-sale transactions are unlike the others; it has learned from no "
                      "verdict.\n\n",
                      tw_iforest_trees_n(tw_model_iforest(c->model)),
                      tw_model_features_n(c->model));
    tw_buf_cstr(c->out,
                "It ranks transactions for people to look at. It is not proof, and no decision "
                "about a person may rest on its score alone: every alert is to be judged by an "
                "investigator on the receipts, the stock and the recordings.\n\n");
}

static void put_data(const card *c)
{
    static const card_row rows[] = {
        {"from", "first day", TEXT},
        {"to", "last day", TEXT},
        {"transactions", "transactions in that time", COUNT},
        {"kept", "rows kept", COUNT},
        {"positive", "of them confirmed by a verdict", COUNT},
        {"negative", "of them refuted by a verdict", COUNT},
        {"undecided", "left out: their alert was still undecided", COUNT},
        {"plain_rate", "share of ordinary transactions that was kept, with weights that undo it",
         NUMBER},
    };
    yyjson_val *data = yyjson_obj_get(c->meta, "rows");
    if (!data)
        return;
    tw_buf_cstr(c->out, "## Data and labels\n\n");
    if (is_imported(c))
        tw_buf_cstr(c->out, "What the trees were trained on is not known here. Of the journal, for "
                            "the curves that turn their margin into a probability:\n\n");
    put_rows(c->out, data, rows, TW_COUNT(rows));
    double audit = number_of(data, "audit"), confirmed = number_of(data, "audit_confirmed");
    if (audit >= 1.0 && confirmed >= 0.0 && confirmed <= audit) {
        tw_share share = tw_share_of((uint64_t)confirmed, (uint64_t)audit);
        tw_buf_printf(c->out,
                      "Of %.0f transactions that were drawn at random for audit, %.0f were "
                      "confirmed: ",
                      audit, confirmed);
        put_interval(c->out, share.value, share.low, share.high, SHARE);
        tw_buf_cstr(c->out, ".\n\n");
    }
    double delay = number_of(c->meta, "label_delay_days");
    if (isfinite(delay))
        tw_buf_printf(c->out, "Verdicts counted from %.4g days after the transaction.\n\n", delay);
    tw_buf_cstr(c->out,
                "Labels are verdicts, as they were known at the time of training. What nobody "
                "judged counts as honest, with a weight; transactions of alerts without a verdict "
                "are left out. Features are those of the moment of the transaction.\n\n");
}

static const card_row parameter_rows[] = {
    {"depth", "depth of a tree", COUNT},
    {"eta", "learning rate", NUMBER},
    {"rounds", "trees", COUNT},
    {"min_child_weight", "least weight of a leaf", NUMBER},
    {"lambda", "L2 of leaf weights", NUMBER},
    {"gamma", "least gain of a split", NUMBER},
    {"subsample", "rows of a tree", NUMBER},
    {"colsample_tree", "inputs of a tree", NUMBER},
    {"bins", "bins of an input", COUNT},
    {"seed", "seed", COUNT},
};

static void put_search_row(const card *c, yyjson_val *trial)
{
    tw_buf_cstr(c->out, "|");
    for (size_t i = 0; i < TW_COUNT(parameter_rows) - 1; i++) {
        tw_buf_cstr(c->out, " ");
        put_number(c->out, number_of(trial, parameter_rows[i].key), parameter_rows[i].form);
        tw_buf_cstr(c->out, " |");
    }
    tw_buf_cstr(c->out, " ");
    put_number(c->out, number_of(trial, "loss"), NUMBER);
    tw_buf_cstr(c->out, " | ");
    put_number(c->out, number_of(trial, "ap"), NUMBER);
    tw_buf_cstr(c->out, " |\n");
}

static void put_parameters(const card *c)
{
    yyjson_val *params = yyjson_obj_get(c->meta, "params");
    if (!params)
        return;
    tw_buf_cstr(c->out, "## Parameters\n\n");
    put_rows(c->out, params, parameter_rows, TW_COUNT(parameter_rows));
    yyjson_val *search = yyjson_obj_get(c->meta, "search"), *trial;
    if (yyjson_arr_size(search) == 0)
        return;
    tw_buf_cstr(c->out, "Searched, each by the days after those it was trained on:\n\n|");
    for (size_t i = 0; i < TW_COUNT(parameter_rows) - 1; i++)
        tw_buf_printf(c->out, " %s |", parameter_rows[i].title);
    tw_buf_cstr(c->out, " log loss | average precision |\n|");
    for (size_t i = 0; i < TW_COUNT(parameter_rows) + 1; i++)
        tw_buf_cstr(c->out, "---:|");
    tw_buf_cstr(c->out, "\n");
    yyjson_arr_iter trials = yyjson_arr_iter_with(search);
    while ((trial = yyjson_arr_iter_next(&trials)))
        put_search_row(c, trial);
    tw_buf_cstr(c->out, "\n");
}

static void put_reliability(const card *c)
{
    yyjson_val *bins = yyjson_obj_get(c->meta, "reliability"), *bin;
    if (yyjson_arr_size(bins) == 0)
        return;
    tw_buf_cstr(c->out, "Reliability, of the same later days: what was predicted against what "
                        "verdicts said.\n\n| predicted | observed | weight |\n|---:|---:|---:|\n");
    yyjson_arr_iter all = yyjson_arr_iter_with(bins);
    while ((bin = yyjson_arr_iter_next(&all))) {
        double weight = number_of(bin, "weight");
        if (!(weight > 0.0))
            continue;
        tw_buf_cstr(c->out, "| ");
        put_number(c->out, number_of(bin, "predicted"), NUMBER);
        tw_buf_cstr(c->out, " | ");
        put_number(c->out, number_of(bin, "observed"), NUMBER);
        tw_buf_printf(c->out, " | %.6g |\n", weight);
    }
    tw_buf_cstr(c->out, "\n");
}

static void put_metrics(const card *c)
{
    static const card_row rows[] = {
        {"ap", "average precision", NUMBER},
        {"auc", "area under the ROC curve", NUMBER},
        {"log_loss", "log loss", NUMBER},
        {"brier", "Brier score", NUMBER},
        {"calibration_error", "expected calibration error", NUMBER},
        {"precision", "precision at the operating point", SHARE},
        {"recall", "recall at the operating point", SHARE},
        {"floor_margin", "margin from which the precision floor holds", NUMBER},
    };
    yyjson_val *metrics = yyjson_obj_get(c->meta, "metrics");
    if (!metrics)
        return;
    tw_buf_cstr(c->out, "## Quality\n\nEvery figure is of days that came after those the trees "
                        "were trained on.\n\n");
    put_rows(c->out, metrics, rows, TW_COUNT(rows));
    double alerts = number_of(metrics, "alerts"),
           confirmed = number_of(metrics, "alerts_confirmed");
    if (alerts >= 1.0 && confirmed >= 0.0 && confirmed <= alerts) {
        tw_share share = tw_share_of((uint64_t)confirmed, (uint64_t)alerts);
        tw_buf_printf(c->out,
                      "%.0f of %.0f decided alerts of those days were confirmed: ", confirmed,
                      alerts);
        put_interval(c->out, share.value, share.low, share.high, SHARE);
        tw_buf_cstr(c->out, ".\n\n");
    }
    yyjson_val *budget = yyjson_obj_get(metrics, "budget_binds");
    if (yyjson_is_bool(budget))
        tw_buf_printf(c->out, "The operating point is set by the %s.\n\n",
                      yyjson_get_bool(budget)
                          ? "alert budget, which is stricter than the precision "
                            "floor"
                          : "precision floor");
    put_reliability(c);
}

static void put_gate_line(const card *c, yyjson_val *gate, const char *key, const char *title,
                          row_form form)
{
    yyjson_val *interval = yyjson_obj_get(gate, key);
    double value = number_of(interval, "value");
    if (!isfinite(value))
        return;
    tw_buf_printf(c->out, "- %s: ", title);
    put_interval(c->out, value, number_of(interval, "low"), number_of(interval, "high"), form);
    tw_buf_cstr(c->out, "\n");
}

static void put_gate_schemes(const card *c, yyjson_val *gate)
{
    yyjson_val *schemes = yyjson_obj_get(gate, "schemes"), *scheme;
    if (yyjson_arr_size(schemes) == 0)
        return;
    tw_buf_cstr(c->out, "\n| scheme | confirmed | found by the champion | by this model |\n"
                        "|---|---:|---:|---:|\n");
    yyjson_arr_iter all = yyjson_arr_iter_with(schemes);
    while ((scheme = yyjson_arr_iter_next(&all))) {
        tw_buf_cstr(c->out, "| ");
        put_text(c->out, text_of(yyjson_obj_get(scheme, "name")));
        tw_buf_cstr(c->out, " | ");
        put_number(c->out, number_of(scheme, "n"), COUNT);
        tw_buf_cstr(c->out, " | ");
        put_number(c->out, number_of(scheme, "champion_recall"), SHARE);
        tw_buf_cstr(c->out, " | ");
        put_number(c->out, number_of(scheme, "challenger_recall"), SHARE);
        tw_buf_cstr(c->out, " |\n");
    }
}

static void put_gate(const card *c)
{
    yyjson_val *gate = yyjson_obj_get(c->meta, "gate");
    if (!yyjson_is_obj(gate))
        return;
    tw_buf_cstr(c->out, "## Promotion gate\n\n");
    yyjson_val *promote = yyjson_obj_get(gate, "promote");
    if (yyjson_is_bool(promote))
        tw_buf_printf(c->out, "**%s.** ", yyjson_get_bool(promote) ? "Passed" : "Not passed");
    put_text(c->out, text_of(yyjson_obj_get(gate, "reason")));
    tw_buf_cstr(c->out, "\n\n");
    double rows = number_of(gate, "row_n");
    if (rows > 0.0) {
        tw_buf_printf(c->out, "- judged on %.0f decided rows, ", rows);
        put_number(c->out, number_of(gate, "positive_n"), COUNT);
        tw_buf_cstr(c->out, " of them confirmed, ");
        put_text(c->out, text_of(yyjson_obj_get(gate, "first_day")));
        tw_buf_cstr(c->out, " to ");
        put_text(c->out, text_of(yyjson_obj_get(gate, "last_day")));
        tw_buf_cstr(c->out, "\n");
    }
    put_gate_line(c, gate, "champion_ap", "average precision of the champion", NUMBER);
    put_gate_line(c, gate, "challenger_ap", "average precision of this model", NUMBER);
    put_gate_line(c, gate, "difference", "difference", NUMBER);
    put_gate_line(c, gate, "champion_precision", "precision of the champion at the budget", SHARE);
    put_gate_line(c, gate, "challenger_precision", "precision of this model at the budget", SHARE);
    double ratio = number_of(gate, "false_at_equal_recall");
    if (isfinite(ratio))
        tw_buf_printf(
            c->out, "- false alerts at the champion's recall: %.2f times the champion's\n", ratio);
    put_gate_schemes(c, gate);
    tw_buf_cstr(c->out, "\n");
}

static void put_input_row(const card *c, tw_str name, double share)
{
    size_t input = tw_input_find(name);
    tw_buf_cstr(c->out, "| `");
    for (size_t i = 0; i < name.bytes; i++) // in a code span only its own mark has a meaning
        tw_buf_u8(c->out, strchr("`|\n\r", name.at[i]) ? '?' : (uint8_t)name.at[i]);
    tw_buf_cstr(c->out, "` | ");
    if (input < TW_INPUT_N)
        put_text(c->out, tw_str_from(tw_input_get(input).help));
    tw_buf_printf(c->out, " | %.1f %% |\n", 100.0 * share);
}

// From the trees themselves, so that it holds also for a model whose metadata do not say.
static void put_inputs(const card *c)
{
    const tw_gbt *gbt = tw_model_gbt(c->model);
    double share[TW_GBT_INPUTS_MAX];
    if (!gbt)
        return;
    size_t inputs_n = tw_gbt_inputs_n(gbt);
    tw_gbt_importance(gbt, share);
    tw_buf_cstr(c->out, "## Inputs that matter most\n\nBy their share of the trees' gain.\n\n"
                        "| input | meaning | share |\n|---|---|---:|\n");
    for (size_t shown = 0; shown < INPUTS_SHOWN; shown++) {
        size_t best = 0;
        for (size_t i = 1; i < inputs_n; i++)
            if (share[i] > share[best])
                best = i;
        if (!(share[best] > 0.0))
            break;
        put_input_row(c, tw_model_input_name(c->model, best), share[best]);
        share[best] = 0.0;
    }
    tw_buf_cstr(c->out, "\n");
}

static void put_limits(const card *c)
{
    yyjson_val *metrics = yyjson_obj_get(c->meta, "metrics");
    double confirmed = number_of(yyjson_obj_get(c->meta, "rows"), "positive");
    tw_buf_cstr(c->out, "## Limits\n\n");
    if (confirmed < CONFIRMED_FEW)
        tw_buf_printf(c->out, "- Only %.0f confirmed transactions: its figures are uncertain.\n",
                      confirmed);
    if (number_of(metrics, "calibration_error") > CALIBRATION_POOR)
        tw_buf_cstr(c->out, "- Its probabilities were off by more than a tenth on later days: "
                            "trust the order more than the number.\n");
    if (tw_model_gbt(c->model))
        tw_buf_cstr(c->out,
                    "- It knows the schemes that verdicts spoke of. A new way to steal is left to "
                    "the signals, the outlier model and the audit sample.\n"
                    "- Verdicts exist almost only where an alert was. What no alert ever pointed "
                    "at is known from the audit sample alone.\n");
    tw_buf_cstr(c->out,
                "- It holds for the chain, the tills and the season it was trained on. The drift "
                "page says when what comes in is no longer like that.\n"
                "- It sees what tills and stock systems record, no names and nothing of people's "
                "origin, age or health. Roles, stores and hours of work are among its inputs: "
                "look at alerts by store and shift for one-sidedness.\n\n");
}

static void put_identity(const card *c)
{
    yyjson_val *journal = yyjson_obj_get(c->meta, "journal");
    const uint8_t *digest = tw_model_digest(c->model);
    double first = number_of(journal, "first_seq"), last = number_of(journal, "last_seq");
    tw_buf_cstr(c->out, "## Identity\n\n- SHA-256 of the model: `");
    for (size_t i = 0; i < TW_SHA256_BYTES; i++)
        tw_buf_printf(c->out, "%02x", digest[i]);
    tw_buf_printf(c->out, "`\n- feature catalogue: `%016" PRIx64 "`\n",
                  tw_model_catalogue_hash(c->model));
    if (isfinite(first) && isfinite(last))
        tw_buf_printf(c->out, "- journal: facts %.0f to %.0f\n", first, last);
}

// ---- The whole -------------------------------------------------------------------------------

static void put_card(const card *c)
{
    put_front_matter(c);
    put_head(c);
    put_use(c);
    put_data(c);
    put_parameters(c);
    put_metrics(c);
    put_gate(c);
    put_inputs(c);
    put_limits(c);
    put_identity(c);
}

tw_status tw_model_card(const tw_alloc *alloc, const tw_model *model, tw_str model_id,
                        int64_t created_ms, tw_buf *out, tw_err *err)
{
    tw_str metadata = tw_model_metadata(model);
    size_t pool_bytes = yyjson_read_max_memory_usage(metadata.bytes, YYJSON_READ_NOFLAG);
    void *pool = tw_new_array(alloc, pool_bytes, 1);
    yyjson_alc memory;
    if (!pool || !yyjson_alc_pool_init(&memory, pool, pool_bytes)) {
        tw_free_array(alloc, pool, pool_bytes, 1);
        return tw_fail(err, TW_NO_MEMORY, "no memory for the card of model %.*s",
                       TW_STR_ARG(model_id));
    }
    union { // not written to without YYJSON_READ_INSITU
        const char *in;
        char *out;
    } text = {.in = metadata.at};
    yyjson_doc *doc = metadata.bytes > 0 ? yyjson_read_opts(text.out, metadata.bytes,
                                                            YYJSON_READ_NOFLAG, &memory, NULL)
                                         : NULL;
    card c = {model, model_id, created_ms, yyjson_doc_get_root(doc), out};
    put_card(&c);
    tw_free_array(alloc, pool, pool_bytes, 1);
    if (out->status != TW_OK)
        return tw_fail(err, out->status, "no room for the card of model %.*s",
                       TW_STR_ARG(model_id));
    return TW_OK;
}
