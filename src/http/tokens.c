// SPDX-License-Identifier: Apache-2.0
//
// API tokens: of programs, with rights and stores of their own.
#include "account.h"
#include "audit.h"

static void json_token(yyjson_mut_doc *doc, yyjson_mut_val *object, const tw_access_token *token)
{
    twi_json_str(doc, object, "id", token->token_id);
    twi_json_str(doc, object, "name", token->name);
    twi_json_rights(doc, object, tw_access_rights_from(token->rights));
    twi_json_stores(doc, object, token->stores);
    twi_json_str_or_null(doc, object, "created_by", token->created_by);
    twi_json_time(doc, object, "created_at", token->created_ms, 0);
    if (token->expires_ms)
        twi_json_time(doc, object, "expires_at", token->expires_ms, 0);
    else
        twi_json_null(doc, object, "expires_at");
    if (token->revoked_ms)
        twi_json_time(doc, object, "revoked_at", token->revoked_ms, 0);
    else
        twi_json_null(doc, object, "revoked_at");
}

void twi_handle_token_list(twi_request *request)
{
    tw_access_token *rows = NULL;
    size_t n = 0;
    tw_err err = {0};
    tw_status status =
        tw_access_token_list(request->http->access, &request->arena, &rows, &n, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (size_t i = 0; i < n; i++)
        json_token(doc, yyjson_mut_arr_add_obj(doc, items), &rows[i]);
    twi_reply_json(request, 200, doc);
}

static bool read_expiry(twi_request *request, yyjson_val *root, int64_t *out)
{
    static const twi_text_rule rule = {"expires_at", 10, 40, true};
    int16_t offset_min;
    tw_str text;
    *out = 0;
    if (!twi_member_text(request, root, &rule, &text))
        return false;
    if (text.bytes == 0)
        return true;
    if (tw_time_parse(text, out, &offset_min) && *out > twi_now_ms(request->http))
        return true;
    twi_problem(request, 422, "expires_at", "expires_at must be a time to come, in RFC 3339");
    return false;
}

static bool read_request(twi_request *request, tw_token_request *out)
{
    static const char *const keys[] = {"name", "rights", "stores", "expires_at", NULL};
    static const twi_text_rule name_rule = {"name", 1, TW_TOKEN_NAME_MAX, false};
    yyjson_doc *body = twi_body_json(request);
    yyjson_val *root = yyjson_doc_get_root(body);
    *out = (tw_token_request){.created_by = tw_str_from(request->who.user)};
    return body && twi_members_known(request, root, keys) &&
           twi_member_text(request, root, &name_rule, &out->name) &&
           twi_member_rights(request, root, &out->rights) &&
           twi_member_stores(request, root, &out->stores) &&
           read_expiry(request, root, &out->expires_ms);
}

void twi_handle_token_create(twi_request *request)
{
    tw_token_request wanted;
    if (!read_request(request, &wanted))
        return;
    char id[TW_SECRET_BYTES], secret[TW_SECRET_BYTES], words[TW_RIGHTS_TEXT_BYTES];
    tw_err err = {0};
    int64_t now_ms = twi_now_ms(request->http);
    tw_status status =
        tw_access_token_new(request->http->access, &wanted, now_ms, id, secret, &err);
    if (status == TW_OK)
        twi_audit_change(request, "token.create", tw_str_from(id), "name", wanted.name);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    const tw_access_token token = {.token_id = tw_str_from(id),
                                   .name = wanted.name,
                                   .rights =
                                       tw_str_from(tw_access_rights_text(wanted.rights, words)),
                                   .stores = wanted.stores,
                                   .created_by = wanted.created_by,
                                   .created_ms = now_ms,
                                   .expires_ms = wanted.expires_ms};
    json_token(doc, root, &token);
    twi_json_cstr(doc, root, "token", secret);
    twi_reply_json(request, 201, doc);
}

void twi_handle_token_revoke(twi_request *request)
{
    tw_err err = {0};
    tw_str id = request->params[0];
    tw_status status =
        tw_access_token_revoke(request->http->access, id, twi_now_ms(request->http), &err);
    twi_access_forget(request->http);
    if (status == TW_NOT_FOUND)
        twi_problem(request, 404, NULL, "There is no token \"%.*s\"", TW_STR_ARG(id));
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else {
        twi_audit(request, "token.revoke", id, TW_STR_NONE);
        twi_reply(request, 204, NULL, TW_STR_NONE);
    }
}
