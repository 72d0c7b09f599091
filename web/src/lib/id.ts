// SPDX-License-Identifier: Apache-2.0

// 128 random bits as hex digits. (crypto.randomUUID is missing where a page comes over plain HTTP.)
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
