"""LiteLLM's proxy with its generic callback pointed at Quadrille: a thousand calls with failures and fallbacks, and what the table
says of them. Not part of `make test`, since LiteLLM and what it needs is most of a gigabyte.

    tools/bench-peers.sh && cargo build -p server
    QUADRILLE_BINARY=target/debug/quadrille LITELLM=~/.cache/quadrille/peers/litellm/venv/bin/litellm python3 end2end/litellm/check.py

Needs Postgres' programs (tools/test-postgres.sh) and nothing that listens on the ports it takes.
"""

import base64
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

top = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(top / "end2end/openai"))
import upstream  # noqa: E402

TOKEN = "a-token-for-litellm"
# LiteLLM sends its queue every so many seconds, then clears it, and with it what came while it waited for the answer (finally:
# log_queue.clear() in generic_api_callback.py). So calls go out in waves, each after the delivery of the one before.
FLUSH_SECONDS = 40
WAVE = 275
# What is asked, how often, and what the table has to say: model, outcome, class.
CALLS = [
    ("good", False, 500, [("good", "success", "")]),
    ("good", True, 200, [("good", "success", "")]),
    ("broken", False, 100, [("broken", "error", "upstream_5xx")]),
    ("limited", False, 50, [("limited", "error", "rate_limited")]),
    # Falls back: LiteLLM tells of both.
    ("flaky", False, 100, [("flaky", "error", "upstream_5xx"), ("good", "success", "")]),
    # Not the model's fault: no messages.
    ("good", None, 50, [("good", "refused", "caller")]),
]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, look, seconds=180):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.25)
    raise RuntimeError(f"waited in vain for {what}")


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.status, answer.read().decode()


def ask(url, model, kind):
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]} | ({"stream": True} if kind else {})
    if kind is None:
        del body["messages"]
    headers = {"content-type": "application/json", "authorization": "Bearer sk-check"}
    began = time.monotonic()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        error.read()
    return time.monotonic() - began


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ql-"))
    folder.chmod(0o711)
    fake = upstream.start()
    postgres = str(top / "tools/test-postgres.sh")
    database = subprocess.run([postgres, "start", str(folder / "pg")], capture_output=True, text=True, check=True).stdout.strip()
    ours, theirs = free_port(), free_port()
    api = f"http://127.0.0.1:{fake.server_port}/v1"
    names = {"good": "t/chat", "broken": "t/500", "limited": "t/429", "flaky": "t/500"}
    config = {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": f"openai/{model}", "api_base": api, "api_key": "none"}}
            for name, model in names.items()
        ],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True, "fallbacks": [{"flaky": ["good"]}]},
        "general_settings": {"master_key": "sk-check"},
        "litellm_settings": {"callbacks": ["generic_api"], "telemetry": False, "num_retries": 0},
    }
    (folder / "litellm.yaml").write_text(json.dumps(config))
    (folder / "site/pkg").mkdir(parents=True)
    (folder / "site/manifest.json").write_text('{"js": "none.js", "wasm": "none.wasm", "css": "none.css"}')
    children = []

    def start(name, command, env):
        log = open(folder / f"{name}.log", "w")
        children.append(subprocess.Popen(command, env=os.environ | env, stdout=log, stderr=log))

    def query(sql):
        done = subprocess.run(["psql", "-X", "-A", "-t", "-c", sql, database], capture_output=True, text=True, check=True)
        return [line.split("|") for line in done.stdout.splitlines()]

    try:
        start(
            "quadrille",
            [os.environ["QUADRILLE_BINARY"], "serve"],
            {
                "DATABASE_URL": database,
                "QUADRILLE_MASTER_KEY": base64.b64encode(b"\7" * 32).decode(),
                "QUADRILLE_LISTEN": f"127.0.0.1:{ours}",
                "QUADRILLE_DATA_DIR": str(folder / "data"),
                "QUADRILLE_SITE_DIR": str(folder / "site"),
                "QUADRILLE_LITELLM_INGEST_TOKEN": TOKEN,
            },
        )
        until("Quadrille", lambda: get(f"http://127.0.0.1:{ours}/readyz")[0] == 200)
        start(
            "litellm",
            [os.environ["LITELLM"], "--config", str(folder / "litellm.yaml"), "--host", "127.0.0.1", "--port", str(theirs)],
            {
                "GENERIC_LOGGER_ENDPOINT": f"http://127.0.0.1:{ours}/api/ingest/litellm",
                "GENERIC_LOGGER_HEADERS": f"Authorization=Bearer {TOKEN}",
                "DEFAULT_BATCH_SIZE": "100000",
                "DEFAULT_FLUSH_INTERVAL_SECONDS": str(FLUSH_SECONDS),
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "DO_NOT_TRACK": "1",
            },
        )
        until("LiteLLM", lambda: get(f"http://127.0.0.1:{theirs}/health/liveliness")[0] == 200)
        url = f"http://127.0.0.1:{theirs}/v1/chat/completions"
        expected, asked, waited = {}, [], []
        for model, kind, times, rows in CALLS:
            asked += [(model, kind, rows)] * times
            for row in rows:
                expected[row] = expected.get(row, 0) + times
        total, due = sum(expected.values()), 0
        # The first wave too begins right after a delivery.
        ask(url, "good", False)
        until("the first event", lambda: query("SELECT count(*) FROM usage_events")[0][0] == "1")
        query("DELETE FROM usage_events")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for wave in (asked[i : i + WAVE] for i in range(0, len(asked), WAVE)):
                waited += pool.map(lambda call: ask(url, *call[:2]), wave)
                due += sum(len(rows) for _, _, rows in wave)
                try:
                    until("every event", lambda: int(query("SELECT count(*) FROM usage_events")[0][0]) >= due, 3 * FLUSH_SECONDS)
                except RuntimeError as error:
                    print(error)
        time.sleep(6)
        found = {
            (model, outcome, error): int(count)
            for model, outcome, error, count in query(
                "SELECT model_public_name, outcome, coalesce(error_class, ''), count(*) FROM usage_events GROUP BY 1, 2, 3"
            )
        }
        ours_ms = float(
            query(
                "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) FROM usage_events "
                "WHERE model_public_name = 'good' AND outcome = 'success' AND NOT is_stream"
            )[0][0]
        )
        callers_ms = statistics.median(seconds for (model, kind, _), seconds in zip(asked, waited) if (model, kind) == ("good", False)) * 1e3
        for row in sorted(expected.keys() | found.keys()):
            print(f"{' '.join(row):40} sent {expected.get(row, 0):5}   in the table {found.get(row, 0):5}")
        print(f"median latency of good plain answers: callers {callers_ms:.0f} ms, table {ours_ms:.0f} ms")
        print(get(f"http://127.0.0.1:{ours}/metrics")[1].split("# HELP quadrille_ingest", 1)[-1])
        for row in query("SELECT DISTINCT model_public_name, outcome, error_class, status_code, is_stream, ttft_ms IS NULL FROM usage_events ORDER BY 1"):
            print(row)
        received = int(get(f"http://127.0.0.1:{ours}/metrics")[1].split("\nquadrille_ingest_events_total ")[1].split("\n")[0])
        print(f"{received - 1} events received, {sum(found.values())} in the table, {total} sent")
        return found == expected and received == total + 1 and 0 < ours_ms <= callers_ms
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)
        subprocess.run([postgres, "stop", str(folder / "pg")], check=False)
        if os.environ.get("KEEP"):
            print(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


sys.exit(0 if main() else 1)
