// SPDX-License-Identifier: Apache-2.0
//
// The replay: every fact through a fresh engine and detector by the one scorer. What differs from
// the live flow is only where the options say so: overrides instead of journaled configs, and
// verdicts that are known before their place (known.h).
#include "learn/replay.h"

#include "facts.h"
#include "run.h"

#define HINT_FACTS 12 // how far the engine is told ahead
#define PROGRESS_FACTS 65536

bool twi_run_is_overridden(tw_str model, tw_str signals, tw_str policy, tw_config_kind kind)
{
    return (kind == TW_CONFIG_MODEL && model.bytes > 0) ||
           (kind == TW_CONFIG_SIGNALS && signals.bytes > 0) ||
           (kind == TW_CONFIG_POLICY && policy.bytes > 0);
}

tw_status twi_run_override(tw_detector *detector, tw_str model, tw_str signals, tw_str policy,
                           tw_err *err)
{
    const struct {
        tw_config_kind kind;
        tw_str content;
    } parts[] = {
        {TW_CONFIG_POLICY, policy}, {TW_CONFIG_SIGNALS, signals}, {TW_CONFIG_MODEL, model}};
    for (size_t i = 0; i < TW_COUNT(parts); i++)
        if (parts[i].content.bytes > 0)
            TW_TRY(tw_detector_config(detector, parts[i].kind, TW_STR("override"), parts[i].content,
                                      err));
    return TW_OK;
}

tw_status twi_run_config(tw_detector *detector, const tw_config *config, bool is_overridden,
                         tw_err *err)
{
    bool scores = config->kind == TW_CONFIG_MODEL || config->kind == TW_CONFIG_SIGNALS ||
                  config->kind == TW_CONFIG_POLICY || config->kind == TW_CONFIG_QUIET;
    tw_err why = {0};
    if (is_overridden || !scores)
        return TW_OK;
    tw_status status =
        tw_detector_config(detector, config->kind, config->name, config->content, &why);
    // A model of an earlier version's feature catalogue scores no more: from there on there is
    // none.
    if (status == TW_UNSUPPORTED && config->kind == TW_CONFIG_MODEL)
        return tw_detector_config(detector, config->kind, TW_STR_NONE, TW_STR_NONE, err);
    if (status != TW_OK && err)
        *err = why;
    return status;
}

tw_status twi_run_init(twi_run *run, const tw_alloc *alloc, const tw_journal *journal,
                       const tw_replay_options *options, tw_err *err)
{
    tw_journal_head head;
    *run = (twi_run){.alloc = alloc, .journal = journal, .options = options};
    twi_known_init(&run->book, alloc);
    run->said = TW_TABLE_NONE;
    TW_TRY(tw_journal_get_head(journal, &head, err));
    run->to_seq = options->to_seq != 0 ? TW_MIN(options->to_seq, head.seq) : head.seq;
    tw_status status = tw_engine_new(alloc, &run->engine_own);
    if (status == TW_OK)
        status = tw_detector_new(alloc, run->engine_own, &run->detector_own);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for a replay");
    TW_TRY(twi_run_override(run->detector_own, options->model, options->signals, options->policy,
                            err));
    return run->to_seq > 0 ? twi_known_collect(&run->book, journal, run->to_seq, err) : TW_OK;
}

void twi_run_release(twi_run *run)
{
    tw_detector_free(run->detector_own);
    tw_engine_free(run->engine_own);
    twi_known_release(&run->book);
    run->detector_own = NULL;
    run->engine_own = NULL;
}

// --- facts
// -----------------------------------------------------------------------------------------

static void take_due(twi_run *run, uint32_t store)
{
    const twi_known *k;
    while ((k = twi_known_due(&run->book, store)) != NULL) {
        tw_verdict_kind verdict = (tw_verdict_kind)k->verdict;
        tw_engine_mark(run->engine_own, k->transaction_seq, verdict == TW_VERDICT_CONFIRMED);
        tw_detector_judge(run->detector_own, k->transaction_seq, verdict);
        if (run->judged)
            run->judged(run->ctx, k->transaction_seq, verdict);
    }
}

static tw_status run_transaction(twi_run *run, const tw_fact *fact, tw_err *err)
{
    uint32_t store;
    tw_status status = twi_known_store_at(&run->book, &fact->as.transaction, &store);
    if (status == TW_OK) {
        run->clock_ms = TW_MAX(run->clock_ms, run->book.stores_own[store].clock_ms);
        take_due(run, store);
        tw_scorer_apply(run->engine_own, run->detector_own, fact, &run->scored);
        status = twi_known_meet(&run->book, fact, store, run->options->label_delay_ms, &run->said);
    }
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the verdicts to come");
}

static void run_verdict(twi_run *run, const tw_fact *fact)
{
    if (fact->as.verdict.transaction_id.bytes == 0) {
        tw_scorer_apply(run->engine_own, run->detector_own, fact, &run->scored);
        return;
    }
    twi_known *k = twi_known_at_place(&run->book, fact->seq);
    bool waits = k->is_early && run->options->label_delay_ms >= 0;
    if (k->is_taken || waits) {
        run->scored.score = (tw_score){0};
        run->scored.change_n = 0;
        run->scored.verdict_seqs[0] = k->transaction_seq;
        run->scored.verdict_seq_n = 1;
        return;
    }
    k->is_taken = true;
    if (!k->is_early) // what waits in a store's heap keeps its order
        k->known_ms = run->clock_ms;
    tw_scorer_apply(run->engine_own, run->detector_own, fact, &run->scored);
    if (run->judged && run->scored.verdict_seq_n > 0)
        run->judged(run->ctx, run->scored.verdict_seqs[0], fact->as.verdict.verdict);
}

static tw_status run_config(twi_run *run, const tw_fact *fact, tw_err *err)
{
    const tw_replay_options *o = run->options;
    const tw_config *config = &fact->as.config;
    run->scored.score = (tw_score){0};
    run->scored.change_n = run->scored.verdict_seq_n = 0;
    tw_engine_apply(run->engine_own, fact, NULL);
    bool is_overridden = twi_run_is_overridden(o->model, o->signals, o->policy, config->kind);
    return twi_run_config(run->detector_own, config, is_overridden, err);
}

static tw_status run_fact(twi_run *run, const tw_fact *fact, tw_err *err)
{
    run->said = TW_TABLE_NONE;
    if (fact->kind == TW_FACT_TRANSACTION)
        TW_TRY(run_transaction(run, fact, err));
    else if (fact->kind == TW_FACT_CONFIG)
        TW_TRY(run_config(run, fact, err));
    else if (fact->kind == TW_FACT_VERDICT)
        run_verdict(run, fact);
    else
        tw_scorer_apply(run->engine_own, run->detector_own, fact, &run->scored);
    TW_TRY(run->visit(run->ctx, run, fact, &run->scored, err));
    bool is_due = ++run->done % PROGRESS_FACTS == 0 || run->done == run->to_seq;
    const tw_replay_options *o = run->options;
    if (is_due && o->progress && o->progress(o->progress_ctx, run->done, run->to_seq))
        return tw_fail(err, TW_CLOSED, "the replay was stopped");
    return TW_OK;
}

static tw_status run_block(void *ctx, const tw_fact *facts, size_t n, tw_err *err)
{
    twi_run *run = ctx;
    tw_status status = tw_engine_reserve(run->engine_own, n);
    if (status == TW_OK)
        status = tw_detector_reserve(run->detector_own, n);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for fact %llu", (unsigned long long)facts[0].seq);
    for (size_t i = 0; i < TW_MIN(n, (size_t)HINT_FACTS); i++)
        tw_engine_hint(run->engine_own, &facts[i]);
    for (size_t i = 0; i < n; i++) {
        if (i + HINT_FACTS < n)
            tw_engine_hint(run->engine_own, &facts[i + HINT_FACTS]);
        TW_TRY(run_fact(run, &facts[i], err));
    }
    return TW_OK;
}

tw_status twi_run_go(twi_run *run, tw_err *err)
{
    if (run->to_seq == 0)
        return TW_OK;
    return twi_facts_read(run->alloc, run->journal, 1, run->to_seq, run_block, run, err);
}

// --- the public replay
// -----------------------------------------------------------------------------

typedef struct visitor {
    tw_replay_visit *visit;
    void *ctx;
} visitor;

static tw_status pass_on(void *ctx, const twi_run *run, const tw_fact *fact,
                         const tw_scored_fact *scored, tw_err *err)
{
    const visitor *v = ctx;
    return v->visit(v->ctx, fact, scored, run->engine_own, run->detector_own, err);
}

tw_status tw_replay(const tw_alloc *alloc, const tw_journal *journal,
                    const tw_replay_options *options, tw_replay_visit *visit, void *ctx,
                    tw_err *err)
{
    twi_run run;
    visitor v = {visit, ctx};
    tw_status status = twi_run_init(&run, alloc, journal, options, err);
    if (status == TW_OK) {
        run.visit = pass_on;
        run.ctx = &v;
        status = twi_run_go(&run, err);
    }
    twi_run_release(&run);
    return status;
}
