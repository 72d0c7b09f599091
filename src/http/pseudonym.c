// SPDX-License-Identifier: Apache-2.0
//
// Two walks over the document: the first gathers ids, those of members that hold ids, and words of
// other strings that the source may know; the second writes pseudonyms.
#include "http/pseudonym.h"

#include "base/hash.h"
#include "base/limits.h"

#define WORDS_MAX 65536

typedef struct entry {
    tw_str word, alias;
    char kind;          // 0 = not an id (yet)
    bool is_structured; // a member said so
} entry;

typedef struct walk {
    const tw_alias_source *source;
    tw_arena *arena;
    yyjson_mut_doc *doc;
    entry *entries; // in the arena
    size_t n, cap;
    uint32_t *slots; // of hashes, index + 1
    size_t slot_n;   // a power of two
    bool has_odd;    // some id holds characters that words do not have
    tw_status status;
} walk;

// --- words
// ----------------------------------------------------------------------------------------

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static bool is_digits(tw_str word)
{
    for (size_t i = 0; i < word.bytes; i++)
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
    return true;
}

static bool has_digit(tw_str word)
{
    for (size_t i = 0; i < word.bytes; i++)
        if (word.at[i] >= '0' && word.at[i] <= '9')
            return true;
    return false;
}

// The next word from *at on; full stops and hyphens at its end belong to the sentence.
static bool next_word(tw_str text, size_t *at, tw_str *word)
{
    size_t i = *at;
    while (i < text.bytes) {
        while (i < text.bytes && !is_word_char(text.at[i]))
            i++;
        size_t start = i;
        while (i < text.bytes && is_word_char(text.at[i]))
            i++;
        *at = i;
        size_t end = i;
        while (end > start && (text.at[end - 1] == '.' || text.at[end - 1] == '-'))
            end--;
        *word = (tw_str){text.at + start, end - start};
        if (end > start)
            return true;
    }
    return false;
}

// --- the set of words
// -----------------------------------------------------------------------------

static entry *find(const walk *w, tw_str word)
{
    for (size_t at = tw_hash_str(word, 0); w->slot_n; at++) {
        uint32_t slot = w->slots[at & (w->slot_n - 1)];
        if (slot == 0)
            return NULL;
        if (tw_str_equal(w->entries[slot - 1].word, word))
            return &w->entries[slot - 1];
    }
    return NULL;
}

static void place(walk *w, size_t index)
{
    size_t at = tw_hash_str(w->entries[index].word, 0);
    while (w->slots[at & (w->slot_n - 1)])
        at++;
    w->slots[at & (w->slot_n - 1)] = (uint32_t)index + 1;
}

static bool grow(walk *w)
{
    size_t cap = w->cap ? 2 * w->cap : 64;
    entry *entries = tw_arena_array(w->arena, cap, sizeof(*entries));
    uint32_t *slots = tw_arena_array(w->arena, 2 * cap, sizeof(*slots));
    if (!entries || !slots) {
        w->status = TW_NO_MEMORY;
        return false;
    }
    if (w->n)
        memcpy(entries, w->entries, w->n * sizeof(*entries));
    w->entries = entries;
    w->slots = slots;
    w->cap = cap;
    w->slot_n = 2 * cap;
    for (size_t i = 0; i < w->n; i++)
        place(w, i);
    return true;
}

static entry *add(walk *w, tw_str word)
{
    entry *known = find(w, word);
    if (known || word.bytes == 0)
        return known;
    // A reply with more words than this is no page; what it holds beyond is hidden by structure.
    if (w->n == w->cap && (w->cap >= WORDS_MAX || !grow(w)))
        return NULL;
    w->entries[w->n] = (entry){.word = word};
    place(w, w->n);
    return &w->entries[w->n++];
}

static void add_id(walk *w, tw_str id, char kind)
{
    if (id.bytes == 0 || id.bytes > 2 * TW_ID_MAX_BYTES + 1)
        return;
    entry *e = add(w, id);
    if (!e) {
        w->status = TW_NO_MEMORY;
        return;
    }
    if (!e->is_structured)
        e->kind = kind;
    e->is_structured = true;
    for (size_t i = 0; i < id.bytes; i++)
        w->has_odd = w->has_odd || !is_word_char(id.at[i]);
}

// --- members that hold ids
// ------------------------------------------------------------------------

static char kind_of_key(const char *key)
{
    static const struct {
        const char *key;
        char kind;
    } keys[] = {{"employee_id", TW_ALIAS_EMPLOYEE},  {"override_employee_id", TW_ALIAS_EMPLOYEE},
                {"approver_id", TW_ALIAS_EMPLOYEE},  {"employee_ids", TW_ALIAS_EMPLOYEE},
                {"about", TW_ALIAS_EMPLOYEE},        {"account_token", TW_ALIAS_CARD},
                {"account_tokens", TW_ALIAS_CARD},   {"card_token", TW_ALIAS_CARD},
                {"account", TW_ALIAS_CARD},          {"customer_id", TW_ALIAS_CUSTOMER},
                {"customer_ids", TW_ALIAS_CUSTOMER}, {"loyalty_id", TW_ALIAS_CUSTOMER}};
    for (size_t i = 0; i < TW_COUNT(keys); i++)
        if (strcmp(key, keys[i].key) == 0)
            return keys[i].kind;
    return 0;
}

// Of lists whose items are {id, ...}.
static char kind_of_list(const char *key)
{
    static const struct {
        const char *key;
        char kind;
    } keys[] = {{"employees", TW_ALIAS_EMPLOYEE},
                {"approvers", TW_ALIAS_EMPLOYEE},
                {"cards", TW_ALIAS_CARD},
                {"accounts", TW_ALIAS_CARD},
                {"customers", TW_ALIAS_CUSTOMER}};
    for (size_t i = 0; i < TW_COUNT(keys); i++)
        if (strcmp(key, keys[i].key) == 0)
            return keys[i].kind;
    return 0;
}

// Kinds of the one or two ids of an entity, second 0 for one; first 0 for another thing.
static void kinds_of_entity(tw_str kind, char out[2])
{
    static const struct {
        const char *name;
        char first, second;
    } names[] = {{"employee", TW_ALIAS_EMPLOYEE, 0},
                 {"account", TW_ALIAS_CARD, 0},
                 {"card", TW_ALIAS_CARD, 0},
                 {"customer", TW_ALIAS_CUSTOMER, 0},
                 {"member", TW_ALIAS_CUSTOMER, 0},
                 {"employee_account", TW_ALIAS_EMPLOYEE, TW_ALIAS_CARD},
                 {"employee_approver", TW_ALIAS_EMPLOYEE, TW_ALIAS_EMPLOYEE},
                 {"employee_member", TW_ALIAS_EMPLOYEE, TW_ALIAS_CUSTOMER}};
    out[0] = out[1] = 0;
    for (size_t i = 0; i < TW_COUNT(names); i++) {
        if (tw_str_equal_nocase(kind, tw_str_from(names[i].name))) {
            out[0] = names[i].first;
            out[1] = names[i].second;
        }
    }
}

static tw_str text_of(yyjson_mut_val *value)
{
    return (tw_str){yyjson_mut_get_str(value), yyjson_mut_get_len(value)};
}

static void gather_entity(walk *w, yyjson_mut_val *object, const char *kind_key, const char *id_key)
{
    yyjson_mut_val *kind = yyjson_mut_obj_get(object, kind_key);
    yyjson_mut_val *id = yyjson_mut_obj_get(object, id_key);
    char kinds[2];
    if (!yyjson_mut_is_str(kind) || !yyjson_mut_is_str(id))
        return;
    kinds_of_entity(text_of(kind), kinds);
    tw_str text = text_of(id);
    const char *bar = kinds[1] ? memchr(text.at, '|', text.bytes) : NULL;
    if (bar) {
        size_t n = (size_t)(bar - text.at);
        add_id(w, (tw_str){text.at, n}, kinds[0]);
        add_id(w, (tw_str){bar + 1, text.bytes - n - 1}, kinds[1]);
    } else if (kinds[0]) {
        add_id(w, text, kinds[0]);
    }
}

// Ids of people who use the portal, and of things: never an employee's or a card's.
static bool is_other_key(const char *key)
{
    static const char *const keys[] = {
        "user",       "user_id",    "actor",       "assignee",       "owner",
        "opened_by",  "added_by",   "by",          "changed_by",     "decided_by",
        "created_by", "started_by", "store_id",    "register_id",    "sku",
        "alert_id",   "case_id",    "model_id",    "transaction_id", "original_transaction_id",
        "sha256",     "etag",       "next_cursor", "status",         "void_of_transaction_id",
        "type",       "token",      "link_token"};
    for (size_t i = 0; i < TW_COUNT(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

// --- first walk
// -----------------------------------------------------------------------------------

static void gather_words(walk *w, tw_str text)
{
    size_t at = 0;
    tw_str word;
    while (next_word(text, &at, &word))
        if (word.bytes >= 2 && word.bytes <= TW_ID_MAX_BYTES && has_digit(word) && !is_digits(word))
            (void)add(w, word);
}

// A JSON text that was put in as it is becomes a value like the others.
static void open_raw(walk *w, yyjson_mut_val *value)
{
    yyjson_alc alc = w->doc->alc;
    yyjson_doc *read = NULL;
    union {
        const char *in;
        char *out;
    } text = {.in = yyjson_mut_get_raw(value)};
    read = yyjson_read_opts(text.out, yyjson_mut_get_len(value), YYJSON_READ_NOFLAG, &alc, NULL);
    yyjson_mut_val *copy = read ? yyjson_val_mut_copy(w->doc, yyjson_doc_get_root(read)) : NULL;
    yyjson_doc_free(read);
    if (!copy) {
        w->status = TW_NO_MEMORY;
        return;
    }
    struct yyjson_mut_val *next = value->next;
    *value = *copy;
    value->next = next;
}

static void gather(walk *w, const char *key, yyjson_mut_val *value, int depth);

static void gather_object(walk *w, const char *list, yyjson_mut_val *object, int depth)
{
    size_t i, n;
    yyjson_mut_val *key, *value;
    char kind = kind_of_list(list);
    if (kind)
        add_id(w, text_of(yyjson_mut_obj_get(object, "id")), kind);
    gather_entity(w, object, "kind", "id");
    gather_entity(w, object, "entity_kind", "entity_id");
    yyjson_mut_obj_foreach(object, i, n, key, value)
        gather(w, yyjson_mut_get_str(key), value, depth);
}

static void gather(walk *w, const char *key, yyjson_mut_val *value, int depth)
{
    enum { DEPTH_MAX = 64 };
    size_t i, n;
    yyjson_mut_val *item;
    if (yyjson_mut_is_raw(value))
        open_raw(w, value);
    if (depth > DEPTH_MAX)
        w->status = TW_LIMIT;
    if (w->status != TW_OK)
        return;
    if (yyjson_mut_is_obj(value)) {
        gather_object(w, key, value, depth + 1);
    } else if (yyjson_mut_is_arr(value)) {
        yyjson_mut_arr_foreach(value, i, n, item) gather(w, key, item, depth + 1);
    } else if (yyjson_mut_is_str(value)) {
        char kind = kind_of_key(key);
        if (kind)
            add_id(w, text_of(value), kind);
        else if (!is_other_key(key))
            gather_words(w, text_of(value));
    }
}

// --- pseudonyms
// -----------------------------------------------------------------------------------

static tw_status ask_known(walk *w)
{
    tw_str *words = tw_arena_array(w->arena, w->n + 1, sizeof(*words));
    char *kinds = tw_arena_array(w->arena, w->n + 1, 1);
    size_t n = 0;
    if (!words || !kinds)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < w->n; i++)
        if (!w->entries[i].is_structured)
            words[n++] = w->entries[i].word;
    TW_TRY(w->source->known(w->source->ctx, words, n, kinds));
    n = 0;
    for (size_t i = 0; i < w->n; i++)
        if (!w->entries[i].is_structured)
            w->entries[i].kind = kinds[n++];
    return TW_OK;
}

static tw_status ask_aliases(walk *w)
{
    tw_str *ids = tw_arena_array(w->arena, w->n + 1, sizeof(*ids));
    tw_str *aliases = tw_arena_array(w->arena, w->n + 1, sizeof(*aliases));
    char *kinds = tw_arena_array(w->arena, w->n + 1, 1);
    size_t n = 0;
    if (!ids || !aliases || !kinds)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < w->n; i++) {
        if (w->entries[i].kind) {
            ids[n] = w->entries[i].word;
            kinds[n++] = w->entries[i].kind;
        }
    }
    TW_TRY(w->source->aliases(w->source->ctx, kinds, ids, n, aliases));
    n = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->entries[i].kind)
            w->entries[i].alias = aliases[n++];
    return TW_OK;
}

// --- second walk
// ----------------------------------------------------------------------------------

// Words behind which even a short number is an id.
static bool is_title(tw_str word)
{
    static const char *const words[] = {"employee", "card", "account",  "customer",
                                        "id",       "by",   "approver", "member"};
    for (size_t i = 0; i < TW_COUNT(words); i++)
        if (tw_str_equal_nocase(word, tw_str_from(words[i])))
            return true;
    return false;
}

typedef struct text_out {
    char *at; // NULL = only counts
    size_t bytes;
} text_out;

static void put(text_out *out, const char *data, size_t bytes)
{
    if (out->at && bytes)
        memcpy(out->at + out->bytes, data, bytes);
    out->bytes += bytes;
}

// Writes the text with its ids replaced; true when there was one.
static bool write_words(const walk *w, tw_str text, text_out *out)
{
    size_t at = 0, done = 0;
    tw_str word, before = TW_STR_NONE;
    bool is_changed = false;
    while (next_word(text, &at, &word)) {
        const entry *e = find(w, word);
        bool is_count = word.bytes <= 3 && is_digits(word) && !is_title(before);
        before = word;
        if (!e || !e->kind || is_count)
            continue;
        size_t start = (size_t)(word.at - text.at);
        put(out, text.at + done, start - done);
        put(out, e->alias.at, e->alias.bytes);
        done = start + word.bytes;
        is_changed = true;
    }
    put(out, text.at + done, text.bytes - done);
    return is_changed;
}

// Ids with spaces and the like are looked for as they are, between characters that are no words'.
static tw_str replace_odd(walk *w, tw_str text)
{
    for (size_t i = 0; i < w->n; i++) {
        const entry *e = &w->entries[i];
        bool is_odd = false;
        for (size_t c = 0; c < e->word.bytes; c++)
            is_odd = is_odd || !is_word_char(e->word.at[c]);
        for (size_t at = 0; is_odd && e->kind && at + e->word.bytes <= text.bytes; at++) {
            size_t end = at + e->word.bytes;
            if (memcmp(text.at + at, e->word.at, e->word.bytes) != 0 ||
                (at > 0 && is_word_char(text.at[at - 1])) ||
                (end < text.bytes && is_word_char(text.at[end])))
                continue;
            char *room = tw_arena_take(w->arena, text.bytes - e->word.bytes + e->alias.bytes + 1);
            if (!room) {
                w->status = TW_NO_MEMORY;
                return text;
            }
            text_out out = {.at = room};
            put(&out, text.at, at);
            put(&out, e->alias.at, e->alias.bytes);
            put(&out, text.at + end, text.bytes - end);
            text = (tw_str){room, out.bytes};
            at += e->alias.bytes;
        }
    }
    return text;
}

static tw_str replace_text(walk *w, tw_str text)
{
    if (w->has_odd)
        text = replace_odd(w, text);
    text_out count = {.at = NULL};
    if (!write_words(w, text, &count))
        return text;
    text_out out = {.at = tw_arena_take(w->arena, count.bytes + 1)};
    if (!out.at) {
        w->status = TW_NO_MEMORY;
        return text;
    }
    (void)write_words(w, text, &out);
    return (tw_str){out.at, out.bytes};
}

static bool is_one_word(tw_str text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (!is_word_char(text.at[i]))
            return false;
    return true;
}

static void rewrite_string(walk *w, const char *key, yyjson_mut_val *value, bool is_id)
{
    tw_str text = text_of(value);
    const entry *e = find(w, text);
    bool is_known = e && e->kind;
    if (is_other_key(key))
        return;
    if (is_known && (is_id || kind_of_key(key) || !is_digits(text)))
        text = e->alias;
    else if (!is_one_word(text) || !is_digits(text))
        text = replace_text(w, text);
    if (text.at != yyjson_mut_get_str(value))
        yyjson_mut_set_strn(value, text.at, text.bytes);
}

static void rewrite(walk *w, const char *key, yyjson_mut_val *value, bool is_id);

static void rewrite_object(walk *w, const char *list, yyjson_mut_val *object)
{
    size_t i, n;
    yyjson_mut_val *key, *value;
    char kinds[2];
    yyjson_mut_val *kind = yyjson_mut_obj_get(object, "kind");
    yyjson_mut_val *id = yyjson_mut_obj_get(object, "id");
    if (!yyjson_mut_is_str(kind)) {
        kind = yyjson_mut_obj_get(object, "entity_kind");
        id = yyjson_mut_obj_get(object, "entity_id");
    }
    kinds_of_entity(yyjson_mut_is_str(kind) ? text_of(kind) : TW_STR_NONE, kinds);
    if (kind_of_list(list)) {
        id = yyjson_mut_obj_get(object, "id");
        kinds[0] = kind_of_list(list);
    }
    tw_str about = kinds[0] && yyjson_mut_is_str(id) ? text_of(id) : TW_STR_NONE;
    yyjson_mut_val *concerned = yyjson_mut_obj_get(object, "about");
    if (yyjson_mut_is_str(concerned))
        about = text_of(concerned);
    yyjson_mut_obj_foreach(object, i, n, key, value)
    {
        bool is_same =
            about.bytes && yyjson_mut_is_str(value) && tw_str_equal(text_of(value), about);
        rewrite(w, yyjson_mut_get_str(key), value, is_same);
    }
}

static void rewrite(walk *w, const char *key, yyjson_mut_val *value, bool is_id)
{
    size_t i, n;
    yyjson_mut_val *item;
    if (yyjson_mut_is_obj(value)) {
        rewrite_object(w, key, value);
    } else if (yyjson_mut_is_arr(value)) {
        yyjson_mut_arr_foreach(value, i, n, item) rewrite(w, key, item, false);
    } else if (yyjson_mut_is_str(value)) {
        rewrite_string(w, key, value, is_id);
    }
}

tw_status tw_pseudonymise(yyjson_mut_doc *doc, const tw_alias_source *source, tw_arena *arena)
{
    walk w = {.source = source, .arena = arena, .doc = doc};
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    if (!root)
        return TW_OK;
    for (size_t i = 0; i < source->told_n; i++)
        add_id(&w, source->told[i], source->told_kinds[i]);
    gather(&w, "", root, 0);
    TW_TRY(w.status);
    TW_TRY(ask_known(&w));
    TW_TRY(ask_aliases(&w));
    rewrite(&w, "", root, false);
    return w.status;
}

// --- back
// -----------------------------------------------------------------------------------------

bool tw_alias_is_one(tw_str word)
{
    if (word.bytes < 10 || word.bytes > 18 || word.at[1] != '-')
        return false;
    char kind = word.at[0];
    if (kind != TW_ALIAS_EMPLOYEE && kind != TW_ALIAS_CARD && kind != TW_ALIAS_CUSTOMER)
        return false;
    for (size_t i = 2; i < word.bytes; i++) {
        char c = word.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

// One walk over the words; counts without out->at.
static bool write_resolved(tw_str text, tw_alias_resolve *resolve, void *ctx, text_out *out)
{
    size_t at = 0, done = 0;
    tw_str word, id;
    bool is_changed = false;
    while (next_word(text, &at, &word)) {
        if (!tw_alias_is_one(word) || !resolve(ctx, word, &id))
            continue;
        size_t start = (size_t)(word.at - text.at);
        put(out, text.at + done, start - done);
        put(out, id.at, id.bytes);
        done = start + word.bytes;
        is_changed = true;
    }
    put(out, text.at + done, text.bytes - done);
    return is_changed;
}

tw_status tw_alias_text(tw_str text, tw_alias_resolve *resolve, void *ctx, tw_arena *arena,
                        tw_str *out)
{
    text_out count = {.at = NULL};
    *out = text;
    if (!write_resolved(text, resolve, ctx, &count))
        return TW_OK;
    text_out room = {.at = tw_arena_take(arena, count.bytes + 1)};
    if (!room.at)
        return TW_NO_MEMORY;
    (void)write_resolved(text, resolve, ctx, &room);
    room.at[room.bytes] = '\0';
    *out = (tw_str){room.at, room.bytes};
    return TW_OK;
}
