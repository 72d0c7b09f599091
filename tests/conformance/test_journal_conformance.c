// SPDX-License-Identifier: Apache-2.0
//
// The journal's contract, run against every adapter, and random operations that must give the same
// answers (hash chain included) in all of them.
#include "store_support.h"

typedef struct fixture {
    const store_adapter *adapter;
    store_dir dir;
    tw_journal journal;
    tw_arena arena;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof(*f));
    tw_err err = {0};
    f->adapter = *state;
    store_dir_make(&f->dir);
    tw_arena_init(&f->arena, tw_alloc_system(), 0, 64 << 20);
    assert_ok(f->adapter->open_journal(&f->dir, &f->journal, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_journal_close(&f->journal);
    tw_arena_release(&f->arena);
    store_dir_remove(&f->dir);
    free(f);
    return 0;
}

static void reopen(fixture *f)
{
    tw_err err = {0};
    if (!f->adapter->is_durable)
        return;
    tw_journal_close(&f->journal);
    assert_ok(f->adapter->open_journal(&f->dir, &f->journal, &err));
}

// The bytes of fact `seq`, of a length that depends on it.
static tw_str fact_of(uint64_t seq, size_t max_bytes, char *out)
{
    size_t bytes = 1 + (size_t)((seq * 7919) % max_bytes);
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(seq * 31 + i);
    return (tw_str){out, bytes};
}

// Appends n facts as fact_of makes them.
static tw_status append_n(fixture *f, size_t n, size_t max_bytes, uint64_t *first_seq, tw_err *err)
{
    tw_journal_head head;
    TW_TRY(tw_journal_get_head(&f->journal, &head, err));
    char *bytes = malloc(n * max_bytes + 1);
    tw_str *facts = calloc(n + 1, sizeof(*facts));
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        facts[i] = fact_of(head.seq + 1 + i, max_bytes, bytes + at);
        at += facts[i].bytes;
    }
    tw_status status = tw_journal_append(&f->journal, facts, n, first_seq, err);
    free(facts);
    free(bytes);
    return status;
}

typedef struct reading {
    uint64_t next_seq;
    uint64_t stop_after; // blocks, 0 = never
    uint64_t block_n;
    size_t max_bytes;
    tw_status give;
} reading;

static tw_status check_block(void *ctx, const tw_block *block, tw_err *err)
{
    reading *r = ctx;
    char expected[4096];
    (void)err;
    if (r->next_seq == 0)
        r->next_seq = block->first_seq;
    assert_int_equal(block->first_seq, r->next_seq);
    for (uint32_t i = 0; i < block->n; i++) {
        tw_str want = fact_of(block->first_seq + i, r->max_bytes, expected);
        assert_true(tw_str_equal(tw_block_fact(block, i), want));
    }
    r->next_seq += block->n;
    r->block_n++;
    return r->stop_after == r->block_n ? r->give : TW_OK;
}

static void an_empty_journal_has_nothing(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_journal_head head;
    tw_journal_check check;
    uint8_t hash[TW_SHA256_BYTES], zero[TW_SHA256_BYTES] = {0};
    tw_buf buf;
    assert_int_equal(f->journal.ops->version, TW_JOURNAL_VERSION);
    assert_ok(tw_journal_get_head(&f->journal, &head, &err));
    assert_int_equal(head.seq, 0);
    assert_memory_equal(head.hash, zero, sizeof(zero));
    assert_ok(tw_journal_hash_at(&f->journal, 0, hash, &err));
    assert_memory_equal(hash, zero, sizeof(zero));
    assert_status(tw_journal_hash_at(&f->journal, 1, hash, &err), TW_NOT_FOUND);
    reading r = {.max_bytes = 100};
    assert_ok(tw_journal_read(&f->journal, 0, 0, check_block, &r, &err));
    assert_int_equal(r.block_n, 0);
    tw_buf_init(&buf, tw_alloc_system(), 1000);
    assert_status(tw_journal_fetch(&f->journal, 0, &buf, &err), TW_NOT_FOUND);
    assert_status(tw_journal_fetch(&f->journal, 1, &buf, &err), TW_NOT_FOUND);
    assert_true(err.text[0] != '\0');
    tw_buf_release(&buf);
    assert_ok(tw_journal_verify(&f->journal, &check, &err));
    assert_int_equal(check.broken_seq, 0);
    assert_int_equal(check.fact_n, 0);
}

static void appends_are_numbered_without_gaps_and_survive(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    const size_t sizes[] = {1, 2, 16, 1, 700, TW_COMMIT_MAX_FACTS, 3};
    uint64_t due = 1, first_seq;
    for (size_t i = 0; i < TW_COUNT(sizes); i++) {
        assert_ok(append_n(f, sizes[i], 100, &first_seq, &err));
        assert_int_equal(first_seq, due);
        due += sizes[i];
        if (i == 3)
            reopen(f);
    }
    reopen(f);
    tw_journal_head head;
    assert_ok(tw_journal_get_head(&f->journal, &head, &err));
    assert_int_equal(head.seq, due - 1);
    reading r = {.max_bytes = 100};
    assert_ok(tw_journal_read(&f->journal, 1, 0, check_block, &r, &err));
    assert_int_equal(r.next_seq, due);
    assert_true(r.block_n > TW_COUNT(sizes)); // the large one was cut
    tw_journal_check check;
    assert_ok(tw_journal_verify(&f->journal, &check, &err));
    assert_int_equal(check.broken_seq, 0);
    assert_int_equal(check.fact_n, due - 1);
    assert_int_equal(check.block_n, r.block_n);
    assert_memory_equal(check.head.hash, head.hash, sizeof(head.hash));
}

static void hash_at_knows_the_end_of_every_append(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint64_t first_seq;
    uint8_t hash[TW_SHA256_BYTES];
    tw_journal_head heads[5];
    for (size_t i = 0; i < 5; i++) {
        assert_ok(append_n(f, 3000, 60, &first_seq, &err));
        assert_ok(tw_journal_get_head(&f->journal, &heads[i], &err));
    }
    for (size_t i = 0; i < 5; i++) {
        assert_ok(tw_journal_hash_at(&f->journal, heads[i].seq, hash, &err));
        assert_memory_equal(hash, heads[i].hash, sizeof(hash));
    }
    assert_status(tw_journal_hash_at(&f->journal, heads[1].seq - 1, hash, &err), TW_NOT_FOUND);
    assert_status(tw_journal_hash_at(&f->journal, heads[4].seq + 1, hash, &err), TW_NOT_FOUND);
    assert_status(tw_journal_hash_at(&f->journal, UINT64_MAX, hash, &err), TW_NOT_FOUND);
}

static void wrong_appends_are_refused_whole(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint64_t first_seq = 77;
    tw_str facts[] = {TW_STR("a"), TW_STR_NONE, TW_STR("c")};
    assert_status(tw_journal_append(&f->journal, facts, 0, &first_seq, &err), TW_INVALID);
    assert_int_equal(first_seq, 0);
    assert_status(tw_journal_append(&f->journal, facts, 3, &first_seq, &err), TW_INVALID);
    tw_str *many = calloc(TW_COMMIT_MAX_FACTS + 1, sizeof(*many));
    for (size_t i = 0; i <= TW_COMMIT_MAX_FACTS; i++)
        many[i] = TW_STR("x");
    assert_status(tw_journal_append(&f->journal, many, TW_COMMIT_MAX_FACTS + 1, &first_seq, &err),
                  TW_LIMIT);
    free(many);
    char *large = malloc((size_t)TW_BLOCK_MAX_BYTES + 1);
    memset(large, 'x', (size_t)TW_BLOCK_MAX_BYTES + 1);
    tw_str fact = {large, (size_t)TW_BLOCK_MAX_BYTES + 1};
    assert_status(tw_journal_append(&f->journal, &fact, 1, &first_seq, &err), TW_LIMIT);
    free(large);
    assert_ok(tw_journal_append(&f->journal, facts, 1, &first_seq, &err));
    assert_int_equal(first_seq, 1);
}

static void a_large_fact_is_a_block_of_its_own(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint64_t first_seq;
    size_t bytes = (size_t)3 << 20;
    char *large = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        large[i] = (char)(i * 31 >> 3);
    tw_str facts[] = {TW_STR("before"), {large, bytes}, TW_STR("after")};
    assert_ok(tw_journal_append(&f->journal, facts, 3, &first_seq, &err));
    reopen(f);
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 8 << 20);
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < 3; i++) {
            tw_buf_reset(&buf);
            assert_ok(tw_journal_fetch(&f->journal, first_seq + i, &buf, &err));
            assert_int_equal(buf.bytes, facts[i].bytes);
            assert_memory_equal(buf.data_own, facts[i].at, facts[i].bytes);
        }
    tw_buf_release(&buf);
    tw_buf_init(&buf, tw_alloc_system(), 100);
    assert_status(tw_journal_fetch(&f->journal, 2, &buf, &err), TW_LIMIT);
    assert_int_equal(buf.bytes, 0);
    tw_buf_release(&buf);
    free(large);
}

typedef struct cuts {
    uint32_t n[8];
    size_t block_n;
} cuts;

static tw_status take_cut(void *ctx, const tw_block *block, tw_err *err)
{
    cuts *c = ctx;
    (void)err;
    assert_true(c->block_n < TW_COUNT(c->n));
    c->n[c->block_n++] = block->n;
    return TW_OK;
}

// Heads of facts: version 1 and the kind (docs/formats/fact.md).
static void a_verdict_or_an_action_is_a_block_of_its_own(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint64_t first_seq;
    cuts c = {.block_n = 0};
    static const uint32_t wanted[] = {2, 1, 1, 1, 2};
    const tw_str facts[] = {TW_STR("\1\1a"), TW_STR("\1\2b"), TW_STR("\1\6c"), TW_STR("\1\6d"),
                            TW_STR("\1\4e"), TW_STR("\1\1f"), TW_STR("\2\6g")};
    assert_ok(tw_journal_append(&f->journal, facts, TW_COUNT(facts), &first_seq, &err));
    assert_int_equal(first_seq, 1);
    assert_ok(tw_journal_read(&f->journal, 0, 0, take_cut, &c, &err));
    assert_int_equal(c.block_n, TW_COUNT(wanted));
    assert_memory_equal(c.n, wanted, sizeof(wanted));
}

static void reading_starts_ends_and_stops_where_asked(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint64_t first_seq;
    for (size_t i = 0; i < 600; i++)
        assert_ok(append_n(f, 1 + i % 7, 50, &first_seq, &err));
    tw_journal_head head;
    assert_ok(tw_journal_get_head(&f->journal, &head, &err));
    for (uint64_t from = 1; from <= head.seq; from += 97)
        for (uint64_t to = from; to <= head.seq + 5; to += 301) {
            reading r = {.max_bytes = 50};
            assert_ok(tw_journal_read(&f->journal, from, to, check_block, &r, &err));
            assert_true(r.next_seq > TW_MIN(to, head.seq));
            assert_true(r.next_seq <= TW_MIN(to, head.seq) + 7);
        }
    reading r = {.max_bytes = 50, .stop_after = 300, .give = TW_END};
    assert_ok(tw_journal_read(&f->journal, 1, 0, check_block, &r, &err));
    assert_int_equal(r.block_n, 300);
    r = (reading){.max_bytes = 50, .stop_after = 2, .give = TW_CLOSED};
    assert_status(tw_journal_read(&f->journal, 1, 0, check_block, &r, &err), TW_CLOSED);
    assert_int_equal(r.block_n, 2);
    r = (reading){.max_bytes = 50};
    assert_ok(tw_journal_read(&f->journal, head.seq + 1, 0, check_block, &r, &err));
    assert_int_equal(r.block_n, 0);
}

static tw_status nested(void *ctx, const tw_block *block, tw_err *err_out)
{
    fixture *f = ctx;
    tw_err err = {0};
    tw_buf buf;
    tw_journal_head head;
    tw_buf_init(&buf, tw_alloc_system(), 1000);
    assert_ok(tw_journal_fetch(&f->journal, block->first_seq, &buf, &err));
    assert_true(
        tw_str_equal(tw_block_fact(block, 0), (tw_str){(const char *)buf.data_own, buf.bytes}));
    tw_buf_release(&buf);
    assert_ok(tw_journal_get_head(&f->journal, &head, &err));
    reading r = {.max_bytes = 50};
    return tw_journal_read(&f->journal, block->first_seq, block->first_seq, check_block, &r,
                           err_out);
}

static tw_status appending(void *ctx, const tw_block *block, tw_err *err)
{
    fixture *f = ctx;
    uint64_t first_seq;
    (void)block;
    return append_n(f, 5, 50, &first_seq, err);
}

static void a_visitor_may_use_the_journal(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    uint64_t first_seq;
    for (size_t i = 0; i < 20; i++)
        assert_ok(append_n(f, 5, 50, &first_seq, &err));
    assert_ok(tw_journal_read(&f->journal, 1, 0, nested, f, &err));
    assert_ok(tw_journal_read(&f->journal, 1, 0, appending, f, &err)); // ends at the head before
    tw_journal_head head;
    assert_ok(tw_journal_get_head(&f->journal, &head, &err));
    assert_int_equal(head.seq, 200);
}

static void dead_letters_are_kept_and_listed_newest_first(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_dead_letter letters[70] = {0}, *list;
    char texts[70][32];
    size_t n;
    uint64_t count;
    assert_ok(tw_dead_letter_append(&f->journal, letters, 0, &err));
    assert_ok(tw_dead_letter_count(&f->journal, &count, &err));
    assert_int_equal(count, 0);
    assert_ok(tw_dead_letter_list(&f->journal, 0, 10, &f->arena, &list, &n, &err));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < 70; i++) {
        snprintf(texts[i], sizeof(texts[i]), "{\"broken\": %zu", i);
        letters[i] = (tw_dead_letter){.received_ms = 1000 + (int64_t)i,
                                      .source = TW_STR("till.ndjson"),
                                      .line = i + 1,
                                      .code = TW_STR("syntax"),
                                      .sentence = TW_STR("Größe fehlt."),
                                      .excerpt = tw_str_from(texts[i])};
    }
    assert_ok(tw_dead_letter_append(&f->journal, letters, 30, &err));
    assert_ok(tw_dead_letter_append(&f->journal, letters + 30, 40, &err));
    assert_status(tw_dead_letter_append(&f->journal, letters, TW_COMMIT_MAX_FACTS + 1, &err),
                  TW_LIMIT);
    reopen(f);
    assert_ok(tw_dead_letter_count(&f->journal, &count, &err));
    assert_int_equal(count, 70);
    uint64_t before = 0, seen = 0;
    do {
        assert_ok(tw_dead_letter_list(&f->journal, before, 25, &f->arena, &list, &n, &err));
        for (size_t i = 0; i < n; i++) {
            const tw_dead_letter *want = &letters[69 - seen];
            assert_int_equal(list[i].received_ms, want->received_ms);
            assert_int_equal(list[i].line, want->line);
            assert_true(tw_str_equal(list[i].source, want->source));
            assert_int_equal(list[i].field.bytes, 0);
            assert_true(tw_str_equal(list[i].code, want->code));
            assert_true(tw_str_equal(list[i].sentence, want->sentence));
            assert_true(tw_str_equal(list[i].excerpt, want->excerpt));
            assert_int_equal(list[i].id, 70 - seen);
            before = list[i].id;
            seen++;
        }
    } while (n > 0);
    assert_int_equal(seen, 70);
    tw_arena small;
    tw_arena_init(&small, tw_alloc_system(), 256, 256);
    assert_status(tw_dead_letter_list(&f->journal, 0, 50, &small, &list, &n, &err), TW_NO_MEMORY);
    assert_null(list);
    tw_arena_release(&small);
}

// ---- The same answers in all adapters ---------------------------------------------------------

typedef struct digest {
    tw_buf log;
} digest;

static tw_status note_block(void *ctx, const tw_block *block, tw_err *err)
{
    digest *d = ctx;
    (void)err;
    tw_buf_u64(&d->log, block->first_seq);
    tw_buf_u32(&d->log, block->n);
    tw_buf_put(&d->log, block->prev_hash, TW_SHA256_BYTES);
    tw_buf_put(&d->log, block->hash, TW_SHA256_BYTES);
    tw_buf_put(&d->log, block->ends, block->payload_bytes);
    return TW_OK;
}

static void random_append(fixture *f, tw_rng *rng, tw_buf *log)
{
    static char bytes[200000];
    tw_str facts[300];
    size_t n = tw_rng_below(rng, 10) == 0 ? tw_rng_below(rng, 300) : tw_rng_below(rng, 4);
    size_t at = 0;
    uint64_t first_seq;
    for (size_t i = 0; i < n; i++) {
        size_t size = tw_rng_below(rng, tw_rng_below(rng, 50) == 0 ? 600 : 80);
        size += tw_rng_below(rng, 400) > 0; // now and then an empty one
        for (size_t k = 0; k < size; k++)
            bytes[at + k] = (char)tw_rng_below(rng, 256);
        facts[i] = (tw_str){bytes + at, size};
        at += size;
    }
    tw_buf_u8(log, (uint8_t)tw_journal_append(&f->journal, facts, n, &first_seq, NULL));
    tw_buf_u64(log, first_seq);
}

static void random_step(fixture *f, tw_rng *rng, digest *d)
{
    tw_journal_head head;
    tw_err err = {0};
    uint8_t hash[TW_SHA256_BYTES];
    assert_ok(tw_journal_get_head(&f->journal, &head, &err));
    uint64_t seq = tw_rng_below(rng, (uint32_t)head.seq + 3);
    switch (tw_rng_below(rng, 7)) {
    case 0:
        tw_buf_u8(&d->log, (uint8_t)tw_journal_fetch(&f->journal, seq, &d->log, NULL));
        break;
    case 1:
        tw_buf_u8(&d->log, (uint8_t)tw_journal_hash_at(&f->journal, seq, hash, NULL));
        tw_buf_put(&d->log, hash, sizeof(hash));
        break;
    case 2:
        assert_ok(tw_journal_read(&f->journal, seq, seq + tw_rng_below(rng, 50) + 1, note_block, d,
                                  &err));
        break;
    case 3:
        if (tw_rng_below(rng, 20) == 0)
            reopen(f);
        break;
    default:
        random_append(f, rng, &d->log);
        break;
    }
}

static void random_operations_give_the_same_answers(void **state)
{
    (void)state;
    uint64_t seed = store_seed(20260105);
    for (uint64_t round = 0; round < 8; round++) {
        uint8_t answers[2][TW_SHA256_BYTES];
        const store_adapter *adapters[] = {&store_memory, &store_disk};
        for (size_t a = 0; a < 2; a++) {
            void *prestate = (void *)(uintptr_t)adapters[a];
            tw_err err = {0};
            tw_rng rng;
            digest d;
            set_up(&prestate);
            fixture *f = prestate;
            tw_rng_init(&rng, seed, round);
            tw_buf_init(&d.log, tw_alloc_system(), 256 << 20);
            for (int step = 0; step < 300; step++)
                random_step(f, &rng, &d);
            assert_ok(tw_journal_read(&f->journal, 1, 0, note_block, &d, &err));
            assert_int_equal(d.log.status, TW_OK);
            tw_sha256(d.log.data_own, d.log.bytes, answers[a]);
            tw_buf_release(&d.log);
            tear_down(&prestate);
        }
        assert_memory_equal(answers[0], answers[1], TW_SHA256_BYTES);
    }
}

#define EACH(test)                                                                                 \
    {#test " (memory)", test, set_up, tear_down, (void *)(uintptr_t)&store_memory},                \
    {                                                                                              \
#test " (disk)", test, set_up, tear_down, (void *)(uintptr_t)&store_disk                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(an_empty_journal_has_nothing),
        EACH(appends_are_numbered_without_gaps_and_survive),
        EACH(hash_at_knows_the_end_of_every_append),
        EACH(wrong_appends_are_refused_whole),
        EACH(a_large_fact_is_a_block_of_its_own),
        EACH(a_verdict_or_an_action_is_a_block_of_its_own),
        EACH(reading_starts_ends_and_stops_where_asked),
        EACH(a_visitor_may_use_the_journal),
        EACH(dead_letters_are_kept_and_listed_newest_first),
        cmocka_unit_test(random_operations_give_the_same_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
