// SPDX-License-Identifier: Apache-2.0
//
// The JSON that is written, to the byte: exact and with what was derived.
#include "intake_fixture.h"

#include "base/buf.h"
#include "intake/write.h"

static void expect_json(intake_fixture *f, const char *in, unsigned flags, const char *out)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 16);
    if (tw_json_parse(f->parser, tw_str_from(in), 0, &f->arena, &f->fact, &f->problem) != TW_OK)
        fail_msg("%s", f->problem.sentence);
    assert_int_equal(tw_fact_write_json(&f->fact, flags, &buf), TW_OK);
    assert_text((tw_str){(char *)buf.data_own, buf.bytes}, out);
    tw_buf_release(&buf);
}

#define BASE                                                                                       \
    "\"transaction_id\":\"T1\",\"store_id\":\"S1\",\"register_id\":\"R1\",\"employee_id\":\"E1\","
#define REST                                                                                       \
    "\"discount_amount\":\"0.00\",\"refund_flag\":true,\"void_flag\":false,\"item_count\":1,"      \
    "\"payment_type\":\"cash\","

static void exact_form_says_what_the_record_said(void **state)
{
    expect_json(*state,
                "{" BASE "\"transaction_time\":\"2026-01-05 17:05:00.5\",\"transaction_total\":7.5,"
                "\"discount_amount\":0,\"refund_flag\":1,\"void_flag\":0,\"item_count\":1,"
                "\"payment_type\":\"bar\",\"override_reason\":\"a\\\"b\\\\c\\nd\\u00e9\","
                "\"lines\":[{\"unit_price\":7.5,\"quantity\":\"1.50\",\"return_flag\":true}],"
                "\"attributes\":{\"x\":0.1}}",
                TW_WRITE_EXACT,
                "{" BASE "\"transaction_time\":\"2026-01-05T17:05:00.500\","
                "\"transaction_total\":\"-7.50\"," REST "\"currency\":\"EUR\","
                "\"override_reason\":\"a\\\"b\\\\c\\nd\xc3\xa9\","
                "\"lines\":[{\"quantity\":-1.5,\"unit_price\":\"7.50\",\"return_flag\":true}],"
                "\"attributes\":{\"x\":0.10000000000000001}}");
}

static void derived_form_says_all(void **state)
{
    expect_json(
        *state,
        "{" BASE "\"transaction_time\":\"2026-01-05 17:05:00\",\"transaction_total\":7,"
        "\"discount_amount\":0,\"refund_flag\":1,\"void_flag\":0,\"item_count\":1,"
        "\"payment_type\":\"cash\",\"currency\":\"JPY\"}",
        TW_WRITE_DERIVED,
        "{" BASE "\"transaction_time\":\"2026-01-05T17:05:00Z\",\"transaction_total\":\"-7\","
        "\"discount_amount\":\"0\",\"refund_flag\":true,\"void_flag\":false,\"item_count\":1,"
        "\"payment_type\":\"cash\",\"transaction_type\":\"return\",\"currency\":\"JPY\","
        "\"business_date\":\"2026-01-05\"}");
}

static void other_kinds(void **state)
{
    expect_json(*state,
                "{\"movement_id\":\"M\",\"store_id\":\"S\",\"sku\":\"1\",\"type\":\"COUNT\","
                "\"quantity\":1000,\"time\":\"2026-01-05T09:00:00-05:00\"}",
                0,
                "{\"movement_id\":\"M\",\"store_id\":\"S\",\"sku\":\"1\",\"type\":\"count\","
                "\"quantity\":1000,\"time\":\"2026-01-05T09:00:00-05:00\"}");
    expect_json(*state,
                "{\"alert_id\":\"A\",\"verdict\":\"operational\",\"recovered\":1,\"decided_at\":"
                "\"2026-01-05T09:00:00+01:00\"}",
                0,
                "{\"alert_id\":\"A\",\"verdict\":\"OPERATIONAL\",\"recovered_amount\":\"1.00\","
                "\"decided_at\":\"2026-01-05T08:00:00Z\"}");
    tw_buf buf;
    tw_fact config = {.kind = TW_FACT_CONFIG};
    config.as.config = (tw_config){.kind = TW_CONFIG_POLICY, .name = TW_STR("p1")};
    tw_buf_init(&buf, tw_alloc_system(), 1 << 16);
    assert_int_equal(tw_fact_write_json(&config, 0, &buf), TW_OK);
    assert_text((tw_str){(char *)buf.data_own, buf.bytes},
                "{\"config\":\"policy\",\"name\":\"p1\",\"changed_at\":\"1970-01-01T00:00:00Z\"}");
    tw_buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INTAKE_TEST(exact_form_says_what_the_record_said),
        INTAKE_TEST(derived_form_says_all),
        INTAKE_TEST(other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
