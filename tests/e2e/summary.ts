// SPDX-License-Identifier: Apache-2.0
//
// Prints the counts as one last line that other programs can read.
import type { Reporter, Suite, TestCase } from '@playwright/test/reporter'

export default class Summary implements Reporter {
  private tests: TestCase[] = []
  private errorN = 0

  onBegin(_config: unknown, suite: Suite) {
    this.tests = suite.allTests()
  }

  // A fault outside of any test, such as a server that does not start.
  onError() {
    this.errorN++
  }

  onEnd() {
    const count = (outcomes: string[]) =>
      this.tests.filter((test) => outcomes.includes(test.outcome())).length
    const neverRan = this.tests.filter((test) => test.results.length === 0).length
    const skipped = count(['skipped'])
    // Tests that never ran because of a fault before them count as failed, not as skipped.
    const lost = this.errorN > 0 ? neverRan : 0
    const failed = count(['unexpected']) + (this.errorN > 0 ? Math.max(1, lost) : 0)
    process.stdout.write(
      `${count(['expected', 'flaky'])} passed, ${failed} failed, ${skipped - lost} skipped\n`,
    )
  }

  printsToStdio() {
    return false
  }
}
