// SPDX-License-Identifier: Apache-2.0
//
// The registry of models: list, one version, its card and file, import, and what changes its state.
// Every change is a fact of the journal with who and why.
#include <stdio.h>

#include "learning.h"

enum { REASON_MAX = 128 };

static bool is_model(const tw_model_view *view)
{
    return tw_str_equal(view->kind, TW_STR("classifier")) ||
           tw_str_equal(view->kind, TW_STR("outlier"));
}

// 0 the champion, 1 the challenger, 2 what rests.
static int place_of(const tw_model_view *view)
{
    if (tw_str_equal(view->state, TW_STR("champion")))
        return 0;
    return tw_str_equal(view->state, TW_STR("challenger")) ? 1 : 2;
}

void twi_handle_model_list(twi_request *request)
{
    const tw_model_view *models = NULL;
    size_t n = 0;
    tw_status status = tw_query_models(request->http->service, &request->arena, &models, &n);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, NULL, &doc, &root))
        return;
    yyjson_mut_val *items = twi_json_array(doc, root, "items");
    for (int place = 0; place < 3; place++) {
        for (size_t i = 0; i < n; i++) {
            if (is_model(&models[i]) && place_of(&models[i]) == place)
                twi_json_model(request, doc, yyjson_mut_arr_add_obj(doc, items), &models[i]);
        }
    }
    twi_reply_json(request, 200, doc);
}

static void answer_missing(twi_request *request, tw_str id)
{
    twi_problem(request, 404, NULL, "There is no model \"%.*s\"", TW_STR_ARG(id));
}

// The model that the path names; false after answering.
static bool find_model(twi_request *request, tw_model_view *view)
{
    tw_err err = {0};
    tw_str id = request->params[0];
    tw_status status = tw_query_model(request->http->service, id, &request->arena, view, &err);
    if (status == TW_OK && is_model(view))
        return true;
    if (status == TW_OK || status == TW_NOT_FOUND)
        answer_missing(request, id);
    else
        twi_problem_err(request, status, &err);
    return false;
}

void twi_handle_model(twi_request *request)
{
    tw_model_view view;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!find_model(request, &view) || !twi_json_begin(request, TW_OK, NULL, &doc, &root))
        return;
    twi_json_model_detail(request, doc, root, &view);
    twi_reply_json(request, 200, doc);
}

// --- card and file
// --------------------------------------------------------------------------------

void twi_handle_model_card(twi_request *request)
{
    tw_model_view view;
    tw_err err = {0};
    tw_buf *out = &request->out;
    if (!find_model(request, &view))
        return;
    tw_status status = tw_query_model_card(request->http->service, view.model_id, out, &err);
    if (status == TW_OK)
        status = out->status;
    if (status == TW_OK)
        twi_reply(request, 200, "text/markdown; charset=utf-8",
                  (tw_str){(const char *)out->data_own, out->bytes});
    else
        twi_problem_err(request, status, &err);
}

static bool read_form(twi_request *request, tw_model_form *form, const char **suffix)
{
    static const struct {
        const char *word, *suffix;
        tw_model_form form;
    } forms[] = {{"twm", "twm", TW_MODEL_FORM_TWM},
                 {"xgboost-json", "json", TW_MODEL_FORM_JSON},
                 {"xgboost-ubj", "ubj", TW_MODEL_FORM_UBJSON}};
    const char *word = twi_request_argument(request, "format");
    for (size_t i = 0; i < TW_COUNT(forms); i++) {
        if (strcmp(word && word[0] ? word : "twm", forms[i].word) == 0) {
            *form = forms[i].form;
            *suffix = forms[i].suffix;
            return true;
        }
    }
    twi_problem(request, 400, "format", "format must be twm, xgboost-json or xgboost-ubj");
    return false;
}

// A file name of the id's harmless characters.
static const char *disposition(twi_request *request, tw_str id, const char *suffix)
{
    char name[TW_MODEL_ID_BYTES], text[TW_MODEL_ID_BYTES + 64];
    size_t n = 0;
    for (size_t i = 0; i < id.bytes && n + 1 < sizeof(name); i++) {
        char c = id.at[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
        name[n++] = (char)(is_plain ? c : '_');
    }
    name[n] = '\0';
    snprintf(text, sizeof(text), "attachment; filename=\"%s.%s\"", name, suffix);
    return tw_arena_copy(&request->arena, text, strlen(text));
}

void twi_handle_model_file(twi_request *request)
{
    tw_model_form form;
    const char *suffix = NULL;
    tw_model_view view;
    tw_err err = {0};
    tw_export export_ = {0};
    if (!read_form(request, &form, &suffix) || !find_model(request, &view))
        return;
    tw_status status =
        tw_query_model_export(request->http->service, view.model_id, form, &export_, &err);
    const char *name = disposition(request, view.model_id, suffix);
    if (status == TW_OK) {
        TW_CHECK(export_.file_n == 1);
        const tw_buf *bytes = &export_.files[0].bytes;
        tw_buf_put(&request->out, bytes->data_own, bytes->bytes);
        status = name ? request->out.status : TW_NO_MEMORY;
    }
    tw_export_release(&export_);
    if (status != TW_OK) {
        twi_problem_err(request, status, &err);
        return;
    }
    twi_reply_header(request, "Content-Disposition", name);
    twi_reply(request, 200, "application/octet-stream",
              (tw_str){(const char *)request->out.data_own, request->out.bytes});
}

// --- changes
// --------------------------------------------------------------------------------------------

// The present state of a model after a change.
static void answer_model(twi_request *request, unsigned http_status, tw_str id)
{
    tw_model_view view;
    tw_err err = {0};
    tw_status status = tw_query_model(request->http->service, id, &request->arena, &view, &err);
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    if (!twi_json_begin(request, status, &err, &doc, &root))
        return;
    twi_json_model(request, doc, root, &view);
    twi_reply_json(request, http_status, doc);
}

static bool check_reason(twi_request *request, tw_str reason)
{
    if (reason.bytes <= REASON_MAX && tw_str_is_utf8(reason))
        return true;
    twi_problem(request, 422, "reason", "reason must be text of at most %d bytes", REASON_MAX);
    return false;
}

// The body {"reason": "..."}; false after answering.
static bool read_reason(twi_request *request, tw_str *reason)
{
    yyjson_doc *body = twi_body_json(request);
    if (!body)
        return false;
    yyjson_val *root = yyjson_doc_get_root(body), *value = yyjson_obj_get(root, "reason");
    *reason = (tw_str){yyjson_get_str(value), yyjson_get_len(value)};
    if (yyjson_obj_size(root) != 1 || !yyjson_is_str(value) || tw_str_trim(*reason).bytes == 0) {
        twi_problem(request, 422, "reason", "Send one field, reason, that says why");
        return false;
    }
    return check_reason(request, *reason);
}

void twi_handle_model_promote(twi_request *request)
{
    tw_model_view view;
    tw_str reason;
    tw_err err = {0};
    if (!read_reason(request, &reason) || !find_model(request, &view))
        return;
    tw_status status = tw_service_promote(request->http->service, view.model_id,
                                          tw_str_from(request->who.user), reason, &err);
    if (status == TW_OK)
        answer_model(request, 200, view.model_id);
    else
        twi_problem_err(request, status, &err);
}

void twi_handle_model_archive(twi_request *request)
{
    tw_model_view view;
    tw_str reason;
    tw_err err = {0};
    if (!read_reason(request, &reason) || !find_model(request, &view))
        return;
    tw_status status = tw_service_withdraw(request->http->service, view.model_id,
                                           tw_str_from(request->who.user), reason, &err);
    // The model is there, so that this says: it is not the challenger.
    if (status == TW_NOT_FOUND)
        twi_problem(request, 409, NULL,
                    "\"%.*s\" is not the challenger; only that can be withdrawn",
                    TW_STR_ARG(view.model_id));
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else
        answer_model(request, 200, view.model_id);
}

void twi_handle_model_rollback(twi_request *request)
{
    char id[TW_MODEL_ID_BYTES] = "";
    tw_str reason;
    tw_err err = {0};
    if (!read_reason(request, &reason))
        return;
    tw_status status = tw_service_rollback(request->http->service, tw_str_from(request->who.user),
                                           reason, id, &err);
    if (status == TW_NOT_FOUND)
        twi_problem(request, 409, NULL, "There was no champion before the present one");
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else
        answer_model(request, 200, tw_str_from(id));
}

static bool is_model_name(tw_str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool is_mark = i > 0 && (c == '.' || c == '_' || c == '-');
        if (!is_word && !is_mark)
            return false;
    }
    return name.bytes < TW_MODEL_ID_BYTES;
}

void twi_handle_model_import(twi_request *request)
{
    char id[TW_MODEL_ID_BYTES] = "";
    tw_err err = {0};
    tw_model_import import = {.bytes = {(const char *)request->body.data_own, request->body.bytes},
                              .name = tw_str_from(twi_request_argument(request, "name")),
                              .changed_by = tw_str_from(request->who.user),
                              .reason = tw_str_from(twi_request_argument(request, "reason"))};
    if (!twi_body_is(request, "application/octet-stream") &&
        !twi_body_is(request, "application/json")) {
        twi_problem(request, 415, NULL,
                    "Send application/octet-stream (a model file) or application/json (XGBoost)");
        return;
    }
    if (!is_model_name(import.name)) {
        twi_problem(request, 422, "name",
                    "name must be at most 63 letters, digits, dots, dashes and underscores");
        return;
    }
    if (!check_reason(request, import.reason))
        return;
    tw_status status = tw_service_import(request->http->service, &import, id, &err);
    // Foreign bytes are the caller's fault, whatever the loader calls it.
    if (status == TW_CORRUPT || status == TW_SYNTAX || status == TW_UNSUPPORTED)
        twi_problem(request, 422, NULL, "%s", err.text[0] ? err.text : tw_status_text(status));
    else if (status != TW_OK)
        twi_problem_err(request, status, &err);
    else
        answer_model(request, 201, tw_str_from(id));
}
