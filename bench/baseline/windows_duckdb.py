# SPDX-License-Identifier: Apache-2.0
"""Window features in SQL: 64 of them by RANGE frames in DuckDB, over 4 entities (employee,
register, store, account) x 4 windows (1 h, 1 d, 7 d, 30 d) x count, sum, refunds, voids; exact
(t-w, t] in whole seconds. Rows of the same second see each other, which a stream's would not. A
record without a card or customer is an account of its own.

  .deps/venv/bin/python bench/baseline/windows_duckdb.py sim/transactions.ndjson [--rows N]
"""
import argparse
import os
import tempfile

import duckdb

import common

ENTITIES = ("employee", "register", "store", "account")
WINDOWS_S = {"1h": 3600, "1d": 86400, "7d": 7 * 86400, "30d": 30 * 86400}
MEASURES = {"n": "count(*)", "sum": "sum(amount)", "refunds": "sum(refund)", "voids": "sum(void)"}

LOAD_NDJSON = """
create or replace table tx as
select cast(epoch(cast(transaction_time as timestamptz)) as bigint) as time_s,
       employee_id as employee, register_id as register, store_id as store,
       coalesce(nullif(tenders[1].account_token, ''), nullif(customer_id, ''),
                nullif(loyalty_id, ''), '#' || transaction_id) as account,
       cast(transaction_total as double) as amount,
       cast(refund_flag as integer) as refund, cast(void_flag as integer) as void
from read_json('{path}', format = 'newline_delimited', columns = {{
    transaction_id: 'varchar', transaction_time: 'varchar', employee_id: 'varchar',
    register_id: 'varchar', store_id: 'varchar', customer_id: 'varchar', loyalty_id: 'varchar',
    transaction_total: 'varchar', refund_flag: 'boolean', void_flag: 'boolean',
    tenders: 'struct(account_token varchar)[]'}})
order by time_s {limit}
"""

LOAD_FDH = """
create or replace table tx as
select t_sec as time_s, cast(terminal_id as varchar) as register,
       cast(customer_id as varchar) as account, amount, 0 as refund, fraud as void
from read_csv('{path}') {limit}
"""


def features_sql(entities):
    frames, columns = [], []
    for entity in entities:
        for label, width_s in WINDOWS_S.items():
            window = f"{entity}_{label}"
            frames.append(f"{window} as (partition by {entity} order by time_s "
                          f"range between {width_s - 1} preceding and current row)")
            for name, call in MEASURES.items():
                columns.append(f"{call} over {window} as {window}_{name}")
    return ("create or replace table features as select " + ", ".join(columns) +
            " from tx window " + ", ".join(frames))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--fdh", action="store_true", help="the file is the handbook's own CSV")
    parser.add_argument("--rows", type=int, help="only the first N records")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    base = duckdb.connect(config={"threads": options.threads})
    base.execute("set timezone = 'UTC'")
    limit = f"limit {options.rows}" if options.rows else ""
    load = LOAD_FDH if options.fdh else LOAD_NDJSON
    # The handbook's data has no employees and stores: 32 features.
    entities = ("register", "account") if options.fdh else ENTITIES
    with tempfile.TemporaryDirectory() as folder:
        path = common.plain_path(options.file, folder)
        sql = load.format(path=str(path).replace("'", "''"), limit=limit)
        load_s, _ = common.timed(lambda: base.execute(sql), options.rounds)
    n = base.execute("select count(*) from tx").fetchone()[0]
    more = {"threads": options.threads, "version": duckdb.__version__}
    common.emit("duckdb_load", load_s, "s", n, **more)
    seconds, _ = common.timed(lambda: base.execute(features_sql(entities)), options.rounds)
    columns = len(base.execute("select * from features limit 1").description)
    more["features"] = columns
    common.emit("duckdb_windows", seconds, "s", n, **more)
    common.emit("duckdb_windows_rate", [n / s for s in seconds], "rows/s", n, **more)
    # From the file to the features, as `tillwatch import` counts it.
    whole = [a + b for a, b in zip(load_s, seconds)]
    common.emit("duckdb_file_to_features", whole, "s", n, **more)


if __name__ == "__main__":
    main()
