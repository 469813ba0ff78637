"""Write the generated pages: ``python -m docs.generate``."""

from docs.generate import write

print(f"{len(write())} pages")
