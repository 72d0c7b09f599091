// SPDX-License-Identifier: Apache-2.0
//
// What date pickers need besides themselves: the languages, dates as each writes them ("ll"), and
// their looks. Imported by whatever shows one, so that it stays out of the first load.
import dayjs from 'dayjs'
import 'dayjs/locale/de'
import localizedFormat from 'dayjs/plugin/localizedFormat'
import '@mantine/dates/styles.css'

dayjs.extend(localizedFormat)
