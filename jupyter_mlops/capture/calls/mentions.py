"""Whether a cell may call anything that is worth hearing, by a look at its words."""

from __future__ import annotations

import re
import sys

# Without one of these libraries there is nothing to hear.
LIBRARIES = frozenset(
    {
        "catboost", "keras", "lightgbm", "lightning", "pytorch_lightning", "sklearn",
        "statsmodels", "tensorflow", "torch", "torchmetrics", "xgboost",
    }
)  # fmt: skip
# A cell without any of these words calls nothing of interest; a class is spelled with a capital.
_MENTIONS = re.compile(
    r"fit|train|score|metric|report|evaluate|backward|auc|corrcoef|deviance|ratios|measure"
    r"|\bcv\b|rsquared|[tp]values|\b[abh]?q?ic\b|llf"
    r"|_error\b|_loss\b|\b[A-Z]\w*\(|\b(?:ols|wls|gls|glm|logit|probit|poisson|mixedlm)\("
)
_IMPORTS = re.compile(r"\b(?:from|import)\s+(?:" + "|".join(sorted(LIBRARIES)) + r")\b")
# Where statements are sent to databases, whatever library does it.
_QUERIES = re.compile(r"read_sql|read_database|execute|exec_driver_sql|\.sql\(|duckdb\.query")

# Names that cells gave to what they imported, and that no one would know it by.
renamed: set[str] = set()


def remember(name: str) -> None:
    """Remember the name of a function or class that is worth hearing."""
    if _MENTIONS.search(f"{name}(") is None:
        renamed.add(name)


def may_hold(source: str) -> bool:
    """Tell whether a source may hold a call that tells of itself."""
    if _QUERIES.search(source) is not None:
        return True
    if LIBRARIES.isdisjoint(sys.modules) and _IMPORTS.search(source) is None:
        return False
    return _MENTIONS.search(source) is not None or any(name in source for name in renamed)
