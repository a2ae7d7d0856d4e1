"""The official clients, unchanged, against frugal serve: chat, streams, tools, schemas, errors."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import serving
import support

CLIENTS = pathlib.Path(os.environ.get("FRUGAL_FETCHED", support.SOURCE / "build-data")) / "clients"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}},
    "required": ["city"],
    "additionalProperties": False,
}
SEA = [{"role": "user", "content": support.SEA_QUESTION}]

GREEDY = {"temperature": 0}  # the client has no parameter of that name any more


def fetched(name):
    path = CLIENTS / name
    if not (path / ".done").exists():
        raise unittest.SkipTest(f"build-data/clients/{name} was not fetched (tools/get_clients.sh)")
    return path


class ClientsTest(support.ProgramTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        model = support.smollm2()
        cls.server = cls.enterClassContext(serving.serving("-m", model, "--data", scratch.name))
        cls.url = f"http://127.0.0.1:{cls.server.port}"

    def openai(self):
        sys.path.insert(0, str(fetched("python")))
        import openai

        return openai, openai.OpenAI(base_url=self.url, api_key="none", max_retries=0)

    def test_openai_python_chat_and_stream(self):
        _, client = self.openai()
        reply = client.chat.completions.create(
            model="smollm2", messages=SEA, temperature=0, max_tokens=30, logprobs=True, top_logprobs=2
        )
        text = reply.choices[0].message.content
        self.assertTrue(text.startswith(support.SEA_ANSWER), text)
        self.assertEqual(len(reply.choices[0].logprobs.content[0].top_logprobs), 2)
        stream = client.chat.completions.create(
            model="smollm2", messages=SEA, temperature=0, max_tokens=30, stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
        pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        self.assertEqual("".join(pieces), text)
        self.assertEqual(chunks[-1].usage.completion_tokens, reply.usage.completion_tokens)
        self.assertEqual([m.id for m in client.models.list()], ["smollm2"])

    def test_openai_python_tools_round_trip(self):
        _, client = self.openai()
        tools = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER, "strict": True}}]
        messages = [{"role": "user", "content": "What is the weather in Paris?"}]
        reply = client.chat.completions.create(
            model="smollm2", messages=messages, tools=tools, tool_choice="required", temperature=0,
            parallel_tool_calls=False, max_tokens=100,
        )
        self.assertEqual(reply.choices[0].finish_reason, "tool_calls")
        call = reply.choices[0].message.tool_calls[0]
        self.assertEqual(list(json.loads(call.function.arguments)), ["city"])
        messages += [
            reply.choices[0].message,
            {"role": "tool", "tool_call_id": call.id, "content": "sunny, 25 degrees"},
        ]
        reply = client.chat.completions.create(
            model="smollm2", messages=messages, tools=tools, temperature=0, max_tokens=40
        )
        self.assertTrue(reply.choices[0].message.content or reply.choices[0].message.tool_calls)

    def test_openai_python_schema(self):
        _, client = self.openai()
        schema = {
            "type": "object",
            "properties": {"capital": {"type": "string", "maxLength": 20}, "large": {"type": "boolean"}},
            "required": ["capital", "large"],
            "additionalProperties": False,
        }
        reply = client.chat.completions.create(
            model="smollm2", messages=SEA, temperature=0, max_tokens=60,
            response_format={"type": "json_schema",
                             "json_schema": {"name": "answer", "schema": schema, "strict": True}},
        )
        self.assertEqual(set(json.loads(reply.choices[0].message.content)), {"capital", "large"})

    def test_openai_python_errors(self):
        openai, client = self.openai()
        with self.assertRaises(openai.BadRequestError):
            client.chat.completions.create(model="gpt-4", messages=SEA)
        with self.assertRaises(openai.UnprocessableEntityError):
            client.chat.completions.create(model="smollm2", messages=SEA, temperature=1.9, n=100)

    def test_anthropic_python(self):
        sys.path.insert(0, str(fetched("python")))
        import anthropic

        client = anthropic.Anthropic(base_url=self.url + "/anthropic", api_key="none", max_retries=0)
        reply = client.messages.create(model="smollm2", max_tokens=30, messages=SEA, extra_body=GREEDY)
        self.assertTrue(reply.content[0].text.startswith(support.SEA_ANSWER))
        self.assertIn(reply.stop_reason, ["end_turn", "max_tokens"])
        with client.messages.stream(
            model="smollm2", max_tokens=30, messages=SEA, extra_body=GREEDY
        ) as stream:
            self.assertEqual("".join(stream.text_stream), reply.content[0].text)
        tool = {"name": "weather", "input_schema": WEATHER}
        reply = client.messages.create(
            model="smollm2", max_tokens=100, messages=SEA, tools=[tool], extra_body=GREEDY,
            tool_choice={"type": "tool", "name": "weather"},
        )
        self.assertEqual((reply.stop_reason, list(reply.content[-1].input)), ("tool_use", ["city"]))
        with self.assertRaises(anthropic.APIStatusError):
            client.messages.create(model="smollm2", max_tokens=0, messages=SEA)

    def test_node_clients(self):
        modules = fetched("node")
        if shutil.which("node") is None:
            self.skipTest("there is no node")
        # Modules are looked for beside the script.
        script = modules / "clients.mjs"
        shutil.copy(pathlib.Path(__file__).with_name("clients.mjs"), script)
        done = subprocess.run(
            ["node", script, self.url, support.SEA_QUESTION, support.SEA_ANSWER], capture_output=True, text=True, timeout=300
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    support.main()
