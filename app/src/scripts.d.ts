// What the server tells the scripts of the pages. The types of Rust with the same names say more of each.

/** `AppError`, the answer to a form: `detail` is a sentence or the rules that the form breaks. */
interface AppError {
  code: string;
  detail?: string | BrokenRule[] | { retry_after_s: number };
}

/** The answer of an endpoint of the API. */
interface Problem {
  detail: string;
  errors: BrokenRule[];
}

interface BrokenRule {
  field: string;
  message: string;
}

interface TemplateDraft {
  name: string;
  prompt: string;
  system_prompt: string;
  parameters: { temperature?: number | null; max_tokens?: number | null; top_p?: number | null };
}

interface Template extends TemplateDraft {
  id: string;
}

interface TestStage {
  name: string;
  state: "passed" | "warning" | "failed" | "skipped";
  ms: number;
  detail: string;
  remedy: string | null;
}

interface TestReport {
  verdict: "works" | "not_listed" | "loading" | "failed";
  failed_stage: string | null;
  latency_ms: number | null;
  ttft_ms: number | null;
  tokens_in: number | null;
  tokens_out: number | null;
  list_cost_usd: string | null;
}

type TestEvent =
  | { type: "stage"; stage: TestStage }
  | { type: "delta"; text: string }
  | { type: "report"; report: TestReport };
