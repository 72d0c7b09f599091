// SPDX-License-Identifier: Apache-2.0
//
// The threads that the storage ports promise: one that writes and several that read, at the same
// time. Meant for ThreadSanitizer, and checks what the readers see.
#include <pthread.h>
#include <stdatomic.h>

#include "../conformance/store_support.h"

#define APPENDS 300
#define READERS 3

typedef struct shared {
    tw_journal journal;
    tw_ledger ledger;
    tw_access access;
    atomic_ullong acked; // facts, or batches
    atomic_bool is_over;
    atomic_int wrong_n; // cmocka's assertions belong to the main thread
} shared;

static void expect(shared *s, bool condition)
{
    if (!condition)
        atomic_fetch_add(&s->wrong_n, 1);
}

static tw_status append_numbered(const tw_journal *journal, uint64_t first, size_t n)
{
    char bytes[40][64];
    tw_str facts[40];
    uint64_t first_seq;
    for (size_t i = 0; i < n; i++) {
        snprintf(bytes[i], sizeof(bytes[i]), "%llu", (unsigned long long)(first + i));
        facts[i] = (tw_str){bytes[i], sizeof(bytes[i])};
    }
    return tw_journal_append(journal, facts, n, &first_seq, NULL);
}

static void *append_all(void *ctx)
{
    shared *s = ctx;
    uint64_t next = 1;
    for (size_t i = 0; i < APPENDS; i++) {
        size_t n = 1 + i % 40;
        expect(s, append_numbered(&s->journal, next, n) == TW_OK);
        next += n;
        atomic_store(&s->acked, next - 1);
    }
    atomic_store(&s->is_over, true);
    return NULL;
}

static void *bury(void *ctx)
{
    shared *s = ctx;
    while (!atomic_load(&s->is_over)) {
        tw_dead_letter letter = {.source = TW_STR("file"), .sentence = TW_STR("wrong")};
        uint64_t n = 0;
        expect(s, tw_dead_letter_append(&s->journal, &letter, 1, NULL) == TW_OK);
        expect(s, tw_dead_letter_count(&s->journal, &n, NULL) == TW_OK && n > 0);
    }
    return NULL;
}

static tw_status check_numbers(void *ctx, const tw_block *block, tw_err *err)
{
    uint64_t *next = ctx;
    for (uint32_t i = 0; i < block->n; i++)
        if (strtoull(tw_block_fact(block, i).at, NULL, 10) != (*next)++)
            return tw_fail(err, TW_CORRUPT, "out of order");
    return TW_OK;
}

static void *read_journal(void *ctx)
{
    shared *s = ctx;
    tw_buf buf;
    tw_rng rng;
    tw_buf_init(&buf, tw_alloc_system(), 1000);
    tw_rng_init(&rng, (uint64_t)(uintptr_t)&buf, 0);
    do {
        uint64_t acked = atomic_load(&s->acked), next = 1;
        tw_journal_head head;
        uint8_t hash[TW_SHA256_BYTES];
        expect(s, tw_journal_get_head(&s->journal, &head, NULL) == TW_OK && head.seq >= acked);
        expect(s, tw_journal_hash_at(&s->journal, head.seq, hash, NULL) == TW_OK &&
                      memcmp(hash, head.hash, sizeof(hash)) == 0);
        expect(s, tw_journal_read(&s->journal, 1, 0, check_numbers, &next, NULL) == TW_OK);
        expect(s, next > acked);
        for (int i = 0; i < 20 && acked > 0; i++) {
            uint64_t seq = 1 + tw_rng_u64(&rng) % acked;
            tw_buf_reset(&buf);
            expect(s, tw_journal_fetch(&s->journal, seq, &buf, NULL) == TW_OK &&
                          strtoull((const char *)buf.data_own, NULL, 10) == seq);
        }
    } while (!atomic_load(&s->is_over));
    tw_buf_release(&buf);
    return NULL;
}

static void run_all(shared *s, void *(*write)(void *), void *(*other)(void *),
                    void *(*read)(void *))
{
    pthread_t threads[READERS + 2];
    assert_int_equal(pthread_create(&threads[0], NULL, write, s), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, other, s), 0);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[2 + i], NULL, read, s), 0);
    for (size_t i = 0; i < READERS + 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&s->wrong_n), 0);
}

static void a_journal_serves_a_writer_and_readers(void **state)
{
    const store_adapter *adapter = *state;
    store_dir dir;
    shared s = {0};
    tw_err err = {0};
    tw_journal_check check;
    store_dir_make(&dir);
    assert_ok(adapter->open_journal(&dir, &s.journal, &err));
    run_all(&s, append_all, bury, read_journal);
    assert_ok(tw_journal_verify(&s.journal, &check, &err));
    assert_int_equal(check.broken_seq, 0);
    assert_int_equal(check.fact_n, atomic_load(&s.acked));
    tw_journal_close(&s.journal);
    store_dir_remove(&dir);
}

// Batch k puts all ten alerts with exposure k: a query that sees two values saw half a batch.
static void *apply_all(void *ctx)
{
    shared *s = ctx;
    char ids[10][8];
    tw_alert_row rows[10];
    for (uint64_t k = 1; k <= APPENDS; k++) {
        for (size_t i = 0; i < 10; i++) {
            snprintf(ids[i], sizeof(ids[i]), "A-%zu", i);
            rows[i] = (tw_alert_row){.alert_id = tw_str_from(ids[i]),
                                     .status = k % 2 ? TW_STR("NEW") : TW_STR("CLOSED"),
                                     .store_id = TW_STR("S1"),
                                     .exposure_minor = (int64_t)k};
        }
        tw_ledger_batch batch = {.alerts = rows, .alert_n = 10, .applied = {.seq = k}};
        expect(s, tw_ledger_apply(&s->ledger, &batch, NULL) == TW_OK);
        atomic_store(&s->acked, k);
    }
    atomic_store(&s->is_over, true);
    return NULL;
}

static void *put_tokens(void *ctx)
{
    shared *s = ctx;
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    for (uint32_t i = 0; !atomic_load(&s->is_over) && i < TW_TOKENS_MAX; i++) {
        char id[16];
        tw_access_token got, token = {.token_id = {id, 0}, .name = TW_STR("n"), .created_ms = 1};
        token.token_id.bytes = (size_t)snprintf(id, sizeof(id), "t-%u", i);
        memcpy(token.hash, &i, sizeof(i));
        tw_arena_reset(&arena);
        expect(s, tw_access_token_put(&s->access, &token, NULL) == TW_OK);
        expect(s, tw_access_token_find(&s->access, token.hash, &arena, &got, NULL) == TW_OK);
        expect(s, tw_access_token_revoke(&s->access, token.token_id, 5, NULL) == TW_OK);
    }
    tw_arena_release(&arena);
    return NULL;
}

static void *query(void *ctx)
{
    shared *s = ctx;
    tw_arena arena;
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    do {
        uint64_t acked = atomic_load(&s->acked);
        tw_alert_filter filter = {0};
        tw_alert_page_options options = {.limit = 50};
        tw_alert_page page;
        tw_ledger_position position;
        tw_arena_reset(&arena);
        expect(s,
               tw_ledger_alert_list(&s->ledger, &filter, &options, &arena, &page, NULL) == TW_OK);
        expect(s, page.total == page.n && (page.n == 0 || page.n == 10));
        for (size_t i = 0; i < page.n; i++)
            expect(s, page.items[i].exposure_minor == page.items[0].exposure_minor &&
                          page.items[i].exposure_minor >= (int64_t)acked);
        expect(s, tw_ledger_get_position(&s->ledger, &position, NULL) == TW_OK &&
                      position.seq >= acked);
    } while (!atomic_load(&s->is_over));
    tw_arena_release(&arena);
    return NULL;
}

static void a_ledger_and_accounts_serve_writers_and_readers(void **state)
{
    const store_adapter *adapter = *state;
    store_dir dir;
    shared s = {0};
    tw_err err = {0};
    store_dir_make(&dir);
    assert_ok(adapter->open_ledger(&dir, &s.ledger, &err));
    assert_ok(adapter->open_access(&dir, &s.access, &err));
    run_all(&s, apply_all, put_tokens, query);
    tw_access_close(&s.access);
    tw_ledger_close(&s.ledger);
    store_dir_remove(&dir);
}

#define EACH(test)                                                                                 \
    {#test " (memory)", test, NULL, NULL, (void *)(uintptr_t)&store_memory},                       \
    {                                                                                              \
#test " (disk)", test, NULL, NULL, (void *)(uintptr_t)&store_disk                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(a_journal_serves_a_writer_and_readers),
        EACH(a_ledger_and_accounts_serve_writers_and_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
