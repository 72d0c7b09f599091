// SPDX-License-Identifier: Apache-2.0
//
// What the navigation offers, in its order. A page is offered to those who may read it.
import {
  BookOpen,
  ChartColumn,
  Database,
  FolderOpen,
  HeartPulse,
  Inbox,
  type LucideIcon,
  Network,
  Settings,
  ShieldCheck,
  Search,
  SlidersHorizontal,
  Store,
  TriangleAlert,
} from 'lucide-react'
import type { Right } from '../api/client'
import type common from '../locales/en/common.json'

export type PageName = keyof (typeof common)['pages']

export interface NavPage {
  to: string
  name: PageName
  icon: LucideIcon
  right: Right
}

export const navGroups: NavPage[][] = [
  [
    { to: '/', name: 'queue', icon: Inbox, right: 'read' },
    { to: '/cases', name: 'cases', icon: FolderOpen, right: 'read' },
  ],
  [
    { to: '/search', name: 'search', icon: Search, right: 'read' },
    { to: '/dashboard', name: 'dashboard', icon: ChartColumn, right: 'read' },
    { to: '/stores', name: 'stores', icon: Store, right: 'read' },
    { to: '/signals', name: 'signals', icon: SlidersHorizontal, right: 'read' },
    { to: '/models', name: 'models', icon: Network, right: 'read' },
    { to: '/model-health', name: 'health', icon: HeartPulse, right: 'read' },
    { to: '/reference', name: 'reference', icon: BookOpen, right: 'read' },
  ],
  [
    { to: '/data', name: 'data', icon: Database, right: 'read' },
    { to: '/rejected', name: 'rejected', icon: TriangleAlert, right: 'read' },
    { to: '/allow-list', name: 'allowList', icon: ShieldCheck, right: 'read' },
    { to: '/settings', name: 'settings', icon: SlidersHorizontal, right: 'read' },
    { to: '/admin', name: 'admin', icon: Settings, right: 'admin' },
  ],
]
