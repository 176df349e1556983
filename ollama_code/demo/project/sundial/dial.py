"""What the dial shows at an hour of the day."""

from sundial.roman import to_roman

SUNRISE, SUNSET = 6, 20


def shadow(hour):
    """Return the numeral the shadow falls on, or "" when there is no sun. `hour` is 0 to 23."""
    if not SUNRISE <= hour <= SUNSET:
        return ""
    return to_roman(hour - 12 if hour > 12 else hour)


def announce(hour):
    """Return one sentence about the hour."""
    numeral = shadow(hour)
    return f"It is past {numeral}." if numeral else "It is night: ask the owl."
