// SPDX-License-Identifier: Apache-2.0
//
// The ledger's contract, run against every adapter, and random batches and queries that must give
// the same answers and hashes in all of them.
#include <math.h>

#include "port/ledger_rows.h"
#include "store_support.h"

typedef struct fixture {
    const store_adapter *adapter;
    store_dir dir;
    tw_ledger ledger;
    tw_arena arena;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof(*f));
    tw_err err = {0};
    f->adapter = *state;
    store_dir_make(&f->dir);
    tw_arena_init(&f->arena, tw_alloc_system(), 0, 256 << 20);
    assert_ok(f->adapter->open_ledger(&f->dir, &f->ledger, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_ledger_close(&f->ledger);
    tw_arena_release(&f->arena);
    store_dir_remove(&f->dir);
    free(f);
    return 0;
}

static void reopen(fixture *f)
{
    tw_err err = {0};
    if (!f->adapter->is_durable)
        return;
    tw_ledger_close(&f->ledger);
    assert_ok(f->adapter->open_ledger(&f->dir, &f->ledger, &err));
}

static tw_alert_row alert_row(const char *id, double risk, const char *store)
{
    return (tw_alert_row){.alert_id = tw_str_from(id),
                          .created_ms = 1000,
                          .updated_ms = 2000,
                          .status = TW_STR("NEW"),
                          .type = TW_STR("VOID_REFUND"),
                          .scheme = TW_STR("post_void"),
                          .entity_kind = TW_STR("employee"),
                          .entity_id = TW_STR("E1"),
                          .store_id = tw_str_from(store),
                          .employee_id = TW_STR("E1"),
                          .currency = TW_STR("USD"),
                          .risk_score = risk,
                          .rank = risk * 2,
                          .exposure_minor = 1999,
                          .transaction_n = 2,
                          .first_seq = 5,
                          .last_seq = 9,
                          .body = TW_STR("{\"sentence\":\"Zwei Stornos für 19,99 €\"}")};
}

static tw_status apply_alerts(fixture *f, const tw_alert_row *rows, size_t n, uint64_t seq,
                              tw_err *err)
{
    tw_ledger_batch batch = {.alerts = rows, .alert_n = n, .applied = {.seq = seq}};
    memset(batch.applied.hash, (int)seq, sizeof(batch.applied.hash));
    return tw_ledger_apply(&f->ledger, &batch, err);
}

static uint64_t total_of(fixture *f, const tw_alert_filter *filter)
{
    tw_err err = {0};
    tw_alert_page page;
    tw_alert_page_options options = {.limit = 500};
    assert_ok(tw_ledger_alert_list(&f->ledger, filter, &options, &f->arena, &page, &err));
    assert_int_equal(page.total, page.n);
    return page.total;
}

static void the_position_moves_with_the_rows(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_ledger_position position;
    tw_alert_row row = alert_row("A-1", 0.9, "S1"), got;
    assert_int_equal(f->ledger.ops->version, TW_LEDGER_VERSION);
    assert_ok(tw_ledger_get_position(&f->ledger, &position, &err));
    assert_int_equal(position.seq, 0);
    assert_ok(apply_alerts(f, &row, 1, 10, &err));
    assert_ok(apply_alerts(f, &row, 1, 10, &err)); // the same again
    tw_alert_row bad[] = {alert_row("A-2", 0.5, "S1"), alert_row("", 0.5, "S1")};
    assert_status(apply_alerts(f, bad, 2, 12, &err), TW_INVALID);
    bad[1] = alert_row("A-3", (double)NAN, "S1");
    assert_status(apply_alerts(f, bad, 2, 12, &err), TW_INVALID);
    assert_status(apply_alerts(f, bad, 1, 9, &err), TW_CONFLICT);
    reopen(f);
    assert_ok(tw_ledger_get_position(&f->ledger, &position, &err));
    assert_int_equal(position.seq, 10);
    assert_int_equal(position.hash[31], 10);
    assert_ok(tw_ledger_alert_get(&f->ledger, row.alert_id, &f->arena, &got, &err));
    assert_true(tw_str_equal(got.body, row.body));
    assert_int_equal(got.exposure_minor, 1999);
    assert_true(got.risk_score == 0.9);
    assert_int_equal(got.register_id.bytes, 0);
    assert_int_equal(got.last_seq, 9);
    assert_status(tw_ledger_alert_get(&f->ledger, TW_STR("A-2"), &f->arena, &got, &err),
                  TW_NOT_FOUND);
    assert_int_equal(total_of(f, &(tw_alert_filter){0}), 1);
}

static void pages_follow_each_other_in_every_order(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    static char ids[230][16];
    static tw_alert_row rows[230];
    for (size_t i = 0; i < 230; i++) {
        snprintf(ids[i], sizeof(ids[i]), "A-%03zu", i);
        rows[i] = alert_row(ids[i], (double)(i % 7) / 8.0, i % 2 ? "S1" : "S2");
        rows[i].created_ms = (int64_t)(i % 11) * 1000 - 3000;
        rows[i].updated_ms = (int64_t)(i % 5);
        rows[i].exposure_minor = (int64_t)(i % 13) - 6;
        rows[i].rank = (double)(i % 3) - 1.0;
    }
    assert_ok(apply_alerts(f, rows, 230, 1, &err));
    for (int sort = 0; sort < TW_ALERT_SORT_N; sort++) {
        tw_alert_page page = {0};
        tw_alert_cursor last, next;
        size_t seen = 0;
        do {
            char cursor[TW_LEDGER_CURSOR_BYTES];
            memcpy(cursor, page.next_cursor, sizeof(cursor));
            tw_alert_page_options options = {(tw_alert_sort)sort, 23, cursor, false};
            assert_ok(tw_ledger_alert_list(&f->ledger, &(tw_alert_filter){0}, &options, &f->arena,
                                           &page, &err));
            assert_int_equal(page.total, 230);
            for (size_t i = 0; i < page.n; i++, seen++) {
                tw_alert_cursor_of(&page.items[i], (tw_alert_sort)sort, &next);
                assert_true(seen == 0 || last.real > next.real || last.integer > next.integer ||
                            (last.real == next.real && last.integer == next.integer &&
                             strcmp(last.alert_id, next.alert_id) < 0));
                last = next;
            }
        } while (page.next_cursor[0]);
        assert_int_equal(seen, 230);
    }
    tw_alert_page page;
    const tw_alert_page_options wrong[] = {{TW_ALERT_SORT_RANK, 0, NULL, false},
                                           {TW_ALERT_SORT_RANK, 501, NULL, false},
                                           {TW_ALERT_SORT_RANK, 5, "k12", false},
                                           {TW_ALERT_SORT_RANK, 5, "c00000000000000004142", false},
                                           {TW_ALERT_SORT_RANK, 5, "k00000000000000zz4142", false},
                                           {TW_ALERT_SORT_RANK, 5, "k7ff80000000000004142", false}};
    for (size_t i = 0; i < TW_COUNT(wrong); i++)
        assert_status(tw_ledger_alert_list(&f->ledger, &(tw_alert_filter){0}, &wrong[i], &f->arena,
                                           &page, &err),
                      TW_INVALID);
}

static void filters_hold_together(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_alert_row rows[] = {alert_row("A-1", 0.9, "S1"), alert_row("A-2", 0.7, "S2"),
                           alert_row("B-3", 0.5, "S2")};
    const tw_alert_key keys[] = {
        {'t', TW_STR("T-100")}, {'t', TW_STR("T-101")}, {'c', TW_STR("q")}};
    rows[0].keys = keys;
    rows[0].key_n = 3;
    rows[1].status = TW_STR("CLOSED");
    rows[1].register_id = TW_STR("R7");
    rows[2].entity_kind = TW_STR("account");
    rows[2].entity_id = TW_STR("card-1");
    rows[2].created_ms = 5000;
    assert_ok(apply_alerts(f, rows, 3, 1, &err));
    const tw_str s2[] = {TW_STR("S2")}, s12[] = {TW_STR("S1"), TW_STR("S2")};
    const tw_str closed[] = {TW_STR("CLOSED"), TW_STR("ESCALATED")}, other[] = {TW_STR("x")};
    const struct {
        tw_alert_filter filter;
        uint64_t n;
    } cases[] = {
        {{.stores = {s2, 1}}, 2},
        {{.stores = {s12, 2}}, 3},
        {{.stores = {s2, 1}, .only_open = true}, 1},
        {{.statuses = {closed, 2}}, 1},
        {{.schemes = {other, 1}}, 0},
        {{.types = {other, 1}}, 0},
        {{.min_risk = 0.7}, 2},
        {{.min_risk = 0.7, .only_open = true}, 1},
        {{.created_from_ms = 1000, .created_to_ms = 5000}, 2},
        {{.created_from_ms = 1001}, 1},
        {{.entity_kind = TW_STR("account"), .entity_id = TW_STR("card-1")}, 1},
        {{.entity_kind = TW_STR("employee"), .entity_id = TW_STR("card-1")}, 0},
        {{.employee_id = TW_STR("E1")}, 3},
        {{.register_id = TW_STR("R7")}, 1},
        {{.transaction_id = TW_STR("T-101")}, 1},
        {{.transaction_id = TW_STR("q")}, 0},
        {{.has_key = {'c', TW_STR("q")}}, 1},
        {{.has_key = {'c', TW_STR("T-100")}}, 0},
        {{.has_key = {'t', TW_STR("T-100")}}, 1},
        {{.has_key = {0, TW_STR("q")}, .only_open = true}, 1},
        {{.has_key = {0, TW_STR("A-1")}}, 0}, // its own id is no key
        {{.search = TW_STR("A-")}, 2},
        {{.search = TW_STR("T-1")}, 1},
        {{.search = TW_STR("q")}, 1},
        {{.search = TW_STR("card")}, 1},
        {{.search = TW_STR("R7")}, 1},
        {{.search = TW_STR("a-")}, 0},
        {{.search = TW_STR("S2"), .only_open = true}, 1},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++)
        assert_int_equal(total_of(f, &cases[i].filter), cases[i].n);
    tw_alert_page page;
    tw_alert_page_options options = {.limit = 1};
    static tw_str too_many[TW_LEDGER_FILTER_MAX + 1];
    tw_alert_filter wide = {.stores = {too_many, TW_COUNT(too_many)}};
    assert_status(tw_ledger_alert_list(&f->ledger, &wide, &options, &f->arena, &page, &err),
                  TW_LIMIT);
    // An alert that moves to another store is found there only; its transactions stay with it.
    rows[0].store_id = TW_STR("S9");
    rows[0].keys = NULL;
    rows[0].key_n = 0;
    assert_ok(apply_alerts(f, rows, 1, 2, &err));
    assert_int_equal(total_of(f, &(tw_alert_filter){.search = TW_STR("S1")}), 0);
    assert_int_equal(total_of(f, &(tw_alert_filter){.search = TW_STR("S9")}), 1);
    assert_int_equal(total_of(f, &(tw_alert_filter){.transaction_id = TW_STR("T-100")}), 1);
}

// One that ana works on, one that bo decided, one that nobody has seen.
static void make_worked(tw_alert_row rows[3])
{
    rows[0] = alert_row("A-1", 0.96, "S1");
    rows[1] = alert_row("A-2", 0.92, "S2");
    rows[2] = alert_row("A-3", 0.5, "S2");
    rows[0].assignee = TW_STR("ana");
    rows[0].case_id = TW_STR("C-1");
    rows[0].snoozed_until_ms = 9000;
    rows[0].first_viewed_ms = 1500;
    rows[0].work_seq = 77;
    rows[1].assignee = TW_STR("bo");
    rows[1].verdict = TW_STR("CONFIRMED");
    rows[1].decided_ms = 5000;
    rows[1].recovered_minor = 1234;
}

static void the_work_on_an_alert_is_kept_and_found(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_alert_row rows[3], got;
    make_worked(rows);
    assert_ok(apply_alerts(f, rows, 3, 1, &err));
    reopen(f);
    assert_ok(tw_ledger_alert_get(&f->ledger, TW_STR("A-1"), &f->arena, &got, &err));
    assert_true(tw_str_equal(got.assignee, rows[0].assignee));
    assert_true(tw_str_equal(got.case_id, rows[0].case_id));
    assert_int_equal(got.snoozed_until_ms, 9000);
    assert_int_equal(got.first_viewed_ms, 1500);
    assert_int_equal(got.work_seq, 77);
    assert_ok(tw_ledger_alert_get(&f->ledger, TW_STR("A-2"), &f->arena, &got, &err));
    assert_true(tw_str_equal(got.verdict, rows[1].verdict));
    assert_int_equal(got.decided_ms, 5000);
    assert_int_equal(got.recovered_minor, 1234);
    const tw_str verdicts[] = {TW_STR("REFUTED"), TW_STR("CONFIRMED")}, none[] = {{0}};
    const tw_str people[] = {TW_STR("ana"), TW_STR_NONE, TW_STR("an"), TW_STR("bo")};
    const struct {
        tw_alert_filter filter;
        uint64_t n;
    } cases[] = {
        {{.assignees = {people, 1}}, 1},
        {{.assignees = {people, 2}}, 2}, // and those of nobody
        {{.assignees = {people, 4}}, 3},
        {{.assignees = {people + 2, 1}}, 0},
        {{.only_unassigned = true}, 1},
        {{.case_id = TW_STR("C-1")}, 1},
        {{.case_id = TW_STR("C-1"), .assignees = {people + 3, 1}}, 0},
        {{.verdicts = {verdicts, 2}}, 1},
        {{.verdicts = {verdicts, 1}}, 0},
        {{.verdicts = {none, 1}}, 2},
        {{.awake_ms = 8999}, 2},
        {{.awake_ms = 9000}, 3},
        {{.asleep_ms = 8999}, 1},
        {{.asleep_ms = 9000}, 0},
        {{.decided_to_ms = 6000}, 1}, // those that are not decided have no time
        {{.decided_to_ms = 5000}, 0},
        {{.decided_from_ms = 5000, .decided_to_ms = 5001}, 1},
        {{.decided_from_ms = 5001}, 0},
        {{.overdue_ms = {1001, 1000, 1000}}, 1},
        {{.overdue_ms = {1000, 1001, 1000}}, 1},
        {{.overdue_ms = {0, 1001, 1001}}, 2},
        {{.late_ms = {9999, 3999, 9999}}, 1},
        {{.late_ms = {1, 4000, 1}}, 0},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++)
        assert_int_equal(total_of(f, &cases[i].filter), cases[i].n);
}

static void the_work_is_counted_by_person_and_verdict(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_alert_row rows[3];
    make_worked(rows);
    assert_ok(apply_alerts(f, rows, 3, 1, &err));
    tw_alert_count *counts;
    size_t n;
    assert_ok(tw_ledger_alert_counts(&f->ledger, &(tw_alert_filter){.only_open = true},
                                     TW_ALERT_GROUP_ASSIGNEE, &f->arena, &counts, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(counts[0].key.bytes, 0);
    assert_true(tw_str_equal(counts[2].key, TW_STR("bo")));
    assert_ok(tw_ledger_alert_counts(&f->ledger, &(tw_alert_filter){0}, TW_ALERT_GROUP_VERDICT,
                                     &f->arena, &counts, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(counts[0].n, 2);
    assert_true(tw_str_equal(counts[1].key, TW_STR("CONFIRMED")));
}

// A list as long as allowed, with characters that must be quoted.
static void a_region_of_stores_filters_like_one(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    static char names[TW_LEDGER_FILTER_MAX][24];
    static tw_str stores[TW_LEDGER_FILTER_MAX];
    for (size_t i = 0; i < TW_LEDGER_FILTER_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "S\"%zu\\\x01\xc3\xa4\n", i);
        stores[i] = tw_str_from(names[i]);
    }
    tw_alert_row rows[] = {alert_row("A-1", 0.9, names[0]), alert_row("A-2", 0.8, names[4095]),
                           alert_row("A-3", 0.7, "S")};
    assert_ok(apply_alerts(f, rows, 3, 1, &err));
    tw_alert_filter filter = {.stores = {stores, TW_LEDGER_FILTER_MAX}, .only_open = true};
    assert_int_equal(total_of(f, &filter), 2); // by the counters
    filter.awake_ms = 1;
    assert_int_equal(total_of(f, &filter), 2); // by counting
    filter.stores.n = 4095;
    assert_int_equal(total_of(f, &filter), 1);
}

static void counts_follow_every_change(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_alert_row rows[] = {alert_row("A-1", 0.9, "S1"), alert_row("A-2", 0.7, "S2"),
                           alert_row("A-3", 0.5, "S2")};
    tw_alert_count *counts;
    size_t n;
    rows[2].currency = TW_STR("EUR");
    assert_ok(apply_alerts(f, rows, 3, 1, &err));
    rows[1].status = TW_STR("CLOSED");
    rows[1].exposure_minor = 5000;
    assert_ok(apply_alerts(f, &rows[1], 1, 2, &err));
    assert_ok(tw_ledger_alert_counts(&f->ledger, &(tw_alert_filter){0}, TW_ALERT_GROUP_STORE,
                                     &f->arena, &counts, &n, &err));
    assert_int_equal(n, 3);
    assert_true(tw_str_equal(counts[0].key, TW_STR("S1")));
    assert_true(tw_str_equal(counts[1].currency, TW_STR("EUR")));
    assert_int_equal(counts[2].exposure_minor, 5000);
    assert_ok(tw_ledger_alert_counts(&f->ledger, &(tw_alert_filter){.only_open = true},
                                     TW_ALERT_GROUP_NONE, &f->arena, &counts, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(counts[1].n, 1);
    assert_int_equal(counts[1].exposure_minor, 1999);
    assert_ok(tw_ledger_alert_counts(&f->ledger, &(tw_alert_filter){.min_risk = 0.6},
                                     TW_ALERT_GROUP_STATUS, &f->arena, &counts, &n, &err));
    assert_int_equal(n, 2);
    assert_true(tw_str_equal(counts[0].key, TW_STR("CLOSED")));
    assert_ok(tw_ledger_alert_counts(&f->ledger, &(tw_alert_filter){0}, TW_ALERT_GROUP_EMPLOYEE,
                                     &f->arena, &counts, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(counts[0].n + counts[1].n, 3);
}

static tw_verdict_row verdict_row(const char *id, uint64_t seq, const char *alert_id,
                                  const char *verdict)
{
    static const tw_str signals[] = {{"void_rate", 9}, {"cash_void", 9}, {"void_rate", 9}};
    return (tw_verdict_row){.verdict_id = tw_str_from(id),
                            .seq = seq,
                            .alert_id = tw_str_from(alert_id),
                            .verdict = tw_str_from(verdict),
                            .reason = TW_STR("evidence_video"),
                            .note = TW_STR("seen"),
                            .decided_by = TW_STR("ana"),
                            .decided_ms = 7,
                            .recovered_minor = 100,
                            .currency = TW_STR("USD"),
                            .scheme = TW_STR("post_void"),
                            .signals = signals,
                            .signal_n = 3};
}

static void a_later_verdict_replaces_the_earlier(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_verdict_row rows[] = {
        verdict_row("V-1", 10, "A-1", "CONFIRMED"), verdict_row("V-2", 12, "A-1", "REFUTED"),
        verdict_row("V-3", 11, "A-2", "CONFIRMED"), verdict_row("V-4", 13, "", "REFUTED")};
    rows[3].transaction_id = TW_STR("T-9");
    rows[3].signal_n = 0;
    tw_ledger_batch batch = {.verdicts = rows, .verdict_n = 4, .applied = {.seq = 20}};
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    reopen(f);
    tw_verdict_row *list;
    size_t n;
    tw_verdict_filter filter = {.alert_id = TW_STR("A-1")};
    assert_ok(tw_ledger_verdict_list(&f->ledger, &filter, 10, &f->arena, &list, &n, &err));
    assert_int_equal(n, 2);
    assert_true(tw_str_equal(list[0].verdict_id, TW_STR("V-2")));
    assert_true(list[0].is_current);
    assert_false(list[1].is_current);
    assert_int_equal(list[1].signal_n, 3);
    assert_true(tw_str_equal(list[1].signals[1], TW_STR("cash_void")));
    filter = (tw_verdict_filter){.transaction_id = TW_STR("T-9")};
    assert_ok(tw_ledger_verdict_list(&f->ledger, &filter, 10, &f->arena, &list, &n, &err));
    assert_int_equal(n, 1);
    filter = (tw_verdict_filter){.before_seq = 13, .only_current = true};
    assert_ok(tw_ledger_verdict_list(&f->ledger, &filter, 10, &f->arena, &list, &n, &err));
    assert_int_equal(n, 2);
    assert_true(tw_str_equal(list[1].verdict_id, TW_STR("V-3")));
    tw_verdict_count *counts;
    assert_ok(tw_ledger_verdict_counts(&f->ledger, TW_VERDICT_GROUP_SCHEME, TW_STR("post_void"),
                                       &f->arena, &counts, &n, &err));
    assert_int_equal(n, 2);
    assert_true(tw_str_equal(counts[0].verdict, TW_STR("CONFIRMED")));
    assert_int_equal(counts[0].n, 1);
    assert_int_equal(counts[1].n, 2);
    assert_ok(tw_ledger_verdict_counts(&f->ledger, TW_VERDICT_GROUP_SIGNAL, TW_STR_NONE, &f->arena,
                                       &counts, &n, &err));
    assert_int_equal(n, 4);
    assert_true(tw_str_equal(counts[3].key, TW_STR("void_rate")));
    assert_int_equal(counts[3].n, 1);
    rows[0] = (tw_verdict_row){.verdict_id = TW_STR("V-5"), .seq = 21};
    batch.applied.seq = 21;
    assert_status(tw_ledger_apply(&f->ledger, &batch, &err), TW_INVALID);
}

typedef struct joined {
    uint64_t next_seq;
    size_t bytes;
} joined;

static tw_status join(void *ctx, const tw_score_range *range, tw_err *err)
{
    joined *j = ctx;
    (void)err;
    assert_true(range->first_seq >= j->next_seq);
    j->next_seq = range->first_seq + range->n;
    j->bytes += range->bytes.bytes;
    return TW_OK;
}

static void scores_do_not_depend_on_the_cut(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint8_t hashes[2][TW_SHA256_BYTES];
    static char bytes[3000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t cut = 0; cut < 2; cut++) {
        const uint32_t step = cut ? 100 : 250;
        assert_ok(tw_ledger_wipe_projection(&f->ledger, &err));
        for (uint32_t from = 0; from < 1000; from += step) {
            tw_score_range range = {from + 1, step, {bytes + 3 * (size_t)from, 3 * (size_t)step}};
            tw_ledger_batch batch = {
                .scores = &range, .score_n = 1, .applied = {.seq = from + step}};
            assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
        }
        assert_ok(tw_ledger_hash(&f->ledger, TW_LEDGER_SCORES, hashes[cut], &err));
    }
    assert_memory_equal(hashes[0], hashes[1], TW_SHA256_BYTES);
    tw_score_range range;
    assert_ok(tw_ledger_score_get(&f->ledger, 250, &f->arena, &range, &err));
    assert_int_equal(range.first_seq, 201);
    assert_memory_equal(range.bytes.at, bytes + 600, 300);
    assert_status(tw_ledger_score_get(&f->ledger, 0, &f->arena, &range, &err), TW_NOT_FOUND);
    assert_status(tw_ledger_score_get(&f->ledger, 1001, &f->arena, &range, &err), TW_NOT_FOUND);
    joined j = {0};
    assert_ok(tw_ledger_score_read(&f->ledger, 150, 501, join, &j, &err));
    assert_int_equal(j.bytes, 5 * 300);
    j = (joined){0};
    assert_ok(tw_ledger_score_read(&f->ledger, 1, 0, join, &j, &err));
    assert_int_equal(j.bytes, 3000);
}

static void wiping_leaves_nothing(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint8_t empty[TW_LEDGER_PART_N][TW_SHA256_BYTES], hash[TW_SHA256_BYTES];
    for (int part = 0; part < TW_LEDGER_PART_N; part++)
        assert_ok(tw_ledger_hash(&f->ledger, (tw_ledger_part)part, empty[part], &err));
    tw_alert_row alert = alert_row("A-1", 0.9, "S1");
    tw_verdict_row verdict = verdict_row("V-1", 1, "A-1", "CONFIRMED");
    tw_score_range scores = {1, 1, TW_STR("x")};
    tw_model_row model = {.model_id = TW_STR("m-1"), .seq = 1, .metrics = TW_STR("{}")};
    tw_doc_row doc = {.kind = TW_STR("case"), .id = TW_STR("C-1"), .seq = 2, .body = TW_STR("{}")};
    tw_action_row action = {.seq = 3, .kind = TW_STR("case.open"), .subject = TW_STR("C-1")};
    tw_ledger_batch batch = {.alerts = &alert,
                             .alert_n = 1,
                             .verdicts = &verdict,
                             .verdict_n = 1,
                             .scores = &scores,
                             .score_n = 1,
                             .models = &model,
                             .model_n = 1,
                             .docs = &doc,
                             .doc_n = 1,
                             .actions = &action,
                             .action_n = 1,
                             .applied = {.seq = 3}};
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    for (int part = 0; part < TW_LEDGER_PART_N; part++) {
        assert_ok(tw_ledger_hash(&f->ledger, (tw_ledger_part)part, hash, &err));
        assert_memory_not_equal(hash, empty[part], TW_SHA256_BYTES);
    }
    assert_ok(tw_ledger_wipe_projection(&f->ledger, &err));
    reopen(f);
    tw_ledger_position position;
    assert_ok(tw_ledger_get_position(&f->ledger, &position, &err));
    assert_int_equal(position.seq, 0);
    for (int part = 0; part < TW_LEDGER_PART_N; part++) {
        assert_ok(tw_ledger_hash(&f->ledger, (tw_ledger_part)part, hash, &err));
        assert_memory_equal(hash, empty[part], TW_SHA256_BYTES);
    }
    assert_int_equal(total_of(f, &(tw_alert_filter){.search = TW_STR("A-1")}), 0);
}

static void models_are_listed_newest_first(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_model_row rows[] = {
        {TW_STR("m-1"), 10, TW_STR("outlier"), TW_STR("CHAMPION"), 1, TW_STR("{}"), TW_STR("ab")},
        {TW_STR("m-2"), 30, TW_STR("outlier"), TW_STR("CHAMPION"), 2, TW_STR("{}"), TW_STR("cd")},
        {TW_STR("m-1"), 10, TW_STR("outlier"), TW_STR("RETIRED"), 1, TW_STR("{}"), TW_STR("ab")}};
    tw_ledger_batch batch = {.models = rows, .model_n = 3, .applied = {.seq = 30}};
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    tw_model_row *list;
    size_t n;
    assert_ok(tw_ledger_model_list(&f->ledger, &f->arena, &list, &n, &err));
    assert_int_equal(n, 2);
    assert_true(tw_str_equal(list[0].model_id, TW_STR("m-2")));
    assert_true(tw_str_equal(list[1].state, TW_STR("RETIRED")));
}

static tw_doc_row case_row(const char *id, int64_t order_ms, const char *state, const char *store)
{
    return (tw_doc_row){.kind = TW_STR("case"),
                        .id = tw_str_from(id),
                        .seq = 5,
                        .order_ms = order_ms,
                        .state = tw_str_from(state),
                        .owner = TW_STR("ana"),
                        .store_id = tw_str_from(store),
                        .body = TW_STR("{\"title\":\"Leergut – zweimal\"}")};
}

static size_t doc_total(fixture *f, const tw_doc_filter *filter)
{
    tw_err err = {0};
    tw_doc_page page;
    assert_ok(tw_ledger_doc_list(&f->ledger, filter, 500, NULL, &f->arena, &page, &err));
    assert_int_equal(page.total, page.n);
    return page.n;
}

static void documents_are_kept_and_found(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    const tw_alert_key keys[] = {
        {'a', TW_STR("A-1")}, {'w', TW_STR("leergut")}, {'w', TW_STR("A-1")}, {'a', TW_STR("A-1")}};
    tw_doc_row rows[] = {case_row("C-1", 100, "OPEN", "S1"), case_row("C-2", 300, "CLOSED", ""),
                         case_row("C-3", 300, "OPEN", "S2"), case_row("C-1", 200, "OPEN", "S1")},
               got;
    rows[0].kind = TW_STR("filter");
    rows[3].keys = keys;
    rows[3].key_n = 4;
    rows[3].seq = 9;
    tw_ledger_batch batch = {.docs = rows, .doc_n = 4, .applied = {.seq = 9}};
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    reopen(f);
    assert_ok(tw_ledger_doc_get(&f->ledger, TW_STR("case"), TW_STR("C-1"), &f->arena, &got, &err));
    assert_int_equal(got.seq, 9);
    assert_int_equal(got.order_ms, 200);
    assert_true(tw_str_equal(got.body, rows[3].body));
    assert_true(tw_str_equal(got.owner, TW_STR("ana")));
    tw_doc_page page;
    tw_doc_filter all = {.kind = TW_STR("case")};
    assert_ok(tw_ledger_doc_list(&f->ledger, &all, 2, NULL, &f->arena, &page, &err));
    assert_int_equal(page.total, 3);
    assert_true(tw_str_equal(page.items[0].id, TW_STR("C-2")));
    assert_true(tw_str_equal(page.items[1].id, TW_STR("C-3")));
    char cursor[TW_LEDGER_CURSOR_BYTES];
    memcpy(cursor, page.next_cursor, sizeof(cursor));
    assert_ok(tw_ledger_doc_list(&f->ledger, &all, 2, cursor, &f->arena, &page, &err));
    assert_int_equal(page.n, 1);
    assert_true(tw_str_equal(page.items[0].id, TW_STR("C-1")));
    assert_string_equal(page.next_cursor, "");
    const tw_str open[] = {TW_STR("OPEN")}, s1[] = {TW_STR("S1")};
    const struct {
        tw_doc_filter filter;
        size_t n;
    } cases[] = {
        {{.kind = TW_STR("case"), .states = {open, 1}}, 2},
        {{.kind = TW_STR("case"), .stores = {s1, 1}}, 2}, // and the one without a store
        {{.kind = TW_STR("case"), .owner = TW_STR("bo")}, 0},
        {{.kind = TW_STR("case"), .key_kind = 'a', .key = TW_STR("A-1")}, 1},
        {{.kind = TW_STR("case"), .key = TW_STR("leergut")}, 1},
        {{.kind = TW_STR("case"), .key_kind = 'a', .key = TW_STR("leergut")}, 0},
        {{.kind = TW_STR("case"), .key = TW_STR("leer")}, 0},
        {{.kind = TW_STR("case"), .key_kind = 'w', .key = TW_STR("leer"), .is_prefix = true}, 1},
        {{.kind = TW_STR("filter"), .key = TW_STR("leer"), .is_prefix = true}, 0},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++)
        assert_int_equal(doc_total(f, &cases[i].filter), cases[i].n);
    assert_status(tw_ledger_doc_list(&f->ledger, &all, 0, NULL, &f->arena, &page, &err),
                  TW_INVALID);
    assert_status(
        tw_ledger_doc_list(&f->ledger, &all, 9, "k00000000000000004142", &f->arena, &page, &err),
        TW_INVALID);
    assert_status(
        tw_ledger_doc_list(&f->ledger, &(tw_doc_filter){0}, 9, NULL, &f->arena, &page, &err),
        TW_INVALID);
}

static void a_document_without_a_body_is_gone(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    const tw_alert_key key = {'w', TW_STR("leergut")};
    tw_doc_row row = case_row("C-1", 100, "OPEN", "S1"), got;
    const tw_doc_filter all = {.kind = TW_STR("case")};
    const tw_doc_filter by_word = {.kind = TW_STR("case"), .key = TW_STR("leergut")};
    row.keys = &key;
    row.key_n = 1;
    tw_ledger_batch batch = {.docs = &row, .doc_n = 1, .applied = {.seq = 9}};
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    assert_int_equal(doc_total(f, &by_word), 1);
    row.body = TW_STR_NONE; // its keys go with it
    row.key_n = 0;
    batch.applied.seq = 10;
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    assert_status(
        tw_ledger_doc_get(&f->ledger, TW_STR("case"), TW_STR("C-1"), &f->arena, &got, &err),
        TW_NOT_FOUND);
    assert_int_equal(doc_total(f, &all), 0);
    assert_int_equal(doc_total(f, &by_word), 0);
    row.id = TW_STR_NONE;
    batch.applied.seq = 11;
    assert_status(tw_ledger_apply(&f->ledger, &batch, &err), TW_INVALID);
}

static size_t action_n(fixture *f, const tw_action_filter *filter, uint64_t newest_seq)
{
    tw_err err = {0};
    tw_action_row *rows;
    size_t n;
    assert_ok(tw_ledger_action_list(&f->ledger, filter, 500, &f->arena, &rows, &n, &err));
    assert_true(n == 0 || rows[0].seq == newest_seq);
    return n;
}

static void the_log_of_actions_is_read_from_the_newest(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_action_row rows[] = {
        {.seq = 30, .at_ms = 300, .kind = TW_STR("alert.note"), .subject = TW_STR("A-1")},
        {.seq = 10, .at_ms = 400, .kind = TW_STR("alert.assign"), .subject = TW_STR("A-1")},
        {.seq = 20, .at_ms = 200, .kind = TW_STR("case.open"), .subject = TW_STR("C-1")},
        {.seq = 20, .at_ms = 250, .kind = TW_STR("case.open"), .subject = TW_STR("C-1")}};
    rows[0].actor = TW_STR("ana");
    rows[0].about = TW_STR("E-7");
    rows[0].body = TW_STR("{\"text\":\"Kasse 3\"}");
    rows[1].store_id = TW_STR("S1");
    tw_ledger_batch batch = {.actions = rows, .action_n = 4, .applied = {.seq = 30}};
    assert_ok(tw_ledger_apply(&f->ledger, &batch, &err));
    reopen(f);
    tw_action_row *list;
    size_t n;
    assert_ok(
        tw_ledger_action_list(&f->ledger, &(tw_action_filter){0}, 2, &f->arena, &list, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(list[0].seq, 30);
    assert_true(tw_str_equal(list[0].body, rows[0].body));
    assert_true(tw_str_equal(list[0].about, rows[0].about));
    assert_int_equal(list[1].at_ms, 250); // the same fact again replaces its action
    const tw_str s2[] = {TW_STR("S2")};
    assert_int_equal(action_n(f, &(tw_action_filter){.subject = TW_STR("A-1")}, 30), 2);
    assert_int_equal(action_n(f, &(tw_action_filter){.actor = TW_STR("ana")}, 30), 1);
    assert_int_equal(action_n(f, &(tw_action_filter){.about = TW_STR("E-7")}, 30), 1);
    assert_int_equal(action_n(f, &(tw_action_filter){.kind = TW_STR("alert.")}, 30), 2);
    assert_int_equal(action_n(f, &(tw_action_filter){.kind = TW_STR("alert.assign")}, 10), 1);
    assert_int_equal(action_n(f, &(tw_action_filter){.kind = TW_STR("alert")}, 0), 0);
    assert_int_equal(action_n(f, &(tw_action_filter){.stores = {s2, 1}}, 30), 2);
    assert_int_equal(action_n(f, &(tw_action_filter){.from_ms = 250, .to_ms = 400}, 30), 2);
    assert_int_equal(action_n(f, &(tw_action_filter){.before_seq = 30}, 20), 2);
    rows[0].seq = 0;
    batch = (tw_ledger_batch){.actions = rows, .action_n = 1, .applied = {.seq = 31}};
    assert_status(tw_ledger_apply(&f->ledger, &batch, &err), TW_INVALID);
}

#include "ledger_random.h"

#define EACH(test)                                                                                 \
    {#test " (memory)", test, set_up, tear_down, (void *)(uintptr_t)&store_memory},                \
    {                                                                                              \
#test " (disk)", test, set_up, tear_down, (void *)(uintptr_t)&store_disk                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(the_position_moves_with_the_rows),
        EACH(pages_follow_each_other_in_every_order),
        EACH(filters_hold_together),
        EACH(the_work_on_an_alert_is_kept_and_found),
        EACH(the_work_is_counted_by_person_and_verdict),
        EACH(a_region_of_stores_filters_like_one),
        EACH(counts_follow_every_change),
        EACH(a_later_verdict_replaces_the_earlier),
        EACH(scores_do_not_depend_on_the_cut),
        EACH(wiping_leaves_nothing),
        EACH(models_are_listed_newest_first),
        EACH(documents_are_kept_and_found),
        EACH(a_document_without_a_body_is_gone),
        EACH(the_log_of_actions_is_read_from_the_newest),
        cmocka_unit_test(random_batches_give_the_same_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
