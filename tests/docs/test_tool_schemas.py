"""docs/TOOL_SCHEMAS.md is what the code says today."""

from __future__ import annotations

from docs import tool_schemas
from tests.docs.pages import page


def test_the_page_is_current():
    assert page("docs/TOOL_SCHEMAS.md") == tool_schemas.page(), "run: make schemas"
