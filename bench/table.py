#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of one benchmark run: our figure, the baseline's, and the ratio. Input is the file of
JSON lines that bench/run.sh writes. A figure that is missing shows as a dash."""
import json
import sys


def load(path):
    """Figures by name; lines of the C benches get a name from their fields."""
    figures = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if "name" in record:
                figures[record["name"]] = record
            elif record.get("bench") == "iforest":
                figures[f"iforest_{record['case']}_{record['path']}_{record['sample']}"] = record
            elif record.get("bench") == "journal_append":
                figures[f"journal_{record.get('what', 'ratio')}_{record['facts_per_append']}"] = record
            elif "bench" in record:
                figures["intake_" + record["bench"]] = record
    return figures


def value(figures, name, key="value", scale=1.0):
    record = figures.get(name)
    return record[key] * scale if record and key in record else None


def text(number):
    if number is None:
        return "-"
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def row(what, ours, theirs, unit, higher_is_better):
    ratio = None
    if ours and theirs:
        ratio = ours / theirs if higher_is_better else theirs / ours
    shown = f"{ratio:.3g}x" if ratio else "-"
    print(f"| {what} | {text(ours)} | {text(theirs)} | {unit} | {shown} |")


def main():
    f = load(sys.argv[1])
    duckdb, pandas = value(f, "duckdb_file_to_features"), value(f, "pandas_windows")
    if pandas is not None:
        pandas += value(f, "pandas_load") or 0.0
    ours = value(f, "features_from_ndjson")
    n = f.get("features_from_ndjson", {}).get("n")
    print(f"\n{n:,} transactions\n")
    print("| what | Tillwatch | baseline | unit | ratio |\n|---|---:|---:|---|---:|")
    row("NDJSON file to exact features; DuckDB windows", ours, duckdb, "s", False)
    row("NDJSON file to exact features; pandas windows", ours, pandas, "s", False)
    forest = "iforest_single_best_256"
    row("isolation forest, one row; scikit-learn", value(f, forest, "ns_per_row_median", 1e-3),
        value(f, "sklearn_iforest_single"), "us", False)
    batch = [value(f, f"iforest_batch_{path}_256", "ns_per_row_median", 1e-3) for path in ("avx512", "avx2", "portable")]
    row("isolation forest, batch; scikit-learn", next((b for b in batch if b), None),
        value(f, "sklearn_iforest_batch"), "us/row", False)
    for case, what in (("single", "boosted trees 200 x depth 6, one row"), ("batch", "the same, batch"),
                       ("explain", "contributions of one row (TreeSHAP)")):
        for other, name in (("xgboost", "XGBoost"), ("lightgbm", "LightGBM")):
            row(f"{what}; {name}", value(f, f"gbt_{case}_ours"), value(f, f"gbt_{case}_{other}"), "us/row", False)
    for other, name in (("xgboost", "XGBoost alone"), ("lightgbm", "LightGBM")):
        row(f"training 100,000 x 64, 200 trees, one thread; {name}", value(f, "gbt_train_trainer"),
            value(f, f"gbt_train_{other}"), "s", False)
    for facts in (1, 64, 1000, 8192):
        row(f"journal, {facts} facts an append; SQLite rows", value(f, f"journal_journal_{facts}", "rows_per_s"),
            value(f, f"journal_sqlite_rows_{facts}", "rows_per_s"), "rows/s", True)
    service = {c: value(f, f"fastapi_redis_rules_c{c}_rate") for c in (1, 16, 64)}
    best = max((rate for rate in service.values() if rate), default=None)
    row("durable scored, one POST each; FastAPI + Redis", value(f, "post_each", "records_per_second"), best, "tx/s", True)
    row("durable scored, NDJSON of 1,000; FastAPI + Redis", value(f, "post_ndjson_1000", "records_per_second"), best, "tx/s", True)
    row("p99 of a durable POST at 1,000/s", value(f, "post_each_at_1000", "p99_us"), None, "us", False)
    row("p99 of a durable POST at 10,000/s", value(f, "post_each_at_rate", "p99_us"), None, "us", False)
    row("score without recording", value(f, "score_each", "records_per_second"), None, "tx/s", True)
    for entity in ("account", "employee", "transaction"):
        row(f"memory for each {entity}", value(f, f"engine_bytes_per_{entity}"), None, "B", False)
    import_s, rebuild_s = value(f, "import"), value(f, "rebuild_verify")
    row("import end to end, training included", n / import_s if import_s else None, None, "tx/s", True)
    row("rebuild --verify", n / rebuild_s if rebuild_s else None, None, "tx/s", True)


if __name__ == "__main__":
    main()
