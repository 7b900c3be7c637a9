"""How the embedded model is made; its files are in ``synthetic1.jobs.embedded_model``."""
