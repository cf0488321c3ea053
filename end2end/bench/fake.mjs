// What the fake upstreams of the benchmarks have in common. Each is a thread of its own, so that it does not wait for whoever
// measures.
import http from "node:http";
import { parentPort } from "node:worker_threads";

const chunk = (model, choices, usage) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model, choices, ...(usage && { usage }) })}\n\n`;

/** The event that carries a piece of text. */
export const delta = (model, content) => chunk(model, [{ index: 0, delta: { content }, finish_reason: null }]);

/** The events that end an answer. */
export const ending = (model, usage) =>
  [chunk(model, [{ index: 0, delta: {}, finish_reason: "stop" }]), chunk(model, [], usage), "data: [DONE]\n\n"];

/** Lists the models, hands every call to `answer(body, response)`, and tells the parent `facts` and where it is. */
export function serve(models, answer, facts) {
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
  server.listen(0, "127.0.0.1", () => parentPort.postMessage({ url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/v1`, ...facts }));
}
