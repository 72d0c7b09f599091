// SPDX-License-Identifier: Apache-2.0
//
// Breaking lines and pages.
#include "paper_sheet.h"

#include <stdio.h>

#define TOP 70.0
#define BOTTOM (TW_PAPER_HEIGHT - 56.0)
#define LEADING 1.35 // height of a line by its letters
#define CELL_SIZE 8.0
#define CELL_PAD 3.0
#define PAIR_LABEL 120.0

static const tw_paper_text head_style = {TW_PAPER_BOLD, 9, TWI_INK};
static const tw_paper_text foot_style = {TW_PAPER_REGULAR, 7, TWI_GREY};
static const tw_paper_text body_style = {TW_PAPER_REGULAR, 9, TWI_INK};

// --- lines
// ------------------------------------------------------------------------------------------

static bool is_inside(tw_str text, size_t at) // of a letter of several bytes
{
    return at < text.bytes && ((unsigned char)text.at[at] & 0xc0) == 0x80;
}

static double width_of(const twi_sheet *sheet, const tw_paper_text *style, tw_str text, size_t n)
{
    return tw_paper_text_width(sheet->paper, sheet->doc, style, (tw_str){text.at, n});
}

// The longest prefix that fits, by halving; at least one letter.
static size_t fit(const twi_sheet *sheet, const tw_paper_text *style, tw_str text, double width)
{
    // No line of a page is longer, whatever the letters.
    enum { LINE_BYTES = 400 };
    size_t low = 0, high = TW_MIN(text.bytes, (size_t)LINE_BYTES);
    while (is_inside(text, high))
        high--;
    if (width_of(sheet, style, text, high) <= width)
        return high;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (width_of(sheet, style, text, middle) <= width)
            low = middle;
        else
            high = middle;
    }
    while (low > 0 && is_inside(text, low))
        low--;
    if (low == 0)
        for (low = 1; is_inside(text, low);)
            low++;
    return low;
}

// Takes one line off the text: up to a line end, else as many words as fit, else as many letters.
static tw_str take_line(const twi_sheet *sheet, const tw_paper_text *style, double width,
                        tw_str *text)
{
    size_t end = 0;
    while (end < text->bytes && text->at[end] != '\n')
        end++;
    tw_str whole = {text->at, end};
    size_t n = fit(sheet, style, whole, width);
    size_t taken = n;
    if (n < end) {
        size_t space = n;
        while (space > 0 && whole.at[space] != ' ')
            space--;
        if (space > 0) {
            n = space;
            taken = space + 1;
        }
    } else {
        taken = TW_MIN(end + 1, text->bytes); // the line end goes, too
    }
    *text = (tw_str){text->at + taken, text->bytes - taken};
    return (tw_str){whole.at, n};
}

// --- pages
// ------------------------------------------------------------------------------------------

static void new_page(twi_sheet *sheet)
{
    tw_paper_page(sheet->paper, sheet->doc);
    sheet->page_n++;
    double right = TWI_SHEET_LEFT + TWI_SHEET_WIDTH;
    twi_sheet_label(sheet, TWI_SHEET_LEFT, 44, TWI_SHEET_WIDTH * 0.68, false, &head_style,
                    sheet->head_left);
    twi_sheet_label(sheet, right - TWI_SHEET_WIDTH * 0.3, 44, TWI_SHEET_WIDTH * 0.3, true,
                    &foot_style, sheet->head_right);
    tw_paper_line(sheet->paper, sheet->doc, TWI_SHEET_LEFT, 52, right, 52, 0.6, TWI_RULE);
    sheet->y = TOP;
}

tw_status twi_sheet_open(twi_sheet *sheet, const tw_paper *paper, const tw_paper_info *info,
                         tw_str head_left, tw_str head_right, tw_str foot, tw_err *err)
{
    *sheet =
        (twi_sheet){.paper = paper, .head_left = head_left, .head_right = head_right, .foot = foot};
    TW_TRY(tw_paper_open(paper, info, &sheet->doc, err));
    new_page(sheet);
    return TW_OK;
}

void twi_sheet_close(twi_sheet *sheet)
{
    tw_paper_close(sheet->paper, sheet->doc);
    sheet->doc = NULL;
}

void twi_sheet_need(twi_sheet *sheet, double height)
{
    if (sheet->y + height > BOTTOM && sheet->y > TOP)
        new_page(sheet);
}

void twi_sheet_gap(twi_sheet *sheet, double height)
{
    sheet->y += height;
}

static void put_foot(twi_sheet *sheet, size_t page)
{
    char text[64];
    double right = TWI_SHEET_LEFT + TWI_SHEET_WIDTH;
    tw_paper_select(sheet->paper, sheet->doc, page);
    snprintf(text, sizeof(text), "Page %zu of %zu", page + 1, sheet->page_n);
    twi_sheet_label(sheet, TWI_SHEET_LEFT, TW_PAPER_HEIGHT - 32, TWI_SHEET_WIDTH * 0.8, false,
                    &foot_style, sheet->foot);
    twi_sheet_label(sheet, right - 100, TW_PAPER_HEIGHT - 32, 100, true, &foot_style,
                    tw_str_from(text));
}

tw_status twi_sheet_finish(twi_sheet *sheet, tw_buf *out, tw_err *err)
{
    tw_str limits = tw_paper_limits(sheet->paper, sheet->doc);
    if (limits.bytes > 0) {
        twi_sheet_gap(sheet, 8);
        twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &foot_style, limits);
    }
    for (size_t i = 0; i < sheet->page_n && i < TW_PAPER_PAGES_MAX; i++)
        put_foot(sheet, i);
    tw_status status = tw_paper_finish(sheet->paper, sheet->doc, out, err);
    twi_sheet_close(sheet);
    return status;
}

// --- texts
// ------------------------------------------------------------------------------------------

void twi_sheet_label(twi_sheet *sheet, double x, double y, double width, bool is_right,
                     const tw_paper_text *style, tw_str text)
{
    char cut[512];
    size_t n = text.bytes ? fit(sheet, style, text, width) : 0;
    if (n < text.bytes) {
        double rest = width - tw_paper_text_width(sheet->paper, sheet->doc, style, TW_STR("…"));
        n = TW_MIN(fit(sheet, style, text, rest), sizeof(cut) - 4);
        while (is_inside(text, n))
            n--;
        memcpy(cut, text.at, n);
        memcpy(cut + n, "…", 3);
        text = (tw_str){cut, n + 3};
    }
    if (is_right)
        x += width - tw_paper_text_width(sheet->paper, sheet->doc, style, text);
    tw_paper_text_at(sheet->paper, sheet->doc, x, y, style, text);
}

void twi_sheet_text(twi_sheet *sheet, double x, double width, const tw_paper_text *style,
                    tw_str text)
{
    double height = style->size * LEADING;
    while (text.bytes > 0) {
        tw_str line = take_line(sheet, style, width, &text);
        twi_sheet_need(sheet, height);
        tw_paper_text_at(sheet->paper, sheet->doc, TWI_SHEET_LEFT + x, sheet->y + style->size,
                         style, line);
        sheet->y += height;
    }
}

void twi_sheet_title(twi_sheet *sheet, tw_str text)
{
    static const tw_paper_text style = {TW_PAPER_BOLD, 17, TWI_INK};
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &style, text);
    sheet->y += 4;
}

void twi_sheet_heading(twi_sheet *sheet, tw_str text)
{
    static const tw_paper_text style = {TW_PAPER_BOLD, 11, TWI_BLUE};
    twi_sheet_need(sheet, 60); // never alone at the end of a page
    sheet->y += 10;
    twi_sheet_text(sheet, 0, TWI_SHEET_WIDTH, &style, text);
    sheet->y += 3;
}

void twi_sheet_pair(twi_sheet *sheet, const char *label, tw_str value)
{
    static const tw_paper_text style = {TW_PAPER_REGULAR, 9, TWI_GREY};
    twi_sheet_need(sheet, body_style.size * LEADING);
    tw_paper_text_at(sheet->paper, sheet->doc, TWI_SHEET_LEFT, sheet->y + style.size, &style,
                     tw_str_from(label));
    twi_sheet_text(sheet, PAIR_LABEL, TWI_SHEET_WIDTH - PAIR_LABEL, &body_style,
                   value.bytes ? value : TW_STR("–"));
}

// --- tables
// -----------------------------------------------------------------------------------------

static tw_paper_text cell_style(const twi_column *column, twi_row_kind kind)
{
    tw_paper_font font = kind == TWI_ROW_HEAD ? TW_PAPER_BOLD
                         : column->is_mono    ? TW_PAPER_MONO
                                              : TW_PAPER_REGULAR;
    uint32_t colour = kind == TWI_ROW_HEAD     ? TWI_GREY
                      : kind == TWI_ROW_GUILTY ? TWI_GUILT
                                               : TWI_INK;
    return (tw_paper_text){font, column->is_mono ? CELL_SIZE - 1 : CELL_SIZE, colour};
}

static size_t count_lines(const twi_sheet *sheet, const twi_column *column, twi_row_kind kind,
                          tw_str text, size_t line_max)
{
    size_t n = 0;
    tw_paper_text style = cell_style(column, kind);
    for (; text.bytes > 0 && n < line_max; n++)
        (void)take_line(sheet, &style, column->width - 2 * CELL_PAD, &text);
    return n;
}

static void put_cell(twi_sheet *sheet, const twi_column *column, double x, twi_row_kind kind,
                     tw_str text, size_t line_max)
{
    tw_paper_text style = cell_style(column, kind);
    double width = column->width - 2 * CELL_PAD, y = sheet->y + CELL_PAD + style.size;
    for (size_t n = 1; text.bytes > 0; n++) {
        if (n == line_max) { // the rest, cut
            twi_sheet_label(sheet, x + CELL_PAD, y, width, column->is_right, &style, text);
            return;
        }
        tw_str line = take_line(sheet, &style, width, &text);
        twi_sheet_label(sheet, x + CELL_PAD, y, width, column->is_right, &style, line);
        y += style.size * LEADING;
    }
}

void twi_sheet_row(twi_sheet *sheet, const twi_column *columns, size_t n, const tw_str *cells,
                   twi_row_kind kind, size_t line_max)
{
    size_t lines = 1;
    double width = 0, x = TWI_SHEET_LEFT;
    for (size_t i = 0; i < n; i++) {
        lines = TW_MAX(lines, count_lines(sheet, &columns[i], kind, cells[i], line_max));
        width += columns[i].width;
    }
    double height = (double)lines * CELL_SIZE * LEADING + 2 * CELL_PAD;
    twi_sheet_need(sheet, kind == TWI_ROW_HEAD ? 3 * height : height);
    if (kind != TWI_ROW_PLAIN)
        tw_paper_box(sheet->paper, sheet->doc, x, sheet->y, width, height,
                     kind == TWI_ROW_HEAD ? TWI_SHADE : TWI_GUILT_SHADE);
    for (size_t i = 0; i < n; i++) {
        put_cell(sheet, &columns[i], x, kind, cells[i], line_max);
        x += columns[i].width;
    }
    sheet->y += height;
    tw_paper_line(sheet->paper, sheet->doc, TWI_SHEET_LEFT, sheet->y, TWI_SHEET_LEFT + width,
                  sheet->y, 0.4, TWI_RULE);
}
