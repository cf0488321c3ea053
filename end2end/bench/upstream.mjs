// An OpenAI-compatible upstream that answers at once, in a thread of its own so that it does not wait for whoever measures.
import http from "node:http";
import { parentPort } from "node:worker_threads";

const models = ["bench-a", "bench-b", "bench-c", "bench-d"];
const words = "Ich liebe Berlin im Herbst, wenn die Blätter fallen und die Cafés noch Stühle draußen haben.".split(" ");

const chunk = (model, choices, usage) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model, choices, ...(usage && { usage }) })}\n\n`;

// One event for each word, then the end, then the counts.
const answer = (model) =>
  words.map((word) => chunk(model, [{ index: 0, delta: { content: `${word} ` }, finish_reason: null }])).join("") +
  chunk(model, [{ index: 0, delta: {}, finish_reason: "stop" }]) +
  chunk(model, [], { prompt_tokens: 31, completion_tokens: words.length, total_tokens: 31 + words.length }) +
  "data: [DONE]\n\n";

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    if (request.url === "/v1/models") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
      return;
    }
    response.setHeader("content-type", "text/event-stream");
    response.end(answer(JSON.parse(body).model));
  });
});
server.keepAliveTimeout = 60_000;
server.on("connection", (socket) => socket.setNoDelay(true));
server.listen(0, "127.0.0.1", () => parentPort.postMessage({ url: `http://127.0.0.1:${server.address().port}/v1`, models }));
