// SPDX-License-Identifier: Apache-2.0
//
// Journal in memory: an array of blocks whose payloads never move, so that a reader copies the
// block's record under the lock and visits it without. Dead letters are an array beside it.
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "adapter/memory.h"

#define DEAD_LETTERS_MAX (SIZE_MAX / 4 / sizeof(stored_letter))

typedef struct stored_letter {
    tw_dead_letter letter; // its strings lie in text_own
    char *text_own;
    size_t text_bytes;
} stored_letter;

typedef struct memory_journal {
    const tw_alloc *alloc;
    pthread_mutex_t lock; // guards all below
    tw_block *blocks_own; // payload at .ends, owned
    size_t block_n, block_cap;
    stored_letter *letters_own;
    size_t letter_n, letter_cap;
} memory_journal;

static tw_journal_head head_of(const memory_journal *self)
{
    tw_journal_head head = {0};
    if (self->block_n > 0) {
        const tw_block *last = &self->blocks_own[self->block_n - 1];
        head.seq = last->first_seq + last->n - 1;
        memcpy(head.hash, last->hash, sizeof(head.hash));
    }
    return head;
}

static void free_blocks(memory_journal *self, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        // The payload was allocated here; a view of it is const.
        union {
            const uint8_t *view;
            uint8_t *own;
        } payload = {.view = self->blocks_own[i].ends};
        tw_free_array(self->alloc, payload.own, self->blocks_own[i].payload_bytes, 1);
    }
}

static tw_status make_block(memory_journal *self, const tw_str *facts, size_t n,
                            const tw_journal_head *head, tw_block *out)
{
    tw_buf buf;
    tw_buf_init(&buf, self->alloc, SIZE_MAX / 4);
    tw_status status = tw_block_encode(facts, n, &buf);
    uint8_t *payload = NULL;
    if (status == TW_OK) {
        payload = tw_new_array(self->alloc, buf.bytes, 1);
        status = payload ? TW_OK : TW_NO_MEMORY;
    }
    if (status == TW_OK) {
        memcpy(payload, buf.data_own, buf.bytes);
        status = tw_block_open(head->seq + 1, n, payload, buf.bytes, out);
        TW_CHECK(status == TW_OK);
        memcpy(out->prev_hash, head->hash, sizeof(out->prev_hash));
        tw_block_hash(head->hash, out->first_seq, out->n, payload, buf.bytes, out->hash);
    }
    tw_buf_release(&buf);
    return status;
}

static tw_status append_blocks(memory_journal *self, const tw_str *facts, size_t n,
                               uint64_t *first_seq)
{
    tw_journal_head head = head_of(self);
    size_t made_n = 0;
    tw_status status = TW_OK;
    uint64_t first = head.seq + 1;
    while (n > 0 && status == TW_OK) {
        size_t part = tw_block_cut(facts, n);
        void *items = self->blocks_own;
        status = tw_grow(self->alloc, &items, &self->block_cap, self->block_n + made_n + 1,
                         sizeof(tw_block), SIZE_MAX / 4 / sizeof(tw_block));
        self->blocks_own = items;
        if (status != TW_OK)
            break;
        tw_block *block = &self->blocks_own[self->block_n + made_n];
        status = make_block(self, facts, part, &head, block);
        if (status != TW_OK)
            break;
        head.seq = block->first_seq + block->n - 1;
        memcpy(head.hash, block->hash, sizeof(head.hash));
        facts += part;
        n -= part;
        made_n++;
    }
    if (status != TW_OK) {
        free_blocks(self, self->block_n, self->block_n + made_n);
        return status;
    }
    self->block_n += made_n;
    *first_seq = first;
    return TW_OK;
}

static tw_status journal_append(void *ctx, const tw_str *facts, size_t n, uint64_t *first_seq,
                                tw_err *err)
{
    memory_journal *self = ctx;
    *first_seq = 0;
    TW_TRY(tw_journal_append_check(facts, n, err));
    pthread_mutex_lock(&self->lock);
    tw_status status = append_blocks(self, facts, n, first_seq);
    pthread_mutex_unlock(&self->lock);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "cannot keep %zu facts in memory", n);
}

static tw_status journal_head(void *ctx, tw_journal_head *out, tw_err *err)
{
    (void)err;
    memory_journal *self = ctx;
    pthread_mutex_lock(&self->lock);
    *out = head_of(self);
    pthread_mutex_unlock(&self->lock);
    return TW_OK;
}

// Index of the block that holds seq (1..head), under the lock.
static size_t block_of(const memory_journal *self, uint64_t seq)
{
    size_t low = 0, high = self->block_n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (self->blocks_own[middle].first_seq <= seq)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static tw_status journal_hash_at(void *ctx, uint64_t seq, uint8_t out[TW_SHA256_BYTES], tw_err *err)
{
    memory_journal *self = ctx;
    memset(out, 0, TW_SHA256_BYTES);
    if (seq == 0)
        return TW_OK;
    bool is_found = false;
    pthread_mutex_lock(&self->lock);
    if (seq <= head_of(self).seq) {
        const tw_block *block = &self->blocks_own[block_of(self, seq)];
        is_found = block->first_seq + block->n - 1 == seq;
        if (is_found)
            memcpy(out, block->hash, TW_SHA256_BYTES);
    }
    pthread_mutex_unlock(&self->lock);
    if (is_found)
        return TW_OK;
    return tw_fail(err, TW_NOT_FOUND, "no journal block ends at %llu", (unsigned long long)seq);
}

static tw_status journal_read(void *ctx, uint64_t from_seq, uint64_t to_seq, tw_journal_visit visit,
                              void *visit_ctx, tw_err *err)
{
    memory_journal *self = ctx;
    pthread_mutex_lock(&self->lock);
    uint64_t last = head_of(self).seq;
    pthread_mutex_unlock(&self->lock);
    if (to_seq != 0 && to_seq < last)
        last = to_seq;
    uint64_t seq = TW_MAX(from_seq, 1);
    while (seq <= last) {
        pthread_mutex_lock(&self->lock);
        tw_block block = self->blocks_own[block_of(self, seq)];
        pthread_mutex_unlock(&self->lock);
        tw_status status = visit(visit_ctx, &block, err);
        if (status == TW_END)
            return TW_OK;
        if (status != TW_OK)
            return status;
        seq = block.first_seq + block.n;
    }
    return TW_OK;
}

static tw_status journal_fetch(void *ctx, uint64_t seq, tw_buf *out, tw_err *err)
{
    memory_journal *self = ctx;
    pthread_mutex_lock(&self->lock);
    bool is_found = seq > 0 && seq <= head_of(self).seq;
    tw_str fact = TW_STR_NONE;
    if (is_found) {
        const tw_block *block = &self->blocks_own[block_of(self, seq)];
        fact = tw_block_fact(block, (uint32_t)(seq - block->first_seq));
    }
    pthread_mutex_unlock(&self->lock);
    if (!is_found)
        return tw_fail(err, TW_NOT_FOUND, "the journal has no fact %llu", (unsigned long long)seq);
    tw_status status = tw_buf_reserve(out, fact.bytes);
    if (status != TW_OK)
        return tw_fail(err, status, "no room for fact %llu", (unsigned long long)seq);
    tw_buf_str(out, fact);
    return TW_OK;
}

static tw_status check_one(void *ctx, const tw_block *block, tw_err *err)
{
    (void)err;
    return tw_journal_check_block(ctx, block) ? TW_OK : TW_END;
}

static tw_status journal_verify(void *ctx, tw_journal_check *out, tw_err *err)
{
    *out = (tw_journal_check){0};
    return journal_read(ctx, 1, 0, check_one, out, err);
}

static tw_status letter_dup(memory_journal *self, const tw_dead_letter *letter, stored_letter *out)
{
    tw_str parts[] = {letter->source, letter->field, letter->code, letter->sentence,
                      letter->excerpt};
    *out = (stored_letter){.letter = *letter};
    for (size_t i = 0; i < TW_COUNT(parts); i++)
        out->text_bytes += parts[i].bytes;
    out->text_own = tw_new_array(self->alloc, out->text_bytes, 1);
    if (!out->text_own)
        return TW_NO_MEMORY;
    tw_str *fields[] = {&out->letter.source, &out->letter.field, &out->letter.code,
                        &out->letter.sentence, &out->letter.excerpt};
    char *at = out->text_own;
    for (size_t i = 0; i < TW_COUNT(parts); i++) {
        if (parts[i].bytes > 0)
            memcpy(at, parts[i].at, parts[i].bytes);
        *fields[i] = (tw_str){at, parts[i].bytes};
        at += parts[i].bytes;
    }
    return TW_OK;
}

static tw_status letter_append(void *ctx, const tw_dead_letter *letters, size_t n, tw_err *err)
{
    memory_journal *self = ctx;
    if (n > TW_COMMIT_MAX_FACTS)
        return tw_fail(err, TW_LIMIT, "more than %d dead letters at once", TW_COMMIT_MAX_FACTS);
    pthread_mutex_lock(&self->lock);
    void *items = self->letters_own;
    tw_status status = tw_grow(self->alloc, &items, &self->letter_cap, self->letter_n + n,
                               sizeof(stored_letter), DEAD_LETTERS_MAX);
    self->letters_own = items;
    size_t done = 0;
    for (; done < n && status == TW_OK; done++) {
        stored_letter *slot = &self->letters_own[self->letter_n + done];
        status = letter_dup(self, &letters[done], slot);
        if (status != TW_OK)
            break;
        slot->letter.id = self->letter_n + done + 1;
    }
    if (status == TW_OK)
        self->letter_n += n;
    for (size_t i = 0; status != TW_OK && i < done; i++) {
        stored_letter *slot = &self->letters_own[self->letter_n + i];
        tw_free_array(self->alloc, slot->text_own, slot->text_bytes, 1);
    }
    pthread_mutex_unlock(&self->lock);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "cannot keep %zu dead letters", n);
}

static tw_status letter_list(void *ctx, uint64_t before_id, size_t limit, tw_arena *arena,
                             tw_dead_letter **out, size_t *n, tw_err *err)
{
    memory_journal *self = ctx;
    *out = NULL;
    *n = 0;
    pthread_mutex_lock(&self->lock);
    size_t end = self->letter_n;
    if (before_id > 0 && before_id - 1 < end)
        end = (size_t)(before_id - 1);
    size_t take = TW_MIN(limit, end);
    tw_dead_letter *items = tw_arena_array(arena, take + 1, sizeof(*items));
    bool is_full = !items;
    for (size_t i = 0; i < take && !is_full; i++) {
        items[i] = self->letters_own[end - 1 - i].letter;
        tw_str *fields[] = {&items[i].source, &items[i].field, &items[i].code, &items[i].sentence,
                            &items[i].excerpt};
        for (size_t f = 0; f < TW_COUNT(fields) && !is_full; f++) {
            fields[f]->at = tw_arena_copy(arena, fields[f]->at, fields[f]->bytes);
            is_full = !fields[f]->at;
        }
    }
    pthread_mutex_unlock(&self->lock);
    if (is_full)
        return tw_fail(err, TW_NO_MEMORY, "no room for the list of dead letters");
    *out = items;
    *n = take;
    return TW_OK;
}

static tw_status letter_count(void *ctx, uint64_t *out, tw_err *err)
{
    (void)err;
    memory_journal *self = ctx;
    pthread_mutex_lock(&self->lock);
    *out = self->letter_n;
    pthread_mutex_unlock(&self->lock);
    return TW_OK;
}

static void journal_close(void *ctx)
{
    memory_journal *self = ctx;
    free_blocks(self, 0, self->block_n);
    tw_free_array(self->alloc, self->blocks_own, self->block_cap, sizeof(tw_block));
    for (size_t i = 0; i < self->letter_n; i++)
        tw_free_array(self->alloc, self->letters_own[i].text_own, self->letters_own[i].text_bytes,
                      1);
    tw_free_array(self->alloc, self->letters_own, self->letter_cap, sizeof(stored_letter));
    pthread_mutex_destroy(&self->lock);
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

tw_status tw_memory_journal_open(const tw_alloc *alloc, tw_journal *out, tw_err *err)
{
    *out = (tw_journal){NULL, NULL};
    memory_journal *self = tw_new(alloc, memory_journal);
    if (!self)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a journal");
    self->alloc = alloc;
    if (pthread_mutex_init(&self->lock, NULL) != 0) {
        tw_delete(alloc, self);
        return tw_fail(err, TW_NO_MEMORY, "no memory for a lock");
    }
    *out = (tw_journal){&ops, self};
    return TW_OK;
}
