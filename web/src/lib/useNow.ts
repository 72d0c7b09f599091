// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'

// The present time, renewed each minute: enough for ages.
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
