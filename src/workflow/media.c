// SPDX-License-Identifier: Apache-2.0
//
// Signatures of formats. A file that fits two (a text that is also a CSV) takes the narrower one.
#include "workflow/media.h"

#define CENTRAL_MAX 4096 // names of a ZIP that are looked at
#define CSV_LINES 20

static const char *const types[TW_MEDIA_N + 1] = {
#define X(name, type, extension) type,
    TW_MEDIA(X)
#undef X
        ""};
static const char *const extensions[TW_MEDIA_N + 1] = {
#define X(name, type, extension) extension,
    TW_MEDIA(X)
#undef X
        ""};

const char *tw_media_type(tw_media media)
{
    return types[TW_MIN((unsigned)media, (unsigned)TW_MEDIA_N)];
}

const char *tw_media_extension(tw_media media)
{
    return extensions[TW_MIN((unsigned)media, (unsigned)TW_MEDIA_N)];
}

static bool has_at(tw_str bytes, size_t at, tw_str what)
{
    return at <= bytes.bytes && bytes.bytes - at >= what.bytes &&
           memcmp(bytes.at + at, what.at, what.bytes) == 0;
}

// --- office files
// --------------------------------------------------------------------------------------

static uint32_t get_le(const char *p, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint32_t)(unsigned char)p[i] << (8 * i);
    return v;
}

// Where the central directory begins; false without an end record in the last 64 KiB.
static bool find_central(tw_str bytes, size_t *at, size_t *n)
{
    enum { END_BYTES = 22, COMMENT_MAX = 65535 };
    if (bytes.bytes < END_BYTES)
        return false;
    size_t last = bytes.bytes - END_BYTES, stop = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
    for (size_t i = last + 1; i-- > stop;) {
        if (!has_at(bytes, i, TW_STR("PK\005\006")))
            continue;
        *n = get_le(bytes.at + i + 10, 2);
        *at = get_le(bytes.at + i + 16, 4);
        return *at < i;
    }
    return false;
}

static tw_media sniff_office(tw_str bytes)
{
    enum { HEAD_BYTES = 46 };
    size_t at, n;
    bool has_types = false, has_word = false, has_sheets = false;
    if (!find_central(bytes, &at, &n) || n > CENTRAL_MAX)
        return TW_MEDIA_N;
    for (size_t i = 0; i < n; i++) {
        if (!has_at(bytes, at, TW_STR("PK\001\002")) || bytes.bytes - at < HEAD_BYTES)
            return TW_MEDIA_N;
        size_t name_n = get_le(bytes.at + at + 28, 2), extra_n = get_le(bytes.at + at + 30, 2),
               comment_n = get_le(bytes.at + at + 32, 2);
        if (bytes.bytes - at < HEAD_BYTES + name_n + extra_n + comment_n)
            return TW_MEDIA_N;
        tw_str name = {bytes.at + at + HEAD_BYTES, name_n};
        has_types = has_types || tw_str_equal(name, TW_STR("[Content_Types].xml"));
        has_word = has_word || tw_str_equal(name, TW_STR("word/document.xml"));
        has_sheets = has_sheets || tw_str_equal(name, TW_STR("xl/workbook.xml"));
        if (tw_str_ends(name, TW_STR("vbaProject.bin")))
            return TW_MEDIA_N;
        at += HEAD_BYTES + name_n + extra_n + comment_n;
    }
    if (!has_types || has_word == has_sheets)
        return TW_MEDIA_N;
    return has_word ? TW_MEDIA_DOCX : TW_MEDIA_XLSX;
}

// --- texts
// ------------------------------------------------------------------------------------------

static tw_str take_line(tw_str text, size_t *at)
{
    size_t from = *at;
    while (*at < text.bytes && text.at[*at] != '\n')
        ++*at;
    tw_str line = {text.at + from, *at - from};
    ++*at;
    if (line.bytes > 0 && line.at[line.bytes - 1] == '\r')
        line.bytes--;
    return line;
}

// Header lines up to an empty one, with a sender and a date or subject.
static bool is_mail(tw_str text)
{
    bool has_from = false, has_more = false;
    size_t at = 0;
    for (size_t n = 0; at < text.bytes; n++) {
        tw_str line = take_line(text, &at);
        if (line.bytes == 0)
            return n > 0 && has_from && has_more;
        if (n > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
            continue; // goes on
        size_t name = 0;
        while (name < line.bytes && line.at[name] > ' ' && line.at[name] != ':' &&
               (unsigned char)line.at[name] < 0x7f)
            name++;
        if (name == 0 || name == line.bytes || line.at[name] != ':')
            return false;
        tw_str field = {line.at, name};
        has_from = has_from || tw_str_equal_nocase(field, TW_STR("From"));
        has_more = has_more || tw_str_equal_nocase(field, TW_STR("Date")) ||
                   tw_str_equal_nocase(field, TW_STR("Subject")) ||
                   tw_str_equal_nocase(field, TW_STR("Message-ID"));
    }
    return false;
}

static size_t count_outside_quotes(tw_str line, char separator)
{
    size_t n = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < line.bytes; i++) {
        if (line.at[i] == '"')
            is_quoted = !is_quoted;
        n += line.at[i] == separator && !is_quoted;
    }
    return n;
}

// The first lines have the same number of the same separator.
static bool is_table(tw_str text)
{
    static const char separators[] = {',', ';', '\t'};
    for (size_t s = 0; s < sizeof(separators); s++) {
        size_t at = 0, lines = 0, wanted = 0;
        bool fits = true;
        while (fits && at < text.bytes && lines < CSV_LINES) {
            tw_str line = take_line(text, &at);
            if (line.bytes == 0)
                continue;
            size_t n = count_outside_quotes(line, separators[s]);
            wanted = lines == 0 ? n : wanted;
            fits = n > 0 && n == wanted;
            lines++;
        }
        if (fits && lines >= 2)
            return true;
    }
    return false;
}

static bool is_eight_bit_text(tw_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return false;
    }
    return true;
}

static tw_media sniff_text(tw_str text)
{
    if (has_at(text, 0, TW_STR("\xef\xbb\xbf")))
        text = (tw_str){text.at + 3, text.bytes - 3};
    if (text.bytes == 0 || !is_eight_bit_text(text))
        return TW_MEDIA_N;
    if (is_mail(text))
        return TW_MEDIA_EML;
    if (!tw_str_is_utf8(text))
        return TW_MEDIA_N;
    return is_table(text) ? TW_MEDIA_CSV : TW_MEDIA_TEXT;
}

// --- all
// --------------------------------------------------------------------------------------------

static bool is_mp4(tw_str bytes)
{
    static const char brands[][5] = {"isom", "iso2", "iso4", "iso5", "iso6", "mp41",
                                     "mp42", "avc1", "M4V ", "MSNV", "dash", "f4v "};
    if (!has_at(bytes, 4, TW_STR("ftyp")))
        return false;
    for (size_t i = 0; i < TW_COUNT(brands); i++)
        if (has_at(bytes, 8, tw_str_from(brands[i])))
            return true;
    return false;
}

tw_media tw_media_sniff(tw_str bytes)
{
    if (has_at(bytes, 0, TW_STR("%PDF-")))
        return TW_MEDIA_PDF;
    if (has_at(bytes, 0, TW_STR("\x89PNG\r\n\x1a\n")))
        return TW_MEDIA_PNG;
    if (has_at(bytes, 0, TW_STR("\xff\xd8\xff")))
        return TW_MEDIA_JPEG;
    if (has_at(bytes, 0, TW_STR("RIFF")) && has_at(bytes, 8, TW_STR("WEBP")))
        return TW_MEDIA_WEBP;
    if (is_mp4(bytes))
        return TW_MEDIA_MP4;
    if (has_at(bytes, 0, TW_STR("PK\003\004")))
        return sniff_office(bytes);
    return sniff_text(bytes);
}

bool tw_evidence_name_is_valid(tw_str name)
{
    if (name.bytes == 0 || name.bytes > TW_EVIDENCE_NAME_BYTES || !tw_str_is_utf8(name) ||
        tw_str_equal(name, TW_STR(".")) || tw_str_equal(name, TW_STR("..")))
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == ':' || c == '"')
            return false;
    }
    return true;
}
