"""The language: errors, recursion, iterators, references, contexts, warnings, randomness."""

from __future__ import annotations

NOTEBOOKS = {
    "errors": r"""
def outer(n):
    return inner(n)
def inner(n):
    return 1 / n
# ---
outer(0)
# ---
try:
    outer(0)
except ZeroDivisionError as error:
    raise ValueError('a cause') from error
# ---
import traceback, sys
traceback.print_exception(sys.last_value)
def iter_of(at):
    while at: yield at; at = at.tb_next
# ---
def broken(:
# ---
[one.tb_frame.f_code.co_name for one in iter_of(sys.last_traceback)]
# ---
  indented = 1
print(indented)
# ---
class Odd(Exception):
    def __str__(self): raise RuntimeError('no text')
raise Odd
# ---
raise ExceptionGroup('several', [ValueError(1), KeyError('k')])
# ---
def frames():
    import inspect
    return [one.function for one in inspect.stack() if 'mlops' in one.filename]
frames()
# ---
try:
    raise KeyError('x')
except KeyError as error:
    kept = error
names = []
at = kept.__traceback__
while at: names.append(at.tb_frame.f_code.co_name); at = at.tb_next
names
# ---
raise SystemExit(3)
# ---
raise KeyboardInterrupt
# ---
raise GeneratorExit('g')
# ---
assert 1 == 2, 'not equal'
# ---
undefined_name
# ---
print('goes on')
""",
    "recursion": r"""
import sys
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)
def limit():
    n = 10
    while True:
        try:
            deep(n)
        except RecursionError:
            return n
        n += 1
sys.setrecursionlimit(700)
first = limit()
first
# ---
limit() == first, limit()
# ---
sys.setrecursionlimit(300)
deep(10 ** 6)
# ---
limit()
# ---
sys.setrecursionlimit(3000)
# ---
x = []
for _i in range(3000): x = [x]
y = [1]; y.append(y)
d = {}; d['d'] = d
len(x), y, d
# ---
sum(["""
    + "1+" * 900
    + r"""1])
# ---
def at_the_edge():
    try:
        return at_the_edge()
    except RecursionError:
        return open('edge.txt', 'w').write('written')
at_the_edge(), open('edge.txt').read()
# ---
sys.setrecursionlimit(3000)
eval('-' * 50 + '1')
""",
    "results and history": r"""
1 + 1
# ---
_ + 1
# ---
_, __, ___
# ---
Out, In[1], _i, _ii
# ---
_2 * 2
# ---
None
# ---
_ = 'mine'
_
# ---
'shown'
# ---
_
# ---
del _
7
# ---
_
# ---
x = 5;
# ---
x;
# ---
sorted(n for n in dir() if not n.startswith('_'))
# ---
sorted(globals())
# ---
len(Out), sorted(Out), len(In)
# ---
locals() is globals(), __name__, '__file__' in globals()
# ---
import builtins
_, hasattr(builtins, '_')
""",
    "references and garbage": r"""
import gc, sys, weakref
class Node: pass
a = Node(); b = a; held = [a]
r = weakref.ref(a)
sys.getrefcount(a), sys.getrefcount(Node), sys.getrefcount(held)
# ---
sys.getrefcount(a), len(gc.get_referrers(a))
# ---
a.x = 1; held.append(2)
sys.getrefcount(a), sys.getrefcount(held)
# ---
del a, b; held.clear()
r() is None
# ---
class Loud:
    def __init__(self, n): self.n = n
    def __del__(self): print('gone', self.n)
one = Loud(1)
# ---
one = Loud(2)
# ---
del one
# ---
def fail():
    inside = Loud(3)
    raise ValueError
fail()
# ---
1 / 0
# ---
gc.collect() > 0
# ---
cycle = Loud(4); cycle.me = cycle; del cycle
gc.collect() > 0
# ---
gc.disable(); gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), len(gc.garbage)
# ---
big = bytearray(10 ** 8); view = memoryview(big)
sys.getrefcount(big), sys.getrefcount(view)
# ---
view.release(); big.extend(b'x'); len(big)
# ---
interned = 'a name of its own' * 2
sys.getrefcount(interned)
# ---
values = weakref.WeakValueDictionary(); v = Node(); values['v'] = v; len(values)
# ---
del v
len(values)
""",
    "iterators and files": r"""
numbers = iter(range(5)); made = (n * n for n in range(5)); mapped = map(str, range(5))
# ---
def counting():
    n = 0
    while True:
        got = yield n
        n += 1 if got is None else got
counter = counting(); next(counter)
# ---
next(numbers), next(made), next(mapped), counter.send(10), numbers.__length_hint__()
# ---
import itertools
left, right = itertools.tee(made)
zipped = zip(left, right)
# ---
next(zipped), list(numbers), made.gi_running, made.gi_frame is not None
# ---
with open('lines.txt', 'w') as out:
    for n in range(10): out.write(f'line {n}\n')
file = open('lines.txt'); raw = open('lines.txt', 'rb', buffering=0)
file.readline(), raw.read(3)
# ---
file.tell(), raw.tell(), file.closed
# ---
file.readline(), raw.read(3), file.fileno() == file.fileno()
# ---
import io, csv, tempfile
text = io.StringIO('a,b\n1,2\n'); reader = csv.reader(text); next(reader)
# ---
text.tell(), next(reader)
# ---
temporary = tempfile.TemporaryFile(); temporary.write(b'abc')
# ---
temporary.tell(), temporary.seek(0), temporary.read()
# ---
import sqlite3
base = sqlite3.connect('rows.db'); cursor = base.execute('create table t (n)')
cursor = base.executemany('insert into t values (?)', [(n,) for n in range(5)])
base.in_transaction, base.total_changes
# ---
rows = base.execute('select n from t'); rows.fetchone()
# ---
rows.fetchone(), base.in_transaction
# ---
base.commit(); rows.fetchall(), rows.fetchone()
# ---
raw.close(); file.close(); base.close(); temporary.close()
open('missing.txt')
""",
    "randomness": r"""
import random
random.seed(3); random.random()
# ---
random.random(), random.randrange(10)
# ---
state = random.getstate(); random.gauss(0, 1)
# ---
random.setstate(state); random.gauss(0, 1)
# ---
import numpy as np
np.random.seed(0); np.random.rand(2)
# ---
np.random.rand(2), np.random.get_state()[2]
# ---
rng = np.random.default_rng(7); rng.normal()
# ---
rng.bit_generator.state['state']['state'], rng.integers(10)
# ---
own = random.Random(5); own.random(), np.random.RandomState(1).rand()
# ---
own.random(), random.random(), np.random.permutation(5), hash('text'), hash((1, 'a'))
# ---
import uuid, secrets
len(secrets.token_hex()), uuid.uuid5(uuid.NAMESPACE_DNS, 'a')
# ---
random.choice('abc'), {'a', 'b', 'c', 'd'}, np.random.get_state()[1][:3]
""",
    "warnings and logging": r"""
import warnings
warnings.warn('careful')
# ---
warnings.warn('careful')
# ---
for n in range(3): warnings.warn('in a loop')
# ---
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    warnings.warn('kept', DeprecationWarning)
[str(one.message) for one in caught]
# ---
warnings.filterwarnings('error')
warnings.warn('an error now')
# ---
warnings.resetwarnings(); len(warnings.filters)
# ---
s = '\d'
# ---
import logging, sys
logging.warning('to stderr')
# ---
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, force=True, format='%(message)s')
logging.getLogger('mine').debug('told')
# ---
logging.getLogger().debug('told too'); logging.getLogger().handlers[0].level
# ---
class Keep(logging.Handler):
    records = []
    def emit(self, record): self.records.append(record.getMessage())
logging.getLogger().addHandler(Keep()); logging.info('kept')
# ---
x = open('never closed.txt', 'w'); x = 1
# ---
Keep.records, sorted(n for n in logging.root.manager.loggerDict if 'mlops' in n)
""",
    "contexts": r"""
import contextvars, decimal
v = contextvars.ContextVar('v', default=0)
token = v.set(1); v.get()
# ---
v.get(), len(contextvars.copy_context()) >= 0
# ---
decimal.getcontext().prec = 5
decimal.Decimal(1) / 3
# ---
decimal.Decimal(1) / 3, decimal.getcontext().flags[decimal.Inexact]
# ---
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as told:
    print('kept')
told.getvalue()
# ---
import locale, os
os.makedirs('sub', exist_ok=True); os.chdir('sub'); os.getcwd().endswith('sub')
# ---
os.path.basename(os.getcwd()), os.environ.setdefault('MINE', '1'), os.umask(0o077)
# ---
open('here.txt', 'w').write('x'), oct(os.stat('here.txt').st_mode & 0o777), os.umask(0o022)
# ---
os.chdir('..'); os.environ.pop('MINE'), os.listdir('sub'), os.umask(0o022)
# ---
import sys
sys.path.insert(0, 'sub'); open('sub/module_of_mine.py', 'w').write('VALUE = 1\n')
import module_of_mine
module_of_mine.VALUE, 'module_of_mine' in sys.modules, module_of_mine.__file__.endswith('mine.py')
# ---
del sys.modules['module_of_mine']; sys.path.pop(0), sys.dont_write_bytecode
# ---
[k for k in os.environ if 'MLOPS_STARTER' in k]
""",
}
