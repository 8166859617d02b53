"""Threads, signals, children, and the ends of a kernel."""

from __future__ import annotations

NOTEBOOKS = {
    "threads": r"""
import threading
def say(n): print('thread', n)
t = threading.Thread(target=say, args=(1,)); t.start(); t.join()
# ---
event = threading.Event(); results = []
def wait(): event.wait(60); results.append(threading.current_thread().daemon)
t = threading.Thread(target=wait, daemon=True); t.start(); threading.active_count() > 1
# ---
event.set(); t.join(); results
# ---
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(3) as pool: list(pool.map(lambda n: n * n, range(5)))
# ---
local = threading.local(); local.x = 1; vars(local)
# ---
vars(local)
# ---
def sets():
    global from_thread
    from_thread = open('t.txt', 'w').write('t')
t = threading.Thread(target=sets); t.start(); t.join(); from_thread
# ---
lock = threading.RLock(); lock.acquire()
# ---
lock._is_owned(), lock.release()
# ---
timer = threading.Timer(0.01, results.append, ('timer',)); timer.start(); timer.join(); results
# ---
ran = []
def nested(): ran.append(get_ipython().run_cell('inner = 5').success)
t = threading.Thread(target=nested); t.start(); t.join(); ran, inner
# ---
sorted(one.name for one in threading.enumerate() if 'mlops' in one.name.lower())
# ---
threading.main_thread() is threading.current_thread(), threading.get_native_id() > 0
""",
    "signals": r"""
import os, signal, time
told = []
old = signal.signal(signal.SIGUSR1, lambda *a: told.append('usr1'))
os.kill(os.getpid(), signal.SIGUSR1); told
# ---
signal.getsignal(signal.SIGUSR1) is not None, signal.getsignal(signal.SIGINT).__name__
# ---
def alarm(*a): raise TimeoutError('alarm')
signal.signal(signal.SIGALRM, alarm); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(10)
# ---
os.kill(os.getpid(), signal.SIGINT); time.sleep(10)
# ---
try:
    os.kill(os.getpid(), signal.SIGINT); time.sleep(10)
except KeyboardInterrupt:
    print('caught')
# ---
signal.signal(signal.SIGINT, lambda *a: told.append('int')); os.kill(os.getpid(), signal.SIGINT)
time.sleep(0.01); told
# ---
signal.signal(signal.SIGINT, signal.default_int_handler); signal.getitimer(signal.ITIMER_REAL)
# ---
import atexit, faulthandler
atexit.register(print, 'never seen'); faulthandler.is_enabled()
# ---
signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1)
""",
    "children": r"""
import os, sys, subprocess
child = os.fork()
if child == 0:
    open('child.txt', 'w').write('written'); os._exit(4)
os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), open('child.txt').read()
# ---
r, w = os.pipe(); child = os.fork()
if child == 0:
    try:
        x = 1; os.write(w, str(get_ipython().run_cell('in_child = 7').success).encode())
    finally:
        os._exit(0)
os.waitpid(child, 0)[1], os.read(r, 10), os.close(r), os.close(w), 'in_child' in globals()
# ---
del r, w, child
# ---
subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout
# ---
listing = 'import os; print(sorted(os.readlink("/proc/self/fd/" + n).partition(":")[0] for n in' \
    ' os.listdir("/proc/self/fd") if int(n) > 2 and os.path.exists("/proc/self/fd/" + n)))'
subprocess.run([sys.executable, '-c', listing], capture_output=True, close_fds=False).stdout[:8]
# ---
subprocess.check_output('env | grep -c MLOPS_STARTER; true', shell=True)
# ---
import multiprocessing
def square(n): return n * n
with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(square, range(4)))
pool.join()
# ---
open('work_of_mine.py', 'w').write('def cube(n): return n ** 3\n')
sys.path.insert(0, os.getcwd())
import work_of_mine
with multiprocessing.get_context('spawn').Pool(1) as pool:
    print(pool.map(work_of_mine.cube, range(4)))
pool.join()
# ---
queue = multiprocessing.get_context('fork').Queue()
p = multiprocessing.get_context('fork').Process(target=queue.put, args=(5,)); p.start()
queue.get(timeout=60), p.join(), p.exitcode, queue.close(), queue.join_thread(), p.close()
# ---
del queue, p
# ---
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('fork')) as pool:
    print(pool.submit(square, 6).result())
# ---
os.system('exit 3') >> 8, os.popen('echo popen').read(), multiprocessing.active_children()
# ---
# When the pools' pipes are closed would be decided by their threads.
import gc; del pool; gc.collect() >= 0
# ---
sys.path.pop(0) == os.getcwd()
""",
    "an exit": r"""
x = 1
# ---
import sys
sys.exit(3)
# ---
sys.exit('a message')
# ---
x
# ---
exit
# ---
quit()
""",
    "a sudden end": r"""
x = 1
# ---
print('last words', flush=True); import time; time.sleep(0.3)
# ---
import os
os._exit(5)
""",
    "a death": r"""
x = 1
# ---
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
""",
    "standard descriptors": r"""
import os, sys
os.write(1, b'to the descriptor\n'); os.write(2, b'err\n')
# ---
sys.stdout.fileno() if hasattr(sys.stdout, 'fileno') else None
# ---
copy = os.dup(1); os.close(copy); del copy; os.fstat(1).st_mode == os.fstat(1).st_mode
# ---
lowest = os.open('f.txt', os.O_CREAT | os.O_RDWR); os.get_inheritable(lowest)
# ---
os.write(lowest, b'abc'), os.lseek(lowest, 0, 0), os.read(lowest, 2), os.fstat(lowest).st_size
# ---
os.lseek(lowest, 0, os.SEEK_CUR), os.close(lowest), globals().pop('lowest') > 2
# ---
with os.scandir('.') as found: names = sorted(one.name for one in found)
names
# ---
import resource
resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE)
# ---
import mmap
with open('f.txt', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m: m[0:1] = b'z'
open('f.txt').read()
""",
}
