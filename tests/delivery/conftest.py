"""Make `canary_data` importable: the importlib mode of pytest leaves it off the path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
