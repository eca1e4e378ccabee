"""The user's settings on the wire."""

from typing import Annotated, Literal

from pydantic import MISSING, Field, StringConstraints

from cowork_desktop.schemas.base import Body, ModelName, Pattern, Schema
from cowork_desktop.schemas.responses import TurnError

DEFAULT_MODEL = "claude-opus-4-8"

BaseUrl = Annotated[
    str,
    StringConstraints(max_length=2000),
    Pattern(
        r"^https?://[^\s/?#@\u0000]+(/[^\s?#\u0000]*)?$",
        "String should be a URL of http or https, without user, query, fragment and white space",
    ),
]
Rounds = Annotated[int, Field(ge=1, le=1_000)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Tokens = Annotated[int, Field(ge=1, le=100_000_000)]
OutputTokens = Annotated[int, Field(ge=1, le=1_000_000)]
Retries = Annotated[int, Field(ge=0, le=10)]
ContextTokens = Annotated[int, Field(ge=8_000, le=10_000_000)]
Cost = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]


class Limits(Schema):
    """What one turn may use; at a limit it ends as `failed` with `limit_reached`, and keeps its text."""

    rounds: Rounds = 50
    """Calls of the model."""
    seconds: Seconds = 3_600
    """Wall time."""
    tokens: Tokens = 2_000_000
    """Input, output and cache tokens of all rounds together."""
    output_tokens: OutputTokens = 16_000
    """Output tokens of one call of the model."""
    retries: Retries = 4
    """Repetitions of a call that failed before its first delta."""
    context_tokens: ContextTokens = 200_000
    """The model's window: before it is full, a summary takes the place of the older part."""
    cost_usd: Cost | None = None
    """US dollars, by the list prices of the models; null: no limit."""


Idle = Annotated[int, Field(ge=10, le=604_800)]
OutputBytes = Annotated[int, Field(ge=1_000, le=67_108_864)]


class KernelSettings(Schema):
    """How the kernels of scratchpads live."""

    spare: bool = True
    """Keep a kernel ready while scratchpads are used, so that a first cell does not wait for one."""
    idle_seconds: Idle = 3_600
    """A kernel that has run nothing for so long is shut down, and its variables are gone."""
    output_bytes: OutputBytes = 10_485_760
    """What is kept of one cell's output."""
    timeout_seconds: Seconds | None = None
    """How long a cell may run where the run itself does not say; null: as long as it takes."""


Characters = Annotated[int, Field(ge=0, le=200_000)]


class MemorySettings(Schema):
    """How memories are used."""

    characters: Characters = 8_000
    """How much of them a turn is told; 0: nothing."""


Wait = Annotated[int, Field(ge=1, le=2_592_000)]
FileBytes = Annotated[int, Field(ge=1_000_000, le=100_000_000_000)]


class FileSettings(Schema):
    """What files may be."""

    largest_bytes: FileBytes = 209_715_200
    """The size of one file that is uploaded."""


class ApprovalSettings(Schema):
    """What the agent asks the user before it does it."""

    project: Literal["allow", "ask"] = "allow"
    """Changes of files and artifacts of the project, which can be undone."""
    outside: Literal["ask", "deny"] = "ask"
    """Anything beyond: requests to the internet, programs, files of other folders."""
    wait_seconds: Wait = 86_400
    """How long a run that nobody attends waits for an answer; then the call fails."""


class WebSettings(Schema):
    """How pages of the web are read."""

    fetch: bool = True
    """Whether the agent has the tool for it."""


Places = Annotated[int, Field(ge=1, le=64)]
Grace = Annotated[int, Field(ge=0, le=31_536_000)]
Failures = Annotated[int, Field(ge=1, le=1_000)]


class ScheduleSettings(Schema):
    """How schedules run."""

    concurrency: Places = 4
    """How many scheduled runs work at the same time; others wait. One that waits for you gives its place
    away."""
    grace_seconds: Grace = 43_200
    """Of slots that were missed the newest is caught up with where it is younger than this."""
    pause_after: Failures | None = None
    """A schedule is paused after so many failures in a row, and says so; null: it goes on."""


class UserSettings(Schema):
    """What the user has set, and so what is stored."""

    model: ModelName = DEFAULT_MODEL
    """The agent's model where neither request nor project names one."""
    base_url: BaseUrl | None = None
    """Where the Messages API is; null: Anthropic's own address."""
    limits: Limits = Field(default_factory=Limits)
    kernels: KernelSettings = Field(default_factory=KernelSettings)
    memories: MemorySettings = Field(default_factory=MemorySettings)
    files: FileSettings = Field(default_factory=FileSettings)
    approvals: ApprovalSettings = Field(default_factory=ApprovalSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    schedules: ScheduleSettings = Field(default_factory=ScheduleSettings)


class Settings(UserSettings):
    """The settings in force."""

    model_key: Literal["keyring", "file", "environment"] | None
    """Where the provider's key comes from; null: there is none, and the built-in offline model answers. The
    key itself is never shown."""
    overridden: list[str]
    """The fields that a command-line flag or an environment variable sets over what is stored."""
    data_dir: str
    """The folder where all is kept."""
    backups_dir: str
    """Where `POST /backup` puts archives; it may not be there yet."""


class ModelChoice(Schema):
    id: str
    """What `model` of settings, projects and requests takes; that takes other names too."""
    name: str
    is_default: bool
    """It is the one of the settings."""
    context_tokens: int | None
    """The window that the provider gives it; null: not known. How much of it is used is a setting:
    `limits.context_tokens`."""
    input_usd_per_mtok: float | None
    """US dollars for a million tokens by the list price, which may be outdated; null: not known. Of a model
    that is dearer where the input is long, that of a short one."""
    output_usd_per_mtok: float | None
    provider: str
    """`anthropic`, or `offline` for the built-in model that is no language model."""


class LimitsPatch(Body):
    rounds: Rounds | MISSING = MISSING
    seconds: Seconds | MISSING = MISSING
    tokens: Tokens | MISSING = MISSING
    output_tokens: OutputTokens | MISSING = MISSING
    retries: Retries | MISSING = MISSING
    context_tokens: ContextTokens | MISSING = MISSING
    cost_usd: Cost | None | MISSING = MISSING


class KernelSettingsPatch(Body):
    spare: bool | MISSING = MISSING
    idle_seconds: Idle | MISSING = MISSING
    output_bytes: OutputBytes | MISSING = MISSING
    timeout_seconds: Seconds | None | MISSING = MISSING


class MemorySettingsPatch(Body):
    characters: Characters | MISSING = MISSING


class FileSettingsPatch(Body):
    largest_bytes: FileBytes | MISSING = MISSING


class ApprovalSettingsPatch(Body):
    project: Literal["allow", "ask"] | MISSING = MISSING
    outside: Literal["ask", "deny"] | MISSING = MISSING
    wait_seconds: Wait | MISSING = MISSING


class WebSettingsPatch(Body):
    fetch: bool | MISSING = MISSING


class ScheduleSettingsPatch(Body):
    concurrency: Places | MISSING = MISSING
    grace_seconds: Grace | MISSING = MISSING
    pause_after: Failures | None | MISSING = MISSING


class SettingsPatch(Body):
    model: ModelName | MISSING = MISSING
    base_url: BaseUrl | None | MISSING = MISSING
    limits: LimitsPatch | MISSING = MISSING
    kernels: KernelSettingsPatch | MISSING = MISSING
    memories: MemorySettingsPatch | MISSING = MISSING
    files: FileSettingsPatch | MISSING = MISSING
    approvals: ApprovalSettingsPatch | MISSING = MISSING
    web: WebSettingsPatch | MISSING = MISSING
    schedules: ScheduleSettingsPatch | MISSING = MISSING


ApiKey = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=8, max_length=500),
    Pattern(r"^[!-~]+$", "String should have letters, digits and signs of ASCII alone, and no spaces"),
]


class ModelKey(Body):
    key: ApiKey
    """The provider's API key; stored in the OS keyring and never shown again."""


class ModelTest(Body):
    """What to try; what is left out is as it is in force. Nothing of it is stored."""

    key: ApiKey | None = None
    base_url: BaseUrl | None | MISSING = MISSING
    """Null: Anthropic's own address."""
    model: ModelName | None = None


class ModelTestResult(Schema):
    ok: bool
    """Whether the model has answered."""
    model: str
    latency_ms: int
    """How long that took, at the first call with the loading of the provider's client."""
    error: TurnError | None
    """Why it has not: as of a turn, or `not_configured`."""
