// SPDX-License-Identifier: Apache-2.0
//
// Journal in one SQLite file: a row for each block, dead letters beside them. Layout and reasons in
// docs/formats/journal.md.
//
// Writing: one connection under `writer_lock`, write-ahead log with synchronous=FULL: COMMIT
// returns when the log is on the device. The head is kept in memory under `head_lock`, so that
// asking for it never waits for the device; after a failed append it is read again from the file.
// Copying the log back into the database is the work of a thread of its own with its own connection
// (sqlite_checkpoint.c), so that commits do not wait for it.
// Reading: connections from the pool; blocks are copied out in pieces, so that no read transaction
// lasts longer than a copy. Fetching keeps the last blocks in a small cache.
//
// Invariant: rows of `block` are only ever added, at the end, in the transaction of one append.
#include <stdio.h>
#include <string.h>

#include "sqlite_checkpoint.h"
#include "sqlite_conn.h"

// Measured with bench_journal: see docs/formats/journal.md.
#define PAGE_BYTES_DEFAULT 8192
#define WAL_BYTES_DEFAULT ((size_t)16 << 20)

// A piece of reading: as many blocks, or as many bytes (and at least one block).
#define PIECE_BLOCKS 256
#define PIECE_BYTES ((size_t)2 << 20)
#define CACHE_BLOCKS 64

static const twi_schema schema = {
    .application_id = 0x54774a31, // "TwJ1"
    .version = 1,
    .what = "journal",
    .sql = {"CREATE TABLE block(first_seq INTEGER PRIMARY KEY, n INTEGER NOT NULL,"
            " prev_hash BLOB NOT NULL, hash BLOB NOT NULL, payload BLOB NOT NULL) STRICT;"
            "CREATE TABLE dead_letter(id INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,"
            " source TEXT NOT NULL, line INTEGER NOT NULL, field TEXT NOT NULL, code TEXT NOT NULL,"
            " sentence TEXT NOT NULL, excerpt TEXT NOT NULL) STRICT"}};

enum { W_BEGIN, W_BLOCK, W_LETTER, W_HEAD };
static const char *const writer_sql[] = {
    [W_BEGIN] = "BEGIN IMMEDIATE",
    [W_BLOCK] = "INSERT INTO block VALUES(?1,?2,?3,?4,?5)",
    [W_LETTER] = "INSERT INTO dead_letter VALUES(NULL,?1,?2,?3,?4,?5,?6,?7)",
    [W_HEAD] = "SELECT first_seq, n, hash FROM block ORDER BY first_seq DESC LIMIT 1",
};

enum { R_BLOCKS, R_BLOCK_AT, R_HASH_AT, R_LETTERS, R_LETTER_N };
static const char *const reader_sql[] = {
    [R_BLOCKS] = "SELECT first_seq, n, prev_hash, hash, payload FROM block WHERE first_seq >="
                 " coalesce((SELECT max(first_seq) FROM block WHERE first_seq <= ?1), ?1)"
                 " ORDER BY first_seq",
    [R_BLOCK_AT] = "SELECT first_seq, n, payload FROM block WHERE first_seq <= ?1"
                   " ORDER BY first_seq DESC LIMIT 1",
    [R_HASH_AT] = "SELECT first_seq, n, hash FROM block WHERE first_seq <= ?1"
                  " ORDER BY first_seq DESC LIMIT 1",
    [R_LETTERS] = "SELECT id, received_ms, source, line, field, code, sentence, excerpt"
                  " FROM dead_letter WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    // Letters are never removed, so that the last id is their number.
    [R_LETTER_N] = "SELECT coalesce(max(id), 0) FROM dead_letter",
};

typedef struct cached_block {
    uint64_t first_seq; // 0 = free
    uint32_t n;
    uint64_t used; // clock value of the last use
    uint8_t *payload_own;
    size_t payload_bytes;
} cached_block;

typedef struct sqlite_journal {
    const tw_alloc *alloc;
    twi_pool readers;
    twi_checkpointer *checkpointer_own;

    size_t wal_bytes;            // constant
    pthread_mutex_t writer_lock; // guards the next four
    twi_conn writer;
    tw_buf payload;
    bool is_head_stale;
    bool is_wal_prepared;

    pthread_mutex_t head_lock;
    tw_journal_head head; // changed under both locks

    pthread_mutex_t cache_lock;
    cached_block cache[CACHE_BLOCKS];
    uint64_t cache_clock;
} sqlite_journal;

// ---- Appending -------------------------------------------------------------------------------

static void set_head(sqlite_journal *self, const tw_journal_head *head)
{
    pthread_mutex_lock(&self->head_lock);
    self->head = *head;
    pthread_mutex_unlock(&self->head_lock);
}

static tw_status load_head(sqlite_journal *self, tw_err *err)
{
    sqlite3_stmt *stmt;
    tw_journal_head head = {0};
    TW_TRY(twi_conn_stmt(&self->writer, W_HEAD, &stmt, err));
    tw_status status = twi_conn_step(&self->writer, stmt, "read the end of the journal", err);
    if (status == TW_OK) {
        head.seq =
            (uint64_t)sqlite3_column_int64(stmt, 0) + (uint64_t)sqlite3_column_int64(stmt, 1) - 1;
        bool is_good = twi_column_hash(stmt, 2, head.hash);
        sqlite3_reset(stmt);
        if (!is_good)
            return tw_fail(err, TW_CORRUPT, "the last block of the journal has no hash");
    } else if (status != TW_END) {
        return status;
    }
    set_head(self, &head);
    self->is_head_stale = false;
    return TW_OK;
}

static tw_status insert_block(sqlite_journal *self, const tw_str *facts, size_t n,
                              tw_journal_head *head, tw_err *err)
{
    sqlite3_stmt *stmt;
    TW_TRY(twi_conn_stmt(&self->writer, W_BLOCK, &stmt, err));
    tw_buf_reset(&self->payload);
    tw_status status = tw_block_encode(facts, n, &self->payload);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for a block of %zu facts", n);
    const uint8_t *payload = self->payload.data_own;
    size_t bytes = self->payload.bytes;
    uint8_t hash[TW_SHA256_BYTES];
    tw_block_hash(head->hash, head->seq + 1, (uint32_t)n, payload, bytes, hash);
    int code = sqlite3_bind_int64(stmt, 1, (int64_t)(head->seq + 1));
    code = code ? code : sqlite3_bind_int64(stmt, 2, (int64_t)n);
    code = code ? code : twi_bind_blob(stmt, 3, head->hash, sizeof(head->hash));
    code = code ? code : twi_bind_blob(stmt, 4, hash, sizeof(hash));
    code = code ? code : twi_bind_blob(stmt, 5, payload, bytes);
    if (code != SQLITE_OK)
        return twi_conn_fail(&self->writer, code, "bind a block", err);
    TW_TRY(twi_conn_run(&self->writer, stmt, "write to the journal", err));
    head->seq += n;
    memcpy(head->hash, hash, sizeof(hash));
    return TW_OK;
}

static tw_status begin(sqlite_journal *self, tw_err *err)
{
    sqlite3_stmt *stmt;
    if (!self->is_wal_prepared) // at the first write: who only reads does not pay for it
        twi_wal_prepare(self->readers.path_own, self->wal_bytes);
    self->is_wal_prepared = true;
    TW_TRY(twi_conn_stmt(&self->writer, W_BEGIN, &stmt, err));
    return twi_conn_run(&self->writer, stmt, "begin to write", err);
}

static tw_status append_locked(sqlite_journal *self, const tw_str *facts, size_t n,
                               uint64_t *first_seq, tw_err *err)
{
    if (self->is_head_stale)
        TW_TRY(load_head(self, err));
    tw_journal_head head = self->head;
    uint64_t first = head.seq + 1;
    TW_TRY(begin(self, err));
    tw_status status = TW_OK;
    while (n > 0 && status == TW_OK) {
        size_t part = tw_block_cut(facts, n);
        status = insert_block(self, facts, part, &head, err);
        facts += part;
        n -= part;
    }
    status = twi_conn_end(&self->writer, status, err);
    if (status != TW_OK) {
        self->is_head_stale = true;
        return status;
    }
    set_head(self, &head);
    *first_seq = first;
    return TW_OK;
}

static tw_status journal_append(void *ctx, const tw_str *facts, size_t n, uint64_t *first_seq,
                                tw_err *err)
{
    sqlite_journal *self = ctx;
    *first_seq = 0;
    TW_TRY(tw_journal_append_check(facts, n, err));
    pthread_mutex_lock(&self->writer_lock);
    tw_status status = append_locked(self, facts, n, first_seq, err);
    pthread_mutex_unlock(&self->writer_lock);
    return status;
}

static tw_status insert_letter(sqlite_journal *self, const tw_dead_letter *letter, tw_err *err)
{
    sqlite3_stmt *stmt;
    TW_TRY(twi_conn_stmt(&self->writer, W_LETTER, &stmt, err));
    int code = sqlite3_bind_int64(stmt, 1, letter->received_ms);
    code = code ? code : twi_bind_str(stmt, 2, letter->source);
    code = code ? code : sqlite3_bind_int64(stmt, 3, (int64_t)letter->line);
    code = code ? code : twi_bind_str(stmt, 4, letter->field);
    code = code ? code : twi_bind_str(stmt, 5, letter->code);
    code = code ? code : twi_bind_str(stmt, 6, letter->sentence);
    code = code ? code : twi_bind_str(stmt, 7, letter->excerpt);
    if (code != SQLITE_OK)
        return twi_conn_fail(&self->writer, code, "bind a dead letter", err);
    return twi_conn_run(&self->writer, stmt, "keep a dead letter", err);
}

static tw_status letter_append(void *ctx, const tw_dead_letter *letters, size_t n, tw_err *err)
{
    sqlite_journal *self = ctx;
    if (n > TW_COMMIT_MAX_FACTS)
        return tw_fail(err, TW_LIMIT, "more than %d dead letters at once", TW_COMMIT_MAX_FACTS);
    if (n == 0)
        return TW_OK;
    pthread_mutex_lock(&self->writer_lock);
    tw_status status = begin(self, err);
    if (status == TW_OK) {
        for (size_t i = 0; i < n && status == TW_OK; i++)
            status = insert_letter(self, &letters[i], err);
        status = twi_conn_end(&self->writer, status, err);
    }
    pthread_mutex_unlock(&self->writer_lock);
    return status;
}

// ---- Reading ---------------------------------------------------------------------------------

static tw_status journal_head(void *ctx, tw_journal_head *out, tw_err *err)
{
    (void)err;
    sqlite_journal *self = ctx;
    pthread_mutex_lock(&self->head_lock);
    *out = self->head;
    pthread_mutex_unlock(&self->head_lock);
    return TW_OK;
}

static tw_status journal_hash_at(void *ctx, uint64_t seq, uint8_t out[TW_SHA256_BYTES], tw_err *err)
{
    sqlite_journal *self = ctx;
    memset(out, 0, TW_SHA256_BYTES);
    if (seq == 0)
        return TW_OK;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    sqlite3_stmt *stmt;
    tw_status status = twi_conn_stmt(conn, R_HASH_AT, &stmt, err);
    if (status == TW_OK) {
        sqlite3_bind_int64(stmt, 1, (int64_t)TW_MIN(seq, (uint64_t)INT64_MAX));
        status = twi_conn_step(conn, stmt, "read the journal", err);
    }
    bool is_found = false;
    if (status == TW_OK) {
        uint64_t end =
            (uint64_t)sqlite3_column_int64(stmt, 0) + (uint64_t)sqlite3_column_int64(stmt, 1);
        is_found = end == seq + 1 && twi_column_hash(stmt, 2, out);
        sqlite3_reset(stmt);
    }
    twi_pool_give(&self->readers, conn);
    if (is_found || (status != TW_OK && status != TW_END))
        return status;
    return tw_fail(err, TW_NOT_FOUND, "no journal block ends at %llu", (unsigned long long)seq);
}

// Blocks that were copied out of the database.
typedef struct piece {
    tw_buf bytes;
    size_t n;
    struct {
        size_t from;    // of the payload in `bytes`
        tw_block block; // views are set when the piece is complete
    } blocks[PIECE_BLOCKS];
    uint64_t bad_seq; // where reading found damage, 0 = nowhere
} piece;

static tw_status fail_block(piece *p, uint64_t seq, const char *what, tw_err *err)
{
    p->bad_seq = seq;
    return tw_fail(err, TW_CORRUPT, "the journal is damaged at fact %llu: %s",
                   (unsigned long long)seq, what);
}

// Takes the row of the statement, which must hold fact `seq`.
static tw_status piece_take(piece *p, sqlite3_stmt *stmt, uint64_t seq, tw_err *err)
{
    uint64_t first_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    uint64_t n = (uint64_t)sqlite3_column_int64(stmt, 1);
    tw_str payload = twi_column_blob(stmt, 4);
    tw_block *block = &p->blocks[p->n].block;
    if (tw_block_open(first_seq, n, payload.at, payload.bytes, block) != TW_OK)
        return fail_block(p, seq, "a block is malformed", err);
    if (first_seq > seq || first_seq + n <= seq || (p->n > 0 && first_seq != seq))
        return fail_block(p, seq, "a block is missing", err);
    if (!twi_column_hash(stmt, 2, block->prev_hash) || !twi_column_hash(stmt, 3, block->hash))
        return fail_block(p, seq, "a block has no hash", err);
    p->blocks[p->n].from = p->bytes.bytes;
    tw_status status = tw_buf_reserve(&p->bytes, payload.bytes);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory to read the journal");
    tw_buf_put(&p->bytes, payload.at, payload.bytes);
    p->n++;
    return TW_OK;
}

static tw_status piece_fill(piece *p, twi_conn *conn, uint64_t seq, uint64_t last, tw_err *err)
{
    sqlite3_stmt *stmt;
    tw_buf_reset(&p->bytes);
    p->n = 0;
    TW_TRY(twi_conn_stmt(conn, R_BLOCKS, &stmt, err));
    sqlite3_bind_int64(stmt, 1, (int64_t)seq);
    tw_status status = TW_OK;
    while (status == TW_OK && seq <= last && p->n < PIECE_BLOCKS && p->bytes.bytes < PIECE_BYTES) {
        status = twi_conn_step(conn, stmt, "read the journal", err);
        if (status == TW_OK)
            status = piece_take(p, stmt, seq, err);
        else if (status == TW_END)
            status = fail_block(p, seq, "the end is missing", err);
        else if (status == TW_CORRUPT)
            p->bad_seq = seq;
        if (status == TW_OK)
            seq = p->blocks[p->n - 1].block.first_seq + p->blocks[p->n - 1].block.n;
    }
    sqlite3_reset(stmt);
    return status;
}

// Damage is reported after the blocks before it have been visited.
static tw_status read_blocks(sqlite_journal *self, piece *p, uint64_t from_seq, uint64_t to_seq,
                             tw_journal_visit visit, void *visit_ctx, tw_err *err)
{
    tw_journal_head head;
    TW_TRY(journal_head(self, &head, err));
    uint64_t last = to_seq != 0 ? TW_MIN(to_seq, head.seq) : head.seq;
    uint64_t seq = TW_MAX(from_seq, 1);
    while (seq <= last) {
        twi_conn *conn;
        TW_TRY(twi_pool_take(&self->readers, &conn, err));
        tw_status fill_status = piece_fill(p, conn, seq, last, err);
        twi_pool_give(&self->readers, conn);
        for (size_t i = 0; i < p->n; i++) {
            tw_block *block = &p->blocks[i].block;
            block->ends = p->bytes.data_own + p->blocks[i].from;
            block->bytes = block->ends + (size_t)4 * block->n;
            seq = block->first_seq + block->n;
            tw_status status = visit(visit_ctx, block, err);
            if (status != TW_OK)
                return status == TW_END ? TW_OK : status;
        }
        TW_TRY(fill_status);
    }
    return TW_OK;
}

static tw_status read_with_piece(sqlite_journal *self, uint64_t from_seq, uint64_t to_seq,
                                 tw_journal_visit visit, void *visit_ctx, uint64_t *bad_seq,
                                 tw_err *err)
{
    *bad_seq = 0;
    piece *p = tw_new(self->alloc, piece);
    if (!p)
        return tw_fail(err, TW_NO_MEMORY, "no memory to read the journal");
    tw_buf_init(&p->bytes, self->alloc, PIECE_BYTES + 2 * (size_t)TW_BLOCK_MAX_BYTES);
    tw_status status = read_blocks(self, p, from_seq, to_seq, visit, visit_ctx, err);
    *bad_seq = p->bad_seq;
    tw_buf_release(&p->bytes);
    tw_delete(self->alloc, p);
    return status;
}

static tw_status journal_read(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_journal_visit visit,
                              void *visit_ctx, tw_err *err)
{
    uint64_t bad_seq;
    return read_with_piece(ctx, from_seq, to_seq, visit, visit_ctx, &bad_seq, err);
}

static tw_status check_one(void *ctx, const tw_block *block, tw_err *err)
{
    (void)err;
    return tw_journal_check_block(ctx, block) ? TW_OK : TW_END;
}

static tw_status journal_verify(void *ctx, tw_journal_check *out, tw_err *err)
{
    *out = (tw_journal_check){0};
    uint64_t bad_seq;
    tw_err detail = {0};
    tw_status status = read_with_piece(ctx, 1, 0, check_one, out, &bad_seq, &detail);
    if (status == TW_OK)
        return TW_OK;
    if (bad_seq == 0) {
        *out = (tw_journal_check){0};
        if (err)
            *err = detail;
        return status;
    }
    out->broken_seq = bad_seq;
    snprintf(out->sentence, sizeof(out->sentence), "%.150s.", detail.text);
    return TW_OK;
}

// ---- Fetching one fact -----------------------------------------------------------------------

static tw_status put_fact(tw_buf *out, tw_str fact, uint64_t seq, tw_err *err)
{
    tw_status status = tw_buf_reserve(out, fact.bytes);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for fact %llu", (unsigned long long)seq);
    tw_buf_str(out, fact);
    return TW_OK;
}

// TW_NOT_FOUND when the block of seq is not in the cache.
static tw_status cache_fetch(sqlite_journal *self, uint64_t seq, tw_buf *out, tw_err *err)
{
    tw_status status = TW_NOT_FOUND;
    pthread_mutex_lock(&self->cache_lock);
    for (size_t i = 0; i < CACHE_BLOCKS; i++) {
        cached_block *slot = &self->cache[i];
        if (slot->first_seq == 0 || seq < slot->first_seq || seq - slot->first_seq >= slot->n)
            continue;
        slot->used = ++self->cache_clock;
        tw_block block;
        status =
            tw_block_open(slot->first_seq, slot->n, slot->payload_own, slot->payload_bytes, &block);
        TW_CHECK(status == TW_OK);
        status = put_fact(out, tw_block_fact(&block, (uint32_t)(seq - block.first_seq)), seq, err);
        break;
    }
    pthread_mutex_unlock(&self->cache_lock);
    return status;
}

// Keeps a copy in place of the block that was used longest ago. Without memory it is not kept.
static void cache_keep(sqlite_journal *self, const tw_block *block)
{
    if (block->payload_bytes > 2 * (size_t)TW_BLOCK_TARGET_BYTES)
        return;
    uint8_t *copy = tw_new_array(self->alloc, block->payload_bytes, 1);
    if (!copy)
        return;
    memcpy(copy, block->ends, block->payload_bytes);
    pthread_mutex_lock(&self->cache_lock);
    cached_block *oldest = &self->cache[0];
    for (size_t i = 0; i < CACHE_BLOCKS; i++) {
        if (self->cache[i].first_seq == block->first_seq) {
            oldest = &self->cache[i];
            break;
        }
        if (self->cache[i].used < oldest->used)
            oldest = &self->cache[i];
    }
    tw_free_array(self->alloc, oldest->payload_own, oldest->payload_bytes, 1);
    *oldest =
        (cached_block){block->first_seq, block->n, ++self->cache_clock, copy, block->payload_bytes};
    pthread_mutex_unlock(&self->cache_lock);
}

static tw_status fetch_stored(sqlite_journal *self, twi_conn *conn, uint64_t seq, tw_buf *out,
                              tw_err *err)
{
    sqlite3_stmt *stmt;
    TW_TRY(twi_conn_stmt(conn, R_BLOCK_AT, &stmt, err));
    sqlite3_bind_int64(stmt, 1, (int64_t)seq);
    tw_status status = twi_conn_step(conn, stmt, "read the journal", err);
    if (status != TW_OK && status != TW_END)
        return status;
    tw_block block = {0};
    if (status == TW_OK) {
        tw_str payload = twi_column_blob(stmt, 2);
        status = tw_block_open((uint64_t)sqlite3_column_int64(stmt, 0),
                               (uint64_t)sqlite3_column_int64(stmt, 1), payload.at, payload.bytes,
                               &block);
    }
    if (status != TW_OK || seq - block.first_seq >= block.n) {
        status = tw_fail(err, TW_CORRUPT, "the journal is damaged at fact %llu",
                         (unsigned long long)seq);
    } else {
        status = put_fact(out, tw_block_fact(&block, (uint32_t)(seq - block.first_seq)), seq, err);
        if (block.n > 1)
            cache_keep(self, &block);
    }
    sqlite3_reset(stmt);
    return status;
}

static tw_status journal_fetch(void *ctx, uint64_t seq, tw_buf *out, tw_err *err)
{
    sqlite_journal *self = ctx;
    tw_journal_head head;
    TW_TRY(journal_head(self, &head, err));
    if (seq == 0 || seq > head.seq)
        return tw_fail(err, TW_NOT_FOUND, "the journal has no fact %llu", (unsigned long long)seq);
    tw_status status = cache_fetch(self, seq, out, err);
    if (status != TW_NOT_FOUND)
        return status;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    status = fetch_stored(self, conn, seq, out, err);
    twi_pool_give(&self->readers, conn);
    return status;
}

// ---- Dead letters ----------------------------------------------------------------------------

static bool letter_of(sqlite3_stmt *stmt, tw_arena *arena, tw_dead_letter *out)
{
    out->id = (uint64_t)sqlite3_column_int64(stmt, 0);
    out->received_ms = sqlite3_column_int64(stmt, 1);
    out->line = (uint64_t)sqlite3_column_int64(stmt, 3);
    return twi_column_dup(stmt, 2, arena, &out->source) &&
           twi_column_dup(stmt, 4, arena, &out->field) &&
           twi_column_dup(stmt, 5, arena, &out->code) &&
           twi_column_dup(stmt, 6, arena, &out->sentence) &&
           twi_column_dup(stmt, 7, arena, &out->excerpt);
}

static tw_status list_letters(twi_conn *conn, uint64_t before_id, size_t limit, tw_arena *arena,
                              tw_dead_letter *letters, size_t *n, tw_err *err)
{
    sqlite3_stmt *stmt;
    TW_TRY(twi_conn_stmt(conn, R_LETTERS, &stmt, err));
    uint64_t before = before_id == 0 || before_id > INT64_MAX ? INT64_MAX : before_id;
    sqlite3_bind_int64(stmt, 1, (int64_t)before);
    sqlite3_bind_int64(stmt, 2, (int64_t)limit);
    tw_status status = TW_OK;
    while ((status = twi_conn_step(conn, stmt, "list dead letters", err)) == TW_OK) {
        if (letter_of(stmt, arena, &letters[*n])) {
            *n += 1;
            continue;
        }
        sqlite3_reset(stmt);
        return tw_fail(err, TW_NO_MEMORY, "no room for the list of dead letters");
    }
    return status == TW_END ? TW_OK : status;
}

static tw_status letter_list(void *ctx, uint64_t before_id, size_t limit, tw_arena *arena,
                             tw_dead_letter **out, size_t *n, tw_err *err)
{
    sqlite_journal *self = ctx;
    *out = NULL;
    *n = 0;
    size_t found = 0;
    tw_dead_letter *letters = tw_arena_array(arena, limit, sizeof(*letters));
    if (!letters)
        return tw_fail(err, TW_NO_MEMORY, "no room for the list of dead letters");
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    tw_status status = list_letters(conn, before_id, limit, arena, letters, &found, err);
    twi_pool_give(&self->readers, conn);
    if (status != TW_OK)
        return status;
    *out = letters;
    *n = found;
    return TW_OK;
}

static tw_status letter_count(void *ctx, uint64_t *out, tw_err *err)
{
    sqlite_journal *self = ctx;
    *out = 0;
    twi_conn *conn;
    TW_TRY(twi_pool_take(&self->readers, &conn, err));
    sqlite3_stmt *stmt;
    tw_status status = twi_conn_stmt(conn, R_LETTER_N, &stmt, err);
    if (status == TW_OK)
        status = twi_conn_step(conn, stmt, "count dead letters", err);
    if (status == TW_OK) {
        *out = (uint64_t)sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    twi_pool_give(&self->readers, conn);
    return status;
}

// ---- Opening and closing ---------------------------------------------------------------------

static void journal_close(void *ctx)
{
    sqlite_journal *self = ctx;
    twi_checkpointer_free(self->checkpointer_own);
    twi_pool_release(&self->readers);
    twi_conn_close(&self->writer); // the last one copies the log back and removes it
    tw_buf_release(&self->payload);
    for (size_t i = 0; i < CACHE_BLOCKS; i++)
        tw_free_array(self->alloc, self->cache[i].payload_own, self->cache[i].payload_bytes, 1);
    pthread_mutex_destroy(&self->writer_lock);
    pthread_mutex_destroy(&self->head_lock);
    pthread_mutex_destroy(&self->cache_lock);
    tw_delete(self->alloc, self);
}

static const tw_journal_ops ops = {
    .version = TW_JOURNAL_VERSION,
    .append = journal_append,
    .head = journal_head,
    .hash_at = journal_hash_at,
    .read = journal_read,
    .fetch = journal_fetch,
    .verify = journal_verify,
    .dead_letter_append = letter_append,
    .dead_letter_list = letter_list,
    .dead_letter_count = letter_count,
    .close = journal_close,
};

static tw_status open_writer(sqlite_journal *self, const tw_sqlite_options *options, tw_err *err)
{
    char sql[256];
    size_t page_bytes = options->page_bytes ? options->page_bytes : PAGE_BYTES_DEFAULT;
    TW_TRY(twi_conn_open(self->alloc, options, TWI_CONN_WRITER,
                         (twi_statements){writer_sql, TW_COUNT(writer_sql)}, &self->writer, err));
    snprintf(sql, sizeof(sql),
             "PRAGMA page_size=%zu; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
             "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192",
             page_bytes);
    TW_TRY(twi_conn_exec(&self->writer, sql, err));
    TW_TRY(twi_conn_schema(&self->writer, options, &schema, err));
    return load_head(self, err);
}

tw_status tw_sqlite_journal_open(const tw_alloc *alloc, const tw_sqlite_options *options,
                                 tw_journal *out, tw_err *err)
{
    *out = (tw_journal){NULL, NULL};
    sqlite_journal *self = tw_new(alloc, sqlite_journal);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a journal");
    self->alloc = alloc;
    // Default mutexes cannot fail here: they need no memory.
    TW_CHECK(pthread_mutex_init(&self->writer_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&self->head_lock, NULL) == 0);
    TW_CHECK(pthread_mutex_init(&self->cache_lock, NULL) == 0);
    tw_buf_init(&self->payload, alloc, 2 * (size_t)TW_BLOCK_MAX_BYTES);
    tw_status status = open_writer(self, options, err);
    if (status == TW_OK)
        status = twi_pool_init(&self->readers, alloc, options,
                               (twi_statements){reader_sql, TW_COUNT(reader_sql)}, err);
    self->wal_bytes = options->wal_bytes ? options->wal_bytes : WAL_BYTES_DEFAULT;
    if (status == TW_OK)
        status = twi_checkpointer_new(alloc, options, &self->writer, &self->writer_lock,
                                      self->wal_bytes, &self->checkpointer_own, err);
    if (status != TW_OK) {
        journal_close(self);
        return status;
    }
    *out = (tw_journal){&ops, self};
    return TW_OK;
}
