# SPDX-License-Identifier: Apache-2.0
"""The published protocol of the public card-payment benchmark, and nothing of the product.

Weeks of training, delay and test; removal of customers that are already known as compromised;
ROC AUC, average precision and card precision at 100; and the published figures to stand beside.
Days count from 2018-04-01 (a Sunday). `check` proves the protocol on models whose published
figures are known: logistic regression, random forest and isolation forest of scikit-learn on the
published features.
"""

import io
import os
import subprocess

import numpy as np

EPOCH_S = 1522540800  # 2018-04-01T00:00:00Z
DELAY_DAYS = 7
WEEK = 7
CHAPTER_3 = 115  # 2018-07-25
CHAPTER_5 = (136, 129, 122, 115)  # 2018-08-15, 08-08, 08-01, 07-25
CHAPTER_7 = 101  # 2018-07-11

# What was published: AUC, average precision, card precision at 100.
PUBLISHED = {
    "ch.3": [
        ("logistic regression", 0.871, 0.606, 0.291),
        ("random forest (100)", 0.867, 0.658, 0.287),
        ("XGBoost (100, depth 6)", 0.862, 0.639, 0.273),
    ],
    "ch.5": [
        ("logistic regression", 0.868, 0.623, 0.297),
        ("random forest (100, depth 20)", 0.870, 0.678, 0.299),
        ("XGBoost", 0.869, 0.687, 0.303),
        ("best of any (by column)", 0.879, 0.694, 0.305),
    ],
    "ch.7": [
        ("isolation forest (10 trees)", 0.808, 0.164, 0.190),
        ("autoencoder", 0.836, 0.180, 0.217),
    ],
}


def data_dir():
    """TILLWATCH_FDH_DIR, or ../shared/data/fdh beside the checkout; None where there is no data."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    where = os.environ.get("TILLWATCH_FDH_DIR") or os.path.join(root, "..", "shared", "data", "fdh")
    return where if os.path.exists(os.path.join(where, "transactions.csv.zst")) else None


def read_zst(path):
    """Bytes of a .zst file."""
    return subprocess.run(["zstd", "-dc", path], check=True, stdout=subprocess.PIPE).stdout


class Transactions:
    """The columns that protocol and metrics need; row index = transaction number."""

    def __init__(self, path):
        import pandas

        table = pandas.read_csv(io.BytesIO(read_zst(path)))
        self.day = (table["t_sec"].to_numpy() // 86400).astype(np.int32)
        self.customer = table["customer_id"].to_numpy(np.int32)
        self.amount = table["amount"].to_numpy(np.float64)
        self.fraud = table["fraud"].to_numpy(np.int8)

    def rows(self, first_day, days=WEEK):
        """Row numbers of a span of days; the data are in order of time."""
        begin, end = np.searchsorted(self.day, [first_day, first_day + days])
        return np.arange(begin, end)

    def test_rows(self, train_day):
        """Rows of the test week without the customers that are known as compromised: those with a
        fraud in the training week, and, for each day, also in the delay week up to the day before
        the same weekday."""
        weeks_fraud = self.rows(train_day)
        known = set(self.customer[weeks_fraud][self.fraud[weeks_fraud] == 1])
        kept = []
        for day in range(WEEK):
            learned = self.rows(train_day + WEEK + day - 1, 1)
            known |= set(self.customer[learned][self.fraud[learned] == 1])
            today = self.rows(train_day + WEEK + DELAY_DAYS + day, 1)
            kept.append(today[~np.isin(self.customer[today], list(known))])
        return np.concatenate(kept)


def roc_auc(label, score):
    """Area under the ROC curve by rank sums; ties count half."""
    order = np.argsort(score, kind="stable")
    s = score[order]
    rank = np.empty(len(s))
    starts = np.flatnonzero(np.r_[True, s[1:] != s[:-1]])
    ends = np.r_[starts[1:], len(s)]
    mean_rank = (starts + ends + 1) / 2.0
    rank[order] = np.repeat(mean_rank, ends - starts)
    positive = label == 1
    p = positive.sum()
    n = len(label) - p
    return (rank[positive].sum() - p * (p + 1) / 2.0) / (p * n)


def average_precision(label, score):
    """Sum over thresholds of precision times the step in recall; ties are one threshold."""
    order = np.argsort(-score, kind="stable")
    y, s = label[order], score[order]
    last = np.flatnonzero(np.r_[s[1:] != s[:-1], True])
    hits = np.cumsum(y)[last].astype(float)
    precision = hits / (last + 1)
    return float((np.diff(np.r_[0.0, hits]) * precision).sum() / y.sum())


def card_precision(day, customer, label, score, k=100):
    """Mean over days of the share of compromised among the k customers with the highest score;
    customers that were found on an earlier day are removed."""
    found, precisions = set(), []
    for today in np.unique(day):
        rows = np.flatnonzero(day == today)
        best, is_fraud = {}, {}
        for i in rows:
            c = customer[i]
            if c in found:
                continue
            best[c] = max(best.get(c, -np.inf), score[i])
            is_fraud[c] = is_fraud.get(c, False) or label[i] == 1
        top = sorted(best, key=lambda c: (-best[c], c))[:k]
        hit = [c for c in top if is_fraud[c]]
        precisions.append(len(hit) / k)
        found.update(hit)
    return float(np.mean(precisions))


def measure(data, rows, score):
    """AUC, average precision and card precision at 100 of the scores of those rows."""
    label = data.fraud[rows]
    return (
        roc_auc(label, score),
        average_precision(label, score),
        card_precision(data.day[rows], data.customer[rows], label, score),
    )


def check(data, golden_path):
    """Published models on the published features; returns [(title, published, found)]."""
    import pandas
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    golden = pandas.read_csv(io.BytesIO(read_zst(golden_path)))
    first = int(golden["row"].iloc[0])
    features = golden.iloc[:, 1:].to_numpy()
    x = np.column_stack([data.amount[first : first + len(features)], features])
    train, test = data.rows(CHAPTER_3), data.test_rows(CHAPTER_3)
    scaler = StandardScaler().fit(x[train - first])
    x_train, x_test = scaler.transform(x[train - first]), scaler.transform(x[test - first])
    models = [
        LogisticRegression(random_state=0),
        RandomForestClassifier(random_state=0, n_jobs=-1),
    ]
    lines = []
    for published, model in zip(PUBLISHED["ch.3"], models):
        model.fit(x_train, data.fraud[train])
        found = measure(data, test, model.predict_proba(x_test)[:, 1])
        lines.append((published[0], published[1:], found))
    return lines
