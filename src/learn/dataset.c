// SPDX-License-Identifier: Apache-2.0
//
// Building a training set: rows while the replay goes, labels when it is over. A row is what the
// detector was asked (its inputs, before any classifier); what verdicts say of it is resolved at
// the end, by the cut, so that no order of events can let a later verdict in.
#include "learn/dataset.h"

#include <math.h>

#include "retail/money.h"
#include "rows.h"
#include "run.h"

#define ROWS_DEFAULT 1000000
#define NO_ALERT UINT32_MAX
#define NO_SCHEME 0xff
// As the detector: an id with more transactions in a day is no person, and its rows are not alike.
#define PERSON_DAY_MAX 1500.0f

typedef struct alert_entry {
    uint64_t key;
    uint64_t entity;
    uint8_t scheme;
    uint8_t verdict; // latest known, or TWI_NO_VERDICT
} alert_entry;

typedef struct builder {
    const tw_alloc *alloc;
    const tw_dataset_options *options;
    int64_t from_ms, to_ms, cut_ms; // to and cut: INT64_MAX = open
    twi_rows rows;
    tw_dataset *out;
    tw_table alert_table; // hash of the key -> index
    alert_entry *alerts_own;
    size_t alert_n, alert_cap;
    uint32_t *said_own; // first verdicts of the transactions in range
    size_t said_n, said_cap;
    size_t scheme_cap;
    uint8_t signal_scheme[TW_SIGNAL_IDS_MAX + 1]; // by number; NO_SCHEME = not looked up yet
    tw_entity_kind scheme_entity[NO_SCHEME];      // of the schemes
    tw_table open_cases; // cases with a confirmed or undecided alert at the cut
} builder;

// --- names
// -----------------------------------------------------------------------------------------

static tw_status scheme_at(builder *b, tw_str name, tw_entity_kind entity, uint8_t *out)
{
    tw_dataset *d = b->out;
    size_t i = 0;
    *out = NO_SCHEME;
    while (i < d->scheme_n && !tw_str_equal(tw_str_from(d->schemes_own[i]), name))
        i++;
    if (i == NO_SCHEME)
        return TW_OK; // more schemes in one history than any gate could compare
    if (i == d->scheme_n) {
        void *schemes = d->schemes_own;
        tw_status status =
            tw_grow(b->alloc, &schemes, &b->scheme_cap, i + 1, sizeof d->schemes_own[0], NO_SCHEME);
        d->schemes_own = schemes;
        TW_TRY(status);
        memset(d->schemes_own[i], 0, sizeof d->schemes_own[i]);
        tw_str_copy(name, d->schemes_own[i], sizeof d->schemes_own[i]);
        d->scheme_n++;
    }
    b->scheme_entity[i] = entity;
    *out = (uint8_t)i;
    return TW_OK;
}

static tw_status scheme_of_signal(builder *b, const tw_detector *detector, uint8_t signal,
                                  uint8_t *out)
{
    tw_signal_info info;
    tw_scheme_info scheme;
    *out = b->signal_scheme[signal];
    const tw_signal_set *set = tw_detector_signals(detector);
    if (*out != NO_SCHEME || !tw_detector_signal(detector, signal, &info) ||
        info.scheme >= tw_signal_set_scheme_n(set))
        return TW_OK;
    tw_signal_set_scheme(set, info.scheme, &scheme);
    TW_TRY(scheme_at(b, scheme.name, scheme.entity, out));
    b->signal_scheme[signal] = *out;
    return TW_OK;
}

static uint64_t entity_hash(tw_entity_kind kind, tw_str id)
{
    return tw_hash_str(id, 71 + (uint64_t)kind);
}

static uint32_t case_of(uint64_t entity, uint8_t scheme)
{
    return (uint32_t)tw_hash_pair(entity, (uint64_t)scheme + 1) | 1;
}

// --- alerts
// ----------------------------------------------------------------------------------------

static uint32_t alert_find(const builder *b, uint64_t key)
{
    const tw_table_slot *slot = tw_table_find(&b->alert_table, tw_hash64(&key, sizeof key, 0));
    return slot ? slot->value : NO_ALERT;
}

static tw_status alert_add(builder *b, const tw_alert *alert)
{
    tw_table_slot *slot;
    void *alerts = b->alerts_own;
    tw_status status =
        tw_grow(b->alloc, &alerts, &b->alert_cap, b->alert_n + 1, sizeof *b->alerts_own, NO_ALERT);
    b->alerts_own = alerts;
    TW_TRY(status);
    alert_entry entry = {.key = alert->key, .verdict = TWI_NO_VERDICT};
    entry.entity = entity_hash(alert->entity, tw_str_from(alert->entity_id));
    TW_TRY(scheme_at(b, tw_str_from(alert->scheme), alert->entity, &entry.scheme));
    TW_TRY(tw_table_at(&b->alert_table, tw_hash64(&alert->key, sizeof alert->key, 0), &slot));
    slot->value = (uint32_t)b->alert_n;
    b->alerts_own[b->alert_n++] = entry;
    return TW_OK;
}

// The row belongs to the alert, unless it came to an earlier one before.
static void join_alert(builder *b, uint64_t seq, uint32_t alert, bool opens)
{
    size_t i = twi_rows_find(&b->rows, seq);
    if (i == SIZE_MAX)
        return;
    tw_example *example = &b->rows.examples_own[i];
    twi_rows_keep(&b->rows, i);
    if (example->alert != NO_ALERT && !opens)
        return;
    example->alert = alert;
    example->entity = b->alerts_own[alert].entity;
    example->scheme = b->alerts_own[alert].scheme;
    example->opened = opens;
}

static tw_status take_change(builder *b, const tw_alert_change *change, uint64_t seq)
{
    if (change->event == TW_ALERT_OPENED) {
        TW_TRY(alert_add(b, change->alert));
        uint32_t alert = (uint32_t)b->alert_n - 1;
        for (uint32_t i = 0; i < change->alert->seq_n; i++)
            join_alert(b, change->alert->seqs[i], alert, change->alert->seqs[i] == seq);
    } else if (change->event == TW_ALERT_GREW) {
        uint32_t alert = alert_find(b, change->alert->key);
        if (alert != NO_ALERT)
            join_alert(b, seq, alert, false);
    }
    return TW_OK;
}

static void take_alert_verdict(builder *b, const twi_run *run, const tw_verdict *verdict,
                               const tw_scored_fact *scored)
{
    uint32_t alert = alert_find(b, tw_alert_key_from(verdict->alert_id));
    if (alert == NO_ALERT || run->clock_ms > b->cut_ms)
        return;
    b->alerts_own[alert].verdict = (uint8_t)verdict->verdict;
    for (size_t k = 0; k < scored->verdict_seq_n; k++) {
        size_t i = twi_rows_find(&b->rows, scored->verdict_seqs[k]);
        if (i != SIZE_MAX)
            b->rows.states_own[i].alert_verdict = (uint8_t)verdict->verdict;
    }
}

// --- transactions
// ----------------------------------------------------------------------------------

// The stratum by all that any verdict will ever say; what is not known at the cut is taken back.
static twi_stratum stratum_of(const twi_run *run, const tw_scored_fact *scored)
{
    bool is_fired = scored->score.fired_n > 0;
    if (scored->score.alert_key != 0 || scored->score.is_audit)
        return TWI_STRATUM_KEPT;
    if (run->said == TW_TABLE_NONE)
        return is_fired ? TWI_STRATUM_FIRED : TWI_STRATUM_PLAIN;
    uint32_t last = run->said;
    while (run->book.items_own[last].next != TW_TABLE_NONE)
        last = run->book.items_own[last].next;
    unsigned verdict = run->book.items_own[last].verdict;
    if (verdict == TW_VERDICT_CONFIRMED || verdict == TW_VERDICT_INCONCLUSIVE)
        return TWI_STRATUM_KEPT;
    return is_fired ? TWI_STRATUM_FIRED : TWI_STRATUM_NEGATIVE;
}

// What rows without an alert are resampled by: who was at the till, or whose card it was when no
// person was, or nothing.
static uint64_t entity_of(const tw_fact *fact, const float *inputs)
{
    const tw_transaction *t = &fact->as.transaction;
    tw_str account = tw_transaction_account(t);
    if (!(inputs[TW_F_emp_n_1d] > PERSON_DAY_MAX))
        return entity_hash(TW_ENTITY_EMPLOYEE, t->employee_id);
    return account.bytes > 0 ? entity_hash(TW_ENTITY_ACCOUNT, account)
                             : tw_hash64(&fact->seq, sizeof fact->seq, 71);
}

static tw_str id_of(tw_entity_kind kind, const tw_transaction *t)
{
    if (kind == TW_ENTITY_ACCOUNT)
        return tw_transaction_account(t);
    if (kind == TW_ENTITY_REGISTER)
        return t->register_id;
    return kind == TW_ENTITY_STORE ? t->store_id : t->employee_id;
}

// Cases of the signals that fired; *scheme is that of the strongest.
static tw_status take_cases(builder *b, const tw_detector *detector, const tw_transaction *t,
                            const tw_score *score, twi_row_state *state, uint8_t *scheme)
{
    for (size_t i = 0; i < score->fired_n; i++) {
        uint8_t at;
        TW_TRY(scheme_of_signal(b, detector, score->fired[i].signal, &at));
        if (i == 0)
            *scheme = at;
        if (at == NO_SCHEME)
            continue;
        tw_entity_kind kind = b->scheme_entity[at];
        state->cases[i] = case_of(entity_hash(kind, id_of(kind, t)), at);
    }
    return TW_OK;
}

static double major_units(const tw_transaction *t)
{
    double minor = fabs((double)t->total_minor);
    for (int i = tw_currency_exponent(t->currency); i > 0; i--)
        minor /= 10;
    return minor;
}

static tw_status add_row(builder *b, const twi_run *run, const tw_fact *fact,
                         const tw_scored_fact *scored)
{
    twi_stratum stratum = stratum_of(run, scored);
    if (!twi_rows_holds(&b->rows, stratum, fact->seq))
        return TW_OK;
    const tw_score *score = &scored->score;
    const float *inputs = tw_detector_inputs(run->detector_own);
    tw_example example = {.seq = fact->seq,
                          .time_ms = fact->as.transaction.time_ms,
                          .day = tw_engine_day(run->engine_own),
                          .alert = NO_ALERT,
                          .entity = entity_of(fact, inputs),
                          .weight = twi_rows_weight(&b->rows, stratum),
                          .evidence = inputs[TW_INPUT_evidence],
                          .risk = score->risk,
                          .scheme = NO_SCHEME,
                          .amount = major_units(&fact->as.transaction)};
    twi_row_state state = {.said = run->said,
                           .stratum = (uint8_t)stratum,
                           .alert_verdict = TWI_NO_VERDICT,
                           .is_audit = score->is_audit,
                           .is_fired = score->fired_n > 0};
    TW_TRY(take_cases(b, run->detector_own, &fact->as.transaction, score, &state, &example.scheme));
    return twi_rows_add(&b->rows, &example, &state, inputs);
}

static tw_status note_said(builder *b, uint32_t said)
{
    void *items = b->said_own;
    tw_status status =
        tw_grow(b->alloc, &items, &b->said_cap, b->said_n + 1, sizeof *b->said_own, TW_TABLE_NONE);
    b->said_own = items;
    TW_TRY(status);
    b->said_own[b->said_n++] = said;
    return TW_OK;
}

static tw_status take_transaction(builder *b, const twi_run *run, const tw_fact *fact,
                                  const tw_scored_fact *scored)
{
    tw_dataset *d = b->out;
    int64_t time_ms = fact->as.transaction.time_ms;
    if (time_ms >= b->from_ms && time_ms < b->to_ms) {
        d->from_ms = d->transaction_n == 0 ? time_ms : TW_MIN(d->from_ms, time_ms);
        d->to_ms = d->transaction_n++ == 0 ? time_ms : TW_MAX(d->to_ms, time_ms);
        if (run->said != TW_TABLE_NONE)
            TW_TRY(note_said(b, run->said));
        TW_TRY(add_row(b, run, fact, scored));
    }
    // What comes at or after the cut tells nothing, not even that an alert came of it.
    for (size_t i = 0; i < scored->change_n && time_ms < b->cut_ms; i++)
        TW_TRY(take_change(b, &scored->changes[i], fact->seq));
    return TW_OK;
}

static tw_status visit(void *ctx, const twi_run *run, const tw_fact *fact,
                       const tw_scored_fact *scored, tw_err *err)
{
    builder *b = ctx;
    tw_status status = TW_OK;
    if (fact->kind == TW_FACT_TRANSACTION) {
        status = take_transaction(b, run, fact, scored);
    } else if (fact->kind == TW_FACT_VERDICT && fact->as.verdict.alert_id.bytes > 0) {
        take_alert_verdict(b, run, &fact->as.verdict, scored);
    } else if (fact->kind == TW_FACT_CONFIG && fact->as.config.kind == TW_CONFIG_SIGNALS) {
        memset(b->signal_scheme, NO_SCHEME, sizeof b->signal_scheme);
    } else if (fact->kind == TW_FACT_CONFIG && fact->as.config.kind == TW_CONFIG_MODEL) {
        tw_str_copy(fact->as.config.name, b->out->model_id_text, sizeof b->out->model_id_text);
    }
    b->out->last_seq = fact->seq;
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the training set");
}

// --- labels
// ----------------------------------------------------------------------------------------

typedef enum label { LABEL_NONE, LABEL_HONEST, LABEL_FRAUD, LABEL_UNDECIDED } label;

static label label_of(unsigned verdict)
{
    switch (verdict) {
    case TW_VERDICT_CONFIRMED:
        return LABEL_FRAUD;
    case TW_VERDICT_REFUTED:
    case TW_VERDICT_OPERATIONAL:
        return LABEL_HONEST;
    default:
        return LABEL_UNDECIDED;
    }
}

static label label_said(const builder *b, const twi_known_book *book, uint32_t said)
{
    const twi_known *k = twi_known_latest(book, said, b->cut_ms);
    return k ? label_of(k->verdict) : LABEL_NONE;
}

static label label_of_alert(const builder *b, const tw_example *example, const twi_row_state *state)
{
    unsigned verdict = state->alert_verdict;
    if (verdict == TWI_NO_VERDICT)
        verdict = b->alerts_own[example->alert].verdict;
    return verdict == TWI_NO_VERDICT ? LABEL_UNDECIDED : label_of(verdict);
}

// A signal fired for an entity and scheme about which somebody found theft, or has not decided: an
// act that the alert does not hold, too many or too early, and no example of honesty.
static bool is_of_open_case(const builder *b, const twi_row_state *state)
{
    for (size_t i = 0; i < TW_FIRED_MAX; i++)
        if (state->cases[i] != 0 && tw_table_find(&b->open_cases, state->cases[i]))
            return true;
    return false;
}

static tw_status list_open_cases(builder *b)
{
    for (size_t i = 0; i < b->alert_n; i++) {
        const alert_entry *alert = &b->alerts_own[i];
        tw_table_slot *slot;
        label said = alert->verdict == TWI_NO_VERDICT ? LABEL_UNDECIDED : label_of(alert->verdict);
        if (said == LABEL_HONEST)
            continue;
        TW_TRY(tw_table_at(&b->open_cases, case_of(alert->entity, alert->scheme), &slot));
        slot->value = 0;
    }
    return TW_OK;
}

// A row that was kept for a verdict that nobody knows yet goes back to the others' stratum.
static bool take_back(builder *b, tw_example *example, const twi_row_state *state)
{
    twi_stratum own = state->is_fired ? TWI_STRATUM_FIRED : TWI_STRATUM_PLAIN;
    if (state->stratum == own || state->is_audit)
        return true;
    example->weight *= twi_rows_weight(&b->rows, own);
    return twi_rows_holds(&b->rows, own, example->seq);
}

// Label, source and counters of a row; false = it is left out.
static bool resolve(builder *b, const twi_known_book *book, size_t i)
{
    tw_dataset *d = b->out;
    tw_example *example = &b->rows.examples_own[i];
    const twi_row_state *state = &b->rows.states_own[i];
    label said = label_said(b, book, state->said);
    label result = said;
    if (said != LABEL_NONE) {
        example->source = state->is_audit ? TW_EXAMPLE_AUDIT : TW_EXAMPLE_TRANSACTION;
    } else if (example->alert != NO_ALERT) {
        example->source = TW_EXAMPLE_ALERT;
        result = label_of_alert(b, example, state);
        d->confirmed_n += result == LABEL_FRAUD;
        d->refuted_n += result == LABEL_HONEST;
        d->undecided_n += result == LABEL_UNDECIDED;
    } else {
        example->source = state->is_fired ? TW_EXAMPLE_FIRED : TW_EXAMPLE_PLAIN;
        if (!take_back(b, example, state))
            return false;
        if (is_of_open_case(b, state)) {
            d->undecided_n++;
            return false;
        }
    }
    example->label = result == LABEL_FRAUD;
    if (example->source == TW_EXAMPLE_AUDIT && result != LABEL_UNDECIDED) {
        d->audit_n++;
        d->audit_confirmed_n += example->label;
    }
    return result != LABEL_UNDECIDED;
}

static void resolve_all(builder *b, const twi_known_book *book)
{
    tw_dataset *d = b->out;
    size_t kept = 0;
    for (size_t i = 0; i < b->said_n; i++) {
        label said = label_said(b, book, b->said_own[i]);
        d->confirmed_n += said == LABEL_FRAUD;
        d->refuted_n += said == LABEL_HONEST;
        d->undecided_n += said == LABEL_UNDECIDED;
    }
    for (size_t i = 0; i < b->rows.n; i++)
        if (resolve(b, book, i))
            twi_rows_move(&b->rows, i, kept++);
    b->rows.n = kept;
}

// Rows without a verdict count as honest, but the audit tells which share of them is not. That
// share of their weight moves to the audited frauds, which stand for the unseen ones; together
// these weigh no more than the other frauds, as a few rows with the weight of thousands teach
// nothing but themselves.
static void correct_weights(builder *b)
{
    const tw_dataset *d = b->out;
    double unseen = 0, frauds = 0;
    if (d->audit_confirmed_n == 0)
        return;
    for (size_t i = 0; i < b->rows.n; i++) {
        const tw_example *e = &b->rows.examples_own[i];
        bool is_unseen = e->source == TW_EXAMPLE_PLAIN || e->source == TW_EXAMPLE_FIRED;
        unseen += is_unseen ? (double)e->weight : 0;
        frauds += e->label && e->source != TW_EXAMPLE_AUDIT ? (double)e->weight : 0;
    }
    double share = (double)d->audit_confirmed_n / (double)d->audit_n;
    double each =
        TW_MAX(1.0, TW_MIN(unseen / (double)d->audit_n, frauds / (double)d->audit_confirmed_n));
    for (size_t i = 0; i < b->rows.n; i++) {
        tw_example *e = &b->rows.examples_own[i];
        if (e->source == TW_EXAMPLE_PLAIN || e->source == TW_EXAMPLE_FIRED)
            e->weight = (float)((double)e->weight * (1 - share));
        else if (e->source == TW_EXAMPLE_AUDIT && e->label)
            e->weight = (float)((double)e->weight * each);
    }
}

// --- the whole
// -------------------------------------------------------------------------------------

static tw_status shrink(const tw_alloc *alloc, void **block, size_t cap, size_t n, size_t size)
{
    if (n == cap || n == 0)
        return TW_OK;
    void *moved = alloc->resize(alloc->ctx, *block, cap * size, n * size);
    if (!moved)
        return TW_NO_MEMORY;
    *block = moved;
    return TW_OK;
}

// Rows and schemes become the caller's, in blocks of their exact size.
static tw_status hand_over(builder *b)
{
    twi_rows *rows = &b->rows;
    tw_dataset *d = b->out;
    size_t n = rows->n;
    void *examples = rows->examples_own, *x = rows->x_own, *schemes = d->schemes_own;
    TW_TRY(shrink(b->alloc, &schemes, b->scheme_cap, d->scheme_n, sizeof d->schemes_own[0]));
    d->schemes_own = schemes;
    b->scheme_cap = d->scheme_n;
    if (n == 0)
        return TW_OK;
    TW_TRY(shrink(b->alloc, &examples, rows->example_cap, n, sizeof *rows->examples_own));
    rows->examples_own = examples;
    rows->example_cap = n;
    TW_TRY(shrink(b->alloc, &x, rows->x_cap, n, TW_INPUT_N * sizeof *rows->x_own));
    rows->x_own = x;
    rows->x_cap = n;
    d->examples_own = rows->examples_own;
    d->x_own = rows->x_own;
    d->n = d->cap = n;
    rows->examples_own = NULL;
    rows->x_own = NULL;
    rows->example_cap = rows->x_cap = 0;
    return TW_OK;
}

static tw_status finish(builder *b, const twi_known_book *book)
{
    TW_TRY(list_open_cases(b));
    resolve_all(b, book);
    correct_weights(b);
    b->out->alert_n = b->alert_n;
    b->out->first_seq = b->out->last_seq > 0;
    b->out->plain_rate = 1 / (double)twi_rows_weight(&b->rows, TWI_STRATUM_PLAIN);
    return hand_over(b);
}

static tw_status build(builder *b, const tw_journal *journal, tw_err *err)
{
    twi_run run;
    tw_replay_options replay = {.label_delay_ms = b->options->label_delay_ms,
                                .progress = b->options->progress,
                                .progress_ctx = b->options->progress_ctx};
    tw_status status = twi_run_init(&run, b->alloc, journal, &replay, err);
    if (status == TW_OK) {
        run.visit = visit;
        run.ctx = b;
        status = twi_run_go(&run, err);
    }
    if (status == TW_OK) {
        status = finish(b, &run.book);
        if (status != TW_OK)
            tw_fail(err, status, "no memory for the training set");
    }
    twi_run_release(&run);
    return status;
}

static void builder_release(builder *b)
{
    twi_rows_release(&b->rows);
    tw_table_release(&b->alert_table);
    tw_table_release(&b->open_cases);
    tw_free_array(b->alloc, b->alerts_own, b->alert_cap, sizeof *b->alerts_own);
    tw_free_array(b->alloc, b->said_own, b->said_cap, sizeof *b->said_own);
}

tw_status tw_dataset_build(const tw_alloc *alloc, const tw_journal *journal,
                           const tw_dataset_options *options, tw_dataset *out, tw_err *err)
{
    *out = (tw_dataset){.alloc = alloc};
    builder b = {.alloc = alloc, .options = options, .out = out};
    b.from_ms = options->from_ms != 0 ? options->from_ms : INT64_MIN;
    b.cut_ms = options->cut_ms != 0 ? options->cut_ms : INT64_MAX;
    b.to_ms = TW_MIN(options->to_ms != 0 ? options->to_ms : INT64_MAX, b.cut_ms);
    memset(b.signal_scheme, NO_SCHEME, sizeof b.signal_scheme);
    tw_table_init(&b.alert_table, alloc, NO_ALERT);
    tw_table_init(&b.open_cases, alloc, NO_ALERT);
    twi_rows_init(&b.rows, alloc, options->rows_max != 0 ? options->rows_max : ROWS_DEFAULT);
    tw_status status = build(&b, journal, err);
    if (status != TW_OK) {
        tw_free_array(alloc, out->schemes_own, b.scheme_cap, sizeof out->schemes_own[0]);
        builder_release(&b);
        *out = (tw_dataset){0};
        return status;
    }
    builder_release(&b);
    out->model_id = tw_str_from(out->model_id_text);
    return TW_OK;
}

void tw_dataset_release(tw_dataset *dataset)
{
    const tw_alloc *alloc = dataset->alloc;
    if (!alloc)
        return;
    tw_free_array(alloc, dataset->examples_own, dataset->cap, sizeof *dataset->examples_own);
    tw_free_array(alloc, dataset->x_own, dataset->cap, TW_INPUT_N * sizeof *dataset->x_own);
    tw_free_array(alloc, dataset->schemes_own, dataset->scheme_n, sizeof dataset->schemes_own[0]);
    *dataset = (tw_dataset){0};
}
