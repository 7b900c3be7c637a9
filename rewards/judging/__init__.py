"""What a judge is made of: gate, quoting, rubrics, replies, settings, attacks, calibration."""
