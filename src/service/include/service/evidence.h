// SPDX-License-Identifier: Apache-2.0
//
// Files of evidence: stored under their SHA-256 (evidence/ab/<sha256> of the data directory) before
// the case names them, and checked against it whenever they are read. They are never changed;
// content that several cases name is stored once.
//
// All functions are thread-safe. They hold the whole file in memory: at most
// TW_EVIDENCE_MAX_BYTES.
#ifndef TW_SERVICE_EVIDENCE_H
#define TW_SERVICE_EVIDENCE_H

#include "service/work.h"
#include "workflow/media.h"

typedef struct tw_evidence {
    tw_str case_id;
    tw_str name;  // of the file, without a path
    tw_str note;  // may be empty
    tw_str bytes; // content
    tw_str actor; // who adds it
    uint32_t rights;
} tw_evidence;

typedef struct tw_evidence_added {
    char sha256[2 * TW_SHA256_BYTES + 1];
    tw_media media;
    uint64_t version; // of the case
} tw_evidence_added;

// Stores the file, then journals case.attach. TW_INVALID (a name, a kind of file that is not
// allowed), TW_LIMIT (too large), TW_NOT_FOUND (no such case), TW_CONFLICT (it holds this file
// already, or is closed), TW_NO_SPACE, TW_IO. A file that is stored and not named (the action was
// refused) does no harm.
tw_status tw_evidence_add(tw_service *service, const tw_evidence *evidence, tw_evidence_added *out,
                          tw_err *err) TW_MUST_CHECK;

// Appends the content. TW_INVALID for what is no hash; TW_CORRUPT with a sentence when the file is
// missing or is not what was stored.
tw_status tw_evidence_read(const tw_files *files, tw_str sha256, tw_buf *out,
                           tw_err *err) TW_MUST_CHECK;

// The same of a service's own directory.
tw_status tw_service_evidence(tw_service *service, tw_str sha256, tw_buf *out,
                              tw_err *err) TW_MUST_CHECK;

// One file that cases name and that is not there as it was.
typedef struct tw_evidence_fault {
    tw_str case_id, sha256, name;
    tw_str sentence;
} tw_evidence_fault;
// Reads every file that some case names. O(bytes of all of them).
typedef struct tw_evidence_check {
    uint64_t file_n, bytes;          // intact ones
    const tw_evidence_fault *faults; // in the arena
    size_t fault_n;
} tw_evidence_check;
tw_status tw_evidence_verify(const tw_ledger *ledger, const tw_files *files, tw_arena *arena,
                             tw_evidence_check *out, tw_err *err) TW_MUST_CHECK;

#endif
