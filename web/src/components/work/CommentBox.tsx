// SPDX-License-Identifier: Apache-2.0
//
// Writing a comment or a note. "@" offers colleagues; those whom the text names are told to the server.
import { Button, Combobox, Textarea, useCombobox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type RefObject, useState } from 'react'
import { peopleQuery } from '../../api/work'
import { t } from '../../lib/i18n'
import { completeMention, mentionsOf, openMention } from '../../lib/people'
import { Avatar } from '../Person'
import styles from './CommentBox.module.css'

interface Props {
  label: string
  isBusy: boolean
  error: string | null
  inputRef?: RefObject<HTMLTextAreaElement>
  // Resolves when it is kept; the field is emptied then.
  onSend: (text: string, mentions: string[]) => Promise<unknown>
}

const offeredN = 6

export function CommentBox({ label, isBusy, error, inputRef, onSend }: Props) {
  const { data } = useQuery(peopleQuery)
  const combobox = useCombobox()
  const [text, setText] = useState('')
  const [caret, setCaret] = useState(0)
  const people = data?.items ?? []
  const begun = openMention(text, caret)?.toLowerCase() ?? null
  const offered =
    begun === null
      ? []
      : people
          .filter((person) => `${person.user_id} ${person.name}`.toLowerCase().includes(begun))
          .slice(0, offeredN)
  const isOffering = offered.length > 0

  const change = (value: string, at: number) => {
    setText(value)
    setCaret(at)
    if (openMention(value, at) === null) combobox.closeDropdown()
    else combobox.openDropdown()
    combobox.resetSelectedOption()
  }
  const complete = (user: string) => {
    const [next, at] = completeMention(text, caret, user)
    change(next, at)
    requestAnimationFrame(() => inputRef?.current?.setSelectionRange(at, at))
  }
  const send = () => {
    const trimmed = text.trim()
    if (!trimmed || isBusy) return
    const users = people.map((person) => person.user_id)
    onSend(trimmed, mentionsOf(trimmed, users)).then(
      () => change('', 0),
      () => undefined,
    )
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return
    if (event.ctrlKey || event.metaKey) return send()
    // Enter takes the first colleague when the arrows chose no other.
    const [first] = offered
    if (!first || combobox.getSelectedOptionIndex() !== -1) return
    event.preventDefault()
    complete(first.user_id)
  }
  return (
    <div className={styles.box}>
      <Combobox
        store={combobox}
        withinPortal={false}
        position="bottom-start"
        onOptionSubmit={complete}
      >
        <Combobox.Target>
          <Textarea
            ref={inputRef}
            aria-label={label}
            placeholder={t('work:commentHint')}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={2000}
            value={text}
            onChange={(event) => {
              const { value, selectionStart } = event.currentTarget
              change(value, selectionStart)
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={!isOffering}>
          <Combobox.Options>
            {offered.map((person) => (
              <Combobox.Option key={person.user_id} value={person.user_id}>
                <span className={styles.person}>
                  <Avatar user={person.user_id} />
                  {person.name}
                  <small>@{person.user_id}</small>
                </span>
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {error !== null && (
        <p role="alert" className={styles.error}>
          {error}
        </p>
      )}
      <Button
        variant="default"
        disabled={!text.trim()}
        loading={isBusy}
        aria-keyshortcuts="Control+Enter"
        onClick={send}
      >
        {t('work:send')}
      </Button>
    </div>
  )
}
