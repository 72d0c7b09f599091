// SPDX-License-Identifier: Apache-2.0
//
// The detector's behaviour: evidence, alerts, verdicts, sentences, snapshots.
#include "detect_fixture.h"

#include <math.h>

#include "base/buf.h"

static void an_alert_opens_when_evidence_repeats_and_grows(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_till(&s, "E1", "", 20);
    assert_true(s.score.risk < 0.4F);
    assert_int_equal(s.score.fired_n, 0);
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.score.fired_n, 1);
    assert_int_equal(s.score.type, TW_ALERT_VOID_REFUND);
    assert_int_equal(s.change_n, 0);
    // 4 points of 6: between 0.4 and 0.8 by the share.
    assert_float_equal(s.score.risk, 0.4F + 0.4F * 4 / 6, 1e-3);
    uint64_t first = s.seq;
    shop_till(&s, "E1", "", -70.5);
    assert_int_equal(s.change_n, 1);
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    const tw_alert *a = s.changes[0].alert;
    assert_true(s.score.risk >= TW_RISK_ALERT);
    assert_float_equal(s.score.risk, 0.8F + 0.2F * (1 - 6.0F / 8), 1e-3);
    assert_int_equal(s.score.alert_key, a->key);
    assert_string_equal(a->scheme, "refunds");
    assert_string_equal(a->entity_id, "E1");
    assert_int_equal(a->transaction_n, 2); // the opening brings the one before
    assert_int_equal(a->seqs[0], first);
    assert_int_equal(a->exposure_minor, 6000 + 7050);
    assert_int_equal(a->reason_n, 1);
    assert_int_equal(a->reasons[0].n, 2);
    assert_string_equal(a->reasons[0].sentence, "Refund of $70.50 by E1; 2 refunds today");
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.changes[0].event, TW_ALERT_GREW);
    assert_int_equal(s.changes[0].alert->transaction_n, 3);
    assert_ptr_equal(tw_detector_alert(s.detector, s.score.alert_key), s.changes[0].alert);
    // Another employee has a case of their own.
    shop_till(&s, "E2", "", -60);
    assert_int_equal(s.change_n, 0);
    assert_int_equal(s.score.alert_key, 0);
    shop_close(&s);
}

static void clearing_signals_take_evidence_away(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    shop_till(&s, "E1", "", 77);
    assert_int_equal(s.score.fired_n, 0);
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.change_n, 0); // 4 - 4 + 4
    shop_close(&s);
}

static void evidence_halves_in_its_half_life(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    for (int day = 0; day < 14; day++) {
        s.now_ms += INT64_C(86400000) - 60000;
        shop_till(&s, "E1", "", 10);
    }
    shop_till(&s, "E1", "", -60);
    // 4 + min(2, 4): exactly at the floor but for the rounding of the half.
    assert_true(s.score.risk > 0.79F && s.score.risk < 0.81F);
    shop_close(&s);
}

static void verdicts_close_and_move_the_bar(void **state)
{
    (void)state;
    shop s;
    char id[TW_ALERT_ID_BYTES];
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    shop_till(&s, "E1", "", -60);
    tw_alert_id(s.score.alert_key, id);
    shop_verdict(&s, id, "", TW_VERDICT_REFUTED);
    assert_int_equal(s.change_n, 1);
    assert_int_equal(s.changes[0].event, TW_ALERT_CLOSED);
    assert_true(s.changes[0].alert->is_closed);
    assert_int_equal(s.changes[0].alert->verdict, TW_VERDICT_REFUTED);
    // 15 points are needed now, and trust in the signal has fallen to 0.8: 3.2, 6.4, ... 16.
    for (int i = 0; i < 4; i++) {
        shop_till(&s, "E1", "", -60);
        assert_int_equal(s.change_n, 0);
    }
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    char again[TW_ALERT_ID_BYTES];
    tw_alert_id(s.score.alert_key, again);
    assert_string_not_equal(id, again);
    // A verdict on the old alert changes nothing while a newer one is open.
    shop_verdict(&s, id, "", TW_VERDICT_CONFIRMED);
    assert_int_equal(s.change_n, 0);
    shop_verdict(&s, again, "", TW_VERDICT_CONFIRMED);
    assert_int_equal(s.changes[0].event, TW_ALERT_CLOSED);
    // Confirmed: 0.6 of 6 points are enough, one refund.
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.changes[0].event, TW_ALERT_OPENED);
    shop_verdict(&s, "A-0000000000000", "", TW_VERDICT_CONFIRMED);
    shop_verdict(&s, "nonsense", "", TW_VERDICT_CONFIRMED);
    assert_int_equal(s.change_n, 0);
    shop_close(&s);
}

static void a_verdict_on_a_transaction_moves_its_case(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    shop_till(&s, "E1", "", -60);
    float before = s.score.risk;
    char id[32];
    memcpy(id, s.id, sizeof id);
    shop_verdict(&s, "", id, TW_VERDICT_REFUTED);
    assert_int_equal(s.change_n, 0);
    assert_int_equal(tw_detector_alert(s.detector, s.score.alert_key)->is_closed, false);
    shop_fill(&s, "E1", "", -60);
    tw_score probe;
    float row[TW_FEATURE_N];
    memcpy(row, s.row, sizeof row);
    row[TW_F_tx_amount] = 60;
    tw_detector_probe(s.detector, &s.fact, row, 1u << TW_FILTER_REFUND, &probe);
    assert_true(probe.risk < before + 0.06F); // 8 * 3/4 + 4, not 8 + 4
    shop_close(&s);
}

static void a_probe_scores_as_apply_and_leaves_no_trace(void **state)
{
    (void)state;
    shop s;
    tw_arena scratch;
    shop_open(&s);
    tw_arena_init(&scratch, tw_alloc_system(), 0, 8 << 20);
    for (int i = 0; i < 200; i++) {
        float row[TW_FEATURE_N];
        uint32_t filters;
        tw_score probed;
        shop_fill(&s, i % 3 ? "E1" : "E2", i % 5 ? "" : "card", i % 4 ? 20 + i : -40 - i);
        s.fact.seq = s.seq + 1;
        uint64_t hash = tw_detector_hash(s.detector);
        tw_arena_reset(&scratch);
        assert_int_equal(tw_engine_probe(s.engine, &s.fact, &scratch, row, &filters), TW_OK);
        tw_detector_probe(s.detector, &s.fact, row, filters, &probed);
        assert_int_equal(tw_detector_hash(s.detector), hash);
        shop_send(&s);
        if (i == 0)
            continue; // the first fact sets the day
        assert_true(probed.risk == s.score.risk);
        assert_int_equal(probed.fired_n, s.score.fired_n);
        assert_int_equal(probed.type, s.score.type);
    }
    tw_arena_release(&scratch);
    shop_close(&s);
}

static void applies_allocate_nothing(void **state)
{
    (void)state;
    tw_alloc_faulty faulty;
    tw_engine *engine;
    shop s = {.now_ms = INT64_C(1767600000000)};
    assert_int_equal(tw_engine_new(tw_alloc_system(), &engine), TW_OK);
    tw_alloc_faulty_init(&faulty, 0, false);
    s.engine = engine;
    assert_int_equal(tw_detector_new(&faulty.alloc, engine, &s.detector), TW_OK);
    shop_config(&s, TW_CONFIG_SIGNALS, shop_signals);
    shop_config(&s, TW_CONFIG_POLICY, shop_policy);
    assert_int_equal(tw_engine_reserve(engine, 1000), TW_OK);
    assert_int_equal(tw_detector_reserve(s.detector, 1000), TW_OK);
    uint64_t calls = faulty.calls;
    for (int i = 0; i < 1000; i++) {
        char employee[16];
        snprintf(employee, sizeof employee, "E%d", i / 2);
        shop_fill(&s, employee, "card", -60 - i);
        s.fact.seq = ++s.seq;
        tw_engine_apply(engine, &s.fact, s.row);
        tw_detector_apply(s.detector, &s.fact, s.row, tw_engine_last_filters(engine), &s.score,
                          s.changes, &s.change_n);
    }
    assert_int_equal(faulty.calls, calls);
    tw_detector_stats stats;
    tw_detector_stats_get(s.detector, &stats);
    assert_true(stats.alerts_open > 400);
    assert_int_equal(stats.hits_28d[s.score.fired[0].signal], 1000);
    shop_close(&s);
    assert_int_equal(faulty.live_bytes, 0);
}

static void the_budget_lifts_the_operating_point(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_config(&s, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 6\nevidence_cold: 6\nalerts_per_store_day: 1\n"
                "habit_share: 1\n");
    tw_detector_stats stats;
    for (int day = 0; day < 6; day++) {
        for (int e = 0; e < 8; e++) {
            char employee[16];
            snprintf(employee, sizeof employee, "D%dE%d", day, e);
            shop_till(&s, employee, "", -60);
            shop_till(&s, employee, "", -60);
            if (e == 0)
                shop_till(&s, employee, "", -60); // one a day has more evidence
        }
        s.now_ms += INT64_C(86400000);
    }
    shop_till(&s, "E", "", 10);
    tw_detector_stats_get(s.detector, &stats);
    // Eight a day reach 8 points, one of them 12: the budget of one a day lies between.
    assert_true(stats.threshold_points > 8 && stats.threshold_points <= 12);
    shop_close(&s);
}

static void names_keep_their_numbers_and_evidence_when_rules_change(void **state)
{
    (void)state;
    shop s;
    tw_signal_info info;
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    uint8_t number = s.score.fired[0].signal;
    assert_true(tw_detector_signal(s.detector, number, &info));
    assert_true(tw_str_equal(info.name, TW_STR("big_refund")));
    shop_config(&s, TW_CONFIG_SIGNALS, ""); // the built-in set
    assert_true(tw_detector_signal(s.detector, number, &info));
    assert_false(info.enabled);
    assert_true(tw_str_equal(info.title, TW_STR("Big refund")));
    shop_config(&s, TW_CONFIG_SIGNALS, shop_signals);
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.score.fired[0].signal, number);
    assert_int_equal(s.change_n, 0); // the evidence went with its signal, but nothing broke
    tw_err err = {0};
    uint64_t hash = tw_detector_hash(s.detector);
    assert_int_equal(tw_detector_config(s.detector, TW_CONFIG_SIGNALS, TW_STR("x"),
                                        TW_STR("version: 2\n"), &err),
                     TW_INVALID);
    assert_int_equal(
        tw_detector_config(s.detector, TW_CONFIG_MODEL, TW_STR("x"), TW_STR("no model"), &err),
        TW_SYNTAX);
    assert_int_equal(tw_detector_hash(s.detector), hash);
    shop_close(&s);
}

static void an_id_that_is_the_whole_feed_has_no_employee_schemes(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    for (int i = 0; i < 1600; i++) {
        s.now_ms -= 55000; // one each 5 seconds
        shop_till(&s, "E1", "", -60);
    }
    assert_int_equal(s.score.fired_n, 0);
    assert_int_equal(s.change_n, 0);
    assert_true(s.score.risk < 0.4F);
    shop_close(&s);
}

// Strength is the mean of the ramps that are known; without any it is the least.
static void unknown_comparisons_give_no_strength(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_config(&s, TW_CONFIG_SIGNALS,
                "version: 1\n"
                "schemes: [{name: s, title: S, type: TIME, help: h}]\n"
                "signals:\n"
                "- {name: a, scheme: s, title: A, help: h, on: [REFUND], sentence: x,\n"
                "   strength: [{feature: emp_refund_rate_28d, over: p95, from: 1, to: 2}]}\n"
                "- {name: b, scheme: s, title: B, help: h, on: [REFUND], sentence: x,\n"
                "   strength: [{feature: emp_refund_rate_28d, over: p95, from: 1, to: 2},\n"
                "              {feature: tx_amount, from: 0, to: 100}]}\n"
                "- {name: c, scheme: s, title: C, help: h, on: [REFUND], sentence: x}\n");
    shop_till(&s, "E1", "", -50);
    assert_int_equal(s.score.fired_n, 3);
    assert_int_equal(s.score.fired[0].strength, 255);
    assert_int_equal(s.score.fired[1].strength, 128);
    assert_int_equal(s.score.fired[2].strength, 64);
    shop_close(&s);
}

static void marks_point_at_lines_and_tenders(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    const tw_transaction *t = &s.fact.as.transaction;
    uint8_t signal = s.score.fired[0].signal;
    assert_string_equal(tw_detector_line_mark(s.detector, t, signal, 0), "Big");
    assert_string_equal(tw_detector_tender_mark(s.detector, t, signal, 0), "Big");
    assert_null(tw_detector_line_mark(s.detector, t, signal, 1));
    assert_null(tw_detector_line_mark(s.detector, t, 200, 0));
    s.line.return_flag = false;
    s.line.quantity_milli = 1000;
    assert_null(tw_detector_line_mark(s.detector, t, signal, 0));
    char text[TW_SENTENCE_BYTES];
    tw_detector_sentence(s.detector, &s.fact, s.row, signal, text);
    assert_string_equal(text, "Refund of $60.00 by E1; 1 refund today");
    shop_close(&s);
}

// --- snapshots
// ---------------------------------------------------------------------------------------

static tw_status write_buf(void *ctx, const void *data, size_t bytes)
{
    tw_buf_put(ctx, data, bytes);
    return ((tw_buf *)ctx)->status;
}

static tw_status read_buf(void *ctx, void *data, size_t bytes)
{
    tw_reader *reader = ctx;
    const uint8_t *at = tw_read_bytes(reader, bytes);
    if (!at)
        return TW_CORRUPT;
    memcpy(data, at, bytes);
    return TW_OK;
}

static void a_snapshot_continues_where_it_was(void **state)
{
    (void)state;
    shop s;
    tw_buf file;
    tw_reader reader;
    tw_detector *copy;
    shop_open(&s);
    for (int i = 0; i < 60; i++)
        shop_till(&s, i % 2 ? "E1" : "E2", i % 3 ? "" : "card", i % 4 ? 20 : -60);
    tw_buf_init(&file, tw_alloc_system(), 64 << 20);
    assert_int_equal(tw_detector_save(s.detector, write_buf, &file), TW_OK);
    tw_reader_init(&reader, file.data_own, file.bytes);
    assert_int_equal(tw_detector_load(tw_alloc_system(), s.engine, read_buf, &reader, &copy),
                     TW_OK);
    assert_int_equal(tw_reader_left(&reader), 0);
    assert_int_equal(tw_detector_hash(copy), tw_detector_hash(s.detector));
    // Both go on alike.
    shop_till(&s, "E1", "card", -90);
    tw_score score;
    tw_alert_change changes[TW_ALERT_CHANGES_MAX];
    size_t change_n;
    assert_int_equal(tw_detector_reserve(copy, 1), TW_OK);
    tw_detector_apply(copy, &s.fact, s.row, tw_engine_last_filters(s.engine), &score, changes,
                      &change_n);
    assert_int_equal(change_n, s.change_n);
    assert_true(score.risk == s.score.risk);
    assert_int_equal(tw_detector_hash(copy), tw_detector_hash(s.detector));
    tw_detector_free(copy);
    // Any truncation is refused.
    for (size_t cut = 0; cut < file.bytes; cut += 1 + file.bytes / 400) {
        tw_reader_init(&reader, file.data_own, cut);
        assert_int_equal(tw_detector_load(tw_alloc_system(), s.engine, read_buf, &reader, &copy),
                         TW_CORRUPT);
        assert_null(copy);
    }
    // A flipped byte is refused or gives a detector that works on.
    for (size_t at = 0; at < file.bytes; at += 1 + file.bytes / 2000) {
        file.data_own[at] ^= (uint8_t)(1 + at % 255);
        tw_reader_init(&reader, file.data_own, file.bytes);
        tw_status status = tw_detector_load(tw_alloc_system(), s.engine, read_buf, &reader, &copy);
        if (status == TW_OK) {
            assert_int_equal(tw_detector_reserve(copy, 1), TW_OK);
            tw_detector_apply(copy, &s.fact, s.row, tw_engine_last_filters(s.engine), &score,
                              changes, &change_n);
            tw_detector_free(copy);
        }
        file.data_own[at] ^= (uint8_t)(1 + at % 255);
    }
    tw_buf_release(&file);
    shop_close(&s);
}

static void scores_pack_without_loss(void **state)
{
    (void)state;
    tw_score score = {.risk = 0.8123F,
                      .probability = NAN,
                      .outlier = 0.99987F,
                      .alert_key = UINT64_C(0x123456789abcdef0),
                      .type = TW_ALERT_TIME,
                      .is_audit = true,
                      .fired_n = 2,
                      .fired = {{7, 255}, {249, 1}}};
    uint8_t data[TW_SCORE_BYTES], again[TW_SCORE_BYTES];
    tw_score back;
    tw_score_pack(&score, data);
    assert_int_equal(tw_score_unpack(data, &back), TW_OK);
    tw_score_pack(&back, again);
    assert_memory_equal(data, again, sizeof data);
    assert_true(back.risk == score.risk && back.alert_key == score.alert_key && back.is_audit);
    assert_true(isnan(back.probability));
    data[21] = 6;
    assert_int_equal(tw_score_unpack(data, &back), TW_CORRUPT);
}

static void alert_ids_go_both_ways(void **state)
{
    (void)state;
    const uint64_t keys[] = {1, 255, UINT64_C(0xdeadbeef), UINT64_MAX};
    char id[TW_ALERT_ID_BYTES];
    for (size_t i = 0; i < TW_COUNT(keys); i++)
        assert_true(tw_alert_key_from(tw_str_from(tw_alert_id(keys[i], id))) == keys[i]);
    assert_string_equal(tw_alert_id(0, id), "");
    assert_int_equal(tw_alert_key_from(TW_STR("A-ZZZZZZZZZZZZZ")), 0);
    assert_int_equal(tw_alert_key_from(TW_STR("A-000000000000I")), 0);
    assert_int_equal(tw_alert_key_from(TW_STR_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_opens_when_evidence_repeats_and_grows),
        cmocka_unit_test(clearing_signals_take_evidence_away),
        cmocka_unit_test(evidence_halves_in_its_half_life),
        cmocka_unit_test(verdicts_close_and_move_the_bar),
        cmocka_unit_test(a_verdict_on_a_transaction_moves_its_case),
        cmocka_unit_test(a_probe_scores_as_apply_and_leaves_no_trace),
        cmocka_unit_test(applies_allocate_nothing),
        cmocka_unit_test(the_budget_lifts_the_operating_point),
        cmocka_unit_test(names_keep_their_numbers_and_evidence_when_rules_change),
        cmocka_unit_test(an_id_that_is_the_whole_feed_has_no_employee_schemes),
        cmocka_unit_test(unknown_comparisons_give_no_strength),
        cmocka_unit_test(marks_point_at_lines_and_tenders),
        cmocka_unit_test(a_snapshot_continues_where_it_was),
        cmocka_unit_test(scores_pack_without_loss),
        cmocka_unit_test(alert_ids_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
