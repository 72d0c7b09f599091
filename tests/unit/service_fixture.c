// SPDX-License-Identifier: Apache-2.0
//
// Facts come from the simulator through the JSON parser, as they would in life.
#include "service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "intake/json.h"
#include "simulate/simulate.h"

static tw_status keep_lines(void *ctx, tw_simulate_output output, const void *data, size_t bytes,
                            tw_err *err)
{
    chain *c = ctx;
    (void)err;
    if (output == TW_SIMULATE_TRANSACTIONS || output == TW_SIMULATE_SHIFTS ||
        output == TW_SIMULATE_MOVEMENTS)
        tw_buf_put(&c->lines, data, bytes);
    return c->lines.status;
}

void chain_make(chain *c, unsigned stores, unsigned days, uint64_t seed)
{
    tw_simulate_options options;
    tw_simulate_summary summary;
    tw_intake_options intake = {.default_currency = "USD", .received_ms = 1};
    tw_json_parser *parser;
    tw_simulate_sink sink = {keep_lines, NULL, c};
    *c = (chain){0};
    tw_buf_init(&c->lines, tw_alloc_system(), (size_t)1 << 30);
    tw_arena_init(&c->arena, tw_alloc_system(), (size_t)1 << 20, (size_t)1 << 30);
    tw_simulate_options_init(&options);
    options.stores = stores;
    options.days = days;
    options.seed = seed;
    options.fraud_rate = 0.2; // small chains must have alerts
    assert_int_equal(tw_simulate(tw_alloc_system(), &options, &sink, &summary, NULL), TW_OK);
    assert_int_equal(tw_json_parser_new(tw_alloc_system(), &intake, &parser), TW_OK);
    tw_str rest = {(const char *)c->lines.data_own, c->lines.bytes}, record;
    uint64_t line = 0;
    while (tw_ndjson_next(&rest, &line, &record)) {
        void *items = c->facts;
        tw_problem problem;
        assert_int_equal(
            tw_grow(tw_alloc_system(), &items, &c->cap, c->n + 1, sizeof(tw_fact), SIZE_MAX / 1024),
            TW_OK);
        c->facts = items;
        assert_int_equal(tw_json_parse(parser, record, 0, &c->arena, &c->facts[c->n], &problem),
                         TW_OK);
        c->n++;
    }
    tw_json_parser_free(parser);
}

void chain_release(chain *c)
{
    tw_free_array(tw_alloc_system(), c->facts, c->cap, sizeof(tw_fact));
    tw_arena_release(&c->arena);
    tw_buf_release(&c->lines);
}

void fixture_make(fixture *f)
{
    const tw_alloc *alloc = tw_alloc_system();
    tw_journal journal;
    tw_ledger ledger;
    *f = (fixture){.mode = TW_SERVICE_IMPORT};
    assert_int_equal(tw_fault_plan_new(alloc, &f->plan), TW_OK);
    assert_int_equal(tw_memory_journal_open(alloc, &journal, NULL), TW_OK);
    assert_int_equal(tw_faulty_journal_open(alloc, journal, f->plan, &f->journal, NULL), TW_OK);
    assert_int_equal(tw_memory_ledger_open(alloc, &ledger, NULL), TW_OK);
    assert_int_equal(tw_faulty_ledger_open(alloc, ledger, f->plan, &f->ledger, NULL), TW_OK);
    assert_int_equal(tw_memory_files_open(alloc, &f->files, NULL), TW_OK);
}

void fixture_make_faulty_files(fixture *f)
{
    tw_files inner;
    fixture_make(f);
    inner = f->files;
    assert_int_equal(tw_faulty_files_open(tw_alloc_system(), inner, f->plan, &f->files, NULL),
                     TW_OK);
}

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return INT64_C(1770000000000);
}

tw_service_options fixture_options(fixture *f)
{
    static const tw_clock clock = {fixed_now, NULL};
    return (tw_service_options){.clock = f->clock ? f->clock : &clock,
                                .journal = &f->journal,
                                .ledger = &f->ledger,
                                .files = &f->files,
                                .mode = f->mode,
                                .currency = "USD",
                                .train_off = f->train_off,
                                .trainer = f->trainer,
                                .code_version = "test",
                                .schedule = f->schedule,
                                .snapshot_facts = f->snapshot_facts,
                                .queue_facts = f->queue_facts};
}

tw_status fixture_try_open(fixture *f, tw_err *err)
{
    tw_service_options options = fixture_options(f);
    return tw_service_open(&options, &f->service, err);
}

void fixture_open(fixture *f)
{
    tw_err err = {0};
    if (fixture_try_open(f, &err) != TW_OK)
        fail_msg("open: %s", err.text);
}

void fixture_close(fixture *f)
{
    tw_service_close(f->service);
    f->service = NULL;
}

void fixture_release(fixture *f)
{
    fixture_close(f);
    tw_files_close(&f->files);
    tw_ledger_close(&f->ledger);
    tw_journal_close(&f->journal);
    tw_fault_plan_free(f->plan);
}

void fixture_feed(fixture *f, const chain *c, size_t from, size_t to, size_t step)
{
    tw_batch *batch;
    assert_int_equal(tw_batch_get(f->service, &batch), TW_OK);
    for (size_t i = from; i < to; i += step) {
        tw_err err = {0};
        tw_batch_reset(batch);
        for (size_t k = i; k < TW_MIN(i + step, to); k++)
            assert_int_equal(tw_batch_add(batch, &c->facts[k], (uint32_t)k), TW_OK);
        if (tw_service_run(f->service, batch, true, &err) != TW_OK)
            fail_msg("run: %s", err.text);
        for (size_t k = 0; k < tw_batch_n(batch); k++)
            assert_int_equal(tw_batch_result(batch, k)->outcome, TW_OUTCOME_ACCEPTED);
    }
    tw_batch_put(batch);
}

tw_hashes fixture_hashes(fixture *f)
{
    tw_hashes hashes;
    tw_err err = {0};
    if (tw_service_hashes(f->service, &hashes, &err) != TW_OK)
        fail_msg("hashes: %s", err.text);
    return hashes;
}

tw_hashes fixture_rebuilt(fixture *f)
{
    tw_hashes hashes;
    tw_ledger fresh;
    tw_err err = {0};
    tw_service_options options = fixture_options(f);
    assert_int_equal(tw_memory_ledger_open(tw_alloc_system(), &fresh, NULL), TW_OK);
    if (tw_rebuild_hashes(&options, &fresh, NULL, NULL, &hashes, &err) != TW_OK)
        fail_msg("rebuild: %s", err.text);
    tw_ledger_close(&fresh);
    return hashes;
}

void assert_same_hashes(const tw_hashes *a, const tw_hashes *b)
{
    assert_true(a->seq == b->seq);
    assert_true(a->engine == b->engine);
    assert_true(a->detector == b->detector);
    assert_true(a->sample == b->sample);
    assert_true(a->scores == b->scores);
    assert_true(a->alerts == b->alerts);
    assert_true(a->verdicts == b->verdicts);
    assert_true(a->docs == b->docs);
    assert_true(a->actions == b->actions);
}
