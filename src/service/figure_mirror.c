// SPDX-License-Identifier: Apache-2.0
//
// Loading and following. Alerts are found by the number in their id; names are numbered as they
// come and never forgotten before the next load.
#include "figure_mirror.h"

#include <yyjson.h>

#include "service/work.h"

#define ALERTS_MAX (UINT32_C(1) << 28)
#define NAMES_MAX (UINT32_C(1) << 24)
#define EVENTS_STEP 64
#define PAGE_BYTES ((size_t)256 << 20)

typedef struct named {
    tw_str text;
    uint32_t title; // of a scheme or a signal, for people: a name; 0 = none
} named;

struct twi_mirror {
    pthread_mutex_t lock;
    const tw_alloc *alloc;
    bool is_loaded;
    uint64_t event_id;           // seen up to and including this one
    tw_ledger_position position; // in reader mode, instead of events
    twi_figure *figures_own;
    size_t n, cap;
    tw_table by_key;    // tw_alert_key_from(id) -> figure
    tw_arena name_text; // of names_own
    named *names_own;
    size_t name_n, name_cap;
    tw_table by_name;
    tw_arena page; // of one page of rows
    tw_buf json;   // yyjson's memory for one body
};

void twi_mirror_init(tw_service *service)
{
    twi_mirror *m = tw_new(service->alloc, twi_mirror);
    service->mirror_own = m;
    if (!m)
        return;
    m->alloc = service->alloc;
    TW_CHECK(pthread_mutex_init(&m->lock, NULL) == 0);
    tw_table_init(&m->by_key, m->alloc, ALERTS_MAX);
    tw_table_init(&m->by_name, m->alloc, NAMES_MAX);
    tw_arena_init(&m->name_text, m->alloc, 0, PAGE_BYTES);
    tw_arena_init(&m->page, m->alloc, 0, PAGE_BYTES);
    tw_buf_init(&m->json, m->alloc, PAGE_BYTES);
}

void twi_mirror_release(tw_service *service)
{
    twi_mirror *m = service->mirror_own;
    service->mirror_own = NULL;
    if (!m)
        return;
    tw_table_release(&m->by_key);
    tw_table_release(&m->by_name);
    tw_arena_release(&m->name_text);
    tw_arena_release(&m->page);
    tw_buf_release(&m->json);
    tw_free_array(m->alloc, m->figures_own, m->cap, sizeof(*m->figures_own));
    tw_free_array(m->alloc, m->names_own, m->name_cap, sizeof(*m->names_own));
    pthread_mutex_destroy(&m->lock);
    tw_delete(m->alloc, m);
}

// --- names
// -------------------------------------------------------------------------------------------

static tw_status name_add(twi_mirror *m, tw_str name, uint32_t *out)
{
    TW_TRY(tw_grow(m->alloc, (void **)&m->names_own, &m->name_cap, m->name_n + 1,
                   sizeof(*m->names_own), NAMES_MAX));
    char *text = tw_arena_copy(&m->name_text, name.at, name.bytes);
    if (!text)
        return TW_NO_MEMORY;
    m->names_own[m->name_n] = (named){.text = {text, name.bytes}};
    *out = (uint32_t)m->name_n++;
    return TW_OK;
}

static tw_status name_of(twi_mirror *m, tw_str name, uint32_t *out)
{
    for (uint64_t salt = 0;; salt++) {
        tw_table_slot *slot;
        TW_TRY(tw_table_at(&m->by_name, tw_hash_str(name, salt), &slot));
        if (slot->value == TW_TABLE_NONE) {
            uint32_t number = 0;
            TW_TRY(name_add(m, name, &number));
            slot->value = number;
        }
        *out = slot->value;
        if (tw_str_equal(m->names_own[slot->value].text, name))
            return TW_OK;
    }
}

// --- alerts
// ------------------------------------------------------------------------------------------

static tw_status title_of(twi_mirror *m, yyjson_val *object, uint32_t name)
{
    yyjson_val *title = yyjson_obj_get(object, "title");
    uint32_t number = 0;
    if (!yyjson_is_str(title))
        return TW_OK;
    TW_TRY(name_of(m, (tw_str){yyjson_get_str(title), yyjson_get_len(title)}, &number));
    m->names_own[name].title = number;
    return TW_OK;
}

static tw_status read_body(twi_mirror *m, tw_str body, twi_figure *out)
{
    size_t bytes = yyjson_read_max_memory_usage(body.bytes, YYJSON_READ_NOFLAG);
    yyjson_alc alc;
    tw_buf_reset(&m->json);
    TW_TRY(tw_buf_reserve(&m->json, bytes));
    if (!yyjson_alc_pool_init(&alc, m->json.data_own, bytes))
        return TW_NO_MEMORY;
    union {
        const char *in;
        char *out;
    } text = {.in = body.at}; // without the flag for reading in place it is only read
    yyjson_doc *doc = yyjson_read_opts(text.out, body.bytes, YYJSON_READ_NOFLAG, &alc, NULL);
    yyjson_val *root = yyjson_doc_get_root(doc), *reasons = yyjson_obj_get(root, "reasons"),
               *reason;
    size_t i, max;
    TW_TRY(title_of(m, root, out->scheme));
    out->signal_n = 0;
    yyjson_arr_foreach(reasons, i, max, reason)
    {
        yyjson_val *signal = yyjson_obj_get(reason, "signal");
        if (!yyjson_is_str(signal) || out->signal_n == TW_COUNT(out->signals))
            break;
        tw_str name = {yyjson_get_str(signal), yyjson_get_len(signal)};
        TW_TRY(name_of(m, name, &out->signals[out->signal_n]));
        TW_TRY(title_of(m, reason, out->signals[out->signal_n]));
        out->signal_n++;
    }
    return TW_OK;
}

static tw_status to_figure(twi_mirror *m, const char currency[4], const tw_alert_row *row,
                           twi_figure *out)
{
    tw_alert_status status = TW_WORK_NEW;
    tw_verdict_kind verdict = TW_VERDICT_CONFIRMED;
    (void)tw_alert_status_from(row->status, &status);
    *out = (twi_figure){
        .created_ms = row->created_ms,
        .first_viewed_ms = row->first_viewed_ms,
        .decided_ms = row->decided_ms,
        .snoozed_until_ms = row->snoozed_until_ms,
        .exposure_minor = row->exposure_minor,
        .recovered_minor = row->recovered_minor,
        .risk = row->risk_score,
        .first_seq = row->first_seq,
        .has_verdict = tw_verdict_from(row->verdict, &verdict),
        .is_own_currency = tw_str_equal(row->currency, tw_str_from(currency)),
    };
    out->status = (uint8_t)status;
    out->verdict = (uint8_t)verdict;
    TW_TRY(name_of(m, row->store_id, &out->store));
    TW_TRY(name_of(m, row->scheme, &out->scheme));
    TW_TRY(name_of(m, row->type, &out->type));
    TW_TRY(name_of(m, row->assignee, &out->assignee));
    return read_body(m, row->body, out);
}

static tw_status take_row(twi_mirror *m, const char currency[4], const tw_alert_row *row)
{
    tw_table_slot *slot;
    twi_figure figure;
    uint64_t key = tw_alert_key_from(row->alert_id);
    if (key == 0)
        return TW_CORRUPT;
    TW_TRY(to_figure(m, currency, row, &figure));
    TW_TRY(tw_table_at(&m->by_key, key, &slot));
    if (slot->value == TW_TABLE_NONE) {
        // The slot is only good with its figure: without one the mirror is loaded again.
        TW_TRY(tw_grow(m->alloc, (void **)&m->figures_own, &m->cap, m->n + 1,
                       sizeof(*m->figures_own), ALERTS_MAX));
        slot->value = (uint32_t)m->n++;
    }
    m->figures_own[slot->value] = figure;
    return TW_OK;
}

static tw_status clear(twi_mirror *m)
{
    uint32_t none;
    m->n = m->name_n = 0;
    tw_table_release(&m->by_key);
    tw_table_release(&m->by_name);
    tw_arena_reset(&m->name_text);
    return name_of(m, TW_STR_NONE, &none);
}

static tw_status load(tw_service *service, twi_mirror *m, tw_err *err)
{
    static const tw_alert_filter all = {.only_open = false};
    tw_alert_page page = {.n = 0};
    char cursor[TW_LEDGER_CURSOR_BYTES] = "";
    tw_status status = clear(m);
    do {
        tw_alert_page_options options = {.sort = TW_ALERT_SORT_CREATED,
                                         .limit = TW_LEDGER_PAGE_MAX,
                                         .cursor = cursor,
                                         .skip_total = true};
        tw_arena_reset(&m->page);
        if (status == TW_OK)
            status = tw_ledger_alert_list(service->ledger, &all, &options, &m->page, &page, err);
        for (size_t i = 0; status == TW_OK && i < page.n; i++)
            status = take_row(m, service->currency, &page.items[i]);
        memcpy(cursor, page.next_cursor, sizeof(cursor));
    } while (status == TW_OK && cursor[0]);
    return status;
}

static tw_status take_alert(tw_service *service, twi_mirror *m, const char *alert_id, tw_err *err)
{
    tw_alert_row row;
    tw_arena_reset(&m->page);
    TW_TRY(tw_ledger_alert_get(service->ledger, tw_str_from(alert_id), &m->page, &row, err));
    return take_row(m, service->currency, &row);
}

// Takes over what the events name. False when some of them are not kept any more.
static bool follow(tw_service *service, twi_mirror *m, tw_status *status, tw_err *err)
{
    tw_event events[EVENTS_STEP];
    size_t n;
    *status = TW_OK;
    while ((n = tw_events_read(service, m->event_id, events, EVENTS_STEP)) > 0) {
        if (events[0].id != m->event_id + 1)
            return false;
        for (size_t i = 0; i < n && *status == TW_OK; i++)
            if (events[i].alert_id[0])
                *status = take_alert(service, m, events[i].alert_id, err);
        if (*status != TW_OK)
            return true;
        m->event_id = events[n - 1].id;
    }
    return true;
}

static tw_status refresh_live(tw_service *service, twi_mirror *m, tw_err *err)
{
    tw_status status = TW_OK;
    twi_project_settle(service);
    if (m->is_loaded && follow(service, m, &status, err))
        return status;
    // What happens during the load is seen twice, which does no harm.
    m->event_id = tw_events_newest(service);
    return load(service, m, err);
}

static tw_status refresh_reader(tw_service *service, twi_mirror *m, tw_err *err)
{
    tw_ledger_position position;
    TW_TRY(tw_ledger_get_position(service->ledger, &position, err));
    if (m->is_loaded && position.seq == m->position.seq)
        return TW_OK;
    m->position = position;
    return load(service, m, err);
}

tw_status twi_mirror_enter(tw_service *service, const twi_mirror **out, tw_err *err)
{
    twi_mirror *m = service->mirror_own;
    *out = NULL;
    if (!m)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the figures");
    pthread_mutex_lock(&m->lock);
    bool is_reader = service->mode == TW_SERVICE_READER;
    tw_err cause = {.text = ""};
    tw_status status =
        is_reader ? refresh_reader(service, m, &cause) : refresh_live(service, m, &cause);
    // After a failure nothing is known of what it holds.
    m->is_loaded = status == TW_OK;
    if (status == TW_OK) {
        *out = m;
        return TW_OK;
    }
    pthread_mutex_unlock(&m->lock);
    return tw_fail(err, status, "%s",
                   cause.text[0] ? cause.text : "the figures of the alerts cannot be read");
}

void twi_mirror_leave(tw_service *service)
{
    tw_arena_reset(&service->mirror_own->page);
    pthread_mutex_unlock(&service->mirror_own->lock);
}

const twi_figure *twi_mirror_figures(const twi_mirror *mirror, size_t *n)
{
    *n = mirror->n;
    return mirror->figures_own;
}

size_t twi_mirror_name_n(const twi_mirror *mirror)
{
    return mirror->name_n;
}

tw_str twi_mirror_name(const twi_mirror *mirror, uint32_t name)
{
    return mirror->names_own[name].text;
}

tw_str twi_mirror_title(const twi_mirror *mirror, uint32_t name)
{
    return mirror->names_own[mirror->names_own[name].title].text;
}
