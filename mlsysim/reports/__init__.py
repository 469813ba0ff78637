"""What was found, written for other programs: tables, documents, and the formats in which builds report.

A ``Remark`` is one thing that holds or does not; ``github``, ``junit`` and ``sarif`` write remarks, ``rows`` writes tables.
"""

from __future__ import annotations

from mlsysim.reports.remarks import Place, Remark, of_error, of_found

__all__ = ["Place", "Remark", "of_error", "of_found"]
