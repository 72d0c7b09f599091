// SPDX-License-Identifier: Apache-2.0
import { ActionIcon, CopyButton } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { t } from '../lib/i18n'
import styles from './CopyText.module.css'

// A command or a hash, to be copied.
export function CopyText({ text, label }: { text: string; label?: string }) {
  return (
    <div className={styles.code}>
      <pre tabIndex={0}>{text}</pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon
            onClick={copy}
            aria-label={copied ? t('actions.copied') : (label ?? t('actions.copy'))}
          >
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  )
}
