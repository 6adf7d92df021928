"""Turns a BPF object file of clang into a shared object that Solana's loader accepts (SBPF version 0).

The loader wants ELF64 little endian, type DYN, machine 247, one ``.text``, read-only data beside it, file
offsets equal to virtual addresses, and syscalls as undefined dynamic symbols with one R_BPF_64_32 relocation
for each call (solana-labs/rbpf, ``elf.rs``). Calls inside the program are resolved by clang already.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section, Symbol, SymbolTableSection

# Where the loader maps the file: virtual address 0 of the file is this address in the program.
PROGRAM_START: Final = 0x1_0000_0000
TEXT_OFFSET: Final = 0x120
ENTRY_POINT: Final = "entrypoint"
SYSCALLS: Final = frozenset(
    {
        "sol_log_",
        "sol_panic_",
        "sol_get_clock_sysvar",
        "sol_invoke_signed_c",
        "sol_try_find_program_address",
    }
)

_R_BPF_64_64: Final = 1
_R_BPF_64_32: Final = 10
_SHT_PROGBITS: Final = 1
_SHT_STRTAB: Final = 3
_SHT_DYNAMIC: Final = 6
_SHT_REL: Final = 9
_SHT_DYNSYM: Final = 11

_Kind = TypeVar("_Kind", bound=Section)


class LinkError(Exception):
    """The object file holds something that the runtime cannot load."""


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """What the linker needs of an object: code, read-only data, and who refers to what."""

    text: bytearray
    read_only: bytes
    data_references: tuple[tuple[int, int], ...]  # offset of an lddw in text, offset into read_only
    syscalls: tuple[tuple[int, str], ...]  # offset of a call in text, name


@dataclass(slots=True)
class _Section:
    name: bytes
    kind: int
    flags: int
    offset: int
    data: bytes
    link: int = 0
    info: int = 0
    alignment: int = 8
    entry_size: int = 0


@dataclass(slots=True)
class _Image:
    """Sections laid one behind the other, each aligned to 8 bytes."""

    sections: list[_Section] = field(default_factory=list)
    end: int = TEXT_OFFSET

    def place(self, section: _Section) -> _Section:
        section.offset = self.end
        self.sections.append(section)
        self.end = _align(section.offset + len(section.data))
        return section


def link(object_file: bytes) -> bytes:
    """The loadable program; raises LinkError on writable data or an unknown symbol."""
    program = _read(object_file)
    names = sorted({name for _, name in program.syscalls})
    strings, string_offsets = _string_table([*names, ENTRY_POINT])
    image = _Image()
    text = image.place(_Section(b".text", _SHT_PROGBITS, 6, 0, bytes(program.text)))
    rodata = image.place(_Section(b".rodata", _SHT_PROGBITS, 2, 0, program.read_only))
    for at, target in program.data_references:
        address = PROGRAM_START + rodata.offset + target
        struct.pack_into("<I", program.text, at + 4, address & 0xFFFFFFFF)
        struct.pack_into("<I", program.text, at + 12, address >> 32)
    text.data = bytes(program.text)
    symbols = image.place(_Section(b".dynsym", _SHT_DYNSYM, 2, 0, b"", link=4, info=1, entry_size=24))
    symbols.data = _dynamic_symbols(names, string_offsets, len(text.data))
    image.end = _align(symbols.offset + len(symbols.data))
    dynstr = image.place(_Section(b".dynstr", _SHT_STRTAB, 2, 0, strings, alignment=1))
    relocations = b"".join(
        struct.pack("<QQ", TEXT_OFFSET + at, (names.index(name) + 1) << 32 | _R_BPF_64_32)
        for at, name in program.syscalls
    )
    rel = image.place(_Section(b".rel.dyn", _SHT_REL, 2, 0, relocations, link=3, entry_size=16))
    dynamic = _Section(
        b".dynamic", _SHT_DYNAMIC, 3, 0, _dynamic_table(symbols, dynstr, rel), link=4, entry_size=16
    )
    image.place(dynamic)
    return _write(image, text, symbols, dynamic)


def _read(object_file: bytes) -> ObjectFile:
    elf = ELFFile(io.BytesIO(object_file))
    read_only, section_offsets = _read_only_data(elf)
    text = bytearray(_section(elf, ".text", Section).data())
    data_references, syscalls = [], []
    for at, kind, symbol in _relocations(elf):
        target = symbol["st_shndx"]
        if kind == _R_BPF_64_32 and target == "SHN_UNDEF" and symbol.name in SYSCALLS:
            syscalls.append((at, symbol.name))
        elif kind == _R_BPF_64_64 and target in section_offsets:
            (addend,) = struct.unpack_from("<I", text, at + 4)
            data_references.append((at, section_offsets[target] + symbol["st_value"] + addend))
        else:
            raise LinkError(f"relocation of type {kind} against {symbol.name or target!r} at {at:#x}")
    return ObjectFile(text, read_only, tuple(data_references), tuple(syscalls))


def _read_only_data(elf: ELFFile) -> tuple[bytes, dict[int, int]]:
    """All constant data, and where in it each section (by index) begins."""
    read_only, offsets = b"", {}
    for index, section in enumerate(elf.iter_sections()):
        if section.name.startswith(".rodata"):
            read_only = read_only.ljust(_align(len(read_only)), b"\0")
            offsets[index] = len(read_only)
            read_only += section.data()
        elif section.name.startswith((".data", ".bss")) and section["sh_size"]:
            raise LinkError(f"writable data in {section.name}")
        elif section.name.startswith(".rel") and section.name != ".rel.text":
            raise LinkError(f"pointers in constant data, {section.name}: only code may hold addresses")
    return read_only, offsets


def _relocations(elf: ELFFile) -> Iterator[tuple[int, int, Symbol]]:
    if elf.get_section_by_name(".rel.text") is None:
        return
    symbols = _section(elf, ".symtab", SymbolTableSection)
    for relocation in _section(elf, ".rel.text", RelocationSection).iter_relocations():
        yield relocation["r_offset"], relocation["r_info_type"], symbols.get_symbol(relocation["r_info_sym"])


def _section(elf: ELFFile, name: str, kind: type[_Kind]) -> _Kind:
    section = elf.get_section_by_name(name)
    if not isinstance(section, kind):
        raise LinkError(f"no section {name}")
    return section


def _align(offset: int) -> int:
    return (offset + 7) & ~7


def _string_table(names: list[str]) -> tuple[bytes, dict[str, int]]:
    table, offsets = b"\0", {}
    for name in names:
        offsets[name] = len(table)
        table += name.encode() + b"\0"
    return table, offsets


def _dynamic_symbols(syscalls: list[str], string_offsets: dict[str, int], text_length: int) -> bytes:
    undefined = b"".join(struct.pack("<IBBHQQ", string_offsets[name], 0x10, 0, 0, 0, 0) for name in syscalls)
    entry = struct.pack("<IBBHQQ", string_offsets[ENTRY_POINT], 0x12, 0, 1, TEXT_OFFSET, text_length)
    return bytes(24) + undefined + entry


def _dynamic_table(symbols: _Section, strings: _Section, relocations: _Section) -> bytes:
    entries = [
        (6, symbols.offset),  # DT_SYMTAB
        (11, 24),  # DT_SYMENT
        (5, strings.offset),  # DT_STRTAB
        (10, len(strings.data)),  # DT_STRSZ
        (17, relocations.offset),  # DT_REL
        (18, len(relocations.data)),  # DT_RELSZ
        (19, 16),  # DT_RELENT
        (0, 0),
    ]
    return b"".join(struct.pack("<QQ", tag, value) for tag, value in entries)


def _write(image: _Image, text: _Section, symbols: _Section, dynamic: _Section) -> bytes:
    names, name_offsets = _string_table([s.name.decode() for s in image.sections] + [".shstrtab"])
    table = image.place(_Section(b".shstrtab", _SHT_STRTAB, 0, 0, names, alignment=1))
    program_headers = (
        _program_header(1, 5, text.offset, symbols.offset)
        + _program_header(1, 4, symbols.offset, dynamic.offset + len(dynamic.data))
        + _program_header(2, 6, dynamic.offset, dynamic.offset + len(dynamic.data))
    )
    count = len(image.sections) + 1
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQ", 3, 247, 1, TEXT_OFFSET, 64, image.end)
    header += struct.pack("<IHHHHHH", 0, 64, 56, 3, 64, count, count - 1)
    out = bytearray(image.end)
    out[: len(header) + len(program_headers)] = header + program_headers
    for section in image.sections:
        out[section.offset : section.offset + len(section.data)] = section.data
    out += bytes(64)
    for section in image.sections:
        out += _section_header(section, name_offsets[section.name.decode()], section is not table)
    return bytes(out)


def _program_header(kind: int, flags: int, start: int, end: int) -> bytes:
    alignment = 0x1000 if kind == 1 else 8
    return struct.pack("<IIQQQQQQ", kind, flags, start, start, start, end - start, end - start, alignment)


def _section_header(section: _Section, name: int, loaded: bool) -> bytes:
    address = section.offset if loaded else 0
    return struct.pack(
        "<IIQQQQIIQQ",
        name,
        section.kind,
        section.flags,
        address,
        section.offset,
        len(section.data),
        section.link,
        section.info,
        section.alignment,
        section.entry_size,
    )
