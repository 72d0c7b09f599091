// SPDX-License-Identifier: Apache-2.0
//
// Canvas knows no CSS variables: the page's palette is read once for each drawing.
export interface Palette {
  surface: string
  text: string
  muted: string
  line: string
  lineStrong: string
  accent: string
  bad: string
  warn: string
  band: string
  mark: string
  font: string
}

export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element)
  const read = (name: string) => style.getPropertyValue(`--tw-${name}`).trim()
  return {
    surface: read('surface'),
    text: read('text'),
    muted: read('muted'),
    line: read('line'),
    lineStrong: read('line-strong'),
    accent: read('accent'),
    bad: read('bad'),
    warn: read('warn'),
    band: read('band'),
    mark: read('mark'),
    font: style.fontFamily,
  }
}

export function tooltipStyle(palette: Palette) {
  return {
    backgroundColor: palette.surface,
    borderColor: palette.lineStrong,
    borderWidth: 1,
    padding: [8, 10],
    confine: true,
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
  root.style.maxWidth = '300px'
  root.style.whiteSpace = 'normal'
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
    right.style.fontVariantNumeric = 'tabular-nums'
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
