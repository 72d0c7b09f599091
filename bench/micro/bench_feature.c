// SPDX-License-Identifier: Apache-2.0
//
// NDJSON records to exact features, on two threads: one parses, one applies. With a file (of
// `tillwatch simulate`): bench_feature FILE [ROUNDS]; without, a stream drawn here. Best and median
// in wall time, and the processor time of the engine's thread alone; one JSON line each. --tiny is
// for tests.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "base/time.h"
#include "feature/engine.h"
#include "intake/source.h"

enum { BATCH = 512, SLOTS = 4, AHEAD = 10, ROUNDS_MAX = 21, DRAWN = 300000, ARENA_MAX = 64 << 20 };

// Batches go round between the two threads: the parser fills the free ones.
typedef struct slot {
    tw_arena arena;
    tw_source_batch batch;
    bool is_full, is_last;
} slot;

typedef struct pipe_state {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    slot slots[SLOTS];
    tw_source *source;
} pipe_state;

static uint64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void must(tw_status status, const tw_err *err)
{
    if (status == TW_OK)
        return;
    fprintf(stderr, "bench_feature: %s\n", err->text[0] ? err->text : tw_status_text(status));
    exit(1);
}

static void *parse(void *arg)
{
    pipe_state *pipe = arg;
    for (int i = 0;; i = (i + 1) % SLOTS) {
        slot *s = &pipe->slots[i];
        pthread_mutex_lock(&pipe->lock);
        while (s->is_full)
            pthread_cond_wait(&pipe->changed, &pipe->lock);
        pthread_mutex_unlock(&pipe->lock);
        tw_err err = {0};
        tw_arena_reset(&s->arena);
        tw_status status = tw_source_next(pipe->source, &s->arena, BATCH, &s->batch, &err);
        if (status != TW_OK && status != TW_END)
            must(status, &err);
        pthread_mutex_lock(&pipe->lock);
        s->is_full = true;
        s->is_last = status == TW_END;
        pthread_cond_broadcast(&pipe->changed);
        pthread_mutex_unlock(&pipe->lock);
        if (status == TW_END)
            return NULL;
    }
}

static slot *next_full(pipe_state *pipe, int i)
{
    slot *s = &pipe->slots[i];
    pthread_mutex_lock(&pipe->lock);
    while (!s->is_full)
        pthread_cond_wait(&pipe->changed, &pipe->lock);
    pthread_mutex_unlock(&pipe->lock);
    return s;
}

typedef struct round_result {
    double wall_s, engine_s;
    uint64_t n;
    double sum; // of one feature, so that nothing is left out
    uint64_t entity_bytes[TW_ENTITY_N];
    uint32_t entity_n[TW_ENTITY_N];
} round_result;

static void apply_batch(tw_engine *engine, slot *s, round_result *result)
{
    tw_err err = {0};
    float row[TW_FEATURE_N];
    must(tw_engine_reserve(engine, s->batch.fact_n), &err);
    for (size_t j = 0; j < TW_MIN(s->batch.fact_n, AHEAD); j++)
        tw_engine_hint(engine, &s->batch.facts[j]);
    for (size_t j = 0; j < s->batch.fact_n; j++) {
        tw_fact *fact = &s->batch.facts[j];
        if (j + AHEAD < s->batch.fact_n)
            tw_engine_hint(engine, &s->batch.facts[j + AHEAD]);
        fact->seq = ++result->n;
        tw_engine_apply(engine, fact, row);
        result->sum += (double)row[TW_F_tx_amount];
    }
}

static round_result run_round(const char *path, tw_str drawn)
{
    static const tw_intake_options options = {.default_currency = "USD", .received_ms = 1};
    tw_source_settings settings = {.kind = TW_FACT_TRANSACTION, .options = &options};
    static pipe_state pipe;
    pthread_mutex_init(&pipe.lock, NULL);
    pthread_cond_init(&pipe.changed, NULL);
    tw_err err = {0};
    round_result result = {0};
    tw_engine *engine = NULL;
    must(tw_engine_new(tw_alloc_system(), &engine), &err);
    for (int i = 0; i < SLOTS; i++) {
        tw_arena_init(&pipe.slots[i].arena, tw_alloc_system(), 1 << 20, ARENA_MAX);
        pipe.slots[i].is_full = pipe.slots[i].is_last = false;
    }
    uint64_t start = tw_monotonic_ns();
    must(path ? tw_source_open(tw_alloc_system(), path, &settings, &pipe.source, &err)
              : tw_source_open_memory(tw_alloc_system(), drawn, &settings, &pipe.source, &err),
         &err);
    pthread_t parser;
    if (pthread_create(&parser, NULL, parse, &pipe) != 0)
        exit(1);
    for (int i = 0;; i = (i + 1) % SLOTS) {
        slot *s = next_full(&pipe, i);
        if (s->is_last)
            break;
        uint64_t before = thread_ns();
        apply_batch(engine, s, &result);
        result.engine_s += (double)(thread_ns() - before) / 1e9;
        pthread_mutex_lock(&pipe.lock);
        s->is_full = false;
        pthread_cond_broadcast(&pipe.changed);
        pthread_mutex_unlock(&pipe.lock);
    }
    pthread_join(parser, NULL);
    result.wall_s = (double)(tw_monotonic_ns() - start) / 1e9;
    tw_source_close(pipe.source);
    for (int k = 0; k < TW_ENTITY_N; k++) {
        result.entity_bytes[k] = tw_engine_bytes(engine, (tw_entity_kind)k);
        result.entity_n[k] = tw_engine_entity_n(engine, (tw_entity_kind)k);
    }
    tw_engine_free(engine);
    for (int i = 0; i < SLOTS; i++)
        tw_arena_release(&pipe.slots[i].arena);
    return result;
}

// A stream of a chain of 100 stores over a week, for runs without a file.
static void draw(tw_buf *out, int n)
{
    tw_rng rng;
    tw_rng_init(&rng, 1, 0);
    int64_t t_ms = INT64_C(1767600000000);
    for (int i = 0; i < n; i++) {
        char when[TW_TIME_TEXT_BYTES];
        uint32_t store = tw_rng_below(&rng, 100), reg = tw_rng_below(&rng, 6),
                 kind = tw_rng_below(&rng, 100);
        t_ms += 7 * TW_DAY_MS / n;
        tw_buf_printf(
            out,
            "{\"transaction_id\":\"T%09d\",\"store_id\":\"S%03u\",\"register_id\":\"R%u\","
            "\"employee_id\":\"E%05u\","
            "\"transaction_time\":\"%s\",\"transaction_total\":\"%s%u.%02u\",\"discount_amount\":0,"
            "\"refund_flag\":%d,\"void_flag\":%d,\"item_count\":3,\"payment_type\":\"%s\","
            "\"customer_id\":\"C%06u\"}\n",
            i, store, reg, store * 30 + reg * 3 + tw_rng_below(&rng, 3),
            tw_time_format(t_ms, 0, when), kind < 3 ? "-" : "", tw_rng_below(&rng, 90) + 1,
            tw_rng_below(&rng, 100), kind < 3, kind == 3 || kind == 4, kind % 2 ? "cash" : "credit",
            tw_rng_below(&rng, 100000));
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, double *seconds, int rounds, const round_result *last)
{
    qsort(seconds, (size_t)rounds, sizeof(double), by_value);
    printf("{\"name\":\"%s\",\"value\":%.5g,\"unit\":\"s\",\"n\":%llu,\"features\":%d,\"best\":%."
           "5g,\"median\":%.5g,"
           "\"runs\":%d,\"records_per_s\":%.0f,\"checksum\":%.2f}\n",
           name, seconds[rounds / 2], (unsigned long long)last->n, TW_FEATURE_N, seconds[0],
           seconds[rounds / 2], rounds, (double)last->n / seconds[rounds / 2], last->sum);
}

// Memory by kind of entity, window logs and tables included; "transaction" is the identity index.
static void report_memory(const round_result *last)
{
    for (int k = 0; k < TW_ENTITY_N; k++) {
        if (last->entity_n[k] == 0)
            continue;
        printf("{\"name\":\"engine_bytes_per_%s\",\"value\":%.0f,\"unit\":\"B\",\"n\":%u}\n",
               tw_entity_name((tw_entity_kind)k), (double)last->entity_bytes[k] / last->entity_n[k],
               last->entity_n[k]);
    }
}

int main(int argc, char **argv)
{
    bool tiny = argc > 1 && strcmp(argv[1], "--tiny") == 0;
    const char *path = argc > 1 && !tiny ? argv[1] : NULL;
    int rounds = tiny ? 1 : argc > 2 ? atoi(argv[2]) : 5;
    rounds = TW_MAX(1, TW_MIN(rounds, ROUNDS_MAX));
    tw_buf drawn;
    tw_buf_init(&drawn, tw_alloc_system(), (size_t)1 << 30);
    if (!path)
        draw(&drawn, tiny ? 2000 : DRAWN);
    double wall[ROUNDS_MAX], engine[ROUNDS_MAX];
    round_result last = {0};
    run_round(path, (tw_str){(const char *)drawn.data_own, drawn.bytes}); // warm-up
    for (int i = 0; i < rounds; i++) {
        last = run_round(path, (tw_str){(const char *)drawn.data_own, drawn.bytes});
        wall[i] = last.wall_s;
        engine[i] = last.engine_s;
    }
    report("features_from_ndjson", wall, rounds, &last);
    report("features_engine_cpu", engine, rounds, &last);
    report_memory(&last);
    tw_buf_release(&drawn);
    return 0;
}
