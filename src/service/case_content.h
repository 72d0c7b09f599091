// SPDX-License-Identifier: Apache-2.0
//
// Everything that belongs to a case, read once, for its export. Strings live in the arena. Only
// files of src/service include this.
#ifndef TWI_SERVICE_CASE_CONTENT_H
#define TWI_SERVICE_CASE_CONTENT_H

#include <yyjson.h>

#include "internal.h"
#include "port/paper.h"
#include "service/case_export.h"
#include "workflow/media.h"

// A fact with the block of the journal that holds it.
typedef struct twi_proven {
    uint64_t seq;
    tw_str bytes; // canonical
    uint64_t block_seq;
    uint32_t block_n;
    uint8_t prev_hash[TW_SHA256_BYTES], hash[TW_SHA256_BYTES];
} twi_proven;

typedef struct twi_case_entry {
    tw_action_row row;
    twi_proven fact;
} twi_case_entry;

typedef struct twi_case_receipt {
    tw_transaction_view view;
    twi_proven fact;
} twi_case_receipt;

typedef struct twi_case_content {
    tw_service *service;
    tw_arena *arena;
    tw_doc_row doc;
    yyjson_val *root; // of the doc's body
    char currency[4];
    const tw_alert_view *alerts;
    size_t alert_n;
    twi_case_receipt *receipts; // ascending by seq
    size_t receipt_n;
    twi_case_entry *entries; // ascending by seq
    size_t entry_n;
    tw_journal_head head;
    tw_str exporter;
    int64_t exported_ms;
} twi_case_content;

tw_status twi_case_read(tw_service *service, tw_str case_id, tw_str exporter, tw_arena *arena,
                        twi_case_content *out, tw_err *err) TW_MUST_CHECK;
// The fact at `seq` with its block. TW_NOT_FOUND behind the end.
tw_status twi_prove(const tw_journal *journal, uint64_t seq, tw_arena *arena, twi_proven *out,
                    tw_err *err) TW_MUST_CHECK;

// Members of JSON objects: "" and 0 when they are missing or of another kind.
tw_str twi_doc_text(yyjson_val *object, const char *name);
int64_t twi_doc_int(yyjson_val *object, const char *name);

// case_paper.c: the PDF.
tw_status twi_case_paper(const twi_case_content *content, const tw_paper *paper, tw_buf *out,
                         tw_err *err) TW_MUST_CHECK;
// case_bundle.c: the ZIP.
tw_status twi_case_bundle(const twi_case_content *content, const tw_paper *paper,
                          const tw_archive *archive, tw_buf *out, tw_err *err) TW_MUST_CHECK;
// case_export.c: signs with the key of the directory.
tw_status twi_case_sign(const tw_files *files, tw_str manifest, uint8_t out[TW_SIGNATURE_BYTES],
                        tw_err *err) TW_MUST_CHECK;
// Name of attachment i (from 0) within the ZIP.
void twi_case_attachment_path(size_t i, tw_str name, char out[TW_ARCHIVE_NAME_BYTES]);

#endif
