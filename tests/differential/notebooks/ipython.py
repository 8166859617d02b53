"""What IPython adds: magics, displays, prompts, tasks, configuration."""

from __future__ import annotations

NOTEBOOKS = {
    "magics": r"""
%time x = 1
# ---
%%time
y = 2
y
# ---
%timeit -n 1 -r 1 pass
# ---
%%capture out
print('hidden'); 1
# ---
out.stdout, out.outputs
# ---
%%capture
1 / 0
# ---
%%bash
echo from bash; exit 3
# ---
!echo from a shell; exit 2
# ---
_exit_code
# ---
files = !echo a b
files
# ---
%who
# ---
%%writefile made.py
made = 5
# ---
%run made.py
# ---
made
# ---
%%python3
print('another python')
# ---
%pwd
# ---
%unknown_magic
# ---
%%unknown_cell_magic
x
# ---
%lsmagic?
# ---
%alias_magic t time
# ---
%env NEW=1
# ---
%xmode Plain
1 / 0
# ---
%xmode Verbose
1 / 0
# ---
x?
# ---
%history -n 1-3
# ---
%precision 3
3.14159265
# ---
%macro again 1
# ---
%%script sh
exit 1
# ---
%%html
<b>x</b>
# ---
%%javascript
1
# ---
%reset -f
# ---
sorted(n for n in dir() if not n.startswith('_'))
""",
    "configuration and reloading": r"""
%load_ext autoreload
%autoreload 2
# ---
open('mine.py', 'w').write('def f(): return 1\n')
import mine
mine.f()
# ---
import os, time
open('mine.py', 'w').write('def f(): return 22\n')
os.utime('mine.py', (time.time() + 5, time.time() + 5))
# ---
mine.f()
# ---
%config InteractiveShell.ast_node_interactivity = 'all'
# ---
1
2
# ---
%config InteractiveShell.ast_node_interactivity = 'last_expr_or_assign'
# ---
shown = 5
# ---
%config InteractiveShell.cache_size = 0
# ---
6
# ---
_
# ---
%config InteractiveShell.ast_node_interactivity = 'none'
# ---
7
# ---
get_ipython().autoawait, get_ipython().colors, get_ipython().history_length
# ---
%load mine.py
# ---
%store
# ---
%pdb off
# ---
get_ipython().magic('pwd') if False else get_ipython().run_line_magic('time', '1')
# ---
get_ipython().run_cell('print("nested")\n5').result
# ---
get_ipython().run_cell('1 / 0').success
# ---
get_ipython().ex('pushed = 1'); get_ipython().push({'more': 2}); pushed + more
# ---
%autoreload 0
""",
    "displays": r"""
from IPython.display import display, HTML, Markdown, clear_output, update_display, Image, JSON
display(HTML('<b>x</b>'), Markdown('**y**'), {'a': 1})
# ---
print('before'); clear_output(); print('after')
# ---
print('before'); clear_output(wait=True); print('after')
# ---
handle = display('first', display_id='one')
# ---
handle.update('second'); update_display('third', display_id='one')
# ---
display({'text/plain': 'raw', 'application/json': {'n': [1]}}, raw=True)
# ---
class Rich:
    def _repr_html_(self): return '<i>rich</i>'
    def _repr_png_(self): return b'\x89PNG'
    def _repr_latex_(self): return None
    def __repr__(self): return 'plain'
Rich()
# ---
class Mime:
    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/x': 'm'}, {'meta': 1}
display(Mime())
# ---
class Own:
    def _ipython_display_(self): print('displays itself')
Own()
# ---
class Broken:
    def _repr_html_(self): raise ValueError('no html')
    def __repr__(self): return 'text'
Broken()
# ---
class Unprintable:
    def __repr__(self): raise ValueError('no text')
Unprintable()
# ---
import sys
sys.stderr.write('err\n'); sys.stderr.flush(); print('out', flush=True); sys.stdout.write('x')
# ---
print('\x1b[31mred\x1b[0m', 'a\rb', 'ünï', '\ud800' if False else '\u2028', end='')
# ---
print('x' * 100_000)
# ---
for n in range(5): print(n, end=' ', flush=True)
# ---
display(JSON({'a': [1, 2]}), metadata={'k': 1}); display(1, 2, 3)
# ---
get_ipython().display_formatter.formatters['text/plain'].for_type(int, lambda o, p, c: p.text('I'))
5
# ---
list(range(2000))
# ---
print(b'bytes', None, sep='|', file=sys.stdout)
""",
    "prompts": r"""
name = input('name? ')
name
# ---
import getpass
len(getpass.getpass('secret? '))
# ---
input()
# ---
print('asked:', input('again '))
""",
    "tasks": r"""
import asyncio
await asyncio.sleep(0); print('awaited')
# ---
async def work(n):
    await asyncio.sleep(0.01); print('worked', n); return n
await work(1)
# ---
results = await asyncio.gather(work(2), asyncio.to_thread(lambda: 3)); results
# ---
task = asyncio.get_running_loop().create_task(work(4))
# ---
await task, task.done()
# ---
async with asyncio.Lock() as lock:
    print('locked')
[n async for n in (lambda: (x async def_ in [])) ] if False else 1
# ---
async def numbers():
    for n in range(3): yield n
[n async for n in numbers()]
# ---
await asyncio.wait_for(asyncio.sleep(10), 0.01)
# ---
async def fails(): raise ValueError('in a task')
await fails()
# ---
asyncio.get_running_loop().__class__.__name__, len(asyncio.all_tasks()) > 0
# ---
sorted(n for n in dir() if not n.startswith('_'))
""",
    "widgets": r"""
import ipywidgets
slider = ipywidgets.IntSlider(value=3); slider.value
# ---
told = []
slider.observe(lambda change: told.append(change['new']), 'value'); slider.value = 5; told
# ---
out = ipywidgets.Output()
with out:
    print('inside')
len(out.outputs)
# ---
ipywidgets.Widget.close_all() if hasattr(ipywidgets.Widget, 'close_all') else None
told
""",
}
