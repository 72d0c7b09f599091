// SPDX-License-Identifier: Apache-2.0
//
// Accounts of people, for administrators; and their names, for everybody.
#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "audit.h"

// --- people
// ---------------------------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    const tw_user_row *x = a, *y = b;
    int names = tw_str_compare(x->name, y->name);
    return names ? names : tw_str_compare(x->user_id, y->user_id);
}

void twi_handle_people(twi_request *request)
{
    tw_user_row *users = NULL;
    size_t n = 0;
    tw_err err = {0};
    tw_status status =
        tw_access_user_list(request->http->access, &request->arena, &users, &n, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    if (n > 1)
        qsort(users, n, sizeof(*users), by_name);
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++) {
        if (users[i].state == TW_USER_DISABLED)
            continue;
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);
        twi_json_str(doc, item, "user_id", users[i].user_id);
        twi_json_str(doc, item, "name", users[i].name);
        twi_json_str_or_null(doc, item, "team", users[i].team);
        twi_json_str(doc, item, "role", users[i].role);
        twi_json_bool(doc, item, "can_work", tw_access_user_rights(&users[i]) & TW_RIGHT_WORK);
    }
    twi_reply_json(request, 200, doc);
}

// --- accounts as JSON
// -----------------------------------------------------------------------------

static void json_user(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_user_row *user)
{
    twi_json_str(doc, object, "user_id", user->user_id);
    twi_json_str(doc, object, "name", user->name);
    twi_json_str_or_null(doc, object, "email", user->email);
    twi_json_str(doc, object, "role", user->role);
    twi_json_str_or_null(doc, object, "team", user->team);
    twi_json_stores(doc, object, user->stores);
    if (user->sees_names == TW_NAMES_BY_ROLE)
        twi_json_null(doc, object, "sees_names");
    else
        twi_json_bool(doc, object, "sees_names", user->sees_names == TW_NAMES_YES);
    twi_json_rights(doc, object, tw_access_user_rights(user));
    twi_json_cstr(doc, object, "state", tw_user_state_name(user->state));
    twi_json_str_or_null(doc, object, "locale", user->locale);
    twi_json_bool(doc, object, "has_password", user->password.bytes > 0);
    twi_json_bool(doc, object, "has_oidc", user->subject.bytes > 0);
    twi_json_time(doc, object, "created_at", user->created_ms, 0);
    if (user->seen_ms)
        twi_json_time(doc, object, "last_seen", user->seen_ms, 0);
    else
        twi_json_null(doc, object, "last_seen");
    twi_json_uint(doc, object, "version", user->version);
}

void twi_handle_user_list(twi_request *request)
{
    tw_user_row *users = NULL;
    size_t n = 0;
    tw_err err = {0};
    tw_status status =
        tw_access_user_list(request->http->access, &request->arena, &users, &n, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++)
        json_user(doc, yyjson_mut_arr_add_obj(doc, items), &users[i]);
    twi_reply_json(request, 200, doc);
}

static bool find_user(twi_request *request, tw_user_row *out)
{
    tw_err err = {0};
    tw_str id = request->params[0];
    tw_status status = tw_access_user_get(request->http->access, id, &request->arena, out, &err);
    if (status == TW_NOT_FOUND)
        twi_problem(request, 404, NULL, "There is no account \"%.*s\"", TW_STR_ARG(id));
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    return status == TW_OK;
}

static void reply_user(twi_request *request, const tw_user_row *user)
{
    char etag[32];
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    snprintf(etag, sizeof(etag), "\"%llu\"", (unsigned long long)user->version);
    const char *kept = tw_arena_copy(&request->arena, etag, strlen(etag));
    if (kept)
        twi_reply_header(request, "ETag", kept);
    json_user(doc, root, user);
    twi_reply_json(request, 200, doc);
}

void twi_handle_user(twi_request *request)
{
    tw_user_row user;
    if (find_user(request, &user))
        reply_user(request, &user);
}

// --- reading a body
// -------------------------------------------------------------------------------

static bool read_role(twi_request *request, yyjson_val *root, tw_user_row *user)
{
    static const twi_text_rule rule = {"role", 1, 32, false};
    tw_role role;
    if (!twi_member_text(request, root, &rule, &user->role))
        return false;
    if (tw_role_from(user->role, &role))
        return true;
    twi_problem(request, 422, "role", "role must be read-only, analyst, manager, admin or ingest");
    return false;
}

static bool read_names(twi_request *request, yyjson_val *root, tw_user_row *user)
{
    yyjson_val *member = yyjson_obj_get(root, "sees_names");
    if (yyjson_is_bool(member))
        user->sees_names = yyjson_get_bool(member) ? TW_NAMES_YES : TW_NAMES_NO;
    else if (yyjson_is_null(member))
        user->sees_names = TW_NAMES_BY_ROLE;
    else
        twi_problem(request, 422, "sees_names", "sees_names must be true, false or null");
    return request->status == 0;
}

static bool read_state(twi_request *request, yyjson_val *root, tw_user_row *user)
{
    static const twi_text_rule rule = {"state", 1, 16, false};
    tw_user_state state;
    tw_str name;
    if (!twi_member_text(request, root, &rule, &name))
        return false;
    if (!tw_user_state_from(name, &state) || state == TW_USER_INVITED) {
        twi_problem(request, 422, "state", "state must be ACTIVE or DISABLED");
        return false;
    }
    // One who never chose a password is still invited when the account is opened again.
    bool can_enter = user->password.bytes || user->subject.bytes;
    user->state = state == TW_USER_ACTIVE && !can_enter ? TW_USER_INVITED : state;
    return true;
}

// Takes over the members that are there.
static bool read_members(twi_request *request, yyjson_val *root, tw_user_row *user)
{
    static const twi_text_rule name = {"name", 1, TW_TEXT_MAX_BYTES, false};
    static const twi_text_rule email = {"email", 0, TW_TEXT_MAX_BYTES, true};
    static const twi_text_rule team = {"team", 0, TW_ID_MAX_BYTES, true};
    static const twi_text_rule locale = {"locale", 0, 5, true};
    const struct {
        const twi_text_rule *rule;
        tw_str *to;
    } texts[] = {{&name, &user->name},
                 {&email, &user->email},
                 {&team, &user->team},
                 {&locale, &user->locale}};
    for (size_t i = 0; i < TW_COUNT(texts); i++) {
        if (yyjson_obj_get(root, texts[i].rule->key) &&
            !twi_member_text(request, root, texts[i].rule, texts[i].to))
            return false;
    }
    if (!twi_locale_is_valid(user->locale)) {
        twi_problem(request, 422, "locale", "locale must be a language such as en, de or de-AT");
        return false;
    }
    if (yyjson_obj_get(root, "role") && !read_role(request, root, user))
        return false;
    if (yyjson_obj_get(root, "stores") && !twi_member_stores(request, root, &user->stores))
        return false;
    if (yyjson_obj_get(root, "sees_names") && !read_names(request, root, user))
        return false;
    return !yyjson_obj_get(root, "state") || read_state(request, root, user);
}

// --- making
// ---------------------------------------------------------------------------------------

static void json_link(twi_request *request, yyjson_mut_doc *doc, yyjson_mut_val *object,
                      const char *secret)
{
    char path[TW_SECRET_BYTES + 16];
    snprintf(path, sizeof(path), "/#/setup/%s", secret);
    twi_json_cstr(doc, object, "link_token", secret);
    twi_json_cstr(doc, object, "path", path);
    twi_json_time(doc, object, "expires_at", twi_now_ms(request->http) + TW_LINK_MS, 0);
}

static bool read_new_user(twi_request *request, tw_user_row *user)
{
    static const char *const keys[] = {"user_id", "name",       "email",  "role", "team",
                                       "stores",  "sees_names", "locale", NULL};
    static const twi_text_rule id = {"user_id", 1, TW_ID_MAX_BYTES, false};
    static const twi_text_rule name = {"name", 1, TW_TEXT_MAX_BYTES, false};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root = yyjson_doc_get_root(body);
    *user = (tw_user_row){.state = TW_USER_INVITED, .created_ms = twi_now_ms(request->http)};
    if (!body || !twi_members_known(request, root, keys) ||
        !twi_member_text(request, root, &id, &user->user_id) ||
        !twi_member_text(request, root, &name, &user->name) || !read_role(request, root, user) ||
        !read_members(request, root, user))
        return false;
    if (tw_user_id_is_valid(user->user_id))
        return true;
    twi_problem(request, 422, "user_id",
                "user_id must be lower-case letters, digits and . _ @ - and begin with a letter or "
                "digit");
    return false;
}

void twi_handle_user_create(twi_request *request)
{
    const tw_access *access = request->http->access;
    tw_user_row user;
    char secret[TW_SECRET_BYTES];
    tw_err err = {0};
    if (!read_new_user(request, &user))
        return;
    tw_status status = tw_access_user_put(access, &user, &err);
    if (status == TW_OK)
        status = tw_access_link_new(access, user.user_id, user.created_ms, secret, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    user.version = 1;
    twi_audit_change(request, "user.create", user.user_id, "role", user.role);
    json_user(doc, twi_json_object(doc, root, "user"), &user);
    json_link(request, doc, twi_json_object(doc, root, "link"), secret);
    twi_reply_json(request, 201, doc);
}

void twi_handle_user_link(twi_request *request)
{
    tw_user_row user;
    char secret[TW_SECRET_BYTES];
    tw_err err = {0};
    if (!find_user(request, &user))
        return;
    if (user.state == TW_USER_DISABLED) {
        twi_problem(request, 409, NULL, "This account is disabled; make it active first");
        return;
    }
    tw_status status = tw_access_link_new(request->http->access, user.user_id,
                                          twi_now_ms(request->http), secret, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_audit(request, "user.link", user.user_id, TW_STR_NONE);
    json_link(request, doc, root, secret);
    twi_reply_json(request, 201, doc);
}

// --- changing
// -------------------------------------------------------------------------------------

static bool is_active_admin(const tw_user_row *user)
{
    return user->state == TW_USER_ACTIVE && (tw_access_user_rights(user) & TW_RIGHT_ADMIN) &&
           user->stores.bytes == 0;
}

// Somebody must be able to let others in.
static bool is_last_admin(twi_request *request, const tw_user_row *before)
{
    tw_user_row *users;
    size_t n, admin_n = 0;
    if (!is_active_admin(before))
        return false;
    if (tw_access_user_list(request->http->access, &request->arena, &users, &n, NULL) != TW_OK)
        return true;
    for (size_t i = 0; i < n; i++)
        admin_n += is_active_admin(&users[i]);
    return admin_n <= 1;
}

static bool version_fits(twi_request *request, const tw_user_row *user)
{
    char etag[32];
    const char *wanted = twi_request_header(request, "If-Match");
    snprintf(etag, sizeof(etag), "\"%llu\"", (unsigned long long)user->version);
    if (!wanted || strcmp(wanted, "*") == 0 || strcmp(wanted, etag) == 0)
        return true;
    twi_problem(request, 412, NULL, "Somebody else changed this account; read it again");
    return false;
}

static tw_status store_change(twi_request *request, const tw_user_row *before, tw_user_row *after,
                              tw_err *err)
{
    const tw_access *access = request->http->access;
    TW_TRY(tw_access_user_put(access, after, err));
    after->version++;
    bool is_out = after->state == TW_USER_DISABLED;
    bool is_other = !tw_str_equal(before->role, after->role) ||
                    !tw_str_equal(before->stores, after->stores) ||
                    before->sees_names != after->sees_names;
    if (is_out)
        TW_TRY(tw_access_secret_remove_user(access, TW_STR("password"), after->user_id, err));
    if (is_out || is_other)
        TW_TRY(tw_access_session_remove_user(access, after->user_id, NULL, err));
    twi_access_forget(request->http);
    return TW_OK;
}

static void change_user(twi_request *request, yyjson_val *root)
{
    tw_user_row before, after;
    tw_err err = {0};
    if (!find_user(request, &before) || !version_fits(request, &before))
        return;
    after = before;
    if (!read_members(request, root, &after))
        return;
    if (!is_active_admin(&after) && is_last_admin(request, &before)) {
        twi_problem(request, 409, NULL,
                    "This is the last administrator for all stores; make another one first");
        return;
    }
    tw_status status = store_change(request, &before, &after, &err);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    bool is_out = after.state == TW_USER_DISABLED && before.state != TW_USER_DISABLED;
    twi_audit_change(request, is_out ? "user.disable" : "user.change", after.user_id, "role",
                     after.role);
    reply_user(request, &after);
}

void twi_handle_user_change(twi_request *request)
{
    static const char *const keys[] = {"name",       "email",  "role",  "team", "stores",
                                       "sees_names", "locale", "state", NULL};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root = yyjson_doc_get_root(body);
    if (!body || !twi_members_known(request, root, keys))
        return;
    if (yyjson_obj_size(root) == 0) {
        twi_problem(request, 422, "body", "Say what shall change");
        return;
    }
    // Two administrators who disable each other at once must see each other.
    pthread_mutex_lock(&request->http->users_lock);
    change_user(request, root);
    pthread_mutex_unlock(&request->http->users_lock);
}
