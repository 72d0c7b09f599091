// SPDX-License-Identifier: Apache-2.0
//
// A case's ZIP against itself. From the outside inwards: the signature holds the manifest, the
// manifest holds every file, the bytes of each entry hold what it says and its block's hash, and a
// replay of the entries gives the case file.
#include <stdio.h>
#include <string.h>

#include "case_content.h"
#include "intake/write.h"
#include "json_text.h"
#include "retail/codec.h"
#include "workflow/case_work.h"

#define FILE_BYTES ((size_t)512 << 20)
#define ARENA_BYTES ((size_t)3 << 30)
#define MANIFEST "manifest.json"
#define SIGNATURE "manifest.sig"

typedef struct verifier {
    const tw_archive *archive;
    tw_archive_reader *reader;
    const tw_journal *journal;
    tw_case_proof *out;
    tw_arena arena;
    yyjson_val *manifest;
    yyjson_val *case_file;
    tw_str case_text;
    char currency[4];
    size_t file_n; // that the manifest names
} verifier;

// What does not hold, and how.
static tw_status broken(tw_err *err, const char *what, const char *how)
{
    return tw_fail(err, TW_CORRUPT, "%s %s", what, how);
}

// --- reading
// ---------------------------------------------------------------------------------------

static bool find(const verifier *v, tw_str name, size_t *out)
{
    size_t n = tw_archive_entry_n(v->archive, v->reader);
    for (size_t i = 0; i < n; i++) {
        if (tw_str_equal(tw_archive_entry_name(v->archive, v->reader, i), name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

// The content, in the arena and with a NUL behind it.
static tw_status read_file(verifier *v, tw_str name, tw_str *out, tw_err *err)
{
    size_t i;
    tw_buf bytes;
    if (!find(v, name, &i))
        return tw_fail(err, TW_CORRUPT, "%.*s is missing", TW_STR_ARG(name));
    tw_buf_init(&bytes, tw_alloc_system(), FILE_BYTES);
    tw_status status = tw_archive_read(v->archive, v->reader, i, &bytes, err);
    if (status == TW_OK) {
        const char *copy = tw_arena_copy(
            &v->arena, bytes.data_own ? (const void *)bytes.data_own : "", bytes.bytes);
        *out = (tw_str){copy, bytes.bytes};
        status = copy ? TW_OK : tw_fail(err, TW_NO_MEMORY, "no memory for the export");
    }
    tw_buf_release(&bytes);
    return status;
}

static yyjson_val *parse(verifier *v, tw_str text)
{
    yyjson_alc alc = twi_arena_alc(&v->arena);
    union {
        const char *in;
        char *out;
    } bytes = {.in = text.at}; // only read
    return yyjson_doc_get_root(
        yyjson_read_opts(bytes.out, text.bytes, YYJSON_READ_NOFLAG, &alc, NULL));
}

// Hex of exactly n bytes.
static bool read_hex(tw_str text, uint8_t *out, size_t n)
{
    if (text.bytes != 2 * n)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        uint8_t digit = c >= '0' && c <= '9'   ? (uint8_t)(c - '0')
                        : c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10)
                                               : 255;
        if (digit == 255)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

// --- signature and manifest
// ------------------------------------------------------------------------

static tw_status check_signature(verifier *v, const uint8_t *key, tw_err *err)
{
    tw_str text, hex;
    uint8_t signature[TW_SIGNATURE_BYTES];
    TW_TRY(read_file(v, TW_STR(MANIFEST), &text, err));
    TW_TRY(read_file(v, TW_STR(SIGNATURE), &hex, err));
    v->manifest = parse(v, text);
    if (!yyjson_is_obj(v->manifest) ||
        !tw_str_equal(twi_doc_text(v->manifest, "format"), TW_STR("tillwatch-case/1")))
        return broken(err, MANIFEST, "is not of an export that this program knows");
    if (!read_hex(twi_doc_text(v->manifest, "public_key"), v->out->key, sizeof(v->out->key)) ||
        !read_hex(tw_str_trim(hex), signature, sizeof(signature)) ||
        !tw_sign_holds(v->out->key, text.at, text.bytes, signature))
        return broken(err, "the signature", "does not hold: " MANIFEST " was changed");
    if (key && memcmp(key, v->out->key, sizeof(v->out->key)) != 0)
        return tw_fail(err, TW_CORRUPT,
                       "the export is signed by another key than the one that was given");
    v->out->is_key_known = key != NULL;
    return TW_OK;
}

static tw_status read_manifest(verifier *v, tw_err *err)
{
    int16_t offset_min;
    tw_case_proof *out = v->out;
    tw_str_copy(twi_doc_text(v->manifest, "case_id"), out->case_id, sizeof(out->case_id));
    tw_str_copy(twi_doc_text(v->manifest, "exporter"), out->exporter, sizeof(out->exporter));
    tw_str_copy(twi_doc_text(v->manifest, "version"), out->version, sizeof(out->version));
    tw_str_copy(twi_doc_text(v->manifest, "currency"), v->currency, sizeof(v->currency));
    out->journal_seq = (uint64_t)twi_doc_int(yyjson_obj_get(v->manifest, "journal"), "seq");
    if (!tw_time_parse(twi_doc_text(v->manifest, "exported_at"), &out->exported_ms, &offset_min))
        return broken(err, MANIFEST, "does not say when the export was made");
    return TW_OK;
}

static tw_status check_file(verifier *v, yyjson_val *file, tw_err *err)
{
    tw_str name = twi_doc_text(file, "name"), bytes;
    uint8_t hash[TW_SHA256_BYTES], wanted[TW_SHA256_BYTES];
    TW_TRY(read_file(v, name, &bytes, err));
    tw_sha256(bytes.at, bytes.bytes, hash);
    if (!read_hex(twi_doc_text(file, "sha256"), wanted, sizeof(wanted)) ||
        memcmp(hash, wanted, sizeof(hash)) != 0 ||
        twi_doc_int(file, "bytes") != (int64_t)bytes.bytes)
        return tw_fail(err, TW_CORRUPT, "%.*s is not what the manifest says", TW_STR_ARG(name));
    v->out->file_n++;
    return TW_OK;
}

static bool is_named(const verifier *v, tw_str name)
{
    yyjson_val *files = yyjson_obj_get(v->manifest, "files"), *file;
    size_t i, max;
    yyjson_arr_foreach(files, i, max, file)
    {
        if (tw_str_equal(twi_doc_text(file, "name"), name))
            return true;
    }
    return false;
}

static tw_status check_files(verifier *v, tw_err *err)
{
    yyjson_val *files = yyjson_obj_get(v->manifest, "files"), *file;
    size_t i, max, n = tw_archive_entry_n(v->archive, v->reader);
    yyjson_arr_foreach(files, i, max, file)
    {
        TW_TRY(check_file(v, file, err));
    }
    for (i = 0; i < n; i++) {
        tw_str name = tw_archive_entry_name(v->archive, v->reader, i);
        if (!tw_str_equal(name, TW_STR(MANIFEST)) && !tw_str_equal(name, TW_STR(SIGNATURE)) &&
            !is_named(v, name))
            return tw_fail(err, TW_CORRUPT, "%.*s was added: the manifest does not name it",
                           TW_STR_ARG(name));
    }
    return TW_OK;
}

// --- facts
// -----------------------------------------------------------------------------------------

static tw_status check_journal(verifier *v, const twi_proven *fact, const char *where, tw_err *err)
{
    twi_proven stored;
    if (!v->journal)
        return TW_OK;
    tw_status status = twi_prove(v->journal, fact->seq, &v->arena, &stored, err);
    if (status == TW_NOT_FOUND)
        return broken(err, where, "is not in the journal");
    TW_TRY(status);
    if (!tw_str_equal(stored.bytes, fact->bytes) || stored.block_seq != fact->block_seq ||
        stored.block_n != fact->block_n ||
        memcmp(stored.hash, fact->hash, sizeof(stored.hash)) != 0 ||
        memcmp(stored.prev_hash, fact->prev_hash, sizeof(stored.prev_hash)) != 0)
        return broken(err, where, "is not what the journal holds");
    v->out->journaled_n++;
    return TW_OK;
}

// Reads "seq", "fact" and "block" of an object, and decodes the fact. `where` names it in failures.
static tw_status read_proof(verifier *v, yyjson_val *object, const char *where, twi_proven *proof,
                            tw_fact *fact, tw_err *err)
{
    yyjson_val *block = yyjson_obj_get(object, "block");
    tw_str hex = twi_doc_text(object, "fact");
    uint8_t *bytes = tw_arena_take(&v->arena, hex.bytes / 2 + 1);
    if (!bytes)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the export");
    *proof = (twi_proven){.seq = yyjson_get_uint(yyjson_obj_get(object, "seq")),
                          .bytes = {(const char *)bytes, hex.bytes / 2},
                          .block_seq = yyjson_get_uint(yyjson_obj_get(block, "first_seq")),
                          .block_n = (uint32_t)yyjson_get_uint(yyjson_obj_get(block, "n"))};
    if (!read_hex(hex, bytes, hex.bytes / 2) ||
        !read_hex(twi_doc_text(block, "hash"), proof->hash, sizeof(proof->hash)) ||
        !read_hex(twi_doc_text(block, "prev_hash"), proof->prev_hash, sizeof(proof->prev_hash)) ||
        proof->seq < proof->block_seq || proof->seq - proof->block_seq >= proof->block_n ||
        tw_fact_decode(bytes, hex.bytes / 2, &v->arena, fact) != TW_OK)
        return broken(err, where, "does not carry the bytes of its fact");
    fact->seq = proof->seq;
    return TW_OK;
}

// A block of one fact can be computed again from that fact.
static tw_status check_block(verifier *v, const twi_proven *proof, const char *where, tw_err *err)
{
    uint8_t hash[TW_SHA256_BYTES];
    tw_buf payload;
    if (proof->block_n != 1)
        return TW_OK;
    tw_buf_init(&payload, tw_alloc_system(), FILE_BYTES);
    tw_status status = tw_block_encode(&proof->bytes, 1, &payload);
    if (status == TW_OK)
        tw_block_hash(proof->prev_hash, proof->block_seq, 1, payload.data_own, payload.bytes, hash);
    tw_buf_release(&payload);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the export");
    if (memcmp(hash, proof->hash, sizeof(hash)) != 0)
        return broken(err, where, "does not give the hash of its block in the journal");
    v->out->chained_n++;
    return TW_OK;
}

// --- history
// ---------------------------------------------------------------------------------------

// What the line says against what the fact says.
static bool says_same(verifier *v, yyjson_val *line, const tw_fact *fact)
{
    char time[TW_TIME_TEXT_BYTES];
    tw_str kind = twi_doc_text(line, "kind"), subject = twi_doc_text(line, "subject"),
           actor = twi_doc_text(line, "actor");
    if (!tw_str_equal(twi_doc_text(line, "at"),
                      tw_str_from(tw_time_format(tw_fact_time_ms(fact), 0, time))))
        return false;
    if (fact->kind == TW_FACT_VERDICT)
        return tw_str_equal(kind, TW_STR("alert.verdict")) &&
               tw_str_equal(subject, fact->as.verdict.alert_id) &&
               tw_str_equal(actor, fact->as.verdict.decided_by);
    if (fact->kind != TW_FACT_ACTION)
        return false;
    const tw_action *action = &fact->as.action;
    yyjson_val *body = yyjson_obj_get(line, "body"), *own = parse(v, action->body);
    return tw_str_equal(kind, action->kind) && tw_str_equal(subject, action->subject) &&
           tw_str_equal(actor, action->actor) &&
           (action->body.bytes == 0 ? yyjson_is_null(body) : yyjson_equals(body, own));
}

typedef struct replay {
    tw_arena arenas[2]; // of the case file so far and of the one before, by turns
    int turn;
    tw_str body;
    uint64_t last_seq;
    size_t n;
} replay;

static tw_status replay_action(verifier *v, const tw_fact *fact, replay *r, const char *where,
                               tw_err *err)
{
    tw_doc_row row;
    tw_arena *arena = &r->arenas[r->turn];
    if (fact->kind != TW_FACT_ACTION ||
        !tw_str_equal(fact->as.action.subject, tw_str_from(v->out->case_id)))
        return TW_OK;
    tw_arena_reset(arena);
    tw_status status =
        tw_case_apply(r->body, &fact->as.action, fact->seq, v->currency, arena, &row);
    if (status == TW_INVALID) // it changes no file
        return TW_OK;
    if (status != TW_OK)
        return broken(err, where, "does not fit to the entries before it");
    r->turn = 1 - r->turn;
    r->body = row.body;
    return TW_OK;
}

static tw_status check_entry(verifier *v, tw_str text, replay *r, tw_err *err)
{
    char where[64];
    twi_proven proof;
    tw_fact fact;
    yyjson_val *line = parse(v, text);
    snprintf(where, sizeof(where), "entry %zu of timeline.ndjson", r->n + 1);
    if (!yyjson_is_obj(line))
        return broken(err, where, "is no JSON");
    TW_TRY(read_proof(v, line, where, &proof, &fact, err));
    if (yyjson_get_uint(yyjson_obj_get(line, "n")) != r->n + 1 || proof.seq <= r->last_seq)
        return broken(err, where, "is not in its place: entries were left out or moved");
    if (!says_same(v, line, &fact))
        return broken(err, where, "does not say what its fact says");
    TW_TRY(check_block(v, &proof, where, err));
    TW_TRY(check_journal(v, &proof, where, err));
    TW_TRY(replay_action(v, &fact, r, where, err));
    r->last_seq = proof.seq;
    r->n++;
    return TW_OK;
}

static tw_status check_entries(verifier *v, replay *r, tw_err *err)
{
    tw_str text;
    TW_TRY(read_file(v, TW_STR("timeline.ndjson"), &text, err));
    TW_TRY(read_file(v, TW_STR("case.json"), &v->case_text, err));
    while (text.bytes > 0) {
        size_t n = 0;
        while (n < text.bytes && text.at[n] != '\n')
            n++;
        TW_TRY(check_entry(v, (tw_str){text.at, n}, r, err));
        n = TW_MIN(n + 1, text.bytes);
        text = (tw_str){text.at + n, text.bytes - n};
    }
    v->out->entry_n = r->n;
    if (r->n != (uint64_t)twi_doc_int(v->manifest, "entries"))
        return tw_fail(err, TW_CORRUPT,
                       "timeline.ndjson has not as many entries as the manifest says");
    if (!tw_str_equal(r->body, v->case_text))
        return tw_fail(err, TW_CORRUPT,
                       "case.json is not what its entries give: some were left out or changed");
    v->case_file = parse(v, v->case_text);
    return TW_OK;
}

static tw_status check_timeline(verifier *v, tw_err *err)
{
    replay r = {.n = 0};
    for (int i = 0; i < 2; i++)
        tw_arena_init(&r.arenas[i], tw_alloc_system(), 0, ARENA_BYTES);
    tw_status status = check_entries(v, &r, err);
    for (int i = 0; i < 2; i++)
        tw_arena_release(&r.arenas[i]);
    return status;
}

// --- receipts and evidence
// ------------------------------------------------------------------------

static tw_status check_record(verifier *v, yyjson_val *object, const tw_fact *fact,
                              const char *where, tw_err *err)
{
    tw_buf json;
    tw_buf_init(&json, tw_alloc_system(), FILE_BYTES);
    tw_status status = tw_fact_write_json(fact, TW_WRITE_DERIVED, &json);
    yyjson_val *own =
        status == TW_OK ? parse(v, (tw_str){(const char *)json.data_own, json.bytes}) : NULL;
    bool is_same = own && yyjson_equals(own, yyjson_obj_get(object, "transaction"));
    tw_buf_release(&json);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the export");
    return is_same ? TW_OK : broken(err, where, "does not say what its fact says");
}

static tw_status check_receipt(verifier *v, tw_str name, tw_err *err)
{
    char where[TW_ARCHIVE_NAME_BYTES], path[64];
    tw_str text;
    twi_proven proof;
    tw_fact fact;
    tw_str_copy(name, where, sizeof(where));
    TW_TRY(read_file(v, name, &text, err));
    yyjson_val *object = parse(v, text);
    if (!yyjson_is_obj(object))
        return broken(err, where, "is no JSON");
    TW_TRY(read_proof(v, object, where, &proof, &fact, err));
    snprintf(path, sizeof(path), "transactions/%llu.json", (unsigned long long)proof.seq);
    if (fact.kind != TW_FACT_TRANSACTION || strcmp(path, where) != 0)
        return broken(err, where, "does not carry its own transaction");
    TW_TRY(check_record(v, object, &fact, where, err));
    TW_TRY(check_block(v, &proof, where, err));
    v->out->transaction_n++;
    return check_journal(v, &proof, where, err);
}

static tw_status check_receipts(verifier *v, tw_err *err)
{
    size_t n = tw_archive_entry_n(v->archive, v->reader);
    for (size_t i = 0; i < n; i++) {
        tw_str name = tw_archive_entry_name(v->archive, v->reader, i);
        if (tw_str_starts(name, TW_STR("transactions/")))
            TW_TRY(check_receipt(v, name, err));
    }
    if (v->out->transaction_n != (uint64_t)twi_doc_int(v->manifest, "transactions"))
        return tw_fail(err, TW_CORRUPT, "there are not as many transactions as the manifest says");
    return TW_OK;
}

static tw_status check_evidence(verifier *v, tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(v->case_file, "attachments"), *item;
    size_t i, max, n = tw_archive_entry_n(v->archive, v->reader), found = 0;
    yyjson_arr_foreach(list, i, max, item)
    {
        char path[TW_ARCHIVE_NAME_BYTES], hex[2 * TW_SHA256_BYTES + 1];
        uint8_t hash[TW_SHA256_BYTES];
        tw_str bytes;
        twi_case_attachment_path(i, twi_doc_text(item, "name"), path);
        TW_TRY(read_file(v, tw_str_from(path), &bytes, err));
        tw_sha256(bytes.at, bytes.bytes, hash);
        if (!tw_str_equal(tw_str_from(tw_hex(hash, sizeof(hash), hex)),
                          twi_doc_text(item, "sha256")))
            return broken(err, path, "is not the file that was handed in");
        found++;
    }
    for (i = 0; i < n; i++)
        found -=
            tw_str_starts(tw_archive_entry_name(v->archive, v->reader, i), TW_STR("attachments/"));
    return found == 0
               ? TW_OK
               : tw_fail(err, TW_CORRUPT, "attachments/ holds what the case file does not name");
}

// --- all
// ------------------------------------------------------------------------------------------

tw_status tw_case_verify(const tw_archive *archive, tw_str zip, const uint8_t *key,
                         const tw_journal *journal, tw_case_proof *out, tw_err *err)
{
    verifier v = {.archive = archive, .journal = journal, .out = out};
    *out = (tw_case_proof){.case_id = ""};
    TW_TRY(tw_archive_open(archive, zip, &v.reader, err));
    tw_arena_init(&v.arena, tw_alloc_system(), 0, ARENA_BYTES);
    tw_status status = check_signature(&v, key, err);
    if (status == TW_OK)
        status = read_manifest(&v, err);
    if (status == TW_OK)
        status = check_files(&v, err);
    if (status == TW_OK)
        status = check_timeline(&v, err);
    if (status == TW_OK)
        status = check_receipts(&v, err);
    if (status == TW_OK)
        status = check_evidence(&v, err);
    tw_arena_release(&v.arena);
    tw_archive_close(archive, v.reader);
    return status;
}
