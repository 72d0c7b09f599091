// SPDX-License-Identifier: Apache-2.0

// "Ada Lovelace" -> "AL", "m.meier" -> "MM", "admin" -> "AD".
export function initials(name: string): string {
  const parts = name.split(/[\s._@-]+/).filter(Boolean)
  const [first = '?', second] = parts
  const text = second ? first.charAt(0) + second.charAt(0) : first.slice(0, 2)
  return text.toUpperCase()
}

const mention = /(^|[\s(])@([\w.-]*)$/

// The word after an "@" that ends at the caret, while it is written: "see @me|" -> "me".
export function openMention(text: string, caret: number): string | null {
  return mention.exec(text.slice(0, caret))?.[2] ?? null
}

// Puts the chosen user in place of what was begun; returns the text and where the caret goes.
export function completeMention(text: string, caret: number, user: string): [string, number] {
  const begun = openMention(text, caret) ?? ''
  const head = `${text.slice(0, caret - begun.length)}${user} `
  return [head + text.slice(caret).replace(/^ /, ''), head.length]
}

// Those of the known users that a text names, each once.
export function mentionsOf(text: string, users: readonly string[]): string[] {
  const named = new Set(
    [...text.matchAll(/(?:^|[\s(])@([\w.-]*\w)/g)].map((match) => match[1]?.toLowerCase()),
  )
  return users.filter((user) => named.has(user.toLowerCase()))
}
