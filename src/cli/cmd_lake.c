// SPDX-License-Identifier: Apache-2.0
//
// tillwatch lake: the history as Parquet files and SQL over it.
#include "adapter/duckdb.h"
#include "base/time.h"
#include "lake.h"
#include "output.h"

#define PATH_BYTES 4096

static const char help[] =
    "Usage: tillwatch lake query \"SQL\" [--format table|csv|json|parquet] [--out FILE]\n"
    "                          [--memory 1GB] [--timeout 30s] [--data DIR]\n"
    "       tillwatch lake export --out DIR [--table T] [--from DATE] [--to DATE]\n"
    "                          [--format parquet|csv]\n"
    "       tillwatch lake compact\n"
    "       tillwatch lake verify\n"
    "       tillwatch lake info\n"
    "\n"
    "The lake is the history as Parquet files below DIR/lake, which pandas, Spark and DuckDB read "
    "as they\n"
    "are. Queries see it and what is newer as one.\n"
    "\n"
    "  query    one SELECT over transactions, lines, tenders, signals, movements, shifts, "
    "verdicts,\n"
    "           store_days, employee_days, employee_months, register_days, item_days,\n"
    "           exceptions, needles\n"
    "  export   a table's days from DATE up to and without DATE, as one file in DIR\n"
    "  compact  writes everything up to now and merges the files of each day (no server may run)\n"
    "  verify   every file by size, hash and count, and the whole against the journal\n"
    "  info     what the lake holds\n"
    "\n"
    "  --memory M   what a query may take: 500MB, 2GB\n"
    "  --timeout T  how long it may take: 30s, 5m\n"
    "  --json       figures as JSON (compact, verify, info, export)\n"
    "\n"
    "Example:\n"
    "  tillwatch lake query \"SELECT store_id, count(*) FROM transactions WHERE risk_score >= 0.8 "
    "GROUP BY 1\"\n";

// "500MB", "2GB".
static tw_status memory_of(const char *text, uint64_t *out, tw_err *err)
{
    tw_str s = tw_str_from(text);
    int64_t n;
    uint64_t unit = tw_str_ends(s, TW_STR("GB"))   ? UINT64_C(1) << 30
                    : tw_str_ends(s, TW_STR("MB")) ? UINT64_C(1) << 20
                                                   : 0;
    if (unit == 0 || !tw_str_to_i64((tw_str){s.at, s.bytes - 2}, &n) || n < 1 || n > 1 << 20)
        return tw_fail(err, TW_INVALID, "\"%.40s\" is no amount of memory: give 500MB or 2GB",
                       text);
    *out = (uint64_t)n * unit;
    return TW_OK;
}

tw_status twi_lake_place_open(twi_lake_place *l, const twi_lake_options *options, tw_err *err)
{
    char path[PATH_BYTES];
    tw_duckdb_options lake_options = {
        .dir = path, .is_writer = options->is_writer, .out_dir = options->out_dir};
    *l = (twi_lake_place){.source = {.alloc = tw_alloc_system()}};
    if (options->memory)
        TW_TRY(memory_of(options->memory, &lake_options.memory_bytes, err));
    TW_TRY(twi_place_open(&l->place, twi_place_dir(options->data), !options->is_writer, err));
    l->source.journal = &l->place.journal;
    l->source.ledger = &l->place.ledger;
    tw_lake_schema_get(&lake_options.schema);
    int n = snprintf(path, sizeof(path), "%s/lake", l->place.dir);
    tw_status status = n > 0 && (size_t)n < sizeof(path)
                           ? tw_duckdb_lake_open(tw_alloc_system(), &lake_options, &l->lake, err)
                           : tw_fail(err, TW_LIMIT, "the path of the data directory is too long");
    if (status != TW_OK)
        twi_place_close(&l->place);
    return status;
}

void twi_lake_place_close(twi_lake_place *l)
{
    tw_lake_close(&l->lake);
    twi_place_close(&l->place);
}

tw_status twi_lake_write_due(const twi_place *place, uint64_t *written_n, tw_err *err)
{
    char path[PATH_BYTES];
    tw_lake lake;
    size_t merged_n;
    tw_lake_follower follower = {.seen_seq = 0};
    tw_lake_source source = {tw_alloc_system(), &place->journal, &place->ledger};
    tw_duckdb_options options = {.dir = path, .is_writer = true};
    *written_n = 0;
    tw_lake_schema_get(&options.schema);
    int n = snprintf(path, sizeof(path), "%s/lake", place->dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return tw_fail(err, TW_LIMIT, "the path of the data directory is too long");
    TW_TRY(tw_duckdb_lake_open(tw_alloc_system(), &options, &lake, err));
    tw_status status = tw_lake_follow(&source, &lake, &follower, false, written_n, err);
    if (status == TW_OK)
        status = tw_lake_compact(&lake, follower.newest_day - 1, &merged_n, err);
    tw_lake_close(&lake);
    return status;
}

// --- compact
// --------------------------------------------------------------------------------------

static bool on_progress(void *ctx, uint64_t done, uint64_t all)
{
    twi_progress_show(ctx, all ? (double)done / (double)all : 1, done, "facts");
    return false;
}

static tw_status compact(twi_lake_place *l, bool is_json, tw_err *err)
{
    twi_progress progress;
    uint64_t written_n;
    size_t merged_n = 0;
    tw_lake_follower follower = {.progress = on_progress, .progress_ctx = &progress};
    twi_progress_begin(&progress, "lake", is_json);
    tw_status status = tw_lake_follow(&l->source, &l->lake, &follower, true, &written_n, err);
    if (status == TW_OK)
        status = tw_lake_compact(&l->lake, INT32_MAX, &merged_n, err);
    double seconds = twi_progress_seconds(&progress);
    twi_progress_end(&progress);
    TW_TRY(status);
    char n[32];
    if (is_json)
        printf("{\"facts\":%llu,\"merged\":%zu,\"seconds\":%.3f}\n", (unsigned long long)written_n,
               merged_n, seconds);
    else
        printf("%s facts written, %zu days merged in %.1f s\n", twi_thousands(written_n, n),
               merged_n, seconds);
    return TW_OK;
}

// --- verify
// ---------------------------------------------------------------------------------------

typedef struct complaints {
    bool is_json;
    size_t n;
} complaints;

static void on_complaint(void *ctx, const char *sentence)
{
    complaints *c = ctx;
    if (c->is_json) {
        fputs(c->n ? "," : "", stdout);
        twi_put_json(stdout, tw_str_from(sentence));
    } else {
        printf("%s\n", sentence);
    }
    c->n++;
}

static tw_status verify(twi_lake_place *l, bool is_json, bool *is_good, tw_err *err)
{
    complaints c = {.is_json = is_json};
    const tw_lake_part *parts;
    size_t part_n;
    tw_lake_position position;
    TW_TRY(tw_lake_parts(&l->lake, &parts, &part_n, err));
    TW_TRY(tw_lake_get_position(&l->lake, &position, err));
    if (is_json)
        fputs("{\"problems\":[", stdout);
    TW_TRY(tw_lake_verify(&l->lake, on_complaint, &c, err));
    TW_TRY(tw_lake_check(&l->source, &l->lake, on_complaint, &c, err));
    char n[32];
    *is_good = c.n == 0;
    if (is_json)
        printf("],\"files\":%zu,\"facts\":%llu,\"good\":%s}\n", part_n,
               (unsigned long long)position.seq, *is_good ? "true" : "false");
    else
        printf("%zu files, %s facts: %s\n", part_n, twi_thousands(position.seq, n),
               *is_good ? "whole, and what the journal says"
                        : "DAMAGED; remove the folder lake and run tillwatch lake compact");
    return TW_OK;
}

// --- info
// -----------------------------------------------------------------------------------------

typedef struct sums {
    size_t part_n, day_n;
    uint64_t row_n, bytes;
    int32_t first_day, last_day;
} sums;

static sums sum_table(const char *table, const tw_lake_part *parts, size_t n)
{
    sums s = {.part_n = 0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(parts[i].table, table) != 0)
            continue;
        if (s.part_n == 0)
            s.first_day = parts[i].day;
        if (s.part_n == 0 || parts[i].day != s.last_day)
            s.day_n++;
        s.last_day = parts[i].day;
        s.part_n++;
        s.row_n += parts[i].row_n;
        s.bytes += parts[i].bytes;
    }
    return s;
}

// A table's line; a derived one has partitions by month.
static void print_table(const char *table, const sums *s, bool is_derived, bool is_json)
{
    char first[TW_TIME_TEXT_BYTES] = "", last[TW_TIME_TEXT_BYTES] = "", n[32];
    if (s->part_n > 0) {
        tw_date_format(s->first_day, first);
        tw_date_format(s->last_day, last);
    }
    if (is_json)
        printf("{\"table\":\"%s\",\"%s\":%zu,\"files\":%zu,\"rows\":%llu,\"bytes\":%llu,"
               "\"from\":\"%s\",\"to\":\"%s\"}",
               table, is_derived ? "months" : "days", s->day_n, s->part_n,
               (unsigned long long)s->row_n, (unsigned long long)s->bytes, first, last);
    else
        printf("%-13s %15s rows %6zu %-6s %6zu files %10.1f MB  %s..%s\n", table,
               twi_thousands(s->row_n, n), s->day_n, is_derived ? "months" : "days", s->part_n,
               (double)s->bytes / 1e6, first, last);
}

static tw_status info(twi_lake_place *l, bool is_json, tw_err *err)
{
    const tw_lake_part *parts;
    size_t part_n;
    tw_lake_position position;
    tw_journal_head head;
    tw_lake_schema schema;
    tw_lake_schema_get(&schema);
    TW_TRY(tw_lake_parts(&l->lake, &parts, &part_n, err));
    TW_TRY(tw_lake_get_position(&l->lake, &position, err));
    TW_TRY(tw_journal_get_head(&l->place.journal, &head, err));
    if (is_json)
        printf("{\"facts\":%llu,\"journal\":%llu,\"tables\":[", (unsigned long long)position.seq,
               (unsigned long long)head.seq);
    for (size_t i = 0; i < schema.table_n; i++) {
        sums s = sum_table(schema.tables[i].name, parts, part_n);
        fputs(is_json && i ? "," : "", stdout);
        print_table(schema.tables[i].name, &s, false, is_json);
    }
    for (size_t i = 0; i < schema.derived_n; i++) {
        sums s = sum_table(schema.derived[i].name, parts, part_n);
        fputs(is_json ? "," : "", stdout);
        print_table(schema.derived[i].name, &s, true, is_json);
    }
    char n[32], tail[32];
    if (is_json)
        puts("]}");
    else
        printf("%s facts of the journal, %s not yet in a file\n", twi_thousands(position.seq, n),
               twi_thousands(head.seq - TW_MIN(head.seq, position.seq), tail));
    return TW_OK;
}

// --- the command
// ----------------------------------------------------------------------------------

static int run_here(const char *what, twi_lake_options *options)
{
    twi_lake_place l;
    tw_err err = {0};
    bool is_good = true;
    options->is_writer = strcmp(what, "compact") == 0;
    tw_status status = twi_lake_place_open(&l, options, &err);
    if (status != TW_OK)
        return twi_failed("lake", &err);
    if (options->is_writer)
        status = compact(&l, options->is_json, &err);
    else if (strcmp(what, "verify") == 0)
        status = verify(&l, options->is_json, &is_good, &err);
    else
        status = info(&l, options->is_json, &err);
    twi_lake_place_close(&l);
    if (status != TW_OK)
        return twi_failed("lake", &err);
    int exit_status = twi_flush("lake");
    return is_good ? exit_status : TWI_EXIT_FAILED;
}

int twi_cmd_lake(int argc, char **argv)
{
    twi_lake_options o = {.from_ms = INT64_MIN, .to_ms = INT64_MAX};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &o.data},     {"--format", TWI_TEXT, &o.format},
        {"--out", TWI_TEXT, &o.out},       {"--table", TWI_TEXT, &o.table},
        {"--memory", TWI_TEXT, &o.memory}, {"--timeout", TWI_TEXT, &o.timeout},
        {"--from", TWI_TIME, &o.from_ms},  {"--to", TWI_TIME, &o.to_ms},
        {"--json", TWI_FLAG, &o.is_json},
    };
    twi_command_line line = {.command = "lake",
                             .help = help,
                             .options = table,
                             .option_n = TW_COUNT(table),
                             .argument_min = 1,
                             .argument_max = 2,
                             .arguments = "query \"SQL\", export, compact, verify or info"};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    const char *what = line.argv[0];
    o.sql = line.argc > 1 ? line.argv[1] : NULL;
    if (strcmp(what, "query") == 0)
        return o.sql ? twi_lake_query_run(&o) : twi_usage("lake", "give a SELECT in quotes");
    if (o.sql)
        return twi_usage("lake", "%s takes no argument \"%s\"", what, o.sql);
    if (strcmp(what, "export") == 0)
        return twi_lake_export_run(&o);
    if (strcmp(what, "compact") == 0 || strcmp(what, "verify") == 0 || strcmp(what, "info") == 0)
        return run_here(what, &o);
    return twi_usage("lake", "there is no \"lake %s\"", what);
}
