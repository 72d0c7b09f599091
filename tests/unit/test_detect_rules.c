// SPDX-License-Identifier: Apache-2.0
//
// Signal sets and policies as text: the shipped set compiles, and every mistake is told in one
// sentence that names the signal, the key and the line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/policy.h"
#include "detect/signals.h"

static void the_shipped_set_compiles(void **state)
{
    (void)state;
    tw_signal_set *set;
    tw_err err = {0};
    tw_status status = tw_signal_set_parse(tw_alloc_system(), tw_signal_set_default(), &set, &err);
    if (status != TW_OK)
        fail_msg("%s", err.text);
    assert_true(tw_signal_set_n(set) >= 25);
    bool types[TW_ALERT_TYPE_N] = {false};
    for (size_t i = 0; i < tw_signal_set_scheme_n(set); i++) {
        tw_scheme_info scheme;
        tw_signal_set_scheme(set, i, &scheme);
        types[scheme.type] = true;
    }
    assert_true(types[TW_ALERT_DISCOUNT] && types[TW_ALERT_VOID_REFUND] &&
                types[TW_ALERT_EMPLOYEE] && types[TW_ALERT_TIME] && types[TW_ALERT_CROSS_STORE]);
    for (size_t i = 0; i < tw_signal_set_n(set); i++) {
        tw_signal_info info;
        tw_signal_set_get(set, i, &info);
        assert_true(info.help.bytes > 20 && info.sentence.bytes > 10);
        assert_true(info.scheme < tw_signal_set_scheme_n(set));
    }
    tw_signal_set_free(set);
}

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "schemes: [{name: s, title: S, type: TIME, help: h}]\n"                                        \
    "signals:\n"
#define SIGNAL "- {name: a, scheme: s, title: A, help: h, on: [SALE], sentence: x"

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"version: 1\nschemes: [", "YAML line"},
        {"", "must be a mapping"},
        {"version: 2\n", "version: this program reads version 1"},
        {"version: 1\nrules: []\n", "unknown key 'rules'"},
        {"version: 1\nschemes: [{name: S}]\n", "lower-case"},
        {"version: 1\nschemes: [{name: s, title: S, type: X, help: h}]\n",
         "unknown alert type 'X'"},
        {HEAD "- 7\n", "signal 1"},
        {HEAD "- {name: a, scheme: t, title: A, help: h, on: [SALE], sentence: x}\n",
         "signal a, scheme: unknown scheme 't' (line 4)"},
        {HEAD "- {name: a, scheme: s, title: A, help: h, sentence: x}\n", "at least one filter"},
        {HEAD "- {name: a, scheme: s, title: A, help: h, on: [SELL], sentence: x}\n",
         "signal a, on: unknown filter 'SELL'"},
        {HEAD SIGNAL ", when: [{feature: nothing, op: '>', value: 1}]}\n",
         "signal a, feature: unknown feature 'nothing'"},
        {HEAD SIGNAL ", when: [{feature: tx_amount, op: '~', value: 1}]}\n", "unknown word '~'"},
        {HEAD SIGNAL ", when: [{feature: tx_amount, op: '>', value: $x}]}\n",
         "'$x' is no number and no parameter"},
        {HEAD SIGNAL ", parameters: [{name: p, value: 9, min: 1, max: 8, unit: u, help: h}]}\n",
         "signal a, p: must lie between 1 and 8 u"},
        {HEAD SIGNAL ", parameters: [{name: p, value: 2, unit: share, help: h}]}\n",
         "signal a, p: must lie between 0 and 1 share"},
        {HEAD SIGNAL ", parameters: [{name: p, value: 2, min: 3, max: 3, unit: u, help: h}]}\n",
         "signal a, max: must lie above min"},
        {HEAD SIGNAL ", parameters: [{name: p, value: x, unit: u, help: h}]}\n",
         "signal a, value: must be a number"},
        {HEAD SIGNAL ", when: [{feature: tx_amount, op: '>', value: nan}]}\n", "no number"},
        {HEAD SIGNAL ", when: [{feature: tx_amount, op: '>', value: {peer: p95}}]}\n",
         "has no peers to compare with"},
        {HEAD SIGNAL ", when: [{feature: tx_amount, op: '>', value: {times: 2}}]}\n",
         "needs either 'of' or 'peer'"},
        {HEAD SIGNAL ", strength: [{feature: tx_amount, from: 1, to: 1}]}\n", "must differ"},
        {HEAD SIGNAL ", strength: [{feature: tx_amount, plus: 1}]}\n", "together with 'over'"},
        {HEAD SIGNAL ", weight: 0}\n", "signal a, weight"},
        {HEAD SIGNAL ", repeat: 2}\n", "signal a, repeat"},
        {HEAD SIGNAL ", needs: [minds]}\n", "unknown part of the feed 'minds'"},
        {HEAD SIGNAL ", lines: voided}\n", "signal a, why: is missing"},
        {HEAD SIGNAL ", weight: 1, weight: 2}\n", "'weight' is given twice"},
        {HEAD "- {name: a, scheme: s, title: A, help: h, on: [SALE], sentence: 'x {own}'}\n",
         "placeholder '{own}'"},
        {HEAD "- {name: a, scheme: s, title: A, help: h, on: [SALE], sentence: 'x {open'}\n",
         "placeholder"},
        {HEAD SIGNAL "}\n" SIGNAL "}\n", "signal a, name: is given twice"},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        tw_signal_set *set;
        tw_err err = {0};
        tw_status status =
            tw_signal_set_parse(tw_alloc_system(), tw_str_from(cases[i].text), &set, &err);
        assert_null(set);
        assert_int_not_equal(status, TW_OK);
        assert_int_equal(status, err.status);
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu says '%s', not '%s'", i, err.text, cases[i].says);
    }
}

static void policies_are_checked(void **state)
{
    (void)state;
    tw_policy p, plain;
    tw_err err = {0};
    tw_policy_init(&plain);
    assert_int_equal(tw_policy_parse(TW_STR_NONE, &p, NULL), TW_OK);
    assert_memory_equal(&p, &plain, sizeof p);
    assert_int_equal(tw_policy_parse(TW_STR("alerts_per_store_day: 1.5\n"), &p, NULL), TW_OK);
    assert_true(p.alerts_per_store_day == 1.5 && p.evidence_floor == plain.evidence_floor);
    assert_int_equal(tw_policy_parse(TW_STR("alert: 1\n"), &p, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "policy: unknown key 'alert' (line 1)"));
    assert_int_equal(tw_policy_parse(TW_STR("audit_share: 0.5\n"), &p, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "audit_share: must lie between 0 and 0.1"));
    assert_int_equal(tw_policy_parse(TW_STR("audit_share: much\n"), &p, &err), TW_INVALID);
    for (size_t i = 0; i < tw_policy_field_n(); i++) {
        const tw_policy_field *field = tw_policy_field_get(i);
        assert_true(field->low <= field->value && field->value <= field->high && field->help[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_set_compiles),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(policies_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
