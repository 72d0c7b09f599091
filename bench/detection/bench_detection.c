// SPDX-License-Identifier: Apache-2.0
//
// What detection is worth on day one, without labels: replays directories that `tillwatch simulate`
// wrote through intake, engine and detector exactly as an import does, trains the outlier model at
// the same days, and then compares with labels.csv, which nothing before has seen.
//
//   bench_detection [--columns] [--no-model] [--policy FILE] [--signals FILE] [--alerts] DIR...
//
// --columns keeps only the eleven required columns of each record. --alerts lists every alert with
// how many of its transactions are labelled. One table for each directory and one over all.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/table.h"
#include "base/time.h"
#include "detect/detector.h"
#include "intake/json.h"
#include "learn/evaluate.h"
#include "learn/outlier.h"
#include "model/file.h"

enum { MODEL_ROWS_MAX = 20000, MODEL_STRIDE = 17, BATCH = 1024, LABELS_MAX = 64 };
static const int32_t milestones[] = {3, 7, 14, 28};

typedef struct bench_options {
    bool columns, no_model, alerts;
    tw_str policy, signals;
} bench_options;

typedef struct alert_note { // an alert as it was seen by changes
    uint64_t key;
    char scheme[48], entity[TW_ID_MAX_BYTES + 1], sentence[TW_SENTENCE_BYTES];
    int64_t created_ms;
    float risk;
    uint32_t store;
    uint8_t reasons[TW_SCHEME_SIGNALS_MAX];
    uint32_t reason_n;
} alert_note;

typedef struct run {
    const bench_options *opt;
    const tw_alloc *alloc;
    tw_engine *engine;
    tw_detector *detector;
    tw_json_parser *parser;
    tw_arena arena;
    tw_eval_row *rows;
    size_t row_n, row_cap;
    uint64_t *row_seq;
    size_t seq_cap;
    tw_eval_member *members;
    size_t member_n, member_cap;
    alert_note *notes;
    size_t note_n, note_cap;
    tw_table labels, stores, people, seqs; // id -> label, dense numbers; seq -> row
    struct label {
        uint8_t fraud, scheme;
        double amount;
    } * label;
    size_t label_n, label_cap;
    char schemes[LABELS_MAX][48];
    size_t scheme_n;
    float *sample; // rows for the outlier model
    size_t sample_n;
    int32_t first_day;
    size_t milestone;
    uint64_t seq, detect_ns;
} run;

static void must(tw_status status, const char *what)
{
    if (status == TW_OK)
        return;
    fprintf(stderr, "bench_detection: %s: %s\n", what, tw_status_text(status));
    exit(1);
}

static void *grow(run *r, void *items, size_t *cap, size_t need, size_t size)
{
    must(tw_grow(r->alloc, &items, cap, need, size, SIZE_MAX / 64), "memory");
    return items;
}

static tw_str read_file(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", dir, name[0] ? "/" : "", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "bench_detection: cannot open %s\n", path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    long bytes = ftell(file);
    rewind(file);
    char *data = tw_new_array(tw_alloc_system(), (size_t)bytes + 1, 1);
    if (!data || fread(data, 1, (size_t)bytes, file) != (size_t)bytes)
        must(TW_IO, path);
    fclose(file);
    return (tw_str){data, (size_t)bytes};
}

static uint32_t number_of(tw_table *table, tw_str id)
{
    tw_table_slot *slot;
    must(tw_table_at(table, tw_hash_str(id, 1), &slot), "memory");
    if (slot->value == TW_TABLE_NONE)
        slot->value = (uint32_t)table->n - 1;
    return slot->value;
}

// --- labels
// ----------------------------------------------------------------------------------------

static tw_str next_cell(tw_str *line)
{
    size_t i = 0;
    while (i < line->bytes && line->at[i] != ',')
        i++;
    tw_str cell = {line->at, i};
    size_t used = i < line->bytes ? i + 1 : i;
    *line = (tw_str){line->at + used, line->bytes - used};
    return cell;
}

static uint8_t scheme_number(run *r, tw_str name)
{
    for (size_t i = 0; i < r->scheme_n; i++)
        if (tw_str_equal(tw_str_from(r->schemes[i]), name))
            return (uint8_t)i;
    if (r->scheme_n == LABELS_MAX)
        must(TW_LIMIT, "schemes in labels.csv");
    tw_str_copy(name, r->schemes[r->scheme_n], sizeof r->schemes[0]);
    return (uint8_t)r->scheme_n++;
}

static void read_labels(run *r, tw_str text)
{
    uint64_t line_n = 0;
    tw_str line;
    while (tw_ndjson_next(&text, &line_n, &line)) {
        tw_str id = next_cell(&line), fraud = next_cell(&line), scheme = next_cell(&line);
        tw_table_slot *slot;
        struct label label = {0};
        if (line_n == 1)
            continue;
        label.fraud = tw_str_equal(fraud, TW_STR("1"));
        if (label.fraud) {
            label.scheme = scheme_number(r, scheme);
            (void)tw_str_to_f64(tw_str_trim(line), &label.amount);
        }
        r->label = grow(r, r->label, &r->label_cap, r->label_n + 1, sizeof *r->label);
        must(tw_table_at(&r->labels, tw_hash_str(id, 1), &slot), "labels");
        slot->value = (uint32_t)r->label_n;
        r->label[r->label_n++] = label;
    }
}

// --- the outlier model
// -----------------------------------------------------------------------------

static void sample_row(run *r, const float *row)
{
    if (r->seq % MODEL_STRIDE != 0 || r->opt->no_model)
        return;
    size_t at = r->sample_n < MODEL_ROWS_MAX ? r->sample_n : r->sample_n % MODEL_ROWS_MAX;
    memcpy(r->sample + at * TW_FEATURE_N, row, TW_FEATURE_N * sizeof *row);
    r->sample_n++;
}

static void train(run *r, int32_t days)
{
    tw_iforest_options options = tw_iforest_options_default();
    tw_iforest *forest;
    float weights[TW_FEATURE_N];
    tw_buf file;
    tw_err err = {0};
    char name[32];
    tw_str names[TW_FEATURE_N];
    size_t n = TW_MIN(r->sample_n, (size_t)MODEL_ROWS_MAX);
    options.seed = (uint64_t)days;
    tw_outlier_weights(r->sample, n, TW_FEATURE_N, tw_engine_entity_n(r->engine, TW_ENTITY_STORE),
                       weights);
    options.weights = weights;
    must(tw_iforest_train(r->alloc, r->sample, n, TW_FEATURE_N, &options, &forest, &err), err.text);
    for (int i = 0; i < TW_FEATURE_N; i++)
        names[i] = tw_str_from(tw_feature_get((tw_feature)i)->name);
    tw_model_parts parts = {.feature_names = names,
                            .features_n = TW_FEATURE_N,
                            .catalogue_hash = tw_catalogue_hash(),
                            .iforest = forest};
    tw_buf_init(&file, r->alloc, TW_MODEL_MAX_BYTES);
    must(tw_model_save(&parts, &file, &err), err.text);
    snprintf(name, sizeof name, "day-%d", days);
    must(tw_detector_config(r->detector, TW_CONFIG_MODEL, tw_str_from(name),
                            (tw_str){(const char *)file.data_own, file.bytes}, &err),
         err.text);
    tw_buf_release(&file);
    tw_iforest_free(forest);
}

static void train_when_due(run *r)
{
    int32_t day = tw_engine_day(r->engine);
    if (r->first_day == INT32_MIN)
        r->first_day = day;
    if (r->opt->no_model || r->milestone == TW_COUNT(milestones) ||
        day - r->first_day < milestones[r->milestone] || r->sample_n < 1000)
        return;
    train(r, milestones[r->milestone++]);
}

// --- replay
// ----------------------------------------------------------------------------------------

// What the eleven-column form of the same record says.
static void keep_columns(tw_transaction *t)
{
    tw_transaction plain = {.transaction_id = t->transaction_id,
                            .store_id = t->store_id,
                            .register_id = t->register_id,
                            .employee_id = t->employee_id,
                            .time_ms = t->time_ms,
                            .offset_min = t->offset_min,
                            .business_day = t->business_day,
                            .total_minor = t->total_minor,
                            .discount_minor = t->discount_minor,
                            .payment_type = t->payment_type,
                            .item_count = t->item_count};
    memcpy(plain.currency, t->currency, sizeof plain.currency);
    plain.flags = t->flags & (TW_TXN_FLAG_REFUND | TW_TXN_FLAG_VOID | TW_TXN_HAS_OFFSET);
    plain.type = plain.flags & TW_TXN_FLAG_VOID     ? TW_TXN_VOID
                 : plain.flags & TW_TXN_FLAG_REFUND ? TW_TXN_RETURN
                                                    : TW_TXN_SALE;
    *t = plain;
}

static alert_note *note_of(run *r, uint64_t key)
{
    for (size_t i = r->note_n; i-- > 0;)
        if (r->notes[i].key == key)
            return &r->notes[i];
    return NULL;
}

static void add_member(run *r, uint64_t seq, size_t alert)
{
    const tw_table_slot *slot = tw_table_find(&r->seqs, tw_hash64(&seq, sizeof seq, 0));
    r->members = grow(r, r->members, &r->member_cap, r->member_n + 1, sizeof *r->members);
    r->members[r->member_n++] = (tw_eval_member){slot->value, (uint32_t)alert};
}

static void take_change(run *r, const tw_alert_change *change)
{
    const tw_alert *a = change->alert;
    alert_note *note = note_of(r, a->key);
    if (!note) {
        r->notes = grow(r, r->notes, &r->note_cap, r->note_n + 1, sizeof *r->notes);
        note = &r->notes[r->note_n++];
        *note = (alert_note){.key = a->key, .created_ms = a->created_ms};
        tw_str_copy(tw_str_from(a->scheme), note->scheme, sizeof note->scheme);
        tw_str_copy(tw_str_from(a->entity_id), note->entity, sizeof note->entity);
        note->store = number_of(&r->stores, tw_str_from(a->store_id));
        for (uint32_t i = 0; i < a->seq_n; i++)
            add_member(r, a->seqs[i], (size_t)(note - r->notes));
    } else {
        add_member(r, a->seqs[a->seq_n - 1], (size_t)(note - r->notes));
    }
    note->risk = a->risk;
    note->reason_n = a->reason_n;
    for (uint32_t i = 0; i < a->reason_n; i++)
        note->reasons[i] = a->reasons[i].signal;
    tw_str_copy(tw_str_from(a->reasons[0].sentence), note->sentence, sizeof note->sentence);
}

static void add_row(run *r, const tw_fact *fact, const tw_score *score)
{
    const tw_transaction *t = &fact->as.transaction;
    const tw_table_slot *labelled = tw_table_find(&r->labels, tw_hash_str(t->transaction_id, 1));
    tw_table_slot *slot;
    tw_eval_row row = {.risk = score->risk,
                       .day = t->business_day,
                       .store = number_of(&r->stores, t->store_id),
                       .thief = UINT32_MAX,
                       .time_ms = t->time_ms};
    if (labelled && r->label[labelled->value].fraud) {
        const struct label *label = &r->label[labelled->value];
        // A ring of returners is known by its card, everybody else by the employee.
        bool is_ring = strstr(r->schemes[label->scheme], "ring") != NULL;
        tw_str who = is_ring ? tw_transaction_account(t) : t->employee_id;
        row.fraud = 1;
        row.scheme = label->scheme;
        row.amount = label->amount;
        row.thief = number_of(&r->people, who);
    }
    r->rows = grow(r, r->rows, &r->row_cap, r->row_n + 1, sizeof *r->rows);
    must(tw_table_at(&r->seqs, tw_hash64(&fact->seq, sizeof fact->seq, 0), &slot), "memory");
    slot->value = (uint32_t)r->row_n;
    r->rows[r->row_n++] = row;
}

static void take(run *r, tw_fact *fact)
{
    float row[TW_FEATURE_N];
    tw_score score;
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t change_n;
    if (tw_engine_find(r->engine, tw_fact_key(fact, 0)))
        return; // delivered twice
    if (r->seq % BATCH == 0) {
        must(tw_engine_reserve(r->engine, BATCH), "engine");
        must(tw_detector_reserve(r->detector, BATCH), "detector");
    }
    fact->seq = ++r->seq;
    if (fact->kind == TW_FACT_TRANSACTION && r->opt->columns)
        keep_columns(&fact->as.transaction);
    tw_engine_apply(r->engine, fact, row);
    uint64_t start = tw_monotonic_ns();
    tw_detector_apply(r->detector, fact, row, tw_engine_last_filters(r->engine), &score, changes,
                      &change_n);
    r->detect_ns += tw_monotonic_ns() - start;
    if (fact->kind != TW_FACT_TRANSACTION)
        return;
    add_row(r, fact, &score);
    for (size_t i = 0; i < change_n; i++)
        take_change(r, &changes[i]);
    sample_row(r, row);
    train_when_due(r);
}

static bool parse_next(run *r, tw_str *text, uint64_t *line, tw_arena *arena, tw_fact *out)
{
    tw_str record;
    tw_problem problem;
    tw_arena_reset(arena);
    while (tw_ndjson_next(text, line, &record))
        if (tw_json_parse(r->parser, record, (tw_fact_kind)0, arena, out, &problem) == TW_OK)
            return true;
    return false;
}

static void replay(run *r, tw_str transactions, tw_str shifts)
{
    tw_arena shift_arena;
    tw_arena_init(&shift_arena, r->alloc, 0, 1 << 20);
    uint64_t line = 0, shift_line = 0;
    tw_fact fact, shift;
    bool has_shift = !r->opt->columns && parse_next(r, &shifts, &shift_line, &shift_arena, &shift);
    while (parse_next(r, &transactions, &line, &r->arena, &fact)) {
        while (has_shift && shift.as.shift.time_ms <= fact.as.transaction.time_ms) {
            take(r, &shift);
            has_shift = parse_next(r, &shifts, &shift_line, &shift_arena, &shift);
        }
        take(r, &fact);
    }
    tw_arena_release(&shift_arena);
}

// --- tables
// ----------------------------------------------------------------------------------------

typedef struct alert_tally {
    uint32_t n, fraud_n, by_scheme[LABELS_MAX];
} alert_tally;

static void list_alerts(const run *r, const alert_tally *tallies)
{
    for (size_t i = 0; i < r->note_n; i++) {
        const alert_note *a = &r->notes[i];
        size_t most = 0;
        for (size_t s = 1; s < r->scheme_n; s++)
            if (tallies[i].by_scheme[s] > tallies[i].by_scheme[most])
                most = s;
        printf("ALERT %s %-16s %-14s day %3d risk %.3f %3u of %3u labelled %-24s [",
               tallies[i].fraud_n ? "right" : "WRONG", a->scheme, a->entity,
               tw_floor_day(a->created_ms) - r->first_day, (double)a->risk, tallies[i].fraud_n,
               tallies[i].n, tallies[i].fraud_n ? r->schemes[most] : "-");
        for (uint32_t k = 0; k < a->reason_n; k++) {
            tw_signal_info info;
            (void)tw_detector_signal(r->detector, a->reasons[k], &info);
            printf("%s%.*s", k ? " " : "", TW_STR_ARG(info.name));
        }
        printf("] %s\n", a->sentence);
    }
}

static void print_signals(const run *r, const alert_tally *tallies)
{
    printf("  %-24s %8s %8s\n", "alerts of scheme", "alerts", "right");
    const tw_signal_set *set = tw_detector_signals(r->detector);
    for (size_t s = 0; s < tw_signal_set_scheme_n(set); s++) {
        tw_scheme_info info;
        size_t n = 0, right = 0;
        tw_signal_set_scheme(set, s, &info);
        for (size_t i = 0; i < r->note_n; i++) {
            bool is = tw_str_equal(tw_str_from(r->notes[i].scheme), info.name);
            n += is;
            right += is && tallies[i].fraud_n > 0;
        }
        if (n > 0)
            printf("  %-24.*s %8zu %8zu\n", TW_STR_ARG(info.name), n, right);
    }
}

static void print_eval(const run *r, const tw_eval *e)
{
    printf("  transactions %" PRIu64 ", fraudulent %" PRIu64 ", stores %" PRIu64 ", days %" PRIu64
           "; detector %.0f ns a transaction\n",
           e->n, e->positive_n, e->store_n, e->day_n, (double)r->detect_ns / (double)e->n);
    printf("  AP %.3f  AUC %.3f  at 0.8: precision %.3f recall %.3f money %.3f\n", e->ap, e->auc,
           e->precision, e->recall, e->money_recall);
    printf("  alerts %" PRIu64 " (%.4f a store and day), right %" PRIu64
           " = %.3f, mostly right %.3f; frauds inside alerts %.3f\n",
           e->alert_n, e->alerts_per_store_day, e->alert_any_n, e->alert_precision_any,
           e->alert_precision_most, e->alert_recall);
    printf("  thieves %" PRIu64 ", found %" PRIu64
           " = %.3f, median %.1f days after the first fraud\n",
           e->thief_n, e->thief_found_n, e->thief_recall, e->days_to_alert);
    printf("  precision at k a day:");
    for (size_t k = 0; k < TW_EVAL_KS; k++)
        printf("  %u: %.3f", tw_eval_k[k], e->precision_at_k[k]);
    printf("\n  %-24s %8s %7s %8s %6s %7s\n", "labelled scheme", "frauds", "found", "thieves",
           "found", "days");
    for (size_t s = 0; s < e->scheme_n; s++)
        printf("  %-24s %8" PRIu64 " %7.3f %8" PRIu64 " %6" PRIu64 " %7.1f\n", r->schemes[s],
               e->schemes[s].n, (double)e->schemes[s].found / (double)e->schemes[s].n,
               e->schemes[s].thief_n, e->schemes[s].thief_found, e->schemes[s].days_to_alert);
}

// Labels name no thief. Whoever has at least three frauds of a scheme, and half as many as the one
// with most in that store, counts as one: the others' tills were only used, as when stolen gift
// cards are spent. Cards of a ring are counted over all stores.
enum { THIEF_DEEDS = 3 };

static uint64_t deed_key(const run *r, const tw_eval_row *row, bool of_person)
{
    bool is_ring = strstr(r->schemes[row->scheme], "ring") != NULL;
    uint64_t parts[3] = {row->scheme, is_ring ? UINT64_MAX : row->store,
                         of_person ? row->thief : UINT64_MAX};
    if (is_ring && !of_person)
        parts[2] = row->thief; // each card for itself
    return tw_hash64(parts, sizeof parts, of_person);
}

static void keep_thieves(run *r)
{
    tw_table counts;
    tw_table_init(&counts, r->alloc, SIZE_MAX / 64);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < r->row_n; i++) {
            tw_eval_row *row = &r->rows[i];
            tw_table_slot *slot;
            if (!row->fraud)
                continue;
            must(tw_table_at(&counts, deed_key(r, row, true), &slot), "memory");
            uint32_t deeds = pass == 0 ? ++slot->spare : slot->spare;
            must(tw_table_at(&counts, deed_key(r, row, false), &slot), "memory");
            if (pass == 0)
                slot->spare = TW_MAX(slot->spare, deeds);
            else if (deeds < THIEF_DEEDS || 2 * deeds < slot->spare)
                row->thief = UINT32_MAX;
        }
    }
    tw_table_release(&counts);
}

static void report(run *r, const char *title, tw_eval *out)
{
    tw_eval_alert *alerts = tw_new_array(r->alloc, r->note_n + 1, sizeof *alerts);
    alert_tally *tallies = tw_new_array(r->alloc, r->note_n + 1, sizeof *tallies);
    if (!alerts || !tallies)
        must(TW_NO_MEMORY, "report");
    for (size_t i = 0; i < r->note_n; i++)
        alerts[i] =
            (tw_eval_alert){.created_ms = r->notes[i].created_ms, .store = r->notes[i].store};
    for (size_t i = 0; i < r->member_n; i++) {
        const tw_eval_row *row = &r->rows[r->members[i].row];
        alert_tally *t = &tallies[r->members[i].alert];
        t->n++;
        t->fraud_n += row->fraud;
        if (row->fraud)
            t->by_scheme[row->scheme]++;
    }
    keep_thieves(r);
    tw_eval_input input = {.rows = r->rows,
                           .n = r->row_n,
                           .alerts = alerts,
                           .alert_n = r->note_n,
                           .members = r->members,
                           .member_n = r->member_n,
                           .scheme_n = r->scheme_n,
                           .threshold = (double)TW_RISK_ALERT};
    must(tw_evaluate(r->alloc, &input, out), "evaluate");
    printf("%s%s\n", title, r->opt->columns ? " (eleven columns)" : "");
    print_eval(r, out);
    print_signals(r, tallies);
    if (r->opt->alerts)
        list_alerts(r, tallies);
    tw_free_array(r->alloc, alerts, r->note_n + 1, sizeof *alerts);
    tw_free_array(r->alloc, tallies, r->note_n + 1, sizeof *tallies);
}

static void run_directory(const bench_options *opt, const char *dir, tw_eval *out)
{
    run *r = tw_new(tw_alloc_system(), run);
    tw_intake_options intake = {.default_currency = "USD"};
    if (!r)
        must(TW_NO_MEMORY, "run");
    r->opt = opt;
    r->alloc = tw_alloc_system();
    r->first_day = INT32_MIN;
    r->sample = tw_new_array(r->alloc, (size_t)MODEL_ROWS_MAX * TW_FEATURE_N, sizeof(float));
    tw_arena_init(&r->arena, r->alloc, 0, 64 << 20);
    tw_table_init(&r->labels, r->alloc, SIZE_MAX / 64);
    tw_table_init(&r->stores, r->alloc, SIZE_MAX / 64);
    tw_table_init(&r->people, r->alloc, SIZE_MAX / 64);
    tw_table_init(&r->seqs, r->alloc, SIZE_MAX / 64);
    must(tw_engine_new(r->alloc, &r->engine), "engine");
    must(tw_detector_new(r->alloc, r->engine, &r->detector), "detector");
    must(tw_json_parser_new(r->alloc, &intake, &r->parser), "parser");
    tw_err err = {0};
    if (opt->policy.bytes)
        must(tw_detector_config(r->detector, TW_CONFIG_POLICY, TW_STR("bench"), opt->policy, &err),
             err.text);
    if (opt->signals.bytes)
        must(
            tw_detector_config(r->detector, TW_CONFIG_SIGNALS, TW_STR("bench"), opt->signals, &err),
            err.text);
    read_labels(r, read_file(dir, "labels.csv"));
    replay(r, read_file(dir, "transactions.ndjson"), read_file(dir, "shifts.ndjson"));
    report(r, dir, out);
    // The process ends soon: the run's memory goes with it.
    tw_json_parser_free(r->parser);
    tw_detector_free(r->detector);
    tw_engine_free(r->engine);
}

int main(int argc, char **argv)
{
    bench_options opt = {0};
    double alerts = 0, right = 0, thieves = 0, found = 0, ap = 0, per_day = 0;
    int n = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--columns") == 0)
            opt.columns = true;
        else if (strcmp(argv[i], "--no-model") == 0)
            opt.no_model = true;
        else if (strcmp(argv[i], "--alerts") == 0)
            opt.alerts = true;
        else if (strcmp(argv[i], "--policy") == 0 && i + 1 < argc)
            opt.policy = read_file(argv[++i], "");
        else if (strcmp(argv[i], "--signals") == 0 && i + 1 < argc)
            opt.signals = read_file(argv[++i], "");
        else {
            tw_eval e;
            run_directory(&opt, argv[i], &e);
            alerts += (double)e.alert_n;
            right += (double)e.alert_any_n;
            thieves += (double)e.thief_n;
            found += (double)e.thief_found_n;
            ap += e.ap;
            per_day += e.alerts_per_store_day;
            n++;
        }
    }
    if (n == 0) {
        fprintf(stderr, "Usage: bench_detection [--columns] [--no-model] [--policy FILE] "
                        "[--signals FILE] [--alerts] DIR...\n");
        return 2;
    }
    printf(
        "all %d: alert precision %.3f (%.0f of %.0f), thieves found %.3f (%.0f of %.0f), mean AP "
        "%.3f, alerts a store and day %.4f\n",
        n, right / alerts, right, alerts, found / thieves, found, thieves, ap / n, per_day / n);
    return 0;
}
