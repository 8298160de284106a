"""How well models that learn from made-up rows do on real ones, by scikit-learn.

Usage: utility.py job.json, with target, categories, test, and sources {name: file}. Writes {library, scores: {name: {logistic,
boosting}}} to standard output: the AUROC on the test rows; 0.5 where a source has one class only.
"""
import json
import sys

import pandas
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

job = json.load(open(sys.argv[1]))
target = job["target"]
levels = [name for name in job["categories"] if name != target]


def read(path):
    table = pandas.read_csv(path)
    for name in job["categories"]:
        # 1 and 1.0 are one level, and missing is one of its own.
        numbers = pandas.to_numeric(table[name], errors="coerce")
        text = table[name].astype(str)
        table[name] = text.where(numbers.isna(), numbers.astype(str)).where(table[name].notna(), "missing")
    return table


test = read(job["test"])
numbers = [name for name in test.columns if name not in levels and name != target]
positive = sorted(test[target].unique())[-1]


def models():
    filled = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    logistic = make_column_transformer((filled, numbers), (OneHotEncoder(handle_unknown="ignore"), levels))
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    boosting = make_column_transformer((codes, levels), remainder="passthrough")
    yield "logistic", make_pipeline(logistic, LogisticRegression(max_iter=1000))
    yield "boosting", make_pipeline(boosting, HistGradientBoostingClassifier(random_state=0, max_iter=60))


def score(table):
    wanted = table[target] == positive
    if wanted.nunique() < 2:
        return {"logistic": 0.5, "boosting": 0.5}
    found = {}
    for name, model in models():
        model.fit(table.drop(columns=target), wanted)
        found[name] = roc_auc_score(test[target] == positive, model.predict_proba(test.drop(columns=target))[:, 1])
    return found


scores = {name: score(read(path)[test.columns]) for name, path in job["sources"].items()}
print(json.dumps({"library": f"scikit-learn {sklearn.__version__}", "scores": scores}))
