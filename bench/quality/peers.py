"""What a user would pick instead, on the very rows that the bench trains and tests on; the libraries' defaults.

scikit-learn's methods are needed; PyOD's are measured where it is installed (its GANs need PyTorch as well).

Usage: python3 peers.py JOB.json, with files of float32 rows ("train", "test"), their "width", the "seed", whether to train
"gans" too, and the folder "out" for one file of float64 scores a method. Columns are standardised on the training rows. Prints one JSON object.
"""

import contextlib
import importlib.metadata
import importlib.util
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

# PyOD's detectors with their defaults: module, class. ECOD's score depends on the other rows of the call; all test rows are
# one call. The GANs draw from PyTorch's generator, which is seeded. AnoGAN is left out: it searches a latent for each row, and
# took six minutes for 500 rows.
PYOD = {"ECOD": ("ecod", "ECOD"), "SO_GAAL": ("so_gaal", "SO_GAAL"), "MO_GAAL": ("mo_gaal", "MO_GAAL"),
        "ALAD": ("alad", "ALAD")}


def pyod_method(module, name):
    def score(train, test, seed):
        detector = getattr(importlib.import_module(f"pyod.models.{module}"), name)
        np.random.seed(seed)
        if module != "ecod":
            importlib.import_module("torch").manual_seed(seed)
        with contextlib.redirect_stdout(sys.stderr):
            return detector().fit(train).decision_function(test)

    return score


def libraries(with_gans):
    """Names and versions, and the methods that they give."""
    names, methods = [f"scikit-learn {sklearn.__version__}"], dict(METHODS)
    if importlib.util.find_spec("pyod"):
        names.append(f"PyOD {importlib.metadata.version('pyod')}")
        gans = with_gans and importlib.util.find_spec("torch") is not None
        methods.update({name: pyod_method(*at) for name, at in PYOD.items() if gans or name == "ECOD"})
    return ", ".join(names), methods


def run(job):
    train, test = (np.fromfile(job[part], np.float32).reshape(-1, job["width"]).astype(np.float64) for part in ("train", "test"))
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation == 0] = 1
    train, test = (train - mean) / deviation, (test - mean) / deviation
    library, methods = libraries(job["gans"])
    runs = []
    for name, method in methods.items():
        started = time.process_time()
        try:
            scores = np.asarray(method(train, test, job["seed"]), np.float64)
        except Exception as fault:  # A peer that fails on a set is reported, and is not measured on it.
            print(f"{name}: {type(fault).__name__}: {fault}", file=sys.stderr)
            continue
        if not np.isfinite(scores).all():
            print(f"{name}: some scores are not finite", file=sys.stderr)
            continue
        seconds = time.process_time() - started
        path = f"{job['out']}/{name}.f64"
        scores.astype(np.float64).tofile(path)
        runs.append({"method": name, "scores": path, "seconds": seconds})
    return {"library": library, "runs": runs}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(run(json.load(file))))
