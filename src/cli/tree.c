// SPDX-License-Identifier: Apache-2.0
//
// rm -rf through nftw.
#define _XOPEN_SOURCE 700
#include "tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

tw_status twi_remove_tree(const char *path, tw_err *err)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return TW_OK;
    return tw_fail_errno(err, "%.150s cannot be removed", path);
}
