// SPDX-License-Identifier: Apache-2.0
//
// The embedded portal: hashed assets for ever, pages always asked again, everything compressed.
#include "portal.h"

#include <stdio.h>

#include "internal.h"

// NULL for a path that does not name a file of the kinds that a portal is made of.
static const char *media_type(tw_str path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".svg", "image/svg+xml"},
                 {".json", "application/json"},
                 {".png", "image/png"},
                 {".woff2", "font/woff2"},
                 {".ico", "image/x-icon"},
                 {".webmanifest", "application/manifest+json"}};
    for (size_t i = 0; i < TW_COUNT(types); i++) {
        if (tw_str_ends(path, tw_str_from(types[i].suffix)))
            return types[i].type;
    }
    return NULL;
}

static const twi_portal_file *find(const char *path)
{
    for (const twi_portal_file *file = twi_portal_files; file->path; file++) {
        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

static void serve(twi_request *request, const twi_portal_file *file)
{
    bool is_asset = strncmp(file->path, "/assets/", 8) == 0; // Vite names them by their hash
    char quoted[32];
    snprintf(quoted, sizeof(quoted), "\"%.16s\"", file->hash);
    char *etag = tw_arena_copy(&request->arena, quoted, strlen(quoted));
    const char *known = twi_request_header(request, "If-None-Match");
    if (!etag) {
        twi_problem_err(request, TW_NO_MEMORY, NULL);
        return;
    }
    twi_reply_header(request, "ETag", etag);
    twi_reply_header(request, "Cache-Control",
                     is_asset ? "public, max-age=31536000, immutable" : "no-cache");
    if (known && strcmp(known, etag) == 0) {
        twi_reply(request, 304, NULL, TW_STR_NONE);
        return;
    }
    request->reply_is_gzip = true;
    const char *type = media_type(tw_str_from(file->path));
    twi_reply(request, 200, type ? type : "application/octet-stream",
              (tw_str){(const char *)file->data, (size_t)(file->end - file->data)});
}

void twi_handle_portal(twi_request *request)
{
    const twi_portal_file *file = find(request->path);
    // Pages are routes of the portal itself, also those whose ids hold a dot; a missing script must
    // not turn into a page.
    bool is_page = strncmp(request->path, "/assets/", 8) != 0 &&
                   media_type(tw_str_from(request->path)) == NULL;
    if (!file && is_page)
        file = find("/index.html");
    if (file)
        serve(request, file);
    else if (!twi_portal_files[0].path)
        twi_problem(request, 404, NULL, "The portal is not part of this build; run ./demo or make");
    else
        twi_problem(request, 404, NULL, "There is no \"%.100s\" here", request->path);
}
