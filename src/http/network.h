// SPDX-License-Identifier: Apache-2.0
//
// A small network: who touched what, where. Only files of src/http include this.
//
// An employee is tied to each thing (card, customer, receipt, item) that a transaction of theirs
// has, and to the store of the transaction. Nodes and ties are counted; what goes beyond the limits
// is left out, newest things last.
#ifndef TWI_HTTP_NETWORK_H
#define TWI_HTTP_NETWORK_H

#include "internal.h"

typedef struct twi_network twi_network;

// In the arena; NULL without memory, which put shows as an empty network.
twi_network *twi_network_new(tw_arena *arena);
// What the alert is about: its entity and its employee are marked when they are in the network.
void twi_network_subject(twi_network *net, const tw_alert_view *alert);
// A transaction that has the thing of this kind and id.
void twi_network_tie(twi_network *net, const tw_transaction *txn, const char *kind, tw_str id);
// Members "nodes" and "links".
void twi_network_put(const twi_network *net, yyjson_mut_doc *doc, yyjson_mut_val *root);

#endif
