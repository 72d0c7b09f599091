// SPDX-License-Identifier: Apache-2.0
//
// Which stores somebody may see: ids, regions, and beginnings of ids with a final "*".
import { TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { storesQuery } from '../../api/queries'
import { t } from '../../lib/i18n'

interface Props {
  value: string[]
  onChange: (value: string[]) => void
}

const SUGGESTED = 50

export function ScopeInput({ value, onChange }: Props) {
  const { data } = useQuery(storesQuery)
  const stores = data?.items.map((store) => store.store_id) ?? []
  return (
    <TagsInput
      size="xs"
      label={t('admin:scope.label')}
      description={t('admin:scope.help')}
      placeholder={value.length === 0 ? t('admin:scope.all') : undefined}
      data={stores}
      limit={SUGGESTED}
      maxTags={100}
      clearable
      clearButtonProps={{ 'aria-label': t('admin:scope.clear') }}
      value={value}
      onChange={onChange}
    />
  )
}
