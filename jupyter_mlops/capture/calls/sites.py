"""Which calls of a cell are worth hearing, and by what names people know their values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Literal

from jupyter_mlops.capture.calls import classes, mentions, naming
from jupyter_mlops.dataflow.calls import dotted
from jupyter_mlops.frozen import dataclass

Kind = Literal["metric", "fit", "make", "train", "query"]

_MEASURING = ("sklearn.metrics.", "torchmetrics.functional.")
_NO_MEASURES = re.compile(
    r"\.(?:pairwise|cluster\.contingency_matrix|make_scorer|get_scorer|check_scoring|ConfusionM\w+"
    r"|\w+Display|\w+_curve|confusion_matrix|multilabel_confusion_matrix|\w+_distances"
    r"|\w+_kernels|silhouette_samples|DistanceMetric)\b"
)
_MEASURES = frozenset(
    {
        "sklearn.model_selection.cross_val_score", "sklearn.model_selection.cross_validate",
        "xgboost.cv", "lightgbm.cv", "catboost.cv",
    }
)  # fmt: skip
_MEASURING_METHODS = frozenset({"score", "evaluate"})
_MEASURING_CALLS = frozenset({".score", ".evaluate"})
# Attributes by which a search, a forest or the result of a regression tells how good it is.
_MEASURED = frozenset(
    {
        "best_score_", "oob_score_", "rsquared",
        "rsquared_adj", "prsquared", "aic", "bic", "hqic", "llf", "fvalue", "f_pvalue",
        "mse_resid", "mse_model", "mse_total", "ssr", "best_score",
    }
)  # fmt: skip
# By which a statement is sent to a database; what stands in its first argument, or under a name.
_QUERYING = frozenset(
    {
        "pandas.read_sql", "pandas.read_sql_query", "polars.read_database",
        "polars.read_database_uri", "duckdb.sql", "duckdb.query", "duckdb.execute",
    }
)  # fmt: skip
_QUERYING_METHODS = frozenset({"execute", "executemany", "executescript", "exec_driver_sql", "sql"})
STATEMENTS = frozenset({0, "sql", "query", "statement"})
_CONNECTIONS = frozenset({None, 1, "con", "connection"})
FITTING_METHODS = frozenset(
    {"fit", "fit_transform", "fit_predict", "fit_resample", "partial_fit", "fit_regularized"}
)
# Those that have one number for each variable.
_MEASURED_EACH = frozenset({"tvalues", "pvalues"})
_FITTING = frozenset({"xgboost.train", "lightgbm.train", "catboost.train"})
FORMULAS = "statsmodels.formula.api."
_MODEL_LIBRARIES = ("sklearn.", "xgboost.", "lightgbm.", "catboost.", "statsmodels.", "imblearn.")
# What scikit-learn has beside models: how to split, to score, to plot.
_NO_MODELS = ("sklearn.model_selection._split", "sklearn.metrics.", "sklearn.utils.")


@dataclass(frozen=True)
class Site:
    """One call, or one attribute, of the notebook's own code.

    Attributes
    ----------
    number
        By which it is told: made of all the rest and of where it stands in its cell, so that the
        same source is compiled to the same code in every execution and session.
    kind
        What it is heard for.
    call
        The full name of what is called, as far as it is known; ``.fit`` where that is a method.
    names
        What its value is called: several for one that is unpacked. Of a fit, the model.
    arguments
        The text of each argument, by its position or keyword; the receiver's by ``None``.
    """

    number: int
    kind: Kind
    call: str
    names: tuple[str, ...]
    arguments: Mapping[int | str | None, str]

    @property
    def tells_parts(self) -> bool:
        """Whether its receiver or arguments are told before it is called."""
        return self.kind in ("fit", "query") or self.call in _MEASURING_CALLS

    def tells(self, part: int | str | None) -> bool:
        """Tell whether a part is worth telling; values bound to a statement are nobody's business.

        A method's second argument holds them, a function's the connection.
        """
        if self.kind == "metric":
            return part is None
        if self.kind != "query":
            return True
        return part in STATEMENTS or (
            part in _CONNECTIONS and (part is None) == self.call.startswith(".")
        )


# All that were ever compiled: a function that was defined by one cell is called by others.
known: dict[int, Site] = {}


@dataclass(frozen=True)
class Found:
    """The sites of one tree: its nodes in the order of a walk, each node's parent by its id."""

    nodes: tuple[ast.AST, ...]
    parents: Mapping[int, ast.AST]
    sites: Mapping[int, Site]


def find(tree: ast.Module, aliases: Mapping[str, str]) -> Found:
    """Find the sites of a cell.

    Parameters
    ----------
    tree
        The cell's.
    aliases
        What earlier cells imported, by the names that they gave it.
    """
    nodes: list[ast.AST] = []
    parents: dict[int, ast.AST] = {}
    pending: list[ast.AST] = [tree]
    while pending:  # not by recursion: programs nest deeper than Python does
        node = pending.pop()
        nodes.append(node)
        children = list(ast.iter_child_nodes(node))
        parents.update((id(child), node) for child in children)
        pending += reversed(children)
    imported = dict(_imported(nodes))
    for name, meant in imported.items():
        if _by_name(meant) is not None:
            mentions.remember(name)
    aliases = {**aliases, **imported}
    classes.remember(nodes, aliases)
    drafts = [(node, *found) for node in nodes if (found := _kind(node, parents, aliases))]
    names = naming.of(drafts, parents)
    sites: dict[int, Site] = {}
    for node, kind, call in drafts:
        if id(node) in names:
            arguments = naming.arguments(node) if isinstance(node, ast.Call) else {}
            number = _number(node, kind, call, names[id(node)], arguments)
            site = Site(number, kind, call, names[id(node)], arguments)
            sites[id(node)] = known[number] = site
    return Found(tuple(nodes), parents, sites)


def _number(node: ast.AST, *rest: object) -> int:
    assert isinstance(node, ast.expr)
    place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
    text = repr((place, rest)).encode(errors="replace")
    return int.from_bytes(blake2b(text, digest_size=7).digest(), "big")


def _imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _kind(
    node: ast.AST, parents: Mapping[int, ast.AST], aliases: Mapping[str, str]
) -> tuple[Kind, str] | None:
    if isinstance(node, ast.Attribute):
        parent = parents[id(node)]
        is_called = isinstance(parent, ast.Call) and parent.func is node
        if node.attr in _MEASURED and isinstance(node.ctx, ast.Load) and not is_called:
            return "metric", f".{node.attr}"
        return None
    if isinstance(node, ast.Subscript):
        one = node.value
        is_one = isinstance(one, ast.Attribute) and one.attr in _MEASURED_EACH
        return ("metric", "[]") if is_one and isinstance(node.ctx, ast.Load) else None
    if not isinstance(node, ast.Call):
        return None
    name = dotted(node.func, aliases) or ""
    known_as = _by_name(name)
    if known_as is not None:
        return known_as, name
    is_name = isinstance(node.func, ast.Name)
    if is_name and classes.may_make_model(name, aliases) and not _is_in_class(node, parents):
        return "make", name
    if not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if _is_module(node.func.value, aliases):
        return None
    if method in FITTING_METHODS:
        return "fit", f".{method}"
    if method in _QUERYING_METHODS:
        return "query", f".{method}"
    if method in _MEASURING_METHODS:
        return "metric", f".{method}"
    if method == "backward":
        return "train", ".backward"
    return None


def _by_name(name: str) -> Kind | None:
    if name.startswith(FORMULAS):
        return "make"
    if name in _MEASURES:
        return "metric"
    if name in _QUERYING:
        return "query"
    if name.startswith(_MEASURING):
        return None if _NO_MEASURES.search(name) else "metric"
    if name in _FITTING:
        return "fit"
    if name.startswith(_MODEL_LIBRARIES) and not name.startswith(_NO_MODELS):
        last = name.rpartition(".")[2]
        return "make" if last[:1].isupper() else None
    return None


def _is_in_class(node: ast.AST, parents: Mapping[int, ast.AST]) -> bool:
    """Tell whether a class says it: the parts that a model makes of itself are its own business."""
    while (above := parents.get(id(node))) is not None and not isinstance(above, ast.ClassDef):
        node = above
    return above is not None


def _is_module(node: ast.expr, aliases: Mapping[str, str]) -> bool:
    """Tell whether an expression is a module, or something in one: `stats.norm.fit(…)`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in aliases
