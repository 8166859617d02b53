"""Libraries that people compute, fit and draw with."""

from __future__ import annotations

NOTEBOOKS = {
    "frames": r"""
import numpy as np, pandas as pd
df = pd.DataFrame({'a': range(5), 'b': list('vwxyz'), 'c': np.linspace(0, 1, 5)}); df
# ---
df.to_csv('d.csv', index=False); back = pd.read_csv('d.csv'); back.equals(df), back.dtypes
# ---
view = df['c']; df.loc[0, 'c'] = 9.0; view.iloc[0], df._is_copy
# ---
df['d'] = df.a * 2; df.drop(columns='b', inplace=True); df.describe()
# ---
df.iloc[10]
# ---
df['missing']
# ---
df[df.a > 2]['c'] = 1
df
# ---
grouped = df.groupby('a'); rolled = df.rolling(2); [key for key, _ in grouped]
# ---
big = pd.DataFrame(np.zeros((200_000, 10))); big.memory_usage().sum(), big._mgr.nblocks
# ---
big[3] += 1; alias = big; alias.iloc[0, 0] = 5; big.iloc[0, 0]
# ---
df.attrs, df.flags.allows_duplicate_labels, df._item_cache if hasattr(df, '_item_cache') else None
# ---
reader = pd.read_csv('d.csv', chunksize=2); next(reader)
# ---
next(reader)
# ---
df.style.highlight_max().to_html(table_uuid='t')[:20], pd.get_option('display.max_rows')
# ---
s = pd.Series(['x', None], dtype='string'); o = pd.Series([[1], {}]); s, o
# ---
hash(tuple(pd.util.hash_pandas_object(df))), pd.DataFrame([[object]], columns=['t']).shape
""",
    "arrays": r"""
import numpy as np, sys
a = np.arange(12.0).reshape(3, 4); b = a.T; c = a[::2]; a.flags.owndata, b.base is a
# ---
sys.getrefcount(a), a.flags.writeable, c.flags.c_contiguous
# ---
a[0, 0] = 7; b[0, 0], a.resize((3, 4), refcheck=False)
# ---
big = np.zeros(12_500_000); big[5] = 1.0; big.nbytes
# ---
big.resize(5); big
# ---
big.setflags(write=False); big[0] = 1
# ---
masked = np.ma.array([1, 2], mask=[0, 1]); masked
# ---
class Sub(np.ndarray):
    calls = []
    def __array_finalize__(self, obj): Sub.calls.append('finalize')
    def __array_ufunc__(self, *a, **k): Sub.calls.append('ufunc'); return NotImplemented
s = np.zeros(3).view(Sub); n = len(Sub.calls)
# ---
len(Sub.calls) - n
# ---
m = np.memmap('m.bin', dtype='u1', mode='w+', shape=(10,)); m[3] = 5; m.flush()
# ---
open('m.bin', 'rb').read()
# ---
np.seterr(divide='raise'); np.float64(1) / 0
# ---
np.geterr(), np.get_printoptions()['precision']
# ---
o = np.array([object, None, 'x'], dtype=object); r = np.rec.array([(1, 'a')]); o.shape, r
# ---
np.frombuffer(b'abcdefgh', 'u1')[0], np.array(5), np.datetime64('2020-01-01')
""",
    "models": r"""
import numpy as np, sklearn
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.datasets import make_classification
X, y = make_classification(n_samples=200, random_state=0)
model = LogisticRegression(C=0.5).fit(X, y); model.score(X, y)
# ---
model
# ---
model.get_params(), sorted(vars(model))
# ---
np.random.seed(0); sgd = SGDClassifier(max_iter=5).fit(X, y); round(sgd.score(X, y), 6)
# ---
from sklearn.ensemble import RandomForestClassifier
# Its threads each save and restore all filters of warnings: what is left there is chance.
import warnings; filters = warnings.filters[:]
forest = RandomForestClassifier(10, n_jobs=2, random_state=0).fit(X, y)
predicted = forest.predict(X[:5]); warnings.filters[:] = filters; predicted
# ---
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
pipe = make_pipeline(StandardScaler(), LogisticRegression()); pipe.predict(X)
# ---
pipe.fit(X, y).score(X, y)
# ---
from sklearn.model_selection import cross_val_score, train_test_split
cross_val_score(pipe, X, y, cv=3), train_test_split(X, y, random_state=1)[0].shape
# ---
class Mine(LogisticRegression):
    calls = []
    def get_params(self, deep=True): self.calls.append('get'); return super().get_params(deep)
    def __getstate__(self): self.calls.append('state'); return super().__getstate__()
mine = Mine().fit(X, y); Mine.calls.clear()
# ---
fitted = mine
# ---
Mine.calls, sorted(vars(mine))
# ---
import pickle, hashlib
hashlib.sha256(pickle.dumps(model)).hexdigest()
""",
    "figures": r"""
%matplotlib inline
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.title('t')
# ---
fig, ax = plt.subplots(); ax.bar([1, 2], [3, 4]); plt.close(fig)
# ---
plt.get_fignums(), plt.isinteractive(), len(plt.gcf().axes)
# ---
fig, ax = plt.subplots(); ax.hist([1, 1, 2]); fig.savefig('f.png', metadata={'Software': None})
# ---
import os
os.path.getsize('f.png') > 0, plt.get_fignums()
# ---
plt.rcParams['figure.dpi'] = 50; plt.figure(); 1 / 0
# ---
import plotly.graph_objects as go
figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4])); figure.to_dict()['data'][0]['y']
# ---
import matplotlib.animation, seaborn
matplotlib.get_backend(), seaborn.__name__
""",
    "a subclass of everything": r"""
import pandas as pd, numpy as np
CALLS = []
class Frame(pd.DataFrame):
    _metadata = ['note']
    @property
    def _constructor(self): CALLS.append('constructor'); return Frame
    def __len__(self): CALLS.append('len'); return super().__len__()
    @property
    def shape(self): CALLS.append('shape'); return super().shape
    @property
    def columns_(self): CALLS.append('columns'); return 1
frame = Frame({'a': [1, 2]}); CALLS.clear()
# ---
def use(*a): return None
use(frame); alias = frame
# ---
CALLS
# ---
class Dict(dict):
    def items(self): CALLS.append('items'); return super().items()
    def __iter__(self): CALLS.append('iter'); return super().__iter__()
    def __missing__(self, key): CALLS.append('missing'); return key
class List(list):
    def __iter__(self): CALLS.append('iter'); return super().__iter__()
    def __len__(self): CALLS.append('len'); return super().__len__()
class Int(int):
    def __eq__(self, other): CALLS.append('eq'); return int.__eq__(self, other)
    def __hash__(self): CALLS.append('hash'); return int.__hash__(self)
    def __repr__(self): CALLS.append('repr'); return 'I'
class Path(str):
    def __fspath__(self): CALLS.append('fspath'); return str.__str__(self)
    def __str__(self): CALLS.append('str'); return 'S'
d, l, i, p = Dict(a=1), List([1]), Int(5), Path('p.txt'); CALLS.clear()
# ---
use(d, l, i, p); both = (i, l)
# ---
CALLS
# ---
open(p, 'w').write('x'); CALLS
# ---
open(p).read(), CALLS
# ---
d['b'] = i; l.append(i)
# ---
CALLS.count('eq'), CALLS.count('repr'), CALLS.count('items')
""",
}
