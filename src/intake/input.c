// SPDX-License-Identifier: Apache-2.0
//
// Reading and decompression. zstd and gzip are told by their magic bytes, so that neither the name
// nor the source matters; concatenated frames and members read as one stream, as their tools do.
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

struct twi_decompressor {
    ZSTD_DCtx *zstd; // NULL: gzip
    z_stream gzip;
    bool in_frame; // the stream may not end here
};

// --- zlib through our allocator ------------------------------------------------------------------

static voidpf gzip_alloc(voidpf ctx, uInt n, uInt size)
{
    const tw_alloc *alloc = *(const tw_alloc **)ctx;
    size_t bytes = (size_t)n * size + 16;
    char *block = alloc->resize(alloc->ctx, NULL, 0, bytes);
    if (!block)
        return Z_NULL;
    memcpy(block, &bytes, sizeof(bytes));
    return block + 16;
}

static void gzip_free(voidpf ctx, voidpf at)
{
    const tw_alloc *alloc = *(const tw_alloc **)ctx;
    size_t bytes;
    memcpy(&bytes, (char *)at - 16, sizeof(bytes));
    alloc->resize(alloc->ctx, (char *)at - 16, bytes, 0);
}

// --- reading
// ---------------------------------------------------------------------------------------

// Up to `cap` bytes of the file itself; *n 0 = end.
static tw_status read_some(twi_input *in, void *to, size_t cap, size_t *n, tw_err *err)
{
    *n = 0;
    if (in->fd < 0) {
        *n = TW_MIN(cap, in->memory.bytes);
        if (*n)
            memcpy(to, in->memory.at, *n);
        in->memory = (tw_str){in->memory.at + *n, in->memory.bytes - *n};
    } else {
        ssize_t got;
        do
            got = read(in->fd, to, cap);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return tw_fail_errno(err, "cannot read the input");
        *n = (size_t)got;
    }
    in->bytes_done += *n;
    return TW_OK;
}

static tw_status fill_raw(twi_input *in, tw_err *err)
{
    if (in->raw_at < in->raw_n || in->raw_end)
        return TW_OK;
    in->raw_at = 0;
    TW_TRY(read_some(in, in->raw_own, TWI_READ_BYTES, &in->raw_n, err));
    in->raw_end = in->raw_n == 0;
    return TW_OK;
}

static tw_status inflate_zstd(twi_input *in, size_t *made, tw_err *err)
{
    twi_decompressor *z = in->decompressor_own;
    ZSTD_inBuffer from = {in->raw_own, in->raw_n, in->raw_at};
    ZSTD_outBuffer to = {in->window_own + in->end, in->window_bytes - in->end, 0};
    size_t left = ZSTD_decompressStream(z->zstd, &to, &from);
    if (ZSTD_isError(left))
        return tw_fail(err, TW_CORRUPT, "the zstd data is damaged: %s", ZSTD_getErrorName(left));
    in->raw_at = from.pos;
    z->in_frame = left != 0;
    *made = to.pos;
    return TW_OK;
}

static tw_status inflate_gzip(twi_input *in, size_t *made, tw_err *err)
{
    twi_decompressor *z = in->decompressor_own;
    z->gzip.next_in = in->raw_own + in->raw_at;
    z->gzip.avail_in = (uInt)(in->raw_n - in->raw_at);
    z->gzip.next_out = (Bytef *)in->window_own + in->end;
    z->gzip.avail_out = (uInt)(in->window_bytes - in->end);
    uInt room = z->gzip.avail_out;
    z->in_frame = true;
    int result = inflate(&z->gzip, Z_NO_FLUSH);
    in->raw_at = in->raw_n - z->gzip.avail_in;
    *made = room - z->gzip.avail_out;
    if (result == Z_STREAM_END) {
        z->in_frame = false;
        result = inflateReset(&z->gzip);
    }
    if (result == Z_MEM_ERROR)
        return tw_fail(err, TW_NO_MEMORY, "no memory to decompress the input");
    if (result != Z_OK && result != Z_BUF_ERROR)
        return tw_fail(err, TW_CORRUPT, "the gzip data is damaged: %s",
                       z->gzip.msg ? z->gzip.msg : "wrong data");
    return TW_OK;
}

static tw_status fill_compressed(twi_input *in, tw_err *err)
{
    size_t made = 0;
    while (made == 0) {
        TW_TRY(fill_raw(in, err));
        if (in->raw_end && in->raw_at == in->raw_n) {
            if (in->decompressor_own->in_frame)
                return tw_fail(err, TW_CORRUPT, "the compressed input is cut short");
            in->is_end = true;
            return TW_OK;
        }
        TW_TRY(in->decompressor_own->zstd ? inflate_zstd(in, &made, err)
                                          : inflate_gzip(in, &made, err));
    }
    in->end += made;
    return TW_OK;
}

static tw_status make_room(twi_input *in, tw_err *err)
{
    if (in->at > 0) {
        memmove(in->window_own, in->window_own + in->at, in->end - in->at);
        in->end -= in->at;
        in->at = 0;
    }
    if (in->window_bytes - in->end >= TWI_READ_BYTES)
        return TW_OK;
    if (in->window_bytes == TWI_WINDOW_MAX)
        return in->end < in->window_bytes ? TW_OK : TW_LIMIT;
    void *window = in->window_own;
    if (tw_grow(in->alloc, &window, &in->window_bytes,
                TW_MIN(in->end + 2 * TWI_READ_BYTES, TWI_WINDOW_MAX), 1, TWI_WINDOW_MAX) != TW_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory to read the input");
    in->window_own = window;
    return TW_OK;
}

tw_status twi_input_fill(twi_input *in, tw_err *err)
{
    if (in->is_end)
        return TW_OK;
    TW_TRY(make_room(in, err));
    if (in->decompressor_own)
        return fill_compressed(in, err);
    size_t n = 0;
    TW_TRY(read_some(in, in->window_own + in->end, in->window_bytes - in->end, &n, err));
    in->end += n;
    in->is_end = n == 0;
    return TW_OK;
}

// --- opening
// ---------------------------------------------------------------------------------------

static tw_status start_decompressor(twi_input *in, bool is_zstd, tw_err *err)
{
    twi_decompressor *z = tw_new(in->alloc, twi_decompressor);
    in->decompressor_own = z;
    in->raw_own = tw_new_array(in->alloc, TWI_READ_BYTES, 1);
    if (!z || !in->raw_own)
        return tw_fail(err, TW_NO_MEMORY, "no memory to decompress the input");
    z->gzip.zalloc = gzip_alloc;
    z->gzip.zfree = gzip_free;
    z->gzip.opaque = (voidpf)&in->alloc;
    if (is_zstd ? !(z->zstd = ZSTD_createDCtx()) : inflateInit2(&z->gzip, 15 + 16) != Z_OK)
        return tw_fail(err, TW_NO_MEMORY, "no memory to decompress the input");
    // What was read to see the magic bytes is the beginning of the compressed stream.
    in->raw_n = in->end;
    memcpy(in->raw_own, in->window_own, in->end);
    in->end = 0;
    return TW_OK;
}

// Reads the first bytes and chooses the decompression.
static tw_status start(twi_input *in, tw_err *err)
{
    static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t gzip_magic[] = {0x1f, 0x8b};
    TW_TRY(make_room(in, err));
    while (in->end < 4) {
        size_t n = 0;
        TW_TRY(read_some(in, in->window_own + in->end, TWI_READ_BYTES - in->end, &n, err));
        in->end += n;
        if (n == 0) {
            in->is_end = true;
            return TW_OK;
        }
    }
    if (memcmp(in->window_own, zstd_magic, sizeof(zstd_magic)) == 0)
        return start_decompressor(in, true, err);
    if (memcmp(in->window_own, gzip_magic, sizeof(gzip_magic)) == 0)
        return start_decompressor(in, false, err);
    return TW_OK;
}

static tw_status open_path(twi_input *in, const char *path, tw_err *err)
{
    struct stat info;
    if (strcmp(path, "-") == 0) {
        in->fd = STDIN_FILENO;
    } else {
        in->fd = open(path, O_RDONLY | O_CLOEXEC);
        in->owns_fd = true;
    }
    if (in->fd < 0) {
        bool missing = errno == ENOENT;
        tw_status status = tw_fail_errno(err, "cannot open %s", path);
        if (missing && err)
            err->status = TW_NOT_FOUND;
        return missing ? TW_NOT_FOUND : status;
    }
    if (fstat(in->fd, &info) == 0 && S_ISREG(info.st_mode))
        in->bytes_total = (uint64_t)info.st_size;
    if (fstat(in->fd, &info) == 0 && S_ISDIR(info.st_mode))
        return tw_fail(err, TW_INVALID, "%s is a directory; name the files in it", path);
    return TW_OK;
}

tw_status twi_input_open(twi_input *in, const tw_alloc *alloc, const char *path, tw_err *err)
{
    *in = (twi_input){.alloc = alloc, .fd = -1};
    tw_status status = open_path(in, path, err);
    if (status == TW_OK)
        status = start(in, err);
    if (status != TW_OK)
        twi_input_close(in);
    return status;
}

tw_status twi_input_open_memory(twi_input *in, const tw_alloc *alloc, tw_str data, tw_err *err)
{
    *in = (twi_input){.alloc = alloc, .fd = -1, .memory = data, .bytes_total = data.bytes};
    tw_status status = start(in, err);
    if (status != TW_OK)
        twi_input_close(in);
    return status;
}

void twi_input_close(twi_input *in)
{
    if (in->owns_fd && in->fd >= 0)
        close(in->fd);
    if (in->decompressor_own) {
        if (in->decompressor_own->zstd)
            ZSTD_freeDCtx(in->decompressor_own->zstd);
        else
            inflateEnd(&in->decompressor_own->gzip);
        tw_delete(in->alloc, in->decompressor_own);
    }
    tw_free_array(in->alloc, in->raw_own, TWI_READ_BYTES, 1);
    tw_free_array(in->alloc, in->window_own, in->window_bytes, 1);
    *in = (twi_input){.alloc = in->alloc, .fd = -1};
}
