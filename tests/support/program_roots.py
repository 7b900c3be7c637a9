"""The programs that take settings: their root files in configs/, and the models of what these hold."""

from __future__ import annotations

from pydantic import BaseModel

from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.datagen.generation.settings import GenerateSettings
from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.evaluation.calibration_settings import CalibrationSettings
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.pool.orchestrator.settings import PoolSettings
from synthetic1.trainers.finetuning.settings import SftSettings
from synthetic1.trainers.recipe.settings import R1Settings
from synthetic1.trainers.reinforcement.settings import GrpoSettings

ROOTS: dict[str, type[BaseModel]] = {
    "calibrate_judge": CalibrationSettings,
    "curate": CurateSettings,
    "evaluate_model": EvaluationSettings,
    "export": ExportSettings,
    "generate": GenerateSettings,
    "grpo": GrpoSettings,
    "pool": PoolSettings,
    "r1": R1Settings,
    "sft": SftSettings,
    "verify": VerifySettings,
}
"""The config of each program, and the model that is the home of its defaults."""
