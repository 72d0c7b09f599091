// SPDX-License-Identifier: Apache-2.0
//
// JSON records: what is taken, what is derived, and every kind of bad input with its sentence.
#include "intake_fixture.h"

#include "../../src/intake/schema.h"
#include "base/buf.h"

// The eleven required fields; the tests add to it or spoil one.
#define BASE                                                                                       \
    "\"transaction_id\":\"T1\",\"store_id\":\"S1\",\"register_id\":\"R1\",\"employee_id\":\"E1\"," \
    "\"transaction_time\":\"2026-01-05T17:05:00+01:00\",\"transaction_total\":\"12.30\","          \
    "\"discount_amount\":0,\"refund_flag\":false,\"void_flag\":0,\"item_count\":3,"                \
    "\"payment_type\":\"cash\""

static tw_status parse(intake_fixture *f, const char *json)
{
    return tw_json_parse(f->parser, tw_str_from(json), 0, &f->arena, &f->fact, &f->problem);
}

static const tw_transaction *good(intake_fixture *f, const char *json)
{
    if (parse(f, json) != TW_OK)
        fail_msg("%s: %s", json, f->problem.sentence);
    assert_int_equal(tw_fact_check(&f->fact, NULL), TW_OK);
    return &f->fact.as.transaction;
}

static void eleven_fields_are_enough(void **state)
{
    const tw_transaction *t = good(*state, "{" BASE "}");
    assert_text(t->transaction_id, "T1");
    assert_text(t->store_id, "S1");
    assert_text(t->register_id, "R1");
    assert_text(t->employee_id, "E1");
    assert_true(t->time_ms == INT64_C(1767629100000) && t->offset_min == 60);
    assert_int_equal(t->business_day, 20458);
    assert_true(t->total_minor == 1230 && t->discount_minor == 0);
    assert_string_equal(t->currency, "EUR");
    assert_int_equal(t->flags, TW_TXN_HAS_OFFSET);
    assert_int_equal(t->type, TW_TXN_SALE);
    assert_int_equal(t->payment_type, TW_PAY_CASH);
    assert_int_equal(t->item_count, 3);
    assert_true(t->line_n == 0 && t->tender_n == 0 && t->attribute_n == 0);
}

static void every_optional_field_is_read(void **state)
{
    const tw_transaction *t = good(
        *state,
        "{" BASE ",\"transaction_type\":\"Exchange\",\"currency\":\"kwd\",\"business_date\":"
        "\"2026-01-04\",\"sequence_number\":77,\"customer_id\":\"C1\",\"loyalty_id\":991,"
        "\"original_transaction_id\":\"T0\",\"void_of_transaction_id\":\"T9\","
        "\"override_employee_id\":\"E9\",\"override_reason\":\"price match\",\"scan_seconds\":12.5,"
        "\"tender_seconds\":\"3\",\"training_flag\":\"Y\",\"offline_flag\":\"n\","
        "\"lines\":[{\"sku\":\"4006381333931\",\"quantity\":1.5,\"unit_price\":2.125,"
        "\"department\":"
        "\"cheese\",\"regular_price\":\"3\",\"discount_amount\":0.5,\"discount_reason\":\"old\","
        "\"void_flag\":true,\"entry_method\":\"scan\"},{\"unit_price\":1,\"return_flag\":1}],"
        "\"tenders\":[{\"type\":\"VISA\",\"amount\":-4,\"account_token\":\"tok_x\","
        "\"entry_method\":\"contactless\"}],\"attributes\":{\"tips\":1.25,\"is_new\":true,\"none\":"
        "null}}");
    assert_int_equal(t->type, TW_TXN_EXCHANGE);
    assert_string_equal(t->currency, "KWD");
    assert_int_equal(t->total_minor, 12300);
    assert_int_equal(t->business_day, 20457);
    assert_int_equal(t->sequence_number, 77);
    assert_text(t->loyalty_id, "991");
    assert_text(t->original_transaction_id, "T0");
    assert_text(t->void_of_transaction_id, "T9");
    assert_text(t->override_employee_id, "E9");
    assert_text(t->override_reason, "price match");
    assert_true(t->scan_seconds == 12.5f && t->tender_seconds == 3.0f);
    assert_int_equal(t->flags, TW_TXN_FLAG_TRAINING | TW_TXN_HAS_TYPE | TW_TXN_HAS_SEQUENCE |
                                   TW_TXN_HAS_SCAN_SECONDS | TW_TXN_HAS_TENDER_SECONDS |
                                   TW_TXN_HAS_OFFSET);
    assert_int_equal(t->line_n, 2);
    assert_text(t->lines[0].sku, "4006381333931");
    assert_text(t->lines[0].department, "cheese");
    assert_true(t->lines[0].quantity_milli == 1500 && t->lines[0].unit_price_minor == 2125);
    assert_true(t->lines[0].regular_price_minor == 3000 && t->lines[0].discount_minor == 500);
    assert_true(t->lines[0].void_flag && !t->lines[0].return_flag);
    assert_int_equal(t->lines[0].entry_method, TW_ENTRY_SCANNED);
    assert_true(t->lines[1].quantity_milli == -1000 && t->lines[1].regular_price_minor == 1000);
    assert_int_equal(t->tenders[0].type, TW_PAY_CREDIT);
    assert_int_equal(t->tenders[0].entry_method, TW_ENTRY_TAP);
    assert_int_equal(t->attribute_n, 2);
    assert_true(t->attributes[0].value == 1.25 && t->attributes[1].value == 1.0);
}

static void rules_between_fields(void **state)
{
    intake_fixture *f = *state;
    const tw_transaction *t =
        good(f, "{\"transaction_id\":\"T1\",\"store_id\":\"S1\",\"register_id\":1,"
                "\"employee_id\":\"E1\",\"transaction_time\":\"2026-01-05 17:05:00\","
                "\"transaction_total\":12.3,\"discount_amount\":\"0.00\","
                "\"refund_flag\":\"Y\",\"void_flag\":\"N\",\"item_count\":\"1\","
                "\"payment_type\":\"doubloons\",\"account_token\":\"abc\"}");
    assert_int_equal(t->total_minor, -1230);
    assert_int_equal(t->type, TW_TXN_RETURN);
    assert_int_equal(t->payment_type, TW_PAY_OTHER);
    assert_int_equal(t->tender_n, 1);
    assert_int_equal(t->tenders[0].amount_minor, -1230);
    assert_text(tw_transaction_account(t), "abc");
    assert_int_equal(tw_json_parser_counts(f->parser)->unknown_payments, 1);
}

static void money_is_exact(void **state)
{
    intake_fixture *f = *state;
    static const struct {
        const char *json;
        int64_t minor;
    } cases[] = {{"12.3", 1230},  {"\"12.30\"", 1230}, {"12.3000", 1230},
                 {"-0.01", -1},   {"1e2", 10000},      {"123e-2", 123},
                 {"\"+5\"", 500}, {"0.1e1", 100},      {"999999999999.99", 99999999999999},
                 {"0", 0},        {"-0", 0},           {"\" 7.5 \"", 750}};
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        char json[600];
        snprintf(json, sizeof(json),
                 "{\"transaction_id\":\"T1\",\"store_id\":\"S1\",\"register_id\":\"R1\","
                 "\"employee_id\":\"E1\",\"transaction_time\":\"2026-01-05T17:05:00Z\","
                 "\"transaction_total\":%s,\"discount_amount\":0,\"refund_flag\":false,"
                 "\"void_flag\":0,\"item_count\":3,\"payment_type\":\"cash\"}",
                 cases[i].json);
        assert_int_equal(good(f, json)->total_minor, cases[i].minor);
    }
}

static void times_know_the_store(void **state)
{
    intake_fixture *f = *state;
    tw_zone *berlin, *york;
    assert_int_equal(tw_zone_new(tw_alloc_system(), "+01:00", &berlin, NULL), TW_OK);
    assert_int_equal(tw_zone_new(tw_alloc_system(), "-05:00", &york, NULL), TW_OK);
    tw_store_zone zones[] = {{TW_STR("S1"), york}, {TW_STR("S3"), york}};
    f->options.default_zone = berlin;
    f->options.store_zones = zones;
    f->options.store_zone_n = 2;
#define AT(store, time)                                                                            \
    "{\"event_id\":\"X\",\"store_id\":\"" store "\",\"employee_id\":\"E\",\"event\":\"sign_on\","  \
    "\"time\":\"" time "\"}"
    const tw_shift *s = &f->fact.as.shift;
    assert_int_equal(parse(f, AT("S1", "2026-01-05T09:00:00")), TW_OK);
    assert_true(s->offset_min == -300 && s->time_ms == INT64_C(1767621600000));
    assert_int_equal(parse(f, AT("S2", "2026-01-05 09:00:00")), TW_OK);
    assert_true(s->offset_min == 60 && s->time_ms == INT64_C(1767600000000));
    assert_int_equal(parse(f, AT("S3", "2026-01-05T14:00:00Z")), TW_OK);
    assert_true(s->offset_min == -300 && s->time_ms == INT64_C(1767621600000));
    // An offset that is not UTC is the store's own word for its wall clock.
    assert_int_equal(parse(f, AT("S2", "2026-01-05T09:00:00-08:00")), TW_OK);
    assert_true(s->offset_min == -480 && s->time_ms == INT64_C(1767632400000));
    tw_zone_free(berlin);
    tw_zone_free(york);
}

static void the_kind_is_told_by_the_id(void **state)
{
    intake_fixture *f = *state;
    assert_int_equal(
        parse(f, "{\"movement_id\":\"M1\",\"store_id\":\"S1\",\"sku\":\"4711\",\"movement_type\":"
                 "\"damage\",\"quantity\":\"-2.5\",\"time\":\"2026-01-05T09:00:00Z\",\"reason\":"
                 "\"wet\",\"reference\":\"D1\"}"),
        TW_OK);
    assert_int_equal(f->fact.kind, TW_FACT_MOVEMENT);
    assert_true(f->fact.as.movement.quantity_milli == -2500 &&
                f->fact.as.movement.type == TW_MOVE_DAMAGE);
    assert_int_equal(parse(f, "{\"transaction_id\":\"T1\",\"fraud\":1,\"recovered\":\"3.50\"}"),
                     TW_OK);
    assert_int_equal(f->fact.kind, TW_FACT_VERDICT);
    assert_int_equal(f->fact.as.verdict.verdict, TW_VERDICT_CONFIRMED);
    assert_true(f->fact.as.verdict.recovered_minor == 350 &&
                f->fact.as.verdict.decided_ms == f->options.received_ms);
    assert_int_equal(parse(f, "{\"alert_id\":\"A1\",\"verdict\":\"refuted\",\"decided_at\":"
                              "\"2026-01-05T09:00:00Z\"}"),
                     TW_OK);
    assert_int_equal(f->fact.as.verdict.verdict, TW_VERDICT_REFUTED);
    assert_int_equal(parse(f, "{\"verdict\":\"REFUTED\"}"), TW_INVALID);
    assert_string_equal(f->problem.field, "alert_id");
}

static void unknown_null_and_empty_members_are_absent(void **state)
{
    intake_fixture *f = *state;
    const tw_transaction *t = good(f, "{" BASE ",\"surprise\":{\"a\":[1]},\"loyalty_id\":null,"
                                      "\"customer_id\":\"  \",\"lines\":[],\"tenders\":[],"
                                      "\"attributes\":{}}");
    assert_true(t->loyalty_id.bytes == 0 && t->customer_id.bytes == 0 && t->line_n == 0);
    assert_int_equal(tw_json_parser_counts(f->parser)->unknown_members, 1);
    assert_int_equal(tw_json_parser_counts(f->parser)->accepted, 1);
}

// --- bad input
// -------------------------------------------------------------------------------------

typedef struct bad_case {
    const char *field, *value; // the member as JSON; "" drops it
    tw_problem_code code;
    const char *sentence;
} bad_case;

#define ID65 "\"12345678901234567890123456789012345678901234567890123456789012345\""
static const bad_case bad_cases[] = {
    {"transaction_id", "", TW_PROBLEM_MISSING,
     "transaction_id is missing; every transaction needs it"},
    {"transaction_id", "\"  \"", TW_PROBLEM_MISSING,
     "transaction_id is missing; every transaction needs it"},
    {"transaction_id", "null", TW_PROBLEM_MISSING,
     "transaction_id is missing; every transaction needs it"},
    {"transaction_id", "true", TW_PROBLEM_TYPE, "transaction_id is true; it must be text"},
    {"transaction_id", "{}", TW_PROBLEM_TYPE,
     "transaction_id is an array or object; it must be text"},
    {"transaction_id", "1.5", TW_PROBLEM_TYPE,
     "transaction_id is \"1.5\"; send identifiers as text"},
    {"transaction_id", ID65, TW_PROBLEM_LENGTH,
     "transaction_id has 65 bytes; at most 64 are allowed"},
    {"store_id", "\"a\\u0000b\"", TW_PROBLEM_UTF8,
     "store_id is \"a?b\"; send valid UTF-8 without control characters"},
    {"store_id", "\"a\\u0007b\"", TW_PROBLEM_UTF8,
     "store_id is \"a?b\"; send valid UTF-8 without control characters"},
    {"transaction_time", "1767600000", TW_PROBLEM_TYPE,
     "transaction_time is a number; it must be an RFC 3339 time such as 2026-01-31T17:05:00+01:00"},
    {"transaction_time", "\"yesterday\"", TW_PROBLEM_TIME,
     "transaction_time is \"yesterday\"; use RFC 3339 such as 2026-01-31T17:05:00+01:00"},
    {"transaction_time", "\"2026-02-30T00:00:00Z\"", TW_PROBLEM_TIME,
     "transaction_time is \"2026-02-30T00:00:00Z\"; use RFC 3339 such as "
     "2026-01-31T17:05:00+01:00"},
    {"transaction_time", "\"2105-01-01T00:00:00Z\"", TW_PROBLEM_TIME,
     "transaction_time is \"2105-01-01T00:00:00Z\"; it must lie between 1970 and 2099"},
    {"transaction_total", "\"12,30\"", TW_PROBLEM_MONEY,
     "transaction_total is \"12,30\"; use a decimal number such as 12.30"},
    {"transaction_total", "\"NaN\"", TW_PROBLEM_MONEY,
     "transaction_total is \"NaN\"; use a decimal number such as 12.30"},
    {"transaction_total", "12.345", TW_PROBLEM_MONEY,
     "transaction_total is \"12.345\"; EUR has 2 decimals"},
    {"transaction_total", "1e30", TW_PROBLEM_RANGE,
     "transaction_total is \"1e30\"; no till has such amounts; check the unit"},
    {"transaction_total", "1000000000000.01", TW_PROBLEM_RANGE,
     "transaction_total is \"1000000000000.01\"; no till has such amounts; check the unit"},
    {"transaction_total", "true", TW_PROBLEM_TYPE,
     "transaction_total is true; it must be a decimal number such as 12.30"},
    {"discount_amount", "-1", TW_PROBLEM_RANGE,
     "discount_amount is \"-1\"; it must not be negative"},
    {"refund_flag", "2", TW_PROBLEM_UNKNOWN_VALUE,
     "refund_flag is \"2\"; use true/false, 1/0 or Y/N"},
    {"refund_flag", "\"maybe\"", TW_PROBLEM_UNKNOWN_VALUE,
     "refund_flag is \"maybe\"; use true/false, 1/0 or Y/N"},
    {"void_flag", "[]", TW_PROBLEM_TYPE,
     "void_flag is an array or object; it must be true or false"},
    {"item_count", "-1", TW_PROBLEM_RANGE, "item_count is \"-1\"; it must be from 0 to 1000000"},
    {"item_count", "1.5", TW_PROBLEM_TYPE, "item_count is \"1.5\"; it must be a whole number"},
    {"item_count", "\"many\"", TW_PROBLEM_TYPE, "item_count is \"many\"; it must be a number"},
    {"item_count", "99999999999999999999", TW_PROBLEM_RANGE,
     "item_count is \"99999999999999999999\"; it must be from 0 to 1000000"},
    {"payment_type", "false", TW_PROBLEM_TYPE, "payment_type is false; it must be text"},
    {"transaction_type", "\"gift\"", TW_PROBLEM_UNKNOWN_VALUE,
     "transaction_type is \"gift\"; use sale, return, exchange, void, post_void, no_sale, paid_in, "
     "paid_out, cancel, suspend or resume"},
    {"currency", "\"EURO\"", TW_PROBLEM_UNKNOWN_VALUE,
     "currency is \"EURO\"; use an ISO 4217 code such as USD"},
    {"business_date", "\"5.1.2026\"", TW_PROBLEM_TIME,
     "business_date is \"5.1.2026\"; use a date such as 2026-01-31"},
    {"business_date", "\"2030-01-01\"", TW_PROBLEM_TIME,
     "business_date is \"2030-01-01\"; it is more than a year away from transaction_time"},
    {"sequence_number", "4294967296", TW_PROBLEM_RANGE,
     "sequence_number is \"4294967296\"; it must be from 0 to 4294967295"},
    {"scan_seconds", "-1", TW_PROBLEM_RANGE,
     "scan_seconds is \"-1\"; it must be from 0 to 86400 seconds"},
    {"scan_seconds", "\"inf\"", TW_PROBLEM_TYPE,
     "scan_seconds is \"inf\"; it must be a number of seconds"},
    {"lines", "{}", TW_PROBLEM_TYPE, "lines must be an array"},
    {"lines", "\"x\"", TW_PROBLEM_TYPE, "lines is text; it must be an array"},
    {"lines", "[1]", TW_PROBLEM_TYPE, "lines[0] must be an object"},
    {"lines", "[{\"unit_price\":1},{\"sku\":\"a\"}]", TW_PROBLEM_MISSING,
     "lines[1].unit_price is missing; every line needs it"},
    {"lines", "[{\"unit_price\":1,\"quantity\":0.0001}]", TW_PROBLEM_TYPE,
     "lines[0].quantity is \"0.0001\"; at most three decimals are allowed"},
    {"lines", "[{\"unit_price\":1,\"unit_price\":2}]", TW_PROBLEM_REPEATED,
     "lines[0].unit_price appears twice; send it once"},
    {"tenders", "[{\"type\":\"cash\"}]", TW_PROBLEM_MISSING,
     "tenders[0].amount is missing; every tender needs it"},
    {"attributes", "{\"tips\":\"many\"}", TW_PROBLEM_TYPE,
     "attributes.tips is \"many\"; attributes are finite numbers"},
    {"attributes", "[]", TW_PROBLEM_TYPE, "attributes must be an object"},
    {"attributes", "{\"\":1}", TW_PROBLEM_LENGTH,
     "attributes.name is \"\"; names have 1 to 64 bytes and hold no card number"},
    {"override_reason", "\"card 4111 1111 1111 1111\\u0001\"", TW_PROBLEM_UTF8,
     "override_reason is \"card 4111 11** **** 1111?\"; send valid UTF-8 without control "
     "characters"},
};

// The good record with one member replaced, dropped or added.
static void spoil(const bad_case *bad, char *out, size_t cap)
{
    static const char *const members[][2] = {{"transaction_id", "\"T1\""},
                                             {"store_id", "\"S1\""},
                                             {"register_id", "\"R1\""},
                                             {"employee_id", "\"E1\""},
                                             {"transaction_time", "\"2026-01-05T17:05:00+01:00\""},
                                             {"transaction_total", "12.30"},
                                             {"discount_amount", "0"},
                                             {"refund_flag", "false"},
                                             {"void_flag", "false"},
                                             {"item_count", "3"},
                                             {"payment_type", "\"cash\""}};
    bool replaced = false;
    size_t n = (size_t)snprintf(out, cap, "{\"seen\":1");
    for (size_t i = 0; i < TW_COUNT(members); i++) {
        bool is_it = strcmp(members[i][0], bad->field) == 0;
        const char *value = is_it ? bad->value : members[i][1];
        replaced |= is_it;
        if (value[0])
            n += (size_t)snprintf(out + n, cap - n, ",\"%s\":%s", members[i][0], value);
    }
    if (!replaced)
        n += (size_t)snprintf(out + n, cap - n, ",\"%s\":%s", bad->field, bad->value);
    snprintf(out + n, cap - n, "}");
}

static void every_bad_value_is_explained(void **state)
{
    intake_fixture *f = *state;
    char json[2000];
    for (size_t i = 0; i < TW_COUNT(bad_cases); i++) {
        spoil(&bad_cases[i], json, sizeof(json));
        assert_int_equal(parse(f, json), TW_INVALID);
        assert_string_equal(f->problem.sentence, bad_cases[i].sentence);
        assert_int_equal(f->problem.code, bad_cases[i].code);
        assert_true(strncmp(f->problem.field, bad_cases[i].field, strlen(bad_cases[i].field)) == 0);
        assert_int_equal(f->fact.kind, 0);
        assert_true(f->problem.record.bytes > 0);
    }
    assert_int_equal(tw_json_parser_counts(f->parser)->rejected, TW_COUNT(bad_cases));
}

static void every_required_field_is_asked_for(void **state)
{
    static const char *const required[] = {
        "transaction_id",   "store_id",          "register_id",     "employee_id",
        "transaction_time", "transaction_total", "discount_amount", "refund_flag",
        "void_flag",        "item_count",        "payment_type"};
    char json[2000];
    for (size_t i = 0; i < TW_COUNT(required); i++) {
        intake_fixture *f = *state;
        bad_case bad = {required[i], "", TW_PROBLEM_MISSING, ""};
        spoil(&bad, json, sizeof(json));
        assert_int_equal(parse(f, json), TW_INVALID);
        assert_int_equal(f->problem.code, TW_PROBLEM_MISSING);
        assert_string_equal(f->problem.field, required[i]);
    }
}

static void malformed_records_are_explained(void **state)
{
    static const struct {
        const char *json;
        tw_problem_code code;
        const char *start;
    } cases[] = {{"", TW_PROBLEM_SYNTAX, "not valid JSON at byte 1"},
                 {"[1]", TW_PROBLEM_SYNTAX, "a record must be a JSON object"},
                 {"{\"a\":", TW_PROBLEM_SYNTAX, "not valid JSON at byte"},
                 {"{\"a\":1,}", TW_PROBLEM_SYNTAX, "not valid JSON at byte"},
                 {"{\"a\":NaN}", TW_PROBLEM_SYNTAX, "not valid JSON at byte"},
                 {"{\"a\":\"\xff\"}", TW_PROBLEM_UTF8, "the text at byte"},
                 {"{\"a\":1}{", TW_PROBLEM_SYNTAX, "not valid JSON at byte"},
                 {"{" BASE ",\"store_id\":\"S2\"}", TW_PROBLEM_REPEATED,
                  "store_id appears twice; send it once"}};
    intake_fixture *f = *state;
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        assert_int_equal(parse(f, cases[i].json), TW_INVALID);
        assert_int_equal(f->problem.code, cases[i].code);
        assert_true(tw_str_starts(tw_str_from(f->problem.sentence), tw_str_from(cases[i].start)));
    }
}

static void counts_have_limits(void **state)
{
    static const struct {
        const char *field, *item;
        size_t max_n;
    } cases[] = {{"lines", "{\"unit_price\":1}", TW_LINES_MAX},
                 {"tenders", "{\"type\":\"cash\",\"amount\":1}", TW_TENDERS_MAX}};
    intake_fixture *f = *state;
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), (size_t)4 << 20);
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        for (size_t extra = 0; extra < 2; extra++) {
            tw_buf_reset(&json);
            tw_buf_printf(&json, "{" BASE ",\"%s\":[", cases[i].field);
            for (size_t k = 0; k < cases[i].max_n + extra; k++)
                tw_buf_printf(&json, "%s%s", k ? "," : "", cases[i].item);
            tw_buf_cstr(&json, "]}");
            tw_str text = {(char *)json.data_own, json.bytes};
            assert_int_equal(tw_json_parse(f->parser, text, 0, &f->arena, &f->fact, &f->problem),
                             extra ? TW_INVALID : TW_OK);
        }
        assert_int_equal(f->problem.code, TW_PROBLEM_LENGTH);
    }
    tw_buf_reset(&json);
    for (int i = 0; i < 2 * TW_RECORD_MAX_BYTES / 16; i++)
        tw_buf_cstr(&json, "                ");
    assert_int_equal(tw_json_parse(f->parser, (tw_str){(char *)json.data_own, json.bytes}, 0,
                                   &f->arena, &f->fact, &f->problem),
                     TW_INVALID);
    assert_int_equal(f->problem.code, TW_PROBLEM_LENGTH);
    tw_buf_release(&json);
}

static void card_numbers_never_pass(void **state)
{
    intake_fixture *f = *state;
    const tw_transaction *t =
        good(f, "{" BASE ",\"customer_id\":\"4111 1111 1111 1111\",\"override_reason\":\"card "
                "4111111111111111 declined\",\"tenders\":[{\"type\":\"credit\",\"amount\":12.3,"
                "\"account_token\":\"4111-1111-1111-1111\"}],\"lines\":[{\"sku\":\"4006381333931\","
                "\"unit_price\":1,\"discount_reason\":\"5500005555555559\"}]}");
    assert_int_equal(t->customer_id.bytes, 28);
    assert_true(tw_str_starts(t->customer_id, TW_STR("tok_")));
    // The same card is the same account however it is written.
    assert_true(tw_str_equal(t->customer_id, t->tenders[0].account_token));
    assert_text(t->override_reason, "card 411111******1111 declined");
    assert_text(t->lines[0].discount_reason, "550000******5559");
    assert_text(t->lines[0].sku, "4006381333931");
    assert_int_equal(tw_json_parser_counts(f->parser)->cards_tokenised, 2);
    assert_int_equal(tw_json_parser_counts(f->parser)->cards_masked, 2);
    assert_int_equal(parse(f, "{\"transaction_id\":\"T1\",\"note\":\"4111111111111111\"}"),
                     TW_INVALID);
    assert_text(f->problem.record, "{\"transaction_id\":\"T1\",\"note\":\"411111******1111\"}");
}

static void no_heap_allocation_after_warm_up(void **state)
{
    (void)state;
    tw_alloc_faulty heap;
    tw_alloc_faulty_init(&heap, 0, false);
    tw_intake_options options = {.default_currency = "EUR"};
    tw_arena arena;
    tw_json_parser *parser;
    tw_fact fact;
    tw_problem problem;
    tw_arena_init(&arena, &heap.alloc, 0, 1 << 20);
    assert_int_equal(tw_json_parser_new(&heap.alloc, &options, &parser), TW_OK);
    uint64_t calls = 0;
    for (int i = 0; i < 10000; i++) {
        tw_arena_reset(&arena);
        tw_str good_json = TW_STR("{" BASE ",\"lines\":[{\"unit_price\":1},{\"unit_price\":2}]}");
        tw_str bad_json = TW_STR("{" BASE ",\"lines\":[{\"unit_price\":\"x\"}]}");
        bool bad = i % 3 == 2;
        assert_int_equal(
            tw_json_parse(parser, bad ? bad_json : good_json, 0, &arena, &fact, &problem),
            bad ? TW_INVALID : TW_OK);
        if (i == 10)
            calls = heap.calls;
    }
    assert_int_equal(heap.calls, calls);
    tw_json_parser_free(parser);
    tw_arena_release(&arena);
    assert_int_equal(heap.live_blocks, 0);
}

static void ndjson_lines_are_counted(void **state)
{
    (void)state;
    tw_str rest = TW_STR("\n {\"a\":1} \r\n\n{\"b\":2}"), record;
    uint64_t line = 0;
    assert_true(tw_ndjson_next(&rest, &line, &record) && line == 2);
    assert_text(record, "{\"a\":1}");
    assert_true(tw_ndjson_next(&rest, &line, &record) && line == 4);
    assert_text(record, "{\"b\":2}");
    assert_false(tw_ndjson_next(&rest, &line, &record));
}

static void required_fields_are_marked_twice_alike(void **state)
{
    const twi_schema *schemas[] = {twi_schema_of(TW_FACT_TRANSACTION),
                                   twi_schema_of(TW_FACT_MOVEMENT),
                                   twi_schema_of(TW_FACT_SHIFT),
                                   twi_schema_of(TW_FACT_VERDICT),
                                   twi_line_schema(),
                                   twi_tender_schema()};
    (void)state;
    for (size_t k = 0; k < TW_COUNT(schemas); k++) {
        for (size_t i = 0; i < schemas[k]->n; i++)
            assert_int_equal(schemas[k]->fields[i].is_required, schemas[k]->required >> i & 1);
        assert_true(schemas[k]->required >> schemas[k]->n == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INTAKE_TEST(eleven_fields_are_enough),
        INTAKE_TEST(every_optional_field_is_read),
        INTAKE_TEST(rules_between_fields),
        INTAKE_TEST(money_is_exact),
        INTAKE_TEST(times_know_the_store),
        INTAKE_TEST(the_kind_is_told_by_the_id),
        INTAKE_TEST(unknown_null_and_empty_members_are_absent),
        cmocka_unit_test(required_fields_are_marked_twice_alike),
        INTAKE_TEST(every_bad_value_is_explained),
        INTAKE_TEST(every_required_field_is_asked_for),
        INTAKE_TEST(malformed_records_are_explained),
        INTAKE_TEST(counts_have_limits),
        INTAKE_TEST(card_numbers_never_pass),
        INTAKE_TEST(no_heap_allocation_after_warm_up),
        INTAKE_TEST(ndjson_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
