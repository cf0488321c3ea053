// Setting a comparison up: templates, parameters, the address, and what survives a reload.
import { Member } from "../fixtures/member";
import { SWIFT, POET, hydrated } from "../fixtures/playground";
import { expect, test } from "../fixtures/test";

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test.describe(`${viewport.width} px`, () => {
    test.use({ viewport });

    test("a template fills everything, is walked with Tab, and is undone", async ({ page, playground }) => {
      await playground.open();
      await playground.prompt.fill("What I had written");
      await page.getByLabel("Template", { exact: true }).selectOption("Translate");
      await expect(playground.prompt).toHaveValue(/^Translate into \{\{language\}\}/);
      await expect(page.getByRole("textbox", { name: "System prompt" })).toHaveValue(/professional translator/);
      await expect(page.getByLabel("Temperature", { exact: true })).toHaveValue("0.3");
      const selected = () => page.evaluate(() => getSelection()!.toString());
      expect(await selected()).toBe("{{language}}");
      await page.keyboard.type("German");
      await page.keyboard.press("Tab");
      expect(await selected()).toBe("{{text}}");
      await page.keyboard.type("I love Berlin.");
      await expect(playground.prompt).toHaveValue("Translate into German:\n\nI love Berlin.");
      await page.keyboard.press("Tab");
      await expect(playground.prompt).not.toBeFocused();
      await page.getByRole("button", { name: "Undo" }).click();
      await expect(playground.prompt).toHaveValue("What I had written");
      await expect(page.getByLabel("Temperature", { exact: true })).toHaveValue("");
    });

    test("templates of one's own are kept, renamed and deleted", async ({ page, playground }) => {
      await playground.open();
      await playground.prompt.fill("Explain {{thing}} to {{someone");
      await page.getByRole("button", { name: "Your templates" }).click();
      const dialog = page.getByRole("dialog", { name: "Your templates" });
      await dialog.getByLabel("Keep what is written, under the name").fill("<b>Mine</b>");
      await dialog.getByRole("button", { name: "Keep" }).click();
      await expect(dialog.getByRole("status")).toHaveText("Kept.");
      await dialog.getByLabel("Name of <b>Mine</b>").fill("Explain");
      await dialog.getByRole("button", { name: "Rename <b>Mine</b>" }).click();
      await expect(dialog.getByRole("status")).toHaveText("Renamed.");
      await page.reload();
      await hydrated(page);
      await playground.prompt.fill("");
      await page.getByLabel("Template", { exact: true }).selectOption("Explain");
      await expect(playground.prompt).toHaveValue("Explain {{thing}} to {{someone");
      await page.getByRole("button", { name: "Your templates" }).click();
      await dialog.getByRole("button", { name: "Delete Explain" }).click();
      await dialog.getByRole("button", { name: "Delete Explain" }).click();
      await expect(dialog.getByRole("status")).toHaveText("Deleted.");
    });

    test("the address says what is set up, and a draft survives a reload", async ({ page, playground }) => {
      await playground.open();
      await playground.choose(SWIFT, POET);
      await page.getByRole("slider", { name: "Temperature slider" }).fill("0.7");
      await expect(page.getByLabel("Temperature", { exact: true })).toHaveValue("0.7");
      await playground.prompt.fill("Not sent yet");
      await expect(page).toHaveURL(/\?model=demo%2Fswift&model=demo%2Fpoet&temperature=0\.7$/);
      await page.reload();
      await hydrated(page);
      await expect(playground.chips).toHaveCount(2);
      await expect(page.getByLabel("Temperature", { exact: true })).toHaveValue("0.7");
      await expect(playground.prompt).toHaveValue("Not sent yet");
    });

    test("a draft is its writer's alone, and is forgotten when they sign out", async ({ page, playground, context, baseURL }) => {
      const kept = () => page.evaluate(() => JSON.stringify(sessionStorage));
      const signOut = async () => {
        await page.getByRole("button", { name: "Sign out", exact: true }).click();
        await expect(page).toHaveURL("/");
      };
      const openAsSomebodyElse = async () => {
        await context.addCookies([(await Member.signUp(baseURL!)).cookie]);
        await playground.open();
        await expect(playground.prompt).toHaveValue("");
        expect(await kept()).not.toContain("For my eyes only");
      };
      await playground.open();
      await playground.prompt.fill("For my eyes only");
      expect(await kept()).toContain("For my eyes only");
      await signOut();
      expect(await kept()).not.toContain("For my eyes only");
      await openAsSomebodyElse();

      // Signing out of another page, which knows nothing of drafts.
      await playground.prompt.fill("For my eyes only");
      await page.goto("/dashboard");
      await signOut();
      await openAsSomebodyElse();

      // As it was kept once, without a name.
      await page.evaluate(() => sessionStorage.setItem("draft", JSON.stringify({ prompt: "For my eyes only", system: "" })));
      await openAsSomebodyElse();
    });

    test("the same model at two temperatures", async ({ page, playground, member }) => {
      await playground.open(`/playground?model=${SWIFT}&model=${SWIFT}&model=not/there`);
      await expect(playground.chips).toHaveCount(2);
      await page.getByText("Parameters of single cards").click();
      await page.getByLabel("Temperature of B").fill("hot");
      await playground.prompt.fill("What is autumn?");
      await playground.prompt.press("Control+Enter");
      await expect(page.getByText(/Temperature must be a number/)).toBeVisible();
      await page.getByLabel("Temperature of B").fill("0.2");
      await playground.prompt.press("Control+Enter");
      const id = await playground.opened();
      await playground.card("B").ends("Done");
      await expect(playground.card("B").element).toContainText("temperature 0.2");
      await expect(playground.card("A").element).not.toContainText("temperature");
      expect((await member.comparison(id)).runs).toHaveLength(2);
    });
  });
}
