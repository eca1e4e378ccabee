"""The official OpenAI SDK against the facade, unchanged but for its base URL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response

from cowork_desktop.agent.model import ModelError, Text, TextDelta
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.settings import ServerSettings
from tests.fakes.model import ScriptedModel, call, done, say
from tests.fakes.server import Server, frames, running_server

MODEL = "claude-opus-4-8"
WHOLE = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


@asynccontextmanager
async def client_of(server: Server) -> AsyncIterator[AsyncOpenAI]:
    url = server.url.replace("127.0.0.1", "localhost") + "/v1"
    async with AsyncOpenAI(base_url=url, api_key="anything", max_retries=0) as client:
        yield client


@asynccontextmanager
async def running(path: Path, *scripts: Any, **options: Any) -> AsyncIterator[tuple[Server, AsyncOpenAI]]:
    async with (
        running_server(path / "data", model=ScriptedModel(*scripts, **options)) as server,
        client_of(server) as client,
    ):
        yield server, client


def valid(response: Response) -> Response:
    """The SDK takes any shape as it comes; this does not."""
    return Response.model_validate(response.model_dump(mode="json", warnings="error"), strict=True)


async def items(server: Server, conversation_id: str) -> list[tuple[str, str]]:
    page = await server.get(f"/conversations/{conversation_id}/items")
    return [(item["role"], item["content"]) for item in page["data"]]


def conversation_of(response: Response) -> str:
    assert response.conversation is not None
    return response.conversation.id


def said_to(model: ScriptedModel) -> list[tuple[str, str]]:
    """Roles and texts of the last request, without what Cowork adds to the last message."""
    told = [
        (message.role, [part.text for part in message.content if isinstance(part, Text)])
        for message in model.requests[-1].messages
    ]
    assert told[-1][1].pop().startswith("For this message, from Cowork and not from the user:")
    return [(role, "|".join(texts)) for role, texts in told]


async def test_a_plain_call_gives_the_answer(tmp_path: Path) -> None:
    usage = Usage(input_tokens=10, output_tokens=5, cache_read_input_tokens=100)
    async with running(tmp_path, say("Hel", "lo", usage=usage)) as (server, client):
        response = valid(await client.responses.create(model=MODEL, input="Please greet me"))
        assert response.output_text == "Hello"
        assert (response.status, response.model, response.error) == ("completed", MODEL, None)
        assert response.usage is not None
        assert (response.usage.input_tokens, response.usage.total_tokens) == (110, 115)
        assert response.usage.input_tokens_details.cached_tokens == 100
        conversation = await server.get(f"/conversations/{conversation_of(response)}")
        assert conversation["title"] == "Please greet me"
        [_, answer] = (await server.get(f"/conversations/{conversation['id']}/items"))["data"]
        assert answer["id"] == response.output[0].id
        assert valid(await client.responses.retrieve(response.id)) == response


async def test_a_stream_has_the_official_sequence_and_the_stored_object(tmp_path: Path) -> None:
    async with running(tmp_path, say("Hel", "lo")) as (_, client):
        stream = await client.responses.create(model=MODEL, input="Hi", stream=True)
        told = [event async for event in stream]
        assert [event.type for event in told] == WHOLE
        assert [event.sequence_number for event in told] == list(range(len(WHOLE)))
        last = told[-1]
        assert last.type == "response.completed"
        assert valid(last.response).output_text == "Hello"
        assert await client.responses.retrieve(last.response.id) == last.response


async def test_the_streaming_helper_collects_the_answer(tmp_path: Path) -> None:
    scripts = [
        [TextDelta("Let me look."), *call("search_conversation", {"query": "x"}, '{"query": "x"}')],
        say("Not", "hing."),
    ]
    async with running(tmp_path, *scripts) as (_, client):
        async with client.responses.stream(model=MODEL, input="Find x") as stream:
            deltas = [event.delta async for event in stream if event.type == "response.output_text.delta"]
            final = await stream.get_final_response()
        assert deltas == ["Let me look.", "Not", "hing."]
        assert final.output_text == "".join(deltas)
        async with client.responses.stream(response_id=final.id, starting_after=7) as again:
            assert (await anext(again)).sequence_number == 8
            assert (await again.get_final_response()).output_text == final.output_text


async def test_the_synchronous_client_works_too(tmp_path: Path) -> None:
    def use(url: str) -> tuple[str, list[str], str]:
        with OpenAI(base_url=f"{url}/v1", api_key="anything") as client:
            plain = client.responses.create(input="One").output_text
            streamed = [str(event.type) for event in client.responses.create(input="Two", stream=True)]
            with client.responses.stream(model=MODEL, input="Three") as stream:
                return plain, streamed, stream.get_final_response().output_text

    async with running(tmp_path, say("1"), say("2", "."), say("3")) as (server, _):
        assert await asyncio.to_thread(use, server.url) == ("1", WHOLE, "3")


async def test_the_offline_model_answers_and_says_what_it_is(server: Server) -> None:
    async with client_of(server) as client:
        response = valid(await client.responses.create(model="gpt-5", input="Hello"))
        assert "No language model is set up" in response.output_text
        async with client.responses.stream(model="offline", input="Hello") as stream:
            assert (await stream.get_final_response()).output_text == response.output_text


async def test_replays_are_identical_whenever_they_are_read(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running(tmp_path, [TextDelta("a"), gate, TextDelta("b"), done("ab")]) as (server, client):
        stream = await client.responses.create(model=MODEL, input="Hi", stream=True)
        first = await anext(stream)
        assert first.type == "response.created"
        url = f"{server.url}/v1/responses/{first.response.id}"

        async def replay(**query: str) -> list[bytes]:
            async with server.session.get(url, params={"stream": "true", **query}) as answer:
                assert answer.content_type == "text/event-stream"
                return [frame.raw async for frame in frames(answer)]

        live = asyncio.create_task(replay())
        await asyncio.sleep(0)
        gate.set()
        early = [first, *[event async for event in stream]]
        whole = await replay()
        assert await live == whole
        assert len(early) == len(whole) == len(WHOLE)
        assert await replay(starting_after="4") == whole[5:]
        resumed = await client.responses.retrieve(first.response.id, stream=True, starting_after=4)
        assert [event async for event in resumed] == early[5:]


async def test_a_reader_that_leaves_stops_nothing(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running(tmp_path, [TextDelta("So "), gate, TextDelta("far"), done("So far")]) as (_, client):
        async with await client.responses.create(model=MODEL, input="Hi", stream=True) as stream:
            created = await anext(stream)
            assert created.type == "response.created"
            async for event in stream:
                if event.type == "response.output_text.delta":
                    break
        current = valid(await client.responses.retrieve(created.response.id))
        assert (current.status, current.output_text) == ("in_progress", "So ")
        gate.set()
        rest = await client.responses.retrieve(current.id, stream=True, starting_after=event.sequence_number)
        assert "".join([e.delta async for e in rest if e.type == "response.output_text.delta"]) == "far"
        assert (await client.responses.retrieve(current.id)).output_text == "So far"


async def test_a_response_goes_on_where_the_previous_one_ended(tmp_path: Path) -> None:
    model = ScriptedModel(say("Noted."), say("Five."), say("Six."))
    async with running_server(tmp_path / "data", model=model) as server, client_of(server) as client:
        first = await client.responses.create(model=MODEL, input="It is 5.")
        second = await client.responses.create(input="What is it?", previous_response_id=first.id)
        assert conversation_of(second) == conversation_of(first)
        assert said_to(model) == [("user", "It is 5."), ("assistant", "Noted."), ("user", "What is it?")]
        third = await client.responses.create(input="And then?", conversation=conversation_of(first))
        assert third.output_text == "Six."
        assert len(await items(server, conversation_of(first))) == 6


async def test_a_conversation_can_be_named_as_an_object(tmp_path: Path) -> None:
    async with running(tmp_path, say("Yes.")) as (server, client):
        id = await server.conversation(title="Mine")
        response = await client.responses.create(input="Here?", conversation={"id": id})
        assert conversation_of(response) == id
        assert await items(server, id) == [("user", "Here?"), ("assistant", "Yes.")]


async def test_all_messages_of_a_list_are_kept(tmp_path: Path) -> None:
    model = ScriptedModel(say("Bob."), say("Ann."))
    async with running_server(tmp_path / "data", model=model) as server, client_of(server) as client:
        first = await client.responses.create(
            model=MODEL,
            instructions="Be kind.",
            input=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "I am Bob"},
                {"role": "assistant", "content": "Hello Bob"},
                {"role": "developer", "content": [{"type": "input_text", "text": "No emoji."}]},
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "Who"},
                        {"type": "input_text", "text": "am I?"},
                    ],
                },
            ],
        )
        assert model.requests[-1].system[-1] == "Be kind.\n\nBe brief.\n\nNo emoji."
        asked = [("user", "I am Bob"), ("assistant", "Hello Bob"), ("user", "Who\n\nam I?")]
        assert said_to(model) == asked
        conversation = conversation_of(first)
        assert (await server.get(f"/conversations/{conversation}"))["title"] == "I am Bob"
        await client.responses.create(
            input=[
                {"role": "user", "content": "I am Ann"},
                {"role": "assistant", "content": "Hi Ann"},
                {"role": "user", "content": "And now?"},
            ],
            previous_response_id=first.id,
        )
        added = [("user", "I am Ann"), ("assistant", "Hi Ann"), ("user", "And now?")]
        history = [*asked, ("assistant", "Bob."), *added]
        assert said_to(model) == history
        assert await items(server, conversation) == [*history, ("assistant", "Ann.")]
        assert "Be brief." not in model.requests[-1].system[-1]


async def test_an_earlier_output_goes_back_in_as_it_came(tmp_path: Path) -> None:
    model = ScriptedModel(say("One."), say("Two."))
    async with running_server(tmp_path / "data", model=model) as server, client_of(server) as client:
        history: list[Any] = [{"role": "user", "content": "Count"}]
        first = await client.responses.create(model=MODEL, input=history, store=False)
        history += first.output
        history.append({"role": "user", "content": "Next"})
        second = await client.responses.create(model=MODEL, input=history, store=False)
        assert said_to(model) == [("user", "Count"), ("assistant", "One."), ("user", "Next")]
        assert conversation_of(second) != conversation_of(first)


async def test_parameters_that_mean_nothing_here_do_no_harm(tmp_path: Path) -> None:
    async with running(tmp_path, say("Fine.")) as (_, client):
        response = await client.responses.create(
            model=MODEL,
            input="Hi",
            instructions="",
            tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
            tool_choice="auto",
            parallel_tool_calls=False,
            temperature=0.2,
            top_p=0.9,
            metadata={"a": "b"},
            store=True,
            text={"format": {"type": "text"}, "verbosity": "low"},
            reasoning={"effort": "low", "summary": "auto"},
            max_output_tokens=100,
            truncation="auto",
            user="me",
            include=["reasoning.encrypted_content"],
            background=False,
            extra_body={"something_of_tomorrow": [1]},
        )
        assert valid(response).output_text == "Fine."


async def test_a_failing_provider_gives_a_failed_response(tmp_path: Path) -> None:
    broken = [TextDelta("Half"), ModelError("rate_limited", "Too many requests.")]
    async with running(tmp_path, broken, broken) as (_, client):
        response = valid(await client.responses.create(model=MODEL, input="Go"))
        assert (response.status, response.output_text) == ("failed", "Half")
        assert response.error is not None
        assert (response.error.code, response.error.message) == ("rate_limit_exceeded", "Too many requests.")
        stream = await client.responses.create(model=MODEL, input="Go", stream=True)
        types = [event.type async for event in stream]
        assert types[-3:] == ["response.content_part.done", "response.output_item.done", "response.failed"]


async def test_an_answer_cut_at_its_limit_is_incomplete(tmp_path: Path) -> None:
    cut = [TextDelta("Once upon"), done("Once upon", stop_reason="max_tokens")]
    async with running(tmp_path, cut, cut) as (_, client):
        response = valid(await client.responses.create(model=MODEL, input="A story"))
        assert (response.status, response.output_text, response.error) == ("incomplete", "Once upon", None)
        assert response.incomplete_details is not None
        assert response.incomplete_details.reason == "max_output_tokens"
        stream = await client.responses.create(model=MODEL, input="A story", stream=True)
        assert [event.type async for event in stream][-1] == "response.incomplete"


async def test_a_response_can_be_cancelled_and_keeps_its_text(tmp_path: Path) -> None:
    async with running(tmp_path, [TextDelta("So far"), asyncio.Event()]) as (_, client):
        stream = await client.responses.create(model=MODEL, input="Go", stream=True)
        created = await anext(stream)
        assert created.type == "response.created"
        async for event in stream:
            if event.type == "response.output_text.delta":
                break
        cancelled = valid(await client.responses.cancel(created.response.id))
        assert (cancelled.status, cancelled.output_text) == ("cancelled", "So far")
        rest = [event async for event in stream]
        assert rest[-1].type == "response.failed"
        assert rest[-1].response == cancelled
        assert await client.responses.cancel(cancelled.id) == cancelled


async def test_a_conversation_has_one_turn_at_a_time(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running(tmp_path, [gate, done("x")]) as (server, client):
        stream = await client.responses.create(model=MODEL, input="Go", stream=True)
        created = await anext(stream)
        assert created.type == "response.created"
        lists: list[Any] = ["Again", [{"role": "user", "content": text} for text in ("So", "again")]]
        for input in lists:
            with pytest.raises(openai.ConflictError, match="a turn that still runs") as refused:
                await client.responses.create(input=input, previous_response_id=created.response.id)
            body: Any = refused.value.body
            assert body["details"] == [{"response_id": created.response.id}]
        gate.set()
        assert [event.type async for event in stream][-1] == "response.completed"
        assert await items(server, conversation_of(created.response)) == [("user", "Go")]


async def test_what_does_not_exist_is_not_found(server: Server) -> None:
    async with client_of(server) as client:
        for missing in (
            client.responses.retrieve("resp_none"),
            client.responses.retrieve("resp_none", stream=True),
            client.responses.cancel("resp_none"),
        ):
            with pytest.raises(openai.NotFoundError, match="There is no response 'resp_none'") as refused:
                await missing
            assert refused.value.type == "not_found"


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"previous_response_id": "resp_x"}, "body.previous_response_id", "There is no response 'resp_x'"),
        ({"conversation": "conv_x"}, "body.conversation", "There is no conversation 'conv_x'"),
        ({"conversation": {}}, "body.conversation", "valid string"),
        ({"input": ""}, "body.input", "at least 1 character"),
        (
            {"conversation": "conv_x", "previous_response_id": "resp_x"},
            "body.previous_response_id",
            "not both",
        ),
        ({"input": " \n"}, "body.input", "should not be blank"),
        ({"input": "x" * 200_001}, "body.input", "at most 200000"),
        ({"input": []}, "body.input", "at least 1 item"),
        ({"input": [{"role": "user", "content": "x"}] * 1001}, "body.input", "at most 1000 items"),
        ({"input": [{"role": "system", "content": "S"}]}, "body.input", "The last message"),
        (
            {"input": [{"role": "user", "content": "U"}, {"role": "assistant", "content": "A"}]},
            "body.input",
            "The last message",
        ),
        ({"input": [{"role": "user", "content": "x" * 200_001}]}, "body.input.0.content", "at most 200000"),
        ({"input": [{"role": "tool", "content": "x"}]}, "body.input.0.role", "'system' or 'developer'"),
        (
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png"}]}
                ]
            },
            "body.input.0.content",
            "'input_image'; only input_text and output_text are supported, images and files not yet",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
            "body.input.0.content",
            "Part 0 should have a text",
        ),
        (
            {"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
            "body.input.0.type",
            "'message'",
        ),
        ({"instructions": "\0"}, "body.instructions", "no NUL character"),
        ({"model": "two words"}, "body.model", "no other characters than"),
    ],
)
async def test_a_fault_in_the_body_is_named(
    server: Server, fields: dict[str, Any], param: str, message: str
) -> None:
    async with client_of(server) as client:
        with pytest.raises(openai.UnprocessableEntityError) as refused:
            await client.responses.create(**{"input": "Hi", **fields})
        assert refused.value.param == param
        assert message in refused.value.message
        assert refused.value.request_id is not None
    assert (await server.get("/conversations"))["total"] == 0


async def test_the_models_are_those_to_choose_from(tmp_path: Path) -> None:
    async with running(tmp_path) as (server, client):
        models = [model.to_dict() async for model in client.models.list()]
        choices = (await server.get("/models"))["data"]
        assert models == [
            {"id": choice["id"], "object": "model", "created": 0, "owned_by": choice["provider"]}
            for choice in choices
        ]


async def test_a_token_is_given_as_the_api_key(tmp_path: Path) -> None:
    settings = ServerSettings(token="t0ken")
    async with running_server(tmp_path / "data", settings=settings) as server, client_of(server) as client:
        with pytest.raises(openai.AuthenticationError):
            await client.responses.create(input="Hi")
        response = await client.with_options(api_key="t0ken").responses.create(input="Hi")
        assert response.status == "completed"
