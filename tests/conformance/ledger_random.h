// SPDX-License-Identifier: Apache-2.0
//
// Random batches and queries on a ledger, written down as bytes: two adapters that are given the
// same seed must write the same. Part of test_ledger_conformance.c, whose fixture it uses.
#ifndef TW_TESTS_LEDGER_RANDOM_H
#define TW_TESTS_LEDGER_RANDOM_H

typedef struct random_ledger {
    fixture *f;
    tw_rng rng;
    tw_arena arena; // of one step
    tw_buf log;
    uint64_t seq;
} random_ledger;

static tw_str random_text(random_ledger *r, const char *prefix, uint32_t n)
{
    char text[64];
    int bytes = snprintf(text, sizeof(text), "%s%u", prefix, tw_rng_below(&r->rng, n));
    return (tw_str){tw_arena_copy(&r->arena, text, (size_t)bytes), (size_t)bytes};
}

static tw_str random_or_none(random_ledger *r, const char *prefix, uint32_t n, uint32_t one_in)
{
    return tw_rng_below(&r->rng, one_in) == 0 ? random_text(r, prefix, n) : TW_STR_NONE;
}

static tw_str random_status(random_ledger *r)
{
    const tw_str statuses[] = {TW_STR("NEW"), TW_STR("IN_REVIEW"), TW_STR("CLOSED")};
    return statuses[tw_rng_below(&r->rng, 3)];
}

static int64_t random_ms(random_ledger *r)
{
    return tw_rng_below(&r->rng, 100);
}

static tw_alert_row random_alert(random_ledger *r)
{
    tw_alert_key *keys = tw_arena_array(&r->arena, 4, sizeof(*keys));
    tw_alert_row row = {.alert_id = random_text(r, "A-", 60),
                        .created_ms = tw_rng_below(&r->rng, 100) - INT64_C(10),
                        .updated_ms = tw_rng_below(&r->rng, 5),
                        .status = random_status(r),
                        .type = random_text(r, "TYPE", 2),
                        .scheme = random_text(r, "scheme", 3),
                        .entity_kind = random_text(r, "kind", 2),
                        .entity_id = random_text(r, "E", 5),
                        .store_id = random_text(r, "S", 4),
                        .employee_id = random_or_none(r, "M", 5, 2),
                        .register_id = random_or_none(r, "R", 3, 2),
                        .currency = random_text(r, "C", 2),
                        .risk_score = tw_rng_below(&r->rng, 9) / 8.0,
                        .rank = tw_rng_below(&r->rng, 3) ? tw_rng_normal(&r->rng) : -0.0,
                        .exposure_minor = tw_rng_below(&r->rng, 2000) - INT64_C(500),
                        .transaction_n = tw_rng_below(&r->rng, 9),
                        .first_seq = tw_rng_below(&r->rng, 1000),
                        .last_seq = tw_rng_below(&r->rng, 1000),
                        .body = random_or_none(r, "{}", 1000, 2),
                        .assignee = random_or_none(r, "u", 3, 2),
                        .case_id = random_or_none(r, "C-", 4, 4),
                        .verdict = random_or_none(r, "VERDICT", 3, 3),
                        .snoozed_until_ms = tw_rng_below(&r->rng, 3) ? 0 : random_ms(r),
                        .first_viewed_ms = random_ms(r),
                        .decided_ms = tw_rng_below(&r->rng, 2) ? 0 : random_ms(r),
                        .recovered_minor = tw_rng_below(&r->rng, 900),
                        .work_seq = tw_rng_below(&r->rng, 1000),
                        .keys = keys,
                        .key_n = tw_rng_below(&r->rng, 4)};
    for (size_t i = 0; i < row.key_n; i++)
        keys[i] = (tw_alert_key){tw_rng_below(&r->rng, 3) ? 't' : 'k', random_text(r, "T-", 30)};
    return row;
}

static tw_verdict_row random_verdict(random_ledger *r)
{
    tw_str *signals = tw_arena_array(&r->arena, 4, sizeof(*signals));
    bool about_alert = tw_rng_below(&r->rng, 3) > 0;
    tw_verdict_row row = {.verdict_id = random_text(r, "V-", 40),
                          .seq = tw_rng_below(&r->rng, 50) + 1,
                          .alert_id = about_alert ? random_text(r, "A-", 10) : TW_STR_NONE,
                          .transaction_id = about_alert ? TW_STR_NONE : random_text(r, "A-", 10),
                          .verdict = random_text(r, "VERDICT", 3),
                          .reason = random_text(r, "r", 3),
                          .note = random_or_none(r, "note", 3, 2),
                          .decided_by = random_text(r, "u", 3),
                          .decided_ms = tw_rng_below(&r->rng, 9),
                          .recovered_minor = tw_rng_below(&r->rng, 9),
                          .scheme = random_or_none(r, "scheme", 3, 2),
                          .signals = signals,
                          .signal_n = tw_rng_below(&r->rng, 4)};
    for (size_t i = 0; i < row.signal_n; i++)
        signals[i] = random_text(r, "signal", 4);
    return row;
}

static tw_doc_row random_doc(random_ledger *r)
{
    tw_alert_key *keys = tw_arena_array(&r->arena, 4, sizeof(*keys));
    tw_doc_row row = {.kind = random_text(r, "kind", 2),
                      .id = random_text(r, "D-", 30),
                      .seq = tw_rng_below(&r->rng, 1000),
                      .order_ms = random_ms(r) / 10 - 3,
                      .state = random_text(r, "STATE", 3),
                      .owner = random_or_none(r, "u", 3, 2),
                      .store_id = random_or_none(r, "S", 4, 2),
                      .body = tw_rng_below(&r->rng, 5) ? random_text(r, "{}", 900) : TW_STR_NONE,
                      .keys = keys,
                      .key_n = tw_rng_below(&r->rng, 4)};
    for (size_t i = 0; i < row.key_n; i++)
        keys[i] = (tw_alert_key){tw_rng_below(&r->rng, 3) ? 'a' : 'w', random_text(r, "A-", 30)};
    return row;
}

static tw_action_row random_action(random_ledger *r)
{
    const tw_str kinds[] = {TW_STR("alert.assign"), TW_STR("alert.note"), TW_STR("alerts"),
                            TW_STR("case.open")};
    return (tw_action_row){.seq = tw_rng_below(&r->rng, 200) + 1,
                           .at_ms = random_ms(r),
                           .kind = kinds[tw_rng_below(&r->rng, 4)],
                           .subject = random_or_none(r, "A-", 9, 2),
                           .actor = random_text(r, "u", 3),
                           .about = random_or_none(r, "M", 3, 2),
                           .store_id = random_or_none(r, "S", 4, 2),
                           .body = random_or_none(r, "{}", 900, 2)};
}

static void random_apply(random_ledger *r)
{
    tw_alert_row alerts[5];
    tw_verdict_row verdicts[4];
    tw_score_range scores[3];
    tw_model_row models[2];
    tw_doc_row docs[4];
    tw_action_row actions[5];
    tw_ledger_batch batch = {.alerts = alerts,
                             .alert_n = tw_rng_below(&r->rng, 6),
                             .verdicts = verdicts,
                             .verdict_n = tw_rng_below(&r->rng, 5),
                             .scores = scores,
                             .score_n = tw_rng_below(&r->rng, 4),
                             .models = models,
                             .model_n = tw_rng_below(&r->rng, 3),
                             .docs = docs,
                             .doc_n = tw_rng_below(&r->rng, 5),
                             .actions = actions,
                             .action_n = tw_rng_below(&r->rng, 6),
                             .applied = {.seq = r->seq}};
    for (size_t i = 0; i < batch.doc_n; i++)
        docs[i] = random_doc(r);
    for (size_t i = 0; i < batch.action_n; i++)
        actions[i] = random_action(r);
    for (size_t i = 0; i < batch.alert_n; i++)
        alerts[i] = random_alert(r);
    for (size_t i = 0; i < batch.verdict_n; i++)
        verdicts[i] = random_verdict(r);
    for (size_t i = 0; i < batch.score_n; i++) {
        uint32_t n = tw_rng_below(&r->rng, 5) + 1;
        scores[i] = (tw_score_range){batch.applied.seq + 1, n, random_text(r, "scores", 100000)};
        batch.applied.seq += n;
    }
    for (size_t i = 0; i < batch.model_n; i++)
        models[i] = (tw_model_row){random_text(r, "m-", 5),     tw_rng_below(&r->rng, 9),
                                   random_text(r, "kind", 2),   random_text(r, "STATE", 2),
                                   tw_rng_below(&r->rng, 9),    random_text(r, "{}", 2),
                                   random_text(r, "hash", 1000)};
    if (tw_rng_below(&r->rng, 20) == 0 && batch.alert_n > 0)
        alerts[batch.alert_n - 1].alert_id = TW_STR_NONE; // the whole batch is refused
    tw_status status = tw_ledger_apply(&r->f->ledger, &batch, NULL);
    tw_buf_u8(&r->log, (uint8_t)status);
    if (status == TW_OK)
        r->seq = batch.applied.seq;
}

// Now and then a list that no query binds value by value.
static tw_str_list random_stores(random_ledger *r)
{
    size_t n = tw_rng_below(&r->rng, 4) ? tw_rng_below(&r->rng, 3) : 40;
    tw_str *stores = tw_arena_array(&r->arena, n + 1, sizeof(*stores));
    for (size_t i = 0; i < n; i++)
        stores[i] = i < 2 ? random_text(r, "S", 4) : random_text(r, "\"x\\\n", 99);
    return (tw_str_list){stores, n};
}

static void random_work_filter(random_ledger *r, tw_alert_filter *filter)
{
    tw_str *verdicts = tw_arena_array(&r->arena, 4, sizeof(*verdicts));
    verdicts[0] = random_text(r, "VERDICT", 3);
    verdicts[1] = random_or_none(r, "VERDICT", 3, 3);
    verdicts[2] = random_or_none(r, "u", 3, 2);
    verdicts[3] = random_text(r, "u", 3);
    filter->assignees = (tw_str_list){verdicts + 2, tw_rng_below(&r->rng, 5) % 3};
    const char kinds[] = {0, 't', 'k'};
    filter->has_key.kind = kinds[tw_rng_below(&r->rng, 3)];
    filter->has_key.key = random_or_none(r, "T-", 30, 5);
    filter->case_id = random_or_none(r, "C-", 4, 6);
    filter->verdicts = (tw_str_list){verdicts, tw_rng_below(&r->rng, 4) % 3};
    filter->only_unassigned = tw_rng_below(&r->rng, 6) == 0;
    filter->awake_ms = tw_rng_below(&r->rng, 3) ? 0 : random_ms(r);
    filter->asleep_ms = tw_rng_below(&r->rng, 5) ? 0 : random_ms(r);
    filter->decided_from_ms = tw_rng_below(&r->rng, 4) ? 0 : random_ms(r);
    filter->decided_to_ms = tw_rng_below(&r->rng, 4) ? 0 : random_ms(r);
    for (size_t i = 0; i < 3 && tw_rng_below(&r->rng, 4) == 0; i++)
        filter->overdue_ms[i] = random_ms(r);
    for (size_t i = 0; i < 3 && tw_rng_below(&r->rng, 6) == 0; i++)
        filter->late_ms[i] = random_ms(r) / 2;
}

static tw_alert_filter random_filter(random_ledger *r)
{
    tw_str *lists = tw_arena_array(&r->arena, 6, sizeof(*lists));
    for (size_t i = 0; i < 2; i++) {
        lists[i] = random_status(r);
        lists[2 + i] = random_text(r, "scheme", 3);
        lists[4 + i] = random_text(r, "TYPE", 2);
    }
    const tw_str searches[] = {TW_STR("A-1"), TW_STR("T-"), TW_STR("E"), TW_STR("zz")};
    bool is_narrow = tw_rng_below(&r->rng, 2) == 0;
    tw_alert_filter filter = {
        .statuses = {lists, tw_rng_below(&r->rng, 3)},
        .stores = random_stores(r),
        .schemes = {lists + 2, tw_rng_below(&r->rng, 2)},
        .types = {lists + 4, tw_rng_below(&r->rng, 2)},
        .only_open = tw_rng_below(&r->rng, 3) == 0,
        .entity_kind = is_narrow ? random_or_none(r, "kind", 2, 4) : TW_STR_NONE,
        .entity_id = is_narrow ? random_or_none(r, "E", 5, 4) : TW_STR_NONE,
        .employee_id = is_narrow ? random_or_none(r, "M", 5, 4) : TW_STR_NONE,
        .register_id = is_narrow ? random_or_none(r, "R", 3, 4) : TW_STR_NONE,
        .transaction_id = is_narrow ? random_or_none(r, "T-", 30, 6) : TW_STR_NONE,
        .search = is_narrow && tw_rng_below(&r->rng, 3) == 0 ? searches[tw_rng_below(&r->rng, 4)]
                                                             : TW_STR_NONE,
        .min_risk = is_narrow ? tw_rng_below(&r->rng, 9) / 8.0 : 0,
        .created_from_ms = is_narrow ? tw_rng_below(&r->rng, 40) : 0,
        .created_to_ms = is_narrow ? tw_rng_below(&r->rng, 90) : 0,
    };
    if (tw_rng_below(&r->rng, 2) == 0)
        random_work_filter(r, &filter);
    return filter;
}

static void note(random_ledger *r, tw_str s)
{
    tw_buf_blob(&r->log, s);
}

static void note_alert(random_ledger *r, const tw_alert_row *row)
{
    tw_content *content = malloc(sizeof(*content));
    uint8_t hash[TW_SHA256_BYTES];
    tw_content_init(content);
    tw_content_alert(content, row);
    tw_content_end(content, hash);
    note(r, row->alert_id);
    tw_buf_put(&r->log, hash, sizeof(hash));
    free(content);
}

static void random_list(random_ledger *r)
{
    tw_err err = {0};
    tw_alert_filter filter = random_filter(r);
    tw_alert_page page = {0};
    tw_alert_page_options options = {(tw_alert_sort)tw_rng_below(&r->rng, TW_ALERT_SORT_N),
                                     tw_rng_below(&r->rng, 20) + 1, NULL,
                                     tw_rng_below(&r->rng, 4) == 0};
    do {
        char cursor[TW_LEDGER_CURSOR_BYTES];
        memcpy(cursor, page.next_cursor, sizeof(cursor));
        options.cursor = cursor;
        assert_ok(tw_ledger_alert_list(&r->f->ledger, &filter, &options, &r->arena, &page, &err));
        tw_buf_u64(&r->log, page.total);
        for (size_t i = 0; i < page.n; i++)
            note_alert(r, &page.items[i]);
        note(r, tw_str_from(page.next_cursor));
    } while (page.next_cursor[0]);
}

static void random_counts(random_ledger *r)
{
    tw_err err = {0};
    tw_alert_filter filter = random_filter(r);
    tw_alert_count *counts;
    tw_verdict_count *verdicts;
    size_t n;
    assert_ok(tw_ledger_alert_counts(&r->f->ledger, &filter,
                                     (tw_alert_group)tw_rng_below(&r->rng, TW_ALERT_GROUP_N),
                                     &r->arena, &counts, &n, &err));
    for (size_t i = 0; i < n; i++) {
        note(r, counts[i].key);
        note(r, counts[i].currency);
        tw_buf_u64(&r->log, counts[i].n);
        tw_buf_u64(&r->log, (uint64_t)counts[i].exposure_minor);
    }
    bool by_scheme = tw_rng_below(&r->rng, 2) == 0;
    tw_str key = random_or_none(r, by_scheme ? "scheme" : "signal", 3, 2);
    assert_ok(tw_ledger_verdict_counts(
        &r->f->ledger, by_scheme ? TW_VERDICT_GROUP_SCHEME : TW_VERDICT_GROUP_SIGNAL, key,
        &r->arena, &verdicts, &n, &err));
    for (size_t i = 0; i < n; i++) {
        note(r, verdicts[i].key);
        note(r, verdicts[i].verdict);
        tw_buf_u64(&r->log, verdicts[i].n);
    }
}

static tw_status note_range(void *ctx, const tw_score_range *range, tw_err *err)
{
    random_ledger *r = ctx;
    (void)err;
    tw_buf_u64(&r->log, range->first_seq);
    tw_buf_u32(&r->log, range->n);
    note(r, range->bytes);
    return TW_OK;
}

static void random_reads(random_ledger *r)
{
    tw_err err = {0};
    tw_verdict_row *verdicts;
    tw_model_row *models;
    tw_score_range range;
    size_t n;
    tw_verdict_filter filter = {.alert_id = random_or_none(r, "A-", 10, 3),
                                .transaction_id = random_or_none(r, "A-", 10, 4),
                                .before_seq = tw_rng_below(&r->rng, 40),
                                .only_current = tw_rng_below(&r->rng, 2) == 0};
    assert_ok(tw_ledger_verdict_list(&r->f->ledger, &filter, tw_rng_below(&r->rng, 20) + 1,
                                     &r->arena, &verdicts, &n, &err));
    for (size_t i = 0; i < n; i++) {
        note(r, verdicts[i].verdict_id);
        note(r, verdicts[i].note);
        tw_buf_u8(&r->log, verdicts[i].is_current);
        for (size_t k = 0; k < verdicts[i].signal_n; k++)
            note(r, verdicts[i].signals[k]);
    }
    assert_ok(tw_ledger_model_list(&r->f->ledger, &r->arena, &models, &n, &err));
    for (size_t i = 0; i < n; i++) {
        note(r, models[i].model_id);
        note(r, models[i].file_hash);
    }
    uint64_t seq = tw_rng_below(&r->rng, (uint32_t)r->seq + 5);
    tw_status status = tw_ledger_score_get(&r->f->ledger, seq, &r->arena, &range, NULL);
    tw_buf_u8(&r->log, (uint8_t)status);
    if (status == TW_OK)
        assert_ok(note_range(r, &range, &err));
    assert_ok(tw_ledger_score_read(&r->f->ledger, seq, seq + tw_rng_below(&r->rng, 30) + 1,
                                   note_range, r, &err));
}

static void note_doc(random_ledger *r, const tw_doc_row *row)
{
    const tw_str texts[] = {row->kind, row->id, row->state, row->owner, row->store_id, row->body};
    tw_buf_u64(&r->log, row->seq);
    tw_buf_u64(&r->log, (uint64_t)row->order_ms);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        note(r, texts[i]);
}

static void random_docs(random_ledger *r)
{
    tw_err err = {0};
    tw_str *states = tw_arena_array(&r->arena, 2, sizeof(*states));
    const char kinds[] = {0, 'a', 'w'};
    states[0] = random_text(r, "STATE", 3);
    states[1] = random_text(r, "STATE", 3);
    tw_doc_filter filter = {.kind = random_text(r, "kind", 2),
                            .states = {states, tw_rng_below(&r->rng, 3)},
                            .stores = random_stores(r),
                            .owner = random_or_none(r, "u", 3, 3),
                            .key_kind = kinds[tw_rng_below(&r->rng, 3)],
                            .key = random_or_none(r, "A-", 30, 2),
                            .is_prefix = tw_rng_below(&r->rng, 2) == 0};
    size_t limit = tw_rng_below(&r->rng, 9) + 1;
    tw_doc_page page = {0};
    do {
        char cursor[TW_LEDGER_CURSOR_BYTES];
        memcpy(cursor, page.next_cursor, sizeof(cursor));
        assert_ok(
            tw_ledger_doc_list(&r->f->ledger, &filter, limit, cursor, &r->arena, &page, &err));
        tw_buf_u64(&r->log, page.total);
        for (size_t i = 0; i < page.n; i++)
            note_doc(r, &page.items[i]);
        note(r, tw_str_from(page.next_cursor));
    } while (page.next_cursor[0]);
    tw_doc_row doc;
    tw_status status = tw_ledger_doc_get(&r->f->ledger, random_text(r, "kind", 2),
                                         random_text(r, "D-", 30), &r->arena, &doc, NULL);
    tw_buf_u8(&r->log, (uint8_t)status);
    note_doc(r, &doc);
}

static void random_actions(random_ledger *r)
{
    tw_err err = {0};
    const tw_str kinds[] = {TW_STR_NONE, TW_STR_NONE, TW_STR("alert."), TW_STR("case."),
                            TW_STR("alert.note")};
    tw_action_filter filter = {.subject = random_or_none(r, "A-", 9, 3),
                               .actor = random_or_none(r, "u", 3, 3),
                               .about = random_or_none(r, "M", 3, 3),
                               .kind = kinds[tw_rng_below(&r->rng, 5)],
                               .stores = random_stores(r),
                               .from_ms = tw_rng_below(&r->rng, 3) ? 0 : random_ms(r),
                               .to_ms = tw_rng_below(&r->rng, 3) ? 0 : random_ms(r),
                               .before_seq = tw_rng_below(&r->rng, 2) ? 0 : (uint64_t)random_ms(r)};
    tw_action_row *rows;
    size_t n;
    assert_ok(tw_ledger_action_list(&r->f->ledger, &filter, tw_rng_below(&r->rng, 30) + 1,
                                    &r->arena, &rows, &n, &err));
    for (size_t i = 0; i < n; i++) {
        const tw_str texts[] = {rows[i].kind,  rows[i].subject,  rows[i].actor,
                                rows[i].about, rows[i].store_id, rows[i].body};
        tw_buf_u64(&r->log, rows[i].seq);
        tw_buf_u64(&r->log, (uint64_t)rows[i].at_ms);
        for (size_t k = 0; k < TW_COUNT(texts); k++)
            note(r, texts[k]);
    }
}

static void random_step(random_ledger *r)
{
    tw_err err = {0};
    tw_arena_reset(&r->arena);
    switch (tw_rng_below(&r->rng, 10)) {
    case 0:
    case 1:
        random_list(r);
        break;
    case 2:
        random_counts(r);
        break;
    case 3:
        random_reads(r);
        break;
    case 4:
        if (tw_rng_below(&r->rng, 40) == 0) {
            assert_ok(tw_ledger_wipe_projection(&r->f->ledger, &err));
            r->seq = 0;
        } else if (tw_rng_below(&r->rng, 20) == 0) {
            reopen(r->f);
        }
        break;
    case 5:
        random_docs(r);
        break;
    case 6:
        random_actions(r);
        break;
    default:
        random_apply(r);
        break;
    }
}

#define STEPS 500

// What one adapter answered: marks[i] is the length of the log after step i; the last one has
// hashes.
typedef struct answers {
    tw_buf log;
    size_t marks[STEPS + 1];
} answers;

static void answer(const store_adapter *adapter, uint64_t seed, uint64_t round, answers *out)
{
    void *state = (void *)(uintptr_t)adapter;
    tw_err err = {0};
    random_ledger r = {0};
    set_up(&state);
    r.f = state;
    tw_rng_init(&r.rng, seed, round);
    tw_buf_init(&r.log, tw_alloc_system(), 256 << 20);
    tw_arena_init(&r.arena, tw_alloc_system(), 0, 64 << 20);
    for (size_t step = 0; step < STEPS; step++) {
        random_step(&r);
        out->marks[step] = r.log.bytes;
    }
    for (int part = 0; part < TW_LEDGER_PART_N; part++) {
        uint8_t hash[TW_SHA256_BYTES];
        assert_ok(tw_ledger_hash(&r.f->ledger, (tw_ledger_part)part, hash, &err));
        tw_buf_put(&r.log, hash, sizeof(hash));
    }
    assert_int_equal(r.log.status, TW_OK);
    out->log = r.log;
    out->marks[STEPS] = r.log.bytes;
    tw_arena_release(&r.arena);
    tear_down(&state);
}

static void random_batches_give_the_same_answers(void **state)
{
    (void)state;
    uint64_t seed = store_seed(20260106);
    for (uint64_t round = 0; round < 6; round++) {
        static answers a, b;
        answer(&store_memory, seed, round, &a);
        answer(&store_disk, seed, round, &b);
        size_t step = 0, from = 0;
        while (step <= STEPS && a.marks[step] == b.marks[step] &&
               memcmp(a.log.data_own + from, b.log.data_own + from, a.marks[step] - from) == 0)
            from = a.marks[step++];
        if (step <= STEPS)
            print_error("round %u: step %zu of %d differs\n", (unsigned)round, step, STEPS);
        assert_int_equal(step, STEPS + 1);
        tw_buf_release(&a.log);
        tw_buf_release(&b.log);
    }
}

#endif
