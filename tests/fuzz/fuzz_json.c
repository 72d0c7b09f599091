// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as JSON records: every fact holds the invariants and reads back from its own JSON as
// the same bytes; every refusal has a code and a printable sentence; no card number comes out.
#include <string.h>

#include "intake/json.h"
#include "intake/mask.h"
#include "intake/source.h"
#include "intake/write.h"
#include "retail/check.h"
#include "retail/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static void check_problem(const tw_problem *problem)
{
    size_t start, bytes;
    TW_CHECK(problem->code != TW_PROBLEM_NONE && problem->sentence[0]);
    TW_CHECK(tw_str_is_utf8(tw_str_from(problem->sentence)));
    TW_CHECK(!tw_pan_find(tw_str_from(problem->sentence), &start, &bytes));
    TW_CHECK(!tw_pan_find(problem->record, &start, &bytes));
}

static void check_fact(tw_json_parser *parser, const tw_fact *fact, tw_arena *arena)
{
    tw_buf json, first, second;
    tw_fact back;
    tw_problem problem;
    // A verdict gets its id from the service.
    if (fact->kind == TW_FACT_VERDICT && fact->as.verdict.verdict_id.bytes == 0)
        return;
    TW_CHECK(tw_fact_check(fact, NULL) == TW_OK);
    tw_buf_init(&json, tw_alloc_system(), (size_t)8 << 20);
    tw_buf_init(&first, tw_alloc_system(), (size_t)8 << 20);
    tw_buf_init(&second, tw_alloc_system(), (size_t)8 << 20);
    TW_CHECK(tw_fact_encode(fact, &first) == TW_OK);
    TW_CHECK(tw_fact_write_json(fact, TW_WRITE_EXACT, &json) == TW_OK);
    // A verdict is written without the currency that its record named, and times of 1969 local time
    // have no text.
    if (fact->kind == TW_FACT_TRANSACTION && fact->as.transaction.business_day >= 0 &&
        tw_transaction_local_ms(&fact->as.transaction) >= 0) {
        tw_str text = {(char *)json.data_own, json.bytes};
        TW_CHECK(tw_json_parse(parser, text, fact->kind, arena, &back, &problem) == TW_OK);
        TW_CHECK(tw_fact_encode(&back, &second) == TW_OK);
        TW_CHECK(first.bytes == second.bytes &&
                 memcmp(first.data_own, second.data_own, first.bytes) == 0);
    }
    tw_buf_release(&json);
    tw_buf_release(&first);
    tw_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_arena arena, scratch;
    tw_source *source;
    tw_json_parser *parser;
    tw_source_batch batch;
    const tw_intake_options options = {.default_currency = "EUR"};
    const tw_source_settings settings = {.options = &options};
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    tw_arena_init(&scratch, tw_alloc_system(), 0, (size_t)64 << 20);
    TW_CHECK(tw_json_parser_new(tw_alloc_system(), &options, &parser) == TW_OK);
    tw_str text = {(const char *)data, data_bytes};
    if (tw_source_open_memory(tw_alloc_system(), text, &settings, &source, NULL) == TW_OK) {
        for (;;) {
            tw_arena_reset(&arena);
            if (tw_source_next(source, &arena, 64, &batch, NULL) != TW_OK)
                break;
            for (size_t i = 0; i < batch.problem_n; i++)
                check_problem(&batch.problems[i]);
            for (size_t i = 0; i < batch.fact_n; i++) {
                tw_arena_reset(&scratch);
                check_fact(parser, &batch.facts[i], &scratch);
            }
        }
        tw_source_close(source);
    }
    tw_json_parser_free(parser);
    tw_arena_release(&arena);
    tw_arena_release(&scratch);
    return 0;
}
