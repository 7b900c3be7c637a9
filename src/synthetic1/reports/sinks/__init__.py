"""Experiment trackers that follow a run folder: W&B, trackio, TensorBoard, MLflow; one file each.

``report_to=[…]`` of a program opens them (``synthetic1.jobs.tracking``). The run folder stays the record: a tracker
shows a copy, may be late, and neither ends a run nor holds one up.
"""
