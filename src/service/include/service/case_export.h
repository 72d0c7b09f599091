// SPDX-License-Identifier: Apache-2.0
//
// A case as it leaves the house: a PDF for people, or a ZIP with everything and the proof of it
// (docs/formats/case-export.md). Asking for an export is itself an entry of the case.
//
// All functions are thread-safe.
#ifndef TW_SERVICE_CASE_EXPORT_H
#define TW_SERVICE_CASE_EXPORT_H

#include "base/sign.h"
#include "port/archive.h"
#include "service/work.h"

// Entries of a history that an export holds; more is refused.
#define TW_CASE_EXPORT_ENTRIES_MAX 20000
#define TW_CASE_EXPORT_BYTES ((size_t)1536 << 20)

typedef enum tw_case_form { TW_CASE_FORM_PDF, TW_CASE_FORM_ZIP } tw_case_form;

typedef struct tw_case_request {
    tw_str case_id;
    tw_case_form form;
    tw_str actor; // who asks
    uint32_t rights;
} tw_case_request;

// Appends the export. TW_NOT_FOUND; TW_CORRUPT with the name of the file when evidence is missing
// or damaged; TW_LIMIT; TW_CLOSED when the service has no paper or archive; TW_UNSUPPORTED in
// reader mode. Some 0.1 s and the memory of all evidence.
tw_status tw_case_export(tw_service *service, const tw_case_request *request, tw_buf *out,
                         tw_err *err) TW_MUST_CHECK;

// The key that signs exports: keys/export.key of the data directory. make writes a new one when
// there is none; by whoever holds the directory's lock.
tw_status tw_case_key_make(const tw_files *files, tw_err *err) TW_MUST_CHECK;
tw_status tw_case_key_public(const tw_files *files, uint8_t out[TW_SIGN_KEY_BYTES],
                             tw_err *err) TW_MUST_CHECK;

// What a ZIP says of itself, and how much of it could be proven.
typedef struct tw_case_proof {
    char case_id[TW_ID_MAX_BYTES + 1];
    char exporter[TW_ID_MAX_BYTES + 1];
    char version[32]; // of the program that made it
    int64_t exported_ms;
    uint8_t key[TW_SIGN_KEY_BYTES]; // public, of the signature
    bool is_key_known;              // it is the one that was asked for
    uint64_t file_n, entry_n, transaction_n;
    uint64_t chained_n;   // entries whose block hash follows from the export alone
    uint64_t journaled_n; // entries and transactions found in the journal, when one was given
    uint64_t journal_seq;
} tw_case_proof;

// Checks a ZIP without anything else: signature, every file against the manifest, every entry
// against its canonical bytes and their block hash, the case file against a replay of its entries,
// transactions and evidence against what the case file says. key NULL = any. journal NULL = none;
// else each fact must also be in it, and its blocks as stated. TW_CORRUPT names the first thing
// that does not hold; TW_LIMIT, TW_NO_MEMORY. `out` is filled as far as it got.
tw_status tw_case_verify(const tw_archive *archive, tw_str zip, const uint8_t *key,
                         const tw_journal *journal, tw_case_proof *out, tw_err *err) TW_MUST_CHECK;

#endif
