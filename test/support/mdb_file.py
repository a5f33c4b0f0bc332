"""Writes Microsoft Access files (Jet 4, .mdb) that mdbtools reads: tables of rows, without indexes, queries or passwords.

    write("shop.mdb", [Table("customers", [("id", "long"), ("name", "text")], [(1, "Rossi"), (2, None)])])

The format is the one that mdbtools' HACKING page describes. Types and their Python values: bool; byte, short, long: int; money, numeric: Decimal, of four
and two digits; single, double: float; date: datetime; text, memo: str; guid: bytes. None is NULL, which a bool cannot be."""
import dataclasses
import datetime
import os
import struct

PAGE = 4096
LVAL_ROOM = PAGE - 14 - 2
CODES = {"bool": 1, "byte": 2, "short": 3, "long": 4, "money": 5, "single": 6, "double": 7, "date": 8, "ole": 11, "text": 10, "memo": 12, "guid": 15,
         "numeric": 16}
FIXED = {"bool": 0, "byte": 1, "short": 2, "long": 4, "money": 8, "single": 4, "double": 8, "date": 8, "guid": 16, "numeric": 17}
VARIABLE = {"text": 510, "memo": 0, "ole": 0}
NUMERIC_DIGITS, NUMERIC_SCALE = 12, 2


@dataclasses.dataclass
class Table:
    name: str
    columns: list  # of (name, type)
    rows: list


def text_bytes(text):
    """One byte a character where that is shorter and every character has one; UTF-16 else."""
    if len(text) > 2 and all(0 < ord(c) < 256 for c in text):
        return b"\xff\xfe" + text.encode("latin-1")
    return text.encode("utf-16-le")


def numeric_bytes(value):
    """A sign, then four words, the highest first, each with its lowest byte first."""
    units = int(abs(value).scaleb(NUMERIC_SCALE))
    words = [(units >> shift) & 0xFFFFFFFF for shift in (96, 64, 32, 0)]
    return bytes([0x80 if value < 0 else 0]) + struct.pack("<4I", *words)


def fixed_bytes(kind, value):
    if kind == "money":
        return struct.pack("<q", int(value.scaleb(4)))
    if kind == "date":
        past = value - datetime.datetime(1899, 12, 30)
        return struct.pack("<d", past.days + past.seconds / 86400)
    if kind == "numeric":
        return numeric_bytes(value)
    if kind == "guid":
        return value
    return struct.pack({"byte": "<B", "short": "<h", "long": "<i", "single": "<f", "double": "<d"}[kind], value)


class DataPage:
    """Rows grow from the page's end towards the table of their places behind its head."""

    def __init__(self, owner):
        self.owner = owner  # the page of the table's definition, or the word LVAL
        self.rows = []

    def room(self):
        return PAGE - 14 - sum(len(row) + 2 for row in self.rows) - 2

    def bytes(self):
        places, at = [], PAGE
        for row in self.rows:
            at -= len(row)
            places.append(at)
        head = struct.pack("<BBH4sIH", 1, 1, self.room() + 2, self.owner, 0, len(self.rows)) + struct.pack(f"<{len(places)}H", *places)
        return head.ljust(at, b"\0") + b"".join(reversed(self.rows))


class Writer:
    def __init__(self):
        # The file's head; the map of all used pages, which readers do without; the definition of the catalogue.
        self.pages = [head_page(), bytes(PAGE), None]
        self.long_values, self.long_values_at = DataPage(b"LVAL"), self.allocate(None)

    def allocate(self, page):
        self.pages.append(page)
        return len(self.pages) - 1

    def memo(self, text):
        """Short ones stand in the row, others on a page of their own, long ones on a chain of pages."""
        value = text_bytes(text)
        if len(value) <= 64:
            return struct.pack("<III", len(value) | 0x80000000, 0, 0) + value
        if len(value) <= LVAL_ROOM:
            return struct.pack("<III", len(value) | 0x40000000, self.long_value(value), 0)
        following = 0
        room = LVAL_ROOM - 4
        for start in reversed(range(0, len(value), room)):
            following = self.long_value(struct.pack("<I", following) + value[start:start + room])
        return struct.pack("<III", len(value), following, 0)

    def long_value(self, row):
        """Page and row in one number."""
        if len(row) > self.long_values.room():
            self.long_values, self.long_values_at = DataPage(b"LVAL"), self.allocate(None)
        self.long_values.rows.append(row)
        self.pages[self.long_values_at] = self.long_values.bytes()
        return self.long_values_at << 8 | len(self.long_values.rows) - 1

    def row(self, columns, values):
        fixed, variable, ends, mask = b"", b"", [], 0
        fixed_size = sum(FIXED.get(kind, 0) for _, kind in columns)
        for number, ((_, kind), value) in enumerate(zip(columns, values, strict=True)):
            if value is not None and not (kind == "bool" and not value):
                mask |= 1 << number
            if kind in FIXED:
                empty = value is None or kind == "bool"
                fixed += bytes(FIXED[kind]) if empty else fixed_bytes(kind, value)
            else:
                ends.append(2 + fixed_size + len(variable))
                if value is not None:
                    variable += self.memo(value) if kind == "memo" else text_bytes(value)
        ends.append(2 + fixed_size + len(variable))
        places = struct.pack(f"<{len(ends)}H", *reversed(ends)) + struct.pack("<H", len(ends) - 1) if len(ends) > 1 else b""
        return struct.pack("<H", len(columns)) + fixed + variable + places + mask.to_bytes((len(columns) + 7) // 8, "little")

    def data_pages(self, definition, columns, rows):
        """The pages' numbers."""
        numbers, page = [], DataPage(struct.pack("<I", definition))
        for values in rows:
            row = self.row(columns, values)
            if len(row) > page.room():
                numbers.append(self.allocate(page.bytes()))
                page = DataPage(page.owner)
            page.rows.append(row)
        if page.rows:
            numbers.append(self.allocate(page.bytes()))
        return numbers

    def table(self, definition, table, kind):
        maps = [self.allocate(None), self.allocate(None)]
        used = self.data_pages(definition, table.columns, table.rows)
        self.pages[definition] = definition_page(table, kind, *(at << 8 for at in maps))
        for at, numbers in zip(maps, [used, []]):
            self.pages[at] = usage_map(numbers)


def head_page():
    page = bytearray(PAGE)
    page[0:20] = b"\0\1\0\0Standard Jet DB\0"
    page[0x14] = 1
    clear = bytearray(128)
    clear[0x6E - 0x18:0x70 - 0x18] = struct.pack("<H", 0x409)
    clear[0x3C - 0x18:0x3E - 0x18] = struct.pack("<H", 1252)
    page[0x18:0x18 + 128] = rc4(b"\xc7\xda\x39\x6b", clear)
    return bytes(page)


def rc4(key, text):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in text:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def usage_map(numbers):
    """Of a table's pages, as the one row of a page: a bit for each."""
    first = min(numbers, default=0)
    bits = bytearray(max(64, (max(numbers, default=0) - first) // 8 + 1))
    for number in numbers:
        bits[(number - first) // 8] |= 1 << (number - first) % 8
    page = DataPage(bytes(4))
    page.rows.append(struct.pack("<BI", 0, first) + bits)
    return page.bytes()


def definition_page(table, kind, used, free):
    variable = [name for name, type_ in table.columns if type_ in VARIABLE]
    body = struct.pack("<III4xI8xBHHHIIII", 0, len(table.rows), 0, 0, ord(kind), len(table.columns), len(variable), len(table.columns), 0, 0, used, free)
    fixed_at = variable_at = 0
    for number, (_, type_) in enumerate(table.columns):
        is_fixed = type_ in FIXED
        detail = struct.pack("<BB", NUMERIC_DIGITS, NUMERIC_SCALE) if type_ == "numeric" else struct.pack("<H", 0x409 if type_ in VARIABLE else 0)
        body += struct.pack("<BIHHH2sHBBIHH", CODES[type_], 0, number, variable_at, number, detail, 0, 3 if is_fixed else 2, 0, 0, fixed_at if is_fixed else 0,
                            FIXED[type_] if is_fixed else VARIABLE[type_])
        fixed_at += FIXED.get(type_, 0)
        variable_at += not is_fixed
    for name, _ in table.columns:
        encoded = name.encode("utf-16-le")
        body += struct.pack("<H", len(encoded)) + encoded
    body += b"\xff\xff"
    page = struct.pack("<BBHII", 2, 1, PAGE - 12 - len(body), 0, len(body)) + body
    assert len(page) <= PAGE, "a table's definition fills one page here"
    return page.ljust(PAGE, b"\0")


def file_bytes(tables):
    writer = Writer()
    definitions = [writer.allocate(None) for _ in tables]
    columns = [("Id", "long"), ("Name", "text"), ("Type", "short"), ("Flags", "long"), ("LvProp", "ole")]
    objects = [(at, table.name, 1, 0, None) for at, table in zip(definitions, tables)]
    writer.table(2, Table("MSysObjects", columns, [(2, "MSysObjects", 1, -0x80000000, None), *objects]), "S")
    for definition, table in zip(definitions, tables):
        writer.table(definition, table, "N")
    return b"".join(writer.pages)


def write(path, tables):
    """Whole, and at once: a reader sees the old file or the new one."""
    fresh = f"{path}.new"
    with open(fresh, "wb") as file:
        file.write(file_bytes(tables))
    os.rename(fresh, path)
