"""What a user would pick instead, on the rows that `evaluate` scores: kNN and IsolationForest of scikit-learn.

Usage: python3 peers.py JOB.json. The job (run-peers.ts writes it) names two files of float32 raw rows, as
src/models/features/schema.ts describes them, and the fields. Each peer runs on two honest treatments of the same rows:
numbers as they are, and numbers by their signed log; either way standardised on the training rows, with standardised
one-hot columns for categories. Prints one JSON object; the scores of each run are in a file of float64.
"""

import json
import sys
import time

import numpy as np

CHUNK_ROWS = 20_000
MOST_LEVELS = 500  # one-hot columns for the most frequent levels; rarer ones count as unseen
NEIGHBOURS = 5


def signed_log(x):
    return np.sign(x) * np.log1p(np.abs(x))


TREATMENTS = {"signed log": signed_log, "raw numbers": lambda x: x}


def read_rows(path, width):
    return np.fromfile(path, dtype=np.float32).reshape(-1, width)


class Encoder:
    """Raw rows to standardised columns, with everything learnt from the training rows."""

    def __init__(self, fields, train, transform):
        self.fields = fields
        self.transform = transform
        self.learnt = [self.learn(field, column) for field, column in self.columns(train)]
        columns = self.expand(train)
        self.mean = columns.mean(axis=0)
        deviation = columns.std(axis=0)
        self.deviation = np.where(deviation > 0, deviation, 1)

    def columns(self, rows):
        at = 0
        for field in self.fields:
            slots = 2 if field["kind"] == "timestamp" else 1
            yield field, rows[:, at : at + slots].astype(np.float64)
            at += slots

    def learn(self, field, column):
        """The finite range and median of the training rows: infinities are clipped, missing numbers filled in."""
        finite = column[np.isfinite(column)]
        if len(finite) == 0:
            return 0.0, 0.0, 0.0
        return finite.min(), finite.max(), float(np.median(finite))

    def expand(self, rows):
        parts = [EXPAND[field["kind"]](self, field, column, learnt)
                 for (field, column), learnt in zip(self.columns(rows), self.learnt)]
        return np.concatenate(parts, axis=1)

    def number(self, field, column, learnt):
        low, high, median = learnt
        missing = np.isnan(column)
        infinite = np.isinf(column)
        column = np.where(infinite, np.clip(column, low, high), column)
        column = self.transform(np.where(missing, median, column))
        return np.concatenate([column, missing], axis=1) if field["missing"] else column

    def boolean(self, field, column, learnt):
        return one_hot(column, 2)

    def category(self, field, column, learnt):
        return one_hot(column, min(field["levels"], MOST_LEVELS))

    def timestamp(self, field, column, learnt):
        angles = 2 * np.pi * column / np.array([86_400, 7])
        return np.nan_to_num(np.concatenate([np.sin(angles), np.cos(angles)], axis=1))

    def __call__(self, rows):
        return (self.expand(rows) - self.mean) / self.deviation


EXPAND = {kind: getattr(Encoder, kind) for kind in ("number", "boolean", "category", "timestamp")}


def one_hot(column, levels):
    """Columns for the levels, for unseen ones, and for missing ones."""
    index = np.where(np.isnan(column), levels + 1, np.minimum(column, levels)).astype(np.int64)[:, 0]
    return np.eye(levels + 2)[index]


def in_chunks(score, encoder, rows):
    starts = range(0, len(rows), CHUNK_ROWS)
    return np.concatenate([score(encoder(rows[start : start + CHUNK_ROWS])) for start in starts])


def fit_knn(columns, seed):
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(columns))).fit(columns)
    return lambda test: model.kneighbors(test)[0].mean(axis=1)


def fit_isolation_forest(columns, seed):
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(random_state=seed % 2**32).fit(columns)
    return lambda test: -model.score_samples(test)


PEERS = {"knn": fit_knn, "isolationForest": fit_isolation_forest}


def run(job):
    import sklearn

    train, test = (read_rows(job[name], job["width"]) for name in ("train", "test"))
    runs = []
    for treatment, transform in TREATMENTS.items():
        encoder = Encoder(job["fields"], train, transform)
        columns = encoder(train)
        for peer, fit in PEERS.items():
            started = time.monotonic()
            scores = in_chunks(fit(columns, job["seed"]), encoder, test)
            path = f"{job['out']}/{peer}-{len(runs)}.f64"
            scores.astype(np.float64).tofile(path)
            seconds = time.monotonic() - started
            runs.append({"peer": peer, "treatment": treatment, "scores": path, "seconds": seconds})
    return {"library": f"scikit-learn {sklearn.__version__}", "runs": runs}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(run(json.load(file))))
