// SPDX-License-Identifier: Apache-2.0
//
// What runs in the page. A measurement begins with the browser's own time stamp of an input event (or
// with a navigation), and ends behind the frame in which the wanted content is first painted.

// Installed before the page's own scripts.
export function install() {
  const waitLimitMs = 20_000
  const isWaiting = () =>
    document.querySelector('[aria-busy="true"], [data-loading="true"]') !== null

  // Looks once a frame; a task behind the frame's own callback runs when it has been painted.
  function watch(isThere, begin) {
    return new Promise((resolve) => {
      const state = { beganMs: begin, waitMs: 0, sinceMs: null }
      const finish = (isFound) => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => resolve({ isFound, at: performance.now(), ...state })
        port2.postMessage(null)
      }
      const frame = (now) => {
        if (isWaiting()) state.sinceMs ??= now
        else state.sinceMs = null
        if (state.sinceMs !== null) state.waitMs = Math.max(state.waitMs, now - state.sinceMs)
        const began = state.beganMs()
        if (began !== null && isThere()) finish(true)
        else if (began !== null && now - began > waitLimitMs) finish(false)
        else requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
    }).then(({ isFound, at, beganMs, waitMs }) => ({ isFound, ms: at - beganMs(), waitMs }))
  }

  window.probe = {
    // `body` is the body of a function that says whether the content is there; `last` is what the
    // same function, as `before`, gave when the measurement was set up.
    input(types, before, body) {
      const last = new Function(before)()
      const isThere = new Function('last', body)
      let beganMs = null
      const note = (event) => {
        if (event.isTrusted) beganMs ??= event.timeStamp
      }
      for (const type of types) window.addEventListener(type, note, { capture: true, once: true })
      window.probe.pending = watch(
        () => isThere(last),
        () => beganMs,
      )
    },
    // To another page within the portal.
    visit(path, body) {
      const isThere = new Function(body)
      const begunMs = performance.now()
      history.pushState({}, '', path)
      window.dispatchEvent(new PopStateEvent('popstate'))
      return watch(isThere, () => begunMs)
    },
    load(body) {
      return watch(new Function(body), () => 0)
    },
    // Turns the wheel of a scrolling element for some time: the intervals between frames.
    scroll(selector, seconds, stepPx) {
      return new Promise((resolve) => {
        const element = document.querySelector(selector)
        const gaps = []
        let before = null
        let rowsMax = 0
        const begun = performance.now()
        const frame = (now) => {
          if (before !== null) gaps.push(now - before)
          before = now
          element.scrollTop += stepPx
          rowsMax = Math.max(rowsMax, document.querySelectorAll('[data-alert]').length)
          if (now - begun < seconds * 1000) requestAnimationFrame(frame)
          else {
            const seen = element.querySelector('li:last-child')?.getAttribute('aria-posinset')
            resolve({ gaps, rowsMax, rowsSeen: Number(seen) })
          }
        }
        requestAnimationFrame(frame)
      })
    },
  }
}
