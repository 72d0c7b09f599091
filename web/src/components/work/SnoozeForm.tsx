// SPDX-License-Identifier: Apache-2.0
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { formatLocalTime } from '../../lib/format'
import { t } from '../../lib/i18n'
import { snoozeChoices } from '../../lib/snooze'
import styles from './Work.module.css'

interface Props {
  isBusy: boolean
  onPick: (until: string) => void
}

export function SnoozeForm({ isBusy, onPick }: Props) {
  const [now] = useState(() => new Date())
  const [own, setOwn] = useState('')
  const ownDate = own ? new Date(own) : null
  const isValid = ownDate !== null && ownDate > now
  return (
    <div className={styles.snooze}>
      <div className={styles.options}>
        {snoozeChoices(now).map(({ name, at }, index) => (
          <button
            key={name}
            type="button"
            className={styles.option}
            disabled={isBusy}
            data-autofocus={index === 0 || undefined}
            onClick={() => onPick(at.toISOString())}
          >
            {t(`work:until.${name}`)}
            <small>{formatLocalTime(at)}</small>
          </button>
        ))}
      </div>
      <TextInput
        type="datetime-local"
        label={t('work:until.own')}
        value={own}
        onChange={(event) => setOwn(event.currentTarget.value)}
      />
      <Button
        disabled={!isValid}
        loading={isBusy}
        onClick={() => ownDate && onPick(ownDate.toISOString())}
      >
        {t('work:until.set')}
      </Button>
    </div>
  )
}
