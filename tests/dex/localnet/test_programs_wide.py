"""The stand-ins' wide integers, compiled for this machine, against Python's."""

from __future__ import annotations

import ctypes
import math
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from dex.localnet.programs.build import COMPILER, SOURCES

pytestmark = pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"{COMPILER} is not installed")

SHIM = """
#include "wide.h"
void sol_log_(const char *text, u64 length) {}
void sol_panic_(const char *file, u64 length, u64 line, u64 column) { __builtin_trap(); }
u64 sol_get_clock_sysvar(struct clock *clock) { return 1; }
u64 sol_invoke_signed_c(const struct instruction *i, const struct account *a, u64 n,
                        const struct signer_seeds *s, u64 m) { return 1; }
u64 divide(u8 *out, const u8 *numerator, const u8 *divisor) {
    struct wide n, d, q;
    wide_load(&n, numerator, WIDE_LIMBS);
    wide_load(&d, divisor, WIDE_LIMBS);
    u64 remainder = wide_divide(&q, &n, &d);
    wide_store(out, WIDE_LIMBS, &q);
    return remainder;
}
void multiply(u8 *out, const u8 *left, const u8 *right) {
    struct wide a, b, product;
    wide_load(&a, left, WIDE_LIMBS);
    wide_load(&b, right, WIDE_LIMBS);
    wide_multiply(&product, &a, &b);
    wide_store(out, WIDE_LIMBS, &product);
}
void square_root(u8 *out, const u8 *value, const u8 *guess) {
    struct wide v, g, root;
    wide_load(&v, value, WIDE_LIMBS);
    wide_load(&g, guess, WIDE_LIMBS);
    wide_square_root(&root, &v, &g);
    wide_store(out, WIDE_LIMBS, &root);
}
"""
BYTES = 64


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    directory = tmp_path_factory.mktemp("wide")
    source, library = directory / "shim.c", directory / "shim.so"
    source.write_text(SHIM)
    command = [COMPILER, "-O1", "-shared", "-fPIC", "-w", "-I", str(SOURCES), str(source), "-o", str(library)]
    subprocess.run(command, check=True, timeout=120)
    loaded = ctypes.CDLL(str(Path(library)))
    loaded.divide.restype = ctypes.c_uint64
    return loaded


def pack(value: int) -> bytes:
    return value.to_bytes(BYTES, "little")


def call(function: ctypes._FuncPointer, left: int, right: int) -> tuple[int, int]:
    out = ctypes.create_string_buffer(BYTES)
    result = function(out, pack(left), pack(right))
    return int.from_bytes(out.raw, "little"), result


def awkward_number(source: random.Random, limbs: int) -> int:
    """Limbs at the ends of their range, where estimates of a quotient's digit go wrong."""
    choices = (0, 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, source.getrandbits(32))
    return sum(source.choice(choices) << (32 * i) for i in range(limbs))


def test_division_equals_python(wide: ctypes.CDLL) -> None:
    source = random.Random(1)
    for _ in range(20_000):
        numerator = awkward_number(source, source.randint(1, 15))
        divisor = awkward_number(source, source.randint(1, 8)) or 1
        quotient, remainder = call(wide.divide, numerator, divisor)
        assert (quotient, bool(remainder)) == (numerator // divisor, numerator % divisor != 0)


def test_a_digit_estimated_too_large_is_corrected(wide: ctypes.CDLL) -> None:
    numerator, divisor = (0x7FFFFFFF << 96) | (0x80000000 << 64), (0x80000000 << 64) | 1
    assert call(wide.divide, numerator, divisor)[0] == numerator // divisor


def test_multiplication_equals_python(wide: ctypes.CDLL) -> None:
    source = random.Random(2)
    for _ in range(5_000):
        left, right = (awkward_number(source, source.randint(1, 8)) for _ in range(2))
        assert call(wide.multiply, left, right)[0] == left * right


def test_square_roots_are_exact_from_any_guess(wide: ctypes.CDLL) -> None:
    source = random.Random(3)
    for _ in range(2_000):
        root = awkward_number(source, source.randint(1, 4))
        value = max(0, root * root + source.choice((-1, 0, 1, root)))
        guess = awkward_number(source, source.randint(1, 4)) or 1
        assert call(wide.square_root, value, guess)[0] == math.isqrt(value)
