"""Scores Spark tables with a trained model: the folder's critic.onnx on the executors, its calibration for p-values.

    from aristarch_spark import Model, score
    scored = score(spark.read.parquet("new.parquet"), Model.read("models/mine"))

Every column of the table stays as it is; `score` (higher is more anomalous), `p_value` and `anomalous` come beside them.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql import types as T

RESULTS = [
    T.StructField("score", T.FloatType(), False),
    T.StructField("p_value", T.DoubleType(), False),
    T.StructField("anomalous", T.BooleanType(), False),
]
SLOT = "__aristarch_slot_"
SECONDS_OF_DAY = 86_400


@dataclass(frozen=True)
class Model:
    """What scoring needs of a model's folder, small enough to travel with the task."""

    manifest: dict
    critic: bytes

    @staticmethod
    def read(folder):
        """Reads a folder that `train` wrote. Raises ValueError where a file is not what the manifest says."""
        folder = Path(folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        if manifest.get("manifestVersion") != 1:
            raise ValueError(f"{folder}: manifest version {manifest.get('manifestVersion')} is not known here, only 1")
        critic = (folder / "critic.onnx").read_bytes()
        if hashlib.sha256(critic).hexdigest() != manifest["files"]["critic.onnx"]:
            raise ValueError(f"{folder}/critic.onnx is not the file that the manifest names: copy the folder again")
        return Model(manifest, critic)

    @property
    def fields(self):
        return self.manifest["features"]["fields"]

    @property
    def false_positive_rate(self):
        return self.manifest["calibration"]["falsePositiveRate"]


def score(table, model, false_positive_rate=None):
    """The table with three more columns. `false_positive_rate`: share of normal rows that may be flagged; the model's own if None.

    Raises ValueError, before anything runs, for absent columns, types that cannot fit, and rates that calibration cannot keep.
    """
    rate = model.false_positive_rate if false_positive_rate is None else false_positive_rate
    judge = Judge.of(model.manifest)
    judge.check_rate(rate)
    check_columns(table, model.fields)
    slots = [expression for field in model.fields for expression in slot_expressions(field, table.schema[field["name"]])]
    encoded = table.select("*", *(slot.alias(f"{SLOT}{i}") for i, slot in enumerate(slots)))
    schema = T.StructType([*table.schema.fields, *RESULTS])
    return encoded.mapInArrow(scorer(model.critic, judge, len(slots), rate), schema)


def scorer(critic, judge, width, rate):
    """Batches of a table with its slots at the end -> the same without the slots, with the results."""

    def run(batches):
        # Here, on the executor: a session cannot travel, and one serves all batches of a partition.
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(critic, options, providers=["CPUExecutionProvider"])
        for batch in batches:
            kept = batch.num_columns - width
            columns = [batch.column(kept + i).to_numpy(zero_copy_only=False) for i in range(width)]
            with np.errstate(over="ignore"):
                rows = np.stack(columns, axis=1).astype(np.float32)
            scores = session.run(["scores"], {"rows": rows})[0] if len(rows) else np.zeros(0, np.float32)
            if not np.isfinite(scores).all():
                raise ValueError("the model gave a row a score that is no number: train it again")
            p_values = judge.p_values(rows, scores)
            results = [pa.array(scores, pa.float32()), pa.array(p_values), pa.array(p_values <= rate)]
            names = [*batch.schema.names[:kept], *(field.name for field in RESULTS)]
            yield pa.RecordBatch.from_arrays([*batch.columns[:kept], *results], names=names)

    return run


@dataclass(frozen=True)
class Judge:
    """Conformal p-values by held-out normal rows, of each row's own group where the model is calibrated by groups."""

    pooled: np.ndarray
    # Slots of the conditions that group, and the calibration scores of each combination of their values.
    slots: tuple
    groups: dict
    rest: np.ndarray

    @staticmethod
    def of(manifest):
        calibration = manifest["calibration"]
        pooled = np.array(calibration["scores"], np.float32)
        groups = calibration.get("groups")
        if groups is None:
            return Judge(pooled, (), {}, pooled)
        places = slot_places(manifest["features"]["fields"])
        fields = [places[name] for name in groups["conditions"]]
        members = {
            tuple(level_value(field, level) for (field, _), level in zip(fields, member["levels"])): np.array(
                member["scores"], np.float32
            )
            for member in groups["members"]
        }
        rest = np.array(groups["rest"], np.float32) if "rest" in groups else pooled
        return Judge(pooled, tuple(slot for _, slot in fields), members, rest)

    def check_rate(self, rate):
        if not 0 < rate < 1:
            raise ValueError(f"a false-positive rate of {rate} is not possible: give a number between 0 and 1, both excluded")
        smallest = max(1 / (len(scores) + 1) for scores in [self.pooled, *self.groups.values(), self.rest])
        if rate < smallest:
            raise ValueError(f"a false-positive rate of {rate} needs more calibration rows: ask for at least {smallest}")

    def p_values(self, rows, scores):
        """rows [n, width], scores [n] -> p-values [n]."""
        if not self.slots:
            return conformal(self.pooled, scores)
        # -1 stands for a missing value, which is a level like others.
        keys = np.nan_to_num(rows[:, self.slots], nan=-1)
        values, members = np.unique(keys, axis=0, return_inverse=True)
        result = np.empty(len(scores))
        for i, value in enumerate(values):
            own = members.ravel() == i
            result[own] = conformal(self.groups.get(tuple(float(each) for each in value), self.rest), scores[own])
        return result


def conformal(calibration, scores):
    """(1 + #{calibration >= score}) / (n + 1)."""
    n = len(calibration)
    return (1 + n - np.searchsorted(calibration, scores, side="left")) / (n + 1)


def slot_places(fields):
    places, slot = {}, 0
    for field in fields:
        places[field["name"]] = (field, slot)
        slot += 2 if field["kind"] == "timestamp" else 1
    return places


def level_value(field, level):
    if level is None:
        return -1.0
    return float(level) if field["kind"] == "boolean" else float(field["levels"].index(level))


def check_columns(table, fields):
    missing = [field["name"] for field in fields if field["name"] not in table.columns]
    if missing:
        raise ValueError(f"the table has no column {', '.join(missing)}: the model needs it; null says that a value is missing")
    taken = [field.name for field in RESULTS if field.name in table.columns]
    if taken:
        raise ValueError(f"the table has columns named {', '.join(taken)} already: rename them")
    zone = table.sparkSession.conf.get("spark.sql.session.timeZone")
    if zone not in ("UTC", "Etc/UTC", "Z") and any(field["kind"] == "timestamp" for field in fields):
        raise ValueError(f"times are read in the session's time zone, which is {zone}: set spark.sql.session.timeZone to UTC")


def slot_expressions(field, column):
    """A field's slots of the raw row as doubles: docs/engines.md has the table."""
    encode = {"number": number_slot, "boolean": boolean_slot, "category": category_slot, "timestamp": timestamp_slots}
    if field["kind"] not in encode:
        raise ValueError(f'the model scores {field["kind"]}s ("{field["name"]}"), which this job does not read: only the service does')
    made = encode[field["kind"]](F.col(f"`{column.name.replace('`', '``')}`"), column, field)
    return made if isinstance(made, list) else [made]


def or_missing(value):
    return F.coalesce(value.cast("double"), F.lit(float("nan")))


def number_slot(value, column, field):
    if not isinstance(column.dataType, T.NumericType):
        raise unfit(column, field, "numbers")
    return or_missing(value)


def boolean_slot(value, column, field):
    if isinstance(column.dataType, T.BooleanType):
        return or_missing(value.cast("int"))
    if not isinstance(column.dataType, T.NumericType):
        raise unfit(column, field, "booleans, or 0 and 1")
    number = value.cast("double")
    wrong = F.raise_error(F.concat(F.lit(f"column {column.name} holds "), value.cast("string"), F.lit(", not 0 or 1")))
    return or_missing(F.when(number.isNull() | F.isnan(number) | number.isin(0.0, 1.0), F.abs(number)).otherwise(wrong))


def category_slot(value, column, field):
    levels = field["levels"]
    unseen = F.lit(float(len(levels)))
    if isinstance(column.dataType, (T.StringType, T.BooleanType)):
        known = {level: float(index) for index, level in enumerate(levels)}
        text = value.cast("string")
    elif isinstance(column.dataType, T.NumericType):
        known = {number: float(index) for index, level in enumerate(levels) if (number := level_number(level)) is not None}
        text = value.cast("double")
    else:
        raise unfit(column, field, "texts, numbers or booleans")
    missing = value.isNull()
    if isinstance(column.dataType, (T.FloatType, T.DoubleType)):
        missing = missing | F.isnan(value)
    if not known:
        return F.when(missing, F.lit(float("nan"))).otherwise(unseen)
    table = F.create_map(*(F.lit(each) for pair in known.items() for each in pair))
    return F.when(missing, F.lit(float("nan"))).otherwise(F.coalesce(F.try_element_at(table, text), unseen))


def level_number(level):
    """The number that a level is the text of: the levels of numeric columns are written as JavaScript writes numbers."""
    return float(level) if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?(e[+-][1-9]\d*)?", level) else None


def timestamp_slots(value, column, field):
    if isinstance(column.dataType, (T.TimestampType, T.TimestampNTZType, T.DateType, T.StringType)):
        seconds = F.floor(F.unix_micros(value.cast("timestamp")) / 1_000_000).cast("double")
    elif isinstance(column.dataType, T.NumericType):
        number = value.cast("double")
        seconds = F.floor(F.when(~F.isnan(number), number) / 1000).cast("double")
    else:
        raise unfit(column, field, "times, ISO 8601 texts, or milliseconds since 1970")
    # 1970-01-01 was a Thursday, and Monday is 0.
    day = F.floor(seconds / SECONDS_OF_DAY)
    return [or_missing(F.pmod(seconds, F.lit(float(SECONDS_OF_DAY)))), or_missing(F.pmod(day + 3, F.lit(7)))]


def unfit(column, field, wanted):
    return ValueError(
        f"column {column.name} is {column.dataType.simpleString()}, and the {field['kind']} \"{field['name']}\" takes {wanted}: cast it"
    )
