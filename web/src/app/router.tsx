// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from 'react'
import { type RouteObject, createBrowserRouter } from 'react-router-dom'
import { NotFound } from '../components/States'
import { loadNamespaces } from '../lib/i18n'
import type { Namespace } from '../lib/i18next'
import { QueuePage } from '../pages/queue/QueuePage'
import { AppError, PageError } from './errors'
import { Shell } from './Shell'

type Pages<Name extends string> = Record<Name, ComponentType>

// A page that is fetched when it is opened, together with its texts.
function page<Name extends string>(
  load: () => Promise<Pages<Name>>,
  name: Name,
  texts: Namespace[] = [],
) {
  return async () => {
    const [pages] = await Promise.all([load(), loadNamespaces(texts)])
    return { Component: pages[name] }
  }
}

// The queue is part of the first load.
const pages: RouteObject[] = [
  { index: true, element: <QueuePage /> },
  {
    path: 'alerts/:alertId',
    lazy: page(() => import('../pages/alert/AlertPage'), 'AlertPage', ['alert', 'timeline']),
  },
  {
    path: 'search',
    lazy: page(() => import('../pages/search/SearchPage'), 'SearchPage', ['search']),
  },
  {
    path: 'search/sql',
    lazy: page(() => import('../pages/search/sql/SqlPage'), 'SqlPage', ['search']),
  },
  {
    path: 'cases',
    lazy: page(() => import('../pages/cases/CasesPage'), 'CasesPage', ['cases']),
  },
  {
    path: 'cases/:caseId',
    lazy: page(() => import('../pages/cases/CasePage'), 'CasePage', ['cases', 'timeline']),
  },
  {
    path: 'transactions/:transactionId',
    lazy: page(() => import('../pages/entities/TransactionPage'), 'TransactionPage', ['entities']),
  },
  {
    path: 'employees/:employeeId',
    lazy: page(() => import('../pages/entities/EmployeePage'), 'EmployeePage', ['entities']),
  },
  {
    path: 'stores',
    lazy: page(() => import('../pages/entities/StoresPage'), 'StoresPage', ['entities']),
  },
  {
    path: 'stores/:storeId',
    lazy: page(() => import('../pages/entities/StorePage'), 'StorePage', ['entities']),
  },
  {
    path: 'stores/:storeId/registers/:registerId',
    lazy: page(() => import('../pages/entities/RegisterPage'), 'RegisterPage', ['entities']),
  },
  {
    path: 'cards/:token',
    lazy: page(() => import('../pages/entities/AccountPage'), 'CardPage', ['entities']),
  },
  {
    path: 'customers/:customerId',
    lazy: page(() => import('../pages/entities/AccountPage'), 'CustomerPage', ['entities']),
  },
  {
    path: 'items/:sku',
    lazy: page(() => import('../pages/entities/ItemPage'), 'ItemPage', ['entities']),
  },
  {
    path: 'dashboard',
    lazy: page(() => import('../pages/dashboard/DashboardPage'), 'DashboardPage', ['dashboard']),
  },
  {
    path: 'signals',
    lazy: page(() => import('../pages/signals/SignalsPage'), 'SignalsPage', ['signals']),
  },
  {
    path: 'backtest',
    lazy: page(() => import('../pages/backtest/BacktestPage'), 'BacktestPage', [
      'backtest',
      'signals',
    ]),
  },
  {
    path: 'models',
    lazy: page(() => import('../pages/models/ModelsPage'), 'ModelsPage', ['models']),
  },
  {
    path: 'model-health',
    lazy: page(() => import('../pages/health/HealthPage'), 'HealthPage', ['health', 'models']),
  },
  {
    path: 'reference',
    lazy: page(() => import('../pages/ReferencePage'), 'ReferencePage', ['reference']),
  },
  {
    path: 'rejected',
    lazy: page(() => import('../pages/data/RejectedPage'), 'RejectedPage', ['data']),
  },
  { path: 'data', lazy: page(() => import('../pages/data/DataPage'), 'DataPage', ['data']) },
  {
    path: 'settings',
    lazy: page(() => import('../pages/settings/SettingsPage'), 'SettingsPage', ['settings']),
  },
  {
    path: 'allow-list',
    lazy: page(() => import('../pages/settings/AllowListPage'), 'AllowListPage', ['settings']),
  },
  ...['admin', 'admin/:part'].map((path) => ({
    path,
    lazy: page(() => import('../pages/admin/AdminPage'), 'AdminPage', ['admin']),
  })),
  { path: '*', element: <NotFound what="page" /> },
]

// A page that fails leaves the frame around it standing.
export const router = createBrowserRouter([
  {
    path: '/',
    element: <Shell />,
    errorElement: <AppError />,
    children: [{ errorElement: <PageError />, children: pages }],
  },
])
