// SPDX-License-Identifier: Apache-2.0
//
// Publishing a file under failing system calls: the k-th write, fsync, open, rename, mkdir or
// unlink of the adapter fails, is short, is interrupted, or is the last thing that the process
// does. A reader then finds the old content or the new one. The calls are replaced by the linker
// (--wrap).
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "../conformance/store_support.h"

typedef enum call_fault {
    CALL_OK,
    CALL_EIO,
    CALL_ENOSPC,
    CALL_INTERRUPTED, // write only: EINTR once
    CALL_SHORT,       // write only: half
    CALL_EXIT,
} call_fault;

static call_fault planned;
static uint64_t fail_at, call_n, hit_n;

static void plan(call_fault fault, uint64_t k)
{
    planned = fault;
    fail_at = k;
    call_n = hit_n = 0;
}

static call_fault next_call(bool is_write)
{
    if (fail_at == 0 || ++call_n != fail_at)
        return CALL_OK;
    if (!is_write && (planned == CALL_INTERRUPTED || planned == CALL_SHORT)) {
        fail_at++; // meant for a write
        return CALL_OK;
    }
    hit_n++;
    if (planned == CALL_EXIT)
        _exit(0);
    errno = planned == CALL_ENOSPC ? ENOSPC : planned == CALL_INTERRUPTED ? EINTR : EIO;
    return planned;
}

ssize_t __real_write(int fd, const void *data, size_t bytes);
int __real_fsync(int fd);
int __real_openat64(int dir, const char *name, int flags, mode_t mode);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_mkdirat(int dir, const char *name, mode_t mode);
int __real_unlinkat(int dir, const char *name, int flags);
ssize_t __wrap_write(int fd, const void *data, size_t bytes);
int __wrap_fsync(int fd);
int __wrap_openat64(int dir, const char *name, int flags, ...);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_unlinkat(int dir, const char *name, int flags);

ssize_t __wrap_write(int fd, const void *data, size_t bytes)
{
    call_fault fault = next_call(true);
    if (fault == CALL_OK || fault == CALL_SHORT)
        return __real_write(fd, data, fault == CALL_SHORT && bytes > 1 ? bytes / 2 : bytes);
    return -1;
}

int __wrap_fsync(int fd)
{
    return next_call(false) == CALL_OK ? __real_fsync(fd) : -1;
}

int __wrap_openat64(int dir, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) ? (mode_t)va_arg(args, int) : 0;
    va_end(args);
    return next_call(false) == CALL_OK ? __real_openat64(dir, name, flags, mode) : -1;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return next_call(false) == CALL_OK ? __real_renameat(from_dir, from, to_dir, to) : -1;
}

int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
    return next_call(false) == CALL_OK ? __real_mkdirat(dir, name, mode) : -1;
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
    return next_call(false) == CALL_OK ? __real_unlinkat(dir, name, flags) : -1;
}

static size_t open_fd_n(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

#define NAME "models/m-1/model.bin"
static char old_bytes[60000], new_bytes[150000];
static const tw_str old_content = {old_bytes, sizeof(old_bytes)};
static const tw_str new_content = {new_bytes, sizeof(new_bytes)};

static tw_status publish(const tw_files *files, tw_str content, tw_err *err)
{
    tw_str parts[] = {{content.at, content.bytes / 3},
                      {content.at + content.bytes / 3, content.bytes - content.bytes / 3}};
    return tw_files_publish(files, NAME, parts, 2, err);
}

// Does the file hold this?
static bool holds(const tw_files *files, tw_str content)
{
    tw_buf buf;
    tw_buf_init(&buf, tw_alloc_system(), 1 << 20);
    bool is_same = tw_files_read(files, NAME, &buf, NULL) == TW_OK &&
                   tw_str_equal((tw_str){(const char *)buf.data_own, buf.bytes}, content);
    tw_buf_release(&buf);
    return is_same;
}

// One publication with call k failing. Returns whether it was reached.
static bool publish_run(call_fault fault, uint64_t k, bool has_old)
{
    store_dir dir;
    tw_files files;
    tw_err err = {0};
    tw_arena arena;
    tw_file_info *infos;
    size_t n;
    store_dir_make(&dir);
    assert_ok(tw_posix_files_open(tw_alloc_system(), dir.path, &files, &err));
    if (has_old)
        assert_ok(publish(&files, old_content, &err));
    size_t fd_n = open_fd_n();
    plan(fault, k);
    tw_status status = publish(&files, new_content, &err);
    bool was_hit = hit_n > 0;
    plan(CALL_OK, 0);
    assert_int_equal(open_fd_n(), fd_n);
    if (status == TW_OK) {
        assert_true(holds(&files, new_content));
    } else {
        assert_int_equal(status, fault == CALL_ENOSPC ? TW_NO_SPACE : TW_IO);
        assert_true(err.text[0] != '\0');
        // After the rename only the sync of the directory can fail: then the new content is there.
        assert_true(holds(&files, new_content) || !has_old || holds(&files, old_content));
        assert_true(has_old || holds(&files, new_content) ||
                    tw_files_read(&files, NAME, &(tw_buf){0}, NULL) == TW_NOT_FOUND);
    }
    assert_true(was_hit == (status != TW_OK) || fault == CALL_INTERRUPTED || fault == CALL_SHORT);
    assert_ok(publish(&files, new_content, &err));
    assert_true(holds(&files, new_content));
    tw_arena_init(&arena, tw_alloc_system(), 0, 1 << 20);
    assert_ok(tw_files_list(&files, "models/m-1", &arena, &infos, &n, &err));
    assert_int_equal(n, 1);
    tw_arena_release(&arena);
    tw_files_close(&files);
    store_dir_remove(&dir);
    return was_hit;
}

static void a_failing_call_leaves_old_or_new(void **state)
{
    (void)state;
    for (int fault = CALL_EIO; fault < CALL_EXIT; fault++)
        for (int has_old = 0; has_old < 2; has_old++) {
            uint64_t k = 1;
            while (publish_run((call_fault)fault, k, has_old))
                k++;
            print_message("fault %d: %llu calls\n", fault, (unsigned long long)k - 1);
            assert_true(k > 2);
        }
}

static void a_crash_leaves_old_or_new(void **state)
{
    (void)state;
    for (int has_old = 0; has_old < 2; has_old++) {
        int code = 0;
        uint64_t k = 1;
        for (; code == 0; k++) {
            store_dir dir;
            tw_files files;
            tw_err err = {0};
            store_dir_make(&dir);
            assert_ok(tw_posix_files_open(tw_alloc_system(), dir.path, &files, &err));
            if (has_old)
                assert_ok(publish(&files, old_content, &err));
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) {
                plan(CALL_EXIT, k);
                _exit(publish(&files, new_content, NULL) == TW_OK ? 7 : 1);
            }
            assert_int_equal(waitpid(pid, &code, 0), pid);
            assert_true(WIFEXITED(code));
            code = WEXITSTATUS(code);
            assert_true(code == 0 || code == 7);
            bool is_new = holds(&files, new_content);
            assert_true(code == 0 || is_new);
            assert_true(is_new || !has_old || holds(&files, old_content));
            assert_ok(publish(&files, new_content, &err)); // over what the crash left
            assert_true(holds(&files, new_content));
            tw_files_close(&files);
            store_dir_remove(&dir);
        }
        print_message("%llu crashes\n", (unsigned long long)k - 2);
        assert_true(k > 7);
    }
}

static void a_failing_removal_says_so(void **state)
{
    (void)state;
    for (uint64_t k = 1;; k++) {
        store_dir dir;
        tw_files files;
        tw_err err = {0};
        store_dir_make(&dir);
        assert_ok(tw_posix_files_open(tw_alloc_system(), dir.path, &files, &err));
        assert_ok(publish(&files, old_content, &err));
        plan(CALL_EIO, k);
        tw_status status = tw_files_remove(&files, NAME, &err);
        bool was_hit = hit_n > 0;
        plan(CALL_OK, 0);
        assert_true(status == TW_OK || (was_hit && status == TW_IO));
        assert_true(status != TW_OK || !holds(&files, old_content));
        tw_files_close(&files);
        store_dir_remove(&dir);
        if (!was_hit)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_call_leaves_old_or_new),
        cmocka_unit_test(a_crash_leaves_old_or_new),
        cmocka_unit_test(a_failing_removal_says_so),
    };
    for (size_t i = 0; i < sizeof(new_bytes); i++) {
        new_bytes[i] = (char)(i * 31 >> 4);
        if (i < sizeof(old_bytes))
            old_bytes[i] = (char)(i * 17 >> 3);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
