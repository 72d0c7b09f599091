// SPDX-License-Identifier: Apache-2.0
//
// Searching. A page is filled from batches of journal positions, newest first: of the index, when a
// condition is one that few transactions fulfil, or of days, a few at a time, newest first. Every
// hit is read from the journal and looked at by tw_search_matches.
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "internal.h"
#include "search_sql.h"

// A page ends when this is over and something was looked at.
#define PAGE_NS UINT64_C(1500000000)
#define NEEDLE_BATCH 256
// Rows of a plan: a store and a day that come into question.
#define PLAN_ROWS 50000
#define PLAN_STORES 200
#define STEP_DAYS_MAX 32
// A business date may be that far from the day of the transaction's time, in UTC.
#define DAY_SLACK 3

void tw_search_init(tw_search *search)
{
    *search = (tw_search){.amount_from_minor = INT64_MIN,
                          .amount_to_minor = INT64_MAX,
                          .discount_from_minor = INT64_MIN,
                          .discount_to_minor = INT64_MAX,
                          .from_ms = INT64_MIN,
                          .to_ms = INT64_MAX,
                          .first_day = INT32_MIN,
                          .last_day = INT32_MAX,
                          .risk_from = (float)NAN,
                          .risk_to = (float)NAN};
}

// --- the definition
// -------------------------------------------------------------------------------

static bool is_one(tw_str wanted, tw_str value)
{
    return wanted.bytes == 0 || tw_str_equal(wanted, value);
}

static bool is_tri(tw_tri wanted, bool value)
{
    return wanted == TW_ANY || (wanted == TW_YES) == value;
}

static bool has_part(tw_str text, tw_str part)
{
    for (size_t i = 0; i + part.bytes <= text.bytes; i++)
        if (tw_str_equal_nocase((tw_str){text.at + i, part.bytes}, part))
            return true;
    return false;
}

static bool has_text(const tw_search *s, const tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    if (s->text.bytes == 0 || has_part(t->transaction_id, s->text) ||
        has_part(t->original_transaction_id, s->text) ||
        has_part(t->void_of_transaction_id, s->text) || has_part(t->override_reason, s->text))
        return true;
    for (size_t i = 0; i < view->signal_n; i++)
        if (has_part(view->signals[i].sentence, s->text))
            return true;
    return false;
}

static bool has_members(const tw_search *s, const tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    bool has_token = s->account_token.bytes == 0, has_sku = s->sku.bytes == 0;
    bool has_signal = s->signal.bytes == 0;
    for (size_t i = 0; i < t->tender_n; i++)
        has_token = has_token || tw_str_equal(t->tenders[i].account_token, s->account_token);
    for (size_t i = 0; i < t->line_n; i++)
        has_sku = has_sku || tw_str_equal(t->lines[i].sku, s->sku);
    for (size_t i = 0; i < view->signal_n; i++)
        has_signal = has_signal || tw_str_equal(view->signals[i].name, s->signal);
    return has_token && has_sku && has_signal;
}

static bool has_ids(const tw_search *s, const tw_transaction *t)
{
    bool is_original = s->original_transaction_id.bytes == 0 ||
                       tw_str_equal(t->original_transaction_id, s->original_transaction_id) ||
                       tw_str_equal(t->void_of_transaction_id, s->original_transaction_id);
    bool is_store = s->stores.n == 0;
    for (size_t i = 0; i < s->stores.n && !is_store; i++)
        is_store = tw_str_equal(s->stores.items[i], t->store_id);
    return is_original && is_store && is_one(s->transaction_id, t->transaction_id) &&
           is_one(s->register_id, t->register_id) && is_one(s->employee_id, t->employee_id) &&
           is_one(s->override_employee_id, t->override_employee_id) &&
           is_one(s->customer_id, t->customer_id) && is_one(s->loyalty_id, t->loyalty_id);
}

static bool is_in_time(const tw_search *s, const tw_transaction *t)
{
    if (t->time_ms < s->from_ms || t->time_ms >= s->to_ms || t->business_day < s->first_day ||
        t->business_day > s->last_day)
        return false;
    int64_t in_day = tw_transaction_local_ms(t) % TW_DAY_MS;
    int hour = (int)((in_day < 0 ? in_day + TW_DAY_MS : in_day) / TW_HOUR_MS);
    if (s->hour_from == s->hour_to)
        return true;
    bool is_late = hour >= s->hour_from, is_early = hour < s->hour_to;
    return s->hour_from < s->hour_to ? is_late && is_early : is_late || is_early;
}

static bool is_in_range(const tw_search *s, const tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    int64_t amount = t->total_minor < 0 ? -t->total_minor : t->total_minor;
    bool is_risky = (isnan(s->risk_from) || view->score.risk >= s->risk_from) &&
                    (isnan(s->risk_to) || view->score.risk <= s->risk_to);
    return is_risky && amount >= s->amount_from_minor && amount <= s->amount_to_minor &&
           t->discount_minor >= s->discount_from_minor && t->discount_minor <= s->discount_to_minor;
}

bool tw_search_matches(const tw_search *s, const tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    return (s->types == 0 || (s->types & (UINT32_C(1) << t->type))) &&
           (s->payment_types == 0 || (s->payment_types & (UINT32_C(1) << t->payment_type))) &&
           is_tri(s->alerted, view->alert_id.bytes > 0) &&
           is_tri(s->refund, tw_transaction_is(t, TW_TXN_FLAG_REFUND)) &&
           is_tri(s->voided, tw_transaction_is(t, TW_TXN_FLAG_VOID)) &&
           is_tri(s->overridden, t->override_employee_id.bytes > 0) && has_ids(s, t) &&
           is_in_time(s, t) && is_in_range(s, view) && has_members(s, view) && has_text(s, view);
}

// --- one page
// -------------------------------------------------------------------------------------

typedef struct finder {
    tw_service *service;
    tw_lake_live *live;
    const tw_search *search;
    tw_arena *arena;
    tw_transaction_view *items;
    size_t n, limit;
    twi_spot spot; // everything up to here was looked at
    bool has_spot;
    bool is_full, is_done;
    int32_t first_day, last_day; // that come into question
    uint64_t until_ns;
} finder;

static bool is_time_over(const finder *f)
{
    return tw_monotonic_ns() > f->until_ns;
}

// Looks at the transactions of `rows` (column 0: seq), in their order.
static tw_status look_at(finder *f, const twi_rows *rows, tw_err *err)
{
    for (size_t i = 0; i < rows->row_n && !f->is_full; i++) {
        tw_transaction_view *view = &f->items[f->n];
        uint64_t seq = (uint64_t)twi_rows_integer(rows, i, 0);
        if (f->has_spot && f->spot.seq == seq)
            continue; // in the index twice: it returns and voids the same one
        TW_TRY(tw_query_seq(f->service, seq, f->arena, view, err));
        f->spot = (twi_spot){view->transaction->business_day, view->transaction->time_ms, seq};
        f->has_spot = true;
        if (tw_search_matches(f->search, view))
            f->is_full = ++f->n == f->limit;
    }
    return TW_OK;
}

static tw_status ask(finder *f, tw_buf *sql, uint64_t row_max, twi_rows *rows, tw_err *err)
{
    tw_buf_cstr(sql, TWI_SQL_ORDER);
    tw_status status = twi_lake_ask(f->live, sql, row_max, f->arena, rows, err);
    tw_buf_release(sql);
    return status;
}

static void begin(const finder *f, tw_buf *sql, const char *text)
{
    tw_buf_init(sql, f->service->alloc, (size_t)4 << 20);
    tw_buf_cstr(sql, text);
}

// Of `needles`, or, without a kind, of `exceptions`.
static tw_status search_index(finder *f, const char *kind, tw_str text, tw_err *err)
{
    int64_t hash = 0;
    if (kind)
        TW_TRY(twi_needle_hash(f->live, f->service->alloc, kind, text, f->arena, &hash, err));
    while (!f->is_full && !f->is_done) {
        tw_buf sql;
        twi_rows rows;
        begin(f, &sql,
              kind ? "SELECT seq, date, transaction_time FROM needles WHERE hash = "
                   : "SELECT seq, date, transaction_time FROM exceptions WHERE true");
        if (kind)
            tw_buf_printf(&sql, "%lld", (long long)hash);
        else
            twi_sql_risk(&sql, f->search);
        twi_sql_needle_conditions(&sql, f->search);
        if (f->has_spot)
            twi_sql_behind(&sql, &f->spot);
        TW_TRY(ask(f, &sql, NEEDLE_BATCH, &rows, err));
        TW_TRY(look_at(f, &rows, err));
        f->is_done = !f->is_full && rows.row_n < NEEDLE_BATCH;
        if (is_time_over(f))
            break;
    }
    return TW_OK;
}

// Everything that matches is in `exceptions`.
static bool is_exception(const tw_search *s)
{
    return s->alerted == TW_YES || (!isnan(s->risk_from) && s->risk_from >= 0.5f);
}

// --- days
// -----------------------------------------------------------------------------------------

// The days (and stores) that sums leave in question; is_known false: every day, every store.
typedef struct plan {
    bool is_known;
    twi_rows rows; // date, store_id; newest day first
} plan;

// Where a sum of the day tells that there is something; "" = no sum does.
static const char *day_condition(const tw_search *s)
{
    if (s->types == UINT32_C(1) << TW_TXN_NO_SALE)
        return "no_sale_n > 0";
    if (s->overridden == TW_YES)
        return "override_n > 0";
    if (s->voided == TW_YES)
        return "void_n > 0";
    if (s->refund == TW_YES)
        return "refund_n > 0";
    return "";
}

static bool put_plan(const finder *f, tw_buf *sql)
{
    const tw_search *s = f->search;
    const char *condition = day_condition(s);
    if (s->employee_id.bytes > 0) {
        begin(f, sql, "SELECT date, store_id FROM employee_days WHERE employee_id = ");
        twi_sql_text(sql, s->employee_id);
    } else if (s->sku.bytes > 0) {
        begin(f, sql, "SELECT date, store_id FROM item_days WHERE sku = ");
        twi_sql_text(sql, s->sku);
        condition = "";
    } else if (condition[0]) {
        begin(f, sql, "SELECT date, store_id FROM store_days WHERE true");
    } else {
        return false;
    }
    if (condition[0])
        tw_buf_printf(sql, " AND %s", condition);
    if (s->stores.n > 0) {
        tw_buf_cstr(sql, " AND store_id IN ");
        twi_sql_list(sql, s->stores.items, s->stores.n);
    }
    tw_buf_cstr(sql, " AND date >= ");
    twi_sql_date(sql, f->first_day);
    tw_buf_cstr(sql, " AND date <= ");
    twi_sql_date(sql, f->last_day);
    tw_buf_cstr(sql, " GROUP BY date, store_id ORDER BY date DESC, store_id");
    return true;
}

static tw_status make_plan(finder *f, plan *out, tw_err *err)
{
    tw_buf sql;
    *out = (plan){.is_known = false};
    if (!put_plan(f, &sql))
        return TW_OK;
    out->is_known = true;
    tw_status status = twi_lake_ask(f->live, &sql, PLAN_ROWS, f->arena, &out->rows, err);
    tw_buf_release(&sql);
    return status;
}

// Transactions of [first, last], and of these stores when there are some. *is_done false: the page
// is full or its time is over.
static tw_status search_days(finder *f, int32_t first, int32_t last, const tw_str *stores,
                             size_t store_n, bool *is_done, tw_err *err)
{
    *is_done = false;
    while (!f->is_full && !*is_done) {
        tw_buf sql;
        twi_rows rows;
        uint64_t wanted = f->limit - f->n;
        begin(f, &sql, "SELECT seq, date, transaction_time FROM transactions WHERE date >= ");
        twi_sql_date(&sql, first);
        tw_buf_cstr(&sql, " AND date <= ");
        twi_sql_date(&sql, last);
        if (store_n > 0) {
            tw_buf_cstr(&sql, " AND store_id IN ");
            twi_sql_list(&sql, stores, store_n);
        }
        twi_sql_conditions(&sql, f->search);
        if (f->has_spot)
            twi_sql_behind(&sql, &f->spot);
        TW_TRY(ask(f, &sql, wanted, &rows, err));
        TW_TRY(look_at(f, &rows, err));
        *is_done = !f->is_full && rows.row_n < wanted;
        if (!*is_done && is_time_over(f))
            return TW_OK;
    }
    if (*is_done) {
        f->spot = (twi_spot){first, 0, 0};
        f->has_spot = true;
    }
    return TW_OK;
}

// Stores of plan rows [from, to), without doubles; 0 when there are many.
static size_t stores_of(const plan *p, size_t from, size_t to, tw_str out[PLAN_STORES])
{
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        tw_str store = twi_rows_at(&p->rows, i, 1);
        bool is_known = false;
        for (size_t k = 0; k < n && !is_known; k++)
            is_known = tw_str_equal(out[k], store);
        if (is_known)
            continue;
        if (n == PLAN_STORES)
            return 0;
        out[n++] = store;
    }
    return n;
}

// A plan that was cut off lacks stores of its last day: that day is another page's.
static bool cut_last_day(plan *p)
{
    size_t n = p->rows.row_n;
    if (n < PLAN_ROWS)
        return false;
    int32_t last = twi_rows_day(&p->rows, n - 1, 0);
    while (n > 0 && twi_rows_day(&p->rows, n - 1, 0) == last)
        n--;
    // More stores than a plan has rows: too many to name, so that all are searched.
    p->rows.row_n = n > 0 ? n : p->rows.row_n;
    return true;
}

// Days of the plan, a growing number at a time.
static tw_status follow_plan(finder *f, plan *p, tw_err *err)
{
    tw_str stores[PLAN_STORES];
    size_t at = 0;
    bool is_done = true, is_cut = cut_last_day(p);
    for (int32_t days = 1; at < p->rows.row_n && is_done; days = TW_MIN(days * 2, STEP_DAYS_MAX)) {
        int32_t last = twi_rows_day(&p->rows, at, 0), first = last;
        size_t to = at;
        for (int32_t n = 0; to < p->rows.row_n; to++) {
            int32_t day = twi_rows_day(&p->rows, to, 0);
            if (day != first && (++n == days || last - day >= STEP_DAYS_MAX * 2))
                break;
            first = day;
        }
        size_t store_n = stores_of(p, at, to, stores);
        TW_TRY(search_days(f, first, last, stores, store_n, &is_done, err));
        at = to;
        if (is_time_over(f))
            break;
    }
    f->is_done = is_done && at == p->rows.row_n && !is_cut;
    return TW_OK;
}

static tw_status follow_calendar(finder *f, tw_err *err)
{
    int32_t last = f->last_day, days = 1;
    bool is_done = true;
    while (last >= f->first_day && is_done) {
        int32_t first = TW_MAX(f->first_day, last - days + 1);
        TW_TRY(search_days(f, first, last, NULL, 0, &is_done, err));
        last = first - 1;
        days = TW_MIN(days * 2, STEP_DAYS_MAX);
        if (is_time_over(f))
            break;
    }
    f->is_done = is_done && last < f->first_day;
    return TW_OK;
}

static tw_status search_by_day(finder *f, tw_err *err)
{
    plan p;
    if (f->has_spot)
        f->last_day = TW_MIN(f->last_day, f->spot.day - (f->spot.time_ms == 0));
    if (f->first_day > f->last_day) {
        f->is_done = true;
        return TW_OK;
    }
    TW_TRY(make_plan(f, &p, err));
    return p.is_known ? follow_plan(f, &p, err) : follow_calendar(f, err);
}

// --- the page
// -------------------------------------------------------------------------------------

static bool read_cursor(tw_str cursor, twi_spot *out)
{
    const char *at = cursor.at, *end = cursor.at + cursor.bytes;
    int64_t parts[3];
    for (size_t i = 0; i < 3; i++) {
        const char *dot = at < end ? memchr(at, '.', (size_t)(end - at)) : NULL;
        const char *stop = i < 2 ? dot : end;
        if (!stop || !tw_str_to_i64((tw_str){at, (size_t)(stop - at)}, &parts[i]))
            return false;
        at = stop + 1;
    }
    bool is_good = parts[0] >= INT32_MIN && parts[0] <= INT32_MAX && parts[1] >= INT64_MIN / 1000 &&
                   parts[1] <= INT64_MAX / 1000 && parts[2] >= 0;
    *out = (twi_spot){(int32_t)parts[0], parts[1], (uint64_t)parts[2]};
    return is_good;
}

// Clips the days that come into question; false when there are none.
static bool clip_days(finder *f)
{
    const tw_search *s = f->search;
    if (!tw_lake_live_days(f->live, &f->first_day, &f->last_day))
        return false;
    f->first_day = TW_MAX(f->first_day, s->first_day);
    f->last_day = TW_MIN(f->last_day, s->last_day);
    if (s->from_ms != INT64_MIN)
        f->first_day = TW_MAX(f->first_day, tw_floor_day(s->from_ms) - DAY_SLACK);
    if (s->to_ms != INT64_MAX)
        f->last_day = TW_MIN(f->last_day, tw_floor_day(s->to_ms) + DAY_SLACK);
    return f->first_day <= f->last_day;
}

// A transaction's own id is known to the engine.
static tw_status search_id(finder *f, tw_err *err)
{
    tw_status status =
        tw_query_transaction(f->service, f->search->transaction_id, f->arena, &f->items[0], err);
    f->is_done = true;
    if (status == TW_NOT_FOUND)
        return TW_OK;
    TW_TRY(status);
    f->n = tw_search_matches(f->search, &f->items[0]) ? 1 : 0;
    return TW_OK;
}

static tw_status finish(finder *f, tw_search_page *out, tw_err *err)
{
    tw_status status = TW_OK;
    char text[80];
    out->items = f->items;
    out->n = f->n;
    out->searched_from_day = f->is_done || !f->has_spot ? f->first_day : f->spot.day;
    if (f->is_done)
        return TW_OK;
    int n = snprintf(text, sizeof(text), "%d.%lld.%llu", (int)f->spot.day,
                     (long long)f->spot.time_ms, (unsigned long long)f->spot.seq);
    out->next_cursor = twi_arena_str(f->arena, (tw_str){text, (size_t)n}, &status);
    return status == TW_OK ? TW_OK : tw_fail(err, status, "no memory for the search");
}

tw_status tw_lake_settle(tw_service *service, tw_lake_live *live, int64_t *up_to_ms, tw_err *err)
{
    *up_to_ms = 0;
    if (!live)
        return tw_fail(err, TW_UNSUPPORTED, TW_NO_LAKE);
    twi_project_settle(service); // scores come from the projection
    return tw_lake_live_settle(live, up_to_ms, err);
}

tw_status tw_query_search(tw_service *service, tw_lake_live *live, const tw_search *search,
                          uint32_t limit, tw_str cursor, tw_arena *arena, tw_search_page *out,
                          tw_err *err)
{
    const char *kind;
    tw_str text;
    finder f = {.service = service, .live = live, .search = search, .arena = arena};
    *out = (tw_search_page){0};
    f.limit = limit ? TW_MIN(limit, (uint32_t)TW_SEARCH_LIMIT_MAX) : TW_SEARCH_LIMIT_DEFAULT;
    f.until_ns = tw_monotonic_ns() + PAGE_NS;
    if (cursor.bytes > 0 && !(f.has_spot = read_cursor(cursor, &f.spot)))
        return tw_fail(err, TW_INVALID, "the cursor is not one of ours");
    f.items = tw_arena_array(arena, f.limit, sizeof(*f.items));
    if (!f.items)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the search");
    TW_TRY(tw_lake_settle(service, live, &out->up_to_ms, err));
    out->has_days = clip_days(&f);
    if (!out->has_days)
        f.is_done = true;
    else if (search->transaction_id.bytes > 0)
        TW_TRY(search_id(&f, err));
    else if (twi_search_needle(search, &kind, &text))
        TW_TRY(search_index(&f, kind, text, err));
    else if (is_exception(search))
        TW_TRY(search_index(&f, NULL, TW_STR_NONE, err));
    else
        TW_TRY(search_by_day(&f, err));
    return finish(&f, out, err);
}
