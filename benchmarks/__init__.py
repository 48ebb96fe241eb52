"""Measurements; they compute as the workers do (see runner/environment.py)."""

import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
