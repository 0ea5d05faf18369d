"""Vendor's reports of a project held against what is predicted, and what they show of its operators."""

from allo_studio.calibration.comparison import compare, predictions
from allo_studio.calibration.evidence import Evidence, read_evidence
from allo_studio.calibration.learning import Learned, learn
from allo_studio.calibration.result import CalibrationResult, OperatorChange
from allo_studio.calibration.text import calibration_table

__all__ = [
    "CalibrationResult",
    "Evidence",
    "Learned",
    "OperatorChange",
    "calibration_table",
    "compare",
    "learn",
    "predictions",
    "read_evidence",
]
