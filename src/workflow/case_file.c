// SPDX-License-Identifier: Apache-2.0
//
// The writer of case files: the old file, copied, with what one action changes. Members keep their
// places, so that the same actions give the same bytes. A failed allocation shows in the last
// write: yyjson's functions take NULL and give false, which `is_whole` collects.
#include "case_file.h"

#include "base/time.h"

typedef struct writer {
    tw_arena *arena;
    yyjson_alc alc;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    const tw_action *action;
    yyjson_val *sent;
    char at[TW_TIME_TEXT_BYTES]; // of the action
    bool is_whole;
} writer;

// --- parts
// ----------------------------------------------------------------------------------------

static yyjson_mut_val *text_val(writer *w, tw_str s)
{
    return yyjson_mut_strncpy(w->doc, s.at ? s.at : "", s.bytes);
}

// Sets a member, in its place when it is there.
static void set(writer *w, yyjson_mut_val *object, const char *name, yyjson_mut_val *value)
{
    yyjson_mut_val *key = yyjson_mut_str(w->doc, name);
    w->is_whole = w->is_whole && key && value && yyjson_mut_obj_put(object, key, value);
}

static void set_text(writer *w, yyjson_mut_val *object, const char *name, tw_str s)
{
    set(w, object, name, text_val(w, s));
}

static void set_now(writer *w, yyjson_mut_val *object, const char *name)
{
    set_text(w, object, name, tw_str_from(w->at));
}

static void set_null(writer *w, yyjson_mut_val *object, const char *name)
{
    set(w, object, name, yyjson_mut_null(w->doc));
}

static void take_text(writer *w, yyjson_mut_val *object, const char *name)
{
    set_text(w, object, name, twi_body_text(w->sent, name));
}

// A new object at the end of a list of the file, unless that is full.
static yyjson_mut_val *append(writer *w, const char *name, size_t max_n)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(w->root, name);
    if (!w->is_whole || !yyjson_mut_is_arr(list) || yyjson_mut_arr_size(list) >= max_n)
        return NULL;
    yyjson_mut_val *item = yyjson_mut_arr_add_obj(w->doc, list);
    w->is_whole = item != NULL;
    return item;
}

static tw_str mut_text(yyjson_mut_val *object, const char *name)
{
    yyjson_mut_val *value = yyjson_mut_obj_get(object, name);
    return yyjson_mut_is_str(value) ? (tw_str){yyjson_mut_get_str(value), yyjson_mut_get_len(value)}
                                    : TW_STR_NONE;
}

const char *twi_case_money_sum(tw_str kind)
{
    return tw_str_equal(kind, TW_STR("exposure"))      ? "exposure_minor"
           : tw_str_equal(kind, TW_STR("recovered"))   ? "recovered_minor"
           : tw_str_equal(kind, TW_STR("restitution")) ? "restitution_minor"
                                                       : NULL;
}

// Sums stay far from overflow, whatever a foreign journal says.
static void add_money(writer *w, const char *name, int64_t minor)
{
    const int64_t max = TW_MONEY_MAX_MINOR * 1000;
    int64_t sum = yyjson_mut_get_sint(yyjson_mut_obj_get(w->root, name));
    if (minor > max || minor < -max || sum > max || sum < -max)
        return;
    set(w, w->root, name, yyjson_mut_sint(w->doc, sum + minor));
}

// --- subjects, alerts, transactions
// ----------------------------------------------------------------------

static bool is_same(yyjson_val *a, yyjson_val *b)
{
    if (yyjson_is_str(a) && yyjson_is_str(b))
        return tw_str_equal(twi_val_text(a), twi_val_text(b));
    return tw_str_equal(twi_body_text(a, "kind"), twi_body_text(b, "kind")) &&
           tw_str_equal(twi_body_text(a, "id"), twi_body_text(b, "id"));
}

bool twi_case_holds(yyjson_val *list, yyjson_val *item)
{
    yyjson_val *other;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, other)
    {
        if (is_same(other, item))
            return true;
    }
    return false;
}

static size_t mut_place(yyjson_mut_val *list, yyjson_val *item)
{
    yyjson_mut_val *other;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, other)
    {
        bool is_text = yyjson_mut_is_str(other);
        tw_str text = {yyjson_mut_get_str(other), yyjson_mut_get_len(other)};
        if (is_text ? tw_str_equal(text, twi_val_text(item))
                    : tw_str_equal(mut_text(other, "kind"), twi_body_text(item, "kind")) &&
                          tw_str_equal(mut_text(other, "id"), twi_body_text(item, "id")))
            return i;
    }
    return SIZE_MAX;
}

static void add_texts(writer *w, const char *name, size_t max_n)
{
    yyjson_val *more = yyjson_obj_get(w->sent, name), *item;
    yyjson_mut_val *list = yyjson_mut_obj_get(w->root, name);
    size_t i, n;
    yyjson_arr_foreach(more, i, n, item)
    {
        tw_str text = twi_val_text(item);
        if (!w->is_whole || text.bytes == 0 || text.bytes > TW_ID_MAX_BYTES ||
            yyjson_mut_arr_size(list) >= max_n || mut_place(list, item) != SIZE_MAX)
            continue;
        w->is_whole = yyjson_mut_arr_append(list, text_val(w, text));
    }
}

static void add_subjects(writer *w)
{
    yyjson_val *more = yyjson_obj_get(w->sent, "subjects"), *item;
    size_t i, n;
    yyjson_arr_foreach(more, i, n, item)
    {
        tw_str kind = twi_body_text(item, "kind"), id = twi_body_text(item, "id");
        yyjson_mut_val *list = yyjson_mut_obj_get(w->root, "subjects");
        if (!twi_case_is_subject_kind(kind) || id.bytes == 0 || id.bytes > TWI_SUBJECT_MAX_BYTES ||
            mut_place(list, item) != SIZE_MAX)
            continue;
        yyjson_mut_val *subject = append(w, "subjects", TW_CASE_SUBJECTS_MAX);
        if (!subject)
            return;
        set_text(w, subject, "kind", kind);
        set_text(w, subject, "id", id);
        set_text(w, subject, "added_by", w->action->actor);
        set_now(w, subject, "added_at");
    }
}

static void add_things(writer *w)
{
    add_subjects(w);
    add_texts(w, "alerts", TW_CASE_ALERTS_MAX);
    add_texts(w, "transactions", TW_CASE_TRANSACTIONS_MAX);
    add_money(w, "exposure_minor", yyjson_get_sint(yyjson_obj_get(w->sent, "exposure_minor")));
    if (mut_text(w->root, "store_id").bytes == 0)
        take_text(w, w->root, "store_id");
}

static void remove_things(writer *w)
{
    static const char *const names[] = {"subjects", "alerts", "transactions"};
    for (size_t k = 0; k < TW_COUNT(names); k++) {
        yyjson_val *less = yyjson_obj_get(w->sent, names[k]), *item;
        yyjson_mut_val *list = yyjson_mut_obj_get(w->root, names[k]);
        size_t i, n;
        yyjson_arr_foreach(less, i, n, item)
        {
            size_t at = mut_place(list, item);
            if (at != SIZE_MAX)
                (void)yyjson_mut_arr_remove(list, at);
        }
    }
    add_money(w, "exposure_minor", -yyjson_get_sint(yyjson_obj_get(w->sent, "exposure_minor")));
}

// --- actions
// --------------------------------------------------------------------------------------

static void open_file(writer *w, const char *currency)
{
    static const char *const lists[] = {
        "subjects", "alerts", "transactions", "attachments", "tasks", "money", NULL};
    static const char *const sums[] = {"exposure_minor", "recovered_minor", "restitution_minor"};
    tw_str owner = twi_body_text(w->sent, "owner");
    set_text(w, w->root, "case_id", w->action->subject);
    take_text(w, w->root, "title");
    set_text(w, w->root, "state", tw_str_from(twi_case_state_name(TWI_CASE_OPEN)));
    set_text(w, w->root, "owner", owner.bytes > 0 ? owner : w->action->actor);
    set_text(w, w->root, "opened_by", w->action->actor);
    set_now(w, w->root, "opened_at");
    set_now(w, w->root, "updated_at");
    take_text(w, w->root, "store_id");
    set_text(w, w->root, "currency", tw_str_from(currency));
    for (size_t i = 0; lists[i]; i++)
        set(w, w->root, lists[i], yyjson_mut_arr(w->doc));
    for (size_t i = 0; i < TW_COUNT(sums); i++)
        set(w, w->root, sums[i], yyjson_mut_sint(w->doc, 0));
    set(w, w->root, "referrals", yyjson_mut_arr(w->doc));
    set_null(w, w->root, "closing");
    bool has_note = twi_body_text(w->sent, "note").bytes > 0;
    set(w, w->root, "note_n", yyjson_mut_sint(w->doc, has_note ? 1 : 0));
    add_things(w);
}

static void edit(writer *w)
{
    static const char *const names[] = {"title", "owner", "state"};
    for (size_t i = 0; i < TW_COUNT(names); i++) {
        tw_str text = twi_body_text(w->sent, names[i]);
        bool is_state = i == 2;
        if (text.bytes > 0 && (!is_state || tw_str_equal(text, TW_STR("OPEN")) ||
                               tw_str_equal(text, TW_STR("INVESTIGATING"))))
            set_text(w, w->root, names[i], text);
    }
}

static void attach(writer *w)
{
    static const char *const names[] = {"sha256", "name", "media_type"};
    yyjson_mut_val *item = append(w, "attachments", TW_CASE_ATTACHMENTS_MAX);
    if (!item)
        return;
    for (size_t i = 0; i < TW_COUNT(names); i++)
        take_text(w, item, names[i]);
    set(w, item, "bytes",
        yyjson_mut_uint(w->doc, yyjson_get_uint(yyjson_obj_get(w->sent, "bytes"))));
    set_text(w, item, "added_by", w->action->actor);
    set_now(w, item, "added_at");
    take_text(w, item, "note");
}

yyjson_val *twi_case_task(yyjson_val *file, tw_str task_id)
{
    yyjson_val *list = yyjson_obj_get(file, "tasks"), *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item)
    {
        if (tw_str_equal(twi_body_text(item, "task_id"), task_id))
            return item;
    }
    return NULL;
}

static yyjson_mut_val *find_task(writer *w, tw_str task_id)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(w->root, "tasks"), *item;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, item)
    {
        if (tw_str_equal(mut_text(item, "task_id"), task_id))
            return item;
    }
    return NULL;
}

static void put_task(writer *w)
{
    static const char *const names[] = {"title", "assignee", "due"};
    yyjson_val *done = yyjson_obj_get(w->sent, "done");
    yyjson_mut_val *item = find_task(w, twi_body_text(w->sent, "task_id"));
    bool is_new = !item;
    if (is_new)
        item = append(w, "tasks", TW_CASE_TASKS_MAX);
    if (!item)
        return;
    if (is_new)
        take_text(w, item, "task_id");
    for (size_t i = 0; i < TW_COUNT(names); i++)
        if (is_new || yyjson_obj_get(w->sent, names[i]))
            take_text(w, item, names[i]);
    if (is_new || yyjson_is_bool(done))
        set(w, item, "done", yyjson_mut_bool(w->doc, yyjson_is_true(done)));
    set_text(w, item, "changed_by", w->action->actor);
    set_now(w, item, "changed_at");
}

static void put_money(writer *w)
{
    tw_str kind = twi_body_text(w->sent, "kind");
    const char *sum = twi_case_money_sum(kind);
    int64_t minor = yyjson_get_sint(yyjson_obj_get(w->sent, "amount_minor"));
    yyjson_mut_val *item = sum ? append(w, "money", TW_CASE_ENTRIES_MAX) : NULL;
    if (!item)
        return;
    set_text(w, item, "kind", kind);
    set(w, item, "amount_minor", yyjson_mut_sint(w->doc, minor));
    take_text(w, item, "note");
    set_text(w, item, "by", w->action->actor);
    set_now(w, item, "at");
    add_money(w, sum, minor);
}

static void refer(writer *w)
{
    static const char *const names[] = {"to", "reference", "note"};
    yyjson_mut_val *item = append(w, "referrals", TW_CASE_ENTRIES_MAX);
    if (!item)
        return;
    for (size_t i = 0; i < TW_COUNT(names); i++)
        take_text(w, item, names[i]);
    set_text(w, item, "by", w->action->actor);
    set_now(w, item, "at");
}

static void set_state(writer *w, twi_case_state state)
{
    set_text(w, w->root, "state", tw_str_from(twi_case_state_name(state)));
}

static void submit(writer *w)
{
    static const char *const names[] = {"verdict", "reason", "note"};
    bool needs_approval = yyjson_is_true(yyjson_obj_get(w->sent, "needs_approval"));
    yyjson_mut_val *closing = yyjson_mut_obj(w->doc);
    for (size_t i = 0; i < TW_COUNT(names); i++)
        take_text(w, closing, names[i]);
    set_text(w, closing, "submitted_by", w->action->actor);
    set_now(w, closing, "submitted_at");
    set_null(w, closing, "approved_by");
    set_null(w, closing, "approved_at");
    set(w, closing, "needs_approval", yyjson_mut_bool(w->doc, needs_approval));
    set(w, w->root, "closing", closing);
    set_state(w, needs_approval ? TWI_CASE_PENDING : TWI_CASE_CLOSED);
}

static void approve(writer *w)
{
    yyjson_mut_val *closing = yyjson_mut_obj_get(w->root, "closing");
    if (yyjson_mut_is_obj(closing)) {
        set_text(w, closing, "approved_by", w->action->actor);
        set_now(w, closing, "approved_at");
    }
    set_state(w, TWI_CASE_CLOSED);
}

// A closing that was refused, or taken back, is history: the log has it.
static void go_on(writer *w)
{
    set_null(w, w->root, "closing");
    set_state(w, TWI_CASE_INVESTIGATING);
}

static void change(writer *w, tw_action_kind kind)
{
    switch ((int)kind) {
    case TW_ACTION_CASE_EDIT:
        edit(w);
        break;
    case TW_ACTION_CASE_ADD:
        add_things(w);
        break;
    case TW_ACTION_CASE_REMOVE:
        remove_things(w);
        break;
    case TW_ACTION_CASE_NOTE:
        set(w, w->root, "note_n",
            yyjson_mut_sint(w->doc,
                            yyjson_mut_get_sint(yyjson_mut_obj_get(w->root, "note_n")) + 1));
        break;
    case TW_ACTION_CASE_ATTACH:
        attach(w);
        break;
    case TW_ACTION_CASE_TASK:
        put_task(w);
        break;
    case TW_ACTION_CASE_MONEY:
        put_money(w);
        break;
    case TW_ACTION_CASE_REFER:
        refer(w);
        break;
    case TW_ACTION_CASE_SUBMIT:
        submit(w);
        break;
    case TW_ACTION_CASE_APPROVE:
        approve(w);
        break;
    default: // reject, reopen
        go_on(w);
        break;
    }
    set_now(w, w->root, "updated_at");
}

// --- the row
// --------------------------------------------------------------------------------------

typedef struct key_list {
    tw_arena *arena;
    tw_alert_key *items;
    size_t n, cap;
    bool is_whole;
} key_list;

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void add_key(key_list *keys, char kind, tw_str text)
{
    if (!keys->is_whole || text.bytes == 0 || keys->n == keys->cap)
        return;
    keys->items[keys->n++] = (tw_alert_key){.kind = kind, .key = text};
}

static void add_word(key_list *keys, tw_str text)
{
    char *copy = tw_arena_copy(keys->arena, text.at ? text.at : "", text.bytes);
    keys->is_whole = keys->is_whole && copy;
    for (size_t i = 0; copy && i < text.bytes; i++)
        copy[i] = lower(copy[i]);
    add_key(keys, 'w', (tw_str){copy, text.bytes});
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (unsigned char)c >= 0x80;
}

static void add_words(key_list *keys, tw_str title)
{
    size_t from = 0;
    for (size_t i = 0; i <= title.bytes; i++) {
        if (i < title.bytes && is_word_byte(title.at[i]))
            continue;
        if (i > from)
            add_word(keys, (tw_str){title.at + from, i - from});
        from = i + 1;
    }
}

static void add_subject_keys(key_list *keys, yyjson_mut_val *subject)
{
    tw_str kind = mut_text(subject, "kind"), id = mut_text(subject, "id");
    char *text = tw_arena_take(keys->arena, kind.bytes + id.bytes + 2);
    keys->is_whole = keys->is_whole && text;
    if (!text || id.bytes == 0)
        return;
    memcpy(text, kind.at, kind.bytes);
    text[kind.bytes] = '/';
    memcpy(text + kind.bytes + 1, id.at, id.bytes);
    add_key(keys, 'e', (tw_str){text, kind.bytes + 1 + id.bytes});
    add_word(keys, id);
}

static tw_status fill_keys(writer *w, tw_doc_row *out)
{
    static const struct {
        const char *name;
        char kind;
    } lists[] = {{"alerts", 'a'}, {"transactions", 't'}};
    tw_str title = mut_text(w->root, "title");
    yyjson_mut_val *subjects = yyjson_mut_obj_get(w->root, "subjects"), *item;
    size_t i, n;
    key_list keys = {.arena = w->arena,
                     .cap = TW_CASE_ALERTS_MAX + TW_CASE_TRANSACTIONS_MAX +
                            TW_CASE_SUBJECTS_MAX * 2 + title.bytes + 1};
    keys.items = tw_arena_array(w->arena, keys.cap, sizeof(*keys.items));
    keys.is_whole = keys.items != NULL;
    add_word(&keys, mut_text(w->root, "case_id"));
    add_words(&keys, title);
    yyjson_mut_arr_foreach(subjects, i, n, item)
    {
        add_subject_keys(&keys, item);
    }
    for (size_t k = 0; k < TW_COUNT(lists); k++) {
        yyjson_mut_val *list = yyjson_mut_obj_get(w->root, lists[k].name);
        yyjson_mut_arr_foreach(list, i, n, item)
        {
            add_key(&keys, lists[k].kind,
                    (tw_str){yyjson_mut_get_str(item), yyjson_mut_get_len(item)});
        }
    }
    out->keys = keys.items;
    out->key_n = keys.n;
    return keys.is_whole ? TW_OK : TW_NO_MEMORY;
}

static tw_status write_row(writer *w, uint64_t seq, tw_doc_row *out)
{
    *out = (tw_doc_row){.kind = TW_STR("case"),
                        .id = w->action->subject,
                        .seq = seq,
                        .order_ms = w->action->at_ms,
                        .state = mut_text(w->root, "state"),
                        .owner = mut_text(w->root, "owner"),
                        .store_id = mut_text(w->root, "store_id")};
    if (!w->is_whole)
        return TW_NO_MEMORY;
    out->body.at =
        yyjson_mut_write_opts(w->doc, YYJSON_WRITE_NOFLAG, &w->alc, &out->body.bytes, NULL);
    return out->body.at ? fill_keys(w, out) : TW_NO_MEMORY;
}

// Does the action change a file? A case is opened once, and everything else needs it.
static bool is_change(tw_action_kind kind, tw_str body)
{
    if (kind < TW_ACTION_CASE_OPEN || kind >= TW_ACTION_CASE_VIEW)
        return false;
    return (kind == TW_ACTION_CASE_OPEN) == (body.bytes == 0);
}

tw_status tw_case_apply(tw_str body, const tw_action *action, uint64_t seq, const char currency[4],
                        tw_arena *arena, tw_doc_row *out)
{
    tw_action_kind kind = tw_action_kind_from(action->kind);
    writer w = {.arena = arena, .alc = twi_body_alc(arena), .action = action, .is_whole = true};
    yyjson_val *file;
    *out = (tw_doc_row){0};
    if (!is_change(kind, body))
        return TW_INVALID;
    TW_TRY(twi_body_read(action->body, arena, &w.sent, NULL));
    tw_status status = twi_body_read(body, arena, &file, NULL);
    if (status != TW_OK)
        return status == TW_NO_MEMORY ? status : TW_CORRUPT;
    w.doc = yyjson_mut_doc_new(&w.alc);
    w.root = w.doc ? yyjson_val_mut_copy(w.doc, file) : NULL;
    if (!w.root)
        return TW_NO_MEMORY;
    yyjson_mut_doc_set_root(w.doc, w.root);
    tw_time_format(action->at_ms, 0, w.at);
    if (kind == TW_ACTION_CASE_OPEN)
        open_file(&w, currency);
    else
        change(&w, kind);
    return write_row(&w, seq, out);
}

bool tw_case_needs_approval(tw_str body, const tw_case_limits *limits, tw_arena *scratch)
{
    yyjson_val *file;
    if (twi_body_read(body, scratch, &file, NULL) != TW_OK)
        return true;
    return yyjson_get_sint(yyjson_obj_get(file, "exposure_minor")) >= limits->approval_minor;
}
