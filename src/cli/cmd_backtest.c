// SPDX-License-Identifier: Apache-2.0
//
// tillwatch backtest: which alerts another model, signal set or policy would have raised.
#include <math.h>

#include "base/time.h"
#include "cli.h"
#include "output.h"
#include "place.h"
#include "service/query.h"

static const char help[] =
    "Usage: tillwatch backtest [--data DIR] [--model ID|FILE] [--signals FILE] [--policy FILE]\n"
    "                          [--from T] [--to T] [--label-delay 7d] [--json]\n"
    "\n"
    "Replays the journal with another model, signal set or alert policy and forecasts the alerts: "
    "how\n"
    "many, about what, and what they are worth by the verdicts that are known. What nobody judged "
    "is\n"
    "neither right nor wrong. Nothing is changed. What is not given stays as it was recorded.\n"
    "\n"
    "  --model ID|FILE    a model of tillwatch models list, or a model file\n"
    "  --signals FILE     a signal set in YAML\n"
    "  --policy FILE      an alert policy in YAML\n"
    "  --from T, --to T   alerts created in [from, to): a date, or RFC 3339\n"
    "  --label-delay D    verdicts on transactions count this long after them (default: as they "
    "came)\n"
    "  --json             figures as JSON, with every alert\n"
    "\n"
    "Example:\n"
    "  tillwatch backtest --policy new-policy.yaml --from 2026-02-01\n";

typedef struct request {
    const char *data, *model, *signals, *policy, *label_delay;
    int64_t from_ms, to_ms;
    int64_t label_delay_ms;
    bool is_json;
} request;

// --- input
// -----------------------------------------------------------------------------------------

static tw_status read_stream(FILE *file, const char *name, tw_buf *out, tw_err *err)
{
    char part[16384];
    size_t n;
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        tw_buf_put(out, part, n);
    if (ferror(file))
        return tw_fail_errno(err, "%.150s cannot be read", name);
    if (out->status != TW_OK)
        return tw_fail(err, out->status, "%.150s is too large", name);
    if (out->bytes == 0)
        return tw_fail(err, TW_INVALID, "%.150s is empty", name);
    return TW_OK;
}

static tw_status read_file(const char *name, tw_buf *out, tw_err *err)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        return tw_fail_errno(err, "%.150s cannot be opened", name);
    tw_status status = read_stream(file, name, out, err);
    fclose(file);
    return status;
}

// A file of this name goes before a model of this id.
static tw_status read_model(tw_service *service, const char *name, tw_buf *out, tw_err *err)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        return tw_query_model_file(service, tw_str_from(name), out, err);
    tw_status status = read_stream(file, name, out, err);
    fclose(file);
    return status;
}

// --- output
// ----------------------------------------------------------------------------------------

static void put_double(const char *key, double value)
{
    if (isfinite(value))
        printf("\"%s\":%.9g", key, value);
    else
        printf("\"%s\":null", key);
}

static void put_count(const char *key, uint64_t n)
{
    printf("\"%s\":%llu", key, (unsigned long long)n);
}

static void json_head(const tw_backtest *b)
{
    const struct {
        const char *key;
        uint64_t n;
    } counts[] = {{"transactions", b->transaction_n}, {"alerts", b->alert_n},
                  {"confirmed", b->confirmed_n},      {"refuted", b->refuted_n},
                  {"unknown", b->unknown_n},          {"stores", b->store_n},
                  {"days", (uint64_t)b->day_n},       {"known_confirmed", b->known_confirmed_n},
                  {"known_found", b->known_found_n},  {"appears", b->appears_n},
                  {"vanishes", b->vanishes_n}};
    for (size_t i = 0; i < TW_COUNT(counts); i++) {
        put_count(counts[i].key, counts[i].n);
        putchar(',');
    }
    put_double("alerts_per_store_day", b->alerts_per_store_day);
    fputs(",\"precision\":{", stdout);
    put_count("k", b->precision.k);
    putchar(',');
    put_count("n", b->precision.n);
    putchar(',');
    put_double("value", b->precision.value);
    putchar(',');
    put_double("low", b->precision.low);
    putchar(',');
    put_double("high", b->precision.high);
    putchar('}');
}

static void json_lists(const tw_backtest *b)
{
    fputs(",\"schemes\":[", stdout);
    for (size_t i = 0; i < b->scheme_n; i++) {
        const tw_backtest_scheme *s = &b->schemes_own[i];
        printf("%s{\"scheme\":", i ? "," : "");
        twi_put_json(stdout, tw_str_from(s->name));
        printf(",\"alerts\":%llu,\"confirmed\":%llu,\"refuted\":%llu,\"unknown\":%llu}",
               (unsigned long long)s->alert_n, (unsigned long long)s->confirmed_n,
               (unsigned long long)s->refuted_n, (unsigned long long)s->unknown_n);
    }
    fputs("],\"signals\":[", stdout);
    for (size_t i = 0; i < b->signal_n; i++) {
        const tw_backtest_signal *s = &b->signals_own[i];
        printf("%s{\"signal\":", i ? "," : "");
        twi_put_json(stdout, tw_str_from(s->name));
        printf(",\"fired\":%llu,\"alerts\":%llu,\"confirmed\":%llu,\"refuted\":%llu}",
               (unsigned long long)s->fired_n, (unsigned long long)s->alert_n,
               (unsigned long long)s->confirmed_n, (unsigned long long)s->refuted_n);
    }
    fputs("],\"alert_list\":[", stdout);
}

static void json_alert(const tw_backtest_alert *a)
{
    char when[TW_TIME_TEXT_BYTES];
    printf("{\"alert_id\":\"%s\",\"scheme\":", a->alert_id);
    twi_put_json(stdout, tw_str_from(a->scheme));
    fputs(",\"entity_id\":", stdout);
    twi_put_json(stdout, tw_str_from(a->entity_id));
    fputs(",\"store_id\":", stdout);
    twi_put_json(stdout, tw_str_from(a->store_id));
    printf(",\"created_at\":\"%s\",\"risk_score\":%.6g,\"known\":%s,\"as_recorded\":%s}",
           tw_time_format(a->created_ms, 0, when), (double)a->risk,
           a->known < 0 ? "null"
           : a->known   ? "\"confirmed\""
                        : "\"refuted\"",
           a->as_recorded ? "true" : "false");
}

static void print_json(const tw_backtest *b)
{
    putchar('{');
    json_head(b);
    json_lists(b);
    for (size_t i = 0; i < b->alert_list_n; i++) {
        if (i > 0)
            putchar(',');
        json_alert(&b->alerts_own[i]);
    }
    fputs("]}\n", stdout);
}

static void print_tables(const tw_backtest *b)
{
    printf("\n%-26s %8s %9s %8s %8s\n", "scheme", "alerts", "confirmed", "refuted", "unknown");
    for (size_t i = 0; i < b->scheme_n; i++) {
        const tw_backtest_scheme *s = &b->schemes_own[i];
        printf("%-26s %8llu %9llu %8llu %8llu\n", s->name, (unsigned long long)s->alert_n,
               (unsigned long long)s->confirmed_n, (unsigned long long)s->refuted_n,
               (unsigned long long)s->unknown_n);
    }
    printf("\n%-26s %8s %8s %9s %8s\n", "signal", "fired", "alerts", "confirmed", "refuted");
    for (size_t i = 0; i < b->signal_n; i++) {
        const tw_backtest_signal *s = &b->signals_own[i];
        printf("%-26s %8llu %8llu %9llu %8llu\n", s->name, (unsigned long long)s->fired_n,
               (unsigned long long)s->alert_n, (unsigned long long)s->confirmed_n,
               (unsigned long long)s->refuted_n);
    }
}

static void print_text(const tw_backtest *b, double seconds)
{
    char n[32];
    printf("%s transactions, %u stores, %d days, replayed in %.1f s\n\n",
           twi_thousands(b->transaction_n, n), b->store_n, b->day_n, seconds);
    printf("alerts      %llu, %.4f a store and day\n", (unsigned long long)b->alert_n,
           b->alerts_per_store_day);
    printf("recorded    %llu alerts appear that were not raised, %llu of those raised vanish\n",
           (unsigned long long)b->appears_n, (unsigned long long)b->vanishes_n);
    if (b->precision.n > 0)
        printf("precision   %.4f [%.4f, %.4f]: %llu of %llu judged ones were right (90 %% "
               "interval)\n",
               b->precision.value, b->precision.low, b->precision.high,
               (unsigned long long)b->precision.k, (unsigned long long)b->precision.n);
    else
        printf("precision   not known: nobody judged any of it\n");
    printf("            %llu were not judged\n", (unsigned long long)b->unknown_n);
    printf("confirmed   %llu of %llu entities and schemes that were confirmed are found\n",
           (unsigned long long)b->known_found_n, (unsigned long long)b->known_confirmed_n);
    print_tables(b);
}

// --- the whole
// -------------------------------------------------------------------------------------

static bool on_progress(void *ctx, uint64_t done, uint64_t all)
{
    twi_progress_show(ctx, all ? (double)done / (double)all : 1, done, "facts");
    return false;
}

static tw_status backtest(const twi_place *place, const request *r, const tw_buf *texts,
                          tw_err *err)
{
    tw_backtest result;
    twi_progress progress;
    tw_str parts[3];
    for (size_t i = 0; i < TW_COUNT(parts); i++)
        parts[i] = (tw_str){(const char *)texts[i].data_own, texts[i].bytes};
    tw_backtest_options options = {.model = parts[0],
                                   .signals = parts[1],
                                   .policy = parts[2],
                                   .from_ms = r->from_ms,
                                   .to_ms = r->to_ms,
                                   .label_delay_ms = r->label_delay_ms,
                                   .progress = on_progress,
                                   .progress_ctx = &progress};
    twi_progress_begin(&progress, "backtest", r->is_json);
    tw_status status = tw_backtest_run(tw_alloc_system(), &place->journal, &options, &result, err);
    double seconds = twi_progress_seconds(&progress);
    twi_progress_end(&progress);
    if (status != TW_OK)
        return status;
    if (r->is_json)
        print_json(&result);
    else
        print_text(&result, seconds);
    tw_backtest_release(&result);
    return TW_OK;
}

static tw_status run(const request *r, tw_err *err)
{
    twi_place place;
    tw_buf texts[3]; // model, signals, policy
    TW_TRY(twi_place_open(&place, twi_place_dir(r->data), true, err));
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        tw_buf_init(&texts[i], tw_alloc_system(), TW_MODEL_MAX_BYTES);
    tw_status status = twi_place_serve(&place, TW_SERVICE_READER, err);
    if (status == TW_OK && r->model)
        status = read_model(place.service, r->model, &texts[0], err);
    if (status == TW_OK && r->signals)
        status = read_file(r->signals, &texts[1], err);
    if (status == TW_OK && r->policy)
        status = read_file(r->policy, &texts[2], err);
    if (status == TW_OK)
        status = backtest(&place, r, texts, err);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        tw_buf_release(&texts[i]);
    twi_place_close(&place);
    return status;
}

int twi_cmd_backtest(int argc, char **argv)
{
    request r = {.label_delay_ms = -1};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &r.data},       {"--model", TWI_TEXT, &r.model},
        {"--signals", TWI_TEXT, &r.signals}, {"--policy", TWI_TEXT, &r.policy},
        {"--from", TWI_TIME, &r.from_ms},    {"--to", TWI_TIME, &r.to_ms},
        {"--json", TWI_FLAG, &r.is_json},    {"--label-delay", TWI_TEXT, &r.label_delay},
    };
    twi_command_line line = {
        .command = "backtest", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    tw_err err = {0};
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (r.label_delay && !tw_duration_parse(tw_str_from(r.label_delay), &r.label_delay_ms))
        return twi_usage("backtest", "--label-delay %s is no duration such as 7d", r.label_delay);
    if (r.to_ms != 0 && r.from_ms >= r.to_ms)
        return twi_usage("backtest", "--from lies before --to");
    if (run(&r, &err) != TW_OK)
        return twi_failed("backtest", &err);
    return twi_flush("backtest");
}
