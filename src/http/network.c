// SPDX-License-Identifier: Apache-2.0
//
// Nodes and ties of a small network. Linear searches: there are at most a few hundred of each.
#include "network.h"

#include <stdio.h>

enum { NODES_MAX = 200, LINKS_MAX = 400, KEY_MAX = 2 * TW_ID_MAX_BYTES + 2 };

typedef struct node {
    const char *kind;
    tw_str key;
    uint32_t transaction_n;
} node;

typedef struct tie {
    uint16_t from, to;
    uint32_t transaction_n;
    int64_t amount_minor; // of those in `currency`
    char currency[4];
} tie;

struct twi_network {
    const tw_alert_view *alert;
    size_t node_n, link_n;
    node nodes[NODES_MAX];
    tie ties[LINKS_MAX];
};

twi_network *twi_network_new(tw_arena *arena)
{
    twi_network *net = tw_arena_array(arena, 1, sizeof(*net));
    if (net)
        *net = (twi_network){.node_n = 0};
    return net;
}

void twi_network_subject(twi_network *net, const tw_alert_view *alert)
{
    net->alert = alert;
}

// The index of a node, NODES_MAX when there is no room.
static size_t node_at(twi_network *net, const char *kind, tw_str key)
{
    for (size_t i = 0; i < net->node_n; i++) {
        if (strcmp(net->nodes[i].kind, kind) == 0 && tw_str_equal(net->nodes[i].key, key))
            return i;
    }
    if (net->node_n == NODES_MAX || key.bytes == 0)
        return NODES_MAX;
    net->nodes[net->node_n] = (node){kind, key, 0};
    return net->node_n++;
}

static void join(twi_network *net, size_t from, size_t to, const tw_transaction *txn)
{
    tie *found = NULL;
    if (from == NODES_MAX || to == NODES_MAX)
        return;
    for (size_t i = 0; i < net->link_n && !found; i++) {
        if (net->ties[i].from == from && net->ties[i].to == to)
            found = &net->ties[i];
    }
    if (!found && net->link_n == LINKS_MAX)
        return;
    if (!found) {
        found = &net->ties[net->link_n++];
        *found = (tie){.from = (uint16_t)from, .to = (uint16_t)to};
        memcpy(found->currency, txn->currency, sizeof(found->currency));
    }
    found->transaction_n++;
    if (memcmp(found->currency, txn->currency, sizeof(found->currency)) == 0)
        found->amount_minor += txn->total_minor;
}

void twi_network_tie(twi_network *net, const tw_transaction *txn, const char *kind, tw_str id)
{
    size_t employee = node_at(net, "EMPLOYEE", txn->employee_id);
    size_t thing = node_at(net, kind, id);
    size_t store = node_at(net, "STORE", txn->store_id);
    const size_t all[] = {employee, thing, store};
    for (size_t i = 0; i < TW_COUNT(all); i++) {
        if (all[i] < NODES_MAX)
            net->nodes[all[i]].transaction_n++;
    }
    join(net, employee, thing, txn);
    join(net, employee, store, txn);
}

// An account alert is about a card, or about a customer without one.
static bool is_subject(const twi_network *net, const node *n)
{
    const tw_alert_view *alert = net->alert;
    if (!alert)
        return false;
    if (strcmp(n->kind, "EMPLOYEE") == 0)
        return tw_str_equal(n->key, alert->employee_id);
    if (strcmp(n->kind, "CARD") == 0 || strcmp(n->kind, "CUSTOMER") == 0)
        return tw_str_equal(alert->entity_kind, TW_STR("account")) &&
               tw_str_equal(n->key, alert->entity_id);
    return strcmp(n->kind, "STORE") == 0 && tw_str_equal(alert->entity_kind, TW_STR("store")) &&
           tw_str_equal(n->key, alert->entity_id);
}

static void put_id(const node *n, yyjson_mut_doc *doc, yyjson_mut_val *out, const char *key)
{
    char text[KEY_MAX + 16];
    snprintf(text, sizeof(text), "%s/%.*s", n->kind, (int)TW_MIN(n->key.bytes, KEY_MAX), n->key.at);
    twi_json_cstr(doc, out, key, text);
}

void twi_network_put(const twi_network *net, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    yyjson_mut_val *nodes = twi_json_array(doc, root, "nodes");
    for (size_t i = 0; net && i < net->node_n; i++) {
        const node *n = &net->nodes[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, nodes);
        put_id(n, doc, item, "id");
        twi_json_cstr(doc, item, "kind", n->kind);
        twi_json_str(doc, item, "key", n->key);
        twi_json_uint(doc, item, "transactions", n->transaction_n);
        twi_json_bool(doc, item, "is_subject", is_subject(net, n));
    }
    yyjson_mut_val *ties = twi_json_array(doc, root, "links");
    for (size_t i = 0; net && i < net->link_n; i++) {
        const tie *l = &net->ties[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, ties);
        put_id(&net->nodes[l->from], doc, item, "from");
        put_id(&net->nodes[l->to], doc, item, "to");
        twi_json_uint(doc, item, "transactions", l->transaction_n);
        twi_json_money(doc, item, "amount", l->amount_minor, l->currency);
    }
}
