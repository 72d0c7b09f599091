// SPDX-License-Identifier: Apache-2.0
//
// Mappings: each key, the examples that ship, errors that say what to do, and time formats.
#include "intake_fixture.h"

#include <stdlib.h>

#include "../../src/intake/time_format.h"
#include "intake/mapping.h"

// Reads one row (or a few) of CSV through a mapping into f->fact or f->problem. Constants of the
// mapping are gone afterwards: look only at what the row gave.
static tw_status read_mapped(intake_fixture *f, const char *yaml, const char *csv, tw_err *err)
{
    tw_mapping *mapping;
    tw_source *source;
    tw_source_batch batch;
    TW_TRY(tw_mapping_parse(tw_alloc_system(), tw_str_from(yaml), &mapping, err));
    tw_source_settings settings = {.mapping = mapping, .options = &f->options};
    assert_int_equal(
        tw_source_open_memory(tw_alloc_system(), tw_str_from(csv), &settings, &source, err), TW_OK);
    tw_status status = tw_source_next(source, &f->arena, 100, &batch, err);
    if (status == TW_OK && batch.fact_n) {
        f->fact = batch.facts[batch.fact_n - 1];
        assert_int_equal(tw_fact_check(&f->fact, NULL), TW_OK);
    }
    if (status == TW_OK && batch.problem_n) {
        f->problem = batch.problems[0];
        status = TW_INVALID;
        tw_str_copy(tw_str_from(f->problem.sentence), err->text, sizeof(err->text));
    }
    tw_source_close(source);
    tw_mapping_free(mapping);
    return status;
}

static void shipped_examples_load_and_work(void **state)
{
    intake_fixture *f = *state;
    tw_mapping *mapping;
    tw_source *source;
    tw_source_batch batch;
    tw_err err = {0};
    static const char csv[] =
        "STORE;TERMINAL;TRANSACTIONID;STAFF;TRANSDATE;TRANSTIME;BUSINESSDATE;PAYMENTAMOUNT;"
        "DISCAMOUNT;"
        "ENTRYSTATUS;TYPE;NUMBEROFITEMS;TENDERTYPE;CARDTOKEN;LOYALTYCARDID;RETURNTRANSACTIONID;"
        "TAXAMOUNT\n"
        "S1;4;991;E7;05.07.2026;09:30:00;04.07.2026;-1.234,50;-0,99;0;2;3;3;abc;;S1-4-900;-197,1\n";
    tw_status status =
        tw_mapping_load(tw_alloc_system(),
                        TILLWATCH_SOURCE_DIR "/mappings/d365-loss-prevention.yaml", &mapping, &err);
    if (status != TW_OK)
        fail_msg("%s", err.text);
    tw_source_settings settings = {.mapping = mapping, .options = &f->options};
    assert_int_equal(
        tw_source_open_memory(tw_alloc_system(), tw_str_from(csv), &settings, &source, &err),
        TW_OK);
    if (tw_source_next(source, &f->arena, 10, &batch, &err) != TW_OK || batch.problem_n)
        fail_msg("%s", batch.problem_n ? batch.problems[0].sentence : err.text);
    const tw_transaction *t = &batch.facts[0].as.transaction;
    assert_text(t->transaction_id, "S1-4-991");
    assert_true(t->total_minor == -123450 && t->discount_minor == 99);
    assert_true(t->flags & TW_TXN_FLAG_REFUND);
    assert_true(t->time_ms == INT64_C(1783236600000) && t->offset_min == 120);
    assert_int_equal(t->business_day, 20638);
    assert_int_equal(t->payment_type, TW_PAY_CREDIT);
    assert_text(t->tenders[0].account_token, "abc");
    assert_text(t->original_transaction_id, "S1-4-900");
    assert_true(t->attribute_n == 1 && t->attributes[0].value == -197.1);
    tw_source_close(source);
    tw_mapping_free(mapping);
    static const char *const others[] = {TILLWATCH_SOURCE_DIR "/mappings/minimal-columns.yaml",
                                         TILLWATCH_SOURCE_DIR "/bench/detection/fdh.yaml"};
    for (size_t i = 0; i < TW_COUNT(others); i++) {
        if (tw_mapping_load(tw_alloc_system(), others[i], &mapping, &err) != TW_OK)
            fail_msg("%s: %s", others[i], err.text);
        tw_mapping_free(mapping);
    }
}

static void cents_flags_and_epochs(void **state)
{
    static const char yaml[] =
        "currency: JPY\nfields:\n"
        "  transaction_id: {template: \"x{row}-{row1}\"}\n  store_id: {constant: S9}\n"
        "  register_id: {column: till}\n  employee_id: {column: cashier, default: none}\n"
        "  currency: {column: cur}\n"
        "  transaction_time: {column: ts, format: epoch_ms, epoch_offset: "
        "\"2026-01-05T00:00:00Z\"}\n"
        "  transaction_total: {column: cents, unit: minor, sign: negate}\n"
        "  discount_amount: {column: disc, factor: \"0.001\"}\n"
        "  refund_flag: {constant: \"0\"}\n  void_flag: {constant: \"0\"}\n"
        "  item_count: {column: items, factor: \"0.1\"}\n  payment_type: {column: paid_by}\n"
        "attributes:\n  - {name: w, column: items, factor: \"100\"}\n  - {name: none, column: "
        "cashier}\n";
    static const char csv[] = "till,cashier,cur,ts,cents,disc,items,paid_by\n"
                              "1,,EUR,3600000,1230-,1500,30,card\n1,,KWD,1,-1230,0,20,card\n";
    intake_fixture *f = *state;
    tw_err err = {0};
    assert_int_equal(read_mapped(f, yaml, csv, &err), TW_OK);
    const tw_transaction *t = &f->fact.as.transaction;
    assert_text(t->transaction_id, "x1-2");
    assert_string_equal(t->currency, "KWD");
    assert_int_equal(t->total_minor, 1230);
    assert_true(t->time_ms == INT64_C(1767571200001));
    assert_int_equal(t->item_count, 2);
    assert_true(t->attribute_n == 1 && t->attributes[0].value == 2000.0);
}

// --- errors
// ----------------------------------------------------------------------------------------

#define REST                                                                                       \
    "  store_id: {constant: S}\n  register_id: {constant: R}\n  employee_id: {constant: E}\n"      \
    "  transaction_time: {column: t}\n  discount_amount: {constant: \"0\"}\n"                      \
    "  refund_flag: {constant: \"0\"}\n  void_flag: {constant: \"0\"}\n"                           \
    "  item_count: {constant: \"0\"}\n  payment_type: {constant: cash}\n"

static const char *const bad_mappings[][2] = {
    {"", "the mapping is wrong"},
    {"fields: [", "the mapping is wrong"},
    {"fields:\n  shop: {column: a}\n", "the mapping is wrong at line"},
    {"fields: {}\nfoo: 1\n", "the mapping is wrong"},
    {"record: receipt\nfields: {}\n",
     "mapping: record is \"receipt\"; use transaction, movement, shift or verdict"},
    {"delimiter: \"::\"\nfields: {}\n", "mapping: delimiter is \"::\"; use one of , ; | tab"},
    {"decimal: comma\ngrouping: comma\nfields: {}\n",
     "mapping: decimal and grouping are the same character"},
    {"currency: euro\nfields: {}\n",
     "mapping: currency is \"euro\"; use an ISO 4217 code such as USD"},
    {"zone: Mars/North\nfields: {}\n",
     "mapping: zone \"Mars/North\" is unknown; use a name such as Europe/Berlin"},
    {"unlisted: keep\nfields: {}\n", "mapping: unlisted is \"keep\"; use take or ignore"},
    {"fields:\n  sku: {column: a}\n", "mapping: sku is not a field of a transaction; leave it out"},
    {"fields:\n  store_id: {}\n",
     "mapping of store_id: give exactly one of column, constant and template"},
    {"fields:\n  store_id: {column: a, constant: b}\n",
     "mapping of store_id: give exactly one of column, constant and template"},
    {"fields:\n  store_id: {column: a, factor: \"10\"}\n",
     "mapping of store_id: unit, factor, sign and negate_column are for numbers; leave them out"},
    {"fields:\n  transaction_total: {column: a, factor: \"3\"}\n",
     "mapping of transaction_total: factor is \"3\"; use a power of ten such as 0.01 or 1000"},
    {"fields:\n  transaction_total: {column: a, unit: cents}\n",
     "mapping of transaction_total: unit is \"cents\"; money is in major or minor units"},
    {"fields:\n  discount_amount: {column: a, sign: refund_if_negative}\n",
     "mapping of discount_amount: sign is \"refund_if_negative\"; use keep, negate, absolute"},
    {"fields:\n  transaction_total: {column: a, negate_column: b}\n",
     "mapping of transaction_total: negate_column and negate_values go together; give both"},
    {"fields:\n  transaction_time: {column: a, format: \"%Q\"}\n",
     "mapping of transaction_time: format is \"%Q\"; use rfc3339, epoch_seconds"},
    {"fields:\n  transaction_time: {column: a, epoch_offset: now}\n",
     "mapping of transaction_time: epoch_offset is \"now\"; use an instant such as"},
    {"fields:\n  store_id: {column: a, format: \"%Y\"}\n",
     "mapping of store_id: format and epoch_offset are for times; leave them out"},
    {"fields:\n  transaction_id: {column: nope}\n  transaction_total: {column: a}\n" REST,
     "mapping of transaction_id: the file has no column \"nope\""},
    {"fields:\n  transaction_id: {template: \"{a\"}\n  transaction_total: {column: a}\n" REST,
     "mapping of transaction_id: a { in the template has no }"},
    {"fields:\n  transaction_total: {column: a}\n" REST,
     "the header has no column transaction_id; name the columns so or give a mapping (--map)"},
    {"fields:\n  transaction_id: {column: a, values: [{from: x, to: y}]}\n"
     "  transaction_total: {column: a}\n" REST,
     "transaction_id is \"7\"; the mapping's values do not have it; add it or a \"*\""},
    {"decimal: comma\nfields:\n  transaction_id: {column: a}\n  transaction_total: {column: "
     "p}\n" REST,
     "transaction_total is \"1?5\"; use a decimal number such as 12.30"},
    {"fields:\n  transaction_id: {column: a}\n  transaction_total: {column: a}\n" REST
     "attributes: [{name: x, column: t}]\n",
     "x is \"2026-01-05\"; attributes are finite numbers"},
    {"fields:\n  transaction_id: {column: a}\n  transaction_total: {column: a}\n"
     "  business_date: {column: p, format: \"%d.%m.%Y\"}\n" REST,
     "business_date is \"1.5\"; the mapping expects the format %d.%m.%Y"},
};

static void wrong_mappings_are_explained(void **state)
{
    for (size_t i = 0; i < TW_COUNT(bad_mappings); i++) {
        tw_err err = {0};
        assert_int_equal(read_mapped(*state, bad_mappings[i][0], "a,t,p\n7,2026-01-05,1.5\n", &err),
                         TW_INVALID);
        if (!tw_str_starts(tw_str_from(err.text), tw_str_from(bad_mappings[i][1])))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, err.text, bad_mappings[i][1]);
    }
    tw_mapping *mapping;
    tw_err err = {0};
    assert_int_equal(tw_mapping_load(tw_alloc_system(), "/nonexistent.yaml", &mapping, &err),
                     TW_NOT_FOUND);
}

static void time_formats(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text;
        int64_t ms; // -1: no match
        int offset;
    } cases[] = {
        {"%d.%m.%Y %H:%M:%S", "05.07.2026 09:30:01", INT64_C(1783243801000), TW_OFFSET_NONE},
        {"%d.%m.%y %H:%M", "5.7.26 9:30", INT64_C(1783243800000), TW_OFFSET_NONE},
        {"%m/%d/%Y %I:%M %p", "7/5/2026 12:30 am", INT64_C(1783211400000), TW_OFFSET_NONE},
        {"%m/%d/%Y %I:%M%p", "7/5/2026 1:00PM", INT64_C(1783256400000), TW_OFFSET_NONE},
        {"%Y%m%d%H%M%S", "20260705093001", INT64_C(1783243801000), TW_OFFSET_NONE},
        {"%Y-%m-%dT%H:%M:%S.%f%z", "2026-07-05T09:30:01.25+02:00", INT64_C(1783236601250), 120},
        {"%d %b %Y", "05 Jul 2026", INT64_C(1783209600000), TW_OFFSET_NONE},
        {"%Y-%j", "2026-186", INT64_C(1783209600000), TW_OFFSET_NONE},
        {"%d%%%m%%%Y", "05%07%2026", INT64_C(1783209600000), TW_OFFSET_NONE},
        {"%d.%m.%Y", "30.02.2026", -1, 0},
        {"%d.%m.%Y", "05.07.2026 ", -1, 0},
        {"%d.%m.%Y", "05-07-2026", -1, 0},
        {"%d.%m.%Y %H:%M", "05.07.2026 24:00", -1, 0},
        {"%Y-%j", "2026-366", -1, 0},
        {"%d.%m.%Y", "", -1, 0},
    };
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        int64_t ms = -1;
        int16_t offset_min = 0;
        bool ok = twi_time_format_parse(tw_str_from(cases[i].text), tw_str_from(cases[i].format),
                                        &ms, &offset_min);
        assert_int_equal(ok, cases[i].ms >= 0);
        if (ok && (ms != cases[i].ms || offset_min != cases[i].offset))
            fail_msg("%s gives %lld", cases[i].text, (long long)ms);
    }
    assert_false(twi_time_format_valid(TW_STR("%H:%M")));
    assert_false(twi_time_format_valid(TW_STR("%Y-%m-%d%")));
    assert_true(twi_time_format_valid(TW_STR("%Y-%j")));
}

static void public_card_data_is_read_whole(void **state)
{
    intake_fixture *f = *state;
    char path[512];
    const char *dir = getenv("TILLWATCH_FDH_DIR");
    snprintf(path, sizeof(path), "%s/transactions.csv.zst",
             dir ? dir : TILLWATCH_SOURCE_DIR "/../shared/data/fdh");
    tw_mapping *mapping;
    tw_source *source;
    tw_source_batch batch;
    uint64_t n = 0;
    assert_int_equal(tw_mapping_load(tw_alloc_system(),
                                     TILLWATCH_SOURCE_DIR "/bench/detection/fdh.yaml", &mapping,
                                     NULL),
                     TW_OK);
    tw_source_settings settings = {.mapping = mapping, .options = &f->options};
    tw_status status = tw_source_open(tw_alloc_system(), path, &settings, &source, NULL);
    if (status == TW_NOT_FOUND) {
        tw_mapping_free(mapping);
        skip();
    }
    assert_int_equal(status, TW_OK);
    int64_t last_ms = 0;
    for (;;) {
        tw_arena_reset(&f->arena);
        status = tw_source_next(source, &f->arena, 8192, &batch, NULL);
        if (status != TW_OK)
            break;
        assert_int_equal(batch.problem_n, 0);
        for (size_t i = 0; i < batch.fact_n; i++, n++) {
            assert_true(batch.facts[i].as.transaction.time_ms >= last_ms);
            last_ms = batch.facts[i].as.transaction.time_ms;
        }
    }
    assert_int_equal(status, TW_END);
    assert_int_equal(n, 1754155);
    tw_source_close(source);
    tw_mapping_free(mapping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INTAKE_TEST(shipped_examples_load_and_work), INTAKE_TEST(cents_flags_and_epochs),
        INTAKE_TEST(wrong_mappings_are_explained),   INTAKE_TEST(time_formats),
        INTAKE_TEST(public_card_data_is_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
