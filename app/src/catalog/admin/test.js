{
  const form = document.querySelector("form[data-test-url]");
  const report = document.querySelector("[data-report]");
  const at = (name) => report.querySelector(name);
  const words = { passed: "passed", warning: "note", failed: "failed", skipped: "skipped" };
  const unknown = "—";
  const time = (ms) => (ms == null ? unknown : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`);
  const verdicts = { works: "It works.", not_listed: "Connected, but the upstream does not list the model." };
  let running;

  const empty = () => {
    report.hidden = false;
    for (const row of report.querySelectorAll("[data-stage]")) {
      row.dataset.state = "waiting";
      row.querySelector(".state").textContent = row.querySelector(".number").textContent = unknown;
      row.querySelector("[data-detail]").textContent = row.querySelector("[data-remedy]").textContent = "";
    }
    for (const figure of report.querySelectorAll("[data-figure]")) figure.textContent = unknown;
    at("[data-answer]").textContent = "";
    at("[data-answer-part]").hidden = true;
    at("[data-verdict-line]").dataset.verdict = "";
    at("[data-verdict-line]").textContent = "Testing …";
  };

  const told = {
    stage({ stage }) {
      const row = at(`[data-stage=${stage.name}]`);
      row.dataset.state = stage.state;
      row.querySelector(".state").textContent = words[stage.state];
      row.querySelector(".number").textContent = stage.state === "skipped" ? unknown : time(stage.ms);
      row.querySelector("[data-detail]").textContent = stage.detail;
      row.querySelector("[data-remedy]").textContent = stage.remedy ?? "";
    },
    delta({ text }) {
      at("[data-answer-part]").hidden = false;
      at("[data-answer]").append(text);
    },
    report({ report: end }) {
      const line = at("[data-verdict-line]");
      line.dataset.verdict = end.verdict;
      const failed = end.failed_stage && at(`[data-stage=${end.failed_stage}] th`).textContent;
      line.textContent = verdicts[end.verdict] ?? `Failed at: ${failed}.`;
      const figures = { ...end, latency_ms: time(end.latency_ms), ttft_ms: time(end.ttft_ms) };
      for (const figure of report.querySelectorAll("[data-figure]")) {
        const value = figures[figure.dataset.figure];
        figure.textContent = value == null ? unknown : figure.dataset.figure === "list_cost_usd" ? `$${value}` : value;
      }
    },
  };

  const image = (file) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(file);
    });

  const request = async () => {
    const values = new FormData(form);
    const text = (name) => values.get(name)?.trim() || undefined;
    const number = (name) => (text(name) === undefined ? undefined : Number(text(name)));
    const file = form.querySelector("input[type=file]")?.files[0];
    const asked = {
      system: text("system"),
      message: text("message"),
      temperature: number("temperature"),
      max_tokens: number("max_tokens"),
      image: file && (await image(file)),
    };
    if (!values.has("base_url")) return asked;
    const headers = {};
    for (const line of (text("headers") ?? "").split("\n").filter((line) => line.trim())) {
      const [, name, value] = /^([^:]*):?(.*)$/.exec(line);
      headers[name.trim()] = value.trim() || null;
    }
    return {
      base_url: values.get("base_url"),
      api_key: text("api_key"),
      headers,
      upstream_id: text("id"),
      upstream_model: text("test_model"),
      request: asked,
    };
  };

  const refuse = (problem) => {
    report.hidden = true;
    const line = form.querySelector("[data-refusal]");
    line.textContent = problem.detail ?? "The test could not be run. Try again.";
    line.hidden = false;
  };

  const run = async () => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    form.querySelector("[data-refusal]").hidden = true;
    empty();
    report.scrollIntoView({ block: "nearest" });
    try {
      const response = await fetch(form.dataset.testUrl, {
        method: "POST",
        headers: { accept: "text/event-stream", "content-type": "application/json" },
        body: JSON.stringify(await request()),
        signal,
      });
      if (!response.ok) return refuse(await response.json().catch(() => ({})));
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) break;
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        for (const event of events) {
          if (!event.startsWith("data:")) continue;
          const data = JSON.parse(event.slice(5));
          told[data.type]?.(data);
        }
      }
    } catch (error) {
      if (error.name !== "AbortError") refuse({ detail: "The connection to the server was lost. Try again." });
    }
  };

  form.addEventListener("submit", (event) => {
    if (!event.submitter?.matches("[data-test]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    run();
  });
  for (const part of document.querySelectorAll("[data-script-only]")) part.hidden = false;
}
