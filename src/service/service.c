// SPDX-License-Identifier: Apache-2.0
//
// Opening and closing. Open recovers before it starts any thread; close stops them in the order of
// the flow, so that everything accepted reaches the ledger and a snapshot.
#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"
#include "figure_mirror.h"
#include "internal.h"
#include "registry.h"
#include "registry_row.h"
#include "state_file.h"
#include "work_bench.h"

#define QUEUE_FACTS 65536
#define QUEUE_BYTES ((size_t)256 << 20)
#define SNAPSHOT_FACTS 1000000

static void locks_init(tw_service *service)
{
    TW_CHECK(pthread_mutex_init(&service->pool_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->queue_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->writer_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->pending_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->train_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->work_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->team_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->assign_lock, NULL) == 0);
    twi_cond_init(&service->assign_cond);
    TW_CHECK(pthread_mutex_init(&service->watch_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&service->stats_lock, NULL) == 0);
    twi_cond_init(&service->has_work);
    twi_cond_init(&service->has_room);
    twi_cond_init(&service->is_idle);
    twi_cond_init(&service->writer_cond);
    twi_cond_init(&service->has_pending);
    twi_cond_init(&service->is_projected);
    twi_cond_init(&service->train_cond);
    twi_gate_init(&service->gate);
    twi_events_init(service);
}

static void locks_release(tw_service *service)
{
    twi_events_release(service);
    twi_gate_release(&service->gate);
    pthread_cond_destroy(&service->train_cond);
    pthread_cond_destroy(&service->is_projected);
    pthread_cond_destroy(&service->has_pending);
    pthread_cond_destroy(&service->writer_cond);
    pthread_cond_destroy(&service->is_idle);
    pthread_cond_destroy(&service->has_room);
    pthread_cond_destroy(&service->has_work);
    pthread_mutex_destroy(&service->stats_lock);
    pthread_mutex_destroy(&service->watch_lock);
    pthread_cond_destroy(&service->assign_cond);
    pthread_mutex_destroy(&service->assign_lock);
    pthread_mutex_destroy(&service->team_lock);
    pthread_mutex_destroy(&service->work_lock);
    pthread_mutex_destroy(&service->train_lock);
    pthread_mutex_destroy(&service->pending_lock);
    pthread_mutex_destroy(&service->writer_lock);
    pthread_mutex_destroy(&service->queue_lock);
    pthread_mutex_destroy(&service->pool_lock);
}

static tw_service *service_new(const tw_service_options *options)
{
    const tw_alloc *alloc = options->alloc ? options->alloc : tw_alloc_system();
    tw_service *service = tw_new(alloc, tw_service);
    if (!service)
        return NULL;
    service->alloc = alloc;
    service->clock = options->clock ? options->clock : tw_clock_system();
    service->journal = options->journal;
    service->ledger = options->ledger;
    service->files = options->files;
    service->mode = options->mode;
    memcpy(service->currency, options->currency, sizeof(service->currency));
    service->queue_facts_max = options->queue_facts ? options->queue_facts : QUEUE_FACTS;
    service->queue_bytes_max = options->queue_bytes ? options->queue_bytes : QUEUE_BYTES;
    service->snapshot_facts = options->snapshot_facts ? options->snapshot_facts : SNAPSHOT_FACTS;
    service->train_off = options->train_off;
    service->paper = options->paper;
    service->archive = options->archive;
    service->trainer = options->trainer;
    service->code_version = options->code_version ? options->code_version : "";
    service->schedule = options->schedule;
    service->figure_zone = options->figure_zone;
    service->drift_limits =
        options->drift_limits ? *options->drift_limits : tw_drift_limits_default();
    service->turn.next_ms = INT64_MAX;
    service->can_train = !options->train_off && options->mode == TW_SERVICE_LIVE;
    service->train_asked_day = INT32_MIN;
    service->stats.is_accepting = true;
    tw_buf_init(&service->fetched, alloc, TW_BLOCK_MAX_BYTES);
    tw_arena_init(&service->scratch, alloc, 0, (size_t)16 << 20);
    tw_arena_init(&service->range_arena, alloc, (size_t)128 << 10, (size_t)64 << 20);
    locks_init(service);
    twi_mirror_init(service);
    twi_notes_init(service);
    return service;
}

static void service_free(tw_service *service)
{
    const tw_alloc *alloc = service->alloc;
    twi_groups_release(service);
    twi_batches_release(service);
    twi_projector_free(service->projector);
    twi_watch_cache_free(service);
    twi_mirror_release(service);
    twi_notes_release(service);
    twi_figure_zones_release(service);
    if (service->core.alloc)
        twi_core_release(&service->core);
    tw_buf_release(&service->fetched);
    tw_arena_release(&service->scratch);
    tw_arena_release(&service->range_arena);
    locks_release(service);
    tw_delete(alloc, service);
}

// The ledger must be a projection of this very journal.
static tw_status check_position(const tw_service *service, const tw_ledger_position *position,
                                tw_err *err)
{
    uint8_t hash[TW_SHA256_BYTES];
    if (position->seq == 0)
        return TW_OK;
    tw_status status = tw_journal_hash_at(service->journal, position->seq, hash, err);
    if (status != TW_OK && status != TW_NOT_FOUND)
        return status;
    if (status == TW_NOT_FOUND || memcmp(hash, position->hash, sizeof(hash)) != 0)
        return tw_fail(err, TW_CORRUPT,
                       "the ledger does not belong to this journal; run tillwatch rebuild");
    return TW_OK;
}

// A ledger that was emptied, or made anew by a later version of the program, takes its time.
static tw_status announce_filling(const tw_service *service, const tw_ledger_position *position,
                                  tw_err *err)
{
    tw_journal_head head;
    TW_TRY(tw_journal_get_head(service->journal, &head, err));
    if (position->seq == 0 && head.seq > 0)
        tw_log(TW_LOG_INFO, "ledger",
               "the ledger is empty: it is filled from the journal, %llu facts",
               (unsigned long long)head.seq);
    return TW_OK;
}

static tw_status recover(tw_service *service, tw_err *err)
{
    uint64_t start = tw_monotonic_ns();
    tw_ledger_position position;
    TW_TRY(tw_ledger_get_position(service->ledger, &position, err));
    TW_TRY(check_position(service, &position, err));
    TW_TRY(announce_filling(service, &position, err));
    if (twi_projector_new(service->alloc, service->ledger, service->journal, service->files,
                          service->currency, &service->projector) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the projector");
    TW_TRY(twi_snapshot_open(&service->core, service->alloc, service->files, service->journal,
                             position.seq, err));
    service->core.keep_models = true;
    service->snapshot_seq = service->core.seq;
    TW_TRY(twi_recover(&service->core, service->journal, service->projector, position.seq, NULL,
                       NULL, &service->replayed_n, err));
    service->applied_seq = service->projected_seq = service->core.seq;
    service->stats.snapshot_seq = service->snapshot_seq;
    service->recover_ns = tw_monotonic_ns() - start;
    return TW_OK;
}

// Who installs what the configuration names.
static const tw_str at_start = {"tillwatch", 9};

static tw_status install(tw_service *service, tw_config_kind kind, tw_str name, tw_str content,
                         tw_err *err)
{
    tw_config config = {.kind = kind,
                        .name = name,
                        .content = content,
                        .changed_by = at_start,
                        .reason = TW_STR("configuration at start"),
                        .changed_ms = service->clock->now_ms(service->clock->ctx)};
    uint64_t seq;
    return twi_flow_config(service, &config, &seq, err);
}

// Is this the text that a start installed last? Then the file has not changed since, and what
// people changed behind it stays.
static tw_status was_installed_last(tw_service *service, tw_config_kind kind, const char *name,
                                    bool *out)
{
    tw_arena arena;
    tw_model_row *rows;
    size_t n = 0;
    const char *word = kind == TW_CONFIG_SIGNALS ? "signals" : "policy";
    *out = false;
    tw_arena_init(&arena, service->alloc, 0, TWI_REGISTRY_MAX_BYTES);
    tw_status status = tw_ledger_model_list(service->ledger, &arena, &rows, &n, NULL);
    for (size_t i = 0; i < n && status == TW_OK; i++) {
        twi_registry_row row;
        status = twi_registry_read(&rows[i], &arena, &row);
        if (status != TW_OK || row.event != TWI_REGISTRY_INSTALLED ||
            !tw_str_equal(row.kind, tw_str_from(word)) || !tw_str_equal(row.changed_by, at_start))
            continue;
        *out = tw_str_equal(row.name, tw_str_from(name));
        break; // rows come newest first
    }
    tw_arena_release(&arena);
    return status;
}

// Installs `given` when it is not what scores now, nor what the last start installed, and
// `built_in` when nothing is installed. The journal says what scores from its first fact on, so
// that a later version of the program with other built-in signals rebuilds the same scores.
static tw_status install_text(tw_service *service, tw_config_kind kind, const char *what,
                              tw_str given, tw_str built_in, tw_err *err)
{
    char name[64], installed[64], hex[2 * TW_SHA256_BYTES + 1];
    uint8_t hash[TW_SHA256_BYTES];
    twi_gate_enter(&service->gate);
    tw_str_copy(tw_detector_config_name(service->core.detector_own, kind), installed,
                sizeof(installed));
    twi_gate_leave(&service->gate);
    if (given.bytes == 0 && installed[0] != '\0')
        return TW_OK;
    tw_str content = given.bytes > 0 ? given : built_in;
    tw_sha256(content.at, content.bytes, hash);
    snprintf(name, sizeof(name), "%s-%.8s", what, tw_hex(hash, sizeof(hash), hex));
    bool is_known = strcmp(name, installed) == 0;
    if (!is_known && given.bytes > 0)
        TW_TRY(was_installed_last(service, kind, name, &is_known));
    if (is_known)
        return TW_OK;
    return install(service, kind, tw_str_from(name), content, err);
}

static tw_status install_configs(tw_service *service, const tw_service_options *options,
                                 tw_err *err)
{
    TW_TRY(install_text(service, TW_CONFIG_SIGNALS, "signals", options->signals,
                        tw_signal_set_default(), err));
    return install_text(service, TW_CONFIG_POLICY, "policy", options->policy,
                        TW_STR("# built in\n"), err);
}

tw_status tw_service_open(const tw_service_options *options, tw_service **out, tw_err *err)
{
    *out = NULL;
    tw_service *service = service_new(options);
    if (!service)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the service");
    tw_status status = TW_OK;
    if (options->mode != TW_SERVICE_READER) {
        status = recover(service, err);
        if (status == TW_OK)
            status = twi_project_start(service, err);
        if (status == TW_OK)
            status = twi_flow_start(service, err);
        if (status == TW_OK)
            status = install_configs(service, options, err);
        if (status == TW_OK)
            status = twi_train_start(service, err);
        if (status == TW_OK)
            status = twi_assign_start(service, err);
    }
    if (status != TW_OK) {
        twi_assign_stop(service);
        twi_train_stop(service);
        twi_flow_stop(service);
        twi_project_stop(service);
        service_free(service);
        return status;
    }
    *out = service;
    return TW_OK;
}

void tw_service_close(tw_service *service)
{
    if (!service)
        return;
    twi_assign_stop(service);
    twi_train_stop(service);
    twi_flow_stop(service);
    twi_project_stop(service);
    twi_events_close(service);
    bool is_snapshot_due = service->mode != TW_SERVICE_READER &&
                           service->core.seq > service->snapshot_seq &&
                           service->projected_seq == service->core.seq;
    tw_err err = {0};
    if (is_snapshot_due &&
        twi_snapshot_publish(&service->core, service->files, service->journal, &err) != TW_OK)
        tw_log(TW_LOG_WARN, "snapshot", "not written: %s", err.text);
    service_free(service);
}

// --- probes
// ---------------------------------------------------------------------------------------

static tw_status probe_reasons(const tw_detector *detector, const tw_fact *fact, const float *row,
                               const tw_score *score, tw_arena *arena, tw_probe_result *out)
{
    tw_status status = TW_OK;
    tw_reason_text *reasons = tw_arena_array(arena, score->fired_n + 1u, sizeof(*reasons));
    if (!reasons)
        return TW_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < score->fired_n; i++) {
        char text[TW_SENTENCE_BYTES];
        tw_signal_info info;
        if (!tw_detector_signal(detector, score->fired[i].signal, &info))
            continue;
        tw_detector_sentence(detector, fact, row, score->fired[i].signal, text);
        reasons[n].name = twi_arena_str(arena, info.name, &status);
        reasons[n].title = twi_arena_str(arena, info.title, &status);
        reasons[n].sentence = twi_arena_str(arena, tw_str_from(text), &status);
        reasons[n++].strength = score->fired[i].strength / 255.0;
    }
    out->reasons = reasons;
    out->reason_n = n;
    return status;
}

tw_status tw_service_probe(tw_service *service, const tw_fact *fact, tw_arena *scratch,
                           tw_probe_result *out)
{
    uint32_t filters = 0;
    if (service->mode == TW_SERVICE_READER)
        return TW_UNSUPPORTED;
    if (fact->kind != TW_FACT_TRANSACTION)
        return TW_INVALID;
    twi_gate_enter(&service->gate);
    const twi_core *core = &service->core;
    tw_status status = tw_engine_probe(core->engine_own, fact, scratch, out->row, &filters);
    if (status == TW_OK) {
        tw_detector_probe(core->detector_own, fact, out->row, filters, &out->score);
        status = probe_reasons(core->detector_own, fact, out->row, &out->score, scratch, out);
    }
    twi_gate_leave(&service->gate);
    return status;
}
