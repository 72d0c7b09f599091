// SPDX-License-Identifier: Apache-2.0
//
// What is related to an alert: the same cards, customers, receipts and items elsewhere, as lists
// and as a network, and the decided alerts that are most like it.
//
// Bounds: the newest TRANSACTIONS of the alert are looked at, at most TW_RELATED_THINGS_MAX things
// of theirs, with TW_RELATED_OTHERS_MAX transactions each of the last DAYS, and the newest
// SIMILAR_POOL decided alerts of the scheme.
#include <math.h>
#include <stdlib.h>

#include "network.h"
#include "scope.h"
#include "service/related.h"
#include "work.h"

enum {
    TRANSACTIONS = 50,
    CANDIDATES = 64,
    DAYS = 90,
    SIMILAR_POOL = 300,
    SIMILAR = 12,
};

static const char *const kind_names[TW_RELATED_N] = {"CARD", "CUSTOMER", "RECEIPT", "ITEM"};

typedef struct candidate {
    tw_related_kind kind;
    tw_str id;
    size_t own_n; // transactions of the alert that have it
} candidate;

typedef struct relation {
    twi_request *request;
    const tw_alert_view *alert;
    tw_transaction_view own[TRANSACTIONS]; // newest first
    uint64_t seqs[TRANSACTIONS];
    size_t own_n;
    candidate candidates[CANDIDATES]; // the first thing_n of them were asked for
    size_t candidate_n;
    tw_related_thing things[TW_RELATED_THINGS_MAX];
    size_t thing_n;
} relation;

// --- what the alert's transactions have
// --------------------------------------------------------------------

static void note_thing(relation *r, tw_related_kind kind, tw_str id)
{
    if (id.bytes == 0)
        return;
    for (size_t i = 0; i < r->candidate_n; i++) {
        if (r->candidates[i].kind == kind && tw_str_equal(r->candidates[i].id, id)) {
            r->candidates[i].own_n++;
            return;
        }
    }
    if (r->candidate_n < CANDIDATES)
        r->candidates[r->candidate_n++] = (candidate){kind, id, 1};
}

// An item of several lines counts once.
static void note_items(relation *r, const tw_transaction_view *view)
{
    const tw_transaction *txn = view->transaction;
    for (size_t i = 0; i < txn->line_n; i++) {
        bool is_again = false;
        for (size_t j = 0; j < i; j++)
            is_again = is_again || tw_str_equal(txn->lines[j].sku, txn->lines[i].sku);
        if (view->lines[i].is_guilty && !is_again)
            note_thing(r, TW_RELATED_ITEM, txn->lines[i].sku);
    }
}

static void note_transaction(relation *r, const tw_transaction_view *view)
{
    const tw_transaction *txn = view->transaction;
    for (size_t i = 0; i < txn->tender_n; i++) {
        bool is_again = false;
        for (size_t j = 0; j < i; j++)
            is_again = is_again ||
                       tw_str_equal(txn->tenders[j].account_token, txn->tenders[i].account_token);
        if (!is_again)
            note_thing(r, TW_RELATED_CARD, txn->tenders[i].account_token);
    }
    note_thing(r, TW_RELATED_CUSTOMER, txn->customer_id);
    note_thing(r, TW_RELATED_RECEIPT, txn->original_transaction_id);
    note_items(r, view);
}

static void read_own(relation *r)
{
    const tw_alert_view *alert = r->alert;
    for (size_t i = alert->transaction_id_n; i-- > 0 && r->own_n < TRANSACTIONS;) {
        tw_transaction_view *view = &r->own[r->own_n];
        if (tw_query_seq(r->request->http->service, alert->seqs[i], &r->request->arena, view,
                         NULL) != TW_OK)
            continue;
        note_transaction(r, view);
        r->seqs[r->own_n++] = alert->seqs[i];
    }
}

// Cards, customers and receipts tell more than items, which everybody buys.
static int most_telling(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    bool x_item = x->kind == TW_RELATED_ITEM, y_item = y->kind == TW_RELATED_ITEM;
    if (x_item != y_item)
        return x_item ? 1 : -1;
    if (x->own_n != y->own_n)
        return x->own_n < y->own_n ? 1 : -1;
    return tw_str_compare(x->id, y->id);
}

// Without a lake nothing else is known of them.
static tw_status find_others(relation *r, tw_err *err)
{
    twi_request *request = r->request;
    tw_related_query query = {.days = DAYS, .own = r->seqs, .own_n = r->own_n};
    twi_scope_stores(request, &query.stores);
    if (r->candidate_n > 1)
        qsort(r->candidates, r->candidate_n, sizeof(r->candidates[0]), most_telling);
    r->thing_n = TW_MIN(r->candidate_n, (size_t)TW_RELATED_THINGS_MAX);
    for (size_t i = 0; i < r->thing_n; i++)
        r->things[i] = (tw_related_thing){.kind = r->candidates[i].kind, .id = r->candidates[i].id};
    tw_status status = tw_query_related(request->http->service, request->http->lake, &query,
                                        r->things, r->thing_n, &request->arena, err);
    return status == TW_UNSUPPORTED ? TW_OK : status;
}

// --- as lists
// ---------------------------------------------------------------------------------------------

void twi_json_related(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_transaction_view *view)
{
    const tw_transaction *txn = view->transaction;
    twi_json_str(doc, object, "transaction_id", txn->transaction_id);
    twi_json_time(doc, object, "time", txn->time_ms, txn->offset_min);
    twi_json_str(doc, object, "store_id", txn->store_id);
    twi_json_str(doc, object, "register_id", txn->register_id);
    twi_json_str(doc, object, "employee_id", txn->employee_id);
    twi_json_cstr(doc, object, "type", tw_transaction_type_name(txn->type));
    twi_json_cstr(doc, object, "payment_type", tw_payment_type_name(txn->payment_type));
    twi_json_money(doc, object, "total", txn->total_minor, txn->currency);
    twi_json_share(doc, object, "risk_score", view->score.risk);
    twi_json_str_or_null(doc, object, "alert_id", view->alert_id);
}

static void time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key, int64_t ms)
{
    if (ms)
        twi_json_time(doc, out, key, ms, 0);
    else
        twi_json_null(doc, out, key);
}

static void put_shared(yyjson_mut_doc *doc, yyjson_mut_val *root, const relation *r)
{
    yyjson_mut_val *list = twi_json_array(doc, root, "shared");
    for (size_t t = 0; t < r->thing_n; t++) {
        const tw_related_thing *thing = &r->things[t];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
        twi_json_cstr(doc, item, "kind", kind_names[thing->kind]);
        twi_json_str(doc, item, "id", thing->id);
        twi_json_uint(doc, item, "own_n", r->candidates[t].own_n);
        twi_json_uint(doc, item, "other_n", thing->other_n);
        twi_json_uint(doc, item, "stores", thing->store_n);
        twi_json_uint(doc, item, "employees", thing->employee_n);
        time_or_null(doc, item, "first_time", thing->first_ms);
        time_or_null(doc, item, "last_time", thing->last_ms);
        yyjson_mut_val *transactions = twi_json_array(doc, item, "transactions");
        for (size_t i = 0; i < thing->others_n; i++)
            twi_json_related(doc, yyjson_mut_arr_add_obj(doc, transactions), &thing->others[i]);
    }
}

// --- the network
// ------------------------------------------------------------------------------------------

static bool has_thing(const tw_transaction *txn, const tw_related_thing *thing)
{
    bool has = thing->kind == TW_RELATED_CUSTOMER && tw_str_equal(txn->customer_id, thing->id);
    has = has || (thing->kind == TW_RELATED_RECEIPT &&
                  tw_str_equal(txn->original_transaction_id, thing->id));
    for (size_t i = 0; thing->kind == TW_RELATED_CARD && i < txn->tender_n; i++)
        has = has || tw_str_equal(txn->tenders[i].account_token, thing->id);
    for (size_t i = 0; thing->kind == TW_RELATED_ITEM && i < txn->line_n; i++)
        has = has || tw_str_equal(txn->lines[i].sku, thing->id);
    return has;
}

// Employees, and each thing between those who touched it; a thing that is nowhere else is left out,
// as it ties nobody to anybody.
static void put_network(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                        const relation *r)
{
    twi_network *net = twi_network_new(&request->arena);
    if (net)
        twi_network_subject(net, r->alert);
    for (size_t t = 0; net && t < r->thing_n; t++) {
        const tw_related_thing *thing = &r->things[t];
        const char *kind = kind_names[thing->kind];
        for (size_t i = 0; thing->others_n > 0 && i < r->own_n; i++) {
            if (has_thing(r->own[i].transaction, thing))
                twi_network_tie(net, r->own[i].transaction, kind, thing->id);
        }
        for (size_t i = 0; i < thing->others_n; i++)
            twi_network_tie(net, thing->others[i].transaction, kind, thing->id);
    }
    twi_network_put(net, doc, root);
}

// --- alerts like it
// ---------------------------------------------------------------------------------------

typedef struct like {
    const tw_alert_view *alert;
    double likeness;
} like;

static double closeness(double a, double b)
{
    double low = fmin(a, b), high = fmax(a, b);
    return high > 0 ? low / high : 1;
}

// Share of the signals of both that both have.
static double common_signals(const tw_alert_view *a, const tw_alert_view *b)
{
    size_t both = 0;
    for (size_t i = 0; i < a->reason_n; i++) {
        for (size_t j = 0; j < b->reason_n; j++)
            both += tw_str_equal(a->reasons[i].signal, b->reasons[j].signal);
    }
    size_t all = a->reason_n + b->reason_n - both;
    return all > 0 ? (double)both / (double)all : 1;
}

// Signals weigh most: they say what happened.
static double likeness_of(const tw_alert_view *a, const tw_alert_view *b)
{
    double risk = 1 - fmin(1, fabs(a->risk_score - b->risk_score) * 5);
    double exposure = closeness((double)a->exposure.minor, (double)b->exposure.minor);
    double size = closeness(a->transaction_n, b->transaction_n);
    bool is_same_store = tw_str_equal(a->store_id, b->store_id);
    return 0.4 * common_signals(a, b) + 0.2 * risk + 0.15 * exposure + 0.15 * size +
           (is_same_store ? 0.1 : 0);
}

static int most_alike(const void *a, const void *b)
{
    const like *x = a, *y = b;
    if (x->likeness < y->likeness || x->likeness > y->likeness)
        return x->likeness < y->likeness ? 1 : -1;
    return tw_str_compare(x->alert->alert_id, y->alert->alert_id);
}

static tw_status put_similar(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *root,
                             const tw_alert_view *alert)
{
    tw_alert_query query = {.scheme = alert->scheme,
                            .status = TW_STR("CLOSED"),
                            .sort = TW_ALERT_SORT_CREATED,
                            .limit = SIMILAR_POOL};
    tw_alert_list list;
    like likes[SIMILAR_POOL];
    size_t n = 0;
    twi_scope_stores(request, &query.stores);
    TW_TRY(tw_query_alerts(request->http->service, &query, &request->arena, &list, NULL));
    for (size_t i = 0; i < list.n; i++) {
        const tw_alert_view *other = &list.items[i];
        if (other->has_verdict && !tw_str_equal(other->alert_id, alert->alert_id))
            likes[n++] = (like){other, likeness_of(alert, other)};
    }
    if (n > 1)
        qsort(likes, n, sizeof(*likes), most_alike);
    yyjson_mut_val *out = twi_json_array(doc, root, "similar");
    for (size_t i = 0; i < TW_MIN(n, (size_t)SIMILAR); i++) {
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, out);
        twi_json_alert_brief(doc, twi_json_object(doc, item, "alert"), likes[i].alert);
        twi_json_str(doc, item, "store_id", likes[i].alert->store_id);
        twi_json_str_or_null(doc, item, "employee_id", likes[i].alert->employee_id);
        twi_json_share(doc, item, "likeness", (float)likes[i].likeness);
    }
    return TW_OK;
}

// --- the whole
// --------------------------------------------------------------------------------------------

void twi_handle_related(twi_request *request)
{
    tw_alert_view alert;
    if (!twi_alert_asked(request, request->params[0], &alert))
        return;
    relation *r = tw_arena_array(&request->arena, 1, sizeof(*r));
    if (!r) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    *r = (relation){.request = request, .alert = &alert};
    read_own(r);
    tw_err err = {0};
    tw_status status = find_others(r, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    put_shared(doc, root, r);
    put_network(request, doc, root, r);
    status = put_similar(request, doc, root, &alert);
    if (status == TW_OK)
        twi_reply_json(request, 200, doc);
    else
        twi_problem_err(request, status, NULL);
}
