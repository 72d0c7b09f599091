// SPDX-License-Identifier: Apache-2.0
//
// The faulty VFS. A file is the default VFS's file behind a table of forwarding methods.
#include "fault_vfs.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

typedef struct fault_file {
    sqlite3_file base;
    sqlite3_file *inner; // directly behind
} fault_file;

static struct {
    pthread_mutex_t lock;
    fault_kind kind;
    uint64_t fail_at;
    bool keep_failing;
    uint64_t op_n, hit_n, sync_n;
    sqlite3_vfs *inner;
    sqlite3_vfs vfs;
} vfs_state = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fault_vfs_set(fault_kind kind, uint64_t fail_at, bool keep_failing)
{
    pthread_mutex_lock(&vfs_state.lock);
    vfs_state.kind = kind;
    vfs_state.fail_at = fail_at;
    vfs_state.keep_failing = keep_failing;
    vfs_state.op_n = vfs_state.hit_n = 0;
    pthread_mutex_unlock(&vfs_state.lock);
}

uint64_t fault_vfs_hits(void)
{
    pthread_mutex_lock(&vfs_state.lock);
    uint64_t n = vfs_state.hit_n;
    pthread_mutex_unlock(&vfs_state.lock);
    return n;
}

uint64_t fault_vfs_syncs(void)
{
    pthread_mutex_lock(&vfs_state.lock);
    uint64_t n = vfs_state.sync_n;
    pthread_mutex_unlock(&vfs_state.lock);
    return n;
}

typedef enum op_kind { OP_WRITE, OP_SYNC, OP_OTHER } op_kind;

// What is to happen to the operation that begins now.
static fault_kind next_op(op_kind op)
{
    fault_kind kind = FAULT_NONE;
    pthread_mutex_lock(&vfs_state.lock);
    vfs_state.op_n++;
    vfs_state.sync_n += op == OP_SYNC;
    if (vfs_state.fail_at != 0 &&
        (vfs_state.op_n == vfs_state.fail_at ||
         (vfs_state.keep_failing && vfs_state.op_n > vfs_state.fail_at))) {
        vfs_state.hit_n++;
        kind = vfs_state.kind;
    }
    pthread_mutex_unlock(&vfs_state.lock);
    if (kind == FAULT_EXIT || (kind == FAULT_TORN && op != OP_WRITE))
        _exit(0);
    return kind;
}

static sqlite3_file *inner_of(sqlite3_file *file)
{
    return ((fault_file *)file)->inner;
}

static int file_write(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 offset)
{
    sqlite3_file *inner = inner_of(file);
    fault_kind kind = next_op(OP_WRITE);
    if (kind == FAULT_SHORT || kind == FAULT_TORN) {
        (void)inner->pMethods->xWrite(inner, data, bytes / 2, offset);
        if (kind == FAULT_TORN)
            _exit(0);
        return SQLITE_FULL;
    }
    if (kind != FAULT_NONE)
        return kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return inner->pMethods->xWrite(inner, data, bytes, offset);
}

static int file_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *inner = inner_of(file);
    fault_kind kind = next_op(OP_SYNC);
    if (kind != FAULT_NONE)
        return kind == FAULT_IO ? SQLITE_IOERR_FSYNC : SQLITE_FULL;
    return inner->pMethods->xSync(inner, flags);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 bytes)
{
    sqlite3_file *inner = inner_of(file);
    if (next_op(OP_OTHER) != FAULT_NONE)
        return SQLITE_IOERR_TRUNCATE;
    return inner->pMethods->xTruncate(inner, bytes);
}

#define FORWARD(name, params, args)                                                                \
    static int file_##name params                                                                  \
    {                                                                                              \
        return inner_of(file)->pMethods->x##name args;                                             \
    }
FORWARD(Close, (sqlite3_file * file), (inner_of(file)))
FORWARD(Read, (sqlite3_file * file, void *data, int bytes, sqlite3_int64 offset),
        (inner_of(file), data, bytes, offset))
FORWARD(FileSize, (sqlite3_file * file, sqlite3_int64 *out), (inner_of(file), out))
FORWARD(Lock, (sqlite3_file * file, int level), (inner_of(file), level))
FORWARD(Unlock, (sqlite3_file * file, int level), (inner_of(file), level))
FORWARD(CheckReservedLock, (sqlite3_file * file, int *out), (inner_of(file), out))
FORWARD(FileControl, (sqlite3_file * file, int op, void *arg), (inner_of(file), op, arg))
FORWARD(SectorSize, (sqlite3_file * file), (inner_of(file)))
FORWARD(DeviceCharacteristics, (sqlite3_file * file), (inner_of(file)))
FORWARD(ShmMap, (sqlite3_file * file, int page, int bytes, int extend, void volatile **out),
        (inner_of(file), page, bytes, extend, out))
FORWARD(ShmLock, (sqlite3_file * file, int offset, int n, int flags),
        (inner_of(file), offset, n, flags))
FORWARD(ShmUnmap, (sqlite3_file * file, int remove), (inner_of(file), remove))

static void file_ShmBarrier(sqlite3_file *file)
{
    inner_of(file)->pMethods->xShmBarrier(inner_of(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_Close,
    .xRead = file_Read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_FileSize,
    .xLock = file_Lock,
    .xUnlock = file_Unlock,
    .xCheckReservedLock = file_CheckReservedLock,
    .xFileControl = file_FileControl,
    .xSectorSize = file_SectorSize,
    .xDeviceCharacteristics = file_DeviceCharacteristics,
    .xShmMap = file_ShmMap,
    .xShmLock = file_ShmLock,
    .xShmBarrier = file_ShmBarrier,
    .xShmUnmap = file_ShmUnmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags)
{
    fault_file *self = (fault_file *)file;
    (void)vfs;
    self->base.pMethods = NULL;
    self->inner = (sqlite3_file *)(void *)(self + 1);
    int code = vfs_state.inner->xOpen(vfs_state.inner, name, self->inner, flags, out_flags);
    if (self->inner->pMethods)
        self->base.pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    if (next_op(OP_OTHER) != FAULT_NONE)
        return SQLITE_IOERR_DELETE;
    return vfs_state.inner->xDelete(vfs_state.inner, name, sync_dir);
}

static int vfs_last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    return vfs_state.inner->xGetLastError(vfs_state.inner, bytes, out);
}

void fault_vfs_register(void)
{
    vfs_state.inner = sqlite3_vfs_find(NULL);
    TW_CHECK(vfs_state.inner != NULL);
    vfs_state.vfs = *vfs_state.inner; // everything else is the default's own
    vfs_state.vfs.pNext = NULL;
    vfs_state.vfs.zName = FAULT_VFS_NAME;
    vfs_state.vfs.szOsFile = (int)sizeof(fault_file) + vfs_state.inner->szOsFile;
    vfs_state.vfs.xOpen = vfs_open;
    vfs_state.vfs.xDelete = vfs_delete;
    vfs_state.vfs.xGetLastError = vfs_last_error;
    TW_CHECK(sqlite3_vfs_register(&vfs_state.vfs, 0) == SQLITE_OK);
}
