// SPDX-License-Identifier: Apache-2.0
//
// The ZIP of a case. Layout in docs/formats/case-export.md; case_verify.c reads it back.
#include <stdio.h>

#include "case_content.h"
#include "intake/write.h"
#include "json_text.h"
#include "service/evidence.h"

#define FIXED_FILES 8 // what is there besides transactions and attachments
#define FILE_BYTES ((size_t)512 << 20)

static const char readme[] =
    "This is the export of a case of Tillwatch.\n"
    "\n"
    "report.pdf       the case for people\n"
    "case.json        the case file\n"
    "alerts.json      the alerts that belong to it\n"
    "timeline.ndjson  its history, one entry a line, each with the bytes of its record and the\n"
    "                 block of the journal that holds it\n"
    "transactions/    receipts, by their place in the journal\n"
    "attachments/     files of evidence, as they were handed in\n"
    "manifest.json    SHA-256 and size of every file, and where the journal stood\n"
    "manifest.sig     Ed25519 signature of manifest.json\n"
    "\n"
    "Check it, without the system that made it, by\n"
    "\n"
    "  tillwatch cases verify FILE --key KEY\n"
    "\n"
    "where KEY is what `tillwatch cases key` prints at the installation that made it.\n";

typedef struct bundle {
    const twi_case_content *content;
    tw_archive_entry *entries;
    char (*names)[TW_ARCHIVE_NAME_BYTES];
    tw_buf *files_own; // contents
    size_t n, max;
} bundle;

// The next file: its name is set, its content is for the caller to write.
static tw_buf *new_file(bundle *b, const char *name)
{
    TW_CHECK(b->n < b->max);
    snprintf(b->names[b->n], TW_ARCHIVE_NAME_BYTES, "%s", name);
    tw_buf_init(&b->files_own[b->n], b->content->service->alloc, FILE_BYTES);
    return &b->files_own[b->n++];
}

static void put_hex(tw_buf *out, tw_str bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (tw_buf_reserve(out, 2 * bytes.bytes) != TW_OK)
        return;
    for (size_t i = 0; i < bytes.bytes; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        tw_buf_u8(out, (uint8_t)digits[c >> 4]);
        tw_buf_u8(out, (uint8_t)digits[c & 15]);
    }
}

static void put_proof(tw_buf *out, const twi_proven *fact)
{
    tw_buf_cstr(out, "\"fact\":\"");
    put_hex(out, fact->bytes);
    tw_buf_printf(out, "\",\"block\":{\"first_seq\":%llu,\"n\":%u,\"prev_hash\":\"",
                  (unsigned long long)fact->block_seq, fact->block_n);
    put_hex(out, (tw_str){(const char *)fact->prev_hash, TW_SHA256_BYTES});
    tw_buf_cstr(out, "\",\"hash\":\"");
    put_hex(out, (tw_str){(const char *)fact->hash, TW_SHA256_BYTES});
    tw_buf_cstr(out, "\"}");
}

static void put_member(tw_buf *out, const char *name, tw_str value)
{
    tw_buf_printf(out, "\"%s\":", name);
    twi_text_json(out, value);
    tw_buf_u8(out, ',');
}

static void put_time(tw_buf *out, const char *name, int64_t ms)
{
    char text[TW_TIME_TEXT_BYTES];
    put_member(out, name, tw_str_from(tw_time_format(ms, 0, text)));
}

// --- files
// ------------------------------------------------------------------------------------------

static void put_timeline(bundle *b)
{
    tw_buf *out = new_file(b, "timeline.ndjson");
    for (size_t i = 0; i < b->content->entry_n; i++) {
        const tw_action_row *row = &b->content->entries[i].row;
        tw_buf_printf(out, "{\"n\":%zu,\"seq\":%llu,", i + 1, (unsigned long long)row->seq);
        put_time(out, "at", row->at_ms);
        put_member(out, "kind", row->kind);
        put_member(out, "subject", row->subject);
        put_member(out, "actor", row->actor);
        tw_buf_cstr(out, "\"body\":");
        if (row->body.bytes > 0)
            tw_buf_str(out, row->body);
        else
            tw_buf_cstr(out, "null");
        tw_buf_u8(out, ',');
        put_proof(out, &b->content->entries[i].fact);
        tw_buf_cstr(out, "}\n");
    }
}

static void put_alert(tw_buf *out, const tw_alert_view *alert)
{
    tw_buf_u8(out, '{');
    put_member(out, "alert_id", alert->alert_id);
    put_time(out, "created_at", alert->created_ms);
    put_member(out, "status", alert->status);
    put_member(out, "type", alert->type);
    put_member(out, "scheme", alert->scheme);
    put_member(out, "title", alert->title);
    put_member(out, "sentence", alert->sentence);
    put_member(out, "entity_kind", alert->entity_kind);
    put_member(out, "entity_id", alert->entity_id);
    put_member(out, "store_id", alert->store_id);
    put_member(out, "employee_id", alert->employee_id);
    tw_buf_printf(out, "\"risk_score\":%.6g,\"exposure_minor\":%lld,\"currency\":\"%s\",",
                  alert->risk_score, (long long)alert->exposure.minor, alert->exposure.currency);
    put_member(out, "verdict",
               tw_str_from(alert->has_verdict ? tw_verdict_name(alert->verdict.verdict) : ""));
    tw_buf_cstr(out, "\"reasons\":[");
    for (size_t i = 0; i < alert->reason_n; i++) {
        tw_buf_cstr(out, i ? ",{" : "{");
        put_member(out, "signal", alert->reasons[i].signal);
        put_member(out, "title", alert->reasons[i].title);
        put_member(out, "sentence", alert->reasons[i].sentence);
        tw_buf_printf(out, "\"strength\":%.3f}", alert->reasons[i].strength);
    }
    tw_buf_cstr(out, "],\"transaction_ids\":[");
    for (size_t i = 0; i < alert->transaction_id_n; i++) {
        tw_buf_cstr(out, i ? "," : "");
        twi_text_json(out, alert->transaction_ids[i]);
    }
    tw_buf_cstr(out, "]}");
}

static void put_alerts(bundle *b)
{
    tw_buf *out = new_file(b, "alerts.json");
    tw_buf_u8(out, '[');
    for (size_t i = 0; i < b->content->alert_n; i++) {
        tw_buf_cstr(out, i ? ",\n" : "\n");
        put_alert(out, &b->content->alerts[i]);
    }
    tw_buf_cstr(out, "\n]\n");
}

static void put_guilt(tw_buf *out, const char *name, const tw_guilt *marks, size_t n)
{
    bool is_first = true;
    tw_buf_printf(out, "\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (!marks[i].is_guilty)
            continue;
        tw_buf_printf(out, is_first ? "{\"index\":%zu,\"why\":" : ",{\"index\":%zu,\"why\":", i);
        twi_text_json(out, marks[i].why);
        tw_buf_u8(out, '}');
        is_first = false;
    }
    tw_buf_cstr(out, "],");
}

static tw_status put_receipt(bundle *b, const twi_case_receipt *receipt)
{
    char name[64];
    const tw_transaction_view *view = &receipt->view;
    snprintf(name, sizeof(name), "transactions/%llu.json", (unsigned long long)view->seq);
    tw_buf *out = new_file(b, name);
    tw_fact fact = {
        .kind = TW_FACT_TRANSACTION, .seq = view->seq, .received_ms = view->received_ms};
    fact.as.transaction = *view->transaction;
    tw_buf_printf(out, "{\"seq\":%llu,", (unsigned long long)view->seq);
    put_time(out, "received_at", view->received_ms);
    tw_buf_cstr(out, "\"transaction\":");
    TW_TRY(tw_fact_write_json(&fact, TW_WRITE_DERIVED, out));
    tw_buf_printf(out, ",\"risk_score\":%.6g,\"signals\":[", (double)view->score.risk);
    for (size_t i = 0; i < view->signal_n; i++) {
        tw_buf_cstr(out, i ? ",{" : "{");
        put_member(out, "name", view->signals[i].name);
        put_member(out, "sentence", view->signals[i].sentence);
        tw_buf_printf(out, "\"strength\":%.3f}", view->signals[i].strength);
    }
    tw_buf_cstr(out, "],");
    put_guilt(out, "guilty_lines", view->lines, view->transaction->line_n);
    put_guilt(out, "guilty_tenders", view->tenders, view->transaction->tender_n);
    put_proof(out, &receipt->fact);
    tw_buf_cstr(out, "}\n");
    return TW_OK;
}

void twi_case_attachment_path(size_t i, tw_str name, char out[TW_ARCHIVE_NAME_BYTES])
{
    snprintf(out, TW_ARCHIVE_NAME_BYTES, "attachments/%02zu-%.*s", i + 1, TW_STR_ARG(name));
}

static tw_status put_attachments(bundle *b, tw_err *err)
{
    yyjson_val *list = yyjson_obj_get(b->content->root, "attachments"), *item;
    size_t i, max;
    yyjson_arr_foreach(list, i, max, item)
    {
        char path[TW_ARCHIVE_NAME_BYTES];
        twi_case_attachment_path(i, twi_doc_text(item, "name"), path);
        TW_TRY(tw_evidence_read(b->content->service->files, twi_doc_text(item, "sha256"),
                                new_file(b, path), err));
    }
    return TW_OK;
}

// --- manifest
// ------------------------------------------------------------------------------------------

static void put_files(tw_buf *out, const bundle *b)
{
    tw_buf_cstr(out, "\"files\":[");
    for (size_t i = 0; i < b->n; i++) {
        uint8_t hash[TW_SHA256_BYTES];
        const tw_buf *file = &b->files_own[i];
        tw_sha256(file->data_own, file->bytes, hash);
        tw_buf_cstr(out, i ? ",\n{" : "\n{");
        put_member(out, "name", tw_str_from(b->names[i]));
        tw_buf_printf(out, "\"bytes\":%zu,\"sha256\":\"", file->bytes);
        put_hex(out, (tw_str){(const char *)hash, sizeof(hash)});
        tw_buf_cstr(out, "\"}");
    }
    tw_buf_cstr(out, "\n]");
}

static tw_status put_manifest(bundle *b, tw_err *err)
{
    const twi_case_content *c = b->content;
    uint8_t key[TW_SIGN_KEY_BYTES], signature[TW_SIGNATURE_BYTES];
    tw_buf text;
    TW_TRY(tw_case_key_public(c->service->files, key, err));
    tw_buf_init(&text, c->service->alloc, FILE_BYTES);
    tw_buf_cstr(&text, "{\"format\":\"tillwatch-case/1\",");
    put_member(&text, "case_id", c->doc.id);
    put_member(&text, "currency", tw_str_from(c->currency));
    put_time(&text, "exported_at", c->exported_ms);
    put_member(&text, "exporter", c->exporter);
    put_member(&text, "version", tw_str_from(c->service->code_version));
    tw_buf_printf(&text, "\"journal\":{\"seq\":%llu,\"hash\":\"", (unsigned long long)c->head.seq);
    put_hex(&text, (tw_str){(const char *)c->head.hash, TW_SHA256_BYTES});
    tw_buf_printf(&text, "\"},\"entries\":%zu,\"transactions\":%zu,\"public_key\":\"", c->entry_n,
                  c->receipt_n);
    put_hex(&text, (tw_str){(const char *)key, sizeof(key)});
    tw_buf_cstr(&text, "\",");
    put_files(&text, b);
    tw_buf_cstr(&text, "}\n");
    tw_buf *manifest = new_file(b, "manifest.json");
    tw_buf_put(manifest, text.data_own, text.bytes);
    tw_status status = text.status;
    tw_buf_release(&text);
    if (status != TW_OK)
        return tw_fail(err, status, "no memory for the manifest");
    tw_str bytes = {(const char *)manifest->data_own, manifest->bytes};
    TW_TRY(twi_case_sign(c->service->files, bytes, signature, err));
    tw_buf *out = new_file(b, "manifest.sig");
    put_hex(out, (tw_str){(const char *)signature, sizeof(signature)});
    tw_buf_u8(out, '\n');
    return TW_OK;
}

// --- all
// ------------------------------------------------------------------------------------------

static tw_status fill(bundle *b, const tw_paper *paper, tw_err *err)
{
    tw_buf_cstr(new_file(b, "README.txt"), readme);
    TW_TRY(twi_case_paper(b->content, paper, new_file(b, "report.pdf"), err));
    tw_buf_str(new_file(b, "case.json"), b->content->doc.body);
    put_alerts(b);
    put_timeline(b);
    for (size_t i = 0; i < b->content->receipt_n; i++)
        if (put_receipt(b, &b->content->receipts[i]) != TW_OK)
            return tw_fail(err, TW_NO_MEMORY, "no memory for the receipts");
    TW_TRY(put_attachments(b, err));
    return put_manifest(b, err);
}

static tw_status pack(bundle *b, const tw_archive *archive, tw_buf *out, tw_err *err)
{
    for (size_t i = 0; i < b->n; i++) {
        const tw_buf *file = &b->files_own[i];
        if (file->status != TW_OK)
            return tw_fail(err, file->status, "the export has no room for %s", b->names[i]);
        b->entries[i] = (tw_archive_entry){tw_str_from(b->names[i]),
                                           {(const char *)file->data_own, file->bytes}};
    }
    return tw_archive_write(archive, b->entries, b->n, b->content->exported_ms, out, err);
}

tw_status twi_case_bundle(const twi_case_content *content, const tw_paper *paper,
                          const tw_archive *archive, tw_buf *out, tw_err *err)
{
    tw_arena *arena = content->arena;
    size_t attachment_n = yyjson_arr_size(yyjson_obj_get(content->root, "attachments"));
    bundle b = {.content = content, .max = FIXED_FILES + content->receipt_n + attachment_n};
    b.entries = tw_arena_array(arena, b.max, sizeof(*b.entries));
    b.names = tw_arena_array(arena, b.max, sizeof(*b.names));
    b.files_own = tw_arena_array(arena, b.max, sizeof(*b.files_own));
    if (!b.entries || !b.names || !b.files_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory for the export");
    tw_status status = fill(&b, paper, err);
    if (status == TW_OK)
        status = pack(&b, archive, out, err);
    for (size_t i = 0; i < b.n; i++)
        tw_buf_release(&b.files_own[i]);
    return status;
}
