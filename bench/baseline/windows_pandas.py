# SPDX-License-Identifier: Apache-2.0
"""The window features of the Fraud Detection Handbook by group-bys with rolling windows in pandas:
15 features (amount, weekend, night; count and mean of 1, 7, 30 days of the account; count and risk of
1, 7, 30 days of the register, delayed by 7 days).

  python3 windows_pandas.py sim/transactions.ndjson [--rows N] [--rounds R]
  python3 windows_pandas.py --fdh transactions.csv.zst [--golden golden_features.csv.zst]
"""
import argparse
import tempfile

import pandas

import common

DAYS = (1, 7, 30)
DELAY_DAYS = 7


def grouped(frame, entity, column):
    """The rows ordered by entity, for rolling(); small integers group faster than texts."""
    codes, _ = pandas.factorize(frame[entity])
    rows = pandas.DataFrame({"entity": codes, "time": frame.time, "value": frame[column]})
    return rows.sort_values("entity", kind="stable")


def rolling(ordered, days):
    """Count and sum of the values over (t - days, t] of each row's entity."""
    windows = ordered.groupby("entity").rolling(f"{days}d", on="time")["value"]
    count, total = windows.count(), windows.sum()
    # The result is in the order of the groups, which is that of `ordered`.
    return (pandas.Series(count.values, index=ordered.index),
            pandas.Series(total.values, index=ordered.index))


def account_windows(frame):
    ordered = grouped(frame, "account", "amount")
    out = {}
    for days in DAYS:
        count, total = rolling(ordered, days)
        out[f"cust_nb_tx_{days}d"] = count
        out[f"cust_avg_amount_{days}d"] = total / count
    return pandas.DataFrame(out)


def register_windows(frame):
    ordered = grouped(frame, "register", "bad")
    delayed_count, delayed_bad = rolling(ordered, DELAY_DAYS)
    out = {}
    for days in DAYS:
        count, bad = rolling(ordered, DELAY_DAYS + days)
        count, bad = count - delayed_count, bad - delayed_bad
        out[f"term_nb_tx_{days}d"] = count
        out[f"term_risk_{days}d"] = (bad / count).fillna(0)
    return pandas.DataFrame(out)


def features(frame):
    weekend = (frame.time.dt.weekday >= 5).astype(int)
    night = (frame.time.dt.hour <= 6).astype(int)
    whole = pandas.DataFrame({"amount": frame.amount, "is_weekend": weekend, "is_night": night})
    accounts = account_windows(frame[frame.account != ""])
    return whole.join(accounts).join(register_windows(frame))


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
