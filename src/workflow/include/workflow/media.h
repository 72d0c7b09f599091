// SPDX-License-Identifier: Apache-2.0
//
// What a file of evidence is, by its content: names and headers are not believed.
//
// Thread-safety: pure functions.
#ifndef TW_WORKFLOW_MEDIA_H
#define TW_WORKFLOW_MEDIA_H

#include "base/str.h"

// A film of some seconds, a scan of some pages.
#define TW_EVIDENCE_MAX_BYTES (10 << 20)
#define TW_EVIDENCE_NAME_BYTES 128 // of a file name, in UTF-8

// X(NAME, "media type", "file name extension")
#define TW_MEDIA(X)                                                                                \
    X(PDF, "application/pdf", "pdf")                                                               \
    X(PNG, "image/png", "png")                                                                     \
    X(JPEG, "image/jpeg", "jpg")                                                                   \
    X(WEBP, "image/webp", "webp")                                                                  \
    X(MP4, "video/mp4", "mp4")                                                                     \
    X(DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")     \
    X(XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")           \
    X(EML, "message/rfc822", "eml")                                                                \
    X(CSV, "text/csv", "csv")                                                                      \
    X(TEXT, "text/plain", "txt")
typedef enum tw_media {
#define X(name, type, extension) TW_MEDIA_##name,
    TW_MEDIA(X)
#undef X
        TW_MEDIA_N // none of them
} tw_media;

const char *tw_media_type(tw_media media);      // "" for TW_MEDIA_N
const char *tw_media_extension(tw_media media); // without a dot

// Office files with macros are none of them. Texts must be UTF-8 (mails any 8-bit text) without
// control characters. O(bytes).
tw_media tw_media_sniff(tw_str bytes);

// A file name without a path: 1..TW_EVIDENCE_NAME_BYTES bytes of UTF-8, no '/', '\\', ':' or
// control character, not "." or "..".
bool tw_evidence_name_is_valid(tw_str name);

#endif
