// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { chunksOf } from './chunks'

describe('chunksOf', () => {
  it('cuts between lines and loses nothing', () => {
    const text = Array.from({ length: 200 }, (_, i) => `{"n":${i}}`).join('\n')
    for (const bytes of [1, 7, 20, 64, 10_000]) {
      const parts = [...chunksOf(text, bytes)]
      expect(parts.join('')).toBe(text)
      for (const part of parts.slice(0, -1)) expect(part.endsWith('\n')).toBe(true)
      for (const part of parts) for (const line of part.trim().split('\n')) JSON.parse(line)
    }
  })

  it('leaves out parts without content', () => {
    expect([...chunksOf('\n\n  \n', 2)]).toEqual([])
    expect([...chunksOf('', 10)]).toEqual([])
  })
})
