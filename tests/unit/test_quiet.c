// SPDX-License-Identifier: Apache-2.0
//
// Quiet rules: what they keep quiet, until when, and that nothing else changes.
#include "base/rng.h"
#include "detect_fixture.h"

// 08:00 of the first day in the shop is 2026-01-05T08:00Z.
static const char quiet_e1[] = "{\"entity_kind\":\"employee\",\"entity_id\":\"E1\",\"scheme\":\"\","
                               "\"until\":\"2026-01-05T09:00:00Z\",\"owner\":\"ana\","
                               "\"reason\":\"Clears the \\\"returns\\\" desk\"}";

static void put_quiet(shop *s, const char *name, const char *text)
{
    tw_err err = {0};
    tw_status status = tw_detector_config(s->detector, TW_CONFIG_QUIET, tw_str_from(name),
                                          tw_str_from(text), &err);
    if (status != TW_OK)
        fail_msg("%s", err.text);
}

static void a_quiet_employee_brings_no_alert_until_the_rule_ends(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    put_quiet(&s, "L-1", quiet_e1);
    for (int i = 0; i < 5; i++) {
        shop_till(&s, "E1", "", -60);
        assert_int_equal(s.change_n, 0);
        assert_int_equal(s.score.fired_n, 1);
        assert_int_equal(s.score.alert_key, 0);
        // As the first one of anybody: nothing has gathered.
        assert_float_equal(s.score.risk, 0.4F + 0.4F * 4 / 6, 1e-3);
    }
    assert_int_equal(tw_detector_quiet(s.detector, 0)->transaction_n, 5);
    // Another employee is not meant.
    shop_till(&s, "E2", "", -60);
    shop_till(&s, "E2", "", -60);
    assert_int_equal(s.change_n, 1);
    // The rule ends at nine, by the transactions' own time; what was kept quiet is no evidence.
    s.now_ms = INT64_C(1767603600000) - 60000;
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.change_n, 0);
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.change_n, 1);
    assert_int_equal(s.changes[0].alert->transaction_n, 2);
    assert_int_equal(tw_detector_quiet(s.detector, 0)->transaction_n, 5);
    shop_close(&s);
}

static void an_open_alert_stays_as_it_is(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_till(&s, "E1", "", -60);
    shop_till(&s, "E1", "", -60);
    assert_int_equal(s.change_n, 1);
    uint64_t key = s.score.alert_key;
    put_quiet(&s, "L-1", quiet_e1);
    tw_alert before = *tw_detector_alert(s.detector, key);
    shop_fill(&s, "E1", "", -60);
    tw_score probed;
    tw_detector_probe(s.detector, &s.fact, s.row, 0, &probed);
    assert_int_equal(probed.alert_key, 0);
    shop_send(&s);
    assert_int_equal(s.change_n, 0);
    assert_int_equal(s.score.alert_key, 0);
    assert_true(s.score.risk > TW_RISK_ALERT); // the score is that of the evidence before
    assert_memory_equal(tw_detector_alert(s.detector, key), &before, sizeof before);
    // A verdict closes it all the same.
    char id[TW_ALERT_ID_BYTES];
    tw_alert_id(key, id);
    shop_verdict(&s, id, "", TW_VERDICT_REFUTED);
    assert_int_equal(s.change_n, 1);
    shop_close(&s);
}

static void a_rule_can_be_for_one_scheme_and_is_ended_by_name(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    put_quiet(&s, "L-1",
              "entity_kind: account\nentity_id: card-1\nscheme: cards\nuntil: "
              "2027-01-01T00:00:00+01:00\nowner: ana\nreason: test card\n");
    // The card is quiet, the employee's refunds are not.
    shop_till(&s, "E1", "card-1", -200);
    shop_till(&s, "E1", "card-1", -200);
    assert_int_equal(s.change_n, 1);
    assert_string_equal(s.changes[0].alert->scheme, "refunds");
    put_quiet(&s, "L-2", quiet_e1);
    put_quiet(&s, "L-2", quiet_e1); // the same again
    assert_int_equal(tw_detector_quiet_n(s.detector), 2);
    shop_till(&s, "E1", "", -200);
    assert_int_equal(s.change_n, 0);
    put_quiet(&s, "L-2", "");
    put_quiet(&s, "L-9", ""); // there is none
    assert_int_equal(tw_detector_quiet_n(s.detector), 1);
    assert_string_equal(tw_detector_quiet(s.detector, 0)->name, "L-1");
    shop_till(&s, "E1", "", -200);
    assert_int_equal(s.change_n, 1);
    assert_int_equal(s.changes[0].event, TW_ALERT_GREW);
    shop_close(&s);
}

// The strongest case of a transaction may be quiet: the next one opens its alert.
static void a_quiet_case_does_not_stand_before_another(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    shop_config(&s, TW_CONFIG_POLICY,
                "cold_days: 0\nevidence_floor: 1\nevidence_cold: 1\nhabit_share: 1\n");
    put_quiet(&s, "L-1", quiet_e1);
    for (int i = 0; i < 3; i++)
        shop_till(&s, "E2", "card-1", 5);
    shop_till(&s, "E1", "card-1", -300);
    assert_int_equal(s.change_n, 1);
    assert_string_equal(s.changes[0].alert->scheme, "cards");
    shop_close(&s);
}

static void a_register_may_be_meant_in_one_store(void **state)
{
    (void)state;
    static const char signals[] =
        "version: 1\n"
        "schemes: [{name: gaps, title: Gaps, type: EMPLOYEE, entity: register, help: h}]\n"
        "signals:\n"
        "  - {name: refund, scheme: gaps, title: Refund, help: h, on: [REFUND],\n"
        "     when: [{feature: tx_amount, op: '>=', value: 1}], weight: 8, sentence: 'R "
        "{amount}'}\n";
    shop s;
    shop_open(&s);
    shop_config(&s, TW_CONFIG_SIGNALS, signals);
    put_quiet(&s, "L-1",
              "{entity_kind: register, entity_id: R1, store_id: S2, until: '2027-01-01T00:00:00Z',"
              " owner: a, reason: b}");
    shop_till(&s, "E1", "", -60); // of S1
    assert_int_equal(s.change_n, 1);
    shop_fill(&s, "E1", "", -60);
    s.fact.as.transaction.store_id = TW_STR("S2");
    shop_send(&s);
    assert_int_equal(s.change_n, 0);
    shop_fill(&s, "E1", "", -60);
    s.fact.as.transaction.store_id = TW_STR("S3");
    shop_send(&s);
    assert_int_equal(s.change_n, 1);
    shop_close(&s);
}

#define HEAD "{entity_kind: employee, entity_id: E1, "
static void a_rule_must_say_who_what_why_and_until_when(void **state)
{
    (void)state;
    shop s;
    shop_open(&s);
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"[]", "must be a mapping"},
        {HEAD "owner: a, reason: b}", "until"},
        {HEAD "until: tomorrow, owner: a, reason: b}", "until"},
        {HEAD "until: '2027-01-01T00:00:00Z', reason: b}", "owner"},
        {HEAD "until: '2027-01-01T00:00:00Z', owner: a, reason: ''}", "reason"},
        {HEAD "until: '2027-01-01T00:00:00Z', owner: a, reason: b, x: 1}", "unknown key"},
        {HEAD "store_id: S1, until: '2027-01-01T00:00:00Z', owner: a, reason: b}", "registers"},
        {HEAD "scheme: cards, until: '2027-01-01T00:00:00Z', owner: a, reason: b}", "account"},
        {HEAD "scheme: none, until: '2027-01-01T00:00:00Z', owner: a, reason: b}", "no scheme"},
        {"{entity_kind: EMPLOYEE, entity_id: E1, until: '2027-01-01T00:00:00Z', owner: a, "
         "reason: b}",
         "employee, account"},
    };
    for (size_t i = 0; i < TW_COUNT(bad); i++) {
        tw_err err = {0};
        assert_int_equal(
            tw_detector_check(s.detector, TW_CONFIG_QUIET, tw_str_from(bad[i].text), &err),
            TW_INVALID);
        if (!strstr(err.text, bad[i].why))
            fail_msg("%s: %s", bad[i].text, err.text);
    }
    assert_int_equal(tw_detector_check(s.detector, TW_CONFIG_QUIET, tw_str_from(quiet_e1), NULL),
                     TW_OK);
    assert_int_equal(tw_detector_check(s.detector, TW_CONFIG_QUIET, TW_STR_NONE, NULL), TW_OK);
    assert_int_equal(tw_detector_quiet_n(s.detector), 0);
    shop_close(&s);
}

static void rules_are_bounded_and_old_ones_go(void **state)
{
    (void)state;
    shop s;
    tw_err err = {0};
    char name[16], text[200];
    shop_open(&s);
    for (int i = 0; i < TW_QUIETS_MAX; i++) {
        snprintf(name, sizeof name, "L-%d", i);
        snprintf(text, sizeof text,
                 "{entity_kind: employee, entity_id: E%d, until: "
                 "'2026-01-%02dT00:00:00Z', owner: a, reason: b}",
                 i, i == 7 ? 8 : 20);
        put_quiet(&s, name, text);
    }
    assert_int_equal(tw_detector_quiet_n(s.detector), TW_QUIETS_MAX);
    assert_int_equal(tw_detector_check(s.detector, TW_CONFIG_QUIET, tw_str_from(quiet_e1), &err),
                     TW_LIMIT);
    // One that is in the journal all the same takes the place of the one that ends first.
    put_quiet(&s, "L-more", text);
    assert_int_equal(tw_detector_quiet_n(s.detector), TW_QUIETS_MAX);
    for (size_t i = 0; i < tw_detector_quiet_n(s.detector); i++)
        assert_string_not_equal(tw_detector_quiet(s.detector, i)->name, "L-7");
    // All have ended by the clock of the feed when the next one comes.
    s.now_ms += INT64_C(20) * 86400000;
    shop_till(&s, "E1", "", 20);
    put_quiet(&s, "L-new",
              "{entity_kind: employee, entity_id: E1, until: '2027-01-20T00:00:00Z', owner: a, "
              "reason: b}");
    assert_int_equal(tw_detector_quiet_n(s.detector), 1);
    shop_close(&s);
}

static tw_status write_buf(void *ctx, const void *data, size_t bytes)
{
    tw_buf_put(ctx, data, bytes);
    return ((tw_buf *)ctx)->status;
}

static tw_status read_buf(void *ctx, void *out, size_t bytes)
{
    const uint8_t *at = tw_read_bytes(ctx, bytes);
    if (!at)
        return TW_CORRUPT;
    memcpy(out, at, bytes);
    return TW_OK;
}

// Rules come and go among transactions: the state after a snapshot in between is the same.
static void snapshots_keep_the_rules(void **state)
{
    (void)state;
    tw_rng rng;
    shop s;
    tw_detector *copy;
    tw_buf file;
    tw_rng_init(&rng, 4, 1);
    shop_open(&s);
    tw_buf_init(&file, tw_alloc_system(), 64 << 20);
    uint64_t bare = tw_detector_hash(s.detector);
    for (int i = 0; i < 400; i++) {
        char name[16], employee[8], text[200];
        snprintf(name, sizeof name, "L-%u", tw_rng_below(&rng, 6));
        snprintf(employee, sizeof employee, "E%u", tw_rng_below(&rng, 4));
        snprintf(text, sizeof text,
                 "{entity_kind: employee, entity_id: %s, scheme: %s, until: "
                 "'2026-01-05T%02u:00:00Z', owner: a, reason: b}",
                 employee, tw_rng_below(&rng, 2) ? "refunds" : "''", 8 + tw_rng_below(&rng, 8));
        if (tw_rng_below(&rng, 6) == 0)
            put_quiet(&s, name, tw_rng_below(&rng, 3) ? text : "");
        tw_reader reader;
        tw_buf_reset(&file);
        assert_int_equal(tw_detector_save(s.detector, write_buf, &file), TW_OK);
        tw_reader_init(&reader, file.data_own, file.bytes);
        assert_int_equal(tw_detector_load(tw_alloc_system(), s.engine, read_buf, &reader, &copy),
                         TW_OK);
        shop_till(&s, employee, "", tw_rng_below(&rng, 2) ? 20 : -60);
        tw_score score;
        tw_alert_change changes[TW_ALERT_CHANGES_MAX];
        size_t change_n;
        assert_int_equal(tw_detector_reserve(copy, 1), TW_OK);
        tw_detector_apply(copy, &s.fact, s.row, tw_engine_last_filters(s.engine), &score, changes,
                          &change_n);
        assert_int_equal(change_n, s.change_n);
        assert_int_equal(tw_detector_hash(copy), tw_detector_hash(s.detector));
        tw_detector_free(copy);
    }
    // A rule is state: with one more, the hash is another.
    shop other;
    shop_open(&other);
    put_quiet(&other, "L-1", quiet_e1);
    assert_int_not_equal(tw_detector_hash(other.detector), bare);
    shop_close(&other);
    tw_buf_release(&file);
    shop_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_employee_brings_no_alert_until_the_rule_ends),
        cmocka_unit_test(an_open_alert_stays_as_it_is),
        cmocka_unit_test(a_rule_can_be_for_one_scheme_and_is_ended_by_name),
        cmocka_unit_test(a_quiet_case_does_not_stand_before_another),
        cmocka_unit_test(a_register_may_be_meant_in_one_store),
        cmocka_unit_test(a_rule_must_say_who_what_why_and_until_when),
        cmocka_unit_test(rules_are_bounded_and_old_ones_go),
        cmocka_unit_test(snapshots_keep_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
