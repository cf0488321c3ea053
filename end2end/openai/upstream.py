"""An OpenAI-compatible upstream for the tests of the `openai` package: what it answers is told by the model's name."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = ["t/chat", "t/tools", "t/schema", "t/image", "t/cut", "t/500", "t/429", "t/400", "t/401"]
USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer(200, {"object": "list", "data": [{"id": model, "object": "model"} for model in MODELS]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(asked)
        model = asked["model"]
        status = {"t/500": 500, "t/429": 429, "t/400": 400, "t/401": 401}.get(model)
        if status:
            error = {"message": f"the upstream says {status}", "type": "fake", "param": None, "code": None}
            self.answer(status, {"error": error}, [("retry-after", "3")])
            return
        message = self.message(asked)
        reason = "tool_calls" if "tool_calls" in message else "stop"
        if asked.get("stream"):
            self.stream(asked, message, reason)
            return
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason, "logprobs": None}
        self.answer(200, self.envelope("chat.completion", [choice]) | {"usage": USAGE})

    def message(self, asked):
        if asked["model"] == "t/tools":
            function = {"name": asked["tools"][0]["function"]["name"], "arguments": '{"city": "Berlin"}'}
            return {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
        if asked["model"] == "t/schema":
            return {"content": '{"answer": 42}'}
        if asked["model"] == "t/image":
            return {"content": asked["messages"][0]["content"][1]["image_url"]["url"]}
        return {"content": "Hello there!"}

    def envelope(self, kind, choices):
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "some-dated-name", "choices": choices}

    def stream(self, asked, message, reason):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

        def send(data):
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

        def event(body):
            send(f"data: {json.dumps(body)}\n\n".encode())

        def chunk(delta, finish=None):
            event(self.envelope("chat.completion.chunk", [{"index": 0, "delta": delta, "finish_reason": finish}]))

        chunk({"role": "assistant", "content": ""})
        if "tool_calls" in message:
            call = message["tool_calls"][0]
            chunk({"tool_calls": [{"index": 0, **call, "function": {**call["function"], "arguments": ""}}]})
            for piece in ('{"city":', ' "Berlin"}'):
                chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        else:
            for word in message["content"].split(" "):
                chunk({"content": f"{word} "})
        if asked["model"] == "t/cut":
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        chunk({}, reason)
        if (asked.get("stream_options") or {}).get("include_usage"):
            event(self.envelope("chat.completion.chunk", []) | {"usage": USAGE})
        send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")


def start():
    """Listens on a free port. The server's `asked` holds every request's body."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
