// SPDX-License-Identifier: Apache-2.0
//
// Pages through libharu. It calls no function of ours on errors (2.3 would jump out of its own
// code); the first failing status is kept instead. libharu allocates by itself.
//
// Letters outside the Basic Multilingual Plane do not fit its encoder and become U+FFFD, as does
// what is no UTF-8. Without the TTF files texts are written in Windows-1252.
#include <hpdf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapter/paper.h"
#include "base/time.h"

#define TEXT_BYTES 2048 // of one call; longer texts are cut

struct tw_paper_doc {
    HPDF_Doc pdf;
    HPDF_Page page;
    HPDF_Font fonts[TW_PAPER_FONT_N];
    bool is_unicode;
    HPDF_UINT page_n;
    tw_status status; // first failure
    // What the present page is set to, so that it is not said again.
    HPDF_Font font;
    double size;
};

static const char *const files[TW_PAPER_FONT_N] = {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf",
                                                   "DejaVuSansMono.ttf"};
static const char *const base_fonts[TW_PAPER_FONT_N] = {"Helvetica", "Helvetica-Bold", "Courier"};
static const char *const places[] = {"/usr/share/fonts/truetype/dejavu",
                                     "/usr/share/fonts/dejavu-sans-fonts",
                                     "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF"};

static void keep(tw_paper_doc *doc, HPDF_STATUS status)
{
    if (status != HPDF_OK && doc->status == TW_OK)
        doc->status = TW_NO_MEMORY; // coordinates and fonts are ours: nothing else can fail
}

// --- text
// -------------------------------------------------------------------------------------------

// One code point; U+FFFD for what is malformed.
static uint32_t take_point(tw_str text, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text.at + *at;
    size_t left = text.bytes - *at;
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xc2 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
               : p[0] < 0xf5 ? 4
                             : 0;
    if (n == 0 || n > left) {
        *at += 1;
        return 0xfffd;
    }
    static const unsigned char head[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = p[0] & head[n];
    for (size_t i = 1; i < n; i++)
        point = point << 6 | (p[i] & 0x3f);
    *at += n;
    return point;
}

static void put_utf8(uint32_t point, char *out, size_t *bytes)
{
    if (point < 0x80) {
        out[(*bytes)++] = (char)point;
        return;
    }
    if (point < 0x800) {
        out[(*bytes)++] = (char)(0xc0 | point >> 6);
    } else {
        out[(*bytes)++] = (char)(0xe0 | point >> 12);
        out[(*bytes)++] = (char)(0x80 | (point >> 6 & 0x3f));
    }
    out[(*bytes)++] = (char)(0x80 | (point & 0x3f));
}

static void put_western(uint32_t point, char *out, size_t *bytes)
{
    static const struct {
        uint16_t point;
        uint8_t byte;
    } extra[] = {{0x20ac, 0x80}, {0x2026, 0x85}, {0x2018, 0x91}, {0x2019, 0x92}, {0x201c, 0x93},
                 {0x201d, 0x94}, {0x2022, 0x95}, {0x2013, 0x96}, {0x2014, 0x97}, {0x2212, 0x96}};
    uint8_t byte = point < 0x80 || (point >= 0xa0 && point <= 0xff) ? (uint8_t)point : (uint8_t)'?';
    for (size_t i = 0; i < TW_COUNT(extra); i++)
        if (extra[i].point == point)
            byte = extra[i].byte;
    out[(*bytes)++] = (char)byte;
}

static void to_font(const tw_paper_doc *doc, tw_str text, char out[TEXT_BYTES])
{
    size_t bytes = 0, at = 0;
    while (at < text.bytes && bytes + 4 < TEXT_BYTES) {
        uint32_t point = take_point(text, &at);
        if (point < 0x20)
            point = ' ';
        if (point > 0xffff)
            point = 0xfffd;
        if (doc->is_unicode)
            put_utf8(point, out, &bytes);
        else
            put_western(point, out, &bytes);
    }
    out[bytes] = '\0';
}

static void use_font(tw_paper_doc *doc, const tw_paper_text *style)
{
    HPDF_Font font = doc->fonts[style->font];
    if (font == doc->font && !(style->size > doc->size) && !(style->size < doc->size))
        return;
    keep(doc, HPDF_Page_SetFontAndSize(doc->page, font, (HPDF_REAL)style->size));
    doc->font = font;
    doc->size = style->size;
}

static void use_fill(tw_paper_doc *doc, uint32_t colour)
{
    keep(doc, HPDF_Page_SetRGBFill(doc->page, (HPDF_REAL)(colour >> 16 & 255) / 255,
                                   (HPDF_REAL)(colour >> 8 & 255) / 255,
                                   (HPDF_REAL)(colour & 255) / 255));
}

static HPDF_REAL up(double y)
{
    return (HPDF_REAL)(TW_PAPER_HEIGHT - y);
}

static void haru_text(tw_paper_doc *doc, double x, double y, const tw_paper_text *style,
                      tw_str text)
{
    char bytes[TEXT_BYTES];
    if (doc->status != TW_OK || text.bytes == 0)
        return;
    to_font(doc, text, bytes);
    use_font(doc, style);
    use_fill(doc, style->colour);
    keep(doc, HPDF_Page_BeginText(doc->page));
    keep(doc, HPDF_Page_TextOut(doc->page, (HPDF_REAL)x, up(y), bytes));
    keep(doc, HPDF_Page_EndText(doc->page));
}

static double haru_width(tw_paper_doc *doc, const tw_paper_text *style, tw_str text)
{
    char bytes[TEXT_BYTES];
    if (doc->status != TW_OK || text.bytes == 0)
        return 0;
    to_font(doc, text, bytes);
    union {
        const char *in;
        const HPDF_BYTE *out;
    } view = {.in = bytes};
    HPDF_TextWidth width =
        HPDF_Font_TextWidth(doc->fonts[style->font], view.out, (HPDF_UINT)strlen(bytes));
    return (double)width.width * style->size / 1000.0;
}

// --- shapes
// ------------------------------------------------------------------------------------------

static void haru_box(tw_paper_doc *doc, double x, double y, double width, double height,
                     uint32_t colour)
{
    if (doc->status != TW_OK)
        return;
    use_fill(doc, colour);
    keep(doc, HPDF_Page_Rectangle(doc->page, (HPDF_REAL)x, up(y + height), (HPDF_REAL)width,
                                  (HPDF_REAL)height));
    keep(doc, HPDF_Page_Fill(doc->page));
}

static void haru_line(tw_paper_doc *doc, double x1, double y1, double x2, double y2, double width,
                      uint32_t colour)
{
    if (doc->status != TW_OK)
        return;
    keep(doc, HPDF_Page_SetLineWidth(doc->page, (HPDF_REAL)width));
    keep(doc, HPDF_Page_SetRGBStroke(doc->page, (HPDF_REAL)(colour >> 16 & 255) / 255,
                                     (HPDF_REAL)(colour >> 8 & 255) / 255,
                                     (HPDF_REAL)(colour & 255) / 255));
    keep(doc, HPDF_Page_MoveTo(doc->page, (HPDF_REAL)x1, up(y1)));
    keep(doc, HPDF_Page_LineTo(doc->page, (HPDF_REAL)x2, up(y2)));
    keep(doc, HPDF_Page_Stroke(doc->page));
}

// --- documents
// ---------------------------------------------------------------------------------------

static bool has_fonts(const char *dir)
{
    char path[1024];
    struct stat info;
    for (size_t i = 0; i < TW_PAPER_FONT_N; i++) {
        int n = snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
            return false;
    }
    return true;
}

static const char *find_fonts(const char *dir)
{
    if (dir)
        return has_fonts(dir) ? dir : NULL;
    for (size_t i = 0; i < TW_COUNT(places); i++)
        if (has_fonts(places[i]))
            return places[i];
    return NULL;
}

static bool load_font(tw_paper_doc *doc, const char *dir, size_t i)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
    const char *name = HPDF_LoadTTFontFromFile(doc->pdf, path, HPDF_TRUE);
    doc->fonts[i] = name ? HPDF_GetFont(doc->pdf, name, "UTF-8") : NULL;
    return doc->fonts[i] != NULL;
}

static void load_fonts(tw_paper_doc *doc, const char *wanted_dir)
{
    const char *dir = find_fonts(wanted_dir);
    doc->is_unicode = dir && HPDF_UseUTFEncodings(doc->pdf) == HPDF_OK;
    for (size_t i = 0; doc->is_unicode && i < TW_PAPER_FONT_N; i++)
        doc->is_unicode = load_font(doc, dir, i);
    if (doc->is_unicode)
        return;
    HPDF_ResetError(doc->pdf);
    for (size_t i = 0; i < TW_PAPER_FONT_N; i++) {
        doc->fonts[i] = HPDF_GetFont(doc->pdf, base_fonts[i], "WinAnsiEncoding");
        if (!doc->fonts[i])
            doc->status = TW_NO_MEMORY;
    }
}

static void set_info(tw_paper_doc *doc, HPDF_InfoType type, tw_str text)
{
    char bytes[256];
    if (text.bytes == 0)
        return;
    // Letters of ASCII: what libharu writes here without an encoding of its own.
    size_t n = 0;
    for (size_t at = 0; at < text.bytes && n + 1 < sizeof(bytes);) {
        uint32_t point = take_point(text, &at);
        bytes[n++] = point >= 0x20 && point < 0x7f ? (char)point : '?';
    }
    bytes[n] = '\0';
    keep(doc, HPDF_SetInfoAttr(doc->pdf, type, bytes));
}

static void set_infos(tw_paper_doc *doc, const tw_paper_info *info)
{
    tw_civil c;
    tw_civil_from_ms(info->created_ms, &c);
    HPDF_Date date = {c.year, c.month, c.day, c.hour, c.minute, c.second, ' ', 0, 0};
    keep(doc, HPDF_SetInfoDateAttr(doc->pdf, HPDF_INFO_CREATION_DATE, date));
    keep(doc, HPDF_SetInfoDateAttr(doc->pdf, HPDF_INFO_MOD_DATE, date));
    set_info(doc, HPDF_INFO_TITLE, info->title);
    set_info(doc, HPDF_INFO_AUTHOR, info->author);
    set_info(doc, HPDF_INFO_SUBJECT, info->subject);
    set_info(doc, HPDF_INFO_CREATOR, TW_STR("Tillwatch"));
}

static tw_status haru_open(void *ctx, const tw_paper_info *info, tw_paper_doc **out, tw_err *err)
{
    tw_paper_doc *doc = tw_new(tw_alloc_system(), tw_paper_doc);
    *out = NULL;
    if (doc)
        doc->pdf = HPDF_New(NULL, NULL);
    if (!doc || !doc->pdf) {
        tw_delete(tw_alloc_system(), doc);
        return tw_fail(err, TW_NO_MEMORY, "no memory for the PDF");
    }
    keep(doc, HPDF_SetCompressionMode(doc->pdf, HPDF_COMP_ALL));
    load_fonts(doc, ctx);
    set_infos(doc, info);
    *out = doc;
    return TW_OK;
}

static void haru_page(tw_paper_doc *doc)
{
    if (doc->status == TW_OK && doc->page_n == TW_PAPER_PAGES_MAX)
        doc->status = TW_LIMIT;
    if (doc->status != TW_OK)
        return;
    doc->page = HPDF_AddPage(doc->pdf);
    doc->font = NULL;
    doc->page_n++;
    if (!doc->page)
        doc->status = TW_NO_MEMORY;
    else
        keep(doc, HPDF_Page_SetSize(doc->page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT));
}

static void haru_select(tw_paper_doc *doc, size_t page)
{
    if (doc->status != TW_OK)
        return;
    TW_CHECK(page < doc->page_n);
    doc->page = HPDF_GetPageByIndex(doc->pdf, (HPDF_UINT)page);
    doc->font = NULL;
}

static tw_str haru_limits(tw_paper_doc *doc)
{
    return doc->is_unicode
               ? TW_STR_NONE
               : TW_STR("Letters outside Western Europe are shown as \"?\": the machine "
                        "that made this has no DejaVu fonts (fonts-dejavu-core).");
}

static tw_status haru_finish(tw_paper_doc *doc, tw_buf *out, tw_err *err)
{
    if (doc->status == TW_OK)
        keep(doc, HPDF_SaveToStream(doc->pdf));
    if (doc->status == TW_LIMIT)
        return tw_fail(err, TW_LIMIT, "the document has more than %d pages", TW_PAPER_PAGES_MAX);
    if (doc->status != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "the PDF cannot be made (libharu error 0x%04lx)",
                       (unsigned long)HPDF_GetError(doc->pdf));
    HPDF_UINT32 left = HPDF_GetStreamSize(doc->pdf);
    tw_status status = tw_buf_reserve(out, left);
    while (status == TW_OK && left > 0) {
        HPDF_UINT32 n = left;
        HPDF_ReadFromStream(doc->pdf, out->data_own + out->bytes, &n);
        if (n == 0)
            break;
        out->bytes += n;
        left -= n;
    }
    if (status == TW_OK && left > 0)
        status = TW_NO_MEMORY;
    return status == TW_OK ? TW_OK : tw_fail(err, status, "the PDF is too large");
}

static void haru_close(tw_paper_doc *doc)
{
    HPDF_Free(doc->pdf);
    tw_delete(tw_alloc_system(), doc);
}

tw_paper tw_haru_paper(const char *font_dir)
{
    static const tw_paper_ops ops = {
        .version = TW_PAPER_VERSION,
        .open = haru_open,
        .page = haru_page,
        .select = haru_select,
        .text = haru_text,
        .width = haru_width,
        .box = haru_box,
        .line = haru_line,
        .limits = haru_limits,
        .finish = haru_finish,
        .close = haru_close,
    };
    union {
        const char *in;
        void *out;
    } ctx = {.in = font_dir}; // only read
    return (tw_paper){&ops, ctx.out};
}
