#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The questions of bench_lake, asked of plain DuckDB over the same rows in unsorted Parquet files.

  .deps/venv/bin/python bench/micro/lake_plain.py LAKE OUT

LAKE was written by bench_lake; OUT gets 4 files in the order of a hash (made once). One thread, as bench_lake has.
"""
import glob
import json
import os
import statistics
import sys
import time

import duckdb

COLUMNS = ("date, seq, transaction_id, store_id, register_id, employee_id, customer_id, transaction_time, "
           "total_minor, refund_flag, risk_score")
QUESTIONS = {
    "store_list": "SELECT transaction_id, transaction_time, total_minor, risk_score FROM transactions "
                  "WHERE store_id = 'S00042' AND date > (SELECT max(date) FROM transactions) - 7 AND risk_score >= 0.8",
    "needle": "SELECT * FROM transactions WHERE customer_id = 'C1234567'",
    "by_store": "SELECT store_id, count(*), sum(total_minor), max(risk_score) FROM transactions GROUP BY store_id",
    "employee_league": "SELECT employee_id, count(*) FILTER (refund_flag) AS refunds, sum(total_minor) FROM "
                       "transactions GROUP BY employee_id ORDER BY refunds DESC LIMIT 20",
    "employee_league_30d": "SELECT employee_id, count(*) FILTER (refund_flag) AS refunds, sum(total_minor) FROM "
                           "transactions WHERE date > (SELECT max(date) FROM transactions) - 30 GROUP BY employee_id "
                           "ORDER BY refunds DESC LIMIT 20",
}


def main():
    lake, out = sys.argv[1:3]
    base = duckdb.connect(config={"memory_limit": "6GB", "temp_directory": out + ".tmp", "threads": 1})
    if not os.path.isdir(out):
        os.makedirs(out)
        for i in range(4):
            base.sql(f"COPY (SELECT {COLUMNS} FROM read_parquet('{lake}/transactions/*/*.parquet', hive_partitioning = "
                     f"true, hive_types = {{'date': DATE}}) WHERE hash(seq) % 4 = {i} ORDER BY hash(seq + 1)) "
                     f"TO '{out}/{i}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    size = sum(os.path.getsize(name) for name in glob.glob(out + "/*.parquet"))
    print(json.dumps({"bench": "lake_plain_size", "bytes": size}))
    base.sql(f"CREATE VIEW transactions AS SELECT * FROM read_parquet('{out}/*.parquet')")
    for name, sql in QUESTIONS.items():
        times = []
        for _ in range(5):
            started = time.perf_counter()
            rows = base.sql(sql).fetchall()
            times.append((time.perf_counter() - started) * 1000)
        print(json.dumps({"bench": "lake_plain_" + name, "rows": len(rows), "best_ms": round(min(times), 1),
                          "median_ms": round(statistics.median(times), 1)}), flush=True)


main()
