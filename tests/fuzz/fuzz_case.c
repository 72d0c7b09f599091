// SPDX-License-Identifier: Apache-2.0
//
// Exports of anybody, and files that say of themselves what they like. Each input is sniffed, and
// verified as a ZIP as it is; and, as a checksum would stop most of it there, its parts are also
// put into a new ZIP as manifest, timeline and case file, signed, so that it reaches the checks
// behind. Nothing that the fuzzer makes may hold: it has no case whose entries give a case file.
#include <string.h>

#include "adapter/zip.h"
#include "service/case_export.h"
#include "workflow/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

static void verify(const tw_archive *archive, tw_str zip)
{
    tw_case_proof proof;
    tw_err err = {.text = ""};
    tw_status status = tw_case_verify(archive, zip, NULL, NULL, &proof, &err);
    TW_CHECK(status != TW_OK && err.status == status && err.text[0] != '\0');
}

static void put_hex(tw_buf *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tw_buf_printf(out, "%02x", bytes[i]);
}

// A manifest that names the two files as they are, and its signature.
static void put_manifest(const tw_archive_entry *files, size_t n, tw_buf *manifest,
                         tw_buf *signed_by)
{
    static const uint8_t key[TW_SIGN_KEY_BYTES] = {1};
    uint8_t public_key[TW_SIGN_KEY_BYTES], hash[TW_SHA256_BYTES], signature[TW_SIGNATURE_BYTES];
    TW_CHECK(tw_sign_public(key, public_key) == TW_OK);
    tw_buf_cstr(manifest,
                "{\"format\":\"tillwatch-case/1\",\"case_id\":\"C-1\",\"currency\":\"USD\","
                "\"exported_at\":\"2026-01-05T00:00:00Z\",\"entries\":1,\"transactions\":1,"
                "\"public_key\":\"");
    put_hex(manifest, public_key, sizeof(public_key));
    tw_buf_cstr(manifest, "\",\"files\":[");
    for (size_t i = 0; i < n; i++) {
        tw_sha256(files[i].bytes.at, files[i].bytes.bytes, hash);
        tw_buf_printf(manifest, "%s{\"name\":\"%.*s\",\"bytes\":%zu,\"sha256\":\"", i ? "," : "",
                      TW_STR_ARG(files[i].name), files[i].bytes.bytes);
        put_hex(manifest, hash, sizeof(hash));
        tw_buf_cstr(manifest, "\"}");
    }
    tw_buf_cstr(manifest, "]}");
    TW_CHECK(tw_sign(key, manifest->data_own, manifest->bytes, signature) == TW_OK);
    put_hex(signed_by, signature, sizeof(signature));
}

static tw_str view(const tw_buf *buf)
{
    return (tw_str){(const char *)buf->data_own, buf->bytes};
}

// The first line is the case file, the rest the timeline.
static void verify_parts(const tw_archive *archive, tw_str bytes)
{
    size_t cut = 0;
    tw_buf manifest, signed_by, zip;
    while (cut < bytes.bytes && bytes.at[cut] != '\n')
        cut++;
    size_t rest = TW_MIN(cut + 1, bytes.bytes);
    tw_archive_entry files[4] = {
        {TW_STR("case.json"), {bytes.at, cut}},
        {TW_STR("timeline.ndjson"), {bytes.at + rest, bytes.bytes - rest}}};
    tw_buf_init(&manifest, tw_alloc_system(), 1 << 20);
    tw_buf_init(&signed_by, tw_alloc_system(), 1 << 20);
    tw_buf_init(&zip, tw_alloc_system(), (size_t)64 << 20);
    put_manifest(files, 2, &manifest, &signed_by);
    files[2] = (tw_archive_entry){TW_STR("manifest.json"), view(&manifest)};
    files[3] = (tw_archive_entry){TW_STR("manifest.sig"), view(&signed_by)};
    TW_CHECK(tw_archive_write(archive, files, 4, 0, &zip, NULL) == TW_OK);
    verify(archive, view(&zip));
    tw_buf_release(&zip);
    tw_buf_release(&signed_by);
    tw_buf_release(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
    tw_archive archive = tw_zip_archive(tw_alloc_system());
    tw_str bytes = {(const char *)data, data_bytes};
    TW_CHECK((unsigned)tw_media_sniff(bytes) <= TW_MEDIA_N);
    verify(&archive, bytes);
    verify_parts(&archive, bytes);
    return 0;
}
