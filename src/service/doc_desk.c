// SPDX-License-Identifier: Apache-2.0
//
// Documents and the actions on them.
#include "doc_desk.h"

#include "retail/transaction.h"
#include "workflow/case_work.h"
#include "workflow/entry_work.h"
#include "workflow/settings.h"

#define DOC_ARENA_BYTES (16 << 10)
#define DOC_ARENA_MAX ((size_t)64 << 20)
#define DOCS_MAX (1 << 20)

void twi_desk_init(twi_desk *desk, const tw_alloc *alloc, const tw_ledger *ledger,
                   const char currency[4])
{
    *desk = (twi_desk){.alloc = alloc, .ledger = ledger};
    memcpy(desk->currency, currency, sizeof(desk->currency));
}

static void doc_free(const twi_desk *desk, twi_doc *doc)
{
    tw_arena_release(&doc->arenas[0]);
    tw_arena_release(&doc->arenas[1]);
    tw_delete(desk->alloc, doc);
}

void twi_desk_clear(twi_desk *desk)
{
    for (size_t i = 0; i < desk->n; i++)
        doc_free(desk, desk->docs_own[i]);
    desk->n = 0;
}

void twi_desk_release(twi_desk *desk)
{
    twi_desk_clear(desk);
    tw_free_array(desk->alloc, desk->docs_own, desk->cap, sizeof(void *));
    desk->docs_own = NULL;
    desk->cap = 0;
}

static tw_status load(const twi_desk *desk, twi_doc *doc, tw_str kind, tw_str id, tw_err *err)
{
    tw_arena *arena = &doc->arenas[0];
    tw_status status = tw_ledger_doc_get(desk->ledger, kind, id, arena, &doc->row, err);
    if (status != TW_NOT_FOUND)
        return status;
    const char *kind_text = tw_arena_copy(arena, kind.at, kind.bytes);
    const char *id_text = tw_arena_copy(arena, id.at, id.bytes);
    if (!kind_text || !id_text)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a document");
    doc->row = (tw_doc_row){.kind = {kind_text, kind.bytes}, .id = {id_text, id.bytes}};
    return TW_OK;
}

tw_status twi_desk_get(twi_desk *desk, tw_str kind, tw_str id, twi_doc **out, tw_err *err)
{
    *out = NULL;
    // The newest first: actions on one document come together.
    for (size_t i = desk->n; i-- > 0;) {
        twi_doc *doc = desk->docs_own[i];
        if (tw_str_equal(doc->row.id, id) && tw_str_equal(doc->row.kind, kind)) {
            *out = doc;
            return TW_OK;
        }
    }
    void *items = desk->docs_own;
    if (tw_grow(desk->alloc, &items, &desk->cap, desk->n + 1, sizeof(void *), DOCS_MAX) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a document");
    desk->docs_own = items;
    twi_doc *doc = tw_new(desk->alloc, twi_doc);
    if (!doc)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a document");
    for (int i = 0; i < 2; i++)
        tw_arena_init(&doc->arenas[i], desk->alloc, DOC_ARENA_BYTES, DOC_ARENA_MAX);
    tw_status status = load(desk, doc, kind, id, err);
    if (status != TW_OK) {
        doc_free(desk, doc);
        return status;
    }
    desk->docs_own[desk->n++] = doc;
    *out = doc;
    return TW_OK;
}

// --- actions
// --------------------------------------------------------------------------------------

tw_str twi_doc_kind_of(tw_action_kind kind)
{
    switch (kind) {
    case TW_ACTION_CASE_OPEN:
    case TW_ACTION_CASE_EDIT:
    case TW_ACTION_CASE_ADD:
    case TW_ACTION_CASE_REMOVE:
    case TW_ACTION_CASE_NOTE:
    case TW_ACTION_CASE_ATTACH:
    case TW_ACTION_CASE_TASK:
    case TW_ACTION_CASE_MONEY:
    case TW_ACTION_CASE_REFER:
    case TW_ACTION_CASE_SUBMIT:
    case TW_ACTION_CASE_APPROVE:
    case TW_ACTION_CASE_REJECT:
    case TW_ACTION_CASE_REOPEN:
    case TW_ACTION_CASE_VIEW:
    case TW_ACTION_CASE_EXPORT:
        return TW_STR("case");
    case TW_ACTION_SETTINGS_CHANGE:
        return TW_STR("settings");
    case TW_ACTION_ALLOW_ADD:
    case TW_ACTION_ALLOW_REMOVE:
        return TW_STR("allow");
    case TW_ACTION_FILTER_SAVE:
    case TW_ACTION_FILTER_REMOVE:
        return TW_STR("filter");
    case TW_ACTION_ALERT_VIEW:
    case TW_ACTION_ALERT_ASSIGN:
    case TW_ACTION_ALERT_ESCALATE:
    case TW_ACTION_ALERT_DEESCALATE:
    case TW_ACTION_ALERT_SNOOZE:
    case TW_ACTION_ALERT_WAKE:
    case TW_ACTION_ALERT_COMMENT:
    case TW_ACTION_NOTE:
    case TW_ACTION_KIND_N:
        break;
    }
    return TW_STR_NONE;
}

// A change that does not hold is none: it can only come from another program's journal.
static tw_status apply_settings(const tw_alloc *alloc, tw_str body, const tw_action *action,
                                uint64_t seq, tw_arena *arena, tw_doc_row *out)
{
    tw_buf merged;
    tw_buf_init(&merged, alloc, (size_t)2 << 20);
    tw_status status = tw_settings_merge(body, action->body, &merged, NULL);
    if (status == TW_OK) {
        tw_status copied = TW_OK;
        const char *text = tw_arena_copy(arena, merged.data_own, merged.bytes);
        if (!text)
            copied = TW_NO_MEMORY;
        *out = (tw_doc_row){.kind = TW_STR("settings"),
                            .id = TW_STR("settings"),
                            .seq = seq,
                            .order_ms = action->at_ms,
                            .body = {text, merged.bytes}};
        status = copied;
    }
    tw_buf_release(&merged);
    return status;
}

static tw_status apply(const twi_desk *desk, tw_str kind, tw_str body, const tw_action *action,
                       uint64_t seq, tw_arena *arena, tw_doc_row *out)
{
    if (tw_str_equal(kind, TW_STR("case")))
        return tw_case_apply(body, action, seq, desk->currency, arena, out);
    if (tw_str_equal(kind, TW_STR("settings")))
        return apply_settings(desk->alloc, body, action, seq, arena, out);
    return tw_entry_apply(body, action, seq, arena, out);
}

tw_status twi_desk_apply(twi_desk *desk, const tw_action *action, uint64_t seq, tw_err *err)
{
    tw_str kind = twi_doc_kind_of(tw_action_kind_from(action->kind));
    tw_str id = tw_str_equal(kind, TW_STR("settings")) ? TW_STR("settings") : action->subject;
    twi_doc *doc;
    tw_doc_row row;
    if (kind.bytes == 0 || id.bytes == 0 || id.bytes > TW_ID_MAX_BYTES)
        return TW_OK;
    TW_TRY(twi_desk_get(desk, kind, id, &doc, err));
    TW_CHECK(doc);
    tw_arena *next = &doc->arenas[!doc->turn];
    tw_arena_reset(next);
    tw_status status = apply(desk, kind, doc->row.body, action, seq, next, &row);
    if (status == TW_NO_MEMORY)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a document");
    if (status != TW_OK)
        return TW_OK;
    const char *id_text = tw_arena_copy(next, id.at, id.bytes);
    if (!id_text)
        return tw_fail(err, TW_NO_MEMORY, "no memory for a document");
    row.kind = kind;
    row.id = (tw_str){id_text, id.bytes};
    doc->row = row;
    doc->turn = !doc->turn;
    doc->is_changed = true;
    return TW_OK;
}

tw_status twi_desk_rows(const twi_desk *desk, tw_arena *arena, tw_doc_row **out, size_t *n)
{
    tw_doc_row *rows = tw_arena_array(arena, desk->n + 1, sizeof(*rows));
    *out = rows;
    *n = 0;
    if (!rows)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < desk->n; i++)
        if (desk->docs_own[i]->is_changed)
            rows[(*n)++] = desk->docs_own[i]->row;
    return TW_OK;
}
