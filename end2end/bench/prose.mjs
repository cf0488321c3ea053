// An OpenAI-compatible upstream for cards: one model writes 100 kB of Markdown and stops a while before it is done, the others
// write sixty tokens a second each.
import { delta, ending, serve } from "./fake.mjs";

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

const counts = (tokens) => ({ prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens });

function answer({ model }, response) {
  response.setHeader("content-type", "text/event-stream");
  if (model === LONG) {
    response.write(delta(model, text));
    setTimeout(() => response.end(ending(model, counts(text.length / 4)).join("")), REST_MS);
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
    response.end(ending(model, counts(sent)).join(""));
  }, 1_000 / PER_SECOND);
  response.on("close", () => clearInterval(timer));
}

serve([LONG, ...STEADY], answer, { long: LONG, steady: STEADY, bytes: Buffer.byteLength(text) });
