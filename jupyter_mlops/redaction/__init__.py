"""What is a secret, and what stands in its place in everything that is kept.

A record says ``{"redacted": "hmac-sha256:…"}`` for a value and ``[redacted hmac-sha256:…]``
inside a text: equal secrets stay comparable, and nothing can be read back. Kernel, server and
job share these rules, so that the same secret leaves the same mark whoever writes it down.
Only what is kept is redacted, never what is shown to whoever executes a cell.
"""

from jupyter_mlops.redaction.keys import key_of
from jupyter_mlops.redaction.marks import digest_of, is_redacted
from jupyter_mlops.redaction.names import Names
from jupyter_mlops.redaction.redactor import Redactor

__all__ = ["Names", "Redactor", "digest_of", "is_redacted", "key_of"]
