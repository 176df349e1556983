"""Values only: pydantic and the standard library, no I/O, no clock, no asyncio."""
