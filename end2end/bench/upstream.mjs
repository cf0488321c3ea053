// An OpenAI-compatible upstream that answers at once, in a thread of its own so that it does not wait for whoever measures.
import http from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const models = ["bench-a", "bench-b", "bench-c", "bench-d"];
const words = "Ich liebe Berlin im Herbst, wenn die Blätter fallen und die Cafés noch Stühle draußen haben.".split(" ");
const usage = { prompt_tokens: 31, completion_tokens: words.length, total_tokens: 31 + words.length };
const pause = workerData?.pause ?? 0;

const chunk = (model, choices, usage) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model, choices, ...(usage && { usage }) })}\n\n`;

// One event for each word, then the end, then the counts.
const events = (model) => [
  ...words.map((word) => chunk(model, [{ index: 0, delta: { content: `${word} ` }, finish_reason: null }])),
  chunk(model, [{ index: 0, delta: {}, finish_reason: "stop" }]),
  chunk(model, [], usage),
  "data: [DONE]\n\n",
];

const whole = (model) => {
  const message = { role: "assistant", content: words.join(" "), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  return JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 0, model, choices, usage });
};

async function answer({ model, stream }, response) {
  if (!stream) {
    const body = whole(model);
    response.setHeader("content-type", "application/json");
    response.setHeader("content-length", Buffer.byteLength(body));
    response.end(body);
    return;
  }
  response.setHeader("content-type", "text/event-stream");
  if (!pause) {
    response.end(events(model).join(""));
    return;
  }
  for (const event of events(model)) {
    response.write(event);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  response.end();
}

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    if (request.url === "/v1/models") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
      return;
    }
    void answer(JSON.parse(body), response);
  });
});
server.keepAliveTimeout = 60_000;
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen(0, "127.0.0.1", () => parentPort.postMessage({ url: `http://127.0.0.1:${server.address().port}/v1`, models }));
