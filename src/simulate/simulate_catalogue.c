// SPDX-License-Identifier: Apache-2.0
//
// What is sold: 1,500 items for each store format in its own departments, with a price each and the
// part of their JSON that never changes, written once.
#include <stdio.h>
#include <string.h>

#include "simulate_model.h"

typedef struct department {
    const char *name;
    int32_t median; // price
    double sigma;
    double share; // of the items
} department;

static const department departments[TWI_FORMATS][TWI_DEPARTMENTS_MAX] = {
    {{"drinks", 229, 0.4, 0.22},
     {"snacks", 259, 0.4, 0.22},
     {"coffee", 289, 0.2, 0.08},
     {"food_to_go", 519, 0.3, 0.14},
     {"tobacco", 899, 0.2, 0.10},
     {"beer_wine", 1099, 0.4, 0.10},
     {"household", 649, 0.5, 0.08},
     {"press", 499, 0.4, 0.06}},
    {{"grocery", 319, 0.5, 0.30},
     {"produce", 249, 0.4, 0.13},
     {"dairy", 299, 0.4, 0.12},
     {"bakery", 329, 0.3, 0.08},
     {"meat", 849, 0.4, 0.08},
     {"frozen", 499, 0.4, 0.08},
     {"household", 699, 0.5, 0.08},
     {"health_beauty", 899, 0.6, 0.08},
     {"beer_wine", 1299, 0.5, 0.05}},
    {{"apparel", 3999, 0.6, 0.36},
     {"shoes", 6499, 0.4, 0.12},
     {"cosmetics", 2899, 0.5, 0.14},
     {"home", 3499, 0.7, 0.14},
     {"toys", 2299, 0.5, 0.08},
     {"accessories", 2499, 0.6, 0.10},
     {"electronics", 8999, 0.6, 0.06}},
    {{"apparel", 2199, 0.5, 0.45},
     {"shoes", 3899, 0.4, 0.18},
     {"accessories", 1499, 0.5, 0.14},
     {"home", 1699, 0.6, 0.11},
     {"sport", 2999, 0.5, 0.12}}};

static void item_init(twi_item *item, twi_format format, uint32_t i, tw_rng *rng)
{
    double u = tw_rng_unit(rng);
    uint8_t d = 0;
    while (d + 1 < TWI_DEPARTMENTS_MAX && departments[format][d + 1].name &&
           u >= departments[format][d].share) {
        u -= departments[format][d].share;
        d++;
    }
    const department *of = &departments[format][d];
    item->department = d;
    item->price = (int32_t)twi_round_price((int64_t)(of->median * twi_spread(rng, of->sigma)));
    snprintf(item->sku, sizeof(item->sku), "%u%05u", (unsigned)format + 1,
             (unsigned)((i * 7919u) % 100000u));
    int n = snprintf(item->text, sizeof(item->text),
                     "{\"sku\":\"%s\",\"department\":\"%s\",\"quantity\":", item->sku, of->name);
    TW_CHECK(n > 0 && n < TWI_ITEM_TEXT_BYTES);
    item->text_bytes = (uint8_t)n;
}

void twi_catalogue_init(twi_item *items, uint64_t seed)
{
    for (uint32_t f = 0; f < TWI_FORMATS; f++) {
        tw_rng rng;
        twi_rng_start(&rng, seed, TWI_STREAM_CATALOGUE, f, 0);
        for (uint32_t i = 0; i < TWI_ITEMS_PER_FORMAT; i++)
            item_init(&items[f * TWI_ITEMS_PER_FORMAT + i], (twi_format)f, i, &rng);
    }
    twi_item *gift = &items[TWI_ITEM_GIFT_CARD];
    memcpy(gift->sku, "900000", 7);
    gift->price = 2500;
    gift->department = UINT8_MAX;
    gift->text_bytes =
        (uint8_t)snprintf(gift->text, sizeof(gift->text),
                          "{\"sku\":\"900000\",\"department\":\"gift_card\",\"quantity\":");
}

uint32_t twi_item_pick(tw_rng *rng, twi_format format)
{
    double u = tw_rng_unit(rng);
    return (uint32_t)format * TWI_ITEMS_PER_FORMAT + (uint32_t)(u * u * TWI_ITEMS_PER_FORMAT);
}

uint32_t twi_item_pick_priced(const twi_item *items, tw_rng *rng, twi_format format, int64_t low,
                              int64_t high)
{
    uint32_t best = twi_item_pick(rng, format);
    for (int tries = 0; tries < 24; tries++) {
        if (items[best].price >= low && items[best].price <= high)
            return best;
        uint32_t other = twi_item_pick(rng, format);
        if (items[other].price <= high && items[other].price > items[best].price)
            best = other;
        else if (items[best].price > high)
            best = other;
    }
    return best;
}

int32_t twi_item_promotion_percent(uint64_t seed, uint32_t item, int32_t day)
{
    uint64_t h = twi_mix(seed ^ item, (uint64_t)((day + 3) / 7));
    return h % 100 < 7 ? 10 + (int32_t)(h >> 40 & 3) * 5 : 0;
}
