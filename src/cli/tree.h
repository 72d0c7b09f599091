// SPDX-License-Identifier: Apache-2.0
//
// Removing a directory that a command made itself.
#ifndef TWI_CLI_TREE_H
#define TWI_CLI_TREE_H

#include "base/status.h"

// rm -rf, without following links. A path that does not exist is no failure.
tw_status twi_remove_tree(const char *path, tw_err *err) TW_MUST_CHECK;

#endif
