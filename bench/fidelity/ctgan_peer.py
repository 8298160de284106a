"""CTGAN (Xu et al. 2019) as the package `ctgan` ships it, with its defaults: learns from train, writes as many rows.

Usage: ctgan_peer.py job.json, with train, out, categories, seed. Writes {library, seconds} to standard output.
Of numbers with missing values ctgan wants none: they are filled with the median, beside a column that says so, and taken
out again.
"""
import json
import sys
import time

import numpy
import pandas
import torch
from ctgan import CTGAN
from importlib.metadata import version

job = json.load(open(sys.argv[1]))
torch.manual_seed(job["seed"])
numpy.random.seed(job["seed"])
torch.set_num_threads(1)
train = pandas.read_csv(job["train"], dtype={name: str for name in job["categories"]})
table = train.copy()
discrete = list(job["categories"])
flags = {}
for name in train.columns:
    if name in job["categories"]:
        table[name] = train[name].fillna("missing")
    elif train[name].isna().any():
        flags[name] = f"{name} is missing"
        table[flags[name]] = train[name].isna().map({True: "yes", False: "no"})
        table[name] = train[name].fillna(train[name].median())
        discrete.append(flags[name])
started = time.process_time()
model = CTGAN(enable_gpu=False)
model.set_random_state(job["seed"])
model.fit(table, discrete)
made = model.sample(len(train))
seconds = time.process_time() - started
for name, flag in flags.items():
    made.loc[made[flag] == "yes", name] = numpy.nan
for name in job["categories"]:
    made[name] = made[name].replace("missing", numpy.nan)
made[list(train.columns)].to_csv(job["out"], index=False)
print(json.dumps({"library": f"ctgan {version('ctgan')}", "seconds": seconds}))
