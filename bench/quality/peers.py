"""What a user would pick instead, on the very rows that the bench trains and tests on; scikit-learn's defaults.

Usage: python3 peers.py JOB.json, with files of float32 rows ("train", "test"), their "width", the "seed" and the folder
"out" for one file of float64 scores a method. Columns are standardised on the training rows. Prints one JSON object.
"""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM

warnings.filterwarnings("ignore")


def knn(train, test, seed):
    neighbours = NearestNeighbors(n_neighbors=min(5, len(train))).fit(train)
    return neighbours.kneighbors(test)[0].mean(axis=1)


def lof(train, test, seed):
    return -LocalOutlierFactor(n_neighbors=min(20, len(train) - 1), novelty=True).fit(train).score_samples(test)


def isolation_forest(train, test, seed):
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def one_class_svm(train, test, seed):
    return -OneClassSVM().fit(train).score_samples(test)


METHODS = {"KNN": knn, "LOF": lof, "IForest": isolation_forest, "OCSVM": one_class_svm}


def run(job):
    train, test = (np.fromfile(job[part], np.float32).reshape(-1, job["width"]).astype(np.float64) for part in ("train", "test"))
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation == 0] = 1
    train, test = (train - mean) / deviation, (test - mean) / deviation
    runs = []
    for name, method in METHODS.items():
        started = time.process_time()
        scores = method(train, test, job["seed"])
        seconds = time.process_time() - started
        path = f"{job['out']}/{name}.f64"
        scores.astype(np.float64).tofile(path)
        runs.append({"method": name, "scores": path, "seconds": seconds})
    return {"library": f"scikit-learn {sklearn.__version__}", "runs": runs}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(run(json.load(file))))
