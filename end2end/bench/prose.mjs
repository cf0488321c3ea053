// An OpenAI-compatible upstream for cards: one model writes 100 kB of Markdown and stops a while before it is done, the others
// write sixty tokens a second each. In a thread of its own.
import http from "node:http";
import { parentPort } from "node:worker_threads";

const LONG = "prose-long";
const STEADY = ["prose-a", "prose-b", "prose-c", "prose-d"];
const SECONDS = 12;
const PER_SECOND = 60;
/** Between the last of the long text and its end, so that showing the one is not measured with rendering the other. */
const REST_MS = 2_500;

const section = (n) => `## Section ${n}

Leaves fall because **trees** draw back what they can use again, and let go of *the rest*; see [the notes](https://notes.example/${n}).

| month | colour | share |
|---|---|---:|
| September | green | ${n} % |
| October | yellow | ${n + 10} % |

\`\`\`rust
// Counts leaves.
fn leaves(branches: u32) -> u32 {
    branches * ${n} + "leaf".len() as u32
}
\`\`\`

1. First, the days get shorter.
2. Then the nights get colder, and \`chlorophyll\` is taken apart.
   - What was hidden shows: carotenes, $x_${n} = \\frac{1}{2}$.

> Whoever has no house now will build none. ${"It goes on like this for a while, so that there is something to lay out. ".repeat(3)}

`;
let text = "";
for (let n = 1; Buffer.byteLength(text) < 100_000; n += 1) text += section(n);

const chunk = (model, choices, usage) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model, choices, ...(usage && { usage }) })}\n\n`;
const delta = (model, content) => chunk(model, [{ index: 0, delta: { content }, finish_reason: null }]);
const ending = (model, tokens) => [
  chunk(model, [{ index: 0, delta: {}, finish_reason: "stop" }]),
  chunk(model, [], { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens }),
  "data: [DONE]\n\n",
].join("");

function answer({ model }, response) {
  response.setHeader("content-type", "text/event-stream");
  if (model === LONG) {
    response.write(delta(model, text));
    setTimeout(() => response.end(ending(model, text.length / 4)), REST_MS);
    return;
  }
  const words = text.split(/(?<=\s)/);
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    // As many as are due, one event each: timers are not that exact.
    const due = Math.min(Math.floor(((performance.now() - began) / 1_000) * PER_SECOND), SECONDS * PER_SECOND);
    for (; sent < due; sent += 1) response.write(delta(model, words[sent % words.length]));
    if (sent < SECONDS * PER_SECOND) return;
    clearInterval(timer);
    response.end(ending(model, sent));
  }, 1_000 / PER_SECOND);
  response.on("close", () => clearInterval(timer));
}

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    if (request.url === "/v1/models") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: [LONG, ...STEADY].map((id) => ({ id, object: "model" })) }));
      return;
    }
    answer(JSON.parse(body), response);
  });
});
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen(0, "127.0.0.1", () =>
  parentPort.postMessage({ url: `http://127.0.0.1:${server.address().port}/v1`, long: LONG, steady: STEADY, bytes: Buffer.byteLength(text) }),
);
