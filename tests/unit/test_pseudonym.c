// SPDX-License-Identifier: Apache-2.0
//
// Pseudonyms in replies: by member, in sentences, and what must stay.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/pseudonym.h"

// An employee is E1..., a card tok...; pseudonyms are <kind>-<id>.
static tw_status known(void *ctx, const tw_str *words, size_t n, char *kinds)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        kinds[i] = tw_str_starts(words[i], TW_STR("E1"))    ? 'E'
                   : tw_str_starts(words[i], TW_STR("tok")) ? 'K'
                                                            : '\0';
    return TW_OK;
}

static tw_status aliases(void *ctx, const char *kinds, const tw_str *ids, size_t n, tw_str *out)
{
    for (size_t i = 0; i < n; i++) {
        char text[160];
        int bytes = snprintf(text, sizeof(text), "<%c:%.*s>", kinds[i], TW_STR_ARG(ids[i]));
        out[i] = (tw_str){tw_arena_copy(ctx, text, (size_t)bytes), (size_t)bytes};
    }
    return TW_OK;
}

static void assert_hidden(const char *json, const char *wanted)
{
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    const tw_alias_source source = {.known = known, .aliases = aliases, .ctx = &arena};
    yyjson_doc *read = yyjson_read(json, strlen(json), 0);
    yyjson_mut_doc *doc = yyjson_doc_mut_copy(read, NULL);
    assert_int_equal(tw_pseudonymise(doc, &source, &arena), TW_OK);
    char *text = yyjson_mut_write(doc, 0, NULL);
    assert_string_equal(text, wanted);
    free(text);
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(read);
    tw_arena_release(&arena);
}

static void members_that_hold_ids_are_hidden(void **state)
{
    (void)state;
    assert_hidden(
        "{\"employee_id\":\"anna\",\"store_id\":\"anna\",\"note\":\"anna came\"}",
        "{\"employee_id\":\"<E:anna>\",\"store_id\":\"anna\",\"note\":\"<E:anna> came\"}");
    assert_hidden("{\"tenders\":[{\"account_token\":\"x9\"}],\"customer_id\":\"c\"}",
                  "{\"tenders\":[{\"account_token\":\"<K:x9>\"}],\"customer_id\":\"<P:c>\"}");
    assert_hidden(
        "{\"entity\":{\"kind\":\"employee_account\",\"id\":\"bo|xy\"},\"t\":\"bo and xy\"}",
        "{\"entity\":{\"kind\":\"employee_account\",\"id\":\"<E:bo>|<K:xy>\"},"
        "\"t\":\"<E:bo> and <K:xy>\"}");
    assert_hidden("{\"kind\":\"STORE\",\"id\":\"bo\",\"label\":\"bo\"}",
                  "{\"kind\":\"STORE\",\"id\":\"bo\",\"label\":\"bo\"}");
    assert_hidden("{\"kind\":\"EMPLOYEE\",\"id\":\"17\",\"label\":\"17\",\"n\":17}",
                  "{\"kind\":\"EMPLOYEE\",\"id\":\"<E:17>\",\"label\":\"<E:17>\",\"n\":17}");
    assert_hidden("{\"employees\":[{\"id\":\"17\",\"n\":1}],\"stores\":[{\"id\":\"17\"}]}",
                  "{\"employees\":[{\"id\":\"<E:17>\",\"n\":1}],\"stores\":[{\"id\":\"17\"}]}");
    assert_hidden("{\"employee_id\":null,\"employee_ids\":[\"a\",\"b\"]}",
                  "{\"employee_id\":null,\"employee_ids\":[\"<E:a>\",\"<E:b>\"]}");
}

static void known_ids_are_hidden_in_sentences(void **state)
{
    (void)state;
    assert_hidden("[\"Card tok_1a: 3 refunds by E12.\"]",
                  "[\"Card <K:tok_1a>: 3 refunds by <E:E12>.\"]");
    assert_hidden("[\"E1, E12 and E123\"]", "[\"<E:E1>, <E:E12> and <E:E123>\"]");
    assert_hidden("[\"SE1 E2 XE12 E1\"]", "[\"SE1 E2 XE12 <E:E1>\"]");
    assert_hidden("{\"filter\":\"employee_id=E15&status=OPEN\"}",
                  "{\"filter\":\"employee_id=<E:E15>&status=OPEN\"}");
    assert_hidden("{\"subject\":\"E15\",\"actor\":\"E15\",\"sku\":\"E15\"}",
                  "{\"subject\":\"<E:E15>\",\"actor\":\"E15\",\"sku\":\"E15\"}");
}

static void an_id_that_begins_another_is_told_apart(void **state)
{
    (void)state;
    assert_hidden("{\"a\":{\"employee_id\":\"ab\"},\"b\":{\"employee_id\":\"ab2\"},"
                  "\"t\":\"ab2 ab cab ab-3 (ab)\"}",
                  "{\"a\":{\"employee_id\":\"<E:ab>\"},\"b\":{\"employee_id\":\"<E:ab2>\"},"
                  "\"t\":\"<E:ab2> <E:ab> cab ab-3 (<E:ab>)\"}");
}

static void counts_stay_counts(void **state)
{
    (void)state;
    assert_hidden(
        "{\"employee_id\":\"17\",\"t\":\"17 refunds by employee 17; 1717\",\"register_id\":\"17\"}",
        "{\"employee_id\":\"<E:17>\",\"t\":\"17 refunds by employee <E:17>; 1717\","
        "\"register_id\":\"17\"}");
    assert_hidden(
        "{\"employee_id\":\"40017\",\"t\":\"id 40017: 40017.50 $ of 40017\"}",
        "{\"employee_id\":\"<E:40017>\",\"t\":\"id <E:40017>: 40017.50 $ of <E:40017>\"}");
}

static void ids_of_any_characters_are_found(void **state)
{
    (void)state;
    assert_hidden(
        "{\"employee_id\":\"Ann Lee\",\"t\":\"Joann Lee, Ann Lee and Ann Leeds\"}",
        "{\"employee_id\":\"<E:Ann Lee>\",\"t\":\"Joann Lee, <E:Ann Lee> and Ann Leeds\"}");
    assert_hidden("{\"employee_id\":\"\xc3\x84nne\",\"t\":\"\xc3\x84nne \xc3\x84nnes\"}",
                  "{\"employee_id\":\"<E:\xc3\x84nne>\",\"t\":\"<E:\xc3\x84nne> \xc3\x84nnes\"}");
}

static void json_that_was_put_in_as_text_is_opened(void **state)
{
    (void)state;
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    const tw_alias_source source = {.known = known, .aliases = aliases, .ctx = &arena};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add(root, yyjson_mut_str(doc, "body"),
                       yyjson_mut_raw(doc, "{\"employee_id\":\"E1\"}"));
    yyjson_mut_obj_add_str(doc, root, "next", "E1");
    assert_int_equal(tw_pseudonymise(doc, &source, &arena), TW_OK);
    char *text = yyjson_mut_write(doc, 0, NULL);
    assert_string_equal(text, "{\"body\":{\"employee_id\":\"<E:E1>\"},\"next\":\"<E:E1>\"}");
    free(text);
    yyjson_mut_doc_free(doc);
    tw_arena_release(&arena);
}

static bool resolve(void *ctx, tw_str alias, tw_str *id)
{
    (void)ctx;
    *id = TW_STR("E0412");
    return tw_str_equal(alias, TW_STR("E-0a1b2c3d"));
}

static void pseudonyms_lead_back(void **state)
{
    (void)state;
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    static const struct {
        const char *in, *out;
    } cases[] = {{"E-0a1b2c3d", "E0412"},
                 {"see E-0a1b2c3d, E-0a1b2c3e.", "see E0412, E-0a1b2c3e."},
                 {"xE-0a1b2c3d E-0A1B2C3D E-0a1b2c3", "xE-0a1b2c3d E-0A1B2C3D E-0a1b2c3"},
                 {"", ""}};
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        tw_str out;
        assert_int_equal(tw_alias_text(tw_str_from(cases[i].in), resolve, NULL, &arena, &out),
                         TW_OK);
        assert_true(tw_str_equal(out, tw_str_from(cases[i].out)));
    }
    tw_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_hold_ids_are_hidden),
        cmocka_unit_test(known_ids_are_hidden_in_sentences),
        cmocka_unit_test(an_id_that_begins_another_is_told_apart),
        cmocka_unit_test(counts_stay_counts),
        cmocka_unit_test(ids_of_any_characters_are_found),
        cmocka_unit_test(json_that_was_put_in_as_text_is_opened),
        cmocka_unit_test(pseudonyms_lead_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
