// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'react'

type Keys = Record<string, (event: KeyboardEvent) => void>

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('a, button') !== null
}

// Single-key shortcuts by `event.key`. They rest while somebody types, while a dialog is open and
// with a modifier held, so that they never fight the browser or assistive technology.
export function useKeys(keys: Keys, isEnabled = true) {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    if (!isEnabled) return
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      // A focused link or button keeps its own meaning of Enter.
      if (event.key === 'Enter' && isControl(event.target)) return
      if (isTyping(event.target) || document.querySelector('[role="dialog"]')) return
      const action = current.current[event.key]
      if (!action) return
      event.preventDefault()
      action(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [isEnabled])
}
