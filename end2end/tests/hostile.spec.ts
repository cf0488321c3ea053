// Whatever a model, a prompt or a name says: no script runs, nothing is fetched, the browser has nothing to report.
import { HOSTILE } from "../fixtures/hostile";
import { SWIFT } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

const PARTS = 4;
const size = Math.ceil(HOSTILE.length / PARTS);

test("there are at least 200 hostile strings", () => {
  expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
});

for (let part = 0; part < PARTS; part += 1) {
  test(`hostile strings ${part + 1} of ${PARTS} stay text in prompt, answer, history and shared page`, async ({ page, member }) => {
    const texts = HOSTILE.slice(part * size, (part + 1) * size);
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
    // Several to an answer, apart from each other, so that each is read by itself; the demo's model says them again.
    const prompt = `[echo] ${texts.join("\n\n\n")}`;
    const made = await member.compare({ prompt, system_prompt: prompt, models: [SWIFT] });
    expect(made.runs[0].response_content).toContain(texts[0].slice(0, 10));
    const { share_slug } = await member.share(made.id);
    for (const path of [`/playground/${made.id}`, `/playground/shared/${share_slug}`, `/playground/${made.id}/share`, "/dashboard"]) {
      await page.goto(path);
      await page.waitForLoadState("load");
      // Whatever waits to be pointed at or focused gets its chance.
      await page.evaluate(() => document.querySelectorAll("main *").forEach((element) => {
        element.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        (element as HTMLElement).focus?.();
      }));
      expect(await page.evaluate(() => (window as unknown as { __pwned?: number }).__pwned), path).toBeUndefined();
      const strange = "main :is(script:not([nonce]), iframe, object, embed, img, video, audio, svg image, math, form[action^='//'], [onerror], [onload], [onclick])";
      await expect(page.locator(strange), path).toHaveCount(0);
    }
    await member.compare({ prompt: "x", models: [SWIFT] });
  });
}
