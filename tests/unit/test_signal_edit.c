// SPDX-License-Identifier: Apache-2.0
//
// Signal sets and policies edited by name, and their differences.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "detect/edit.h"

typedef struct seen {
    size_t n;
    char text[8][160]; // "signal member from to"
} seen;

static void print_value(char out[32], const tw_difference_value *value)
{
    if (value->form == TW_DIFFERENCE_NOTHING)
        snprintf(out, 32, "-");
    else if (value->form == TW_DIFFERENCE_FLAG)
        snprintf(out, 32, "%s", value->flag ? "yes" : "no");
    else
        snprintf(out, 32, "%g", value->number);
}

static tw_status note(void *ctx, const tw_difference *difference)
{
    seen *all = ctx;
    char from[32], to[32];
    print_value(from, &difference->from);
    print_value(to, &difference->to);
    if (all->n < TW_COUNT(all->text))
        snprintf(all->text[all->n], sizeof all->text[0], "%.*s %.*s %s %s",
                 TW_STR_ARG(difference->signal), TW_STR_ARG(difference->member), from, to);
    all->n++;
    return TW_OK;
}

static tw_str view(const tw_buf *buf)
{
    return (tw_str){(const char *)buf->data_own, buf->bytes};
}

static tw_str edited(tw_buf *out, tw_str yaml, const tw_signal_edit *edits, size_t n)
{
    tw_err err = {0};
    tw_buf_init(out, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_status status = tw_signal_set_edit(tw_alloc_system(), yaml, edits, n, out, &err);
    if (status != TW_OK)
        fail_msg("%s", err.text);
    return view(out);
}

static void writing_changes_nothing(void **state)
{
    (void)state;
    tw_buf out;
    seen all = {0};
    tw_err err = {0};
    tw_str text = edited(&out, tw_signal_set_default(), NULL, 0);
    assert_int_equal(tw_signal_set_diff(tw_signal_set_default(), text, note, &all, &err), TW_OK);
    assert_int_equal(all.n, 0);
    tw_buf again;
    tw_str twice = edited(&again, text, NULL, 0);
    assert_true(tw_str_equal(text, twice));
    tw_buf_release(&again);
    tw_buf_release(&out);
}

static void edits_are_what_differs(void **state)
{
    (void)state;
    tw_buf out;
    seen all = {0};
    tw_err err = {0};
    const tw_named_value values[] = {{TW_STR("least"), 7}, {TW_STR("times"), 2.5}};
    const tw_signal_edit edits[] = {
        {.name = TW_STR("cash_post_void"), .parameters = values, .parameter_n = 2},
        {.name = TW_STR("no_receipt_refund"), .has_enabled = true, .enabled = false},
        {.name = TW_STR("cash_post_void"), .has_weight = true, .weight = 6.5},
    };
    tw_str text = edited(&out, tw_signal_set_default(), edits, TW_COUNT(edits));
    assert_int_equal(tw_signal_set_diff(tw_signal_set_default(), text, note, &all, &err), TW_OK);
    assert_int_equal(all.n, 4);
    assert_string_equal(all.text[0], "cash_post_void weight 8 6.5");
    assert_string_equal(all.text[1], "cash_post_void parameters.least 4 7");
    assert_string_equal(all.text[2], "cash_post_void parameters.times 1.5 2.5");
    assert_string_equal(all.text[3], "no_receipt_refund enabled yes no");
    // What the compiler makes of it.
    tw_signal_set *set;
    tw_signal_info info;
    assert_int_equal(tw_signal_set_parse(tw_alloc_system(), text, &set, &err), TW_OK);
    tw_signal_set_get(set, 0, &info);
    assert_true(info.weight > 6.4F && info.weight < 6.6F && info.enabled);
    assert_true(info.parameters[0].value > 6.9 && info.parameters[0].value < 7.1);
    tw_signal_set_free(set);
    tw_buf_release(&out);
}

static void other_differences_are_told(void **state)
{
    (void)state;
    static const char before[] =
        "version: 1\n"
        "schemes: [{name: s, title: S, type: DISCOUNT, entity: employee, help: h}]\n"
        "signals:\n"
        "  - {name: a, scheme: s, title: A, help: h, on: [DISCOUNT], weight: 2, sentence: x}\n"
        "  - {name: b, scheme: s, title: B, help: h, on: [DISCOUNT], sentence: x}\n";
    static const char after[] =
        "signals:\n"
        "  - {name: c, scheme: s, title: C, help: h, on: [DISCOUNT], sentence: x}\n"
        "  - {name: a, enabled: false, scheme: s, title: A, help: more, on: [DISCOUNT], "
        "sentence: x}\n"
        "version: 1\n"
        "schemes: [{name: s, title: T, type: DISCOUNT, entity: employee, help: h}]\n";
    seen all = {0};
    tw_err err = {0};
    assert_int_equal(tw_signal_set_diff(tw_str_from(before), tw_str_from(after), note, &all, &err),
                     TW_OK);
    assert_int_equal(all.n, 6);
    assert_string_equal(all.text[0], "c signal no yes");
    assert_string_equal(all.text[1], "a enabled yes no");
    assert_string_equal(all.text[2], "a weight 2 1");
    assert_string_equal(all.text[3], "a definition - -");
    assert_string_equal(all.text[4], "b signal yes no");
    assert_string_equal(all.text[5], " schemes - -");
}

static void wrong_edits_are_refused(void **state)
{
    (void)state;
    static const tw_named_value low = {{"least", 5}, 0}, unknown = {{"most", 4}, 1};
    const struct {
        tw_signal_edit edit;
        tw_status status;
        const char *part;
    } cases[] = {
        {{.name = TW_STR("nothing")}, TW_NOT_FOUND, "no signal \"nothing\""},
        {{.name = TW_STR("cash_post_void"), .parameters = &unknown, .parameter_n = 1},
         TW_NOT_FOUND,
         "no parameter \"most\""},
        {{.name = TW_STR("cash_post_void"), .parameters = &low, .parameter_n = 1},
         TW_INVALID,
         "must lie between 1 and 40 count"},
        {{.name = TW_STR("cash_post_void"), .has_weight = true, .weight = 51},
         TW_INVALID,
         "at most at 50 points"},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        tw_buf out;
        tw_err err = {0};
        tw_buf_init(&out, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
        assert_int_equal(tw_signal_set_edit(tw_alloc_system(), tw_signal_set_default(),
                                            &cases[i].edit, 1, &out, &err),
                         cases[i].status);
        if (!strstr(err.text, cases[i].part))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].part, err.text);
        assert_int_equal(out.bytes, 0);
        tw_buf_release(&out);
    }
    tw_buf small;
    tw_err err = {0};
    tw_buf_init(&small, tw_alloc_system(), 1000);
    assert_int_equal(
        tw_signal_set_edit(tw_alloc_system(), tw_signal_set_default(), NULL, 0, &small, &err),
        TW_LIMIT);
    tw_buf_release(&small);
}

static void a_policy_is_written_as_it_differs(void **state)
{
    (void)state;
    tw_policy policy, read;
    tw_buf out;
    tw_err err = {0};
    seen all = {0};
    tw_policy_init(&policy);
    tw_buf_init(&out, tw_alloc_system(), TW_CONFIG_MAX_BYTES);
    tw_policy_write(&policy, &out);
    assert_int_equal(tw_policy_parse(view(&out), &read, &err), TW_OK);
    assert_int_equal(tw_policy_set(&policy, 0, 0.15, &err), TW_OK);
    assert_int_equal(tw_policy_set(&policy, 1, 2, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "precision_floor must lie between"));
    tw_buf_reset(&out);
    tw_policy_write(&policy, &out);
    assert_true(tw_str_equal(view(&out), TW_STR("alerts_per_store_day: 0.15\n")));
    assert_int_equal(tw_policy_diff(TW_STR_NONE, view(&out), note, &all, &err), TW_OK);
    assert_int_equal(all.n, 1);
    assert_string_equal(all.text[0], " alerts_per_store_day 0.3 0.15");
    assert_int_equal(tw_policy_parse(view(&out), &read, &err), TW_OK);
    for (size_t i = 0; i < tw_policy_field_n(); i++)
        assert_true(tw_policy_get(&read, i) >= tw_policy_get(&policy, i) &&
                    tw_policy_get(&read, i) <= tw_policy_get(&policy, i));
    tw_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_changes_nothing),
        cmocka_unit_test(edits_are_what_differs),
        cmocka_unit_test(other_differences_are_told),
        cmocka_unit_test(wrong_edits_are_refused),
        cmocka_unit_test(a_policy_is_written_as_it_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
