"""What training rows are worth: models of scikit-learn are trained on them and score rows that nobody has seen.

Usage: python3 judges.py; one JSON object a line on standard input ("judge": "classifiers" or "neighbours"; "train" and "test":
rows; "classes": of the training rows, 0 or 1; "seed"), one JSON object a line on standard output: scores of the test rows by
the judge's name, higher for class 1 or for more anomalous. The first line names the library.
"""

import json
import sys
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

warnings.filterwarnings("ignore")


def standardised(train, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation < 1e-6] = 1
    return (train - mean) / deviation, (test - mean) / deviation


def classifiers(train, test, classes, seed):
    scaled, scaled_test = standardised(train, test)
    models = {"logistic": (LogisticRegression(C=1.0, max_iter=1000), scaled, scaled_test),
              "logistic-0.1": (LogisticRegression(C=0.1, max_iter=1000), scaled, scaled_test),
              "boosting": (GradientBoostingClassifier(n_estimators=80, max_depth=3, learning_rate=0.1, subsample=0.8,
                                                      random_state=seed), train, test)}
    return {name: model.fit(rows, classes).decision_function(unseen) for name, (model, rows, unseen) in models.items()}


def neighbours(train, test, classes, seed):
    scaled, scaled_test = standardised(train, test)
    distances, _ = NearestNeighbors(n_neighbors=5).fit(scaled).kneighbors(scaled_test)
    return {"neighbours": distances.mean(axis=1)}


JUDGES = {"classifiers": classifiers, "neighbours": neighbours}


def answer(line):
    job = json.loads(line)
    train, test = (np.asarray(job[part], np.float64) for part in ("train", "test"))
    scores = JUDGES[job["judge"]](train, test, np.asarray(job["classes"]), job["seed"])
    return {name: values.tolist() for name, values in scores.items()}


if __name__ == "__main__":
    print(json.dumps({"library": f"scikit-learn {sklearn.__version__}"}), flush=True)
    for request in sys.stdin:
        print(json.dumps(answer(request)), flush=True)
