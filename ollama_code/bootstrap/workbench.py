"""The tools alone, without a model, a session or a person: for callers that bring their own calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ollama_code.agent.execute import Attempt, execute
from ollama_code.agent.feed import Feed
from ollama_code.agent.runtime import Tooling
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.policy import gather_policy
from ollama_code.bootstrap.site import home
from ollama_code.bootstrap.walls import make_sandbox
from ollama_code.core.audit import Record, unrecorded
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.messages import ToolCall
from ollama_code.core.permission import Kind, Mode
from ollama_code.core.results import ToolResult
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.grants import Grants
from ollama_code.permissions.policy import Policy
from ollama_code.permissions.rules import COMMAND_TOOL, Rule
from ollama_code.ports import Asker
from ollama_code.settings.load import Loaded
from ollama_code.settings.model import Sandbox as SandboxSettings
from ollama_code.storage.outputs import Outputs
from ollama_code.tools.builtin import Parts, builtin
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.seven import translated
from ollama_code.tools.todo import TodoList
from ollama_code.tools.toolset import Toolset
from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace

COMMANDS_DISABLED = "Command execution is disabled"
RESULT_CHARS = 60_000
"""Most characters of one result where no context window sets the measure."""


@dataclass(frozen=True)
class Bounds:
    """What callers may touch. `commands` are first words of allowed commands, such as "git status"; `None`
    allows every command, an empty tuple none."""

    directory: Path
    more_directories: tuple[Path, ...] = ()
    commands: tuple[str, ...] | None = None
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    """Nobody can be asked for the network: commands have it only when this says so."""


@dataclass(frozen=True)
class HouseRules:
    """What holds on this machine whoever calls: rules of `loaded` and `options` that ask or deny; `record` hears what
    is decided and run; `hides` makes of a result what may leave."""

    loaded: Loaded | None = None
    options: Options = field(default_factory=Options)
    record: Record = unrecorded
    hides: Callable[[str], str] = str
    asker: Asker | None = None
    """Who is asked, by these rules alone. Without one the bounds allow, and the rest is refused."""
    grants: Grants | None = None


class Workbench:
    """Runs calls inside its bounds and refuses everything that would ask. Close it to end background commands."""

    def __init__(self, bounds: Bounds, scratch: Path, house: HouseRules | None = None) -> None:
        """`scratch` holds the logs and full outputs; the tools may read it.
        Raises: UsageError for a directory that cannot be entered, or a rule that cannot be meant."""
        house = house or HouseRules()
        self._commands_bounded = bounds.commands is not None
        self._hides = house.hides
        self._stack = AsyncExitStack()
        feed = Feed()
        workspace = LocalWorkspace(
            bounds.directory,
            extra_roots=bounds.more_directories,
            read_only_roots=(scratch,),
            own=home().root,
        )
        self._stack.callback(workspace.close)
        jobs = Jobs(scratch / "jobs", feed.emit)
        roots = (bounds.directory, *bounds.more_directories)
        self.sandbox = make_sandbox(bounds.sandbox, home(), roots, (scratch,))
        self._stack.push_async_callback(self.sandbox.close)
        self._stack.push_async_callback(jobs.close)
        parts = Parts(
            workspace=workspace,
            ledger=ReadLedger(),
            jobs=jobs,
            sandbox=self.sandbox,
            todos=TodoList(feed.emit),
            asker=None,
            emit=feed.emit,
            environment=child_environment(os.environ, bounds.sandbox.environment),
            sees_images=False,
            withheld=lambda path: policy.forbids(f"read_file({path})"),
        )
        tools = builtin(parts)
        policy = _policy(bounds, house, tools)
        mode = Mode.DEFAULT if house.asker else Mode.AUTO_EDIT
        gate = Gate(policy, mode, house.asker, feed.emit, house.grants)
        outputs = Outputs(scratch / "outputs")
        self._tooling = Tooling(tools, gate, feed.emit, outputs, record=house.record)

    @property
    def toolset(self) -> Toolset:
        return self._tooling.toolset

    def changes(self, name: str) -> bool:
        """Whether a call of this name, in any spelling, may change something."""
        found = self._tooling.toolset.find(name)
        return found is not None and found.tool.kind is not Kind.READ

    async def answer(self, call: ToolCall, budget_chars: int = RESULT_CHARS) -> str:
        """What the model reads for a call, the seven under their own meaning. A failure is text that begins with
        "Error:"; only cancellation raises."""
        try:
            name, arguments = translated(call.name, call.arguments)
        except ToolError as e:
            return f"Error: {e}"
        result = await self._run(ToolCall(id=call.id, name=name, arguments=arguments), budget_chars)
        denied = result.error is not None and result.error.type is ErrorType.DENIED
        if denied and self._commands_bounded and self._is_command(name):
            return f"Error: {COMMANDS_DISABLED}"
        return self._hides(result.llm_content)

    async def _run(self, call: ToolCall, budget_chars: int) -> ToolResult:
        return (await execute(self._tooling, Attempt(call), budget_chars)).result

    def _is_command(self, name: str) -> bool:
        found = self._tooling.toolset.find(name)
        return found is not None and found.tool.name == COMMAND_TOOL

    async def close(self) -> None:
        await self._stack.aclose()


def _policy(bounds: Bounds, house: HouseRules, tools: Toolset) -> Policy:
    loaded = house.loaded
    rules = gather_policy(house.options, loaded, tools, bounds.directory) if loaded else Policy()
    if house.asker is not None:
        return rules
    origin = "the caller's bounds"
    edits = [Rule("edit", "**", origin)]
    edits += [Rule("edit", f"/{path.resolve()}/**", origin) for path in bounds.more_directories]
    allow = (*edits, *_commands(bounds.commands, origin)) if loaded is None or loaded.allows else ()
    return Policy(allow=allow, ask=rules.ask, deny=rules.deny, readers=False, boldest=rules.boldest)


def _commands(commands: Sequence[str] | None, origin: str) -> tuple[Rule, ...]:
    if commands is None:
        return (Rule(COMMAND_TOOL, "", origin),)
    return tuple(Rule(COMMAND_TOOL, f"{prefix} *", origin) for prefix in commands)
