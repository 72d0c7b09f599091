// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the bodies of actions, one a line: the kind's number, then the body. Checking and
// applying never fail but as they say; what passes the check leaves a file that holds; the same
// actions give the same bytes.
#include "workflow/alert_work.h"
#include "workflow/case_work.h"
#include "workflow/entry_work.h"
#include "workflow/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

typedef struct world {
    tw_alert_work alert;
    tw_str case_file, entry;
} world;

static void must_be(tw_status status, tw_status allowed)
{
    TW_CHECK(status == TW_OK || status == TW_INVALID || status == allowed);
}

static void try_alert(world *w, const tw_action *action, uint64_t seq, tw_arena *arena)
{
    tw_err err = {0};
    tw_status status = tw_alert_work_check(&w->alert, action, arena, &err);
    TW_CHECK(status == TW_OK || err.text[0] != '\0');
    TW_CHECK(tw_alert_work_apply(&w->alert, action, seq, arena) == TW_OK);
    TW_CHECK(w->alert.status < TW_ALERT_STATUS_N);
    TW_CHECK(w->alert.assignee.bytes <= TW_ID_MAX_BYTES);
}

static void try_case(world *w, const tw_action *action, uint64_t seq, tw_arena *arena)
{
    tw_err err = {0};
    tw_case_limits limits = {.approval_minor = 10, .may_manage = seq % 2 == 0};
    tw_doc_row row, again;
    tw_status checked = tw_case_check(w->case_file, action, &limits, arena, &err);
    TW_CHECK(checked == TW_OK || err.text[0] != '\0');
    tw_status applied = tw_case_apply(w->case_file, action, seq, "USD", arena, &row);
    must_be(applied, TW_INVALID);
    if (applied != TW_OK)
        return;
    TW_CHECK(tw_case_apply(w->case_file, action, seq, "USD", arena, &again) == TW_OK);
    TW_CHECK(tw_str_equal(row.body, again.body) && row.key_n == again.key_n);
    TW_CHECK(row.state.bytes > 0 && row.body.bytes > 0);
    TW_CHECK(tw_case_check(row.body, action, &limits, arena, &err) != TW_CORRUPT);
    if (checked == TW_OK)
        w->case_file = row.body;
}

static void try_entry(world *w, const tw_action *action, uint64_t seq, tw_arena *arena)
{
    tw_err err = {0};
    tw_doc_row row;
    tw_status checked = tw_entry_check(w->entry, action, true, arena, &err);
    tw_status applied = tw_entry_apply(w->entry, action, seq, arena, &row);
    must_be(applied, TW_INVALID);
    if (checked == TW_OK) {
        TW_CHECK(applied == TW_OK);
        w->entry = row.body;
    }
}

static void try_settings(tw_str body, tw_arena *arena)
{
    tw_buf out;
    tw_err err = {0};
    tw_settings settings;
    tw_str json;
    tw_buf_init(&out, tw_alloc_system(), (size_t)2 << 20);
    if (tw_settings_merge(TW_STR_NONE, body, &out, &err) == TW_OK) {
        tw_str merged = {(const char *)out.data_own, out.bytes};
        TW_CHECK(tw_settings_read(merged, arena, &settings, &err) == TW_OK);
        TW_CHECK(tw_settings_write(&settings, arena, &json) == TW_OK);
        TW_CHECK(tw_settings_read(json, arena, &settings, &err) == TW_OK);
    } else {
        TW_CHECK(err.text[0] != '\0');
    }
    tw_buf_release(&out);
}

static void try_line(world *w, tw_str line, uint64_t seq, tw_arena *arena)
{
    tw_action_kind kind = (tw_action_kind)((uint8_t)line.at[0] % TW_ACTION_NOTE);
    tw_action action = {.kind = tw_str_from(tw_action_kind_word(kind)),
                        .subject = TW_STR("C-0001"),
                        .actor = seq % 3 ? TW_STR("ann") : TW_STR("max"),
                        .body = {line.at + 1, line.bytes - 1},
                        .at_ms = INT64_C(1770000000000)};
    if (kind <= TW_ACTION_ALERT_COMMENT)
        try_alert(w, &action, seq, arena);
    else if (kind <= TW_ACTION_CASE_EXPORT)
        try_case(w, &action, seq, arena);
    else if (kind == TW_ACTION_SETTINGS_CHANGE)
        try_settings(action.body, arena);
    else
        try_entry(w, &action, seq, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_arena arena;
    world w = {.alert = {.status = TW_WORK_NEW}};
    tw_str rest = {(const char *)data, data_bytes};
    tw_arena_init(&arena, tw_alloc_system(), 0, (size_t)1 << 30);
    for (uint64_t seq = 1; rest.bytes > 0 && seq < 64; seq++) {
        const char *end = memchr(rest.at, '\n', rest.bytes);
        tw_str line = {rest.at, end ? (size_t)(end - rest.at) : rest.bytes};
        if (line.bytes > 0)
            try_line(&w, line, seq, &arena);
        size_t used = line.bytes + (end != NULL);
        rest = (tw_str){rest.at + used, rest.bytes - used};
    }
    tw_arena_release(&arena);
    return 0;
}
