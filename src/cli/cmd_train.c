// SPDX-License-Identifier: Apache-2.0
//
// tillwatch train: a model from what is known now.
#include <math.h>

#include "base/time.h"
#include "cli.h"
#include "output.h"
#include "place.h"

static const char help[] =
    "Usage: tillwatch train [--from T] [--to T] [--label-delay D] [--quick] [--no-promote]\n"
    "                       [--data DIR] [--json]\n"
    "\n"
    "Trains the outlier model on a sample of the transactions of the last 28 days, without those "
    "that\n"
    "were confirmed as fraud; and, when there are enough verdicts, a classifier on them. The "
    "classifier\n"
    "becomes the challenger. When it does better than the champion on the same later days at the "
    "same\n"
    "number of alerts, it takes over at once. A server does all this by itself each night.\n"
    "\n"
    "  --from T         learn from transactions since then (default: 90 days before the newest)\n"
    "  --to T           ... and before then\n"
    "  --label-delay D  verdicts on transactions are known this long after them, as 7d (default: "
    "when\n"
    "                   they were decided)\n"
    "  --quick          one set of parameters instead of a search\n"
    "  --no-promote     whatever comes of it, the champion stays\n"
    "\n"
    "Example:\n"
    "  tillwatch train --label-delay 7d\n";

static bool show_stage(void *ctx, tw_train_stage stage, uint64_t done, uint64_t all)
{
    twi_progress *progress = ctx;
    static const char *const units[] = {"facts read", "rounds", "resamples"};
    if (stage == TW_TRAIN_DONE)
        return false;
    // The replay is most of the time; how many rounds there will be nobody knows.
    double share = stage == TW_TRAIN_REPLAY && all > 0 ? (double)done / (double)all : (double)NAN;
    twi_progress_show(progress, share, done, units[stage]);
    return false;
}

static void print_number(const char *name, double value)
{
    if (isfinite(value))
        printf(",\"%s\":%.6g", name, value);
    else
        printf(",\"%s\":null", name);
}

static void print_decision_json(const tw_gate_decision *d)
{
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    if (tw_gate_json(d, &json) == TW_OK)
        printf(",\"decision\":%.*s", (int)json.bytes, (const char *)json.data_own);
    tw_buf_release(&json);
}

static void print_json(const tw_training *t)
{
    char first[TW_TIME_TEXT_BYTES], last[TW_TIME_TEXT_BYTES];
    printf("{\"model_id\":\"%s\",\"kind\":\"%s\",\"promoted\":%s,\"rows\":%llu,"
           "\"transactions\":%llu,\"first_day\":\"%s\",\"last_day\":\"%s\",\"seconds\":%.3f,"
           "\"why\":",
           t->model_id, t->has_classifier ? "classifier" : "outlier",
           t->is_promoted ? "true" : "false", (unsigned long long)t->row_n,
           (unsigned long long)t->seen_n, tw_date_format(t->first_day, first),
           tw_date_format(t->last_day, last), (double)t->ns / 1e9);
    twi_put_json(stdout, tw_str_from(t->why));
    if (t->has_classifier) {
        printf(",\"positive\":%llu,\"negative\":%llu", (unsigned long long)t->positive_n,
               (unsigned long long)t->negative_n);
        print_number("ap", t->metrics.ap);
        print_number("auc", t->metrics.auc);
        print_number("log_loss", t->metrics.log_loss);
        print_number("calibration_error", t->metrics.calibration_error);
        print_number("precision", t->metrics.precision);
        print_number("recall", t->metrics.recall);
        print_decision_json(&t->decision);
    }
    fputs("}\n", stdout);
}

static void print_interval(const char *what, tw_interval i)
{
    if (isfinite(i.value))
        printf("  %-28s %.3f (%.3f to %.3f)\n", what, i.value, i.low, i.high);
}

static void print_classifier(const tw_training *t)
{
    const tw_gate_decision *d = &t->decision;
    char p[32], n[32];
    printf("  labelled transactions        %s right, %s wrong\n", twi_thousands(t->positive_n, p),
           twi_thousands(t->negative_n, n));
    printf("  out of time                  AP %.3f, AUC %.3f, calibration error %.3f\n",
           t->metrics.ap, t->metrics.auc, t->metrics.calibration_error);
    if (isfinite(d->difference.value)) {
        printf("On %llu decided cases of the same later days, %llu of them flagged by each:\n",
               (unsigned long long)d->row_n, (unsigned long long)d->budget_n);
        print_interval("champion's precision", d->champion_precision);
        print_interval("challenger's precision", d->challenger_precision);
        print_interval("gain in average precision", d->difference);
        if (isfinite(d->false_at_equal_recall))
            printf("  %-28s %.2f of the champion's\n", "false at equal recall",
                   d->false_at_equal_recall);
    }
    printf("%s: %s\n", t->is_promoted ? "Promoted" : "Not promoted", d->reason);
}

static void print_text(const tw_training *t)
{
    char first[TW_TIME_TEXT_BYTES], last[TW_TIME_TEXT_BYTES], n[32];
    if (t->model_id[0] == '\0') {
        printf("No new model: %s\n", t->why);
        return;
    }
    printf("%s: from %s transactions of %s to %s in %.2f s\n", t->model_id,
           twi_thousands(t->seen_n, n), tw_date_format(t->first_day, first),
           tw_date_format(t->last_day, last), (double)t->ns / 1e9);
    if (t->has_classifier)
        print_classifier(t);
    else if (t->why[0] != '\0')
        printf("No classifier: %s\n", t->why);
}

static tw_status train(const char *data, tw_train_request *request, bool is_json, tw_training *out,
                       tw_err *err)
{
    twi_place place;
    twi_progress progress;
    TW_TRY(twi_place_open(&place, twi_place_dir(data), false, err));
    twi_progress_begin(&progress, "train", is_json);
    request->progress = show_stage;
    request->progress_ctx = &progress;
    tw_status status = twi_place_serve(&place, TW_SERVICE_IMPORT, err);
    if (status == TW_OK)
        status = tw_service_train(place.service, request, out, err);
    request->progress_ctx = NULL;
    twi_progress_end(&progress);
    twi_place_close(&place);
    return status;
}

int twi_cmd_train(int argc, char **argv)
{
    const char *data = NULL, *delay = NULL;
    bool is_json = false;
    tw_train_request request = tw_train_request_default();
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},
        {"--json", TWI_FLAG, &is_json},
        {"--from", TWI_TIME, &request.from_ms},
        {"--to", TWI_TIME, &request.to_ms},
        {"--label-delay", TWI_TEXT, &delay},
        {"--quick", TWI_FLAG, &request.is_quick},
        {"--no-promote", TWI_FLAG, &request.keeps_champion},
    };
    twi_command_line line = {
        .command = "train", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (delay && !tw_duration_parse(tw_str_from(delay), &request.label_delay_ms))
        return twi_usage("train", "\"%s\" is no duration; write it as 7d or 12h", delay);
    if (request.to_ms != 0 && request.from_ms >= request.to_ms)
        return twi_usage("train", "--from must lie before --to");
    tw_training training;
    tw_err err = {0};
    if (train(data, &request, is_json, &training, &err) != TW_OK)
        return twi_failed("train", &err);
    if (is_json)
        print_json(&training);
    else
        print_text(&training);
    return twi_flush("train");
}
