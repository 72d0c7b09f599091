// SPDX-License-Identifier: Apache-2.0
//
// A small file is sent from the browser in parts, the way a feed would send it.
import { Progress, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../api/client'
import { formatCount } from '../../lib/format'
import { t } from '../../lib/i18n'
import { Problem } from '../admin/ConfirmDialog'
import '@mantine/dropzone/styles.css'
import { chunksOf } from './chunks'

const FILE_MAX = 64 << 20
const PART = 1 << 20
const BUSY_WAIT_MS = 500

interface Sent {
  accepted: number
  duplicates: number
  rejected: number
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

// The reply has a line for each line: a result, or a problem.
function count(reply: string): Sent {
  const sent = { accepted: 0, duplicates: 0, rejected: 0 }
  for (const line of reply.split('\n').filter(Boolean)) {
    const result = JSON.parse(line) as { status?: number; duplicate?: boolean }
    if (result.status !== undefined) sent.rejected++
    else if (result.duplicate) sent.duplicates++
    else sent.accepted++
  }
  return sent
}

// One part; a full queue is waited for.
async function sendPart(part: string): Promise<Sent> {
  for (;;) {
    const response = await fetch('/v1/transactions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson', 'X-Tillwatch-CSRF': '1' },
      body: part,
    })
    if (response.status === 429) {
      await pause(BUSY_WAIT_MS)
      continue
    }
    if (!response.ok) {
      const problem = (await response.json().catch(() => null)) as { detail?: string } | null
      throw new ApiError(response.status, problem?.detail ?? t('states.failed'))
    }
    return count(await response.text())
  }
}

export function FileStep() {
  const client = useQueryClient()
  const [share, setShare] = useState(0)
  const [sent, setSent] = useState<Sent>({ accepted: 0, duplicates: 0, rejected: 0 })
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: async (file: File) => {
      const text = await file.text()
      let done = 0
      let sum: Sent = { accepted: 0, duplicates: 0, rejected: 0 }
      for (const part of chunksOf(text, PART)) {
        const result = await sendPart(part)
        done += part.length
        sum = {
          accepted: sum.accepted + result.accepted,
          duplicates: sum.duplicates + result.duplicates,
          rejected: sum.rejected + result.rejected,
        }
        setShare(done / text.length)
        setSent(sum)
      }
    },
    onSettled: () => client.invalidateQueries(),
  })
  return (
    <>
      <Dropzone
        maxFiles={1}
        maxSize={FILE_MAX}
        loading={isPending}
        p="sm"
        inputProps={{ 'aria-label': t('firstrun:file.title') }}
        onDrop={([file]) => file && mutate(file)}
        onReject={() => setShare(0)}
      >
        <Text size="sm" ta="center">
          {t('firstrun:file.drop')}
        </Text>
      </Dropzone>
      {(isPending || isSuccess) && (
        <>
          <Progress value={100 * share} mt="xs" aria-label={t('firstrun:file.progress')} />
          <p role="status">
            {t('firstrun:file.sent', {
              accepted: formatCount(sent.accepted),
              duplicates: formatCount(sent.duplicates),
              rejected: formatCount(sent.rejected),
            })}
          </p>
        </>
      )}
      <Problem error={error} />
      <p>{t('firstrun:file.text')}</p>
    </>
  )
}
