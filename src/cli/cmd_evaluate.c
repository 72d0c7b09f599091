// SPDX-License-Identifier: Apache-2.0
//
// tillwatch evaluate: figures of scores and alerts against labels. The figures themselves are those
// of src/learn; here the labels, scores and alerts are brought together.
#include <math.h>

#include "base/hash.h"
#include "base/table.h"
#include "cli.h"
#include "evaluate_print.h"
#include "intake/csv.h"
#include "output.h"
#include "place.h"
#include "service/query.h"

// Whoever has fewer labelled deeds of a scheme is no thief but somebody whose till was used.
#define THIEF_DEEDS 3
#define ROWS_MAX ((size_t)1 << 31)

static const char help[] =
    "Usage: tillwatch evaluate --labels labels.csv [--scores scores.csv] [--from T] [--to T] "
    "[--data DIR]\n"
    "                          [--threshold R] [--json]\n"
    "\n"
    "Compares the scores (as given on arrival, or those of --scores) and the alerts with labels:\n"
    "precision, recall, AP, AUC, precision at k a day, money, and all of it by scheme.\n"
    "\n"
    "  --labels FILE    transaction_id,fraud[,scheme,amount]; fraud is 0 or 1\n"
    "  --scores FILE    transaction_id,risk_score\n"
    "  --from, --to T   transactions (and alerts created) in [from, to)\n"
    "  --threshold R    risk from which a transaction counts as flagged (default 0.8)\n"
    "  --json           the figures as JSON\n"
    "\n"
    "An alert is right when at least one of its transactions is labelled (\"any\"), or more than "
    "half of\n"
    "them (\"most\"). A thief is an employee with three labelled transactions of a scheme or more; "
    "of a\n"
    "scheme with \"ring\" in its name, a card.\n"
    "\n"
    "Example:\n"
    "  tillwatch evaluate --labels sim/labels.csv\n";

typedef struct label {
    bool is_fraud;
    uint8_t scheme;
    double amount;
} label;

typedef struct evaluation {
    const tw_alloc *alloc;
    const char *labels_path, *scores_path;
    int64_t from_ms, to_ms;
    double threshold;
    tw_table by_id; // hash of transaction_id -> label
    label *labels_own;
    size_t label_n, label_cap;
    twi_scheme_names schemes;
    tw_table scores;         // hash of transaction_id -> bits of the risk
    tw_table people, stores; // hash -> dense number
    tw_table by_seq;         // hash of seq -> row
    tw_eval_row *rows_own;
    size_t row_n, row_cap;
    tw_eval_alert *alerts_own;
    size_t alert_n, alert_cap;
    tw_table by_alert; // alert key -> alert
    tw_eval_member *members_own;
    size_t member_n, member_cap;
    tw_table pairs; // of members
    uint64_t unlabelled_n;
} evaluation;

// --- reading
// --------------------------------------------------------------------------------------

static tw_status number_of(tw_table *table, uint64_t key, uint32_t *out)
{
    tw_table_slot *slot;
    TW_TRY(tw_table_at(table, key, &slot));
    if (slot->value == TW_TABLE_NONE)
        slot->value = (uint32_t)table->n - 1;
    *out = slot->value;
    return TW_OK;
}

static tw_status scheme_number(twi_scheme_names *schemes, tw_str name, uint8_t *out, tw_err *err)
{
    for (size_t i = 0; i < schemes->n; i++)
        if (tw_str_equal(tw_str_from(schemes->names[i]), name)) {
            *out = (uint8_t)i;
            return TW_OK;
        }
    if (schemes->n == TW_EVAL_SCHEMES_MAX)
        return tw_fail(err, TW_LIMIT, "the labels name more than %d schemes", TW_EVAL_SCHEMES_MAX);
    tw_str_copy(name, schemes->names[schemes->n], sizeof(schemes->names[0]));
    *out = (uint8_t)schemes->n++;
    return TW_OK;
}

static tw_status add_label(evaluation *ev, tw_str id, const label *one, tw_err *err)
{
    void *items = ev->labels_own;
    tw_table_slot *slot;
    if (tw_grow(ev->alloc, &items, &ev->label_cap, ev->label_n + 1, sizeof(label), ROWS_MAX) !=
            TW_OK ||
        tw_table_at(&ev->by_id, tw_hash_str(id, 1), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the labels");
    ev->labels_own = items;
    slot->value = (uint32_t)ev->label_n;
    ev->labels_own[ev->label_n++] = *one;
    return TW_OK;
}

static tw_status read_label(evaluation *ev, const tw_str *fields, const size_t columns[4],
                            uint64_t line, tw_err *err)
{
    label one = {.amount = 0};
    tw_str fraud = tw_str_trim(fields[columns[1]]);
    bool is_one = tw_str_equal(fraud, TW_STR("1")) || tw_str_equal_nocase(fraud, TW_STR("true"));
    bool is_zero = tw_str_equal(fraud, TW_STR("0")) || tw_str_equal_nocase(fraud, TW_STR("false"));
    if (!is_one && !is_zero)
        return tw_fail(err, TW_INVALID, "%s line %llu: fraud is \"%.*s\", not 0 or 1",
                       ev->labels_path, (unsigned long long)line, TW_STR_ARG(fraud));
    one.is_fraud = is_one;
    if (is_one && columns[2] != TW_CSV_NO_COLUMN)
        TW_TRY(scheme_number(&ev->schemes, fields[columns[2]], &one.scheme, err));
    else if (is_one)
        TW_TRY(scheme_number(&ev->schemes, TW_STR("fraud"), &one.scheme, err));
    if (columns[3] != TW_CSV_NO_COLUMN && fields[columns[3]].bytes > 0 &&
        !tw_str_to_f64(fields[columns[3]], &one.amount))
        return tw_fail(err, TW_INVALID, "%s line %llu: the amount is no number", ev->labels_path,
                       (unsigned long long)line);
    return add_label(ev, fields[columns[0]], &one, err);
}

static tw_status read_labels(evaluation *ev, tw_err *err)
{
    tw_csv *csv;
    TW_TRY(tw_csv_open(ev->alloc, ev->labels_path, &csv, err));
    const size_t columns[4] = {tw_csv_column(csv, "transaction_id"), tw_csv_column(csv, "fraud"),
                               tw_csv_column(csv, "scheme"), tw_csv_column(csv, "amount")};
    tw_status status = TW_OK;
    if (columns[0] == TW_CSV_NO_COLUMN || columns[1] == TW_CSV_NO_COLUMN)
        status =
            tw_fail(err, TW_INVALID, "%s has no columns transaction_id and fraud", ev->labels_path);
    const tw_str *fields;
    uint64_t line;
    while (status == TW_OK && (status = tw_csv_next(csv, &fields, &line, err)) == TW_OK)
        status = read_label(ev, fields, columns, line, err);
    tw_csv_close(csv);
    return status == TW_END ? TW_OK : status;
}

static tw_status read_score(evaluation *ev, const tw_str *fields, const size_t columns[2],
                            uint64_t line, tw_err *err)
{
    double risk;
    tw_table_slot *slot;
    if (!tw_str_to_f64(fields[columns[1]], &risk))
        return tw_fail(err, TW_INVALID, "%s line %llu: the risk_score is no number",
                       ev->scores_path, (unsigned long long)line);
    if (tw_table_at(&ev->scores, tw_hash_str(fields[columns[0]], 1), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the scores");
    float narrow = (float)risk;
    memcpy(&slot->value, &narrow, sizeof(narrow));
    return TW_OK;
}

static tw_status read_scores(evaluation *ev, tw_err *err)
{
    tw_csv *csv;
    if (!ev->scores_path)
        return TW_OK;
    TW_TRY(tw_csv_open(ev->alloc, ev->scores_path, &csv, err));
    const size_t columns[2] = {tw_csv_column(csv, "transaction_id"),
                               tw_csv_column(csv, "risk_score")};
    tw_status status = TW_OK;
    if (columns[0] == TW_CSV_NO_COLUMN || columns[1] == TW_CSV_NO_COLUMN)
        status = tw_fail(err, TW_INVALID, "%s has no columns transaction_id and risk_score",
                         ev->scores_path);
    const tw_str *fields;
    uint64_t line;
    while (status == TW_OK && (status = tw_csv_next(csv, &fields, &line, err)) == TW_OK)
        status = read_score(ev, fields, columns, line, err);
    tw_csv_close(csv);
    return status == TW_END ? TW_OK : status;
}

// --- rows, alerts, members
// ------------------------------------------------------------------------

static uint64_t seq_key(uint64_t seq)
{
    return tw_hash64(&seq, sizeof(seq), 2);
}

static tw_status fill_row(evaluation *ev, const tw_scored *scored, const label *one,
                          tw_eval_row *row)
{
    const tw_transaction *t = scored->transaction;
    *row = (tw_eval_row){.risk = scored->score.risk,
                         .day = t->business_day,
                         .thief = UINT32_MAX,
                         .alert = UINT32_MAX,
                         .time_ms = t->time_ms};
    TW_TRY(number_of(&ev->stores, tw_hash_str(t->store_id, 3), &row->store));
    if (ev->scores_path) {
        const tw_table_slot *slot = tw_table_find(&ev->scores, tw_hash_str(t->transaction_id, 1));
        row->risk = 0;
        if (slot)
            memcpy(&row->risk, &slot->value, sizeof(row->risk));
    }
    if (!one->is_fraud)
        return TW_OK;
    row->fraud = 1;
    row->scheme = one->scheme;
    row->amount = one->amount;
    bool is_ring = strstr(ev->schemes.names[one->scheme], "ring") != NULL;
    tw_str who = is_ring ? tw_transaction_account(t) : t->employee_id;
    return number_of(&ev->people, tw_hash_str(who, is_ring ? 4 : 5), &row->thief);
}

static tw_status add_row(void *ctx, const tw_scored *scored, tw_err *err)
{
    evaluation *ev = ctx;
    const tw_transaction *t = scored->transaction;
    if (t->time_ms < ev->from_ms || (ev->to_ms != 0 && t->time_ms >= ev->to_ms))
        return TW_OK;
    const tw_table_slot *known = tw_table_find(&ev->by_id, tw_hash_str(t->transaction_id, 1));
    if (!known) {
        ev->unlabelled_n++;
        return TW_OK;
    }
    void *items = ev->rows_own;
    tw_table_slot *slot;
    tw_eval_row row;
    if (fill_row(ev, scored, &ev->labels_own[known->value], &row) != TW_OK ||
        tw_grow(ev->alloc, &items, &ev->row_cap, ev->row_n + 1, sizeof(row), ROWS_MAX) != TW_OK ||
        tw_table_at(&ev->by_seq, seq_key(scored->seq), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the rows");
    ev->rows_own = items;
    slot->value = (uint32_t)ev->row_n;
    ev->rows_own[ev->row_n] = row;
    ev->row_n++;
    return TW_OK;
}

static tw_status add_member(evaluation *ev, uint32_t row, uint32_t alert, tw_err *err)
{
    uint64_t pair = (uint64_t)row << 32 | alert;
    tw_table_slot *slot;
    void *items = ev->members_own;
    if (tw_table_at(&ev->pairs, tw_hash64(&pair, sizeof(pair), 6), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    if (slot->value != TW_TABLE_NONE)
        return TW_OK;
    slot->value = 0;
    if (tw_grow(ev->alloc, &items, &ev->member_cap, ev->member_n + 1, sizeof(tw_eval_member),
                ROWS_MAX) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    ev->members_own = items;
    ev->members_own[ev->member_n++] = (tw_eval_member){row, alert};
    if (ev->rows_own[row].alert == UINT32_MAX)
        ev->rows_own[row].alert = alert;
    return TW_OK;
}

static tw_status add_alert(evaluation *ev, const tw_alert_view *view, tw_err *err)
{
    void *items = ev->alerts_own;
    tw_table_slot *slot;
    tw_eval_alert alert = {.created_ms = view->created_ms};
    if (number_of(&ev->stores, tw_hash_str(view->store_id, 3), &alert.store) != TW_OK ||
        tw_grow(ev->alloc, &items, &ev->alert_cap, ev->alert_n + 1, sizeof(alert), ROWS_MAX) !=
            TW_OK ||
        tw_table_at(&ev->by_alert, tw_alert_key_from(view->alert_id), &slot) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the alerts");
    ev->alerts_own = items;
    slot->value = (uint32_t)ev->alert_n;
    ev->alerts_own[ev->alert_n++] = alert;
    for (size_t i = 0; i < view->transaction_id_n; i++) {
        const tw_table_slot *row = tw_table_find(&ev->by_seq, seq_key(view->seqs[i]));
        if (row)
            TW_TRY(add_member(ev, row->value, slot->value, err));
    }
    return TW_OK;
}

static tw_status read_alerts(evaluation *ev, tw_service *service, tw_err *err)
{
    tw_arena arena;
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    tw_status status = TW_OK;
    tw_alert_query query = {.from_ms = ev->from_ms > 0 ? ev->from_ms : 0,
                            .to_ms = ev->to_ms,
                            .sort = TW_ALERT_SORT_CREATED,
                            .limit = TW_LEDGER_PAGE_MAX};
    tw_arena_init(&arena, ev->alloc, 0, (size_t)512 << 20);
    do {
        tw_alert_list page;
        tw_arena_reset(&arena);
        query.cursor = tw_str_from(cursor);
        status = tw_query_alerts(service, &query, &arena, &page, err);
        for (size_t i = 0; status == TW_OK && i < page.n; i++)
            status = add_alert(ev, &page.items[i], err);
        if (status == TW_OK)
            tw_str_copy(page.next_cursor, cursor, sizeof(cursor));
    } while (status == TW_OK && cursor[0] != '\0');
    tw_arena_release(&arena);
    return status;
}

// An alert lists its newest transactions only: a second pass adds those that name it in their
// score.
static tw_status add_named(void *ctx, const tw_scored *scored, tw_err *err)
{
    evaluation *ev = ctx;
    if (scored->score.alert_key == 0)
        return TW_OK;
    const tw_table_slot *alert = tw_table_find(&ev->by_alert, scored->score.alert_key);
    const tw_table_slot *row = tw_table_find(&ev->by_seq, seq_key(scored->seq));
    return alert && row ? add_member(ev, row->value, alert->value, err) : TW_OK;
}

static tw_status keep_thieves(evaluation *ev, tw_err *err)
{
    tw_table counts;
    tw_status status = TW_OK;
    tw_table_init(&counts, ev->alloc, ROWS_MAX);
    for (int pass = 0; status == TW_OK && pass < 2; pass++)
        for (size_t i = 0; status == TW_OK && i < ev->row_n; i++) {
            tw_eval_row *row = &ev->rows_own[i];
            uint64_t pair = (uint64_t)row->thief << 8 | row->scheme;
            tw_table_slot *slot;
            if (!row->fraud)
                continue;
            status = tw_table_at(&counts, tw_hash64(&pair, sizeof(pair), 7), &slot);
            if (status == TW_OK && pass == 0)
                slot->spare++;
            else if (status == TW_OK && slot->spare < THIEF_DEEDS)
                row->thief = UINT32_MAX;
        }
    tw_table_release(&counts);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the thieves");
}

// --- the command
// ----------------------------------------------------------------------------------

static tw_status evaluate(evaluation *ev, tw_service *service, tw_eval *out, tw_err *err)
{
    TW_TRY(read_labels(ev, err));
    TW_TRY(read_scores(ev, err));
    TW_TRY(tw_query_scored(service, add_row, ev, err));
    if (ev->row_n == 0)
        return tw_fail(err, TW_INVALID, "none of the labelled transactions is in the journal");
    TW_TRY(read_alerts(ev, service, err));
    TW_TRY(tw_query_scored(service, add_named, ev, err));
    TW_TRY(keep_thieves(ev, err));
    tw_eval_input input = {.rows = ev->rows_own,
                           .n = ev->row_n,
                           .alerts = ev->alerts_own,
                           .alert_n = ev->alert_n,
                           .members = ev->members_own,
                           .member_n = ev->member_n,
                           .scheme_n = ev->schemes.n,
                           .threshold = ev->threshold};
    tw_status status = tw_evaluate(ev->alloc, &input, out);
    return status == TW_OK
               ? TW_OK
               : tw_fail(err, status, "the figures cannot be computed: %s", tw_status_text(status));
}

static void init(evaluation *ev)
{
    tw_table *const tables[] = {&ev->by_id,  &ev->scores,   &ev->people, &ev->stores,
                                &ev->by_seq, &ev->by_alert, &ev->pairs};
    ev->alloc = tw_alloc_system();
    for (size_t i = 0; i < TW_COUNT(tables); i++)
        tw_table_init(tables[i], ev->alloc, ROWS_MAX);
}

static void release(evaluation *ev)
{
    tw_table *const tables[] = {&ev->by_id,  &ev->scores,   &ev->people, &ev->stores,
                                &ev->by_seq, &ev->by_alert, &ev->pairs};
    for (size_t i = 0; i < TW_COUNT(tables); i++)
        tw_table_release(tables[i]);
    tw_free_array(ev->alloc, ev->labels_own, ev->label_cap, sizeof(*ev->labels_own));
    tw_free_array(ev->alloc, ev->rows_own, ev->row_cap, sizeof(*ev->rows_own));
    tw_free_array(ev->alloc, ev->alerts_own, ev->alert_cap, sizeof(*ev->alerts_own));
    tw_free_array(ev->alloc, ev->members_own, ev->member_cap, sizeof(*ev->members_own));
}

int twi_cmd_evaluate(int argc, char **argv)
{
    const char *data = NULL;
    bool is_json = false;
    evaluation ev = {.from_ms = INT64_MIN, .threshold = (double)TW_RISK_ALERT};
    const twi_option table[] = {
        {"--data", TWI_TEXT, &data},
        {"--labels", TWI_TEXT, &ev.labels_path},
        {"--scores", TWI_TEXT, &ev.scores_path},
        {"--from", TWI_TIME, &ev.from_ms},
        {"--to", TWI_TIME, &ev.to_ms},
        {"--threshold", TWI_NUMBER, &ev.threshold},
        {"--json", TWI_FLAG, &is_json},
    };
    twi_command_line line = {
        .command = "evaluate", .help = help, .options = table, .option_n = TW_COUNT(table)};
    int exit_status;
    if (!twi_parse(&line, argc, argv, &exit_status))
        return exit_status;
    if (!ev.labels_path)
        return twi_usage("evaluate", "say where the labels are with --labels FILE");
    twi_place place;
    static tw_eval figures;
    tw_err err = {0};
    init(&ev);
    tw_status status = twi_place_open(&place, twi_place_dir(data), true, &err);
    if (status == TW_OK) {
        status = twi_place_serve(&place, TW_SERVICE_READER, &err);
        if (status == TW_OK)
            status = evaluate(&ev, place.service, &figures, &err);
        twi_place_close(&place);
    }
    if (status == TW_OK && is_json)
        twi_evaluate_json(&figures, &ev.schemes, ev.unlabelled_n);
    else if (status == TW_OK)
        twi_evaluate_text(&figures, &ev.schemes, ev.unlabelled_n);
    release(&ev);
    return status == TW_OK ? twi_flush("evaluate") : twi_failed("evaluate", &err);
}
