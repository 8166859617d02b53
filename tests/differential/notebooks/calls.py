"""Calls that tell of themselves, in all the places where a call may stand."""

from __future__ import annotations

NOTEBOOKS = {
    "calls": r"""
import numpy as np, inspect, pickle, sys, traceback, warnings
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, f1_score
X = np.arange(40.0).reshape(20, 2); y = np.arange(20) % 2
# ---
model = LogisticRegression(C=0.5)
model.fit(X, y)
# ---
accuracy_score(y, model.predict(X)), f1_score(y, model.predict(X), average=None)
# ---
print(classification_report(y, model.predict(X), zero_division=0))
# ---
accuracy_score(y, y[:3])
# ---
model.fit(X, [1])
# ---
def evaluate(model, *, depth=2):
    if depth:
        return evaluate(model, depth=depth - 1)
    return accuracy_score(y, model.predict(X[:3]))
evaluate(model)
# ---
inspect.getsource(evaluate)[:30], evaluate.__code__.co_name, evaluate.__code__.co_varnames
# ---
try:
    evaluate(model)
except ValueError as error:
    frames = [(one.name, one.lineno) for one in traceback.extract_tb(error.__traceback__)]
frames[:4]
# ---
class Own(BaseEstimator):
    seen = []
    def __init__(self, a=1): self.a = a
    def fit(self, X, y=None):
        Own.seen.append(sys._getframe(1).f_code.co_name)
        warnings.warn('look at my caller', stacklevel=2)
        return self
    def score(self, X, y=None): return float(len(X)) / self.a
    def __getattribute__(self, name):
        if not name.startswith('__'): Own.seen.append(name)
        return super().__getattribute__(name)
own = Own(3); own.fit(X, y).score(X)
# ---
Own.seen
# ---
class Refusing:
    def __repr__(self): raise RuntimeError('repr')
    def __eq__(self, other): raise RuntimeError('eq')
    __hash__ = None
    def __bool__(self): raise RuntimeError('bool')
    def __len__(self): raise RuntimeError('len')
    def __float__(self): raise RuntimeError('float')
    def fit(self, *a, **k): return self
    def score(self, *a): return self
kept = Refusing().fit(Refusing(), y=Refusing()).score(Refusing()); type(kept).__name__
# ---
def scores():
    got = yield model.score(X, y)
    yield got, (yield model.score(X[:4], y[:4]))
flow = scores(); next(flow), flow.send('a'), flow.send('b')
# ---
made = [LinearRegression().fit(X, y + k).score(X, y) for k in range(2)]
made, {k: model.score(X, y) for k in 'ab'}
# ---
import asyncio
class Later:
    async def score(self): await asyncio.sleep(0); return 0.5
await Later().score(), [await Later().score() for _ in range(2)]
# ---
await asyncio.gather(Later().score())
# ---
(lambda m=model: m.score(X, y))(), (n := model.score(X, y)), f'{model.score(X, y):.3f}'
# ---
class Child(LogisticRegression):
    def fit(self, X, y): return super().fit(X, y)
Child().fit(*(X,), **{'y': y}).score(X, y)
# ---
%%capture shown
print(model.score(X, y)); model.fit(X, y)
# ---
shown.stdout
# ---
from joblib import Parallel, delayed
Parallel(n_jobs=2)(delayed(model.score)(X, y) for k in range(3))
# ---
import weakref, gc
temporary = LinearRegression().fit(X, y); gone = weakref.ref(temporary)
del temporary; gone() is None
# ---
pickle.loads(pickle.dumps(clone(model))).get_params()['C'], sys.gettrace(), sys.getrefcount(model)
# ---
model.sore(X)
# ---
model.score(X, y, 1, 2)
# ---
undefined.fit(X).score(y)
""",
}
