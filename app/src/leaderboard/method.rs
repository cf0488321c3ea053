//! `/leaderboard/method`: the methodology of the leaderboard.

use leptos::prelude::*;

use super::meta::Found;
use crate::ui::{Frame, Section};

/// The methodology, metric by metric.
#[component]
pub fn MethodPage() -> impl IntoView {
    let description = "What counts as success and as error, how percentiles, intervals, ranks and the score of the leaderboard \
                       are computed, and how many requests a figure needs.";
    view! {
        <Found title="How the leaderboard is computed".into() description=description.into() path="/leaderboard/method".into()
            image="/og/leaderboard.png".into()/>
        <Frame section=Section::Leaderboard>
            <article class="method">
                <p class="crumb"><a href="/leaderboard">"Leaderboard"</a></p>
                <h1>"How the leaderboard is computed"</h1>
                <p class="lede">
                    "Figures come from requests that callers sent through the gateway, or through a LiteLLM proxy that reports them here, never from test runs; what demo mode makes up is marked as simulated. Comparisons in the playground are not counted."
                </p>

                <h2 id="requests">"What counts"</h2>
                <dl>
                    <div><dt>"Success"</dt><dd>"HTTP 200, the answer complete, its usage recorded, at least one output token: in the gateway one that its caller could see, in what LiteLLM reports one that was counted."</dd></div>
                    <div><dt>"Error"</dt><dd>"HTTP 4xx or 5xx from the model's upstream, an answer that broke off before its first token or was cut off, a timeout; also a caller who hung up after ten seconds without a token, since then the model was slow. Of what LiteLLM reports, a provider's 400, 404, 413 and 422 are not counted, since it does not tell the caller's faults from the model's."</dd></div>
                    <div><dt>"Not counted"</dt><dd>"A request that was refused before any model was asked (the caller's own fault), and a caller who hung up for reasons of their own."</dd></div>
                    <div><dt>"Requests"</dt><dd>"Successes and errors. So success rate and error rate add up to 1. Being rate-limited by the upstream is an error. A request to \"auto\" that another model answered counts for that one alone, with all that its caller waited."</dd></div>
                </dl>

                <h2 id="figures">"Figures"</h2>
                <dl>
                    <div><dt>"Latency"</dt><dd>"What the caller of a successful request waited, to the last token. p50 and p95 are the times that 50 and 95 of 100 requests did not exceed."</dd></div>
                    <div><dt>"First token"</dt><dd>"The time to the first token of streamed successes."</dd></div>
                    <div><dt>"Speed"</dt><dd><code>"output tokens ÷ (upstream latency − time to first token)"</code>", both from when the model that answered was asked, summed over all streamed successes before dividing."</dd></div>
                    <div><dt>"Tokens and cost"</dt><dd>"Sums over counted requests, as far as they are known. Unknown is —, never 0."</dd></div>
                    <div><dt>"Window"</dt><dd>"7 or 30 days that end with the last hour rolled up. Every hour is rolled up five minutes after its end, and again when late events have come to it. Hours are those of UTC."</dd></div>
                </dl>
                <p>
                    "Percentiles of days are not averages of the percentiles of hours, which are wrong by 10 to 34 percent. Every hour keeps a histogram with 80 buckets for each doubling of time; the histograms are added up and the percentile is read from the sum, within 1 percent of the exact one."
                </p>

                <h2 id="score">"Score and rank"</h2>
                <p><code>"score = 0.40 · success + 0.30 · (1 − p95) + 0.30 · (1 − output price)"</code></p>
                <p>
                    "Each of the three is placed between the lowest and the highest of all ranked models: "
                    <code>"(value − lowest) ÷ (highest − lowest)"</code>
                    ". Where all are equal the part counts as the best value (success 1, p95 and price 0). An unknown price or p95 counts as the highest, unless it is unknown of all. Equal scores are ordered by requests, then by name."
                </p>
                <p>
                    "Models with fewer than 100 requests in the window are listed by name and not ranked. The scale depends on who else is ranked: among very similar models small differences are spread wide, which is why the intervals are shown with the ranks."
                </p>

                <h2 id="intervals">"How certain it is"</h2>
                <dl>
                    <div><dt>"Success"</dt><dd>"Wilson's 95 % interval: "<code>"(p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) ÷ (1 + z²/n)"</code>" with z = 1.96."</dd></div>
                    <div><dt>"p95"</dt><dd>"The 95 % interval from order statistics: the times at the places "<code>"0.95·n ± 1.96·√(n · 0.95 · 0.05)"</code>", rounded outwards. It assumes nothing about how times are distributed. With few requests nothing bounds it above: it then reaches the edge of its drawing."</dd></div>
                    <div><dt>"Rank range"</dt><dd>"The score is computed with the unfavourable and with the favourable ends of both intervals, on the same scale. The best rank is one more than the number of models whose worst score is above this model's best; the worst rank likewise."</dd></div>
                    <div><dt>"≈"</dt><dd>"Two neighbours whose intervals of what the table is ordered by overlap: the requests seen so far cannot tell them apart. There are intervals of score, success and p95."</dd></div>
                </dl>

                <h2 id="few">"Few requests"</h2>
                <p>
                    "100 requests are enough to be listed. With 100, an observed p95 may be off by −38 to +171 percent; with 1,000 by −18 to +48. So a success rate or a p95 with fewer than 1,000 requests behind it, and a median or a speed with fewer than 100, is marked "<span class="thin">"few"</span>", in the figures of a single hour too. Above charts such hours have a dashed line."
                </p>

                <h2 id="api">"The same for programs"</h2>
                <p>
                    <a href="/api/leaderboard">"/api/leaderboard"</a>" and "<code>"/api/leaderboard/{model}"</code>
                    " need no key and can be read from any site; they are described in "<a href="/api/openapi.json">"/api/openapi.json"</a>"."
                </p>
            </article>
        </Frame>
    }
}
