"""The figures of a report, drawn from its document and from arrays in the store.

Importing matplotlib takes a second, so only modules that draw import it.
"""

import logging

# Its warnings do not affect the figures: they are about the font cache and its directory, and about
# matplotlibrc files, which are ignored.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
