// SPDX-License-Identifier: Apache-2.0
//
// Who is signed in, and what they may do. The server decides; this only spares a reader what would be
// refused.
import { useQuery } from '@tanstack/react-query'
import type { Right } from '../api/client'
import { sessionQuery } from '../api/queries'

export function useSession() {
  return useQuery(sessionQuery).data
}

export function useCan(): (right: Right) => boolean {
  const session = useSession()
  return (right) => session?.rights.includes(right) ?? false
}

// Some things are done for the whole chain: who is limited to some stores may not do them.
export function useCanEverywhere(): (right: Right) => boolean {
  const session = useSession()
  return (right) =>
    session !== undefined && session.rights.includes(right) && session.stores.length === 0
}

export function useMe(): string {
  return useSession()?.user ?? ''
}
