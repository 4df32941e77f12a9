"""What is claimed, in the words of docs/proof-format.md ("Sentences"): all checkers say the same thing in the same words."""

from __future__ import annotations

from typing import Any, Iterator

from .entries import IDS_OF_PART
from .outcomes import FATES
from .story import Story
from .topology import Topology


def counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def name_of(kind: str, number: int) -> str:
    """`row 17`, or `row 3:17` in split 3."""
    part, within = divmod(number, IDS_OF_PART)
    return f"{kind} {part:,}:{within:,}" if part else f"{kind} {number:,}"


def fate_name(fate: int) -> str:
    return FATES[fate].name if fate in FATES else f"{fate} / ?"


def of_plan(opening: dict[str, Any]) -> str:
    return (
        "the plan, and the code of its plugins, are those with the hashes in the first entry "
        f"(plan {opening['plan_hash']}, Custody {opening['custody']})"
    )


def of_ledger(ledger: str, entries: int, runs: int, sealed: int) -> str:
    return (
        f"ledger {ledger} had {counted(entries, 'entry', 'entries')} in its own log, and by these {counted(runs, 'run')}, "
        f"{sealed:,} of them sealed: there were no others"
    )


def of_subject(run: str, story: Story, entries: int) -> Iterator[str]:
    """All of a row or a batch; then how its tokens ended."""
    yield (
        f"all that run {run} has on record of {name_of(story.kind, story.number)} is "
        f"{counted(entries, 'entry', 'entries')} and {counted(len(story.known), 'token')}, and it is over"
    )
    for token in story.known:
        ending = story.endings.get(token)
        if ending is None:
            continue
        ways = story.topology
        at = f"in sink {ways.name(ending.sink)}" if ending.sink else f"at {ways.name(ending.node)}"
        code = f" ({ending.error[0]})" if ending.error else ""
        yield f"{name_of('token', token)} of {name_of(story.kind, story.number)} ended as {fate_name(ending.fate)} {at}{code}"


def of_opening(opening: dict[str, Any], ways: Topology, shown: set[int]) -> Iterator[str]:
    """Of a proof: the values of the first entry that it shows."""
    values = opening["values"]
    for node, numbers in enumerate(values["nodes"], 1):
        yield from (f"the {key} of {ways.name(node)} are those that the run had" for key, n in numbers.items() if n in shown)
    for key in ("plan", "folder", "arguments"):
        if values.get(key) in shown:
            yield f"the {key} of the run is what was recorded"


def of_row_run(
    ledger: str, opening: dict[str, Any], seal: dict[str, Any], entries: int, ways: Topology, publish: Any, split: tuple[int, int] | None
) -> Iterator[str]:
    """`split`: the one in which the row is, and how many entries it had before it was closed."""
    beside = "" if split is None else " beside those of its splits"
    yield (
        f"run {opening['run']} of {opening['name']} is one of ledger {ledger}, and was sealed as {seal['status']} with "
        f"{counted(entries, 'entry', 'entries')}{beside}, after {counted(seal['totals']['rows']['read'], 'row')}"
    )
    if split is not None:
        part, size = split
        closed = f"split {part:,} was closed after {counted(size, 'entry', 'entries')}"
        yield f"run {opening['run']} has {counted(opening['splits'], 'split')}, and {closed}"
    yield of_plan(opening)
    for each in publish["artifacts"] if publish else []:
        yield f"{ways.name(each['sink'])} published {counted(each['rows'], 'row')} in {counted(each['bytes'], 'byte')}"


def of_record_run(
    ledger: str,
    opening: dict[str, Any],
    commit: dict[str, Any],
    publish: Any,
    seal: dict[str, Any],
    entries: int,
    ways: Topology,
    splits: int,
) -> Iterator[str]:
    totals = seal["totals"]
    yield (
        f"run {opening['run']} of {opening['name']} is one of ledger {ledger}, and was sealed as {seal['status']} with "
        f"{counted(entries, 'entry', 'entries')}: these are all that it has"
    )
    if splits:
        yield (
            f"it has {counted(splits, 'split')}, each of which is here and was closed with all that it was cut to, and they add up to it"
        )
    yield of_plan(opening)
    for each in commit["cursors"]:
        records, end = each["records"], ", to its end" if each["done"] else ", and no more"
        was = "was" if records == 1 else "were"
        yield f"{counted(records, 'record')} of {ways.name(each['source'])} {was} read{end}; each has a row"
    rows = totals["rows"]
    was = "was" if rows["rejected"] == 1 else "were"
    yield (
        f"of the {counted(rows['read'], 'row')}, {rows['ingested']:,} went into the pipeline and {rows['rejected']:,} {was} rejected; "
        "each has one story, and no other"
    )
    each_ending = [
        f"{count:,} {fate_name(fate)}{f' in {ways.name(sink)}' if sink else ''}" for fate, sink, count in totals["endings"]
    ]
    listed = f": {', '.join(each_ending)}" if each_ending else ""
    yield f"{counted(totals['tokens']['born'], 'token')} came into being, and each has exactly one ending{listed}"
    if totals["groups"]:
        one, many = "fork, expansion, merge, batch or join", "forks, expansions, merges, batches and joins"
        yield f"{counted(totals['groups'], one, many)} add up: each child, branch and member is accounted for"
    for each in publish["artifacts"] if publish else []:
        what = f"{counted(each['rows'], 'row')} in {counted(each['bytes'], 'byte')}"
        yield f"{ways.name(each['sink'])} published {what}: as many rows as ended in it"


def of_disclosed(opening: dict[str, Any], ways: Topology, shown: dict[int, Any]) -> Iterator[str]:
    """Of a record: the values of the first entry that it discloses."""
    plan = shown.get(opening["values"]["plan"])
    if plan is not None:
        yield f"the pipeline file that ran, {plan['file']}, is the one that the record discloses"
    for node, numbers in enumerate(opening["values"]["nodes"], 1):
        for key, number in numbers.items():
            if number in shown:
                yield f"the {key} of {ways.name(node)} are those that the record discloses"
