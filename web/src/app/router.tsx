// SPDX-License-Identifier: Apache-2.0
import { createBrowserRouter } from 'react-router-dom'
import { NotFound, RouteError } from '../components/States'
import { QueuePage } from '../pages/queue/QueuePage'
import { Shell } from './Shell'

// The queue is part of the first load; every other page is fetched when it is opened.
export const router = createBrowserRouter([
  {
    path: '/',
    element: <Shell />,
    errorElement: <RouteError />,
    children: [
      { index: true, element: <QueuePage /> },
      {
        path: 'alerts/:alertId',
        lazy: async () => ({ Component: (await import('../pages/alert/AlertPage')).AlertPage }),
      },
      {
        path: 'transactions/:transactionId',
        lazy: async () => ({
          Component: (await import('../pages/TransactionPage')).TransactionPage,
        }),
      },
      {
        path: 'employees/:employeeId',
        lazy: async () => ({ Component: (await import('../pages/EmployeePage')).EmployeePage }),
      },
      {
        path: 'stores',
        lazy: async () => ({ Component: (await import('../pages/StoresPage')).StoresPage }),
      },
      {
        path: 'stores/:storeId',
        lazy: async () => ({ Component: (await import('../pages/StorePage')).StorePage }),
      },
      {
        path: 'models',
        lazy: async () => ({ Component: (await import('../pages/models/ModelsPage')).ModelsPage }),
      },
      {
        path: 'model-health',
        lazy: async () => ({ Component: (await import('../pages/health/HealthPage')).HealthPage }),
      },
      {
        path: 'reference',
        lazy: async () => ({ Component: (await import('../pages/ReferencePage')).ReferencePage }),
      },
      {
        path: 'rejected',
        lazy: async () => ({ Component: (await import('../pages/RejectedPage')).RejectedPage }),
      },
      { path: '*', element: <NotFound what="page" /> },
    ],
  },
])
