"""One process of `runner check`: train two short epochs, die where told to, say what came out.

Started by `runner.check` as `python -m cifar_model.checking PLAN.json`.
"""
