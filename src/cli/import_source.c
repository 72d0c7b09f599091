// SPDX-License-Identifier: Apache-2.0
//
// The reading thread of an import's file. Chunks go round: filled by the thread, merged and
// journaled by others, given back.
#include "import_source.h"

#include <pthread.h>
#include <stdio.h>

#include "intake/source.h"

#define CHUNK_RECORDS 1024
#define CHUNK_BYTES_MAX ((size_t)64 << 20)
#define CHUNKS_MAX 32

struct twi_source {
    const char *path;
    tw_source *source_own;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    twi_chunk *free_list, *ready_first, *ready_last; // under lock, as all to the end
    size_t chunk_n;
    tw_status status; // TW_OK while reading
    tw_err err;
    bool is_stopping;
    tw_source_progress where;
    twi_chunk chunks[CHUNKS_MAX];
};

static twi_chunk *wait_for_free(twi_source *source)
{
    pthread_mutex_lock(&source->lock);
    while (!source->free_list && source->chunk_n == CHUNKS_MAX && !source->is_stopping)
        pthread_cond_wait(&source->changed, &source->lock);
    twi_chunk *chunk = NULL;
    if (!source->is_stopping) {
        chunk = source->free_list;
        if (chunk) {
            source->free_list = chunk->next;
        } else {
            chunk = &source->chunks[source->chunk_n++];
            chunk->source = source;
            tw_arena_init(&chunk->arena, tw_alloc_system(), (size_t)1 << 20, CHUNK_BYTES_MAX);
        }
    }
    pthread_mutex_unlock(&source->lock);
    return chunk;
}

static void *read_main(void *ctx)
{
    twi_source *source = ctx;
    twi_chunk *chunk;
    tw_status status = TW_OK;
    while (status == TW_OK && (chunk = wait_for_free(source)) != NULL) {
        tw_source_batch read;
        tw_err err = {0};
        tw_arena_reset(&chunk->arena);
        status = tw_source_next(source->source_own, &chunk->arena, CHUNK_RECORDS, &read, &err);
        chunk->facts = read.facts;
        chunk->lines = read.lines;
        chunk->fact_n = read.fact_n;
        chunk->problems = read.problems;
        chunk->problem_n = read.problem_n;
        chunk->users = 1;
        chunk->next = NULL;
        pthread_mutex_lock(&source->lock);
        source->where = tw_source_where(source->source_own);
        if (status != TW_OK) {
            source->status = status;
            source->err = err;
            chunk->next = source->free_list;
            source->free_list = chunk;
        } else if (source->ready_last) {
            source->ready_last->next = chunk;
            source->ready_last = chunk;
        } else {
            source->ready_first = source->ready_last = chunk;
        }
        pthread_cond_broadcast(&source->changed);
        pthread_mutex_unlock(&source->lock);
    }
    return NULL;
}

static tw_status start(twi_source *source, const twi_source_options *options, tw_err *err)
{
    tw_source_settings settings = {
        .kind = options->kind, .mapping = options->mapping, .options = options->intake};
    if (!tw_source_format_from(tw_str_from(options->format), &settings.format))
        return tw_fail(err, TW_INVALID, "there is no format \"%s\": give auto, ndjson, json or csv",
                       options->format);
    TW_TRY(tw_source_open(tw_alloc_system(), source->path, &settings, &source->source_own, err));
    if (pthread_create(&source->thread, NULL, read_main, source) == 0)
        return TW_OK;
    tw_source_close(source->source_own);
    return tw_fail(err, TW_NO_MEMORY, "no thread to read %s", source->path);
}

tw_status twi_source_open(const char *path, const twi_source_options *options, twi_source **out,
                          tw_err *err)
{
    const tw_alloc *alloc = tw_alloc_system();
    *out = NULL;
    twi_source *source = tw_new(alloc, twi_source);
    if (!source)
        return tw_fail(err, TW_NO_MEMORY, "no memory to read %s", path);
    source->path = path;
    TW_CHECK(pthread_mutex_init(&source->lock, NULL) == 0 &&
             pthread_cond_init(&source->changed, NULL) == 0);
    tw_status status = start(source, options, err);
    if (status != TW_OK) {
        pthread_cond_destroy(&source->changed);
        pthread_mutex_destroy(&source->lock);
        tw_delete(alloc, source);
        return status;
    }
    *out = source;
    return TW_OK;
}

void twi_source_close(twi_source *source)
{
    if (!source)
        return;
    pthread_mutex_lock(&source->lock);
    source->is_stopping = true;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
    pthread_join(source->thread, NULL);
    for (size_t i = 0; i < source->chunk_n; i++)
        tw_arena_release(&source->chunks[i].arena);
    tw_source_close(source->source_own);
    pthread_cond_destroy(&source->changed);
    pthread_mutex_destroy(&source->lock);
    tw_delete(tw_alloc_system(), source);
}

tw_status twi_source_take(twi_source *source, twi_chunk **out, tw_err *err)
{
    pthread_mutex_lock(&source->lock);
    while (!source->ready_first && source->status == TW_OK)
        pthread_cond_wait(&source->changed, &source->lock);
    twi_chunk *chunk = source->ready_first;
    tw_status status = TW_OK;
    if (chunk) {
        source->ready_first = chunk->next;
        if (!source->ready_first)
            source->ready_last = NULL;
        chunk->next = NULL;
    } else {
        status = source->status;
        if (status != TW_END && err)
            *err = source->err;
    }
    pthread_mutex_unlock(&source->lock);
    *out = chunk;
    return status;
}

void twi_chunk_give(twi_chunk *chunk)
{
    TW_CHECK(chunk->users > 0);
    if (--chunk->users > 0)
        return;
    twi_source *source = chunk->source;
    pthread_mutex_lock(&source->lock);
    chunk->next = source->free_list;
    source->free_list = chunk;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
}

const char *twi_source_path(const twi_source *source)
{
    return source->path;
}

void twi_source_progress(twi_source *source, uint64_t *done, uint64_t *total)
{
    pthread_mutex_lock(&source->lock);
    *done = source->where.bytes_done;
    *total = source->where.bytes_total;
    pthread_mutex_unlock(&source->lock);
}

void twi_source_counts(twi_source *source, tw_intake_counts *out, char format[32])
{
    *out = tw_source_counts(source->source_own);
    snprintf(format, 32, "%s", tw_source_format_text(source->source_own));
}
