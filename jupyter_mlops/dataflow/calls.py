"""What is known of calls by their names: which change something, which measure, which seed.

Everything here errs on the side of *may have changed*: a name missing in a table of pure
calls costs a longer lineage, a wrong name in one would cost a false lineage.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Methods that change their receiver.
MUTATORS = _words(
    """
    append extend insert remove pop popitem clear sort reverse update setdefault add discard
    appendleft extendleft popleft rotate difference_update intersection_update
    symmetric_difference_update fill resize put itemset setflags fit fit_transform fit_predict
    partial_fit fit_resample train fit_generator set_params load_state_dict load_weights compile
    step zero_grad backward shuffle set_index_name __setitem__ __setattr__ __delitem__
    """
)
FITTERS = _words(
    """
    fit fit_transform fit_predict partial_fit fit_resample train fit_generator
    """
)

# Methods that leave receiver and arguments alone in every library that has them.
PURE_METHODS = _words(
    """
    predict predict_proba predict_log_proba decision_function score transform inverse_transform
    get_params get_feature_names_out score_samples head tail sample describe info copy mean sum
    std var min max median mode quantile count abs round cumsum cumprod diff corr cov nunique
    unique value_counts isna isnull notna notnull any all argmax argmin argsort idxmax idxmin
    astype to_numpy to_list tolist to_dict to_csv to_parquet to_json to_string to_frame items
    keys values get index groupby agg aggregate merge join pivot_table melt sort_values
    sort_index dropna drop_duplicates fillna drop rename reset_index set_index query isin
    between clip pct_change rolling reshape ravel flatten transpose dot squeeze nonzero
    searchsorted repeat take select_dtypes memory_usage duplicated nlargest nsmallest plot hist
    boxplot split rsplit splitlines strip lstrip rstrip lower upper title capitalize replace
    startswith endswith format encode decode find rfind zfill isdigit isalpha partition union
    intersection difference issubset issuperset isoformat strftime total_seconds exists is_file
    is_dir iterdir glob read_text read_bytes as_posix resolve with_suffix item detach numpy size
    dim parameters named_parameters state_dict summary
    """
)

# Built-ins that neither change nor keep what they are given. (next, iter, map, … hold on to
# or consume an iterator and are left out.)
PURE_BUILTINS = _words(
    """
    print display len range sum min max abs round sorted str repr int float bool complex type
    isinstance issubclass callable hasattr getattr id hash format any all divmod pow chr ord hex
    oct bin ascii bytes open super slice property staticmethod classmethod object dir help input
    list tuple dict set frozenset enumerate zip reversed Exception ValueError TypeError KeyError
    RuntimeError AssertionError memoryview vars
    """
)

# Modules whose functions leave their arguments alone (but for `out=`, `inplace=` and
# ARGUMENT_MUTATORS); a name is covered with everything below it.
PURE_MODULES = _words(
    """
    numpy pandas math statistics scipy sklearn matplotlib seaborn plotly json re time datetime
    textwrap string copy collections itertools os.path pathlib warnings IPython.display pprint
    hashlib joblib.dump pickle.dump pickle.dumps random
    """
)

# Functions that change their first argument.
ARGUMENT_MUTATORS = _words(
    """
    random.shuffle numpy.random.shuffle numpy.put numpy.place numpy.copyto numpy.fill_diagonal
    numpy.putmask heapq.heappush heapq.heappop heapq.heapify heapq.heapreplace bisect.insort
    bisect.insort_left bisect.insort_right setattr delattr
    """
)

# What a seeding call seeds when it is given a seed; without one it takes the system's entropy.
_SEEDERS = {
    "random.seed": "random",
    "random.setstate": "random",
    "random.Random": "random.Random",
    "numpy.random.seed": "numpy.random",
    "numpy.random.set_state": "numpy.random",
    "numpy.random.default_rng": "numpy.random.Generator",
    "numpy.random.SeedSequence": "numpy.random.Generator",
    "numpy.random.RandomState": "numpy.random.RandomState",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "torch.cuda.manual_seed": "torch.cuda",
    "torch.cuda.manual_seed_all": "torch.cuda",
    "tensorflow.random.set_seed": "tensorflow",
    "tensorflow.keras.utils.set_random_seed": "tensorflow",
    "keras.utils.set_random_seed": "tensorflow",
    "lightning.seed_everything": "torch",
    "pytorch_lightning.seed_everything": "torch",
}
# These take the system's entropy whatever they are given.
_ENTROPY = _words(
    """
    random.SystemRandom os.urandom uuid.uuid1 uuid.uuid4 secrets.token_bytes secrets.token_hex
    secrets.token_urlsafe secrets.randbelow secrets.randbits secrets.choice torch.seed
    """
)
# These seed every generator at once.
_SEED_ALL = {
    "keras.utils.set_random_seed": ("random", "numpy.random"),
    "tensorflow.keras.utils.set_random_seed": ("random", "numpy.random"),
    "lightning.seed_everything": ("random", "numpy.random"),
    "pytorch_lightning.seed_everything": ("random", "numpy.random"),
}

_CLOCKS = _words(
    """
    time.time time.time_ns time.perf_counter time.perf_counter_ns time.monotonic
    time.monotonic_ns time.process_time time.process_time_ns time.thread_time
    timeit.default_timer timeit.timeit timeit.repeat datetime.datetime.now
    datetime.datetime.utcnow datetime.datetime.today datetime.date.today pandas.Timestamp.now
    pandas.Timestamp.today
    """
)

_METRIC_MODULES = ("sklearn.metrics.", "torchmetrics.functional.")
_METRIC_FUNCTIONS = frozenset({"sklearn.model_selection.cross_val_score"})

# Calls after which names change with nothing in the source to show it.
_OPAQUE_BUILTINS = frozenset({"exec", "eval", "globals", "locals"})
_OPAQUE_CALLS = _words(
    """
    threading.Thread threading.Timer concurrent.futures.ThreadPoolExecutor _thread
    multiprocessing.pool.ThreadPool asyncio.create_task asyncio.ensure_future runpy
    importlib.reload IPython.get_ipython
    """
)

# Line magics that leave the notebook's names alone.
_HARMLESS_MAGICS = _words(
    """
    matplotlib pip conda mamba uv cd pwd ls env set_env config autoreload who whos history pinfo
    pinfo2 psource pdoc lsmagic precision xmode colors automagic bookmark dirs mkdir cat head
    tail more less man timeit mlops load_env dotenv tensorboard page notebook autosave
    connect_info debug alias writefile save logstart logstop memit time prun
    """
)
_HARMLESS_EXTENSIONS = _words(
    """
    autoreload tensorboard memory_profiler line_profiler dotenv jupyter_mlops watermark
    """
)
# Cell magics whose body is not this notebook's Python.
FOREIGN_CELL_MAGICS = _words(
    """
    bash sh script html HTML javascript js latex markdown svg SVG perl ruby writefile file
    system sx cmd
    """
)


def root(node: ast.expr) -> str | None:
    """Return the name at the root of ``name.attribute[index]…``, if there is one."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def dotted(node: ast.expr, aliases: Mapping[str, str]) -> str | None:
    """Return the full dotted name of ``np.random.seed`` and the like.

    The name at its root stands for what it was imported as; one that was not imported
    stands for itself.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(aliases.get(node.id, node.id))
    return ".".join(reversed(parts))


def is_below(name: str, modules: Container[str]) -> bool:
    """Tell whether a dotted name is one of `modules` or below one."""
    if name in modules:
        return True
    end = name.rfind(".")
    while end > 0:
        if name[:end] in modules:
            return True
        end = name.rfind(".", 0, end)
    return False


def seeds(name: str, call: ast.Call) -> tuple[str, ...]:
    """Return the generators that a call seeds with a given seed."""
    if name in _SEEDERS and _is_given(call):
        return (_SEEDERS[name], *_SEED_ALL.get(name, ()))
    return ()


def entropy(name: str, call: ast.Call) -> str | None:
    """Return the generator that a call feeds from the system's entropy, if it does."""
    if name in _SEEDERS and not _is_given(call):
        return _SEEDERS[name]
    return name if name in _ENTROPY else None


def _is_given(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return bool(given) and not (isinstance(given[0], ast.Constant) and given[0].value is None)


# The last parts of their names, by which they are called whatever their module is called.
CLOCK_WORDS = frozenset(name.rpartition(".")[2] for name in _CLOCKS)


def is_clock(name: str) -> bool:
    """Tell whether a call of this name returns a clock's value."""
    return name in _CLOCKS


def metric(call: ast.Call, name: str | None, aliases: Mapping[str, str]) -> str | None:
    """Return how a call measures (``model.score``, ``sklearn.metrics.f1_score``), or ``None``."""
    if name is not None and (name.startswith(_METRIC_MODULES) or name in _METRIC_FUNCTIONS):
        return name
    if isinstance(call.func, ast.Attribute):
        if call.func.attr == "score":
            return name or ".score"
        # `metrics.f1_score(…)` after an import that was not seen (a star, a `%run`).
        receiver = call.func.value
        if isinstance(receiver, ast.Name) and receiver.id == "metrics" and "metrics" not in aliases:
            return name
    return None


def opaque_reason(name: str, call: ast.Call, shadowed: frozenset[str]) -> str | None:
    """Say why the flow of a cell with this call is not known, or ``None`` if it is."""
    if name in _OPAQUE_BUILTINS and name not in shadowed:
        return f"{name}()"
    if name == "vars" and not call.args and name not in shadowed:
        return "vars()"
    if name.startswith("builtins.") and name[9:] in _OPAQUE_BUILTINS:
        return f"{name}()"
    if is_below(name, _OPAQUE_CALLS):
        return f"{name}()"
    return None


def magic_reason(name: str, line: str) -> str | None:
    """Say why the flow of a cell with this line magic is not known."""
    if name in ("load_ext", "reload_ext"):
        return None if line.strip() in _HARMLESS_EXTENSIONS else f"%{name} {line}".strip()
    return None if name in _HARMLESS_MAGICS else f"%{name}"
