// SPDX-License-Identifier: Apache-2.0
//
// Port: printed pages (PDF, A4 upright). A document is drawn in memory and given out as bytes.
//
// Contract for every adapter:
//  1. Lengths are points (1/72 inch), from the upper left corner of the page to the right and
//  down;
//     y of a text is its base line. The page is TW_PAPER_WIDTH x TW_PAPER_HEIGHT.
//  2. Texts are valid UTF-8; what no font has becomes a replacement mark, never a failure.
//  3. A failure while drawing is kept: later calls do nothing, and finish gives it.
//  4. Functions of one document from one thread at a time; documents do not share anything.
//  5. The same calls give the same bytes.
#ifndef TW_PORT_PAPER_H
#define TW_PORT_PAPER_H

#include "base/buf.h"

#define TW_PAPER_VERSION 1
#define TW_PAPER_WIDTH 595.0
#define TW_PAPER_HEIGHT 842.0
#define TW_PAPER_PAGES_MAX 2000

typedef enum tw_paper_font {
    TW_PAPER_REGULAR,
    TW_PAPER_BOLD,
    TW_PAPER_MONO,
    TW_PAPER_FONT_N
} tw_paper_font;

typedef struct tw_paper_text {
    tw_paper_font font;
    double size;     // points
    uint32_t colour; // 0xrrggbb
} tw_paper_text;

typedef struct tw_paper_info {
    tw_str title, author, subject; // of the document; "" = none
    int64_t created_ms;
} tw_paper_info;

typedef struct tw_paper_doc tw_paper_doc;

typedef struct tw_paper_ops {
    uint32_t version; // TW_PAPER_VERSION
    tw_status (*open)(void *ctx, const tw_paper_info *info, tw_paper_doc **out, tw_err *err);
    void (*page)(tw_paper_doc *doc);
    void (*select)(tw_paper_doc *doc, size_t page);
    void (*text)(tw_paper_doc *doc, double x, double y, const tw_paper_text *style, tw_str text);
    double (*width)(tw_paper_doc *doc, const tw_paper_text *style, tw_str text);
    void (*box)(tw_paper_doc *doc, double x, double y, double width, double height,
                uint32_t colour);
    void (*line)(tw_paper_doc *doc, double x1, double y1, double x2, double y2, double width,
                 uint32_t colour);
    tw_str (*limits)(tw_paper_doc *doc);
    tw_status (*finish)(tw_paper_doc *doc, tw_buf *out, tw_err *err);
    void (*close)(tw_paper_doc *doc);
} tw_paper_ops;

typedef struct tw_paper {
    const tw_paper_ops *ops;
    void *ctx;
} tw_paper;

// A document without pages. TW_NO_MEMORY.
TW_MUST_CHECK static inline tw_status
tw_paper_open(const tw_paper *paper, const tw_paper_info *info, tw_paper_doc **out, tw_err *err)
{
    return paper->ops->open(paper->ctx, info, out, err);
}

// A new page behind the last one; what follows is drawn on it. TW_PAPER_PAGES_MAX of them.
static inline void tw_paper_page(const tw_paper *paper, tw_paper_doc *doc)
{
    paper->ops->page(doc);
}

// Goes on drawing on page `page` (from 0).
static inline void tw_paper_select(const tw_paper *paper, tw_paper_doc *doc, size_t page)
{
    paper->ops->select(doc, page);
}

static inline void tw_paper_text_at(const tw_paper *paper, tw_paper_doc *doc, double x, double y,
                                    const tw_paper_text *style, tw_str text)
{
    paper->ops->text(doc, x, y, style, text);
}

static inline double tw_paper_text_width(const tw_paper *paper, tw_paper_doc *doc,
                                         const tw_paper_text *style, tw_str text)
{
    return paper->ops->width(doc, style, text);
}

// A filled box.
static inline void tw_paper_box(const tw_paper *paper, tw_paper_doc *doc, double x, double y,
                                double width, double height, uint32_t colour)
{
    paper->ops->box(doc, x, y, width, height, colour);
}

static inline void tw_paper_line(const tw_paper *paper, tw_paper_doc *doc, double x1, double y1,
                                 double x2, double y2, double width, uint32_t colour)
{
    paper->ops->line(doc, x1, y1, x2, y2, width, colour);
}

// What the adapter cannot print, in a sentence for the reader of the document; "" = nothing.
static inline tw_str tw_paper_limits(const tw_paper *paper, tw_paper_doc *doc)
{
    return paper->ops->limits(doc);
}

// Appends the document. TW_LIMIT (too many pages, or by `out`), TW_NO_MEMORY, or what failed while
// it was drawn.
TW_MUST_CHECK static inline tw_status tw_paper_finish(const tw_paper *paper, tw_paper_doc *doc,
                                                      tw_buf *out, tw_err *err)
{
    return paper->ops->finish(doc, out, err);
}

// NULL is allowed.
static inline void tw_paper_close(const tw_paper *paper, tw_paper_doc *doc)
{
    if (doc)
        paper->ops->close(doc);
}

#endif
