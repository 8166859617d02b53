"""Run by the peers' interpreter: one ``mlflow.log_param`` to SQLite for each line of input."""

import logging
import sys
import time

import mlflow

logging.disable(logging.WARNING)
mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
mlflow.set_experiment("cost")
with mlflow.start_run():
    mlflow.log_param("first", 0)
    print("ready", flush=True)
    for number, _ in enumerate(sys.stdin):
        began = time.perf_counter()
        mlflow.log_param(f"x{number}", number)
        print(time.perf_counter() - began, flush=True)
