// SPDX-License-Identifier: Apache-2.0
//
// What people looked at. A line of the log is a fact like any other, but nobody waits for it; the
// same look within ten minutes is one. The memory of that is a bounded table of hashes: two looks
// that share one cost a line, and a restart forgets.
#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "retail/check.h"
#include "work_bench.h"

#define WINDOW_MS (INT64_C(10) * 60 * TW_SECOND_MS)
#define NOTES_MAX 65536

void twi_notes_init(tw_service *service)
{
    TW_CHECK(pthread_mutex_init(&service->note_lock, NULL) == 0);
    tw_table_init(&service->notes, service->alloc, NOTES_MAX);
}

void twi_notes_release(tw_service *service)
{
    tw_table_release(&service->notes);
    pthread_mutex_destroy(&service->note_lock);
}

// Seconds fit into the table's value until 2106.
static bool is_news(tw_service *service, uint64_t hash, int64_t now_ms)
{
    uint32_t now = (uint32_t)(now_ms / TW_SECOND_MS);
    tw_table_slot *slot;
    bool is_new = true;
    pthread_mutex_lock(&service->note_lock);
    tw_status status = tw_table_at(&service->notes, hash, &slot);
    if (status != TW_OK) {
        // Full: what is forgotten costs a line more, no more.
        tw_table_release(&service->notes);
        tw_table_init(&service->notes, service->alloc, NOTES_MAX);
        status = tw_table_at(&service->notes, hash, &slot);
    }
    if (status == TW_OK) {
        is_new = slot->value == TW_TABLE_NONE || now < slot->value ||
                 now - slot->value >= (uint32_t)(WINDOW_MS / TW_SECOND_MS);
        if (is_new)
            slot->value = now;
    }
    pthread_mutex_unlock(&service->note_lock);
    return is_new;
}

static void put_back(void *ctx, tw_batch *batch)
{
    const tw_err *err;
    (void)ctx;
    if (tw_batch_status(batch, &err) != TW_OK)
        tw_log(TW_LOG_ERROR, "audit", "a line was not kept: %s", err->text);
    tw_batch_put(batch);
}

static tw_status fill(tw_batch *batch, const tw_action *given, int64_t now_ms)
{
    char id[32];
    tw_arena *arena = tw_batch_arena(batch);
    tw_status status = TW_OK;
    const tw_str texts[] = {given->kind, given->subject, given->actor, given->body};
    uint64_t hash = tw_hash64(&now_ms, sizeof(now_ms), 51);
    for (size_t i = 0; i < TW_COUNT(texts); i++)
        hash = tw_hash_pair(hash, tw_hash_str(texts[i], i + 52));
    snprintf(id, sizeof(id), "N-%016" PRIx64, hash);
    tw_fact fact = {.kind = TW_FACT_ACTION, .received_ms = now_ms};
    fact.as.action = (tw_action){
        .action_id = twi_arena_str(arena, tw_str_from(id), &status),
        .kind = twi_arena_str(arena, given->kind, &status),
        .subject = twi_arena_str(arena, given->subject, &status),
        .actor = twi_arena_str(arena, given->actor, &status),
        .body = twi_arena_str(arena, given->body, &status),
        .at_ms = now_ms,
    };
    TW_TRY(status);
    TW_TRY(tw_fact_check(&fact, NULL));
    return tw_batch_add(batch, &fact, 0);
}

void tw_service_note(tw_service *service, tw_str kind, tw_str subject, tw_str actor, tw_str body)
{
    tw_batch *batch;
    int64_t now_ms = service->clock->now_ms(service->clock->ctx);
    tw_action action = {.kind = kind, .subject = subject, .actor = actor, .body = body};
    uint64_t hash = tw_hash_pair(tw_hash_pair(tw_hash_str(kind, 61), tw_hash_str(subject, 62)),
                                 tw_hash_str(actor, 63));
    if (service->mode == TW_SERVICE_READER || !is_news(service, hash, now_ms))
        return;
    tw_status status = tw_batch_get(service, &batch);
    if (status == TW_OK) {
        status = fill(batch, &action, now_ms);
        if (status == TW_OK)
            status = tw_service_submit(service, batch, put_back, NULL);
        if (status != TW_OK)
            tw_batch_put(batch);
    }
    if (status != TW_OK && status != TW_CLOSED)
        tw_log(TW_LOG_ERROR, "audit", "%.*s by %.*s was not kept: %s", TW_STR_ARG(kind),
               TW_STR_ARG(actor), tw_status_text(status));
}
