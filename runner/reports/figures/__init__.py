"""The figures of a report, drawn from its document and from arrays in the store.

matplotlib takes a second to import: only what draws imports it.
"""

import logging

# What it warns of changes no figure: a font cache that is built, a directory for it that cannot be
# made, lines of a matplotlibrc, which does not count.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
