// SPDX-License-Identifier: Apache-2.0
//
// tillwatch verdicts: import what was found elsewhere, or list what is known.
#include <math.h>

#include "cli.h"
#include "intake/csv.h"
#include "output.h"
#include "place.h"
#include "retail/money.h"
#include "service/query.h"

#define BATCH_RECORDS 4096

static const char help[] =
    "Usage: tillwatch verdicts import FILE.csv [--data DIR] [--by NAME] [--json]\n"
    "       tillwatch verdicts list [--data DIR] [--json]\n"
    "\n"
    "import takes columns transaction_id or alert_id, verdict (CONFIRMED, REFUTED, INCONCLUSIVE,\n"
    "OPERATIONAL) or fraud (1 = CONFIRMED, 0 = REFUTED), and optionally reason, note, recovered,\n"
    "decided_at. Without decided_at a verdict counts as made now. Importing a file with decided_at "
    "again\n"
    "changes nothing.\n"
    "\n"
    "  --by NAME  who decided (default import)\n"
    "\n"
    "Example:\n"
    "  tillwatch verdicts import labels.csv\n";

enum { ID, ALERT, VERDICT, FRAUD, REASON, NOTE, RECOVERED, DECIDED, COLUMN_N };
static const char *const column_names[COLUMN_N] = {
    "transaction_id", "alert_id", "verdict", "fraud", "reason", "note", "recovered", "decided_at"};

typedef struct importer {
    twi_place *place;
    const char *path, *by;
    size_t columns[COLUMN_N];
    int64_t now_ms;
    tw_batch *batch;
    uint64_t accepted, duplicates, unknown, rejected;
    char example[320]; // of a rejected row
    twi_progress progress;
} importer;

static tw_str field(const importer *im, const tw_str *fields, int column)
{
    return im->columns[column] == TW_CSV_NO_COLUMN ? TW_STR_NONE
                                                   : tw_str_trim(fields[im->columns[column]]);
}

static tw_status read_verdict(const importer *im, const tw_str *fields, tw_verdict *out,
                              tw_err *err)
{
    int16_t offset;
    tw_str word = field(im, fields, VERDICT), fraud = field(im, fields, FRAUD);
    tw_str recovered = field(im, fields, RECOVERED), decided = field(im, fields, DECIDED);
    *out = (tw_verdict){.alert_id = field(im, fields, ALERT),
                        .reason = field(im, fields, REASON),
                        .note = field(im, fields, NOTE),
                        .decided_by = tw_str_from(im->by),
                        .decided_ms = im->now_ms};
    if (out->alert_id.bytes == 0)
        out->transaction_id = field(im, fields, ID);
    if (word.bytes > 0 && !tw_verdict_from(word, &out->verdict))
        return tw_fail(err, TW_INVALID, "there is no verdict \"%.*s\"", TW_STR_ARG(word));
    if (word.bytes == 0 && tw_str_equal(fraud, TW_STR("1")))
        out->verdict = TW_VERDICT_CONFIRMED;
    else if (word.bytes == 0 && tw_str_equal(fraud, TW_STR("0")))
        out->verdict = TW_VERDICT_REFUTED;
    else if (word.bytes == 0)
        return tw_fail(err, TW_INVALID, "fraud is \"%.*s\", not 0 or 1", TW_STR_ARG(fraud));
    int exponent = tw_currency_exponent(im->place->currency);
    if (recovered.bytes > 0 && !tw_str_to_scaled(recovered, exponent, &out->recovered_minor))
        return tw_fail(err, TW_INVALID, "recovered is \"%.*s\", no amount", TW_STR_ARG(recovered));
    if (decided.bytes > 0 && !tw_time_parse(decided, &out->decided_ms, &offset))
        return tw_fail(err, TW_INVALID, "decided_at is \"%.*s\", no time", TW_STR_ARG(decided));
    return TW_OK;
}

static tw_str keep(tw_batch *batch, tw_str s, tw_status *status)
{
    char *copy = s.bytes ? tw_arena_copy(tw_batch_arena(batch), s.at, s.bytes) : NULL;
    if (s.bytes > 0 && !copy)
        *status = TW_NO_MEMORY;
    return copy ? (tw_str){copy, s.bytes} : TW_STR_NONE;
}

static tw_status add_verdict(importer *im, const tw_verdict *verdict, uint64_t line, tw_err *err)
{
    tw_status status = TW_OK;
    char id[32];
    tw_fact fact = {.kind = TW_FACT_VERDICT, .received_ms = im->now_ms, .as.verdict = *verdict};
    tw_verdict *v = &fact.as.verdict;
    TW_TRY(tw_verdict_prepare(v, id, err));
    v->verdict_id = keep(im->batch, v->verdict_id, &status);
    v->alert_id = keep(im->batch, v->alert_id, &status);
    v->transaction_id = keep(im->batch, v->transaction_id, &status);
    v->reason = keep(im->batch, v->reason, &status);
    v->note = keep(im->batch, v->note, &status);
    if (status == TW_OK)
        status = tw_batch_add(im->batch, &fact, (uint32_t)line);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for a verdict");
}

static tw_status flush_batch(importer *im, tw_err *err)
{
    if (tw_batch_n(im->batch) == 0)
        return TW_OK;
    TW_TRY(tw_service_run(im->place->service, im->batch, true, err));
    for (size_t i = 0; i < tw_batch_n(im->batch); i++) {
        im->accepted += tw_batch_result(im->batch, i)->outcome == TW_OUTCOME_ACCEPTED;
        im->duplicates += tw_batch_result(im->batch, i)->outcome != TW_OUTCOME_ACCEPTED;
    }
    tw_batch_reset(im->batch);
    twi_progress_show(&im->progress, (double)NAN, im->accepted, "verdicts");
    return TW_OK;
}

static bool is_known(importer *im, const tw_verdict *verdict, tw_arena *arena)
{
    tw_alert_view alert;
    tw_arena_reset(arena);
    if (verdict->alert_id.bytes > 0)
        return tw_query_alert(im->place->service, verdict->alert_id, arena, &alert) == TW_OK;
    return tw_service_knows(im->place->service, verdict->transaction_id);
}

static tw_status take_row(importer *im, const tw_str *fields, uint64_t line, tw_arena *arena,
                          tw_err *err)
{
    tw_verdict verdict;
    tw_err why = {0};
    tw_status status = read_verdict(im, fields, &verdict, &why);
    if (status == TW_OK && !is_known(im, &verdict, arena)) {
        im->unknown++;
        return TW_OK;
    }
    if (status == TW_OK)
        status = add_verdict(im, &verdict, line, &why);
    if (status == TW_INVALID) {
        im->rejected++;
        if (im->example[0] == '\0')
            snprintf(im->example, sizeof(im->example), "line %llu: %s", (unsigned long long)line,
                     why.text);
        return TW_OK;
    }
    if (status != TW_OK) {
        *err = why;
        return status;
    }
    return tw_batch_n(im->batch) == BATCH_RECORDS ? flush_batch(im, err) : TW_OK;
}

static tw_status import(importer *im, tw_err *err)
{
    tw_csv *csv;
    tw_arena arena;
    TW_TRY(tw_csv_open(tw_alloc_system(), im->path, &csv, err));
    for (int i = 0; i < COLUMN_N; i++)
        im->columns[i] = tw_csv_column(csv, column_names[i]);
    bool has_subject =
        im->columns[ID] != TW_CSV_NO_COLUMN || im->columns[ALERT] != TW_CSV_NO_COLUMN;
    bool has_verdict =
        im->columns[VERDICT] != TW_CSV_NO_COLUMN || im->columns[FRAUD] != TW_CSV_NO_COLUMN;
    tw_status status = TW_OK;
    if (!has_subject || !has_verdict)
        status = tw_fail(err, TW_INVALID,
                         "%.120s needs a column transaction_id or alert_id, and verdict or fraud",
                         im->path);
    if (status == TW_OK && tw_batch_get(im->place->service, &im->batch) != TW_OK)
        status = tw_fail(err, TW_NO_MEMORY, "no memory for the verdicts");
    const tw_str *fields;
    uint64_t line;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    while (status == TW_OK && (status = tw_csv_next(csv, &fields, &line, err)) == TW_OK)
        status = take_row(im, fields, line, &arena, err);
    if (status == TW_END)
        status = flush_batch(im, err);
    tw_batch_put(im->batch);
    tw_arena_release(&arena);
    tw_csv_close(csv);
    return status;
}

static int run_import(const char *data, const char *path, const char *by, bool is_json)
{
    twi_place place;
    tw_err err = {0};
    const tw_clock *clock = tw_clock_system();
    importer im = {.place = &place, .path = path, .by = by, .now_ms = clock->now_ms(clock->ctx)};
    tw_status status = twi_place_open(&place, twi_place_dir(data), false, &err);
    if (status != TW_OK)
        return twi_failed("verdicts", &err);
    twi_progress_begin(&im.progress, "verdicts", is_json);
    status = twi_place_serve(&place, TW_SERVICE_IMPORT, &err);
    if (status == TW_OK)
        status = import(&im, &err);
    twi_progress_end(&im.progress);
    twi_place_close(&place);
    if (status != TW_OK)
        return twi_failed("verdicts", &err);
    if (is_json)
        printf("{\"accepted\":%llu,\"duplicates\":%llu,\"unknown\":%llu,\"rejected\":%llu}\n",
               (unsigned long long)im.accepted, (unsigned long long)im.duplicates,
               (unsigned long long)im.unknown, (unsigned long long)im.rejected);
    else
        printf("%llu accepted, %llu duplicates, %llu about unknown transactions or alerts, %llu "
               "rejected%s%s\n",
               (unsigned long long)im.accepted, (unsigned long long)im.duplicates,
               (unsigned long long)im.unknown, (unsigned long long)im.rejected,
               im.example[0] ? "; " : "", im.example);
    return twi_flush("verdicts");
}

// --- listing
// --------------------------------------------------------------------------------------

static void print_verdict(const tw_verdict_row *v, bool is_json, bool is_first)
{
    char when[TW_TIME_TEXT_BYTES], money[TW_MONEY_TEXT_BYTES], currency[4];
    tw_str_copy(v->currency, currency, sizeof(currency));
    tw_money_format(v->recovered_minor, tw_currency_exponent(currency), money);
    tw_time_format(v->decided_ms, 0, when);
    tw_str subject = v->alert_id.bytes > 0 ? v->alert_id : v->transaction_id;
    if (!is_json) {
        printf("%-20.*s %-20s %-12.*s %-20.*s %.*s%s\n", TW_STR_ARG(v->verdict_id), when,
               TW_STR_ARG(v->verdict), TW_STR_ARG(v->reason), TW_STR_ARG(subject),
               v->is_current ? "" : "  (revised since)");
        return;
    }
    printf("%s{\"verdict_id\":\"%.*s\",\"%s\":", is_first ? "" : ",\n", TW_STR_ARG(v->verdict_id),
           v->alert_id.bytes > 0 ? "alert_id" : "transaction_id");
    twi_put_json(stdout, subject);
    printf(",\"verdict\":\"%.*s\",\"reason\":\"%.*s\",\"decided_at\":\"%s\",\"decided_by\":",
           TW_STR_ARG(v->verdict), TW_STR_ARG(v->reason), when);
    twi_put_json(stdout, v->decided_by);
    fputs(",\"note\":", stdout);
    twi_put_json(stdout, v->note);
    printf(",\"recovered\":\"%s\",\"is_current\":%s}", money, v->is_current ? "true" : "false");
}

static tw_status list(twi_place *place, bool is_json, tw_err *err)
{
    tw_arena arena;
    tw_verdict_filter filter = {0};
    tw_verdict_row *rows;
    size_t n = 0;
    bool is_first = true;
    tw_status status;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    if (is_json)
        putchar('[');
    do {
        tw_arena_reset(&arena);
        status = tw_ledger_verdict_list(&place->ledger, &filter, TW_LEDGER_PAGE_MAX, &arena, &rows,
                                        &n, err);
        for (size_t i = 0; status == TW_OK && i < n; i++) {
            print_verdict(&rows[i], is_json, is_first);
            is_first = false;
            filter.before_seq = rows[i].seq;
        }
    } while (status == TW_OK && n == TW_LEDGER_PAGE_MAX);
    if (is_json)
        fputs("]\n", stdout);
    tw_arena_release(&arena);
    return status;
}

int twi_cmd_verdicts(int argc, char **argv)
{
    const char *data = NULL, *by = "import";
    bool is_json = false;
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data}, {"--by", TWI_TEXT, &by}, {"--json", TWI_FLAG, &is_json}};
    twi_command_line line = {.command = "verdicts",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 2,
                             .arguments = "import or list is"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (strcmp(line.argv[0], "import") == 0 && line.argc == 2)
        return run_import(data, line.argv[1], by, is_json);
    if (strcmp(line.argv[0], "list") != 0 || line.argc != 1)
        return twi_usage("verdicts", "give import and a file, or list");
    twi_place place;
    tw_err err = {0};
    tw_status status = twi_place_open(&place, twi_place_dir(data), true, &err);
    if (status == TW_OK) {
        status = list(&place, is_json, &err);
        twi_place_close(&place);
    }
    return status == TW_OK ? twi_flush("verdicts") : twi_failed("verdicts", &err);
}
