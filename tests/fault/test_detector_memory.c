// SPDX-License-Identifier: Apache-2.0
//
// The k-th allocation fails, for every k: the detector reports it, is as it was, leaks nothing and
// works afterwards. libyaml's own memory is not ours to fail.
#include "../unit/detect_fixture.h"

#include "base/buf.h"

static tw_engine *engine;

static int open_engine(void **state)
{
    (void)state;
    return tw_engine_new(tw_alloc_system(), &engine) != TW_OK;
}

static int close_engine(void **state)
{
    (void)state;
    tw_engine_free(engine);
    return 0;
}

static void making_one(void **state)
{
    (void)state;
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_detector *d;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_status status = tw_detector_new(&faulty.alloc, engine, &d);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            tw_detector_free(d);
            assert_int_equal(faulty.live_bytes, 0);
            return;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_null(d);
        assert_int_equal(faulty.live_blocks, 0);
    }
}

static tw_status reserve_more(tw_detector *d)
{
    return tw_detector_reserve(d, 64);
}

static tw_status configure(tw_detector *d)
{
    tw_err err = {0};
    tw_status status =
        tw_detector_config(d, TW_CONFIG_SIGNALS, TW_STR("s"), tw_str_from(shop_signals), &err);
    assert_true(status == TW_OK || err.text[0]);
    return status;
}

static tw_status configure_policy(tw_detector *d)
{
    return tw_detector_config(d, TW_CONFIG_POLICY, TW_STR("p"), tw_str_from(shop_policy), NULL);
}

static void changing_one(void **state)
{
    (void)state;
    tw_status (*const acts[])(tw_detector *) = {reserve_more, configure, configure_policy};
    for (size_t act = 0; act < TW_COUNT(acts); act++) {
        for (uint64_t k = 1;; k++) {
            tw_alloc_faulty faulty;
            tw_detector *d;
            tw_alloc_faulty_init(&faulty, 0, false);
            assert_int_equal(tw_detector_new(&faulty.alloc, engine, &d), TW_OK);
            uint64_t hash = tw_detector_hash(d);
            faulty.fail_at = faulty.calls + k;
            tw_status status = acts[act](d);
            bool was_hit = faulty.hits > 0;
            if (was_hit) {
                assert_int_equal(status, TW_NO_MEMORY);
                assert_true(tw_detector_hash(d) == hash);
                assert_int_equal(acts[act](d), TW_OK);
            } else {
                assert_int_equal(status, TW_OK);
            }
            tw_detector_free(d);
            assert_int_equal(faulty.live_bytes, 0);
            if (!was_hit)
                break;
        }
    }
}

static tw_status write_buf(void *ctx, const void *data, size_t bytes)
{
    tw_buf_put(ctx, data, bytes);
    return ((tw_buf *)ctx)->status;
}

static tw_status read_buf(void *ctx, void *data, size_t bytes)
{
    const uint8_t *at = tw_read_bytes(ctx, bytes);
    if (!at)
        return TW_CORRUPT;
    memcpy(data, at, bytes);
    return TW_OK;
}

static void loading_one(void **state)
{
    (void)state;
    shop s;
    tw_buf file;
    shop_open(&s);
    for (int i = 0; i < 30; i++)
        shop_till(&s, "E1", "card", -60 - i);
    tw_buf_init(&file, tw_alloc_system(), 64 << 20);
    assert_int_equal(tw_detector_save(s.detector, write_buf, &file), TW_OK);
    for (uint64_t k = 1;; k++) {
        tw_alloc_faulty faulty;
        tw_reader reader;
        tw_detector *d;
        tw_alloc_faulty_init(&faulty, k, false);
        tw_reader_init(&reader, file.data_own, file.bytes);
        tw_status status = tw_detector_load(&faulty.alloc, s.engine, read_buf, &reader, &d);
        if (faulty.hits == 0) {
            assert_int_equal(status, TW_OK);
            assert_true(tw_detector_hash(d) == tw_detector_hash(s.detector));
            tw_detector_free(d);
            break;
        }
        assert_int_equal(status, TW_NO_MEMORY);
        assert_null(d);
        assert_int_equal(faulty.live_blocks, 0);
    }
    tw_buf_release(&file);
    shop_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_one),
        cmocka_unit_test(changing_one),
        cmocka_unit_test(loading_one),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
