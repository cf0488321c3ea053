// An OpenAI-compatible upstream that answers at once, or with a pause after each event.
import { workerData } from "node:worker_threads";

import { delta, ending, serve } from "./fake.mjs";

const models = ["bench-a", "bench-b", "bench-c", "bench-d"];
const words = "Ich liebe Berlin im Herbst, wenn die Blätter fallen und die Cafés noch Stühle draußen haben.".split(" ");
const usage = { prompt_tokens: 31, completion_tokens: words.length, total_tokens: 31 + words.length };
const pause = workerData?.pause ?? 0;

// One event for each word, then the end, the counts and the mark behind them.
const events = (model) => [...words.map((word) => delta(model, `${word} `)), ...ending(model, usage)];

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

serve(models, answer, { models });
