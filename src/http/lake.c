// SPDX-License-Identifier: Apache-2.0
//
// SQL over the lake, and files of it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fields.h"
#include "lake.h"
#include "service/work.h"

#define SQL_TIMEOUT_MS 10000
#define EXPORT_TIMEOUT_MS 60000
#define EXPORT_ROWS 1000000
enum { ROWS_MAX = 10000, ROWS_DEFAULT = 1000, SQL_MAX_BYTES = 20000 };

// --- failures
// -------------------------------------------------------------------------------------

bool twi_lake_begin(twi_request *request, tw_status status, const tw_err *err, yyjson_mut_doc **doc,
                    yyjson_mut_val **root)
{
    bool is_passing = status == TW_UNSUPPORTED || status == TW_BUSY || status == TW_CLOSED ||
                      status == TW_LIMIT || status == TW_IO;
    if (!is_passing)
        return twi_json_begin(request, status, err, doc, root);
    twi_problem(request, 503, NULL, "%s", err->text);
    return false;
}

// 422 with the place; `status` failed.
static void answer_sql(twi_request *request, tw_status status, const tw_lake_spot *spot,
                       const tw_err *err)
{
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    bool is_of_sql = status == TW_SYNTAX || status == TW_DENIED || status == TW_LIMIT;
    if (!is_of_sql) {
        (void)twi_lake_begin(request, status, err, &doc, &root);
        return;
    }
    const char *shown = strncmp(err->text, "the query: ", 11) == 0 ? err->text + 11 : err->text;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_cstr(doc, root, "type", "about:blank");
    twi_json_cstr(doc, root, "title", twi_status_title(422));
    twi_json_uint(doc, root, "status", 422);
    twi_json_cstr(doc, root, "detail", shown);
    twi_json_cstr(doc, root, "field", "sql");
    if (spot->line > 0)
        twi_json_uint(doc, root, "line", spot->line);
    if (spot->column > 0)
        twi_json_uint(doc, root, "column", spot->column);
    twi_reply_json(request, 422, doc);
    request->content_type = "application/problem+json";
}

// Whoever asks by SQL sees everything. (The route of queries says the same.)
static bool may_ask(twi_request *request)
{
    if ((request->who.rights & TW_RIGHT_SQL) && !request->who.scope)
        return true;
    twi_problem(request, 403, NULL,
                "SQL needs the right \"sql\" and access to every store: export a search");
    return false;
}

static bool read_sql(twi_request *request, yyjson_val *body, tw_str *out)
{
    yyjson_val *value = yyjson_obj_get(body, "sql");
    *out = (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
    if (yyjson_is_str(value) && out->bytes > 0 && out->bytes <= SQL_MAX_BYTES)
        return true;
    twi_problem(request, 422, "sql", "sql must be one SELECT of at most 20,000 bytes");
    return false;
}

static bool only_members(twi_request *request, yyjson_val *body, const char *const *names, size_t n)
{
    size_t i, of;
    yyjson_val *key, *value;
    yyjson_obj_foreach(body, i, of, key, value)
    {
        bool is_known = false;
        (void)value;
        for (size_t k = 0; k < n && !is_known; k++)
            is_known = strcmp(names[k], yyjson_get_str(key)) == 0;
        if (is_known)
            continue;
        twi_problem(request, 422, NULL, "\"%.60s\" is not known here", yyjson_get_str(key));
        return false;
    }
    return true;
}

// What was asked, for the audit trail.
static void note(twi_request *request, const char *kind, const char *key, tw_str what,
                 uint64_t row_n)
{
    yyjson_mut_doc *doc = twi_json_doc(request);
    yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
    if (!root)
        return;
    yyjson_mut_doc_set_root(doc, root);
    twi_json_str(doc, root, key, (tw_str){what.at, TW_MIN(what.bytes, 4000)});
    twi_json_uint(doc, root, "rows", row_n);
    tw_service_note(request->http->service, tw_str_from(kind), TW_STR_NONE,
                    tw_str_from(request->who.user), twi_json_text(doc));
}

// --- SQL
// ------------------------------------------------------------------------------------------

typedef struct table {
    yyjson_mut_doc *doc;
    yyjson_mut_val *columns, *rows;
    tw_arena *arena;
    const char **types; // of the columns
    size_t row_n, limit;
    bool is_truncated;
} table;

static const char *const type_words[] = {"integer", "number", "boolean", "text",
                                         "time",    "date",   "other"};

static tw_status take_types(table *t, const tw_str *cells, size_t n, tw_err *err)
{
    t->types = tw_arena_array(t->arena, n + 1, sizeof(*t->types));
    if (!t->types)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the result");
    for (size_t i = 0; i < n; i++) {
        t->types[i] = "other";
        for (size_t k = 0; k < TW_COUNT(type_words); k++)
            if (tw_str_equal(cells[i], tw_str_from(type_words[k])))
                t->types[i] = type_words[k];
        yyjson_mut_val *column = yyjson_mut_arr_get(t->columns, i);
        twi_json_cstr(t->doc, column, "type", t->types[i]);
    }
    return TW_OK;
}

static yyjson_mut_val *value_of(yyjson_mut_doc *doc, const char *type, tw_str cell)
{
    int64_t integer;
    double number;
    if (!cell.at)
        return yyjson_mut_null(doc);
    if (strcmp(type, "integer") == 0 && tw_str_to_i64(cell, &integer))
        return yyjson_mut_sint(doc, integer);
    if (strcmp(type, "number") == 0 && tw_str_to_f64(cell, &number))
        return yyjson_mut_real(doc, number);
    if (strcmp(type, "boolean") == 0)
        return yyjson_mut_bool(doc, tw_str_equal(cell, TW_STR("true")));
    return yyjson_mut_strncpy(doc, cell.at, cell.bytes);
}

static tw_status take(void *ctx, tw_lake_visit_kind kind, const tw_str *cells, size_t n,
                      tw_err *err)
{
    table *t = ctx;
    if (kind == TW_LAKE_VISIT_NAMES) {
        for (size_t i = 0; i < n; i++)
            twi_json_str(t->doc, yyjson_mut_arr_add_obj(t->doc, t->columns), "name", cells[i]);
        return TW_OK;
    }
    if (kind == TW_LAKE_VISIT_TYPES)
        return take_types(t, cells, n, err);
    if (t->row_n == t->limit) {
        t->is_truncated = true;
        return TW_END;
    }
    t->row_n++;
    yyjson_mut_val *row = yyjson_mut_arr_add_arr(t->doc, t->rows);
    for (size_t i = 0; i < n; i++)
        if (!yyjson_mut_arr_append(row, value_of(t->doc, t->types[i], cells[i])))
            return tw_fail(err, TW_LIMIT, "the result is too large; ask for less or export it");
    return TW_OK;
}

static bool read_query(twi_request *request, tw_str *sql, size_t *limit)
{
    static const char *const names[] = {"sql", "limit"};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *object = yyjson_doc_get_root(body);
    yyjson_val *value = yyjson_obj_get(object, "limit");
    if (!body || !only_members(request, object, names, TW_COUNT(names)) ||
        !read_sql(request, object, sql))
        return false;
    uint64_t wanted = value ? yyjson_get_uint(value) : ROWS_DEFAULT;
    *limit = (size_t)wanted;
    if (wanted >= 1 && wanted <= ROWS_MAX)
        return true;
    twi_problem(request, 422, "limit", "limit must be 1 to 10000");
    return false;
}

static void answer_table(twi_request *request, const table *t, yyjson_mut_val *root,
                         uint64_t started_ns, int64_t up_to_ms)
{
    twi_json_bool(t->doc, root, "truncated", t->is_truncated);
    twi_json_uint(t->doc, root, "milliseconds", (tw_monotonic_ns() - started_ns) / 1000000);
    twi_json_time(t->doc, root, "up_to", up_to_ms, 0);
    twi_reply_json(request, 200, t->doc);
}

void twi_handle_lake_query(twi_request *request)
{
    uint64_t started_ns = tw_monotonic_ns();
    tw_http *http = request->http;
    tw_lake_spot spot = {0, 0};
    tw_lake_query query = {.timeout_ms = SQL_TIMEOUT_MS, .spot = &spot};
    table t = {.arena = &request->arena};
    int64_t up_to_ms = 0;
    tw_err err = {0};
    if (!read_query(request, &query.sql, &t.limit))
        return;
    query.row_max = t.limit + 1;
    tw_status status = tw_lake_settle(http->service, http->lake, &up_to_ms, &err);
    yyjson_mut_val *root;
    if (!twi_lake_begin(request, status, &err, &t.doc, &root))
        return;
    t.columns = twi_json_array(t.doc, root, "columns");
    t.rows = twi_json_array(t.doc, root, "rows");
    status = tw_lake_live_run(http->lake, TW_LAKE_LANE_SQL, &query, take, &t, &err);
    note(request, "lake.query", "sql", query.sql, t.row_n);
    if (status == TW_OK)
        answer_table(request, &t, root, started_ns, up_to_ms);
    else
        answer_sql(request, status, &spot, &err);
}

// --- files
// ----------------------------------------------------------------------------------------

typedef struct export_request {
    bool is_csv;
    tw_str sql;  // of a person; "" = a search
    tw_buf text; // of the search, as SQL
    tw_lake_query query;
} export_request;

static bool read_export_search(twi_request *request, yyjson_val *search, export_request *out)
{
    tw_search conditions;
    bool is_nothing;
    if (!twi_search_read(request, search, &conditions, &is_nothing))
        return false;
    if (is_nothing) {
        twi_problem(request, 422, "store_id", "This store is not one that you may see");
        return false;
    }
    tw_search_sql(&conditions, request->http->intake->default_currency, &out->text);
    if (out->text.status != TW_OK) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    out->query.sql = (tw_str){(const char *)out->text.data_own, out->text.bytes};
    return true;
}

static bool read_export(twi_request *request, export_request *out)
{
    static const char *const names[] = {"format", "search", "sql"};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *object = yyjson_doc_get_root(body);
    if (!body || !only_members(request, object, names, TW_COUNT(names)))
        return false;
    yyjson_val *search = yyjson_obj_get(object, "search"), *sql = yyjson_obj_get(object, "sql");
    tw_str form = twi_member(object, "format");
    out->is_csv = tw_str_equal(form, TW_STR("csv"));
    if (!out->is_csv && !tw_str_equal(form, TW_STR("parquet")))
        twi_problem(request, 422, "format", "format must be csv or parquet");
    else if (yyjson_is_obj(search) == yyjson_is_str(sql))
        twi_problem(request, 422, "search", "Give search (an object) or sql (a text)");
    else if (search)
        return read_export_search(request, search, out);
    else if (may_ask(request) && read_sql(request, object, &out->sql)) {
        out->query.sql = out->sql;
        return true;
    }
    return false;
}

// Writes the file and opens it; its name goes away at once.
static tw_status write_file(twi_request *request, export_request *e, int *fd, uint64_t *bytes,
                            uint64_t *row_n, tw_err *err)
{
    tw_http *http = request->http;
    struct stat info = {.st_size = 0};
    char path[TWI_PATH_BYTES + 64];
    int n = snprintf(path, sizeof(path), "%s/export-%lu.tmp", http->lake_out_dir,
                     atomic_fetch_add(&http->export_n, 1));
    TW_CHECK(n > 0 && (size_t)n < sizeof(path));
    *fd = -1;
    *bytes = 0;
    if (mkdir(http->lake_out_dir, 0700) != 0 && errno != EEXIST)
        return tw_fail_errno(err, "%.150s cannot be made", http->lake_out_dir);
    tw_status status = tw_lake_live_copy(
        http->lake, &e->query, e->is_csv ? TW_LAKE_CSV : TW_LAKE_PARQUET, path, row_n, err);
    *fd = status == TW_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == TW_OK && (*fd < 0 || fstat(*fd, &info) != 0))
        status = tw_fail_errno(err, "the file cannot be read");
    unlink(path);
    if (status != TW_OK && *fd >= 0)
        close(*fd);
    *bytes = status == TW_OK ? (uint64_t)info.st_size : 0;
    return status;
}

static void export(twi_request *request, export_request *e)
{
    tw_lake_spot spot = {0, 0};
    uint64_t bytes = 0, row_n = 0;
    int64_t up_to_ms;
    int fd = -1;
    tw_err err = {0};
    tw_http *http = request->http;
    e->query.timeout_ms = EXPORT_TIMEOUT_MS;
    e->query.row_max = EXPORT_ROWS;
    e->query.spot = e->sql.bytes > 0 ? &spot : NULL;
    tw_status status = tw_lake_settle(http->service, http->lake, &up_to_ms, &err);
    if (status == TW_OK)
        status = write_file(request, e, &fd, &bytes, &row_n, &err);
    if (status != TW_OK) {
        answer_sql(request, status, &spot, &err);
        return;
    }
    const char *body = (const char *)request->body.data_own;
    note(request, "lake.export", "request", (tw_str){body, request->body.bytes}, row_n);
    twi_reply_file(request, e->is_csv ? "text/csv" : "application/vnd.apache.parquet", fd, bytes);
    twi_reply_header(request, "Content-Disposition",
                     e->is_csv ? "attachment; filename=\"transactions.csv\""
                               : "attachment; filename=\"transactions.parquet\"");
}

void twi_handle_lake_export(twi_request *request)
{
    export_request e = {.is_csv = false};
    tw_buf_init(&e.text, request->http->alloc, (size_t)4 << 20);
    if (read_export(request, &e))
        export(request, &e);
    tw_buf_release(&e.text);
}
