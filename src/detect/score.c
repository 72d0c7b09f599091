// SPDX-License-Identifier: Apache-2.0
//
// Alert types, alert identifiers and the stored form of scores.
#include "detect/score.h"

#include <math.h>

static const char *const type_names[TW_ALERT_TYPE_N] = {
#define X(name, text) text,
    TW_ALERT_TYPES(X)
#undef X
};

static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford: no I, L, O, U

#define AUDIT_BIT 0x80u

const char *tw_alert_type_name(tw_alert_type type)
{
    return (unsigned)type < TW_ALERT_TYPE_N ? type_names[type] : "";
}

bool tw_alert_type_from(tw_str name, tw_alert_type *out)
{
    for (int i = TW_ALERT_NONE + 1; i < TW_ALERT_TYPE_N; i++) {
        if (tw_str_equal_nocase(name, tw_str_from(type_names[i]))) {
            *out = (tw_alert_type)i;
            return true;
        }
    }
    *out = TW_ALERT_NONE;
    return false;
}

#define RISK_FIRED 0.4f // without a classifier: where transactions with a signal begin
#define RISK_BELOW 0.7999f

// Above the operating point the distance to 1 halves as the evidence doubles.
static float risk_above(float ratio)
{
    return TW_RISK_ALERT + (1.0f - TW_RISK_ALERT) * (1.0f - 1.0f / ratio);
}

float tw_risk_combine(float outlier, float evidence, float lift, float pattern)
{
    if (isnan(lift)) {
        if (evidence >= 1.0f)
            return risk_above(evidence);
        if (evidence > 0.0f)
            return TW_MIN(RISK_BELOW, RISK_FIRED + (TW_RISK_ALERT - RISK_FIRED) * evidence);
        return isnan(outlier) ? 0.0f : RISK_FIRED * outlier * 0.99f;
    }
    float lifted = evidence * lift, ratio = pattern > lifted ? pattern : lifted;
    return ratio >= 1.0f ? risk_above(ratio) : TW_MIN(RISK_BELOW, TW_RISK_ALERT * ratio);
}

static void put_u32(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_f32(uint8_t *at, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_u32(at, bits);
}

static float get_f32(const uint8_t *at)
{
    uint32_t bits = get_u32(at);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

void tw_score_pack(const tw_score *score, uint8_t out[TW_SCORE_BYTES])
{
    TW_CHECK(score->fired_n <= TW_FIRED_MAX && (unsigned)score->type < TW_ALERT_TYPE_N);
    memset(out, 0, TW_SCORE_BYTES);
    put_f32(out, score->risk);
    put_f32(out + 4, score->probability);
    put_f32(out + 8, score->outlier);
    put_u32(out + 12, (uint32_t)score->alert_key);
    put_u32(out + 16, (uint32_t)(score->alert_key >> 32));
    out[20] = (uint8_t)((unsigned)score->type | (score->is_audit ? AUDIT_BIT : 0u));
    out[21] = score->fired_n;
    for (size_t i = 0; i < score->fired_n; i++) {
        out[22 + 2 * i] = score->fired[i].signal;
        out[23 + 2 * i] = score->fired[i].strength;
    }
}

tw_status tw_score_unpack(const uint8_t data[TW_SCORE_BYTES], tw_score *out)
{
    *out = (tw_score){0};
    unsigned type = data[20] & ~AUDIT_BIT;
    if (type >= TW_ALERT_TYPE_N || data[21] > TW_FIRED_MAX)
        return TW_CORRUPT;
    out->risk = get_f32(data);
    out->probability = get_f32(data + 4);
    out->outlier = get_f32(data + 8);
    out->alert_key = get_u32(data + 12) | (uint64_t)get_u32(data + 16) << 32;
    out->type = (tw_alert_type)type;
    out->is_audit = (data[20] & AUDIT_BIT) != 0;
    out->fired_n = data[21];
    for (size_t i = 0; i < out->fired_n; i++) {
        out->fired[i].signal = data[22 + 2 * i];
        out->fired[i].strength = data[23 + 2 * i];
    }
    return TW_OK;
}

char *tw_alert_id(uint64_t alert_key, char out[TW_ALERT_ID_BYTES])
{
    out[0] = '\0';
    if (alert_key == 0)
        return out;
    out[0] = 'A';
    out[1] = '-';
    for (int i = 0; i < 13; i++)
        out[2 + i] = base32[alert_key >> 5 * (12 - i) & 31];
    out[15] = '\0';
    return out;
}

uint64_t tw_alert_key_from(tw_str id)
{
    if (id.bytes != TW_ALERT_ID_BYTES - 1 || id.at[0] != 'A' || id.at[1] != '-')
        return 0;
    uint64_t key = 0;
    for (size_t i = 2; i < id.bytes; i++) {
        const char *digit = id.at[i] ? strchr(base32, id.at[i]) : NULL;
        // The first digit carries the upper 4 of 64 bits.
        if (!digit || (i == 2 && digit - base32 >= 16))
            return 0;
        key = key << 5 | (uint64_t)(digit - base32);
    }
    return key;
}
