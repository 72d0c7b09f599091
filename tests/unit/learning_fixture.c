// SPDX-License-Identifier: Apache-2.0
#include "learning_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "detect/inputs.h"
#include "model/xgboost.h"

// --- a trainer that is always of the same opinion
// --------------------------------------------------

static const tw_str *input_names(void)
{
    static tw_str names[TW_INPUT_N];
    for (size_t i = 0; i < TW_INPUT_N; i++)
        names[i] = tw_str_from(tw_input_get(i).name);
    return names;
}

// evidence < 0.4: -3, else +2; the leaf can be moved, so that two models differ.
void stump_json(float high, tw_buf *out)
{
    const int32_t left[] = {1, -1, -1}, right[] = {2, -1, -1};
    const uint32_t input[] = {TW_INPUT_evidence, 0, 0};
    const float value[] = {0.4F, -3, high}, cover[] = {10, 5, 5}, gain[] = {1, 0, 0};
    const bool missing_left[] = {true, false, false};
    tw_gbt_tree tree = {left, right, input, value, missing_left, cover, gain, 3};
    tw_gbt *gbt;
    assert_int_equal(
        tw_gbt_new(tw_alloc_system(), &tree, 1, TW_INPUT_N, TW_GBT_LOGISTIC, -1, &gbt, NULL),
        TW_OK);
    assert_int_equal(
        tw_xgboost_write(tw_alloc_system(), gbt, input_names(), TW_XGBOOST_JSON, out, NULL), TW_OK);
    tw_gbt_free(gbt);
}

static tw_status stub_train(void *ctx, const tw_train_params *params, const tw_train_matrix *train,
                            const tw_train_matrix *validation, tw_train_stop *stop, void *stop_ctx,
                            tw_buf *model_json, tw_train_result *out, tw_err *err)
{
    (void)params, (void)train;
    if (stop && stop(stop_ctx, 1))
        return tw_fail(err, TW_CLOSED, "the training was stopped");
    stump_json(*(const float *)ctx, model_json);
    *out = (tw_train_result){.rounds_n = 1, .validation_loss = validation ? 0.1 : (double)NAN};
    return TW_OK;
}

static const char *stub_version(void *ctx)
{
    (void)ctx;
    return "stub 1";
}

static tw_status stub_prepare(void *ctx, const tw_train_matrix *matrix, uint32_t bins_n,
                              uint32_t threads_n, tw_train_set **out, tw_err *err)
{
    (void)ctx, (void)matrix, (void)bins_n, (void)threads_n, (void)err;
    *out = NULL;
    return TW_OK;
}

static void stub_set_free(void *ctx, tw_train_set *set)
{
    (void)ctx, (void)set;
}

static const tw_trainer_ops stub_ops = {stub_prepare, stub_set_free, stub_train, stub_version};
float stub_leaf = 2;
const tw_trainer *stub_trainer(void)
{
    static const tw_trainer stub = {&stub_ops, &stub_leaf};
    return &stub;
}

// --- feeding
// ---------------------------------------------------------------------------------------

void judge(fixture *f, tw_str alert_id, tw_str transaction_id, tw_verdict_kind kind, int64_t at_ms)
{
    tw_verdict_result result;
    tw_err err = {0};
    tw_verdict verdict = {.alert_id = alert_id,
                          .transaction_id = transaction_id,
                          .verdict = kind,
                          .decided_by = TW_STR("judge"),
                          .decided_ms = at_ms};
    if (tw_service_verdict(f->service, &verdict, &result, &err) != TW_OK)
        fail_msg("verdict: %s", err.text);
}

typedef struct picked {
    tw_arena arena;
    tw_str ids[400];
    size_t n;
} picked;

static tw_status pick(void *ctx, const tw_scored *scored, tw_err *err)
{
    picked *p = ctx;
    (void)err;
    if (scored->signal_n == 0 || p->n == TW_COUNT(p->ids))
        return TW_OK;
    const tw_transaction *t = scored->transaction;
    p->ids[p->n++] =
        (tw_str){tw_arena_copy(&p->arena, t->transaction_id.at, t->transaction_id.bytes),
                 t->transaction_id.bytes};
    return TW_OK;
}

// Says of every second transaction with a signal that it was theft, of the others that they were
// not.
size_t judge_transactions(fixture *f)
{
    picked p = {.n = 0};
    tw_arena_init(&p.arena, tw_alloc_system(), 0, 1 << 20);
    assert_int_equal(tw_query_scored(f->service, pick, &p, NULL), TW_OK);
    for (size_t i = 0; i < p.n; i++)
        judge(f, TW_STR_NONE, p.ids[i], i % 2 ? TW_VERDICT_CONFIRMED : TW_VERDICT_REFUTED,
              INT64_C(1769000000000));
    tw_arena_release(&p.arena);
    return p.n;
}

void open_with_champion(fixture *f, const chain *c)
{
    bool is_trained;
    fixture_make(f);
    f->trainer = stub_trainer();
    fixture_open(f);
    fixture_feed(f, c, 0, c->n, 4096);
    assert_int_equal(tw_service_milestone(f->service, &is_trained, NULL), TW_OK);
    assert_true(is_trained);
}

tw_training train(fixture *f, bool keeps_champion)
{
    tw_training training;
    tw_err err = {0};
    tw_train_request request = tw_train_request_default();
    request.is_quick = true;
    request.keeps_champion = keeps_champion;
    if (tw_service_train(f->service, &request, &training, &err) != TW_OK)
        fail_msg("train: %s", err.text);
    return training;
}

void assert_state(fixture *f, const char *id, const char *state)
{
    tw_arena arena;
    tw_model_view view;
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)64 << 20);
    assert_int_equal(tw_query_model(f->service, tw_str_from(id), &arena, &view, NULL), TW_OK);
    char text[32];
    tw_str_copy(view.state, text, sizeof(text));
    assert_string_equal(text, state);
    tw_arena_release(&arena);
}

// The whole state again from the journal, and again from a snapshot.
void assert_rebuilds(fixture *f)
{
    tw_hashes live = fixture_hashes(f), rebuilt = fixture_rebuilt(f);
    assert_same_hashes(&live, &rebuilt);
    fixture_close(f);
    fixture_open(f);
    tw_hashes reopened = fixture_hashes(f);
    assert_same_hashes(&live, &reopened);
}
