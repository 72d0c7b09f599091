// SPDX-License-Identifier: Apache-2.0
//
// CodeMirror with SQL. It comes with the console's own chunk.
import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, StateEffect, StateField } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import { t } from '../../../lib/i18n'

export interface Place {
  line: number
  column: number | undefined
}

interface Props {
  text: string
  schema: Record<string, string[]>
  fault: Place | null
  onChange: (text: string) => void
  onRun: () => void
}

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--tw-accent-text)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--tw-good-text)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--tw-warn-text)' },
  { tag: tags.comment, color: 'var(--tw-muted)', fontStyle: 'italic' },
])

const look = EditorView.theme({
  '&': { fontSize: '0.8125rem', minHeight: '150px', maxHeight: '46vh', color: 'var(--tw-text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--tw-text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--tw-text)' },
  '.cm-gutters': {
    background: 'transparent',
    color: 'var(--tw-muted)',
    border: 'none',
    paddingLeft: '6px',
  },
  '.cm-placeholder': { color: 'var(--mantine-color-placeholder)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    background: 'var(--tw-accent-wash) !important',
  },
  '.cm-tooltip': {
    background: 'var(--tw-surface)',
    color: 'var(--tw-text)',
    border: '1px solid var(--tw-line-strong)',
    borderRadius: '4px',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    background: 'var(--tw-accent-wash)',
    color: 'var(--tw-text)',
  },
  '.cm-fault': { textDecoration: 'underline wavy var(--tw-bad)', background: 'var(--tw-bad-wash)' },
})

const setFault = StateEffect.define<Place | null>()

function faultMark(state: EditorState, place: Place | null): DecorationSet {
  if (!place || place.line > state.doc.lines) return Decoration.none
  const line = state.doc.line(place.line)
  const at = Math.min(line.from + Math.max(0, (place.column ?? 1) - 1), line.to)
  const word = /^[\w.]+|^\S/.exec(state.sliceDoc(at, line.to))?.[0] ?? ''
  const from = word ? at : line.from
  const to = word ? at + word.length : line.to
  if (from === to) return Decoration.none
  return Decoration.set([Decoration.mark({ class: 'cm-fault' }).range(from, to)])
}

const faultField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setFault)) return faultMark(transaction.state, effect.value)
    }
    return transaction.docChanged ? Decoration.none : marks
  },
  provide: (field) => EditorView.decorations.from(field),
})

const language = (schema: Record<string, string[]>) =>
  sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true })

export function SqlEditor({ text, schema, fault, onChange, onRun }: Props) {
  const hostRef = useRef<HTMLDivElement>(null)
  const viewRef = useRef<EditorView | null>(null)
  const languageRef = useRef(new Compartment())
  const handlers = useRef({ onChange, onRun })
  handlers.current = { onChange, onRun }
  const first = useRef({ text, schema })

  useEffect(() => {
    if (!hostRef.current) return
    const run = () => {
      handlers.current.onRun()
      return true
    }
    const view = new EditorView({
      parent: hostRef.current,
      state: EditorState.create({
        doc: first.current.text,
        extensions: [
          keymap.of([
            { key: 'Mod-Enter', run },
            ...completionKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          history(),
          lineNumbers(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          languageRef.current.of(language(first.current.schema)),
          syntaxHighlighting(colors),
          look,
          faultField,
          placeholder(t('search:sql.placeholder')),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': t('search:sql.editor') }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    viewRef.current = view
    return () => view.destroy()
  }, [])

  useEffect(() => {
    viewRef.current?.dispatch({ effects: languageRef.current.reconfigure(language(schema)) })
  }, [schema])

  useEffect(() => {
    viewRef.current?.dispatch({ effects: setFault.of(fault) })
  }, [fault])

  // An example was chosen, or the reader went back.
  useEffect(() => {
    const view = viewRef.current
    if (!view || view.state.doc.toString() === text) return
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
  }, [text])

  return <div ref={hostRef} data-testid="sql-editor" />
}
