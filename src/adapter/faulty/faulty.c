// SPDX-License-Identifier: Apache-2.0
//
// Forwarding tables in front of a journal, a ledger or files: each call asks the plan first and,
// when the plan lets it pass, goes to the wrapped adapter. A call that the plan fails never reaches
// it.
#include <pthread.h>

#include "adapter/faulty.h"

struct tw_fault_plan {
    const tw_alloc *alloc;
    pthread_mutex_t lock; // guards all below
    tw_fault_calls calls;
    uint64_t fail_at;
    bool keep_failing;
    tw_status status;
    uint64_t call_n, hit_n;
};

tw_status tw_fault_plan_new(const tw_alloc *alloc, tw_fault_plan **out)
{
    *out = NULL;
    tw_fault_plan *plan = tw_new(alloc, tw_fault_plan);
    if (!plan || pthread_mutex_init(&plan->lock, NULL) != 0) {
        tw_delete(alloc, plan);
        return TW_NO_MEMORY;
    }
    plan->alloc = alloc;
    *out = plan;
    return TW_OK;
}

void tw_fault_plan_free(tw_fault_plan *plan)
{
    if (!plan)
        return;
    pthread_mutex_destroy(&plan->lock);
    tw_delete(plan->alloc, plan);
}

void tw_fault_plan_set(tw_fault_plan *plan, tw_fault_calls calls, uint64_t fail_at,
                       bool keep_failing, tw_status status)
{
    pthread_mutex_lock(&plan->lock);
    plan->calls = calls;
    plan->fail_at = fail_at;
    plan->keep_failing = keep_failing;
    plan->status = status;
    plan->call_n = plan->hit_n = 0;
    pthread_mutex_unlock(&plan->lock);
}

void tw_fault_plan_counts(tw_fault_plan *plan, uint64_t *calls, uint64_t *hits)
{
    pthread_mutex_lock(&plan->lock);
    *calls = plan->call_n;
    *hits = plan->hit_n;
    pthread_mutex_unlock(&plan->lock);
}

// TW_OK lets the call pass.
static tw_status ask(tw_fault_plan *plan, tw_fault_calls kind, const char *name, tw_err *err)
{
    tw_status status = TW_OK;
    pthread_mutex_lock(&plan->lock);
    if ((plan->calls & kind) != 0) {
        plan->call_n++;
        if (plan->fail_at != 0 && (plan->call_n == plan->fail_at ||
                                   (plan->keep_failing && plan->call_n > plan->fail_at))) {
            plan->hit_n++;
            status = plan->status;
        }
    }
    pthread_mutex_unlock(&plan->lock);
    if (status == TW_OK)
        return TW_OK;
    return tw_fail(err, status, "%s failed: %s", name, tw_status_text(status));
}

// ---- Journal -----------------------------------------------------------------------------------

typedef struct faulty_journal {
    const tw_alloc *alloc;
    tw_journal inner_own;
    tw_fault_plan *plan;
} faulty_journal;

static tw_status journal_append(void *ctx, const tw_str *facts, size_t n, uint64_t *first_seq,
                                tw_err *err)
{
    faulty_journal *self = ctx;
    *first_seq = 0;
    TW_TRY(ask(self->plan, TW_FAULT_WRITES, "append", err));
    return self->inner_own.ops->append(self->inner_own.ctx, facts, n, first_seq, err);
}

static tw_status journal_head(void *ctx, tw_journal_head *out, tw_err *err)
{
    faulty_journal *self = ctx;
    *out = (tw_journal_head){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "head", err));
    return self->inner_own.ops->head(self->inner_own.ctx, out, err);
}

static tw_status journal_hash_at(void *ctx, uint64_t seq, uint8_t out[TW_SHA256_BYTES], tw_err *err)
{
    faulty_journal *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "hash_at", err));
    return self->inner_own.ops->hash_at(self->inner_own.ctx, seq, out, err);
}

static tw_status journal_read(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_journal_visit visit,
                              void *visit_ctx, tw_err *err)
{
    faulty_journal *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "read", err));
    return self->inner_own.ops->read(self->inner_own.ctx, from_seq, to_seq, visit, visit_ctx, err);
}

static tw_status journal_fetch(void *ctx, uint64_t seq, tw_buf *out, tw_err *err)
{
    faulty_journal *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "fetch", err));
    return self->inner_own.ops->fetch(self->inner_own.ctx, seq, out, err);
}

static tw_status journal_verify(void *ctx, tw_journal_check *out, tw_err *err)
{
    faulty_journal *self = ctx;
    *out = (tw_journal_check){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "verify", err));
    return self->inner_own.ops->verify(self->inner_own.ctx, out, err);
}

static tw_status journal_dead_letter_append(void *ctx, const tw_dead_letter *letters, size_t n,
                                            tw_err *err)
{
    faulty_journal *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_WRITES, "dead_letter_append", err));
    return self->inner_own.ops->dead_letter_append(self->inner_own.ctx, letters, n, err);
}

static tw_status journal_dead_letter_list(void *ctx, uint64_t before_id, size_t limit,
                                          tw_arena *arena, tw_dead_letter **out, size_t *n,
                                          tw_err *err)
{
    faulty_journal *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "dead_letter_list", err));
    return self->inner_own.ops->dead_letter_list(self->inner_own.ctx, before_id, limit, arena, out,
                                                 n, err);
}

static tw_status journal_dead_letter_count(void *ctx, uint64_t *out, tw_err *err)
{
    faulty_journal *self = ctx;
    *out = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "dead_letter_count", err));
    return self->inner_own.ops->dead_letter_count(self->inner_own.ctx, out, err);
}

static void journal_close(void *ctx)
{
    faulty_journal *self = ctx;
    tw_journal_close(&self->inner_own);
    tw_delete(self->alloc, self);
}

static const tw_journal_ops journal_ops = {
    .version = TW_JOURNAL_VERSION,
    .append = journal_append,
    .head = journal_head,
    .hash_at = journal_hash_at,
    .read = journal_read,
    .fetch = journal_fetch,
    .verify = journal_verify,
    .dead_letter_append = journal_dead_letter_append,
    .dead_letter_list = journal_dead_letter_list,
    .dead_letter_count = journal_dead_letter_count,
    .close = journal_close,
};

tw_status tw_faulty_journal_open(const tw_alloc *alloc, tw_journal inner, tw_fault_plan *plan,
                                 tw_journal *out, tw_err *err)
{
    *out = (tw_journal){NULL, NULL};
    faulty_journal *self = tw_new(alloc, faulty_journal);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a faulty journal");
    *self = (faulty_journal){alloc, inner, plan};
    *out = (tw_journal){&journal_ops, self};
    return TW_OK;
}

// ---- Ledger ------------------------------------------------------------------------------------

typedef struct faulty_ledger {
    const tw_alloc *alloc;
    tw_ledger inner_own;
    tw_fault_plan *plan;
} faulty_ledger;

static tw_status ledger_apply(void *ctx, const tw_ledger_batch *batch, tw_err *err)
{
    faulty_ledger *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_WRITES, "apply", err));
    return self->inner_own.ops->apply(self->inner_own.ctx, batch, err);
}

static tw_status ledger_position(void *ctx, tw_ledger_position *out, tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = (tw_ledger_position){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "position", err));
    return self->inner_own.ops->position(self->inner_own.ctx, out, err);
}

static tw_status ledger_wipe_projection(void *ctx, tw_err *err)
{
    faulty_ledger *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_WRITES, "wipe_projection", err));
    return self->inner_own.ops->wipe_projection(self->inner_own.ctx, err);
}

static tw_status ledger_hash(void *ctx, tw_ledger_part part, uint8_t out[TW_SHA256_BYTES],
                             tw_err *err)
{
    faulty_ledger *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "hash", err));
    return self->inner_own.ops->hash(self->inner_own.ctx, part, out, err);
}

static tw_status ledger_alert_get(void *ctx, tw_str alert_id, tw_arena *arena, tw_alert_row *out,
                                  tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = (tw_alert_row){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "alert_get", err));
    return self->inner_own.ops->alert_get(self->inner_own.ctx, alert_id, arena, out, err);
}

static tw_status ledger_alert_list(void *ctx, const tw_alert_filter *filter,
                                   const tw_alert_page_options *options, tw_arena *arena,
                                   tw_alert_page *out, tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = (tw_alert_page){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "alert_list", err));
    return self->inner_own.ops->alert_list(self->inner_own.ctx, filter, options, arena, out, err);
}

static tw_status ledger_alert_counts(void *ctx, const tw_alert_filter *filter, tw_alert_group group,
                                     tw_arena *arena, tw_alert_count **out, size_t *n, tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "alert_counts", err));
    return self->inner_own.ops->alert_counts(self->inner_own.ctx, filter, group, arena, out, n,
                                             err);
}

static tw_status ledger_verdict_list(void *ctx, const tw_verdict_filter *filter, size_t limit,
                                     tw_arena *arena, tw_verdict_row **out, size_t *n, tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "verdict_list", err));
    return self->inner_own.ops->verdict_list(self->inner_own.ctx, filter, limit, arena, out, n,
                                             err);
}

static tw_status ledger_verdict_counts(void *ctx, tw_verdict_group group, tw_str key,
                                       tw_arena *arena, tw_verdict_count **out, size_t *n,
                                       tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "verdict_counts", err));
    return self->inner_own.ops->verdict_counts(self->inner_own.ctx, group, key, arena, out, n, err);
}

static tw_status ledger_score_get(void *ctx, uint64_t seq, tw_arena *arena, tw_score_range *out,
                                  tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = (tw_score_range){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "score_get", err));
    return self->inner_own.ops->score_get(self->inner_own.ctx, seq, arena, out, err);
}

static tw_status ledger_score_read(void *ctx, uint64_t from_seq, uint64_t to_seq,
                                   tw_score_visit visit, void *visit_ctx, tw_err *err)
{
    faulty_ledger *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "score_read", err));
    return self->inner_own.ops->score_read(self->inner_own.ctx, from_seq, to_seq, visit, visit_ctx,
                                           err);
}

static tw_status ledger_model_list(void *ctx, tw_arena *arena, tw_model_row **out, size_t *n,
                                   tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "model_list", err));
    return self->inner_own.ops->model_list(self->inner_own.ctx, arena, out, n, err);
}

static tw_status ledger_doc_get(void *ctx, tw_str kind, tw_str id, tw_arena *arena, tw_doc_row *out,
                                tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = (tw_doc_row){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "doc_get", err));
    return self->inner_own.ops->doc_get(self->inner_own.ctx, kind, id, arena, out, err);
}

static tw_status ledger_doc_list(void *ctx, const tw_doc_filter *filter, size_t limit,
                                 const char *cursor, tw_arena *arena, tw_doc_page *out, tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = (tw_doc_page){0};
    TW_TRY(ask(self->plan, TW_FAULT_READS, "doc_list", err));
    return self->inner_own.ops->doc_list(self->inner_own.ctx, filter, limit, cursor, arena, out,
                                         err);
}

static tw_status ledger_action_list(void *ctx, const tw_action_filter *filter, size_t limit,
                                    tw_arena *arena, tw_action_row **out, size_t *n, tw_err *err)
{
    faulty_ledger *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "action_list", err));
    return self->inner_own.ops->action_list(self->inner_own.ctx, filter, limit, arena, out, n, err);
}

static void ledger_close(void *ctx)
{
    faulty_ledger *self = ctx;
    tw_ledger_close(&self->inner_own);
    tw_delete(self->alloc, self);
}

static const tw_ledger_ops ledger_ops = {
    .version = TW_LEDGER_VERSION,
    .apply = ledger_apply,
    .position = ledger_position,
    .wipe_projection = ledger_wipe_projection,
    .hash = ledger_hash,
    .alert_get = ledger_alert_get,
    .alert_list = ledger_alert_list,
    .alert_counts = ledger_alert_counts,
    .verdict_list = ledger_verdict_list,
    .verdict_counts = ledger_verdict_counts,
    .score_get = ledger_score_get,
    .score_read = ledger_score_read,
    .model_list = ledger_model_list,
    .doc_get = ledger_doc_get,
    .doc_list = ledger_doc_list,
    .action_list = ledger_action_list,
    .close = ledger_close,
};

tw_status tw_faulty_ledger_open(const tw_alloc *alloc, tw_ledger inner, tw_fault_plan *plan,
                                tw_ledger *out, tw_err *err)
{
    *out = (tw_ledger){NULL, NULL};
    faulty_ledger *self = tw_new(alloc, faulty_ledger);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a faulty ledger");
    *self = (faulty_ledger){alloc, inner, plan};
    *out = (tw_ledger){&ledger_ops, self};
    return TW_OK;
}

// ---- Files -------------------------------------------------------------------------------------

typedef struct faulty_files {
    const tw_alloc *alloc;
    tw_files inner_own;
    tw_fault_plan *plan;
} faulty_files;

static tw_status files_publish(void *ctx, const char *name, const tw_str *parts, size_t part_n,
                               tw_err *err)
{
    faulty_files *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_WRITES, "publish", err));
    return self->inner_own.ops->publish(self->inner_own.ctx, name, parts, part_n, err);
}

static tw_status files_read(void *ctx, const char *name, tw_buf *out, tw_err *err)
{
    faulty_files *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "read", err));
    return self->inner_own.ops->read(self->inner_own.ctx, name, out, err);
}

static tw_status files_list(void *ctx, const char *dir, tw_arena *arena, tw_file_info **out,
                            size_t *n, tw_err *err)
{
    faulty_files *self = ctx;
    *out = NULL;
    *n = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "list", err));
    return self->inner_own.ops->list(self->inner_own.ctx, dir, arena, out, n, err);
}

static tw_status files_remove(void *ctx, const char *name, tw_err *err)
{
    faulty_files *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_WRITES, "remove", err));
    return self->inner_own.ops->remove(self->inner_own.ctx, name, err);
}

static tw_status files_lock(void *ctx, tw_err *err)
{
    faulty_files *self = ctx;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "lock", err));
    return self->inner_own.ops->lock(self->inner_own.ctx, err);
}

static tw_status files_free_bytes(void *ctx, uint64_t *out, tw_err *err)
{
    faulty_files *self = ctx;
    *out = 0;
    TW_TRY(ask(self->plan, TW_FAULT_READS, "free_bytes", err));
    return self->inner_own.ops->free_bytes(self->inner_own.ctx, out, err);
}

static void files_unlock(void *ctx)
{
    faulty_files *self = ctx;
    tw_files_unlock(&self->inner_own);
}

static void files_close(void *ctx)
{
    faulty_files *self = ctx;
    tw_files_close(&self->inner_own);
    tw_delete(self->alloc, self);
}

static const tw_files_ops files_ops = {
    .version = TW_FILES_VERSION,
    .publish = files_publish,
    .read = files_read,
    .list = files_list,
    .remove = files_remove,
    .lock = files_lock,
    .free_bytes = files_free_bytes,
    .unlock = files_unlock,
    .close = files_close,
};

tw_status tw_faulty_files_open(const tw_alloc *alloc, tw_files inner, tw_fault_plan *plan,
                               tw_files *out, tw_err *err)
{
    *out = (tw_files){NULL, NULL};
    faulty_files *self = tw_new(alloc, faulty_files);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a faulty files");
    *self = (faulty_files){alloc, inner, plan};
    *out = (tw_files){&files_ops, self};
    return TW_OK;
}
