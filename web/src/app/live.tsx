// SPDX-License-Identifier: Apache-2.0
//
// Gives the pages the one live stream.
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, createContext, useContext, useEffect, useState } from 'react'
import { LiveStream, useLive } from '../api/live'

const LiveContext = createContext<LiveStream | null>(null)

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [stream] = useState(() => new LiveStream(client))
  useEffect(() => stream.start(), [stream])
  return <LiveContext.Provider value={stream}>{children}</LiveContext.Provider>
}

export function useLiveStream() {
  const stream = useContext(LiveContext)
  if (!stream) throw new Error('useLiveStream needs a LiveProvider')
  return { stream, ...useLive(stream) }
}
