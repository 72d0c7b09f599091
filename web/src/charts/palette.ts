// SPDX-License-Identifier: Apache-2.0
//
// Canvas knows no CSS variables: the page's palette is read once for each drawing.
export interface Palette {
  // The element that the chart fills.
  host: HTMLElement
  surface: string
  raised: string
  text: string
  muted: string
  line: string
  lineStrong: string
  accent: string
  bad: string
  warn: string
  good: string
  band: string
  mark: string
  font: string
}

export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(`--tw-${name}`).trim()
  return {
    host: element,
    surface: read('surface'),
    raised: read('raised'),
    text: read('text'),
    muted: read('muted'),
    line: read('line'),
    lineStrong: read('line-strong'),
    accent: read('accent'),
    bad: read('bad'),
    warn: read('warn'),
    good: read('good'),
    band: read('band'),
    mark: read('mark'),
    font: style.fontFamily,
  }
}

const gapPx = 14
const marginPx = 8

// Beside the pointer, within the window. Charts are smaller than their tooltips, so that the window
// and not the chart is what a tooltip has to fit into.
function tooltipPosition(host: HTMLElement) {
  return (
    point: [number, number],
    _params: unknown,
    _dom: unknown,
    _rect: unknown,
    size: { contentSize: [number, number] },
  ) => {
    const chart = host.getBoundingClientRect()
    const [width, height] = size.contentSize
    const fit = (at: number, extent: number, start: number, limit: number) => {
      const isPast = start + at + gapPx + extent > limit - marginPx
      return Math.max(isPast ? at - gapPx - extent : at + gapPx, marginPx - start)
    }
    return [
      fit(point[0], width, chart.left, window.innerWidth),
      fit(point[1], height, chart.top, window.innerHeight),
    ]
  }
}

export function tooltipStyle(palette: Palette) {
  return {
    appendTo: () => document.body,
    position: tooltipPosition(palette.host),
    backgroundColor: palette.surface,
    borderColor: palette.lineStrong,
    borderWidth: 1,
    padding: [8, 10],
    transitionDuration: 0,
    textStyle: { color: palette.text, fontFamily: palette.font, fontSize: 12 },
  }
}

export function axisStyle(palette: Palette) {
  return {
    axisLine: { lineStyle: { color: palette.lineStrong } },
    axisTick: { show: false },
    axisLabel: { color: palette.muted, fontFamily: palette.font, fontSize: 11 },
    splitLine: { lineStyle: { color: palette.line } },
  }
}

// A tooltip built of text nodes: ids come from the feed and are never read as markup.
export function tooltipNode(title: string, rows: [string, string][], note?: string): HTMLElement {
  const root = document.createElement('div')
  root.style.cssText = 'max-width:280px;white-space:normal'
  const head = document.createElement('div')
  head.style.fontWeight = '600'
  head.textContent = title
  root.append(head)
  for (const [name, value] of rows) {
    const row = document.createElement('div')
    row.style.cssText = 'display:flex;justify-content:space-between;gap:16px'
    const left = document.createElement('span')
    left.style.opacity = '0.75'
    left.textContent = name
    const right = document.createElement('span')
    right.style.cssText = 'font-variant-numeric:tabular-nums;white-space:nowrap'
    right.textContent = value
    row.append(left, right)
    root.append(row)
  }
  if (note) {
    const foot = document.createElement('div')
    foot.style.cssText = 'margin-top:4px;opacity:0.75'
    foot.textContent = note
    root.append(foot)
  }
  return root
}
