"""All entries of a run, one after another, from the entries alone (docs/ledger-format.md, sections 4 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

from .clock import Clock
from .entries import OK, RECORDED, THROTTLED, Call, SubjectEntry, call_of, is_of_subject, parse_body, subject_entry
from .groups import Groups
from .ledger_log import Run
from .line import Line
from .merkle import Tree, leaf_hash
from .open_set import OpenSet, OpenToken
from .run_entries import VALUES_OF_KINDS, Named, run_entry, values_named
from .sending import Requests
from .story import Story
from .topology import Topology
from .totals import Totals

COMMITTED = {"commit", "stop", "resume"}
ENDS = COMMITTED | {"parts", "part", "close"}
"""With which a transaction ends, but for the seal's."""
RUN, COORDINATOR, SPLIT = "run", "coordinator", "split"
"""What a log is to its run: all of it; or of a run with splits its coordinator's, or that of one of them."""
NOT_IN = {
    RUN: {"cut", "parts", "part", "close"},
    COORDINATOR: {"part", "close", "subject"},
    SPLIT: {"open", "publish", "seal", "cut", "parts"},
}
TREES = {1: "row", 2: "batch"}


@dataclass
class Entry:
    """What an entry is, for those who look at tables, too."""

    seq: int
    leaf: bytes
    facts: dict[str, Any]
    subject: tuple[str, int]
    """`("run", 0)` of entries of the run."""
    first_value: int
    commitments: list[bytes]
    of_subject: SubjectEntry | None = None
    story: Story | None = None


@dataclass
class _Source:
    records: int = 0
    last: int = 0
    """Number of the last record, where they were dealt."""
    asked: tuple[int, Call] = (1, Call(*[0] * 14))
    """The record before which it called last, and that call."""
    answered: bool = False
    files: int = 0
    in_files: int = 0
    """Files that ended, or were begun, and their records: of a split, with those before it."""
    ended: int = 0
    """Of these, those that ended in this log."""
    done: bool = True
    """Whether the last one did."""


@dataclass
class FilesOfSplit:
    """A list of files as a split is to read it."""

    count: int
    before: int
    """How many end in splits before it."""
    ends: int
    """How many end in it."""


class DealtRecords:
    """Records of a source that were dealt, as far as splits have them."""

    def __init__(self, by: str, count: int) -> None:
        self.by, self.count = by, count
        self._seen: dict[int, int] = {}
        """1,024 of them each, a bit for one: how many there are is only said."""

    def take(self, index: int) -> bool:
        """False: there is no such record, or another row is it."""
        place, bit = index >> 10, 1 << (index & 1023)
        bits = self._seen.get(place, 0)
        if not 1 <= index <= self.count or bits & bit:
            return False
        self._seen[place] = bits | bit
        return True


@dataclass
class SplitPlan:
    """What a split is to be, as its coordinator has it."""

    part: int
    opening: bytes
    """Leaf of the coordinator's entry 0."""
    topology: Topology
    ranges: dict[int, dict[str, Any]]
    """By source."""
    whole: set[int]
    """Sources that it reads whole."""
    dealt: dict[int, DealtRecords]
    """By source whose records were dealt."""
    count: int
    """How many splits there are."""
    files: dict[int, FilesOfSplit]
    """By source with a list of them."""


class RunEntries:
    def __init__(self, run: Run, split: SplitPlan | None = None) -> None:
        """`split`: its log is that of one."""
        self.run, self.split = run, split
        self.role = SPLIT if split is not None else COORDINATOR if run.splits else RUN
        self.parts: dict[str, Any] | None = None
        """Of a coordinator, the tree of its splits' last entries; None as long as one isn't closed."""
        self.tree = Tree()
        self.topology = Topology({"nodes": [], "edges": []})
        self.opening: dict[str, Any] = {}
        self.commit: dict[str, Any] | None = None
        self.seal: dict[str, Any] | None = None
        self.published: dict[str, Any] | None = None
        self.files: list[dict[str, Any]] = []
        self.stories: dict[tuple[str, int], Story] = {}
        """Of those that aren't over."""
        self.last: dict[str, dict[int, bytes]] = {"row": {}, "batch": {}}
        """Leaf of the last entry, by number."""
        self.named: dict[int, Named] = {}
        """Values of the run, by number."""
        self.values = 0
        """How many values entries of rows and batches commit to."""
        self.cuts: list[dict[str, Any]] = []
        """Of a coordinator: what its input was cut to."""
        self.dealt: dict[int, int] = {}
        self.dealt_bytes: dict[int, int] = {}
        """Of a coordinator: records and bytes of sources that were dealt."""
        self._told: set[int] = set()
        """Of which it has said what was dealt."""
        self.all_read = True
        """Of a coordinator: whether its splits have read all that the input was cut to."""
        self._begin(self.topology)
        self._before: dict[tuple[str, int], int] = {}
        self._kind: str | None = None
        self._touched: dict[tuple[str, int], None] = {}
        self._time = self._latest = 0
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._unconfirmed: dict[int, dict[str, Any]] = {}
        """What was published, by sink, until a commit has the receipt of it."""
        self._receipts: dict[int, dict[str, Any]] = {}
        self.cursors: dict[int, dict[str, Any]] = {}
        """Of each sink and each source, what the commit before says."""
        self.unread: set[int] = set()
        """Sources whose rest isn't read."""
        self._sources: dict[int, _Source] = {}
        self._epoch = 1
        self._root_before = b""
        """Of the tree before an entry that closes a split."""
        if split is not None:
            self._begin(split.topology)
            self._time = run.opened_time
            for source, each in split.ranges.items():
                before = split.files[source].before if source in split.files else 0
                self._sources[source] = _Source(each["before"], files=before, in_files=each["before"])

    def _begin(self, topology: Topology) -> None:
        self.topology = topology
        self.totals, self.groups, self.requests = Totals(topology), Groups(topology), Requests(topology)
        self.open, self.line, self.clock = OpenSet(), Line(), Clock()

    def take(self, body: str) -> tuple[Entry, list[str]]:
        """The next entry, and what is wrong with it."""
        seq = self.tree.size
        leaf = leaf_hash(body.encode())
        if '"k":"close"' in body:
            self._root_before = self.tree.root()
        self.tree.append(leaf)
        facts = parse_body(body)
        if is_of_subject(facts):
            entry, found = self._of_subject(seq, leaf, facts)
        else:
            entry, found = self._of_run(seq, leaf, facts)
        problems = [f"entry {seq}: {each}" for each in found]
        if self._kind in NOT_IN[self.role]:
            problems.append(f"entry {seq} is none that such a log can have")
        if seq == 0 and self.role != SPLIT and leaf != self.run.first_root:
            problems.append("its first entry isn't the one that it was opened with")
        if entry.of_subject is None:
            if facts["t"] < self._time:
                problems.append(f"entry {seq}: its time lies before that of the run's own entry before it")
            self._time = max(self._time, facts["t"])
        problems += self._bound()
        return entry, problems

    def _bound(self) -> Iterator[str]:
        """What log 0 says of the run up to here."""
        said = self.run.bound.get(self.tree.size)
        if said is None:
            return
        if said.root != self.tree.root():
            yield f"its first {self.tree.size} entries aren't those that the ledger's own log names"
        is_seal = self.tree.size == self.run.size and self.role != SPLIT
        if (self._kind != "seal" if is_seal else self._kind not in ENDS) or self._time > said.time:
            yield f"the ledger's own log names {self.tree.size} entries of it, where nothing was committed, or earlier"

    def _of_subject(self, seq: int, leaf: bytes, facts: dict[str, Any]) -> tuple[Entry, Iterator[str]]:
        entry = subject_entry(facts)
        subject = (entry.kind, entry.number)
        problems: list[str] = []
        if self.tree.size == 1 or self._kind in ("seal", "close", "publish", "file", "calls"):
            problems.append("it stands where no row and no batch can")
        self._kind = "subject"
        story = self.stories.get(subject)
        if story is None:
            count = len(self.last[entry.kind])
            if entry.number <= count:
                problems.append(f"{entry.kind} {entry.number} is over")
            elif entry.number != count + 1:
                problems.append(f"{entry.kind} {entry.number} begins, where {count + 1} comes next")
            story = self.stories[subject] = Story(entry.kind, entry.number, self.topology)
        problems += [f"({story.name}) {each}" for each in story.take(seq, entry)]
        self.last[entry.kind][entry.number] = leaf
        self.values += len(entry.commitments)
        self.totals.take(entry, story.source)
        problems += self.groups.take(entry)
        problems += self._origin(entry)
        self._touched[subject] = None
        if entry.time < self.run.opened_time:
            problems.append("it has a time before that of the opening")
        self._latest = max(self._latest, _latest(entry))
        problems += self.requests.take(entry)
        self.clock.take(seq, entry)
        found = Entry(seq, leaf, facts, subject, entry.first_value, entry.commitments, entry, story)
        return found, iter(problems)

    def _origin(self, entry: SubjectEntry) -> Iterator[str]:
        if entry.kind != "row" or entry.origin is None:
            return
        source = self._source(entry.origin.source)
        source.records += 1
        dealt = None if self.split is None else self.split.dealt.get(entry.origin.source)
        if dealt is not None:
            index = entry.origin.index
            if index <= source.last or not dealt.take(index):
                yield f"row {entry.number} is record {index}, which was not dealt, or is another row, too"
            source.last = index
        elif self.topology.kind(entry.origin.source) != "source" or entry.origin.index != source.records:
            yield f"row {entry.number} is record {entry.origin.index}, where {source.records} comes next"
        if bool(entry.origin.repeats) != ("reruns" in self.opening):
            yield f"row {entry.number} repeats a row, or repeats none where all do"

    def _source(self, node: int) -> _Source:
        return self._sources.setdefault(node, _Source())

    def _of_run(self, seq: int, leaf: bytes, facts: dict[str, Any]) -> tuple[Entry, Iterator[str]]:
        first, commitments = run_entry(facts)
        kind, before = facts["k"], self._kind
        self._kind = kind
        return Entry(seq, leaf, facts, ("run", 0), first, commitments), self._run_problems(facts, before, first, commitments)

    def _run_problems(
        self, facts: dict[str, Any], before: str | None, first: int, commitments: list[bytes]
    ) -> Iterator[str]:
        kind = facts["k"]
        if not _may_follow(kind, before):
            yield f"{kind} stands behind {before}"
        yield from self._named(facts, first, commitments)
        yield from self.clock.run(facts)
        yield from getattr(self, f"_{kind}_entry")(facts)

    def _named(self, facts: dict[str, Any], first: int, commitments: list[bytes]) -> Iterator[str]:
        """Each value of the entry has a name, and a commit names again what the one before it did."""
        known = len(self.named)
        if commitments and first != known + 1:
            yield f"its values begin with {first}, where {known + 1} comes next"
        own = range(known + 1, known + 1 + len(commitments))
        before, now = self._before, {}
        found: dict[int, Named] = {}
        for each in values_named(facts):
            place = (each.key, each.node)
            now[place] = each.number
            if each.number in own and each.number not in found:
                found[each.number] = each
            elif facts["k"] != "commit" or before.get(place) != each.number:
                yield f"`{each.key}` is value {each.number}, which isn't its own, or is something else as well"
        for number in own:
            if number not in found:
                yield f"it doesn't say what its value {number} is"
            self.named[number] = found.get(number, Named("", 0, number))
        if facts["k"] == "commit":
            self._before = now

    def _open_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        if facts["format"] != 1 or facts["run"] != self.run.run:
            yield "it is of another format, or another run"
        if facts["t"] != self.run.opened_time:
            yield "it has another time than the ledger's own log says"
        if facts.get("splits", 0) != self.run.splits:
            yield "it has another number of splits than the ledger's own log says"
        yield from _topology_problems(facts["topology"])
        if len(facts["values"]["nodes"]) != len(facts["topology"]["nodes"]):
            yield "it doesn't have the values of each node"
        self.opening = facts
        sums = self.totals
        self._begin(Topology(facts["topology"]))
        self.totals.add(sums)
        for node, values in enumerate(facts["values"]["nodes"], 1):
            kind, name = self.topology.kind(node), self.topology.name(node)
            for key in values:
                if kind not in VALUES_OF_KINDS.get(key, {kind}):
                    yield f"it has a value `{key}` of {name}, which has no such thing"
            if kind == "sink" and "intent" not in values:
                yield f"it doesn't say what sink {name} intends"
            if ("files" in values) != (node in {each["source"] for each in facts.get("files", [])}):
                yield f"of the files of {name} it has the names, and not how many they are, or the other way round"

    def _commit_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        expected = 1 if self.commit is None else self.commit["commit"] + 1
        if facts["commit"] != expected:
            yield f"it is commit {facts['commit']}, where {expected} comes next"
        self.commit = facts
        yield from self.groups.commit()
        yield from self.requests.commit()
        for kind, number in self._touched:
            self._settle(kind, number)
        self._touched.clear()
        if facts["t"] < self._latest:
            yield "something that it records was, or ended, after its time"
        if facts["totals"] != self.totals.json():
            yield "its totals aren't what the entries add up to"
        if facts["open"] != {"count": len(self.open), "hash": self.open.hash()}:
            yield "its open tokens aren't what the entries leave open"
        yield from self.line.take(facts)
        # One that a batch holds is in line as long as the batch is to be taken.
        in_line = set(self.line.tokens())
        stories = self.stories.values()
        if not in_line <= {token for story in stories for token in story.open}:
            yield "a token is in line, and isn't open"
        if not in_line >= {token for story in stories for token in story.in_line()}:
            yield "an open token is neither in line, nor held by a batch, a join or a sort"
        if [each["sink"] for each in facts["receipts"]] != self._nodes("sink"):
            yield "it doesn't have a receipt of each sink"
        # A file that is made once more at the end can be shorter than what was gathered for it.
        may_shrink = all(each["done"] or each["source"] in self.unread for each in facts["cursors"])
        for each in facts["receipts"]:
            # A coordinator puts together what its splits have written, bit by bit.
            if self.role != COORDINATOR and each["rows"] != self.totals.written_to(each["sink"]):
                yield f"{self.topology.name(each['sink'])} has written {each['rows']} rows, and other tokens ended in it"
            if not may_shrink and each["bytes"] < self._receipts.get(each["sink"], each)["bytes"]:
                yield f"{self.topology.name(each['sink'])} has fewer bytes than in the commit before"
            self._receipts[each["sink"]] = each
            artifact = self._unconfirmed.get(each["sink"])
            # A sink whose rows name its files has a receipt of what was gathered.
            if artifact is not None and "files" not in artifact and (artifact["rows"], artifact["bytes"]) != (each["rows"], each["bytes"]):
                yield f"{self.topology.name(each['sink'])} was published with other rows and bytes than its last receipt has"
        self._unconfirmed.clear()
        for each in facts["cursors"]:
            if each["records"] != self.totals.read_of[each["source"]]:
                yield f"{each['records']} records of {self.topology.name(each['source'])} were read, and other rows"
            before = self.cursors.get(each["source"], each)
            if each.get("bytes", 0) < before.get("bytes", 0):
                yield f"{self.topology.name(each['source'])} has been read for fewer bytes than in the commit before"
            if before["done"] and (not each["done"] or each["records"] != before["records"]):
                yield f"{self.topology.name(each['source'])} continues after its end"
            self.cursors[each["source"]] = each
            asks = self.topology.services(each["source"]) > 0 and "reruns" not in self.opening
            if asks and each["records"] and not self._source(each["source"]).answered:
                yield f"{self.topology.name(each['source'])} has records, and was answered nothing"
        if [each["source"] for each in facts["cursors"]] != self._nodes("source"):
            yield "it doesn't have a cursor for each source"
        for tree, index, root in facts.get("tiles", []):
            if tree not in TREES or (tree, index) in self._tiles:
                yield f"tile {index} of tree {tree} is listed twice, or can't be"
            self._tiles[tree, index] = bytes.fromhex(root)

    def _nodes(self, kind: str) -> list[int]:
        return [node for node in range(1, len(self.topology.nodes) + 1) if self.topology.kind(node) == kind]

    def _settle(self, kind: str, number: int) -> None:
        """What a subject that the commit touched leaves open; those that are over aren't looked at again."""
        story = self.stories[kind, number]
        for token in story.gone:
            self.open.put(token, None)
        story.gone.clear()
        for each in _open_of(story):
            self.open.put(each.token, each)
        if story.is_over:
            del self.stories[kind, number]
            self.totals.forget(number)

    def open_tokens(self) -> Iterator[OpenToken]:
        for story in self.stories.values():
            yield from _open_of(story)

    def _stop_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        return iter(())

    def _resume_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        self.unread.update(facts["cut"])
        if self.role == SPLIT:
            if facts["epoch"] <= self._epoch:
                yield f"it resumes with epoch {facts['epoch']}, after {self._epoch}"
            self._epoch = facts["epoch"]
            return
        taken = self.run.taken_over.get(facts["epoch"])
        if taken is None or facts["t"] < taken:
            yield f"the ledger's own log doesn't say that it was taken over with epoch {facts['epoch']}, or later"

    def _file_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        source = self._source(facts["source"])
        if self.role == COORDINATOR and (facts["source"] not in self.dealt or facts["source"] in self._told):
            yield "it is none that such a log can have"
        if not source.done:
            yield f"{self.topology.name(facts['source'])} continues after a file that wasn't read to its end"
        source.files += 1
        if (facts["file"], facts["from"]) != (source.files, source.in_files + 1):
            yield f"it is file {facts['file']} of {self.topology.name(facts['source'])}, from record {facts['from']}, out of order"
        source.in_files += facts["records"]
        source.ended += facts["done"]
        source.done = facts["done"]
        self.files.append(facts)

    def _calls_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        calls = [call_of(each) for each in facts["x"]]
        node = calls[0].node
        source = self._source(node)
        self.totals.called(calls)
        record = facts["from"]
        for call in calls:
            yield from self.groups.called(call.call)
            if call.node != node or self.topology.kind(node) != "source" or call.service > self.topology.services(node):
                yield f"call {call.call} is of {self.topology.name(call.node)}, which can't have made it"
            before, last = source.asked
            again = record == before and last.status not in (OK, RECORDED)
            nth = last.ordinal + (not again) if record == before else 1
            first = last.call == 0 and record > 1
            if call.call <= last.call or record < before or first or call.ordinal != nth:
                yield f"call {call.call} of {self.topology.name(node)} is out of order"
            most = last.attempt if last.status == THROTTLED else last.attempt + 1
            if not (last.attempt <= call.attempt <= most if again else call.attempt == 1):
                yield f"call {call.call} is attempt {call.attempt}, and not the one behind that before it"
            source.asked = (record, call)
            source.answered |= call.status in (OK, RECORDED)

    def _publish_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        if self.published is not None:
            yield "it publishes a second time"
        self.published = facts
        self._unconfirmed = {each["sink"]: each for each in facts["artifacts"]}
        if not set(self._unconfirmed) <= set(self._nodes("sink")) or len(self._unconfirmed) != len(facts["artifacts"]):
            yield "it publishes what is of no sink, or of one twice"
        for each in facts["artifacts"]:
            if each["rows"] != self.totals.written_to(each["sink"]):
                yield f"{self.topology.name(each['sink'])} has written {each['rows']} rows, and other tokens ended in it"

    def _cut_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        node = facts["source"]
        self._told.add(node)
        listed = {each["source"]: each["count"] for each in self.opening.get("files", [])}
        source, records = self._source(node), self.dealt.get(node)
        if records is not None and node in listed and (source.in_files != records or source.files > listed[node]):
            yield f"the files of {self.topology.name(node)} don't have the records that were dealt of it"

    def _parts_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        return iter(())

    def _part_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        split = self.split
        if split is None or facts["run"] != self.run.run or facts["part"] != split.part:
            yield f"it begins split {facts['part']} of run {facts['run']}, and is in another log"
        elif bytes.fromhex(facts["opening"]) != split.opening:
            yield "it names another entry 0 of its run"

    def _close_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        self.seal = facts
        yield from self._end_problems(facts)
        if (facts["size"], bytes.fromhex(facts["root"])) != (self.tree.size - 1, self._root_before):
            yield "it has another size or another root than the entries before it give"
        ranges, whole = (self.split.ranges, self.split.whole) if self.split is not None else ({}, set())
        for source, cursor in self.cursors.items():
            # What isn't read any further has been read as far as it was.
            files = self.split.files.get(source) if self.split is not None and source not in self.unread else None
            if files is not None and self._source(source).ended != files.ends:
                yield f"of {self.topology.name(source)} other files were read to their ends than end in its range"
            if cursor["done"] and source in self.unread:
                continue
            name, cut = self.topology.name(source), ranges.get(source)
            if not cursor["done"]:
                yield f"it closes the split, and {name} has not been read to its end"
            if cut is None and source not in whole and cursor["records"]:
                yield f"{name} was read, and was to be read in other splits"
            if cut is not None and (cursor["records"], cursor.get("bytes", cut["bytes"])) != (cut["records"], cut["bytes"]):
                yield f"{name} was read otherwise than it was cut"
        yield from self._sources_problems()

    def _seal_entry(self, facts: dict[str, Any]) -> Iterator[str]:
        self.seal = facts
        if facts["t"] > self.run.sealed_time:
            yield "it has a later time than the ledger's own log says"
        yield from self._end_problems(facts)
        if facts.get("parts") != self.parts:
            yield "it seals other splits than there are"
        for source, cursor in self.cursors.items():
            if cursor.get("bytes", 0) != self.dealt_bytes.get(source, cursor.get("bytes", 0)):
                yield f"other bytes of {self.topology.name(source)} were read than were dealt"
        if not self.all_read and facts["status"] != "abandoned":
            yield "its splits haven't read all that they were cut to"
        yield from self._sources_problems()
        failed = self.totals.failures > 0
        status = "completed_with_failures" if failed else "completed" if self.totals.rows else "empty"
        if facts["status"] not in (status, "abandoned"):
            yield f"it is sealed as {facts['status']}, and its endings say {status}"
        if facts["status"] != "abandoned" and self.published is None:
            yield f"it is sealed as {facts['status']}, and published nothing"

    def _end_problems(self, facts: dict[str, Any]) -> Iterator[str]:
        """Of the end of a run, or of a split."""
        for story in self.stories.values():
            yield from (f"{story.name}: {each}" for each in story.unfinished())
        yield from self.groups.end()
        for kind, name in (("row", "rows"), ("batch", "batches")):
            tree, said = self.tree_of(kind), facts["subjects"][name]
            if (tree.size, tree.root().hex()) != (said["size"], said["root"]):
                yield f"the seal's tree of {name} isn't that of their last entries"
        if facts["totals"] != self.totals.json():
            yield "its totals aren't what the entries add up to"

    def _sources_problems(self) -> Iterator[str]:
        # Those of a coordinator are in the logs of its splits.
        if self.role == COORDINATOR:
            return
        lists = {each["source"]: each["count"] for each in self.opening.get("files", [])}
        if self.split is not None:
            lists = {source: each.count for source, each in self.split.files.items()}
        for node, source in self._sources.items():
            if (source.files > 0) != (node in lists and source.files > 0):
                yield f"{self.topology.name(node)} has files, and no list of them"
            if source.files > lists.get(node, 0) or (node in lists and source.in_files != source.records):
                yield f"the files of {self.topology.name(node)} don't have the records that were read of it"

    def tree_of(self, kind: str) -> Tree:
        """Of the last entries of rows, or of batches."""
        tree = Tree()
        for number in sorted(self.last[kind]):
            tree.append(self.last[kind][number])
        return tree

    def end(self) -> Iterator[str]:
        """There are no more entries."""
        if self.run.size not in (0, self.tree.size) or max(self.run.bound, default=0) > self.tree.size:
            yield "it has another number of entries than the ledger's own log says"
        if (self.seal is not None) != (self.run.size != 0):
            yield "it has a seal and the ledger's own log doesn't say so, or the other way round"
        if self._kind not in ENDS | {"open", "seal", "cut"}:
            yield f"its last entry is a {self._kind}, with no commit behind it"
        for number, kind in TREES.items():
            tiles = self.tree_of(kind).tiles
            for (tree, index), root in self._tiles.items():
                if tree == number and tiles.get((0, index)) != root:
                    yield f"tile {index} of tree {tree} isn't that of the last entries"


def _open_of(story: Story) -> Iterator[OpenToken]:
    row, batch = (story.number, None) if story.kind == "row" else (None, story.number)
    for token in story.open.values():
        yield OpenToken(token.number, row, batch, token.node, token.since)


def _latest(entry: SubjectEntry) -> int:
    """The last time that it and its visits tell of."""
    return entry.time + max([0, *(v.start + v.duration + v.stood for v in entry.visits)])


def _may_follow(kind: str, before: str | None) -> bool:
    if kind in ("open", "part") or before is None:
        return kind in ("open", "part") and before is None
    if kind == "commit":
        return before not in ("seal", "close")
    # What a coordinator says of splits can stand between commits.
    committed = COMMITTED | {"open", "part", "cut", "parts"}
    # Files of what was dealt.
    if kind == "cut" and before == "file":
        return True
    if kind in ("calls", "file", "publish"):
        return before in committed | {"subject", "calls"} or (before == "file" and kind != "calls")
    return before in committed


def _topology_problems(topology: dict[str, Any]) -> Iterator[str]:
    nodes = topology["nodes"]
    if len({each["name"] for each in nodes}) != len(nodes):
        yield "two of its nodes have one name"
    for source, label, target, *side in topology["edges"]:
        if source > len(nodes) or target > len(nodes):
            yield f"edge {label} leads from or to a node that isn't there"
        elif bool(side) != (target > 0 and nodes[target - 1]["kind"] == "join"):
            yield f"edge {label} leads to a side of what is no join, or to a join and to none of its sides"
