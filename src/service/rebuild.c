// SPDX-License-Identifier: Apache-2.0
//
// The proof that the journal is the truth: everything again from the first fact, and hashes to
// compare with what is live.
#include <yyjson.h>

#include "base/hash.h"
#include "internal.h"
#include "learn/replay.h"
#include "model/file.h"
#include "state_file.h"

#define LABEL_DELAY_DAYS_MAX 3650

static tw_status part_hash(const tw_ledger *ledger, tw_ledger_part part, uint64_t *out, tw_err *err)
{
    uint8_t hash[TW_SHA256_BYTES];
    *out = 0;
    TW_TRY(tw_ledger_hash(ledger, part, hash, err));
    for (int i = 0; i < 8; i++)
        *out = *out << 8 | hash[i];
    return TW_OK;
}

static tw_status hashes_of(const twi_core *core, const tw_ledger *ledger, tw_hashes *out,
                           tw_err *err)
{
    out->seq = core->seq;
    out->engine = tw_engine_hash(core->engine_own);
    out->detector = tw_detector_hash(core->detector_own);
    out->sample = twi_core_hash(core);
    TW_TRY(part_hash(ledger, TW_LEDGER_SCORES, &out->scores, err));
    TW_TRY(part_hash(ledger, TW_LEDGER_ALERTS, &out->alerts, err));
    TW_TRY(part_hash(ledger, TW_LEDGER_VERDICTS, &out->verdicts, err));
    TW_TRY(part_hash(ledger, TW_LEDGER_DOCS, &out->docs, err));
    return part_hash(ledger, TW_LEDGER_ACTIONS, &out->actions, err);
}

tw_status tw_service_hashes(tw_service *service, tw_hashes *out, tw_err *err)
{
    *out = (tw_hashes){0};
    if (service->mode == TW_SERVICE_READER)
        return tw_fail(err, TW_UNSUPPORTED, "a reader has no state");
    twi_flow_wait_idle(service);
    tw_status status = twi_project_wait(service, twi_applied_seq(service), 600000);
    if (status != TW_OK)
        return tw_fail(err, status, "the ledger does not keep up");
    twi_gate_enter(&service->gate);
    status = hashes_of(&service->core, service->ledger, out, err);
    twi_gate_leave(&service->gate);
    return status;
}

// Core and ledger from the first fact on; `core` is released on failure.
static tw_status build_anew(const tw_service_options *options, const tw_ledger *ledger,
                            const tw_files *files, tw_progress *progress, void *ctx, twi_core *core,
                            tw_err *err)
{
    const tw_alloc *alloc = options->alloc ? options->alloc : tw_alloc_system();
    uint64_t replayed;
    twi_projector *projector;
    tw_status status = twi_core_init(core, alloc);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the feature engine");
    core->keep_models = files != NULL;
    status =
        twi_projector_new(alloc, ledger, options->journal, files, options->currency, &projector);
    if (status != TW_OK)
        tw_fail(err, status, "no memory for the projector");
    else
        status = twi_recover(core, options->journal, projector, 0, progress, ctx, &replayed, err);
    twi_projector_free(projector);
    if (status != TW_OK)
        twi_core_release(core);
    return status;
}

tw_status tw_rebuild_hashes(const tw_service_options *options, tw_ledger *fresh,
                            tw_progress *progress, void *ctx, tw_hashes *out, tw_err *err)
{
    twi_core core;
    *out = (tw_hashes){0};
    TW_TRY(build_anew(options, fresh, NULL, progress, ctx, &core, err));
    tw_status status = hashes_of(&core, fresh, out, err);
    twi_core_release(&core);
    return status;
}

tw_status tw_rebuild(const tw_service_options *options, tw_progress *progress, void *ctx,
                     tw_hashes *out, tw_err *err)
{
    const tw_alloc *alloc = options->alloc ? options->alloc : tw_alloc_system();
    twi_core core;
    *out = (tw_hashes){0};
    TW_TRY(twi_snapshot_clear(alloc, options->files, err));
    TW_TRY(tw_ledger_wipe_projection(options->ledger, err));
    TW_TRY(build_anew(options, options->ledger, options->files, progress, ctx, &core, err));
    tw_status status = TW_OK;
    if (core.seq > 0)
        status = twi_snapshot_publish(&core, options->files, options->journal, err);
    if (status == TW_OK)
        status = hashes_of(&core, options->ledger, out, err);
    twi_core_release(&core);
    return status;
}

// --- scores as a stream
// ---------------------------------------------------------------------------

typedef struct scored_reader {
    tw_service *service;
    tw_scored_visit *visit;
    void *ctx;
    tw_arena arena;
    tw_score_range range; // bytes in the arena
    size_t at;            // offset of the record of next_seq
    uint64_t next_seq;
} scored_reader;

static tw_status next_record(scored_reader *r, uint64_t seq, twi_record *out, tw_err *err)
{
    if (r->range.n == 0 || seq >= r->range.first_seq + r->range.n) {
        tw_arena_reset(&r->arena);
        TW_TRY(tw_ledger_score_get(r->service->ledger, seq, &r->arena, &r->range, err));
        r->at = 0;
        r->next_seq = r->range.first_seq;
    }
    do {
        tw_status status =
            twi_record_read(r->range.bytes.at + r->at, r->range.bytes.bytes - r->at, out);
        if (status != TW_OK)
            return tw_fail(err, status,
                           "the score of fact %llu cannot be read; run tillwatch rebuild",
                           (unsigned long long)r->next_seq);
        r->at += out->bytes;
    } while (r->next_seq++ < seq);
    return TW_OK;
}

static tw_status visit_scored(void *ctx, const tw_fact *fact, tw_err *err)
{
    scored_reader *r = ctx;
    twi_record record;
    tw_str names[TWI_SENTENCES_MAX];
    TW_TRY(next_record(r, fact->seq, &record, err));
    if (fact->kind != TW_FACT_TRANSACTION)
        return TW_OK;
    for (size_t i = 0; i < record.sentence_n; i++)
        names[i] = record.sentences[i].name;
    tw_scored scored = {.seq = fact->seq,
                        .transaction = &fact->as.transaction,
                        .score = record.score,
                        .signals = names,
                        .signal_n = record.sentence_n};
    return r->visit(r->ctx, &scored, err);
}

tw_status tw_query_scored(tw_service *service, tw_scored_visit *visit, void *ctx, tw_err *err)
{
    tw_ledger_position position;
    TW_TRY(twi_project_wait(service, twi_applied_seq(service), 60000));
    TW_TRY(tw_ledger_get_position(service->ledger, &position, err));
    if (position.seq == 0)
        return TW_OK;
    scored_reader r = {.service = service, .visit = visit, .ctx = ctx};
    tw_arena_init(&r.arena, service->alloc, 1 << 20, (size_t)64 << 20);
    tw_status status =
        tw_replay_facts(service->alloc, service->journal, 1, position.seq, visit_scored, &r, err);
    tw_arena_release(&r.arena);
    return status;
}

// --- and with another model
// -----------------------------------------------------------------------

typedef struct rescorer {
    tw_scored_visit *visit;
    void *ctx;
} rescorer;

static tw_status visit_rescored(void *ctx, const tw_fact *fact, const tw_scored_fact *scored_fact,
                                const tw_engine *engine, const tw_detector *detector, tw_err *err)
{
    const rescorer *r = ctx;
    tw_str names[TW_FIRED_MAX];
    tw_scored scored = {.seq = fact->seq,
                        .transaction = &fact->as.transaction,
                        .score = scored_fact->score,
                        .signals = names};
    (void)engine;
    if (fact->kind != TW_FACT_TRANSACTION)
        return TW_OK;
    for (size_t i = 0; i < scored.score.fired_n; i++) {
        tw_signal_info info;
        if (tw_detector_signal(detector, scored.score.fired[i].signal, &info))
            names[scored.signal_n++] = info.name;
    }
    return r->visit(r->ctx, &scored, err);
}

// As the metadata of the model says: label_delay_days, a number or null.
static tw_status label_delay(const tw_service *service, tw_str model, int64_t *out, tw_err *err)
{
    tw_model *loaded;
    *out = -1;
    TW_TRY(tw_model_load(service->alloc, model.at, model.bytes, &loaded, err));
    tw_str metadata = tw_model_metadata(loaded);
    yyjson_doc *doc = metadata.bytes > 0 ? yyjson_read(metadata.at, metadata.bytes, 0) : NULL;
    yyjson_val *days = yyjson_obj_get(yyjson_doc_get_root(doc), "label_delay_days");
    double value = yyjson_is_num(days) ? yyjson_get_num(days) : -1;
    if (value >= 0 && value <= LABEL_DELAY_DAYS_MAX)
        *out = (int64_t)(value * (double)TW_DAY_MS);
    yyjson_doc_free(doc);
    tw_model_unref(loaded);
    return TW_OK;
}

tw_status tw_rescore(tw_service *service, tw_str model, tw_scored_visit *visit, void *ctx,
                     tw_err *err)
{
    rescorer r = {visit, ctx};
    tw_replay_options options = {.model = model};
    TW_TRY(label_delay(service, model, &options.label_delay_ms, err));
    return tw_replay(service->alloc, service->journal, &options, visit_rescored, &r, err);
}
