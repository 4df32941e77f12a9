"""Proofs of rows, each as one line of JSON: says of each, on a line, what the verifier says of it as a file. With a file of verifier keys as its argument.

Many edited proofs have the same signatures: here, and never in the verifier, what was said of one is remembered.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "verifiers" / "python"))

from check import keys_in  # noqa: E402
from custody_check import ed25519, mldsa44  # noqa: E402
from custody_check.proof import Unreadable, check_proof  # noqa: E402
from custody_check.trust import Reader  # noqa: E402

ed25519.verify = functools.cache(ed25519.verify)
mldsa44.verify = functools.cache(mldsa44.verify)

reader = Reader(keys_in(Path(sys.argv[1])))
for line in sys.stdin:
    try:
        said = check_proof(json.loads(line), reader).json()
    except Unreadable as error:
        said = {"ok": False, "error": {"message": str(error)}}
    print(json.dumps(said), flush=True)
