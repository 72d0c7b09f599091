// SPDX-License-Identifier: Apache-2.0
//
// Queries of transactions: one by id, and those of a register or an employee around a moment. The
// latter scan the stored records, which carry hashes of register and employee, and decode only what
// matches.
#include "internal.h"
#include "retail/codec.h"

#define TIMELINE_DEFAULT 200
// Bounds of a scan in facts, each way.
#define TIMELINE_SCAN_FACTS UINT64_C(1000000)
#define RECENT_SCAN_FACTS UINT64_C(2000000)
// Facts that one backward step reads.
#define STEP_FACTS UINT64_C(16384)
// Arrival order is not time order: a scan goes on this far beyond the time that it looks for.
#define DISORDER_S 7200
#define SEE_OWN_WRITE_MS 1000

// --- one transaction
// ------------------------------------------------------------------------------

static tw_status fetch_fact(tw_service *service, uint64_t seq, tw_arena *arena, tw_fact *out,
                            tw_err *err)
{
    tw_buf buf;
    tw_buf_init(&buf, service->alloc, TW_BLOCK_MAX_BYTES);
    tw_status status = tw_journal_fetch(service->journal, seq, &buf, err);
    if (status == TW_OK) {
        char *copy = tw_arena_copy(arena, buf.data_own, buf.bytes);
        status = copy ? tw_fact_decode(copy, buf.bytes, arena, out) : TW_NO_MEMORY;
        if (status != TW_OK)
            tw_fail(err, status, "fact %llu: %s", (unsigned long long)seq, tw_status_text(status));
        out->seq = seq;
    }
    tw_buf_release(&buf);
    return status;
}

// Marks lines and tenders by the strongest signal that points at them.
static tw_status mark(tw_service *service, tw_arena *arena, tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    tw_guilt *lines = tw_arena_array(arena, t->line_n + 1, sizeof(*lines));
    tw_guilt *tenders = tw_arena_array(arena, t->tender_n + 1, sizeof(*tenders));
    if (!lines || !tenders)
        return TW_NO_MEMORY;
    view->lines = lines;
    view->tenders = tenders;
    if (service->mode == TW_SERVICE_READER)
        return TW_OK;
    tw_status status = TW_OK;
    const tw_detector *detector = service->core.detector_own;
    twi_gate_enter(&service->gate); // a new signal set would move the texts
    for (size_t s = view->score.fired_n; s-- > 0;) {
        uint8_t signal = view->score.fired[s].signal;
        for (size_t i = 0; i < t->line_n; i++) {
            const char *why = tw_detector_line_mark(detector, t, signal, i);
            if (why)
                lines[i] = (tw_guilt){true, twi_arena_str(arena, tw_str_from(why), &status)};
        }
        for (size_t i = 0; i < t->tender_n; i++) {
            const char *why = tw_detector_tender_mark(detector, t, signal, i);
            if (why)
                tenders[i] = (tw_guilt){true, twi_arena_str(arena, tw_str_from(why), &status)};
        }
    }
    twi_gate_leave(&service->gate);
    return status;
}

static tw_status copy_row(const twi_record *record, tw_arena *arena, const float **out)
{
    float *row = tw_arena_array(arena, TW_INPUT_N, sizeof(*row));
    if (!row)
        return TW_NO_MEMORY;
    twi_record_row(record, row);
    *out = row;
    return TW_OK;
}

static tw_status fill_signals(tw_service *service, const twi_record *record, tw_arena *arena,
                              tw_transaction_view *view)
{
    const tw_reason_text *reasons;
    size_t n;
    bool has_detector = service->mode != TW_SERVICE_READER;
    if (has_detector)
        twi_gate_enter(&service->gate);
    tw_status status = twi_record_reasons(record, has_detector ? service->core.detector_own : NULL,
                                          arena, &reasons, &n);
    if (has_detector)
        twi_gate_leave(&service->gate);
    TW_TRY(status);
    tw_signal_view *signals = tw_arena_array(arena, n + 1, sizeof(*signals));
    if (!signals)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        signals[i] = (tw_signal_view){.name = reasons[i].name,
                                      .title = reasons[i].title,
                                      .sentence = reasons[i].sentence,
                                      .strength = reasons[i].strength};
    view->signals = signals;
    view->signal_n = n;
    if (n > 0)
        view->whole = (tw_guilt){true, reasons[0].sentence};
    return TW_OK;
}

static tw_status view_of(tw_service *service, const tw_fact *fact, const twi_record *record,
                         tw_arena *arena, tw_transaction_view *out)
{
    *out = (tw_transaction_view){
        .seq = fact->seq, .received_ms = fact->received_ms, .score = record->score};
    tw_transaction *t = tw_arena_take(arena, sizeof(*t));
    if (!t)
        return TW_NO_MEMORY;
    *t = fact->as.transaction;
    out->transaction = t;
    char id[TW_ALERT_ID_BYTES];
    tw_status status = TW_OK;
    out->alert_id =
        twi_arena_str(arena, tw_str_from(tw_alert_id(record->score.alert_key, id)), &status);
    TW_TRY(status);
    TW_TRY(fill_signals(service, record, arena, out));
    if (record->row)
        TW_TRY(copy_row(record, arena, &out->row));
    return mark(service, arena, out);
}

tw_status tw_query_seq(tw_service *service, uint64_t seq, tw_arena *arena, tw_transaction_view *out,
                       tw_err *err)
{
    tw_fact fact;
    twi_record record;
    TW_TRY(fetch_fact(service, seq, arena, &fact, err));
    if (fact.kind != TW_FACT_TRANSACTION)
        return tw_fail(err, TW_NOT_FOUND, "fact %llu is no transaction", (unsigned long long)seq);
    tw_status status = twi_record_fetch(service, seq, arena, &record);
    if (status == TW_NOT_FOUND && twi_project_wait(service, seq, SEE_OWN_WRITE_MS) == TW_OK)
        status = twi_record_fetch(service, seq, arena, &record);
    if (status == TW_OK)
        status = view_of(service, &fact, &record, arena, out);
    return status == TW_OK ? TW_OK
                           : tw_fail(err, status, "the score of fact %llu cannot be read",
                                     (unsigned long long)seq);
}

tw_status tw_query_transaction(tw_service *service, tw_str transaction_id, tw_arena *arena,
                               tw_transaction_view *out, tw_err *err)
{
    tw_fact subject = {.kind = TW_FACT_TRANSACTION};
    subject.as.transaction.transaction_id = transaction_id;
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "a reader has no index of transactions");
    for (uint32_t salt = 0; salt < 4; salt++) {
        twi_gate_enter(&service->gate);
        uint64_t seq = tw_engine_find(service->core.engine_own, tw_fact_key(&subject, salt));
        twi_gate_leave(&service->gate);
        if (seq == 0)
            break;
        TW_TRY(tw_query_seq(service, seq, arena, out, err));
        if (tw_str_equal(out->transaction->transaction_id, transaction_id))
            return TW_OK;
    }
    return tw_fail(err, TW_NOT_FOUND, "there is no transaction %.*s", TW_STR_ARG(transaction_id));
}

// --- scans
// ----------------------------------------------------------------------------------------

// Collects the positions of matching transactions of one step.
typedef struct scan {
    uint32_t register_hash, employee_hash; // 0 = any
    uint64_t from_seq, to_seq;
    uint32_t from_s, to_s;       // times that count
    uint32_t newest_s, oldest_s; // seen in this step
    uint64_t *seqs;
    size_t n, cap; // the last `cap` matches of the step, a ring
} scan;

static tw_status scan_range(void *ctx, const tw_score_range *range, tw_err *err)
{
    scan *s = ctx;
    const char *at = range->bytes.at;
    size_t left = range->bytes.bytes;
    for (uint64_t seq = range->first_seq; seq < range->first_seq + range->n; seq++) {
        twi_record record;
        if (twi_record_peek(at, left, &record) != TW_OK)
            return tw_fail(err, TW_CORRUPT, "scores from %llu on cannot be read",
                           (unsigned long long)seq);
        at += record.bytes;
        left -= record.bytes;
        if (seq < s->from_seq || seq > s->to_seq || record.kind != TW_FACT_TRANSACTION)
            continue;
        s->newest_s = TW_MAX(s->newest_s, record.time_s);
        s->oldest_s = TW_MIN(s->oldest_s, record.time_s);
        bool matches = (s->register_hash == 0 || record.register_hash == s->register_hash) &&
                       (s->employee_hash == 0 || record.employee_hash == s->employee_hash) &&
                       record.time_s >= s->from_s && record.time_s <= s->to_s;
        if (matches)
            s->seqs[s->n++ % s->cap] = seq;
    }
    return TW_OK;
}

static tw_status scan_step(tw_service *service, scan *s, uint64_t from_seq, uint64_t to_seq)
{
    s->from_seq = from_seq;
    s->to_seq = to_seq;
    s->n = 0;
    s->newest_s = 0;
    s->oldest_s = UINT32_MAX;
    return tw_ledger_score_read(service->ledger, from_seq, to_seq, scan_range, s, NULL);
}

// Match i of the step from its end, 0 = the newest.
static uint64_t match_from_end(const scan *s, size_t i)
{
    return s->seqs[(s->n - 1 - i) % s->cap];
}

// Newest matches at or before `seq`, newest first.
static tw_status scan_back(tw_service *service, scan *s, uint64_t seq, uint64_t bound,
                           uint64_t *out, size_t cap, size_t *n)
{
    uint64_t scanned = 0;
    *n = 0;
    while (seq > 0 && scanned < bound && *n < cap) {
        uint64_t from = seq > STEP_FACTS ? seq - STEP_FACTS + 1 : 1;
        TW_TRY(scan_step(service, s, from, seq));
        for (size_t i = 0; i < TW_MIN(s->n, s->cap) && *n < cap; i++)
            out[(*n)++] = match_from_end(s, i);
        scanned += seq - from + 1;
        seq = from - 1;
        if (s->newest_s != 0 && s->newest_s + DISORDER_S < s->from_s)
            break;
    }
    return TW_OK;
}

// Oldest matches after `seq`, oldest first.
static tw_status scan_forward(tw_service *service, scan *s, uint64_t seq, uint64_t head,
                              uint64_t *out, size_t cap, size_t *n)
{
    uint64_t scanned = 0;
    *n = 0;
    while (seq < head && scanned < TIMELINE_SCAN_FACTS && *n < cap) {
        uint64_t to = TW_MIN(seq + STEP_FACTS, head);
        TW_TRY(scan_step(service, s, seq + 1, to));
        for (size_t i = TW_MIN(s->n, s->cap); i-- > 0 && *n < cap;)
            out[(*n)++] = match_from_end(s, i);
        scanned += to - seq;
        seq = to;
        if (s->oldest_s != UINT32_MAX && s->oldest_s > s->to_s + DISORDER_S)
            break;
    }
    return TW_OK;
}

static void sort_by_time(tw_transaction_view *views, size_t n)
{
    for (size_t i = 1; i < n; i++) { // nearly sorted already
        tw_transaction_view moved = views[i];
        size_t k = i;
        for (; k > 0 && views[k - 1].transaction->time_ms > moved.transaction->time_ms; k--)
            views[k] = views[k - 1];
        views[k] = moved;
    }
}

static tw_status views_of(tw_service *service, const uint64_t *seqs, size_t n, tw_arena *arena,
                          tw_transaction_view **out)
{
    tw_transaction_view *views = tw_arena_array(arena, n + 1, sizeof(*views));
    if (!views)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        TW_TRY(tw_query_seq(service, seqs[i], arena, &views[i], NULL));
    *out = views;
    return TW_OK;
}

tw_status tw_query_timeline(tw_service *service, uint64_t seq, int64_t before_ms, int64_t after_ms,
                            uint32_t limit, tw_arena *arena, const tw_transaction_view **out,
                            size_t *out_n)
{
    tw_fact fact;
    tw_ledger_position position;
    size_t cap = limit ? limit : TIMELINE_DEFAULT, back_n, forward_n;
    *out = NULL;
    *out_n = 0;
    TW_TRY(fetch_fact(service, seq, arena, &fact, NULL));
    if (fact.kind != TW_FACT_TRANSACTION)
        return TW_NOT_FOUND;
    (void)twi_project_wait(service, seq, SEE_OWN_WRITE_MS);
    TW_TRY(tw_ledger_get_position(service->ledger, &position, NULL));
    const tw_transaction *t = &fact.as.transaction;
    uint64_t *seqs = tw_arena_array(arena, 2 * cap, sizeof(*seqs));
    scan s = {.register_hash = twi_register_hash(t->store_id, t->register_id),
              .from_s = (uint32_t)(TW_MAX(t->time_ms - before_ms, INT64_C(0)) / TW_SECOND_MS),
              .to_s = (uint32_t)((t->time_ms + after_ms) / TW_SECOND_MS),
              .cap = cap,
              .seqs = tw_arena_array(arena, cap, sizeof(uint64_t))};
    if (!seqs || !s.seqs)
        return TW_NO_MEMORY;
    TW_TRY(scan_back(service, &s, seq, TIMELINE_SCAN_FACTS, seqs, cap - cap / 3, &back_n));
    TW_TRY(scan_forward(service, &s, seq, position.seq, seqs + back_n, cap - back_n, &forward_n));
    tw_transaction_view *views;
    TW_TRY(views_of(service, seqs, back_n + forward_n, arena, &views));
    sort_by_time(views, back_n + forward_n);
    *out = views;
    *out_n = back_n + forward_n;
    return TW_OK;
}

tw_status tw_query_recent(tw_service *service, tw_str employee_id, uint32_t limit, tw_arena *arena,
                          const tw_transaction_view **out, size_t *out_n)
{
    tw_ledger_position position;
    size_t cap = limit ? limit : 50, n;
    *out = NULL;
    *out_n = 0;
    TW_TRY(tw_ledger_get_position(service->ledger, &position, NULL));
    uint64_t *seqs = tw_arena_array(arena, cap, sizeof(*seqs));
    scan s = {.employee_hash = twi_employee_hash(employee_id),
              .to_s = UINT32_MAX,
              .cap = cap,
              .seqs = tw_arena_array(arena, cap, sizeof(uint64_t))};
    if (!seqs || !s.seqs)
        return TW_NO_MEMORY;
    TW_TRY(scan_back(service, &s, position.seq, RECENT_SCAN_FACTS, seqs, cap, &n));
    tw_transaction_view *views;
    TW_TRY(views_of(service, seqs, n, arena, &views));
    *out = views;
    *out_n = n;
    return TW_OK;
}
