"""How Sphinx builds the documentation: ``sphinx-build -W --keep-going -b html docs docs/build/html``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mlsysim import __version__

project = "mlsysim"
author = "The mlsysim authors"
copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docs.generate"]
exclude_patterns = ["build", "generate", "**/fragments/*"]  # fragments are included by pages
root_doc = "index"
language = "en"

myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # a part of the README begins at its second level

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "mlsysim"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"source_edit_link": "", "source_view_link": ""}
pygments_style = "tango"
