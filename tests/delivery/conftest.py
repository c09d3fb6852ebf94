"""Makes `canary_data` importable: pytest's importlib mode does not put this directory on the path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
