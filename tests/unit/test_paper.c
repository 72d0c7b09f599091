// SPDX-License-Identifier: Apache-2.0
//
// Pages: valid files, the same each time, with and without the fonts; widths that grow with the
// text; failures that are kept.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "adapter/paper.h"

static const tw_paper_info info = {{"Case C-1: Müller", 17}, {"anna", 4}, {NULL, 0}, 1772539361000};
static const tw_paper_text plain = {TW_PAPER_REGULAR, 10, 0x202020};
static const tw_paper_text mono = {TW_PAPER_MONO, 10, 0x202020};

static tw_paper_doc *open(const tw_paper *paper)
{
    tw_paper_doc *doc;
    assert_int_equal(tw_paper_open(paper, &info, &doc, NULL), TW_OK);
    return doc;
}

static void draw(const tw_paper *paper, tw_buf *out)
{
    tw_paper_doc *doc = open(paper);
    for (int i = 0; i < 3; i++) {
        tw_paper_page(paper, doc);
        tw_paper_text_at(paper, doc, 50, 50, &plain,
                         TW_STR("Żółć, Ελλάδα, Müller – 12,50 €, 😀, \xff"));
        tw_paper_box(paper, doc, 50, 100, 200, 50, 0xfdeceb);
        tw_paper_line(paper, doc, 50, 200, 250, 200, 0.5, 0);
    }
    tw_paper_select(paper, doc, 0);
    tw_paper_text_at(paper, doc, 50, 800, &plain, TW_STR("Page 1 of 3"));
    assert_int_equal(tw_paper_finish(paper, doc, out, NULL), TW_OK);
    tw_paper_close(paper, doc);
}

static void check(const tw_paper *paper)
{
    tw_buf a, b;
    tw_buf_init(&a, tw_alloc_system(), (size_t)16 << 20);
    tw_buf_init(&b, tw_alloc_system(), (size_t)16 << 20);
    draw(paper, &a);
    draw(paper, &b);
    assert_true(a.bytes > 1000);
    assert_memory_equal(a.data_own, "%PDF-1.", 7);
    assert_memory_equal(a.data_own + a.bytes - 6, "%%EOF", 5);
    assert_int_equal(a.bytes, b.bytes);
    assert_memory_equal(a.data_own, b.data_own, a.bytes);
    tw_buf_release(&a);
    tw_buf_release(&b);
}

static void documents_are_whole_and_the_same_each_time(void **state)
{
    (void)state;
    tw_paper paper = tw_haru_paper(NULL);
    check(&paper);
}

static void without_fonts_it_says_so_and_still_prints(void **state)
{
    (void)state;
    tw_paper paper = tw_haru_paper("/nonexistent");
    tw_paper_doc *doc = open(&paper);
    assert_true(tw_paper_limits(&paper, doc).bytes > 0);
    tw_paper_close(&paper, doc);
    check(&paper);
}

static void widths_grow_with_text_and_size(void **state)
{
    (void)state;
    static const tw_paper_text large = {TW_PAPER_REGULAR, 20, 0};
    tw_paper paper = tw_haru_paper(NULL);
    tw_paper_doc *doc = open(&paper);
    tw_paper_page(&paper, doc);
    double one = tw_paper_text_width(&paper, doc, &plain, TW_STR("M"));
    double two = tw_paper_text_width(&paper, doc, &plain, TW_STR("MM"));
    double twice = tw_paper_text_width(&paper, doc, &large, TW_STR("M"));
    double cells = tw_paper_text_width(&paper, doc, &mono, TW_STR("iiii"));
    assert_true(one > 3 && one < 12);
    assert_true(two > 1.99 * one && two < 2.01 * one);
    assert_true(twice > 1.99 * one && twice < 2.01 * one);
    assert_true(cells > 20 && cells < 30);
    assert_true(tw_paper_text_width(&paper, doc, &plain, TW_STR("")) == 0);
    tw_paper_close(&paper, doc);
}

static void too_many_pages_are_refused_at_the_end(void **state)
{
    (void)state;
    tw_paper paper = tw_haru_paper("/nonexistent");
    tw_paper_doc *doc = open(&paper);
    tw_buf out;
    tw_err err = {.text = ""};
    for (int i = 0; i < TW_PAPER_PAGES_MAX + 1; i++)
        tw_paper_page(&paper, doc);
    tw_paper_text_at(&paper, doc, 1, 1, &plain, TW_STR("nowhere"));
    tw_buf_init(&out, tw_alloc_system(), (size_t)64 << 20);
    assert_int_equal(tw_paper_finish(&paper, doc, &out, &err), TW_LIMIT);
    assert_true(err.text[0] != '\0');
    assert_int_equal(out.bytes, 0);
    tw_buf_release(&out);
    tw_paper_close(&paper, doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_whole_and_the_same_each_time),
        cmocka_unit_test(without_fonts_it_says_so_and_still_prints),
        cmocka_unit_test(widths_grow_with_text_and_size),
        cmocka_unit_test(too_many_pages_are_refused_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
