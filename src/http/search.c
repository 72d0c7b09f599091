// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/search: conditions in, one page of transactions out.
#include <math.h>

#include "fields.h"
#include "lake.h"
#include "scope.h"

// --- conditions
// -----------------------------------------------------------------------------------

typedef struct id_field {
    const char *name;
    size_t at; // of a tw_str in tw_search
} id_field;

#define ID(field)                                                                                  \
    {                                                                                              \
#field, offsetof(tw_search, field)                                                         \
    }
static const id_field id_fields[] = {
    ID(text),          ID(transaction_id), ID(original_transaction_id),
    ID(register_id),   ID(employee_id),    ID(override_employee_id),
    ID(account_token), ID(customer_id),    ID(loyalty_id),
    ID(sku),           ID(signal),
};
#undef ID
enum { TEXT_MAX_BYTES = 100 };

static bool wrong(twi_request *request, const char *field, const char *sentence)
{
    twi_problem(request, 422, field, "%s %s", field, sentence);
    return false;
}

static bool read_text(twi_request *request, const char *name, yyjson_val *value, tw_str *out)
{
    size_t max = strcmp(name, "text") == 0 ? TEXT_MAX_BYTES : TW_ID_MAX_BYTES;
    *out = (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
    if (!yyjson_is_str(value) || out->bytes == 0 || out->bytes > max || !tw_str_is_utf8(*out))
        return wrong(request, name, "must be a text of at most 64 bytes (text: 100)");
    return true;
}

typedef bool find_word(tw_str name, uint32_t *out);

static bool find_type(tw_str name, uint32_t *out)
{
    tw_transaction_type type;
    bool is_known = tw_transaction_type_from(name, &type);
    *out = is_known ? (uint32_t)type : 0;
    return is_known;
}

static bool find_payment(tw_str name, uint32_t *out)
{
    tw_payment_type type;
    bool is_known = tw_payment_type_from(name, &type);
    *out = is_known ? (uint32_t)type : 0;
    return is_known;
}

static bool read_words(twi_request *request, const char *name, yyjson_val *value, find_word *find,
                       uint32_t *out)
{
    size_t i, n;
    yyjson_val *item;
    uint32_t bit;
    *out = 0;
    if (!yyjson_is_arr(value))
        return wrong(request, name, "must be a list of types");
    yyjson_arr_foreach(value, i, n, item)
    {
        if (!find((tw_str){yyjson_get_str(item), yyjson_get_len(item)}, &bit))
            return wrong(request, name, "holds something that is no such type");
        *out |= UINT32_C(1) << bit;
    }
    return true;
}

// A business date or a time.
static bool read_when(twi_request *request, const char *name, yyjson_val *value, int32_t *day,
                      int64_t *ms)
{
    tw_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    int16_t offset;
    if (tw_date_parse(text, day) || tw_time_parse(text, ms, &offset))
        return true;
    return wrong(request, name, "must be a date or a time with an offset");
}

static bool read_number(twi_request *request, const char *name, yyjson_val *value, double low,
                        double high, double *out)
{
    *out = yyjson_get_num(value);
    if (yyjson_is_num(value) && *out >= low && *out <= high)
        return true;
    twi_problem(request, 422, name, "%s must be a number from %g to %g", name, low, high);
    return false;
}

static bool read_hour(twi_request *request, const char *name, yyjson_val *value, int max, int *out)
{
    double number;
    if (!read_number(request, name, value, 0, max, &number))
        return false;
    *out = (int)number;
    return true;
}

static bool read_risk(twi_request *request, const char *name, yyjson_val *value, float *out)
{
    double number;
    if (!read_number(request, name, value, 0, 1, &number))
        return false;
    *out = (float)number;
    return true;
}

static bool read_money(twi_request *request, const char *name, yyjson_val *value, int64_t *out)
{
    if (twi_money_read(request, value, out) && *out >= 0)
        return true;
    return wrong(request, name, "must be an amount such as 12.50 that is not negative");
}

static bool read_flag(twi_request *request, const char *name, yyjson_val *value, tw_tri *out)
{
    if (!yyjson_is_bool(value))
        return wrong(request, name, "must be true or false");
    *out = yyjson_get_bool(value) ? TW_YES : TW_NO;
    return true;
}

static bool read_range(twi_request *request, const char *name, yyjson_val *value, tw_search *s,
                       bool *is_known)
{
    *is_known = true;
    if (strcmp(name, "amount_from") == 0)
        return read_money(request, name, value, &s->amount_from_minor);
    if (strcmp(name, "amount_to") == 0)
        return read_money(request, name, value, &s->amount_to_minor);
    if (strcmp(name, "discount_from") == 0)
        return read_money(request, name, value, &s->discount_from_minor);
    if (strcmp(name, "discount_to") == 0)
        return read_money(request, name, value, &s->discount_to_minor);
    if (strcmp(name, "from") == 0)
        return read_when(request, name, value, &s->first_day, &s->from_ms);
    if (strcmp(name, "to") == 0)
        return read_when(request, name, value, &s->last_day, &s->to_ms);
    if (strcmp(name, "hour_from") == 0)
        return read_hour(request, name, value, 23, &s->hour_from);
    if (strcmp(name, "hour_to") == 0)
        return read_hour(request, name, value, 24, &s->hour_to);
    if (strcmp(name, "risk_from") == 0)
        return read_risk(request, name, value, &s->risk_from);
    if (strcmp(name, "risk_to") == 0)
        return read_risk(request, name, value, &s->risk_to);
    *is_known = false;
    return false;
}

static bool read_member(twi_request *request, const char *name, yyjson_val *value, tw_search *s,
                        tw_str *store_id)
{
    bool is_known;
    for (size_t i = 0; i < TW_COUNT(id_fields); i++)
        if (strcmp(id_fields[i].name, name) == 0)
            return read_text(request, name, value, (tw_str *)(void *)((char *)s + id_fields[i].at));
    if (strcmp(name, "store_id") == 0)
        return read_text(request, name, value, store_id);
    if (strcmp(name, "type") == 0)
        return read_words(request, name, value, find_type, &s->types);
    if (strcmp(name, "payment_type") == 0)
        return read_words(request, name, value, find_payment, &s->payment_types);
    if (strcmp(name, "alerted") == 0)
        return read_flag(request, name, value, &s->alerted);
    if (strcmp(name, "refund_flag") == 0)
        return read_flag(request, name, value, &s->refund);
    if (strcmp(name, "void_flag") == 0)
        return read_flag(request, name, value, &s->voided);
    if (strcmp(name, "overridden") == 0)
        return read_flag(request, name, value, &s->overridden);
    bool is_good = read_range(request, name, value, s, &is_known);
    if (!is_known)
        twi_problem(request, 422, NULL, "\"%.60s\" is not a condition of a search", name);
    return is_good;
}

bool twi_search_read(twi_request *request, yyjson_val *body, tw_search *out, bool *is_nothing)
{
    size_t i, n;
    yyjson_val *key, *value;
    tw_str store_id = TW_STR_NONE;
    tw_search_init(out);
    *is_nothing = false;
    yyjson_obj_foreach(body, i, n, key, value)
    {
        const char *name = yyjson_get_str(key);
        bool is_page = strcmp(name, "limit") == 0 || strcmp(name, "cursor") == 0;
        if (!is_page && !read_member(request, name, value, out, &store_id))
            return false;
    }
    twi_scope_stores(request, &out->stores);
    if (store_id.bytes == 0)
        return true;
    *is_nothing = !twi_scope_has(request, store_id);
    tw_str *one = tw_arena_array(&request->arena, 1, sizeof(*one));
    if (!one) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return false;
    }
    *one = store_id;
    out->stores = (tw_str_list){one, 1};
    return true;
}

// --- hits
// -----------------------------------------------------------------------------------------

static tw_str first_token(const tw_transaction *t)
{
    for (size_t i = 0; i < t->tender_n; i++)
        if (t->tenders[i].account_token.bytes > 0)
            return t->tenders[i].account_token;
    return TW_STR_NONE;
}

void twi_json_hit(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view)
{
    const tw_transaction *t = view->transaction;
    twi_json_str(doc, object, "transaction_id", t->transaction_id);
    twi_json_time(doc, object, "time", t->time_ms, t->offset_min);
    twi_json_date(doc, object, "business_date", t->business_day);
    twi_json_str(doc, object, "store_id", t->store_id);
    twi_json_str(doc, object, "register_id", t->register_id);
    twi_json_str(doc, object, "employee_id", t->employee_id);
    twi_json_cstr(doc, object, "type", tw_transaction_type_name(t->type));
    twi_json_cstr(doc, object, "payment_type", tw_payment_type_name(t->payment_type));
    twi_json_money(doc, object, "total", t->total_minor, t->currency);
    twi_json_money(doc, object, "discount", t->discount_minor, t->currency);
    twi_json_uint(doc, object, "item_count", (uint64_t)t->item_count);
    twi_json_bool(doc, object, "refund_flag", tw_transaction_is(t, TW_TXN_FLAG_REFUND));
    twi_json_bool(doc, object, "void_flag", tw_transaction_is(t, TW_TXN_FLAG_VOID));
    twi_json_str_or_null(doc, object, "customer_id", t->customer_id);
    twi_json_str_or_null(doc, object, "account_token", first_token(t));
    twi_json_share(doc, object, "risk_score", view->score.risk);
    yyjson_mut_val *signals = twi_json_array(doc, object, "signals");
    yyjson_mut_val *reasons = twi_json_array(doc, object, "reasons");
    for (size_t i = 0; i < view->signal_n; i++) {
        const tw_signal_view *signal = &view->signals[i];
        yyjson_mut_arr_add_strn(doc, signals, signal->name.at, signal->name.bytes);
        yyjson_mut_arr_add_strn(doc, reasons, signal->sentence.at, signal->sentence.bytes);
    }
    twi_json_str_or_null(doc, object, "alert_id", view->alert_id);
}

void twi_json_hits(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
                   const tw_transaction_view *views, size_t n)
{
    yyjson_mut_val *items = twi_json_array(doc, root, key);
    for (size_t i = 0; i < n; i++)
        twi_json_hit(doc, yyjson_mut_arr_add_obj(doc, items), &views[i]);
}

// --- the route
// ------------------------------------------------------------------------------------

static bool read_page(twi_request *request, yyjson_val *body, uint32_t *limit, tw_str *cursor)
{
    yyjson_val *value = yyjson_obj_get(body, "limit");
    double number = TW_SEARCH_LIMIT_DEFAULT;
    if (value && !read_number(request, "limit", value, 1, TW_SEARCH_LIMIT_MAX, &number))
        return false;
    *limit = (uint32_t)number;
    value = yyjson_obj_get(body, "cursor");
    *cursor = (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
    return !value || yyjson_is_null(value) || yyjson_is_str(value) ||
           wrong(request, "cursor", "is not of this search");
}

static void json_page(yyjson_mut_doc *doc, yyjson_mut_val *root, const tw_search_page *page,
                      uint64_t started_ns)
{
    twi_json_hits(doc, root, "items", page->items, page->n);
    twi_json_str_or_null(doc, root, "next_cursor", page->next_cursor);
    if (page->has_days)
        twi_json_date(doc, root, "searched_from", page->searched_from_day);
    else
        twi_json_null(doc, root, "searched_from");
    twi_json_time(doc, root, "up_to", page->up_to_ms, 0);
    twi_json_uint(doc, root, "milliseconds", (tw_monotonic_ns() - started_ns) / 1000000);
}

void twi_handle_search(twi_request *request)
{
    uint64_t started_ns = tw_monotonic_ns();
    tw_http *http = request->http;
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *object = yyjson_doc_get_root(body);
    tw_search search;
    tw_search_page page = {0};
    uint32_t limit;
    tw_str cursor;
    bool is_nothing;
    tw_err err = {0};
    if (!body || !read_page(request, object, &limit, &cursor) ||
        !twi_search_read(request, object, &search, &is_nothing))
        return;
    page.up_to_ms = http->clock->now_ms(http->clock->ctx);
    tw_status status = is_nothing ? TW_OK
                                  : tw_query_search(http->service, http->lake, &search, limit,
                                                    cursor, &request->arena, &page, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (status == TW_INVALID) {
        twi_problem(request, 422, "cursor", "%s", err.text);
        return;
    }
    if (!twi_lake_begin(request, status, &err, &doc, &root))
        return;
    json_page(doc, root, &page, started_ns);
    twi_reply_json(request, 200, doc);
}
