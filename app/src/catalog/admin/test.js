{
  // In app/src/catalog/admin/test_page.rs, app/src/catalog/admin/upstream_page.rs:
  const TEST_URL = "data-test-url", TEST = "[data-test]";
  // In app/src/catalog/admin/test_page.rs:
  const SCRIPT_ONLY = "[data-script-only]", SYSTEM = "[name=system]", MESSAGE = "[name=message]",
    TEMPERATURE = "[name=temperature]", MAX_TOKENS = "[name=max_tokens]";
  // In app/src/catalog/admin/upstream_page.rs:
  const BASE_URL = "[name=base_url]", API_KEY = "[name=api_key]", HEADERS = "[name=headers]", ID = "[name=id]",
    TEST_MODEL = "[name=test_model]";
  // In app/src/catalog/admin/form.rs:
  const REFUSAL = "[data-refusal]";
  // In app/src/catalog/admin/report.rs:
  const REPORT = "[data-report]", STAGE = "data-stage", STATE = "data-state", DETAIL = "[data-detail]", REMEDY = "[data-remedy]",
    WORD = ".state", TIME = ".number", FIGURE = "data-figure", ANSWER = "[data-answer]", ANSWER_PART = "[data-answer-part]",
    VERDICT = "data-verdict", VERDICT_LINE = "[data-verdict-line]", LATENCY = "latency_ms", TTFT = "ttft_ms", COST = "list_cost_usd",
    WAITING = "waiting", PASSED = "passed", WARNING = "note", FAILED = "failed", SKIPPED = "skipped",
    WORKS = "It works.", NOT_LISTED = "Connected, but the upstream does not list the model.",
    LOADING = "Connected; the upstream is loading the model.";
  // In app/domain/src/format.rs:
  const UNKNOWN = "—";

  /** @param {string} selector */
  const at = (selector) => /** @type {HTMLElement} */ (report.querySelector(selector));
  const form = /** @type {HTMLFormElement} */ (document.querySelector(`form[${TEST_URL}]`));
  const report = /** @type {HTMLElement} */ (document.querySelector(REPORT));
  const refusal = /** @type {HTMLElement} */ (form.querySelector(REFUSAL));
  const words = { passed: PASSED, warning: WARNING, failed: FAILED, skipped: SKIPPED };
  const verdicts = { works: WORKS, not_listed: NOT_LISTED, loading: LOADING, failed: undefined };
  /** @param {number | null} ms */
  const time = (ms) => (ms === null ? UNKNOWN : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`);
  /** @type {AbortController | undefined} */
  let running;

  /** @param {string} stage @param {string} state @param {string} word @param {string} ms @param {string} detail @param {string} remedy */
  const fill = (stage, state, word, ms, detail, remedy) => {
    const row = `[${STAGE}=${stage}]`;
    at(row).setAttribute(STATE, state);
    at(`${row} ${WORD}`).textContent = word;
    at(`${row} ${TIME}`).textContent = ms;
    at(`${row} ${DETAIL}`).textContent = detail;
    at(`${row} ${REMEDY}`).textContent = remedy;
  };
  /** @param {(name: string) => string} value */
  const figures = (value) => {
    for (const figure of report.querySelectorAll(`[${FIGURE}]`)) figure.textContent = value(figure.getAttribute(FIGURE) ?? "");
  };
  /** @param {string} verdict @param {string} sentence */
  const conclude = (verdict, sentence) => {
    at(VERDICT_LINE).setAttribute(VERDICT, verdict);
    at(VERDICT_LINE).textContent = sentence;
  };

  const empty = () => {
    report.hidden = false;
    for (const row of report.querySelectorAll(`[${STAGE}]`)) {
      fill(row.getAttribute(STAGE) ?? "", WAITING, UNKNOWN, UNKNOWN, "", "");
    }
    figures(() => UNKNOWN);
    at(ANSWER).textContent = "";
    at(ANSWER_PART).hidden = true;
    conclude("", "Testing …");
  };

  /** @type {{ [Type in TestEvent["type"]]: (event: Extract<TestEvent, { type: Type }>) => void }} */
  const told = {
    stage({ stage: { name, state, ms, detail, remedy } }) {
      fill(name, state, words[state], state === "skipped" ? UNKNOWN : time(ms), detail, remedy ?? "");
    },
    delta({ text }) {
      at(ANSWER_PART).hidden = false;
      at(ANSWER).append(text);
    },
    report({ report: end }) {
      const failed = end.failed_stage && at(`[${STAGE}=${end.failed_stage}] th`).textContent;
      conclude(end.verdict, verdicts[end.verdict] ?? `Failed at: ${failed}.`);
      figures((name) => {
        const value = end[/** @type {keyof TestReport} */ (name)];
        if (name === LATENCY || name === TTFT) return time(end[name]);
        return value === null || value === undefined ? UNKNOWN : name === COST ? `$${value}` : `${value}`;
      });
    },
  };

  /** @param {Blob} file @returns {Promise<string>} */
  const image = (file) =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(/** @type {string} */ (reader.result));
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(file);
    });

  /** @param {string} selector */
  const field = (selector) => /** @type {HTMLInputElement | null} */ (form.querySelector(selector));
  /** @param {string} selector */
  const text = (selector) => field(selector)?.value.trim() || undefined;
  /** @param {string} selector */
  const number = (selector) => (text(selector) === undefined ? undefined : Number(text(selector)));

  const request = async () => {
    const file = field("input[type=file]")?.files?.[0];
    const asked = {
      system: text(SYSTEM),
      message: text(MESSAGE),
      temperature: number(TEMPERATURE),
      max_tokens: number(MAX_TOKENS),
      image: file && (await image(file)),
    };
    const base = field(BASE_URL);
    if (!base) return asked;
    /** @type {Record<string, string | null>} */
    const headers = {};
    for (const line of (text(HEADERS) ?? "").split("\n").filter((line) => line.trim())) {
      const [name = "", ...value] = line.split(":");
      headers[name.trim()] = value.join(":").trim() || null;
    }
    return { base_url: base.value, api_key: text(API_KEY), headers, upstream_id: text(ID), upstream_model: text(TEST_MODEL), request: asked };
  };

  /** @param {Partial<Problem>} problem */
  const refuse = (problem) => {
    report.hidden = true;
    refusal.textContent = problem.detail ?? "The test could not be run. Try again.";
    refusal.hidden = false;
  };

  const run = async () => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    refusal.hidden = true;
    empty();
    report.scrollIntoView({ block: "nearest" });
    try {
      const response = await fetch(form.getAttribute(TEST_URL) ?? "", {
        method: "POST",
        headers: { accept: "text/event-stream", "content-type": "application/json" },
        body: JSON.stringify(await request()),
        signal,
      });
      if (!response.ok || !response.body) return refuse(await response.json().catch(() => ({})));
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) break;
        const events = (rest + value).split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events) {
          if (!event.startsWith("data:")) continue;
          const data = /** @type {TestEvent} */ (JSON.parse(event.slice(5)));
          told[data.type]?.(/** @type {never} */ (data));
        }
      }
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "AbortError") refuse({ detail: "The connection to the server was lost. Try again." });
    }
  };

  form.addEventListener("submit", (event) => {
    if (!event.submitter?.matches(TEST)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    run();
  });
  for (const part of document.querySelectorAll(SCRIPT_ONLY)) /** @type {HTMLElement} */ (part).hidden = false;
}
