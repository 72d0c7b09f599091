// SPDX-License-Identifier: Apache-2.0
//
// Writing and reading snapshots. Reading trusts nothing: lengths are checked against what is left,
// and the hash over the whole file before anything is built from it.
#include "state_file.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"

static const char magic[8] = "TWSNAP2\n";
#define SNAPSHOTS_KEPT 2

static tw_status write_to_buf(void *ctx, const void *data, size_t bytes)
{
    tw_buf *buf = ctx;
    tw_buf_put(buf, data, bytes);
    return buf->status;
}

static tw_status read_from_view(void *ctx, void *data, size_t bytes)
{
    const uint8_t *at = tw_read_bytes(ctx, bytes);
    if (!at)
        return TW_CORRUPT;
    memcpy(data, at, bytes);
    return TW_OK;
}

static void put_counters(const twi_core *core, tw_buf *out)
{
    tw_buf_u64(out, core->transaction_n);
    tw_buf_u64(out, core->movement_n);
    tw_buf_u64(out, core->shift_n);
    tw_buf_u64(out, core->verdict_n);
    tw_buf_u64(out, core->config_n);
    tw_buf_u64(out, core->alert_n);
    tw_buf_u64(out, (uint64_t)core->last_time_ms);
    tw_buf_u16(out, (uint16_t)core->last_offset_min);
    tw_buf_u32(out, (uint32_t)core->first_day);
    tw_buf_u32(out, (uint32_t)core->model_day);
    tw_buf_u64(out, (uint64_t)core->trained_ms);
    tw_buf_u64(out, core->trained_facts_n);
    tw_buf_blob(out, tw_str_from(core->model_id));
}

static tw_status get_counters(twi_core *core, tw_reader *reader)
{
    core->transaction_n = tw_read_u64(reader);
    core->movement_n = tw_read_u64(reader);
    core->shift_n = tw_read_u64(reader);
    core->verdict_n = tw_read_u64(reader);
    core->config_n = tw_read_u64(reader);
    core->alert_n = tw_read_u64(reader);
    core->last_time_ms = (int64_t)tw_read_u64(reader);
    core->last_offset_min = (int16_t)tw_read_u16(reader);
    core->first_day = (int32_t)tw_read_u32(reader);
    core->model_day = (int32_t)tw_read_u32(reader);
    core->trained_ms = (int64_t)tw_read_u64(reader);
    core->trained_facts_n = tw_read_u64(reader);
    tw_str id = tw_read_blob(reader);
    if (id.bytes >= sizeof(core->model_id))
        return TW_CORRUPT;
    tw_str_copy(id, core->model_id, sizeof(core->model_id));
    return reader->status;
}

tw_status twi_snapshot_encode(const twi_core *core, const uint8_t hash[TW_SHA256_BYTES],
                              tw_buf *out)
{
    tw_buf_put(out, magic, sizeof(magic));
    tw_buf_u64(out, core->seq);
    tw_buf_put(out, hash, TW_SHA256_BYTES);
    put_counters(core, out);
    TW_TRY(tw_engine_save(core->engine_own, write_to_buf, out));
    TW_TRY(tw_detector_save(core->detector_own, write_to_buf, out));
    twi_sampler_save(&core->sampler, out);
    twi_watch_save(&core->watch, out);
    tw_buf_u64(out, core->confirmed.n);
    for (size_t i = 0; i < core->confirmed.cap; i++)
        if (core->confirmed.slots_own[i].key != 0)
            tw_buf_u64(out, core->confirmed.slots_own[i].key);
    TW_TRY(out->status);
    tw_buf_u64(out, tw_hash64(out->data_own, out->bytes, 23));
    return out->status;
}

static tw_status load_confirmed(twi_core *core, tw_reader *reader)
{
    uint64_t n = tw_read_u64(reader);
    if (n > tw_reader_left(reader) / sizeof(uint64_t))
        return TW_CORRUPT;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t key = tw_read_u64(reader);
        tw_table_slot *slot;
        if (key == 0)
            return TW_CORRUPT;
        TW_TRY(tw_table_at(&core->confirmed, key, &slot));
        slot->value = 0;
    }
    return reader->status == TW_OK && tw_reader_left(reader) == 0 ? TW_OK : TW_CORRUPT;
}

static tw_status load_parts(twi_core *core, const tw_alloc *alloc, tw_reader *reader)
{
    TW_TRY(get_counters(core, reader));
    TW_TRY(tw_engine_load(alloc, read_from_view, reader, &core->engine_own));
    TW_TRY(tw_detector_load(alloc, core->engine_own, read_from_view, reader, &core->detector_own));
    TW_TRY(twi_sampler_init(&core->sampler, alloc));
    TW_TRY(twi_sampler_load(&core->sampler, reader));
    TW_TRY(twi_watch_load(&core->watch, reader));
    TW_TRY(load_confirmed(core, reader));
    return tw_engine_seq(core->engine_own) == core->seq ? TW_OK : TW_CORRUPT;
}

tw_status twi_snapshot_decode(twi_core *core, const tw_alloc *alloc, const void *data, size_t bytes,
                              uint8_t hash[TW_SHA256_BYTES])
{
    *core = (twi_core){.alloc = alloc};
    tw_table_init(&core->confirmed, alloc, TW_ENTITIES_MAX);
    twi_watch_init(&core->watch, alloc);
    if (bytes < sizeof(magic) + 2 * sizeof(uint64_t) || memcmp(data, magic, sizeof(magic)) != 0)
        return TW_CORRUPT;
    size_t body = bytes - sizeof(uint64_t);
    tw_reader reader;
    tw_reader_init(&reader, (const uint8_t *)data + body, sizeof(uint64_t));
    if (tw_read_u64(&reader) != tw_hash64(data, body, 23))
        return TW_CORRUPT;
    tw_reader_init(&reader, (const uint8_t *)data + sizeof(magic), body - sizeof(magic));
    core->seq = tw_read_u64(&reader);
    const uint8_t *chain = tw_read_bytes(&reader, TW_SHA256_BYTES);
    tw_status status = TW_CORRUPT;
    if (chain) {
        memcpy(hash, chain, TW_SHA256_BYTES);
        status = load_parts(core, alloc, &reader);
    }
    if (status != TW_OK)
        twi_core_release(core);
    return status;
}

static void name_of(uint64_t seq, char out[TW_FILES_NAME_BYTES])
{
    snprintf(out, TW_FILES_NAME_BYTES, "state/snapshot-%020" PRIu64, seq);
}

// Names of snapshots, oldest first.
static tw_status list(const tw_files *files, tw_arena *arena, uint64_t **out, size_t *n,
                      tw_err *err)
{
    tw_file_info *infos;
    size_t info_n;
    *n = 0;
    TW_TRY(tw_files_list(files, "state", arena, &infos, &info_n, err));
    *out = tw_arena_array(arena, info_n + 1, sizeof(**out));
    if (!*out)
        return tw_fail(err, TW_NO_MEMORY, "out of memory while listing snapshots");
    for (size_t i = 0; i < info_n; i++) {
        tw_str prefix = TW_STR("snapshot-"), name = infos[i].name;
        int64_t seq;
        if (tw_str_starts(name, prefix) &&
            tw_str_to_i64((tw_str){name.at + prefix.bytes, name.bytes - prefix.bytes}, &seq))
            (*out)[(*n)++] = (uint64_t)seq;
    }
    return TW_OK;
}

static tw_status remove_old(const tw_alloc *alloc, const tw_files *files, size_t keep_n,
                            tw_err *err)
{
    tw_arena arena;
    uint64_t *seqs;
    size_t n;
    tw_arena_init(&arena, alloc, 0, 1 << 20);
    tw_status status = list(files, &arena, &seqs, &n, err);
    for (size_t i = 0; status == TW_OK && i + keep_n < n; i++) {
        char name[TW_FILES_NAME_BYTES];
        name_of(seqs[i], name);
        status = tw_files_remove(files, name, err);
    }
    tw_arena_release(&arena);
    return status;
}

tw_status twi_snapshot_clear(const tw_alloc *alloc, const tw_files *files, tw_err *err)
{
    return remove_old(alloc, files, 0, err);
}

tw_status twi_snapshot_publish(const twi_core *core, const tw_files *files,
                               const tw_journal *journal, tw_err *err)
{
    uint8_t hash[TW_SHA256_BYTES];
    TW_TRY(tw_journal_hash_at(journal, core->seq, hash, err));
    tw_buf buf;
    tw_buf_init(&buf, core->alloc, TWI_SNAPSHOT_MAX_BYTES);
    tw_status status = twi_snapshot_encode(core, hash, &buf);
    if (status != TW_OK) {
        tw_fail(err, status, "no memory for a snapshot of %zu bytes", buf.bytes);
    } else {
        char name[TW_FILES_NAME_BYTES];
        name_of(core->seq, name);
        tw_str part = {(const char *)buf.data_own, buf.bytes};
        status = tw_files_publish(files, name, &part, 1, err);
    }
    tw_buf_release(&buf);
    if (status == TW_OK)
        status = remove_old(core->alloc, files, SNAPSHOTS_KEPT, err);
    return status;
}

// Is this the state of this journal at that position?
static bool belongs(const tw_journal *journal, uint64_t seq, const uint8_t hash[TW_SHA256_BYTES])
{
    uint8_t there[TW_SHA256_BYTES];
    return tw_journal_hash_at(journal, seq, there, NULL) == TW_OK &&
           memcmp(there, hash, TW_SHA256_BYTES) == 0;
}

static tw_status try_load(twi_core *core, const tw_alloc *alloc, const tw_files *files,
                          const tw_journal *journal, uint64_t seq)
{
    char name[TW_FILES_NAME_BYTES];
    uint8_t hash[TW_SHA256_BYTES];
    tw_buf buf;
    name_of(seq, name);
    tw_buf_init(&buf, alloc, TWI_SNAPSHOT_MAX_BYTES);
    tw_status status = tw_files_read(files, name, &buf, NULL);
    if (status == TW_OK)
        status = twi_snapshot_decode(core, alloc, buf.data_own, buf.bytes, hash);
    tw_buf_release(&buf);
    if (status == TW_OK && (core->seq != seq || !belongs(journal, seq, hash))) {
        twi_core_release(core);
        status = TW_CORRUPT;
    }
    return status;
}

tw_status twi_snapshot_open(twi_core *core, const tw_alloc *alloc, const tw_files *files,
                            const tw_journal *journal, uint64_t max_seq, tw_err *err)
{
    tw_arena arena;
    uint64_t *seqs;
    size_t n;
    tw_arena_init(&arena, alloc, 0, 1 << 20);
    tw_status status = list(files, &arena, &seqs, &n, err);
    bool is_loaded = false;
    while (status == TW_OK && !is_loaded && n-- > 0)
        is_loaded = seqs[n] <= max_seq && try_load(core, alloc, files, journal, seqs[n]) == TW_OK;
    tw_arena_release(&arena);
    TW_TRY(status);
    if (!is_loaded && twi_core_init(core, alloc) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the feature engine");
    return TW_OK;
}
