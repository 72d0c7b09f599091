// SPDX-License-Identifier: Apache-2.0
//
// The merge of an import. The merging thread takes the record with the smallest key of all files
// into a batch; batches are submitted without waiting, a few in flight; a file's chunk goes back to
// its reader when the last batch that refers to it is journaled.
//
// A file's key is the latest time that it has shown, so that its records keep their order (of
// arrival); at equal keys shift events come first, then movements, then transactions.
#include "import.h"

#include <math.h>
#include <pthread.h>

#include "import_source.h"

#define BATCH_RECORDS 4096
#define FLIGHTS_MAX 4
#define FLIGHT_CHUNKS_MAX (TWI_IMPORT_FILES_MAX + BATCH_RECORDS)

// A batch on its way and the chunks that its facts live in.
typedef struct flight {
    struct importer *owner;
    tw_batch *batch;
    twi_chunk **chunks_own;
    size_t chunk_n, chunk_cap;
    bool is_done; // under importer.lock
} flight;

typedef struct head {
    twi_source *source;
    twi_chunk *chunk; // NULL behind the end
    size_t at;
    int64_t key; // latest time so far
    int rank;    // of the record at `at`
} head;

typedef struct importer {
    twi_place *place;
    const twi_import_options *options;
    twi_import_summary *summary;
    head heads[TWI_IMPORT_FILES_MAX];
    size_t head_n;
    flight flights[FLIGHTS_MAX];
    size_t first, in_flight; // a ring
    int32_t day;             // latest business day of a transaction
    uint64_t merged;
    twi_progress progress;
    pthread_mutex_t lock;
    pthread_cond_t done;
} importer;

// --- flights
// --------------------------------------------------------------------------------------

static flight *current(importer *im)
{
    return &im->flights[(im->first + im->in_flight) % FLIGHTS_MAX];
}

static tw_status use_chunk(flight *f, twi_chunk *chunk)
{
    // Records of one chunk follow each other but for a few other files' in between.
    for (size_t i = f->chunk_n; i-- > 0 && i + 8 > f->chunk_n;)
        if (f->chunks_own[i] == chunk)
            return TW_OK;
    void *items = f->chunks_own;
    TW_TRY(tw_grow(tw_alloc_system(), &items, &f->chunk_cap, f->chunk_n + 1, sizeof(void *),
                   FLIGHT_CHUNKS_MAX));
    f->chunks_own = items;
    f->chunks_own[f->chunk_n++] = chunk;
    chunk->users++;
    return TW_OK;
}

static void note_problem(twi_reject_kind *kind, const char *path, uint64_t line, const char *field,
                         const char *sentence)
{
    kind->n++;
    if (kind->example_n == TWI_EXAMPLES_MAX)
        return;
    twi_example *example = &kind->examples[kind->example_n++];
    const char *slash = strrchr(path, '/');
    snprintf(example->where, sizeof(example->where), "%.120s:%llu", slash ? slash + 1 : path,
             (unsigned long long)line);
    snprintf(example->field, sizeof(example->field), "%s", field);
    snprintf(example->sentence, sizeof(example->sentence), "%s", sentence);
}

static void count_result(importer *im, const tw_result *result)
{
    twi_import_summary *s = im->summary;
    switch (result->outcome) {
    case TW_OUTCOME_ACCEPTED:
        s->accepted++;
        s->by_kind[result->kind]++;
        s->alerted += result->kind == TW_FACT_TRANSACTION && result->score.risk >= TW_RISK_ALERT;
        break;
    case TW_OUTCOME_DUPLICATE:
        s->duplicates++;
        break;
    case TW_OUTCOME_CONFLICT: {
        char id[TW_ID_MAX_BYTES + 1], sentence[200];
        snprintf(sentence, sizeof(sentence), "another record is known under the id %s",
                 tw_str_copy(result->id, id, sizeof(id)));
        s->conflicts++;
        note_problem(&s->conflict, "line", result->line, "id", sentence);
        break;
    }
    case TW_OUTCOME_REJECTED:
        s->rejected++;
        break;
    case TW_OUTCOME_FAILED:
        break;
    }
}

static void on_done(void *ctx, tw_batch *batch)
{
    (void)batch;
    flight *f = ctx;
    importer *im = f->owner;
    pthread_mutex_lock(&im->lock);
    f->is_done = true;
    pthread_cond_signal(&im->done);
    pthread_mutex_unlock(&im->lock);
}

// Waits for the oldest batch in flight and takes its results.
static tw_status land(importer *im, tw_err *err)
{
    flight *f = &im->flights[im->first];
    pthread_mutex_lock(&im->lock);
    while (!f->is_done)
        pthread_cond_wait(&im->done, &im->lock);
    pthread_mutex_unlock(&im->lock);
    const tw_err *why;
    tw_status status = tw_batch_status(f->batch, &why);
    if (status != TW_OK && err)
        *err = *why;
    for (size_t i = 0; i < tw_batch_n(f->batch); i++)
        count_result(im, tw_batch_result(f->batch, i));
    for (size_t i = 0; i < f->chunk_n; i++)
        twi_chunk_give(f->chunks_own[i]);
    f->chunk_n = 0;
    tw_batch_put(f->batch);
    f->batch = NULL;
    im->first = (im->first + 1) % FLIGHTS_MAX;
    im->in_flight--;
    return status;
}

static tw_status land_all(importer *im, tw_err *err)
{
    tw_status status = TW_OK;
    while (im->in_flight > 0) {
        tw_status landed = land(im, status == TW_OK ? err : NULL);
        status = status == TW_OK ? landed : status;
    }
    return status;
}

static double share_done(importer *im)
{
    uint64_t done = 0, total = 0;
    for (size_t i = 0; i < im->head_n; i++) {
        uint64_t d, t;
        twi_source_progress(im->heads[i].source, &d, &t);
        if (t == 0)
            return (double)NAN;
        done += d;
        total += t;
    }
    return total ? (double)done / (double)total : (double)NAN;
}

// Submits the current batch, when it holds anything.
static tw_status take_off(importer *im, tw_err *err)
{
    flight *f = current(im);
    if (!f->batch || tw_batch_n(f->batch) == 0)
        return TW_OK;
    f->is_done = false;
    tw_status status;
    // The service's queue holds more than the flights: it is not full but in the hands of others.
    while ((status = tw_service_submit(im->place->service, f->batch, on_done, f)) == TW_BUSY &&
           im->in_flight > 0)
        TW_TRY(land(im, err));
    if (status != TW_OK)
        return tw_fail(err, status, "the service takes no records: %s", tw_status_text(status));
    im->in_flight++;
    twi_progress_show(&im->progress, share_done(im), im->merged, "records");
    return im->in_flight == FLIGHTS_MAX ? land(im, err) : TW_OK;
}

static tw_status open_batch(importer *im, flight **out, tw_err *err)
{
    flight *f = current(im);
    f->owner = im;
    *out = f;
    if (f->batch)
        return TW_OK;
    if (tw_batch_get(im->place->service, &f->batch) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a batch");
    tw_batch_source(f->batch, TW_STR("import"));
    return TW_OK;
}

// --- records
// --------------------------------------------------------------------------------------

static int64_t time_of(const tw_fact *fact)
{
    switch (fact->kind) {
    case TW_FACT_TRANSACTION:
        return fact->as.transaction.time_ms;
    case TW_FACT_MOVEMENT:
        return fact->as.movement.time_ms;
    case TW_FACT_SHIFT:
        return fact->as.shift.time_ms;
    case TW_FACT_VERDICT:
        return fact->as.verdict.decided_ms;
    case TW_FACT_CONFIG:
    case TW_FACT_ACTION:
        break;
    }
    return 0;
}

static int rank_of(tw_fact_kind kind)
{
    return kind == TW_FACT_SHIFT         ? 0
           : kind == TW_FACT_MOVEMENT    ? 1
           : kind == TW_FACT_TRANSACTION ? 2
                                         : 3;
}

static tw_status take_problems(importer *im, const head *h, tw_err *err)
{
    for (size_t i = 0; i < h->chunk->problem_n; i++) {
        const tw_problem *problem = &h->chunk->problems[i];
        const char *path = twi_source_path(h->source);
        const char *slash = strrchr(path, '/');
        flight *f;
        TW_TRY(open_batch(im, &f, err));
        tw_dead_letter letter = {.source = tw_str_from(slash ? slash + 1 : path),
                                 .line = problem->line,
                                 .field = tw_str_from(problem->field),
                                 .code = tw_str_from(tw_problem_code_name(problem->code)),
                                 .sentence = tw_str_from(problem->sentence),
                                 .excerpt = problem->record};
        note_problem(&im->summary->rejects[problem->code], path, problem->line, problem->field,
                     problem->sentence);
        tw_status status = tw_batch_reject(f->batch, &letter, TW_INVALID);
        if (status != TW_OK)
            return tw_fail(err, status, "no memory for a rejected record");
        im->merged++;
        if (tw_batch_n(f->batch) >= BATCH_RECORDS)
            TW_TRY(take_off(im, err));
    }
    return TW_OK;
}

// Moves the head to its next record; chunk NULL at the file's end.
static tw_status advance(importer *im, head *h, tw_err *err)
{
    while (!h->chunk || h->at == h->chunk->fact_n) {
        if (h->chunk)
            twi_chunk_give(h->chunk);
        h->chunk = NULL;
        h->at = 0;
        tw_err why = {0};
        tw_status status = twi_source_take(h->source, &h->chunk, &why);
        if (status == TW_END)
            return TW_OK;
        if (status != TW_OK)
            return tw_fail(err, status, "%.100s: %.120s", twi_source_path(h->source), why.text);
        TW_TRY(take_problems(im, h, err));
    }
    const tw_fact *fact = &h->chunk->facts[h->at];
    h->key = TW_MAX(h->key, time_of(fact));
    h->rank = rank_of(fact->kind);
    return TW_OK;
}

static bool is_before(const head *a, const head *b)
{
    return a->key != b->key ? a->key < b->key : a->rank != b->rank ? a->rank < b->rank : a < b;
}

static head *first_head(importer *im)
{
    head *first = NULL;
    for (size_t i = 0; i < im->head_n; i++)
        if (im->heads[i].chunk && (!first || is_before(&im->heads[i], first)))
            first = &im->heads[i];
    return first;
}

// A verdict in a file has no id of its own yet.
static tw_status prepare(tw_fact *fact, tw_arena *arena, tw_err *err)
{
    char id[32];
    if (fact->kind != TW_FACT_VERDICT)
        return TW_OK;
    TW_TRY(tw_verdict_prepare(&fact->as.verdict, id, err));
    char *copy = tw_arena_copy(arena, id, strlen(id));
    if (!copy)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a verdict");
    fact->as.verdict.verdict_id = tw_str_from(copy);
    return TW_OK;
}

// At the first transaction of a day everything before it is scored, and a model may be due.
static tw_status begin_day(importer *im, int32_t day, tw_err *err)
{
    bool is_trained;
    im->day = day;
    TW_TRY(take_off(im, err));
    TW_TRY(land_all(im, err));
    TW_TRY(tw_service_milestone(im->place->service, &is_trained, err));
    im->summary->models += is_trained;
    return TW_OK;
}

static tw_status take_record(importer *im, head *h, tw_err *err)
{
    tw_fact *fact = &h->chunk->facts[h->at];
    if (fact->kind == TW_FACT_TRANSACTION && fact->as.transaction.business_day > im->day)
        TW_TRY(begin_day(im, fact->as.transaction.business_day, err));
    flight *f;
    TW_TRY(open_batch(im, &f, err));
    TW_TRY(prepare(fact, &h->chunk->arena, err));
    tw_status status = tw_batch_add(f->batch, fact, (uint32_t)h->chunk->lines[h->at]);
    if (status == TW_OK)
        status = use_chunk(f, h->chunk);
    if (status == TW_LIMIT && tw_batch_n(f->batch) > 0) { // many bytes, few records
        TW_TRY(take_off(im, err));
        return take_record(im, h, err);
    }
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for a record");
    im->merged++;
    h->at++;
    return tw_batch_n(f->batch) >= BATCH_RECORDS ? take_off(im, err) : TW_OK;
}

static tw_status merge(importer *im, tw_err *err)
{
    for (size_t i = 0; i < im->head_n; i++)
        TW_TRY(advance(im, &im->heads[i], err));
    for (head *h; (h = first_head(im)) != NULL;) {
        TW_TRY(take_record(im, h, err));
        TW_TRY(advance(im, h, err));
    }
    TW_TRY(take_off(im, err));
    TW_TRY(land_all(im, err));
    bool is_trained;
    TW_TRY(tw_service_milestone(im->place->service, &is_trained, err));
    im->summary->models += is_trained;
    return TW_OK;
}

// --- the whole
// ------------------------------------------------------------------------------------

static tw_status open_sources(importer *im, tw_err *err)
{
    const twi_import_options *o = im->options;
    twi_source_options options = {
        .format = o->format, .kind = o->kind, .mapping = o->mapping, .intake = &im->place->intake};
    for (size_t i = 0; i < o->path_n; i++) {
        im->heads[i].key = INT64_MIN;
        TW_TRY(twi_source_open(o->paths[i], &options, &im->heads[i].source, err));
        im->head_n++;
    }
    return TW_OK;
}

static void release(importer *im)
{
    (void)land_all(im, NULL);
    for (size_t i = 0; i < FLIGHTS_MAX; i++) {
        flight *f = &im->flights[i];
        for (size_t k = 0; k < f->chunk_n; k++)
            twi_chunk_give(f->chunks_own[k]);
        tw_batch_put(f->batch);
        tw_free_array(tw_alloc_system(), f->chunks_own, f->chunk_cap, sizeof(void *));
    }
    for (size_t i = 0; i < im->head_n; i++) {
        if (im->heads[i].chunk)
            twi_chunk_give(im->heads[i].chunk);
        twi_source_close(im->heads[i].source);
    }
    pthread_cond_destroy(&im->done);
    pthread_mutex_destroy(&im->lock);
}

tw_status twi_import(twi_place *place, const twi_import_options *options, twi_import_summary *out,
                     tw_err *err)
{
    TW_CHECK(options->path_n > 0 && options->path_n <= TWI_IMPORT_FILES_MAX);
    *out = (twi_import_summary){0};
    importer *im = tw_new(tw_alloc_system(), importer);
    if (!im)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the import");
    im->place = place;
    im->options = options;
    im->summary = out;
    im->day = INT32_MIN;
    TW_CHECK(pthread_mutex_init(&im->lock, NULL) == 0 && pthread_cond_init(&im->done, NULL) == 0);
    twi_progress_begin(&im->progress, "import", options->is_quiet);
    tw_status status = open_sources(im, err);
    if (status == TW_OK)
        status = merge(im, err);
    twi_progress_end(&im->progress);
    for (size_t i = 0; status == TW_OK && i < im->head_n; i++) {
        tw_intake_counts counts;
        char format[32];
        twi_source_counts(im->heads[i].source, &counts, format);
        tw_intake_counts_add(&out->counts, &counts);
    }
    out->seconds = twi_progress_seconds(&im->progress);
    release(im);
    tw_delete(tw_alloc_system(), im);
    return status;
}
