// SPDX-License-Identifier: Apache-2.0
//
// Evidence and exports: a case is worked, exported and verified; then everything that somebody
// could do to the ZIP is done to it, by one who has no key and by one who signs with his own.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <yyjson.h>

#include "adapter/paper.h"
#include "adapter/zip.h"
#include "retail/codec.h"
#include "service/case_export.h"
#include "service/evidence.h"
#include "service_fixture.h"

#define EVERYTHING (TW_RIGHT_READ | TW_RIGHT_WORK | TW_RIGHT_MANAGE | TW_RIGHT_NAMES)
#define FILES_MAX 400

static chain shared;
static tw_paper paper;
static tw_archive archive;

// --- the case
// ---------------------------------------------------------------------------------------

typedef struct desk {
    fixture f;
    tw_arena arena;
    char case_id[TW_ID_MAX_BYTES + 1];
    tw_buf zip; // of its export
    uint8_t key[TW_SIGN_KEY_BYTES];
} desk;

static desk the_desk; // with a case, exported once; tests only read it

static void act(desk *d, tw_action_kind kind, const char *subject, const char *body)
{
    tw_work_result result;
    tw_work_request request = {.kind = kind,
                               .subject = tw_str_from(subject),
                               .actor = TW_STR("anna"),
                               .rights = EVERYTHING,
                               .body = tw_str_from(body)};
    tw_err err = {.text = ""};
    if (tw_service_act(d->f.service, &request, 1, &result, &err) != TW_OK)
        fail_msg("%s: %s", tw_action_kind_word(kind), err.text);
    if (kind == TW_ACTION_CASE_OPEN)
        tw_str_copy(tw_str_from(result.subject), d->case_id, sizeof(d->case_id));
}

static tw_status attach(desk *d, const char *name, tw_str bytes, tw_evidence_added *out,
                        tw_err *err)
{
    tw_evidence evidence = {.case_id = tw_str_from(d->case_id),
                            .name = tw_str_from(name),
                            .note = TW_STR("till 3, from above"),
                            .bytes = bytes,
                            .actor = TW_STR("anna"),
                            .rights = EVERYTHING};
    return tw_evidence_add(d->f.service, &evidence, out, err);
}

static void work_case(desk *d)
{
    tw_alert_list list;
    tw_alert_query query = {.only_open = true, .limit = 2};
    char body[512];
    tw_evidence_added added;
    assert_int_equal(tw_query_alerts(d->f.service, &query, &d->arena, &list, NULL), TW_OK);
    assert_int_equal(list.n, 2);
    snprintf(body, sizeof(body),
             "{\"title\":\"Rückgaben ohne Beleg\",\"alerts\":[\"%.*s\",\"%.*s\"],"
             "\"subjects\":[{\"kind\":\"EMPLOYEE\",\"id\":\"E1\"}],\"note\":\"seen on camera\"}",
             TW_STR_ARG(list.items[0].alert_id), TW_STR_ARG(list.items[1].alert_id));
    act(d, TW_ACTION_CASE_OPEN, "", body);
    act(d, TW_ACTION_CASE_NOTE, d->case_id, "{\"text\":\"The manager confirms.\\nTwo lines.\"}");
    act(d, TW_ACTION_CASE_MONEY, d->case_id, "{\"kind\":\"recovered\",\"amount_minor\":12050}");
    assert_int_equal(
        attach(d, "frame.png", TW_STR("\x89PNG\r\n\x1a\nnot much of one"), &added, NULL), TW_OK);
    assert_int_equal(attach(d, "Aussage Müller.txt", TW_STR("Ich sah ihn."), &added, NULL), TW_OK);
    act(d, TW_ACTION_CASE_REFER, d->case_id, "{\"to\":\"hr\",\"reference\":\"HR-7\"}");
    // What was done to an alert of the case belongs to its history.
    snprintf(body, sizeof(body), "%.*s", TW_STR_ARG(list.items[0].alert_id));
    act(d, TW_ACTION_ALERT_COMMENT, body, "{\"text\":\"see the case\"}");
}

static tw_status export_case(desk *d, tw_case_form form, tw_buf *out, tw_err *err)
{
    tw_case_request request = {.case_id = tw_str_from(d->case_id),
                               .form = form,
                               .actor = TW_STR("anna"),
                               .rights = EVERYTHING};
    tw_buf_init(out, tw_alloc_system(), TW_CASE_EXPORT_BYTES);
    return tw_case_export(d->f.service, &request, out, err);
}

static void desk_make(desk *d)
{
    tw_err err = {.text = ""};
    *d = (desk){.case_id = ""};
    tw_arena_init(&d->arena, tw_alloc_system(), 0, (size_t)256 << 20);
    fixture_make(&d->f);
    d->f.train_off = true;
    tw_service_options options = fixture_options(&d->f);
    options.paper = &paper;
    options.archive = &archive;
    options.code_version = "test";
    if (tw_service_open(&options, &d->f.service, &err) != TW_OK)
        fail_msg("%s", err.text);
    fixture_feed(&d->f, &shared, 0, shared.n, 512);
    (void)fixture_hashes(&d->f); // all is projected
    assert_int_equal(tw_case_key_make(&d->f.files, NULL), TW_OK);
    assert_int_equal(tw_case_key_public(&d->f.files, d->key, NULL), TW_OK);
    work_case(d);
}

static void desk_release(desk *d)
{
    fixture_release(&d->f);
    tw_arena_release(&d->arena);
}

static int set_up(void **state)
{
    (void)state;
    tw_err err = {.text = ""};
    paper = tw_haru_paper(NULL);
    archive = tw_zip_archive(tw_alloc_system());
    chain_make(&shared, 4, 14, 3);
    desk_make(&the_desk);
    if (export_case(&the_desk, TW_CASE_FORM_ZIP, &the_desk.zip, &err) != TW_OK)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tw_buf_release(&the_desk.zip);
    desk_release(&the_desk);
    chain_release(&shared);
    return 0;
}

// --- a ZIP taken apart
// -------------------------------------------------------------------------------

typedef struct pack {
    char names[FILES_MAX][TW_ARCHIVE_NAME_BYTES];
    tw_buf bytes[FILES_MAX];
    size_t n;
} pack;

static pack *pack_open(tw_str zip)
{
    pack *p = tw_new(tw_alloc_system(), pack);
    tw_archive_reader *reader;
    assert_int_equal(tw_archive_open(&archive, zip, &reader, NULL), TW_OK);
    p->n = tw_archive_entry_n(&archive, reader);
    assert_true(p->n < FILES_MAX);
    for (size_t i = 0; i < p->n; i++) {
        tw_str_copy(tw_archive_entry_name(&archive, reader, i), p->names[i], sizeof(p->names[i]));
        tw_buf_init(&p->bytes[i], tw_alloc_system(), (size_t)64 << 20);
        assert_int_equal(tw_archive_read(&archive, reader, i, &p->bytes[i], NULL), TW_OK);
    }
    tw_archive_close(&archive, reader);
    return p;
}

static void pack_free(pack *p)
{
    for (size_t i = 0; i < p->n; i++)
        tw_buf_release(&p->bytes[i]);
    tw_delete(tw_alloc_system(), p);
}

static size_t file_of(const pack *p, const char *name)
{
    size_t i = 0;
    while (i < p->n && strcmp(p->names[i], name) != 0)
        i++;
    assert_true(i < p->n);
    return i;
}

static tw_str content(const pack *p, size_t i)
{
    return (tw_str){(const char *)p->bytes[i].data_own, p->bytes[i].bytes};
}

static void set_content(pack *p, size_t i, tw_str bytes)
{
    tw_buf next;
    tw_buf_init(&next, tw_alloc_system(), (size_t)64 << 20);
    tw_buf_str(&next, bytes);
    tw_buf_release(&p->bytes[i]);
    p->bytes[i] = next;
}

static size_t add_file(pack *p, const char *name, tw_str bytes)
{
    snprintf(p->names[p->n], sizeof(p->names[0]), "%s", name);
    tw_buf_init(&p->bytes[p->n], tw_alloc_system(), (size_t)64 << 20);
    tw_buf_str(&p->bytes[p->n], bytes);
    return p->n++;
}

static void drop_file(pack *p, size_t i)
{
    tw_buf_release(&p->bytes[i]);
    p->n--;
    for (; i < p->n; i++) {
        p->bytes[i] = p->bytes[i + 1];
        memcpy(p->names[i], p->names[i + 1], sizeof(p->names[i]));
    }
}

static tw_status verify(tw_str zip, const uint8_t *key, const tw_journal *journal,
                        tw_case_proof *proof, tw_err *err)
{
    *err = (tw_err){.text = ""};
    return tw_case_verify(&archive, zip, key, journal, proof, err);
}

// The changed ZIP does not hold, and the sentence says what.
static void assert_broken(const pack *p, const uint8_t *key, const tw_journal *journal,
                          const char *sentence)
{
    tw_archive_entry entries[FILES_MAX];
    tw_buf zip;
    tw_case_proof proof;
    tw_err err;
    for (size_t i = 0; i < p->n; i++)
        entries[i] = (tw_archive_entry){tw_str_from(p->names[i]), content(p, i)};
    tw_buf_init(&zip, tw_alloc_system(), (size_t)64 << 20);
    assert_int_equal(tw_archive_write(&archive, entries, p->n, 0, &zip, NULL), TW_OK);
    tw_status status =
        verify((tw_str){(const char *)zip.data_own, zip.bytes}, key, journal, &proof, &err);
    tw_buf_release(&zip);
    assert_int_equal(status, TW_CORRUPT);
    if (!strstr(err.text, sentence))
        fail_msg("\"%s\" instead of \"%s\"", err.text, sentence);
}

// Writes the manifest anew for what the pack holds, and signs it with a key of one's own.
static void sign_again(pack *p, size_t entry_n)
{
    static const uint8_t forged[TW_SIGN_KEY_BYTES] = {7};
    uint8_t hash[TW_SHA256_BYTES], public_key[TW_SIGN_KEY_BYTES], signature[TW_SIGNATURE_BYTES];
    char hex[2 * TW_SIGNATURE_BYTES + 1];
    size_t manifest = file_of(p, "manifest.json");
    yyjson_doc *old =
        yyjson_read((const char *)p->bytes[manifest].data_own, p->bytes[manifest].bytes, 0);
    yyjson_mut_doc *doc = yyjson_doc_mut_copy(old, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *files = yyjson_mut_arr(doc);
    for (size_t i = 0; i < p->n; i++) {
        if (strncmp(p->names[i], "manifest.", 9) == 0)
            continue;
        tw_sha256(p->bytes[i].data_own, p->bytes[i].bytes, hash);
        yyjson_mut_val *file = yyjson_mut_arr_add_obj(doc, files);
        yyjson_mut_obj_add_strcpy(doc, file, "name", p->names[i]);
        yyjson_mut_obj_add_uint(doc, file, "bytes", p->bytes[i].bytes);
        yyjson_mut_obj_add_strcpy(doc, file, "sha256", tw_hex(hash, sizeof(hash), hex));
    }
    yyjson_mut_obj_put(root, yyjson_mut_str(doc, "files"), files);
    if (entry_n)
        yyjson_mut_obj_put(root, yyjson_mut_str(doc, "entries"), yyjson_mut_uint(doc, entry_n));
    assert_int_equal(tw_sign_public(forged, public_key), TW_OK);
    yyjson_mut_obj_put(root, yyjson_mut_str(doc, "public_key"),
                       yyjson_mut_strcpy(doc, tw_hex(public_key, sizeof(public_key), hex)));
    size_t n;
    char *text = yyjson_mut_write(doc, 0, &n);
    set_content(p, manifest, (tw_str){text, n});
    assert_int_equal(tw_sign(forged, text, n, signature), TW_OK);
    set_content(p, file_of(p, "manifest.sig"),
                tw_str_from(tw_hex(signature, sizeof(signature), hex)));
    (free)(text);
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(old);
}

static tw_str zip_of(const desk *d)
{
    return (tw_str){(const char *)d->zip.data_own, d->zip.bytes};
}

// --- tests
// ------------------------------------------------------------------------------------------

static void an_export_proves_itself(void **state)
{
    (void)state;
    tw_case_proof proof;
    tw_err err;
    if (verify(zip_of(&the_desk), the_desk.key, NULL, &proof, &err) != TW_OK)
        fail_msg("%s", err.text);
    assert_string_equal(proof.case_id, the_desk.case_id);
    assert_string_equal(proof.exporter, "anna");
    assert_true(proof.is_key_known);
    // Opening, note, money, two files, referral, a comment on an alert, and the export itself.
    assert_int_equal(proof.entry_n, 8);
    assert_int_equal(proof.chained_n, 8);
    assert_true(proof.transaction_n > 0);
    assert_int_equal(proof.journaled_n, 0);
    assert_int_equal(verify(zip_of(&the_desk), NULL, &the_desk.f.journal, &proof, &err), TW_OK);
    assert_int_equal(proof.journaled_n, proof.entry_n + proof.transaction_n);
    assert_false(proof.is_key_known);
}

static void a_byte_of_any_file_is_noticed(void **state)
{
    (void)state;
    pack *p = pack_open(zip_of(&the_desk));
    for (size_t i = 0; i < p->n; i++) {
        size_t at = p->bytes[i].bytes / 2;
        p->bytes[i].data_own[at] ^= 1;
        if (strcmp(p->names[i], "manifest.json") == 0 || strcmp(p->names[i], "manifest.sig") == 0)
            assert_broken(p, NULL, NULL, "");
        else
            assert_broken(p, NULL, NULL, p->names[i]);
        p->bytes[i].data_own[at] ^= 1;
    }
    pack_free(p);
}

static void a_file_removed_or_added_is_noticed(void **state)
{
    (void)state;
    pack *whole = pack_open(zip_of(&the_desk));
    for (size_t i = 0; i < whole->n; i++) {
        pack *p = pack_open(zip_of(&the_desk));
        drop_file(p, i);
        assert_broken(p, NULL, NULL, "is missing");
        pack_free(p);
    }
    add_file(whole, "attachments/03-more.txt", TW_STR("more"));
    assert_broken(whole, NULL, NULL, "attachments/03-more.txt was added");
    pack_free(whole);
}

static void another_signer_is_noticed_by_the_key(void **state)
{
    (void)state;
    pack *p = pack_open(zip_of(&the_desk));
    set_content(p, file_of(p, "README.txt"), TW_STR("all is well"));
    assert_broken(p, NULL, NULL, "README.txt is not what the manifest says");
    sign_again(p, 0);
    assert_broken(p, the_desk.key, NULL, "another key");
    pack_free(p);
}

// Lines of the timeline, by number from 0; `order` gives the new ones and their count.
static void reorder(pack *p, const size_t *order, size_t n)
{
    size_t i = file_of(p, "timeline.ndjson"), starts[64], line_n = 0;
    tw_str text = content(p, i);
    tw_buf next;
    starts[0] = 0;
    for (size_t k = 0; k < text.bytes; k++)
        if (text.at[k] == '\n')
            starts[++line_n] = k + 1;
    tw_buf_init(&next, tw_alloc_system(), (size_t)64 << 20);
    for (size_t k = 0; k < n; k++) {
        tw_str line = {text.at + starts[order[k]], starts[order[k] + 1] - starts[order[k]]};
        // "n" counts on.
        size_t comma = 0;
        while (line.at[comma] != ',')
            comma++;
        tw_buf_printf(&next, "{\"n\":%zu", k + 1);
        tw_buf_str(&next, (tw_str){line.at + comma, line.bytes - comma});
    }
    set_content(p, i, (tw_str){(const char *)next.data_own, next.bytes});
    tw_buf_release(&next);
}

// Whoever leaves an entry out needs another case file, too: what he writes is not what the rest
// gives.
static void entries_left_out_or_moved_are_noticed_whoever_signs(void **state)
{
    (void)state;
    static const size_t without_note[] = {0, 2, 3, 4, 5, 6, 7}, without_first[] = {1, 2, 3},
                        without_last[] = {0, 1, 2, 3, 4}, swapped[] = {0, 2, 1, 3, 4, 5, 6, 7};
    const struct {
        const size_t *order;
        size_t n;
        const char *sentence;
    } cases[] = {{without_note, 7, "case.json is not what its entries give"},
                 {without_first, 3, "case.json is not what its entries give"},
                 {without_last, 5, "case.json is not what its entries give"},
                 {swapped, 8, "not in its place"}};
    for (size_t i = 0; i < TW_COUNT(cases); i++) {
        pack *p = pack_open(zip_of(&the_desk));
        reorder(p, cases[i].order, cases[i].n);
        assert_broken(p, NULL, NULL, "timeline.ndjson is not what the manifest says");
        sign_again(p, cases[i].n);
        assert_broken(p, NULL, NULL, cases[i].sentence);
        pack_free(p);
    }
}

static void swap_text(pack *p, const char *name, const char *from, const char *to)
{
    size_t i = file_of(p, name), n = strlen(from);
    tw_buf *bytes = &p->bytes[i];
    bool is_found = false;
    assert_int_equal(n, strlen(to));
    for (size_t k = 0; k + n <= bytes->bytes; k++) {
        if (memcmp(bytes->data_own + k, from, n) == 0) {
            memcpy(bytes->data_own + k, to, n);
            is_found = true;
        }
    }
    assert_true(is_found);
    sign_again(p, 0);
}

static void what_is_said_must_be_what_the_bytes_say(void **state)
{
    (void)state;
    pack *p = pack_open(zip_of(&the_desk));
    swap_text(p, "timeline.ndjson", "The manager confirms.", "The manager denies it");
    assert_broken(p, NULL, NULL, "entry 2 of timeline.ndjson does not say what its fact says");
    pack_free(p);
    p = pack_open(zip_of(&the_desk));
    swap_text(p, "case.json", "\"HR-7\"", "\"HR-8\"");
    assert_broken(p, NULL, NULL, "case.json is not what its entries give");
    pack_free(p);
    p = pack_open(zip_of(&the_desk));
    size_t receipt = 0;
    while (strncmp(p->names[receipt], "transactions/", 13) != 0)
        receipt++;
    swap_text(p, p->names[receipt], "\"employee_id\":\"E", "\"employee_id\":\"F");
    assert_broken(p, NULL, NULL, "does not say what its fact says");
    pack_free(p);
}

static void put_hex(tw_buf *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tw_buf_printf(out, "%02x", bytes[i]);
}

// The bytes and what they say changed together: the block's hash does not follow from them.
static void forged_bytes_do_not_give_the_journals_hash(void **state)
{
    (void)state;
    pack *p = pack_open(zip_of(&the_desk));
    tw_buf from, to;
    tw_buf_init(&from, tw_alloc_system(), 1024);
    tw_buf_init(&to, tw_alloc_system(), 1024);
    put_hex(&from, (const uint8_t *)"The manager confirms.", 21);
    put_hex(&to, (const uint8_t *)"The manager denies it", 21);
    tw_buf_u8(&from, 0);
    tw_buf_u8(&to, 0);
    swap_text(p, "timeline.ndjson", "The manager confirms.", "The manager denies it");
    swap_text(p, "timeline.ndjson", (const char *)from.data_own, (const char *)to.data_own);
    assert_broken(p, NULL, NULL, "entry 2 of timeline.ndjson does not give the hash of its block");
    tw_buf_release(&from);
    tw_buf_release(&to);
    pack_free(p);
}

static void other_evidence_is_noticed(void **state)
{
    (void)state;
    pack *p = pack_open(zip_of(&the_desk));
    set_content(p, file_of(p, "attachments/02-Aussage Müller.txt"), TW_STR("Ich sah nichts."));
    sign_again(p, 0);
    assert_broken(p, NULL, NULL, "is not the file that was handed in");
    pack_free(p);
    p = pack_open(zip_of(&the_desk));
    add_file(p, "attachments/03-more.txt", TW_STR("more"));
    sign_again(p, 0);
    assert_broken(p, NULL, NULL, "attachments/ holds what the case file does not name");
    pack_free(p);
}

static void another_journal_does_not_hold_it(void **state)
{
    (void)state;
    desk other;
    tw_case_proof proof;
    tw_err err;
    desk_make(&other);
    assert_int_equal(verify(zip_of(&the_desk), NULL, &other.f.journal, &proof, &err), TW_CORRUPT);
    assert_non_null(strstr(err.text, "journal"));
    desk_release(&other);
}

// --- evidence
// ---------------------------------------------------------------------------------------

static void evidence_is_refused_with_a_reason(void **state)
{
    (void)state;
    desk d;
    tw_evidence_added added;
    tw_err err;
    desk_make(&d);
    assert_int_equal(attach(&d, "a/b.txt", TW_STR("x"), &added, &err), TW_INVALID);
    assert_int_equal(attach(&d, "a.exe", TW_STR("MZ\1\2"), &added, &err), TW_INVALID);
    assert_non_null(strstr(err.text, "none of PDF"));
    assert_int_equal(attach(&d, "again.txt", TW_STR("Ich sah ihn."), &added, &err), TW_CONFLICT);
    size_t big = TW_EVIDENCE_MAX_BYTES + 1;
    char *bytes = tw_new_array(tw_alloc_system(), big, 1);
    memset(bytes, 'a', big);
    assert_int_equal(attach(&d, "big.txt", (tw_str){bytes, big}, &added, &err), TW_LIMIT);
    tw_free_array(tw_alloc_system(), bytes, big, 1);
    tw_str_copy(TW_STR("C-none"), d.case_id, sizeof(d.case_id));
    assert_int_equal(attach(&d, "a.txt", TW_STR("x"), &added, &err), TW_NOT_FOUND);
    desk_release(&d);
}

static void lost_or_changed_evidence_is_named_and_not_exported(void **state)
{
    (void)state;
    desk d;
    tw_evidence_check check;
    tw_evidence_added added;
    tw_buf out;
    tw_err err = {.text = ""};
    char path[TW_FILES_NAME_BYTES];
    desk_make(&d);
    assert_int_equal(attach(&d, "list.csv", TW_STR("a,b\n1,2\n"), &added, &err), TW_OK);
    assert_int_equal(tw_evidence_verify(&d.f.ledger, &d.f.files, &d.arena, &check, &err), TW_OK);
    assert_int_equal(check.file_n, 3);
    assert_int_equal(check.fault_n, 0);
    snprintf(path, sizeof(path), "evidence/%.2s/%s", added.sha256, added.sha256);
    const tw_str other = TW_STR("a,b\n1,3\n");
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            assert_int_equal(tw_files_publish(&d.f.files, path, &other, 1, NULL), TW_OK);
        else
            assert_int_equal(tw_files_remove(&d.f.files, path, NULL), TW_OK);
        assert_int_equal(tw_evidence_verify(&d.f.ledger, &d.f.files, &d.arena, &check, &err),
                         TW_OK);
        assert_int_equal(check.fault_n, 1);
        assert_true(tw_str_equal(check.faults[0].name, TW_STR("list.csv")));
        assert_int_equal(export_case(&d, TW_CASE_FORM_ZIP, &out, &err), TW_CORRUPT);
        assert_non_null(strstr(err.text, added.sha256));
        tw_buf_release(&out);
    }
    // The PDF names the file and its hash, and needs no content.
    assert_int_equal(export_case(&d, TW_CASE_FORM_PDF, &out, &err), TW_OK);
    assert_memory_equal(out.data_own, "%PDF", 4);
    tw_buf_release(&out);
    desk_release(&d);
}

// The fact is written behind the file: when the journal fails, no case names anything.
static void a_failed_journal_leaves_no_entry(void **state)
{
    (void)state;
    desk d;
    tw_evidence_added added;
    tw_evidence_check check;
    tw_err err;
    desk_make(&d);
    tw_fault_plan_set(d.f.plan, TW_FAULT_WRITES, 1, false, TW_NO_SPACE);
    tw_status status = attach(&d, "late.txt", TW_STR("too late"), &added, &err);
    tw_fault_plan_set(d.f.plan, TW_FAULT_WRITES, 0, false, TW_OK);
    assert_int_not_equal(status, TW_OK);
    assert_int_equal(added.sha256[0], '\0');
    assert_int_equal(tw_evidence_verify(&d.f.ledger, &d.f.files, &d.arena, &check, &err), TW_OK);
    assert_int_equal(check.file_n, 2);
    assert_int_equal(attach(&d, "late.txt", TW_STR("too late"), &added, &err), TW_OK);
    desk_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_export_proves_itself),
        cmocka_unit_test(a_byte_of_any_file_is_noticed),
        cmocka_unit_test(a_file_removed_or_added_is_noticed),
        cmocka_unit_test(another_signer_is_noticed_by_the_key),
        cmocka_unit_test(entries_left_out_or_moved_are_noticed_whoever_signs),
        cmocka_unit_test(what_is_said_must_be_what_the_bytes_say),
        cmocka_unit_test(forged_bytes_do_not_give_the_journals_hash),
        cmocka_unit_test(other_evidence_is_noticed),
        cmocka_unit_test(another_journal_does_not_hold_it),
        cmocka_unit_test(evidence_is_refused_with_a_reason),
        cmocka_unit_test(lost_or_changed_evidence_is_named_and_not_exported),
        cmocka_unit_test(a_failed_journal_leaves_no_entry),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
