// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { ApiError, type StaleProblem } from '../api/client'
import { Superseded, currentQuestion, guarded, shownError } from './conflict'

const problem: StaleProblem = {
  type: 'about:blank',
  title: 'Precondition failed',
  status: 412,
  detail: 'Somebody changed it',
  version: 9,
  changes: [],
  alert: null,
  case: null,
}

// Refuses every version but the present one, as the server does.
const run = async (version: number | undefined) => {
  if (version !== 9) throw new ApiError(412, problem.detail, undefined, problem)
  return 'done'
}

const asked = async () => {
  while (!currentQuestion()) await Promise.resolve()
  return currentQuestion()
}

describe('a conflict', () => {
  it('does not arise from the present version', async () => {
    await expect(guarded(9, run)).resolves.toBe('done')
  })

  it('is tried again with the present version when the reader insists', async () => {
    const result = guarded(7, run)
    ;(await asked())?.answer('mine')
    await expect(result).resolves.toBe('done')
    expect(currentQuestion()).toBeNull()
  })

  it('ends quietly when the reader gives way', async () => {
    const result = guarded(7, run)
    ;(await asked())?.answer('theirs')
    const error = await result.catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Superseded)
    expect(shownError(error as Error)).toBeNull()
  })

  it('leaves other faults alone', async () => {
    const fault = new ApiError(409, 'It is closed')
    await expect(guarded(1, () => Promise.reject(fault))).rejects.toBe(fault)
    expect(shownError(fault)).toBe('It is closed')
  })
})
