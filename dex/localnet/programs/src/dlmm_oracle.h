/* The pair's observations: the sum of active bin ids over seconds, a new one begun every two minutes
 * (lb_clmm state/oracle.rs as published with release 0.8.2). */
#pragma once

#include "dlmm_pair.h"

enum { ORACLE_INDEX = 8, ORACLE_ACTIVE = 16, ORACLE_CAPACITY = 24, ORACLE_OBSERVATIONS = 32 };
enum { OBSERVED_SUM = 0, OBSERVED_FIRST = 16, OBSERVED_LAST = 24, OBSERVATION_LENGTH = 32 };
#define SAMPLE_SECONDS 120

INLINE u64 is_observed(const u8 *at) { return read_u64(at + OBSERVED_FIRST) && read_u64(at + OBSERVED_LAST); }

/* *low, *high += value, which is signed. */
INLINE void add_signed(u64 *low, u64 *high, u64 value) {
    *low += value;
    *high += (*low < value) + (value >> 63 ? -1ULL : 0);
}

/* The next place of the ring, emptied. */
OUT_OF_LINE u8 *next_observation(u8 *oracle) {
    u64 index = read_u64(oracle + ORACLE_INDEX) + 1, capacity = read_u64(oracle + ORACLE_CAPACITY);
    if (index >= capacity) index = 0;
    u8 *at = oracle + ORACLE_OBSERVATIONS + OBSERVATION_LENGTH * index;
    u64 active = read_u64(oracle + ORACLE_ACTIVE);
    if (!is_observed(at) && active < capacity) write_u64(oracle + ORACLE_ACTIVE, active + 1);
    write_u64(oracle + ORACLE_INDEX, index);
    write_u64(at + OBSERVED_FIRST, 0);
    return at;
}

/* Counts the bin that was active until now; `length` is the account's. */
OUT_OF_LINE void observe(u8 *oracle, u64 length, u64 active_bin, u64 now) {
    u64 bin = active_bin - BIN_ZERO, low = 0, high = 0;
    u64 capacity = read_u64(oracle + ORACLE_CAPACITY), index = read_u64(oracle + ORACLE_INDEX);
    if (index >= capacity || length < ORACLE_OBSERVATIONS + OBSERVATION_LENGTH * capacity) return;
    u8 *at = oracle + ORACLE_OBSERVATIONS + OBSERVATION_LENGTH * index;
    if (!read_u64(oracle + ORACLE_ACTIVE)) write_u64(oracle + ORACLE_ACTIVE, 1);
    if (is_observed(at)) {
        low = read_u64(at + OBSERVED_SUM);
        high = read_u64(at + OBSERVED_SUM + 8);
        bin *= now - read_u64(at + OBSERVED_LAST);
        if (now >= read_u64(at + OBSERVED_FIRST) + SAMPLE_SECONDS) at = next_observation(oracle);
    }
    add_signed(&low, &high, bin);
    write_u64(at + OBSERVED_SUM, low);
    write_u64(at + OBSERVED_SUM + 8, high);
    write_u64(at + OBSERVED_LAST, now);
    if (!read_u64(at + OBSERVED_FIRST)) write_u64(at + OBSERVED_FIRST, now);
}
