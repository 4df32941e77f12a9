"""Letters: pages of HTML with a proof inside (docs/proof-format.md, "Letters"). Only the proof is read."""

from __future__ import annotations

from .notes import NoteError, from_base64
from .proof import Unreadable

BEGINNING = "<!doctype html>\n"
START, END = '<template id="custody-proof">', "</template>\n"


def is_letter(text: str) -> bool:
    return text.startswith(BEGINNING)


def proof_in(letter: str) -> str:
    parts = letter.split(START)
    inside, end, _ = parts[-1].partition(END)
    if len(parts) != 2 or end == "":
        raise Unreadable("it is a page with no proof in it, or with several")
    try:
        return from_base64(inside).decode("utf-8")
    except (NoteError, UnicodeDecodeError) as error:
        raise Unreadable("the proof in it was damaged") from error
