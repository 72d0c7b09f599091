// SPDX-License-Identifier: Apache-2.0
//
// What every test of intake needs: an arena, options, a parser, and a record to spoil.
#ifndef TW_TEST_INTAKE_FIXTURE_H
#define TW_TEST_INTAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "intake/json.h"
#include "intake/source.h"
#include "retail/check.h"

typedef struct intake_fixture {
    tw_arena arena;
    tw_intake_options options;
    tw_json_parser *parser;
    tw_fact fact;
    tw_problem problem;
} intake_fixture;

static inline int intake_set_up(void **state)
{
    static intake_fixture f;
    memset(&f, 0, sizeof(f));
    tw_arena_init(&f.arena, tw_alloc_system(), 0, (size_t)256 << 20);
    f.options =
        (tw_intake_options){.default_currency = "EUR", .received_ms = INT64_C(1767700000000)};
    memset(f.options.token_key, 7, sizeof(f.options.token_key));
    assert_int_equal(tw_json_parser_new(tw_alloc_system(), &f.options, &f.parser), TW_OK);
    *state = &f;
    return 0;
}

static inline int intake_tear_down(void **state)
{
    intake_fixture *f = *state;
    tw_json_parser_free(f->parser);
    tw_arena_release(&f->arena);
    return 0;
}

static inline void assert_text(tw_str actual, const char *expected)
{
    if (!tw_str_equal(actual, tw_str_from(expected)))
        fail_msg("\"%.*s\" instead of \"%s\"", TW_STR_ARG(actual), expected);
}

#define INTAKE_TEST(name) cmocka_unit_test_setup_teardown(name, intake_set_up, intake_tear_down)

#endif
