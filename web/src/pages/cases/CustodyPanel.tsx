// SPDX-License-Identifier: Apache-2.0
//
// What proves the case: the journal's position of its newest entry and the hashes of its evidence.
import type { Case } from '../../api/client'
import { CopyText } from '../../components/CopyText'
import { Panel } from '../../components/Panel'
import { formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import styles from './Case.module.css'
import { verifyCommand } from './ExportMenu'

export function CustodyPanel({ file }: { file: Case }) {
  return (
    <Panel title={t('cases:custody.title')}>
      <div className={styles.custody}>
        <p className={styles.quiet}>{t('cases:custody.help')}</p>
        <dl>
          <dt>{t('cases:custody.entries')}</dt>
          <dd className="num" data-testid="position">
            {formatCount(file.version)}
          </dd>
          {file.attachments.length > 0 && (
            <>
              <dt>{t('cases:custody.files')}</dt>
              <dd>
                {file.attachments.map(({ sha256, name }) => (
                  <div key={sha256}>
                    {name}
                    <code>{sha256}</code>
                  </div>
                ))}
              </dd>
            </>
          )}
        </dl>
        <CopyText text={verifyCommand(file.case_id)} label={t('cases:custody.copy')} />
      </div>
    </Panel>
  )
}
