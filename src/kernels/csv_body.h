/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The text reader at one SIMD level. csv.c, which says how it works, includes this once for each
 * level, with these defined:
 *
 *     LEVEL       the prefix of the level's operations in csv_lanes.h
 *     TARGET      the level's target attribute
 *     TAKE_FOURS  its function for four cells at a time, if it has one
 */
#define PASTE_(level, name) level##_##name
#define PASTE(level, name) PASTE_(level, name)
#define OP(name) PASTE(LEVEL, name)

/* Whether the 64 characters are 32 digits with a separator behind each, and those in `ends` have
 * newlines. */
INLINE TARGET bool OP(are_digits)(const struct plan *plan, const char *text, uint32_t ends)
{
    return OP(equal)(text, '\n', plan->delimiter, plan->other_delimiter) == EVEN << 1 &&
           OP(equal)(text, '\n', '\n', '\n') == OP(spread)(ends) << 1 &&
           (OP(between)(text, '0', '9') & EVEN) == EVEN;
}

/* Takes the cells of one digit at the beginning, 32 at a time. Returns how many characters they
 * are. */
INLINE TARGET size_t OP(take_digits)(struct csv_reader *reader, const struct plan *plan,
                                     const char *text, size_t size)
{
    if (!can_run(reader, plan))
        return 0;
    uint64_t in_range[RUN / 2 + 2] = {0};
    uint32_t column = (uint32_t)reader->cells;
    size_t taken = 0;
    for (; taken < RUN && size - 64 * taken >= 64; taken++) {
        uint32_t ends = row_ends(plan, column);
        const char *chunk = text + 64 * taken;
        if (!OP(are_digits)(plan, chunk, ends))
            break;
        uint64_t bits = OP(gather)(OP(between)(chunk, plan->digit_low, plan->digit_high) & EVEN);
        in_range[taken / 2] |= bits << 32 * (taken % 2);
        column = ends == 0 ? column + 32 : (uint32_t)__builtin_clz(ends);
        reader->lines += (uint64_t)__builtin_popcount(ends);
    }
    if (taken == 0)
        return 0;
    take_run(reader, in_range, 32 * taken);
    return 64 * taken;
}

/* Takes the cells that end at the separators among the 64 characters from text[at] on. Returns
 * where the first cell begins that it has not taken. */
INLINE TARGET size_t OP(take_cells)(struct csv_reader *reader, const struct plan *plan,
                                    const char *text, size_t at, size_t size, uint64_t separators)
{
    const char *chunk = text + at;
    uint64_t cells = reader->cells;
    uint32_t count = reader->count;
    while (separators != 0) {
        const char *cell = text + at, *end = chunk + __builtin_ctzll(separators);
        bool is_last = *end == '\n', is_plain = (unsigned char)*cell > '"';
        struct quick number;
        separators &= separators - 1;
        if (is_plain && !is_selected(plan, cells)) {
            cells++;
        } else if (is_plain && OP(number)(cell, end - (is_last && end[-1] == '\r'), &number)) {
            const struct bounds_span *spans = bounds_spans(reader->bounds, number.index);
            count += bounds_span_has(&spans[number.is_negative], number.magnitude);
            cells++;
        } else if (cell != end || !plan->is_blanks) {
            reader->cells = cells;
            reader->count = count;
            size_t taken = read_cell(reader, plan, cell, size - at);
            if (taken == 0 || reader->trouble != CSV_FINE)
                return at;
            cells = reader->cells;
            count = reader->count;
            end = cell + taken - 1;
            is_last = *end == '\n';
            separators = end - chunk < 63 ? separators & ~(uint64_t)0 << (end - chunk + 1) : 0;
        }
        at = (size_t)(end - text) + 1;
        if (is_last) {
            reader->cells = cells;
            reader->count = count;
            if (!end_row(reader, plan))
                return at;
            cells = count = 0;
        }
    }
    reader->cells = cells;
    reader->count = count;
    return at;
}

TARGET static size_t OP(read)(struct csv_reader *reader, const struct plan *plan, const char *text,
                              size_t size)
{
    size_t at = 0, before;
#ifdef TAKE_FOURS
    int rest = 0; /* how many times not to try again what was of no use */
#endif
    do {
        before = at;
        uint64_t separators = OP(equal)(text + at, '\n', plan->delimiter, plan->other_delimiter);
        if (separators == EVEN << 1 && plan->all_are_selected)
            at += OP(take_digits)(reader, plan, text + at, size - at);
#ifdef TAKE_FOURS
        if (at == before && plan->all_are_selected && rest-- <= 0) {
            at += TAKE_FOURS(reader, plan, text + at, size - at);
            rest = at - before < FEW ? RETRY : 0;
        }
#endif
        if (at > before)
            continue;
        if (size - at < 64)
            separators &= ((uint64_t)1 << (size - at)) - 1;
        if (separators != 0)
            at = OP(take_cells)(reader, plan, text, at, size, separators);
        else
            at += read_long_cell(reader, plan, text + at, size - at);
    } while (at > before && at < size && reader->trouble == CSV_FINE);
    return at;
}

#undef PASTE_
#undef PASTE
#undef OP
#undef LEVEL
#undef TARGET
#undef TAKE_FOURS
