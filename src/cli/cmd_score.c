// SPDX-License-Identifier: Apache-2.0
//
// tillwatch score: the scores of all transactions as a table.
#include <errno.h>
#include <math.h>

#include "cli.h"
#include "output.h"
#include "place.h"
#include "service/query.h"

static const char help[] =
    "Usage: tillwatch score --out scores.csv [--data DIR] [--from T] [--to T] [--model ID]\n"
    "\n"
    "Writes transaction_id,risk_score,probability,outlier,alert_type,reasons: as each transaction "
    "was\n"
    "scored when it arrived. With --model all are scored anew, by a replay with that model.\n"
    "\n"
    "  --out FILE        where to write; - is standard output\n"
    "  --from T, --to T  transactions in [from, to): a date, or RFC 3339\n"
    "  --model ID        a model of tillwatch models list\n"
    "  --json            print the number of rows as JSON\n"
    "\n"
    "Example:\n"
    "  tillwatch score --out scores.csv --from 2026-02-01\n";

typedef struct writer {
    FILE *out;
    int64_t from_ms, to_ms;
    uint64_t n;
    twi_progress progress;
} writer;

static void put_number(FILE *out, float value)
{
    if (isnan(value))
        return;
    fprintf(out, "%.9g", (double)value);
}

static tw_status write_row(void *ctx, const tw_scored *scored, tw_err *err)
{
    writer *w = ctx;
    const tw_transaction *t = scored->transaction;
    if (t->time_ms < w->from_ms || (w->to_ms != 0 && t->time_ms >= w->to_ms))
        return TW_OK;
    twi_put_csv(w->out, t->transaction_id);
    putc(',', w->out);
    put_number(w->out, scored->score.risk);
    putc(',', w->out);
    put_number(w->out, scored->score.probability);
    putc(',', w->out);
    put_number(w->out, scored->score.outlier);
    fprintf(w->out, ",%s,",
            scored->score.risk >= TW_RISK_ALERT ? tw_alert_type_name(scored->score.type) : "");
    for (size_t i = 0; i < scored->signal_n; i++)
        fprintf(w->out, "%s%.*s", i ? ";" : "", TW_STR_ARG(scored->signals[i]));
    putc('\n', w->out);
    if (++w->n % 4096 == 0)
        twi_progress_show(&w->progress, (double)NAN, w->n, "rows");
    return ferror(w->out) ? tw_fail_errno(err, "the scores cannot be written") : TW_OK;
}

static tw_status write_all(tw_service *service, const char *model, writer *w, tw_err *err)
{
    fputs("transaction_id,risk_score,probability,outlier,alert_type,reasons\n", w->out);
    if (!model)
        return tw_query_scored(service, write_row, w, err);
    tw_buf bytes;
    tw_buf_init(&bytes, tw_alloc_system(), TW_BLOCK_MAX_BYTES);
    tw_status status = tw_query_model_file(service, tw_str_from(model), &bytes, err);
    if (status == TW_OK)
        status = tw_rescore(service, (tw_str){(const char *)bytes.data_own, bytes.bytes}, write_row,
                            w, err);
    tw_buf_release(&bytes);
    return status;
}

static tw_status run(const char *dir, const char *out, const char *model, writer *w, tw_err *err)
{
    twi_place place;
    bool is_stdout = strcmp(out, "-") == 0;
    TW_TRY(twi_place_open(&place, dir, true, err));
    tw_status status = twi_place_serve(&place, TW_SERVICE_READER, err);
    if (status == TW_OK) {
        w->out = is_stdout ? stdout : fopen(out, "w");
        if (!w->out)
            status = tw_fail_errno(err, "%.150s cannot be written", out);
    }
    if (status == TW_OK) {
        twi_progress_begin(&w->progress, "score", false);
        status = write_all(place.service, model, w, err);
        twi_progress_end(&w->progress);
        bool is_written = is_stdout ? fflush(w->out) == 0 : fclose(w->out) == 0;
        if (status == TW_OK && !is_written)
            status = tw_fail_errno(err, "%.150s cannot be written", out);
    }
    twi_place_close(&place);
    return status;
}

int twi_cmd_score(int argc, char **argv)
{
    const char *data = NULL, *out = NULL, *model = NULL;
    bool is_json = false;
    writer w = {.from_ms = INT64_MIN};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},   {"--out", TWI_TEXT, &out},
        {"--model", TWI_TEXT, &model}, {"--from", TWI_TIME, &w.from_ms},
        {"--to", TWI_TIME, &w.to_ms},  {"--json", TWI_FLAG, &is_json},
    };
    twi_command_line line = {
        .command = "score", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (!out)
        return twi_usage("score", "say where to write with --out FILE");
    tw_err err = {0};
    if (run(twi_place_dir(data), out, model, &w, &err) != TW_OK)
        return twi_failed("score", &err);
    char n[32];
    if (is_json)
        printf("{\"rows\":%llu}\n", (unsigned long long)w.n);
    else if (strcmp(out, "-") != 0)
        printf("%s rows in %s\n", twi_thousands(w.n, n), out);
    return twi_flush("score");
}
