// SPDX-License-Identifier: Apache-2.0
//
// A till receipt with a watchful eye.
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d="M5 1.5h14a1 1 0 0 1 1 1v19.2l-2.7-1.7-2.65 1.7L12 20l-2.65 1.7L6.7 20 4 21.7V2.5a1 1 0 0 1 1-1Z"
        fill="var(--tw-brand, var(--tw-accent))"
      />
      <path
        d="M6.6 10.4c1.5-2.5 3.3-3.7 5.4-3.7s3.9 1.2 5.4 3.7c-1.5 2.5-3.3 3.7-5.4 3.7s-3.9-1.2-5.4-3.7Z"
        fill="var(--tw-surface)"
      />
      <circle cx="12" cy="10.4" r="1.9" fill="var(--tw-brand, var(--tw-accent))" />
    </svg>
  )
}
