// SPDX-License-Identifier: Apache-2.0
//
// What a file of evidence is, by its bytes alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "workflow/media.h"

static void is(tw_media wanted, tw_str bytes)
{
    tw_media found = tw_media_sniff(bytes);
    if (found != wanted)
        fail_msg("\"%.20s\" is %s, not %s", bytes.at, tw_media_type(found), tw_media_type(wanted));
}

static void signatures_name_the_format(void **state)
{
    (void)state;
    is(TW_MEDIA_PDF, TW_STR("%PDF-1.7\n..."));
    is(TW_MEDIA_PNG, TW_STR("\x89PNG\r\n\x1a\nIHDR"));
    is(TW_MEDIA_JPEG, TW_STR("\xff\xd8\xff\xe0JFIF"));
    is(TW_MEDIA_WEBP, TW_STR("RIFF\x10\0\0\0WEBPVP8 "));
    is(TW_MEDIA_MP4, TW_STR("\0\0\0\x20"
                            "ftypisom\0\0\2\0"));
    is(TW_MEDIA_N, TW_STR("\0\0\0\x20"
                          "ftypqt  \0\0\2\0"));
    is(TW_MEDIA_N, TW_STR("RIFF\x10\0\0\0AVI LIST"));
    is(TW_MEDIA_N, TW_STR("MZ\x90\0\3\0\0\0"));
    is(TW_MEDIA_N, TW_STR("\x7f"
                          "ELF\2\1\1"));
    is(TW_MEDIA_N, TW_STR(""));
    is(TW_MEDIA_N, TW_STR("\xff\xd8"));
}

static void texts_are_mail_table_or_plain(void **state)
{
    (void)state;
    is(TW_MEDIA_TEXT, TW_STR("Ich sah ihn um 14:02 an Kasse 3.\nMüller\n"));
    is(TW_MEDIA_TEXT, TW_STR("<script>alert(1)</script>"));
    is(TW_MEDIA_TEXT, TW_STR("one, two\nthree\n"));
    is(TW_MEDIA_TEXT, TW_STR("a,b,c"));
    is(TW_MEDIA_CSV, TW_STR("time,till,amount\r\n14:02,3,\"12,50\"\r\n14:05,3,9.99\r\n"));
    is(TW_MEDIA_CSV, TW_STR("\xef\xbb\xbfKasse;Betrag\n3;12,50\n\n4;1,00\n"));
    is(TW_MEDIA_EML, TW_STR("Received: from x\n by y\nFrom: a@b.c\nDate: now\n\nHi\xfc\n"));
    is(TW_MEDIA_TEXT, TW_STR("From: a@b.c\nto be continued\n\n"));
    is(TW_MEDIA_TEXT, TW_STR("From: a@b.c\nDate: no empty line behind"));
    is(TW_MEDIA_N, TW_STR("latin \xfc text"));
    is(TW_MEDIA_N, TW_STR("a\0b"));
    is(TW_MEDIA_N, TW_STR("bell \a"));
}

// A ZIP of empty files with these names; stored, with the sizes that the format needs.
static void zip_of(const char *const *names, size_t n, tw_buf *out)
{
    size_t starts[8];
    for (size_t i = 0; i < n; i++) {
        starts[i] = out->bytes;
        tw_buf_cstr(out, "PK\003\004");
        for (int k = 0; k < 22; k++)
            tw_buf_u8(out, 0);
        tw_buf_u16(out, (uint16_t)strlen(names[i]));
        tw_buf_u16(out, 0);
        tw_buf_cstr(out, names[i]);
    }
    size_t central = out->bytes;
    for (size_t i = 0; i < n; i++) {
        tw_buf_cstr(out, "PK\001\002");
        for (int k = 0; k < 24; k++)
            tw_buf_u8(out, 0);
        tw_buf_u16(out, (uint16_t)strlen(names[i]));
        for (int k = 0; k < 12; k++)
            tw_buf_u8(out, 0);
        tw_buf_u32(out, (uint32_t)starts[i]);
        tw_buf_cstr(out, names[i]);
    }
    size_t bytes = out->bytes - central;
    tw_buf_cstr(out, "PK\005\006");
    tw_buf_u32(out, 0);
    tw_buf_u16(out, (uint16_t)n);
    tw_buf_u16(out, (uint16_t)n);
    tw_buf_u32(out, (uint32_t)bytes);
    tw_buf_u32(out, (uint32_t)central);
    tw_buf_u16(out, 0);
}

static void office(tw_media wanted, const char *a, const char *b, const char *c)
{
    const char *const names[] = {a, b, c};
    tw_buf zip;
    tw_buf_init(&zip, tw_alloc_system(), 1 << 20);
    zip_of(names, c ? 3 : b ? 2 : 1, &zip);
    is(wanted, (tw_str){(const char *)zip.data_own, zip.bytes});
    // Cut anywhere it is none, and nothing outside is read.
    for (size_t n = 0; n < zip.bytes; n++) {
        char *copy = tw_new_array(tw_alloc_system(), n + 1, 1);
        memcpy(copy, zip.data_own, n);
        char *exact = tw_new_array(tw_alloc_system(), n ? n : 1, 1);
        memcpy(exact, copy, n);
        assert_true(tw_media_sniff((tw_str){exact, n}) != TW_MEDIA_DOCX);
        tw_free_array(tw_alloc_system(), exact, n ? n : 1, 1);
        tw_free_array(tw_alloc_system(), copy, n + 1, 1);
    }
    tw_buf_release(&zip);
}

static void office_files_are_told_by_what_they_hold(void **state)
{
    (void)state;
    office(TW_MEDIA_DOCX, "[Content_Types].xml", "word/document.xml", NULL);
    office(TW_MEDIA_XLSX, "[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml");
    office(TW_MEDIA_N, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin");
    office(TW_MEDIA_N, "word/document.xml", NULL, NULL);
    office(TW_MEDIA_N, "[Content_Types].xml", "word/document.xml", "xl/workbook.xml");
    office(TW_MEDIA_N, "a.exe", NULL, NULL);
}

static void names_have_no_paths_and_no_signs(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "Kamera 3, Müller.png", "a.b.c", "..a"};
    static const char *const bad[] = {"", ".", "..", "a/b", "a\\b", "C:x", "a\nb", "a\"b", "\xff"};
    for (size_t i = 0; i < TW_COUNT(good); i++)
        assert_true(tw_evidence_name_is_valid(tw_str_from(good[i])));
    for (size_t i = 0; i < TW_COUNT(bad); i++)
        assert_false(tw_evidence_name_is_valid(tw_str_from(bad[i])));
    char text[TW_EVIDENCE_NAME_BYTES + 1];
    memset(text, 'a', sizeof(text));
    assert_true(tw_evidence_name_is_valid((tw_str){text, sizeof(text) - 1}));
    assert_false(tw_evidence_name_is_valid((tw_str){text, sizeof(text)}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_name_the_format),
        cmocka_unit_test(texts_are_mail_table_or_plain),
        cmocka_unit_test(office_files_are_told_by_what_they_hold),
        cmocka_unit_test(names_have_no_paths_and_no_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
