"""Cells that watch, and would notice a guest: tracers, hooks, patched builtins, hostile objects."""

from __future__ import annotations

NOTEBOOKS = {
    "tracers": r"""
import sys
seen = []
def tracer(frame, event, arg):
    if 'mlops' in frame.f_code.co_filename: seen.append((event, frame.f_code.co_name))
    return tracer
def f(n): return n + 1
# ---
sys.settrace(tracer); f(1); sys.settrace(None); seen
# ---
profiled = []
def profiler(frame, event, arg): profiled.append(event)
sys.setprofile(profiler); f(1); sys.setprofile(None); profiled
# ---
import cProfile, pstats, io
p = cProfile.Profile(); p.enable(); open('x.txt', 'w').write('x'); f(2); p.disable()
sorted(str(k[2]) for k in pstats.Stats(p, stream=io.StringIO()).stats if 'mlops' in k[0])
# ---
sys.gettrace(), sys.getprofile()
# ---
events = []
def audit(event, args):
    # An open without a mode is `os.open`: a hook of capture's own reading can't be avoided.
    if event == 'open' and 'mine' in str(args[0]) and args[1]: events.append(args[1])
sys.addaudithook(audit)
open('mine.txt', 'w').close(); open('mine.txt').read(); events
# ---
len(events), events
# ---
import threading
threading.settrace(tracer); t = threading.Thread(target=f, args=(1,)); t.start(); t.join()
threading.settrace(None); seen
""",
    "excepthooks": r"""
import sys
told = []
def hook(*a): told.append(a[0].__name__)
sys.excepthook = hook
1 / 0
# ---
told, sys.excepthook is hook
# ---
class Special(Exception): pass
def handler(self, kind, value, tb, tb_offset=None):
    print('handled', kind.__name__, value.args)
    return None
get_ipython().set_custom_exc((Special,), handler)
# ---
raise Special('x')
# ---
1 / 0
# ---
def bad(self, kind, value, tb, tb_offset=None): raise RuntimeError('in the handler')
get_ipython().set_custom_exc((Special,), bad)
# ---
raise Special('y')
# ---
raise Special('y')
# ---
import threading
threading.excepthook = lambda a: told.append('thread ' + a.exc_type.__name__)
def fails(): raise KeyError
t = threading.Thread(target=fails); t.start(); t.join(); told
# ---
sys.unraisablehook = lambda a: told.append('unraisable ' + a.exc_type.__name__)
class Bad:
    def __del__(self): raise OSError
Bad(); told
# ---
sys.displayhook, type(sys.displayhook).__name__
""",
    "patched builtins": r"""
import builtins, io, os, sys
opened = []
real = builtins.open
def counting(*a, **k):
    opened.append(a[0]); return real(*a, **k)
builtins.open = counting
# ---
open('a.txt', 'w').write('a'); len(opened)
# ---
import json
json.dump({}, open('b.json', 'w')); opened
# ---
open('a.txt').read(), opened
# ---
builtins.open = real; len(opened)
# ---
calls = []
def wrapped(function):
    def call(*a, **k):
        calls.append(function.__name__); return function(*a, **k)
    return call
originals = {n: getattr(builtins, n) for n in ('repr', 'len', 'isinstance', 'hasattr', 'sorted')}
# ---
1
# ---
os_stat, os_open = os.stat, os.open
# ---
class Out:
    def __init__(self, real): self.real, self.n = real, 0
    def write(self, t): self.n += 1; return self.real.write(t)
    def __getattr__(self, name): return getattr(self.real, name)
sys.stdout = Out(sys.stdout); print('through mine')
# ---
print('again'); sys.stdout.n
# ---
sys.stdout = sys.stdout.real; sys.stdout.__class__.__name__, sys.stderr.__class__.__name__
# ---
import time
then = time.time; time.time = lambda: 5.0
# ---
time.time()
# ---
time.time = then; id_ = builtins.id
# ---
builtins.print = lambda *a: sys.stdout.write('patched\n')
print('x')
# ---
del builtins.print
""",
    "hooks of one's own": r"""
order = []
ip = get_ipython()
def before(info): order.append(('pre', info.raw_cell.strip()[:9]))
def after(result): order.append(('post', result.success))
def plain(): order.append('plain')
ip.events.register('pre_run_cell', before); ip.events.register('post_run_cell', after)
ip.events.register('pre_execute', plain); ip.events.register('post_execute', plain)
# ---
x = 1
# ---
1 / 0
# ---
order
# ---
def fails(info): raise ValueError('in a hook of mine')
ip.events.register('pre_run_cell', fails)
# ---
y = 2
# ---
ip.events.unregister('pre_run_cell', fails)
# ---
def changes(result): ip.user_ns['from_a_hook'] = 1
ip.events.register('post_run_cell', changes)
# ---
from_a_hook
# ---
import ast
class Twice(ast.NodeTransformer):
    def visit_Constant(self, node):
        if type(node.value) is int: return ast.Constant(node.value * 2)
        return node
ip.ast_transformers.append(Twice())
# ---
21
# ---
ip.ast_transformers.clear()
# ---
class Refuses(ast.NodeTransformer):
    def visit(self, node): raise RuntimeError('no')
ip.ast_transformers.append(Refuses())
# ---
22
# ---
ip.ast_transformers
# ---
def shout(lines): return [line.replace('HELLO', 'print("hello")') for line in lines]
ip.input_transformers_post.append(shout)
# ---
HELLO
# ---
def syntax(lines): raise SyntaxError('refused')
ip.input_transformers_cleanup.append(syntax)
# ---
fine = 1
# ---
23
""",
    "hostile objects": r"""
CALLS = []
def hook(name):
    def called(*a, **k):
        CALLS.append(name); raise RuntimeError(name)
    return called
NAMES = '''__eq__ __hash__ __len__ __bool__ __getattr__ __iter__ __array__ __reduce__ __sizeof__
__fspath__ __float__ __int__ __index__ __call__ __contains__ __getitem__ __dir__ __copy__'''.split()
Hostile = type('Hostile', (), {name: hook(name) for name in NAMES})
class Lying:
    @property
    def __class__(self): CALLS.append('__class__'); return dict
a, b = Hostile(), Lying()
# ---
many = [a, b]; named = {'a': a}; pair = (a, b)
# ---
def use(*a): return None
use(a, b, many, named, pair)
# ---
CALLS
# ---
class Text(str):
    def __eq__(self, other): CALLS.append('eq'); return str.__eq__(self, other)
    def __hash__(self): CALLS.append('hash'); return str.__hash__(self)
key = Text('name'); globals()[key] = 1; CALLS.clear()
# ---
other = 1
# ---
CALLS
# ---
class Shown:
    n = 0
    def __repr__(self): Shown.n += 1; return f'shown {Shown.n}'
    def _repr_html_(self): Shown.n += 1; return f'<b>{Shown.n}</b>'
s = Shown(); s
# ---
s
# ---
Shown.n
# ---
class E(Exception):
    n = 0
    def __str__(self): E.n += 1; return 'told'
    def __bool__(self): E.n += 100; return False
raise E
# ---
E.n
# ---
import sys, types
class Module(types.ModuleType):
    def __getattr__(self, name): CALLS.append(name); raise AttributeError(name)
sys.modules['hostile_module'] = Module('hostile_module')
class Anything:
    def __getattr__(self, name): CALLS.append(name); return 1
sys.modules['pandas'] = sys.modules['torch'] = Anything()
# ---
third = 3
# ---
CALLS
""",
}
