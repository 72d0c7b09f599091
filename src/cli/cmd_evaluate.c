// SPDX-License-Identifier: Apache-2.0
//
// tillwatch evaluate: figures of scores and alerts against labels. The figures themselves are those
// of src/learn; docs/metrics.md defines them.
#include "cli.h"
#include "evaluate_data.h"
#include "output.h"
#include "place.h"

static const char help[] =
    "Usage: tillwatch evaluate --labels labels.csv [--scores scores.csv] [--against scores.csv]\n"
    "                          [--from T] [--to T] [--entity employee|account] [--threshold R]\n"
    "                          [--data DIR] [--json]\n"
    "\n"
    "Compares the scores (as given on arrival, or those of --scores) and the alerts with labels:\n"
    "precision, recall, AP, AUC, precision at k a day by transaction and by entity, money, false\n"
    "alerts a week, each with a 90 % interval, and by scheme. With --against also what changed\n"
    "from those scores to these, and how many false ones each needs for the same recall.\n"
    "\n"
    "  --labels FILE    transaction_id,fraud[,scheme,amount]; fraud is 0 or 1\n"
    "  --scores FILE    transaction_id,risk_score, as tillwatch score writes it\n"
    "  --against FILE   the same, of before\n"
    "  --from, --to T   transactions (and alerts created) in [from, to)\n"
    "  --entity E       whom the figures by entity are about: employee (default) or account\n"
    "  --threshold R    risk from which a transaction counts as flagged (default 0.8)\n"
    "  --resamples N    for the intervals (default 200, 0 = none)\n"
    "  --json           the figures as JSON\n"
    "\n"
    "An alert is right when at least one of its transactions is labelled (\"any\"), or more than "
    "half of\n"
    "them (\"most\"). A thief is an employee with three labelled transactions of a scheme or more; "
    "of a\n"
    "scheme with \"ring\" in its name, a card.\n"
    "\n"
    "Example:\n"
    "  tillwatch evaluate --labels sim/labels.csv\n"
    "  tillwatch score --out new.csv --model MODEL\n"
    "  tillwatch evaluate --labels sim/labels.csv --scores new.csv --against old.csv\n";

#define RESAMPLES_MAX 100000

typedef struct options {
    double threshold;
    uint64_t resamples_n;
    tw_eval_entity entity;
} options;

// Static: a tw_eval holds every scheme.
typedef struct results {
    tw_eval figures, before;
    tw_eval_comparison comparison;
} results;

static void swap_risks(twi_evaluation *ev)
{
    for (size_t i = 0; i < ev->row_n; i++) {
        float risk = ev->rows_own[i].risk;
        ev->rows_own[i].risk = ev->before_own[i];
        ev->before_own[i] = risk;
    }
}

static tw_status compute(twi_evaluation *ev, const options *opt, results *out)
{
    const tw_eval_input input = {.rows = ev->rows_own,
                                 .n = ev->row_n,
                                 .alerts = ev->alerts_own,
                                 .alert_n = ev->alert_n,
                                 .members = ev->members_own,
                                 .member_n = ev->member_n,
                                 .scheme_n = ev->schemes.n,
                                 .threshold = opt->threshold,
                                 .has_entities = true,
                                 .resamples_n = (uint32_t)opt->resamples_n};
    TW_TRY(tw_evaluate(ev->alloc, &input, &out->figures));
    if (!ev->against_path)
        return TW_OK;
    const tw_eval_compare_input both = {.rows = ev->rows_own,
                                        .n = ev->row_n,
                                        .before = ev->before_own,
                                        .threshold = opt->threshold,
                                        .kind = opt->entity,
                                        .resamples_n = (uint32_t)opt->resamples_n};
    TW_TRY(tw_eval_compare(ev->alloc, &both, &out->comparison));
    swap_risks(ev);
    tw_status status = tw_evaluate(ev->alloc, &input, &out->before);
    swap_risks(ev);
    return status;
}

static tw_status evaluate(twi_evaluation *ev, const char *data, const options *opt, results *out,
                          tw_err *err)
{
    twi_place place;
    TW_TRY(twi_place_open(&place, twi_place_dir(data), true, err));
    tw_status status = twi_place_serve(&place, TW_SERVICE_READER, err);
    if (status == TW_OK)
        status = twi_evaluation_read(ev, place.service, err);
    twi_place_close(&place);
    TW_TRY(status);
    status = compute(ev, opt, out);
    return status == TW_OK
               ? TW_OK
               : tw_fail(err, status, "the figures cannot be computed: %s", tw_status_text(status));
}

static bool entity_from(const char *text, tw_eval_entity *out)
{
    *out = strcmp(text, "account") == 0 ? TW_EVAL_ACCOUNT : TW_EVAL_EMPLOYEE;
    return *out == TW_EVAL_ACCOUNT || strcmp(text, "employee") == 0;
}

static void print(const twi_evaluation *ev, const options *opt, const results *all, bool is_json)
{
    const twi_evaluate_report report = {
        .figures = &all->figures,
        .schemes = &ev->schemes,
        .unlabelled_n = ev->unlabelled_n,
        .scores_missing_n = ev->scores_missing_n,
        .against_missing_n = ev->against_missing_n,
        .entity = opt->entity,
        .before = ev->against_path ? &all->before : NULL,
        .comparison = ev->against_path ? &all->comparison : NULL,
    };
    if (is_json)
        twi_evaluate_json(&report);
    else
        twi_evaluate_text(&report);
}

int twi_cmd_evaluate(int argc, char **argv)
{
    const char *data = NULL, *entity = "employee";
    bool is_json = false;
    options opt = {.threshold = (double)TW_RISK_ALERT, .resamples_n = TW_EVAL_RESAMPLES};
    twi_evaluation ev = {.from_ms = INT64_MIN};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},
        {"--labels", TWI_TEXT, &ev.labels_path},
        {"--scores", TWI_TEXT, &ev.scores_path},
        {"--against", TWI_TEXT, &ev.against_path},
        {"--from", TWI_TIME, &ev.from_ms},
        {"--to", TWI_TIME, &ev.to_ms},
        {"--entity", TWI_TEXT, &entity},
        {"--threshold", TWI_NUMBER, &opt.threshold},
        {"--resamples", TWI_COUNT, &opt.resamples_n},
        {"--json", TWI_FLAG, &is_json},
    };
    twi_command_line line = {
        .command = "evaluate", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (!ev.labels_path)
        return twi_usage("evaluate", "say where the labels are with --labels FILE");
    if (!entity_from(entity, &opt.entity))
        return twi_usage("evaluate", "--entity is \"%s\", not employee or account", entity);
    if (opt.resamples_n > RESAMPLES_MAX)
        return twi_usage("evaluate", "--resamples is over %d", RESAMPLES_MAX);
    static results all;
    tw_err err = {0};
    twi_evaluation_init(&ev);
    tw_status status = evaluate(&ev, data, &opt, &all, &err);
    if (status == TW_OK)
        print(&ev, &opt, &all, is_json);
    twi_evaluation_release(&ev);
    return status == TW_OK ? twi_flush("evaluate") : twi_failed("evaluate", &err);
}
