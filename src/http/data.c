// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/data: what comes in, from where, and what is kept.
#include <math.h>
#include <stdlib.h>

#include "intake_log.h"
#include "scope.h"
#include "storage.h"
#include "work.h"

#define SILENT_MS (24 * TW_HOUR_MS)
enum { LETTERS_MAX = 5000, LETTERS_PAGE = 500, REASONS_MAX = 64 };

static int64_t now_ms(const twi_request *request)
{
    return request->http->clock->now_ms(request->http->clock->ctx);
}

static void time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, int64_t ms)
{
    if (ms)
        twi_json_time(doc, out, key, ms, 0);
    else
        twi_json_null(doc, out, key);
}

// --- intake
// ---------------------------------------------------------------------------------------------

static void put_minutes(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct twi_intake_log *log,
                        int64_t now)
{
    yyjson_mut_val *list = twi_json_array(doc, root, "intake");
    int64_t last = now / 60000,
            first = TW_MAX(last - TWI_INTAKE_MINUTES + 1, log->started_ms / 60000);
    for (int64_t minute = first; minute <= last; minute++) {
        const twi_intake_minute *slot = &log->minutes[(uint64_t)minute % TWI_INTAKE_MINUTES];
        bool has_any = slot->minute == minute;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_time(doc, item, "at", minute * 60000, 0);
        twi_json_uint(doc, item, "accepted", has_any ? slot->accepted : 0);
        twi_json_uint(doc, item, "rejected", has_any ? slot->rejected : 0);
    }
}

static void put_sources(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct twi_intake_log *log)
{
    yyjson_mut_val *list = twi_json_array(doc, root, "sources");
    for (size_t i = 0; i < log->source_n; i++) {
        const twi_intake_source *source = &log->sources[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_cstr(doc, item, "source", source->name);
        twi_json_uint(doc, item, "accepted", source->accepted);
        twi_json_uint(doc, item, "duplicates", source->duplicate);
        twi_json_uint(doc, item, "rejected", source->rejected);
        twi_json_time(doc, item, "last_at", source->last_ms, 0);
    }
}

static void put_intake(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    struct twi_intake_log *log = request->http->intake_log_own;
    pthread_mutex_lock(&log->lock);
    twi_json_time(doc, root, "started_at", log->started_ms, 0);
    put_minutes(doc, root, log, now_ms(request));
    put_sources(doc, root, log);
    pthread_mutex_unlock(&log->lock);
}

static void put_stats(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_service_stats *stats)
{
    twi_json_uint(doc, root, "transactions", stats->transaction_n);
    twi_json_uint(doc, root, "facts", stats->seq);
    twi_json_num(doc, root, "rate_1m", stats->rate_1m);
    time_or_null(doc, root, "last_transaction_time", stats->last_time_ms);
    twi_json_bool(doc, root, "is_accepting", stats->is_accepting);
    yyjson_mut_val *queue = twi_json_object(doc, root, "queue");
    twi_json_uint(doc, queue, "records", stats->queued_facts);
    twi_json_uint(doc, queue, "bytes", stats->queued_bytes);
    yyjson_mut_val *position = twi_json_object(doc, root, "position");
    twi_json_uint(doc, position, "journal", stats->seq);
    twi_json_uint(doc, position, "projected", stats->projected_seq);
    twi_json_uint(doc, position, "snapshot", stats->snapshot_seq);
    yyjson_mut_val *counts = twi_json_object(doc, root, "counts");
    twi_json_uint(doc, counts, "duplicates", stats->duplicate_n);
    twi_json_uint(doc, counts, "conflicts", stats->conflict_n);
    twi_json_uint(doc, counts, "rejected", stats->rejected_n);
    twi_json_uint(doc, counts, "failed", stats->failed_n);
    twi_json_uint(doc, counts, "refused", stats->busy_n);
}

// --- stores
// ---------------------------------------------------------------------------------------------

static int oldest_first(const void *a, const void *b)
{
    const tw_store_row *x = a, *y = b;
    int by_time = (x->last_ms > y->last_ms) - (x->last_ms < y->last_ms);
    return by_time ? by_time : tw_str_compare(x->store_id, y->store_id);
}

static tw_status put_stores(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                            int64_t newest_ms)
{
    const tw_store_row *rows;
    size_t n, kept = 0;
    tw_settings settings;
    uint64_t version;
    tw_str json;
    tw_service *service = request->http->service;
    TW_TRY(tw_query_stores(service, &request->arena, &rows, &n));
    TW_TRY(tw_query_settings(service, &request->arena, &settings, &version, &json, NULL));
    tw_store_row *mine = tw_arena_array(&request->arena, n + 1, sizeof(*mine));
    if (!mine)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (twi_scope_has(request, rows[i].store_id))
            mine[kept++] = rows[i];
    }
    qsort(mine, kept, sizeof(*mine), oldest_first);
    yyjson_mut_val *list = twi_json_array(doc, root, "stores");
    for (size_t i = 0; i < kept; i++) {
        int64_t lag_ms = mine[i].last_ms ? TW_MAX(newest_ms - mine[i].last_ms, 0) : 0;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_str(doc, item, "store_id", mine[i].store_id);
        twi_json_str_or_null(doc, item, "region", tw_settings_region(&settings, mine[i].store_id));
        time_or_null(doc, item, "last_transaction_time", mine[i].last_ms);
        twi_json_num(doc, item, "lag_s", mine[i].last_ms ? (double)lag_ms / 1e3 : (double)NAN);
        twi_json_bool(doc, item, "is_silent", !mine[i].last_ms || lag_ms > SILENT_MS);
    }
    return TW_OK;
}

// --- rejected records
// -----------------------------------------------------------------------------------

typedef struct reason_count {
    tw_str reason;
    uint64_t n;
} reason_count;

typedef struct reason_table {
    reason_count items[REASONS_MAX]; // reasons are a short list of the program's own
    size_t n;
    uint64_t total, open;
} reason_table;

static void count_reason(reason_table *table, tw_str reason)
{
    size_t i = 0;
    while (i < table->n && !tw_str_equal(table->items[i].reason, reason))
        i++;
    if (i == table->n) {
        if (table->n == REASONS_MAX)
            return;
        table->items[table->n++] = (reason_count){reason, 0};
    }
    table->items[i].n++;
}

static tw_status count_letters(twi_request *request, reason_table *table)
{
    twi_resolutions resolutions;
    tw_summary summary;
    uint64_t next = 0;
    size_t seen = 0;
    TW_TRY(twi_resolutions_read(request, &resolutions));
    while (seen < LETTERS_MAX) {
        tw_dead_letter_list_view page;
        TW_TRY(tw_query_dead_letters(request->http->service, next, LETTERS_PAGE, &request->arena,
                                     &page));
        for (size_t i = 0; i < page.n; i++) {
            if (!twi_resolution_of(&resolutions, page.items[i].id))
                count_reason(table, page.items[i].code);
        }
        seen += page.n;
        next = page.next;
        if (next == 0)
            break;
    }
    table->total = seen;
    if (next != 0) { // more than were looked at
        TW_TRY(tw_query_summary(request->http->service, &request->arena, &summary));
        table->total = TW_MAX(summary.dead_letters, (uint64_t)seen);
    }
    table->open = table->total - TW_MIN(table->total, (uint64_t)resolutions.n);
    return TW_OK;
}

static int most_first(const void *a, const void *b)
{
    const reason_count *x = a, *y = b;
    int by_n = (x->n < y->n) - (x->n > y->n);
    return by_n ? by_n : tw_str_compare(x->reason, y->reason);
}

static tw_status put_letters(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    reason_table table = {.n = 0};
    TW_TRY(count_letters(request, &table));
    qsort(table.items, table.n, sizeof(*table.items), most_first);
    yyjson_mut_val *letters = twi_json_object(doc, root, "dead_letters");
    twi_json_uint(doc, letters, "total", table.total);
    twi_json_uint(doc, letters, "open", table.open);
    yyjson_mut_val *reasons = twi_json_array(doc, letters, "reasons");
    for (size_t i = 0; i < table.n; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, reasons);
        twi_json_str(doc, item, "reason", table.items[i].reason);
        twi_json_uint(doc, item, "n", table.items[i].n);
    }
    return TW_OK;
}

// --- what is kept
// ---------------------------------------------------------------------------------------

static void put_storage(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    twi_storage storage;
    twi_storage_get(request->http, &storage);
    yyjson_mut_val *list = twi_json_array(doc, root, "storage");
    for (size_t i = 0; i < TWI_STORAGE_N; i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_cstr(doc, item, "part", twi_storage_name(i));
        twi_json_uint(doc, item, "bytes", storage.parts[i].bytes);
        twi_json_uint(doc, item, "files", storage.parts[i].file_n);
    }
    if (storage.has_free)
        twi_json_uint(doc, root, "storage_free", storage.free_bytes);
    else
        twi_json_null(doc, root, "storage_free");
}

static void put_lake(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    tw_lake_live_state state = {0};
    if (request->http->lake)
        tw_lake_live_state_get(request->http->lake, &state);
    if (!state.is_open) {
        twi_json_null(doc, root, "lake");
        return;
    }
    yyjson_mut_val *lake = twi_json_object(doc, root, "lake");
    twi_json_uint(doc, lake, "position", state.position_seq);
    bool has_days = state.first_day <= state.last_day;
    twi_json_uint(doc, lake, "tail", state.staged_seq - state.position_seq);
    twi_json_uint(doc, lake, "days",
                  has_days ? (uint64_t)(state.last_day - state.first_day) + 1 : 0);
}

void twi_handle_data(twi_request *request)
{
    tw_service_stats stats;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    tw_service_stats_get(request->http->service, &stats);
    twi_json_time(doc, root, "at", now_ms(request), 0);
    put_stats(doc, root, &stats);
    put_intake(request, doc, root);
    put_storage(request, doc, root);
    put_lake(request, doc, root);
    tw_status status = put_stores(request, doc, root, stats.last_time_ms);
    if (status == TW_OK)
        status = put_letters(request, doc, root);
    if (status == TW_OK)
        twi_reply_json(request, 200, doc);
    else
        twi_problem_err(request, status, NULL);
}
