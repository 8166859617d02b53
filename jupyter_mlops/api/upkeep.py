"""``doctor``: the verbs that look after the product itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlops import settings

if TYPE_CHECKING:
    from jupyter_mlops.results import ShownDiagnosis
    from jupyter_mlops.settings import Settings


def doctor(*, of: Settings | None = None) -> ShownDiagnosis:
    """Tell whether everything is recorded, whether the store is sound, and what mends it."""
    from jupyter_mlops import diagnosis
    from jupyter_mlops.results import ShownDiagnosis, shown

    return shown(diagnosis.diagnose(of or settings.read()), ShownDiagnosis)
