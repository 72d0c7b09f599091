# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's IsolationForest and ours on the same matrices: quality and processor times.

  python3 iforest_compare.py --apply BUILD/bench/micro/iforest_apply TRAIN TEST

A matrix is .npy (float32) or CSV with a header line. The last column of TEST (and of TRAIN with
--train-has-label, where it is dropped) is the label: 1 = fraud. scikit-learn takes no missing
values: both get the training column's median instead when there are any. Prints one JSON line per
system and seed: AUC, average precision, processor seconds of training and microseconds a row;
then one of means and deviations for each system. Needs numpy and scikit-learn.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score


def read_matrix(path):
    if pathlib.Path(path).suffix == ".npy":
        return numpy.load(path).astype(numpy.float32)
    return numpy.genfromtxt(path, delimiter=",", skip_header=1, dtype=numpy.float32)


def fill_missing(train, test):
    with numpy.errstate(all="ignore"):
        median = numpy.nan_to_num(numpy.nanmedian(train, axis=0))
    for matrix in (train, test):
        rows, columns = numpy.nonzero(~numpy.isfinite(matrix))
        matrix[rows, columns] = median[columns]


def run_sklearn(train, test, trees, sample, seed):
    forest = IsolationForest(n_estimators=trees, max_samples=min(sample, len(train)),
                             random_state=seed)
    start = time.process_time()
    forest.fit(train)
    trained = time.process_time()
    scores = -forest.score_samples(test)
    return scores, trained - start, time.process_time() - trained


def run_ours(apply, folder, options, seed):
    out = folder / "scores.txt"
    command = [apply, folder / "train.npy", folder / "test.npy", out, "--seed", str(seed), *options]
    reply = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return numpy.loadtxt(out), reply["train_s"], reply["score_s"]


def measure(system, seed, label, scores, train_s, score_s):
    row = {"bench": "iforest_compare", "system": system, "seed": seed,
           "auc": round(roc_auc_score(label, scores), 4),
           "average_precision": round(average_precision_score(label, scores), 4),
           "train_s": round(train_s, 4), "us_per_row": round(score_s / len(label) * 1e6, 3)}
    print(json.dumps(row), flush=True)
    return row


def summarise(system, rows, label):
    summary = {"bench": "iforest_compare", "system": system, "runs": len(rows),
               "rows": len(label), "frauds": int(label.sum())}
    for key in ("auc", "average_precision", "train_s", "us_per_row"):
        values = [row[key] for row in rows]
        summary[key + "_mean"] = round(float(numpy.mean(values)), 4)
        summary[key + "_sd"] = round(float(numpy.std(values)), 4)
    print(json.dumps(summary))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--apply", required=True, help="the program iforest_apply of the build")
    parser.add_argument("--train-has-label", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trees", type=int, default=100)
    args = parser.parse_args()

    train, test = read_matrix(args.train), read_matrix(args.test)
    label = test[:, -1].astype(int)
    test = test[:, :-1].copy()
    train = (train[:, :-1] if args.train_has_label else train).copy()
    fill_missing(train, test)
    trees = ["--trees", str(args.trees)]
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        numpy.save(folder / "train.npy", train)
        numpy.save(folder / "test.npy", test)
        for seed in range(1, args.seeds + 1):
            runs = {"scikit-learn 256": run_sklearn(train, test, args.trees, 256, seed),
                    "scikit-learn 2048": run_sklearn(train, test, args.trees, 2048, seed),
                    "tillwatch": run_ours(args.apply, folder, trees, seed)}
            for system, run in runs.items():
                results.setdefault(system, []).append(measure(system, seed, label, *run))
    for system, rows in results.items():
        summarise(system, rows, label)


if __name__ == "__main__":
    main()
