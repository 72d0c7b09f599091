// SPDX-License-Identifier: Apache-2.0
//
// The list of alerts and its filters.
#include <stdio.h>

#include "fields.h"
#include "people.h"
#include "work.h"

static bool one_of(tw_str value, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (tw_str_equal(value, tw_str_from(words[i])))
            return true;
    }
    return false;
}

static bool word_argument(twi_request *request, const char *name, const char *const *words,
                          size_t n, tw_str *out)
{
    *out = twi_argument(request, name);
    if (out->bytes == 0 || one_of(*out, words, n))
        return true;
    twi_problem(request, 400, name, "%s \"%.*s\" is unknown", name, (int)TW_MIN(out->bytes, 64),
                out->at);
    return false;
}

static bool read_order(twi_request *request, tw_alert_query *query)
{
    static const char *const sorts[] = {"rank", "created", "risk", "exposure"};
    static const tw_alert_sort codes[] = {TW_ALERT_SORT_RANK, TW_ALERT_SORT_CREATED,
                                          TW_ALERT_SORT_RISK, TW_ALERT_SORT_EXPOSURE};
    tw_str sort;
    if (!word_argument(request, "sort", sorts, TW_COUNT(sorts), &sort))
        return false;
    for (size_t i = 0; i < TW_COUNT(sorts); i++) {
        if (tw_str_equal(sort, tw_str_from(sorts[i])))
            query->sort = codes[i];
    }
    query->cursor = twi_argument(request, "cursor");
    return twi_query_limit(request, &query->limit);
}

static bool read_kind(twi_request *request, tw_alert_query *query)
{
    static const char *const statuses[] = {"OPEN",      "NEW",       "ASSIGNED",
                                           "IN_REVIEW", "ESCALATED", "CLOSED"};
    static const char *const types[] = {"DISCOUNT", "VOID_REFUND", "EMPLOYEE",
                                        "TIME",     "CROSS_STORE", "INVENTORY"};
    tw_str risk = twi_argument(request, "min_risk");
    if (!word_argument(request, "status", statuses, TW_COUNT(statuses), &query->status) ||
        !word_argument(request, "type", types, TW_COUNT(types), &query->type))
        return false;
    if (risk.bytes && (!tw_str_to_f64(risk, &query->min_risk) ||
                       !(query->min_risk >= 0 && query->min_risk <= 1))) {
        twi_problem(request, 400, "min_risk", "min_risk must be a number from 0 to 1");
        return false;
    }
    query->only_open = tw_str_equal(query->status, TW_STR("OPEN"));
    if (query->only_open)
        query->status = TW_STR_NONE;
    query->scheme = twi_argument(request, "scheme");
    query->signal = twi_argument(request, "signal");
    query->text = twi_argument(request, "q");
    query->employee_id = twi_argument(request, "employee_id");
    query->case_id = twi_argument(request, "case_id");
    return true;
}

static bool read_verdicts(twi_request *request, tw_alert_query *query)
{
    if (!twi_list_argument(request, "verdict", TW_VERDICT_N, &query->verdicts))
        return false;
    for (size_t i = 0; i < query->verdicts.n; i++) {
        tw_verdict_kind kind;
        tw_str word = query->verdicts.items[i];
        if (tw_verdict_from(word, &kind))
            continue;
        twi_problem(request, 400, "verdict", "verdict \"%.*s\" is unknown",
                    (int)TW_MIN(word.bytes, 64), word.at);
        return false;
    }
    return true;
}

// Whose they are: one person's, nobody's, a team's.
static bool read_people(twi_request *request, tw_alert_query *query)
{
    tw_str team = twi_argument(request, "team");
    query->assignee = twi_argument(request, "assignee");
    query->only_unassigned = tw_str_equal(query->assignee, TW_STR("none"));
    if (query->only_unassigned)
        query->assignee = TW_STR_NONE;
    if (tw_str_equal(query->assignee, TW_STR("me")))
        query->assignee = tw_str_from(request->who.user);
    if (team.bytes == 0)
        return true;
    tw_status status = twi_team_members(request->http, team, &request->arena, &query->assignees);
    if (status != TW_OK)
        twi_problem_err(request, status, NULL);
    return status == TW_OK;
}

static bool read_states(twi_request *request, tw_alert_query *query)
{
    bool has, snoozed;
    if (!twi_flag_argument(request, "snoozed", &has, &snoozed))
        return false;
    query->only_snoozed = has && snoozed;
    query->only_awake = has && !snoozed;
    return twi_flag_argument(request, "overdue", &has, &query->only_overdue) &&
           twi_flag_argument(request, "late", &has, &query->only_late);
}

static bool read_times(twi_request *request, tw_alert_query *query)
{
    return twi_time_argument(request, "from", &query->from_ms) &&
           twi_time_argument(request, "to", &query->to_ms) &&
           twi_time_argument(request, "decided_from", &query->decided_from_ms) &&
           twi_time_argument(request, "decided_to", &query->decided_to_ms);
}

static bool read_query(twi_request *request, tw_alert_query *query)
{
    tw_settings settings;
    uint64_t version;
    tw_str json;
    tw_status status = tw_query_settings(request->http->service, &request->arena, &settings,
                                         &version, &json, NULL);
    *query = (tw_alert_query){.limit = 0};
    if (status != TW_OK) {
        twi_problem_err(request, status, NULL);
        return false;
    }
    return read_kind(request, query) && read_order(request, query) && read_times(request, query) &&
           read_verdicts(request, query) && read_people(request, query) &&
           read_states(request, query) && twi_stores_argument(request, &settings, &query->stores);
}

void twi_handle_alert_list(twi_request *request)
{
    tw_alert_query query;
    tw_alert_list list;
    tw_err err = {0};
    if (!read_query(request, &query))
        return;
    tw_status status =
        tw_query_alerts(request->http->service, &query, &request->arena, &list, &err);
    if (status == TW_INVALID) {
        twi_problem(request, 400, "cursor", "%s",
                    err.text[0] ? err.text : "the cursor is not of this list");
        return;
    }
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_alert_array(doc, twi_json_array(doc, root, "items"), &list);
    twi_json_str_or_null(doc, root, "next_cursor", list.next_cursor);
    twi_json_uint(doc, root, "total", list.total);
    twi_reply_json(request, 200, doc);
}
