// SPDX-License-Identifier: Apache-2.0
//
// tillwatch cases verify: an export, without the system that made it. With --data its entries are
// also looked up in that journal.
#include <stdio.h>

#include "adapter/zip.h"
#include "cases.h"
#include "cli.h"
#include "output.h"
#include "place.h"

enum { PIECE_BYTES = 1 << 20 };

static tw_status read_whole(const char *path, tw_buf *out, tw_err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return tw_fail_errno(err, "cannot open %.150s", path);
    tw_status status = TW_OK;
    size_t n = 0;
    do {
        status = tw_buf_reserve(out, PIECE_BYTES);
        if (status != TW_OK)
            break;
        n = fread(out->data_own + out->bytes, 1, PIECE_BYTES, file);
        out->bytes += n;
    } while (n > 0);
    bool has_failed = ferror(file) != 0;
    fclose(file);
    if (status != TW_OK)
        return tw_fail(err, status, "%.150s is larger than an export can be", path);
    return has_failed ? tw_fail(err, TW_IO, "cannot read %.150s", path) : TW_OK;
}

static bool read_digits(const char *text, uint8_t *out)
{
    for (size_t i = 0; i < 2 * (size_t)TW_SIGN_KEY_BYTES; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

bool twi_cases_key(const char *text, uint8_t out[TW_SIGN_KEY_BYTES])
{
    char line[128] = "";
    if (strlen(text) == 2 * (size_t)TW_SIGN_KEY_BYTES && read_digits(text, out))
        return true;
    FILE *file = fopen(text, "r");
    if (!file)
        return false;
    bool is_key = fgets(line, sizeof(line), file) && read_digits(line, out);
    fclose(file);
    return is_key;
}

static void print_json(const tw_case_proof *proof, tw_status status, const tw_err *err)
{
    char when[TW_TIME_TEXT_BYTES], key[2 * TW_SIGN_KEY_BYTES + 1];
    printf("{\"ok\":%s,\"sentence\":", status == TW_OK ? "true" : "false");
    twi_put_json(stdout, tw_str_from(status == TW_OK ? "" : err->text));
    printf(",\"case_id\":");
    twi_put_json(stdout, tw_str_from(proof->case_id));
    printf(",\"exported_at\":\"%s\",\"exporter\":", tw_time_format(proof->exported_ms, 0, when));
    twi_put_json(stdout, tw_str_from(proof->exporter));
    printf(",\"public_key\":\"%s\",\"is_key_known\":%s,\"files\":%llu,\"entries\":%llu,"
           "\"transactions\":%llu,\"chained\":%llu,\"journaled\":%llu,\"journal_seq\":%llu}\n",
           tw_hex(proof->key, sizeof(proof->key), key), proof->is_key_known ? "true" : "false",
           (unsigned long long)proof->file_n, (unsigned long long)proof->entry_n,
           (unsigned long long)proof->transaction_n, (unsigned long long)proof->chained_n,
           (unsigned long long)proof->journaled_n, (unsigned long long)proof->journal_seq);
}

static void print_proof(const tw_case_proof *proof)
{
    char when[TW_TIME_TEXT_BYTES], key[2 * TW_SIGN_KEY_BYTES + 1];
    printf("Case %s, exported by %s on %s by Tillwatch %s\n", proof->case_id, proof->exporter,
           tw_time_format(proof->exported_ms / 1000 * 1000, 0, when), proof->version);
    printf("  %llu files as the manifest says\n", (unsigned long long)proof->file_n);
    printf("  %llu entries and %llu transactions as their bytes say; the entries give the case "
           "file\n",
           (unsigned long long)proof->entry_n, (unsigned long long)proof->transaction_n);
    printf("  %llu of them give the hash of their block in the journal\n",
           (unsigned long long)proof->chained_n);
    if (proof->journaled_n)
        printf("  %llu of them are in the journal\n", (unsigned long long)proof->journaled_n);
    printf("  signed with the key %s\n", tw_hex(proof->key, sizeof(proof->key), key));
    puts(proof->is_key_known
             ? "It holds."
             : "It holds. Compare the key with what `tillwatch cases key` prints there.");
}

static tw_status verify(const twi_cases_options *options, const char *file, const uint8_t *key,
                        tw_case_proof *out, tw_err *err)
{
    tw_buf bytes;
    twi_place place;
    bool has_place = options->data != NULL;
    tw_archive archive = tw_zip_archive(tw_alloc_system());
    if (has_place)
        TW_TRY(twi_place_open(&place, options->data, true, err));
    tw_buf_init(&bytes, tw_alloc_system(), TW_CASE_EXPORT_BYTES);
    tw_status status = read_whole(file, &bytes, err);
    tw_str zip = {(const char *)bytes.data_own, bytes.bytes};
    if (status == TW_OK)
        status = tw_case_verify(&archive, zip, key, has_place ? &place.journal : NULL, out, err);
    tw_buf_release(&bytes);
    if (has_place)
        twi_place_close(&place);
    return status;
}

int twi_cases_verify(const twi_cases_options *options, const char *file)
{
    uint8_t key[TW_SIGN_KEY_BYTES];
    tw_case_proof proof = {.case_id = ""};
    tw_err err = {.text = ""};
    if (options->key && !twi_cases_key(options->key, key))
        return twi_usage("cases", "--key is 64 hex digits, or a file that begins with them");
    tw_status status = verify(options, file, options->key ? key : NULL, &proof, &err);
    if (options->is_json)
        print_json(&proof, status, &err);
    else if (status == TW_OK)
        print_proof(&proof);
    if (status != TW_OK)
        return twi_failed("cases", &err);
    return twi_flush("cases");
}
