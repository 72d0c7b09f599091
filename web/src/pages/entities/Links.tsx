// SPDX-License-Identifier: Apache-2.0
import { Link } from 'react-router-dom'
import { storeAddress } from '../../lib/address'

export function StoreLinks({ stores }: { stores: string[] }) {
  return (
    <>
      {stores.map((store) => (
        <Link key={store} to={storeAddress(store)}>
          {store}
        </Link>
      ))}
    </>
  )
}
