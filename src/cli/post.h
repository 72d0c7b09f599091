// SPDX-License-Identifier: Apache-2.0
//
// Posting NDJSON to a running server, over one kept connection.
#ifndef TWI_CLI_POST_H
#define TWI_CLI_POST_H

#include "base/buf.h"

typedef struct twi_post twi_post; // one thread at a time

// url: "http://127.0.0.1:8080"; token: an API token with the scope ingest.
tw_status twi_post_new(const char *url, const char *token, twi_post **out,
                       tw_err *err) TW_MUST_CHECK;
void twi_post_free(twi_post *post);
// Posts `lines` to `path` ("/v1/transactions"). The reply's body is appended to `reply` (NULL =
// dropped). A full queue (429) is waited for. TW_IO when the server does not answer, TW_INVALID
// with its problem when it answers with another status than 200.
tw_status twi_post_send(twi_post *post, const char *path, tw_str lines, tw_buf *reply,
                        tw_err *err) TW_MUST_CHECK;

#endif
