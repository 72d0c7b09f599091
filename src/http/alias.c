// SPDX-License-Identifier: Apache-2.0
//
// A pseudonym is the first 8 digits of the HMAC of kind and id. Two ids that begin alike are told
// apart by more digits: who came first keeps the short one, which the store remembers. What was
// looked up is remembered by hash, so that a reply of known ids costs no look-up.
#include "alias.h"

#include <stdio.h>

#include "account.h"
#include "http/pseudonym.h"
#include "service/query.h"

enum {
    SHORTEST = 8,
    LONGEST = 16,
    REMEMBER_N = 1 << 18, // ids
};

typedef struct source_ctx {
    tw_http *http;
    tw_arena *arena;
} source_ctx;

// --- making
// ---------------------------------------------------------------------------------------

static void digest_of(const tw_http *http, char kind, tw_str id, char hex[2 * LONGEST + 1])
{
    uint8_t mac[TW_SHA256_BYTES];
    char text[2 * TW_ID_MAX_BYTES + 4];
    size_t n = TW_MIN(id.bytes, sizeof(text) - 1);
    text[0] = kind;
    memcpy(text + 1, id.at, n);
    tw_hmac_sha256(http->alias_key, sizeof(http->alias_key), text, n + 1, mac);
    tw_hex(mac, LONGEST, hex);
}

static tw_str alias_of(tw_arena *arena, char kind, const char *hex, size_t digits)
{
    char text[LONGEST + 3];
    int n = snprintf(text, sizeof(text), "%c-%.*s", kind, (int)digits, hex);
    char *kept = tw_arena_copy(arena, text, (size_t)n);
    return (tw_str){kept, kept ? (size_t)n : 0};
}

static uint64_t key_of(char kind, tw_str id)
{
    return tw_hash_pair(tw_hash_str(id, 0), (uint64_t)(unsigned char)kind + 1);
}

// Digits of an id's pseudonym when it is known to be in the store; 0 otherwise.
static size_t digits_of(tw_http *http, char kind, tw_str id)
{
    pthread_mutex_lock(&http->alias_lock);
    const tw_table_slot *slot = tw_table_find(&http->alias_digits, key_of(kind, id));
    size_t digits = slot ? slot->value : 0;
    pthread_mutex_unlock(&http->alias_lock);
    return digits;
}

static void remember(tw_http *http, char kind, tw_str id, size_t digits)
{
    tw_table_slot *slot;
    pthread_mutex_lock(&http->alias_lock);
    if (http->alias_digits.n >= REMEMBER_N) {
        tw_table_release(&http->alias_digits);
        tw_table_init(&http->alias_digits, http->alloc, 2 * REMEMBER_N);
    }
    // Without room the next reply asks the store again.
    if (tw_table_at(&http->alias_digits, key_of(kind, id), &slot) == TW_OK)
        slot->value = (uint32_t)digits;
    pthread_mutex_unlock(&http->alias_lock);
}

// Puts the pseudonyms of some ids into the store; those that are taken get one digit pair more.
static tw_status keep_aliases(source_ctx *c, const char *kinds, const tw_str *ids,
                              const size_t *which, size_t n, size_t digits, tw_str *out,
                              size_t *left, size_t *left_n)
{
    tw_access_alias *rows = tw_arena_array(c->arena, n + 1, sizeof(*rows));
    if (!rows)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        char hex[2 * LONGEST + 1];
        size_t at = which[i];
        digest_of(c->http, kinds[at], ids[at], hex);
        rows[i] = (tw_access_alias){
            .alias = alias_of(c->arena, kinds[at], hex, digits), .id = ids[at], .kind = kinds[at]};
        if (!rows[i].alias.at)
            return TW_NO_MEMORY;
    }
    TW_TRY(tw_access_alias_put(c->http->access, rows, n, NULL));
    *left_n = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = which[i];
        if (rows[i].is_taken) {
            left[(*left_n)++] = at;
            continue;
        }
        out[at] = rows[i].alias;
        remember(c->http, kinds[at], ids[at], digits);
    }
    return TW_OK;
}

static tw_status aliases(void *ctx, const char *kinds, const tw_str *ids, size_t n, tw_str *out)
{
    source_ctx *c = ctx;
    size_t *which = tw_arena_array(c->arena, n + 1, sizeof(*which)), which_n = 0;
    if (!which)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        size_t digits = digits_of(c->http, kinds[i], ids[i]);
        if (digits == 0) {
            which[which_n++] = i;
            continue;
        }
        char hex[2 * LONGEST + 1];
        digest_of(c->http, kinds[i], ids[i], hex);
        out[i] = alias_of(c->arena, kinds[i], hex, digits);
        if (!out[i].at)
            return TW_NO_MEMORY;
    }
    for (size_t digits = SHORTEST; which_n > 0 && digits <= LONGEST; digits += 2)
        TW_TRY(keep_aliases(c, kinds, ids, which, which_n, digits, out, which, &which_n));
    return which_n == 0 ? TW_OK : TW_CONFLICT;
}

static tw_status known(void *ctx, const tw_str *words, size_t n, char *kinds)
{
    source_ctx *c = ctx;
    return tw_query_known(c->http->service, words, n, kinds);
}

tw_status twi_alias_hide_doc(tw_http *http, tw_arena *arena, yyjson_mut_doc *doc)
{
    source_ctx c = {http, arena};
    const tw_alias_source source = {.known = known, .aliases = aliases, .ctx = &c};
    return tw_pseudonymise(doc, &source, arena);
}

tw_status twi_alias_hide(twi_request *request, yyjson_mut_doc *doc)
{
    const uint32_t sees = TW_RIGHT_READ | TW_RIGHT_WORK | TW_RIGHT_AUDIT | TW_RIGHT_ADMIN;
    uint32_t rights = request->who.rights;
    // Who only sends facts is told about what was sent; who sees nothing has nothing to hide from.
    if ((rights & TW_RIGHT_NAMES) || !(rights & sees) ||
        (request->route->right & (TW_RIGHT_INGEST | TW_RIGHT_SCORE)))
        return TW_OK;
    source_ctx c = {request->http, &request->arena};
    const tw_alias_source source = {.known = known,
                                    .aliases = aliases,
                                    .ctx = &c,
                                    .told = request->told,
                                    .told_kinds = request->told_kinds,
                                    .told_n = request->told_n};
    return tw_pseudonymise(doc, &source, &request->arena);
}

// --- back
// -----------------------------------------------------------------------------------------

static bool stands_for(void *ctx, tw_str alias, tw_str *id)
{
    twi_request *request = ctx;
    tw_access_alias row;
    if (tw_access_alias_find(request->http->access, alias, &request->arena, &row, NULL) != TW_OK)
        return false;
    *id = row.id;
    bool is_told = false;
    for (size_t i = 0; i < request->told_n; i++)
        is_told = is_told || tw_str_equal(request->told[i], row.id);
    if (!is_told && request->told_n < TWI_TOLD_MAX) {
        request->told[request->told_n] = row.id;
        request->told_kinds[request->told_n++] = row.kind;
    }
    return true;
}

// Accounts and passwords have no pseudonyms in them, and nobody knows who asks for those.
static bool takes_ids(const twi_request *request)
{
    const uint32_t rights =
        TW_RIGHT_READ | TW_RIGHT_WORK | TW_RIGHT_MANAGE | TW_RIGHT_SQL | TW_RIGHT_AUDIT;
    return request->route && (request->route->right & rights);
}

tw_str twi_alias_resolve(twi_request *request, tw_str text)
{
    static const tw_str nobody = {"\x7f", 1};
    tw_str out;
    char kind = '\0';
    if (!takes_ids(request) || text.bytes == 0)
        return text;
    if (tw_alias_text(text, stands_for, request, &request->arena, &out) != TW_OK)
        return nobody;
    bool is_same = out.at == text.at && out.bytes == text.bytes;
    if (!is_same || (request->who.rights & TW_RIGHT_NAMES) ||
        !(request->who.rights & TW_RIGHT_READ))
        return out;
    if (text.bytes == 0 || text.bytes > TW_ID_MAX_BYTES ||
        tw_query_known(request->http->service, &text, 1, &kind) != TW_OK)
        return out;
    return kind ? nobody : out;
}

static void resolve_value(twi_request *request, yyjson_val *value)
{
    tw_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    tw_str out = twi_alias_resolve(request, text);
    if (out.at != text.at)
        yyjson_set_strn(value, out.at, out.bytes);
}

void twi_alias_resolve_doc(twi_request *request, yyjson_doc *doc)
{
    // Values lie one behind the other; keys of objects are among them and hold no ids.
    yyjson_val *root = yyjson_doc_get_root(doc);
    size_t n = takes_ids(request) ? yyjson_doc_get_val_count(doc) : 0;
    for (size_t i = 0; i < n; i++)
        if (yyjson_is_str(&root[i]))
            resolve_value(request, &root[i]);
}

// --- life
// -----------------------------------------------------------------------------------------

void twi_alias_start(tw_http *http)
{
    tw_table_init(&http->alias_digits, http->alloc, 2 * REMEMBER_N);
    pthread_mutex_init(&http->alias_lock, NULL);
}

void twi_alias_stop(tw_http *http)
{
    tw_table_release(&http->alias_digits);
    pthread_mutex_destroy(&http->alias_lock);
}
