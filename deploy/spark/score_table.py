"""Scores a table with Spark: spark-submit deploy/spark/score_table.py --model models/mine --data new.parquet --out scored.parquet"""

import argparse
import sys

from aristarch_spark import Model, score
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder that `train` wrote, where the driver can read it")
    parser.add_argument("--data", required=True, help="Parquet to score; anything that Spark reads under this name")
    parser.add_argument("--out", required=True, help="Parquet to write; it must not exist")
    parser.add_argument("--rate", type=float, help="share of normal rows that may be flagged; the model's own when absent")
    choices = parser.parse_args()
    spark = SparkSession.builder.appName("aristarch").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    # The executors' Python finds the module by this.
    spark.sparkContext.addPyFile(score.__globals__["__file__"])
    try:
        scored = score(spark.read.parquet(choices.data), Model.read(choices.model), choices.rate)
    except (OSError, ValueError) as fault:
        sys.exit(f"error: {fault}")
    scored.write.parquet(choices.out)
    spark.stop()


if __name__ == "__main__":
    main()
