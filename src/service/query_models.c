// SPDX-License-Identifier: Apache-2.0
//
// The registry: versions of models, signal sets and policies with their states, as the config facts
// of the journal imply them. The ledger holds one row for each fact; what a version is and was is
// derived from the rows of its name when somebody asks. Works in reader mode.
//
// The champion is the version of the newest promotion. The challenger is that of the newest
// challenge, until it is withdrawn or promoted. Rolling back takes the newest champion from the
// stack of champions: going back to the one under it is a step down, anything else a step up.
//
// Memory: everything lives in the caller's arena; some 10 KB for each fact about a model.
#include <yyjson.h>

#include "base/hash.h"
#include "registry.h"
#include "registry_row.h"
#include "retail/codec.h"

typedef struct version {
    tw_model_view view;
    tw_model_change *changes;
    size_t cap;
} version;

typedef struct registry {
    tw_arena *arena;
    twi_registry_row *rows; // newest first
    size_t row_n;
    version *versions; // in the order of their newest fact
    size_t version_n;
} registry;

static bool is_model_event(twi_registry_event event)
{
    return event != TWI_REGISTRY_INSTALLED;
}

static bool is_same(const version *v, const twi_registry_row *row)
{
    if (!tw_str_equal(v->view.model_id, row->name))
        return false;
    bool is_model = tw_str_equal(v->view.kind, TW_STR("classifier")) ||
                    tw_str_equal(v->view.kind, TW_STR("outlier")) || v->view.kind.bytes == 0;
    return is_model_event(row->event) ? is_model : tw_str_equal(v->view.kind, row->kind);
}

static tw_status read_rows(tw_service *service, registry *r)
{
    tw_model_row *rows;
    TW_TRY(tw_ledger_model_list(service->ledger, r->arena, &rows, &r->row_n, NULL));
    r->rows = tw_arena_array(r->arena, r->row_n + 1, sizeof(*r->rows));
    r->versions = tw_arena_array(r->arena, r->row_n + 1, sizeof(*r->versions));
    if (!r->rows || !r->versions)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < r->row_n; i++)
        TW_TRY(twi_registry_read(&rows[i], r->arena, &r->rows[i]));
    return TW_OK;
}

static version *version_of(registry *r, const twi_registry_row *row)
{
    for (size_t i = 0; i < r->version_n; i++)
        if (is_same(&r->versions[i], row))
            return &r->versions[i];
    version *v = &r->versions[r->version_n++];
    *v = (version){.view = {.model_id = row->name,
                            .state = TW_STR("archived"),
                            .kind = row->kind,
                            .metadata = TW_STR("{}")}};
    return v;
}

static tw_status add_change(registry *r, version *v, const twi_registry_row *row)
{
    if (v->view.change_n == v->cap) {
        size_t cap = v->cap ? 2 * v->cap : 4;
        tw_model_change *changes = tw_arena_array(r->arena, cap, sizeof(*changes));
        if (!changes)
            return TW_NO_MEMORY;
        if (v->view.change_n > 0)
            memcpy(changes, v->changes, v->view.change_n * sizeof(*changes));
        v->changes = changes;
        v->cap = cap;
    }
    v->changes[v->view.change_n++] =
        (tw_model_change){.seq = row->seq,
                          .changed_ms = row->changed_ms,
                          .what = tw_str_from(twi_registry_what(row->event)),
                          .changed_by = row->changed_by,
                          .reason = row->reason};
    v->view.changes = v->changes;
    return TW_OK;
}

// Rows come newest first: what is set already is newer.
static void take_row(version *v, const twi_registry_row *row)
{
    tw_model_view *view = &v->view;
    view->trained_ms = row->changed_ms;
    if (row->event == TWI_REGISTRY_DECIDED) {
        if (view->decision.bytes == 0) {
            view->decision = row->data;
            view->decided_ms = row->changed_ms;
        }
        return;
    }
    if (view->changed_ms == 0) {
        view->changed_ms = row->changed_ms;
        view->changed_by = row->changed_by;
        view->reason = row->reason;
    }
    if (row->event == TWI_REGISTRY_WITHDRAWN || view->seq != 0)
        return;
    view->seq = row->seq;
    view->kind = row->kind;
    view->sha256 = row->sha256;
    view->bytes_n = row->bytes_n;
    view->metadata = row->data;
}

static bool is_promoted_after(const version *v, uint64_t seq)
{
    tw_str promoted = tw_str_from(twi_registry_what(TWI_REGISTRY_PROMOTED));
    for (size_t i = 0; i < v->view.change_n; i++)
        if (v->changes[i].seq > seq && tw_str_equal(v->changes[i].what, promoted))
            return true;
    return false;
}

// The newest of each kind scores; a champion's time ends where the next one's begins.
static void give_states(registry *r)
{
    bool has_signals = false, has_policy = false, has_champion = false, has_challenge = false;
    int64_t next_ms = 0;
    for (size_t i = 0; i < r->row_n; i++) {
        const twi_registry_row *row = &r->rows[i];
        version *v = version_of(r, row);
        bool *seen = &has_challenge;
        tw_str state = TW_STR("champion");
        if (row->event == TWI_REGISTRY_DECIDED)
            continue;
        if (row->event == TWI_REGISTRY_PROMOTED) {
            seen = &has_champion;
            if (v->view.champion_from_ms == 0) {
                v->view.champion_from_ms = row->changed_ms;
                v->view.champion_to_ms = next_ms;
            }
            next_ms = row->changed_ms;
        } else if (row->event == TWI_REGISTRY_INSTALLED) {
            seen = tw_str_equal(row->kind, TW_STR("policy")) ? &has_policy : &has_signals;
        } else {
            bool is_over = row->event == TWI_REGISTRY_WITHDRAWN || is_promoted_after(v, row->seq);
            state = is_over ? v->view.state : TW_STR("challenger");
        }
        if (!*seen)
            v->view.state = state;
        *seen = true;
    }
}

static uint64_t number_of(yyjson_val *root, const char *object, const char *name)
{
    return yyjson_get_uint(yyjson_obj_get(yyjson_obj_get(root, object), name));
}

// What the list shows out of the metadata.
static tw_status read_metadata(registry *r, tw_model_view *view)
{
    tw_status status = TW_OK;
    yyjson_doc *doc = yyjson_read(view->metadata.at, view->metadata.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    view->transactions = number_of(root, "rows", "transactions");
    yyjson_val *parent = yyjson_obj_get(root, "parent");
    if (yyjson_is_str(parent))
        view->parent = twi_arena_str(
            r->arena, (tw_str){yyjson_get_str(parent), yyjson_get_len(parent)}, &status);
    yyjson_doc_free(doc);
    return status;
}

// Versions whose content is nowhere (a decision about a model that never came) are left out.
static void drop_empty(registry *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->version_n; i++)
        if (r->versions[i].view.seq != 0)
            r->versions[n++] = r->versions[i];
    r->version_n = n;
}

static tw_status read_registry(tw_service *service, tw_arena *arena, registry *r)
{
    *r = (registry){.arena = arena};
    twi_project_settle(service);
    TW_TRY(read_rows(service, r));
    for (size_t i = 0; i < r->row_n; i++) {
        version *v = version_of(r, &r->rows[i]);
        TW_TRY(add_change(r, v, &r->rows[i]));
        take_row(v, &r->rows[i]);
    }
    give_states(r);
    drop_empty(r);
    for (size_t i = 0; i < r->version_n; i++)
        TW_TRY(read_metadata(r, &r->versions[i].view));
    return TW_OK;
}

tw_status tw_query_models(tw_service *service, tw_arena *arena, const tw_model_view **out,
                          size_t *out_n)
{
    registry r;
    *out = NULL;
    *out_n = 0;
    TW_TRY(read_registry(service, arena, &r));
    tw_model_view *views = tw_arena_array(arena, r.version_n + 1, sizeof(*views));
    if (!views)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < r.version_n; i++)
        views[i] = r.versions[i].view;
    *out = views;
    *out_n = r.version_n;
    return TW_OK;
}

tw_status tw_query_model(tw_service *service, tw_str model_id, tw_arena *arena, tw_model_view *out,
                         tw_err *err)
{
    const tw_model_view *models;
    size_t n;
    *out = (tw_model_view){.seq = 0};
    tw_status status = tw_query_models(service, arena, &models, &n);
    if (status != TW_OK)
        return tw_fail(err, status, "the models cannot be read: %s", tw_status_text(status));
    for (size_t i = 0; i < n; i++)
        if (tw_str_equal(models[i].model_id, model_id)) {
            *out = models[i];
            return TW_OK;
        }
    return tw_fail(err, TW_NOT_FOUND, "there is no model %.*s; see tillwatch models list",
                   TW_STR_ARG(model_id));
}

// --- contents
// -------------------------------------------------------------------------------------

// Content of a config fact, appended to `out`.
static tw_status fetch_content(tw_service *service, uint64_t seq, tw_buf *out, tw_err *err)
{
    tw_arena arena;
    tw_fact fact;
    size_t start = out->bytes;
    tw_arena_init(&arena, service->alloc, 0, (size_t)16 << 20);
    tw_status status = tw_journal_fetch(service->journal, seq, out, err);
    if (status == TW_OK)
        status = tw_fact_decode(out->data_own + start, out->bytes - start, &arena, &fact);
    if (status == TW_OK && fact.kind != TW_FACT_CONFIG)
        status = tw_fail(err, TW_CORRUPT, "fact %llu is no configuration", (unsigned long long)seq);
    if (status == TW_OK) {
        // The content lies inside the fact: move it to the start.
        memmove(out->data_own + start, fact.as.config.content.at, fact.as.config.content.bytes);
        out->bytes = start + fact.as.config.content.bytes;
    }
    tw_arena_release(&arena);
    return status;
}

tw_status tw_query_model_file(tw_service *service, tw_str model_id, tw_buf *out, tw_err *err)
{
    tw_arena arena;
    tw_model_view view;
    tw_arena_init(&arena, service->alloc, 0, TWI_REGISTRY_MAX_BYTES);
    tw_status status = tw_query_model(service, model_id, &arena, &view, err);
    if (status == TW_OK)
        status = fetch_content(service, view.seq, out, err);
    tw_arena_release(&arena);
    return status;
}

bool twi_model_is_trained(const tw_model_view *view)
{
    return tw_str_equal(view->kind, TW_STR("classifier")) ||
           tw_str_equal(view->kind, TW_STR("outlier"));
}

tw_status twi_registry_load(tw_service *service, tw_str model_id, tw_arena *arena,
                            tw_model_view *view, tw_model **out, tw_err *err)
{
    tw_buf bytes;
    *out = NULL;
    TW_TRY(tw_query_model(service, model_id, arena, view, err));
    if (!twi_model_is_trained(view))
        return tw_fail(err, TW_INVALID, "%.*s is a %.*s, no model", TW_STR_ARG(model_id),
                       TW_STR_ARG(view->kind));
    tw_buf_init(&bytes, service->alloc, TW_MODEL_MAX_BYTES + 4096);
    tw_status status = fetch_content(service, view->seq, &bytes, err);
    if (status == TW_OK)
        status = tw_model_load(service->alloc, bytes.data_own, bytes.bytes, out, err);
    tw_buf_release(&bytes);
    return status;
}

// The stack of champions, oldest first.
tw_status twi_registry_before(tw_service *service, tw_arena *arena, tw_str *out, tw_err *err)
{
    registry r = {.arena = arena};
    *out = TW_STR_NONE;
    tw_status status = twi_project_wait(service, twi_applied_seq(service), 5000);
    if (status == TW_OK)
        status = read_rows(service, &r);
    tw_str *stack = status == TW_OK ? tw_arena_array(arena, r.row_n + 1, sizeof(*stack)) : NULL;
    if (!stack)
        return tw_fail(err, status == TW_OK ? TW_NO_MEMORY : status, "the models cannot be read");
    size_t n = 0;
    for (size_t i = r.row_n; i-- > 0;) {
        if (r.rows[i].event != TWI_REGISTRY_PROMOTED)
            continue;
        if (n > 0 && tw_str_equal(stack[n - 1], r.rows[i].name))
            continue;
        if (n > 1 && tw_str_equal(stack[n - 2], r.rows[i].name))
            n--;
        else
            stack[n++] = r.rows[i].name;
    }
    if (n < 2)
        return tw_fail(err, TW_NOT_FOUND, "there was no champion before this one");
    *out = stack[n - 2];
    return TW_OK;
}
