// SPDX-License-Identifier: Apache-2.0
//
// Every maximum of the product in one place, each with its reason. A value outside is bad input
// (TW_LIMIT or a dead letter), never a crash.
#ifndef TW_BASE_LIMITS_H
#define TW_BASE_LIMITS_H

// Identifiers: POS systems use up to 40 characters; UUIDs with prefixes fit in 64.
#define TW_ID_MAX_BYTES 64
// Free text (reasons, departments): what a receipt line or a reason list holds.
#define TW_TEXT_MAX_BYTES 128
// Lines of a receipt: the largest real baskets are a few hundred lines; wholesale reaches 1,000.
#define TW_LINES_MAX 1000
#define TW_TENDERS_MAX 32
// Customer's own numeric columns.
#define TW_ATTRIBUTES_MAX 32
// A transaction above 10 billion units of money is a fault of the feed. In minor units (10^4 at the
// finest) it stays below 2^47, so that sums over 2^16 of them fit in int64_t.
#define TW_MONEY_MAX_MINOR INT64_C(100000000000000)
// Items on a receipt; larger is a fault.
#define TW_ITEM_COUNT_MAX 1000000
// One record in JSON: 1,000 lines of 300 bytes are 300 KB.
#define TW_RECORD_MAX_BYTES (1 << 20)
// One HTTP body: an NDJSON batch of some 20,000 records.
#define TW_BODY_MAX_BYTES (16 << 20)
// Facts of one commit: bounds the time that a reply waits and the size of a journal block.
#define TW_COMMIT_MAX_FACTS 8192
// One journal block in bytes (SQLite's own limit for a value is 1 GB).
#define TW_BLOCK_MAX_BYTES (64 << 20)
// A model file: 2,000 trees of 1,000 nodes at 16 bytes.
#define TW_MODEL_MAX_BYTES (64 << 20)
// A signal set or policy in YAML.
#define TW_CONFIG_MAX_BYTES (1 << 20)
// Entities that are kept quiet on purpose: more would be a policy, not exceptions.
#define TW_QUIETS_MAX 4096
// The body of one action: a note, the change of a setting.
#define TW_ACTION_MAX_BYTES (64 << 10)
// Entities in memory (indexes are uint32_t; 2^31 of them at 64 bytes would be 128 GB).
#define TW_ENTITIES_MAX (UINT32_C(1) << 31)
// Instants that a record may carry: 1970..2099.
#define TW_TIME_MIN_MS INT64_C(0)
#define TW_TIME_MAX_MS INT64_C(4102444800000) // 2100-01-01: the engine keeps seconds in 32 bits

#endif
