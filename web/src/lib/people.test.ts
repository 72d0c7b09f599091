// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { completeMention, initials, mentionsOf, openMention } from './people'

describe('initials', () => {
  it('takes two letters of any name', () => {
    expect(['Ada Lovelace', 'm.meier', 'admin', 'kim', 'x', ''].map(initials)).toEqual([
      'AL',
      'MM',
      'AD',
      'KI',
      'X',
      '?',
    ])
  })
})

describe('mentions', () => {
  it('are open while they are written', () => {
    expect(openMention('see @me', 7)).toBe('me')
    expect(openMention('@', 1)).toBe('')
    expect(openMention('see @me now', 11)).toBeNull()
    expect(openMention('a@b', 3)).toBeNull()
  })

  it('are completed where the caret is', () => {
    expect(completeMention('ask @k please', 6, 'kim')).toEqual(['ask @kim please', 9])
    expect(completeMention('@', 1, 'lee')).toEqual(['@lee ', 5])
  })

  it('are those of known users, each once', () => {
    const users = ['kim', 'lee', 'm.meier']
    expect(mentionsOf('@kim and @Lee, (@m.meier) @nobody mail a@kim', users)).toEqual(users)
    expect(mentionsOf('@kim @kim.', users)).toEqual(['kim'])
  })
})
