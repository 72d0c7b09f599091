// SPDX-License-Identifier: Apache-2.0
//
// Changes to signals and policy that nobody has saved yet. Only what differs from what is in force is
// kept, so that an empty draft means "nothing changed".
import type { Policy, PolicyValues, Signal, SignalChange } from '../../api/insight'

export interface Draft {
  signals: Record<string, Omit<SignalChange, 'name'>>
  policy: Record<string, number>
}

export const emptyDraft: Draft = { signals: {}, policy: {} }

export const isEmptyDraft = (draft: Draft) =>
  Object.keys(draft.signals).length === 0 && Object.keys(draft.policy).length === 0

// The signal as the draft would have it.
export function drafted(signal: Signal, draft: Draft): Signal {
  const change = draft.signals[signal.name]
  if (!change) return signal
  return {
    ...signal,
    enabled: change.enabled ?? signal.enabled,
    weight: change.weight ?? signal.weight,
    parameters: signal.parameters.map((parameter) => ({
      ...parameter,
      value: change.parameters?.[parameter.name] ?? parameter.value,
    })),
  }
}

// The smallest change that turns one into the other; null when they are alike.
function difference(now: Signal, wanted: Signal): Omit<SignalChange, 'name'> | null {
  const change: Omit<SignalChange, 'name'> = {}
  if (wanted.enabled !== now.enabled) change.enabled = wanted.enabled
  if (wanted.weight !== now.weight) change.weight = wanted.weight
  const parameters: Record<string, number> = {}
  now.parameters.forEach((parameter, index) => {
    const value = wanted.parameters[index]?.value ?? parameter.value
    if (value !== parameter.value) parameters[parameter.name] = value
  })
  if (Object.keys(parameters).length > 0) change.parameters = parameters
  return Object.keys(change).length > 0 ? change : null
}

export function withSignal(draft: Draft, now: Signal, wanted: Signal): Draft {
  const { [now.name]: _, ...others } = draft.signals
  const change = difference(now, wanted)
  return { ...draft, signals: change ? { ...others, [now.name]: change } : others }
}

export function withPolicy(draft: Draft, policy: Policy, name: string, value: number): Draft {
  const { [name]: _, ...others } = draft.policy
  const now = policy.fields.find((field) => field.name === name)?.value
  return { ...draft, policy: value === now ? others : { ...others, [name]: value } }
}

// As the interface takes them, in an order that does not depend on the order of the edits.
export function signalChanges(draft: Draft): SignalChange[] {
  return Object.keys(draft.signals)
    .sort()
    .map((name) => ({ name, ...draft.signals[name] }))
}

export function policyValues(draft: Draft): PolicyValues {
  return Object.fromEntries(Object.entries(draft.policy).sort(([a], [b]) => a.localeCompare(b)))
}
