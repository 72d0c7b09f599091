// SPDX-License-Identifier: Apache-2.0
//
// All routes of the interface in one table, in the order of api/openapi.yaml.
#include "audit.h"
#include "evidence.h"
#include "lake.h"
#include "learning.h"
#include "metrics.h"
#include "versions.h"
#include "work.h"

// Who lets others in must not be limited to some stores; what is set
// about models, signals and the work holds everywhere.
#define ACCOUNTS (TW_RIGHT_ADMIN | TWI_CHAIN_WIDE)
#define LEARNING (TW_RIGHT_MANAGE | TWI_CHAIN_WIDE)
// Evidence is of no use with pseudonyms.
#define EVIDENCE (TW_RIGHT_WORK | TW_RIGHT_NAMES)

static const twi_route routes[] = {
    {"POST", "/v1/transactions", TW_RIGHT_INGEST, false, true, twi_handle_transactions},
    {"POST", "/v1/score", TW_RIGHT_SCORE, true, true, twi_handle_score},
    {"POST", "/v1/movements", TW_RIGHT_INGEST, false, true, twi_handle_movements},
    {"POST", "/v1/shifts", TW_RIGHT_INGEST, false, true, twi_handle_shifts},
    {"GET", "/v1/alerts", TW_RIGHT_READ, true, false, twi_handle_alert_list},
    {"POST", "/v1/alerts/actions", TW_RIGHT_WORK, true, true, twi_handle_alert_actions},
    {"POST", "/v1/alerts/next", TW_RIGHT_WORK, true, false, twi_handle_alert_next},
    {"GET", "/v1/alerts/{}", TW_RIGHT_READ, true, false, twi_handle_alert},
    {"POST", "/v1/alerts/{}/actions", TW_RIGHT_WORK, true, true, twi_handle_alert_action},
    {"GET", "/v1/alerts/{}/history", TW_RIGHT_READ, true, false, twi_handle_alert_history},
    {"GET", "/v1/alerts/{}/related", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_related},
    {"POST", "/v1/verdicts", TW_RIGHT_WORK, true, true, twi_handle_verdict},
    {"GET", "/v1/verdict-reasons", TW_RIGHT_READ, true, false, twi_handle_verdict_reasons},
    {"GET", "/v1/transactions/{}", TW_RIGHT_READ, true, false, twi_handle_transaction},
    {"GET", "/v1/employees/{}", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_employee},
    {"GET", "/v1/stores", TW_RIGHT_READ, true, false, twi_handle_store_list},
    {"GET", "/v1/stores/{}", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_store},
    {"GET", "/v1/employees/{}/calendar", TW_RIGHT_READ, TWI_LANE_PAGE, false,
     twi_handle_employee_calendar},
    {"GET", "/v1/stores/{}/calendar", TW_RIGHT_READ, TWI_LANE_PAGE, false,
     twi_handle_store_calendar},
    {"GET", "/v1/stores/{}/registers/{}", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_register},
    {"GET", "/v1/cards/{}", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_card},
    {"GET", "/v1/customers/{}", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_customer},
    {"GET", "/v1/items/{}", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_item},
    {"POST", "/v1/search", TW_RIGHT_READ, TWI_LANE_PAGE, true, twi_handle_search},
    {"POST", "/v1/lake/query", TW_RIGHT_SQL | TW_RIGHT_NAMES | TWI_CHAIN_WIDE, TWI_LANE_SQL, true,
     twi_handle_lake_query},
    {"POST", "/v1/lake/export", TW_RIGHT_READ | TW_RIGHT_NAMES, TWI_LANE_SQL, true,
     twi_handle_lake_export},
    {"GET", "/v1/signals", TW_RIGHT_READ, true, false, twi_handle_signals},
    {"PUT", "/v1/signals", LEARNING, true, true, twi_handle_signals_change},
    {"GET", "/v1/signals/versions", TW_RIGHT_READ, true, false, twi_handle_signal_versions},
    {"GET", "/v1/signals/versions/{}", TW_RIGHT_READ, true, false, twi_handle_signal_version},
    {"GET", "/v1/policy", TW_RIGHT_READ, true, false, twi_handle_policy},
    {"PUT", "/v1/policy", LEARNING, true, true, twi_handle_policy_change},
    {"GET", "/v1/policy/versions", TW_RIGHT_READ, true, false, twi_handle_policy_versions},
    {"GET", "/v1/audit-sample", TW_RIGHT_READ, true, false, twi_handle_audit_sample},
    {"GET", "/v1/models", TW_RIGHT_READ, true, false, twi_handle_model_list},
    {"POST", "/v1/models", LEARNING, true, true, twi_handle_model_import},
    {"GET", "/v1/models/{}", TW_RIGHT_READ, true, false, twi_handle_model},
    {"GET", "/v1/models/{}/card", TW_RIGHT_READ, true, false, twi_handle_model_card},
    {"GET", "/v1/models/{}/file", TW_RIGHT_READ, true, false, twi_handle_model_file},
    {"POST", "/v1/models/{}/promote", LEARNING, true, true, twi_handle_model_promote},
    {"POST", "/v1/models/{}/archive", LEARNING, true, true, twi_handle_model_archive},
    {"POST", "/v1/models/rollback", LEARNING, true, true, twi_handle_model_rollback},
    {"GET", "/v1/trainings", TW_RIGHT_READ, true, false, twi_handle_trainings},
    {"POST", "/v1/trainings", LEARNING, true, true, twi_handle_training_start},
    {"GET", "/v1/watch", TW_RIGHT_READ, true, false, twi_handle_watch},
    {"POST", "/v1/backtests", LEARNING, true, true, twi_handle_backtest_start},
    {"GET", "/v1/backtests/{}", TW_RIGHT_READ, true, false, twi_handle_backtest},
    {"DELETE", "/v1/backtests/{}", LEARNING, true, false, twi_handle_backtest_stop},
    {"GET", "/v1/metrics/summary", TW_RIGHT_READ, true, false, twi_handle_metrics_summary},
    {"GET", "/v1/metrics/daily", TW_RIGHT_READ, true, false, twi_handle_metrics_daily},
    {"GET", "/v1/metrics/by/{}", TW_RIGHT_READ, true, false, twi_handle_metrics_by},
    {"GET", "/v1/cases", TW_RIGHT_READ, true, false, twi_handle_case_list},
    {"POST", "/v1/cases", TW_RIGHT_WORK, true, true, twi_handle_case_open},
    {"GET", "/v1/cases/{}", TW_RIGHT_READ, true, false, twi_handle_case},
    {"POST", "/v1/cases/{}/actions", TW_RIGHT_WORK, true, true, twi_handle_case_action},
    {"GET", "/v1/cases/{}/timeline", TW_RIGHT_READ, true, false, twi_handle_case_timeline},
    {"GET", "/v1/settings", TW_RIGHT_READ, true, false, twi_handle_settings},
    {"PATCH", "/v1/settings", LEARNING, true, true, twi_handle_settings_change},
    {"GET", "/v1/allow-list", TW_RIGHT_READ, true, false, twi_handle_allow_list},
    {"POST", "/v1/allow-list", LEARNING, true, true, twi_handle_allow_add},
    {"DELETE", "/v1/allow-list/{}", LEARNING, true, false, twi_handle_allow_remove},
    {"GET", "/v1/filters", TW_RIGHT_READ, true, false, twi_handle_filter_list},
    {"PUT", "/v1/filters/{}", TW_RIGHT_READ, true, true, twi_handle_filter_save},
    {"DELETE", "/v1/filters/{}", TW_RIGHT_READ, true, false, twi_handle_filter_remove},
    {"GET", "/v1/metrics/report", TW_RIGHT_READ, TWI_LANE_PAGE, false, twi_handle_report},
    {"GET", "/v1/metrics/report/schedule", TW_RIGHT_READ, true, false, twi_handle_report_schedule},
    {"POST", "/v1/metrics/report/send", TW_RIGHT_MANAGE | TWI_CHAIN_WIDE, true, true,
     twi_handle_report_send},
    {"POST", "/v1/cases/{}/attachments", TW_RIGHT_WORK, true, true, twi_handle_attach},
    {"GET", "/v1/cases/{}/attachments/{}", EVIDENCE, TWI_LANE_PAGE, false, twi_handle_evidence},
    {"GET", "/v1/cases/{}/export", EVIDENCE, TWI_LANE_PAGE, false, twi_handle_case_export},
    {"GET", "/v1/catalogue", TW_RIGHT_READ, false, false, twi_handle_catalogue},
    {"GET", "/v1/summary", TW_RIGHT_READ, true, false, twi_handle_summary},
    {"GET", "/v1/dead-letters", LEARNING, true, false, twi_handle_dead_letters},
    {"POST", "/v1/dead-letters/{}/resubmit", LEARNING, true, true, twi_handle_resubmit},
    {"GET", "/v1/data", TW_RIGHT_READ, true, false, twi_handle_data},
    {"GET", "/v1/events", TW_RIGHT_READ, false, false, twi_handle_events},
    {"GET", "/v1/sign-in", 0, true, false, twi_handle_sign_in},
    {"POST", "/v1/sign-in", 0, true, true, twi_handle_sign_in_link},
    {"POST", "/v1/session", 0, true, true, twi_handle_session_create},
    {"GET", "/v1/session", 0, true, false, twi_handle_session_get},
    {"PATCH", "/v1/session", TWI_ANYBODY, true, true, twi_handle_session_change},
    {"DELETE", "/v1/session", 0, true, false, twi_handle_session_delete},
    {"PUT", "/v1/session/password", TWI_ANYBODY, true, true, twi_handle_password_change},
    {"GET", "/v1/oidc/start", 0, true, false, twi_handle_oidc_start},
    {"GET", "/v1/oidc/callback", 0, true, false, twi_handle_oidc_callback},
    {"GET", "/v1/people", TW_RIGHT_READ, true, false, twi_handle_people},
    {"GET", "/v1/users", ACCOUNTS, true, false, twi_handle_user_list},
    {"POST", "/v1/users", ACCOUNTS, true, true, twi_handle_user_create},
    {"GET", "/v1/users/{}", ACCOUNTS, true, false, twi_handle_user},
    {"PATCH", "/v1/users/{}", ACCOUNTS, true, true, twi_handle_user_change},
    {"POST", "/v1/users/{}/link", ACCOUNTS, true, true, twi_handle_user_link},
    {"GET", "/v1/tokens", ACCOUNTS, true, false, twi_handle_token_list},
    {"POST", "/v1/tokens", ACCOUNTS, true, true, twi_handle_token_create},
    {"DELETE", "/v1/tokens/{}", ACCOUNTS, true, false, twi_handle_token_revoke},
    {"GET", "/v1/audit", TW_RIGHT_AUDIT, true, false, twi_handle_audit},
    {"GET", "/healthz", 0, false, false, twi_handle_health},
    {"GET", "/readyz", 0, false, false, twi_handle_ready},
    {"GET", "/metrics", 0, true, false, twi_handle_metrics},
};
// Everything else that is read is the portal's.
static const twi_route portal = {"GET", "", 0, false, false, twi_handle_portal};

// Percent-decodes one part of a path into the arena; false when it is malformed or empty.
static bool decode_part(twi_request *request, tw_str part, tw_str *out)
{
    char *text = tw_arena_copy(&request->arena, part.at, part.bytes);
    if (!text || part.bytes == 0)
        return false;
    *out = (tw_str){text, MHD_http_unescape(text)};
    return tw_str_is_utf8(*out);
}

static bool path_matches(twi_request *request, const char *pattern)
{
    const char *path = request->path;
    size_t param = 0;
    for (; *pattern; pattern++) {
        if (*pattern != '{') {
            if (*path++ != *pattern)
                return false;
            continue;
        }
        size_t n = strcspn(path, "/");
        if (param == TWI_PARAMS_MAX ||
            !decode_part(request, (tw_str){path, n}, &request->params[param++]))
            return false;
        path += n;
        pattern++; // the closing brace
    }
    return *path == '\0';
}

const twi_route *twi_route_find(twi_request *request, bool *path_known)
{
    // HEAD is GET without the body, which libmicrohttpd leaves out by itself.
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    *path_known = false;
    for (size_t i = 0; i < TW_COUNT(routes); i++) {
        if (!path_matches(request, routes[i].path))
            continue;
        *path_known = true;
        if (strcmp(routes[i].method, method) == 0)
            return &routes[i];
    }
    bool is_page = strcmp(method, "GET") == 0 && strncmp(request->path, "/v1/", 4) != 0;
    return !*path_known && is_page ? &portal : NULL;
}
