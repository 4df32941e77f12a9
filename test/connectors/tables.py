"""Workbooks and Parquet files by other programs: writes some, with the rows that Custody should read of them, and says what it reads of others.

    tables.py write FOLDER     each FILE, and what should be read of it as FILE.json
    tables.py read FILE        its rows, and the types of its columns, as JSON
"""

import datetime as dt
import decimal
import json
import sys
from pathlib import Path


def _plain(value):
    if isinstance(value, (decimal.Decimal, dt.date, dt.time)):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


# ── Parquet ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ROWS = [
    {
        "i8": -128, "u64": 18446744073709551615, "i64": 9007199254740993, "f32": 0.5, "f64": -1.25, "flag": True, "text": "é😀",
        "bytes": "AP8=", "day": "1969-12-31", "time": "23:59:59.999999", "utc": "2026-01-31T14:05:00.25Z",
        "local": "1583-01-01T00:00:00.000001", "nanos": "2026-01-31T14:05:00.123456789", "short": "-12.34", "long": "1234567890123456789012345678.90",
        "word": "red", "list": [1, None, 3], "lists": [["a"], [], None], "group": {"a": 1, "b": None}, "map": {"k": 1.5, "l": None},
    },
    {
        "i8": 127, "u64": 0, "i64": -5, "f32": -2, "f64": 0.1, "flag": False, "text": "", "bytes": "", "day": "9999-12-31", "time": "00:00:00",
        "utc": "1970-01-01T00:00:00Z", "local": "2000-02-29T12:00:00", "nanos": "1999-12-31T23:59:59", "short": "0.01", "long": "-0.01",
        "word": "red", "list": [], "lists": [], "group": {"a": None, "b": "x"}, "map": {},
    },
    dict.fromkeys(
        ["i8", "u64", "i64", "f32", "f64", "flag", "text", "bytes", "day", "time", "utc", "local", "nanos", "short", "long", "word", "list", "lists", "group", "map"]
    ),
]
# What no double holds is a text.
ROWS[0]["u64"], ROWS[0]["i64"] = str(ROWS[0]["u64"]), str(ROWS[0]["i64"])


def _arrow_table():
    import base64

    import pyarrow as pa

    def moment(text):
        return None if text is None else dt.datetime.fromisoformat(text.removesuffix("Z"))

    def column(name, type_, of=lambda value: value):
        return pa.array([None if row[name] is None else of(row[name]) for row in ROWS], type_)

    nanos = [None if row["nanos"] is None else moment(row["nanos"][:19]) for row in ROWS]
    since = [None if each is None else int((each - dt.datetime(1970, 1, 1)).total_seconds()) * 10**9 for each in nanos]
    since[0] += 123456789
    return pa.table(
        {
            "i8": column("i8", pa.int8()),
            "u64": column("u64", pa.uint64(), int),
            "i64": column("i64", pa.int64(), int),
            "f32": column("f32", pa.float32()),
            "f64": column("f64", pa.float64()),
            "flag": column("flag", pa.bool_()),
            "text": column("text", pa.string()),
            "bytes": column("bytes", pa.binary(), base64.b64decode),
            "day": column("day", pa.date32(), dt.date.fromisoformat),
            "time": column("time", pa.time64("us"), dt.time.fromisoformat),
            "utc": column("utc", pa.timestamp("us", "UTC"), moment),
            "local": column("local", pa.timestamp("us"), moment),
            "nanos": pa.array(since, pa.timestamp("ns")),
            "short": column("short", pa.decimal128(6, 2), decimal.Decimal),
            "long": column("long", pa.decimal128(38, 2), decimal.Decimal),
            "word": column("word", pa.dictionary(pa.int32(), pa.string())),
            "list": column("list", pa.list_(pa.int32())),
            "lists": column("lists", pa.list_(pa.list_(pa.string()))),
            "group": column("group", pa.struct([("a", pa.int64()), ("b", pa.string())])),
            "map": column("map", pa.map_(pa.string(), pa.float64()), lambda value: list(value.items())),
        }
    )


def _write_parquet(folder):
    import pyarrow.parquet as pq

    table = _arrow_table()
    ways = {
        "arrow-v1-snappy": {"compression": "snappy", "data_page_version": "1.0"},
        "arrow-v2-zstd": {"compression": "zstd", "data_page_version": "2.0"},
        "arrow-gzip-plain": {"compression": "gzip", "use_dictionary": False},
        "arrow-checksums": {"compression": "none", "write_page_checksum": True, "data_page_version": "2.0"},
        "arrow-brotli": {"compression": "brotli", "row_group_size": 2},
        "arrow-lz4": {"compression": "lz4", "data_page_size": 1},
        "arrow-encodings": {
            "use_dictionary": False,
            "column_encoding": {
                "i64": "DELTA_BINARY_PACKED", "i8": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "bytes": "DELTA_LENGTH_BYTE_ARRAY",
                "f64": "BYTE_STREAM_SPLIT", "flag": "RLE",
            },
        },
    }
    for name, options in ways.items():
        file = folder / f"{name}.parquet"
        pq.write_table(table, file, **options)
        _expect(file, ROWS)
    # Timestamps as old programs write them: without a zone, to the nanosecond.
    file = folder / "arrow-int96.parquet"
    pq.write_table(table.select(["utc", "local", "nanos"]), file, use_deprecated_int96_timestamps=True)
    _expect(file, [{"utc": _without_zone(row["utc"]), "local": row["local"], "nanos": row["nanos"]} for row in ROWS])


def _without_zone(text):
    return None if text is None else text.removesuffix("Z")


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────────────────────────

SHEET = [
    {"Order No": 1, "Note": "a", "When": dt.date(2026, 1, 31), "At": dt.datetime(2026, 1, 31, 14, 5), "Late": True, "Share": 0.1},
    {"Order No": 2, "Note": "=no formula", "When": dt.date(1900, 3, 1), "At": dt.datetime(1999, 12, 31, 23, 59, 59), "Late": False, "Share": -1e-9},
    {"Order No": 3, "Note": " é😀\nline ", "When": dt.date(9999, 12, 31), "At": None, "Late": None, "Share": 123456789012345},
]
READ = [
    {"order_no": 1, "Note": "a", "When": "2026-01-31", "At": "2026-01-31T14:05:00", "Late": True, "Share": 0.1},
    {"order_no": 2, "Note": "=no formula", "When": "1900-03-01", "At": "1999-12-31T23:59:59", "Late": False, "Share": -1e-9},
    {"order_no": 3, "Note": " é😀\nline ", "When": "9999-12-31", "At": None, "Late": None, "Share": 123456789012345},
]


def _write_workbooks(folder):
    import openpyxl
    import xlsxwriter

    file = folder / "openpyxl.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(SHEET[0]))
    for number, row in enumerate(SHEET, 2):
        sheet.append(list(row.values()))
        sheet.cell(number, 2).data_type = "s"
    book.create_sheet("Other").append(["x"])
    book.save(file)
    _expect(file, READ)

    file = folder / "openpyxl-quirks.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["a", "b"], ["=1+1", 1], ["#DIV/0!", 2], ["merged", 3], [None, 4], ["plain", 5]):
        sheet.append(row)
    sheet["A3"].data_type = "e"
    sheet.merge_cells("A4:A5")
    book.save(file)
    _expect(file, ["FORMULA_NOT_CALCULATED", "ERROR_CELL", "MERGED_CELL", "MERGED_CELL", {"a": "plain", "b": 5}])

    for name, options in {"xlsxwriter": {}, "xlsxwriter-1904-inline": {"date_1904": True, "constant_memory": True}}.items():
        file = folder / f"{name}.xlsx"
        with xlsxwriter.Workbook(file, {"default_date_format": "d mmm yyyy", **options}) as book:
            moment = book.add_format({"num_format": "dd/mm/yy hh:mm:ss"})
            sheet = book.add_worksheet("Sheet")
            sheet.write_row(0, 0, [*SHEET[0], "Twice"])
            for number, row in enumerate(SHEET, 1):
                for column, value in enumerate(row.values()):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif isinstance(value, dt.datetime):
                        sheet.write_datetime(number, column, value, moment)
                    elif isinstance(value, dt.date) and options and value.year < 1904:
                        sheet.write_string(number, column, str(value))
                    elif value is not None:
                        sheet.write(number, column, value)
                sheet.write_formula(number, 6, f"=A{number + 1}*2", None, 2 * number)
        _expect(file, [{**row, "Twice": 2 * number} for number, row in enumerate(READ, 1)])


def _expect(file, rows):
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    (file.parent / f"{file.name}.json").write_text(text, encoding="utf-8")


# ── what others wrote ───────────────────────────────────────────────────────────────────────────────────────────────


def _read(file):
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(file)
        return {"rows": _plain(table.to_pylist()), "types": {each.name: str(each.type) for each in table.schema}}
    import openpyxl

    sheets = openpyxl.load_workbook(file).worksheets
    rows = {sheet.title: [[_plain(value) for value in row] for row in sheet.iter_rows(values_only=True)] for sheet in sheets}
    formats = {cell.coordinate: [cell.data_type, cell.number_format] for row in sheets[0].iter_rows() for cell in row}
    return {"sheets": rows, "formats": formats, "frozen": sheets[0].freeze_panes, "bold": sheets[0]["A1"].font.bold}


def main():
    command, path = sys.argv[1], Path(sys.argv[2])
    if command == "read":
        print(json.dumps(_read(path), ensure_ascii=False))
        return
    path.mkdir(parents=True, exist_ok=True)
    _write_parquet(path)
    _write_workbooks(path)


main()
