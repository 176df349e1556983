"""What panels are asked to show, tame and hostile."""

from __future__ import annotations

from ollama_code.core.display import CommandBlock, DiffBlock, Display
from ollama_code.core.permission import Kind, PermissionRequest, Reach
from ollama_code.core.todo import TodoItem, TodoStatus

HOSTILE = "\x1b[2J\x1b]0;owned\x07[@click=app.quit]go[/] a\u202eb\u200bc \u2066d\x00\x9b31m"


def diff(lines: int = 0) -> DiffBlock:
    """A small, real-looking change, followed by `lines` more added lines."""
    body = [
        "@@ -12,7 +12,8 @@ class Settings:",
        " def load(path: Path) -> Settings:",
        '     """Read the settings file."""',
        "-    text = path.read_text()",
        "+    if not path.exists():",
        '+        raise UsageError(f"There is no settings file at {path}. Make one, or pass --settings FILE.")',
        "+    text = path.read_text(encoding='utf-8')",
        "     return Settings.model_validate_json(text)",
        "@@ -40,3 +42,3 @@",
        " # 設定を読み込む 🚀",
        "-\treturn None",
        "+\treturn settings",
        *(f"+line {number} of a long file" for number in range(lines)),
    ]
    return DiffBlock(path="src/settings.py", patch="\n".join(body) + "\n", added=4 + lines, removed=2)


def command(text: str = "pytest -q tests/core", *, background: bool = False) -> CommandBlock:
    return CommandBlock(command=text, directory="/home/ada/project", background=background)


def request(
    preview: Display,
    *,
    reach: Reach = "workspace",
    scopes: tuple[str, ...] = ("edit(src/settings.py)",),
    keepable: bool = True,
) -> PermissionRequest:
    shell = isinstance(preview, CommandBlock)
    return PermissionRequest(
        call_id="c1",
        tool="run_shell_command" if shell else "edit",
        kind=Kind.EXECUTE if shell else Kind.EDIT,
        title="Run pytest -q tests/core" if shell else "Edit src/settings.py",
        scopes=scopes,
        preview=preview,
        reach=reach,
        keepable=keepable,
    )


def todos(count: int = 7, done: int = 2) -> tuple[TodoItem, ...]:
    texts = (
        "Read the settings loader",
        "Find who calls it without a path",
        "Say what to do when the settings file is not there",
        "Test the missing file",
        "Test a broken file",
        "Run the whole suite",
        "Update the changelog",
    )

    def status(number: int) -> TodoStatus:
        return "completed" if number < done else "in_progress" if number == done else "pending"

    return tuple(TodoItem(id=str(n), content=texts[n % len(texts)], status=status(n)) for n in range(count))
