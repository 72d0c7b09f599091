// SPDX-License-Identifier: Apache-2.0

export function replaceAt<T>(items: readonly T[], at: number, item: T): T[] {
  return items.map((old, i) => (i === at ? item : old))
}

export function withoutAt<T>(items: readonly T[], at: number): T[] {
  return items.filter((_, i) => i !== at)
}

// The item one place earlier; the first one stays.
export function moveUp<T>(items: readonly T[], at: number): T[] {
  const moved = [...items]
  const [item] = moved.splice(at, 1)
  if (item !== undefined) moved.splice(Math.max(at - 1, 0), 0, item)
  return moved
}
