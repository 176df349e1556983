"""Whole numbers as Roman numerals, and back."""

NUMERALS = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def to_roman(number):
    """Return 4 as "IV" and 1984 as "MCMLXXXIV". Raise ValueError outside 1 to 3999."""
    if not 1 <= number <= 3999:
        raise ValueError(f"Roman numerals go from 1 to 3999, not to {number}")
    written = ""
    for value, letters in NUMERALS:
        while number > value:
            written += letters
            number -= value
    return written


def from_roman(written):
    """Return "IV" as 4. Raise ValueError for letters that are no numeral."""
    number, rest = 0, written
    for value, letters in NUMERALS:
        while rest.startswith(letters):
            number += value
            rest = rest[len(letters):]
    if rest or not written:
        raise ValueError(f"{written!r} is not a Roman numeral")
    return number
