// SPDX-License-Identifier: Apache-2.0
//
// One theme: neutral greys, one accent, and colour only where it means something. Dense by default.
import { type CSSVariablesResolver, type MantineColorsTuple, createTheme } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#eef3ff', '#dde6ff', '#b9caff', '#92abff', '#7290fb', '#5474f2', '#2f5bea', '#2549c9', '#1e3ca6', '#182f82',
]
const gray: MantineColorsTuple = [
  '#f7f8f9', '#f0f1f3', '#e4e6ea', '#d3d7dd', '#b7bdc6', '#8a929d', '#626b77', '#4b535e', '#30363e', '#181b20',
]
const dark: MantineColorsTuple = [
  '#e4e7eb', '#b4bcc6', '#9aa4b0', '#6f7985', '#363d46', '#2a3038', '#1d2127', '#15181d', '#101317', '#0b0d10',
]

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, gray, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.45', xl: '1.35' },
  headings: { fontWeight: '600' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'md' } } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true, multiline: true, maw: 320, fz: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
  },
})

// Every pair of text and background below holds at least 4.5 : 1 in both schemes.
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfbfc',
    '--mantine-color-text': '#16191d',
    '--mantine-color-dimmed': '#5a636f',
    '--mantine-color-placeholder': '#6b7480',
    '--mantine-color-default-border': '#d9dde3',
    '--tw-surface': '#ffffff',
    '--tw-raised': '#f4f5f7',
    '--tw-line': '#e4e7eb',
    '--tw-line-strong': '#cdd2d9',
    '--tw-text': '#16191d',
    '--tw-muted': '#5a636f',
    '--tw-accent': '#2f5bea',
    '--tw-accent-text': '#2549c9',
    '--tw-accent-wash': '#eef3ff',
    '--tw-bad': '#d43c2e',
    '--tw-bad-text': '#b42318',
    '--tw-bad-wash': '#fef0ee',
    '--tw-warn': '#dd8a0c',
    '--tw-warn-text': '#965004',
    '--tw-warn-wash': '#fff6e5',
    '--tw-good': '#21915a',
    '--tw-good-text': '#14703f',
    '--tw-band': '#dfe3e8',
    '--tw-mark': '#8a929d',
  },
  dark: {
    '--mantine-color-body': '#0e1013',
    '--mantine-color-text': '#e4e7eb',
    '--mantine-color-dimmed': '#9aa4b0',
    '--mantine-color-placeholder': '#8a94a0',
    '--mantine-color-default': '#15181d',
    '--mantine-color-default-border': '#2f363f',
    '--tw-surface': '#15181d',
    '--tw-raised': '#1d2127',
    '--tw-line': '#262c33',
    '--tw-line-strong': '#3a424c',
    '--tw-text': '#e4e7eb',
    '--tw-muted': '#9aa4b0',
    '--tw-accent': '#6d8cff',
    '--tw-accent-text': '#9db3ff',
    '--tw-accent-wash': '#1a2342',
    '--tw-bad': '#f0604f',
    '--tw-bad-text': '#ff9184',
    '--tw-bad-wash': '#2e181a',
    '--tw-warn': '#e3a03a',
    '--tw-warn-text': '#f2bd66',
    '--tw-warn-wash': '#302410',
    '--tw-good': '#3fb27a',
    '--tw-good-text': '#6fd3a0',
    '--tw-band': '#323942',
    '--tw-mark': '#828c98',
  },
})
