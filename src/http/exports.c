// SPDX-License-Identifier: Apache-2.0
//
// Cases that leave the house, and large replies.
#define _XOPEN_SOURCE 700 // mkstemp
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "evidence.h"
#include "service/case_export.h"
#include "work.h"

// What is small enough goes through the request's own memory.
#define SMALL_BYTES ((size_t)1 << 20)

static tw_status write_all(int fd, const tw_buf *bytes, tw_err *err)
{
    size_t done = 0;
    while (done < bytes->bytes) {
        ssize_t n = write(fd, bytes->data_own + done, bytes->bytes - done);
        if (n < 0 && errno != EINTR)
            return tw_fail_errno(err, "the reply cannot be written to the data directory");
        done += n > 0 ? (size_t)n : 0;
    }
    return TW_OK;
}

// A file without a name, which goes away with its descriptor.
static tw_status unnamed_file(const char *dir, int *out, tw_err *err)
{
    char path[TWI_PATH_BYTES + 32];
    snprintf(path, sizeof(path), "%s/.reply-XXXXXX", dir[0] ? dir : "/tmp");
    *out = mkstemp(path);
    if (*out < 0)
        return tw_fail_errno(err, "no file for the reply can be made in the data directory");
    unlink(path);
    return TW_OK;
}

static void reply_by_file(twi_request *request, const char *content_type, const tw_buf *bytes)
{
    int fd;
    tw_err err = {.text = ""};
    tw_status status = unnamed_file(request->http->data_dir, &fd, &err);
    if (status == TW_OK) {
        status = write_all(fd, bytes, &err);
        if (status != TW_OK)
            close(fd);
    }
    if (status == TW_OK)
        twi_reply_file(request, content_type, fd, bytes->bytes);
    else
        twi_problem_err(request, status, &err);
}

void twi_reply_bytes(twi_request *request, const char *content_type, tw_buf *bytes)
{
    char *copy =
        bytes->bytes <= SMALL_BYTES
            ? tw_arena_copy(&request->arena,
                            bytes->data_own ? bytes->data_own : (const uint8_t *)"", bytes->bytes)
            : NULL;
    if (copy)
        twi_reply(request, 200, content_type, (tw_str){copy, bytes->bytes});
    else
        reply_by_file(request, content_type, bytes);
    tw_buf_release(bytes);
}

static bool read_form(twi_request *request, tw_case_form *out)
{
    const char *form = twi_request_argument(request, "form");
    bool is_zip = form && strcmp(form, "zip") == 0;
    *out = is_zip ? TW_CASE_FORM_ZIP : TW_CASE_FORM_PDF;
    if (!form || is_zip || strcmp(form, "pdf") == 0)
        return true;
    twi_problem(request, 400, "form", "form is pdf or zip");
    return false;
}

void twi_handle_case_export(twi_request *request)
{
    tw_doc_row row;
    tw_buf bytes;
    char name[128];
    tw_err err = {.text = ""};
    tw_case_request wanted = {.case_id = request->params[0],
                              .actor = tw_str_from(request->who.user),
                              .rights = request->who.rights};
    if (!read_form(request, &wanted.form) || !twi_case_asked(request, wanted.case_id, &row))
        return;
    bool is_zip = wanted.form == TW_CASE_FORM_ZIP;
    tw_buf_init(&bytes, request->http->alloc, TW_CASE_EXPORT_BYTES);
    tw_status status = tw_case_export(request->http->service, &wanted, &bytes, &err);
    if (status != TW_OK) {
        tw_buf_release(&bytes);
        twi_problem_err(request, status, &err);
        return;
    }
    snprintf(name, sizeof(name), "%.*s.%s", TW_STR_ARG(row.id), is_zip ? "zip" : "pdf");
    twi_disposition(request, tw_str_from(name));
    twi_reply_bytes(request, is_zip ? "application/zip" : "application/pdf", &bytes);
}
