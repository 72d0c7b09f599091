// SPDX-License-Identifier: Apache-2.0
//
// Pages that fill themselves: headings, wrapped text and tables flow from page to page below one
// header, and every page gets its number. Lengths are points. Failures are kept by the document and
// given by finish. Only files of src/service include this.
#ifndef TWI_SERVICE_PAPER_SHEET_H
#define TWI_SERVICE_PAPER_SHEET_H

#include "base/arena.h"
#include "port/paper.h"

#define TWI_SHEET_LEFT 42.0
#define TWI_SHEET_WIDTH (TW_PAPER_WIDTH - 2 * TWI_SHEET_LEFT)
#define TWI_SHEET_COLUMNS_MAX 10

enum {
    TWI_INK = 0x1a1d21,
    TWI_GREY = 0x5b626b,
    TWI_RULE = 0xc9ced6,
    TWI_SHADE = 0xf1f3f6,
    TWI_GUILT = 0xb42318,
    TWI_GUILT_SHADE = 0xfdeceb,
    TWI_BLUE = 0x2a5bd7,
};

typedef struct twi_sheet {
    const tw_paper *paper;
    tw_paper_doc *doc;
    double y; // where the next thing begins
    size_t page_n;
    tw_str head_left, head_right, foot; // live as long as the sheet
} twi_sheet;

typedef struct twi_column {
    double width;
    bool is_right; // its text stands at the right
    bool is_mono;
} twi_column;

// Opens a document with its first page. The texts live as long as the sheet.
tw_status twi_sheet_open(twi_sheet *sheet, const tw_paper *paper, const tw_paper_info *info,
                         tw_str head_left, tw_str head_right, tw_str foot,
                         tw_err *err) TW_MUST_CHECK;
// A new page unless so much is left.
void twi_sheet_need(twi_sheet *sheet, double height);
void twi_sheet_gap(twi_sheet *sheet, double height);
void twi_sheet_title(twi_sheet *sheet, tw_str text);
void twi_sheet_heading(twi_sheet *sheet, tw_str text);
// Wrapped, and over as many pages as it takes. x is from the left margin.
void twi_sheet_text(twi_sheet *sheet, double x, double width, const tw_paper_text *style,
                    tw_str text);
// "Label   value", the value wrapped.
void twi_sheet_pair(twi_sheet *sheet, const char *label, tw_str value);
// One row; cells wrap to at most `line_max` lines each and stay on one page.
typedef enum twi_row_kind { TWI_ROW_HEAD, TWI_ROW_PLAIN, TWI_ROW_GUILTY } twi_row_kind;
void twi_sheet_row(twi_sheet *sheet, const twi_column *columns, size_t n, const tw_str *cells,
                   twi_row_kind kind, size_t line_max);
// Text at a place, cut with an ellipsis to fit into the width; for drawings.
void twi_sheet_label(twi_sheet *sheet, double x, double y, double width, bool is_right,
                     const tw_paper_text *style, tw_str text);
// Numbers the pages and appends the document to `out`. Closes the sheet in any case.
tw_status twi_sheet_finish(twi_sheet *sheet, tw_buf *out, tw_err *err) TW_MUST_CHECK;
void twi_sheet_close(twi_sheet *sheet); // without a document

#endif
