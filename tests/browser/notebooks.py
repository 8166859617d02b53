"""The notebook that the browser tests work with, and its data."""

from __future__ import annotations

import csv
from pathlib import Path

import nbformat
from sklearn.datasets import load_breast_cancer

CELLS = (
    "import pandas as pd\n"
    "from sklearn.linear_model import SGDClassifier\n"
    "from sklearn.model_selection import train_test_split",
    "table = pd.read_csv('cells.csv')\ntable.shape",
    "lr = 0.1\nseed = 7",
    "X, y = table.drop(columns='target'), table['target']\n"
    "parts = train_test_split((X - X.mean()) / X.std(), y, random_state=seed)\n"
    "X_train, X_test, y_train, y_test = parts\n"
    "model = SGDClassifier(learning_rate='constant', eta0=lr, max_iter=3, tol=None,\n"
    "                      random_state=seed)\n"
    "model.fit(X_train, y_train);",
    "accuracy = model.score(X_test, y_test)\nprint(f'accuracy: {accuracy:.5g}')",
)
# Positions as the product counts them: the heading is cell 0.
PARAMETERS_CELL = 3


def write_training(folder: Path, name: str = "train.ipynb") -> Path:
    """Write a notebook that trains a classifier, and the table it reads, into `folder`."""
    path = write_cells(folder, name, *CELLS)
    _write_table(folder / "cells.csv")
    return path


def write_cells(folder: Path, name: str, *sources: str, kernel: str = "python3") -> Path:
    """Write a notebook of a heading, which is cell 0, and these code cells."""
    cells = [nbformat.v4.new_markdown_cell("# Benign or malignant", id="cell-0")]
    cells += [
        nbformat.v4.new_code_cell(source, id=f"cell-{number}")
        for number, source in enumerate(sources, start=1)
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {
        "name": kernel,
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    path = folder / name
    nbformat.write(notebook, path)
    return path


def change_table(folder: Path) -> None:
    """Give every second row of the table the other label."""
    path = folder / "cells.csv"
    header, *rows = list(csv.reader(path.read_text().splitlines()))
    for row in rows[::2]:
        row[-1] = str(1 - int(row[-1]))
    _write(path, [header, *rows])


def _write_table(path: Path) -> None:
    data = load_breast_cancer()
    names = [*map(str, data.feature_names[:6]), "target"]
    rows = [
        [*map(str, values[:6]), str(label)]
        for values, label in zip(data.data, data.target, strict=True)
    ]
    _write(path, [names, *rows])


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
