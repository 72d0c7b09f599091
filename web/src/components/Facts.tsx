// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'

// A row of named figures. Empty ones are left out.
export function Facts({ className, facts }: { className?: string; facts: [string, ReactNode][] }) {
  return (
    <dl className={className}>
      {facts.map(([name, value]) =>
        value === null || value === undefined || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
