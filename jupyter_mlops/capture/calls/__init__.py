"""Calls in the notebook's own code that tell what a run used and produced.

No function of a library is replaced. Where a cell mentions one that fits or measures, the
syntax tree that IPython compiles has that call wrapped: its result is told by an audit event,
as Python itself tells of a file that is opened, and goes on to where it went. The call and all
that it raises stand where they stood, and code that is pickled and run elsewhere tells nobody.
"""
