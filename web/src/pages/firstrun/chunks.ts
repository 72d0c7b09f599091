// SPDX-License-Identifier: Apache-2.0

// Cuts lines into parts of at most `bytes`, so that each part is one request. A part ends with a whole
// line; a line that is longer than a part is one of its own.
export function* chunksOf(text: string, bytes: number): Generator<string> {
  let begin = 0
  while (begin < text.length) {
    let end = Math.min(begin + bytes, text.length)
    if (end < text.length) {
      const last = text.lastIndexOf('\n', end - 1)
      const next = text.indexOf('\n', end)
      end = last >= begin ? last + 1 : next < 0 ? text.length : next + 1
    }
    const part = text.slice(begin, end)
    if (part.trim() !== '') yield part
    begin = end
  }
}
