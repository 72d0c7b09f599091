// SPDX-License-Identifier: Apache-2.0
//
// The contract of whole files, run against every adapter.
#include <dirent.h>
#include <sys/wait.h>

#include "store_support.h"

typedef struct fixture {
    const store_adapter *adapter;
    store_dir dir;
    tw_files files;
    tw_arena arena;
    tw_buf buf;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof(*f));
    tw_err err = {0};
    f->adapter = *state;
    store_dir_make(&f->dir);
    tw_arena_init(&f->arena, tw_alloc_system(), 0, 1 << 20);
    tw_buf_init(&f->buf, tw_alloc_system(), 8 << 20);
    assert_ok(f->adapter->open_files(&f->dir, &f->files, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    tw_files_close(&f->files);
    tw_arena_release(&f->arena);
    tw_buf_release(&f->buf);
    store_dir_remove(&f->dir);
    free(f);
    return 0;
}

static void publish(fixture *f, const char *name, const char *content)
{
    tw_err err = {0};
    tw_str part = tw_str_from(content);
    assert_ok(tw_files_publish(&f->files, name, &part, 1, &err));
}

static void assert_content(fixture *f, const char *name, tw_str want)
{
    tw_err err = {0};
    tw_buf_reset(&f->buf);
    assert_ok(tw_files_read(&f->files, name, &f->buf, &err));
    assert_true(tw_str_equal((tw_str){(const char *)f->buf.data_own, f->buf.bytes}, want));
}

static void what_was_published_is_read(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    assert_int_equal(f->files.ops->version, TW_FILES_VERSION);
    publish(f, "key", "secret");
    assert_content(f, "key", TW_STR("secret"));
    publish(f, "key", "another");
    assert_content(f, "key", TW_STR("another"));
    publish(f, "models/m-1/model.bin", "trees");
    assert_content(f, "models/m-1/model.bin", TW_STR("trees"));
    const tw_str parts[] = {TW_STR("head"), TW_STR_NONE, TW_STR("-"), TW_STR("tail")};
    assert_ok(tw_files_publish(&f->files, "state/0001", parts, 4, &err));
    assert_content(f, "state/0001", TW_STR("head-tail"));
    assert_ok(tw_files_publish(&f->files, "empty", NULL, 0, &err));
    assert_content(f, "empty", TW_STR_NONE);
    size_t bytes = (size_t)5 << 20;
    char *large = malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        large[i] = (char)(i >> 7);
    tw_str part = {large, bytes};
    assert_ok(tw_files_publish(&f->files, "large", &part, 1, &err));
    assert_content(f, "large", part);
    free(large);
    uint64_t free_bytes;
    assert_ok(tw_files_free_bytes(&f->files, &free_bytes, &err));
    assert_true(free_bytes > 0);
}

static void a_missing_file_is_not_found(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    publish(f, "a/b", "x");
    const char *const names[] = {"nothing", "no/where", "a", "a/b/c"};
    for (size_t i = 0; i < TW_COUNT(names); i++) {
        assert_status(tw_files_read(&f->files, names[i], &f->buf, &err), TW_NOT_FOUND);
        assert_int_equal(f->buf.bytes, 0);
        assert_status(tw_files_remove(&f->files, names[i], &err), TW_NOT_FOUND);
    }
    assert_content(f, "a/b", TW_STR("x"));
}

static void a_file_and_a_directory_do_not_share_a_name(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_str part = TW_STR("x");
    publish(f, "a/b", "x");
    assert_status(tw_files_publish(&f->files, "a", &part, 1, &err), TW_IO);
    assert_status(tw_files_publish(&f->files, "a/b/c", &part, 1, &err), TW_IO);
    assert_content(f, "a/b", TW_STR("x"));
    tw_file_info *infos;
    size_t n;
    assert_ok(tw_files_list(&f->files, "", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 1);
}

static void names_that_leave_the_directory_are_refused(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    char too_long[TW_FILES_NAME_BYTES + 1];
    memset(too_long, 'a', TW_FILES_NAME_BYTES);
    too_long[TW_FILES_NAME_BYTES] = '\0';
    const char *const names[] = {"",      "/etc/passwd", "../x",   "a/../b", "a//b",   "a/",
                                 ".hide", "a/.hide",     "x.tmp",  "a b",    "ä",      "a\\b",
                                 "a\nb",  "*",           too_long, "~",      "a/x.tmp"};
    tw_str part = TW_STR("x");
    for (size_t i = 0; i < TW_COUNT(names); i++) {
        assert_status(tw_files_publish(&f->files, names[i], &part, 1, &err), TW_INVALID);
        assert_status(tw_files_read(&f->files, names[i], &f->buf, &err), TW_INVALID);
        assert_status(tw_files_remove(&f->files, names[i], &err), TW_INVALID);
    }
    too_long[TW_FILES_NAME_BYTES - 1] = '\0';
    tw_file_info *infos;
    size_t n;
    assert_status(tw_files_list(&f->files, "..", &f->arena, &infos, &n, &err), TW_INVALID);
    assert_null(infos);
}

static void lists_are_sorted_and_complete(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_file_info *infos;
    size_t n;
    assert_ok(tw_files_list(&f->files, "", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(tw_files_list(&f->files, "nowhere", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 0);
    publish(f, "state/00000300", "abc");
    publish(f, "state/00000100", "a");
    publish(f, "state/sub/x", "x");
    publish(f, "state/00000200", "ab");
    publish(f, "state.old", "o");
    publish(f, "Zeta", "z");
    assert_ok(tw_files_list(&f->files, "state", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 4);
    const char *const names[] = {"00000100", "00000200", "00000300", "sub"};
    for (size_t i = 0; i < n; i++) {
        assert_true(tw_str_equal(infos[i].name, tw_str_from(names[i])));
        assert_int_equal(infos[i].bytes, i < 3 ? i + 1 : 0);
        assert_int_equal(infos[i].is_dir, i == 3);
    }
    assert_ok(tw_files_list(&f->files, "", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 3);
    assert_true(tw_str_equal(infos[0].name, TW_STR("Zeta")));
    assert_true(tw_str_equal(infos[1].name, TW_STR("state")));
    assert_true(infos[1].is_dir);
    assert_ok(tw_files_list(&f->files, "state/00000100", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 0);
}

static void removing_leaves_no_empty_directories(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_file_info *infos;
    size_t n;
    publish(f, "models/a/one", "1");
    publish(f, "models/b/two", "2");
    assert_ok(tw_files_remove(&f->files, "models/a/one", &err));
    assert_ok(tw_files_list(&f->files, "models", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 1);
    assert_ok(tw_files_remove(&f->files, "models/b/two", &err));
    assert_ok(tw_files_list(&f->files, "", &f->arena, &infos, &n, &err));
    assert_int_equal(n, 0);
    publish(f, "models/a/one", "again");
    assert_content(f, "models/a/one", TW_STR("again"));
}

static void too_large_a_file_is_not_read(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_buf small;
    publish(f, "file", "twelve bytes");
    tw_buf_init(&small, tw_alloc_system(), 11);
    assert_status(tw_files_read(&f->files, "file", &small, &err), TW_LIMIT);
    assert_int_equal(small.bytes, 0);
    tw_buf_release(&small);
}

static void one_holder_at_a_time(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    assert_ok(tw_files_lock(&f->files, &err));
    assert_status(tw_files_lock(&f->files, &err), TW_BUSY);
    tw_files_unlock(&f->files);
    tw_files_unlock(&f->files);
    assert_ok(tw_files_lock(&f->files, &err));
    if (!f->adapter->is_durable)
        return;
    tw_files other;
    char pid[24];
    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_ok(f->adapter->open_files(&f->dir, &other, &err));
    assert_status(tw_files_lock(&other, &err), TW_BUSY);
    assert_non_null(strstr(err.text, pid));
    tw_files_close(&f->files);
    assert_ok(tw_files_lock(&other, &err)); // close gave it back
    tw_files_close(&other);
}

// The lock of a process that dies goes away with it.
static void a_dead_process_holds_nothing(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(tw_files_lock(&f->files, NULL) == TW_OK ? 0 : 1);
    int code = -1;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    assert_ok(tw_files_lock(&f->files, &err));
}

static void files_are_the_owners_only(void **state)
{
    fixture *f = *state;
    char path[192];
    struct stat info;
    publish(f, "dir/key", "secret");
    assert_int_equal(stat(store_path(&f->dir, "dir/key", path), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat(store_path(&f->dir, "dir", path), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void opening_nothing_fails(void **state)
{
    fixture *f = *state;
    tw_err err = {0};
    tw_files other;
    char path[192];
    assert_status(
        tw_posix_files_open(tw_alloc_system(), store_path(&f->dir, "none", path), &other, &err),
        TW_NOT_FOUND);
    assert_null(other.ops);
    publish(f, "file", "x");
    assert_status(
        tw_posix_files_open(tw_alloc_system(), store_path(&f->dir, "file", path), &other, &err),
        TW_INVALID);
    tw_files_close(&other);
}

#define DISK(test)                                                                                 \
    {                                                                                              \
#test " (disk)", test, set_up, tear_down, (void *)(uintptr_t)&store_disk                   \
    }
#define EACH(test)                                                                                 \
    {#test " (memory)", test, set_up, tear_down, (void *)(uintptr_t)&store_memory}, DISK(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(what_was_published_is_read),
        EACH(a_missing_file_is_not_found),
        EACH(a_file_and_a_directory_do_not_share_a_name),
        EACH(names_that_leave_the_directory_are_refused),
        EACH(lists_are_sorted_and_complete),
        EACH(removing_leaves_no_empty_directories),
        EACH(too_large_a_file_is_not_read),
        EACH(one_holder_at_a_time),
        DISK(a_dead_process_holds_nothing),
        DISK(files_are_the_owners_only),
        DISK(opening_nothing_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
