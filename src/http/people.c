// SPDX-License-Identifier: Apache-2.0
//
// Who is in a team, by the accounts as they are now.
#include "people.h"

#include "service/work.h"

tw_status twi_team_members(tw_http *http, tw_str team, tw_arena *arena, tw_str_list *out)
{
    static const tw_str nobody = {"\x7f", 1};
    tw_user_row *users;
    size_t n, found = 0;
    *out = (tw_str_list){&nobody, 1};
    TW_TRY(tw_access_user_list(http->access, arena, &users, &n, NULL));
    tw_str *items = tw_arena_array(arena, n + 1, sizeof(*items));
    if (!items)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < n && found < TW_LEDGER_FILTER_MAX; i++) {
        if (tw_str_equal(users[i].team, team))
            items[found++] = users[i].user_id;
    }
    if (found > 0)
        *out = (tw_str_list){items, found};
    return TW_OK;
}

bool twi_user_known(twi_request *request, const char *field, tw_str user_id)
{
    tw_user_row user;
    if (user_id.bytes == 0 || tw_str_equal(user_id, tw_str_from(request->who.user)))
        return true;
    tw_status status =
        tw_access_user_get(request->http->access, user_id, &request->arena, &user, NULL);
    if (status == TW_OK && user.state != TW_USER_DISABLED)
        return true;
    if (status == TW_OK || status == TW_NOT_FOUND || status == TW_INVALID)
        twi_problem(request, 422, field, "There is no user \"%.*s\"",
                    (int)TW_MIN(user_id.bytes, 64), user_id.at);
    else
        twi_problem_err(request, status, NULL);
    return false;
}

// --- for the assignment rules
// ---------------------------------------------------------------------------

// Those who can work: not the disabled, nor those who have not signed in yet.
static tw_status members(void *ctx, tw_str team, tw_arena *arena, tw_str **users, size_t *n)
{
    tw_http *http = ctx;
    tw_user_row *rows;
    size_t row_n;
    *users = NULL;
    *n = 0;
    TW_TRY(tw_access_user_list(http->access, arena, &rows, &row_n, NULL));
    *users = tw_arena_array(arena, row_n + 1, sizeof(**users));
    if (!*users)
        return TW_NO_MEMORY;
    for (size_t i = 0; i < row_n; i++) {
        bool can_work = rows[i].state == TW_USER_ACTIVE &&
                        (tw_access_user_rights(&rows[i]) & TW_RIGHT_WORK) != 0;
        if (can_work && tw_str_equal(rows[i].team, team))
            (*users)[(*n)++] = rows[i].user_id;
    }
    return TW_OK;
}

void twi_people_start(tw_http *http)
{
    if (http->access)
        tw_service_on_team(http->service, members, http);
}

void twi_people_stop(tw_http *http)
{
    tw_service_on_team(http->service, NULL, NULL);
}
