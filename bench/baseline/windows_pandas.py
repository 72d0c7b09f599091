# SPDX-License-Identifier: Apache-2.0
"""Window features the way the Fraud Detection Handbook teaches them: group-bys with rolling
windows in pandas, 15 features (amount, weekend, night; count and mean of 1, 7, 30 days of the
account; count and risk of 1, 7, 30 days of the register, delayed by 7 days).

  python3 windows_pandas.py sim/transactions.ndjson [--rows N] [--rounds R]
  python3 windows_pandas.py --fdh transactions.csv.zst [--golden golden_features.csv.zst]
"""
import argparse
import tempfile

import pandas

import common

DAYS = (1, 7, 30)
DELAY_DAYS = 7


def account_windows(group):
    amounts = pandas.Series(group.amount.values, index=group.time)
    out = {}
    for days in DAYS:
        rolling = amounts.rolling(f"{days}d")
        count, total = rolling.count(), rolling.sum()
        out[f"cust_nb_tx_{days}d"] = count.values
        out[f"cust_avg_amount_{days}d"] = (total / count).values
    return pandas.DataFrame(out, index=group.index)


def register_windows(group):
    bad = pandas.Series(group.bad.values, index=group.time)
    delayed = bad.rolling(f"{DELAY_DAYS}d")
    delayed_bad, delayed_count = delayed.sum(), delayed.count()
    out = {}
    for days in DAYS:
        longer = bad.rolling(f"{DELAY_DAYS + days}d")
        count = longer.count() - delayed_count
        out[f"term_nb_tx_{days}d"] = count.values
        out[f"term_risk_{days}d"] = ((longer.sum() - delayed_bad) / count).fillna(0).values
    return pandas.DataFrame(out, index=group.index)


def features(frame):
    weekend = (frame.time.dt.weekday >= 5).astype(int)
    night = (frame.time.dt.hour <= 6).astype(int)
    known = frame[frame.account != ""]
    accounts = known.groupby("account", group_keys=False).apply(account_windows)
    registers = frame.groupby("register", group_keys=False).apply(register_windows)
    whole = pandas.DataFrame({"amount": frame.amount, "is_weekend": weekend, "is_night": night})
    return whole.join(accounts).join(registers)


def check_golden(matrix, path):
    """How many rows of the handbook's own values are met to 1e-5 (two tied rows are not)."""
    with tempfile.TemporaryDirectory() as folder:
        golden = pandas.read_csv(common.plain_path(path, folder)).set_index("row")
    ours = matrix.loc[golden.index, golden.columns]
    return int(((ours - golden).abs() <= 1e-5).all(axis=1).sum()), len(golden)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--fdh", action="store_true", help="the file is the handbook's own CSV")
    parser.add_argument("--golden", help="the handbook's own feature values, to check against")
    parser.add_argument("--rows", type=int, help="only the first N records")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = common.plain_path(options.file, folder)
        load_s, frame = common.timed(lambda: common.read_frame(path, options.fdh), 1)
    n = len(frame)
    frame = frame.head(options.rows or n)
    common.emit("pandas_load", load_s, "s", n)
    seconds, matrix = common.timed(lambda: features(frame), options.rounds)
    more = {"features": matrix.shape[1], "version": pandas.__version__}
    if options.golden:
        more["golden_rows_equal"], more["golden_rows"] = check_golden(matrix, options.golden)
    common.emit("pandas_windows", seconds, "s", len(frame), **more)
    rates = [len(frame) / s for s in seconds]
    common.emit("pandas_windows_rate", rates, "rows/s", len(frame), **more)


if __name__ == "__main__":
    main()
