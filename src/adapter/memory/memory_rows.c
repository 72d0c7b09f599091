// SPDX-License-Identifier: Apache-2.0
//
// Rows of the memory ledger. The texts of a row type are named once, by their offsets, so that
// storing and copying are one loop for all types.
#include "memory_rows.h"

#include <string.h>

#define TEXT(type, field) offsetof(type, field)

typedef struct row_type {
    size_t bytes;
    size_t text_n;
    size_t texts[14]; // offsets of its tw_str fields, the key first
} row_type;

static const row_type alert_type = {
    sizeof(tw_alert_row),
    14,
    {TEXT(tw_alert_row, alert_id), TEXT(tw_alert_row, status), TEXT(tw_alert_row, type),
     TEXT(tw_alert_row, scheme), TEXT(tw_alert_row, entity_kind), TEXT(tw_alert_row, entity_id),
     TEXT(tw_alert_row, store_id), TEXT(tw_alert_row, employee_id), TEXT(tw_alert_row, register_id),
     TEXT(tw_alert_row, currency), TEXT(tw_alert_row, body), TEXT(tw_alert_row, assignee),
     TEXT(tw_alert_row, case_id), TEXT(tw_alert_row, verdict)}};
static const row_type verdict_type = {
    sizeof(tw_verdict_row),
    9,
    {TEXT(tw_verdict_row, verdict_id), TEXT(tw_verdict_row, alert_id),
     TEXT(tw_verdict_row, transaction_id), TEXT(tw_verdict_row, verdict),
     TEXT(tw_verdict_row, reason), TEXT(tw_verdict_row, note), TEXT(tw_verdict_row, decided_by),
     TEXT(tw_verdict_row, currency), TEXT(tw_verdict_row, scheme)}};
static const row_type model_type = {sizeof(tw_model_row),
                                    5,
                                    {TEXT(tw_model_row, model_id), TEXT(tw_model_row, kind),
                                     TEXT(tw_model_row, state), TEXT(tw_model_row, metrics),
                                     TEXT(tw_model_row, file_hash)}};
static const row_type doc_type = {sizeof(tw_doc_row),
                                  6,
                                  {TEXT(tw_doc_row, kind), TEXT(tw_doc_row, id),
                                   TEXT(tw_doc_row, state), TEXT(tw_doc_row, owner),
                                   TEXT(tw_doc_row, store_id), TEXT(tw_doc_row, body)}};
static const row_type action_type = {sizeof(tw_action_row),
                                     6,
                                     {TEXT(tw_action_row, kind), TEXT(tw_action_row, subject),
                                      TEXT(tw_action_row, actor), TEXT(tw_action_row, about),
                                      TEXT(tw_action_row, store_id), TEXT(tw_action_row, body)}};

static tw_str *text_at(void *row, size_t offset)
{
    return (tw_str *)((char *)row + offset);
}

static tw_str text_of(const void *row, size_t offset)
{
    return *(const tw_str *)((const char *)row + offset);
}

// ---- Storing ---------------------------------------------------------------------------------

// A block: the row, then `list_bytes` for lists, then texts from `at`.
typedef struct packer {
    char *block_own;
    size_t bytes;
    char *at;
} packer;

static tw_str pack(packer *p, tw_str s)
{
    TW_CHECK((size_t)(p->at - p->block_own) + s.bytes <= p->bytes);
    if (s.bytes > 0)
        memcpy(p->at, s.at, s.bytes);
    tw_str packed = {p->at, s.bytes};
    p->at += s.bytes;
    return packed;
}

static tw_status pack_row(const tw_alloc *alloc, const row_type *type, const void *row,
                          size_t list_bytes, size_t extra_bytes, packer *p)
{
    p->bytes = type->bytes + list_bytes + extra_bytes;
    for (size_t i = 0; i < type->text_n; i++)
        p->bytes += text_of(row, type->texts[i]).bytes;
    p->block_own = tw_new_array(alloc, p->bytes, 1);
    if (!p->block_own)
        return TW_NO_MEMORY;
    memcpy(p->block_own, row, type->bytes);
    p->at = p->block_own + type->bytes + list_bytes;
    for (size_t i = 0; i < type->text_n; i++)
        *text_at(p->block_own, type->texts[i]) = pack(p, text_of(row, type->texts[i]));
    return TW_OK;
}

static twi_entry entry_of(const packer *p, tw_str key)
{
    return (twi_entry){key, p->block_own, p->bytes};
}

void twi_entry_free(const tw_alloc *alloc, twi_entry *entry)
{
    tw_free_array(alloc, entry->row, entry->bytes, 1);
    *entry = (twi_entry){0};
}

static int key_order(const tw_alert_key *a, const tw_alert_key *b)
{
    int kinds = (uint8_t)a->kind - (uint8_t)b->kind;
    return kinds ? kinds : tw_str_compare(a->key, b->key);
}

// Inserts a key into the sorted list of the row, once.
static void key_add(packer *p, tw_alert_key *keys, size_t *n, const tw_alert_key *key)
{
    size_t place = *n;
    while (place > 0 && key_order(key, &keys[place - 1]) < 0)
        place--;
    if (place > 0 && key_order(key, &keys[place - 1]) == 0)
        return;
    memmove(&keys[place + 1], &keys[place], (*n - place) * sizeof(*keys));
    keys[place] = (tw_alert_key){key->kind, pack(p, key->key)};
    *n += 1;
}

tw_status twi_entry_alert(const tw_alloc *alloc, const tw_alert_row *row,
                          const tw_alert_row *before, twi_entry *out)
{
    size_t before_n = before ? before->key_n : 0;
    size_t extra = 0;
    for (size_t i = 0; i < row->key_n; i++)
        extra += row->keys[i].key.bytes;
    for (size_t i = 0; i < before_n; i++)
        extra += before->keys[i].key.bytes;
    packer p;
    TW_TRY(pack_row(alloc, &alert_type, row, (before_n + row->key_n) * sizeof(tw_alert_key), extra,
                    &p));
    tw_alert_row *stored = (tw_alert_row *)(void *)p.block_own;
    tw_alert_key *keys = (tw_alert_key *)(void *)(p.block_own + sizeof(*stored));
    stored->keys = keys;
    stored->key_n = 0;
    for (size_t i = 0; i < before_n; i++)
        key_add(&p, keys, &stored->key_n, &before->keys[i]);
    for (size_t i = 0; i < row->key_n; i++)
        key_add(&p, keys, &stored->key_n, &row->keys[i]);
    *out = entry_of(&p, stored->alert_id);
    return TW_OK;
}

tw_status twi_entry_verdict(const tw_alloc *alloc, const tw_verdict_row *row, twi_entry *out)
{
    size_t extra = 0;
    for (size_t i = 0; i < row->signal_n; i++)
        extra += row->signals[i].bytes;
    packer p;
    TW_TRY(pack_row(alloc, &verdict_type, row, row->signal_n * sizeof(tw_str), extra, &p));
    tw_verdict_row *stored = (tw_verdict_row *)(void *)p.block_own;
    tw_str *signals = (tw_str *)(void *)(p.block_own + sizeof(*stored));
    for (size_t i = 0; i < row->signal_n; i++)
        signals[i] = pack(&p, row->signals[i]);
    stored->signals = signals;
    *out = entry_of(&p, stored->verdict_id);
    return TW_OK;
}

// A key that sorts as the number does.
static tw_str pack_number(packer *p, uint64_t number)
{
    char big_endian[sizeof(number)];
    for (size_t i = 0; i < sizeof(big_endian); i++)
        big_endian[i] = (char)(uint8_t)(number >> (56 - 8 * i));
    return pack(p, (tw_str){big_endian, sizeof(big_endian)});
}

tw_status twi_entry_scores(const tw_alloc *alloc, const tw_score_range *row, twi_entry *out)
{
    static const row_type type = {sizeof(tw_score_range), 1, {TEXT(tw_score_range, bytes)}};
    packer p;
    TW_TRY(pack_row(alloc, &type, row, 0, sizeof(row->first_seq), &p));
    *out = entry_of(&p, pack_number(&p, row->first_seq));
    return TW_OK;
}

tw_status twi_entry_model(const tw_alloc *alloc, const tw_model_row *row, twi_entry *out)
{
    packer p;
    TW_TRY(pack_row(alloc, &model_type, row, 0, 0, &p));
    *out = entry_of(&p, text_of(p.block_own, TEXT(tw_model_row, model_id)));
    return TW_OK;
}

tw_status twi_entry_doc(const tw_alloc *alloc, const tw_doc_row *row, twi_entry *out)
{
    size_t extra = row->kind.bytes + 1 + row->id.bytes;
    for (size_t i = 0; i < row->key_n; i++)
        extra += row->keys[i].key.bytes;
    packer p;
    TW_TRY(pack_row(alloc, &doc_type, row, row->key_n * sizeof(tw_alert_key), extra, &p));
    tw_doc_row *stored = (tw_doc_row *)(void *)p.block_own;
    tw_alert_key *keys = (tw_alert_key *)(void *)(p.block_own + sizeof(*stored));
    stored->keys = keys;
    stored->key_n = 0;
    for (size_t i = 0; i < row->key_n; i++)
        key_add(&p, keys, &stored->key_n, &row->keys[i]);
    tw_str key = pack(&p, row->kind); // then a NUL, which no text has, then the id
    pack(&p, (tw_str){"", 1});
    pack(&p, row->id);
    key.bytes += 1 + row->id.bytes;
    *out = entry_of(&p, key);
    return TW_OK;
}

tw_status twi_entry_action(const tw_alloc *alloc, const tw_action_row *row, twi_entry *out)
{
    packer p;
    TW_TRY(pack_row(alloc, &action_type, row, 0, sizeof(row->seq), &p));
    *out = entry_of(&p, pack_number(&p, row->seq));
    return TW_OK;
}

// ---- Copying ---------------------------------------------------------------------------------

static tw_status copy_row(const row_type *type, const void *row, tw_arena *arena, void *out)
{
    memcpy(out, row, type->bytes);
    for (size_t i = 0; i < type->text_n; i++) {
        tw_str *text = text_at(out, type->texts[i]);
        text->at = tw_arena_copy(arena, text->at, text->bytes);
        if (!text->at)
            return TW_NO_MEMORY;
    }
    return TW_OK;
}

tw_status twi_alert_copy(const tw_alert_row *row, tw_arena *arena, tw_alert_row *out)
{
    TW_TRY(copy_row(&alert_type, row, arena, out));
    out->keys = NULL;
    out->key_n = 0;
    return TW_OK;
}

tw_status twi_verdict_copy(const tw_verdict_row *row, tw_arena *arena, tw_verdict_row *out)
{
    TW_TRY(copy_row(&verdict_type, row, arena, out));
    tw_str *signals = tw_arena_array(arena, row->signal_n, sizeof(tw_str));
    if (!signals)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < row->signal_n; i++) {
        signals[i].bytes = row->signals[i].bytes;
        signals[i].at = tw_arena_copy(arena, row->signals[i].at, row->signals[i].bytes);
        if (!signals[i].at)
            return TW_NO_MEMORY;
    }
    out->signals = signals;
    return TW_OK;
}

tw_status twi_model_copy(const tw_model_row *row, tw_arena *arena, tw_model_row *out)
{
    return copy_row(&model_type, row, arena, out);
}

tw_status twi_doc_copy(const tw_doc_row *row, tw_arena *arena, tw_doc_row *out)
{
    TW_TRY(copy_row(&doc_type, row, arena, out));
    out->keys = NULL;
    out->key_n = 0;
    return TW_OK;
}

tw_status twi_action_copy(const tw_action_row *row, tw_arena *arena, tw_action_row *out)
{
    return copy_row(&action_type, row, arena, out);
}

// ---- Meaning of queries ----------------------------------------------------------------------

static bool in_list(tw_str_list list, tw_str value)
{
    for (size_t i = 0; i < list.n; i++)
        if (tw_str_equal(list.items[i], value))
            return true;
    return list.n == 0;
}

static bool equal_or_any(tw_str wanted, tw_str value)
{
    return wanted.bytes == 0 || tw_str_equal(wanted, value);
}

static bool has_key(const tw_alert_row *row, char kind, tw_str key)
{
    for (size_t i = 0; i < row->key_n; i++)
        if ((kind == 0 || row->keys[i].kind == kind) && tw_str_equal(row->keys[i].key, key))
            return true;
    return key.bytes == 0;
}

static bool is_found_by(const tw_alert_row *row, tw_str search)
{
    const tw_str ids[] = {row->alert_id, row->entity_id, row->store_id, row->employee_id,
                          row->register_id};
    for (size_t i = 0; i < TW_COUNT(ids); i++)
        if (tw_str_starts(ids[i], search))
            return true;
    for (size_t i = 0; i < row->key_n; i++)
        if (tw_str_starts(row->keys[i].key, search))
            return true;
    return search.bytes == 0;
}

static bool is_decided_within(const tw_alert_row *row, int64_t from_ms, int64_t to_ms)
{
    if (from_ms == 0 && to_ms == 0)
        return true;
    return row->decided_ms > 0 && row->decided_ms >= from_ms &&
           (to_ms == 0 || row->decided_ms < to_ms);
}

static size_t risk_band(const tw_alert_row *row)
{
    return row->risk_score >= TW_RISK_CRITICAL ? 0 : row->risk_score >= TW_RISK_HIGH ? 1 : 2;
}

static bool is_any(const int64_t limits_ms[3])
{
    return limits_ms[0] == 0 && limits_ms[1] == 0 && limits_ms[2] == 0;
}

static bool is_overdue(const tw_alert_row *row, const int64_t overdue_ms[3])
{
    return is_any(overdue_ms) || row->created_ms < overdue_ms[risk_band(row)];
}

static bool is_late(const tw_alert_row *row, const int64_t late_ms[3])
{
    return is_any(late_ms) ||
           (row->decided_ms > 0 && row->decided_ms - row->created_ms > late_ms[risk_band(row)]);
}

bool twi_alert_matches(const tw_alert_row *row, const tw_alert_filter *filter)
{
    return in_list(filter->statuses, row->status) && in_list(filter->types, row->type) &&
           in_list(filter->schemes, row->scheme) && in_list(filter->stores, row->store_id) &&
           !(filter->only_open && tw_str_equal(row->status, TW_STR("CLOSED"))) &&
           equal_or_any(filter->entity_kind, row->entity_kind) &&
           equal_or_any(filter->entity_id, row->entity_id) &&
           equal_or_any(filter->employee_id, row->employee_id) &&
           equal_or_any(filter->register_id, row->register_id) &&
           has_key(row, 't', filter->transaction_id) &&
           has_key(row, filter->has_key.kind, filter->has_key.key) &&
           is_found_by(row, filter->search) && in_list(filter->assignees, row->assignee) &&
           equal_or_any(filter->case_id, row->case_id) && in_list(filter->verdicts, row->verdict) &&
           is_overdue(row, filter->overdue_ms) && is_late(row, filter->late_ms) &&
           !(filter->only_unassigned && row->assignee.bytes > 0) &&
           (filter->awake_ms == 0 || row->snoozed_until_ms <= filter->awake_ms) &&
           (filter->asleep_ms == 0 || row->snoozed_until_ms > filter->asleep_ms) &&
           is_decided_within(row, filter->decided_from_ms, filter->decided_to_ms) &&
           (filter->min_risk <= 0 || row->risk_score >= filter->min_risk) &&
           (filter->created_from_ms == 0 || row->created_ms >= filter->created_from_ms) &&
           (filter->created_to_ms == 0 || row->created_ms < filter->created_to_ms);
}

static int descending_real(double a, double b)
{
    return (a < b) - (a > b);
}
static int descending(int64_t a, int64_t b)
{
    return (a < b) - (a > b);
}

int twi_alert_order(const tw_alert_row *a, const tw_alert_row *b, tw_alert_sort sort)
{
    int order = 0;
    switch (sort) {
    case TW_ALERT_SORT_RANK:
        order = descending_real(a->rank, b->rank);
        break;
    case TW_ALERT_SORT_RISK:
        order = descending_real(a->risk_score, b->risk_score);
        break;
    case TW_ALERT_SORT_CREATED:
        order = descending(a->created_ms, b->created_ms);
        break;
    case TW_ALERT_SORT_UPDATED:
        order = descending(a->updated_ms, b->updated_ms);
        break;
    case TW_ALERT_SORT_EXPOSURE:
        order = descending(a->exposure_minor, b->exposure_minor);
        break;
    case TW_ALERT_SORT_N:
        break;
    }
    return order ? order : tw_str_compare(a->alert_id, b->alert_id);
}

static bool doc_has_key(const tw_doc_row *row, const tw_doc_filter *filter)
{
    for (size_t i = 0; i < row->key_n; i++) {
        const tw_alert_key *key = &row->keys[i];
        bool is_found = filter->is_prefix ? tw_str_starts(key->key, filter->key)
                                          : tw_str_equal(key->key, filter->key);
        if (is_found && (filter->key_kind == 0 || filter->key_kind == key->kind))
            return true;
    }
    return filter->key.bytes == 0;
}

static bool in_stores(tw_str_list stores, tw_str store_id)
{
    return store_id.bytes == 0 || in_list(stores, store_id);
}

bool twi_doc_matches(const tw_doc_row *row, const tw_doc_filter *filter)
{
    return row->body.bytes > 0 && tw_str_equal(row->kind, filter->kind) &&
           in_list(filter->states, row->state) && in_stores(filter->stores, row->store_id) &&
           equal_or_any(filter->owner, row->owner) && doc_has_key(row, filter);
}

int twi_doc_order(const tw_doc_row *a, const tw_doc_row *b)
{
    int order = descending(a->order_ms, b->order_ms);
    return order ? order : tw_str_compare(a->id, b->id);
}

bool twi_action_matches(const tw_action_row *row, const tw_action_filter *filter)
{
    bool is_family = filter->kind.bytes > 0 && filter->kind.at[filter->kind.bytes - 1] == '.';
    bool is_kind =
        is_family ? tw_str_starts(row->kind, filter->kind) : equal_or_any(filter->kind, row->kind);
    return is_kind && equal_or_any(filter->subject, row->subject) &&
           equal_or_any(filter->actor, row->actor) && equal_or_any(filter->about, row->about) &&
           in_stores(filter->stores, row->store_id) &&
           (filter->from_ms == 0 || row->at_ms >= filter->from_ms) &&
           (filter->to_ms == 0 || row->at_ms < filter->to_ms) &&
           (filter->before_seq == 0 || row->seq < filter->before_seq);
}

static tw_str group_key(const tw_alert_row *row, tw_alert_group group)
{
    switch (group) {
    case TW_ALERT_GROUP_STATUS:
        return row->status;
    case TW_ALERT_GROUP_TYPE:
        return row->type;
    case TW_ALERT_GROUP_SCHEME:
        return row->scheme;
    case TW_ALERT_GROUP_STORE:
        return row->store_id;
    case TW_ALERT_GROUP_EMPLOYEE:
        return row->employee_id;
    case TW_ALERT_GROUP_ASSIGNEE:
        return row->assignee;
    case TW_ALERT_GROUP_VERDICT:
        return row->verdict;
    case TW_ALERT_GROUP_NONE:
    case TW_ALERT_GROUP_N:
        break;
    }
    return TW_STR_NONE;
}

void twi_alert_count_add(tw_alert_count *rows, size_t *n, const tw_alert_row *row,
                         tw_alert_group group)
{
    tw_str key = group_key(row, group);
    size_t place = *n;
    for (; place > 0; place--) {
        const tw_alert_count *at = &rows[place - 1];
        int order = tw_str_compare(at->key, key);
        order = order ? order : tw_str_compare(at->currency, row->currency);
        if (order == 0) {
            rows[place - 1].n++;
            rows[place - 1].exposure_minor += row->exposure_minor;
            return;
        }
        if (order < 0)
            break;
    }
    memmove(&rows[place + 1], &rows[place], (*n - place) * sizeof(*rows));
    rows[place] = (tw_alert_count){key, row->currency, 1, row->exposure_minor};
    *n += 1;
}

static void verdict_count_one(tw_verdict_count *rows, size_t *n, tw_str key, tw_str verdict)
{
    size_t place = *n;
    for (; place > 0; place--) {
        int order = tw_str_compare(rows[place - 1].key, key);
        order = order ? order : tw_str_compare(rows[place - 1].verdict, verdict);
        if (order == 0) {
            rows[place - 1].n++;
            return;
        }
        if (order < 0)
            break;
    }
    memmove(&rows[place + 1], &rows[place], (*n - place) * sizeof(*rows));
    rows[place] = (tw_verdict_count){key, verdict, 1};
    *n += 1;
}

void twi_verdict_count_add(tw_verdict_count *rows, size_t *n, const tw_verdict_row *row,
                           tw_verdict_group group, tw_str key)
{
    if (group == TW_VERDICT_GROUP_SCHEME) {
        if (equal_or_any(key, row->scheme))
            verdict_count_one(rows, n, row->scheme, row->verdict);
        return;
    }
    for (size_t i = 0; i < row->signal_n; i++) {
        bool is_again = false;
        for (size_t j = 0; j < i && !is_again; j++)
            is_again = tw_str_equal(row->signals[i], row->signals[j]);
        if (!is_again && equal_or_any(key, row->signals[i]))
            verdict_count_one(rows, n, row->signals[i], row->verdict);
    }
}
