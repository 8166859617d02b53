"""IPython's hooks, guarded: whatever goes wrong in here stays in here.

Hooks come on several threads, interleaved, nested, and not in pairs: an empty cell ends
without a beginning, a beginning may never end. An end finds its beginning by the object
that IPython gives to both; a nested ``run_cell`` belongs to the cell that called it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import get_ident
from typing import Any

from jupyter_mlops.capture.execution import Execution
from jupyter_mlops.capture.interrupts import hand_on
from jupyter_mlops.capture.outputs import Listener
from jupyter_mlops.capture.recorder import Recorder
from jupyter_mlops.capture.session import Session, switched_off
from jupyter_mlops.events import Notice, NotSeen

# Faults of capture after which it switches itself off.
_FAULT_LIMIT = 3
_number = object.__hash__
# Not the attribute, which a class of the user's may define anew.
_TRACEBACK = vars(BaseException)["__traceback__"].__get__


class Hooks:
    """What IPython calls around each execution.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    session
        The session to record into.
    """

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session
        self._recorder: Recorder | None = None
        self._listener: Listener | None = None
        self._stacks: dict[int, list[Execution]] = {}
        self._beginning: set[int] = set()
        self._faults = 0
        self._ends = 0
        self._off = False
        self._parse: Callable[..., Any] | None = None

    # --- on and off ---

    def register(self) -> None:
        """Start to watch the shell."""
        compiler = self._shell.compile
        self._parse = compiler.ast_parse
        # The tree that IPython parses anyway. Its `ast_transformers` would be the official
        # way, but with one registered IPython walks each tree once more, recursively, and
        # fails on deeply nested cells that it executes without.
        compiler.ast_parse = self._ast_parse
        self._shell.events.register("pre_run_cell", self.pre_run_cell)
        self._shell.events.register("post_run_cell", self.post_run_cell)

    def unregister(self) -> None:
        """Stop watching; a second call does nothing."""
        if self._off:
            return
        self._off = True
        steps: list[Callable[[], None]] = [
            lambda: self._forget("pre_run_cell", self.pre_run_cell),
            lambda: self._forget("post_run_cell", self.post_run_cell),
            self._parse_again,
        ]
        if self._listener is not None:
            steps.append(self._listener.close)
        if self._recorder is not None:
            steps.append(self._recorder.close)
        for step in steps:
            try:
                step()
            except BaseException:  # noqa: BLE001 - what is left of a hook does nothing when off
                continue

    def _forget(self, event: str, hook: Callable[..., None]) -> None:
        if hook in self._shell.events.callbacks[event]:
            self._shell.events.unregister(event, hook)

    def _parse_again(self) -> None:
        if self._shell.compile.__dict__.get("ast_parse") == self._ast_parse:
            del self._shell.compile.ast_parse

    def end(self) -> None:
        """Say that the session ends; for the interpreter's exit."""
        self._guard("ending the session", self._close)

    def executing(self, pid: int) -> Execution | None:
        """Return the execution under way in this thread of the kernel's process, if any.

        What a thread of a cell's does belongs to that cell, if no other one runs beside it.
        """
        if self._off or pid != self._session.pid:
            return None
        stack = self._stacks.get(get_ident())
        if stack:
            return stack[-1]
        stacks = list(self._stacks.values())
        return stacks[0][-1] if len(stacks) == 1 and stacks[0] else None

    # --- what IPython calls; further arguments of other versions are taken and left ---

    # An interrupt hits a function's very beginning too, so what calls the guard is guarded.

    def pre_run_cell(self, info: Any = None, *_: Any) -> None:
        """Begin an execution."""
        try:
            if info is None or self._off:
                return
            interrupted = self._guard("beginning a cell", self._begin, info)
        except KeyboardInterrupt:  # handed on to the cell, as those that the guard takes
            interrupted = True
        if interrupted:
            self._hand_on()

    def post_run_cell(self, result: Any = None, *_: Any) -> None:
        """End an execution."""
        try:
            self._ends += 1
            if self._off:
                return
            began = time.perf_counter()
            self._guard("ending a cell", self._end, result, began)
        except KeyboardInterrupt:  # the cell it was meant for is over
            return

    def _ast_parse(self, *args: Any, **options: Any) -> Any:
        assert self._parse is not None
        tree, interrupted = None, False
        while tree is None:
            try:
                tree = self._parse(*args, **options)
            except KeyboardInterrupt:  # handed on; from here our frame would be shown with it
                interrupted = True
        told = [tree]
        try:
            if not self._off:
                source = args[0] if args else None
                interrupted |= self._guard("reading a cell", self._read, tree, source, told)
        except KeyboardInterrupt:  # handed on
            interrupted = True
        if interrupted:
            self._hand_on()
        return told[0]

    def _hand_on(self) -> None:
        ends = self._ends
        hand_on(lambda: self._ends == ends)

    # --- inside the guard ---

    def _begin(self, info: Any) -> None:
        if os.getpid() != self._session.pid:
            return
        began = time.perf_counter()
        request = self._shell.get_parent() or {}
        if self._recorder is None and not self._open_session(request.get("header", {})):
            return
        assert self._recorder is not None
        message = request.get("header", {}).get("msg_id")
        thread = get_ident()
        stack = self._stacks.setdefault(thread, [])
        while stack and stack[-1].message != message:
            # Cells of one thread come one after the other: the end of that one was not told.
            self._abandon(stack.pop())
        if stack:
            stack[-1].depth += 1
            self._recorder.nest(stack[-1], str(info.raw_cell))
            return
        if self._recorder.begun and thread not in self._beginning:
            self._recorder.abandon_begun(thread)
        # Said before the first line is written: meanwhile another thread's cell may begin.
        self._beginning.add(thread)
        try:
            overlapping = len(self._beginning) > 1
            if len(self._stacks) > 1:
                beside = [other for other in list(self._stacks.values()) if other is not stack]
                overlapping = overlapping or any(beside)
            interrupt = None
            try:
                execution = self._recorder.start(info, request, overlapping)
            except KeyboardInterrupt as one:
                # The cell begins all the same: what ends it is the interrupt handed on.
                interrupt = one
                execution = self._recorder.start(info, request, overlapping, again=True)
            stack.append(execution)
        finally:
            self._beginning.discard(thread)
        execution.began = time.perf_counter()
        execution.own_time = execution.began - began
        if interrupt is not None:
            raise interrupt

    def _read(self, tree: Any, code: object, told: list[Any]) -> None:
        began = time.perf_counter()
        stack = self._stacks.get(get_ident())
        if not stack or self._recorder is None or os.getpid() != self._session.pid:
            return
        execution = stack[-1]
        if not execution.depth:
            self._recorder.read(execution, tree, code)
        # What a cell runs inside itself tells of its calls as well.
        self._recorder.let_tell(execution, code, told)
        if not execution.depth:
            now = time.perf_counter()
            execution.own_time += now - began
            execution.began += now - began

    def _end(self, result: Any, began: float) -> None:
        thread = get_ident()
        stack = self._stacks.get(thread)
        if getattr(result, "error_before_exec", None) is not None:
            _leave_traceback(result.error_before_exec)
        if not stack or self._recorder is None or os.getpid() != self._session.pid:
            return  # an empty cell, or one that began before we did
        execution = stack[-1]
        info = getattr(result, "info", None)
        if _number(info) != execution.key:
            if execution.depth:
                execution.depth -= 1
                self._recorder.unnest(execution, result)
                return
            if info is not None and info.raw_cell != execution.given:
                return
        stack.pop()
        if not stack:
            del self._stacks[thread]
        try:
            self._recorder.finish(execution, result, began)
        except KeyboardInterrupt:
            # The cell is over; what is left of the work is done without the interrupted part.
            self._recorder.finish(execution, result, began)

    def _on_interrupt(self) -> None:
        if self._stacks:  # else no cell is there that it could be meant for
            self._hand_on()

    def _on_reply(self, request: str) -> None:
        if not self._off:
            self._guard("ending a cell", self._say_finished, request)

    def _say_finished(self, request: str) -> None:
        if self._recorder is None or os.getpid() != self._session.pid:
            return
        try:
            self._recorder.say_finished(request)
        except KeyboardInterrupt:  # the cell it was meant for is over
            self._recorder.say_finished(request)

    def _close(self) -> None:
        if not self._session.is_ours:
            return
        if self._recorder is not None:
            self._recorder.abandon_begun()
            self._recorder.say_finished()
            self._guard("looking at the surroundings", self._recorder.look_around_at_last)
        self._session.close()

    def _abandon(self, lost: Execution) -> None:
        assert self._recorder is not None
        lost.unseen.append(NotSeen("the end of the execution", "it was never told"))
        self._recorder.finish(lost, None, time.perf_counter())

    def _open_session(self, header: dict[str, Any]) -> bool:
        if switched_off(self._session.path):
            self.unregister()
            return False
        if not self._session.is_open:
            self._session.open(header)
        if not self._session.listens and self._listener is None:
            protocol = self._shell.display_pub.session
            if protocol is not None:
                self._listener = Listener(protocol, self._on_reply, self._on_interrupt)
        self._recorder = Recorder(self._shell, self._session, self._listener, self._guard)
        return True

    # --- faults ---

    def _guard(self, doing: str, step: Callable[..., Any], *of: Any) -> bool:
        """Do one step; return whether a KeyboardInterrupt came meanwhile."""
        try:
            step(*of)
        except KeyboardInterrupt:  # told to the caller, who hands it on to the cell
            return True
        except BaseException as fault:  # noqa: BLE001 - nothing of ours may reach the user's output
            try:
                self._fault(doing, fault)
            except BaseException:  # noqa: BLE001 - not even the fault of reporting a fault
                self.unregister()
        return False

    def _fault(self, doing: str, fault: BaseException) -> None:
        self._faults += 1
        where = ""
        trace = fault.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            where = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
            trace = trace.tb_next
        self._session.say(
            Notice, what=f"capture failed while {doing}", why=f"{type(fault).__name__} at {where}"
        )
        if self._faults >= _FAULT_LIMIT:
            self.unregister()
            if not self._session.is_open:
                self._session.open({})  # it never came to that, and its notices are to be read
            self._session.say(
                Notice,
                what="capture switched itself off for the rest of this session",
                why=f"it failed {self._faults} times",
            )
            self._session.end(shut_down=False)


def _leave_traceback(error: BaseException) -> None:
    """Take the frame of our parser out of the traceback of what it could not parse."""
    trace = _TRACEBACK(error)
    while trace is not None:
        inner = trace.tb_next
        if inner is not None and inner.tb_frame.f_code is Hooks._ast_parse.__code__:
            trace.tb_next = inner.tb_next
        trace = trace.tb_next
