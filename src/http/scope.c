// SPDX-License-Identifier: Apache-2.0
//
// The stores of the caller.
#include "scope.h"

#include "service/work.h"

// No store has it: control characters do not pass intake.
static const tw_str nobody = {"\x7f", 1};

struct twi_scope {
    const tw_alloc *alloc;
    atomic_uint ref_n;
    size_t bytes; // of this block
    size_t n;
    tw_str patterns[]; // ids, or beginnings with a final '*'; the texts follow
};

static bool matches(tw_str pattern, tw_str store_id)
{
    bool is_prefix = pattern.bytes > 0 && pattern.at[pattern.bytes - 1] == '*';
    if (is_prefix)
        return tw_str_starts(store_id, (tw_str){pattern.at, pattern.bytes - 1});
    return tw_str_equal(pattern, store_id);
}

// --- making
// ---------------------------------------------------------------------------------------

// Calls `add` for each pattern that the entries stand for.
typedef struct collector {
    tw_str *items; // NULL = only counts
    size_t n, text_bytes;
    char *text;
} collector;

static void collect(collector *c, tw_str pattern)
{
    if (c->items) {
        memcpy(c->text + c->text_bytes, pattern.at, pattern.bytes);
        c->items[c->n] = (tw_str){c->text + c->text_bytes, pattern.bytes};
    }
    c->n++;
    c->text_bytes += pattern.bytes;
}

static void collect_entry(collector *c, tw_str entry, const tw_settings *settings)
{
    for (size_t i = 0; i < settings->region_n; i++) {
        const tw_region *region = &settings->regions[i];
        if (!tw_str_equal(region->name, entry))
            continue;
        for (size_t s = 0; s < region->store_n; s++)
            collect(c, region->stores[s]);
        return;
    }
    collect(c, entry);
}

static void collect_all(collector *c, tw_str stores, const tw_settings *settings)
{
    while (stores.bytes) {
        const char *end = memchr(stores.at, '\n', stores.bytes);
        size_t n = end ? (size_t)(end - stores.at) : stores.bytes;
        collect_entry(c, (tw_str){stores.at, n}, settings);
        n += end != NULL;
        stores = (tw_str){stores.at + n, stores.bytes - n};
    }
}

tw_status twi_scope_new(tw_http *http, tw_str stores, tw_arena *scratch, twi_scope **out)
{
    tw_settings settings;
    uint64_t version;
    tw_str json;
    *out = NULL;
    if (stores.bytes == 0)
        return TW_OK;
    TW_TRY(tw_query_settings(http->service, scratch, &settings, &version, &json, NULL));
    collector count = {.items = NULL};
    collect_all(&count, stores, &settings);
    size_t head = sizeof(twi_scope) + count.n * sizeof(tw_str);
    twi_scope *scope = tw_new_array(http->alloc, head + count.text_bytes, 1);
    if (!scope)
        return TW_NO_MEMORY;
    scope->alloc = http->alloc;
    scope->bytes = head + count.text_bytes;
    scope->n = count.n;
    atomic_init(&scope->ref_n, 1);
    collector fill = {.items = scope->patterns, .text = (char *)scope + head};
    collect_all(&fill, stores, &settings);
    *out = scope;
    return TW_OK;
}

void twi_scope_ref(twi_scope *scope)
{
    if (scope)
        atomic_fetch_add(&scope->ref_n, 1);
}

void twi_scope_unref(twi_scope *scope)
{
    if (scope && atomic_fetch_sub(&scope->ref_n, 1) == 1)
        tw_free_array(scope->alloc, scope, scope->bytes, 1);
}

bool twi_scope_equal(const twi_scope *a, const twi_scope *b)
{
    if (!a || !b || a->n != b->n)
        return a == b;
    for (size_t i = 0; i < a->n; i++)
        if (!tw_str_equal(a->patterns[i], b->patterns[i]))
            return false;
    return true;
}

// --- asking
// ---------------------------------------------------------------------------------------

bool twi_scope_allows(const twi_scope *scope, tw_str store_id)
{
    if (!scope || store_id.bytes == 0)
        return true;
    for (size_t i = 0; i < scope->n; i++)
        if (matches(scope->patterns[i], store_id))
            return true;
    return false;
}

tw_status twi_scope_list(tw_http *http, const twi_scope *scope, tw_arena *arena, tw_str_list *out)
{
    const tw_store_row *rows;
    size_t row_n, n = 0;
    *out = (tw_str_list){NULL, 0};
    if (!scope)
        return TW_OK;
    *out = (tw_str_list){&nobody, 1};
    TW_TRY(tw_query_stores(http->service, arena, &rows, &row_n));
    tw_str *items = tw_arena_array(arena, row_n + 1, sizeof(*items));
    if (!items)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < row_n; i++)
        if (twi_scope_allows(scope, rows[i].store_id))
            items[n++] = rows[i].store_id;
    if (n > 0)
        *out = (tw_str_list){items, n};
    return TW_OK;
}

bool twi_scope_has(const twi_request *request, tw_str store_id)
{
    return twi_scope_allows(request->who.scope, store_id);
}

void twi_scope_stores(twi_request *request, tw_str_list *out)
{
    // When the stores cannot be listed the caller sees none.
    (void)!twi_scope_list(request->http, request->who.scope, &request->arena, out);
}
