# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's IsolationForest (100 trees x 256 samples): fit, score of a batch and of one row.

  python3 iforest.py matrix.csv [--rows N]          numbers only, a header line is skipped; or .npy
  python3 iforest.py --synthetic 200000 --columns 64

Quality on labelled data is compared by iforest_compare.py.
"""
import argparse
import pathlib

import numpy
import sklearn
from sklearn.ensemble import IsolationForest

import common

SINGLE_ROWS = 200


def read_matrix(path):
    if pathlib.Path(path).suffix == ".npy":
        return numpy.load(path).astype(numpy.float32)
    matrix = numpy.genfromtxt(path, delimiter=",", skip_header=1, dtype=numpy.float32)
    return matrix[:, ~numpy.isnan(matrix).all(axis=0)]  # a column of ids or dates is no number


def synthetic(rows, columns):
    """Skewed like money and counts, with a few rows far out."""
    random = numpy.random.default_rng(1)
    matrix = random.lognormal(0, 1, (rows, columns)).astype(numpy.float32)
    matrix[:: 1000] *= 5
    return matrix


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--synthetic", type=int, default=200_000, metavar="ROWS")
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--rows", type=int, help="only the first N rows")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.file:
        matrix = read_matrix(options.file)
    else:
        matrix = synthetic(options.synthetic, options.columns)
    matrix = numpy.nan_to_num(matrix[: options.rows or len(matrix)])  # it takes no missing values
    n = len(matrix)
    more = {"columns": matrix.shape[1], "version": sklearn.__version__}

    def fit():
        return IsolationForest(n_estimators=100, max_samples=256, random_state=1).fit(matrix)

    seconds, forest = common.timed(fit, options.rounds)
    common.emit("sklearn_iforest_fit", seconds, "s", n, **more)
    seconds, _ = common.timed(lambda: forest.score_samples(matrix), options.rounds)
    common.emit("sklearn_iforest_batch", [s / n * 1e6 for s in seconds], "us/row", n, **more)
    rows = [matrix[i : i + 1] for i in range(min(SINGLE_ROWS, n))]
    seconds = [common.timed(lambda: forest.score_samples(row), 1)[0][0] for row in rows]
    common.emit("sklearn_iforest_single", [s * 1e6 for s in seconds], "us/row", len(rows), **more)


if __name__ == "__main__":
    main()
