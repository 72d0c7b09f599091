// SPDX-License-Identifier: Apache-2.0
//
// Two people at one alert or case: the server refuses what was meant for an older version, and the
// reader decides. A command waits here for the answer.
import { ApiError, type StaleProblem } from '../api/client'

export type Answer = 'theirs' | 'mine'

interface Question {
  problem: StaleProblem
  answer: (answer: Answer) => void
}

let question: Question | null = null
const listeners = new Set<() => void>()

function set(next: Question | null) {
  question = next
  for (const listener of listeners) listener()
}

export const currentQuestion = () => question

export function onQuestion(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function ask(problem: StaleProblem): Promise<Answer> {
  question?.answer('theirs')
  return new Promise((resolve) => {
    set({
      problem,
      answer: (answer) => {
        set(null)
        resolve(answer)
      },
    })
  })
}

// The reader left it as it is: what was meant to be done was not done, and that is no fault.
export class Superseded extends Error {
  readonly problem: StaleProblem

  constructor(problem: StaleProblem) {
    super(problem.detail)
    this.name = 'Superseded'
    this.problem = problem
  }
}

// Runs a command for the version that was seen; after a conflict for the present one, if the reader
// wants it all the same.
export async function guarded<T>(
  version: number | undefined,
  run: (version: number | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await run(version)
  } catch (error) {
    const problem = error instanceof ApiError ? error.stale : undefined
    if (!problem) throw error
    if ((await ask(problem)) === 'theirs') throw new Superseded(problem)
    return guarded(problem.version ?? undefined, run)
  }
}

// What a form shows of a failed command.
export const shownError = (error: Error | null): string | null =>
  error === null || error instanceof Superseded ? null : error.message
