// SPDX-License-Identifier: Apache-2.0
//
// PDF by libharu. The only place that includes its header.
#ifndef TW_ADAPTER_PAPER_H
#define TW_ADAPTER_PAPER_H

#include "base/alloc.h"
#include "port/paper.h"

// font_dir holds DejaVuSans.ttf, DejaVuSans-Bold.ttf and DejaVuSansMono.ttf, whose used letters are
// embedded; NULL = where Debian and Fedora keep them. Without them the PDF's own fonts serve, which
// know the letters of Western Europe only, and tw_paper_limits says so. Lives as long as the
// program (font_dir too). Thread-safe.
tw_paper tw_haru_paper(const char *font_dir);

#endif
