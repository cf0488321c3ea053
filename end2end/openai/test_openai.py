"""OpenAI's own Python package against the gateway, unchanged: chat, streams, tools, structured output, images, errors.

    QUADRILLE_BINARY=… QUADRILLE_SITE_DIR=… PYTHONPATH=… python3 end2end/openai/test_openai.py

With OPENAI_BASE_URL, OPENAI_API_KEY and MODEL set it talks to a gateway that runs already, in front of a real model.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import openai

sys.path.insert(0, os.path.dirname(__file__))
import upstream  # noqa: E402

HI = [{"role": "user", "content": "Hi"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        # A parameter may be called whatever a field of the request must not be.
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "api_key": {"type": "string"}}},
    },
}


class House:
    """The program on an embedded database, with a key."""

    def __init__(self):
        self.upstream = upstream.start()
        self.data = tempfile.mkdtemp(prefix="quadrille-openai-")
        # Where root tests, another user runs the database, and has to get through.
        os.chmod(self.data, 0o711)
        keep = {name: value for name, value in os.environ.items() if not name.startswith("QUADRILLE_") and name != "DATABASE_URL"}
        self.log = open(os.path.join(self.data, "server.log"), "w+")
        self.process = subprocess.Popen(
            [os.environ["QUADRILLE_BINARY"], "serve"],
            env=keep
            | {
                "QUADRILLE_LISTEN": "127.0.0.1:0",
                "QUADRILLE_DATA_DIR": os.path.join(self.data, "data"),
                "QUADRILLE_SITE_DIR": os.environ["QUADRILLE_SITE_DIR"],
                "QUADRILLE_UPSTREAM_URL": f"http://127.0.0.1:{self.upstream.server_port}/v1",
            },
            stdout=self.log,
            stderr=self.log,
        )
        self.url = self.wait()
        self.cookie = None
        self.post("/api/auth/sign-up", {"email": "ada@example.org", "password": "correct horse battery staple"})
        self.key = self.post("/api/keys", {"name": "openai"})["secret"]

    def wait(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            with open(self.log.name) as log:
                ready = re.search(r'Quadrille is ready.*"listen":"(127\.0\.0\.1:\d+)"', log.read())
            if ready:
                return f"http://{ready[1]}"
            time.sleep(0.1)
        with open(self.log.name) as log:
            text = log.read()
        self.stop()
        raise RuntimeError(f"the server did not start:\n{text}")

    def post(self, path, body, method="POST"):
        headers = {"content-type": "application/json"} | ({"cookie": self.cookie} if self.cookie else {})
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request) as answer:
            self.cookie = self.cookie or answer.headers["set-cookie"].split(";")[0]
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)


@unittest.skipIf("OPENAI_BASE_URL" in os.environ, "a real model is asked")
class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.client = openai.OpenAI(base_url=f"{cls.house.url}/v1", api_key=cls.house.key, max_retries=0)

    @classmethod
    def tearDownClass(cls):
        cls.house.stop()

    def create(self, model, **rest):
        return self.client.chat.completions.create(model=model, **({"messages": HI} | rest))

    def test_chat(self):
        answer = self.create("t/chat", temperature=0.5, seed=7)
        self.assertEqual(answer.choices[0].message.content, "Hello there!")
        self.assertEqual(answer.model, "t/chat")
        self.assertEqual(answer.usage.total_tokens, 15)
        self.assertEqual(self.house.upstream.asked[-1]["seed"], 7)

    def test_stream(self):
        chunks = list(self.create("t/chat", stream=True))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        self.assertEqual(text, "Hello there! ")
        self.assertTrue(all(chunk.model == "t/chat" and chunk.choices for chunk in chunks), "no chunk that was not asked for")

    def test_stream_with_usage(self):
        chunks = list(self.create("t/chat", stream=True, stream_options={"include_usage": True}))
        self.assertEqual((chunks[-1].choices, chunks[-1].usage.completion_tokens), ([], 3))

    def test_stream_helper(self):
        with self.client.chat.completions.stream(model="t/chat", messages=HI) as stream:
            for _ in stream:
                pass
            self.assertEqual(stream.get_final_completion().choices[0].message.content, "Hello there! ")

    def test_tools(self):
        call = self.create("t/tools", tools=[WEATHER]).choices[0].message.tool_calls[0]
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Berlin"}))
        self.assertEqual(self.house.upstream.asked[-1]["tools"], [WEATHER])

    def test_tools_in_a_stream(self):
        arguments = ""
        for chunk in self.create("t/tools", tools=[WEATHER], stream=True):
            for call in chunk.choices[0].delta.tool_calls or []:
                arguments += call.function.arguments or ""
        self.assertEqual(json.loads(arguments), {"city": "Berlin"})

    def test_structured_output(self):
        schema = {"name": "answer", "strict": True, "schema": {"type": "object", "properties": {"answer": {"type": "integer"}}}}
        answer = self.create("t/schema", response_format={"type": "json_schema", "json_schema": schema})
        self.assertEqual(json.loads(answer.choices[0].message.content), {"answer": 42})
        self.assertEqual(self.house.upstream.asked[-1]["response_format"]["json_schema"], schema)

    def test_images(self):
        picture = "data:image/png;base64," + "iVBORw0KGgo" * 50_000
        content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": picture}}]
        answer = self.create("t/image", messages=[{"role": "user", "content": content}])
        self.assertEqual(answer.choices[0].message.content, picture)

    def test_unknown_fields_pass(self):
        self.create("t/chat", extra_body={"top_k": 5, "guided_json": {"a": 1}})
        self.assertEqual(self.house.upstream.asked[-1]["top_k"], 5)

    def test_auto(self):
        self.house.post("/api/routing", {"models": ["t/500", "t/429", "t/chat"]}, "PUT")
        answer = self.client.chat.completions.with_raw_response.create(model="auto", messages=HI)
        self.assertEqual(answer.headers["x-quadrille-attempts"], "3")
        self.assertEqual(answer.parse().model, "t/chat")

    def test_models(self):
        self.assertLessEqual(set(upstream.MODELS), {model.id for model in self.client.models.list()})
        self.assertEqual(self.client.models.retrieve("t/chat").id, "t/chat")

    def test_errors(self):
        cases = [
            ("t/400", openai.BadRequestError, "upstream_refused"),
            ("t/429", openai.RateLimitError, "rate_limit_exceeded"),
            ("t/500", openai.InternalServerError, "upstream_failed"),
            ("t/401", openai.InternalServerError, "upstream_unauthorized"),
            ("t/nothing", openai.NotFoundError, "model_not_found"),
        ]
        for model, kind, code in cases:
            for is_stream in (False, True):
                with self.subTest(model=model, stream=is_stream), self.assertRaises(kind) as raised:
                    self.create(model, stream=is_stream)
                self.assertEqual(raised.exception.code, code)
        with self.assertRaises(openai.RateLimitError) as raised:
            self.create("t/429")
        self.assertEqual(raised.exception.response.headers["retry-after"], "3")
        with self.assertRaises(openai.BadRequestError):
            self.create("t/chat", extra_body={"api_base": "http://127.0.0.1:1"})
        with self.assertRaises(openai.BadRequestError):
            self.create("t/chat", messages=[])

    def test_wrong_key(self):
        stranger = openai.OpenAI(base_url=f"{self.house.url}/v1", api_key="qd-wrong", max_retries=0)
        with self.assertRaises(openai.AuthenticationError) as raised:
            stranger.models.list()
        self.assertEqual(raised.exception.code, "invalid_api_key")

    def test_a_stream_that_breaks_off_raises(self):
        with self.assertRaises(openai.APIError) as raised:
            list(self.create("t/cut", stream=True))
        self.assertEqual(raised.exception.code, "cut_off")


@unittest.skipUnless("OPENAI_BASE_URL" in os.environ, "no real model")
class RealModel(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI()
        self.model = os.environ["MODEL"]

    def test_chat(self):
        answer = self.client.chat.completions.create(model=self.model, messages=HI, max_tokens=24)
        print(f"{self.model}: {answer.choices[0].message.content!r} {answer.usage}")
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.model, self.model)

    def test_stream(self):
        text = ""
        for chunk in self.client.chat.completions.create(model=self.model, messages=HI, max_tokens=24, stream=True):
            text += chunk.choices[0].delta.content or ""
        print(f"{self.model}: {text!r}")
        self.assertTrue(text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
